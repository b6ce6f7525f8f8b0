r"""Direct convolution: the definition's own sum, in an order that keeps registers and caches busy.

A block of the input is copied, padded and flattened, so that each tap of the kernel is one shifted
run of neighbours (`padded.pxd`). The inner part (`direct_tile.pxd`) then adds up, for ROWS output
channels and a few registers of neighbouring positions at a time, the products of all channels and
taps without leaving the registers, and writes each result once. Weights are read where they are:
one weight of each of ROWS output channels is spread over a register, so their order is free.

The input gradient is the same computation with the channels' roles exchanged: in this file
`channels` are summed over and `features` are written; its weights are packed in that order first.
The weight gradient sums over positions instead (`direct_sums.pxd`).

Source: Zhang, Franchetti and Low, "High performance zero-memory overhead direct convolutions",
2018, algorithm 3, on flattened rows of the usual layout instead of their own.

Cost: the multiply-adds of the definition and those of lanes that hang over the ends of rows; each
input element is copied once for each block it serves, each output element is written once, or read
and written once where more channels are summed than a block holds. Memory: about 0.6 MB for each
thread; for the input gradient packed weights, at most 4 MiB or those of ROWS channels of each
group; for the weight gradient the sums of all chunks, at most 4 MiB or those of one. It must equal
`conv_naive`.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memset

from lucid._cython.direct_plan cimport (
    WEIGHT_BYTES, Plan, make_plan, rows_of_block, set_axes, set_offsets, whole,
)
from lucid._cython.direct_sums cimport Sums, add_sums, make_sums, strips, sum_task
from lucid._cython.direct_tile cimport TILE_PITCH, Part, Patch, run_panel
from lucid._cython.fetch cimport LINE_BYTES, Rows
from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.microkernel cimport LANE_BYTES, ROWS
from lucid._cython.padded cimport (
    Axis, ceil_div, copy_channel, dst_start, find_block, phase_taps,
)
from lucid._cython.turns cimport Turns, deal, next_task
from lucid._cython.types cimport real
from lucid._cython.workspace cimport Workspace, borrow, give_back


cdef void pack_panel(
    const Plan *plan, const Py_ssize_t *order, const real *w, Py_ssize_t rows, real *packed
) noexcept nogil:
    """Store the weights of up to ROWS channels of x: phase, channel of x, of y, tap of the phase.

    w (F, C, *K) begins at the first of these channels of x.
    """
    cdef const Axis *axes = &plan.axes[0]
    cdef Py_ssize_t p0, p1, p2, c, j, t, taps
    for p0 in range(axes[0].phases):
        for p1 in range(axes[1].phases):
            for p2 in range(axes[2].phases):
                taps = (
                    phase_taps(&axes[0], p0) * phase_taps(&axes[1], p1) * phase_taps(&axes[2], p2)
                )
                for j in range(rows):
                    for c in range(plan.channels):
                        for t in range(taps):
                            packed[t] = w[(c * plan.features + j) * plan.taps + order[t]]
                        packed += taps
                packed += (ROWS - rows) * plan.channels * taps
                order += taps


cdef inline void run_phases(
    Plan *plan, Patch *patch, const real *x, const Py_ssize_t *offset, Py_ssize_t c,
    Py_ssize_t held, const real *w, const real *bias, Py_ssize_t rows, real *tile, real *y,
    const real *src, Rows *ahead, Py_ssize_t lines,
) noexcept nogil:
    """Compute all phases of a panel of features, from the channels held: c and those that follow.

    Where phases are paired, the one that begins the result's rows is the first part.
    """
    cdef Part parts[2]
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t a, taps, of_phase = 0
    cdef int which
    for patch.phase[0] in range(axes[0].phases):
        for patch.phase[1] in range(axes[1].phases):
            for patch.phase[2] in range(axes[2].phases):
                patch.dense = patch.sets
                taps = 1
                for a in range(3):
                    taps *= phase_taps(&axes[a], patch.phase[a])
                    patch.start[a] = dst_start(&axes[a], patch.phase[a], patch.m[a])
                    patch.dense = patch.dense and axes[a].dst_step == 1
                which = plan.paired and patch.start[2] > patch.m[2] * 2
                parts[which].offset = offset + of_phase * plan.held
                parts[which].terms = held * taps
                parts[which].row_step = plan.channels * taps
                parts[which].first = of_phase * plan.channels * ROWS + c * taps
                of_phase += taps
                if plan.paired:
                    patch.start[2] = patch.m[2] * 2
                    if patch.phase[2] == 0:
                        continue
                run_panel(plan, patch, x, parts, w, bias, rows, tile, y, src, ahead, lines)


cdef void run_task(
    Plan *plan, Py_ssize_t task, const real *x, const real *w, Py_ssize_t group_size,
    const Py_ssize_t *offset, Py_ssize_t first_panel, Py_ssize_t last_panel, const real *bias,
    real *y, real *buffer,
) noexcept nogil:
    """Compute one block of one item and group, for a part of the panels of features."""
    cdef Patch patch
    cdef Rows ahead = rows_of_block(plan, (task + 1) // plan.parts)
    cdef const real *src = x
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t c, turn, each, held, group, panel, feature, lines, part = task % plan.parts
    cdef Py_ssize_t share = ceil_div(last_panel - first_panel, plan.parts), of_all = first_panel
    cdef real zeros[8]
    cdef real tile[2 * 8 * TILE_PITCH]
    task = find_block(axes, task // plan.parts, patch.m, patch.size)
    group = task % plan.groups
    x += task * plan.channels * plan.src_plane
    y += task * plan.features * plan.dst_plane
    w += group * group_size
    first_panel += part * share
    last_panel = min(last_panel, first_panel + share)
    if first_panel >= last_panel:
        return
    lines = ahead.count * ahead.size * (LANE_BYTES // LINE_BYTES) // (
        patch.size[0] * patch.size[1] * patch.size[2] * (last_panel - first_panel)
    ) + 1
    memset(zeros, 0, sizeof(zeros))
    memset(tile, 0, sizeof(tile))
    for turn in range(ceil_div(plan.channels, plan.held)):
        c = turn * plan.held
        held = min(plan.held, plan.channels - c)
        for each in range(held):
            copy_channel(
                x + (c + each) * plan.src_plane, x + plan.channels * plan.src_plane, axes, patch.m,
                buffer + each * plan.plane,
            )
        for each in range(held * plan.plane, plan.buffer_size):
            buffer[each] = 0
        patch.sets = bias != NULL and turn == 0
        for panel in range(first_panel, last_panel):
            feature = panel * ROWS
            run_phases(
                plan, &patch, buffer, offset, c, held,
                w + (panel - of_all) * ROWS * plan.channels * plan.taps,
                bias + group * plan.features + feature if patch.sets else zeros,
                min(ROWS, plan.features - feature), tile, y + feature * plan.dst_plane,
                src, &ahead, lines,
            )


cdef int correlate(
    Plan *plan, const real *x, const real *w, const real *bias, real *y, bint backward, int threads,
) except -1:
    """Set y to, or without a bias add, the sum over channels and taps, in either direction.

    Forward reads the weights where they are; the other direction packs them, a part at a time.
    """
    cdef Py_ssize_t turn, panel, first, last, most, tasks, panel_size, group_size, offsets, each
    cdef Turns turns
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef const real *weight = w
    cdef real *packed
    cdef real *buffers
    cdef Py_ssize_t *offset
    make_plan(plan, sizeof(real), threads)
    tasks = plan.items * plan.groups * plan.blocks[0] * plan.blocks[1] * plan.blocks[2] * plan.parts
    panel_size = plan.channels * plan.taps * ROWS
    group_size = plan.features * plan.channels * plan.taps
    most = plan.panels
    if backward:
        most = <Py_ssize_t> (WEIGHT_BYTES // (plan.groups * panel_size * sizeof(real)))
        most = max(1, min(plan.panels, most))
    offsets = whole(plan.held * plan.taps, 8)
    threads = <int> min(threads, tasks)
    workspace = borrow(
        (offsets + whole(plan.taps, 8)) * sizeof(Py_ssize_t)
        + (plan.groups * most * panel_size * backward + threads * plan.buffer_size) * sizeof(real)
    )
    offset = <Py_ssize_t *> workspace.data
    packed = <real *> (offset + offsets + whole(plan.taps, 8))
    buffers = packed + plan.groups * most * panel_size * backward
    if backward:
        weight = packed
    with nogil:
        set_offsets(plan, offset, offset + offsets)
        for turn in range(ceil_div(plan.panels, most)):
            first = turn * most
            last = min(plan.panels, first + most)
            if backward:
                for panel in prange(plan.groups * (last - first), num_threads=threads):
                    pack_panel(
                        plan, offset + offsets,
                        w + panel // (last - first) * group_size
                        + (first + panel % (last - first)) * ROWS * plan.taps,
                        min(ROWS, plan.features - (first + panel % (last - first)) * ROWS),
                        packed + panel * panel_size,
                    )
            deal(&turns, tasks, threads)
            for each in prange(tasks, num_threads=threads, schedule="dynamic"):
                if interrupted(&watch):
                    continue
                run_task(
                    plan, next_task(&turns, threadid()), x, weight,
                    (last - first) * panel_size if backward else group_size, offset, first, last,
                    bias, y, buffers + threadid() * plan.buffer_size,
                )
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


def forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to y (N, F, *O) the convolution of x (N, C, *I) with w (F, C // groups, *K)."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_axes(&plan, x.shape, w.shape, y.shape, s, d, l, groups, False)
    correlate(
        &plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], <const real *> NULL, &y[0, 0, 0, 0, 0],
        False, threads,
    )


def input_grad(
    real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to x (N, C, *I) the derivative of <forward(x, w), y> by x: the transposed convolution."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_axes(&plan, x.shape, w.shape, y.shape, s, d, l, groups, True)
    correlate(
        &plan, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], <const real *> NULL, &x[0, 0, 0, 0, 0],
        True, threads,
    )


def fill_forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const real[::1] bias not None,
):
    """Set y to the convolution plus the bias (F,) of each channel, whatever y held before."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_axes(&plan, x.shape, w.shape, y.shape, s, d, l, groups, False)
    correlate(
        &plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &y[0, 0, 0, 0, 0],
        False, threads,
    )


