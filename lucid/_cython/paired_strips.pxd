"""Strips for the input gradient of 3x3 taps and stride 2: columns are put together in pairs.

Row m of the gradient, x here, ends the sum of row 2m - low of the result, y here, is all that row
2m + 1 - low needs, and begins the sum of the row after. So a row of x is loaded twice, at columns
side by side, and used for all nine taps. With columns it is the same: even ones have other taps
than odd ones. So a row of y has two sums, and a shuffle puts them together as they are stored.
As in `strips.pxd`, lanes outside x are zero, and rows outside x are left out.
"""

from lucid._cython.padded cimport clip
from lucid._cython.sliding cimport MAX_WIDTH, VECTOR_BYTES, Run
from lucid._cython.strips cimport THREE, Planes
from lucid._cython.types cimport real


cdef inline void load_pair(
    const Run *run, const real *row, Py_ssize_t column, real (*held)[MAX_WIDTH], int lanes
) noexcept nogil:
    """Load what taps 0 and 2 read: the columns from `column` on, and those one before."""
    cdef real value
    cdef int t, l, low, high
    for t in range(2):
        low, high = <int> clip(t - column, lanes), <int> clip(run.size + t - column, lanes)
        for l in range(lanes):
            value = row[column - t + l]
            held[t][l] = value if (low <= l) & (l < high) else 0


cdef inline void add_pair(
    const real *tap, real (*held)[MAX_WIDTH], real (*acc)[MAX_WIDTH], bint odd, int lanes
) noexcept nogil:
    """Add what a row of taps gives to even and odd columns; `odd` ones have two taps, or one."""
    cdef int l
    for l in range(lanes):
        acc[odd][l] += tap[0] * held[0][l]
    for l in range(lanes):
        acc[odd][l] += tap[2 * THREE] * held[1][l]
    for l in range(lanes):
        acc[not odd][l] += tap[THREE] * held[odd][l]


cdef inline void set_pair(real (*acc)[MAX_WIDTH], real start, int lanes) noexcept nogil:
    cdef int t, l
    for t in range(2):
        for l in range(lanes):
            acc[t][l] = start


cdef inline void put_pair(real (*acc)[MAX_WIDTH], real *y, int lanes) noexcept nogil:
    """Store even and odd columns where they belong."""
    cdef int l
    for l in range(lanes):
        y[2 * l] = acc[0][l]
        y[2 * l + 1] = acc[1][l]


cdef inline void set_paired_strip(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y,
    Py_ssize_t first, Py_ssize_t q, bint odd, int width,
) noexcept nogil:
    """Set a strip of all planes, from column 2q on, to the bias and what the rows of x give.

    Row 0 of x ends the sum of row -first of y, which is not stored if `first` is 1.
    """
    cdef real acc[2][MAX_WIDTH]
    cdef real one[2][MAX_WIDTH]
    cdef real held[2][MAX_WIDTH]
    cdef real line[2 * MAX_WIDTH]
    cdef real tap[THREE * THREE]
    cdef real start
    cdef const real *row
    cdef real *target
    cdef Py_ssize_t c = 0, i, m, column = q + odd
    cdef int l, t, lanes = width // sizeof(real)
    y += 2 * q
    while True:
        start = bias[c]
        for t in range(THREE * THREE):
            tap[t] = w[t]
        set_pair(acc, start, lanes)
        if run.first < 0:
            load_pair(run, x - run.x_step, column, held, lanes)
            add_pair(tap + 2, held, acc, odd, lanes)
        row, target, i, m = x, y, 0, 0
        while True:
            load_pair(run, row, column, held, lanes)
            add_pair(tap, held, acc, odd, lanes)
            if m >= first:
                put_pair(acc, target, lanes)
                target += run.y_step
            set_pair(one, start, lanes)
            add_pair(tap + 1, held, one, odd, lanes)
            set_pair(acc, start, lanes)
            add_pair(tap + 2, held, acc, odd, lanes)
            row += run.x_step
            m += 1
            if m >= run.end:
                break
            put_pair(one, target, lanes)
            target += run.y_step
        for i in range(2 * m - first, run.rows):
            put_pair(one, target, lanes)
            target += run.y_step
            for t in range(2):
                for l in range(lanes):
                    one[t][l] = acc[t][l]
            set_pair(acc, start, lanes)
        c += 1
        if c == planes.count:
            break
        put_pair(one, target, lanes)
        x += planes.x_step
        y += planes.y_step
        w += THREE * THREE
    put_pair(one, line, lanes)
    for l in range(min(run.columns - 2 * q, <Py_ssize_t> 2 * lanes)):
        target[l] = line[l]


cdef inline void set_paired_strips(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y,
    Py_ssize_t first, bint odd,
) noexcept nogil:
    """Set rows of some planes, strip by strip.

    The last strip is the first: what it sets behind the end of a row of odd length is set anew.
    """
    cdef Py_ssize_t q = (run.columns + 1) // 2, lanes = VECTOR_BYTES // sizeof(real)
    while q > 0:
        if 2 * q > lanes:
            q = max(0, q - lanes)
            set_paired_strip(run, planes, x, w, bias, y, first, q, odd, VECTOR_BYTES)
        else:
            q = max(0, q - lanes // 2)
            set_paired_strip(run, planes, x, w, bias, y, first, q, odd, VECTOR_BYTES // 2)


cdef inline void set_paired_planes(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y,
    Py_ssize_t first, bint odd,
) noexcept nogil:
    """Call `set_paired_strips` with a literal `odd`."""
    if odd:
        set_paired_strips(run, planes, x, w, bias, y, first, True)
    else:
        set_paired_strips(run, planes, x, w, bias, y, first, False)
