r"""Winograd's minimal filtering: 3x3 and 4x4 taps with a fourth of the products, 5x5 with 36 %.

A tile of 4x4 outputs is computed from 6x6 inputs. Inputs and weights are transformed to 36 points
(`winograd.pxd`), where a convolution is one product for each pair of channels::

    y = A^T [sum over c of (G w G^T) * (B^T x B)] A         36 C products instead of 144 C
    w = G^T [sum over tiles of (A y A^T) * (B^T x B)] G     the weight gradient

At each point that is a product of matrices, which runs in registers. The input gradient is the
forward of y with channels exchanged and kernels turned. LANES tiles of the whole batch lie side by
side (`winograd_tiles.pxd`), so the transforms are plain loops over lanes; inputs are transformed
down first, where the lanes are neighbours in the image (`winograd_inputs.pxd`). Only the last two
axes are transformed: a tap of the first axis counts as one more set of input channels, and a tile
has several planes of outputs, so that those taps read inputs that are transformed once. A kernel
with one tap in the second axis is transformed along the last one only (`winograd_lines.pxd`): 4
outputs of 3 taps, or 3 of 4, from 6 products instead of 12, 5 outputs of 2 taps, or 2 of 5, from 6
instead of 10. Tiles of 4x4 and 5x5 taps are 3x3 and 2x2 outputs, from the same 6x6 inputs.

Source: Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016, algorithm 1 and,
for the weight gradient, its transpose.

Cost of a tile of 4x4, for C channels (times the taps of the first axis) and F features: 36 C F
multiply-adds instead of the definition's 144 C F, and in time about as many as 900 C + 500 F more
for the transforms; once for a call, as many as 600 C F for the weights. Smaller tiles have smaller
errors: 2x4 outputs take 24 C F instead of 72 C F, 2x2 take 16 C F instead of 36 C F. Memory: if
transformed weights take at most 3.5 MB, these, once or for each thread but then 7 MB at most, and a
column of inputs for each thread, of 1.2 MB or, with several taps in the first axis, 1.8 MB; else 5
MB of inputs, or 8.7 MB if each thread has its own, and 0.4 MB of weights for each thread
(`winograd_tasks.pxd`); a weight gradient 7 MB, or 5 MB for each of several threads
(`winograd_chunks.pxd`).

Errors are larger than those of a sum, for they come from all values of a tile and not only from
those that an output depends on. The largest of 5 million outputs, in units of eps * sum |x| |w|,
where the magnitudes of both factors spread over 16 powers of two (with normal data it is at most
2, 4 and 10 in two axes, 3 and 6 in one), beside the bound of a sum of n terms in any order, n + 16:

=======  =====  =====  =====  =====  =======  =======  =======  =======
                3x3 taps             3 taps            2 taps
-------  -----  -------------------  ----------------  ----------------
terms n  bound  2x2    2x4    4x4    2        4        3        5
=======  =====  =====  =====  =====  =======  =======  =======  =======
192      208                         88       207      127
216      232    132    197    477             317
288      304    76     144    467             164               173
384      400                                  127               161
432      448    28     72     191                               147
864      880    19     54     160
=======  =====  =====  =====  =====  =======  =======  =======  =======

=======  =====  ========  ========  ======  ======
terms n  bound  4x4 taps  5x5 taps  4 taps  5 taps
=======  =====  ========  ========  ======  ======
400      416    283       356       141     90
800      816    92        107       57      40
=======  =====  ========  ========  ======  ======

So `TILES` asks for 216 terms in two axes, for 288 where a tile is 2x4 and 432 where it is 4x4; in
one axis for 192, and 288 with 6 points. Terms that are padding make a sum smaller, but not its
error: of 800 terms of 4x4 or 5x5 taps it is up to 600 in images of 3x3, and 370 in those of 5x5;
hence 800 of these and, along one axis, 400. The choice of a kernel leaves out what is mostly
padding, and of a weight gradient the tap decides that meets most of it.

A NaN or an infinity may spread over all outputs of its tile, and a huge value drowns small
neighbours there: where one pixel is 2^16 times its neighbours in every channel, no such bound holds
for them.

float32 only, stride 1, kernels of 2 to 5 taps in the last axis, one or the same number of 3 to 5 in
the second and any in the first; any dilation, padding and groups. It must equal `conv_naive`.
"""

