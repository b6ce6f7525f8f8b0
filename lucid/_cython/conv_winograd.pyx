r"""Winograd's minimal filtering: 3x3 and 4x4 taps with a fourth of the products, 7x7 with a third.

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
instead of 10. Tiles of 4x4 and 5x5 taps are 3x3 and 2x2 outputs, from the same 6x6 inputs. Other
kernels are cut into blocks of 3 or 4 taps along an axis, each of them as many channels more: 7x7
taps take 16 products for an output, 11 along one axis take 6 (`arrange`). And 3x1 taps are 1x3 in
an axis that holds all rows, whose neighbours are a row apart (`fold`).

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
error: results of 48 channels in images of 5x5 pixels were up to twice beyond the bound, and those
that meet one tap of nine up to ten times. `exactness` counts the terms without what is padding; by
its count 600 are enough for 4x4 and 5x5 taps, and 400 for 4 or 5 along one axis.

Of 20 million results of 32 channels of 32x32 pixels, the fewest that may have tiles of 2x4, one was
beyond the bound, by a third; so it was with 48 channels of 28x28 and tiles of 4x4, and with 36 and
54 channels none was.

A NaN or an infinity may spread over all outputs of its tile, and a huge value drowns small
neighbours there: where one pixel is 2^16 times its neighbours in every channel, no such bound holds
for them.

float32 only, stride 1; in the last two axes 3x3, 4x4 or 5x5 taps, or 2 to 5 along one, and any
number in the first axis; or if there is one in the first, any number but 2 in the others. Any
dilation, padding and groups. It must equal `conv_naive`.
"""

from functools import lru_cache
from math import prod
from typing import NamedTuple

from cython.parallel cimport prange, threadid
from libc.string cimport memset

from lucid._cython.exactness import count_terms

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
    (4, 4): (Tile(600, (3, 3), 900, 420),),
    (1, 4): (Tile(400, (1, 3), 180, 150),),
    (5, 5): (Tile(600, (2, 2), 900, 350),),
    (1, 5): (Tile(400, (1, 2), 180, 120),),
}


class Sizes(NamedTuple):
    """What tells, of three axes each, where the taps of a kernel are."""

    kernel_size: tuple
    dilation: tuple
    low: tuple
    input_size: tuple
    output_size: tuple


class Arrangement(NamedTuple):
    """How a convolution is cut into tiles."""

    sizes: Sizes  # as `fold` made them
    blocks: int  # of the taps of the last two axes, if there are more than a tile has
    taps: tuple  # of a tile, or a block, along these axes
    tile: Tile
    exact: bool  # the error stays below the bound of a sum of its terms in any order
    points: int  # of a tile of one plane
    tiles: int  # of an item
    depth: int  # channels of a group to sum up, times the taps of the first axis, or the blocks
    features: int  # of a group

    @property
    def products(self):
        """Multiply-adds of one item and group, at the points of all tiles."""
        return self.points * self.tiles * self.depth * self.features


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
    return Sizes(kernel_size, dilation, low, input_size, output_size)


