"""Activation layers."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F

LAYERS = {
    "relu": nn.ReLU(), "sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(), "softmax": nn.Softmax(1),
    "log_softmax": nn.LogSoftmax(1),
}


@pytest.mark.parametrize("name", LAYERS)
def test_the_layer_is_the_function(name):
    x = lucid.randn(3, 4)
    options = {"dim": 1} if "softmax" in name else {}
    expected = getattr(F, name)(x, **options)
    np.testing.assert_array_equal(LAYERS[name](x).numpy(), expected.numpy())


def test_representations():
    assert [repr(layer) for layer in LAYERS.values()] == [
        "ReLU()", "Sigmoid()", "Tanh()", "Softmax(dim=1)", "LogSoftmax(dim=1)",
    ]
    assert repr(nn.ReLU(inplace=True)) == "ReLU(inplace=True)"
