"""Taps of interpolation and their transpose."""

import numpy as np
import pytest
from comparison import check_differences

import lucid
from lucid.ops.resample import Resample, axis_taps, transposed_taps

RULES = [("nearest", False), ("nearest-exact", False), ("linear", False), ("linear", True),
         ("cubic", False), ("cubic", True)]
SIZES = [(4, 7), (7, 3), (1, 5), (5, 1), (3, 3), (2, 64)]


def matrix(index, weight, n):
    """The matrix (outputs, inputs) of taps."""
    result = np.zeros((index.shape[1], n))
    for i, w in zip(index, weight, strict=True):
        np.add.at(result, (np.arange(len(i)), i), w)
    return result


@pytest.mark.parametrize(("mode", "corners"), RULES)
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_transposed_taps_are_the_transposed_matrix(mode, corners, n, m):
    rule = (mode, corners, n / m)
    forward = matrix(*axis_taps(n, m, *rule), n)
    np.testing.assert_allclose(forward.sum(1), 1)  # a constant stays
    np.testing.assert_array_equal(matrix(*transposed_taps(n, m, *rule), m), forward.T)


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_a_line_stays_a_line(n, m):
    index, weight = axis_taps(n, m, "linear", True, n / m)
    line = matrix(index, weight, n) @ np.arange(n)
    np.testing.assert_allclose(line, np.linspace(0, n - 1, m) if m > 1 else 0, atol=1e-12)


def test_derivatives():
    taps = ((3, 5, "cubic", False, 0.6), None, (4, 2, "linear", False, 2.0))
    x = np.random.default_rng(0).standard_normal((1, 3, 2, 4))
    check_differences(lucid, lambda a: Resample(taps)(a * a), [x])


def test_whole_steps_are_not_rounded_below_themselves():
    index, _ = axis_taps(3, 147, "nearest", False, 1 / 49)
    assert index[0].tolist() == [o // 49 for o in range(147)]
