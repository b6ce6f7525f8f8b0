"""How the clipped kernel is cut: blocks of results, and what one tap of the kernel moves for them.

Along one axis, tap k connects position o of y with position ``o * stride + k * dilation - low`` of
x, where both are inside. So for each tap and block the connected positions of y are one box, empty
where the tap meets only padding. A forward reads the box's positions in x, a stride apart, and
writes them in y side by side; an input gradient reads y and writes x.
"""

from lucid._cython.features_tiles cimport LINE_BYTES, MAX_LINE, choose_run, runs_of
from lucid._cython.padded cimport Block, ceil_div, clip, find_part

cdef enum:
    WEIGHT_BYTES = 4 << 20  # packed weights at a time: a share of the last cache
    SIDE = 16  # positions, at most, that are turned together
    BLOCK_BYTES = 512 << 10  # of the source, of all items that share a block
    POSITIONS = 1024  # of a block, so that their sums stay near

cdef struct Plan:
    Py_ssize_t items, groups
    Py_ssize_t channels, features  # of one group: summed over, and written
    Py_ssize_t src_size[3]
    Py_ssize_t dst_size[3]
    Py_ssize_t src_step[3]  # between neighbours of a box
    Py_ssize_t dst_step[3]
    Py_ssize_t kernel[3]
    Py_ssize_t dilation[3]
    Py_ssize_t low[3]
    bint backward
    Py_ssize_t src_plane, dst_plane, taps  # elements of one channel in memory, and of its kernel
    Py_ssize_t block[3]
    Py_ssize_t blocks[3]
    Py_ssize_t together, batches  # items of a task; how many such shares
    Py_ssize_t columns, most, parts  # lines of features; packed at a time; tasks that share them
    Py_ssize_t positions  # of a block, in whole squares
    Py_ssize_t starts, buffer_size  # of a thread: numbers that tell where runs are; elements

cdef struct Box:  # what one tap connects: positions along each axis
    Py_ssize_t src[3]  # the first in the source
    Py_ssize_t dst[3]  # the first in the block of results
    Py_ssize_t count[3]


