"""Cutting along an axis: NumPy's pieces, all views, and their gradients."""

import numpy as np
import pytest

import lucid

ARRAY = np.random.default_rng(5).standard_normal((2, 5, 3))
CALLS = {
    "split 2": lambda library, x: library.split(x, 2, 1), "split 5": lambda _, x: x.split(5, 1),
    "split 9": lambda _, x: x.split(9, -2), "sections": lambda _, x: x.split([1, 0, 4], 1),
    "chunk 2": lambda library, x: library.chunk(x, 2, 1), "chunk 9": lambda _, x: x.chunk(9, 1),
    "chunk 3": lambda _, x: x.chunk(3, -1), "unbind": lambda library, x: library.unbind(x),
    "unbind -1": lambda _, x: x.unbind(-1), "narrow": lambda _, x: [x.narrow(1, 1, 3)],
    "narrow back": lambda library, x: [library.narrow(x, 1, -2, 2)],
    "select": lambda library, x: [library.select(x, 1, 2), x.select(-1, -3)],
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@each_call
def test_pieces_are_pytorchs_and_views(call, torch):
    x = lucid.tensor(ARRAY)
    pieces = call(lucid, x)
    assert type(pieces) in (tuple, list)
    if torch is not None:
        expected = call(torch, torch.tensor(ARRAY))
        assert [each.tolist() for each in pieces] == [each.tolist() for each in expected]
        assert [each.shape for each in pieces] == [tuple(each.shape) for each in expected]
    for piece in pieces:
        assert not piece.array.size or np.shares_memory(piece.array, x.array)
        piece.fill_(7)
    assert x.version == len(pieces)


@each_call
def test_derivatives(call, check_step):
    check_step(
        lambda library, x: sum((each**2).sum() * k for k, each in enumerate(call(library, x), 2)),
        ARRAY,
    )


def test_an_empty_axis():
    x = lucid.zeros(2, 0)
    assert [each.shape for each in x.split(3, 1)] == [(2, 0)]
    assert [each.shape for each in x.chunk(3, 1)] == [(2, 0)] * 3
    assert x.unbind(1) == ()


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: x.split([1, 2], 1), lucid.ShapeError, r"sections \[1, 2\] add up to 3, axis 1 "),
        (lambda x: x.split(0), ValueError, "split: split_size=0 is too small"),
        (lambda x: x.split([-1, 6], 1), ValueError, "split: a section=-1 is too small"),
        (lambda x: x.split(2.0), TypeError, "split: split_size must be an int"),
        (lambda x: x.chunk(0), ValueError, "chunk: chunks=0 is too small"),
        (lambda x: x.unbind(3), lucid.ShapeError, "unbind: dim=3 is not an axis"),
        (lambda x: x.sum().unbind(), lucid.ShapeError, "unbind: x has no axes"),
        (lambda x: x.narrow(1, 3, 3), lucid.ShapeError, "start=3 and length=3 do not"),
        (lambda x: x.narrow(1, -6, 1), lucid.ShapeError, "start=-6"),
        (lambda x: x.narrow(1, 0, -1), ValueError, "narrow: length"),
        (lambda x: x.select(1, 5), IndexError, "select: index=5 is outside axis 1"),
        (lambda x: lucid.split([1], 1), TypeError, "split: needs a Tensor, not list"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call(lucid.tensor(ARRAY))
