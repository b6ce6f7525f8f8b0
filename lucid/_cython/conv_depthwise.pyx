r"""Depthwise convolution: every input channel by itself, for groups == channels.

A channel, or a block of it, is copied into rows with zeros around them (`padded.pxd`). A tile of
the result, 7 rows high and half to two vectors wide, stays in registers while a column of taps
slides down the rows below it: each row is loaded once for up to 7 multiply-adds (`sliding.pxd`;
3 rows where there are only 16 registers).

The input gradient is the same with the taps turned around, for stride 1, and one such convolution
for each phase of the position otherwise. The weight gradient holds 7 rows of y instead, and adds up
a vector of sums for each tap. With a multiplier, F = multiplier * C, output channels f of one input
channel f // multiplier share its copy. Where rows are not read one after the other (stride in the
row axis), each tap is a column of its own.

Source: Zhang, Lo and Lu, "High performance depthwise and pointwise convolutions on mobile devices",
2020 (reuse in registers, no unfolded copy); the sliding column of taps is our own arrangement.

Cost: the multiply-adds of the definition, and those for the lanes behind the end of a row; each
element of x is copied once, each element of y read and written once: 9 multiply-adds for 12 bytes
with a 3x3 kernel, so memory is the limit of small kernels. Memory beside the arrays: a copy of the
weights, and about 128 KiB for each thread. It must equal `conv_naive`.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memset

from lucid._cython.depthwise_plan cimport (
    HELD_BYTES, Plan, make_plan, runs, set_axes, set_block_start, set_run, set_taps,
)
from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.padded cimport Axis, ceil_div, clip, dst_start, phase_taps, src_start, tail_size
from lucid._cython.rows cimport Window, copy_row, find_window
from lucid._cython.sliding cimport VECTOR_BYTES, Run, add_lanes, add_rows, sum_rows
from lucid._cython.types cimport real
from lucid._cython.workspace cimport Workspace, borrow, give_back

cdef Py_ssize_t TASKS = 16  # of a weight gradient: a fixed number, so that bits are fixed too

cdef void copy_slot(
    Plan *plan, const real *x, const Window *window, real *row
) noexcept nogil:
    """Copy the rows of one slot. Where a block is all, zeros keep their places, to be reused."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t q0, q1, q, columns = axes[2].pitch, size = axes[2].src_size
    cdef Py_ssize_t step0 = axes[0].src_step * axes[1].src_size * size
    cdef Py_ssize_t step1 = axes[1].src_step * size
    cdef Py_ssize_t first = window[2].first, count = window[2].last - window[2].first
    cdef const real *source
    x += (window[0].start * axes[1].src_size + window[1].start) * size + window[2].start
    if not plan.whole:
        memset(row, 0, window[0].first * plan.step0 * sizeof(real))
    row += window[0].first * plan.step0
    for q0 in range(window[0].last - window[0].first):
        if not plan.whole:
            memset(row, 0, window[1].first * columns * sizeof(real))
        row += window[1].first * columns
        source = x
        for q1 in range(window[1].last - window[1].first):
            if not plan.whole:
                for q in range(first):
                    row[q] = 0
                for q in range(window[2].last, columns):
                    row[q] = 0
            copy_row(source, axes[2].src_step, count, row + first)
            source += step1
            row += columns
        if not plan.whole:
            memset(row, 0, (axes[1].pitch - window[1].last) * columns * sizeof(real))
        row += (axes[1].pitch - window[1].last) * columns
        x += step0
    if not plan.whole:
        memset(row, 0, (axes[0].pitch - window[0].last) * plan.step0 * sizeof(real))


cdef void copy_channels(
    Plan *plan, const real *x, Py_ssize_t x_step, Py_ssize_t count, const Py_ssize_t *m,
    real *plane,
) noexcept nogil:
    """Copy `count` channels of the block that starts at m[0], m[1], m[2], `x_step` apart."""
    cdef Axis *axes = plan.axes
    cdef Window window[3]
    cdef Py_ssize_t s0, s1, s2, c
    for s0 in range(axes[0].slots):
        window[0] = find_window(
            &axes[0], src_start(&axes[0], s0, m[0]), axes[0].pitch
        )
        for s1 in range(axes[1].slots):
            window[1] = find_window(
                &axes[1], src_start(&axes[1], s1, m[1]), axes[1].pitch
            )
            for s2 in range(axes[2].slots):
                window[2] = find_window(
                    &axes[2], src_start(&axes[2], s2, m[2]), axes[2].pitch
                )
                for c in range(count):
                    copy_slot(plan, x + c * x_step, window, plane + c * plan.plane)
                plane += axes[0].pitch * plan.step0


