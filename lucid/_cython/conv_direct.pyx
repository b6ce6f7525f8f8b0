r"""Direct convolution: the definition's own sum, in an order that keeps registers and caches busy.

A block of the input is copied, padded and flattened, so that each tap of the kernel is one shifted
run of neighbours (`padded.pxd`). Weights are packed by ROWS output channels. The inner kernel
(`microkernel.pxd`) then adds up, for ROWS channels and `lanes` neighbouring positions at a time,
the products of a few hundred taps without leaving the registers.

The input gradient is the same computation with the channels' roles exchanged: in this file
`channels` are summed over and `features` are written. The weight gradient sums over positions
instead; its lanes are output channels.

Source: Zhang, Franchetti and Low, "High performance zero-memory overhead direct convolutions",
2018, algorithm 3, with the Goto-style inner kernel on flattened rows instead of their data layout.

Cost: the multiply-adds of the definition and those for the gaps between rows (1 in 57 for rows of
56); each input element is copied once for each block and group of weights it serves, each output
element is read and written once. Memory: at most 4 MiB of packed weights and about 0.7 MB for each
thread. It must equal `conv_naive`.
"""

from cython.parallel cimport prange, threadid

from lucid._cython.direct_plan cimport WEIGHT_BYTES, Plan, make_plan, set_axes, set_offsets, whole
from lucid._cython.direct_sums cimport Sums, add_sums, make_sums, sum_task
from lucid._cython.microkernel cimport LANE_BYTES, ROWS, multiply_add
from lucid._cython.padded cimport (
    Axis, ceil_div, clip, copy_channel, dst_start, phase_taps, tap_step,
)
from lucid._cython.types cimport real
from lucid._cython.workspace cimport Workspace, borrow, give_back


cdef void pack_panel(
    Plan *plan, const real *w, Py_ssize_t feature_step, Py_ssize_t channel_step,
    Py_ssize_t rows, real *packed,
) noexcept nogil:
    """Store the weights of up to ROWS features side by side, in the order they are used in."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t p0, p1, p2, c, t0, t1, t2, j, k
    for p0 in range(axes[0].phases):
        for p1 in range(axes[1].phases):
            for p2 in range(axes[2].phases):
                for c in range(plan.channels):
                    for t0 in range(phase_taps(&axes[0], p0)):
                        for t1 in range(phase_taps(&axes[1], p1)):
                            for t2 in range(phase_taps(&axes[2], p2)):
                                k = (
                                    (p0 + t0 * tap_step(&axes[0])) * axes[1].taps
                                    + p1 + t1 * tap_step(&axes[1])
                                ) * axes[2].taps + p2 + t2 * tap_step(&axes[2])
                                k += c * channel_step
                                for j in range(rows):
                                    packed[j] = w[k + j * feature_step]
                                for j in range(rows, ROWS):
                                    packed[j] = 0
                                packed += ROWS


cdef void add_block(
    Plan *plan, const real *result, Py_ssize_t rows, const Py_ssize_t *m,
    const Py_ssize_t *size, const Py_ssize_t *phase, const real *bias, real *y,
) noexcept nogil:
    """Add the positions of one phase of a block to y, or to the bias, without gaps between them."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t j, m0, m1, m2, i0, i1, step = axes[2].dst_step
    cdef Py_ssize_t start = dst_start(&axes[2], phase[2], m[2])
    cdef Py_ssize_t first = clip(ceil_div(-start, step), size[2])
    cdef Py_ssize_t last = clip(ceil_div(axes[2].dst_size - start, step), size[2])
    cdef const real *row
    cdef real *to
    for j in range(rows):
        for m0 in range(size[0]):
            i0 = dst_start(&axes[0], phase[0], m[0] + m0)
            if not 0 <= i0 < axes[0].dst_size:
                continue
            for m1 in range(size[1]):
                i1 = dst_start(&axes[1], phase[1], m[1] + m1)
                if not 0 <= i1 < axes[1].dst_size:
                    continue
                row = result + j * plan.out_pitch + m0 * plan.out_step0 + m1 * plan.out_step1
                i1 += i0 * axes[1].dst_size
                to = y + j * plan.dst_plane + i1 * axes[2].dst_size + start
                if bias != NULL:
                    for m2 in range(first, last):
                        to[m2 * step] = bias[j] + row[m2]
                elif step == 1:
                    for m2 in range(first, last):
                        to[m2] += row[m2]
                else:
                    for m2 in range(first, last):
                        to[m2 * step] += row[m2]


