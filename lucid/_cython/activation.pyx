r"""Functions with a kink, element by element, and what they let through of a gradient g.

========  ===================================  ==============================================
kind      y                                    what passes
========  ===================================  ==============================================
RELU      :math:`\max(x, 0)`                   g where the result is above 0, else 0
CLAMP     :math:`\min(\max(x, a), b)`          g where :math:`a \le x \le b`, else 0
HARDTANH  the same                             g unless :math:`x \le a` or :math:`x \ge b`
LEAKY     x above 0, else :math:`a x`          g above 0, else :math:`a g`
========  ===================================  ==============================================

A NaN stays a NaN on the way forward. Cost: each array once
through memory, nothing in between; a choice between two numbers, not a branch, becomes one vector
instruction. Threads take blocks of `BLOCK` elements, so that the bits do not depend on them.
"""

from cython.parallel cimport prange

from lucid._cython.types cimport real

cdef enum:
    BLOCK = 16384  # elements
    RELU = 0
    CLAMP = 1
    HARDTANH = 2
    LEAKY = 3

KINDS = {"relu": RELU, "clamp": CLAMP, "hardtanh": HARDTANH, "leaky": LEAKY}


cdef inline void value_block(
    int kind, const real *x, real *y, real a, real b, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    cdef real raised
    if kind == RELU:
        for i in range(count):
            y[i] = <real> 0 if x[i] < 0 else x[i]
    elif kind == LEAKY:
        for i in range(count):
            y[i] = x[i] if x[i] > 0 else a * x[i]
    else:
        for i in range(count):
            raised = a if x[i] < a else x[i]
            y[i] = b if raised > b else raised


cdef inline void slope_block(
    int kind, const real *x, const real *g, real *z, real a, real b, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    if kind == RELU:
        for i in range(count):
            z[i] = g[i] if x[i] > 0 else <real> 0
    elif kind == CLAMP:
        for i in range(count):
            z[i] = g[i] if (x[i] >= a) & (x[i] <= b) else <real> 0
    elif kind == HARDTANH:
        for i in range(count):
            z[i] = <real> 0 if (x[i] <= a) | (x[i] >= b) else g[i]
    else:
        for i in range(count):
            z[i] = g[i] if x[i] > 0 else a * g[i]


def value(
    const real[::1] x not None, real[::1] y not None, int kind, double a, double b, int threads
):
    """Write to y the function of x."""
    cdef Py_ssize_t block, count = x.shape[0]
    for block in prange((count + BLOCK - 1) // BLOCK, nogil=True, num_threads=threads):
        value_block(
            kind, &x[block * BLOCK], &y[block * BLOCK], <real> a, <real> b,
            min(BLOCK, count - block * BLOCK),
        )


def slope(
    const real[::1] x not None, const real[::1] g not None, real[::1] z not None, int kind,
    double a, double b, int threads,
):
    """Write to z what of the gradient g passes at x; of RELU, where the result is x."""
    cdef Py_ssize_t block, count = x.shape[0]
    for block in prange((count + BLOCK - 1) // BLOCK, nogil=True, num_threads=threads):
        slope_block(
            kind, &x[block * BLOCK], &g[block * BLOCK], &z[block * BLOCK], <real> a, <real> b,
            min(BLOCK, count - block * BLOCK),
        )
