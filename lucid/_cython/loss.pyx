r"""Losses of two arrays of one shape, added up over all elements, and their gradients.

========  ========================================================  =============================
kind      loss of an element x beside its truth t                   slope
========  ========================================================  =============================
SQUARE    :math:`(x - t)^2`                                         :math:`2 (x - t)`
LOGISTIC  :math:`\max(x, 0) - x t + \ln(1 + e^{-|x|})`              :math:`1 / (1 + e^{-x}) - t`
========  ========================================================  =============================

A step for each operation would write and read again an array for each; here each array goes once
through memory, and nothing in between is kept. Threads take blocks of `BLOCK` elements, whose sums
are added up in their order: the bits do not depend on the threads.
"""

from cython.parallel cimport prange

from lucid._cython.channels cimport BLOCK as SHORT, LANES, add_lanes
from lucid._cython.logistic cimport log_1_plus, sigmoid, small_power
from lucid._cython.types cimport real

cdef enum:
    BLOCK = 16384  # elements
    SQUARE = 0
    LOGISTIC = 1

KINDS = {"square": SQUARE, "logistic": LOGISTIC}
BLOCK_SIZE = BLOCK


cdef inline real loss(int kind, real x, real t) noexcept nogil:
    if kind == SQUARE:
        return (x - t) * (x - t)
    return (x if x > 0 else <real> 0) - x * t + log_1_plus(small_power(x))


cdef inline double total_of_block(
    int kind, const real *x, const real *t, Py_ssize_t count
) noexcept nogil:
    cdef real part[LANES]
    cdef double sum = 0
    cdef Py_ssize_t i = 0, lane, stop
    while i < count:
        for lane in range(LANES):
            part[lane] = 0
        stop = min(i + SHORT, count)
        while i + LANES <= stop:
            for lane in range(LANES):
                part[lane] += loss(kind, x[i + lane], t[i + lane])
            i += LANES
        for lane in range(stop - i):
            part[lane] += loss(kind, x[i + lane], t[i + lane])
        i = stop
        sum += add_lanes(part)
    return sum


def total(
    const real[::1] x not None, const real[::1] t not None, double[::1] sums not None, int kind,
    int threads,
):
    """Write the sum of the losses of each block of `BLOCK_SIZE` elements."""
    cdef Py_ssize_t block, count
    for block in prange(sums.shape[0], nogil=True, num_threads=threads):
        count = min(BLOCK, x.shape[0] - block * BLOCK)
        if kind == SQUARE:  # each kind gets a loop of its own
            sums[block] = total_of_block(SQUARE, &x[block * BLOCK], &t[block * BLOCK], count)
        else:
            sums[block] = total_of_block(LOGISTIC, &x[block * BLOCK], &t[block * BLOCK], count)


cdef inline void slope_of_block(
    int kind, const real *x, const real *t, real *grad, real factor, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    if kind == SQUARE:
        for i in range(count):
            grad[i] = (x[i] - t[i]) * (<real> 2 * factor)
    else:
        for i in range(count):
            grad[i] = (sigmoid(x[i]) - t[i]) * factor


def slope(
    const real[::1] x not None, const real[::1] t not None, real[::1] grad not None, int kind,
    double factor, int threads,
):
    """Write the slope of each loss times a factor."""
    cdef Py_ssize_t block, count = x.shape[0]
    for block in prange((count + BLOCK - 1) // BLOCK, nogil=True, num_threads=threads):
        slope_of_block(
            kind, &x[block * BLOCK], &t[block * BLOCK], &grad[block * BLOCK], <real> factor,
            min(BLOCK, count - block * BLOCK),
        )