from math import prod
from typing import NamedTuple

from cython.parallel cimport prange, threadid
from libc.string cimport memset

from lucid._cython.interrupt cimport Watch, raise_if_interrupted, watch_calls
from lucid._cython.padded cimport ceil_div
from lucid._cython.turns cimport Turns, deal, next_task
from lucid._cython.winograd_chunks cimport (
    BLOCK, DEEP_BLOCK, add_chunks, are_few_columns, cut_sums, run_unit,
)
from lucid._cython.winograd_inputs cimport transform_column
from lucid._cython.winograd_products cimport make_tasks
from lucid._cython.winograd_sums cimport Sums, transform_outputs
from lucid._cython.winograd_tasks cimport Tasks, run_tasks
from lucid._cython.winograd_tiles cimport CHUNK, LANES, Plan, set_sizes, set_tiles
from lucid._cython.workspace cimport Workspace, borrow, give_back

cdef enum:
    PLANES = 8  # of outputs of a tile, at most: with 3 taps, more would save less than a tenth
    SUM_PLANES = 4  # in a weight gradient: of 16 channels, 128 features, 8 take 1.2 of the time
    HELD_PLANES = 384  # planes of inputs times channels: for 64, 0.95 to 0.98 of the time of 256


class Tile(NamedTuple):
    """A tile: where it may be used, and what its transforms cost."""

    terms: int  # the fewest that it may sum up; see the table above
    size: tuple  # outputs along the last two axes
    of_channel: int  # multiply-adds in registers that take as long as to transform its inputs ...
    of_feature: int  # ... and its outputs


TILES = {  # by the taps of the last two axes, the largest first
    (3, 3): (
        Tile(432, (4, 4), 900, 500), Tile(288, (2, 4), 480, 260), Tile(216, (2, 2), 300, 170)
    ),
    (1, 3): (Tile(288, (1, 4), 180, 180), Tile(192, (1, 2), 140, 140)),
    (1, 2): (Tile(288, (1, 5), 250, 250), Tile(192, (1, 3), 180, 180)),
    (4, 4): (Tile(800, (3, 3), 900, 420),),
    (1, 4): (Tile(400, (1, 3), 180, 150),),
    (5, 5): (Tile(800, (2, 2), 900, 350),),
    (1, 5): (Tile(400, (1, 2), 180, 120),),
}


class Sizes(NamedTuple):
    """What tells, of three axes each, where the taps of a kernel are, and how it is cut."""

    kernel_size: tuple
    dilation: tuple
    low: tuple
    input_size: tuple
    output_size: tuple
    taps: tuple  # those of a tile in the last two axes; of the first, or else blocks of the others


