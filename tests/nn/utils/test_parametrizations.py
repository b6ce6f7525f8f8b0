"""Weight norm, spectral norm and orthogonal weights: PyTorch's values, state and gradients."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
from lucid.nn.utils.parametrizations import orthogonal, spectral_norm, weight_norm

MAKE = {
    "Linear": (4, 3), "Conv1d": (2, 3, 2), "Conv2d": (2, 3, 2), "Conv3d": (2, 3, 2),
    "ConvTranspose1d": (2, 3, 2), "ConvTranspose2d": (2, 3, 2),
}
each_layer = pytest.mark.parametrize("name", MAKE)


def inputs(name):
    ndim = 0 if name == "Linear" else int(name[-2])
    return np.random.default_rng(0).standard_normal((2, 4) if not ndim else (2, 2, *(5,) * ndim))


def pair(torch, name, wrap, their_wrap):
    """Two layers of the same values, and their outputs and gradients."""
    if torch is None:
        pytest.skip("torch is not installed; the properties are tested below")
    theirs = their_wrap(getattr(torch.nn, name)(*MAKE[name], dtype=torch.float64))
    ours = wrap(getattr(nn, name)(*MAKE[name], dtype=lucid.float64))
    state = {key: x.detach().numpy() for key, x in theirs.state_dict().items()}
    assert {key: x.shape for key, x in ours.state_dict().items()} == {
        key: x.shape for key, x in state.items()
    }
    ours.load_state_dict({key: lucid.tensor(x) for key, x in state.items()})
    return ours, theirs


def compare(torch, name, ours, theirs):
    x = inputs(name)
    for _ in range(2):  # a power iteration moves on
        y, other = ours(lucid.tensor(x)), theirs(torch.tensor(x))
        np.testing.assert_allclose(y.detach().numpy(), other.detach().numpy(), rtol=1e-9)
        for module in (ours, theirs):
            module.zero_grad()
        (y * y).sum().backward()
        (other * other).sum().backward()
        expected = dict(theirs.named_parameters())
        for key, parameter in ours.named_parameters():
            np.testing.assert_allclose(
                parameter.grad.numpy(), expected[key].grad.numpy(), rtol=1e-7, atol=1e-9
            )


@each_layer
@pytest.mark.parametrize("dim", ["output", 0, 1, None])
def test_weight_norm_equals_pytorchs(torch, name, dim):
    axis = int("Transpose" in name) if dim == "output" else dim
    ours, theirs = pair(
        torch, name, lambda layer: weight_norm(layer, dim=dim),
        lambda layer: torch.nn.utils.parametrizations.weight_norm(layer, dim=axis),
    )
    compare(torch, name, ours, theirs)


@each_layer
@pytest.mark.parametrize("training", [True, False])
def test_spectral_norm_equals_pytorchs(torch, name, training):
    ours, theirs = pair(
        torch, name, lambda layer: spectral_norm(layer, n_power_iterations=2),
        lambda layer: torch.nn.utils.parametrizations.spectral_norm(layer, n_power_iterations=2),
    )
    compare(torch, name, ours.train(training), theirs.train(training))


@each_layer
def test_weight_norm_keeps_the_weight(name):
    layer = getattr(nn, name)(*MAKE[name], dtype=lucid.float64)
    before = layer.weight.detach().numpy().copy()
    weight_norm(layer)
    np.testing.assert_allclose(layer.weight.detach().numpy(), before, rtol=1e-12)
    assert layer.parametrizations.weight.original0.numel() == 3  # output channels
    optimizer = lucid.optim.SGD(layer.parameters(), lr=0.1)
    layer(lucid.tensor(inputs(name))).sum().backward()
    optimizer.step()
    axes = tuple(axis for axis in range(before.ndim) if axis != int("Transpose" in name))
    length = np.sqrt((layer.weight.detach().numpy() ** 2).sum(axes))
    g = np.abs(layer.parametrizations.weight.original0.detach().numpy()).ravel()
    np.testing.assert_allclose(length, g, rtol=1e-10)


def test_spectral_norm_is_the_largest_singular_value():
    layer = spectral_norm(nn.Linear(20, 30, dtype=lucid.float64))
    for _ in range(100):
        layer.weight
    weight = layer.weight.detach().numpy()
    assert np.linalg.norm(weight, 2) == pytest.approx(1.0, rel=1e-3)
    layer.eval()
    state = layer.state_dict()["parametrizations.weight.0._u"].tolist()
    layer.weight
    assert layer.state_dict()["parametrizations.weight.0._u"].tolist() == state
    vector = spectral_norm(nn.Linear(5, 3), "bias")
    assert np.linalg.norm(vector.bias.detach().numpy()) == pytest.approx(1.0, rel=1e-5)


def test_two_readings_of_a_spectral_norm_can_both_go_backward():
    layer = spectral_norm(nn.Linear(3, 3))
    x = lucid.randn(2, 3)
    (layer(x).sum() + layer(x * 2).sum()).backward()
    assert layer.parametrizations.weight.original.grad is not None


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3)], ids=str)
def test_orthogonal_weights_stay_orthogonal(shape):
    layer = orthogonal(nn.Linear(*shape, dtype=lucid.float64))
    optimizer = lucid.optim.SGD(layer.parameters(), lr=0.5)
    target = lucid.randn(6, shape[1], dtype=lucid.float64)
    x, losses = lucid.randn(6, shape[0], dtype=lucid.float64), []
    for _ in range(5):
        weight = layer.weight.detach().numpy()
        q = weight if weight.shape[0] >= weight.shape[1] else weight.T
        np.testing.assert_allclose(q.T @ q, np.eye(q.shape[1]), atol=1e-12)
        optimizer.zero_grad()
        loss = ((layer(x) - target) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_an_orthogonal_weight_stays_what_it_is():
    layer = nn.Linear(4, 4, dtype=lucid.float64)
    nn.init.orthogonal_(layer.weight)
    before = layer.weight.detach().numpy().copy()
    np.testing.assert_allclose(orthogonal(layer).weight.detach().numpy(), before, atol=1e-12)


ERRORS = [
    (lambda: weight_norm(nn.Linear(2, 2), "w"), ValueError, "no parameter 'w' with a shape"),
    (lambda: weight_norm(nn.LazyLinear(2)), ValueError, "no parameter 'weight' with a shape"),
    (lambda: weight_norm(nn.Linear(2, 2), dim=2), lucid.ShapeError, "dim=2 is not an axis"),
    (lambda: spectral_norm(nn.Linear(2, 2), n_power_iterations=0), ValueError, "is too small"),
    (lambda: spectral_norm(nn.Linear(2, 2), eps=-1), ValueError, "eps=-1 is out of range"),
    (lambda: orthogonal(nn.Conv1d(2, 2, 1)), lucid.ShapeError, "is no matrix; needs 2 axes"),
    (lambda: orthogonal(nn.Linear(2, 2), orthogonal_map="x"), ValueError, "'x' is not there"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:30] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
