"""Sums of whole images equal the definition where a kernel has one tap."""

import numpy as np
import pytest
from integers import (
    assert_adds_what_the_definition_adds, assert_bits_are_those_of_an_item_alone,
    assert_bits_are_those_of_one_thread, assert_sets_the_result_and_the_bias, plain,
)

from lucid import kernels
from lucid._cython import conv_pointwise
from lucid.geometry import conv_geometry

ONES, ZEROS = (1, 1, 1), (0, 0, 0)
PRIMITIVES = ("forward", "input_grad")

# items, channels and features of a group, size, groups
CASES = {
    "one": (1, 1, 1, (1, 1, 1), 1),
    "less than a vector": (3, 5, 2, (1, 1, 7), 1),
    "last of a segmentation": (2, 64, 2, (1, 20, 30), 1),
    "several runs": (2, 7, 3, (1, 41, 77), 1),
    "few channels": (2, 3, 40, (2, 9, 33), 1),
    "several tasks of features": (2, 2, 150, (1, 30, 40), 1),
    "groups": (3, 6, 2, (1, 5, 11), 3),
    "many on both sides": (1, 30, 41, (1, 4, 9), 2),
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
each_primitive = pytest.mark.parametrize("primitive", PRIMITIVES)
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@each_dtype
@each_primitive
@each_case
def test_it_adds_what_the_definition_adds_on_any_threads(case, primitive, dtype):
    layer = conv_pointwise, primitive, *plain(case, False, dtype)
    assert_adds_what_the_definition_adds(*layer, threads=(1, 3))


@each_dtype
@each_primitive
@each_case
def test_it_sets_the_result_and_the_bias(case, primitive, dtype):
    assert_sets_the_result_and_the_bias(conv_pointwise, primitive, *plain(case, False, dtype))


@each_primitive
@each_case
def test_bits_depend_neither_on_threads_nor_on_the_batch(case, primitive):
    layer = conv_pointwise, primitive, *plain(case, False)
    together = assert_bits_are_those_of_one_thread(*layer, threads=(2, 5))
    assert_bits_are_those_of_an_item_alone(*layer, together)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ((ONES, ONES, ZEROS, (1, 4, 4), (1, 4, 4)), True),
        ((ONES, (3, 1, 1), ZEROS, (1, 4, 4), (1, 4, 4)), True),
        (((1, 1, 2), ONES, ZEROS, (1, 4, 4), (1, 4, 3)), False),
        ((ONES, (1, 2, 1), ZEROS, (1, 4, 4), (1, 2, 4)), False),
        ((ONES, ONES, (0, 1, 0), (1, 4, 4), (1, 4, 4)), False),
        ((ONES, ONES, ZEROS, (1, 4, 4), (1, 4, 5)), False),
    ],
)
def test_what_is_supported(arguments, wanted):
    assert conv_pointwise.supports(*arguments) is wanted


@each_primitive
def test_other_geometries_are_refused(primitive):
    (x, w, y), _ = plain((2, 3, 4, (1, 4, 4), 1), False, np.float64)
    function = getattr(conv_pointwise, primitive)
    with pytest.raises(ValueError, match=r"kernel \(1, 1, 1\).*low \(0, 1, 0\).*needs one tap"):
        function(x, w, y, ONES, ONES, (0, 1, 0), 1, 1)
    with pytest.raises(ValueError, match=r"stride \(1, 2, 2\), .*output \(1, 4, 4\).*stride 1"):
        function(x, w, y, (1, 2, 2), ONES, ZEROS, 1, 1)


def test_auto_takes_the_weight_gradient_elsewhere():
    x, y = np.ones((1, 5, 3, 3)), np.ones((1, 2, 3, 3))
    geometry = conv_geometry(x.shape, (2, 5, 1, 1))
    with kernels.use("pointwise"):
        found = kernels.conv_weight_grad(x, y, geometry)
    assert np.array_equal(found, np.full((2, 5, 1, 1), 9.0))
