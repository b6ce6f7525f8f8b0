"""Schedules: rules that change the learning rate of an optimizer from epoch to epoch."""

from lucid.optim.lr_scheduler.base import LRScheduler
from lucid.optim.lr_scheduler.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from lucid.optim.lr_scheduler.cycle import CyclicLR, OneCycleLR
from lucid.optim.lr_scheduler.decay import (
    ConstantLR, ExponentialLR, LambdaLR, LinearLR, MultiplicativeLR, MultiStepLR, PolynomialLR,
    StepLR,
)
from lucid.optim.lr_scheduler.joint import ChainedScheduler, SequentialLR
from lucid.optim.lr_scheduler.plateau import ReduceLROnPlateau

_LRScheduler = LRScheduler  # what older PyTorch calls it, and schedules that people wrote for it
