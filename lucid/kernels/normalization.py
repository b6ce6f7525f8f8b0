"""The door to the compiled loops over channels: NumPy arrays in, NumPy arrays out.

Arrays are (N, C, *spatial), float32 or float64; the arrays of the caller are never written.
"""

from math import prod

import numpy as np

from lucid._cython import group_norm as loops_of_groups
from lucid._cython import normalisation
from lucid.kernels.arrays import empty, ready, threads_for, versions

__all__ = ["batch_norm", "batch_norm_grad", "group_norm", "group_norm_grad", "sum_channels"]

PASSES = 5  # of a batch normalisation over its numbers, each way
SHORT_ROW = 8  # numbers; shorter ones are gathered first, so that a loop has something to run over
CHUNKS = 16  # of items at most, for which sums over channels are added up separately
_LOOPS = versions(normalisation, "batch_norm", "batch_norm_grad", "sum_channels") | versions(
    loops_of_groups, "group_norm", "group_norm_grad"
)


def batch_norm(x, w, b, eps, mean=None, variance=None):
    """Bring every channel to mean 0 and variance 1, then scale and shift it.

    Parameters
    ----------
    x : numpy.ndarray
        (N, C, *spatial).
    w, b : numpy.ndarray
        (C,), scale and shift.
    eps : float
        Added to the variance; at least 0.
    mean, variance : numpy.ndarray, optional
        (C,), the statistics to use; default those of `x`.

    Returns
    -------
    y : numpy.ndarray
        Of the shape of `x`.
    mean, variance : numpy.ndarray
        (C,), the statistics used; the variance divides by the numbers in a channel.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> x, one, zero = np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1)
    >>> kernels.normalization.batch_norm(x, one, zero, 0.0)
    (array([[-1.],
           [ 1.]]), array([2.]), array([1.]))
    """
    of_batch = mean is None
    if of_batch:
        mean, variance = np.empty_like(w), np.empty_like(w)
    rows = _rows(x)
    y = empty(rows.shape, rows.dtype)
    if x.size:
        _LOOPS["batch_norm", x.dtype](
            rows, ready(w), ready(b), y, ready(mean), ready(variance), _sums(x), eps, of_batch,
            threads_for(PASSES * x.size),
        )
    return _like(y, x.shape), mean, variance


def batch_norm_grad(x, w, grad_y, mean, variance, eps, of_batch):
    """Compute the gradients of `batch_norm`.

    Parameters
    ----------
    x, w : numpy.ndarray
        What `batch_norm` was given.
    grad_y : numpy.ndarray
        The gradient with respect to its result, in the shape of `x`.
    mean, variance : numpy.ndarray
        What it gave.
    eps : float
        What it was given.
    of_batch : bool
        Whether the statistics are those of `x`, and so depend on it.

    Returns
    -------
    grad_x, grad_w, grad_b : numpy.ndarray
        In the shapes of `x` and (C,).

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> x, one = np.array([[1.0], [3.0]]), np.ones(1)
    >>> grad_y = np.array([[0.0], [1.0]])
    >>> kernels.normalization.batch_norm_grad(x, one, grad_y, one * 2, one, 0.0, True)
    (array([[0.],
           [0.]]), array([1.]), array([1.]))
    """
    rows = _rows(x)
    grad_x, grad_w, grad_b = empty(rows.shape, x.dtype), np.zeros_like(w), np.zeros_like(w)
    if x.size:
        _LOOPS["batch_norm_grad", x.dtype](
            rows, ready(w), _rows(grad_y), ready(mean), ready(variance), _sums(x), eps, of_batch,
            grad_x, grad_w, grad_b, threads_for(PASSES * x.size),
        )
    return _like(grad_x, x.shape), grad_w, grad_b


