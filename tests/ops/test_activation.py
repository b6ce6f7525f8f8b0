"""The steps of activations: their slopes on corners, and at numbers too large for exp."""

import numpy as np
import pytest
from comparison import check_differences

import lucid
from lucid.ops import activation

STEPS = {
    "hardtanh": (activation.Hardtanh(-1.0, 2.0), [-1.0, 0.0, 2.0], [0.0, 1.0, 0.0]),
    "leaky": (activation.LeakyRelu(0.1), [-1.0, 0.0, 2.0], [0.1, 0.1, 1.0]),
    "hardsigmoid": (activation.Hardsigmoid(), [-3.0, 0.0, 3.0], [0.0, 1 / 6, 0.0]),
    "hardswish": (activation.Hardswish(), [-3.0, 0.0, 3.0], [0.0, 0.5, 1.0]),
    "elu": (activation.Elu(2.0, 3.0), [-1.0, 0.0, 2.0], [6 / np.e, 6.0, 3.0]),
    "softplus": (activation.Softplus(2.0, 4.0), [0.0, 2.0, 2.1], [0.5, 1 / (1 + np.exp(-4)), 1.0]),
}


@pytest.mark.parametrize("name", STEPS)
def test_slopes_on_corners(name):
    step, places, slopes = STEPS[name]
    x = lucid.tensor(places, dtype=lucid.float64, requires_grad=True)
    step(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), slopes, rtol=1e-12)


@pytest.mark.parametrize("step", [activation.Elu(1.0), activation.Gelu(), activation.GeluTanh(),
                                  activation.Silu(), activation.Softplus(), activation.Mish()],
                         ids=lambda step: type(step).__name__)
def test_large_numbers_overflow_nowhere(step):
    x = lucid.tensor([-1e4, 1e4], requires_grad=True)
    y = step(x)
    y.sum().backward()
    assert abs(y.tolist()[0]) <= 1 and y.tolist()[1] == 1e4
    np.testing.assert_allclose(x.grad.numpy(), [0, 1], atol=1e-6)


def test_both_inputs_of_prelu():
    x, w = np.random.default_rng(0).standard_normal((3, 2, 4)), np.array([[0.1], [0.3]])
    check_differences(lucid, lambda a, b: activation.PRelu()(a, b), [x, w])
