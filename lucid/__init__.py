"""lucid: learning and doing convolution, on a small complete system of tensors and gradients."""

import importlib

from lucid import autograd, kernels, random
from lucid.autograd import (
    enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled,
)
from lucid.creation import (
    arange, as_tensor, empty, empty_like, eye, from_dlpack, from_numpy, frombuffer, full,
    full_like, linspace, ones, ones_like, tensor, zeros, zeros_like,
)
from lucid.device import device
from lucid.dtypes import bool_ as bool
from lucid.dtypes import (
    dtype, float16, float32, float64, get_default_dtype, int8, int32, int64, promote_types,
    set_default_dtype, uint8,
)
from lucid.dtypes import float16 as half
from lucid.dtypes import float32 as float
from lucid.dtypes import float64 as double
from lucid.dtypes import int32 as int
from lucid.dtypes import int64 as long
from lucid.errors import DeviceError, DtypeError, GradError, LazyError, LucidError, ShapeError
from lucid.formatting import set_printoptions
from lucid.kernels import (
    get_float32_precision, get_num_threads, set_float32_precision, set_num_threads,
)
from lucid.limits import finfo, iinfo
from lucid.ops.comparison import (
    allclose, eq, equal, ge, gt, isclose, isfinite, isinf, isnan, le, logical_and, logical_not,
    logical_or, logical_xor, lt, ne,
)
from lucid.ops.diagonals import diag, diagonal, tril, triu
from lucid.ops.einsum import einsum, tensordot
from lucid.ops.elementwise import (
    abs, add, clamp, cos, div, exp, log, maximum, minimum, mul, neg, pow, relu, sigmoid, sin, sqrt,
    square, sub, tanh, where,
)
from lucid.ops.elementwise import clamp as clip
from lucid.ops.erf import erf
from lucid.ops.gathering import (
    gather, index_add, index_select, scatter, scatter_add, take_along_dim,
)
from lucid.ops.linalg import matmul
from lucid.ops.masking import masked_fill, masked_select, nonzero
from lucid.ops.operands import is_tensor
from lucid.ops.products import addmm, bmm, dot, mm, mv, outer
from lucid.ops.reduction import (
    all, amax, amin, any, argmax, argmin, log_softmax, logsumexp, max, mean, min, softmax, std,
    sum, var,
)
from lucid.ops.repeating import meshgrid, repeat_interleave, roll, tile
from lucid.ops.rounding import (
    ceil, floor, floor_divide, nan_to_num, remainder, round, sign, trunc,
)
from lucid.ops.scan import cumprod, cumsum
from lucid.ops.shaping import (
    broadcast_to, cat, clone, flatten, flip, movedim, permute, reshape, squeeze, stack,
    swapaxes, t, transpose, unflatten, unsqueeze,
)
from lucid.ops.smooth import expm1, lerp, log1p, log2, reciprocal, rsqrt, tan
from lucid.ops.sorting import argsort, median, sort, topk, unique
from lucid.ops.splitting import chunk, narrow, select, split, unbind
from lucid.ops.statistics import bincount, count_nonzero, norm, prod, var_mean
from lucid.ops.windows import as_strided
from lucid.random import (
    Generator, bernoulli, get_rng_state, initial_seed, manual_seed, multinomial, normal, rand,
    rand_like, randint, randn, randn_like, randperm, seed, set_rng_state,
)
from lucid.tensor import Tensor
from lucid.version import __version__

# imported when first used, so that `import lucid` is quick: modules, and where functions stand
_LATER = (
    "conv", "datasets", "grade", "inspect", "linalg", "models", "nn", "optim", "testing",
    "transforms", "utils",
)
_STANDS_IN = {
    "load": "lucid.serialization", "save": "lucid.serialization",
    "show_config": "lucid.config", "use_deterministic_algorithms": "lucid.config",
}

