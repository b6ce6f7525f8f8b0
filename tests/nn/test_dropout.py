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
    with pytest.raises(ValueError, match="p=2.0 is not a probability; it must be 0 to 1"):
        nn.Dropout(2)
