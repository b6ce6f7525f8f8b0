"""Strips for the weight gradient of 3x3 taps: the nine sums stay in registers.

With stride 1 a row of x is loaded three times, once for each column of taps, and used nine times,
with the three rows of y that it serves; those move up as in `strips.pxd`. With stride 2 even rows
of x serve two rows of y, and odd ones one (`parted_strips.pxd`). Where two strips overlap, lanes of
the second that were counted already are zero; so are those outside x.

No row is loaded in part inside the loops over the rows: gcc cannot tell that such a load leaves the
sums alone, and would keep them in memory. So the last row of y, behind which there may be no other,
has its place behind the loop.

Planes that come alone are large: while one is read, the lines of the next are asked for (`far`).
Without that, a weight gradient of arrays larger than the caches took up to three times as long.
"""

from lucid._cython.fetch cimport fetch
from lucid._cython.parted_strips cimport Lanes, find_lanes, load_columns
from lucid._cython.sliding cimport MAX_WIDTH, VECTOR_BYTES, Run
from lucid._cython.strips cimport THREE, Planes
from lucid._cython.strips_of_many_taps cimport MANY_TAPS
from lucid._cython.types cimport real


cdef inline void load_given(
    const real *y, int low, int high, real *given, int lanes
) noexcept nogil:
    """Load the lanes low to high of a row of y, and read what follows in the next row."""
    cdef real value
    cdef int l
    for l in range(lanes):
        value = y[l]
        given[l] = value if (low <= l) & (l < high) else 0


cdef inline void load_last(
    const real *y, int low, int high, real *given, int lanes
) noexcept nogil:
    """Load the lanes low to high of a row of y, and read nothing else."""
    cdef int l
    for l in range(lanes):
        given[l] = y[l] if (low <= l) & (l < high) else 0


cdef inline void sum_taps(
    real (*held)[MAX_WIDTH], const real *given, real (*acc)[MAX_WIDTH], int k, int lanes
) noexcept nogil:
    """Add what row k of the taps gets: the sums are stored column by column."""
    cdef int t, l
    for t in range(THREE):
        for l in range(lanes):
            acc[THREE * t + k][l] += held[t][l] * given[l]


cdef inline void sum_edge(
    const Run *run, const Lanes *inside, const real *x, const real *y, Py_ssize_t i, int low,
    int high, real (*acc)[MAX_WIDTH], int lanes,
) noexcept nogil:
    """Add what row i of x gives, which not every row of taps meets with a row of y."""
    cdef real held[THREE][MAX_WIDTH]
    cdef real given[MAX_WIDTH]
    load_columns(inside, x + i * run.x_step, held, 1, lanes)
    y += i * run.y_step
    if i < run.rows:
        load_last(y, low, high, given, lanes)
        sum_taps(held, given, acc, 0, lanes)
    if 0 < i <= run.rows:
        load_last(y - run.y_step, low, high, given, lanes)
        sum_taps(held, given, acc, 1, lanes)
    if 2 <= i:
        load_last(y - 2 * run.y_step, low, high, given, lanes)
        sum_taps(held, given, acc, 2, lanes)


cdef inline void sum_plane(
    const Run *run, const Planes *planes, const Lanes *inside, const real *x, const real *y,
    Py_ssize_t safe, int low, int high, real (*acc)[MAX_WIDTH], bint far, int lanes,
) noexcept nogil:
    """Add what a plane gives, with stride 1; `safe` rows of y are followed by others in memory."""
    cdef real held[THREE][MAX_WIDTH]
    cdef real given[THREE][MAX_WIDTH]
    cdef Py_ssize_t i = max(run.first, 0), last = min(run.end, run.rows + THREE - 1)
    cdef Py_ssize_t middle = min(run.end, safe)
    cdef const real *row
    cdef const real *other
    cdef int k, l
    while i < min(last, THREE - 1):
        sum_edge(run, inside, x, y, i, low, high, acc, lanes)
        i += 1
    if i < middle:
        row, other = x + i * run.x_step, y + i * run.y_step
        for k in range(1, THREE):
            load_given(other - k * run.y_step, low, high, given[k], lanes)
        while True:
            load_columns(inside, row, held, 1, lanes)
            load_given(other, low, high, given[0], lanes)
            for k in range(THREE):
                sum_taps(held, given[k], acc, k, lanes)
            for k in range(THREE - 1, 0, -1):
                for l in range(lanes):
                    given[k][l] = given[k - 1][l]
            if far:
                fetch(row + planes.x_step)
                fetch(other + planes.y_step)
            row += run.x_step
            other += run.y_step
            i += 1
            if i >= middle:
                break
    while i < last:
        sum_edge(run, inside, x, y, i, low, high, acc, lanes)
        i += 1


