"""How a convolution with features in the lanes is cut: blocks of positions, columns of features.

A block of output positions is one contiguous run of a channel of y, and what it reads of each
channel of x, padding included, is copied as it is: the steps of a stride stay in the copy. Then the
value that tap k of channel c reads for position o is at ``base[o] + offset[c, k]``. A small
x without padding is read where it is.

Positions go in runs of neighbours of one row; where runs do not fill a row, the last one begins
early, and some positions are computed twice.
"""

from libc.string cimport memset

from lucid._cython.features_tiles cimport LINE_BYTES, runs_of
from lucid._cython.fetch cimport Rows
from lucid._cython.padded cimport (
    LINE, Axis, Block, ceil_div, clip, find_part, lay_out, plane_size, src_start, tail_size,
    tap_offset,
)
from lucid._cython.rows cimport Window, copy_row, find_window
from lucid._cython.types cimport real

cdef enum:
    BLOCK_BYTES = 512 << 10  # input of a block: half of a second-level cache
    WEIGHT_BYTES = 4 << 20  # packed weights at a time: a share of the last cache
    SIDE = 16  # positions, at most, that are written together
    POSITIONS = 512  # of a block, so that their sums stay near ...
    NEAR_POSITIONS = 224  # ... in the first cache, where a block has enough to do:
    MANY_TERMS = 256  # summed up for each result
    COLUMNS = 32  # of a block at least, if it is a part of a row

cdef struct Plan:
    Axis axes[3]  # of the copy: as for a stride of 1
    Py_ssize_t items, groups, channels, features  # of one group
    Py_ssize_t src_plane, dst_plane  # elements of one channel in memory
    Py_ssize_t stride[3]
    Py_ssize_t count[3]  # positions of y
    Py_ssize_t block[3]  # of them at a time
    Py_ssize_t blocks[3]
    Py_ssize_t taps, terms  # terms: (channel, tap) pairs, in whole squares
    bint turned  # this is an input gradient
    bint padded  # it reads outside x
    bint in_place  # nothing is copied
    Py_ssize_t held, plane  # channels copied at a time, elements of each
    Py_ssize_t columns, most, parts  # lines of features; packed at a time; tasks that share them
    Py_ssize_t positions  # of a block, in whole squares
    Py_ssize_t starts  # numbers that tell where its runs begin
    Py_ssize_t buffer_size


cdef inline void measure(Plan *plan) noexcept nogil:
    """Count what a block reads of one channel, and its positions."""
    cdef Py_ssize_t a
    for a in range(3):
        plan.axes[a].block = (plan.block[a] - 1) * plan.stride[a] + 1
        plan.axes[a].pitch = plan.axes[a].block + plan.axes[a].reach
    plan.plane = plane_size(plan.axes)
    plan.positions = plan.block[0] * plan.block[1] * plan.block[2]


cdef inline void cut(Plan *plan, Py_ssize_t size, Py_ssize_t most) noexcept nogil:
    """Choose blocks that read `size` elements of a channel, and of `most` positions, if they can.

    Cut the outer axes first, and an inner one only where all outer blocks have length 1.
    """
    cdef Py_ssize_t a, block
    for a in range(3):
        measure(plan)
        if plan.plane > size or plan.positions > most:
            block = size // (plan.plane // plan.axes[a].pitch) - plan.axes[a].reach
            block = min(
                (block - 1) // plan.stride[a] + 1, most // (plan.positions // plan.block[a])
            )
            block = ceil_div(plan.count[a], max(<Py_ssize_t> COLUMNS if a == 2 else 1, block))
            plan.block[a] = ceil_div(plan.count[a], block)
        if plan.block[a] > 1:
            break
    measure(plan)


cdef inline void set_sizes(
    Plan *plan, const Py_ssize_t *x_shape, const Py_ssize_t *w_shape, const Py_ssize_t *y_shape,
    const Py_ssize_t *stride, const Py_ssize_t *dilation, const Py_ssize_t *low, Py_ssize_t groups,
    bint turned,
) noexcept nogil:
    """Describe a forward or, `turned`, an input gradient of stride 1: a forward from y to x."""
    cdef Py_ssize_t a, before
    plan.items, plan.groups, plan.turned = x_shape[0], groups, turned
    plan.channels, plan.features = w_shape[1], w_shape[0] // groups
    if turned:
        x_shape, y_shape = y_shape, x_shape
        plan.channels, plan.features = plan.features, plan.channels
    plan.src_plane = plan.dst_plane = plan.taps = 1
    plan.padded = False
    for a in range(3):
        plan.src_plane *= x_shape[2 + a]
        plan.dst_plane *= y_shape[2 + a]
        plan.taps *= w_shape[2 + a]
        plan.stride[a] = stride[a]
        plan.count[a] = plan.block[a] = y_shape[2 + a]
        before = (w_shape[2 + a] - 1) * dilation[a] - low[a] if turned else low[a]
        plan.axes[a] = lay_out(
            x_shape[2 + a], w_shape[2 + a], (y_shape[2 + a] - 1) * stride[a] + 1, 1, dilation[a],
            before, False,
        )
        plan.padded = plan.padded or before != 0 or (
            plan.axes[a].count + plan.axes[a].reach > x_shape[2 + a]
        )


