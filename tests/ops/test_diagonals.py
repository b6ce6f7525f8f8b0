"""Triangles and diagonals: NumPy's, with derivatives."""

import numpy as np
import pytest

import lucid

ARRAY = np.random.default_rng(5).standard_normal((2, 3, 4))
OFFSETS = [-5, -2, -1, 0, 1, 3, 4]
each_offset = pytest.mark.parametrize("offset", OFFSETS)


@each_offset
@pytest.mark.parametrize("name", ["tril", "triu"])
def test_triangles(name, offset, check_step):
    check_step(lambda library, x: getattr(library, name)(x, offset) ** 2, ARRAY)
    for dtype in ("bool", "int64", "float32"):
        x = lucid.ones(3, 4, dtype=dtype)
        y = getattr(x, name)(offset)
        assert y.dtype.name == dtype
        assert np.array_equal(y.array, getattr(np, name)(x.array, offset))


@pytest.mark.parametrize("offset", [-2, 0, 1, 3])
@pytest.mark.parametrize("dims", [(0, 1), (1, 2), (-1, 0)], ids=str)
def test_diagonals_are_views(offset, dims, check_step):
    if abs(offset) < 2:
        check_step(lambda library, x: library.diagonal(x, offset, *dims) ** 2, ARRAY)
    x = lucid.tensor(ARRAY)
    y = x.diagonal(offset, *dims)
    assert np.array_equal(y.array, np.diagonal(ARRAY, offset, *dims))
    y.fill_(7)
    assert (x == 7).sum() == y.numel()
    assert x.version == 1


@pytest.mark.parametrize("offset", [-1, 0, 2])
def test_diag(offset, check_step):
    check_step(lambda library, x: library.diag(x, offset) ** 2, ARRAY[0])
    check_step(lambda library, x: library.diag(x, offset) ** 2, ARRAY[0, 0])
    assert np.array_equal(lucid.tensor(ARRAY[0, 0]).diag(offset).array,
                          np.diag(ARRAY[0, 0], offset))
    assert lucid.diag(lucid.zeros(0)).shape == (0, 0)
    x = lucid.tensor(ARRAY[0])
    assert not np.shares_memory(x.diag().array, x.array)


def test_a_diagonal_of_read_only_memory_stays_so():
    y = lucid.ones(1, 1).expand(3, 3).diagonal()
    with pytest.raises(ValueError, match="read-only"):
        y.fill_(2)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: x[0, 0].tril(), lucid.ShapeError, r"tril: needs at least 2 axes, shape \(4,\)"),
        (lambda x: x.triu(1.0), TypeError, "triu: diagonal must be an int"),
        (lambda x: x[0, 0].diagonal(), lucid.ShapeError, "diagonal: needs at least 2 axes"),
        (lambda x: x.diagonal(0, 1, -2), lucid.ShapeError, "dim1=1 and dim2=-2 are one axis"),
        (lambda x: x.diagonal(0, 1, 3), lucid.ShapeError, "diagonal: dim=3 is not an axis"),
        (lambda x: x.diag(), lucid.ShapeError, r"needs 1 or 2 axes, shape \(2, 3, 4\)"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call(lucid.tensor(ARRAY))
