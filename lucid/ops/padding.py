"""Making axes longer or shorter at their ends: zeros, a mirror, the edge, or the other end.

Every mode is linear in x, so a step and its adjoint are each other's backward, and derivatives of
every order follow.
"""

from functools import lru_cache

import numpy as np

from lucid.autograd import Function
from lucid.errors import ShapeError

__all__ = []

# position -> the position whose element stands there, for an axis of n positions
SOURCES = {
    "reflect": lambda position, n: n - 1 - abs(n - 1 - abs(position)),
    "replicate": lambda position, n: np.clip(position, 0, n - 1),
    "circular": lambda position, n: position % n,
}
# by how much less than n positions a mode reaches, and why
LIMITS = {
    "reflect": (1, ": a mirror does not repeat the edge"),
    "circular": (0, ": it goes round once"),
}
MODES = ("constant", *SOURCES)


class Pad(Function):
    r"""Put a constant around x, or crop where a number is negative: :math:`y_{i + low} = x_i`."""

    keeps_inputs = False

    def __init__(self, pairs, value=0):
        self.pairs, self.value = pairs, value

    def forward(self, x):
        y = np.full(padded_shape(x.shape, self.pairs, "constant"), self.value, x.dtype)
        crop(y, negative(self.pairs))[...] = crop(x, self.pairs)
        return y

    def backward(self, grad_y):
        return Pad(negative(self.pairs))(grad_y)


class Extend(Function):
    r"""Repeat elements of x at the ends: :math:`y_o = x_{source(o)}` along each axis in turn."""

    keeps_inputs = False

    def __init__(self, sources):
        self.sources = sources  # (axis, array of source positions, how many are before the axis)

    def forward(self, x):
        for axis, source, _ in self.sources:
            x = x.take(source, axis)
        return x

    def backward(self, grad_y):
        return Collect(self.sources, self.input_shapes[0])(grad_y)


class Collect(Function):
    r"""Add up what was repeated: :math:`x_i = \sum_{o: source(o) = i} y_o`, axis by axis."""

    keeps_inputs = False

    def __init__(self, sources, shape):
        self.sources, self.shape = sources, shape

    def forward(self, y):
        for axis, source, low in reversed(self.sources):
            y = np.moveaxis(y, axis, 0)
            high = low + self.shape[axis]
            x = y[low:high].copy()  # in the middle every element comes once
            for o in (*range(low), *range(high, len(source))):
                x[source[o]] += y[o]
            y = np.moveaxis(x, 0, axis)
        return y

    def backward(self, grad_x):
        return Extend(self.sources)(grad_x)


def crop(x, pairs):
    """Cut off what the negative numbers say."""
    sizes = zip(x.shape, pairs, strict=True)
    return x[tuple([slice(max(-low, 0), n - max(-high, 0)) for n, (low, high) in sizes])]


def negative(pairs):
    """Turn padding into cropping, and cropping into padding."""
    return tuple((-low, -high) for low, high in pairs)


def pad_axes(x, pairs, mode="constant", value=0):
    """Pad the last axes of x, as many as there are (low, high) pairs; negative numbers crop."""
    pairs = ((0, 0),) * (x.array.ndim - len(pairs)) + pairs
    padded_shape(x.array.shape, pairs, mode)  # raises where it cannot be done
    if mode == "constant":
        return Pad(pairs, value)(x)
    crops = tuple([(min(low, 0), min(high, 0)) for low, high in pairs])
    if any(map(any, crops)):
        x = Pad(crops)(x)
    return Extend(find_sources(x.array.shape, pairs, mode))(x)


@lru_cache(maxsize=256)
def find_sources(shape, pairs, mode):
    """List the axes that are extended, each with its source positions and how many come before."""
    sources = []
    for axis, (low, high) in enumerate(pairs):
        low, high, n = max(low, 0), max(high, 0), shape[axis]
        if low or high:
            sources.append((axis, SOURCES[mode](np.arange(-low, n + high), n), low))
    return tuple(sources)


@lru_cache(maxsize=4096)
def padded_shape(shape, pairs, mode):
    """Give the shape that `pad_axes` makes of one, or raise why it cannot."""
    pairs = ((0, 0),) * (len(shape) - len(pairs)) + pairs
    check_pads(shape, pairs, mode)
    return tuple([n + low + high for n, (low, high) in zip(shape, pairs, strict=True)])


def check_mode(mode, name, modes):
    """Return a mode that is among those there are."""
    if mode not in modes:
        raise ValueError(f"{name}={mode!r} is unknown; choose one of {', '.join(map(repr, modes))}")
    return mode


def check_pads(shape, pairs, mode):
    """Refuse to pad beyond what a mode can reach, or to crop more than there is."""
    for axis, (size, (low, high)) in enumerate(zip(shape, pairs, strict=True)):
        rest = size + min(low, 0) + min(high, 0)
        if rest < 0:
            raise ShapeError(
                f"padding ({low}, {high}) crops {size - rest} of the {size} positions of axis "
                f"{axis} of shape {shape}; at most {size} can be cropped"
            )
        if max(low, high) <= 0 or mode == "constant":
            continue
        less, why = LIMITS.get(mode, (None, ""))
        most = 0 if less is None or not rest else rest - less
        if not rest or (less is not None and max(low, high) > most):
            raise ShapeError(
                f"padding ({low}, {high}) in mode {mode!r} is too much for axis {axis} of shape "
                f"{shape}, which has {rest} positions; it may be at most {most}{why}"
            )
