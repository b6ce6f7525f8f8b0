"""How the direct kernel cuts its work: blocks that fit the caches, tasks for the threads."""

from lucid._cython.microkernel cimport LANE_BYTES, ROWS
from lucid._cython.padded cimport (
    Axis, ceil_div, clip, lay_out, phase_taps, plane_size, set_blocks, tail_size, tap_offset,
    tap_step,
)

cdef enum:
    WEIGHT_BYTES = 4 << 20  # packed weights at a time: a share of the last cache
    BLOCK_BYTES = 512 << 10  # input block of a thread: half of a second-level cache
    TAPS = 256  # of one inner kernel call: the input lines they touch fit the first-level cache

cdef struct Plan:
    Axis axes[3]
    Py_ssize_t items, groups, channels, features  # of one group
    Py_ssize_t src_plane, dst_plane  # elements of one channel in memory
    Py_ssize_t taps  # of all phases
    Py_ssize_t held  # channels in the buffer at a time
    Py_ssize_t chunk  # channels of one inner kernel call
    Py_ssize_t plane, step0, step1  # elements in the buffer: of a channel, a plane, a row
    Py_ssize_t flat  # how many inner axes of a block are run through as one row: 1, 2 or 3
    Py_ssize_t out_step0, out_step1, out_pitch  # elements in the result buffer
    Py_ssize_t panels, parts  # panels of ROWS features, shared out to this many tasks
    Py_ssize_t blocks[3]
    Py_ssize_t buffer_size


cdef inline Py_ssize_t whole(Py_ssize_t length, Py_ssize_t lanes) noexcept nogil:
    return ceil_div(length, lanes) * lanes


cdef inline void choose_rows(Plan *plan, Py_ssize_t lanes) noexcept nogil:
    """Flatten as many axes as gives the fewest runs of `lanes` positions."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t b0 = axes[0].block, b1 = axes[1].block, b2 = axes[2].block
    cdef Py_ssize_t row = whole(b2, lanes)
    cdef Py_ssize_t plane = whole((b1 - 1) * plan.step1 + b2, lanes)
    cdef Py_ssize_t volume = whole((b0 - 1) * plan.step0 + (b1 - 1) * plan.step1 + b2, lanes)
    plan.flat = 1
    plan.out_step0, plan.out_step1, plan.out_pitch = b1 * row, row, b0 * b1 * row
    if b0 * plane < plan.out_pitch:
        plan.flat = 2
        plan.out_step0, plan.out_step1, plan.out_pitch = plane, plan.step1, b0 * plane
    if volume < plan.out_pitch:
        plan.flat = 3
        plan.out_step0, plan.out_step1, plan.out_pitch = plan.step0, plan.step1, volume


cdef inline void make_plan(Plan *plan, Py_ssize_t itemsize, int threads) noexcept nogil:
    """Choose blocks that fit the caches, and enough tasks for the threads."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t a, lanes = LANE_BYTES // itemsize, tasks = plan.items * plan.groups
    cdef Py_ssize_t size = BLOCK_BYTES // itemsize
    plan.taps = axes[0].taps * axes[1].taps * axes[2].taps
    set_blocks(axes, max(size // plan.channels, 8 * lanes), 4 * lanes)
    plan.plane = plane_size(axes)
    plan.step1 = axes[2].pitch
    plan.step0 = axes[1].pitch * plan.step1
    plan.held = clip(size // plan.plane, plan.channels)
    plan.held = ceil_div(plan.channels, ceil_div(plan.channels, max(1, plan.held)))
    plan.chunk = max(1, TAPS // plan.taps)
    plan.chunk = ceil_div(plan.held, ceil_div(plan.held, plan.chunk))
    choose_rows(plan, lanes)
    for a in range(3):
        plan.blocks[a] = ceil_div(axes[a].count, axes[a].block)
        tasks *= plan.blocks[a]
    plan.panels = ceil_div(plan.features, ROWS)
    plan.parts = clip(ceil_div(4 * threads, tasks) if threads > 1 else 1, plan.panels)
    plan.buffer_size = plan.held * plan.plane + tail_size(axes) + lanes + plan.out_pitch * ROWS


cdef inline void set_offsets(Plan *plan, Py_ssize_t *offset) noexcept nogil:
    """Write where each tap of a chunk of channels reads, phase after phase."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t p0, p1, p2, c, t0, t1, t2
    for p0 in range(axes[0].phases):
        for p1 in range(axes[1].phases):
            for p2 in range(axes[2].phases):
                for c in range(plan.chunk):
                    for t0 in range(phase_taps(&axes[0], p0)):
                        for t1 in range(phase_taps(&axes[1], p1)):
                            for t2 in range(phase_taps(&axes[2], p2)):
                                offset[0] = c * plan.plane + tap_offset(
                                    axes, p0 + t0 * tap_step(&axes[0]),
                                    p1 + t1 * tap_step(&axes[1]), p2 + t2 * tap_step(&axes[2]),
                                )
                                offset += 1


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
        plan.channels, plan.features = plan.features, plan.channels
        plan.src_plane, plan.dst_plane = plan.dst_plane, plan.src_plane
