"""lucid: learning and doing convolution, on a small complete system of tensors and gradients."""

from lucid import autograd, kernels, random
from lucid.autograd import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from lucid.creation import (
    arange, as_tensor, empty, empty_like, eye, from_dlpack, from_numpy, frombuffer, full,
    full_like, linspace, ones, ones_like, tensor, zeros, zeros_like,
)
from lucid.device import device
from lucid.dtypes import bool_ as bool
from lucid.dtypes import (
    dtype, float32, float64, get_default_dtype, int32, int64, promote_types, set_default_dtype,
    uint8,
)
from lucid.errors import DeviceError, DtypeError, GradError, LazyError, LucidError, ShapeError
from lucid.kernels import get_num_threads, set_num_threads
from lucid.ops.comparison import (
    eq, ge, gt, isfinite, isinf, isnan, le, logical_and, logical_not, logical_or, logical_xor, lt,
    ne,
)
from lucid.ops.elementwise import (
    abs, add, clamp, cos, div, exp, log, maximum, minimum, mul, neg, pow, relu, sigmoid, sin, sqrt,
    square, sub, tanh, where,
)
from lucid.ops.linalg import matmul
from lucid.ops.reduction import (
    all, amax, amin, any, argmax, argmin, log_softmax, logsumexp, max, mean, min, softmax, std,
    sum, var,
)
from lucid.ops.shaping import (
    broadcast_to, cat, clone, flatten, flip, movedim, permute, reshape, squeeze, stack, t,
    transpose, unsqueeze,
)
from lucid.random import (
    Generator, get_rng_state, initial_seed, manual_seed, rand, rand_like, randint, randn,
    randn_like, randperm, seed, set_rng_state,
)
from lucid.tensor import Tensor
from lucid.version import __version__
