r"""Winograd's minimal filtering of two taps an axis, for each residue of a stride.

The taps k of one residue modulo the stride make a convolution of stride 1. Of a kernel of at most
twice as many taps as its stride (4 taps and stride 2, 3 and 2, 2 and 1) each residue has one tap or
two along an axis. Of two taps, 4 outputs are computed from 5 inputs by 5 products
(`strided_transforms.pxd`) instead of 8; of one, by the 4 products that it takes. Along an axis of 3
taps with stride 2 that is one algorithm of 9 products for 12, whose matrices have a block for each
residue, and in two axes 81 for 144; of 4 taps 10 for 16, and in two axes 100 for 256. A forward of
4 taps adds up the residues before the products are transformed back, as if they were more channels.

One tile is read as one window and written as 4 x 4 neighbours or, in an input gradient, as 8 x 8,
so that nothing is read or written with a stride (`strided_plan.pxd`). As in `conv_winograd`, each
point is a product of matrices in registers with LANES tiles of the whole batch side by side, and
only the last two axes are transformed: taps of the first axis count as more input channels.

Sources: Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016, algorithm 1;
for the residues, Yang, Zeng, Du and others, "A stride-based convolution decomposition method to
stretch CNN acceleration algorithms for efficient and flexible hardware implementation", 2020.

Cost: see `cost`. Of 128 channels, 3x3 taps and stride 2, products take 65 % of the time of a
forward and run at the limit of the registers; the rest are transforms. Memory: if
transformed weights take at most 3.5 MB, these, once or for each thread but then 7 MB at most, and a
column of inputs for each thread, of 2 MB at most; else 5 MB of inputs, or 8.7 MB if each thread has
its own, and 0.5 MB of weights for each thread (`winograd_tasks.pxd`). A weight gradient holds 13 MB
at most, with several threads 6 MB for each (`strided_chunks.pxd`).

Errors: a tile mixes neighbours, so they are larger than those of a sum. The largest of about a
million results in units of eps * sum |x| |w|, where the magnitudes of both factors spread over 16
powers of two (with normal data at most 8), beside the bound of a sum of n terms in any order,
n + 16. An input gradient has larger ones, since at a border positions have fewer terms:

======  =======  =====  =======  ==========  ===========
kernel  terms n  bound  forward  input grad  weight grad
======  =======  =====  =======  ==========  ===========
4x4     256      272    240      1072        108
4x4     384      400    81       464         79
4x4     512      528    108      274         38
3x3     256      272    142      659         60
3x3     384      400    74       545         41
3x3     512      528    40       291         26
======  =======  =====  =======  ==========  ===========

So 440 terms are asked for, in an input gradient on the average of the phases, and more where many
are padding; of a weight gradient 288 for the tap that meets most of it (`exactness`). Of 12 million
results of an input gradient of 128 features and 16x16 pixels five were beyond the bound, by up to
1.6; of a weight gradient of 32 images of 8x8, none above a fifth of it. What is said of NaN,
infinities and huge neighbours in `conv_winograd` holds here too.

float32 only; in the last two axes stride 1 or 2, dilation 1 and at most two taps for each residue;
any first axis, padding and groups. It must equal `conv_naive`.
"""

from math import prod

from lucid._cython.interrupt cimport Watch, raise_if_interrupted, watch_calls
from lucid._cython.strided_chunks cimport cut_sums, run_units, size_of_all
from lucid._cython.strided_plan cimport (
    CHUNK, TILE, Plan, passes, set_chunk, set_pass, set_sizes,
)
from lucid._cython.strided_products cimport make_tasks
from lucid._cython.strided_sums cimport Sums
from lucid._cython.winograd_tasks cimport Tasks, run_tasks
from lucid._cython.workspace cimport Workspace, borrow, give_back

FEWEST_TERMS = {"forward": 440, "input_grad": 440, "weight_grad": 288}  # see the table above


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