cdef inline void hold(Plan *plan, Py_ssize_t channels) noexcept nogil:
    """Copy so many channels at a time, or a few less: as many each time."""
    plan.held = clip(max(<Py_ssize_t> 1, channels), plan.channels)
    plan.held = ceil_div(plan.channels, ceil_div(plan.channels, plan.held))


cdef inline void share_out(
    Plan *plan, Py_ssize_t lanes, Py_ssize_t bytes_of_column, int threads
) noexcept nogil:
    """Choose columns of `lanes` features that are packed at a time, and tasks for the threads."""
    cdef Py_ssize_t a, tasks = plan.items * plan.groups
    plan.positions = ceil_div(plan.positions, SIDE) * SIDE
    plan.terms = ceil_div(plan.channels * plan.taps, SIDE) * SIDE
    plan.starts = 2 * (plan.positions + SIDE)  # SIDE >= MAX_RUNS: what follows begins with a line
    plan.columns = ceil_div(plan.features, lanes)
    plan.most = min(plan.columns, max(1, WEIGHT_BYTES // (plan.groups * bytes_of_column)))
    for a in range(3):
        plan.blocks[a] = ceil_div(plan.count[a], plan.block[a])
        tasks *= plan.blocks[a]
    plan.parts = clip(ceil_div(4 * threads, tasks) if threads > 1 else 1, plan.most)
    plan.buffer_size = ceil_div(plan.buffer_size, 16) * 16 + 2 * plan.positions * lanes


cdef inline void make_plan(
    Plan *plan, const Py_ssize_t *x_shape, const Py_ssize_t *w_shape, const Py_ssize_t *y_shape,
    const Py_ssize_t *stride, const Py_ssize_t *dilation, const Py_ssize_t *low, Py_ssize_t groups,
    Py_ssize_t itemsize, bint sums_terms, int threads,
) noexcept nogil:
    """Choose blocks that fit the caches, and enough tasks for the threads.

    A forward `sums_terms`, (channel, tap) pairs; a weight gradient, positions.
    """
    cdef Py_ssize_t a, lanes = LINE_BYTES // itemsize, size = BLOCK_BYTES // itemsize
    cdef Py_ssize_t most = POSITIONS
    set_sizes(plan, x_shape, w_shape, y_shape, stride, dilation, low, groups, False)
    plan.in_place = not plan.padded and plan.channels * plan.src_plane <= size
    if sums_terms and plan.channels * plan.taps >= MANY_TERMS:
        most = NEAR_POSITIONS
    cut(plan, max(size // plan.channels, 64 * lanes), most)
    hold(plan, size // plan.plane)
    plan.buffer_size = plan.held * plan.plane + tail_size(plan.axes) + LINE
    if plan.in_place:
        for a in range(3):
            plan.axes[a].pitch = x_shape[2 + a]
        plan.held, plan.plane = plan.channels, plan.src_plane
        plan.buffer_size = 0
    share_out(plan, lanes, plan.channels * plan.taps * LINE_BYTES, threads)


cdef inline void set_offsets(Plan *plan, Py_ssize_t *offset) noexcept nogil:
    """Write where the taps of the channels held read, from where a position starts."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t c, k0, k1, k2
    for c in range(plan.held):
        for k0 in range(axes[0].taps):
            for k1 in range(axes[1].taps):
                for k2 in range(axes[2].taps):
                    offset[0] = c * plan.plane + tap_offset(axes, k0, k1, k2)
                    offset += 1


cdef inline Py_ssize_t find_block(Plan *plan, Py_ssize_t task, Block *block) noexcept nogil:
    """Find a block of y; return the index of item and group."""
    cdef Py_ssize_t a
    for a in range(2, -1, -1):
        task = find_part(task, plan.count[a], plan.block[a], &block.m[a], &block.size[a])
    return task


cdef inline Py_ssize_t start_of(
    const Plan *plan, Py_ssize_t m0, Py_ssize_t m1, Py_ssize_t m2
) noexcept nogil:
    """Return where position m reads with tap 0, of a channel copied or in place."""
    return (
        m0 * plan.stride[0] * plan.axes[1].pitch + m1 * plan.stride[1]
    ) * plan.axes[2].pitch + m2 * plan.stride[2]


cdef inline Py_ssize_t place_of(const Plan *plan, const Block *block) noexcept nogil:
    """Return the place of the first position of a block in a channel of y."""
    return (block.m[0] * plan.count[1] + block.m[1]) * plan.count[2] + block.m[2]


cdef inline void repeat_last(
    Py_ssize_t count, Py_ssize_t whole, Py_ssize_t *base, Py_ssize_t *to
) noexcept nogil:
    """Repeat the last run until its tile is full."""
    cdef Py_ssize_t i
    for i in range(count, whole):
        base[i] = base[count - 1]
        to[i] = to[count - 1]


cdef inline Py_ssize_t set_runs(
    Plan *plan, const Block *block, Py_ssize_t run, Py_ssize_t lanes, Py_ssize_t *base,
    Py_ssize_t *to,
) noexcept nogil:
    """Write where each run of a block reads and is summed up; return how many there are."""
    cdef Py_ssize_t m0, m1, m2, i, row = 0, count = 0, runs = runs_of(run)
    for m0 in range(block.size[0]):
        for m1 in range(block.size[1]):
            for i in range(ceil_div(block.size[2], run)):
                m2 = min(i * run, block.size[2] - run)
                base[count] = start_of(plan, m0, m1, m2)
                to[count] = (row + m2) * lanes
                count += 1
            row += block.size[2]
    repeat_last(count, ceil_div(count, runs) * runs, base, to)
    return count


cdef inline Py_ssize_t set_positions(
    Plan *plan, const Block *block, Py_ssize_t *offset
) noexcept nogil:
    """Write where each position of a block reads; return how many there are."""
    cdef Py_ssize_t m0, m1, m2, count = 0
    for m0 in range(block.size[0]):
        for m1 in range(block.size[1]):
            for m2 in range(block.size[2]):
                offset[count] = start_of(plan, m0, m1, m2)
                count += 1
    return count


cdef inline Py_ssize_t set_tap_runs(
    Plan *plan, Py_ssize_t held, Py_ssize_t run, Py_ssize_t lanes, Py_ssize_t *base,
    Py_ssize_t *to,
) noexcept nogil:
    """Write where each run of taps reads and is summed up; return how many there are."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t c, k0, k1, k2, i, row = 0, count = 0, runs = runs_of(run)
    for c in range(held):
        for k0 in range(axes[0].taps):
            for k1 in range(axes[1].taps):
                for i in range(ceil_div(axes[2].taps, run)):
                    k2 = min(i * run, axes[2].taps - run)
                    base[count] = c * plan.plane + tap_offset(axes, k0, k1, k2)
                    to[count] = (row + k2) * lanes
                    count += 1
                row += axes[2].taps
    repeat_last(count, ceil_div(count, runs) * runs, base, to)
    return count


cdef inline void clear_block(Plan *plan, Py_ssize_t held, real *buffer) noexcept nogil:
    """Write the zeros that a block reads outside x.

    They stay if other channels are copied, or other items where a block is all of an item.
    """
    memset(buffer, 0, held * plan.plane * sizeof(real))


cdef inline bint is_whole(const Plan *plan) noexcept nogil:
    """Tell whether a block is all of an item."""
    return plan.blocks[0] * plan.blocks[1] * plan.blocks[2] == 1


cdef inline void copy_block(
    Plan *plan, const Block *block, Py_ssize_t held, const real *x, real *buffer
) noexcept nogil:
    """Copy what a block reads of some channels into a buffer that was cleared for the block."""
    cdef Axis *axes = plan.axes
    cdef Window window[3]
    cdef Py_ssize_t a, c, q0, q1
    cdef const real *row
    cdef real *to
    for a in range(3):
        window[a] = find_window(
            &axes[a], src_start(&axes[a], 0, block.m[a] * plan.stride[a]), axes[a].pitch
        )
    for c in range(held):
        for q0 in range(window[0].last - window[0].first):
            row = x + c * plan.src_plane + (
                (window[0].start + q0) * axes[1].src_size + window[1].start
            ) * axes[2].src_size + window[2].start
            to = buffer + c * plan.plane + (
                (window[0].first + q0) * axes[1].pitch + window[1].first
            ) * axes[2].pitch + window[2].first
            for q1 in range(window[1].last - window[1].first):
                copy_row(row, 1, window[2].last - window[2].first, to)
                row += axes[2].src_size
                to += axes[2].pitch


cdef inline Rows rows_of_block(Plan *plan, Py_ssize_t task) noexcept nogil:
    """Tell, to fetch them, where the rows of x are that the block of a task will read first."""
    cdef Axis *axes = plan.axes
    cdef Window window[3]
    cdef Block block
    cdef Rows rows
    cdef Py_ssize_t a
    task = find_block(plan, task, &block)
    for a in range(3):
        window[a] = find_window(
            &axes[a], src_start(&axes[a], 0, block.m[a] * plan.stride[a]), axes[a].pitch
        )
    rows.start = task * plan.channels * plan.src_plane + (
        window[0].start * axes[1].src_size + window[1].start
    ) * axes[2].src_size + window[2].start
    rows.size = window[2].last - window[2].first + axes[2].src_size * (
        (window[0].last - window[0].first - 1) * axes[1].src_size
        + window[1].last - window[1].first - 1
    )
    rows.count, rows.pitch, rows.at = plan.held, plan.src_plane, 0
    if task >= plan.items * plan.groups or rows.size <= 0:
        rows.count = 0
    return rows
