"""The parts of a weight gradient as a matrix product: what is turned, multiplied, asked for."""

from libc.string cimport memcpy, memset

from lucid._cython.fetch cimport LINE_BYTES, Rows
from lucid._cython.matmul_columns cimport Block
from lucid._cython.matmul_plan cimport Product
from lucid._cython.matmul_rows cimport STEP, clear, copy
from lucid._cython.matmul_sums_plan cimport Scratch, Sums
from lucid._cython.microkernel cimport (
    DOTS, LANE_BYTES, MAX_LANES, ROWS, add_dots, add_lanes, enough_lanes,
)
from lucid._cython.padded cimport ceil_div
from lucid._cython.types cimport real


cdef inline void gather_outputs(
    Sums *sums, Block *block, const real *y, real *rows
) noexcept nogil:
    """Copy the columns of a block of every feature, item after item; zeros behind them."""
    cdef Py_ssize_t f, at, size, positions = sums.phase.positions
    for f in range(sums.p.features):
        at = 0
        while at < block.columns:
            size = min(block.columns - at, positions - (block.q + at) % positions)
            copy(
                y + (block.q + at) // positions * sums.p.groups * sums.p.features * positions
                + (block.q + at) % positions, 1, size, rows + at, size,
            )
            at += size
        clear(rows + block.columns, STEP)
        y += positions
        rows += sums.pitch


cdef inline void turn_four(const real *rows, Py_ssize_t pitch, real *lane_of) noexcept nogil:
    """Write four rows of STEP elements as STEP rows of four, `lanes` elements apart.

    First side by side, which is fast in vectors; then each four is moved as a whole.
    """
    cdef real fours[4 * STEP]
    cdef Py_ssize_t q
    cdef int j
    for q in range(STEP):
        for j in range(4):
            fours[4 * q + j] = rows[j * pitch + q]
    for q in range(STEP):
        memcpy(lane_of + q * (LANE_BYTES // sizeof(real)), fours + 4 * q, 4 * sizeof(real))


cdef inline void turn(
    const real *rows, Py_ssize_t pitch, Py_ssize_t count, Py_ssize_t columns, real *lane_of,
) noexcept nogil:
    """Write `lanes` rows side by side, column after column; then the next `lanes` rows."""
    cdef Py_ssize_t lanes = LANE_BYTES // sizeof(real), most, part, q, l
    while count > 0:
        most = min(lanes, count)
        for part in range(ceil_div(columns, STEP)):
            l = 0
            while l + 4 <= most and part * STEP + STEP <= columns:
                turn_four(rows + l * pitch + part * STEP, pitch, lane_of + part * STEP * lanes + l)
                l += 4
            for l in range(l, most):
                for q in range(part * STEP, min(part * STEP + STEP, columns)):
                    lane_of[q * lanes + l] = rows[l * pitch + q]
            for l in range(most, lanes):
                for q in range(part * STEP, min(part * STEP + STEP, columns)):
                    lane_of[q * lanes + l] = 0
        rows += lanes * pitch
        count -= lanes
        lane_of += columns * lanes


cdef inline void multiply_dots(
    const real *y, Py_ssize_t y_pitch, Py_ssize_t features, const real *b, Py_ssize_t b_pitch,
    Py_ssize_t terms, Py_ssize_t count, real *sums, Py_ssize_t pitch,
) noexcept nogil:
    """``sums[f, t] += sum over q < count of y[f, q] * b[t, q]``, a few f and t at a time."""
    cdef Py_ssize_t f, t
    for f in range(ceil_div(features, 4)):
        for t in range(ceil_div(terms, DOTS)):
            add_dots(
                y + f * 4 * y_pitch, y_pitch, b + t * DOTS * b_pitch, b_pitch, count,
                sums + f * 4 * pitch + t * DOTS, pitch, min(4, features - f * 4),
                min(<Py_ssize_t> DOTS, terms - t * DOTS),
            )


cdef inline void multiply_lanes(
    const real *y, Py_ssize_t y_pitch, Py_ssize_t features, const real *lane_of, Py_ssize_t terms,
    Py_ssize_t count, real *sums, Py_ssize_t pitch,
) noexcept nogil:
    """``sums[f, t] += sum over q < count of y[f, q] * b[t, q]``, with b turned."""
    cdef real corner[ROWS * MAX_LANES]
    cdef Py_ssize_t lanes = LANE_BYTES // sizeof(real), f, t = 0, j, l, most, rows
    cdef real *to
    cdef Py_ssize_t to_pitch
    while t < terms:
        most = min(lanes, terms - t)
        for f in range(ceil_div(features, ROWS)):
            rows = min(ROWS, features - f * ROWS)
            to, to_pitch = sums + f * ROWS * pitch + t, pitch
            if most < lanes:
                memset(corner, 0, sizeof(corner))
                to, to_pitch = corner, lanes
            add_lanes(
                y + f * ROWS * y_pitch, y_pitch, 1, lane_of, lanes, count, <const real *> NULL,
                to, to_pitch, rows, enough_lanes(most, lanes),
            )
            if most < lanes:
                for j in range(rows):
                    for l in range(most):
                        sums[(f * ROWS + j) * pitch + t + l] += corner[j * lanes + l]
        t += lanes
        lane_of += count * lanes


cdef inline void find_positions(Block *block, const Scratch *scratch) noexcept nogil:
    """Write where each column is read in a plane."""
    cdef Py_ssize_t r, k, q = 0
    for r in range(block.runs):
        for k in range(scratch.runs[r].size):
            scratch.position[q] = scratch.runs[r].src + k
            q += 1


cdef inline void look_ahead(
    Sums *sums, const Block *block, Py_ssize_t index, Py_ssize_t channels, Scratch *scratch
) noexcept nogil:
    """Find what block `index` reads of y, counted from the first item of the block before it."""
    cdef Product *p = &sums.p
    cdef Py_ssize_t item = index // p.pieces * p.together, q = index % p.pieces * sums.width
    cdef Py_ssize_t tiles = ceil_div(channels * p.taps, ROWS) * ceil_div(p.features, MAX_LANES)
    cdef Rows *rows = &scratch.next
    rows.at = 0
    rows.start = (item - block.item) * p.groups * p.features * p.dst_plane + q
    if p.pieces > 1:
        rows.count, rows.pitch = p.features, p.dst_plane
        rows.size = min(sums.width, p.dst_plane - q)
    else:
        rows.size = p.features * p.dst_plane
        rows.count, rows.pitch = min(p.together, p.items - item), p.groups * rows.size
    scratch.lines = ceil_div(rows.count * rows.size, tiles * (LINE_BYTES // 4))
