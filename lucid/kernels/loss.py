"""The door to the compiled loops of losses: NumPy arrays in, NumPy arrays out.

Arrays are float32 or float64; the arrays of the caller are never written.
"""

import numpy as np

from lucid._cython import loss as loops
from lucid.kernels.arrays import PART, in_parts, like, ready, threads_for, versions

__all__ = ["slope", "total"]

COST = {"square": 1, "logistic": 6}  # in passes over a number
_LOOPS = versions(loops, *__all__)


def total(kind, x, target):
    """Add up the losses of all elements.

    Parameters
    ----------
    kind : str
        ``"square"``, or ``"logistic"`` for minus the log-probability that the logistic function of
        `x` gives to `target`; the formulas are in `lucid/_cython/loss.pyx`.
    x, target : numpy.ndarray
        Of one shape and type.

    Returns
    -------
    float
        0 for empty arrays; blocks of 512 losses are added up in double precision.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.loss.total("square", np.array([1.0, 5.0]), np.array([1.0, 2.0]))
    9.0
    """
    rows = [ready(each).reshape(-1) for each in (x, target)]
    sums = np.empty(-(-x.size // loops.BLOCK_SIZE))
    loop, threads = _LOOPS["total", x.dtype], threads_for(COST[kind] * x.size)
    for start in range(0, x.size, PART):
        part = slice(start, start + PART)
        blocks = slice(start // loops.BLOCK_SIZE, (start + PART) // loops.BLOCK_SIZE)
        loop(*[row[part] for row in rows], sums[blocks], loops.KINDS[kind], threads)
    return sum(sums.tolist())


def slope(kind, x, target, factor):
    """Compute the slope of each loss times a factor.

    Parameters
    ----------
    kind, x, target
        As for `total`.
    factor : float
        The gradient with respect to the sum.

    Returns
    -------
    numpy.ndarray
        Of the shape of `x`: the gradient with respect to it.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.loss.slope("square", np.array([1.0, 5.0]), np.array([1.0, 2.0]), 0.5)
    array([0., 3.])
    """
    x, target = ready(x), ready(target)
    grad = like(x)
    rows = [each.reshape(-1) for each in (x, target, grad)]
    threads = threads_for(COST[kind] * x.size)
    in_parts(_LOOPS["slope", x.dtype], rows, loops.KINDS[kind], factor, threads)
    return grad
