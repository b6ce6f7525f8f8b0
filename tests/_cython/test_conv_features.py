"""Convolution with features in the lanes equals the definition, whatever the cuts into blocks."""

import numpy as np
import pytest
from integers import (
    arrays, assert_adds_what_the_definition_adds, assert_bits_are_those_of_an_item_alone,
    assert_bits_are_those_of_one_thread, assert_sets_the_result_and_the_bias, table,
)

from lucid import kernels
from lucid._cython import conv_features
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
    "patches of 4x4": ((12, 64), (4, 4), (4, 4), (1, 1), (0, 0), (0, 0), 3, 20, 1),
    "runs of 7, stride 4": ((30, 60), (7, 7), (4, 4), (1, 1), (3, 3), (3, 3), 2, 17, 1),
    "runs of 4, stride 5": ((23, 103), (5, 6), (5, 5), (1, 1), (2, 2), (1, 1), 2, 17, 1),
    "stride 16 in rows": ((5, 240), (2, 16), (1, 16), (1, 1), (0, 0), (0, 0), 2, 18, 1),
    "a long signal, stride 4": ((9000,), (8,), (4,), (1,), (2,), (2,), 40, 12, 1),
    "parts of rows": ((4, 5000), (3, 5), (1, 2), (1, 1), (1, 2), (1, 2), 20, 5, 1),
    "cropped": ((9, 9), (3, 3), (1, 1), (1, 1), (-2, -1), (-1, -2), 2, 3, 1),
}


TABLE = table(NAMED, features=(1, 2, 16, 17, 33, 70))
each_row = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_row
def test_it_adds_what_the_definition_adds_on_any_threads(row, dtype):
    assert_adds_what_the_definition_adds(conv_features, "forward", *arrays(row, dtype=dtype))


@each_row
def test_it_sets_the_result_and_the_bias(row):
    assert_sets_the_result_and_the_bias(conv_features, "forward", *arrays(row))


@each_row
def test_bits_depend_neither_on_threads_nor_on_the_batch(row):
    layer = conv_features, "forward", *arrays(row, n=3)
    together = assert_bits_are_those_of_one_thread(*layer)
    assert_bits_are_those_of_an_item_alone(*layer, together)


def test_auto_leaves_the_other_primitives_to_others():
    y, w = np.ones((1, 4, 6, 6)), np.ones((4, 3, 3, 3))
    geometry = conv_geometry((1, 3, 8, 8), w.shape)
    with kernels.use("features"):
        assert kernels.conv_input_grad(y, w, geometry)[0, 0, 4, 4] == 36