def cut(kernel_size):
    """Cut the taps of the last two axes into blocks, if no tile has so many: the fewest products.

    Along an axis, a block of 4 taps takes 2 products for an output, and one of 3 taps 1.5.

    >>> from lucid._cython import conv_winograd
    >>> [conv_winograd.cut((1, 1, taps)) for taps in (5, 7, 11)]
    [(1, 1, 5), (2, 1, 4), (4, 1, 3)]
    >>> [conv_winograd.cut((1, taps, taps)) for taps in (5, 7, 9)]
    [(1, 5, 5), (4, 4, 4), (9, 3, 3)]
    """
    planes, *kernel = kernel_size
    if planes > 1 or tuple(kernel) in TILES or 2 in kernel or kernel[1] == 1:
        return kernel_size
    cuts = []
    for taps, products in (3, 1.5), (4, 2):
        tile = [1 if k == 1 else taps for k in kernel]
        blocks = [-(-k // t) for k, t in zip(kernel, tile, strict=True)]
        cuts.append((prod(blocks) * products ** (2 - tile.count(1)), (prod(blocks), *tile)))
    return min(cuts)[1]


def fold(kernel_size, dilation, low, input_size, output_size):
    """Make one axis of the last two, where the last has one tap and no padding, if strides are 1.

    A kernel of 3x1 taps is one of 1x3 that are as many positions apart as a row has.

    >>> from lucid._cython import conv_winograd
    >>> sizes = conv_winograd.fold((1, 3, 1), (1, 1, 1), (0, 1, 0), (1, 9, 16), (1, 9, 16))
    >>> sizes.kernel_size, sizes.dilation, sizes.low, sizes.input_size
    ((1, 1, 3), (1, 1, 16), (0, 0, 16), (1, 1, 144))
    """
    while kernel_size[2] == 1 < max(kernel_size) and (
        low[2] == 0 and input_size[2] == output_size[2]
    ):
        columns = input_size[2]
        dilation, low = (1, dilation[0], dilation[1] * columns), (0, low[0], low[1] * columns)
        kernel_size = 1, kernel_size[0], kernel_size[1]
        input_size = 1, input_size[0], input_size[1] * columns
        output_size = 1, output_size[0], output_size[1] * columns
    return Sizes(kernel_size, dilation, low, input_size, output_size, cut(kernel_size))


def supports(itemsize, stride, sizes):
    """Tell whether this algorithm computes such a convolution, of sizes that `fold` made.

    >>> from lucid._cython import conv_winograd
    >>> sizes = conv_winograd.fold((1, 3, 1), (1, 1, 1), (0, 1, 0), (1, 9, 16), (1, 9, 16))
    >>> conv_winograd.supports(4, (1, 1, 1), sizes)
    True
    >>> conv_winograd.supports(8, (1, 1, 1), sizes)
    False
    """
    return itemsize == 4 and sizes.taps[1:] in TILES and set(stride) == {1}


def may_use(terms, taps=(3, 3)):
    """Tell whether the error stays below the bound of a sum of `terms` products in any order.

    A forward sums over the channels of a group and the taps, an input gradient over features and
    taps, a weight gradient over items and positions. `taps` are those of the last two axes.
    """
    return any(terms >= tile.terms for tile in TILES[taps])


def choose_tile(terms, taps=(3, 3)):
    """Choose the largest tile that may sum up so many terms, or else the smallest."""
    for tile in TILES[taps]:
        if terms >= tile.terms:
            break
    return tile


def count(tile, taps, output_size, dilation):
    """Count the points of a tile, and the tiles of one item."""
    points, tiles = 1, output_size[0]
    axes = zip(tile.size, taps, output_size[1:], dilation[1:], strict=True)
    for outputs, k, size, d in axes:
        points *= outputs + k - 1
        tiles *= min(d, size) * -(-size // (outputs * d))
    return points, tiles


def as_forward(primitive, channels, features, sizes, items):
    """Return the depth, features and output size of the forward that it is, and its terms.

    The depth is that of channels and taps of the first axis, or blocks; terms are those of one sum.
    """
    output_size = sizes.output_size
    if primitive == "input_grad":
        channels, features, output_size = features, channels, sizes.input_size
    terms = channels * prod(sizes.kernel_size)
    if primitive == "weight_grad":
        terms = items * prod(output_size)
    return channels * sizes.taps[0], features, output_size, terms


def products(primitive, channels, features, sizes, items=1):
    """Count the multiply-adds of one item and group at the points of all tiles.

    `channels` and `features` are those of one group; `fold` made the sizes.

    >>> from lucid._cython import conv_winograd
    >>> sizes = conv_winograd.fold((1, 3, 3), (1, 1, 1), (0, 1, 1), (1, 56, 56), (1, 56, 56))
    >>> conv_winograd.products("forward", 64, 64, sizes)
    28901376
    """
    depth, features, output_size, terms = as_forward(
        primitive, channels, features, sizes, items
    )
    taps = sizes.taps[1:]
    points, tiles = count(choose_tile(terms, taps), taps, output_size, sizes.dilation)
    return points * tiles * depth * features


cdef int lay_out(
    Plan *plan, const float[:, :, :, :, ::1] x, const float[:, :, :, :, ::1] w,
    const float[:, :, :, :, ::1] y, tuple stride, tuple dilation, tuple low, Py_ssize_t groups,
    bint turned,
) except -1:
    """Describe a forward or, `turned`, an input gradient."""
    kernel_size = w.shape[2], w.shape[3], w.shape[4]
    input_size = x.shape[2], x.shape[3], x.shape[4]
    sizes = fold(kernel_size, dilation, low, input_size, (y.shape[2], y.shape[3], y.shape[4]))
    cdef Py_ssize_t[3] k = sizes.kernel_size, i = sizes.input_size, o = sizes.output_size
    cdef Py_ssize_t[3] d = sizes.dilation, l = sizes.low, t = sizes.taps
    if not supports(4, stride, sizes):
        raise ValueError(
            f"kernel {kernel_size}, stride {stride}: this algorithm needs stride 1, and in the last "
            f"two axes 3x3, 4x4 or 5x5 taps, or 2 to 5 in one and one in the other; or any number "
            f"but 2, if there is one in the first axis; an axis of one tap has no padding"
        )
    plan.items, plan.groups = x.shape[0], groups
    plan.channels, plan.features = w.shape[1], w.shape[0] // groups
    set_sizes(plan, k, t, i, o, d, l, turned)
    return 0


cdef int choose_planes(Plan *plan, tile, Py_ssize_t chunk, Py_ssize_t most) except -1:
    """Cut the outputs into tiles of one plane or several, which read the same planes of inputs.

    With 3 taps, 4 tiles of one plane read 12 planes of inputs and a tile of 4 planes only 6.
    But of large tiles there may be too few to fill the lanes, and their inputs must fit a cache.
    A sum is the same in any tile, so this choice changes no bits.
    """
    cdef Py_ssize_t tile0, time, best = 1, least = 0
    cdef Py_ssize_t tile1 = tile.size[0], tile2 = tile.size[1]
    cdef Py_ssize_t of_channel = tile.of_channel, of_feature = tile.of_feature
    most = min(plan.dst[0], most) if plan.taps0 > 1 and not plan.in_blocks else 1
    for tile0 in range(1, most + 1):
        set_tiles(plan, tile0, tile1, tile2, chunk)
        if tile0 > 1 and plan.edge0 * plan.chunk > HELD_PLANES:
            break
        time = ceil_div(plan.tiles, LANES // 2) * (
            plan.edge0 * plan.channels * of_channel
            + tile0 * plan.features * (plan.points * plan.taps0 * plan.channels + of_feature)
        )
        if tile0 == 1 or time < least:
            best, least = tile0, time
    set_tiles(plan, best, tile1, tile2, chunk)
    return 0


cdef int correlate(
    Plan *plan, const float *x, const float *w, const float *bias, float *y, int threads
) except -1:
    """Add to y the sum over channels and taps, one chunk of the depth after the other.

    If there is a bias, y is set, not read: to the bias of its channel and the sum.
    """
    cdef Py_ssize_t group
    cdef Tasks tasks
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    choose_planes(plan, choose_tile(
        plan.w_group // plan.features, (plan.taps1, plan.taps2)
    ), CHUNK, PLANES)
    tasks = make_tasks(plan, threads)
    workspace = borrow((tasks.shared_size + threads * tasks.own_size) * sizeof(float))
    plan.bias = bias
    plan.src_end = x + plan.items * plan.groups * plan.channels * plan.src_plane
    with nogil:
        for group in range(plan.groups):
            plan.first = 0
            while plan.first < plan.channels:
                run_tasks(&tasks, x, w, y, <float *> workspace.data, threads, &watch)
                plan.first += plan.chunk
            x += plan.channels * plan.src_plane
            w += plan.w_group
            y += plan.features * plan.dst_plane
            if bias != NULL:
                plan.bias += plan.features
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


def forward(
    const float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to y (N, F, *O) the convolution of x (N, C, *I) with w (F, C // groups, *K)."""
    cdef Plan plan
    lay_out(&plan, x, w, y, stride, dilation, low, groups, False)
    correlate(&plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], NULL, &y[0, 0, 0, 0, 0], threads)


def input_grad(
    float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    const float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to x (N, C, *I) the derivative of <forward(x, w), y> by x: the transposed convolution."""
    cdef Plan plan
    lay_out(&plan, x, w, y, stride, dilation, low, groups, True)
    correlate(&plan, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], NULL, &x[0, 0, 0, 0, 0], threads)


def fill_forward(
    const float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const float[::1] bias not None,
):
    """Set y to the convolution plus the bias (F,) of each channel, whatever y held before."""
    cdef Plan plan
    lay_out(&plan, x, w, y, stride, dilation, low, groups, False)
    correlate(&plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &y[0, 0, 0, 0, 0], threads)


def fill_input_grad(
    float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    const float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const float[::1] bias not None,
):
    """Set x to the input gradient plus the bias (C,) of each channel."""
    cdef Plan plan
    lay_out(&plan, x, w, y, stride, dilation, low, groups, True)
    correlate(&plan, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &x[0, 0, 0, 0, 0], threads)


cdef int correlate_weights(
    Sums *sums, const float *x, float *w, const float *y, int threads
) except -1:
    """Add to w the sum over items and positions, in units that one thread each computes."""
    cdef Plan *plan = &sums.plan
    cdef Py_ssize_t units, pieces, sets, turn, task
    cdef Turns turns
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef float *buffers
    cdef float *results
    sums.transform_column, sums.transform_outputs = transform_column, transform_outputs
    tile = choose_tile(plan.items * plan.dst_plane, (plan.taps1, plan.taps2))
    set_tiles(plan, 1, tile.size[0], tile.size[1], BLOCK)
    sums.few = are_few_columns(
        plan.columns, plan.points, plan.channels * plan.taps0, plan.features
    )
    if not sums.few:
        choose_planes(plan, tile, BLOCK if plan.taps0 == 1 else DEEP_BLOCK, SUM_PLANES)
    cut_sums(sums, tile.of_channel, tile.of_feature, threads)
    plan.src_end = x + plan.items * plan.groups * plan.channels * plan.src_plane
    units, pieces = sums.blocks * sums.chunks, sums.blocks * sums.parts * sums.panels
    threads = min(<Py_ssize_t> threads, units)
    sets = units if sums.chunks > 1 else threads
    workspace = borrow((threads * sums.buffer_size + sets * sums.result_size) * sizeof(float))
    buffers = <float *> workspace.data
    results = buffers + threads * sums.buffer_size
    with nogil:
        deal(&turns, units, threads)
        for turn in prange(units, num_threads=threads, schedule="dynamic"):
            task = next_task(&turns, threadid())
            run_unit(
                sums, task, x, w, y, buffers + threadid() * sums.buffer_size,
                results + (task if sums.chunks > 1 else threadid()) * sums.result_size, &watch,
            )
        if sums.chunks > 1:
            deal(&turns, pieces, threads)
            for turn in prange(pieces, num_threads=threads, schedule="dynamic"):
                add_chunks(sums, next_task(&turns, threadid()), results, w)
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


cdef int set_weights(
    const float[:, :, :, :, ::1] x, float[:, :, :, :, ::1] w, const float[:, :, :, :, ::1] y,
    tuple stride, tuple dilation, tuple low, Py_ssize_t groups, int threads, bint fill,
) except -1:
    """Add the derivative to w or, if `fill`, set w to it."""
    cdef Sums sums
    lay_out(&sums.plan, x, w, y, stride, dilation, low, groups, False)
    sums.fill = fill and sums.plan.taps0 == 1 and not sums.plan.in_blocks
    if fill and not sums.fill:  # those of a piece are no neighbours
        memset(&w[0, 0, 0, 0, 0], 0, groups * sums.plan.w_group * sizeof(float))
    return correlate_weights(
        &sums, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &y[0, 0, 0, 0, 0], threads
    )


def weight_grad(
    const float[:, :, :, :, ::1] x not None, float[:, :, :, :, ::1] w not None,
    const float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to w (F, C // groups, *K) the derivative of <forward(x, w), y> by w."""
    set_weights(x, w, y, stride, dilation, low, groups, threads, False)


def fill_weight_grad(
    const float[:, :, :, :, ::1] x not None, float[:, :, :, :, ::1] w not None,
    const float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Set w to the derivative, whatever w held before: each thread writes weights of its own."""
    set_weights(x, w, y, stride, dilation, low, groups, threads, True)
