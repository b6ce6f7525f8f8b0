"""The door to the compiled loops of pooling: NumPy arrays in, NumPy arrays out.

Arrays are (N, C, *spatial) with one to three spatial axes, float32 or float64; the axes in front
may be any. Every channel of every item is a plane that is pooled by itself; axes of length 1 are
put before its own, up to three. The arrays of the caller are never written.
"""

from functools import cached_property, lru_cache
from math import prod

import numpy as np

from lucid._cython import average_pool as average_loops
from lucid._cython import max_pool as max_loops
from lucid.kernels.arrays import empty, ready, versions, zeros
from lucid.kernels.normalization import sum_channels
from lucid.kernels.threads import threads_for

__all__ = [
    "average_pool", "average_pool_input_grad", "max_pool", "max_pool_gather", "max_pool_scatter",
]

_INDEX = np.dtype(np.intp)
PARALLEL_FROM = 250_000  # elements of windows; below, a second thread costs more than it saves
CALL_LIMIT = 10**8  # elements of windows a call, so that Ctrl-C is heard within 100 ms
_LOOPS = versions(max_loops, "max_pool", "max_scatter", "max_gather") | versions(
    average_loops, "average_pool", "average_input_grad"
)


def max_pool(x, geometry, with_indices=True):
    """Take the maximum of every window.

    Parameters
    ----------
    x : numpy.ndarray
        (N, C, *input_size).
    geometry : lucid.geometry.Geometry
        All sizes, from `lucid.geometry.pool_geometry`.
    with_indices : bool, default True
        Whether to find out where the maxima lie.

    Returns
    -------
    y : numpy.ndarray
        (N, C, *output_size). A NaN in a window is its maximum.
    indices : numpy.ndarray or None
        Of the shape of y, int64: the position of the first maximum, counted through its plane; of
        several NaN the last. -1, and y is minus infinity, where dilation leaves a window empty.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> from lucid.geometry import pool_geometry
    >>> x = np.array([[[1.0, 5.0, 2.0, 4.0]]])
    >>> kernels.pooling.max_pool(x, pool_geometry(x.shape, (2,), (2,), (0,), (1,)))
    (array([[[5., 4.]]]), array([[[1, 3]]]))
    """
    x, shapes = ready(x), _shapes(x.shape, geometry)
    y, indices, volumes, offsets = empty(shapes.y, x.dtype), None, None, None
    if with_indices:
        indices = empty(shapes.y, _INDEX)
        volumes, offsets = indices.reshape(shapes.y_volumes), shapes.offsets
    arrays = x.reshape(shapes.x_volumes), y.reshape(shapes.y_volumes), volumes
    _run("max_pool", arrays, (offsets, *shapes.options), shapes.work)
    return y, indices


def max_pool_scatter(y, indices, geometry):
    """Add every element of y to the position that its index names: the derivative of `max_pool`.

    Parameters
    ----------
    y, indices : numpy.ndarray
        (N, C, *output_size), the indices as from `max_pool`.
    geometry : lucid.geometry.Geometry
        That of the pooling.

    Returns
    -------
    numpy.ndarray
        (N, C, *input_size).

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> from lucid.geometry import pool_geometry
    >>> y, indices = np.array([[[7.0, 8.0]]]), np.array([[[1, 3]]])
    >>> geometry = pool_geometry((1, 1, 4), (2,), (2,), (0,), (1,))
    >>> kernels.pooling.max_pool_scatter(y, indices, geometry)
    array([[[0., 7., 0., 8.]]])
    """
    y, shapes = ready(y), _shapes(y.shape, geometry)
    x = zeros(shapes.x, y.dtype)
    _run("max_scatter", (x.reshape(shapes.x_planes), *_planes(geometry, indices, y)), (), y.size)
    return x


def max_pool_gather(x, indices, geometry):
    """Read every element that an index names: the derivative of `max_pool_scatter`.

    Parameters
    ----------
    x : numpy.ndarray
        (N, C, *input_size).
    indices : numpy.ndarray
        (N, C, *output_size), as from `max_pool`.
    geometry : lucid.geometry.Geometry
        That of the pooling.

    Returns
    -------
    numpy.ndarray
        Of the shape of `indices`; 0 where the index is -1.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> from lucid.geometry import pool_geometry
    >>> geometry = pool_geometry((1, 1, 4), (2,), (2,), (0,), (1,))
    >>> x, indices = np.array([[[5.0, 6.0, 7.0, 8.0]]]), np.array([[[1, 3]]])
    >>> kernels.pooling.max_pool_gather(x, indices, geometry)
    array([[[6., 8.]]])
    """
    x, shapes = ready(x), _shapes(x.shape, geometry)
    y = empty(indices.shape, x.dtype)
    _run("max_gather", (x.reshape(shapes.x_planes), *_planes(geometry, indices, y)), (), y.size)
    return y