cdef inline void sum_parted_plane(
    const Run *run, const Planes *planes, const Lanes *inside, const real *x, const real *y,
    int low, int high, real (*acc)[MAX_WIDTH], bint far, int lanes,
) noexcept nogil:
    """Add what a plane gives, with stride 2."""
    cdef int k
    cdef real held[THREE][MAX_WIDTH]
    cdef real given[MAX_WIDTH]
    cdef Py_ssize_t m = 1
    load_last(y, low, high, given, lanes)
    if run.first <= 0:
        load_columns(inside, x, held, 2, lanes)
        sum_taps(held, given, acc, 0, lanes)
    if run.rows > 2:
        while True:
            load_columns(inside, x + run.x_step, held, 2, lanes)
            sum_taps(held, given, acc, 1, lanes)
            x += 2 * run.x_step
            y += run.y_step
            load_columns(inside, x, held, 2, lanes)
            sum_taps(held, given, acc, 2, lanes)
            load_given(y, low, high, given, lanes)
            sum_taps(held, given, acc, 0, lanes)
            if far:
                for k in range(2):
                    fetch(x + planes.x_step + k * lanes)
                    fetch(x + planes.x_step - run.x_step + k * lanes)
                fetch(y + planes.y_step)
            m += 1
            if m >= run.rows - 1:
                break
    while True:
        load_columns(inside, x + run.x_step, held, 2, lanes)
        sum_taps(held, given, acc, 1, lanes)
        if 2 * m < run.end:
            load_columns(inside, x + 2 * run.x_step, held, 2, lanes)
            sum_taps(held, given, acc, 2, lanes)
        if m == run.rows:
            break
        x += 2 * run.x_step
        y += run.y_step
        m += 1
        load_last(y, low, high, given, lanes)
        sum_taps(held, given, acc, 0, lanes)


cdef inline void sum_strip(
    const Run *run, const Planes *planes, const real *x, real *sums, const real *y, Py_ssize_t q,
    Py_ssize_t done, int step, bint far, int width,
) noexcept nogil:
    """Add to the sums of all taps what a strip of all planes gives, from column q on.

    Columns before `done` were counted.
    """
    cdef real acc[THREE * THREE][MAX_WIDTH]
    cdef Lanes inside
    cdef Py_ssize_t c
    cdef int l, t, lanes = width // sizeof(real)
    cdef int low = <int> (done - q), high = <int> min(run.columns - q, lanes)
    find_lanes(run, q, step, lanes, &inside)
    for t in range(THREE):
        inside.high[t] = min(inside.high[t], high)
    for t in range(THREE * THREE):
        for l in range(lanes):
            acc[t][l] = 0
    x += step * q + run.offset[0]
    y += q
    for c in range(planes.count):
        if step == 1:
            sum_plane(
                run, planes, &inside, x, y, run.rows - (c + 1 == planes.count), low, high, acc,
                far, lanes,
            )
        else:
            sum_parted_plane(run, planes, &inside, x, y, low, high, acc, far, lanes)
        x += planes.x_step
        y += planes.y_step
    for t in range(THREE * THREE):
        for l in range(lanes):
            sums[t * (VECTOR_BYTES // <int> sizeof(real)) + l] += acc[t][l]


cdef inline void sum_strips(
    const Run *run, const Planes *planes, const real *x, real *sums, const real *y, int step,
    bint far,
) noexcept nogil:
    """Add to the sums, a vector for each tap, what all rows of some planes give."""
    cdef Py_ssize_t q, done = 0, lanes = VECTOR_BYTES // sizeof(real)
    while done < run.columns:
        if 2 * (run.columns - done) > lanes:
            q = min(done, max(0, run.columns - lanes))
            sum_strip(run, planes, x, sums, y, q, done, step, far, VECTOR_BYTES)
            done = q + lanes
        else:
            q = min(done, max(0, run.columns - lanes // 2))
            sum_strip(run, planes, x, sums, y, q, done, step, far, VECTOR_BYTES // 2)
            done = q + lanes // 2


cdef inline bint fits_sums(const Run *run, int itemsize) noexcept nogil:
    """Tell whether strips serve a run of stride 1: 3x3 taps without dilation, no narrow rows.

    A row must fill half of the narrower strip. With 16 registers, which MANY_TAPS tells, tiles are
    faster (`sliding.pxd`): 1.4 times on images of 28x28.
    """
    return (
        MANY_TAPS > 0 and run.height == THREE and run.taps == THREE
        and run.offset[2] - run.offset[0] == 2
        and 4 * run.columns * itemsize >= VECTOR_BYTES
    )
