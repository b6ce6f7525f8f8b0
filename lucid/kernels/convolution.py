"""The convolution T(x, w, y) by each of its arguments: NumPy arrays in, NumPy arrays out.

Three functions, `conv`, `conv_input_grad` and `conv_weight_grad`, take arrays with one to three
spatial axes. Axes of length 1 are put before the spatial ones, up to three, so every kernel is
written once, for three axes. The arrays of the caller are never written.

Which algorithm computes is said by `use`, per thread; a kernel of your own joins by `register`.
"""

from dataclasses import replace
from functools import lru_cache
from math import gcd, prod

import numpy as np

from lucid._cython import (
    conv_clipped, conv_depthwise, conv_depthwise_weights, conv_direct, conv_features,
    conv_features_weights, conv_im2col, conv_matmul, conv_matmul_weights, conv_naive,
    conv_pointwise, conv_product, conv_unfolded, conv_winograd, conv_winograd_rows,
    conv_winograd_strided,
)
from lucid.errors import DtypeError, ShapeError
from lucid.kernels import fourier, registry
from lucid.kernels.arrays import READY, empty, zeros
from lucid.kernels.choice import Task, decide
from lucid.kernels.registry import PRIMITIVES
from lucid.kernels.threads import threads_for

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
FLOATS = frozenset((FLOAT32, FLOAT64))
PARALLEL_FROM = 4_000_000  # multiply-adds; below, waking a second thread costs more than it saves
MOVED = 8  # multiply-adds that an element read or written counts as; from memory, it takes 9


def effort_of(task, work):
    """Measure in multiply-adds a task that has `work` of them, and moves its elements besides."""
    return work + MOVED * task.elements


def _specialise(function, dtype):
    """Pick the version for one dtype; of a compiled kernel this skips Cython's slow dispatch."""
    versions = getattr(function, "__signatures__", None)
    return function["float" if dtype is FLOAT32 else "double"] if versions else function


_fills = {}  # of a function that adds to its result, the one that sets it


def _dtype(a, b):
    """Return the dtype to compute in, which must be float32 or float64."""
    if a.dtype is b.dtype and (a.dtype is FLOAT32 or a.dtype is FLOAT64):
        return a.dtype  # an equal one, unpickled or with metadata, is another object
    dtype = np.result_type(a, b).newbyteorder("=")
    if dtype not in FLOATS:
        raise DtypeError(
            f"convolution of {a.dtype} with {b.dtype} would compute in {dtype}; "
            f"needs float32 or float64: convert one with .float() or .double()"
        )
    return FLOAT32 if dtype == FLOAT32 else FLOAT64


def _ready(x, dtype):
    """Return x itself, or a copy in C order, aligned and of the machine's byte order."""
    if x.dtype is dtype and x.flags.num & READY == READY:
        return x
    return np.require(x, dtype, ("C", "A"))


def _allocate(shape, dtype, make=empty):
    """Make the result; MemoryError names its shape."""
    try:
        return make(shape, dtype)
    except (MemoryError, OverflowError, ValueError) as error:  # too many bytes to count
        raise MemoryError(
            f"a result of shape {shape} in {dtype} needs {prod(shape) * dtype.itemsize} bytes"
        ) from error


def _check_bias(bias, shape):
    """Return the bias, which has a value for each channel of a result."""
    if bias.shape != shape[1:2]:
        raise ShapeError(
            f"bias of shape {bias.shape} does not fit a result of shape {shape}; "
            f"needs ({shape[1]},)"
        )
    return bias


def _prepare(shape, dtype, bias):
    """Make a result to add to: zeros, or the bias of each channel."""
    if bias is None:
        return _allocate(shape, dtype, zeros)
    _check_bias(bias, shape)
    result = _allocate(shape, dtype)
    result[...] = bias.reshape((-1,) + (1,) * (len(shape) - 2))
    return result


def _check(geometry, x_shape, w_shape, y_shape):
    """Refuse shapes that are not those of the geometry."""
    groups = geometry.groups
    if w_shape[2:] != geometry.kernel_size or w_shape[0] % groups:
        raise ShapeError(
            f"weight of shape {w_shape} does not fit; needs kernel {geometry.kernel_size} and a "
            f"first axis that splits into groups={groups} equal parts"
        )
    if x_shape[2:] != geometry.input_size or x_shape[1] != w_shape[1] * groups:
        raise ShapeError(
            f"input of shape {x_shape} does not fit a weight of shape {w_shape}; needs "
            f"(N, {', '.join(map(str, (w_shape[1] * groups, *geometry.input_size)))})"
        )
    if y_shape[2:] != geometry.output_size or y_shape[1] != w_shape[0]:
        raise ShapeError(
            f"output of shape {y_shape} does not fit a weight of shape {w_shape}; needs "
            f"(N, {', '.join(map(str, (w_shape[0], *geometry.output_size)))})"
        )
    if x_shape[0] != y_shape[0]:
        raise ShapeError(
            f"input of shape {x_shape} and output of shape {y_shape} have batches of "
            f"{x_shape[0]} and {y_shape[0]} items; they must be equal"
        )