def count_tiles(size, tile, dilation):
    """Count the tiles along one axis."""
    return min(dilation, size) * -(-size // (tile * dilation))


def choose_tile(terms, taps):
    """Choose the largest tile that may sum up so many terms, or else the smallest."""
    for tile in TILES[taps]:
        if terms >= tile.terms:
            break
    return tile


def ways_to_cut(kernel_size):
    """Tell how the taps of the last two axes may be cut: numbers of blocks, and taps of one."""
    planes, *kernel = kernel_size
    if tuple(kernel) in TILES:
        yield 1, tuple(kernel)
    if planes == 1 < kernel[1] and 2 not in kernel:
        for most in 3, 4:
            taps = tuple(1 if k == 1 else most for k in kernel)
            yield prod(-(-k // t) for k, t in zip(kernel, taps, strict=True)), taps


@lru_cache(maxsize=4096)
def arrange(primitive, channels, features, items, stride, *sizes):
    """Choose blocks and tiles with the fewest products, of those that are exact enough.

    Parameters
    ----------
    primitive : str
        ``"forward"``, ``"input_grad"`` or ``"weight_grad"``.
    channels, features, items : int
        Of one group; the items count in a weight gradient only.
    stride : tuple of int
    sizes : tuple of int
        Those that `fold` takes, of three axes.

    Returns
    -------
    Arrangement or None
        None if this algorithm cannot compute it.

    Examples
    --------
    >>> from lucid._cython import conv_winograd
    >>> sizes = (1, 7, 7), (1, 1, 1), (0, 3, 3), (1, 28, 28), (1, 28, 28)
    >>> found = conv_winograd.arrange("forward", 128, 64, 1, (1, 1, 1), *sizes)
    >>> found.blocks, found.taps, found.tile.size, found.exact
    (4, (4, 4), (3, 3), True)
    >>> found = conv_winograd.arrange("forward", 32, 64, 1, (1, 1, 1), *sizes)
    >>> found.blocks, found.taps, found.tile.size, found.exact
    (9, (3, 3), (4, 4), True)
    """
    if set(stride) != {1}:
        return None
    folded = fold(*sizes)
    kernel_size, dilation, low, input_size, size = folded
    axes = list(zip(kernel_size, stride, dilation, low, input_size, size, strict=True))
    if primitive == "input_grad":
        channels, features, size = features, channels, input_size
    best = None
    for blocks, taps in ways_to_cut(kernel_size):
        whole = taps == kernel_size[1:]
        terms = count_terms(primitive, channels * prod(kernel_size), items, axes, whole)
        tile = choose_tile(terms, taps)
        tiles = size[0] * prod(map(count_tiles, size[1:], tile.size, dilation[1:]))
        found = Arrangement(
            folded, blocks, taps, tile, terms >= tile.terms,
            prod(outputs + k - 1 for outputs, k in zip(tile.size, taps, strict=True)), tiles,
            channels * kernel_size[0] * blocks, features,
        )
        if best is None or (not found.exact, found.products) < (not best.exact, best.products):
            best = found
    return best


cdef object lay_out(
    Plan *plan, str primitive, const float[:, :, :, :, ::1] x, const float[:, :, :, :, ::1] w,
    const float[:, :, :, :, ::1] y, tuple stride, tuple dilation, tuple low, Py_ssize_t groups,
):
    """Describe what is to be computed; return the tile to use."""
    kernel_size = w.shape[2], w.shape[3], w.shape[4]
    plan.items, plan.groups = x.shape[0], groups
    plan.channels, plan.features = w.shape[1], w.shape[0] // groups
    found = arrange(
        primitive, plan.channels, plan.features, plan.items, stride, kernel_size, dilation, low,
        (x.shape[2], x.shape[3], x.shape[4]), (y.shape[2], y.shape[3], y.shape[4]),
    )
    if found is None:
        raise ValueError(
            f"kernel {kernel_size}, stride {stride}: this algorithm needs stride 1, and in the "
            f"last two axes 3x3, 4x4 or 5x5 taps, or 2 to 5 in one and one in the other; or any "
            f"number but 2, if there is one in the first axis; an axis of one tap has no padding"
        )
    sizes = found.sizes
    cdef Py_ssize_t[3] k = sizes.kernel_size, d = sizes.dilation, l = sizes.low
    cdef Py_ssize_t[3] i = sizes.input_size, o = sizes.output_size
    cdef Py_ssize_t[3] t = (sizes.kernel_size[0] * found.blocks, *found.taps)
    set_sizes(plan, k, t, i, o, d, l, primitive == "input_grad")
    return found.tile


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
    Plan *plan, tile, const float *x, const float *w, const float *bias, float *y, int threads
) except -1:
    """Add to y the sum over channels and taps, one chunk of the depth after the other.

    If there is a bias, y is set, not read: to the bias of its channel and the sum.
    """
    cdef Py_ssize_t group
    cdef Tasks tasks
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    choose_planes(plan, tile, CHUNK, PLANES)
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
    tile = lay_out(&plan, "forward", x, w, y, stride, dilation, low, groups)
    correlate(&plan, tile, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], NULL, &y[0, 0, 0, 0, 0], threads)


def input_grad(
    float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    const float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to x (N, C, *I) the derivative of <forward(x, w), y> by x: the transposed convolution."""
    cdef Plan plan
    tile = lay_out(&plan, "input_grad", x, w, y, stride, dilation, low, groups)
    correlate(&plan, tile, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], NULL, &x[0, 0, 0, 0, 0], threads)


def fill_forward(
    const float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const float[::1] bias not None,
):
    """Set y to the convolution plus the bias (F,) of each channel, whatever y held before."""
    cdef Plan plan
    tile = lay_out(&plan, "forward", x, w, y, stride, dilation, low, groups)
    correlate(
        &plan, tile, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &y[0, 0, 0, 0, 0], threads
    )


def fill_input_grad(
    float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    const float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const float[::1] bias not None,
):
    """Set x to the input gradient plus the bias (C,) of each channel."""
    cdef Plan plan
    tile = lay_out(&plan, "input_grad", x, w, y, stride, dilation, low, groups)
    correlate(
        &plan, tile, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &x[0, 0, 0, 0, 0], threads
    )


cdef int correlate_weights(
    Sums *sums, tile, const float *x, float *w, const float *y, int threads
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
    tile = lay_out(&sums.plan, "weight_grad", x, w, y, stride, dilation, low, groups)
    sums.fill = fill and sums.plan.taps0 == 1 and not sums.plan.in_blocks
    if fill and not sums.fill:  # those of a piece are no neighbours
        memset(&w[0, 0, 0, 0, 0], 0, groups * sums.plan.w_group * sizeof(float))
    return correlate_weights(
        &sums, tile, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &y[0, 0, 0, 0, 0], threads
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
