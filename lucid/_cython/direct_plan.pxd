"""How the direct kernel cuts its work: blocks that fit the caches, tasks for the threads."""

from lucid._cython.fetch cimport Rows
from lucid._cython.microkernel cimport LANE_BYTES, ROWS, VECTOR_BYTES
from lucid._cython.padded cimport (
    LINE, Axis, ceil_div, clip, even_out, find_block, lay_out, phase_taps, plane_size, set_blocks,
    src_start, tail_size, tap_offset, tap_step, unroll,
)

cdef enum:
    WEIGHT_BYTES = 4 << 20  # packed weights at a time: a share of the last cache
    BLOCK_BYTES = 512 << 10  # input block of a thread: half of a second-level cache
    # measured costs, in multiply-adds of a vector:
    WHOLE = 2  # of writing a vector of results that are neighbours in memory
    PIECES = 8  # of one that holds pieces of rows
    ROW = 10  # of copying a row of input
    COPY = 4  # and for each of its vectors

cdef struct Plan:
    Axis axes[3]
    Py_ssize_t items, groups, channels, features  # of one group
    Py_ssize_t src_plane, dst_plane  # elements of one channel in memory
    Py_ssize_t taps  # of all phases
    Py_ssize_t held  # channels in the buffer at a time
    Py_ssize_t plane, step0, step1  # elements in the buffer: of a channel, a plane, a row
    Py_ssize_t flat  # how many inner axes of a block are run through as one row: 1, 2 or 3
    bint paired  # both phases of the last axis are computed, and written, together
    Py_ssize_t panels, parts  # panels of ROWS features, shared out to this many tasks
    Py_ssize_t blocks[3]
    Py_ssize_t buffer_size


cdef inline Py_ssize_t whole(Py_ssize_t length, Py_ssize_t lanes) noexcept nogil:
    return ceil_div(length, lanes) * lanes


