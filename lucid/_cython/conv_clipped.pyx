r"""Direct convolution tap by tap, each clipped to the positions where it meets the image.

Other kernels pad the image: for a result near the border, some products are with zeros. Where an
image is hardly larger than the kernel these are most of them: the input gradient of 5x5 taps on
7x7 positions has 9 outputs to spread, but is a sum of 25 products for each of 49 results. Here each
tap takes only the box of positions that it connects (`clipped_plan.pxd`), so that no product is
with padding, nor with the zeros that a stride leaves in a gradient. The box is a product of
matrices, which sums over channels: 64 bytes of features lie side by side in the lanes, as in
`conv_features`, and positions of several items take turns (`features_tiles.pxd`). Its sums are then
added to those of the block, with the shift of the tap and the stride of the layer, and the block's
are turned when all taps are done.

Source: Anderson, Vasudevan, Keane and Gregg, "Low-memory GEMM-based convolution algorithms for deep
neural networks", 2017, section 3: a product for each tap, accumulated with a shift.

Cost: the multiply-adds of the definition without those of padding, with features rounded up to 64
bytes; each tap moves each result twice, which takes as long as about 6 products. So it pays where
many channels are summed and the border is a large part of the image. Only some loops over float64
have vectors. Memory: packed weights, at most 4 MiB or those of one line of features of each group,
and 0.2 MB for each thread. There is no weight gradient: few of its products are with padding. It
must equal `conv_naive`.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memset

from lucid._cython.clipped_plan cimport Box, Plan, cut, find_block, find_box, make_plan, set_runs
from lucid._cython.features_tiles cimport LINE_BYTES, runs_of, sum_tile
from lucid._cython.features_write cimport put, transpose, turn_taps
from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.padded cimport Block, ceil_div
from lucid._cython.turns cimport Turns, deal, next_task
from lucid._cython.types cimport real
from lucid._cython.workspace cimport Workspace, borrow, give_back


cdef void pack_column(
    Plan *plan, Py_ssize_t task, const real *w, Py_ssize_t first, Py_ssize_t last, real *packed
) noexcept nogil:
    """Store the weights of one group and column: tap, channel, and features side by side."""
    cdef Py_ssize_t c, lanes = LINE_BYTES // sizeof(real), of_all = last - first
    cdef Py_ssize_t feature = (first + task % of_all) * lanes
    cdef Py_ssize_t of_channel = plan.taps, of_feature = plan.channels * plan.taps
    cdef const real *end
    w += task // of_all * plan.features * plan.channels * plan.taps
    end = w + plan.features * plan.channels * plan.taps
    if plan.backward:  # w (F, C, *K) has what is summed over in front
        of_channel, of_feature = plan.features * plan.taps, plan.taps
    packed += task * plan.taps * plan.channels * lanes
    for c in range(plan.channels):
        turn_taps(
            w + feature * of_feature + c * of_channel, end, of_feature, plan.taps,
            min(lanes, plan.features - feature), packed + c * lanes, plan.channels * lanes,
        )


cdef void sum_box(
    const real *x, const Py_ssize_t *base, const Py_ssize_t *offset, const real *w,
    Py_ssize_t terms, real *sums, const Py_ssize_t *to, Py_ssize_t run, Py_ssize_t step,
    Py_ssize_t count,
) noexcept nogil:
    """Sum up `count` runs of a box; in a function of its own, where addresses have registers."""
    cdef Py_ssize_t i, tile, runs = runs_of(run)
    for tile in range(ceil_div(count, runs)):
        i = tile * runs
        sum_tile(x, base + i, offset, w, terms, sums, to + i, count - i, run, step)


cdef void add_box(
    const Plan *plan, const Block *block, const Box *box, Py_ssize_t items, const real *sums,
    real *total,
) noexcept nogil:
    """Add the sums of a box to those of the block."""
    cdef Py_ssize_t n, q0, q1, q2, step = plan.dst_step[2] * (LINE_BYTES // <int> sizeof(real))
    cdef int l, lanes = LINE_BYTES // sizeof(real)
    cdef real *to
    for n in range(items):
        for q0 in range(box.count[0]):
            for q1 in range(box.count[1]):
                to = total + n * plan.positions * lanes + (
                    ((box.dst[0] + q0 * plan.dst_step[0]) * block.size[1]
                     + box.dst[1] + q1 * plan.dst_step[1]) * block.size[2] + box.dst[2]
                ) * lanes
                for q2 in range(box.count[2]):
                    for l in range(lanes):
                        to[l] += sums[l]
                    to += step
                    sums += lanes


cdef void sum_column(
    const Plan *plan, const Block *block, Py_ssize_t items, const real *x, const real *packed,
    const Py_ssize_t *offset, Py_ssize_t *base, real *sums, real *total,
) noexcept nogil:
    """Sum up a block of some items, for one column of features."""
    cdef Box box, last
    cdef Py_ssize_t k[3]
    cdef Py_ssize_t count, a, runs = 0, run = 0, lanes = LINE_BYTES // sizeof(real)
    cdef Py_ssize_t *to = base + plan.starts // 2
    cdef bint same
    memset(&last, 0, sizeof(last))
    memset(total, 0, items * plan.positions * lanes * sizeof(real))
    for k[0] in range(plan.kernel[0]):
        for k[1] in range(plan.kernel[1]):
            for k[2] in range(plan.kernel[2]):
                count = find_box(plan, block, k, &box)
                if count > 0:
                    same = True
                    for a in range(3):
                        same = same and box.src[a] == last.src[a] and box.count[a] == last.count[a]
                    if not same:
                        runs = set_runs(plan, &box, items, lanes, &run, base, to)
                        last = box
                    sum_box(
                        x, base, offset, packed, plan.channels, sums, to, run, plan.src_step[2],
                        runs,
                    )
                    add_box(plan, block, &box, items, sums, total)
                packed += plan.channels * lanes


cdef void run_task(
    Plan *plan, Py_ssize_t task, const real *x, const real *packed, const Py_ssize_t *offset,
    Py_ssize_t first, Py_ssize_t last, const real *bias, real *y, Py_ssize_t *base, real *buffer,
) noexcept nogil:
    """Compute one block of some items and a group, for a part of the columns of features."""
    cdef Block block
    cdef Py_ssize_t n, first_item, items, column, feature, group, count
    cdef Py_ssize_t part = task % plan.parts, share = ceil_div(last - first, plan.parts)
    cdef Py_ssize_t lanes = LINE_BYTES // sizeof(real)
    cdef Py_ssize_t column_size = plan.taps * plan.channels * lanes
    cdef real *sums = buffer + plan.together * plan.positions * lanes
    cdef real *turned = sums + plan.together * plan.positions * lanes
    task = find_block(plan, task // plan.parts, &block)
    group, first_item = task % plan.groups, task // plan.groups * plan.together
    items = min(plan.together, plan.items - first_item)
    x += (first_item * plan.groups + group) * plan.channels * plan.src_plane
    y += (first_item * plan.groups + group) * plan.features * plan.dst_plane
    y += (block.m[0] * plan.dst_size[1] + block.m[1]) * plan.dst_size[2] + block.m[2]
    packed += group * (last - first) * column_size
    count = block.size[0] * block.size[1] * block.size[2]
    for column in range(first + part * share, min(last, first + (part + 1) * share)):
        feature = column * lanes
        sum_column(
            plan, &block, items, x, packed + (column - first) * column_size, offset, base, sums,
            buffer,
        )
        for n in range(items):
            transpose(buffer + n * plan.positions * lanes, lanes, plan.positions, turned)
            put(
                turned, plan.positions, count, min(lanes, plan.features - feature),
                bias + group * plan.features + feature if bias != NULL else <const real *> NULL,
                y + (n * plan.groups * plan.features + feature) * plan.dst_plane, plan.dst_plane,
            )


cdef int convolve(
    Plan *plan, const real *x, const real *w, const real *bias, real *y, int threads
) except -1:
    """Set y to, or without a bias add, the sum over channels and taps, in either direction."""
    cdef Turns turns
    cdef Py_ssize_t task, tasks, turn, each, c, first, last, lanes = LINE_BYTES // sizeof(real)
    cdef Py_ssize_t offsets = ceil_div(plan.channels, 8) * 8
    cdef Py_ssize_t weights = plan.groups * plan.most * plan.channels * plan.taps * lanes
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef Py_ssize_t *offset
    cdef Py_ssize_t *bases
    cdef real *packed
    cdef real *buffers
    tasks = plan.batches * plan.groups * plan.blocks[0] * plan.blocks[1] * plan.blocks[2]
    tasks *= plan.parts
    threads = <int> min(threads, tasks)
    workspace = borrow(
        (offsets + threads * plan.starts) * sizeof(Py_ssize_t)
        + (weights + threads * plan.buffer_size) * sizeof(real)
    )
    offset = <Py_ssize_t *> workspace.data
    bases = offset + offsets
    packed = <real *> (bases + threads * plan.starts)
    buffers = packed + weights
    with nogil:
        for c in range(plan.channels):
            offset[c] = c * plan.src_plane
        for turn in range(ceil_div(plan.columns, plan.most)):
            first = turn * plan.most
            last = min(plan.columns, first + plan.most)
            for task in prange(plan.groups * (last - first), num_threads=threads):
                pack_column(plan, task, w, first, last, packed)
            deal(&turns, tasks, threads)
            for each in prange(tasks, num_threads=threads, schedule="dynamic"):
                if interrupted(&watch):
                    continue
                run_task(
                    plan, next_task(&turns, threadid()), x, packed, offset, first, last, bias, y,
                    bases + threadid() * plan.starts, buffers + threadid() * plan.buffer_size,
                )
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


def count_blocks(items, channels, source, result, itemsize):
    """Count the blocks of results, of some items each, that one group is cut into.

    `channels` are those that are summed over, sizes those of 3 axes.

    >>> from lucid._cython import conv_clipped
    >>> conv_clipped.count_blocks(100, 32, (1, 3, 3), (1, 7, 7), 4)
    7
    """
    cdef Plan plan
    cdef Py_ssize_t a
    plan.items, plan.channels, plan.src_plane, plan.dst_plane = items, channels, 1, 1
    for a in range(3):
        plan.dst_size[a] = result[a]
        plan.src_plane *= source[a]
        plan.dst_plane *= result[a]
    cut(&plan, itemsize)
    return plan.batches * plan.blocks[0] * plan.blocks[1] * plan.blocks[2]


def forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to y (N, F, *O) the convolution of x (N, C, *I) with w (F, C // groups, *K)."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    make_plan(&plan, x.shape, w.shape, y.shape, s, d, l, groups, False, sizeof(real), threads)
    convolve(
        &plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], <const real *> NULL, &y[0, 0, 0, 0, 0],
        threads,
    )


def input_grad(
    real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to x (N, C, *I) the derivative of <forward(x, w), y> by x: the transposed convolution."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    make_plan(&plan, x.shape, w.shape, y.shape, s, d, l, groups, True, sizeof(real), threads)
    convolve(
        &plan, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], <const real *> NULL, &x[0, 0, 0, 0, 0],
        threads,
    )


def fill_forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const real[::1] bias not None,
):
    """Set y to the convolution plus the bias (F,) of each channel, whatever y held before."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    make_plan(&plan, x.shape, w.shape, y.shape, s, d, l, groups, False, sizeof(real), threads)
    convolve(&plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &y[0, 0, 0, 0, 0], threads)


def fill_input_grad(
    real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const real[::1] bias not None,
):
    """Set x to the input gradient plus the bias (C,) of each channel, whatever x held before."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    make_plan(&plan, x.shape, w.shape, y.shape, s, d, l, groups, True, sizeof(real), threads)
    convolve(&plan, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &x[0, 0, 0, 0, 0], threads)
