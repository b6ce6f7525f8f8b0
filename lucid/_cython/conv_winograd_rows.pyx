r"""Winograd's F(2, 3) along rows only: two thirds of the products, where few terms are summed up.

Tiles in two axes save more (`conv_winograd`), but their errors are too large for sums of fewer than
216 terms, and with 16 features their transforms take as long as the products; along one axis they
do so with less than 96 channels. Here 2 outputs of 3 taps take 4 products instead of 6, inputs and
outputs are transformed by a few sums, and the taps of the other axes are further channels. Features
are in the lanes, as in `conv_features`, whose plan and turned results it shares; so a tile is one
number for each point, rows may have any length, and all sums of a run of tiles stay in the
registers until its outputs are made (`winograd_rows.pxd`). The input gradient is the forward of y
with channels exchanged and kernels turned.

Source: Winograd, "Arithmetic complexity of computations", 1980; Lavin and Gray, "Fast algorithms
for convolutional neural networks", 2016, section 4.1, for one axis.

Cost: two thirds of the definition's multiply-adds, with features rounded up to a register, and for
16 channels about a sixth of them to transform inputs and turn results. It pays from 144 positions
of an item on, for the weights are transformed first. Memory: transformed weights, at most 4 MiB or
those of one register of features of each group, and 0.7 MB for each thread. Errors: of 20 million
outputs of images of 32x32, whose factors spread over 16 powers of two, 6 of 144 terms were beyond
the bound of a sum in any order, by up to 1.7 (2.9 in others); of 216 terms none above 0.7 of it. So
144 are asked for, and more where many are padding (`exactness`). A NaN or an infinity spreads over
both outputs of its tile.

float32 only, stride 1, 3 taps with dilation 1 along the last axis; anything along the others. It
must equal `conv_naive`.
"""

from cython.parallel cimport prange, threadid

from lucid._cython.features_plan cimport (
    Plan, clear_block, copy_block, find_block, place_of, rows_of_block,
)
from lucid._cython.features_write cimport put, transpose, turn_line
from lucid._cython.fetch cimport Rows, fetch_rows
from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.microkernel cimport MAX_VECTOR
from lucid._cython.padded cimport Block, ceil_div
from lucid._cython.turns cimport Turns, deal, next_task
from lucid._cython.winograd_rows cimport (
    PAIRS, POINTS, RowsPlan, choose_tiles, make_rows_plan, set_line_offsets, set_line_runs,
    sum_line, transform_inputs, transform_weights,
)
from lucid._cython.workspace cimport Workspace, borrow, give_back

cdef enum:
    ROWS = 16  # of taps that are turned at a time
    LANES = 16  # of a line

TERMS = 144  # the fewest that may be summed up
PAYS = PAIRS > 3  # with 16 registers, loads take longer than the products that are saved


def supports(itemsize, kernel_size, stride, dilation):
    """Tell whether this algorithm computes such a convolution; the last three are for 3 axes.

    >>> from lucid._cython import conv_winograd_rows
    >>> conv_winograd_rows.supports(4, (1, 3, 3), (1, 1, 1), (1, 2, 1))
    True
    >>> conv_winograd_rows.supports(4, (1, 3, 3), (1, 1, 1), (1, 1, 2))
    False
    """
    return itemsize == 4 and kernel_size[2] == 3 and set(stride) == {1} and dilation[2] == 1


cdef void pack_terms(
    Plan *plan, Py_ssize_t task, const float *w, Py_ssize_t first, Py_ssize_t last, float *packed
) noexcept nogil:
    """Transform the weights of one group and column of features, some rows of taps at a time.

    Those of an input gradient are turned around, and of one row only are neighbours in memory.
    """
    cdef float line[3 * ROWS * LANES]
    cdef Py_ssize_t t, i, start, count, lines = plan.taps // 3, terms = plan.channels * lines
    cdef Py_ssize_t rows = 1 if plan.turned else ROWS, plane = 3 * terms
    cdef Py_ssize_t column = first + task % (last - first), group = task // (last - first)
    cdef Py_ssize_t features = min(<Py_ssize_t> MAX_VECTOR, plan.features - column * MAX_VECTOR)
    cdef const float *taps
    if plan.turned:
        plane = plan.taps
    w += group * plan.features * plan.channels * plan.taps + column * MAX_VECTOR * plane
    packed += task * terms * POINTS * MAX_VECTOR
    for t in range(ceil_div(terms, rows)):
        start = 3 * t * rows
        if plan.turned:
            start = t // lines * plan.features * plane + plane - 3 - t % lines * 3
        count = min(rows, terms - t * rows)
        turn_line(w + start, plane, 3 * count, features, line)
        for i in range(count):
            taps = line + 3 * i * LANES
            if plan.turned:
                transform_weights(taps + 2 * LANES, taps + LANES, taps, packed)
            else:
                transform_weights(taps, taps + LANES, taps + 2 * LANES, packed)
            packed += POINTS * MAX_VECTOR


