"""Optimizers: rules that turn the gradients of parameters into better parameters."""

from lucid.optim import lr_scheduler, swa_utils
from lucid.optim.adam import Adam, AdamW
from lucid.optim.adamax import Adamax, NAdam
from lucid.optim.lbfgs import LBFGS
from lucid.optim.optimizer import Optimizer
from lucid.optim.rmsprop import Adadelta, Adagrad, RMSprop
from lucid.optim.sgd import SGD

__all__ = [
    "LBFGS", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "Optimizer",
    "RMSprop", "lr_scheduler", "swa_utils",
]
