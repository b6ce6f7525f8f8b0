"""Convolution with features in the lanes equals the definition, whatever the cuts into blocks."""

import numpy as np
import pytest
from integers import arrays, fill_with_fractions, run, table

from lucid import kernels
from lucid._cython import conv_features, conv_naive
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
    "runs of every length": ((37, 29), (2, 3), (1, 1), (1, 1), (0, 1), (0, 1), 2, 5, 1),
    "long rows, stride 3": ((4, 100), (2, 3), (1, 3), (1, 1), (0, 1), (0, 1), 2, 17, 1),
    "cropped": ((9, 9), (3, 3), (1, 1), (1, 1), (-2, -1), (-1, -2), 2, 3, 1),
}


TABLE = table(NAMED, features=(1, 2, 16, 17, 33, 70))
each_row = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_row
def test_it_adds_what_the_definition_adds_on_any_threads(row, dtype):
    operands, arguments = arrays(row, dtype=dtype)
    wanted = run(conv_naive, "forward", operands, arguments)
    for threads in (1, 2, 5):
        found = run(conv_features, "forward", operands, arguments, threads)
        assert np.array_equal(found, wanted)


@each_row
def test_it_sets_the_result_and_the_bias(row):
    (x, w, y), arguments = arrays(row)
    bias = np.arange(y.shape[1], dtype=np.float32)
    start = np.zeros_like(y) + bias.reshape(-1, 1, 1, 1)
    wanted = run(conv_naive, "forward", (x, w, start), arguments)
    y[...] = np.nan  # what the result held before does not matter
    found = run(conv_features, "fill_forward", (x, w, y), arguments, 2, bias)
    assert np.array_equal(found, wanted)


@each_row
def test_bits_depend_neither_on_threads_nor_on_the_batch(row):
    (x, w, y), arguments = arrays(row, n=3)
    fill_with_fractions((x, w))
    together = run(conv_features, "forward", (x, w, y), arguments)
    for threads in (2, 3):
        again = run(conv_features, "forward", (x, w, y), arguments, threads)
        assert np.array_equal(again, together)
    alone = run(conv_features, "forward", (x[2:], w, y[2:]), arguments)
    assert np.array_equal(together[2:], alone)


def test_auto_leaves_the_other_primitives_to_others():
    y, w = np.ones((1, 4, 6, 6)), np.ones((4, 3, 3, 3))
    geometry = conv_geometry((1, 3, 8, 8), w.shape)
    with kernels.use("features"):
        assert kernels.conv_input_grad(y, w, geometry)[0, 0, 4, 4] == 36
