"""How a convolution with features in the lanes is cut: blocks of positions, columns of features.

A block of output positions is one contiguous run of a channel of y, and what it reads of each
channel of x, padding included, is copied as it is: the steps of a stride stay in the copy. Then the
value that tap k of channel c reads for position o is at ``base[o] + offset[c, k]``. A small
x without padding is read where it is.
"""

from lucid._cython.microkernel cimport LANE_BYTES, ROWS
from lucid._cython.padded cimport (
    LINE, Axis, ceil_div, clip, lay_out, plane_size, tail_size, tap_offset,
)

cdef enum:
    BLOCK_BYTES = 512 << 10  # input of a block: half of a second-level cache
    WEIGHT_BYTES = 4 << 20  # packed weights at a time: a share of the last cache
    SIDE = 16  # positions, at most, that are written together
    POSITIONS = 512  # of a block, so that their sums stay near
    TERMS = 192  # (channel, tap) pairs at a time: their weights stay in the first-level cache

cdef struct Plan:
    Axis axes[3]  # of the copy: as for a stride of 1
    Py_ssize_t items, groups, channels, features  # of one group
    Py_ssize_t src_plane, dst_plane  # elements of one channel in memory
    Py_ssize_t stride[3]
    Py_ssize_t count[3]  # positions of y
    Py_ssize_t block[3]  # of them at a time
    Py_ssize_t blocks[3]
    Py_ssize_t taps
    bint in_place  # nothing is copied
    Py_ssize_t held, plane  # channels copied at a time, elements of each
    Py_ssize_t columns, most, parts  # of `lanes` features; packed at a time; tasks that share them
    Py_ssize_t positions  # of a block, in whole ROWS and squares
    Py_ssize_t buffer_size

cdef struct Block:
    Py_ssize_t m[3]  # first position of y
    Py_ssize_t size[3]


cdef inline void measure(Plan *plan) noexcept nogil:
    """Count what a block reads of one channel, and its positions."""
    cdef Py_ssize_t a
    for a in range(3):
        plan.axes[a].block = (plan.block[a] - 1) * plan.stride[a] + 1
        plan.axes[a].pitch = plan.axes[a].block + plan.axes[a].reach
    plan.plane = plane_size(plan.axes)
    plan.positions = plan.block[0] * plan.block[1] * plan.block[2]


cdef inline void cut(Plan *plan, Py_ssize_t size) noexcept nogil:
    """Cut the outer axes first, and an inner one only where all outer blocks have length 1."""
    cdef Py_ssize_t a, block
    for a in range(3):
        measure(plan)
        if plan.plane > size or plan.positions > POSITIONS:
            block = size // (plan.plane // plan.axes[a].pitch) - plan.axes[a].reach
            block = min(
                (block - 1) // plan.stride[a] + 1, POSITIONS // (plan.positions // plan.block[a])
            )
            block = ceil_div(plan.count[a], max(4 * ROWS if a == 2 else 1, block))
            plan.block[a] = ceil_div(plan.count[a], block)
        if plan.block[a] > 1:
            break
    measure(plan)


cdef inline void make_plan(
    Plan *plan, const Py_ssize_t *x_shape, const Py_ssize_t *w_shape, const Py_ssize_t *y_shape,
    const Py_ssize_t *stride, const Py_ssize_t *dilation, const Py_ssize_t *low, Py_ssize_t groups,
    Py_ssize_t itemsize, int threads,
) noexcept nogil:
    """Choose blocks that fit the caches, and enough tasks for the threads."""
    cdef Py_ssize_t a, tasks, lanes = LANE_BYTES // itemsize, size = BLOCK_BYTES // itemsize
    plan.items, plan.groups = x_shape[0], groups
    plan.channels, plan.features = w_shape[1], w_shape[0] // groups
    plan.src_plane = plan.dst_plane = plan.taps = 1
    plan.in_place = plan.channels * x_shape[2] * x_shape[3] * x_shape[4] <= size
    for a in range(3):
        plan.src_plane *= x_shape[2 + a]
        plan.dst_plane *= y_shape[2 + a]
        plan.taps *= w_shape[2 + a]
        plan.stride[a] = stride[a]
        plan.count[a] = plan.block[a] = y_shape[2 + a]
        plan.axes[a] = lay_out(
            x_shape[2 + a], w_shape[2 + a], (y_shape[2 + a] - 1) * stride[a] + 1, 1, dilation[a],
            low[a], False,
        )
        plan.in_place = plan.in_place and low[a] == 0 and (
            plan.axes[a].count + plan.axes[a].reach <= x_shape[2 + a]
        )
    cut(plan, max(size // plan.channels, 32 * lanes))
    plan.held = clip(max(1, size // plan.plane), plan.channels)
    plan.held = ceil_div(plan.channels, ceil_div(plan.channels, plan.held))
    plan.buffer_size = plan.held * plan.plane + tail_size(plan.axes) + LINE
    if plan.in_place:
        for a in range(3):
            plan.axes[a].pitch = x_shape[2 + a]
        plan.held, plan.plane = plan.channels, plan.src_plane
        plan.buffer_size = 0
    plan.positions = ceil_div(plan.positions, SIDE) * SIDE
    plan.columns = ceil_div(plan.features, lanes)
    plan.most = WEIGHT_BYTES // (plan.groups * plan.channels * plan.taps * LANE_BYTES)
    plan.most = min(plan.columns, max(1, plan.most))
    tasks = plan.items * plan.groups
    for a in range(3):
        plan.blocks[a] = ceil_div(plan.count[a], plan.block[a])
        tasks *= plan.blocks[a]
    plan.parts = clip(ceil_div(4 * threads, tasks) if threads > 1 else 1, plan.most)
    plan.buffer_size = ceil_div(plan.buffer_size, 16) * 16 + plan.positions * lanes


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
    """Find where a block starts, and its size; return the index of item and group."""
    cdef Py_ssize_t a
    for a in range(2, -1, -1):
        block.m[a] = task % plan.blocks[a] * plan.block[a]
        block.size[a] = min(plan.block[a], plan.count[a] - block.m[a])
        task //= plan.blocks[a]
    return task


cdef inline Py_ssize_t set_bases(Plan *plan, const Block *block, Py_ssize_t *base) noexcept nogil:
    """Write where each position of a block starts to read; return how many there are."""
    cdef Py_ssize_t m0, m1, m2, count = 0
    for m0 in range(block.size[0]):
        for m1 in range(block.size[1]):
            for m2 in range(block.size[2]):
                base[count] = (
                    m0 * plan.stride[0] * plan.axes[1].pitch + m1 * plan.stride[1]
                ) * plan.axes[2].pitch + m2 * plan.stride[2]
                count += 1
    for m0 in range(count, ceil_div(count, ROWS) * ROWS):
        base[m0] = 0
    return count
