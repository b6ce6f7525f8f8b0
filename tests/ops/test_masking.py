"""Choosing by a condition."""

import math

import numpy as np
import pytest

import lucid

ARRAY = np.random.default_rng(5).standard_normal((3, 4))
MASKS = {"full": ARRAY > 0, "row": ARRAY[0] > 0, "column": ARRAY[:, :1] > 0,
         "none": ARRAY > 99, "more axes": np.stack([ARRAY > 0, ARRAY < 0])}
each_mask = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)


@each_mask
def test_masked_fill(mask, check_step):
    check_step(lambda library, x: library.masked_fill(x, library.tensor(mask), 2.5) ** 2, ARRAY)
    check_step(lambda library, x, v: x.masked_fill(library.tensor(mask), v) ** 2, ARRAY,
               np.array(0.7))


@each_mask
def test_masked_select(mask, check_step):
    check_step(lambda library, x: library.masked_select(x, library.tensor(mask)) ** 2, ARRAY)
    y = lucid.tensor(ARRAY).masked_select(lucid.tensor(mask))
    assert np.array_equal(y.array, np.broadcast_to(ARRAY, np.broadcast_shapes(
        ARRAY.shape, mask.shape))[np.broadcast_to(mask, np.broadcast_shapes(
            ARRAY.shape, mask.shape))])


def test_masked_fill_keeps_the_type():
    x = lucid.tensor([1, 2, 3])
    assert x.masked_fill(x > 1, True).tolist() == [1, 1, 1]
    assert x.masked_fill(x > 1, 9).dtype is lucid.int64
    y = x.float().masked_fill(x > 1, -math.inf)
    assert y.dtype is lucid.float32
    assert y.tolist() == [1, -math.inf, -math.inf]
    assert x.float().masked_fill(x > 1, lucid.tensor(7)).tolist() == [1, 7, 7]


@pytest.mark.parametrize("shape", [(2, 3), (4,), (0, 2), ()], ids=str)
@pytest.mark.parametrize("dtype", ["bool", "float32", "int64"])
def test_nonzero(shape, dtype, torch):
    x = lucid.tensor(np.arange(math.prod(shape)).reshape(shape) % 3).to(lucid.float32)
    x = x.to(getattr(lucid, dtype))
    positions = lucid.nonzero(x)
    assert positions.dtype is lucid.int64
    assert positions.shape == (int((x.array != 0).sum()), len(shape))
    if shape:
        assert (x[x.nonzero(as_tuple=True)] != 0).all()
    if torch is not None:
        other = torch.tensor(x.array)
        assert positions.tolist() == torch.nonzero(other).tolist()
        ours, theirs = x.nonzero(as_tuple=True), other.nonzero(as_tuple=True)
        assert [each.tolist() for each in ours] == [each.tolist() for each in theirs]


X = lucid.ones(2, 3)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: lucid.masked_fill(X, X, 1), lucid.DtypeError, "mask must be bool, not float32"),
        (lambda: lucid.masked_fill(X, X[:, :2] > 0, 1), lucid.ShapeError, "masked_fill: shapes"),
        (lambda: lucid.masked_fill(X, X > 0, X), lucid.ShapeError, "value must be one number"),
        (lambda: lucid.masked_fill(X.long(), X > 0, 1.5), lucid.DtypeError,
         "a value of float32 does not fit in int64"),
        (lambda: lucid.masked_select(X, True), TypeError, "needs a Tensor, not bool"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
