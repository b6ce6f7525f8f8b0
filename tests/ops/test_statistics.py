"""Products, norms, counts: PyTorch's numbers and derivatives."""

import math

import numpy as np
import pytest

import lucid

ARRAY = np.random.default_rng(5).standard_normal((2, 3, 4)) + 0.1
DIMS = [None, 0, -1, (0, 2), (0, 1, 2)]
ZEROS = {"none": ARRAY, "one": ARRAY * (ARRAY != ARRAY[1, 2, 3]), "many": ARRAY * (ARRAY > 0)}


@pytest.mark.parametrize("array", ZEROS.values(), ids=ZEROS)
@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("keepdim", [False, True])
def test_products(array, dim, keepdim, check_step):
    check_step(lambda library, x: library.prod(x, dim, keepdim), array)


@pytest.mark.parametrize("array", ZEROS.values(), ids=ZEROS)
def test_products_of_several_axes(array, check_step, check_derivatives):
    check_step(lambda library, x: library.prod(x), array)
    check_derivatives(lambda x: x.prod((2, 0)), array)
    assert np.allclose(lucid.prod(lucid.tensor(array), (0, 2)).array, array.prod((0, 2)))


def test_products_of_integers_and_of_nothing():
    assert lucid.tensor([True, True]).prod().dtype is lucid.int64
    assert lucid.tensor([200, 200], dtype="uint8").prod().item() == 40000
    assert lucid.tensor([1, 2]).prod(dtype="float64").dtype is lucid.float64
    x = lucid.zeros(2, 0, requires_grad=True)
    assert x.prod(1).tolist() == [1, 1]
    assert lucid.autograd.grad(x.prod(), x)[0].shape == (2, 0)


@pytest.mark.parametrize("p", ["fro", 2, 1, 0, 3, 2.5, 1.5, 0.5, -1, math.inf, -math.inf])
@pytest.mark.parametrize("dim", DIMS, ids=str)
def test_norms(p, dim, check_step):
    def step(library, x):
        if dim is None:
            return library.norm(x, p)
        return library.norm(x, 2 if p == "fro" else p, dim)

    check_step(step, ARRAY, tolerance=1e-4)


@pytest.mark.parametrize("p", ["fro", 1, 3, math.inf])
def test_the_norm_of_zero_is_flat(p, torch):
    x = lucid.zeros(2, 3, requires_grad=True)
    (g,) = lucid.autograd.grad(x.norm(p, 1).sum(), x, create_graph=True)
    assert (g == 0).all()
    total = x.norm(p) + (x + lucid.tensor([[0.0], [1.0]])).norm(p, 1).sum()
    total.backward()
    assert np.isfinite(x.grad.array).all()
    assert lucid.norm(lucid.zeros(0)).item() == 0
    assert lucid.norm(x, keepdim=True).shape == (1, 1)


@pytest.mark.parametrize("dim", DIMS, ids=str)
@pytest.mark.parametrize("correction", [0, 1])
def test_var_mean(dim, correction, check_step):
    for position in (0, 1):
        check_step(
            lambda library, x: library.var_mean(x, dim, correction=correction)[position],
            ARRAY, tolerance=1e-4,
        )


@pytest.mark.parametrize("dim", DIMS, ids=str)
def test_count_nonzero(dim):
    array = (ARRAY > 0).astype(np.float32)
    y = lucid.count_nonzero(lucid.tensor(array), dim)
    assert y.dtype is lucid.int64
    assert np.array_equal(y.array, np.count_nonzero(array, axis=dim))
    assert lucid.tensor([True, False]).count_nonzero().item() == 1


def test_bincount(torch):
    x = lucid.tensor([1, 3, 1, 0])
    assert lucid.bincount(x).tolist() == [1, 2, 0, 1]
    assert x.bincount(minlength=6).tolist() == [1, 2, 0, 1, 0, 0]
    for dtype, result in (("float32", "float32"), ("float64", "float64"), ("int64", "float64")):
        y = lucid.bincount(x, lucid.tensor([1, 2, 3, 4]).to(dtype))
        assert y.tolist() == [4, 4, 0, 2]
        assert y.dtype.name == result
        if torch is not None:
            weights = torch.tensor([1, 2, 3, 4]).to(getattr(torch, dtype))
            t = torch.bincount(torch.tensor([1, 3, 1, 0]), weights)
            assert str(t.dtype) == f"torch.{result}"
    assert lucid.bincount(lucid.zeros(0).long(), minlength=2).tolist() == [0, 0]


X = lucid.ones(2, 3)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: lucid.prod(X, 2), lucid.ShapeError, "prod: dim=2 is not an axis"),
        (lambda: lucid.norm(X.long()), lucid.DtypeError, "norm: needs floating point, not int64"),
        (lambda: lucid.norm(X, "nuc"), ValueError, "norm: p='nuc' must be a number or 'fro'"),
        (lambda: lucid.norm(X[:0], math.inf), lucid.ShapeError, "nothing to choose from"),
        (lambda: lucid.var_mean(X.long()), lucid.DtypeError, "needs floating point"),
        (lambda: lucid.count_nonzero(X, 2), lucid.ShapeError, "count_nonzero: dim=2 is not"),
        (lambda: lucid.bincount(X), lucid.DtypeError, "bincount: needs integers, not float32"),
        (lambda: lucid.bincount(X.long()), lucid.ShapeError, "needs one axis"),
        (lambda: lucid.bincount(-X[0].long()), ValueError, "needs numbers from 0, not -1"),
        (lambda: lucid.bincount(X[0].long(), X), lucid.ShapeError, r"weights of shape \(2, 3\)"),
        (lambda: lucid.bincount(X[0].long(), minlength=-1), ValueError, "minlength"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
