"""The steps of pooling: each is the derivative of another, to any order."""

import numpy as np
import pytest
from comparison import check_differences

import lucid
from lucid.geometry import pool_geometry, pool_options
from lucid.ops.pooling import AveragePool, MaxPool

TABLE = [
    ((1, 2, 7), 2, 2, 0, 1, True), ((2, 1, 6), 3, 1, 1, 2, False),
    ((1, 2, 5, 4), (2, 3), 2, (1, 0), 1, False), ((1, 1, 4, 5), 3, 2, 1, 1, True),
    ((1, 1, 3, 4, 3), 2, 1, 1, 1, False), ((2, 5), 2, 1, 0, 1, False),
]


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_derivatives_of_max_pooling(row):
    shape, *options, ceil_mode = row
    ndim = max(1, len(shape) - 2)
    geometry = pool_geometry(shape, *pool_options(ndim, *options), ceil_mode)
    # distinct numbers, further apart than the step of the differences
    x = np.random.default_rng(0).permutation(float(np.prod(shape)) - np.arange(np.prod(shape)))
    check_differences(lucid, lambda a: MaxPool(geometry)(a), [x.reshape(shape)])
    check_differences(
        lucid, lambda a: MaxPool(geometry)(a * a), [x.reshape(shape) / 10], tolerance=1e-5
    )


@pytest.mark.parametrize("row", TABLE, ids=str)
@pytest.mark.parametrize("rest", [(True, None), (False, None), (True, 5)])
def test_derivatives_of_average_pooling(row, rest):
    shape, *options, ceil_mode = row
    ndim = max(1, len(shape) - 2)
    geometry = pool_geometry(shape, *pool_options(ndim, *options[:3]), ceil_mode)
    x = np.random.default_rng(0).standard_normal(shape)
    check_differences(lucid, lambda a: AveragePool(geometry, *rest)(a), [x])
    check_differences(lucid, lambda a: AveragePool(geometry, *rest)(a * a * a), [x], tolerance=1e-5)


def test_a_maximum_on_top_of_two_windows_gets_both_gradients():
    x = lucid.tensor([[[1.0, 9.0, 2.0]]], requires_grad=True)
    geometry = pool_geometry((1, 1, 3), (2,), (1,), (0,), (1,))
    MaxPool(geometry)(x).sum().backward()
    assert x.grad.tolist() == [[[0.0, 2.0, 0.0]]]


def test_the_first_of_equal_maxima_gets_the_gradient():
    x = lucid.tensor([[[3.0, 3.0, 3.0, 3.0]]], requires_grad=True)
    geometry = pool_geometry((1, 1, 4), (2,), (2,), (0,), (1,))
    MaxPool(geometry)(x).sum().backward()
    assert x.grad.tolist() == [[[1.0, 0.0, 1.0, 0.0]]]
