r"""Winograd's minimal filtering: kernels of 3x3 taps with a fourth of the definition's products.

A tile of 4x4 outputs is computed from 6x6 inputs. Inputs and weights are transformed to 36 points
(`winograd.pxd`), where a convolution is one product for each pair of channels::

    y = A^T [sum over c of (G w G^T) * (B^T x B)] A         36 C products instead of 144 C
    w = G^T [sum over tiles of (A y A^T) * (B^T x B)] G     the weight gradient

At each point that is a product of matrices, which runs in registers. The input gradient is the
forward of y with channels exchanged and kernels turned. LANES tiles of the whole batch lie side by
side (`winograd_tiles.pxd`), so the transforms are plain loops over lanes. Only the last two axes
are transformed: a tap of the first axis counts as one more set of input channels.

Source: Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016, algorithm 1 and,
for the weight gradient, its transpose.

Cost of a tile, for C channels (times the taps of the first axis) and F features: 36 C F
multiply-adds instead of the definition's 144 C F, and in time about as many as 900 C + 500 F more
for the transforms; once for a call, as many as 600 C F for the weights. Smaller tiles have smaller
errors: 2x4 outputs take 24 C F instead of 72 C F, 2x2 take 16 C F instead of 36 C F. Memory: all
weights and 0.4 MB of inputs for each thread, if transformed weights take at most 3 MiB; else 6 MB
of inputs and 1 MiB of weights for each thread; a weight gradient takes at most 7.1 MB.

Errors are larger than those of a sum, for they come from all values of a tile and not only from
those that an output depends on. The largest of 5 million outputs, in units of eps * sum |x| |w|,
where the magnitudes of both factors spread over 16 powers of two (with normal data it is at most
2, 4 and 10), beside the bound of a sum of n terms in any order, n + 16:

=======  =====  =======  =======  =======
terms n  bound  2x2      2x4      4x4
=======  =====  =======  =======  =======
216      232    132      197      477
288      304    76       144      467
432      448    28       72       191
864      880    19       54       160
=======  =====  =======  =======  =======

So `may_use` asks for 216 terms, and `tile_size` takes 2x4 from 288 on and 4x4 from 432 on. A NaN
or an infinity may spread over all outputs of its tile, and a huge value drowns small neighbours
there: where one pixel is 2^16 times its neighbours in every channel, no such bound holds for them.

float32 only, stride and dilation 1, kernels of 3x3 taps in the last two axes and any number in the
first; any padding and groups. It must equal `conv_naive`.
"""

from lucid._cython.microkernel cimport ROWS
from lucid._cython.padded cimport ceil_div
from lucid._cython.winograd_products cimport Work, cut_work, run_columns
from lucid._cython.winograd_sums cimport BLOCK, Sums, cut_sums, sum_block
from lucid._cython.winograd_tiles cimport CHUNK, LANES, Plan, set_sizes, set_tiles
from lucid._cython.workspace cimport Workspace, borrow, give_back

FEWEST_TERMS = 216  # 24 channels of 3x3 taps; see the table above
FEWEST_TERMS_24 = 288  # for tiles of 2x4 outputs
FEWEST_TERMS_4 = 432  # for tiles of 4x4


def supports(itemsize, kernel_size, stride, dilation):
    """Tell whether this algorithm computes such a convolution; the last three are for 3 axes.

    >>> from lucid._cython import conv_winograd
    >>> conv_winograd.supports(4, (1, 3, 3), (1, 1, 1), (1, 1, 1))
    True
    >>> conv_winograd.supports(8, (1, 3, 3), (1, 1, 1), (1, 1, 1))
    False
    """
    return (
        itemsize == 4 and tuple(kernel_size[1:]) == (3, 3)
        and set(stride) == {1} and set(dilation) == {1}
    )


def may_use(terms):
    """Tell whether the error stays below the bound of a sum of `terms` products in any order.

    A forward sums over the channels of a group and the taps, an input gradient over features and
    taps, a weight gradient over items and positions.
    """
    return terms >= FEWEST_TERMS


def tile_size(terms):
    """Choose the outputs of a tile along the last two axes, by the terms that are summed up."""
    return 4 if terms >= FEWEST_TERMS_4 else 2, 4 if terms >= FEWEST_TERMS_24 else 2


