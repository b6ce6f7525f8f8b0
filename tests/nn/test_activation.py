"""Activation layers."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F

LAYERS = {
    "relu": nn.ReLU(), "sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(), "softmax": nn.Softmax(1),
    "log_softmax": nn.LogSoftmax(1), "relu6": nn.ReLU6(), "leaky_relu": nn.LeakyReLU(0.01),
    "elu": nn.ELU(), "selu": nn.SELU(), "gelu": nn.GELU(), "silu": nn.SiLU(), "mish": nn.Mish(),
    "softplus": nn.Softplus(), "hardtanh": nn.Hardtanh(), "hardswish": nn.Hardswish(),
    "hardsigmoid": nn.Hardsigmoid(), "glu": nn.GLU(),
}


@pytest.mark.parametrize("name", LAYERS)
def test_the_layer_is_the_function(name):
    x = lucid.randn(3, 4)
    options = {"dim": 1} if "softmax" in name else {}
    expected = getattr(F, name)(x, **options)
    np.testing.assert_array_equal(LAYERS[name](x).numpy(), expected.numpy())


def test_representations():
    assert [repr(layer) for layer in LAYERS.values()] == [
        "ReLU()", "Sigmoid()", "Tanh()", "Softmax(dim=1)", "LogSoftmax(dim=1)", "ReLU6()",
        "LeakyReLU(negative_slope=0.01)", "ELU(alpha=1.0)", "SELU()", "GELU(approximate='none')",
        "SiLU()", "Mish()", "Softplus(beta=1.0, threshold=20.0)",
        "Hardtanh(min_val=-1.0, max_val=1.0)", "Hardswish()", "Hardsigmoid()", "GLU(dim=-1)",
    ]
    assert repr(nn.ReLU(inplace=True)) == "ReLU(inplace=True)"
    assert repr(nn.Hardtanh(0, 2, True)) == "Hardtanh(min_val=0, max_val=2, inplace=True)"


OPTIONS = [
    (nn.LeakyReLU(0.3), lambda x: F.leaky_relu(x, 0.3)), (nn.ELU(0.3), lambda x: F.elu(x, 0.3)),
    (nn.GELU("tanh"), lambda x: F.gelu(x, "tanh")), (nn.GLU(0), lambda x: F.glu(x, 0)),
    (nn.Softplus(2.0, 1.0), lambda x: F.softplus(x, 2.0, 1.0)),
    (nn.Hardtanh(-0.1, 0.2), lambda x: F.hardtanh(x, -0.1, 0.2)),
]


@pytest.mark.parametrize(("layer", "function"), OPTIONS, ids=lambda each: str(each)[:20])
def test_options_reach_the_function(layer, function):
    x = lucid.randn(4, 3)
    np.testing.assert_array_equal(layer(x).numpy(), function(x).numpy())


def test_prelu_learns_its_slopes():
    layer = nn.PReLU(3, 0.5, dtype=lucid.float64)
    x = lucid.randn(2, 3, 4, dtype=lucid.float64)
    layer(x).sum().backward()
    expected = np.minimum(x.numpy(), 0).sum((0, 2))
    np.testing.assert_allclose(layer.weight.grad.numpy(), expected)
    assert repr(layer) == "PReLU(num_parameters=3)"
    layer.weight.data = layer.weight + 1
    layer.reset_parameters()
    assert layer.weight.tolist() == [0.5] * 3
    with pytest.raises(lucid.ShapeError, match=r"^PReLU: prelu: weight of shape \(3,\)"):
        layer(x[:, :2])


def test_softmax2d_is_a_softmax_over_channels():
    x = lucid.randn(2, 3, 4, 5)
    np.testing.assert_array_equal(nn.Softmax2d()(x).numpy(), F.softmax(x, 1).numpy())
    np.testing.assert_array_equal(nn.Softmax2d()(x[0]).numpy(), F.softmax(x[0], 0).numpy())
    with pytest.raises(lucid.ShapeError, match=r"input of shape \(4, 5\) has 2 axes; needs"):
        nn.Softmax2d()(x[0, 0])


@pytest.mark.parametrize("make", [
    lambda: nn.PReLU(0), lambda: nn.GELU("x"), lambda: nn.Hardtanh(1, 1), lambda: nn.Softplus(-1),
])
def test_a_bad_layer_is_refused_when_it_is_built(make):
    with pytest.raises(ValueError):
        make()
