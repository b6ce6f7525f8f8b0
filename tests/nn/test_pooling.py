"""Pooling layers: the functions with the options of the constructor."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_layers_call_the_functions_with_their_options(ndim):
    x = lucid.randn(2, 3, *(9, 8, 7)[:ndim])
    options = dict(kernel_size=3, stride=2, padding=1, ceil_mode=True)
    layer = getattr(nn, f"MaxPool{ndim}d")(**options, dilation=2, return_indices=True)
    function = getattr(F, f"max_pool{ndim}d")
    for mine, other in zip(layer(x), function(x, **options, dilation=2, return_indices=True)):
        np.testing.assert_array_equal(mine.numpy(), other.numpy())
    layer = getattr(nn, f"AvgPool{ndim}d")(**options, count_include_pad=False)
    function = getattr(F, f"avg_pool{ndim}d")
    expected = function(x, **options, count_include_pad=False)
    np.testing.assert_array_equal(layer(x).numpy(), expected.numpy())


def test_the_order_of_positional_arguments_is_pytorchs():
    pool = nn.MaxPool2d(3, 2, 1, 2, True, True)
    assert (pool.kernel_size, pool.stride, pool.padding) == ((3, 3), (2, 2), (1, 1))
    assert (pool.dilation, pool.return_indices, pool.ceil_mode) == ((2, 2), True, True)
    pool = nn.AvgPool2d(3, 2, 1, True, False, 7)
    assert (pool.ceil_mode, pool.count_include_pad, pool.divisor_override) == (True, False, 7)


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_attributes_are_pytorchs(torch, ndim):
    if torch is None:
        pytest.skip("torch is not installed")
    for name in (f"MaxPool{ndim}d", f"AvgPool{ndim}d"):
        mine, other = getattr(nn, name)(2), getattr(torch.nn, name)(2)
        public = {key for key in vars(other) if not key.startswith("_") and key != "training"}
        assert public <= set(vars(mine)) | {"divisor_override"}


def test_representation_shows_what_is_not_the_default():
    assert repr(nn.MaxPool1d(2)) == "MaxPool1d(kernel_size=(2,), stride=(2,))"
    assert repr(nn.MaxPool2d((2, 3), dilation=2, return_indices=True)) == (
        "MaxPool2d(kernel_size=(2, 3), stride=(2, 3), dilation=(2, 2), return_indices=True)"
    )
    pool = nn.AvgPool3d(2, 1, ceil_mode=True, count_include_pad=False, divisor_override=3)
    assert repr(pool) == (
        "AvgPool3d(kernel_size=(2, 2, 2), stride=(1, 1, 1), ceil_mode=True, "
        "count_include_pad=False, divisor_override=3)"
    )


def test_an_error_names_the_layer():
    model = nn.Sequential(nn.ReLU(), nn.MaxPool2d(5))
    with pytest.raises(lucid.ShapeError, match=r"^MaxPool2d '1': height 4 with window 5"):
        model(lucid.zeros(1, 1, 4, 9))


@pytest.mark.parametrize(("make", "kind", "message"), [
    (lambda: nn.MaxPool2d(3, padding=2), ValueError, "padding=2 is more than half of"),
    (lambda: nn.MaxPool1d(2.5), TypeError, "kernel_size must be an int"),
    (lambda: nn.AvgPool2d((1, 2, 3)), ValueError, "has 3 numbers; give one int, or 2"),
    (lambda: nn.AvgPool3d(2, divisor_override=0), ValueError, "divisor_override=0"),
    (lambda: nn.AvgPool1d(2, divisor_override=2), TypeError, "divisor_override"),
    (lambda: nn.MaxPool3d(2, stride=0), ValueError, "stride=0 is too small"),
])
def test_a_bad_layer_is_refused_when_it_is_built(make, kind, message):
    with pytest.raises(kind, match=message):
        make()
