r"""Sums, differences and products of two arrays, element by element, shared by several threads.

Cost: each array once through memory. One thread is no faster here than NumPy; two are, since one
alone does not use all that the memory delivers. Threads take blocks of `BLOCK` elements; an element
has the same bits whoever computes it.
"""

from cython.parallel cimport prange

from lucid._cython.types cimport real

cdef enum:
    BLOCK = 16384  # elements
    ADD = 0
    SUBTRACT = 1
    MULTIPLY = 2

KINDS = {"add": ADD, "subtract": SUBTRACT, "multiply": MULTIPLY}


cdef inline void combine_block(
    int kind, const real *a, const real *b, real *y, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    if kind == ADD:
        for i in range(count):
            y[i] = a[i] + b[i]
    elif kind == SUBTRACT:
        for i in range(count):
            y[i] = a[i] - b[i]
    else:
        for i in range(count):
            y[i] = a[i] * b[i]


def combine(
    const real[::1] a not None, const real[::1] b not None, real[::1] y not None, int kind,
    int threads,
):
    """Write to y the sum, difference or product of a and b, which are as long."""
    cdef Py_ssize_t block, count = y.shape[0]
    for block in prange((count + BLOCK - 1) // BLOCK, nogil=True, num_threads=threads):
        combine_block(
            kind, &a[block * BLOCK], &b[block * BLOCK], &y[block * BLOCK],
            min(BLOCK, count - block * BLOCK),
        )
