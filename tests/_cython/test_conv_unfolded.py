"""The weight gradient by dot products equals the definition, whatever the cuts into blocks."""

import numpy as np
import pytest
from integers import (
    arrays, assert_adds_what_the_definition_adds, assert_bits_are_those_of_one_thread, run, table,
)

from lucid import kernels
from lucid._cython import conv_unfolded
from lucid.geometry import conv_geometry

NAMED = {  # input size, kernel, stride, dilation, low, high, channels, features, groups
    "one pixel": ((1, 1), (1, 1), (1, 1), (1, 1), (0, 0), (0, 0), 3, 5, 1),
    "fewer positions than lanes": ((3, 3), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 2, 4, 3),
    "first layer": ((32, 32), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 3, 16, 1),
    "groups of 4": ((56, 56), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 4, 4, 3),
    "stride 2": ((29, 31), (7, 7), (2, 2), (1, 1), (3, 3), (3, 3), 3, 6, 1),
    "blocks of rows": ((150, 140), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 2, 3, 1),
    "blocks of rows, stride 2": ((150, 301), (3, 3), (2, 2), (1, 1), (1, 1), (1, 1), 2, 3, 1),
    "blocks of columns": ((40000,), (5,), (1,), (3,), (2,), (2,), 3, 2, 1),
    "blocks of planes": (
        (20, 30, 40), (3, 3, 3), (1, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1), 1, 5, 1,
    ),
    "wide borders": ((60, 70), (3, 3), (1, 1), (1, 1), (20, 9), (15, 30), 2, 2, 1),
    "slots in a volume": (
        (6, 7, 8), (3, 3, 3), (2, 3, 2), (1, 1, 1), (1, 1, 1), (1, 1, 1), 3, 2, 2,
    ),
}


TABLE = table(NAMED, features=(1, 2, 4, 5, 17))
each_row = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_row
def test_it_adds_what_the_definition_adds_on_any_threads(row, dtype):
    layer = arrays(row, n=3, dtype=dtype)
    assert_adds_what_the_definition_adds(conv_unfolded, "weight_grad", *layer)


@each_row
def test_bits_do_not_depend_on_the_number_of_threads(row):
    assert_bits_are_those_of_one_thread(conv_unfolded, "weight_grad", *arrays(row, n=3))


def test_values_beyond_a_run_do_not_spread():
    """Lanes that hang over the end of a channel of y multiply nothing."""
    (x, w, y), arguments = arrays(((5, 5), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 2, 3, 1), n=1)
    y[0, 1] = np.nan
    x[0, 1] = np.inf
    w[...] = 0
    found = run(conv_unfolded, "weight_grad", (x, w, y), arguments)
    assert np.isfinite(found[[0, 2], 0]).all()
    assert not np.isfinite(found[1]).any() and not np.isfinite(found[:, 1]).any()


def test_auto_leaves_the_other_primitives_to_others():
    x, w = np.ones((1, 3, 8, 8)), np.ones((4, 3, 3, 3))
    geometry = conv_geometry(x.shape, w.shape)
    with kernels.use("unfolded"):
        assert np.array_equal(kernels.conv(x, w, geometry), np.full((1, 4, 6, 6), 27.0))