def _line(turned, taps, stride, size):
    """Count along one axis, as `strided_plan.pxd` cuts it: points, weights, slots, tiles."""
    blocks = [-(-(taps - residue) // stride) for residue in range(min(taps, stride))]
    points = sum(taps + 3 for taps in blocks)
    weights = sum(5 if taps == 2 else 1 for taps in blocks)
    slots = len(blocks) if not turned and taps % stride == 0 else 1
    return points // slots, weights // slots, slots, -(-size // (4 * stride if turned else 4))


def cost(primitive, channels, features, kernel_size, stride, size, items):
    """Estimate the time of a call: as many multiply-adds in registers would take as long.

    `channels` are read and `features` written or, for a weight gradient, those of the output;
    `size` is that of what is written or of the output, of 3 axes. Tiles come in 16 lanes at least.
    A transform costs for each of its points 40 for a tile of inputs, 25 for one of outputs and 32
    for a weight. In a weight gradient it costs 50 for a tile and 45 for a weight; inputs and
    outputs are transformed for each block of 256 of the others.
    """
    turned = primitive == "input_grad"
    axes = [_line(turned, *each) for each in zip(kernel_size, stride, size, strict=True)]
    points, weights, slots, tiles = (a * b for a, b in zip(*axes[1:], strict=True))
    if size[1] == kernel_size[1] == 1:
        points, weights = axes[2][:2]
    depth = channels * slots * kernel_size[0]
    if turned:  # each phase of the first axis has a part of the taps and of the result
        depth = -(-depth // stride[0])
    tiles = -(-items * size[0] * tiles // 16) * 16
    if primitive == "weight_grad":
        blocks = -(-features // 256) * depth + -(-depth // 256) * features
        transforms = points * tiles * 50 * blocks + weights * 45 * depth * features
    else:
        transforms = points * tiles * (40 * depth + 25 * features) + weights * 32 * depth * features
    return transforms + points * tiles * depth * features


def estimate(
    primitive, channels, features, kernel_size, stride, input_size, output_size, items=1
):
    """Estimate the time of one group as `cost` does; None where this should not be used.

    That is a forward with up to 3 tiles of outputs, for with one item that is mostly transforms of
    weights: of 512 channels and 4 tiles it takes 3 times as long as a plain product, with one tile
    it would take 7 times as long. An input gradient takes 1.5 times as long there. `channels` and
    `features` are those of one group, sizes those of 3 axes.

    >>> from lucid._cython import conv_winograd_strided
    >>> sizes = (1, 4, 4), (1, 2, 2), (1, 32, 32), (1, 16, 16)
    >>> conv_winograd_strided.estimate("forward", 64, 128, *sizes, items=16)
    321945600
    >>> sizes = (1, 4, 4), (1, 2, 2), (1, 12, 12), (1, 6, 6)
    >>> conv_winograd_strided.estimate("forward", 64, 128, *sizes) is None
    True
    """
    if primitive == "input_grad":
        return cost(primitive, features, channels, kernel_size, stride, input_size, items)
    if primitive == "forward" and prod(output_size) <= 3 * TILE * TILE:
        return None
    return cost(primitive, channels, features, kernel_size, stride, output_size, items)


def _check(w, stride, dilation):
    if not supports(4, w.shape[2:5], stride, dilation):
        raise ValueError(
            f"kernel {tuple(w.shape[2:5])}, stride {stride}, dilation {dilation}: this algorithm "
            f"needs in the last two axes dilation 1, stride 1 or 2 and at most twice as many taps "
            f"as the stride, and in one of them more than the stride"
        )


cdef int run_pass(Plan *plan, const float *x, const float *w, float *y, int threads) except -1:
    """Add to y what one pass gives, one chunk of the pairs after the other."""
    cdef Py_ssize_t group
    cdef Tasks tasks
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef const float *bias = plan.bias
    if not plan.tiles:
        return 0
    set_chunk(plan, CHUNK // plan.points)
    tasks = make_tasks(plan, threads)
    workspace = borrow((tasks.shared_size + threads * tasks.own_size) * sizeof(float))
    with nogil:
        for group in range(plan.groups):
            plan.start = 0
            while plan.start < plan.whole_pairs:
                run_tasks(&tasks, x, w, y, <float *> workspace.data, threads, &watch)
                plan.start += plan.pairs
            x += plan.channels * plan.src_plane
            w += plan.w_group
            y += plan.features * plan.dst_plane
            if bias != NULL:
                plan.bias += plan.features
    plan.bias = bias
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


cdef int correlate(
    Plan *plan, const float *x, const float *w, const float *bias, float *y, int threads
) except -1:
    """Add to y what all passes give or, if there is a bias, set y to it and their sum."""
    cdef Py_ssize_t phase
    plan.bias = bias
    for phase in range(passes(plan)):
        set_pass(plan, phase)
        run_pass(plan, x, w, y, threads)
    return 0


def forward(
    const float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to y (N, F, *O) the convolution of x (N, C, *I) with w (F, C // groups, *K)."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    _check(w, stride, dilation)
    set_sizes(&plan, x.shape, w.shape, y.shape, s, d, l, groups, False)
    correlate(&plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], NULL, &y[0, 0, 0, 0, 0], threads)


def input_grad(
    float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    const float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to x (N, C, *I) the derivative of <forward(x, w), y> by x: the transposed convolution."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    _check(w, stride, dilation)
    set_sizes(&plan, x.shape, w.shape, y.shape, s, d, l, groups, True)
    correlate(&plan, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], NULL, &x[0, 0, 0, 0, 0], threads)


def fill_forward(
    const float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const float[::1] bias not None,
):
    """Set y to the convolution plus the bias (F,) of each channel, whatever y held before."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    _check(w, stride, dilation)
    set_sizes(&plan, x.shape, w.shape, y.shape, s, d, l, groups, False)
    correlate(&plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &y[0, 0, 0, 0, 0], threads)


def fill_input_grad(
    float[:, :, :, :, ::1] x not None, const float[:, :, :, :, ::1] w not None,
    const float[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const float[::1] bias not None,
):
    """Set x to the input gradient plus the bias (C,) of each channel; no stride beyond the taps."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    _check(w, stride, dilation)
    set_sizes(&plan, x.shape, w.shape, y.shape, s, d, l, groups, True)
    correlate(&plan, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &x[0, 0, 0, 0, 0], threads)


cdef int set_weights(
    const float[:, :, :, :, ::1] x, float[:, :, :, :, ::1] w, const float[:, :, :, :, ::1] y,
    tuple stride, tuple dilation, tuple low, Py_ssize_t groups, int threads, bint fill,
) except -1:
    """Add to w its derivative or, to `fill` it, set w to that."""
    cdef Sums sums
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    _check(w, stride, dilation)
    set_sizes(&sums.plan, x.shape, w.shape, y.shape, s, d, l, groups, False)
    set_pass(&sums.plan, 0)
    sums.fill = fill
    cut_sums(&sums, threads)
    workspace = borrow(size_of_all(&sums, threads) * sizeof(float))
    with nogil:
        run_units(
            &sums, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &y[0, 0, 0, 0, 0],
            <float *> workspace.data, threads, &watch,
        )
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


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
