"""Strips for the input gradient of 5x5 and 7x7 taps, stride 2: columns are put together in pairs.

Row r of the gradient, x here, has a part in as many rows of the result, y here, as there are taps:
those from row 2r - low on. The first two of them are complete with it; they are stored, and the
sums of the others move up by two. With columns it is the same: of each pair of neighbours one has
the even taps of all rows, the other one the odd taps. So each row of y has two sums, and a shuffle
puts them together as they are stored. Taps stay in memory, as in `strips_of_many_taps.pxd`.
"""

from lucid._cython.padded cimport ceil_div
from lucid._cython.sliding cimport MAX_WIDTH, VECTOR_BYTES, Run
from lucid._cython.strips cimport Planes
from lucid._cython.strips_of_many_taps cimport MOST_TAPS
from lucid._cython.types cimport real

cdef enum:
    MOST_SHIFTS = 4  # of a row of x, each for an even tap and an odd one


cdef inline void add_row(
    const real *x, const real *w, const int (*keep)[MAX_WIDTH], const bint *cut,
    real (*acc)[MOST_TAPS][MAX_WIDTH], bint odd, int taps, int lanes,
) noexcept nogil:
    """Add a row of x to all rows and both columns of y that it has a part in.

    A shift of x is `cut` if it has lanes outside x, which `keep` leaves out. Column `odd` of a
    pair has the even taps; the odd tap beside it is the one before, or else the one behind.
    """
    cdef real held[MAX_WIDTH]
    cdef real value
    cdef const real *other
    cdef int l, k, t = 0
    while True:
        if cut[t]:
            for l in range(lanes):
                value = x[l]
                held[l] = value if keep[t][l] else 0
        else:
            for l in range(lanes):
                held[l] = x[l]
        for k in range(taps):
            for l in range(lanes):
                acc[odd][k][l] += w[k] * held[l]
        if (t > 0 if odd else 2 * t + 1 < taps):
            other = w - taps if odd else w + taps
            for k in range(taps):
                for l in range(lanes):
                    acc[not odd][k][l] += other[k] * held[l]
        t += 1
        if 2 * t > taps:
            break
        x -= 1
        w += 2 * taps


cdef inline void put_pair(
    real (*acc)[MOST_TAPS][MAX_WIDTH], int j, real *y, Py_ssize_t left, int lanes
) noexcept nogil:
    """Store both sums of row j where they belong, `left` columns of them."""
    cdef real line[2 * MAX_WIDTH]
    cdef int l
    for l in range(lanes):
        line[2 * l] = acc[0][j][l]
        line[2 * l + 1] = acc[1][j][l]
    if left >= 2 * lanes:
        for l in range(2 * lanes):
            y[l] = line[l]
    else:
        for l in range(left):
            y[l] = line[l]


cdef inline void set_paired_tall_strip(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y,
    Py_ssize_t first, Py_ssize_t column, Py_ssize_t q, bint odd, int taps, int width,
) noexcept nogil:
    """Set a strip of all planes, from column 2q on, to the bias and what the rows of x give.

    The first row of x begins with row `first` of y, column q of pairs with `column` of x.
    """
    cdef real acc[2][MOST_TAPS][MAX_WIDTH]
    cdef int keep[MOST_SHIFTS][MAX_WIDTH]
    cdef bint cut[MOST_SHIFTS]
    cdef real start
    cdef const real *row
    cdef Py_ssize_t c, i, out, left = run.columns - 2 * q
    cdef int j, l, t, k, lanes = width // sizeof(real)
    for t in range(taps // 2 + 1):
        for l in range(lanes):
            keep[t][l] = 0 <= column - t + l < run.size
        cut[t] = column - t < 0 or column - t + lanes > run.size
    x += column
    y += 2 * q
    for c in range(planes.count):
        start = bias[c]
        for k in range(taps):
            for l in range(lanes):
                acc[0][k][l] = start
                acc[1][k][l] = start
        row, out, i = x, first, 0
        while out < run.rows:
            if run.first <= i < run.end:
                add_row(row, w, keep, cut, acc, odd, taps, lanes)
            for j in range(2):
                if 0 <= out + j < run.rows:
                    put_pair(acc, j, y + (out + j) * run.y_step, left, lanes)
            for t in range(2):
                for k in range(taps - 2):
                    for l in range(lanes):
                        acc[t][k][l] = acc[t][k + 2][l]
                for k in range(taps - 2, taps):
                    for l in range(lanes):
                        acc[t][k][l] = start
            row += run.x_step
            out += 2
            i += 1
        x += planes.x_step
        y += planes.y_step
        w += taps * taps


cdef inline void set_paired_tall_strips(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y,
    Py_ssize_t first, Py_ssize_t low, bint odd, int taps,
) noexcept nogil:
    """Set rows of some planes, strip by strip; the last ends with the row, or begins with it."""
    cdef Py_ssize_t q = 0, pairs = ceil_div(run.columns, 2), lanes = VECTOR_BYTES // sizeof(real)
    cdef Py_ssize_t ahead = ceil_div(low, 2)
    while q < pairs:
        if 2 * (pairs - q) > lanes:
            q = min(q, max(0, pairs - lanes))
            set_paired_tall_strip(
                run, planes, x, w, bias, y, first, ahead + q, q, odd, taps, VECTOR_BYTES
            )
            q += lanes
        else:
            q = min(q, max(0, pairs - lanes // 2))
            set_paired_tall_strip(
                run, planes, x, w, bias, y, first, ahead + q, q, odd, taps, VECTOR_BYTES // 2
            )
            q += lanes // 2


cdef inline void set_paired_planes_of_many_taps(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y,
    Py_ssize_t first, Py_ssize_t low,
) noexcept nogil:
    """Call `set_paired_tall_strips` with literals; `low` zeros were before the columns."""
    if run.taps == 5:
        if low % 2:
            set_paired_tall_strips(run, planes, x, w, bias, y, first, low, True, 5)
        else:
            set_paired_tall_strips(run, planes, x, w, bias, y, first, low, False, 5)
    else:
        if low % 2:
            set_paired_tall_strips(run, planes, x, w, bias, y, first, low, True, 7)
        else:
            set_paired_tall_strips(run, planes, x, w, bias, y, first, low, False, 7)