def group_norm(x, w, b, groups, eps):
    """Bring every group of channels of an item to mean 0 and variance 1, then scale and shift it.

    Parameters
    ----------
    x : numpy.ndarray
        (N, C, *spatial); or of any shape that ends in that of w.
    w, b : numpy.ndarray
        (C,), scale and shift; or of any shape.
    groups : int or None
        Parts that the channels are split into; divides C. None for one group of the last axes of
        x, those of w, at each place of the axes before them.
    eps : float
        Added to the variance; at least 0.

    Returns
    -------
    y : numpy.ndarray
        Of the shape of `x`.
    mean, variance : numpy.ndarray
        (N, groups), those of each group, or (places, 1); the variance divides by the numbers in a
        group.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> x = np.array([[1.0, 3.0, 5.0, 5.0]])
    >>> kernels.normalization.group_norm(x, np.ones(4), np.zeros(4), 2, 1e-9)[0]
    array([[-1.,  1.,  0.,  0.]])
    """
    x, shape = ready(x), _cut(x, w, groups)
    y = empty(x.shape, x.dtype)
    mean, variance = [np.zeros((shape[0], groups or 1), x.dtype) for _ in range(2)]
    if x.size:
        _LOOPS["group_norm", x.dtype](
            x.reshape(shape), ready(w).reshape(-1), ready(b).reshape(-1), y.reshape(shape), mean,
            variance, eps, threads_for(3 * x.size),
        )
    return y, mean, variance


def group_norm_grad(x, w, grad_y, mean, variance, groups, eps):
    """Compute the gradients of `group_norm`.

    Parameters
    ----------
    x, w : numpy.ndarray
        What `group_norm` was given.
    grad_y : numpy.ndarray
        The gradient with respect to its result, in the shape of `x`.
    mean, variance : numpy.ndarray
        What it gave.
    groups, eps
        What it was given.

    Returns
    -------
    grad_x, grad_w, grad_b : numpy.ndarray
        In the shapes of `x` and `w`.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> x, one = np.array([[1.0, 3.0]]), np.ones(2)
    >>> _, *moments = kernels.normalization.group_norm(x, one, one, 1, 0.0)
    >>> kernels.normalization.group_norm_grad(x, one, x, *moments, 1, 0.0)
    (array([[0., 0.]]), array([-1.,  3.]), array([1., 3.]))
    """
    shape = _cut(x, w, groups)
    grad_x = empty(x.shape, x.dtype)
    sums = np.zeros((min(CHUNKS, shape[0]), 2, w.size), x.dtype)
    if x.size:
        _LOOPS["group_norm_grad", x.dtype](
            ready(x).reshape(shape), ready(w).reshape(-1), ready(grad_y).reshape(shape), mean,
            variance, eps, grad_x.reshape(shape), sums, threads_for(3 * x.size),
        )
    grad_w, grad_b = np.add.reduce(sums, 0).reshape(2, *w.shape)
    return grad_x, grad_w, grad_b


def _cut(x, w, groups):
    """Give the shape of x as items, channels and positions."""
    if groups is None:
        return x.size // w.size, w.size, 1
    return x.shape[0], x.shape[1], prod(x.shape[2:])


def sum_channels(x):
    """Add up every channel: the gradient of a bias.

    Parameters
    ----------
    x : numpy.ndarray
        (N, C, *spatial).

    Returns
    -------
    numpy.ndarray
        (C,); blocks of 512 numbers are added up in double precision.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.normalization.sum_channels(np.ones((2, 3, 5)))
    array([10., 10., 10.])
    """
    y = np.zeros(x.shape[1], x.dtype)
    if x.size:
        _LOOPS["sum_channels", x.dtype](_rows(x), y, _sums(x), threads_for(x.size))
    return y


def _sums(x):
    """Make room for two sums of each channel and chunk."""
    return np.empty((CHUNKS, 2, x.shape[1]))


def _rows(x):
    """View (N, C, *spatial) as (N, C, S); where S is small, gather it as (1, C, N * S)."""
    items, channels = x.shape[:2]
    size = prod(x.shape[2:])
    rows = ready(x).reshape(items, channels, size)
    if size < SHORT_ROW and items > 1:
        return ready(rows.transpose(1, 0, 2)).reshape(1, channels, items * size)
    return rows


def _like(rows, shape):
    """Undo `_rows`."""
    if len(rows) == shape[0]:
        return rows.reshape(shape)
    columns = rows.reshape(shape[1], shape[0], prod(shape[2:]))
    return ready(columns.transpose(1, 0, 2)).reshape(shape)
