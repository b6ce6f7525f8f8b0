"""Hints to the memory: what is needed soon is asked for while the processor still multiplies.

A hint neither reads nor writes, so no result depends on it; a compiler without it leaves it out.
A processor looks ahead by itself along one row, but not to the next row or the next channel.
"""

from lucid._cython.types cimport real

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define LUCID_FETCH(p) __builtin_prefetch(p, 0, 2)  /* to the second-level cache */
    #define LUCID_FETCH_NEAR(p) __builtin_prefetch(p, 0, 3)  /* to the first */
    #define LUCID_FETCH_TO_WRITE(p) __builtin_prefetch(p, 1, 3)
    #else
    #define LUCID_FETCH(p) ((void) (p))
    #define LUCID_FETCH_NEAR(p) ((void) (p))
    #define LUCID_FETCH_TO_WRITE(p) ((void) (p))
    #endif
    """
    void fetch "LUCID_FETCH"(const void *) noexcept nogil
    void fetch_near "LUCID_FETCH_NEAR"(const void *) noexcept nogil
    void fetch_to_write "LUCID_FETCH_TO_WRITE"(const void *) noexcept nogil

cdef enum:
    LINE_BYTES = 64  # of a cache

cdef struct Rows:  # elements that will be read; counted from the start of an array
    Py_ssize_t count, pitch  # rows that are left, and from one to the next
    Py_ssize_t size  # of a row
    Py_ssize_t start, at  # of the row, and in it


cdef inline void fetch_rows(const real *x, Rows *rows, Py_ssize_t lines) noexcept nogil:
    """Ask for some more lines of the rows, if any are left."""
    while lines > 0 and rows.count > 0:
        fetch(x + rows.start + rows.at)
        rows.at += LINE_BYTES // sizeof(real)
        lines -= 1
        if rows.at >= rows.size:
            rows.at = 0
            rows.start += rows.pitch
            rows.count -= 1


cdef inline void fetch_tile(
    real *y, Py_ssize_t pitch, Py_ssize_t rows, Py_ssize_t bytes_of_row
) noexcept nogil:
    """Ask for a tile that will be written."""
    cdef Py_ssize_t j, k
    for j in range(rows):
        for k in range(bytes_of_row // LINE_BYTES):
            fetch_to_write(y + j * pitch + k * (LINE_BYTES // <Py_ssize_t> sizeof(real)))
