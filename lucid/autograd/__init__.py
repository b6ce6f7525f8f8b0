"""Automatic differentiation: readable alone, knowing nothing of tensors but five attributes.

A tensor is anything with `array`, `requires_grad`, `node`, `counter` and ``wrap(array, node)``.
"""

from lucid.autograd import functional
from lucid.autograd.anomaly import detect_anomaly, set_detect_anomaly
from lucid.autograd.engine import backward, grad
from lucid.autograd.function import Function, Handle, add_hook
from lucid.autograd.gradcheck import gradcheck, gradgradcheck
from lucid.autograd.mode import (
    enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled,
)
from lucid.autograd.tape import tape

__all__ = [
    "Function", "backward", "detect_anomaly", "enable_grad", "functional", "grad", "gradcheck",
    "gradgradcheck", "inference_mode", "is_grad_enabled", "no_grad", "set_detect_anomaly",
    "set_grad_enabled", "tape",
]
