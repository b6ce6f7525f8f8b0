"""Batch normalisation layers: running statistics, modes, state, and the lazy forms."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn

SHAPES = {1: (5, 3, 4), 2: (2, 3, 4, 5), 3: (2, 3, 2, 3, 2)}
each_rank = pytest.mark.parametrize("ndim", [1, 2, 3])


def layer_of(ndim, *arguments, **options):
    return getattr(nn, f"BatchNorm{ndim}d")(*arguments, **options)


@each_rank
@pytest.mark.parametrize("options", [
    {}, {"momentum": None}, {"momentum": 0.5, "eps": 1e-2}, {"affine": False},
    {"track_running_stats": False},
], ids=str)
def test_three_batches_and_an_evaluation_equal_pytorch(torch, ndim, options):
    if torch is None:
        pytest.skip("torch is not installed")
    mine = layer_of(ndim, 3, **options)
    other = getattr(torch.nn, f"BatchNorm{ndim}d")(3, **options)
    assert list(mine.state_dict()) == list(other.state_dict())
    rng = np.random.default_rng(0)
    for training in (True, True, True, False):
        mine.train(training)
        other.train(training)
        x = rng.standard_normal(SHAPES[ndim]).astype(np.float32)
        expected = other(torch.tensor(x)).detach().numpy()
        np.testing.assert_allclose(mine(lucid.tensor(x)).detach().numpy(), expected, atol=1e-5)
        for key, value in other.state_dict().items():
            np.testing.assert_allclose(mine.state_dict()[key].numpy(), value.numpy(), atol=1e-6)


@each_rank
def test_a_plain_average_of_the_batches(ndim):
    layer = layer_of(ndim, 3, momentum=None)
    rng = np.random.default_rng(0)
    batches = [rng.standard_normal(SHAPES[ndim]).astype(np.float32) for _ in range(4)]
    for x in batches:
        layer(lucid.tensor(x))
    dims = tuple(axis for axis in range(ndim + 2) if axis != 1)
    means = np.mean([x.mean(dims) for x in batches], axis=0)
    variances = np.mean([x.var(dims, ddof=1) for x in batches], axis=0)
    np.testing.assert_allclose(layer.running_mean.numpy(), means, atol=1e-6)
    np.testing.assert_allclose(layer.running_var.numpy(), variances, rtol=1e-5)
    assert layer.num_batches_tracked.item() == 4
    layer.reset_running_stats()
    assert layer.running_mean.tolist() == [0.0] * 3 and layer.running_var.tolist() == [1.0] * 3
    assert layer.num_batches_tracked.item() == 0


def test_representation():
    assert repr(nn.BatchNorm2d(3, affine=False)) == (
        "BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=False, track_running_stats=True)"
    )
    assert repr(nn.LazyBatchNorm1d()).startswith("LazyBatchNorm1d(None, eps=1e-05")


def test_evaluation_changes_nothing():
    layer = nn.BatchNorm1d(3).eval()
    before = {key: value.tolist() for key, value in layer.state_dict().items()}
    layer(lucid.randn(4, 3))
    assert {key: value.tolist() for key, value in layer.state_dict().items()} == before


def test_a_refused_batch_changes_nothing():
    layer = nn.BatchNorm2d(3)
    with pytest.raises(lucid.ShapeError, match=r"BatchNorm2d: .* 1 number in each channel"):
        layer(lucid.zeros(1, 3, 1, 1))
    assert layer.num_batches_tracked.item() == 0
    assert layer.eval()(lucid.zeros(1, 3, 1, 1)).shape == (1, 3, 1, 1)


def test_an_empty_batch_is_counted_and_changes_nothing_else():
    layer = nn.BatchNorm1d(3)
    assert layer(lucid.zeros(0, 3)).shape == (0, 3)
    assert layer.running_mean.tolist() == [0.0] * 3 and layer.num_batches_tracked.item() == 1


def test_types_follow_the_layer():
    layer = nn.BatchNorm1d(3).double()
    assert layer(lucid.randn(4, 3, dtype=lucid.float64)).dtype is lucid.float64
    assert layer.running_var.dtype is lucid.float64
    assert layer.num_batches_tracked.dtype is lucid.int64
    assert nn.BatchNorm1d(3, dtype=lucid.float64).weight.dtype is lucid.float64
    with pytest.raises(lucid.DtypeError, match="input is float32, but running_mean is float64"):
        layer(lucid.randn(4, 3))


@each_rank
def test_a_lazy_layer_learns_its_channels(ndim):
    layer = getattr(nn, f"LazyBatchNorm{ndim}d")(momentum=0.3)
    optimised = list(layer.parameters())
    assert layer.weight is None and layer.running_mean is None and layer.num_features is None
    assert list(layer.state_dict()) == ["num_batches_tracked"]
    x = lucid.randn(*SHAPES[ndim])
    twin = layer_of(ndim, 3, momentum=0.3)
    np.testing.assert_array_equal(layer(x).detach().numpy(), twin(x).detach().numpy())
    assert layer.num_features == 3 and layer.weight is optimised[0]
    assert list(layer.state_dict()) == list(twin.state_dict())
    other = getattr(nn, f"LazyBatchNorm{ndim}d")()
    other.load_state_dict(layer.state_dict())
    assert other.num_features == 3
    assert other.running_var.tolist() == layer.running_var.tolist()
    assert other.num_batches_tracked.item() == 1


def test_a_lazy_layer_stays_lazy_when_the_first_input_fails():
    layer = nn.LazyBatchNorm2d()
    for shape in ((2, 3, 4), (2, 0, 4, 4), (1, 3, 1, 1)):
        with pytest.raises(lucid.ShapeError):
            layer(lucid.zeros(*shape))
        assert layer.num_features is None and layer.weight is None
    with pytest.raises(lucid.ShapeError, match="has no channels on axis 1"):
        layer(lucid.zeros(2, 0, 4, 4))
    state = nn.BatchNorm2d(3).state_dict()
    state["bias"] = lucid.zeros(4)
    with pytest.raises(RuntimeError, match=r"needs \(num_features,\) in all"):
        layer.load_state_dict(state)
    assert layer.num_features is None


@pytest.mark.parametrize(("call", "kind", "message"), [
    (lambda: nn.BatchNorm1d(0), ValueError, "num_features=0 is too small"),
    (lambda: nn.BatchNorm1d(None), TypeError, "num_features must be an int"),
    (lambda: nn.BatchNorm1d(3, eps=-1.0), ValueError, "eps=-1.0 must be at least 0"),
    (lambda: nn.BatchNorm1d(3, momentum=2), ValueError, "momentum=2 must be 0 to 1, or None"),
    (lambda: nn.BatchNorm1d(3)(lucid.zeros(2, 3, 4, 5)), lucid.ShapeError,
     r"input of shape \(2, 3, 4, 5\) has 4 axes; needs \(batch, channels\) or "
     r"\(batch, channels, length\)"),
    (lambda: nn.BatchNorm2d(3)(lucid.zeros(2, 3)), lucid.ShapeError,
     r"has 2 axes; needs \(batch, channels, height, width\)"),
    (lambda: nn.BatchNorm2d(3)(lucid.zeros(2, 4, 5, 5)), lucid.ShapeError,
     r"input of shape \(2, 4, 5, 5\) has 4 channels on axis 1; needs 3 \(num_features\)"),
    (lambda: nn.BatchNorm1d(3)(np.zeros((2, 3))), TypeError, "needs a Tensor"),
])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