# what PyTorch's users look for, and what to write
_INSTEAD = {
    "cuda": "there is no GPU: lucid.device('cpu')",
    "backends": "there is no GPU: lucid.device('cpu')",
    "Size": "a shape is a plain tuple",
    "fft": "there are no complex tensors; see numpy.fft, and lucid.kernels.use('fft')",
    "compile": "there is no graph compiler: use the model as it is",
    "concat": "it is lucid.cat", "concatenate": "it is lucid.cat",
    "FloatTensor": "write lucid.tensor(data, dtype=lucid.float32)",
    "LongTensor": "write lucid.tensor(data, dtype=lucid.int64)",
}

__all__ = [
    "__version__", "abs", "add", "addmm", "all", "allclose", "amax", "amin", "any", "arange",
    "argmax", "argmin", "argsort", "as_strided", "as_tensor", "autograd", "bernoulli", "bincount",
    "bmm", "bool", "broadcast_to", "cat", "ceil", "chunk", "clamp", "clip", "clone", "conv", "cos",
    "count_nonzero", "cumprod", "cumsum", "datasets", "device", "DeviceError", "diag", "diagonal",
    "div", "dot", "double", "dtype", "DtypeError", "einsum", "empty", "empty_like", "enable_grad",
    "eq", "equal", "erf", "exp", "expm1", "eye", "finfo", "flatten", "flip", "float", "float16",
    "float32", "float64", "floor", "floor_divide", "from_dlpack", "from_numpy", "frombuffer",
    "full", "full_like", "gather", "ge", "Generator", "get_default_dtype", "get_float32_precision",
    "get_num_threads", "get_rng_state", "grade", "GradError", "gt", "half", "iinfo", "index_add",
    "index_select", "inference_mode", "initial_seed", "inspect", "int", "int32", "int64", "int8",
    "is_grad_enabled", "is_tensor", "isclose", "isfinite", "isinf", "isnan", "kernels", "LazyError",
    "le", "lerp", "linalg", "linspace", "load", "log", "log1p", "log2", "log_softmax",
    "logical_and", "logical_not", "logical_or", "logical_xor", "logsumexp", "long", "lt",
    "LucidError", "manual_seed", "masked_fill", "masked_select", "matmul", "max", "maximum", "mean",
    "median", "meshgrid", "min", "minimum", "mm", "models", "movedim", "mul", "multinomial", "mv",
    "nan_to_num", "narrow", "ne", "neg", "nn", "no_grad", "nonzero", "norm", "normal", "ones",
    "ones_like", "optim", "outer", "permute", "pow", "prod", "promote_types", "rand", "rand_like",
    "randint", "randn", "randn_like", "random", "randperm", "reciprocal", "relu", "remainder",
    "repeat_interleave", "reshape", "roll", "round", "rsqrt", "save", "scatter", "scatter_add",
    "seed", "select", "set_default_dtype", "set_float32_precision", "set_grad_enabled",
    "set_num_threads", "set_printoptions", "set_rng_state", "ShapeError", "show_config", "sigmoid",
    "sign", "sin", "softmax", "sort", "split", "sqrt", "square", "squeeze", "stack", "std", "sub",
    "sum", "swapaxes", "t", "take_along_dim", "tan", "tanh", "Tensor", "tensor", "tensordot",
    "testing", "tile", "topk", "transforms", "transpose", "tril", "triu", "trunc", "uint8",
    "unbind", "unflatten", "unique", "unsqueeze", "use_deterministic_algorithms", "utils", "var",
    "var_mean", "where", "zeros", "zeros_like",
]


def __getattr__(name):
    if name in _LATER:
        return importlib.import_module(f"lucid.{name}")
    if name in _STANDS_IN:
        value = globals()[name] = getattr(importlib.import_module(_STANDS_IN[name]), name)
        return value
    message = f"module 'lucid' has no attribute {name!r}"
    if name in _INSTEAD:
        message += f"; {_INSTEAD[name]}"
    raise AttributeError(message, name=name, obj=importlib.import_module("lucid"))


def __dir__():
    return sorted({*globals(), *_LATER, *_STANDS_IN})