cdef void sum_lines(
    const float *v, Py_ssize_t step, const Py_ssize_t *base, const Py_ssize_t *offset,
    const float *u, Py_ssize_t terms, float *sums, const Py_ssize_t *to, Py_ssize_t run,
    Py_ssize_t count, const float *src, Rows *ahead, const float *dst, Rows *target,
) noexcept nogil:
    """Sum up all runs of a block; in a function of its own, where addresses have registers.

    Meanwhile ask for what is read next, and for what these sums are added to.
    """
    cdef Py_ssize_t i
    cdef Py_ssize_t reads = ceil_div(ahead.count * (ahead.size - ahead.at), count * 16)
    cdef Py_ssize_t writes = ceil_div(target.count * target.size, count * 16) + 1
    for i in range(count):
        fetch_rows(src, ahead, reads)
        fetch_rows(dst, target, writes)
        sum_line(v + base[i], step, offset, u, terms, sums + to[i], run)


cdef void take_inputs(
    RowsPlan *rows, const Block *block, Py_ssize_t held, const float *x, float *buffer, float *v
) noexcept nogil:
    """Copy and transform what a block reads of some channels, with the same zeros around each."""
    cdef Py_ssize_t c
    clear_block(&rows.plan, 1, buffer)
    for c in range(held):
        copy_block(&rows.plan, block, 1, x + c * rows.plan.src_plane, buffer)
        transform_inputs(buffer, rows.tiles, rows.step, v + c * POINTS * rows.step)


