r"""Direct convolution with the features in the lanes: for strides, and images of any width.

The direct kernel computes neighbouring positions side by side: a stride keeps them apart in memory,
and lanes hang over the ends of short rows. Here the lanes hold 64 bytes of neighbouring *features*
instead, and a few runs of positions take turns, each with one value of x that is spread over them:
``y[o, f] += x[base[o] + offset[c, k]] * w[c, k, f]``. Runs are free to lie anywhere, and may be as
short as a row is; x is copied, with its padding, as it is (`features_plan.pxd`). The weights are
packed so that the features of a tap are neighbours. The sums of a block come out with features side
by side, too; they are turned before they are written.

Source: Zhang, Franchetti and Low, "High performance zero-memory overhead direct convolutions",
2018, section 4, where the features of a block are neighbours in memory too; here only the packed
weights and the sums have that order.

Cost: the multiply-adds of the definition, with features rounded up to 64 bytes and the positions of
a block to half tiles of runs; with AVX-512 that loop runs at the limit of the multiply-add unit.
Each element of x is copied about once, each result is moved twice more, which takes a fifth of the
time where 144 (channel, tap) pairs are summed for each result. It pays from about 70 on, where
features fill the lanes. Memory: packed weights, at most 4 MiB or those of one line of features of
each group, and 0.6 MB for each thread. It must equal `conv_naive`.
"""

from cython.parallel cimport prange, threadid

from lucid._cython.features_plan cimport (
    Plan, clear_block, copy_block, find_block, is_whole, make_plan, place_of, rows_of_block,
    set_offsets, set_runs, start_of,
)
from lucid._cython.features_tiles cimport LINE_BYTES, choose_run, runs_of, sum_tile
from lucid._cython.features_write cimport put, transpose, turn_line
from lucid._cython.fetch cimport Rows, fetch_rows
from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.padded cimport Block, ceil_div
from lucid._cython.turns cimport Turns, deal, next_task
from lucid._cython.types cimport real
from lucid._cython.workspace cimport Workspace, borrow, give_back


