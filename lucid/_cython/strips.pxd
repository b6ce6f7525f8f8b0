"""Strips for 3x3 taps: three sums of a row stay in the registers while the rows of x pass by.

A row of x is loaded three times, once for each column of taps, and used nine times: by the row of
y above it, the one beside it and the one below. Then the row above has all its taps and is stored,
and the others move up. So a strip of any number of rows is one loop, without a begin and an end of
tiles, and what it prepares serves all planes of a task: in images of 7x7 that took longer than the
multiply-adds. As in `sliding.pxd`, lanes that lie outside x are zero; rows outside x are left out.

Strips of a plane that is larger than the first-level cache lie far from each other in memory: while
one is computed, the lines of the same strip of the next plane are asked for (`far`). Where arrays
are larger than the caches this takes a quarter to a third off the time; smaller planes would lose.

More taps than 3x3 have a file of their own, `strips_of_many_taps.pxd`.

Nothing in the loop over the rows depends on a condition: only then gcc keeps the nine taps, in all
lanes, and which lanes are zero, in registers.
"""

from lucid._cython.fetch cimport fetch, fetch_to_write
from lucid._cython.padded cimport clip
from lucid._cython.sliding cimport MAX_WIDTH, VECTOR_BYTES, WIDE, Run
from lucid._cython.types cimport real

cdef enum:
    THREE = 3

cdef struct Planes:  # of one shape
    Py_ssize_t count
    Py_ssize_t x_step, y_step  # elements from one to the next


cdef inline void put_row(real (*acc)[MAX_WIDTH], real *y, int lanes) noexcept nogil:
    """Store the sums of the upper row."""
    cdef int l
    for l in range(lanes):
        y[l] = acc[0][l]


cdef inline void move_up(
    real (*acc)[MAX_WIDTH], real start, int rows, int lanes
) noexcept nogil:
    """Let the sums of each row take the place of those of the row above."""
    cdef int j, l
    for j in range(rows - 1):
        for l in range(lanes):
            acc[j][l] = acc[j + 1][l]
    for l in range(lanes):
        acc[rows - 1][l] = start


cdef inline void set_strip(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y,
    Py_ssize_t q, bint far, int width,
) noexcept nogil:
    """Set a strip of all planes, from column q on, to the bias and the sum over 3x3 taps.

    Where a row is shorter than the strip, what hangs over is written anew with the next one.
    """
    cdef real acc[THREE][MAX_WIDTH]
    cdef real held[MAX_WIDTH]
    cdef real tap[THREE * THREE]
    cdef int low[THREE]
    cdef int high[THREE]
    cdef real value, start
    cdef const real *row
    cdef const real *source
    cdef real *target
    cdef Py_ssize_t c = 0, i, column, end = run.rows + THREE - 1, last = min(run.end, end)
    cdef int j, l, t, lanes = width // sizeof(real)
    for t in range(THREE):
        column = run.column + q + run.offset[t]
        low[t], high[t] = <int> clip(-column, lanes), <int> clip(run.size - column, lanes)
    x += q
    y += q
    while True:
        start = bias[c]
        for t in range(THREE * THREE):
            tap[t] = w[t]
        for j in range(THREE):
            for l in range(lanes):
                acc[j][l] = start
        i = max(run.first, 0)
        source, target = x + i * run.x_step, y
        while True:  # row i of x is the last one that row i - 2 of y needs
            for t in range(THREE):
                row = source + run.offset[t]
                for l in range(lanes):
                    value = row[l]
                    held[l] = value if (low[t] <= l) & (l < high[t]) else 0
                for j in range(THREE):
                    for l in range(lanes):
                        acc[j][l] += tap[THREE * t + 2 - j] * held[l]
            if far:
                fetch(source + planes.x_step)
                fetch(source + planes.x_step + lanes - 1)
                fetch_to_write(target + planes.y_step)
            source += run.x_step
            i += 1
            if i >= last:
                break
            if i >= THREE:
                put_row(acc, target, lanes)
                target += run.y_step
            move_up(acc, start, THREE, lanes)
        while i < end:  # rows that are outside x give nothing
            if i >= THREE:
                put_row(acc, target, lanes)
                target += run.y_step
            move_up(acc, start, THREE, lanes)
            i += 1
        c += 1
        if c == planes.count:
            break
        put_row(acc, target, lanes)
        x += planes.x_step
        y += planes.y_step
        w += THREE * THREE
    for l in range(min(run.columns, <Py_ssize_t> lanes)):
        target[l] = acc[0][l]


cdef inline bint fits_strips(const Run *run, const real *bias) noexcept nogil:
    """Tell whether strips can set a run: square taps, rows of y that touch and fill half a strip.

    The first row must read one of x.
    """
    return (
        bias != NULL and run.height == run.taps and run.y_step == run.columns
        and 4 * run.columns * <Py_ssize_t> sizeof(real) >= VECTOR_BYTES
        and max(run.first, <Py_ssize_t> 0) < min(run.taps, run.end)
    )


cdef inline void set_planes(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y,
    bint far,
) noexcept nogil:
    """Set all rows of some planes to the bias and the sum over 3x3 taps."""
    cdef Py_ssize_t q = 0, left, lanes = VECTOR_BYTES // sizeof(real)
    while q < run.columns:  # the last strip ends with the row, though columns are set twice
        left = run.columns - q
        if WIDE > 1 and 4 * left > 3 * WIDE * lanes:
            q = min(q, max(0, run.columns - WIDE * lanes))
            set_strip(run, planes, x, w, bias, y, q, far, WIDE * VECTOR_BYTES)
            q += WIDE * lanes
        elif 2 * left > lanes:
            q = min(q, max(0, run.columns - lanes))
            set_strip(run, planes, x, w, bias, y, q, far, VECTOR_BYTES)
            q += lanes
        else:
            q = min(q, max(0, run.columns - lanes // 2))
            set_strip(run, planes, x, w, bias, y, q, far, VECTOR_BYTES // 2)
            q += lanes // 2
