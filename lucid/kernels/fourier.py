r"""Convolution by Fourier's transform, for long kernels: products of spectra instead of sums.

Along each axis let p = o * stride and t = k * dilation count positions and taps at full resolution,
so that i = p + t - low. A block of P positions p, all T taps and the B = P + T - 1 inputs that they
meet are filled with zeros to one length and transformed. There the three primitives are products,
at each frequency, of one input's and the other's spectrum, the bar being the conjugate:

==============  ==========================================  ======================
`forward`       :math:`\hat y = \sum_c \hat x \bar{\hat w}`  its first P positions
`input_grad`    :math:`\hat x = \sum_f \hat y \hat w`        all B, added up
`weight_grad`   :math:`\hat w = \sum \hat x \bar{\hat y}`    its first T taps
==============  ==========================================  ======================

No position of a block meets another one around the end of the circle, for a block has as many
inputs as its positions and taps together reach. Blocks overlap by T - 1 inputs. A position that a
stride skips is computed and dropped, or is zero; so is a tap between those of a dilated kernel.

Source: Cooley and Tukey, "An algorithm for the machine calculation of complex Fourier series",
1965; Stockham, "High-speed convolution and correlation", 1966, for the blocks.

Cost, for C channels and F features: C + F transforms of a block of B positions, about
2.5 B log2 B multiply-adds each, and 2 B C F for the products; the definition takes P T C F. B is
chosen to make that least, about 4 T. Once for a call C F transforms of the weights. Memory: spectra
of as many weights as fit into 3 MiB, and of one block or a few.

It computes in float64, so the error of a float32 result is that of rounding it once, as long as no
two values of a block differ by more than 2^29 times; a NaN or an infinity spreads over its block.
"""

from functools import lru_cache
from itertools import product
from math import isqrt, log2, prod

import numpy as np

from lucid._cython import spectra
from lucid.kernels.threads import share_out

WEIGHTS = 3 << 20  # bytes of spectra of weights
BLOCKS = 1 << 20  # bytes of spectra of blocks, of channels and features together
AT_ONCE = 1 << 15  # positions to transform at a time


def fast_sizes(least, most):
    """List the lengths from `least` on that are quick to transform, and one at least `most`."""
    sizes = sorted(odd << power for odd in (1, 3, 5, 9, 15) for power in range(60))
    end = next(index for index, size in enumerate(sizes) if size >= most)
    return [size for size in sizes[: end + 1] if size >= least]


