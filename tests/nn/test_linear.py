"""The linear layer and its lazy form."""

import copy
import pickle

import numpy as np
import pytest

import lucid
import lucid.nn as nn


def test_the_layer_is_the_function():
    layer = nn.Linear(5, 3)
    x = lucid.randn(2, 4, 5)
    expected = x.numpy() @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    np.testing.assert_allclose(layer(x).detach().numpy(), expected, atol=1e-6)
    assert nn.Linear(5, 3, bias=False).bias is None
    assert layer.weight.shape == (3, 5) and layer.bias.shape == (3,)


def test_first_values_are_uniform_within_the_bound():
    lucid.manual_seed(0)
    layer = nn.Linear(100, 200)
    for x in (layer.weight, layer.bias):
        values = x.detach().numpy()
        assert np.abs(values).max() <= 0.1
        assert abs(values.std() - 0.1 / np.sqrt(3)) < 0.005


def test_a_state_dict_of_pytorch_fits(torch):
    if torch is None:
        pytest.skip("torch is not installed")
    other, layer = torch.nn.Linear(5, 3), nn.Linear(5, 3)
    state = {key: lucid.tensor(value.numpy()) for key, value in other.state_dict().items()}
    assert list(layer.state_dict()) == list(state)
    layer.load_state_dict(state)
    x = np.random.default_rng(0).standard_normal((4, 5)).astype(np.float32)
    expected = other(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(layer(lucid.tensor(x)).detach().numpy(), expected, atol=1e-6)


def test_representation():
    assert repr(nn.Linear(4, 2, False)) == "Linear(in_features=4, out_features=2, bias=False)"
    assert repr(nn.LazyLinear(2)) == "LazyLinear(in_features=None, out_features=2, bias=True)"


@pytest.mark.parametrize(("make", "kind", "message"), [
    (lambda: nn.Linear(0, 2), ValueError, "in_features=0 is too small"),
    (lambda: nn.Linear(2, 0), ValueError, "out_features=0 is too small"),
    (lambda: nn.Linear(None, 2), TypeError, "in_features must be an int, not None"),
    (lambda: nn.Linear(2.0, 2), TypeError, "in_features must be an int"),
    (lambda: nn.LazyLinear(0), ValueError, "out_features=0 is too small"),
    (lambda: nn.Linear(2, 2, device="cuda"), lucid.DeviceError, "device='cuda'"),
])
def test_a_bad_layer_is_refused_when_it_is_built(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


@pytest.mark.parametrize("bias", [True, False])
def test_a_lazy_layer_learns_from_its_first_input(bias):
    layer = nn.LazyLinear(3, bias, dtype=lucid.float64)
    placeholders = list(layer.parameters())
    assert layer.weight is None and layer.bias is None and layer.in_features is None
    assert dict(layer.state_dict()) == {}
    assert layer(lucid.zeros(0, 5, dtype=lucid.float64)).shape == (0, 3)
    assert layer.in_features == 5 and layer.weight.shape == (3, 5)
    assert type(layer) is nn.LazyLinear and layer.weight.dtype is lucid.float64
    assert [id(x) for x in layer.parameters()] == [id(x) for x in placeholders]
    assert np.abs(layer.weight.detach().numpy()).max() > 0


def test_a_lazy_layer_learns_from_a_state_dict():
    source, layer = nn.Linear(5, 3), nn.LazyLinear(3)
    layer.load_state_dict(source.state_dict())
    assert layer.in_features == 5
    x = lucid.randn(2, 5)
    np.testing.assert_array_equal(layer(x).detach().numpy(), source(x).detach().numpy())


def test_a_lazy_layer_stays_lazy_when_the_first_input_fails():
    layer = nn.LazyLinear(3)
    for x in (lucid.tensor(1.0), lucid.zeros(2, 0), lucid.zeros(2, 5).long()):
        with pytest.raises(lucid.LucidError):
            layer(x)
        assert layer.in_features is None and layer.weight is None
    with pytest.raises(lucid.ShapeError, match="has no features on its last axis"):
        layer(lucid.zeros(2, 0))
    with pytest.raises(RuntimeError, match=r"weight of shape \(4, 5\) .* needs \(3, in_features\)"):
        layer.load_state_dict(nn.Linear(5, 4).state_dict())
    with pytest.raises(RuntimeError, match="only a weight tells in_features"):
        layer.load_state_dict({"bias": lucid.zeros(3)}, strict=False)
    assert layer.in_features is None
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert twin(lucid.zeros(2, 5)).shape == (2, 3)


def test_a_later_input_of_another_size_is_refused():
    layer = nn.LazyLinear(3)
    layer(lucid.zeros(2, 5))
    with pytest.raises(lucid.ShapeError, match="LazyLinear: .* 4 features .* needs 5"):
        layer(lucid.zeros(2, 4))
