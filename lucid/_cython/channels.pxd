"""Sums along rows, shared by the loops that fold channels: quick, and exact to a few roundings."""

from lucid._cython.types cimport real

cdef enum:
    LANES = 16  # sums side by side: the numbers of the widest vector
    HALF = 8
    QUARTER = 4
    BLOCK = 512  # numbers added in their own precision; blocks are added in double precision


cdef inline double add_lanes(const real *part) noexcept nogil:
    """Add up in pairs, so that no addition waits for more than three others."""
    cdef double pair[HALF]
    cdef Py_ssize_t lane
    for lane in range(HALF):
        pair[lane] = <double> part[lane] + part[lane + HALF]
    for lane in range(QUARTER):
        pair[lane] += pair[lane + QUARTER]
    return (pair[0] + pair[2]) + (pair[1] + pair[3])


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


cdef inline void sums_of_row(
    const real *x, real mean, const real *y, Py_ssize_t count, double *total, double *product
) noexcept nogil:
    """Add y to a total, and to a product the distances of x from a number times y."""
    cdef real part[LANES]
    cdef real times[LANES]
    cdef Py_ssize_t i = 0, lane, stop
    while i < count:
        for lane in range(LANES):
            part[lane] = 0
            times[lane] = 0
        stop = min(i + BLOCK, count)
        while i + LANES <= stop:
            for lane in range(LANES):
                part[lane] += y[i + lane]
                times[lane] += (x[i + lane] - mean) * y[i + lane]
            i += LANES
        for lane in range(stop - i):
            part[lane] += y[i + lane]
            times[lane] += (x[i + lane] - mean) * y[i + lane]
        i = stop
        total[0] += add_lanes(part)
        product[0] += add_lanes(times)


cdef inline void weighted_sums_of_row(
    const real *x, real mean, const real *y, const real *w, Py_ssize_t count, double *total,
    double *product,
) noexcept nogil:
    """Do as `sums_of_row` with y times a weight for each number."""
    cdef real part[LANES]
    cdef real times[LANES]
    cdef Py_ssize_t i = 0, lane, stop
    while i < count:
        for lane in range(LANES):
            part[lane] = 0
            times[lane] = 0
        stop = min(i + BLOCK, count)
        while i + LANES <= stop:
            for lane in range(LANES):
                part[lane] += w[i + lane] * y[i + lane]
                times[lane] += (x[i + lane] - mean) * (w[i + lane] * y[i + lane])
            i += LANES
        for lane in range(stop - i):
            part[lane] += w[i + lane] * y[i + lane]
            times[lane] += (x[i + lane] - mean) * (w[i + lane] * y[i + lane])
        i = stop
        total[0] += add_lanes(part)
        product[0] += add_lanes(times)
