r"""Weight gradient with few channels: dot products of whole images, in registers.

The input of a group is unfolded along the last axis only (`unfolded_plan.pxd`): one plane for each
tap of that axis. Positions then follow each other without gaps, both in the planes and in y, so
the gradient of a weight is a dot product of two contiguous runs of a whole block, whatever the
image's width. 4 channels of y and a few taps take turns in multiplying (`unfolded_tiles.pxd`), so
that one load serves several multiply-adds; lanes are added up once, at the end.

Source: unfolding between im2col (Chellapilla, Puri and Simard, "High performance convolutional
neural networks for document processing", 2006), which unfolds all taps, and direct convolution,
which unfolds none; so do Cho and Brand, "MEC: memory-efficient convolution", 2017.

Cost: the multiply-adds of the definition, with features rounded up to 4 and taps to 3 (to 1 without
AVX-512); each element of x is copied once for each tap of the last axis. It pays where a group has
few weights, as in the first layer of a network: a matrix product there has too few rows and columns
for its tiles. Memory: half a megabyte for each thread, 64 bytes for each weight of one group, and
up to 16 results to be added up. It must equal `conv_naive`.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memset

from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.padded cimport Axis, Block, ceil_div, find_block, src_start
from lucid._cython.rows cimport Window, copy_row, find_window
from lucid._cython.turns cimport Turns, deal, next_task
from lucid._cython.types cimport real
from lucid._cython.unfolded_plan cimport Plan, make_plan, set_axes, set_offsets
from lucid._cython.unfolded_tiles cimport REGISTER, TAPS, add_lanes, dot_tile
from lucid._cython.workspace cimport Workspace, borrow, give_back

cdef Py_ssize_t TASKS = 16  # a fixed number, so that bits are fixed too


cdef inline void unfold_row(
    const real *x, Py_ssize_t step, const Window *window, Py_ssize_t columns, real *row
) noexcept nogil:
    """Write one row, ``x[q * step]``, and zeros before and behind, up to a whole vector."""
    cdef Py_ssize_t q
    for q in range(window.first):
        row[q] = 0
    copy_row(x, step, window.last - window.first, row + window.first)
    for q in range(window.last, columns):
        row[q] = 0


cdef void unfold_plane(
    Plan *plan, const real *x, const Window *rows0, const Window *rows1, const Window *columns,
    Py_ssize_t size, real *plane,
) noexcept nogil:
    """Fill one slot of one tap of the last axis. Zeros of a whole block are there already."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t q0, q1, pitch = axes[2].block
    cdef const real *row
    for q0 in range(plan.rows0):
        if q0 < rows0.first or q0 >= rows0.last:
            if not plan.whole:
                memset(plane, 0, plan.rows1 * pitch * sizeof(real))
        else:
            row = x + (
                (rows0.start + (q0 - rows0.first) * axes[0].src_step) * axes[1].src_size
                + rows1.start
            ) * axes[2].src_size + columns.start
            if not plan.whole:
                memset(plane, 0, rows1.first * pitch * sizeof(real))
            for q1 in range(rows1.first, rows1.last):
                unfold_row(row, axes[2].src_step, columns, size, plane + q1 * pitch)
                row += axes[1].src_step * axes[2].src_size
            if not plan.whole:
                memset(
                    plane + rows1.last * pitch, 0,
                    (plan.rows1 - rows1.last) * pitch * sizeof(real),
                )
        plane += plan.rows1 * pitch


cdef void unfold(
    Plan *plan, const Block *block, const real *x, real *buffer
) noexcept nogil:
    """Unfold all channels of a group, for one block."""
    cdef Axis *axes = plan.axes
    cdef Window rows0, rows1, columns
    cdef Py_ssize_t c, k2, s0, s1, start
    cdef real *to
    for k2 in range(axes[2].taps):
        start = src_start(&axes[2], 0, block.m[2]) + k2 * axes[2].dilation
        columns = find_window(&axes[2], start, block.size[2])
        to = buffer + k2 * plan.unfolded
        for s0 in range(axes[0].slots):
            rows0 = find_window(&axes[0], src_start(&axes[0], s0, block.m[0]), plan.rows0)
            for s1 in range(axes[1].slots):
                rows1 = find_window(&axes[1], src_start(&axes[1], s1, block.m[1]), plan.rows1)
                for c in range(plan.channels):
                    unfold_plane(
                        plan, x + c * plan.src_plane, &rows0, &rows1, &columns, block.size[2],
                        to + c * plan.channel,
                    )
                to += plan.rows0 * plan.rows1 * axes[2].block


