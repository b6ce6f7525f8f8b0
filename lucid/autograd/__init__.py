"""Automatic differentiation: readable alone, knowing nothing of tensors but five attributes.

A tensor is anything with `array`, `requires_grad`, `node`, `counter` and ``wrap(array, node)``.
"""

from lucid.autograd.engine import backward, grad
from lucid.autograd.function import Function, Handle, add_hook
from lucid.autograd.mode import enable_grad, is_grad_enabled, no_grad, set_grad_enabled

__all__ = [
    "Function", "backward", "enable_grad", "grad", "is_grad_enabled", "no_grad",
    "set_grad_enabled",
]