def cost(tile, depth, features, output_size, items):
    """Estimate the time of a call: as many multiply-adds in registers would take as long.

    `tile` is a tile's outputs along the last two axes, (2, 2), (2, 4) or (4, 4).
    `depth` counts channels times taps of the first axis. Tiles come in 16 lanes at least.
    """
    points, of_channel, of_feature = {
        (4, 4): (36, 900, 500), (2, 4): (24, 600, 330), (2, 2): (16, 350, 190),
    }[tile]
    planes, height, width = output_size
    tiles = items * planes * -(-height // tile[0]) * -(-width // tile[1])
    return (
        -(-tiles // 16) * 16
        * (points * depth * features + of_channel * depth + of_feature * features)
        + 600 * depth * features
    )


def wins(primitive, channels, features, kernel_size, input_size, output_size, items=1):
    """Tell whether this is both exact enough and faster than the direct kernel.

    `channels` and `features` are those of one group, sizes are those of 3 axes. The direct kernel
    takes 1.1 times as long as the definition's multiply-adds. Costs are compared for 4 items and
    only the terms of a weight gradient are counted for `items`, so that what is chosen for one
    item does not depend on the others.

    >>> from lucid._cython import conv_winograd
    >>> conv_winograd.wins("forward", 64, 64, (1, 3, 3), (1, 56, 56), (1, 56, 56))
    True
    >>> conv_winograd.wins("forward", 16, 16, (1, 3, 3), (1, 56, 56), (1, 56, 56))
    False
    """
    if primitive == "input_grad":
        channels, features, output_size = features, channels, input_size
    depth = channels * kernel_size[0]
    positions = output_size[0] * output_size[1] * output_size[2]
    terms = items * positions if primitive == "weight_grad" else 9 * depth
    direct = 1.1 * 4 * 9 * depth * features * positions
    return may_use(terms) and cost(tile_size(terms), depth, features, output_size, 4) < direct


def _check(w, stride, dilation):
    if not supports(4, w.shape[2:5], stride, dilation):
        raise ValueError(
            f"kernel {tuple(w.shape[2:5])}, stride {stride}, dilation {dilation}: this algorithm "
            f"needs 3x3 taps in the last two axes, stride 1 and dilation 1"
        )


cdef int correlate(
    Work *work, const float *x, const float *w, const float *bias, float *y, int threads
) except -1:
    """Add to y the sum over channels and taps, one chunk of the depth after the other.

    If there is a bias, y is set, not read: to the bias of its channel and the sum.
    """
    cdef Plan *plan = &work.plan
    cdef Py_ssize_t group, turn
    cdef Workspace workspace
    cdef float *inputs
    cdef float *weights
    tile1, tile2 = tile_size(9 * plan.channels * plan.taps0)
    set_tiles(plan, tile1, tile2, CHUNK)
    cut_work(work, threads)
    workspace = borrow(sizeof(float) * (
        work.columns_held * plan.input_size + work.panels_held * work.weight_size
        + threads * work.result_size
    ))
    inputs = <float *> workspace.data
    weights = inputs + work.columns_held * plan.input_size
    plan.bias = bias
    with nogil:
        for group in range(plan.groups):
            plan.first = 0
            while plan.first < plan.whole_depth:
                for turn in range(ceil_div(plan.columns, work.columns_held)):
                    run_columns(
                        work, x, w, y, turn * work.columns_held, inputs, weights,
                        weights + work.panels_held * work.weight_size, threads,
                    )
                plan.first += plan.depth
            x += plan.channels * plan.src_plane
            w += plan.w_group
            y += plan.features * plan.dst_plane
            if bias != NULL:
                plan.bias += plan.features
    give_back(workspace)
    return 0


def forward(
    const float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to y (N, F, *O) the convolution of x (N, C, *I) with w (F, C // groups, *K)."""
    cdef Work work
    cdef Py_ssize_t[3] l = low
    _check(w, stride, dilation)
    set_sizes(&work.plan, x.shape, w.shape, y.shape, l, groups, False)
    correlate(&work, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], NULL, &y[0, 0, 0, 0, 0], threads)


def input_grad(
    float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    const float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to x (N, C, *I) the derivative of <forward(x, w), y> by x: the transposed convolution."""
    cdef Work work
    cdef Py_ssize_t[3] l = low
    _check(w, stride, dilation)
    set_sizes(&work.plan, x.shape, w.shape, y.shape, l, groups, True)
    correlate(&work, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], NULL, &x[0, 0, 0, 0, 0], threads)


def fill_forward(
    const float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const float[::1] bias not None,
):
    """Set y to the convolution plus the bias (F,) of each channel, whatever y held before."""
    cdef Work work
    cdef Py_ssize_t[3] l = low
    _check(w, stride, dilation)
    set_sizes(&work.plan, x.shape, w.shape, y.shape, l, groups, False)
    correlate(&work, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &y[0, 0, 0, 0, 0], threads)


def fill_input_grad(
    float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    const float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const float[::1] bias not None,
):
    """Set x to the input gradient plus the bias (C,) of each channel."""
    cdef Work work
    cdef Py_ssize_t[3] l = low
    _check(w, stride, dilation)
    set_sizes(&work.plan, x.shape, w.shape, y.shape, l, groups, True)
    correlate(&work, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &x[0, 0, 0, 0, 0], threads)


cdef int correlate_weights(
    Sums *sums, const float *x, float *w, const float *y, int threads
) except -1:
    """Add to w the sum over items and positions, one block of weights after the other."""
    cdef Plan *plan = &sums.plan
    cdef Py_ssize_t group, turn, f
    cdef Workspace workspace
    cdef float *inputs
    cdef float *outputs
    tile1, tile2 = tile_size(plan.items * plan.dst_plane)
    set_tiles(plan, tile1, tile2, BLOCK)
    cut_sums(sums)
    workspace = borrow(sizeof(float) * (
        sums.input_size + plan.points * (sums.output_step + sums.sum_step)
    ))
    inputs = <float *> workspace.data
    outputs = inputs + sums.input_size
    with nogil:
        for group in range(plan.groups):
            plan.first = 0
            while plan.first < plan.whole_depth:
                for turn in range(ceil_div(plan.features, sums.features)):
                    f = turn * sums.features
                    sum_block(
                        sums, x, w + f * plan.w_feature, y + f * plan.dst_plane,
                        min(sums.features, plan.features - f), inputs, outputs,
                        outputs + plan.points * sums.output_step, threads,
                    )
                plan.first += plan.depth
            x += plan.channels * plan.src_plane
            w += plan.w_group
            y += plan.features * plan.dst_plane
    give_back(workspace)
    return 0


def weight_grad(
    const float[:, :, :, :, ::1] x not None, float[:, :, :, :, ::1] w not None,
    const float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to w (F, C // groups, *K) the derivative of <forward(x, w), y> by w."""
    cdef Sums sums
    cdef Py_ssize_t[3] l = low
    _check(w, stride, dilation)
    set_sizes(&sums.plan, x.shape, w.shape, y.shape, l, groups, False)
    correlate_weights(&sums, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &y[0, 0, 0, 0, 0], threads)
