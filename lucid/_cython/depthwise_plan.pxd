"""How a depthwise convolution is cut into blocks, runs of rows and columns of taps.

A *column* of taps is what slides down the rows: all taps that differ in the row axis only. With a
stride in that axis it is a single tap. A *run* is a set of rows of which each reads, for one tap,
what the row before it reads for the tap after: all rows, or one residue modulo the dilation.
"""

from lucid._cython.padded cimport (
    Axis, ceil_div, dst_start, lay_out, phase_taps, plane_size, set_blocks, tail_size, tap_offset,
    tap_step,
)
from lucid._cython.sliding cimport MAX_WIDTH, VECTOR_BYTES, Run
from lucid._cython.types cimport real

cdef enum:
    BLOCK_BYTES = 64 << 10  # of one channel: it stays in the second-level cache
    HELD_BYTES = 16 << 10  # of several small channels: half of a first-level cache

cdef struct Plan:
    Axis axes[3]
    Py_ssize_t items, channels, multiplier
    Py_ssize_t src_plane, dst_plane  # elements of one channel in memory
    Py_ssize_t src_share, dst_share  # planes of one channel: the multiplier on the side of y
    Py_ssize_t kernel  # taps
    bint in_place  # nothing is copied
    bint by_two  # so it is with stride 2: by strips
    bint deep  # and with taps or a stride across planes: by strips, too
    bint whole  # a block is a whole channel
    bint slides  # taps of a column read neighbouring rows
    Py_ssize_t height  # taps of a column
    Py_ssize_t plane, step0, step1  # elements in the buffer: of a channel, a plane, a row
    Py_ssize_t result_step, result_phase  # elements of a result that has a place of its own ...
    Py_ssize_t result_size  # ... until it is put into every other column, or added; in all
    const void *zeros  # a row of them
    Py_ssize_t margin  # how far vectors may reach beyond what is in place
    Py_ssize_t elements  # of the whole array that is read
    Py_ssize_t held, parts  # channels of a task, and how many such parts there are
    Py_ssize_t blocks[3]
    Py_ssize_t last, extra, buffer_size  # elements: of the last channel, beside them, in all


cdef inline void set_axes(
    Plan *plan, const Py_ssize_t *x_shape, const Py_ssize_t *w_shape, const Py_ssize_t *y_shape,
    Py_ssize_t *stride, Py_ssize_t *dilation, Py_ssize_t *low, bint backward,
) noexcept nogil:
    cdef Py_ssize_t a
    plan.items, plan.channels = x_shape[0], x_shape[1]
    plan.multiplier = w_shape[0] // x_shape[1]
    plan.src_plane, plan.dst_plane = 1, 1
    plan.src_share, plan.dst_share = 1, plan.multiplier
    for a in range(3):
        plan.src_plane *= x_shape[2 + a]
        plan.dst_plane *= y_shape[2 + a]
        plan.axes[a] = lay_out(
            x_shape[2 + a], w_shape[2 + a], y_shape[2 + a], stride[a], dilation[a], low[a], backward
        )
    if backward:
        plan.src_plane, plan.dst_plane = plan.dst_plane, plan.src_plane
        plan.src_share, plan.dst_share = plan.dst_share, plan.src_share


cdef inline Py_ssize_t low_of(const Axis *axis) noexcept nogil:
    """Return the zeros before the source of a convolution of stride 2, for an axis of its gradient.
    """
    return axis.dst_low + 2 * (axis.reach - axis.src_low)


cdef inline bint is_by_two(const Axis *axis, Py_ssize_t lanes) noexcept nogil:
    """Tell whether strips of stride 2 serve an axis: 3 taps, 5 or 7, and each block reads a row.

    A gradient with 3 taps may have one position outside, at most, and its rows fill half a strip.
    """
    if axis.stride != 2 or axis.dilation != 1:
        return False
    if axis.backward and axis.taps > 3:
        return (axis.taps == 5 or axis.taps == 7) and 0 <= low_of(axis) < axis.taps
    if axis.backward:
        return (
            axis.taps == 3 and axis.dst_size >= lanes
            and axis.src_low == 1 and 2 * axis.src_size <= axis.dst_size + axis.dst_low
            and (axis.count - 1) // axis.block * axis.block < axis.src_size
        )
    return (
        (axis.taps == 3 or axis.taps == 5 or axis.taps == 7)
        and 0 <= axis.src_low <= axis.taps // 2 and 2 * axis.count <= axis.src_size + axis.src_low
    )


cdef inline Py_ssize_t span(const Axis *axis, Py_ssize_t positions) noexcept nogil:
    """Count the source positions from the first to the last that neighbouring positions read."""
    cdef Py_ssize_t reach = axis.reach if axis.backward else (axis.taps - 1) * axis.dilation
    return (positions - 1) * axis.src_step + reach + 1


