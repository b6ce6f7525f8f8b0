"""Shapes and types of other tensors, each law over all types and beside PyTorch."""

import numpy as np
import pytest

import lucid

TYPES = ["bool", "uint8", "int8", "int32", "int64", "float32", "float64"]


@pytest.mark.parametrize("shape", [(), (6,), (2, 3), (3, 1, 2), (0, 4)], ids=str)
def test_view_as_is_a_view_of_the_other_shape(shape):
    other = lucid.zeros(shape)
    x = lucid.arange(other.numel())
    y = x.view_as(other)
    assert y.shape == shape and np.shares_memory(x.array, y.array) == (x.numel() > 0)
    assert y.flatten().tolist() == x.tolist()


def test_view_as_does_not_copy():
    with pytest.raises(lucid.ShapeError, match=r"shape \(2, 3\) do not lie in memory as \(6,\)"):
        lucid.zeros(3, 2).T.view_as(lucid.zeros(6))
    with pytest.raises(TypeError, match="view_as: needs a Tensor, not tuple"):
        lucid.zeros(6).view_as((2, 3))


def test_expand_as_repeats_and_its_gradient_adds_up():
    x = lucid.tensor([[1.0], [2.0]], requires_grad=True)
    y = x.expand_as(lucid.zeros(4, 2, 3))
    assert y.shape == (4, 2, 3) and (y == x).all()
    y.sum().backward()
    assert x.grad.tolist() == [[12.0], [12.0]]
    with pytest.raises(lucid.ShapeError, match=r"\(2, 1\).*\(3, 3\)"):
        x.expand_as(lucid.zeros(3, 3))


@pytest.mark.parametrize("name", TYPES)
def test_types_are_those_of_the_other(name):
    like = lucid.zeros(1, dtype=getattr(lucid, name))
    assert lucid.tensor([1.0, 0.0]).type_as(like).dtype == like.dtype
    for y, value in ((like.new_zeros(2, 3), 0), (like.new_ones((2, 3)), 1),
                     (like.new_full((2, 3), 1), 1), (like.new_zeros([2, 3]), 0)):
        assert y.shape == (2, 3) and y.dtype == like.dtype and (y == value).all()
    assert like.new_ones(1, dtype=lucid.float64).dtype == lucid.float64


def test_type_as_lets_the_gradient_through():
    x = lucid.tensor([1.0, 2.0], requires_grad=True)
    x.type_as(lucid.zeros(1, dtype=lucid.float64)).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0] and x.grad.dtype == lucid.float32
    assert x.type_as(x) is x


def test_a_new_tensor_is_a_leaf():
    x = lucid.tensor([1.0], requires_grad=True) * 2
    assert not x.new_zeros(2).requires_grad
    y = x.new_ones(2, requires_grad=True)
    y.sum().backward()
    assert y.is_leaf and y.grad.tolist() == [1.0, 1.0]
    assert x.new_zeros(()).shape == x.new_zeros().shape == ()
    assert x.new_full(2, 5).tolist() == [5, 5]


def test_refusals():
    x = lucid.zeros(1)
    with pytest.raises(ValueError, match=r"shape \(2, -1\) holds a negative size"):
        x.new_zeros(2, -1)
    with pytest.raises(TypeError, match="size"):
        x.new_ones(2.5)
    with pytest.raises(lucid.DeviceError, match="cuda"):
        x.new_ones(2, device="cuda")


def test_all_agree_with_pytorch(torch):
    if torch is None:
        pytest.skip("torch is not installed")
    for library in (lucid, torch):
        x, y = library.zeros(2, 1, dtype=library.int32), library.ones(4, 2, 3)
        results = [
            y.view_as(library.zeros(6, 4)), x.expand_as(y), x.type_as(y), x.new_zeros(2, 2),
            x.new_ones((3,)), x.new_full((2,), 5), x.new_full((2,), 1.5, dtype=library.float64),
        ]
        found = [(each.tolist(), str(each.dtype).partition(".")[2]) for each in results]
        if library is lucid:
            own = found
    assert own == found
