"""Reading one class of each item, and the way back."""

import numpy as np
import pytest
from comparison import check_differences

import lucid
from lucid.ops.loss import ClampedLog, CrossEntropy, PickClass


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2), (2, 3, 1, 2)], ids=str)
def test_derivatives(shape):
    rng = np.random.default_rng(0)
    classes = rng.integers(-1, shape[1], shape[:1] + shape[2:])
    x = rng.standard_normal(shape)
    check_differences(lucid, lambda a: PickClass(classes)(a), [x])
    check_differences(lucid, lambda a: PickClass(classes)(a * a), [x])


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2), (2, 3, 1, 2)], ids=str)
def test_cross_entropy_has_both_derivatives(shape):
    rng = np.random.default_rng(0)
    classes = rng.integers(-1, shape[1], shape[:1] + shape[2:])
    weights = np.where(classes < 0, 0, rng.random(classes.shape))
    check_differences(lucid, lambda a: CrossEntropy(classes, weights)(a), [rng.random(shape)])


def test_no_class_gives_zero_whatever_is_there():
    x = lucid.tensor([[-np.inf, 1.0], [2.0, np.nan]], requires_grad=True)
    y = PickClass(np.array([-1, 0]))(x)
    y.sum().backward()
    assert y.tolist() == [0.0, 2.0]
    assert x.grad.tolist() == [[0.0, 0.0], [1.0, 0.0]]


def test_a_logarithm_with_a_floor():
    x = lucid.tensor([0.0, 1e-60, 1.0], dtype=lucid.float64, requires_grad=True)
    y = ClampedLog()(x)
    y.sum().backward()
    assert y.tolist() == [-100.0, -100.0, 0.0]
    np.testing.assert_allclose(x.grad.numpy(), [1e12, 1e12, 1.0])
    check_differences(lucid, lambda a: ClampedLog()(a), [np.array([0.1, 2.0])])