@lru_cache(maxsize=1024)
def cut_axis(output_size, kernel_size, stride, dilation):
    """Choose the block of one axis: positions P, taps T and the length of its transforms."""
    span, taps = (output_size - 1) * stride + 1, (kernel_size - 1) * dilation + 1
    best = None
    for size in fast_sizes(taps, span + taps - 1):
        room = size - taps + 1
        positions = span if room >= span else room // stride * stride  # places keep to the stride
        if positions:
            cost = -(-span // positions) * (size * (log2(size) + 4) + 4000)
            found = cost, positions, taps, size
            best = min(best, found) if best else found
    return best[1:]


class _Plan:
    """How the axes are cut into blocks, and the steps between arrays, blocks and spectra."""

    def __init__(self, items, output_size, kernel_size, stride, dilation, low, threads=1):
        self.stride, self.dilation, self.low, self.threads = stride, dilation, low, threads
        cuts = map(cut_axis, output_size, kernel_size, stride, dilation)
        self.positions, self.taps, self.size = zip(*cuts, strict=True)
        self.axes = [axis for axis in range(3) if self.size[axis] > 1]  # those to transform
        self.bins = [*self.size]
        if self.axes:
            self.bins[self.axes[-1]] = self.size[self.axes[-1]] // 2 + 1  # the rest is conjugate
        self.row = -(-prod(self.bins) // 16) * 16
        spans = ((o - 1) * s + 1 for o, s in zip(output_size, stride, strict=True))
        starts = (range(0, n, block) for n, block in zip(spans, self.positions, strict=True))
        self.places = [*product(range(items), *starts)]

    def pieces(self, count, rows):
        """Cut `count` arrays of `rows` rows into slices of both, so that few are held at once."""
        at_once = max(1, AT_ONCE // prod(self.size))
        for first in range(0, count, max(1, at_once // rows)):
            for row in range(0, rows, at_once):
                yield slice(first, first + max(1, at_once // rows)), slice(row, row + at_once)

    def transform(self, given, conjugate=False):
        """Return the spectra (A, R, 2, row) of a list of A rows (R, ...) and their places."""
        found = np.zeros((len(given), len(given[0][1]), 2, self.row))

        def transform_piece(piece):
            some, rows = piece
            block = np.zeros((*found[some, rows].shape[:2], *self.size))
            for each, (inside, values) in zip(block, given[some], strict=True):
                each[:, *inside] = values[rows]
            if self.axes:
                block = np.fft.rfftn(block, axes=[2 + axis for axis in self.axes])
            block = block.reshape(*block.shape[:2], -1)
            place = found[some, rows, :, : block.shape[2]]
            place[:, :, 0], place[:, :, 1] = block.real, -block.imag if conjugate else block.imag

        share_out(transform_piece, [*self.pieces(*found.shape[:2])], self.threads)
        return found

    def add_restored(self, found, wanted):
        """Add to a list of rows (R, ...) what their spectra (A, R, 2, row) hold at their places."""
        sizes, count = [self.size[axis] for axis in self.axes], prod(self.bins)

        def restore_piece(piece):
            place = found[piece]
            block = place[:, :, 0, :count]
            if self.axes:
                block = np.empty((*place.shape[:2], count), complex)
                block.real, block.imag = place[:, :, 0, :count], place[:, :, 1, :count]
                block = block.reshape(*place.shape[:2], *self.bins)
                block = np.fft.irfftn(block, s=sizes, axes=[2 + axis for axis in self.axes])
            return block.reshape(*place.shape[:2], *self.size).astype(wanted[0][1].dtype)

        pieces = [*self.pieces(*found.shape[:2])]
        restored = share_out(restore_piece, pieces, self.threads)
        for (some, rows), block in zip(pieces, restored, strict=True):  # blocks overlap: in order
            for each, (inside, values) in zip(block, wanted[some], strict=True):
                values[rows] += each[:, *inside]

    def find_inputs(self, x, place):
        """Return where the inputs of a block stand in it, and their view of x (N, C, *I)."""
        inside, source = [], []
        for axis, start in enumerate(place[1:]):
            first, size = start - self.low[axis], x.shape[2 + axis]
            begin = min(max(first, 0), size)
            end = first + self.positions[axis] + self.taps[axis] - 1
            end = max(begin, min(end, size))
            inside.append(slice(begin - first, end - first))
            source.append(slice(begin, end))
        return inside, x[place[0], :, *source]

    def find_outputs(self, y, place):
        """Return where the positions of a block stand in it, and their view of y (N, F, *O)."""
        inside, source = [], []
        for axis, start in enumerate(place[1:]):
            stride, size = self.stride[axis], y.shape[2 + axis]
            first = start // stride
            last = min(first + -(-self.positions[axis] // stride), size)
            inside.append(slice(0, (last - first - 1) * stride + 1, stride))
            source.append(slice(first, last))
        return inside, y[place[0], :, *source]

    def correlate(self, primitive, x, w, y, together):
        """Compute one of three arrays, of some channels and features that fit into memory."""
        kernel = [slice(0, t, d) for t, d in zip(self.taps, self.dilation, strict=True)]
        rows = [(kernel, each) for each in w]
        if primitive == "weight_grad":
            ws = np.zeros((*w.shape[:2], 2, self.row))
        else:
            ws = self.transform(rows, conjugate=primitive == "forward")
        for first in range(0, len(self.places), together):
            places = self.places[first : first + together]
            x_rows = [self.find_inputs(x, place) for place in places]
            y_rows = [self.find_outputs(y, place) for place in places]
            if primitive == "forward":
                ys = np.zeros((len(places), len(w), 2, self.row))
                spectra.add_products(self.transform(x_rows), ws, ys, self.threads)
                self.add_restored(ys, y_rows)
            elif primitive == "input_grad":
                xs = np.zeros((len(places), w.shape[1], 2, self.row))
                spectra.add_products(self.transform(y_rows), ws.swapaxes(0, 1), xs, self.threads)
                self.add_restored(xs, x_rows)
            else:
                xs, ys = self.transform(x_rows), self.transform(y_rows, conjugate=True)
                spectra.add_products(ys.swapaxes(0, 1), xs.swapaxes(0, 1), ws, self.threads)
        if primitive == "weight_grad":
            self.add_restored(ws, rows)


def _share(features, channels, row):
    """Split the features and channels of a group into parts whose spectra fit into memory."""
    pairs = max(1, WEIGHTS // (16 * row))
    c_step = min(channels, max(isqrt(pairs), pairs // features))
    return min(features, max(1, pairs // c_step)), c_step


def _run(primitive, x, w, y, stride, dilation, low, groups, threads):
    """Compute group by group, and as many channels and features at a time as fit into memory."""
    plan = _Plan(x.shape[0], y.shape[2:], w.shape[2:], stride, dilation, low, threads)
    features, channels = w.shape[0] // groups, w.shape[1]
    f_step, c_step = _share(features, channels, plan.row)
    together = max(1, BLOCKS // (16 * plan.row * (c_step + f_step)))
    for group, f, c in product(
        range(groups), range(0, features, f_step), range(0, channels, c_step)
    ):
        f_end, c_end = min(features, f + f_step), min(channels, c + c_step)
        f_first, c_first = group * features, group * channels
        plan.correlate(
            primitive, x[:, c_first + c : c_first + c_end],
            w[f_first + f : f_first + f_end, c:c_end], y[:, f_first + f : f_first + f_end],
            together,
        )


def count(task, items):
    """Count transforms, positions of each, and products of complex numbers for some items."""
    sizes = map(task.on_three_axes, ("output_size", "kernel_size", "stride", "dilation"))
    plan = _Plan(items, *sizes, (0, 0, 0))
    f_step, c_step = _share(task.features, task.channels, plan.row)
    transforms = task.features * task.channels + len(plan.places) * (
        task.channels * -(-task.features // f_step) + task.features * -(-task.channels // c_step)
    )
    products = len(plan.places) * task.features * task.channels * plan.row
    return task.geometry.groups * transforms, prod(plan.size), task.geometry.groups * products


def multiply_adds(task):
    """Estimate the real multiply-adds for one item."""
    transforms, size, products = count(task, 1)
    return round(transforms * 1.25 * size * log2(size + 1)) + 4 * products


def cost(task):
    """Estimate the nanoseconds that two items take on one core.

    >>> from lucid.geometry import conv_geometry
    >>> from lucid.kernels import fourier
    >>> from lucid.kernels.choice import Task
    >>> geometry = conv_geometry((1, 16, 9000), (16, 16, 1000))
    >>> fourier.cost(Task("forward", geometry, 16, 16)) < 2 * 8001 * 1000 * 16 * 16 / 50
    True
    """
    transforms, size, products = count(task, 2)
    return 200_000 + transforms * (2_000 + 6 * size) + 0.6 * products


def forward(x, w, y, stride, dilation, low, groups, threads):
    """Add to y (N, F, *O) the convolution of x (N, C, *I) with w (F, C // groups, *K)."""
    _run("forward", x, w, y, stride, dilation, low, groups, threads)


def input_grad(x, w, y, stride, dilation, low, groups, threads):
    """Add to x (N, C, *I) the derivative of <forward(x, w), y> by x."""
    _run("input_grad", x, w, y, stride, dilation, low, groups, threads)


def weight_grad(x, w, y, stride, dilation, low, groups, threads):
    """Add to w (F, C // groups, *K) the derivative of <forward(x, w), y> by w."""
    _run("weight_grad", x, w, y, stride, dilation, low, groups, threads)
