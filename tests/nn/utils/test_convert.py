"""Parameters as one vector, and back."""

import pytest

import lucid
import lucid.nn as nn


def test_there_and_back():
    layer = nn.Conv2d(2, 3, (2, 1))
    before = [x.tolist() for x in layer.parameters()]
    vector = nn.utils.parameters_to_vector(layer.parameters())
    assert vector.shape == (15,)
    nn.utils.vector_to_parameters(vector * 0 + 7, layer.parameters())
    assert layer.bias.tolist() == [7.0] * 3
    nn.utils.vector_to_parameters(vector, layer.parameters())
    assert [x.tolist() for x in layer.parameters()] == before


def test_gradients_flow_through_the_vector():
    layer = nn.Linear(2, 1)
    (nn.utils.parameters_to_vector(layer.parameters()) ** 2).sum().backward()
    assert layer.bias.grad.tolist() == (2 * layer.bias).tolist()


def test_refusals():
    with pytest.raises(ValueError, match="there are no parameters"):
        nn.utils.parameters_to_vector([])
    with pytest.raises(lucid.ShapeError, match=r"\(2,\) does not fill parameters of 2 \+ 1 = 3"):
        nn.utils.vector_to_parameters(lucid.zeros(2), nn.Linear(2, 1).parameters())