cdef void interleave(
    Plan *plan, const Run *run, const real *result, Py_ssize_t m2, const real *bias, real *y
) noexcept nogil:
    """Add the phases of the last axis to the columns they belong to, or set them with the bias."""
    cdef Axis *axis = &plan.axes[2]
    cdef const real *odd = result + plan.result_phase
    cdef const real *row
    cdef real *to
    cdef real value = 0 if bias == NULL else bias[0]
    cdef Py_ssize_t r, p, q, start, first, last, step = axis.dst_step
    cdef Py_ssize_t begin = 1, end = 0  # where both of two phases write
    start = dst_start(axis, 0, m2)
    if axis.phases == 2 and step == 2:
        end = clip((axis.dst_size - start) // 2, run.columns)
        for r in range(run.rows):
            row, to = result + r * plan.result_step, y + r * run.y_step + start
            if bias != NULL:
                for q in range(begin, end):
                    to[2 * q] = value + row[q]
                    to[2 * q + 1] = value + row[plan.result_phase + q]
            else:
                for q in range(begin, end):
                    to[2 * q] += row[q]
                    to[2 * q + 1] += row[plan.result_phase + q]
    end = max(begin, end)
    for p in range(axis.phases):
        start = dst_start(axis, p, m2)
        first = clip(ceil_div(-start, step), run.columns)
        last = clip(ceil_div(axis.dst_size - start, step), run.columns)
        for r in range(run.rows):
            row, to = result + r * plan.result_step, y + r * run.y_step + start
            for q in range(first, min(begin, last)):
                to[q * step] = row[q] + (to[q * step] if bias == NULL else value)
            for q in range(max(first, end), last):
                to[q * step] = row[q] + (to[q * step] if bias == NULL else value)
        result += plan.result_phase


cdef inline void add_plane(
    Plan *plan, Run *run, const real *x, const Py_ssize_t *offset, Py_ssize_t taps, const real *w,
    Py_ssize_t m2, const real *bias, real *result, real *y,
) noexcept nogil:
    """Add `taps` planes of taps to the rows of a run, phase after phase of the last axis."""
    cdef Py_ssize_t p2, columns, y_step = run.y_step
    cdef real zero = 0
    cdef const real *begin = bias
    cdef real *to = y + m2
    if plan.result_phase:
        begin, to = &zero, result
        run.y_step = plan.result_step
    for p2 in range(plan.axes[2].phases):
        columns = taps * phase_taps(&plan.axes[2], p2)
        add_rows(run, x, offset, columns, w, begin, to + p2 * plan.result_phase)
        offset += columns
        w += columns * plan.height
    run.y_step = y_step
    if plan.result_phase:
        interleave(plan, run, result, m2, bias, y)


cdef void add_channels(
    Plan *plan, Run *run, const real *x, const Py_ssize_t *offset, Py_ssize_t taps, const real *w,
    Py_ssize_t channels, Py_ssize_t m2, const real *bias, real *result, real *y,
) noexcept nogil:
    """Add `taps` planes of taps to the rows of a run, in all channels of a task."""
    cdef Py_ssize_t c, j, source, target
    cdef const real *begin
    for c in range(channels):
        for j in range(plan.multiplier):
            source = c * plan.src_share + (j if plan.src_share > 1 else 0)
            target = c * plan.dst_share + (j if plan.dst_share > 1 else 0)
            begin = NULL
            if bias != NULL and (j == 0 or plan.dst_share > 1):
                begin = bias + target
            add_plane(
                plan, run, x + source * plan.plane, offset, taps,
                w + (c * plan.multiplier + j) * plan.kernel, m2, begin, result,
                y + target * plan.dst_plane,
            )


cdef void add_block(
    Plan *plan, const real *x, const real *w, const Py_ssize_t *offset, const Py_ssize_t *m,
    const Py_ssize_t *size, Py_ssize_t channels, const real *bias, real *result, real *y,
) noexcept nogil:
    """Compute all phases of a block of some channels, from their copy x."""
    cdef Axis *axes = plan.axes
    cdef Run run
    cdef Py_ssize_t p0, p1, m0, i0, i1, start, first, last, taps, row, residue
    run.columns = size[2]
    for p0 in range(axes[0].phases):
        for p1 in range(axes[1].phases):
            start = dst_start(&axes[1], p1, m[1])
            first = clip(ceil_div(-start, axes[1].dst_step), size[1])
            last = clip(ceil_div(axes[1].dst_size - start, axes[1].dst_step), size[1])
            row = src_start(&axes[1], 0, m[1]) + first
            taps = phase_taps(&axes[0], p0) * (1 if plan.slides else phase_taps(&axes[1], p1))
            for m0 in range(size[0]):
                i0 = dst_start(&axes[0], p0, m[0] + m0)
                if not 0 <= i0 < axes[0].dst_size:
                    continue
                for residue in range(runs(plan, last - first)):
                    set_run(plan, &run, residue, row, last - first)
                    run.y_step *= axes[1].dst_step * axes[2].dst_size
                    i1 = start + (first + residue) * axes[1].dst_step
                    add_channels(
                        plan, &run, x + m0 * plan.step0 + (first + residue) * plan.step1, offset,
                        taps, w, channels, m[2], bias, result,
                        y + (i0 * axes[1].dst_size + i1) * axes[2].dst_size,
                    )
            taps *= axes[2].taps
            offset += taps
            w += taps * plan.height


cdef void add_task(
    Plan *plan, Py_ssize_t task, const real *x, const real *w, const Py_ssize_t *offset,
    const real *bias, real *y, real *buffer,
) noexcept nogil:
    """Compute one block of some channels of one item."""
    cdef Py_ssize_t m[3]
    cdef Py_ssize_t size[3]
    cdef Py_ssize_t part, channels
    cdef real *result = buffer
    task = set_block_start(plan, task, m, size)
    part = task % plan.parts
    channels = min(plan.held, plan.channels - part * plan.held)
    task = task // plan.parts * plan.channels + part * plan.held
    x += task * plan.src_share * plan.src_plane
    y += task * plan.dst_share * plan.dst_plane
    w += part * plan.held * plan.multiplier * plan.kernel
    if bias != NULL:
        bias += part * plan.held * plan.dst_share
    buffer += plan.axes[2].phases * plan.result_phase
    copy_channels(plan, x, plan.src_plane, channels * plan.src_share, m, buffer)
    add_block(plan, buffer, w, offset, m, size, channels, bias, result, y)


cdef int correlate(
    Plan *plan, const real *x, const real *w, const real *bias, real *y, int threads
) except -1:
    """Add to y, or the bias, the sum over taps; both directions differ in the axes only."""
    cdef Py_ssize_t task, tasks, weights, t
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef real *packed
    cdef real *buffers
    cdef Py_ssize_t *offset
    cdef Py_ssize_t *tap
    make_plan(plan, sizeof(real), threads)
    tasks = plan.items * plan.parts * plan.blocks[0] * plan.blocks[1] * plan.blocks[2]
    weights = ceil_div(plan.channels * plan.multiplier * plan.kernel, 16) * 16
    threads = <int> min(threads, tasks)
    workspace = borrow(
        2 * plan.kernel * sizeof(Py_ssize_t)
        + (weights + threads * plan.buffer_size) * sizeof(real)
    )
    packed = <real *> workspace.data
    buffers = packed + weights
    offset = <Py_ssize_t *> (buffers + threads * plan.buffer_size)
    tap = offset + plan.kernel
    with nogil:
        set_taps(plan, offset, tap)
        for task in range(plan.channels * plan.multiplier):
            for t in range(plan.kernel):
                packed[task * plan.kernel + t] = w[task * plan.kernel + tap[t]]
        memset(buffers, 0, threads * plan.buffer_size * sizeof(real))
        for task in prange(tasks, num_threads=threads, schedule="dynamic"):
            if interrupted(&watch):
                continue
            add_task(
                plan, task, x, packed, offset, bias, y, buffers + threadid() * plan.buffer_size
            )
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


cdef void sum_block(
    Plan *plan, const real *x, const Py_ssize_t *offset, const Py_ssize_t *m,
    const Py_ssize_t *size, Py_ssize_t items, const real *y, real *sums,
) noexcept nogil:
    """Add to the sums of all taps what a block of some items gives, from their copy x."""
    cdef Axis *axes = plan.axes
    cdef Run run
    cdef Py_ssize_t n, m0, residue, row = src_start(&axes[1], 0, m[1])
    cdef Py_ssize_t item = plan.channels * plan.multiplier * plan.dst_plane
    run.columns = size[2]
    for m0 in range(size[0]):
        for residue in range(runs(plan, size[1])):
            set_run(plan, &run, residue, row, size[1])
            run.y_step *= axes[2].dst_size
            for n in range(items):
                sum_rows(
                    &run, x + n * plan.plane + m0 * plan.step0 + residue * plan.step1, offset,
                    plan.kernel // plan.height, sums,
                    y + n * item + m[2]
                    + ((m[0] + m0) * axes[1].dst_size + m[1] + residue) * axes[2].dst_size,
                )


cdef void sum_task(
    Plan *plan, Py_ssize_t f, Py_ssize_t first, Py_ssize_t last, const real *x, const real *y,
    const Py_ssize_t *offset, const Py_ssize_t *tap, real *w, real *buffer,
) noexcept nogil:
    """Sum up the items first to last for one output channel; w gets one value for each tap."""
    cdef Py_ssize_t m[3]
    cdef Py_ssize_t size[3]
    cdef Py_ssize_t n, t, block, count, lanes = VECTOR_BYTES // sizeof(real)
    cdef real *sums = buffer
    buffer += plan.kernel * lanes
    memset(sums, 0, plan.kernel * lanes * sizeof(real))
    for block in range(plan.blocks[0] * plan.blocks[1] * plan.blocks[2]):
        set_block_start(plan, block, m, size)
        n = first
        while n < last:
            count = min(plan.held, last - n)
            copy_channels(
                plan, x + (n * plan.channels + f // plan.multiplier) * plan.src_plane,
                plan.channels * plan.src_plane, count, m, buffer,
            )
            sum_block(
                plan, buffer, offset, m, size, count,
                y + (n * plan.channels * plan.multiplier + f) * plan.dst_plane, sums,
            )
            n += count
    add_lanes(sums, plan.kernel)
    for t in range(plan.kernel):
        w[tap[t]] = sums[t * lanes]


cdef int correlate_with_output(
    Plan *plan, const real *x, const real *y, real *w, int threads
) except -1:
    """Add to w, for each channel and tap, the sum over items and positions of x times y."""
    cdef Py_ssize_t task, tasks, t, chunk, chunks, features, results
    cdef Watch watch
    cdef Workspace workspace
    cdef real *result
    cdef real *buffers
    cdef Py_ssize_t *offset
    cdef Py_ssize_t *tap
    plan.src_share = plan.dst_share = 1
    make_plan(plan, sizeof(real), 1)
    plan.held = max(1, min(HELD_BYTES // <Py_ssize_t> sizeof(real) // plan.plane, plan.items))
    features = plan.channels * plan.multiplier
    chunks = min(plan.items, ceil_div(TASKS, features))
    tasks = chunks * features
    threads = <int> min(threads, tasks)
    watch = watch_calls(<int> (1 + 100_000 * tasks // (plan.items * plan.dst_plane * features)))
    results = ceil_div(tasks * plan.kernel, 16) * 16
    plan.buffer_size = ceil_div(
        plan.held * plan.plane + tail_size(plan.axes)
        + (plan.kernel + 2) * (VECTOR_BYTES // sizeof(real)), 16
    ) * 16
    workspace = borrow(
        2 * plan.kernel * sizeof(Py_ssize_t)
        + (results + threads * plan.buffer_size) * sizeof(real)
    )
    result = <real *> workspace.data
    buffers = result + results
    offset = <Py_ssize_t *> (buffers + threads * plan.buffer_size)
    tap = offset + plan.kernel
    with nogil:
        set_taps(plan, offset, tap)
        memset(buffers, 0, threads * plan.buffer_size * sizeof(real))
        for task in prange(tasks, num_threads=threads, schedule="dynamic"):
            if interrupted(&watch):
                continue
            sum_task(
                plan, task % features, task // features * plan.items // chunks,
                (task // features + 1) * plan.items // chunks, x, y, offset, tap,
                result + task * plan.kernel, buffers + threadid() * plan.buffer_size,
            )
        for chunk in range(chunks):
            for t in range(features * plan.kernel):
                w[t] += result[chunk * features * plan.kernel + t]
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


def forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to y (N, F, *O) the convolution of x (N, C, *I) with w (F, 1, *K)."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_axes(&plan, x.shape, w.shape, y.shape, s, d, l, False)
    correlate(
        &plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], <const real *> NULL, &y[0, 0, 0, 0, 0], threads
    )


def input_grad(
    real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to x (N, C, *I) the derivative of <forward(x, w), y> by x: the transposed convolution."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_axes(&plan, x.shape, w.shape, y.shape, s, d, l, True)
    correlate(
        &plan, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], <const real *> NULL, &x[0, 0, 0, 0, 0], threads
    )


def fill_forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const real[::1] bias not None,
):
    """Set y to the convolution plus the bias (F,) of each channel, whatever y held before."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_axes(&plan, x.shape, w.shape, y.shape, s, d, l, False)
    correlate(
        &plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &y[0, 0, 0, 0, 0], threads
    )


def fill_input_grad(
    real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const real[::1] bias not None,
):
    """Set x to the input gradient plus the bias (C,), where every position is reached by a tap."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_axes(&plan, x.shape, w.shape, y.shape, s, d, l, True)
    correlate(
        &plan, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &x[0, 0, 0, 0, 0], threads
    )


def weight_grad(
    const real[:, :, :, :, ::1] x not None, real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to w (F, 1, *K) the derivative of <forward(x, w), y> by w."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_axes(&plan, x.shape, w.shape, y.shape, s, d, l, False)
    correlate_with_output(&plan, &x[0, 0, 0, 0, 0], &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], threads)
