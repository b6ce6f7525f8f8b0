"""The step of interpolation: along each axis, every output is a weighted sum of a few inputs."""

from functools import lru_cache

import numpy as np

from lucid.autograd import Function

__all__ = []

CUBIC = -0.75  # the free number of the cubic kernel, as in PyTorch and OpenCV


class Resample(Function):
    r"""Add up weighted taps along axes: :math:`y_o = \sum_t w_{ot} \, x_{i(o, t)}`.

    Such a sum is a product with a matrix of few numbers that are not zero; the gradient is the
    product with its transpose, which is again such a sum.
    """

    keeps_inputs = False

    def __init__(self, taps, transposed=False):
        self.taps = taps  # for each of the last axes the arguments of `axis_taps`, or None
        self.transposed = transposed

    def forward(self, x):
        axes = range(-1, -len(self.taps) - 1, -1)
        for axis, arguments in zip(axes, self.taps[::-1], strict=True):
            if arguments is None:
                continue
            index, weight = (transposed_taps if self.transposed else axis_taps)(*arguments)
            column = (-1,) + (1,) * (-axis - 1)
            y = None
            for i, w in zip(index, weight, strict=True):
                part = x.take(i, axis)
                if not (w == 1).all():
                    part *= w.astype(x.dtype).reshape(column)
                y = part if y is None else np.add(y, part, out=y)
            x = y
        return np.ascontiguousarray(x)

    def backward(self, grad_y):
        return Resample(self.taps, not self.transposed)(grad_y)


@lru_cache(maxsize=1024)
def axis_taps(n, m, mode, align_corners, step):
    """List the taps of an axis: input positions (T, m) and weights (T, m).

    `step` is how many input positions lie between two outputs, unless the corners are aligned.
    """
    o = np.arange(m)
    if mode in ("nearest", "nearest-exact"):
        # in whole numbers where the step is n / m: no rounding below a whole number
        twice = 2 * o + (mode == "nearest-exact")
        exact = step == n / m
        i = twice * n // (2 * m) if exact else np.floor(twice / 2 * step).astype(np.int64)
        return np.minimum(i, n - 1)[None], np.ones((1, m))
    if align_corners:
        place = o * ((n - 1) / (m - 1) if m > 1 else 0.0)
    else:
        place = (o + 0.5) * step - 0.5  # centres of pixels lie at halves
    if mode == "linear":
        place = np.clip(place, 0, n - 1)
        first = place.astype(np.int64)
        t = place - first
        return np.stack([first, np.minimum(first + 1, n - 1)]), np.stack([1 - t, t])
    first = np.floor(place).astype(np.int64)
    t = place - first
    index = np.stack([first - 1, first, first + 1, first + 2])
    weight = np.stack([cubic_far(1 + t), cubic_near(t), cubic_near(1 - t), cubic_far(2 - t)])
    return np.clip(index, 0, n - 1), weight


def cubic_near(s):
    """Weigh a tap at a distance of 0 to 1 positions: Keys, equation 4."""
    return ((CUBIC + 2) * s - (CUBIC + 3)) * s * s + 1


def cubic_far(s):
    """Weigh a tap at a distance of 1 to 2 positions."""
    return ((CUBIC * s - 5 * CUBIC) * s + 8 * CUBIC) * s - 4 * CUBIC


@lru_cache(maxsize=1024)
def transposed_taps(n, m, *rule):
    """List for every input the outputs that it goes to, (T', n), and the weights."""
    index, weight = axis_taps(n, m, *rule)
    o = np.broadcast_to(np.arange(m), index.shape)
    used = weight != 0
    i, o, weight = index[used], o[used], weight[used]
    order = np.argsort(i, kind="stable")
    i, o, weight = i[order], o[order], weight[order]
    counts = np.bincount(i, minlength=n)
    start = np.cumsum(counts) - counts
    place = np.arange(len(i)) - start[i]
    outputs = np.zeros((max(counts.max(initial=0), 1), n), np.int64)
    weights = np.zeros(outputs.shape)
    outputs[place, i], weights[place, i] = o, weight
    return outputs, weights
