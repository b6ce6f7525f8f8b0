r"""Winograd's minimal filtering of two taps an axis: for kernels with a stride, phase by phase.

A kernel of at most twice as many taps as its stride (4 taps and stride 2, 3 and 2, 2 and 1) is, for
each residue of the positions modulo the stride, a convolution of stride 1 with one or two taps an
axis (`strided_plan.pxd`). Along an axis of two taps, 4 outputs are computed from 5 inputs by 5
products (`strided_transforms.pxd`) instead of 8; one tap needs no transform and 4 products. So a
kernel of 4x4 taps with stride 2 takes 25 products for 64, one of 3x3 taps with stride 2 takes
25 + 20 + 20 + 16 = 81 for 144, forward and backward. As in `conv_winograd`, each point is a product
of matrices in registers with LANES tiles of the whole batch side by side, and only the last two
axes are transformed: taps of the first axis count as more input channels.

Sources: Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016, algorithm 1;
for the phases, Yang, Zeng, Du and others, "A stride-based convolution decomposition method to
stretch CNN acceleration algorithms for efficient and flexible hardware implementation", 2020.

Cost: see `cost`. Memory: as of `conv_winograd`; a weight gradient takes at most 9 MB.

Errors: a tile mixes neighbours, so they are larger than those of a sum. The largest of about a
million results in units of eps * sum |x| |w|, where the magnitudes of both factors spread over 16
powers of two (with normal data at most 8), beside the bound of a sum of n terms in any order,
n + 16. An input gradient has larger ones, since at a border positions have fewer terms:

=======  =====  =========  ==========  ===========
terms n  bound  forward    input grad  weight grad
=======  =====  =========  ==========  ===========
192      208    166        683         174
256      272    132        760         80
384      400    94         328         37
512      528    48         196         40
=======  =====  =========  ==========  ===========

So `may_use` asks for 512 terms. What `conv_winograd` says of NaN, infinities and huge neighbours
holds here too.

float32 only; in the last two axes stride 1 or 2, dilation 1 and at most two taps for each residue;
any first axis, padding and groups. It must equal `conv_naive`.
"""

from math import prod

from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.padded cimport ceil_div
from lucid._cython.strided_plan cimport CHUNK, Plan, passes, set_pass, set_sizes, set_tiles
from lucid._cython.strided_products cimport Work, cut_work, run_columns
from lucid._cython.strided_sums cimport DEPTH, Sums, cut_sums, sum_block
from lucid._cython.workspace cimport Workspace, borrow, give_back

FEWEST_TERMS = 512  # see the table above


