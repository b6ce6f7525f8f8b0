"""The weight gradient as a matrix product: rows of the output times rows of the columns' matrix.

Every weight is one long dot product, ``w[f, t] += sum over q of y[f, q] * b[t, q]``; the inner
kernel takes a few of each at once, with neighbouring columns in the lanes, so neither matrix is
transposed and few features or channels waste no lanes. The columns come in blocks, a piece of one
item or several whole items, and are read where they are if they lie side by side there.

A task sums up a fixed range of blocks for some channels; the cut depends on the shapes alone, and
so do the bits.
"""

from libc.string cimport memset

from lucid._cython.interrupt cimport Watch, interrupted
from lucid._cython.matmul_columns cimport (
    STEP, Block, Run, clear, copy, find_offsets, find_runs, plane_room, set_block, unfold,
)
from lucid._cython.matmul_plan cimport Phase, Product, block_width, set_phase
from lucid._cython.microkernel cimport (
    DOTS, LANE_BYTES, MAX_LANES, ROWS, VECTOR_BYTES, add_dots, add_product,
)
from lucid._cython.padded cimport ceil_div, clip
from lucid._cython.types cimport real

cdef enum:
    BLOCK_BYTES = 256 << 10  # of the columns of a task: a part of a second-level cache
    WIDTH = 1024  # columns of a block, at most
    TASKS = 8  # a fixed number, whatever the threads
    SUMS_BYTES = 4 << 20  # of all tasks, where several add to the same weights

cdef struct Sums:
    Product p
    Phase phase
    Py_ssize_t width  # columns of a block
    Py_ssize_t pitch  # from row to row of a copied block
    bint as_it_is  # whether a block of b is a block of x
    Py_ssize_t share, parts, chunks  # channels of a task; tasks for each group
    bint dots  # sums of products of neighbours, or else products of one matrix with lanes of ...
    bint turned  # ... the other, which is y if the result is turned, else b
    Py_ssize_t wide  # elements from one row of sums to the next
    Py_ssize_t region  # sums of a task
    Py_ssize_t x_size  # elements of x in all
    Py_ssize_t plane, buffer_size


