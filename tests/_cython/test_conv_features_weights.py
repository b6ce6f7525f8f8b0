"""The weight gradient with features in the lanes equals the definition, whatever the cuts."""

import numpy as np
import pytest
from integers import (
    arrays, assert_adds_what_the_definition_adds, assert_bits_are_those_of_one_thread, table,
)

from lucid._cython import conv_features_weights

NAMED = {  # input size, kernel, stride, dilation, low, high, channels, features, groups
    "one pixel": ((1, 1), (1, 1), (1, 1), (1, 1), (0, 0), (0, 0), 3, 5, 1),
    "read in place": ((14, 14), (5, 5), (1, 1), (1, 1), (0, 0), (0, 0), 6, 16, 1),
    "stride 3": ((29, 23), (5, 5), (3, 3), (1, 1), (2, 2), (2, 2), 31, 53, 1),
    "groups of 16": ((14, 14), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 16, 16, 3),
    "runs of taps": ((3, 40), (2, 17), (1, 1), (1, 1), (1, 8), (0, 8), 3, 4, 1),
    "taps far apart": ((30, 40), (2, 3), (1, 1), (3, 7), (1, 8), (2, 8), 3, 17, 1),
    "blocks of rows": ((90, 80), (3, 3), (2, 1), (1, 1), (1, 1), (1, 1), 2, 7, 1),
    "blocks of columns": ((9000,), (5,), (3,), (2,), (4,), (2,), 3, 12, 1),
    "8 taps, 5 apart": ((9, 60), (2, 8), (1, 1), (1, 5), (0, 3), (0, 4), 3, 12, 1),
    "14 taps, 4 apart": ((99,), (14,), (1,), (4,), (9,), (7,), 5, 17, 1),
    "4 taps, 30 apart": ((200,), (4,), (2,), (30,), (9,), (7,), 5, 17, 1),
    "not all channels at a time": ((40, 64), (3, 5), (1, 2), (1, 1), (1, 2), (1, 2), 200, 3, 1),
}
TABLE = table(NAMED, features=(1, 2, 16, 17, 33))
each_row = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_row
def test_it_adds_what_the_definition_adds_on_any_threads(row, dtype):
    layer = arrays(row, n=3, dtype=dtype)
    assert_adds_what_the_definition_adds(conv_features_weights, "weight_grad", *layer)


@pytest.mark.parametrize("n", [1, 40])
@each_row
def test_bits_do_not_depend_on_the_number_of_threads(row, n):
    if n > 1 and np.prod(row[0]) > 1000:
        n = 3
    assert_bits_are_those_of_one_thread(conv_features_weights, "weight_grad", *arrays(row, n))
