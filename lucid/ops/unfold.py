"""The steps that lay out the windows of a convolution as columns, and add them up again."""

from math import prod

import numpy as np
from numpy.lib.stride_tricks import as_strided

from lucid.autograd import Function

__all__ = []


class Unfold(Function):
    r"""Copy every window into a column: :math:`y_{n, (c, k), o} = x_{n, c, i}`.

    With :math:`i = o \cdot stride + k \cdot dilation - low`, and zeros where i lies outside.
    """

    keeps_inputs = False

    def __init__(self, geometry):
        self.geometry = geometry

    def forward(self, x):
        g = self.geometry
        n, c = x.shape[:2]
        padded, inside, source = _frame(x.shape, g, x.dtype)
        padded[inside] = x[source]
        steps = padded.strides[2:]
        taps = [step * d for step, d in zip(steps, g.dilation, strict=True)]
        places = [step * s for step, s in zip(steps, g.stride, strict=True)]
        windows = as_strided(
            padded, (n, c, *g.kernel_size, *g.output_size), (*padded.strides[:2], *taps, *places)
        )
        return windows.reshape(n, c * prod(g.kernel_size), prod(g.output_size))

    def backward(self, grad_y):
        return Fold(self.geometry)(grad_y)


class Fold(Function):
    r"""Add every column up where its window was: :math:`x_{n, c, i} \mathrel{+}= y_{n, (c, k), o}`.

    The adjoint of `Unfold`; it loops over the taps of the kernel.
    """

    keeps_inputs = False

    def __init__(self, geometry):
        self.geometry = geometry

    def forward(self, y):
        g = self.geometry
        n, c = len(y), y.shape[1] // prod(g.kernel_size)
        y = y.reshape(n, c, *g.kernel_size, *g.output_size)
        x = np.zeros((n, c, *g.input_size), y.dtype)
        padded, inside, source = _frame(x.shape, g, y.dtype)
        for k in np.ndindex(g.kernel_size):
            reach = tuple(
                slice(tap * d, tap * d + (count - 1) * s + 1, s)
                for tap, d, s, count in zip(k, g.dilation, g.stride, g.output_size, strict=True)
            )
            padded[(..., *reach)] += y[(slice(None), slice(None), *k)]
        x[source] = padded[inside]
        return x

    def backward(self, grad_x):
        return Unfold(self.geometry)(grad_x)


def _frame(x_shape, geometry, dtype):
    """Make zeros for all that windows reach; say where x lies in it, and which part of x does."""
    g = geometry
    extents = [
        (o - 1) * s + (k - 1) * d + 1
        for o, s, k, d in zip(g.output_size, g.stride, g.kernel_size, g.dilation, strict=True)
    ]
    axes = list(zip(extents, g.input_size, g.low, strict=True))
    inside = [slice(low, min(extent, low + size)) for extent, size, low in axes]
    source = [slice(0, max(min(extent - low, size), 0)) for extent, size, low in axes]
    frame = np.zeros((*x_shape[:2], *extents), dtype)
    return frame, (..., *inside), (..., *source)
