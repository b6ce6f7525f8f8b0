"""Copies of rows with zeros around them, in whole vectors."""

from lucid._cython.padded cimport Axis, ceil_div, clip, copy_apart
from lucid._cython.sliding cimport VECTOR_BYTES
from lucid._cython.types cimport real

cdef struct Window:  # columns that have a source, and the source of the first
    Py_ssize_t first, last, start


cdef inline Window find_window(
    const Axis *axis, Py_ssize_t start, Py_ssize_t columns
) noexcept nogil:
    """Tell which of `columns` columns have a source, where `start` is that of column 0."""
    cdef Window window
    cdef Py_ssize_t step = axis.src_step
    window.first = clip(ceil_div(-start, step), columns)
    window.last = max(window.first, clip(ceil_div(axis.src_size - start, step), columns))
    window.start = start + window.first * step
    return window


cdef inline void copy_row(
    const real *x, Py_ssize_t step, Py_ssize_t count, real *row
) noexcept nogil:
    """Write ``x[q * step]`` for all q below `count`, and zeros up to a whole vector.

    The zeros may reach into the row that follows, which must be written later.
    """
    cdef real value
    cdef Py_ssize_t q = 0
    cdef int l, left, lanes = VECTOR_BYTES // sizeof(real)
    if step > 1:
        copy_apart(x, step, count, row)
    else:
        while q + lanes <= count:
            for l in range(lanes):
                row[q + l] = x[q + l]
            q += lanes
        left = <int> (count - q)
        if left > 0:
            for l in range(lanes):
                value = 0
                if l < left:
                    value = x[q + l]
                row[q + l] = value
