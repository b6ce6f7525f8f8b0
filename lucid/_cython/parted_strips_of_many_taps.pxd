"""Strips for 5x5 and 7x7 taps and stride 2: nothing is copied, columns are parted in the registers.

Two vectors of neighbours become one of every other column, as in `parted_strips.pxd`, and taps stay
in memory, as in `strips_of_many_taps.pxd`. The rows of x pass by in pairs. The upper row of pair j
has the taps 0, 2, 4, .. of the rows j, j - 1, j - 2, .. of y, the lower row has those between. With
its last tap a row of y is stored, and the sums of the others move up.
"""

from lucid._cython.sliding cimport MAX_WIDTH, VECTOR_BYTES, Run
from lucid._cython.strips cimport Planes, move_up, put_row
from lucid._cython.strips_of_many_taps cimport MOST_TAPS
from lucid._cython.types cimport real

cdef enum:
    MOST_SUMS = 4  # rows of y that have some of their taps


cdef inline void add_row(
    const real *x, const real *w, const int (*keep)[MAX_WIDTH], const bint *cut,
    real (*acc)[MAX_WIDTH], int sums, int taps, int lanes,
) noexcept nogil:
    """Add to each of `sums` rows every other tap of a row of x; w is the last row's first one.

    A column of taps is `cut` if it has lanes outside x, which `keep` leaves out.
    """
    cdef real line[2 * MAX_WIDTH]
    cdef real held[MAX_WIDTH]
    cdef real value
    cdef const real *behind = x + taps
    cdef int j, l
    while True:
        for l in range(2 * lanes):
            line[l] = x[l]
        if cut[0]:
            for l in range(lanes):
                value = line[2 * l]
                held[l] = value if keep[0][l] else 0
        else:
            for l in range(lanes):
                held[l] = line[2 * l]
        for j in range(sums):
            for l in range(lanes):
                acc[j][l] += w[2 * (sums - 1 - j)] * held[l]
        w += taps
        keep += 1
        cut += 1
        x += 1
        if x == behind:
            break


cdef inline void set_parted_tall_strip(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y,
    Py_ssize_t q, int taps, int width,
) noexcept nogil:
    """Set a strip of all planes, from column q on, to the bias and the sum over taps x taps.

    Where a row is shorter than the strip, what hangs over is written anew with the next one.
    """
    cdef real acc[MOST_SUMS][MAX_WIDTH]
    cdef int keep[MOST_TAPS][MAX_WIDTH]
    cdef bint cut[MOST_TAPS]
    cdef real start
    cdef const real *source
    cdef real *target
    cdef Py_ssize_t c = 0, i, t, column, last = 2 * (run.rows + taps // 2 - 1)
    cdef int j, l, sums = taps // 2 + 1, lanes = width // sizeof(real)
    for t in range(taps):
        column = run.column + 2 * q + run.offset[t]
        for l in range(lanes):
            keep[t][l] = 0 <= column + 2 * l < run.size
        cut[t] = column < 0 or column + 2 * (min(lanes, run.columns - q) - 1) >= run.size
    x += 2 * q + run.offset[0]
    y += q
    while True:
        start = bias[c]
        for j in range(sums):
            for l in range(lanes):
                acc[j][l] = start
        source, target, i = x, y, 0
        while True:  # rows outside x give nothing
            if run.first <= i < run.end:
                add_row(source, w, keep, cut, acc, sums, taps, lanes)
            if i == last:
                break
            if i >= taps - 1:
                put_row(acc, target, lanes)
                target += run.y_step
            move_up(acc, start, sums, lanes)
            if run.first <= i + 1 < run.end:
                add_row(source + run.x_step, w + 1, keep, cut, acc, sums - 1, taps, lanes)
            source += 2 * run.x_step
            i += 2
        c += 1
        if c == planes.count:
            break
        put_row(acc, target, lanes)
        x += planes.x_step
        y += planes.y_step
        w += taps * taps
    for l in range(min(run.columns - q, <Py_ssize_t> lanes)):
        target[l] = acc[0][l]


cdef inline void set_parted_tall_strips(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y,
    int taps,
) noexcept nogil:
    """Set all rows of some planes to the bias and the sum over taps x taps of stride 2."""
    cdef Py_ssize_t q = 0, lanes = VECTOR_BYTES // sizeof(real)
    while q < run.columns:  # the last strip ends with the row, though columns are set twice
        if 2 * (run.columns - q) > lanes:
            q = min(q, max(0, run.columns - lanes))
            set_parted_tall_strip(run, planes, x, w, bias, y, q, taps, VECTOR_BYTES)
            q += lanes
        else:
            q = min(q, max(0, run.columns - lanes // 2))
            set_parted_tall_strip(run, planes, x, w, bias, y, q, taps, VECTOR_BYTES // 2)
            q += lanes // 2


cdef inline void set_parted_planes_of_many_taps(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y
) noexcept nogil:
    """Call `set_parted_tall_strips` with a literal number of taps."""
    if run.taps == 5:
        set_parted_tall_strips(run, planes, x, w, bias, y, 5)
    else:
        set_parted_tall_strips(run, planes, x, w, bias, y, 7)