def supports(itemsize, kernel_size, stride, dilation):
    """Tell whether this algorithm computes such a convolution; the last three are for 3 axes.

    >>> from lucid._cython import conv_winograd_strided
    >>> conv_winograd_strided.supports(4, (1, 4, 4), (1, 2, 2), (1, 1, 1))
    True
    >>> conv_winograd_strided.supports(4, (1, 5, 5), (1, 2, 2), (1, 1, 1))
    False
    """
    taps = [-(-kernel_size[a] // stride[a]) for a in (1, 2)]
    return (
        itemsize == 4 and max(taps) == 2 and max(stride[1:]) <= 2 and tuple(dilation[1:]) == (1, 1)
    )


def may_use(terms):
    """Tell whether the error stays below the bound of a sum of `terms` products in any order."""
    return terms >= FEWEST_TERMS


def _passes(turned, taps, stride, size):
    """List for one axis, as `strided_plan.pxd` cuts it: slots, taps of each, positions written."""
    if turned:
        return [(1, -(-(taps - p) // stride), -(-size // stride)) for p in range(min(taps, stride))]
    more = taps % stride if taps > stride else 0
    fewer = min(taps, stride) - more
    most = -(-taps // stride)
    return [(more, most, size), (fewer, most - 1, size)] if more else [(fewer, most, size)]


def cost(primitive, channels, features, kernel_size, stride, size, items):
    """Estimate the time of a call: as many multiply-adds in registers would take as long.

    `channels` are read and `features` written or, for a weight gradient, those of the output;
    `size` is that of what is written or of the output, of 3 axes. Tiles come in 16 lanes at least.
    A transform costs for each of its points 50 for a tile of inputs or outputs, 20 for a weight and
    45 for its gradient, whose inputs and outputs are transformed for each block of 256 of the
    others.
    """
    total = 0
    turned = primitive == "input_grad"
    axes = [_passes(turned, *each) for each in zip(kernel_size, stride, size, strict=True)]
    for slots0, taps0, count0 in axes[0]:
        for slots1, taps1, count1 in axes[1]:
            for slots2, taps2, count2 in axes[2]:
                depth = channels * slots0 * taps0 * slots1 * slots2
                tile1 = min(4, count1) if taps1 == 1 else 4
                points = (tile1 + taps1 - 1) * (3 + taps2)
                tiles = items * count0 * -(-count1 // tile1) * -(-count2 // 4)
                tiles = -(-tiles // 16) * 16
                if primitive == "weight_grad":
                    blocks = -(-features // 256) * depth + -(-depth // 256) * features
                    total += points * (tiles * 50 * blocks + 45 * depth * features)
                else:
                    total += points * (tiles * 50 * (depth + features) + 20 * depth * features)
                total += points * tiles * depth * features
    return total


def wins(
    primitive, channels, features, kernel_size, stride, input_size, output_size, items=1
):
    """Tell whether this is both exact enough and faster than a product of matrices.

    `channels` and `features` are those of one group, sizes are those of 3 axes. The other takes
    1.25 times as long as the definition's multiply-adds, 1.35 times for a weight gradient. Where
    some phases have but one tap an axis, as those of 3 taps with stride 2, too little is saved for
    it to win. Only a weight gradient looks at `items`; the others are compared for 16, so that what
    is chosen for one item does not depend on its batch.

    >>> from lucid._cython import conv_winograd_strided
    >>> sizes = (1, 4, 4), (1, 2, 2), (1, 32, 32), (1, 16, 16)
    >>> conv_winograd_strided.wins("forward", 64, 128, *sizes)
    True
    >>> conv_winograd_strided.wins("forward", 3, 64, *sizes)
    False
    """
    if any(kernel_size[a] % min(kernel_size[a], stride[a]) for a in (1, 2)):
        return False
    taps, size, other = prod(kernel_size), output_size, 1.25
    read, written, terms = channels, features, channels * taps
    if primitive == "weight_grad":
        other, terms = 1.35, items * prod(output_size)
    else:
        items = 16
    if primitive == "input_grad":
        read, written, size = features, channels, input_size
        terms = features * prod(-(-k // s) for k, s in zip(kernel_size, stride, strict=True))
    other *= items * taps * channels * features * prod(output_size)
    return may_use(terms) and cost(
        primitive, read, written, kernel_size, stride, size, items
    ) < other


def _check(w, stride, dilation):
    if not supports(4, w.shape[2:5], stride, dilation):
        raise ValueError(
            f"kernel {tuple(w.shape[2:5])}, stride {stride}, dilation {dilation}: this algorithm "
            f"needs in the last two axes dilation 1, stride 1 or 2 and at most twice as many taps "
            f"as the stride, and in one of them more than the stride"
        )


cdef int run_pass(Work *work, const float *x, const float *w, float *y, int threads) except -1:
    """Add to y what one pass gives, one chunk of the depth after the other."""
    cdef Plan *plan = &work.plan
    cdef Py_ssize_t group, turn
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef float *inputs
    cdef float *weights
    set_tiles(plan, CHUNK)
    if not plan.tiles:
        return 0
    cut_work(work, threads)
    workspace = borrow(sizeof(float) * (
        work.columns_held * plan.input_size + work.panels_held * work.weight_size
        + threads * work.result_size
    ))
    inputs = <float *> workspace.data
    weights = inputs + work.columns_held * plan.input_size
    with nogil:
        for group in range(plan.groups):
            plan.start = 0
            while plan.start < plan.whole_depth:
                for turn in range(ceil_div(plan.columns, work.columns_held)):
                    if interrupted(&watch):
                        break
                    run_columns(
                        work, x, w, y, turn * work.columns_held, inputs, weights,
                        weights + work.panels_held * work.weight_size, threads,
                    )
                plan.start += plan.depth
            x += plan.channels * plan.src_plane
            w += plan.w_group
            y += plan.features * plan.dst_plane
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


cdef int correlate(Work *work, const float *x, const float *w, float *y, int threads) except -1:
    """Add to y what all passes give."""
    cdef Plan *plan = &work.plan
    cdef Py_ssize_t pass0, pass1, pass2
    for pass0 in range(passes(plan, 0)):
        for pass1 in range(passes(plan, 1)):
            for pass2 in range(passes(plan, 2)):
                set_pass(plan, pass0, pass1, pass2)
                run_pass(work, x, w, y, threads)
    return 0


def forward(
    const float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to y (N, F, *O) the convolution of x (N, C, *I) with w (F, C // groups, *K)."""
    cdef Work work
    cdef Py_ssize_t[3] s = stride
    cdef Py_ssize_t[3] d = dilation
    cdef Py_ssize_t[3] l = low
    _check(w, stride, dilation)
    set_sizes(&work.plan, x.shape, w.shape, y.shape, s, d, l, groups, False)
    correlate(&work, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &y[0, 0, 0, 0, 0], threads)


def input_grad(
    float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    const float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to x (N, C, *I) the derivative of <forward(x, w), y> by x: the transposed convolution."""
    cdef Work work
    cdef Py_ssize_t[3] s = stride
    cdef Py_ssize_t[3] d = dilation
    cdef Py_ssize_t[3] l = low
    _check(w, stride, dilation)
    set_sizes(&work.plan, x.shape, w.shape, y.shape, s, d, l, groups, True)
    correlate(&work, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &x[0, 0, 0, 0, 0], threads)


cdef int sum_pass(Sums *sums, const float *x, float *w, const float *y, int threads) except -1:
    """Add to w what one pass gives, one block of weights after the other."""
    cdef Plan *plan = &sums.plan
    cdef Py_ssize_t group, turn, f
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef float *inputs
    cdef float *outputs
    set_tiles(plan, DEPTH)
    cut_sums(sums)
    workspace = borrow(sizeof(float) * (
        sums.input_size + plan.points * (sums.output_step + sums.sum_step)
    ))
    inputs = <float *> workspace.data
    outputs = inputs + sums.input_size
    with nogil:
        for group in range(plan.groups):
            plan.start = 0
            while plan.start < plan.whole_depth:
                for turn in range(ceil_div(plan.features, sums.features)):
                    f = turn * sums.features
                    if interrupted(&watch):
                        break
                    sum_block(
                        sums, x, w + f * plan.w_feature, y + f * plan.dst_plane,
                        min(sums.features, plan.features - f), inputs, outputs,
                        outputs + plan.points * sums.output_step, threads,
                    )
                plan.start += plan.depth
            x += plan.channels * plan.src_plane
            w += plan.w_group
            y += plan.features * plan.dst_plane
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


def weight_grad(
    const float[:, :, :, :, ::1] x not None, float[:, :, :, :, ::1] w not None,
    const float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to w (F, C // groups, *K) the derivative of <forward(x, w), y> by w."""
    cdef Sums sums
    cdef Plan *plan = &sums.plan
    cdef Py_ssize_t[3] s = stride
    cdef Py_ssize_t[3] d = dilation
    cdef Py_ssize_t[3] l = low
    cdef Py_ssize_t pass1, pass2
    _check(w, stride, dilation)
    set_sizes(plan, x.shape, w.shape, y.shape, s, d, l, groups, False)
    for pass1 in range(passes(plan, 1)):
        for pass2 in range(passes(plan, 2)):
            set_pass(plan, 0, pass1, pass2)
            sum_pass(&sums, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &y[0, 0, 0, 0, 0], threads)
