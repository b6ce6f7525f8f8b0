"""Joining axes and splitting them again."""

import pytest

import lucid
import lucid.nn as nn


def test_flatten_joins_all_behind_the_batch():
    x = lucid.randn(2, 3, 4, 5, requires_grad=True)
    assert nn.Flatten()(x).shape == (2, 60)
    assert nn.Flatten(0, 2)(x).shape == (24, 5)
    assert nn.Flatten()(lucid.zeros(0, 3, 4)).shape == (0, 12)
    nn.Flatten()(x).sum().backward()
    assert x.grad.shape == x.shape


def test_unflatten_is_the_way_back():
    x = lucid.randn(2, 60)
    assert nn.Unflatten(1, (3, 4, 5))(x).shape == (2, 3, 4, 5)
    assert nn.Unflatten(-1, (3, -1))(x).shape == (2, 3, 20)
    assert nn.Flatten()(nn.Unflatten(1, (3, 20))(x)).tolist() == x.tolist()


def test_representations():
    assert repr(nn.Flatten()) == "Flatten(start_dim=1, end_dim=-1)"
    assert repr(nn.Unflatten(1, (2, 3))) == "Unflatten(dim=1, unflattened_size=(2, 3))"


@pytest.mark.parametrize(("call", "kind", "message"), [
    (lambda: nn.Flatten(1.0), TypeError, "start_dim must be an int"),
    (lambda: nn.Flatten(2, 1)(lucid.zeros(2, 3, 4)), lucid.ShapeError, "start_dim=2 comes after"),
    (lambda: nn.Unflatten(1, 6), TypeError, "unflattened_size must be a tuple"),
    (lambda: nn.Unflatten(1, (-1, -1)), ValueError, "may hold one -1"),
    (lambda: nn.Unflatten(1, (2, -2)), ValueError, "unflattened_size=-2 is too small"),
    (lambda: nn.Unflatten(1, (4, 2))(lucid.zeros(2, 6)), lucid.ShapeError, "do not fill"),
    (lambda: nn.Unflatten(1, (4, -1))(lucid.zeros(2, 6)), lucid.ShapeError, "not a multiple"),
    (lambda: nn.Unflatten(2, (4, -1))(lucid.zeros(2, 6)), lucid.ShapeError, "dim=2 is not an axis"),
])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
