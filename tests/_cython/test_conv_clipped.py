"""Convolution tap by tap, without what meets padding, equals the definition in both directions."""

import numpy as np
import pytest
from integers import (
    arrays, assert_adds_what_the_definition_adds, assert_bits_are_those_of_an_item_alone,
    assert_bits_are_those_of_one_thread, assert_sets_the_result_and_the_bias, table,
)

from lucid import kernels
from lucid._cython import conv_clipped
from lucid.geometry import conv_geometry

NAMED = {  # input size, kernel, stride, dilation, low, high, channels, features, groups
    "one pixel": ((1, 1), (1, 1), (1, 1), (1, 1), (0, 0), (0, 0), 3, 5, 1),
    "hardly larger than the kernel": ((7, 7), (5, 5), (1, 1), (1, 1), (0, 0), (0, 0), 6, 16, 1),
    "more padding than image": ((2, 3), (3, 3), (1, 1), (1, 1), (4, 4), (5, 4), 3, 20, 1),
    "taps that only meet padding": ((3, 3), (9, 9), (1, 1), (1, 1), (4, 4), (4, 4), 2, 5, 1),
    "stride": ((15, 18), (2, 3), (3, 2), (2, 1), (0, 1), (0, 1), 5, 40, 2),
    "several columns": ((8, 8), (3, 3), (2, 2), (1, 1), (1, 1), (1, 1), 70, 100, 1),
    "blocks of rows": ((90, 80), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 2, 7, 1),
    "blocks of rows, stride 2": ((150, 101), (3, 3), (2, 2), (1, 1), (1, 1), (1, 1), 2, 17, 1),
    "blocks of columns": ((9000,), (5,), (3,), (2,), (4,), (2,), 3, 12, 1),
    "blocks of planes": (
        (20, 9, 12), (3, 3, 3), (1, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1), 1, 5, 1,
    ),
    "a dilation of nearly the image": ((9, 12), (3, 3), (1, 1), (7, 5), (7, 5), (7, 5), 3, 9, 1),
    "stride beyond the kernel": ((11, 12), (2, 2), (5, 5), (1, 1), (0, 0), (1, 1), 2, 3, 1),
    "long rows, stride 3": ((4, 100), (2, 3), (1, 3), (1, 1), (0, 1), (0, 1), 2, 17, 1),
    "cropped": ((9, 9), (3, 3), (1, 1), (1, 1), (-2, -1), (-1, -2), 2, 3, 1),
}


TABLE = table(NAMED, features=(1, 2, 16, 17, 33, 70))
each_row = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
each_primitive = pytest.mark.parametrize("primitive", ["forward", "input_grad"])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_primitive
@each_row
def test_it_adds_what_the_definition_adds_on_any_threads(row, primitive, dtype):
    assert_adds_what_the_definition_adds(conv_clipped, primitive, *arrays(row, dtype=dtype))


@each_primitive
@each_row
def test_it_sets_the_result_and_the_bias(row, primitive):
    assert_sets_the_result_and_the_bias(conv_clipped, primitive, *arrays(row))


@each_primitive
@each_row
def test_bits_depend_neither_on_threads_nor_on_the_batch(row, primitive):
    layer = conv_clipped, primitive, *arrays(row, n=3)
    together = assert_bits_are_those_of_one_thread(*layer)
    assert_bits_are_those_of_an_item_alone(*layer, together)


@each_primitive
def test_many_small_items_share_a_block(primitive):
    row = ((4, 4), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 5, 18, 1)
    layer = conv_clipped, primitive, *arrays(row, n=150)  # of 16 positions, 50 at a time
    assert_adds_what_the_definition_adds(*layer)
    assert_bits_are_those_of_an_item_alone(*layer, assert_bits_are_those_of_one_thread(*layer))


@each_primitive
def test_weights_are_packed_a_part_at_a_time(primitive):
    row = ((3, 3), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 700, 700, 1)  # 18 MB
    assert_adds_what_the_definition_adds(conv_clipped, primitive, *arrays(row))


def test_the_weight_gradient_is_left_to_auto():
    x, y = np.ones((1, 3, 8, 8)), np.ones((1, 4, 6, 6))
    geometry = conv_geometry(x.shape, (4, 3, 3, 3))
    with kernels.use("clipped"):
        assert kernels.conv_weight_grad(x, y, geometry)[0, 0, 1, 1] == 36
