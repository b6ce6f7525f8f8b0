"""The door to the compiled loops of softmax: NumPy arrays in, NumPy arrays out.

Arrays are float32 or float64; the arrays of the caller are never written.
"""

from math import prod

import numpy as np

from lucid._cython import softmax as loops
from lucid.kernels.arrays import empty, ready, threads_for, versions

__all__ = ["cross_entropy", "cross_entropy_grad", "softmax", "softmax_grad"]

COST = 8  # of an exponential, in passes over a number
_LOOPS = versions(loops, *__all__)


def softmax(x, dim, is_log=False):
    """Turn scores into probabilities, or into their logarithms.

    Parameters
    ----------
    x : numpy.ndarray
        Of any shape.
    dim : int
        The axis of the classes, at least 0.
    is_log : bool, default False
        Whether the logarithms are wanted.

    Returns
    -------
    numpy.ndarray
        Of the shape of `x`; NaN where all scores are minus infinity.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.softmax.softmax(np.array([[0.0, 0.0], [9.0, 9.0]]), 1)
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    y = empty(x.shape, x.dtype)
    if x.size:
        shape = _around(x.shape, dim)
        threads = threads_for(COST * x.size)
        _LOOPS["softmax", x.dtype](ready(x).reshape(shape), y.reshape(shape), is_log, threads)
    return y


def softmax_grad(y, grad_y, dim, is_log=False):
    """Compute the gradient of `softmax` with respect to the scores.

    Parameters
    ----------
    y, grad_y : numpy.ndarray
        Its result, and the gradient with respect to it.
    dim, is_log
        What it was given.

    Returns
    -------
    numpy.ndarray
        Of the shape of `y`.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.softmax.softmax_grad(np.array([0.5, 0.5]), np.array([1.0, 0.0]), 0)
    array([ 0.25, -0.25])
    """
    grad = empty(y.shape, y.dtype)
    if y.size:
        shape = _around(y.shape, dim)
        rows = [ready(each).reshape(shape) for each in (y, grad_y, grad)]
        _LOOPS["softmax_grad", y.dtype](*rows, is_log, threads_for(COST * y.size))
    return grad


def _around(shape, dim):
    """View a shape as (before, the axis, behind)."""
    return prod(shape[:dim]), shape[dim], prod(shape[dim + 1 :])


def cross_entropy(x, classes, weights):
    """Compare scores with true classes: minus the log-probability that softmax gives the truth.

    Parameters
    ----------
    x : numpy.ndarray
        (N, C, *spatial), the scores; C is at least 1.
    classes : numpy.ndarray of int64
        (N, *spatial), the true class of each position, below C; -1 where none counts.
    weights : numpy.ndarray
        (N, *spatial), how much each position counts, in the type of `x`.

    Returns
    -------
    numpy.ndarray
        (N, *spatial); 0 where the class is -1.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.softmax.cross_entropy(np.zeros((1, 2)), np.array([1]), np.ones(1)).round(4)
    array([0.6931])
    """
    y = np.empty(classes.shape, x.dtype)
    if y.size:
        rows = [_rows(each, x) for each in (x, classes, weights, y)]
        _LOOPS["cross_entropy", x.dtype](*rows, threads_for(COST * x.size))
    return y


def cross_entropy_grad(x, classes, weights, grad_y):
    """Compute the gradient of `cross_entropy` with respect to the scores.

    Parameters
    ----------
    x, classes, weights : numpy.ndarray
        What `cross_entropy` was given.
    grad_y : numpy.ndarray
        The gradient with respect to its result.

    Returns
    -------
    numpy.ndarray
        Of the shape of `x`.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> one = np.ones(1)
    >>> kernels.softmax.cross_entropy_grad(np.zeros((1, 2)), np.array([1]), one, one)
    array([[ 0.5, -0.5]])
    """
    grad = empty(x.shape, x.dtype)
    if grad.size:
        rows = [_rows(each, x) for each in (x, classes, weights, grad_y, grad)]
        _LOOPS["cross_entropy_grad", x.dtype](*rows, threads_for(COST * x.size))
    return grad


def _rows(each, x):
    """View (N, C, *spatial) as (N, C, S), and (N, *spatial) as (N, S)."""
    size = prod(x.shape[2:])
    shape = (x.shape[0], x.shape[1], size) if each.shape == x.shape else (x.shape[0], size)
    return ready(each).reshape(shape)