cdef inline void cut(Plan *plan, Py_ssize_t itemsize) noexcept nogil:
    """Cut the outer axes first, and an inner one only where all outer blocks have length 1.

    Small items are taken together; but not those of float64, whose loops are not unrolled evenly,
    so that the bits of a result would depend on its place in a tile.
    """
    cdef Py_ssize_t a, inner = plan.dst_plane
    plan.positions = 1
    for a in range(3):
        inner //= plan.dst_size[a]
        plan.block[a] = clip(max(<Py_ssize_t> 1, POSITIONS // inner), plan.dst_size[a])
        plan.blocks[a] = ceil_div(plan.dst_size[a], plan.block[a])
        plan.block[a] = ceil_div(plan.dst_size[a], plan.blocks[a])
        plan.positions *= plan.block[a]
    plan.positions = ceil_div(plan.positions, SIDE) * SIDE
    plan.together = 1
    if LINE_BYTES // itemsize == MAX_LINE:
        plan.together = min(
            POSITIONS // plan.positions, BLOCK_BYTES // (plan.channels * plan.src_plane * itemsize)
        )
    plan.together = clip(max(<Py_ssize_t> 1, plan.together), plan.items)
    plan.batches = ceil_div(plan.items, plan.together)
    plan.together = ceil_div(plan.items, plan.batches)


cdef inline void make_plan(
    Plan *plan, const Py_ssize_t *x_shape, const Py_ssize_t *w_shape, const Py_ssize_t *y_shape,
    const Py_ssize_t *stride, const Py_ssize_t *dilation, const Py_ssize_t *low, Py_ssize_t groups,
    bint backward, Py_ssize_t itemsize, int threads,
) noexcept nogil:
    """Choose blocks that stay near, and enough tasks for the threads."""
    cdef Py_ssize_t a, tasks, lanes = LINE_BYTES // itemsize
    plan.items, plan.groups, plan.backward = x_shape[0], groups, backward
    plan.channels, plan.features = w_shape[1], w_shape[0] // groups
    if backward:
        plan.channels, plan.features = plan.features, plan.channels
    plan.src_plane = plan.dst_plane = plan.taps = 1
    for a in range(3):
        plan.src_size[a] = y_shape[2 + a] if backward else x_shape[2 + a]
        plan.dst_size[a] = x_shape[2 + a] if backward else y_shape[2 + a]
        plan.src_step[a] = 1 if backward else stride[a]
        plan.dst_step[a] = stride[a] if backward else 1
        plan.kernel[a], plan.dilation[a], plan.low[a] = w_shape[2 + a], dilation[a], low[a]
        plan.src_plane *= plan.src_size[a]
        plan.dst_plane *= plan.dst_size[a]
        plan.taps *= plan.kernel[a]
    cut(plan, itemsize)
    tasks = plan.groups * plan.batches * plan.blocks[0] * plan.blocks[1] * plan.blocks[2]
    plan.columns = ceil_div(plan.features, lanes)
    plan.most = plan.groups * plan.channels * plan.taps * LINE_BYTES
    plan.most = min(plan.columns, max(<Py_ssize_t> 1, WEIGHT_BYTES // plan.most))
    plan.parts = clip(ceil_div(4 * threads, tasks) if threads > 1 else 1, plan.most)
    plan.starts = 2 * (plan.together * plan.positions + SIDE)
    plan.buffer_size = (2 * plan.together + 1) * plan.positions * lanes


cdef inline Py_ssize_t find_block(Plan *plan, Py_ssize_t task, Block *block) noexcept nogil:
    """Find a block of results; return what its number counts beside the blocks."""
    cdef Py_ssize_t a
    for a in range(2, -1, -1):
        task = find_part(task, plan.dst_size[a], plan.block[a], &block.m[a], &block.size[a])
    return task


cdef inline Py_ssize_t find_box(
    const Plan *plan, const Block *block, const Py_ssize_t *k, Box *box
) noexcept nogil:
    """Find what tap k connects with a block; return how many positions of an item."""
    cdef Py_ssize_t a, first, last, shift, count = 1
    for a in range(3):
        shift = k[a] * plan.dilation[a] - plan.low[a]
        if plan.backward:  # o writes o * stride + shift
            first = max(<Py_ssize_t> 0, ceil_div(block.m[a] - shift, plan.dst_step[a]))
            last = ceil_div(block.m[a] + block.size[a] - shift, plan.dst_step[a])
            last = min(plan.src_size[a], last)
            box.src[a], box.dst[a] = first, first * plan.dst_step[a] + shift - block.m[a]
        else:
            first = max(block.m[a], ceil_div(-shift, plan.src_step[a]))
            last = ceil_div(plan.src_size[a] - shift, plan.src_step[a])
            last = min(block.m[a] + block.size[a], last)
            box.src[a], box.dst[a] = first * plan.src_step[a] + shift, first - block.m[a]
        box.count[a] = max(<Py_ssize_t> 0, last - first)
        count *= box.count[a]
    return count


cdef inline Py_ssize_t set_runs(
    const Plan *plan, const Box *box, Py_ssize_t items, Py_ssize_t lanes, Py_ssize_t *run,
    Py_ssize_t *base, Py_ssize_t *to,
) noexcept nogil:
    """Choose a length of runs; write where each reads and is summed up; return their number.

    Rows that follow one another in the source are one row.
    """
    cdef Py_ssize_t n, q0, q1, i, m, start, count = 0, row = 0
    cdef Py_ssize_t outer = box.count[0], rows = box.count[1], width = box.count[2]
    cdef Py_ssize_t steps = plan.src_step[2]
    if steps == 1 and width == plan.src_size[2] and (plan.src_step[1] == 1 or rows == 1):
        width, rows = width * rows, 1
        if box.count[1] == plan.src_size[1] and (plan.src_step[0] == 1 or outer == 1):
            width, outer = width * outer, 1
    run[0] = choose_run(items * outer * rows, width, steps, lanes)
    for n in range(items):
        for q0 in range(outer):
            for q1 in range(rows):
                start = n * plan.groups * plan.channels * plan.src_plane + (
                    (box.src[0] + q0 * plan.src_step[0]) * plan.src_size[1]
                    + box.src[1] + q1 * plan.src_step[1]
                ) * plan.src_size[2] + box.src[2]
                for i in range(ceil_div(width, run[0])):
                    m = min(i * run[0], width - run[0])
                    base[count] = start + m * steps
                    to[count] = (row + m) * lanes
                    count += 1
                row += width
    for i in range(count, ceil_div(count, runs_of(run[0])) * runs_of(run[0])):
        base[i], to[i] = base[count - 1], to[count - 1]
    return count
