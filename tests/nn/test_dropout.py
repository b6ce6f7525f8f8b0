"""The dropout layer."""

import pytest

import lucid
import lucid.nn as nn


def test_it_works_in_training_only():
    layer, x = nn.Dropout(0.5), lucid.ones(1000)
    assert set(layer(x).tolist()) == {0.0, 2.0}
    assert layer(x).tolist() != layer(x).tolist()
    assert layer.eval()(x) is x
    layer.train().p = 1.0
    assert set(layer(x).tolist()) == {0.0}


def test_representation_and_refusal():
    assert repr(nn.Dropout()) == "Dropout(p=0.5)"
    assert repr(nn.Dropout(0.2, inplace=True)) == "Dropout(p=0.2, inplace=True)"
    with pytest.raises(ValueError, match="p=2 is out of range; it must be 0 to 1"):
        nn.Dropout(2)


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_channels_in_training_only(ndim):
    layer = getattr(nn, f"Dropout{ndim}d")(0.5)
    x = lucid.ones(20, 10, *(2, 3, 4)[:ndim])
    assert set(layer(x).reshape(200, -1).mean(1).tolist()) == {0.0, 2.0}
    assert layer.eval()(x) is x
    assert repr(layer) == f"Dropout{ndim}d(p=0.5)"


def test_alpha_dropout_works_in_training_only():
    layer, x = nn.AlphaDropout(0.5), lucid.ones(1000)
    assert len(set(layer(x).tolist())) == 2
    assert layer.eval()(x) is x
    assert repr(layer) == "AlphaDropout(p=0.5)"
