"""Layers that pool into a given size or by powers, and the way back."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_layers_call_the_functions_with_their_options(ndim):
    x = lucid.rand(2, 3, *(9, 8, 7)[:ndim])
    for kind in ("Avg", "Max"):
        layer = getattr(nn, f"Adaptive{kind}Pool{ndim}d")(2)
        expected = getattr(F, f"adaptive_{kind.lower()}_pool{ndim}d")(x, 2)
        np.testing.assert_array_equal(layer(x).numpy(), expected.numpy())
    _, places = getattr(nn, f"AdaptiveMaxPool{ndim}d")(2, return_indices=True)(x)
    assert places.dtype is lucid.int64
    layer = getattr(nn, f"LPPool{ndim}d")(2, 3, 2, ceil_mode=True)
    expected = getattr(F, f"lp_pool{ndim}d")(x, 2, 3, 2, ceil_mode=True)
    np.testing.assert_array_equal(layer(x).numpy(), expected.numpy())
    pool = getattr(nn, f"MaxPool{ndim}d")(3, 2, 1, return_indices=True)
    y, places = pool(x)
    layer = getattr(nn, f"MaxUnpool{ndim}d")(3, 2, 1)
    back = layer(y, places, output_size=x.shape)
    assert back.shape == x.shape and ((back == x) | (back == 0)).all()


def test_representations_are_pytorchs(torch):
    rows = [("AdaptiveAvgPool1d", ((2,),)), ("AdaptiveAvgPool2d", ((2, None),)),
            ("MaxUnpool2d", ((2, 3), (2, 2), (0, 1))), ("MaxUnpool1d", (2,))]
    for name, args in rows:
        if torch is not None:
            assert repr(getattr(nn, name)(*args)) == repr(getattr(torch.nn, name)(*args))
    assert repr(nn.LPPool1d(2, 3)) == (
        "LPPool1d(norm_type=2.0, kernel_size=(3,), stride=(3,), ceil_mode=False)"
    )


@pytest.mark.parametrize(("make", "kind", "message"), [
    (lambda: nn.AdaptiveAvgPool2d(0), ValueError, "output_size=0 is too small"),
    (lambda: nn.AdaptiveMaxPool3d((1, 2)), ValueError, "has 2 numbers; give one int, or 3"),
    (lambda: nn.LPPool2d(-1, 2), ValueError, "norm_type=-1 is out of range"),
    (lambda: nn.MaxUnpool2d(2, padding=2), ValueError, "padding=2 is more than half"),
])
def test_a_bad_layer_is_refused_when_it_is_built(make, kind, message):
    with pytest.raises(kind, match=message):
        make()
