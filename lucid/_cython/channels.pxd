"""Sums along rows, shared by the loops that fold channels: quick, and exact to a few roundings."""

from lucid._cython.types cimport real

cdef enum:
    LANES = 16  # sums side by side: the numbers of the widest vector
    BLOCK = 512  # numbers added in their own precision; blocks are added in double precision


cdef inline double add_lanes(const real *part) noexcept nogil:
    cdef double total = 0
    cdef Py_ssize_t lane
    for lane in range(LANES):
        total += part[lane]
    return total


cdef inline double sum_row(const real *x, Py_ssize_t count) noexcept nogil:
    """Add up a row."""
    cdef real part[LANES]
    cdef double total = 0
    cdef Py_ssize_t i = 0, lane, stop
    while i < count:
        for lane in range(LANES):
            part[lane] = 0
        stop = min(i + BLOCK, count)
        while i + LANES <= stop:
            for lane in range(LANES):
                part[lane] += x[i + lane]
            i += LANES
        for lane in range(stop - i):
            part[lane] += x[i + lane]
        i = stop
        total += add_lanes(part)
    return total


cdef inline double squares_of_row(const real *x, real mean, Py_ssize_t count) noexcept nogil:
    """Add up the squares of the distances from a number."""
    cdef real part[LANES]
    cdef double total = 0
    cdef Py_ssize_t i = 0, lane, stop
    while i < count:
        for lane in range(LANES):
            part[lane] = 0
        stop = min(i + BLOCK, count)
        while i + LANES <= stop:
            for lane in range(LANES):
                part[lane] += (x[i + lane] - mean) * (x[i + lane] - mean)
            i += LANES
        for lane in range(stop - i):
            part[lane] += (x[i + lane] - mean) * (x[i + lane] - mean)
        i = stop
        total += add_lanes(part)
    return total


cdef inline double products_of_row(
    const real *x, real mean, const real *y, Py_ssize_t count
) noexcept nogil:
    """Add up the products of the distances of x from a number with y."""
    cdef real part[LANES]
    cdef double total = 0
    cdef Py_ssize_t i = 0, lane, stop
    while i < count:
        for lane in range(LANES):
            part[lane] = 0
        stop = min(i + BLOCK, count)
        while i + LANES <= stop:
            for lane in range(LANES):
                part[lane] += (x[i + lane] - mean) * y[i + lane]
            i += LANES
        for lane in range(stop - i):
            part[lane] += (x[i + lane] - mean) * y[i + lane]
        i = stop
        total += add_lanes(part)
    return total
