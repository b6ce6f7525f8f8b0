"""The steps of pooling into a given size, whose windows differ in length.

Along an axis of n positions output o of m looks at the positions from floor(o n / m) up to, not
including, ceil((o + 1) n / m). Every axis is worked off by itself, last axis first.
"""

import numpy as np

from lucid.autograd import Function

__all__ = []


def windows(n, m):
    """List where each of m windows over n positions begins and ends."""
    return [(o * n // m, -(-(o + 1) * n // m)) for o in range(m)]


class AdaptiveAverage(Function):
    r"""Average windows, axis by axis: :math:`y_o = \frac{1}{|W_o|} \sum_{i \in W_o} x_i`."""

    keeps_inputs = False

    def __init__(self, output_size):
        self.output_size = output_size  # of the last axes

    def forward(self, x):
        for axis, m in zip(range(-1, -len(self.output_size) - 1, -1), self.output_size[::-1]):
            n = x.shape[axis]
            if n == m:
                continue
            x = np.moveaxis(x, axis, 0)
            y = np.empty((m, *x.shape[1:]), x.dtype)
            for o, (start, stop) in enumerate(windows(n, m)):
                np.mean(x[start:stop], axis=0, out=y[o])
            x = np.moveaxis(y, 0, axis)
        return np.ascontiguousarray(x)

    def backward(self, grad_y):
        size = self.input_shapes[0][-len(self.output_size) :]
        return AdaptiveSpread(size)(grad_y)


class AdaptiveSpread(Function):
    r"""Spread every y over its window: :math:`x_i \mathrel{+}= y_o / |W_o|`, axis by axis."""

    keeps_inputs = False

    def __init__(self, input_size):
        self.input_size = input_size

    def forward(self, y):
        for axis, n in zip(range(-1, -len(self.input_size) - 1, -1), self.input_size[::-1]):
            m = y.shape[axis]
            if n == m:
                continue
            y = np.moveaxis(y, axis, 0)
            x = np.zeros((n, *y.shape[1:]), y.dtype)
            for o, (start, stop) in enumerate(windows(n, m)):
                x[start:stop] += y[o] / y.dtype.type(stop - start)
            y = np.moveaxis(x, 0, axis)
        return np.ascontiguousarray(y)

    def backward(self, grad_x):
        size = self.input_shapes[0][-len(self.input_size) :]
        return AdaptiveAverage(size)(grad_x)


def adaptive_maxima(x, output_size):
    """Find the maximum of every window and where it lies, counted through the last axes of x.

    The maximum of a window is that of the maxima of its rows, so one axis is worked off after the
    other; of equal ones the first wins, in the order of memory, and NaN beats every number.
    """
    input_size = x.shape[-len(output_size) :]
    place = np.broadcast_to(np.arange(np.prod(input_size)).reshape(input_size), x.shape)
    for axis, m in zip(range(-1, -len(output_size) - 1, -1), output_size[::-1]):
        x, place = np.moveaxis(x, axis, 0), np.moveaxis(place, axis, 0)
        y = np.empty((m, *x.shape[1:]), x.dtype)
        indices = np.empty(y.shape, np.int64)
        for o, (start, stop) in enumerate(windows(len(x), m)):
            best = x[start:stop].argmax(0)[None]
            y[o] = np.take_along_axis(x[start:stop], best, 0)[0]
            indices[o] = np.take_along_axis(place[start:stop], best, 0)[0]
        x, place = np.moveaxis(y, 0, axis), np.moveaxis(indices, 0, axis)
    return np.ascontiguousarray(x), np.ascontiguousarray(place)
