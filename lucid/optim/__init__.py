"""Optimizers: rules that turn the gradients of parameters into better parameters."""

from lucid.optim.optimizer import Optimizer
from lucid.optim.sgd import SGD
from lucid.optim.adam import Adam, AdamW

__all__ = ["SGD", "Adam", "AdamW", "Optimizer"]
