"""Activation functions against PyTorch and differences."""

import numpy as np
import pytest
from comparison import check_differences, derivatives

import lucid
import lucid.nn.functional as F

FUNCTIONS = ["relu", "sigmoid", "tanh", "softmax", "log_softmax"]


def call(module, name):
    function = getattr(module, name)
    return (lambda x: function(x, dim=1)) if "softmax" in name else function


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_and_derivatives(torch, name, dtype):
    x = (np.random.default_rng(0).standard_normal((3, 4, 2)) * 3).astype(dtype)
    found = derivatives(lucid, call(F, name), [x])
    if torch is not None:
        expected = derivatives(torch, call(torch.nn.functional, name), [x])
        for mine, other in zip(found, expected, strict=True):
            scale = max(1, np.abs(other).max())
            np.testing.assert_allclose(mine, other, atol=50 * scale * np.finfo(dtype).eps, rtol=0)
    check_differences(lucid, call(F, name), [x])


def test_relu_leaves_its_input_alone():
    x = lucid.tensor([-1.0, 0.0, np.nan], requires_grad=True)
    y = F.relu(x, inplace=True)
    assert y.tolist()[:2] == [0.0, 0.0] and np.isnan(y.tolist()[2])
    assert x.tolist()[0] == -1.0
    y.sum().backward()
    assert x.grad.tolist()[:2] == [0.0, 0.0]