cdef void run_task(
    RowsPlan *rows, Py_ssize_t task, const float *x, const float *packed,
    const Py_ssize_t *offset, Py_ssize_t first, Py_ssize_t last, const float *bias, float *y,
    Py_ssize_t *base, float *buffer,
) noexcept nogil:
    """Compute one block of one item and group, for a part of the columns of features."""
    cdef Plan *plan = &rows.plan
    cdef Block block
    cdef Py_ssize_t c, held, turn, run, runs, count, column, feature, features, group
    cdef Py_ssize_t part = task % plan.parts, share = ceil_div(last - first, plan.parts)
    cdef Py_ssize_t lines = plan.taps // 3
    cdef Py_ssize_t *to = base + plan.starts // 2
    cdef Rows target, ahead = rows_of_block(plan, (task + 1) // plan.parts)
    cdef const float *src = x
    cdef float *sums = buffer + plan.buffer_size - 2 * plan.positions * MAX_VECTOR
    cdef float *turned = sums + plan.positions * MAX_VECTOR
    cdef float *v = sums - ceil_div(plan.held * POINTS * rows.step, 16) * 16
    task = find_block(plan, task // plan.parts, &block)
    group = task % plan.groups
    run = choose_tiles(ceil_div(block.size[2], 2))
    runs = set_line_runs(rows, &block, run, base, to)
    count = block.size[0] * block.size[1] * block.size[2]
    x += task * plan.channels * plan.src_plane
    y += task * plan.features * plan.dst_plane
    y += place_of(plan, &block)
    packed += (group * (last - first) - first) * plan.channels * lines * POINTS * MAX_VECTOR
    first += part * share
    for turn in range(ceil_div(plan.channels, plan.held)):
        c = turn * plan.held
        held = min(plan.held, plan.channels - c)
        take_inputs(rows, &block, held, x + c * plan.src_plane, buffer, v)
        for column in range(first, min(last, first + share)):
            feature = column * MAX_VECTOR
            features = min(<Py_ssize_t> MAX_VECTOR, plan.features - feature)
            target.count, target.pitch, target.size = features, plan.dst_plane, count
            target.start = target.at = 0
            sum_lines(
                v, rows.step, base, offset,
                packed + (column * plan.channels + c) * lines * POINTS * MAX_VECTOR, held * lines,
                sums, to, run, runs, src, &ahead, y + feature * plan.dst_plane, &target,
            )
            transpose(sums, MAX_VECTOR, plan.positions, turned)
            put(
                turned, plan.positions, count, features,
                bias + group * plan.features + feature if bias != NULL and c == 0
                else <const float *> NULL,
                y + feature * plan.dst_plane, plan.dst_plane,
            )


cdef int correlate(
    RowsPlan *rows, const float *x, const float *w, const float *bias, float *y, int threads
) except -1:
    """Set y to, or without a bias add, the sum over channels and taps."""
    cdef Plan *plan = &rows.plan
    cdef Py_ssize_t task, tasks, turn, each, first, last, lines = plan.taps // 3
    cdef Turns turns
    cdef Py_ssize_t offsets = ceil_div(plan.held * lines, 8) * 8
    cdef Py_ssize_t weights = plan.groups * plan.most * plan.channels * lines * POINTS * MAX_VECTOR
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef Py_ssize_t *offset
    cdef Py_ssize_t *bases
    cdef float *packed
    cdef float *buffers
    tasks = plan.items * plan.groups * plan.blocks[0] * plan.blocks[1] * plan.blocks[2] * plan.parts
    threads = <int> min(threads, tasks)
    workspace = borrow(
        (offsets + threads * plan.starts) * sizeof(Py_ssize_t)
        + (weights + threads * plan.buffer_size) * sizeof(float)
    )
    offset = <Py_ssize_t *> workspace.data
    bases = offset + offsets
    packed = <float *> (bases + threads * plan.starts)
    buffers = packed + weights
    with nogil:
        set_line_offsets(rows, offset)
        for turn in range(ceil_div(plan.columns, plan.most)):
            first = turn * plan.most
            last = min(plan.columns, first + plan.most)
            for task in prange(plan.groups * (last - first), num_threads=threads):
                pack_terms(plan, task, w, first, last, packed)
            deal(&turns, tasks, threads)
            for each in prange(tasks, num_threads=threads, schedule="dynamic"):
                if interrupted(&watch):
                    continue
                run_task(
                    rows, next_task(&turns, threadid()), x, packed, offset, first, last, bias, y,
                    bases + threadid() * plan.starts, buffers + threadid() * plan.buffer_size,
                )
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


cdef int compute(
    const float[:, :, :, :, ::1] x, const float[:, :, :, :, ::1] w,
    const float[:, :, :, :, ::1] y, const float *bias, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, bint turned, int threads,
) except -1:
    """Compute y or, if `turned`, x; that one is written."""
    cdef RowsPlan rows
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    kernel_size = w.shape[2], w.shape[3], w.shape[4]
    if not supports(4, kernel_size, stride, dilation):
        raise ValueError(
            f"kernel {kernel_size}, stride {stride}, dilation {dilation}: this algorithm "
            f"needs 3 taps with dilation 1 in the last axis, and stride 1"
        )
    make_rows_plan(&rows, x.shape, w.shape, y.shape, s, d, l, groups, turned, threads)
    if turned:
        return correlate(
            &rows, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], bias, <float *> &x[0, 0, 0, 0, 0], threads
        )
    return correlate(
        &rows, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], bias, <float *> &y[0, 0, 0, 0, 0], threads
    )


def forward(
    const float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to y (N, F, *O) the convolution of x (N, C, *I) with w (F, C // groups, *K)."""
    compute(x, w, y, NULL, stride, dilation, low, groups, False, threads)


def input_grad(
    float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    const float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to x (N, C, *I) the derivative of <forward(x, w), y> by x: the transposed convolution."""
    compute(x, w, y, NULL, stride, dilation, low, groups, True, threads)


def fill_forward(
    const float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const float[::1] bias not None,
):
    """Set y to the convolution plus the bias (F,) of each channel, whatever y held before."""
    compute(x, w, y, &bias[0], stride, dilation, low, groups, False, threads)


def fill_input_grad(
    float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    const float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const float[::1] bias not None,
):
    """Set x to the input gradient plus the bias (C,) of each channel."""
    compute(x, w, y, &bias[0], stride, dilation, low, groups, True, threads)
