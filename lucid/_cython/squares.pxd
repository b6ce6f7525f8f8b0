"""The commonest pooling by itself: windows of 2x2 positions, side by side.

The general loop in `max_pool.pyx` passes over a row once for every tap, which for a short row is
more beginning and ending than work. Here the four positions of a window are compared at once, in
the order of memory: the first of equal maxima wins, and the last NaN. All four are read before
anything is compared, and always as many windows as a vector has numbers: so there is no branch,
which would guess wrong half of the time, and the compiler makes vectors.
"""

from lucid._cython.types cimport real

cdef enum:
    LANES = 16  # windows compared at once: the numbers of the widest vector
    PAIRS = 32  # numbers of a row that they look at


cdef inline bint wins(real value, real best) noexcept nogil:
    return (value > best) | (value != value)


cdef inline void find_winners(
    const real *upper, const real *lower, real *best, int *winner
) noexcept nogil:
    """Find the maxima of pairs of columns, and which of the four positions they have."""
    cdef Py_ssize_t o
    cdef real a, b, c, d
    cdef int place
    for o in range(LANES):
        a, b, c, d = upper[2 * o], upper[2 * o + 1], lower[2 * o], lower[2 * o + 1]
        place = 1 if wins(b, a) else 0
        a = b if wins(b, a) else a
        place = 2 if wins(c, a) else place
        a = c if wins(c, a) else a
        place = 3 if wins(d, a) else place
        best[o] = d if wins(d, a) else a
        winner[o] = place


cdef inline void max_of_squares(
    const real *x, Py_ssize_t width, real *y, Py_ssize_t *index, Py_ssize_t start,
    Py_ssize_t count,
) noexcept nogil:
    """Pool two rows, of which x begins the upper one, `start` positions behind its plane's begin.

    The lower one is `width` numbers behind. Without index only the maxima are wanted.
    """
    cdef real upper[PAIRS]
    cdef real lower[PAIRS]
    cdef real best[LANES]
    cdef int winner[LANES]
    cdef Py_ssize_t o, begin = 0, some
    for o in range(PAIRS):
        upper[o] = lower[o] = 0
    while begin < count:
        some = min(LANES, count - begin)
        if some == LANES:
            find_winners(x + 2 * begin, x + width + 2 * begin, best, winner)
        else:  # a whole vector, of which some windows are not wanted
            for o in range(2 * some):
                upper[o] = x[2 * begin + o]
                lower[o] = x[width + 2 * begin + o]
            find_winners(upper, lower, best, winner)
        for o in range(some):
            y[begin + o] = best[o]
        if index != NULL:
            for o in range(some):
                index[begin + o] = (
                    start + 2 * (begin + o) + (winner[o] >> 1) * width + (winner[o] & 1)
                )
        begin += some