def fill_input_grad(
    real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const real[::1] bias not None,
):
    """Set x to the input gradient plus the bias (C,), where every position is reached by a tap."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_axes(&plan, x.shape, w.shape, y.shape, s, d, l, groups, True)
    correlate(
        &plan, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &x[0, 0, 0, 0, 0],
        True, threads,
    )


cdef int correlate_with_output(
    Sums *sums, const real *x, const real *y, real *w, int threads
) except -1:
    """Add to w, for every tap, the sum over items and positions of x times y."""
    cdef Plan *plan = &sums.plan
    cdef Py_ssize_t task, tasks, each, row, bases, positions, results
    cdef Turns turns
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef Py_ssize_t *base
    cdef Py_ssize_t *position
    cdef real *result
    make_sums(sums, sizeof(real))
    tasks = plan.groups * sums.chunks * sums.parts
    threads = <int> min(threads, tasks)
    bases = whole(sums.rows, 8)
    positions = whole(max(sums.positions, plan.taps), 8)
    results = whole(sums.chunks * plan.groups * sums.columns * sums.column_size, 16)
    workspace = borrow(
        (bases + threads * positions) * sizeof(Py_ssize_t)
        + (results + threads * sums.buffer_size) * sizeof(real)
    )
    base = <Py_ssize_t *> workspace.data
    position = base + bases
    result = <real *> (position + threads * positions)
    with nogil:
        set_offsets(plan, base, position)
        for row in range(plan.held * plan.taps, sums.rows):
            base[row] = 0
        deal(&turns, tasks, threads)
        for each in prange(tasks, num_threads=threads, schedule="dynamic"):
            sum_task(
                sums, next_task(&turns, threadid()), x, y, base,
                position + threadid() * positions, result,
                result + results + threadid() * sums.buffer_size, &watch,
            )
        for task in prange(strips(sums), num_threads=threads):
            add_sums(sums, task, result, w)
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


def weight_grad(
    const real[:, :, :, :, ::1] x not None, real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to w (F, C // groups, *K) the derivative of <forward(x, w), y> by w."""
    cdef Sums sums
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_axes(&sums.plan, x.shape, w.shape, y.shape, s, d, l, groups, False)
    correlate_with_output(
        &sums, &x[0, 0, 0, 0, 0], &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], threads
    )
