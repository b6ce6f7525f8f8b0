"""Dot products of rows with rows, for matrices whose rows both are neighbours in memory.

A tile of ITEMS rows of x and DOTS rows of w keeps one register of sums for each pair, so that eight
loads serve sixteen multiply-adds, as in `microkernel.pxd`. What is left is to add up the lanes of
each register: lane after lane that takes as long as 600 products; by halves, where every step is a
loop over all registers that the compiler makes vectors of, as long as 80. The terms that do not
fill a register are copied, with zeros behind them.

The bits of a sum depend on its two rows only: not on the tile, nor on what else is in it.
"""

from libc.string cimport memcpy, memset

from lucid._cython.microkernel cimport DOTS, MAX_VECTOR, VECTOR_BYTES
from lucid._cython.padded cimport ceil_div
from lucid._cython.types cimport real

cdef enum:
    ITEMS = 4  # rows of x in a tile
    SPAN = 1024  # terms that a tile adds up at a time
    FEATURES = 32  # rows of w that AT_A_TIME rows of x are multiplied with, in a cache
    AT_A_TIME = 64

cdef struct Rows:  # what a tile reads: x[i * x_step + t] and w[j * w_step + t]
    Py_ssize_t x_step, w_step
    Py_ssize_t registers  # full of terms
    bint has_ends  # whether one more register of each row is in the copies


cdef inline void add_lanes(const real *lane, Py_ssize_t count, real *sums) noexcept nogil:
    """``sums[s] = sum over l of lane[s * lanes + l]`` for s < count."""
    cdef real halves[ITEMS * DOTS * MAX_VECTOR]
    cdef real quarters[ITEMS * DOTS * MAX_VECTOR]
    cdef Py_ssize_t s, l, lanes = VECTOR_BYTES // sizeof(real)
    cdef const real *part = lane
    if lanes == 16:
        for s in range(count):
            for l in range(8):
                halves[s * 8 + l] = lane[s * 16 + l] + lane[s * 16 + 8 + l]
        part, lanes = halves, 8
    if lanes == 8:
        for s in range(count):
            for l in range(4):
                quarters[s * 4 + l] = part[s * 8 + l] + part[s * 8 + 4 + l]
        part, lanes = quarters, 4
    if lanes == 4:
        for s in range(count):
            sums[s] = (part[s * 4] + part[s * 4 + 1]) + (part[s * 4 + 2] + part[s * 4 + 3])
    else:
        for s in range(count):
            sums[s] = part[s * 2] + part[s * 2 + 1]


cdef inline void add_dots(
    const Rows *r, const real *x, const real *w, const real *last_x, const real *last_w,
    real *y, Py_ssize_t y_step, Py_ssize_t rows, Py_ssize_t columns,
) noexcept nogil:
    """``y[i * y_step + j] += sum over t of x[i * x_step + t] * w[j * w_step + t]``.

    For i < rows <= ITEMS and j < columns <= DOTS; `last_x` and `last_w` hold one register a row. A
    whole tile is computed, whatever is wanted, with the last rows again in the place of those that
    are missing: of loops for other numbers of rows gcc makes other roundings.
    """
    cdef real acc[ITEMS * DOTS * MAX_VECTOR]
    cdef real sums[ITEMS * DOTS]
    cdef const real *a[ITEMS]
    cdef const real *b[DOTS]
    cdef Py_ssize_t t, x_step = r.x_step, w_step = r.w_step, registers = r.registers
    cdef int i, j, l, part, lanes = VECTOR_BYTES // sizeof(real)
    for i in range(ITEMS * DOTS):
        for l in range(lanes):
            acc[i * lanes + l] = 0
    for part in range(1 + r.has_ends):
        for i in range(ITEMS):
            a[i] = x + min(<Py_ssize_t> i, rows - 1) * x_step
        for j in range(DOTS):
            b[j] = w + min(<Py_ssize_t> j, columns - 1) * w_step
        for t in range(registers):
            for i in range(ITEMS):
                for j in range(DOTS):
                    for l in range(lanes):
                        acc[(i * DOTS + j) * lanes + l] += a[i][t * lanes + l] * b[j][t * lanes + l]
        x, x_step, w, w_step, registers = last_x, lanes, last_w, lanes, 1
    add_lanes(acc, ITEMS * DOTS, sums)
    for i in range(rows):
        for j in range(columns):
            y[i * y_step + j] += sums[i * DOTS + j]


cdef inline void copy_ends(
    const real *x, Py_ssize_t rows, Py_ssize_t step, Py_ssize_t count, real *to
) noexcept nogil:
    """Copy `count` elements of each row, and zeros behind them that fill a register."""
    cdef Py_ssize_t r, lanes = VECTOR_BYTES // sizeof(real)
    memset(to, 0, rows * lanes * sizeof(real))
    for r in range(rows):
        memcpy(to + r * lanes, x + r * step, count * sizeof(real))


cdef inline void run_dots(
    const real *x, Py_ssize_t items, Py_ssize_t x_step, const real *w, Py_ssize_t features,
    Py_ssize_t terms, real *y, Py_ssize_t y_step,
) noexcept nogil:
    """``y[n, f] += sum over t < terms of x[n, t] w[f, t]`` for a few n and f, SPAN terms at a time.

    For n < items <= AT_A_TIME and f < features <= FEATURES.
    """
    cdef real last_x[AT_A_TIME * MAX_VECTOR]
    cdef real last_w[FEATURES * MAX_VECTOR]
    cdef Py_ssize_t turn, t, n, f, lanes = VECTOR_BYTES // sizeof(real)
    cdef Py_ssize_t whole = terms // lanes * lanes, turns = max(1, ceil_div(whole, SPAN))
    cdef Rows rows
    rows.x_step, rows.w_step = x_step, terms
    if whole < terms:
        copy_ends(x + whole, items, x_step, terms - whole, last_x)
        copy_ends(w + whole, features, terms, terms - whole, last_w)
    for turn in range(turns):
        t = turn * SPAN
        rows.registers = min(<Py_ssize_t> SPAN, whole - t) // lanes
        rows.has_ends = whole < terms and turn == turns - 1
        for n in range(ceil_div(items, ITEMS)):
            n *= ITEMS
            for f in range(ceil_div(features, DOTS)):
                f *= DOTS
                add_dots(
                    &rows, x + n * x_step + t, w + f * terms + t, last_x + n * lanes,
                    last_w + f * lanes, y + n * y_step + f, y_step,
                    min(<Py_ssize_t> ITEMS, items - n), min(<Py_ssize_t> DOTS, features - f),
                )
