"""Groups of mean 0 and variance 1, and two derivatives."""

import numpy as np
import pytest
from comparison import check_differences

import lucid
from lucid.ops.standardize import GroupNorm


def vectors(channels):
    rng = np.random.default_rng(1)
    return rng.standard_normal(channels), rng.standard_normal(channels)


@pytest.mark.parametrize(
    ("shape", "groups"), [((4, 5), 1), ((2, 6, 4), 3), ((1, 2), 2), ((0, 3), 1)], ids=str
)
def test_groups_have_mean_0_and_variance_1(shape, groups):
    x, (w, b) = np.random.default_rng(0).standard_normal(shape), vectors(shape[1])
    step = GroupNorm(groups, 1e-3)
    y = step(*map(lucid.tensor, (x, w, b))).numpy()
    rows = x.reshape(shape[0], groups, -1) if x.size else np.zeros((0, groups, 1))
    normal = (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + 1e-3)
    column = (-1,) + (1,) * (len(shape) - 2)
    expected = normal.reshape(shape) * w.reshape(column) + b.reshape(column) if x.size else x
    np.testing.assert_allclose(y, expected, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(step.variance, rows.var(-1), rtol=1e-12)


@pytest.mark.parametrize(("shape", "groups"), [((3, 4), 1), ((2, 4, 3), 2)], ids=str)
def test_derivatives(shape, groups):
    x = np.random.default_rng(0).standard_normal(shape)

    def run(a, w, b):
        return GroupNorm(groups, 0.1)(a, w, b)

    check_differences(lucid, run, [x, *vectors(shape[1])])


def test_a_mean_far_from_zero_does_not_drown_the_variance():
    x = np.random.default_rng(0).standard_normal((3, 999)) + 1000
    step = GroupNorm(1, 0.0)
    step(*(lucid.tensor(each).float() for each in (x, np.ones(999), np.zeros(999))))
    np.testing.assert_allclose(step.variance, x.astype("f").var(1, keepdims=True), rtol=1e-3)
