"""Strips for 5x5 and 7x7 taps: as those of `strips.pxd`, but with two rows of x at a time.

So many taps do not fit into the registers. They stay where they are: with AVX-512 a multiply-add
takes a factor from memory into all its lanes at no cost. For each column of taps two rows of x are
loaded, at its shift; their lanes outside x are made zero by one mask; and with all taps of the
column they are added to the sums of the rows of y that need them, one row more than the column has
taps. Meanwhile the same rows of the next plane are asked for: they are too short for a processor
to do so by itself. Without AVX-512 tiles load a tap once for several rows, and are faster
(`sliding.pxd`).
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
    MOST_TAPS = 7


cdef inline void add_rows(
    const Run *run, const real *x, const real *w, const int (*keep)[MAX_WIDTH],
    real (*acc)[MAX_WIDTH], int taps, int rows, int lanes,
) noexcept nogil:
    """Add what one or two rows of x give to the rows of y that need them."""
    cdef real held[2][MAX_WIDTH]
    cdef real value
    cdef const Py_ssize_t *offset = run.offset
    cdef const Py_ssize_t *end = offset + run.taps
    cdef const real *row
    cdef int j, l, r
    while True:
        row = x + offset[0]
        for r in range(rows):
            for l in range(lanes):
                value = row[l]
                held[r][l] = value if keep[0][l] else 0
            row += run.x_step
        for j in range(taps):
            for r in range(rows):
                for l in range(lanes):
                    acc[j + r][l] += w[taps - 1 - j] * held[r][l]
        w += taps
        keep += 1
        offset += 1
        if offset == end:
            break


cdef inline void set_tall_strip(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y,
    Py_ssize_t q, int taps, int width,
) noexcept nogil:
    """Set a strip of all planes, from column q on, to the bias and the sum over taps x taps.

    Where a row is shorter than the strip, what hangs over is written anew with the next one.
    """
    cdef real acc[MOST_TAPS + 1][MAX_WIDTH]
    cdef int keep[MOST_TAPS][MAX_WIDTH]
    cdef real start
    cdef const real *source
    cdef real *target
    cdef Py_ssize_t c = 0, i, t, column, end = run.rows + taps - 1, last = min(run.end, end)
    cdef int j, l, r, lanes = width // sizeof(real)
    for t in range(run.taps):
        column = run.column + q + run.offset[t]
        for l in range(lanes):
            keep[t][l] = 0 <= column + l < run.size
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
            add_rows(run, source, w, keep, acc, taps, 2, lanes)
            fetch(source + planes.x_step)
            fetch(source + planes.x_step + run.x_step)
            source += 2 * run.x_step
            for r in range(2):
                i += 1
                if i >= taps:
                    put_row(acc, target, lanes)
                    fetch_to_write(target + planes.y_step)
                    target += run.y_step
                move_up(acc, start, taps + 1, lanes)
        while True:
            add_rows(run, source, w, keep, acc, taps, 1, lanes)
            source += run.x_step
            i += 1
            if i >= last:
                break
            if i >= taps:
                put_row(acc, target, lanes)
                target += run.y_step
            move_up(acc, start, taps + 1, lanes)
        while i < end:  # rows that are outside x give nothing
            if i >= taps:
                put_row(acc, target, lanes)
                target += run.y_step
            move_up(acc, start, taps + 1, lanes)
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
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y,
    int taps,
) noexcept nogil:
    """Set all rows of some planes to the bias and the sum over taps x taps."""
    cdef Py_ssize_t q = 0, lanes = VECTOR_BYTES // sizeof(real)
    while q < run.columns:  # the last strip ends with the row, though columns are set twice
        if 2 * (run.columns - q) > lanes:
            q = min(q, max(0, run.columns - lanes))
            set_tall_strip(run, planes, x, w, bias, y, q, taps, VECTOR_BYTES)
            q += lanes
        else:
            q = min(q, max(0, run.columns - lanes // 2))
            set_tall_strip(run, planes, x, w, bias, y, q, taps, VECTOR_BYTES // 2)
            q += lanes // 2


cdef inline void set_planes_of_many_taps(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y
) noexcept nogil:
    """Call `set_tall_strips` with a literal number of taps."""
    if run.taps == 5:
        set_tall_strips(run, planes, x, w, bias, y, 5)
    else:
        set_tall_strips(run, planes, x, w, bias, y, 7)
