"""Layers of layer, group, instance and local response normalisation."""

import re

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F

MAKE = {
    "LayerNorm": ((3, 4),), "GroupNorm": (3, 6), "InstanceNorm1d": (3,), "InstanceNorm2d": (3,),
    "InstanceNorm3d": (3,), "LocalResponseNorm": (3,),
}


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("options", [{}, {"affine": True, "track_running_stats": True}], ids=str)
def test_representation_and_state_are_pytorchs(torch, name, options):
    if options and "Instance" not in name:
        return
    layer = getattr(nn, name)(*MAKE[name], **options)
    if torch is not None:
        other = getattr(torch.nn, name)(*MAKE[name], **options)
        text = re.sub(", bias=(True|False)", "", repr(other))  # newer versions say it
        assert repr(layer) == text
        shapes = {key: tuple(x.shape) for key, x in other.state_dict().items()}
        assert {key: x.shape for key, x in layer.state_dict().items()} == shapes


def test_layers_call_the_functions_with_their_parameters():
    x = lucid.randn(2, 6, 3, 4)
    rows = [
        (nn.LayerNorm((3, 4), 0.1), lambda w, b: F.layer_norm(x, (3, 4), w, b, 0.1)),
        (nn.GroupNorm(3, 6, 0.1), lambda w, b: F.group_norm(x, 3, w, b, 0.1)),
        (nn.InstanceNorm2d(6, 0.1, affine=True),
         lambda w, b: F.instance_norm(x, None, None, w, b, eps=0.1)),
    ]
    for layer, function in rows:
        nn.init.normal_(layer.weight)
        nn.init.normal_(layer.bias)
        expected = function(layer.weight, layer.bias).detach().numpy()
        np.testing.assert_array_equal(layer(x).detach().numpy(), expected)
        layer.reset_parameters()
        assert (layer.weight == 1).all() and (layer.bias == 0).all()
    y = nn.LocalResponseNorm(3, 0.1, 0.2, 0.3)(x)
    np.testing.assert_array_equal(y.numpy(), F.local_response_norm(x, 3, 0.1, 0.2, 0.3).numpy())


def test_without_parameters():
    assert not list(nn.LayerNorm(3, elementwise_affine=False).parameters())
    assert len(list(nn.LayerNorm(3, bias=False).parameters())) == 1
    assert not list(nn.GroupNorm(1, 3, affine=False).parameters())
    layer = nn.LayerNorm(3, bias=False)
    layer.reset_parameters()
    assert layer(lucid.randn(2, 3)).shape == (2, 3)


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_instance_norm_takes_one_item_and_keeps_statistics(ndim):
    layer = getattr(nn, f"InstanceNorm{ndim}d")(3, track_running_stats=True)
    x = lucid.randn(4, 3, *(3, 4, 2)[:ndim])
    y = layer(x)
    assert layer.num_batches_tracked.item() == 1
    axes = tuple(range(2, ndim + 2))
    expected = 0.1 * x.numpy().mean(axes).mean(0)
    np.testing.assert_allclose(layer.running_mean.numpy(), expected, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(layer(x[0]).numpy(), y[0].numpy(), rtol=1e-5)
    layer.eval()
    found = layer(x).numpy()
    expected = F.batch_norm(x, layer.running_mean, layer.running_var).numpy()
    np.testing.assert_array_equal(found, expected)
    assert layer.num_batches_tracked.item() == 2


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("batch", [(), (4,)], ids=["one item", "a batch"])
@pytest.mark.parametrize("options", [{}, {"affine": False, "eps": 0.1}], ids=str)
def test_a_lazy_layer_learns_its_channels(torch, ndim, batch, options):
    name = f"InstanceNorm{ndim}d"
    layer = getattr(nn, f"Lazy{name}")(**options)
    optimised = list(layer.parameters())
    assert layer.weight is None and layer.running_mean is None and layer.num_features is None
    shape = (*batch, 3, *(3, 4, 2)[:ndim])
    x = lucid.randn(*shape)
    twin = getattr(nn, name)(3, **{"affine": True, "track_running_stats": True, **options})
    y = layer(x)
    np.testing.assert_array_equal(y.detach().numpy(), twin(x).detach().numpy())
    assert layer.num_features == 3 and all(x is layer.weight for x in optimised[:1])
    assert list(layer.state_dict()) == list(twin.state_dict())
    other = getattr(nn, f"Lazy{name}")(**options)
    other.load_state_dict(layer.state_dict())
    assert other.num_features == 3 and type(other) is type(layer)
    assert other.running_var.tolist() == layer.running_var.tolist()
    if torch is not None:  # which takes the axis before the last ones of a batch in any case
        theirs = getattr(torch.nn, f"Lazy{name}")(**options)
        found = theirs(torch.tensor(x.numpy()).reshape(-1, *shape[-ndim - 1 :]))
        expected = found.detach().numpy().reshape(shape)
        np.testing.assert_allclose(y.detach().numpy(), expected, atol=1e-5)
        assert list(theirs.state_dict()) == list(layer.state_dict())


def test_a_lazy_layer_stays_lazy_when_the_first_input_fails():
    layer = nn.LazyInstanceNorm1d()
    for shape in ((2, 0, 4), (0, 4), (2, 3, 1), (4,)):
        with pytest.raises(lucid.ShapeError):
            layer(lucid.zeros(*shape))
        assert layer.num_features is None and layer.weight is None


ERRORS = [
    (lambda: nn.GroupNorm(4, 6), ValueError, r"num_channels=6 cannot be split into num_groups=4"),
    (lambda: nn.LayerNorm(0), ValueError, r"normalized_shape=0 is too small"),
    (lambda: nn.InstanceNorm1d(3, eps=-1), ValueError, r"eps=-1 must be at least 0"),
    (lambda: nn.InstanceNorm2d(3)(lucid.zeros(2, 4, 3, 3)), lucid.ShapeError,
     r"^InstanceNorm2d: input of shape \(2, 4, 3, 3\) has 4 channels .* needs 3 \(num_features\)"),
    (lambda: nn.InstanceNorm2d(3)(lucid.zeros(2, 4)), lucid.ShapeError, r"has 2 axes; needs"),
    (lambda: nn.LocalResponseNorm(0), ValueError, r"size=0 is too small"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
