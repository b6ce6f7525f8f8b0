"""Strips for 3x3 taps and stride 2: nothing is copied, columns are parted in the registers.

Two vectors of neighbours become one of every other column by a shuffle: that is what gcc makes of
an array in registers that is read at every other place, from its first element on. (From the second
on it would not: it fears to read behind the end. So each column of taps loads its own neighbours.)
Row 2o of x has the last taps of row o - 1 of y and the first ones of row o, and row 2o + 1 the
middle ones of row o: a single sum is kept while two rows of x pass by. As in `strips.pxd`, lanes
outside x are zero, and rows outside x are left out.
"""

from lucid._cython.padded cimport ceil_div, clip
from lucid._cython.sliding cimport MAX_WIDTH, VECTOR_BYTES, WIDE, Run
from lucid._cython.strips cimport THREE, Planes
from lucid._cython.types cimport real


cdef struct Lanes:  # those inside the array, for each column of taps
    int low[THREE]
    int high[THREE]


cdef inline void find_lanes(
    const Run *run, Py_ssize_t q, int step, int lanes, Lanes *inside
) noexcept nogil:
    """Tell which lanes are inside for a strip of a result, from column q on."""
    cdef Py_ssize_t column
    cdef int t
    for t in range(THREE):
        column = run.column + step * q + run.offset[t]
        inside.low[t] = <int> clip(ceil_div(-column, step), lanes)
        inside.high[t] = <int> clip(ceil_div(run.size - column, step), lanes)


cdef inline void load_columns(
    const Lanes *inside, const real *x, real (*held)[MAX_WIDTH], int step, int lanes
) noexcept nogil:
    """Load what each of three columns of taps reads of a row of x: all elements, or every other."""
    cdef real line[2 * MAX_WIDTH]
    cdef real value
    cdef int l, t
    for t in range(THREE):
        for l in range(step * lanes):
            line[l] = x[t + l]
        for l in range(lanes):
            value = line[step * l]
            held[t][l] = value if (inside.low[t] <= l) & (l < inside.high[t]) else 0


cdef inline void add_taps(
    const real *tap, real (*held)[MAX_WIDTH], real *acc, int lanes
) noexcept nogil:
    """Add a row of taps, which are stored column by column."""
    cdef int t, l
    for t in range(THREE):
        for l in range(lanes):
            acc[l] += tap[THREE * t] * held[t][l]


cdef inline void set_parted_strip(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y,
    Py_ssize_t q, int width,
) noexcept nogil:
    """Set a strip of all planes, from column q on, to the bias and the sum over 3x3 taps."""
    cdef real acc[MAX_WIDTH]
    cdef real held[THREE][MAX_WIDTH]
    cdef real tap[THREE * THREE]
    cdef Lanes inside
    cdef real start
    cdef const real *row
    cdef real *target
    cdef Py_ssize_t c = 0, m
    cdef int l, t, lanes = width // sizeof(real)
    find_lanes(run, q, 2, lanes, &inside)
    x += 2 * q + run.offset[0]
    y += q
    while True:
        start = bias[c]
        for t in range(THREE * THREE):
            tap[t] = w[t]
        for l in range(lanes):
            acc[l] = start
        row, target = x, y
        if run.first <= 0:
            load_columns(&inside, row, held, 2, lanes)
            add_taps(tap, held, acc, lanes)
        for m in range(run.rows - 1):
            load_columns(&inside, row + run.x_step, held, 2, lanes)
            add_taps(tap + 1, held, acc, lanes)
            row += 2 * run.x_step
            load_columns(&inside, row, held, 2, lanes)
            add_taps(tap + 2, held, acc, lanes)
            for l in range(lanes):
                target[l] = acc[l]
            target += run.y_step
            for l in range(lanes):
                acc[l] = start
            add_taps(tap, held, acc, lanes)
        load_columns(&inside, row + run.x_step, held, 2, lanes)
        add_taps(tap + 1, held, acc, lanes)
        if 2 * run.rows < run.end:
            load_columns(&inside, row + 2 * run.x_step, held, 2, lanes)
            add_taps(tap + 2, held, acc, lanes)
        c += 1
        if c == planes.count:
            break
        for l in range(lanes):
            target[l] = acc[l]
        x += planes.x_step
        y += planes.y_step
        w += THREE * THREE
    for l in range(min(run.columns - q, <Py_ssize_t> lanes)):
        target[l] = acc[l]


cdef inline void set_parted_planes(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y
) noexcept nogil:
    """Set all rows of some planes to the bias and the sum over 3x3 taps of stride 2."""
    cdef Py_ssize_t q = 0, left, lanes = VECTOR_BYTES // sizeof(real)
    while q < run.columns:  # the last strip ends with the row, though columns are set twice
        left = run.columns - q
        if WIDE > 1 and left > lanes:
            q = min(q, max(0, run.columns - WIDE * lanes))
            set_parted_strip(run, planes, x, w, bias, y, q, WIDE * VECTOR_BYTES)
            q += WIDE * lanes
        elif 2 * left > lanes:
            q = min(q, max(0, run.columns - lanes))
            set_parted_strip(run, planes, x, w, bias, y, q, VECTOR_BYTES)
            q += lanes
        else:
            q = min(q, max(0, run.columns - lanes // 2))
            set_parted_strip(run, planes, x, w, bias, y, q, VECTOR_BYTES // 2)
            q += lanes // 2
