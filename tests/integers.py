"""Layers with small whole numbers, on which a kernel must equal the definition bit for bit."""

import random

import numpy as np

from lucid.errors import ShapeError
from lucid.geometry import conv_geometry

POSITIONS = {"input_grad": 0, "weight_grad": 1, "forward": 2}  # of the result among x, w, y


def table(named, features, taps=(1, 2, 3, 5), strides=(1, 1, 2, 3), wanted=lambda row: True):
    """The named rows, and some `wanted` ones picked by a fixed seed, 60 in all.

    A row is: input size, kernel, stride, dilation, low, high, channels, features, groups.
    """
    rows, choose = dict(named), random.Random(0).choice
    while len(rows) < 60:
        ndim = choose((1, 2, 3))
        row = [tuple(choose(each) for _ in range(ndim)) for each in (
            (1, 2, 5, 9, 17), taps, strides, (1, 1, 2, 3), (0, 1, 2, -1, 4), (0, 1, 5),
        )]
        row += [choose((1, 2, 3, 8)), choose(features), choose((1, 2, 3))]
        try:
            arrays(row)
        except ShapeError:
            continue  # the kernel does not fit
        if wanted(row):
            rows[str(row)] = row
    return rows


def arrays(row, n=2, dtype=np.float32):
    """Small integers x, w, y on three axes, and the arguments of a kernel."""
    size, kernel, stride, dilation, low, high, channels, features, groups = row
    shapes = [(n, channels * groups, *size), (features * groups, channels, *kernel)]
    geometry = conv_geometry(
        *shapes, stride, tuple(zip(low, high, strict=True)), dilation, groups
    )
    shapes.append((n, features * groups, *geometry.output_size))
    rng, ones = np.random.default_rng(0), (1,) * (3 - len(size))
    lifted = [
        rng.integers(-4, 5, shape).astype(dtype).reshape(*shape[:2], *ones, *shape[2:])
        for shape in shapes
    ]
    return lifted, (ones + stride, ones + dilation, (0,) * len(ones) + low, groups)


def plain(case, covering, dtype=np.float32):
    """Do as `arrays` without padding, for one tap or a kernel `covering` the whole input.

    A case is: items, channels, features, input size, groups.
    """
    items, channels, features, size, groups = case
    ones, zeros = (1,) * len(size), (0,) * len(size)
    kernel = size if covering else ones
    row = size, kernel, ones, ones, zeros, zeros, channels, features, groups
    return arrays(row, items, dtype)


def fill_with_fractions(operands):
    """Replace the numbers of some arrays by normal ones, whose sums are rounded."""
    rng = np.random.default_rng(1)
    for each in operands:
        each[...] = rng.standard_normal(each.shape)


def run(module, name, operands, arguments, threads=1, *bias):
    """Call a function of a kernel; return a copy of x, w or y with what it computes into it."""
    operands = list(operands)
    position = POSITIONS[name.removeprefix("fill_")]
    operands[position] = operands[position].copy()
    getattr(module, name)(*operands, *arguments, threads, *bias)
    return operands[position]
