"""Sums of products: NumPy's and PyTorch's numbers, and both derivatives."""

import numpy as np
import pytest

import lucid

random = np.random.default_rng(5)
SIZES = {"i": 2, "j": 3, "k": 4, "l": 2, "n": 2, "c": 3}
EQUATIONS = [
    "ij->ji", "ij->", "ij->i", "ij", "ji", "ii", "ii->i", "iji->j", "i,i->", "i,j->ij", "ij,j->i",
    "ij,jk->ik", "ij,jk", "ij,kj->ki", "nij,njk->nik", "ij,ij->ij", "ij,ij->", "nck,nlk->ncl",
    "ij,j,jk->ik", "i,j,k->kji", "ij,jk,kl->il", "ij,k->j", "ij,jk->", "iij,jk->ik",
    " i j , j -> i",
    "ij,ik,il->jkl", ",i->i", ",->",
]


def operand(letters):
    return random.standard_normal([SIZES[each] for each in letters])


@pytest.mark.parametrize("equation", EQUATIONS)
def test_values_and_derivatives(equation, check_step):
    parts = equation.replace(" ", "").partition("->")[0].split(",")
    arrays = [operand(part) for part in parts]
    check_step(lambda library, *x: library.einsum(equation, *x), *arrays)
    y = lucid.einsum(equation, [lucid.tensor(array) for array in arrays])
    assert np.allclose(y.array, np.einsum(equation, *arrays))


@pytest.mark.parametrize(("equation", "shapes"), [
    ("...ij,...jk->...ik", [(5, 2, 3), (3, 4)]), ("...ij,...jk->...ik", [(5, 1, 2, 3), (6, 3, 4)]),
    ("i...,j...->ij...", [(2, 3), (4, 3)]), ("...i->...", [(2, 3, 4)]), ("...i,i", [(2, 3), (3,)]),
    ("...", [(2, 3)]), ("...,...", [(2, 3), (3,)]), ("...ii->...i", [(2, 3, 3)]),
    ("ij,ij->ij", [(2, 1), (2, 3)]), ("ij,jk->ik", [(2, 1), (3, 4)]), ("ij->ij", [(1, 1)]),
    ("...i,...i->i", [(2, 3), (1, 3)]),
], ids=str)
def test_ellipsis_and_axes_of_length_1(equation, shapes, check_step):
    arrays = [random.standard_normal(shape) for shape in shapes]
    check_step(lambda library, *x: library.einsum(equation, *x), *arrays)


def test_types_are_promoted_and_empty_axes_are_empty_sums():
    x, w = lucid.tensor([[1, 2], [3, 4]]), lucid.tensor([0.5, 1.0])
    assert lucid.einsum("ij,j->i", x, w).tolist() == [2.5, 5.5]
    assert lucid.einsum("ij,jk->ik", x, x).tolist() == [[7, 10], [15, 22]]
    assert lucid.einsum("ij,jk->ik", lucid.zeros(2, 0), lucid.zeros(0, 3)).tolist() == [[0] * 3] * 2


@pytest.mark.parametrize(("dims", "shapes"), [
    (2, [(2, 3, 4), (3, 4, 5)]), (0, [(2,), (3,)]), (1, [(2, 3), (3, 4)]), (2, [(2, 3), (2, 3)]),
    (([1, 2], [2, 0]), [(2, 3, 4), (4, 5, 3)]), (([-1], [-1]), [(2, 3), (4, 3)]),
    (([], []), [(2,), (3,)]),
], ids=str)
def test_tensordot(dims, shapes, check_step):
    arrays = [random.standard_normal(shape) for shape in shapes]
    check_step(lambda library, x, other: library.tensordot(x, other, dims), *arrays)
    y = lucid.tensordot(*[lucid.tensor(array) for array in arrays], dims=dims)
    assert np.allclose(y.array, np.tensordot(*arrays, axes=dims))


X, W = lucid.ones(2, 3), lucid.ones(3, 4)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: lucid.einsum("ij,jk", X), ValueError, "names 2 operands, 1 were given"),
        (lambda: lucid.einsum("i1", X), ValueError, "'i1' holds other things than letters"),
        (lambda: lucid.einsum("ij->ik", X), ValueError, "'k' must come once in the result"),
        (lambda: lucid.einsum("ij->ii", X), ValueError, "'i' must come once in the result"),
        (lambda: lucid.einsum("i", X), lucid.ShapeError, r"'i' in 'i' does not name the axes of"),
        (lambda: lucid.einsum("...ijk", X), lucid.ShapeError, "does not name the axes of shape"),
        (lambda: lucid.einsum("ij,kj", X, W), lucid.ShapeError, "'j' .* lengths 3 and 4"),
        (lambda: lucid.einsum("ii", X), lucid.ShapeError, "one letter, 'i', but two lengths"),
        (lambda: lucid.einsum("i", [1.0]), TypeError, "einsum: needs a Tensor"),
        (lambda: lucid.tensordot(X, W, 2), lucid.ShapeError, "must be equally long"),
        (lambda: lucid.tensordot(X, W, 3), lucid.ShapeError, "needs as many axes of each"),
        (lambda: lucid.tensordot(X, X, ([0, 0], [0, 0])), lucid.ShapeError, "names an axis twice"),
        (lambda: lucid.tensordot(X, W, -1), ValueError, "tensordot: dims=-1"),
        (lambda: lucid.tensordot(X, W.double(), 1), lucid.DtypeError, "float32 and float64"),
        (lambda: lucid.tensordot(X, W, ([2], [0])), lucid.ShapeError, "dim=2 is not an axis"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
