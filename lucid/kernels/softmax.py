"""The door to the compiled loops of softmax: NumPy arrays in, NumPy arrays out.

Arrays are float32 or float64; the arrays of the caller are never written.
"""

from math import prod

import numpy as np

from lucid._cython import softmax
from lucid.kernels.arrays import empty, ready, threads_for, versions

__all__ = ["cross_entropy", "cross_entropy_grad"]

COST = 8  # of an exponential, in passes over a number
_LOOPS = versions(softmax, *__all__)


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
