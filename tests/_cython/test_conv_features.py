"""Convolution with features in the lanes equals the definition, whatever the cuts into blocks."""

import random

import numpy as np
import pytest

from lucid import kernels
from lucid._cython import conv_features, conv_naive
from lucid.errors import ShapeError
from lucid.geometry import conv_geometry

NAMED = {  # input size, kernel, stride, dilation, low, high, channels, features, groups
    "one pixel": ((1, 1), (1, 1), (1, 1), (1, 1), (0, 0), (0, 0), 3, 5, 1),
    "read in place": ((14, 14), (5, 5), (1, 1), (1, 1), (0, 0), (0, 0), 6, 16, 1),
    "read in place, stride": ((15, 18), (2, 3), (3, 2), (2, 1), (0, 0), (0, 0), 5, 40, 2),
    "short rows": ((9, 5), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 3, 33, 1),
    "several columns": ((8, 8), (3, 3), (2, 2), (1, 1), (1, 1), (1, 1), 4, 100, 1),
    "blocks of rows": ((90, 80), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 2, 7, 1),
    "blocks of rows, stride 2": ((150, 101), (3, 3), (2, 2), (1, 1), (1, 1), (1, 1), 2, 17, 1),
    "blocks of columns": ((9000,), (5,), (3,), (2,), (4,), (2,), 3, 12, 1),
    "blocks of planes": (
        (20, 9, 12), (3, 3, 3), (1, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1), 1, 5, 1,
    ),
    "not all channels at a time": ((40, 64), (3, 5), (1, 2), (1, 1), (1, 2), (1, 2), 200, 3, 1),
    "stride beyond the kernel": ((11, 12), (2, 2), (5, 5), (1, 1), (0, 0), (1, 1), 2, 3, 1),
    "cropped": ((9, 9), (3, 3), (1, 1), (1, 1), (-2, -1), (-1, -2), 2, 3, 1),
}


def table():
    """The named rows, and some picked by a fixed seed."""
    rows, choose = dict(NAMED), random.Random(0).choice
    while len(rows) < 60:
        ndim = choose((1, 2, 3))
        row = [tuple(choose(each) for _ in range(ndim)) for each in (
            (1, 2, 5, 9, 17), (1, 2, 3, 5), (1, 1, 2, 3), (1, 1, 2, 3), (0, 1, 2, -1, 4), (0, 1, 5),
        )]
        row += [choose((1, 2, 3, 8)), choose((1, 2, 16, 17, 33, 70)), choose((1, 2, 3))]
        try:
            arrays(row)
        except ShapeError:
            continue  # the kernel does not fit
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


TABLE = table()
each_row = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_row
def test_it_adds_what_the_definition_adds_on_any_threads(row, dtype):
    (x, w, y), arguments = arrays(row, dtype=dtype)
    wanted = y.copy()
    conv_naive.forward(x, w, wanted, *arguments, 1)
    for threads in (1, 2, 5):
        found = y.copy()
        conv_features.forward(x, w, found, *arguments, threads)
        assert np.array_equal(found, wanted)


@each_row
def test_it_sets_the_result_and_the_bias(row):
    (x, w, y), arguments = arrays(row)
    bias = np.arange(y.shape[1], dtype=np.float32)
    wanted = np.zeros_like(y) + bias.reshape(-1, 1, 1, 1)
    conv_naive.forward(x, w, wanted, *arguments, 1)
    found = np.full_like(y, np.nan)
    conv_features.fill_forward(x, w, found, *arguments, 2, bias)
    assert np.array_equal(found, wanted)


@each_row
def test_bits_depend_neither_on_threads_nor_on_the_batch(row):
    (x, w, y), arguments = arrays(row, n=3)
    rng = np.random.default_rng(1)
    x, w = (rng.standard_normal(each.shape).astype(np.float32) for each in (x, w))
    results = []
    for threads in (1, 2, 3):
        found = np.zeros_like(y)
        conv_features.forward(x, w, found, *arguments, threads)
        results.append(found)
    alone = np.zeros_like(y[2:])
    conv_features.forward(x[2:], w, alone, *arguments, 1)
    assert all(np.array_equal(results[0], other) for other in results[1:])
    assert np.array_equal(results[0][2:], alone)


def test_auto_leaves_the_other_primitives_to_others():
    y, w = np.ones((1, 4, 6, 6)), np.ones((4, 3, 3, 3))
    geometry = conv_geometry((1, 3, 8, 8), w.shape)
    with kernels.use("features"):
        assert kernels.conv_input_grad(y, w, geometry)[0, 0, 4, 4] == 36