class _Call:
    """How a primitive runs on arrays of given shapes: worked out once, then looked up."""

    def __init__(self, primitive, x_shape, w_shape, y_shape, geometry):
        _check(geometry, x_shape, w_shape, y_shape)
        axes = 5 - len(x_shape)
        self.primitive = primitive
        self.shape = dict(zip(PRIMITIVES, (y_shape, x_shape, w_shape), strict=True))[primitive]
        self.lift = (slice(None), slice(None), *(None,) * axes) if axes else None
        self.arguments = (
            (1,) * axes + geometry.stride, (1,) * axes + geometry.dilation,
            (0,) * axes + geometry.low, geometry.groups,
        )
        self.work = prod(y_shape) * prod(w_shape[1:])  # multiply-adds; 0 if an array is empty
        features = w_shape[0] // geometry.groups
        self.task = Task(primitive, geometry, w_shape[1], features, x_shape[0])
        self.effort = effort_of(self.task, self.work)
        taps = zip(geometry.stride, geometry.dilation, geometry.kernel_size, strict=True)
        self.covered = self.work > 0 and (  # whether every position of the result is computed
            primitive != "input_grad"
            or all(s == 1 or s <= k and gcd(s, d) == 1 for s, d, k in taps)
        )
        self.functions = {}

    def find(self, dtype):
        """Look up the function of the algorithm in use, or of the best one where it has none.

        With it come further arguments of a function that sets its result, a bias of zeros or none
        if these are weights; None if it adds.
        """
        algorithm = registry.algorithm.get()
        try:
            return self.functions[algorithm, dtype]
        except KeyError:
            pass
        precision = registry.get_float32_precision()
        task = replace(self.task, dtype=dtype.name, precision=precision)
        function = getattr(registry.kernels[decide(task, algorithm)[0]], self.primitive)
        more = None
        if self.covered and function in _fills:
            function = _fills[function]
            more = () if self.primitive == "weight_grad" else (np.zeros(self.shape[1], dtype),)
        found = self.functions[algorithm, dtype] = _specialise(function, dtype), more
        return found

    def compute(self, x, w, y, dtype, bias):
        """Make the one of the three arrays that is None, and compute it."""
        function, more = self.find(dtype)
        if more is None:
            result, more = _prepare(self.shape, dtype, bias), ()
        else:
            result = _allocate(self.shape, dtype)
            if bias is not None:
                more = (_ready(_check_bias(bias, self.shape), dtype),)
        if x is None:
            self.run(function, result, w, y, *more)
        elif y is None:
            self.run(function, x, w, result, *more)
        else:
            self.run(function, x, result, y, *more)
        return result

    def run(self, function, x, w, y, *more):
        """Compute into one of the three arrays, which are ready for any kernel."""
        if self.lift:
            lift = self.lift
            x, w, y = x[lift], w[lift], y[lift]
        if self.work:
            threads = threads_for(self.effort, PARALLEL_FROM)
            returned = function(x, w, y, *self.arguments, threads, *more)
            if returned is not None:
                name = dict(zip(PRIMITIVES, "yxw", strict=True))[self.primitive]
                raise TypeError(
                    f"kernel {registry.algorithm.get()!r}: {self.primitive} returned a "
                    f"{type(returned).__name__}, but what a kernel returns is not used; add the "
                    f"result into the array that is given for it, {name} += ..., and return nothing"
                )


@lru_cache(maxsize=4096)
def _forward_call(x_shape, w_shape, geometry):
    y_shape = (x_shape[0], w_shape[0], *geometry.output_size)
    return _Call("forward", x_shape, w_shape, y_shape, geometry)


@lru_cache(maxsize=4096)
def _input_grad_call(y_shape, w_shape, geometry):
    x_shape = (y_shape[0], w_shape[1] * geometry.groups, *geometry.input_size)
    return _Call("input_grad", x_shape, w_shape, y_shape, geometry)