cdef void pack_column(
    Plan *plan, Py_ssize_t task, const real *w, Py_ssize_t first, Py_ssize_t last, real *packed
) noexcept nogil:
    """Store the weights of one group and column with features side by side."""
    cdef Py_ssize_t terms = plan.channels * plan.taps, lanes = LINE_BYTES // sizeof(real)
    cdef Py_ssize_t feature = (first + task % (last - first)) * lanes
    turn_line(
        w + (task // (last - first) * plan.features + feature) * terms, terms, terms,
        min(lanes, plan.features - feature), packed + task * terms * lanes,
    )


cdef void sum_tiles(
    const real *x, const Py_ssize_t *base, const Py_ssize_t *offset, const real *w,
    Py_ssize_t terms, real *sums, const Py_ssize_t *to, Py_ssize_t run, Py_ssize_t step,
    Py_ssize_t count, const real *src, Rows *ahead, const real *dst, Rows *target,
) noexcept nogil:
    """Sum up all `count` runs of a block; in a function of its own, where addresses have registers.

    Meanwhile ask for what is read next, and for what these sums are added to.
    """
    cdef Py_ssize_t i, tile, runs = runs_of(run), tiles = ceil_div(count, runs)
    cdef Py_ssize_t part = tiles * (LINE_BYTES // sizeof(real))
    cdef Py_ssize_t reads = ceil_div(ahead.count * (ahead.size - ahead.at), part)
    cdef Py_ssize_t writes = ceil_div(target.count * target.size, part) + 1
    for tile in range(tiles):
        fetch_rows(src, ahead, reads)
        fetch_rows(dst, target, writes)
        i = tile * runs
        sum_tile(x, base + i, offset, w, terms, sums, to + i, count - i, run, step)


cdef void run_task(
    Plan *plan, Py_ssize_t task, const real *x, const real *packed, const Py_ssize_t *offset,
    Py_ssize_t first, Py_ssize_t last, const real *bias, real *y, Py_ssize_t *base, real *buffer,
) noexcept nogil:
    """Compute one block of one item and group, for a part of the columns of features."""
    cdef Block block
    cdef Py_ssize_t c, held, turn, run, runs, count, column, feature, features, group
    cdef Py_ssize_t part = task % plan.parts, share = ceil_div(last - first, plan.parts)
    cdef Py_ssize_t pairs = plan.channels * plan.taps, lanes = LINE_BYTES // sizeof(real)
    cdef Py_ssize_t *to = base + plan.starts // 2
    cdef Rows target, ahead = rows_of_block(plan, (task + 1) // plan.parts)
    cdef const real *src = x
    cdef const real *here = buffer
    cdef real *sums = buffer + plan.buffer_size - 2 * plan.positions * lanes
    task = find_block(plan, task // plan.parts, &block)
    group = task % plan.groups
    run = choose_run(block.size[0] * block.size[1], block.size[2], plan.stride[2], lanes)
    count = block.size[0] * block.size[1] * block.size[2]
    runs = set_runs(plan, &block, run, lanes, base, to)
    x += task * plan.channels * plan.src_plane
    y += task * plan.features * plan.dst_plane
    y += place_of(plan, &block)
    if plan.in_place:
        here = x + start_of(plan, block.m[0], block.m[1], block.m[2])
    packed += (group * (last - first) - first) * pairs * lanes
    first += part * share
    for turn in range(ceil_div(plan.channels, plan.held)):
        c = turn * plan.held
        held = min(plan.held, plan.channels - c)
        if not plan.in_place:
            if turn == 0 and not is_whole(plan):
                clear_block(plan, held, buffer)
            copy_block(plan, &block, held, x + c * plan.src_plane, buffer)
        for column in range(first, min(last, first + share)):
            feature = column * lanes
            features = min(lanes, plan.features - feature)
            target.count, target.pitch, target.size = features, plan.dst_plane, count
            target.start = target.at = 0
            sum_tiles(
                here, base, offset, packed + (column * pairs + c * plan.taps) * lanes,
                held * plan.taps, sums, to, run, plan.stride[2], runs,
                src, &ahead, y + feature * plan.dst_plane, &target,
            )
            transpose(sums, lanes, plan.positions, sums + plan.positions * lanes)
            put(
                sums + plan.positions * lanes, plan.positions, count, features,
                bias + group * plan.features + feature if bias != NULL and c == 0
                else <const real *> NULL,
                y + feature * plan.dst_plane, plan.dst_plane,
            )


cdef int convolve(
    Plan *plan, const real *x, const real *w, const real *bias, real *y, int threads
) except -1:
    """Set y to, or without a bias add, the sum over channels and taps."""
    cdef Turns turns
    cdef Py_ssize_t task, tasks, turn, each, first, last, lanes = LINE_BYTES // sizeof(real)
    cdef Py_ssize_t offsets = ceil_div(plan.held * plan.taps, 8) * 8
    cdef Py_ssize_t weights = plan.groups * plan.most * plan.channels * plan.taps * lanes
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef Py_ssize_t *offset
    cdef Py_ssize_t *bases
    cdef real *packed
    cdef real *buffers
    tasks = plan.items * plan.groups * plan.blocks[0] * plan.blocks[1] * plan.blocks[2] * plan.parts
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
        set_offsets(plan, offset)
        if is_whole(plan) and not plan.in_place:  # to clear for every item takes 2 to 3 % of it
            for task in prange(threads, num_threads=threads, schedule="static"):
                clear_block(plan, plan.held, buffers + task * plan.buffer_size)
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


def forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to y (N, F, *O) the convolution of x (N, C, *I) with w (F, C // groups, *K)."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    make_plan(&plan, x.shape, w.shape, y.shape, s, d, l, groups, sizeof(real), True, threads)
    convolve(
        &plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], <const real *> NULL, &y[0, 0, 0, 0, 0],
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
    make_plan(&plan, x.shape, w.shape, y.shape, s, d, l, groups, sizeof(real), True, threads)
    convolve(&plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &y[0, 0, 0, 0, 0], threads)