cdef void sum_block(
    Plan *plan, const Block *block, const real *x, const Py_ssize_t *offset, const real *y,
    real *sums,
) noexcept nogil:
    """Add to the sums of a group what a block gives: all taps times all features."""
    cdef Py_ssize_t f, i, t, m0, area = plan.axes[1].dst_size * plan.axes[2].dst_size
    cdef Py_ssize_t row[4]
    y += block.m[0] * area + block.m[1] * plan.axes[2].dst_size + block.m[2]
    for f in range(0, plan.features, 4):
        for i in range(4):
            row[i] = min(f + i, plan.features - 1) * plan.dst_plane
        for t in range(plan.rows // TAPS):
            for m0 in range(block.size[0]):
                dot_tile(
                    x + m0 * plan.rows1 * plan.axes[2].block, offset + t * TAPS, y + m0 * area,
                    row, block.size[1] * block.size[2], sums,
                    min(<Py_ssize_t> TAPS, plan.taps - t * TAPS),
                )
            sums += 4 * TAPS * (REGISTER // sizeof(real))


cdef void sum_task(
    Plan *plan, Py_ssize_t group, Py_ssize_t first, Py_ssize_t last, const real *x, const real *y,
    const Py_ssize_t *offset, real *w, real *buffer, Watch *watch,
) noexcept nogil:
    """Sum up the items first to last for one group; w gets its weights."""
    cdef Block block
    cdef Py_ssize_t n, each, f, i, t, j, lanes = REGISTER // sizeof(real)
    cdef real *sums = buffer + plan.buffer_size
    memset(sums, 0, ceil_div(plan.features, 4) * 4 * plan.rows * lanes * sizeof(real))
    for n in range(first, last):
        for each in range(plan.blocks[0] * plan.blocks[1] * plan.blocks[2]):
            if interrupted(watch):
                return
            find_block(plan.axes, each, block.m, block.size)
            unfold(
                plan, &block, x + (n * plan.groups + group) * plan.channels * plan.src_plane, buffer
            )
            sum_block(
                plan, &block, buffer, offset,
                y + (n * plan.groups + group) * plan.features * plan.dst_plane, sums,
            )
    for f in range(0, plan.features, 4):
        for t in range(plan.rows // TAPS):
            add_lanes(sums)
            for i in range(min(4, plan.features - f)):
                for j in range(min(TAPS, plan.taps - t * TAPS)):
                    w[(f + i) * plan.taps + t * TAPS + j] = sums[(i * TAPS + j) * lanes]
            sums += 4 * TAPS * lanes


cdef int correlate_with_output(
    Plan *plan, const real *x, const real *y, real *w, int threads
) except -1:
    """Add to w, for each channel and tap, the sum over items and positions of x times y."""
    cdef Py_ssize_t task, tasks, turn, t, chunk, chunks, weights, results, buffer_size
    cdef Turns turns
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef Py_ssize_t *offset
    cdef real *result
    cdef real *buffers
    make_plan(plan, sizeof(real))
    weights = plan.groups * plan.features * plan.taps
    chunks = min(plan.items, ceil_div(TASKS, plan.groups))
    tasks = chunks * plan.groups
    threads = <int> min(threads, tasks)
    results = ceil_div(chunks * weights, 16) * 16
    buffer_size = plan.buffer_size + (
        ceil_div(plan.features, 4) * 4 * plan.rows * (REGISTER // <Py_ssize_t> sizeof(real))
    )
    workspace = borrow(
        (results + threads * buffer_size) * sizeof(real) + plan.rows * sizeof(Py_ssize_t)
    )
    result = <real *> workspace.data
    buffers = result + results
    offset = <Py_ssize_t *> (buffers + threads * buffer_size)
    with nogil:
        set_offsets(plan, offset)
        memset(buffers, 0, threads * buffer_size * sizeof(real))
        deal(&turns, tasks, threads)
        for turn in prange(tasks, num_threads=threads, schedule="dynamic"):
            task = next_task(&turns, threadid())
            sum_task(
                plan, task % plan.groups, task // plan.groups * plan.items // chunks,
                (task // plan.groups + 1) * plan.items // chunks, x, y, offset,
                result + task * (weights // plan.groups), buffers + threadid() * buffer_size,
                &watch,
            )
        for chunk in range(chunks):
            for t in range(weights):
                w[t] += result[chunk * weights + t]
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


def cut(channels, kernel_size, stride, dilation, low, input_size, output_size, itemsize):
    """Tell the sizes of a block, how many there are of an item, and the rows stored of a channel.

    >>> from lucid._cython import conv_unfolded
    >>> layer = (1, 3, 3), (1, 1, 1), (1, 1, 1), (0, 1, 1), (1, 224, 224), (1, 224, 224)
    >>> conv_unfolded.cut(8, *layer, 4)
    ((1, 21, 224), 11, 69)
    """
    cdef Plan plan
    cdef Py_ssize_t[5] x = (1, channels, *input_size), w = (1, channels, *kernel_size)
    cdef Py_ssize_t[5] y = (1, 1, *output_size)
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_axes(&plan, x, w, y, s, d, l, 1)
    make_plan(&plan, itemsize)
    return (
        tuple([plan.axes[a].block for a in range(3)]),
        plan.blocks[0] * plan.blocks[1] * plan.blocks[2],
        plan.unfolded // plan.axes[2].block * plan.axes[2].taps,
    )


def weight_grad(
    const real[:, :, :, :, ::1] x not None, real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to w (F, C // groups, *K) the derivative by w of <y, convolution of x with w>."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_axes(&plan, x.shape, w.shape, y.shape, s, d, l, groups)
    correlate_with_output(&plan, &x[0, 0, 0, 0, 0], &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], threads)
