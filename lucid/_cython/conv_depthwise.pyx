r"""Depthwise convolution: every input channel by itself, for groups == channels.

A tile of the result, 7 rows high and half to two vectors wide, stays in registers while a column of
taps slides down the rows of the input: each row is loaded once for up to 7 multiply-adds
(`sliding.pxd`; 3 rows where registers are few and short). For 3x3, 5x5 and 7x7 taps the sums of a
few rows move up instead as the rows of the input pass (`strips.pxd`); with AVX-512 also of several
planes. With stride 1, and with such taps and stride 2 (`parted_strips.pxd`, `paired_strips.pxd`;
a plane of taps after the other, `depthwise_blocks.pxd`, though not in an input gradient), rows are
read where they are, and what lies outside the image is made zero in the registers. Otherwise a
channel or a block of it is copied, into rows with zeros around them (`padded.pxd`,
`depthwise_copy.pxd`).

The input gradient is the same with the taps turned around, for stride 1, and one such convolution
for each phase of the position otherwise. With a multiplier, F = multiplier * C, output channels f
of one input channel f // multiplier share its copy. Where rows are not read one after the other
(stride in the row axis), each tap is a column of its own. The weight gradient has a file of its
own, `conv_depthwise_weights`.

Source: Zhang, Lo and Lu, "High performance depthwise and pointwise convolutions on mobile devices",
2020 (reuse in registers, no unfolded copy); the sliding column of taps is our own arrangement.

Cost: the multiply-adds of the definition, and those for the lanes behind the end of a row; each
element of x is read and each of y written once (where x is copied, once more): 9
multiply-adds for 8 bytes with a 3x3 kernel, so memory is the limit of small kernels. Memory beside
the arrays: a copy of the weights, and for each thread up to about 128 KiB; where taps lie in
several planes, up to as many planes; for an input gradient with a multiplier so many times that,
and a whole channel where it has many small planes. It must equal `conv_naive`.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memset

from lucid._cython.depthwise_blocks cimport (
    set_block_by_two, set_block_by_two_in_depth, set_block_in_depth,
)
from lucid._cython.depthwise_copy cimport copy_channels, interleave, stay_inside
from lucid._cython.depthwise_plan cimport (
    Plan, make_plan, pack_weights, runs, set_axes, set_run, set_taps,
)
from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.padded cimport (
    Axis, ceil_div, clip, dst_start, find_block, phase_taps, src_start,
)
from lucid._cython.parted_strips cimport set_parted_planes
from lucid._cython.parted_strips_of_many_taps cimport set_parted_planes_of_many_taps
from lucid._cython.sliding cimport (
    HALF_ROWS, MAX_ROWS, MAX_WIDTH, Run, add_strip, first_tap, last_tap, set_rows, strip_width,
    tile_rows,
)
from lucid._cython.strips cimport THREE, Planes, fits_strips, set_planes
from lucid._cython.strips_of_many_taps cimport MANY_TAPS, MOST_TAPS, set_planes_of_many_taps
from lucid._cython.turns cimport Turns, deal, next_task
from lucid._cython.types cimport real
from lucid._cython.workspace cimport Workspace, borrow, give_back

cdef enum:
    FAR_BYTES = 32 << 10  # a first-level cache: strips of larger planes are far from each other


cdef void add_any_tile(
    const Run *run, const real *x, const real *w, const real *bias, real *y, Py_ssize_t m,
    Py_ssize_t q, int rows, int width,
) noexcept nogil:
    """Call `add_strip` with a literal number of rows."""
    if rows >= MAX_ROWS:
        add_strip(run, x, w, bias, y, m, q, MAX_ROWS, width)
    elif rows >= HALF_ROWS:
        add_strip(run, x, w, bias, y, m, q, HALF_ROWS, width)
    elif rows >= 2:
        add_strip(run, x, w, bias, y, m, q, 2, width)
    else:
        add_strip(run, x, w, bias, y, m, q, 1, width)


cdef void add_rows(
    const Run *run, const real *x, const real *w, const real *bias, real *y
) noexcept nogil:
    """Add all columns of taps to the rows of a run, or set the rows to them and the bias."""
    cdef Py_ssize_t q, m = 0
    cdef int rows, width
    while m < run.rows:
        rows = tile_rows(run, m, sizeof(real))
        if first_tap(run, m, rows) < last_tap(run, m):
            q = 0
            while q < run.columns:
                width = strip_width(run.columns - q, rows, sizeof(real))
                add_any_tile(run, x, w, bias, y + q, m, q, rows, width)
                q += width // sizeof(real)
        elif bias != NULL:
            set_rows(run, bias, y, rows)
        y += rows * run.y_step
        m += rows


cdef void add_plane(
    Plan *plan, Run *run, const real *x, const Py_ssize_t *offset, Py_ssize_t taps, const real *w,
    Py_ssize_t m2, const real *bias, real *result, real *y,
) noexcept nogil:
    """Add `taps` planes of taps to the rows of a run, phase after phase of the last axis."""
    cdef Py_ssize_t p2, y_step = run.y_step
    cdef real zero = 0
    cdef const real *begin = bias
    cdef real *to = y + m2
    if plan.result_phase:
        begin, to = &zero, result
        run.y_step = plan.result_step
    run.offset = offset
    for p2 in range(plan.axes[2].phases):
        run.taps = taps * phase_taps(&plan.axes[2], p2)
        add_rows(run, x, w, begin, to + p2 * plan.result_phase)
        run.offset += run.taps
        w += run.taps * plan.height
    run.y_step = y_step
    if plan.result_phase:
        interleave(plan, run, result, m2, bias, y)


# Functions that only call one each: gcc then keeps what a kind of strips needs in registers.
# With all kinds in one function, images of 7x7 and 28x28 took 4 to 8 % longer.


cdef void set_three_taps(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y
) noexcept nogil:
    """Call `set_planes`."""
    set_planes(run, planes, x, w, bias, y, False)


cdef void set_three_taps_far(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y
) noexcept nogil:
    """Call `set_planes`, and let it ask for the next plane meanwhile."""
    set_planes(run, planes, x, w, bias, y, True)


cdef void set_three_taps_by_two(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y
) noexcept nogil:
    """Call `set_parted_planes`."""
    set_parted_planes(run, planes, x, w, bias, y)


cdef void set_many_taps(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y
) noexcept nogil:
    """Call `set_planes_of_many_taps`."""
    set_planes_of_many_taps(run, planes, x, w, bias, y)


cdef void set_many_taps_by_two(
    const Run *run, const Planes *planes, const real *x, const real *w, const real *bias, real *y
) noexcept nogil:
    """Call `set_parted_planes_of_many_taps`."""
    set_parted_planes_of_many_taps(run, planes, x, w, bias, y)


cdef void set_by_two(
    Plan *plan, const real *x, const real *w, const Py_ssize_t *m, const Py_ssize_t *size,
    Py_ssize_t channels, const real *bias, real *y,
) noexcept nogil:
    """Call `set_block_by_two`."""
    set_block_by_two(plan, x, w, m, size, channels, bias, y)


cdef void set_in_depth(
    Plan *plan, const real *x, const real *w, const Py_ssize_t *offset, const Py_ssize_t *m,
    const Py_ssize_t *size, const real *bias, real *y,
) noexcept nogil:
    """Call `set_block_in_depth`."""
    set_block_in_depth(plan, x, w, offset, m, size, bias, y)


cdef void set_by_two_in_depth(
    Plan *plan, const real *x, const real *w, const Py_ssize_t *offset, const Py_ssize_t *m,
    const Py_ssize_t *size, Py_ssize_t channels, const real *bias, real *result, real *y,
) noexcept nogil:
    """Call `set_block_by_two_in_depth` with the strips to use."""
    set_block_by_two_in_depth(
        plan, x, w, offset, m, size, channels, bias, result, y,
        set_three_taps_by_two[real] if plan.height == THREE else set_many_taps_by_two[real],
    )


cdef void add_channels(
    Plan *plan, Run *run, const real *x, const Py_ssize_t *offset, Py_ssize_t taps, const real *w,
    Py_ssize_t channels, Py_ssize_t m2, const real *bias, real *result, real *y,
) noexcept nogil:
    """Add `taps` planes of taps to the rows of a run, in all channels of a task."""
    cdef Py_ssize_t c, j, source, target
    cdef const real *begin
    cdef Planes planes
    run.offset, run.taps = offset, taps * plan.axes[2].taps
    if plan.multiplier == 1 and plan.axes[2].phases == 1 and fits_strips(run, bias):
        planes.count, planes.x_step, planes.y_step = channels, plan.plane, plan.dst_plane
        if run.taps == THREE:
            if plan.by_two:
                set_three_taps_by_two(run, &planes, x, w, bias, y + m2)
            elif run.rows * run.x_step > FAR_BYTES // <Py_ssize_t> sizeof(real):
                set_three_taps_far(run, &planes, x, w, bias, y + m2)
            else:
                set_three_taps(run, &planes, x, w, bias, y + m2)
            return
        if plan.by_two:
            set_many_taps_by_two(run, &planes, x, w, bias, y + m2)
            return
        if MANY_TAPS > 0 and (run.taps == 5 or run.taps == MANY_TAPS):
            set_many_taps(run, &planes, x, w, bias, y + m2)
            return
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
    if plan.by_two and axes[1].backward:
        set_by_two(plan, x, w, m, size, channels, bias, y)
        return
    if plan.in_place:
        x += src_start(&axes[0], 0, m[0]) * plan.step0 + src_start(&axes[1], 0, m[1]) * plan.step1
    if plan.by_two and plan.deep:
        set_by_two_in_depth(plan, x, w, offset, m, size, channels, bias, result, y)
        return
    if MANY_TAPS > 0 and plan.deep:
        set_in_depth(plan, x, w, offset, m, size, bias, y)
        return
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
                    set_run(plan, &run, residue, row, last - first, m[2], size[2])
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
    cdef Py_ssize_t part, channels, start
    cdef real *result = buffer
    task = find_block(plan.axes, task, m, size)
    part = task % plan.parts
    channels = min(plan.held, plan.channels - part * plan.held)
    task = task // plan.parts * plan.channels + part * plan.held
    start = task * plan.src_share * plan.src_plane
    y += task * plan.dst_share * plan.dst_plane
    w += part * plan.held * plan.multiplier * plan.kernel
    if bias != NULL:
        bias += part * plan.held * plan.dst_share
    buffer += plan.result_size
    if plan.in_place:
        x = stay_inside(plan, x, start, channels * plan.src_share, m, size, buffer)
    else:
        copy_channels(plan, x + start, plan.src_plane, channels * plan.src_share, m, buffer)
        x = buffer
    add_block(plan, x, w, offset, m, size, channels, bias, result, y)


cdef int correlate(
    Plan *plan, const real *x, const real *w, const real *bias, real *y, int threads
) except -1:
    """Add to y, or the bias, the sum over taps; both directions differ in the axes only."""
    cdef Py_ssize_t tasks, turn, weights
    cdef Turns turns
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef real *packed
    cdef real *buffers
    cdef Py_ssize_t *offset
    cdef Py_ssize_t *tap
    if bias == NULL:  # strips set y
        make_plan(plan, sizeof(real), threads, 0, 0)
    else:
        make_plan(plan, sizeof(real), threads, MOST_TAPS, MANY_TAPS)
    tasks = plan.items * plan.parts * plan.blocks[0] * plan.blocks[1] * plan.blocks[2]
    weights = ceil_div(plan.channels * plan.multiplier * plan.kernel, 16) * 16
    threads = <int> min(threads, tasks)
    workspace = borrow(
        2 * plan.kernel * sizeof(Py_ssize_t)
        + (weights + threads * plan.buffer_size + MAX_WIDTH) * sizeof(real)
    )
    packed = <real *> workspace.data
    buffers = packed + weights
    plan.zeros = buffers + threads * plan.buffer_size
    offset = <Py_ssize_t *> (buffers + threads * plan.buffer_size + MAX_WIDTH)
    tap = offset + plan.kernel
    with nogil:
        set_taps(plan, offset, tap)
        pack_weights(plan, w, tap, packed)
        memset(buffers, 0, (threads * plan.buffer_size + MAX_WIDTH) * sizeof(real))
        deal(&turns, tasks, threads)
        for turn in prange(tasks, num_threads=threads, schedule="dynamic"):
            if interrupted(&watch):
                continue
            add_task(
                plan, next_task(&turns, threadid()), x, packed, offset, bias, y,
                buffers + threadid() * plan.buffer_size,
            )
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