cdef inline bint is_deep(Plan *plan, Py_ssize_t most, Py_ssize_t lanes) noexcept nogil:
    """Tell whether strips serve taps of several planes: 3x3, 5x5 or 7x7, `most` along an axis.

    Each block must read a row of x.
    """
    cdef Axis *axes = plan.axes
    cdef Axis *rows = &axes[1]
    return (
        plan.multiplier == 1 and 1 < axes[0].taps <= most
        and axes[0].stride == 1 and rows.stride == 1 and axes[2].stride == 1
        and (rows.taps == 3 or rows.taps == 5 or rows.taps == 7) and rows.taps <= most
        and rows.taps == axes[2].taps and rows.dilation == 1
        and axes[2].block == axes[2].count and 4 * axes[2].dst_size >= lanes
        and 0 <= rows.src_low < rows.taps
        and (rows.count - 1) // rows.block * rows.block < rows.src_size + rows.src_low
    )


cdef inline void make_plan(
    Plan *plan, Py_ssize_t itemsize, int threads, Py_ssize_t most, Py_ssize_t most_in_depth
) noexcept nogil:
    """Choose blocks that fit the first cache, and as many channels at a time.

    There are strips of stride 2 for up to `most` taps along an axis, and of several planes for up
    to `most_in_depth`.
    """
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t a, tasks = plan.items, lanes = VECTOR_BYTES // itemsize
    cdef Py_ssize_t size = BLOCK_BYTES // itemsize
    plan.kernel = axes[0].taps * axes[1].taps * axes[2].taps
    set_blocks(axes, size, 4 * lanes)
    plan.in_place = (
        axes[0].taps == 1 and axes[0].src_low == 0 and axes[0].count <= axes[0].src_size
        and axes[0].stride == 1 and axes[2].block == axes[2].count
    )
    plan.by_two = (
        plan.multiplier == 1 and axes[1].taps <= most and axes[2].block == axes[2].count
        and is_by_two(&axes[1], 1) and is_by_two(&axes[2], lanes // 2)
        and axes[1].taps == axes[2].taps
        and (plan.in_place if axes[2].backward else 4 * axes[2].dst_size >= lanes)
    )
    plan.deep = is_deep(plan, most_in_depth, lanes) or plan.by_two and not plan.in_place
    if axes[1].stride > 1 or axes[2].stride > 1:
        plan.in_place = plan.by_two
    if plan.deep:
        plan.in_place = True
    plan.slides = axes[1].stride == 1 or plan.by_two
    plan.height = axes[1].taps if plan.slides else 1
    plan.margin = MAX_WIDTH * axes[2].src_step + max(
        max(axes[2].src_low, 0), span(&axes[2], axes[2].count) - axes[2].src_low - axes[2].src_size
    )
    plan.plane = plane_size(axes)
    if plan.in_place:
        for a in range(3):
            axes[a].pitch = axes[a].src_size
        plan.plane = plan.src_plane
    elif axes[0].slots * axes[1].slots * axes[2].slots > 1:
        plan.plane += lanes  # the last row of the last slot may end in so many zeros
    plan.step1 = axes[2].pitch
    plan.step0 = axes[1].pitch * plan.step1
    plan.result_step = plan.result_phase = 0
    if axes[2].dst_step > 1 and not plan.by_two:
        plan.result_step = ceil_div(axes[2].block, lanes) * lanes
        plan.result_phase = axes[1].block * plan.result_step
    plan.result_size = axes[2].phases * plan.result_phase
    for a in range(3):
        plan.blocks[a] = ceil_div(axes[a].count, axes[a].block)
        tasks *= plan.blocks[a]
    plan.whole = plan.blocks[0] * plan.blocks[1] * plan.blocks[2] == 1
    plan.held = HELD_BYTES // (plan.plane * plan.src_share * itemsize)
    if plan.by_two and plan.deep:
        plan.held = min(HELD_BYTES // (plan.step0 * itemsize), MAX_WIDTH)  # a plane of each
    elif plan.deep or axes[0].phases > 1 or axes[0].dst_size > 1 and axes[0].taps == 1:
        plan.held = 1  # strips of several channels take all taps, and would cross their planes
    plan.held = max(1, min(plan.held, plan.channels))
    if threads > 1:
        plan.held = max(1, min(plan.held, tasks * plan.channels // (4 * threads)))
    plan.parts = ceil_div(plan.channels, plan.held)
    if plan.by_two and plan.deep:
        plan.result_size = plan.held * axes[1].block * axes[2].dst_size
    plan.elements = plan.items * plan.channels * plan.src_share * plan.src_plane
    plan.last = plan.plane
    plan.extra = tail_size(axes) + 2 * lanes
    if plan.in_place:
        plan.extra = 2 * plan.margin
        plan.last = (span(&axes[0], axes[0].block) - 1) * plan.step0
        plan.last += min(plan.step0, span(&axes[1], axes[1].block) * plan.step1)
        plan.last = min(plan.plane, plan.last)
    plan.buffer_size = (
        (plan.held * plan.src_share - 1) * plan.plane + plan.last + plan.extra
        + plan.result_size
    )
    plan.buffer_size = ceil_div(plan.buffer_size, 16) * 16


cdef inline void set_taps(Plan *plan, Py_ssize_t *offset, Py_ssize_t *tap) noexcept nogil:
    """Write, in the order of use, where each column of taps reads, and which taps it has."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t p0, p1, p2, t0, t1, t2, k0, k1, k2, k, square = axes[1].taps * axes[2].taps
    if plan.by_two:
        for k in range(plan.kernel):
            offset[k] = k - axes[2].src_low
            tap[k] = k - k % square + k % axes[1].taps * axes[2].taps + k % square // axes[1].taps
        return
    for p0 in range(axes[0].phases):
        for p1 in range(axes[1].phases):
            for p2 in range(axes[2].phases):
                for t0 in range(phase_taps(&axes[0], p0)):
                    k0 = p0 + t0 * tap_step(&axes[0])
                    for t1 in range(1 if plan.slides else phase_taps(&axes[1], p1)):
                        k1 = p1 + t1 * tap_step(&axes[1])
                        if axes[1].backward and plan.slides:
                            k1 = plan.height - 1  # it reads the first row
                        for t2 in range(phase_taps(&axes[2], p2)):
                            k2 = p2 + t2 * tap_step(&axes[2])
                            offset[0] = tap_offset(axes, k0, k1, k2)
                            if plan.in_place:
                                offset[0] -= axes[2].src_low
                            offset += 1
                            for k in range(plan.height):
                                tap[k] = (k0 * axes[1].taps + k1) * axes[2].taps + k2
                                tap[k] += (-k if axes[1].backward else k) * axes[2].taps
                            tap += plan.height


cdef inline void pack_weights(
    Plan *plan, const real *w, const Py_ssize_t *tap, real *packed
) noexcept nogil:
    """Copy the weights of each channel of y in the order of use.

    Strips that take one plane of taps at a time find those of all channels of a task together.
    """
    cdef Py_ssize_t c, t, plane, square = plan.kernel, first, held
    cdef real *to
    if plan.by_two:
        square = plan.height * plan.height
    for c in range(plan.channels * plan.multiplier):
        first, held = c, 1  # of the channels that are together, and how many they are
        if square < plan.kernel:
            first = c // plan.held * plan.held
            held = min(plan.held, plan.channels - first)
        to = packed + first * plan.kernel + (c - first) * square
        for plane in range(plan.kernel // square):
            for t in range(square):
                to[t] = w[c * plan.kernel + tap[plane * square + t]]
            to += held * square


cdef inline Py_ssize_t runs(Plan *plan, Py_ssize_t rows) noexcept nogil:
    """Count the runs: rows of one residue modulo the dilation share what a column of taps reads."""
    return min(plan.axes[1].dilation, rows) if plan.slides else 1


cdef inline void set_run(
    Plan *plan, Run *run, Py_ssize_t residue, Py_ssize_t row, Py_ssize_t rows, Py_ssize_t column,
    Py_ssize_t columns,
) noexcept nogil:
    """Take every d-th of `rows` rows, d the dilation; tap 0 of the first reads source row `row`.

    Of each it takes the `columns` from `column` on.
    """
    cdef Py_ssize_t d = plan.axes[1].dilation if plan.slides else 1
    run.columns, run.zeros = columns, plan.zeros
    run.column = column if plan.in_place else 0
    run.size = plan.axes[2].src_size if plan.in_place else columns + plan.plane
    run.rows = ceil_div(rows - residue, d)
    run.x_step = d * plan.step1
    run.y_step = d  # rows, until the caller knows what a row is
    run.height, run.first, run.end = plan.height, 0, run.rows
    if plan.slides:
        run.first = ceil_div(-row - residue, d)
        run.end = ceil_div(plan.axes[1].src_size - row - residue, d)


cdef inline Py_ssize_t set_run_by_two(
    Plan *plan, Run *run, Py_ssize_t m, Py_ssize_t size
) noexcept nogil:
    """Take the rows of a block of a gradient of stride 2; the run's row 0 of x is row -run.first.

    Return with which row of the block the part begins that this row has in it, below 0 for before.
    """
    cdef Axis *axis = &plan.axes[1]
    cdef Py_ssize_t start = dst_start(axis, 0, m), row = max(0, start), begin
    run.rows = min(dst_start(axis, 0, m + size), axis.dst_size) - row
    run.columns = run.y_step = plan.axes[2].dst_size
    run.size, run.x_step, run.taps = plan.axes[2].src_size, plan.step1, plan.height
    if plan.height == 3:
        run.first, run.end = -m, min(axis.src_size - m, size)
        return start - row
    begin = ceil_div(row + low_of(axis) - plan.height + 1, 2)
    run.first, run.end = -begin, axis.src_size - begin
    return 2 * begin - low_of(axis) - row
