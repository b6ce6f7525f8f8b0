"""The door to the compiled products of matrices.

NumPy's own products run on threads of another library. They wait for work by spinning, so for some
milliseconds they take half of a core from the threads of the next convolution; and their number is
the user's to set, not ours. So a product that is large enough for that library to wake its threads
runs here, on one thread at least as fast, except where `_is_for_numpy` tells.
"""

import numpy as np

from lucid._cython import conv_product
from lucid.kernels.arrays import empty, versions, zeros
from lucid.kernels.threads import threads_for

__all__ = ["matmul"]

MULTIPLY_ADDS = 2**18  # of two matrices; below, NumPy's product stays on one thread
VECTOR = 2**14  # of a matrix and a vector
PARALLEL_FROM = 2_000_000  # multiply-adds; below, waking a second thread costs more than it saves
FEW = 4  # rows for which to copy the second matrix, as `multiply_columns` does, costs too much
SHORT, MANY, WIDE = 96, 128, 16  # dots so short, of so many and so many rows: see `_takes_dots`
C_ORDER, F_ORDER, ALIGNED = 1, 2, 0x100  # in np.ndarray.flags.num
_LOOPS = versions(conv_product, "multiply_rows", "multiply_columns")


def matmul(a, b):
    """Multiply two matrices, or stacks of them as NumPy does.

    Parameters
    ----------
    a, b : numpy.ndarray
        ``(R, T)`` and ``(T, Q)``; what has more axes, or is no float32 or float64, is NumPy's.

    Returns
    -------
    numpy.ndarray
        ``(R, Q)``, a new array. Its bits do not depend on the number of threads.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.product.matmul(np.ones((2, 3)), np.ones((3, 1)))
    array([[3.],
           [3.]])
    """
    if _is_for_numpy(a, b):
        return np.matmul(a, b)
    shape = a.shape[0], b.shape[1]
    threads = threads_for(a.size * b.shape[1], PARALLEL_FROM)
    if _takes_dots(a, b):
        y = zeros(shape, a.dtype)
        _LOOPS["multiply_rows", a.dtype](a, b.T, y, threads)
        return y
    y = empty(shape, a.dtype)
    transposed = not a.flags.num & C_ORDER
    b = np.ascontiguousarray(b)
    _LOOPS["multiply_columns", a.dtype](a.T if transposed else a, transposed, b, y, threads)
    return y


def _takes_dots(a, b):
    """Tell whether the terms of a sum are neighbours in both, and many enough.

    To add up the lanes of a short dot takes as long as its products; a copy of b takes less, if
    many rows share it.
    """
    rows, terms, columns = *a.shape, b.shape[1]
    if terms <= SHORT and rows >= MANY and columns >= WIDE or not a.flags.num & C_ORDER:
        return False
    return columns == 1 or not b.flags.num & C_ORDER


def _is_for_numpy(a, b):
    """Tell what to leave to NumPy: small products, a few rows by columns, and strange arrays."""
    if a.ndim != 2 or b.ndim != 2:
        return True
    rows, columns = len(a), b.shape[1]
    work = a.size * columns
    if not work or work < (VECTOR if rows == 1 or columns == 1 else MULTIPLY_ADDS):
        return True
    dtype, x, y = a.dtype, a.flags.num, b.flags.num
    if b.dtype is not dtype or ("multiply_rows", dtype) not in _LOOPS or not x & y & ALIGNED:
        return True
    if a.shape[1] != len(b):  # its error is NumPy's
        return True
    if not y & C_ORDER:  # dots of rows
        return not (x & C_ORDER and y & F_ORDER)
    return rows <= FEW or not x & (C_ORDER | F_ORDER)