def average_pool(x, geometry, count_padding=True, divisor=None):
    """Average every window.

    Parameters
    ----------
    x : numpy.ndarray
        (N, C, *input_size).
    geometry : lucid.geometry.Geometry
        All sizes, from `lucid.geometry.pool_geometry`; its dilation must be 1.
    count_padding : bool, default True
        Whether the padding, which is zeros, counts among the positions of a window. What lies
        beyond the padding never does.
    divisor : int, optional
        What to divide by instead of the count; not 0.

    Returns
    -------
    numpy.ndarray
        (N, C, *output_size).

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> from lucid.geometry import pool_geometry
    >>> x = np.array([[[1.0, 5.0, 2.0, 4.0]]])
    >>> geometry = pool_geometry(x.shape, (2,), (2,), (0,), (1,))
    >>> kernels.pooling.average_pool(x, geometry)
    array([[[3., 3.]]])
    """
    x, shapes = ready(x), _shapes(x.shape, geometry)
    if shapes.is_whole:
        sums = sum_channels(x.reshape(1, *shapes.x_planes))
        return (sums / x.dtype.type(divisor or prod(geometry.kernel_size))).reshape(shapes.y)
    y = empty(shapes.y, x.dtype)
    options = _average_options(geometry, count_padding, divisor, x.dtype)
    arrays = x.reshape(shapes.x_volumes), y.reshape(shapes.y_volumes)
    _run("average_pool", arrays, options, shapes.work)
    return y


def average_pool_input_grad(y, geometry, count_padding=True, divisor=None):
    """Compute the derivative of ``<average_pool(x), y>`` by x.

    Parameters
    ----------
    y : numpy.ndarray
        (N, C, *output_size).
    geometry, count_padding, divisor
        Those of the pooling.

    Returns
    -------
    numpy.ndarray
        (N, C, *input_size).

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> from lucid.geometry import pool_geometry
    >>> geometry = pool_geometry((1, 1, 4), (2,), (2,), (0,), (1,))
    >>> kernels.pooling.average_pool_input_grad(np.array([[[2.0, 4.0]]]), geometry)
    array([[[1., 1., 2., 2.]]])
    """
    y, shapes = ready(y), _shapes(y.shape, geometry)
    if shapes.is_whole:
        x = empty(shapes.x, y.dtype)
        x[...] = y / y.dtype.type(divisor or prod(geometry.kernel_size))
        return x
    x = zeros(shapes.x, y.dtype)
    options = _average_options(geometry, count_padding, divisor, y.dtype)
    arrays = x.reshape(shapes.x_volumes), y.reshape(shapes.y_volumes)
    _run("average_input_grad", arrays, options, shapes.work)
    return x


class _Shapes:
    """What is worked out once: shapes of x and y as they are, as planes, and as volumes."""

    def __init__(self, shape, geometry):
        lead = shape[: -geometry.ndim]
        planes, ones = prod(lead), (1,) * (3 - geometry.ndim)
        self.x, self.y = (*lead, *geometry.input_size), (*lead, *geometry.output_size)
        self.x_planes = planes, prod(geometry.input_size)
        self.x_volumes = planes, *ones, *geometry.input_size
        self.y_volumes = planes, *ones, *geometry.output_size
        self.work = prod(self.y) * prod(geometry.kernel_size)  # elements of all windows
        # whether the only window is the whole plane, as in the last pooling of a ResNet
        self.is_whole = (
            geometry.input_size == geometry.kernel_size and not any(geometry.low)
            and max(geometry.output_size) == 1
        )
        self.geometry, self.options = geometry, _options(geometry)

    @cached_property
    def offsets(self):
        """For each tap, how far it lies behind the first in a plane."""
        geometry, offsets = self.geometry, np.zeros(1, np.intp)
        axes = zip(geometry.input_size, geometry.kernel_size, geometry.dilation, strict=True)
        for size, taps, dilation in axes:
            offsets = offsets[:, None] * size + np.arange(taps, dtype=np.intp) * dilation
            offsets = offsets.reshape(-1)
        return offsets


_shapes = lru_cache(maxsize=1024)(_Shapes)


def _planes(geometry, *arrays):
    """View arrays, which an adaptive pooling gives any output size, as planes and positions."""
    shape = arrays[0].shape
    axis = len(shape) - geometry.ndim
    return [ready(each).reshape(prod(shape[:axis]), prod(shape[axis:])) for each in arrays]


def _run(name, arrays, options, work):
    """Call a loop, in parts if it is much work: Python hears Ctrl-C between two calls."""
    if work == 0:
        return
    loop = _LOOPS[name, arrays[0].dtype]
    threads = threads_for(work, PARALLEL_FROM)
    if work <= CALL_LIMIT:
        loop(*arrays, *options, threads)
        return
    planes = arrays[0].shape[0]
    step = max(threads, CALL_LIMIT * planes // work)
    for start in range(0, planes, step):
        part = [each if each is None else each[start : start + step] for each in arrays]
        loop(*part, *options, threads)


def _options(geometry):
    """Lift kernel size, stride, dilation and low to three axes."""
    lead = 3 - geometry.ndim
    return tuple(
        (fill,) * lead + values
        for fill, values in (
            (1, geometry.kernel_size), (1, geometry.stride), (1, geometry.dilation),
            (0, geometry.low),
        )
    )


@lru_cache(maxsize=1024)
def _average_options(geometry, count_padding, divisor, dtype):
    """For each axis, what to divide each output by; then kernel size, stride and low."""
    divisors = np.ones((3, max(geometry.output_size)), dtype)
    axes = zip(
        divisors[3 - geometry.ndim :], geometry.input_size, geometry.kernel_size,
        geometry.output_size, geometry.stride, geometry.low, strict=True,
    )
    for row, size, taps, count, stride, padding in axes:
        start = np.arange(count) * stride - padding
        stop = np.minimum(start + taps, size + padding)
        if not count_padding:
            start, stop = np.maximum(start, 0), np.minimum(stop, size)
        row[:count] = stop - start if divisor is None else 1
    if divisor is not None:
        divisors[0] = divisor
    kernel_size, stride, _, low = _options(geometry)
    return divisors, kernel_size, stride, low