cdef inline void choose_product(Sums *sums, Py_ssize_t lanes) noexcept nogil:
    """Choose what comes to lie in the lanes: columns, features or terms, by counting cycles."""
    cdef Product *p = &sums.p
    cdef Py_ssize_t f = p.features, t = p.channels * p.taps
    cdef Py_ssize_t columns = p.items * sums.phase.positions
    cdef Py_ssize_t by_dots, by_features, by_terms
    by_dots = f * t * columns // 12
    by_features = columns * (ceil_div(f, lanes) * lanes * t // 16 + 2 * f) + f * t
    by_terms = columns * (ceil_div(t, lanes) * lanes * f // 16 + 2 * t)
    sums.dots = by_dots < by_features and by_dots < by_terms
    sums.turned = not sums.dots and by_features < by_terms


cdef inline void make_sums(Sums *sums, Py_ssize_t itemsize) noexcept nogil:
    """Cut the work into tasks that do not depend on the number of threads."""
    cdef Product *p = &sums.p
    cdef Py_ssize_t positions, tasks, most, f = p.features, t, lanes = LANE_BYTES // itemsize
    set_phase(p, &sums.phase, 0)
    positions = sums.phase.positions
    choose_product(sums, lanes)
    most = WIDTH if sums.dots else WIDTH // 4
    p.together = max(1, clip(most // positions, p.items))
    p.pieces = ceil_div(positions, most)
    p.blocks = ceil_div(p.items, p.together) * p.pieces
    sums.width = block_width(p, &sums.phase, STEP)
    sums.pitch = ceil_div(sums.width + MAX_LANES, STEP) * STEP + STEP
    sums.as_it_is = p.taps == 1 and p.src_plane == positions and p.axes[2].src_step == 1
    sums.as_it_is = sums.as_it_is and p.axes[2].src_low == 0 and p.axes[0].dst_size == 1
    sums.as_it_is = sums.as_it_is and p.axes[1].dst_size == 1
    sums.share = clip(max(1, BLOCK_BYTES // (sums.width * p.taps * itemsize)), p.channels)
    sums.share = ceil_div(p.channels, ceil_div(p.channels, sums.share))
    sums.parts = ceil_div(p.channels, sums.share)
    sums.x_size = p.items * p.groups * p.channels * p.src_plane
    t = sums.share * p.taps
    sums.wide = ceil_div(f, lanes) * lanes if sums.turned else ceil_div(t, lanes) * lanes
    sums.region = sums.wide * (t if sums.turned else f)
    tasks = p.groups * sums.parts
    sums.chunks = clip(ceil_div(TASKS, tasks), p.blocks)
    sums.chunks = max(1, min(sums.chunks, SUMS_BYTES // (tasks * sums.region * itemsize)))
    sums.plane = plane_room(p, &sums.phase, STEP) + STEP + lanes
    sums.buffer_size = (t + f) * sums.pitch + (sums.width + 1) * lanes + sums.plane
    sums.buffer_size = ceil_div(sums.buffer_size, STEP) * STEP


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
    const real *a, Py_ssize_t a_pitch, Py_ssize_t rows, const real *b, Py_ssize_t b_pitch,
    Py_ssize_t columns, Py_ssize_t count, real *sums, Py_ssize_t pitch, real *lane_of,
) noexcept nogil:
    """``sums[r, l] += sum over q < count of a[r, q] * b[l, q]``, b turned a few rows at a time."""
    cdef Py_ssize_t lanes = LANE_BYTES // sizeof(real), first, l, q, part, last, r, most
    for first in range(ceil_div(columns, lanes)):
        most = min(lanes, columns - first * lanes)
        for part in range(ceil_div(count, STEP)):
            last = min(count, part * STEP + STEP)
            for l in range(most):
                for q in range(part * STEP, last):
                    lane_of[q * lanes + l] = b[(first * lanes + l) * b_pitch + q]
            for q in range(part * STEP, last):
                for l in range(most, lanes):
                    lane_of[q * lanes + l] = 0
        for r in range(ceil_div(rows, ROWS)):
            add_product(
                a + r * ROWS * a_pitch, a_pitch, 1, lane_of, lanes, count, <const real *> NULL,
                sums + r * ROWS * pitch + first * lanes, pitch, min(ROWS, rows - r * ROWS),
            )


cdef inline void sum_task(
    Sums *sums, Py_ssize_t task, const real *x, const real *y, real *result, Run *runs,
    Py_ssize_t *offset, real *buffer, Watch *watch,
) noexcept nogil:
    """Sum up the blocks of one chunk, for one group and a part of its channels."""
    cdef Product *p = &sums.p
    cdef Block block
    cdef Py_ssize_t group, chunk, c, channels, index, terms, skip, t
    cdef Py_ssize_t lanes = VECTOR_BYTES // sizeof(real)
    cdef Py_ssize_t y_pitch, b_pitch
    cdef const real *y_rows
    cdef const real *b
    cdef real *lane_of = buffer
    cdef real *rows = buffer + (sums.width + 1) * (LANE_BYTES // <Py_ssize_t> sizeof(real))
    cdef real *unfolded = rows + p.features * sums.pitch
    cdef real *plane = unfolded + sums.share * p.taps * sums.pitch
    result += task * sums.region
    memset(result, 0, sums.region * sizeof(real))
    c = task % sums.parts * sums.share
    group = task // sums.parts % p.groups
    chunk = task // sums.parts // p.groups
    channels = min(sums.share, p.channels - c)
    terms = channels * p.taps
    for index in range(chunk * p.blocks // sums.chunks, (chunk + 1) * p.blocks // sums.chunks):
        if interrupted(watch):
            return
        set_block(p, &sums.phase, index, STEP, &block)
        if block.columns <= 0:
            continue
        y_rows = y + (block.item * p.groups + group) * p.features * p.dst_plane + block.q
        y_pitch = p.dst_plane
        skip = ((block.item * p.groups + group) * p.channels + c) * p.src_plane
        b, b_pitch = x + skip + block.q, p.src_plane
        if block.items > 1 or (sums.dots and block.columns % lanes):
            gather_outputs(sums, &block, y_rows - block.q, rows)
            y_rows, y_pitch = rows, sums.pitch
        if y_rows == rows or not sums.as_it_is:
            find_runs(&sums.phase, &block, lanes, lanes, runs)
            find_offsets(&sums.phase, &block, offset)
            unfold(
                p, &sums.phase, &block, x + skip, sums.x_size - skip, channels, runs, offset, plane,
                sums.pitch, unfolded,
            )
            for t in range(terms):
                clear(unfolded + t * sums.pitch + block.columns, STEP)
            b, b_pitch = unfolded, sums.pitch
        if sums.dots:
            multiply_dots(
                y_rows, y_pitch, p.features, b, b_pitch, terms,
                ceil_div(block.columns, lanes) * lanes, result, sums.wide,
            )
        elif sums.turned:
            multiply_lanes(
                b, b_pitch, terms, y_rows, y_pitch, p.features, block.columns, result, sums.wide,
                lane_of,
            )
        else:
            multiply_lanes(
                y_rows, y_pitch, p.features, b, b_pitch, terms, block.columns, result, sums.wide,
                lane_of,
            )


cdef inline void add_sums(Sums *sums, Py_ssize_t part, const real *result, real *w) noexcept nogil:
    """Add to the weights of a group and a part of its channels what all chunks found, in order."""
    cdef Product *p = &sums.p
    cdef Py_ssize_t c = part % sums.parts * sums.share, f, t, block, last, chunk
    cdef Py_ssize_t terms = min(sums.share, p.channels - c) * p.taps
    cdef Py_ssize_t f_step = 1 if sums.turned else sums.wide
    cdef Py_ssize_t t_step = sums.wide if sums.turned else 1
    result += part * sums.region
    w += (part // sums.parts * p.features * p.channels + c) * p.taps
    for chunk in range(sums.chunks):
        for block in range(ceil_div(terms, STEP)):
            last = min(terms, block * STEP + STEP)
            for f in range(p.features):
                for t in range(block * STEP, last):
                    w[f * p.channels * p.taps + t] += result[f * f_step + t * t_step]
        result += p.groups * sums.parts * sums.region
