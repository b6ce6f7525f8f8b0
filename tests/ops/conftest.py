"""What the tests of the steps share: derivatives against central differences."""

import numpy as np
import pytest
from comparison import check_like
from differences import numeric_grad

import lucid


def check(function, *arrays, second=True, tolerance=1e-6):
    """Compare first and second derivatives of a function of tensors with central differences."""
    random = np.random.default_rng(1)
    arrays = [np.array(array, dtype=np.float64) for array in arrays]
    tensors = [lucid.from_numpy(array).requires_grad_() for array in arrays]
    y = function(*tensors)
    upstream = lucid.from_numpy(np.asarray(random.standard_normal(y.shape)))
    directions = [lucid.from_numpy(np.asarray(random.standard_normal(a.shape))) for a in arrays]

    def first():
        """Compute T = <f(x), g>, and its derivative in a direction."""
        result = (function(*tensors) * upstream).sum()
        gradients = lucid.autograd.grad(result, tensors, create_graph=second, allow_unused=True)
        pairs = zip(gradients, directions, strict=True)
        return result, gradients, sum([(g * v).sum() for g, v in pairs if g is not None])

    def slopes(number):
        return [numeric_grad(number, array, 1e-6) for array in arrays]

    def compare(gradients, expected):
        for gradient, slope in zip(gradients, expected, strict=True):
            got = np.zeros(slope.shape) if gradient is None else gradient.array
            assert got.shape == slope.shape
            assert np.allclose(got, slope, rtol=tolerance, atol=tolerance)

    _, gradients, along = first()
    with lucid.no_grad():
        expected = slopes(lambda: (function(*tensors) * upstream).sum().item())
    compare(gradients, expected)
    if second and isinstance(along, lucid.Tensor) and along.requires_grad:
        gradients = lucid.autograd.grad(along, tensors, allow_unused=True)
        compare(gradients, slopes(lambda: first()[2].item()))


@pytest.fixture
def check_derivatives():
    return check


@pytest.fixture
def check_step(torch):
    """Hold ``function(library, *tensors)`` against PyTorch and against differences.

    Values, types, gradients and second gradients, in float32 and float64.
    """

    def check_both(function, *arrays, second=True, tolerance=1e-5, differences=True):
        if torch is not None:
            check_like(lucid, torch, function, arrays, tolerance)
        if differences:
            check(lambda *x: function(lucid, *x), *arrays, second=second)

    return check_both