@lru_cache(maxsize=4096)
def _weight_grad_call(x_shape, y_shape, geometry):
    w_shape = (y_shape[1], x_shape[1] // geometry.groups, *geometry.kernel_size)
    return _Call("weight_grad", x_shape, w_shape, y_shape, geometry)


def conv(x, w, geometry, bias=None):
    """Convolve x with w.

    Parameters
    ----------
    x : numpy.ndarray
        (N, C, *input_size), one to three spatial axes.
    w : numpy.ndarray
        (F, C // groups, *kernel_size).
    geometry : lucid.geometry.Geometry
        All sizes, from `lucid.geometry.conv_geometry`.
    bias : numpy.ndarray, optional
        (F,), added to every position.

    Returns
    -------
    numpy.ndarray
        (N, F, *output_size), a new array.

    Raises
    ------
    ShapeError, DtypeError, MemoryError
        If shapes do not fit, a dtype is not floating, or the result is too large.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> from lucid.geometry import conv_geometry
    >>> x, w = np.ones((1, 1, 5)), np.ones((1, 1, 3))
    >>> kernels.conv(x, w, conv_geometry(x.shape, w.shape, padding=((1, 1),)))
    array([[[2., 3., 3., 3., 2.]]])
    """
    call = _forward_call(x.shape, w.shape, geometry)
    dtype = _dtype(x, w)
    return call.compute(_ready(x, dtype), _ready(w, dtype), None, dtype, bias)


def conv_input_grad(y, w, geometry, bias=None):
    """Compute the derivative of ``<conv(x, w), y>`` by x: the transposed convolution of y with w.

    Parameters
    ----------
    y : numpy.ndarray
        (N, F, *output_size).
    w : numpy.ndarray
        (F, C // groups, *kernel_size).
    geometry : lucid.geometry.Geometry
        That of the convolution.
    bias : numpy.ndarray, optional
        (C,), added to every position of the result.

    Returns
    -------
    numpy.ndarray
        (N, C, *input_size), a new array.

    Raises
    ------
    ShapeError, DtypeError, MemoryError
        As in `conv`.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> from lucid.geometry import conv_geometry
    >>> y, w = np.ones((1, 1, 3)), np.ones((1, 1, 3))
    >>> kernels.conv_input_grad(y, w, conv_geometry((1, 1, 5), w.shape))
    array([[[1., 2., 3., 2., 1.]]])
    """
    call = _input_grad_call(y.shape, w.shape, geometry)
    dtype = _dtype(y, w)
    return call.compute(None, _ready(w, dtype), _ready(y, dtype), dtype, bias)


def conv_weight_grad(x, y, geometry):
    """Compute the derivative of ``<conv(x, w), y>`` by w.

    Parameters
    ----------
    x : numpy.ndarray
        (N, C, *input_size).
    y : numpy.ndarray
        (N, F, *output_size).
    geometry : lucid.geometry.Geometry
        That of the convolution.

    Returns
    -------
    numpy.ndarray
        (F, C // groups, *kernel_size), a new array.

    Raises
    ------
    ShapeError, DtypeError, MemoryError
        As in `conv`.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> from lucid.geometry import conv_geometry
    >>> x, y = np.ones((1, 1, 5)), np.ones((1, 1, 3))
    >>> kernels.conv_weight_grad(x, y, conv_geometry(x.shape, (1, 1, 3)))
    array([[[3., 3., 3.]]])
    """
    call = _weight_grad_call(x.shape, y.shape, geometry)
    dtype = _dtype(x, y)
    return call.compute(_ready(x, dtype), None, _ready(y, dtype), dtype, None)


_weight_grads = {
    "depthwise": conv_depthwise_weights, "features": conv_features_weights,
    "matmul": conv_matmul_weights,
}
for _name, _module in {
    "naive": conv_naive, "im2col": conv_im2col, "direct": conv_direct, "matmul": conv_matmul,
    "depthwise": conv_depthwise, "pointwise": conv_pointwise, "features": conv_features,
    "clipped": conv_clipped, "unfolded": conv_unfolded, "product": conv_product,
    "winograd": conv_winograd, "winograd_strided": conv_winograd_strided,
    "winograd_rows": conv_winograd_rows, "fft": fourier,
}.items():
    _functions = {each: getattr(_module, each, None) for each in PRIMITIVES}
    if _name in _weight_grads:
        _functions["weight_grad"] = _weight_grads[_name].weight_grad
    registry.register(_name, *_functions.values())
    for _each in PRIMITIVES:
        if hasattr(_module, f"fill_{_each}"):
            _fills[_functions[_each]] = getattr(_module, f"fill_{_each}")
registry.on_change += [
    each.cache_clear for each in (_forward_call, _input_grad_call, _weight_grad_call)
]
