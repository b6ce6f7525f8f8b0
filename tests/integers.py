"""Layers with small whole numbers, on which a kernel must equal the definition bit for bit."""

import random

import numpy as np

from lucid._cython import conv_naive
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


def assert_adds_what_the_definition_adds(module, name, operands, arguments, threads=(1, 2, 5)):
    """Compare a function of a kernel with the definition, bit for bit, on several threads."""
    wanted = run(conv_naive, name, operands, arguments)
    for each in threads:
        found = run(module, name, operands, arguments, each)
        np.testing.assert_array_equal(found, wanted)


def assert_sets_the_result_and_the_bias(module, name, operands, arguments):
    """Compare a function that fills its result with the definition added to the bias."""
    result = operands[POSITIONS[name]]
    bias = np.arange(result.shape[1]).astype(result.dtype)
    result[...] = bias.reshape(-1, 1, 1, 1)
    wanted = run(conv_naive, name, operands, arguments)
    result[...] = np.nan  # what the result held before does not matter
    found = run(module, f"fill_{name}", operands, arguments, 2, bias)
    np.testing.assert_array_equal(found, wanted)


def assert_bits_are_those_of_one_thread(module, name, operands, arguments, threads=(2, 3)):
    """Compare rounded sums on several threads, bit for bit; return them."""
    fill_with_fractions(operands)
    wanted = run(module, name, operands, arguments)
    for each in threads:
        found = run(module, name, operands, arguments, each)
        np.testing.assert_array_equal(found, wanted)
    return wanted


def assert_bits_are_those_of_an_item_alone(module, name, operands, arguments, together):
    """Compare, bit for bit, a result of all items with that of some of them alone."""
    x, w, y = operands
    for n in {0, len(x) // 2, len(x) - 1}:
        item = x[n : n + 1], w, y[n : n + 1]
        alone = run(module, name, item, arguments)
        np.testing.assert_array_equal(together[n : n + 1], alone)
