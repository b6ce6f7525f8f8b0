"""Parameters that are computed from others."""

import copy

import numpy as np
import pytest

import lucid
import lucid.nn as nn
from lucid.nn.utils.parametrize import (
    is_parametrized, register_parametrization, remove_parametrizations,
)


class Symmetric(nn.Module):
    def forward(self, x):
        return (x + x.T) / 2

    def right_inverse(self, x):
        return x


class Double(nn.Module):
    def forward(self, x):
        return x * 2

    def right_inverse(self, x):
        return x / 2


class Halves(nn.Module):
    def forward(self, x, y=0):
        return x + y

    def right_inverse(self, x):
        return x / 2, x / 2


class Wider(nn.Module):
    def forward(self, x):
        return x.reshape(-1)


def make(*modules):
    layer = nn.Linear(3, 3, dtype=lucid.float64)
    for module in modules:
        register_parametrization(layer, "weight", module)
    return layer


def test_the_parameter_is_computed_and_the_original_learns():
    layer = nn.Linear(3, 3)
    before, original = layer.weight.detach().numpy().copy(), layer.weight
    register_parametrization(layer, "weight", Symmetric())
    np.testing.assert_allclose(layer.weight.detach().numpy(), (before + before.T) / 2)
    assert isinstance(layer, nn.Linear) and type(layer).__name__ == "ParametrizedLinear"
    assert layer.parametrizations.weight.original is original
    assert list(layer.state_dict()) == ["bias", "parametrizations.weight.original"]
    optimizer = lucid.optim.SGD([original], lr=0.1)
    layer(lucid.randn(2, 3)).sum().backward()
    optimizer.step()
    assert (layer.weight == layer.weight.T).all() and original.grad is not None


def test_several_are_applied_in_turn():
    layer = make(Double())
    before = layer.weight.detach().numpy().copy()
    register_parametrization(layer, "weight", Double())
    np.testing.assert_allclose(layer.weight.detach().numpy(), before)
    np.testing.assert_allclose(layer.parametrizations.weight.original.detach().numpy(), before / 4)
    with lucid.no_grad():
        layer.weight = lucid.ones(3, 3, dtype=lucid.float64)
    assert (layer.weight == 1).all()


def test_removing_leaves_the_value_or_the_original():
    layer = make(Double())
    value = layer.weight.tolist()
    assert is_parametrized(layer) and is_parametrized(layer, "weight")
    remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Linear and not is_parametrized(layer)
    assert layer.weight.tolist() == value and list(layer.state_dict()) == ["bias", "weight"]
    layer = make(Double())
    original = layer.parametrizations.weight.original
    remove_parametrizations(layer, "weight", leave_parametrized=False)
    assert layer.weight is original


def test_removing_one_of_two_parameters():
    layer = make(Double())
    register_parametrization(layer, "bias", Double())
    remove_parametrizations(layer, "weight")
    assert is_parametrized(layer, "bias") and not is_parametrized(layer, "weight")
    assert layer(lucid.zeros(1, 3, dtype=lucid.float64)).shape == (1, 3)


def test_copies_and_state_dicts():
    layer = make(Symmetric())
    other = copy.deepcopy(layer)
    assert other.weight.tolist() == layer.weight.tolist()
    assert other.parametrizations.weight.original is not layer.parametrizations.weight.original
    third = make(Symmetric())
    third.load_state_dict(layer.state_dict())
    assert third.weight.tolist() == layer.weight.tolist()
    assert layer.float().weight.dtype is lucid.float32


def test_convolutions_too():
    layer = nn.Conv2d(2, 3, 3)
    register_parametrization(layer, "weight", Double())
    y = layer(lucid.randn(1, 2, 5, 5))
    y.sum().backward()
    assert layer.parametrizations.weight.original.grad.shape == (3, 2, 3, 3)


def test_refusals():
    with pytest.raises(ValueError, match="Linear has no parameter 'w'; it has 'weight', 'bias'"):
        register_parametrization(nn.Linear(2, 2), "w", Double())
    with pytest.raises(TypeError, match="needs a Module, not a function"):
        register_parametrization(nn.Linear(2, 2), "weight", lambda x: x)
    layer = nn.Linear(2, 2)
    with pytest.raises(lucid.ShapeError, match=r"turns \(2, 2\) float32 into \(4,\) float32"):
        register_parametrization(layer, "weight", Wider())
    assert type(layer) is nn.Linear and layer.weight.shape == (2, 2)
    with pytest.raises(lucid.LazyError, match="'weight' has no shape yet"):
        register_parametrization(nn.LazyLinear(2), "weight", Double())
    with pytest.raises(ValueError, match="'weight' of Linear is not parametrized"):
        remove_parametrizations(layer, "weight")
    layer = register_parametrization(nn.Linear(2, 2), "weight", nn.Identity())
    with pytest.raises(NotImplementedError, match="Identity has no right_inverse"):
        layer.weight = lucid.zeros(2, 2)
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
    with pytest.raises(ValueError, match="computed from 2 tensors"):
        remove_parametrizations(layer, "weight", leave_parametrized=False)
    layer = register_parametrization(nn.Linear(2, 2), "weight", Double())
    with pytest.raises(ValueError, match="only the first parametrization may have several"):
        register_parametrization(layer, "weight", Halves())
    assert len(layer.parametrizations["weight"]) == 1