cdef void run_panel(
    Plan *plan, const real *x, const Py_ssize_t *offset, const real *w, Py_ssize_t taps,
    Py_ssize_t channels, const Py_ssize_t *size, real *result,
) noexcept nogil:
    """Compute one phase of a block for ROWS features, from the channels in the buffer."""
    cdef Py_ssize_t part, c, m0, m1, q, at, out, length, count, lanes = LANE_BYTES // sizeof(real)
    cdef Py_ssize_t outer0 = size[0], outer1 = size[1]
    length = size[2]
    if plan.flat >= 2:
        length += (size[1] - 1) * plan.step1
        outer1 = 1
    if plan.flat == 3:
        length += (size[0] - 1) * plan.step0
        outer0 = 1
    for part in range(ceil_div(channels, plan.chunk)):
        c = part * plan.chunk
        count = min(plan.chunk, channels - c) * taps
        for m0 in range(outer0):
            for m1 in range(outer1):
                at = c * plan.plane + m0 * plan.step0 + m1 * plan.step1
                out = m0 * plan.out_step0 + m1 * plan.out_step1
                for q in range(ceil_div(length, lanes)):
                    multiply_add(
                        x + at + q * lanes, offset, w + c * taps * ROWS, count,
                        result + out + q * lanes, plan.out_pitch, c == 0,
                    )


cdef void run_task(
    Plan *plan, Py_ssize_t task, const real *x, const real *packed,
    const Py_ssize_t *offset, Py_ssize_t first_panel, Py_ssize_t last_panel, const real *bias,
    real *y, real *buffer,
) noexcept nogil:
    """Compute one block of one item and group, for a part of the panels of features."""
    cdef Py_ssize_t m[3]
    cdef Py_ssize_t size[3]
    cdef Py_ssize_t phase[3]
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t a, c, turn, each, held, taps, group, panel, feature, part, of_phase
    cdef Py_ssize_t first_of_all = first_panel, span = last_panel - first_panel
    cdef Py_ssize_t share = ceil_div(span, plan.parts)
    cdef real *result = buffer
    cdef const real *w
    cdef const real *begin
    part = task % plan.parts
    task //= plan.parts
    for a in range(2, -1, -1):
        m[a] = task % plan.blocks[a] * axes[a].block
        size[a] = min(axes[a].block, axes[a].count - m[a])
        task //= plan.blocks[a]
    group = task % plan.groups
    buffer += plan.out_pitch * ROWS
    x += task * plan.channels * plan.src_plane
    y += task * plan.features * plan.dst_plane
    first_panel += part * share
    last_panel = min(last_panel, first_panel + share)
    if first_panel >= last_panel:
        return
    for c in range(plan.held * plan.plane, plan.buffer_size - plan.out_pitch * ROWS):
        buffer[c] = 0
    for turn in range(ceil_div(plan.channels, plan.held)):
        c = turn * plan.held
        held = min(plan.held, plan.channels - c)
        for each in range(held):
            copy_channel(x + (c + each) * plan.src_plane, axes, m, buffer + each * plan.plane)
        for panel in range(first_panel, last_panel):
            feature = panel * ROWS
            begin = NULL
            if bias != NULL and turn == 0:
                begin = bias + group * plan.features + feature
            of_phase = 0
            for phase[0] in range(axes[0].phases):
                for phase[1] in range(axes[1].phases):
                    for phase[2] in range(axes[2].phases):
                        taps = 1
                        for a in range(3):
                            taps *= phase_taps(&axes[a], phase[a])
                        w = packed + ROWS * (
                            (group * span + panel - first_of_all) * plan.channels * plan.taps
                            + of_phase * plan.channels + c * taps
                        )
                        run_panel(
                            plan, buffer, offset + of_phase * plan.chunk, w, taps, held, size,
                            result,
                        )
                        add_block(
                            plan, result, min(ROWS, plan.features - feature), m, size, phase, begin,
                            y + feature * plan.dst_plane,
                        )
                        of_phase += taps


