"""The step of batch normalisation and its derivatives."""

import numpy as np
import pytest
from comparison import check_differences

import lucid
from lucid.ops.normalization import BatchNorm


@pytest.mark.parametrize("shape", [(4, 2), (2, 2, 3), (2, 1, 2, 2), (1, 2, 1, 2, 3)], ids=str)
@pytest.mark.parametrize("given", [False, True], ids=["of the batch", "given"])
def test_derivatives(shape, given):
    rng = np.random.default_rng(0)
    channels = shape[1]
    x = rng.standard_normal(shape)
    arrays = [x, rng.standard_normal(channels), rng.standard_normal(channels)]
    fixed = [rng.standard_normal(channels), rng.random(channels) + 0.5] if given else []
    check_differences(lucid, lambda *a: BatchNorm(1e-3, *fixed)(*a), arrays, tolerance=1e-5)


def test_the_step_remembers_its_statistics():
    x = np.random.default_rng(0).standard_normal((5, 3, 4))
    step = BatchNorm(0.0)
    y = step(lucid.tensor(x), lucid.ones(3).double(), lucid.zeros(3).double()).numpy()
    np.testing.assert_allclose(step.mean, x.mean((0, 2)), rtol=1e-12)
    np.testing.assert_allclose(step.variance, x.var((0, 2)), rtol=1e-12)
    np.testing.assert_allclose(y.mean((0, 2)), 0, atol=1e-14)
    np.testing.assert_allclose(y.var((0, 2)), 1, rtol=1e-12)


def test_a_mean_far_from_zero_does_not_drown_the_variance():
    x = np.random.default_rng(0).standard_normal((64, 2, 9)) + 1000
    step = BatchNorm(0.0)
    step(lucid.tensor(x).float(), lucid.ones(2), lucid.zeros(2))
    np.testing.assert_allclose(step.variance, x.astype(np.float32).var((0, 2)), rtol=1e-3)
