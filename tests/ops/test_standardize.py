"""Rows of mean 0 and variance 1, and two derivatives."""

import numpy as np
import pytest
from comparison import check_differences

import lucid
from lucid.ops.standardize import Standardize


@pytest.mark.parametrize("shape", [(4, 5), (2, 3, 4), (1, 1), (0, 3)], ids=str)
def test_rows_have_mean_0_and_variance_1(shape):
    x = np.random.default_rng(0).standard_normal(shape)
    step = Standardize(1e-3)
    y = step(lucid.tensor(x)).numpy()
    expected = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-3)
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(step.variance, x.var(-1, keepdims=True), rtol=1e-12)


def test_derivatives():
    x = np.random.default_rng(0).standard_normal((2, 2, 4))
    check_differences(lucid, lambda a: Standardize(0.1)(a), [x])


def test_a_mean_far_from_zero_does_not_drown_the_variance():
    x = np.random.default_rng(0).standard_normal((3, 999)) + 1000
    step = Standardize(0.0)
    step(lucid.tensor(x).float())
    np.testing.assert_allclose(step.variance, x.astype("f").var(1, keepdims=True), rtol=1e-3)
