"""Strips for 5x5 and 7x7 taps: as those of `strips.pxd`, but with two rows of x at a time.

So many taps do not fit into the registers. They stay where they are: with AVX-512 a multiply-add
takes a factor from memory into all its lanes at no cost. For each column of taps two rows of x are
loaded, at its shift; lanes outside x, if there are any, are made zero by one mask, which costs a
seventh of the time; and with all taps of the column they are added to the sums of the rows of y
that need them, one row more than the column has taps. The first and the last rows of x leave out
some taps, which only rows outside y would need. Meanwhile the same rows of the next plane are asked
for: they are too short for a processor to do so by itself. Without AVX-512 tiles load a tap once
for several rows, and are faster (`sliding.pxd`).

Taps of several planes, of 3x3 each or more, are just further columns of taps (`depthwise_blocks`).
"""

from lucid._cython.fetch cimport fetch, fetch_to_write
from lucid._cython.sliding cimport MAX_WIDTH, VECTOR_BYTES, Run
from lucid._cython.strips cimport Planes, move_up, put_row
from lucid._cython.types cimport real

cdef extern from *:
    """
    #if defined(__AVX512F__)
    #define LUCID_MANY_TAPS 7
    #else
    #define LUCID_MANY_TAPS 0
    #endif
    """
    enum:
        MANY_TAPS "LUCID_MANY_TAPS"  # along an axis, at most; 0: none

cdef enum:
    MOST_TAPS = 7  # along an axis, for which there are strips


cdef inline void add_rows(
    const Run *run, const real *x, const real *w, const int (*keep)[MAX_WIDTH], const bint *cut,
    real (*acc)[MAX_WIDTH], int first, int end, int taps, int rows, int lanes,
) noexcept nogil:
    """Add what one or two rows of x give to the rows of y that need them, from `first` to `end`.

    A column of taps is `cut` if it has lanes outside x, which `keep` leaves out.
    """
    cdef real held[2][MAX_WIDTH]
    cdef real value
    cdef const Py_ssize_t *offset = run.offset
    cdef const Py_ssize_t *behind = offset + run.taps
    cdef const real *row
    cdef int j, l, r
    while True:
        row = x + offset[0]
        if cut[0]:
            for r in range(rows):
                for l in range(lanes):
                    value = row[r * run.x_step + l]
                    held[r][l] = value if keep[0][l] else 0
        else:
            for r in range(rows):
                for l in range(lanes):
                    held[r][l] = row[r * run.x_step + l]
        for j in range(first, end):
            for r in range(rows):
                for l in range(lanes):
                    acc[j + r][l] += w[taps - 1 - j] * held[r][l]
        w += taps
        keep += 1
        cut += 1
        offset += 1
        if offset == behind:
            break


cdef inline real *next_row(
    real (*acc)[MAX_WIDTH], real *y, Py_ssize_t y_step, bint whole, real start, int rows, int lanes
) noexcept nogil:
    """Store the upper row if it has all its taps, and move up; return where the next one goes."""
    if whole:
        put_row(acc, y, lanes)
        y += y_step
    move_up(acc, start, rows, lanes)
    return y


