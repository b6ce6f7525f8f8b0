"""The plain product equals the definition where the kernel covers the input."""

import numpy as np
import pytest
from integers import (
    assert_adds_what_the_definition_adds, assert_bits_are_those_of_an_item_alone,
    assert_bits_are_those_of_one_thread, fill_with_fractions, plain, run,
)

from lucid._cython import conv_product

ONES, ZEROS = (1, 1, 1), (0, 0, 0)
PRIMITIVES = ("forward", "input_grad", "weight_grad")

# items, channels and features of a group, size, groups
CASES = {
    "one": (1, 1, 1, (1, 1, 1), 1),
    "less than a vector": (3, 1, 2, (1, 1, 7), 1),
    "first of a generator": (33, 40, 37, (1, 4, 4), 1),
    "many terms": (2, 301, 530, (1, 2, 2), 1),
    "long dots": (6, 70, 5, (1, 4, 5), 1),
    "many features": (5, 3, 200, (2, 3, 3), 1),
    "groups": (9, 7, 11, (1, 3, 5), 3),
    "many items": (600, 2, 3, (1, 3, 3), 2),
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
each_primitive = pytest.mark.parametrize("primitive", PRIMITIVES)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_primitive
@each_case
def test_it_adds_what_the_definition_adds_on_any_threads(case, primitive, dtype):
    layer = conv_product, primitive, *plain(case, True, dtype)
    assert_adds_what_the_definition_adds(*layer, threads=(1, 3))


@each_primitive
@each_case
def test_bits_do_not_depend_on_threads(case, primitive):
    layer = conv_product, primitive, *plain(case, True)
    assert_bits_are_those_of_one_thread(*layer, threads=(2, 5))


@pytest.mark.parametrize("primitive", PRIMITIVES[:2])
@each_case
def test_bits_of_an_item_do_not_depend_on_the_batch(case, primitive):
    operands, arguments = plain(case, True)
    fill_with_fractions(operands)
    layer = conv_product, primitive, operands, arguments
    assert_bits_are_those_of_an_item_alone(*layer, run(*layer))


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (((1, 4, 4), (1, 4, 4), ONES, ONES, ZEROS), True),
        (((1, 4, 1), (1, 4, 1), ONES, (1, 1, 3), ZEROS), True),
        (((1, 4, 4), (1, 5, 4), (1, 2, 1), ONES, ZEROS), False),
        (((1, 4, 4), (1, 4, 4), (1, 1, 2), ONES, ZEROS), False),
        (((1, 4, 4), (1, 4, 4), ONES, ONES, (0, 1, 0)), False),
        (((1, 4, 2), (1, 4, 2), ONES, (1, 1, 2), ZEROS), False),
    ],
)
def test_what_is_supported(arguments, wanted):
    assert conv_product.supports(*arguments) is wanted


@each_primitive
def test_other_geometries_are_refused(primitive):
    (x, w, y), _ = plain((2, 3, 4, (1, 4, 4), 1), True, np.float64)
    function = getattr(conv_product, primitive)
    with pytest.raises(ValueError, match=r"kernel \(1, 4, 4\).*low \(0, 1, 0\): this algorithm"):
        function(x, w, y, ONES, ONES, (0, 1, 0), 1, 1)
    with pytest.raises(ValueError, match=r"output \(2, 1, 1\).*covers the input exactly"):
        function(x, w, np.ones((2, 4, 2, 1, 1)), ONES, ONES, ZEROS, 1, 1)
