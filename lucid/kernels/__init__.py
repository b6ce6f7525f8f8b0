"""The only door to the compiled loops: NumPy arrays in, NumPy arrays out.

The convolutions are `conv`, `conv_input_grad` and `conv_weight_grad`; the other loops are in the
modules of the package.
"""

import importlib

from lucid.kernels import (
    activation, arithmetic, loss, normalization, optim, pooling, product, softmax,
)
from lucid.kernels.build import build_info, empty_workspace, held_memory
from lucid.kernels.convolution import conv, conv_input_grad, conv_weight_grad
from lucid.kernels.registry import (
    get, get_float32_precision, list, register, set_float32_precision, use,
)
from lucid.kernels.threads import get_num_threads, set_num_threads

__all__ = [
    "Comparison", "Decision", "Explanation", "Measurement", "activation", "arithmetic",
    "build_info", "compare", "conv", "conv_input_grad", "conv_weight_grad", "empty_workspace",
    "explain", "get", "get_float32_precision", "get_num_threads", "held_memory", "list", "loss",
    "normalization", "optim", "pooling", "product", "register", "set_float32_precision",
    "set_num_threads", "softmax", "use",
]

# imported when first used, so that `import lucid` is quick: name and module
_LATER = {
    "Comparison": "comparison", "Measurement": "comparison", "compare": "comparison",
    "Decision": "explanation", "Explanation": "explanation", "explain": "explanation",
}


def __getattr__(name):
    if name not in _LATER:
        raise AttributeError(f"module 'lucid.kernels' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"lucid.kernels.{_LATER[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *_LATER})
