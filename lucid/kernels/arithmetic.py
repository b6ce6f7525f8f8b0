"""The door to sums, differences and products of two arrays: NumPy's, or several threads of ours."""

import numpy as np

from lucid._cython import arithmetic as loops
from lucid.kernels.arrays import (
    ELEMENTS, LARGE, READY, in_parts, like, room, threads_for, versions,
)

__all__ = ["add", "multiply", "subtract"]

PASSES = 3  # over memory
LEAST = ELEMENTS // PASSES  # elements that are worth more than one thread
_LOOPS = versions(loops, "combine")


def add(a, b):
    """Add element by element.

    Parameters
    ----------
    a, b : numpy.ndarray
        Of one type; their shapes broadcast.

    Returns
    -------
    numpy.ndarray
        A new array; a number of NumPy's, if neither has an axis.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.arithmetic.add(np.array([1.0, 2.0]), np.ones(2))
    array([2., 3.])
    """
    return a + b if a.nbytes + b.nbytes < LARGE else _combine_large(np.add, a, b)


def subtract(a, b):
    """Subtract element by element.

    Parameters
    ----------
    a, b : numpy.ndarray
        Of one type; their shapes broadcast.

    Returns
    -------
    numpy.ndarray
        A new array; a number of NumPy's, if neither has an axis.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.arithmetic.subtract(np.array([1.0, 2.0]), np.ones(2))
    array([0., 1.])
    """
    return a - b if a.nbytes + b.nbytes < LARGE else _combine_large(np.subtract, a, b)


def multiply(a, b):
    """Multiply element by element.

    Parameters
    ----------
    a, b : numpy.ndarray
        Of one type; their shapes broadcast.

    Returns
    -------
    numpy.ndarray
        A new array; a number of NumPy's, if neither has an axis.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.arithmetic.multiply(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([3., 8.])
    """
    return a * b if a.nbytes + b.nbytes < LARGE else _combine_large(np.multiply, a, b)


def _is_shared(a, b):
    """Tell whether several threads may compute it: arrays of one shape and of a known type."""
    return (
        a.size >= LEAST and threads_for(PASSES * a.size) > 1
        and a.shape == b.shape and a.dtype is b.dtype
        and ("combine", a.dtype) in _LOOPS and a.flags.num & b.flags.num & READY == READY
    )


def _combine_large(function, a, b):
    """Call a function of NumPy with memory that is kept, or its loop of ours on several threads."""
    if not _is_shared(a, b):
        return function(a, b, room(a, b))
    y = like(a)
    rows = a.reshape(-1), b.reshape(-1), y.reshape(-1)
    threads = threads_for(PASSES * a.size)
    in_parts(_LOOPS["combine", a.dtype], rows, loops.KINDS[function.__name__], threads)
    return y
