"""Winograd's tiles along rows equal the definition: on whole numbers, and within a sum's bound."""

import numpy as np
import pytest
from integers import (
    arrays, assert_adds_what_the_definition_adds, assert_bits_are_those_of_an_item_alone,
    assert_bits_are_those_of_one_thread, assert_sets_the_result_and_the_bias, fill_with_fractions,
    run, table,
)

from lucid._cython import conv_direct, conv_winograd_rows

EPS = np.finfo(np.float32).eps
PRIMITIVES = ("forward", "input_grad")
NAMED = {  # input size, kernel, stride, dilation, low, high, channels, features, groups
    "one output": ((3, 3), (3, 3), (1, 1), (1, 1), (0, 0), (0, 0), 3, 5, 1),
    "one column of outputs": ((9, 3), (3, 3), (1, 1), (1, 1), (0, 0), (0, 0), 3, 17, 1),
    "groups of 16": ((14, 14), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 16, 16, 3),
    "odd rows": ((15, 17), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 5, 33, 1),
    "blocks of rows": ((90, 81), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 2, 7, 1),
    "blocks of columns": ((9001,), (3,), (1,), (1,), (4,), (2,), 3, 12, 1),
    "blocks of planes": (
        (20, 9, 12), (3, 3, 3), (1, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1), 2, 5, 1,
    ),
    "not all channels at a time": ((40, 64), (3, 3), (1, 1), (1, 1), (1, 2), (1, 2), 300, 40, 1),
    "rows apart": ((20, 13), (4, 3), (1, 1), (3, 1), (5, 1), (3, 1), 3, 20, 2),
    "cropped": ((9, 12), (3, 3), (1, 1), (1, 1), (-2, -1), (-1, -2), 2, 3, 1),
    "mostly padding": ((2, 2), (3, 3), (1, 1), (1, 1), (5, 7), (6, 3), 2, 3, 1),
}
TABLE = table(
    NAMED, features=(1, 2, 16, 17, 33), taps=(1, 2, 3, 3), strides=(1,),
    wanted=lambda row: row[1][-1] == 3 and row[3][-1] == 1,
)
each_row = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
each_primitive = pytest.mark.parametrize("primitive", PRIMITIVES)


@each_primitive
@each_row
def test_it_adds_what_the_definition_adds_on_any_threads(row, primitive):
    assert_adds_what_the_definition_adds(conv_winograd_rows, primitive, *arrays(row))


@each_primitive
@each_row
def test_it_sets_the_result_and_the_bias(row, primitive):
    assert_sets_the_result_and_the_bias(conv_winograd_rows, primitive, *arrays(row))


@each_primitive
@each_row
def test_bits_depend_neither_on_threads_nor_on_the_batch(row, primitive):
    layer = conv_winograd_rows, primitive, *arrays(row, n=3)
    together = assert_bits_are_those_of_one_thread(*layer)
    assert_bits_are_those_of_an_item_alone(*layer, together)


@pytest.mark.parametrize("channels", [16, 17, 20, 24, 64])
@each_primitive
def test_error_on_wide_range_data_stays_below_that_of_any_sum(channels, primitive):
    row = ((90, 90), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), channels, channels, 1)
    operands, arguments = arrays(row)
    fill_with_fractions(operands)
    rng = np.random.default_rng(2)
    for each in operands:
        each *= np.exp2(rng.uniform(-8, 8, each.shape))
    operands[0 if primitive == "input_grad" else 2][...] = 0
    exact = [each.astype(np.float64) for each in operands]
    wanted = run(conv_direct, primitive, exact, arguments)
    sizes = run(conv_direct, primitive, [abs(each) for each in exact], arguments)
    found = run(conv_winograd_rows, primitive, operands, arguments)
    terms = 9 * channels
    assert terms >= conv_winograd_rows.TERMS
    assert (abs(found - wanted) / (EPS * sizes)).max() <= terms + 16


@each_primitive
def test_other_kernels_are_refused(primitive):
    function = getattr(conv_winograd_rows, primitive)
    (x, w, y), arguments = arrays(((9, 9), (3, 5), (1, 1), (1, 1), (0, 0), (0, 0), 2, 3, 1))
    with pytest.raises(ValueError, match=r"kernel \(1, 3, 5\), .*needs 3 taps with dilation 1"):
        function(x, w, y, *arguments, 1)
    (x, w, y), arguments = arrays(((9, 9), (3, 3), (2, 1), (1, 1), (0, 0), (0, 0), 2, 3, 1))
    with pytest.raises(ValueError, match=r"stride \(1, 2, 1\), .*and stride 1"):
        function(x, w, y, *arguments, 1)