cdef inline Py_ssize_t choose_rows(Plan *plan, Py_ssize_t vector) noexcept nogil:
    """Flatten as many axes as costs least, and return the cost of an item.

    Flattened rows hang over less, but have gaps, so that results lie in pieces; unless unrolled.
    """
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t b0 = axes[0].block, b1 = axes[1].block, b2 = axes[2].block
    cdef Py_ssize_t terms = plan.channels * ceil_div(
        plan.taps, axes[0].phases * axes[1].phases * axes[2].phases
    )
    cdef Py_ssize_t cost = b0 * b1 * ceil_div(b2, vector) * (terms + WHOLE), other
    cdef Py_ssize_t plane = (b1 - 1) * plan.step1 + b2, block = (b0 - 1) * plan.step0 + plane
    plan.flat = 1
    other = b0 * ceil_div(plane, vector) * (terms + (WHOLE if plan.step1 == b2 else PIECES))
    if b1 > 1 and other < cost:
        plan.flat = 2
        cost = other
    other = ceil_div(block, vector) * (terms + PIECES)
    if b0 > 1 and other < cost:
        plan.flat = 3
        cost = other
    cost *= plan.features * axes[0].phases * axes[1].phases * axes[2].phases
    other = COPY * ceil_div(b2, vector) if axes[2].src_step == 1 else 2 * b2
    cost += (plan.plane // plan.step1) * plan.channels * (ROW + other)
    return cost * plan.blocks[0] * plan.blocks[1] * plan.blocks[2]


cdef inline Py_ssize_t cut(Plan *plan, Py_ssize_t itemsize) noexcept nogil:
    """Cut blocks that fit the caches; return the cost of an item, in multiply-adds of a vector."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t a, lanes = LANE_BYTES // itemsize, size = BLOCK_BYTES // itemsize
    set_blocks(axes, max(size // plan.channels, 8 * lanes), 4 * lanes)
    plan.plane = plane_size(axes)
    plan.step1 = axes[2].pitch
    plan.step0 = axes[1].pitch * plan.step1
    plan.held = clip(size // plan.plane, plan.channels)
    plan.held = ceil_div(plan.channels, ceil_div(plan.channels, max(1, plan.held)))
    for a in range(3):
        plan.blocks[a] = ceil_div(axes[a].count, axes[a].block)
    return choose_rows(plan, VECTOR_BYTES // itemsize)


cdef inline void make_plan(Plan *plan, Py_ssize_t itemsize, int threads) noexcept nogil:
    """Choose blocks that fit the caches, and enough tasks for the threads."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t cost, tasks = plan.items * plan.groups
    cdef Plan other = plan[0]
    plan.taps = other.taps = axes[0].taps * axes[1].taps * axes[2].taps
    cost = cut(plan, itemsize)
    if axes[1].count > 1 and axes[2].taps > 1:
        unroll(&other.axes[2])
        if cut(&other, itemsize) < cost:
            plan[0] = other
    tasks *= plan.blocks[0] * plan.blocks[1] * plan.blocks[2]
    plan.paired = axes[2].phases == 2 and axes[2].dst_step == 2
    plan.panels = ceil_div(plan.features, ROWS)
    plan.parts = clip(ceil_div(4 * threads, tasks) if threads > 1 else 1, plan.panels)
    plan.buffer_size = plan.held * plan.plane + tail_size(axes) + LANE_BYTES // itemsize + LINE


cdef inline void set_offsets(Plan *plan, Py_ssize_t *offset, Py_ssize_t *order) noexcept nogil:
    """Write where each tap of the channels held reads, and which tap it is, phase after phase."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t p0, p1, p2, c, k0, k1, k2, t0, t1, t2
    for p0 in range(axes[0].phases):
        for p1 in range(axes[1].phases):
            for p2 in range(axes[2].phases):
                for c in range(plan.held):
                    for t0 in range(phase_taps(&axes[0], p0)):
                        for t1 in range(phase_taps(&axes[1], p1)):
                            for t2 in range(phase_taps(&axes[2], p2)):
                                k0 = p0 + t0 * tap_step(&axes[0])
                                k1 = p1 + t1 * tap_step(&axes[1])
                                k2 = p2 + t2 * tap_step(&axes[2])
                                offset[0] = c * plan.plane + tap_offset(axes, k0, k1, k2)
                                offset += 1
                                if c == 0:
                                    order[0] = (k0 * axes[1].taps + k1) * axes[2].taps + k2
                                    order += 1


cdef inline void set_axes(
    Plan *plan, const Py_ssize_t *x_shape, const Py_ssize_t *w_shape, const Py_ssize_t *y_shape,
    Py_ssize_t *stride, Py_ssize_t *dilation, Py_ssize_t *low, Py_ssize_t groups, bint backward,
) noexcept nogil:
    cdef Py_ssize_t a
    plan.items, plan.groups = x_shape[0], groups
    plan.channels, plan.features = w_shape[1], w_shape[0] // groups
    plan.src_plane, plan.dst_plane = 1, 1
    for a in range(3):
        plan.src_plane *= x_shape[2 + a]
        plan.dst_plane *= y_shape[2 + a]
        plan.axes[a] = lay_out(
            x_shape[2 + a], w_shape[2 + a], y_shape[2 + a], stride[a], dilation[a], low[a], backward
        )
        if backward:
            even_out(&plan.axes[a])
    if backward:
        plan.channels, plan.features = plan.features, plan.channels
        plan.src_plane, plan.dst_plane = plan.dst_plane, plan.src_plane


cdef inline Rows rows_of_block(const Plan *plan, Py_ssize_t block) noexcept nogil:
    """Tell, to fetch them, where about the rows of x are that a block will read first.

    With stride 1 none: the processor looks ahead by itself, and asking costs a hundredth.
    """
    cdef const Axis *axes = &plan.axes[0]
    cdef Py_ssize_t m[3]
    cdef Py_ssize_t size[3]
    cdef Py_ssize_t first[2]
    cdef Py_ssize_t last[2]
    cdef Py_ssize_t a, start
    cdef Rows rows
    block = find_block(axes, block, m, size)
    for a in range(2):
        start = src_start(&axes[a], 0, m[a])
        first[a] = clip(start, axes[a].src_size)
        last[a] = clip(start + axes[a].pitch * axes[a].src_step, axes[a].src_size)
    rows.start = block * plan.channels * plan.src_plane
    rows.start += (first[0] * axes[1].src_size + first[1]) * axes[2].src_size
    rows.size = (last[0] - first[0] - 1) * axes[1].src_size + last[1] - first[1]
    rows.size *= axes[2].src_size
    rows.count, rows.pitch, rows.at = plan.held, plan.src_plane, 0
    if axes[2].src_step == 1 or block >= plan.items * plan.groups or rows.size <= 0:
        rows.count = 0
    return rows