cdef int correlate(
    Plan *plan, const real *x, const real *w, Py_ssize_t feature_step, Py_ssize_t channel_step,
    const real *bias, real *y, int threads,
) except -1:
    """Add to y, or the bias, the sum over channels and taps, in either direction."""
    cdef Py_ssize_t task, turn, panel, first, last, most, tasks, panel_size, group_size, offsets
    cdef Workspace workspace
    cdef real *packed
    cdef real *buffers
    cdef Py_ssize_t *offset
    make_plan(plan, sizeof(real), threads)
    tasks = plan.items * plan.groups * plan.blocks[0] * plan.blocks[1] * plan.blocks[2] * plan.parts
    panel_size = plan.channels * plan.taps * ROWS
    group_size = plan.features * plan.channels * plan.taps
    most = <Py_ssize_t> (WEIGHT_BYTES // (plan.groups * panel_size * sizeof(real)))
    most = max(1, min(plan.panels, most))
    offsets = whole(plan.chunk * plan.taps, 8)
    threads = <int> min(threads, tasks)
    workspace = borrow(
        offsets * sizeof(Py_ssize_t)
        + (plan.groups * most * panel_size + threads * plan.buffer_size) * sizeof(real)
    )
    offset = <Py_ssize_t *> workspace.data
    packed = <real *> (offset + offsets)
    buffers = packed + plan.groups * most * panel_size
    with nogil:
        set_offsets(plan, offset)
        for turn in range(ceil_div(plan.panels, most)):
            first = turn * most
            last = min(plan.panels, first + most)
            for panel in prange(plan.groups * (last - first), num_threads=threads):
                pack_panel(
                    plan,
                    w + panel // (last - first) * group_size
                    + (first + panel % (last - first)) * ROWS * feature_step,
                    feature_step, channel_step,
                    min(ROWS, plan.features - (first + panel % (last - first)) * ROWS),
                    packed + panel * panel_size,
                )
            for task in prange(tasks, num_threads=threads, schedule="dynamic"):
                run_task(
                    plan, task, x, packed, offset, first, last, bias, y,
                    buffers + threadid() * plan.buffer_size,
                )
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
        &plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0],
        plan.channels * w.strides[1] // sizeof(real), w.strides[1] // sizeof(real),
        <const real *> NULL, &y[0, 0, 0, 0, 0], threads,
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
        &plan, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0],
        w.strides[1] // sizeof(real), plan.features * w.strides[1] // sizeof(real),
        <const real *> NULL, &x[0, 0, 0, 0, 0], threads,
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
        &plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0],
        plan.channels * w.strides[1] // sizeof(real), w.strides[1] // sizeof(real),
        &bias[0], &y[0, 0, 0, 0, 0], threads,
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
        &plan, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0],
        w.strides[1] // sizeof(real), plan.features * w.strides[1] // sizeof(real),
        &bias[0], &x[0, 0, 0, 0, 0], threads,
    )


cdef int correlate_with_output(
    Sums *sums, const real *x, const real *y, real *w, int threads
) except -1:
    """Add to w, for every tap, the sum over items and positions of x times y."""
    cdef Plan *plan = &sums.plan
    cdef Py_ssize_t task, tasks, f, row, bases, positions, results
    cdef Workspace workspace
    cdef Py_ssize_t *base
    cdef Py_ssize_t *position
    cdef real *result
    make_sums(sums, sizeof(real))
    tasks = plan.groups * sums.chunks * sums.parts
    threads = <int> min(threads, tasks)
    bases = whole(sums.rows, 8)
    positions = whole(sums.positions, 8)
    results = whole(sums.chunks * plan.groups * sums.columns * sums.column_size, 16)
    workspace = borrow(
        (bases + threads * positions) * sizeof(Py_ssize_t)
        + (results + threads * sums.buffer_size) * sizeof(real)
    )
    base = <Py_ssize_t *> workspace.data
    position = base + bases
    result = <real *> (position + threads * positions)
    plan.chunk = plan.held
    with nogil:
        set_offsets(plan, base)
        for row in range(plan.held * plan.taps, sums.rows):
            base[row] = 0
        for task in prange(tasks, num_threads=threads, schedule="dynamic"):
            sum_task(
                sums, task, x, y, base, position + threadid() * positions, result,
                result + results + threadid() * sums.buffer_size,
            )
        for f in prange(plan.groups * plan.features, num_threads=threads):
            add_sums(sums, f, result, w)
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