cdef inline void set_tall_strip(
    const Run *run, const Py_ssize_t *across, const Planes *planes, const real *x, const real *w,
    const real *bias, real *y, Py_ssize_t q, int taps, int width,
) noexcept nogil:
    """Set a strip of all planes, from column q on, to the bias and the sum over taps x taps.

    Each column of taps adds `across` to the column of a position, whatever plane of x it reads.
    Where a row is shorter than the strip, what hangs over is written anew with the next one.
    """
    cdef real acc[MOST_TAPS + 1][MAX_WIDTH]
    cdef int keep[MOST_TAPS * MOST_TAPS][MAX_WIDTH]
    cdef bint cut[MOST_TAPS * MOST_TAPS]
    cdef real start
    cdef const real *source
    cdef real *target
    cdef Py_ssize_t c = 0, i, t, column, end = run.rows + taps - 1, last = min(run.end, end)
    cdef int j, l, r, lanes = width // sizeof(real)
    for t in range(run.taps):
        column = run.column + q + across[t]
        for l in range(lanes):
            keep[t][l] = 0 <= column + l < run.size
        cut[t] = column < 0 or column + min(lanes, run.columns - q) > run.size
    x += q
    y += q
    while True:
        start = bias[c]
        for j in range(taps + 1):
            for l in range(lanes):
                acc[j][l] = start
        i = max(run.first, 0)
        source, target = x + i * run.x_step, y
        while i + 2 < last:
            if i <= taps // 2:
                add_rows(run, source, w, keep, cut, acc, taps // 2 - 1, taps, taps, 2, lanes)
            else:
                add_rows(run, source, w, keep, cut, acc, 0, taps, taps, 2, lanes)
            fetch(source + planes.x_step)
            fetch(source + planes.x_step + run.x_step)
            source += 2 * run.x_step
            for r in range(2):
                i += 1
                fetch_to_write(target + planes.y_step)
                target = next_row(acc, target, run.y_step, i >= taps, start, taps + 1, lanes)
        while True:
            if i + 2 >= run.rows + taps // 2:
                add_rows(run, source, w, keep, cut, acc, 0, taps - taps // 2 + 1, taps, 1, lanes)
            else:
                add_rows(run, source, w, keep, cut, acc, 0, taps, taps, 1, lanes)
            source += run.x_step
            i += 1
            if i >= last:
                break
            target = next_row(acc, target, run.y_step, i >= taps, start, taps + 1, lanes)
        while i < end:  # rows that are outside x give nothing
            target = next_row(acc, target, run.y_step, i >= taps, start, taps + 1, lanes)
            i += 1
        c += 1
        if c == planes.count:
            break
        put_row(acc, target, lanes)
        x += planes.x_step
        y += planes.y_step
        w += taps * taps
    for l in range(min(run.columns, <Py_ssize_t> lanes)):
        target[l] = acc[0][l]


cdef inline void set_tall_strips(
    const Run *run, const Py_ssize_t *across, const Planes *planes, const real *x, const real *w,
    const real *bias, real *y, int taps,
) noexcept nogil:
    """Set all rows of some planes to the bias and the sum over taps x taps."""
    cdef Py_ssize_t q = 0, lanes = VECTOR_BYTES // sizeof(real)
    while q < run.columns:  # the last strip ends with the row, though columns are set twice
        if 2 * (run.columns - q) > lanes:
            q = min(q, max(0, run.columns - lanes))
            set_tall_strip(run, across, planes, x, w, bias, y, q, taps, VECTOR_BYTES)
            q += lanes
        else:
            q = min(q, max(0, run.columns - lanes // 2))
            set_tall_strip(run, across, planes, x, w, bias, y, q, taps, VECTOR_BYTES // 2)
            q += lanes // 2


cdef inline void set_planes_of_many_taps(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y
) noexcept nogil:
    """Call `set_tall_strips` with a literal number of taps."""
    if run.taps == 5:
        set_tall_strips(run, run.offset, planes, x, w, bias, y, 5)
    else:
        set_tall_strips(run, run.offset, planes, x, w, bias, y, 7)


cdef inline void set_plane_in_depth(
    const Run *run, const Py_ssize_t *across, const Planes *planes, const real *x, const real *w,
    const real *bias, real *y,
) noexcept nogil:
    """Set all rows of one plane to the bias and the sum over the taps of several planes of x."""
    if run.height == 3:
        set_tall_strips(run, across, planes, x, w, bias, y, 3)
    elif run.height == 5:
        set_tall_strips(run, across, planes, x, w, bias, y, 5)
    else:
        set_tall_strips(run, across, planes, x, w, bias, y, 7)
