"""Inverses and factors: PyTorch's numbers and both derivatives, also where a matrix is singular."""

import numpy as np
import pytest

import lucid
from lucid import linalg

random = np.random.default_rng(5)
SQUARE = random.standard_normal((2, 3, 3)) + 2 * np.eye(3)
SHAPES = [(3, 3), (2, 4, 3), (2, 3)]


def test_inverse_and_determinant(check_step):
    check_step(lambda library, x: library.linalg.inv(x), SQUARE, tolerance=1e-3)
    check_step(lambda library, x: library.linalg.det(x), SQUARE, tolerance=1e-3)
    assert np.allclose(linalg.inv(lucid.tensor(SQUARE)).array @ SQUARE, np.eye(3))


@pytest.mark.parametrize("shape", [(3,), (3, 2), (2, 3, 2), (2, 3), (4, 1, 3, 1)], ids=str)
def test_solve(shape, check_step):
    b = random.standard_normal(shape)
    a = SQUARE if shape in ((2, 3, 2), (2, 3), (4, 1, 3, 1)) else SQUARE[0]
    check_step(lambda library, a, b: library.linalg.solve(a, b), a, b, tolerance=1e-3)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_qr(shape, check_step):
    x = random.standard_normal(shape)
    for place in (0, 1):
        check_step(lambda library, x: library.linalg.qr(x)[place], x, tolerance=1e-3)
    q, r = result = linalg.qr(lucid.tensor(x))
    assert result.Q is q
    assert np.allclose((q @ r).array, x)
    assert np.allclose((q.mT @ q).array, np.eye(q.shape[-1]))


@pytest.mark.parametrize("shape", [*SHAPES, (5, 2)], ids=str)
def test_svd(shape, check_derivatives, torch):
    x = random.standard_normal(shape)
    check_derivatives(lambda x: linalg.svd(x, full_matrices=False).S, x)

    def whole(x):  # signs of U and V are free, so a function that has none
        u, s, vh = linalg.svd(x, full_matrices=False)
        return (u * s[..., None, :] ** 2) @ vh + (u * u).sum(-2)[..., None, :] @ vh**2

    check_derivatives(whole, x, tolerance=1e-5)
    u, s, vh = result = linalg.svd(lucid.tensor(x))
    assert result.Vh is vh
    assert u.shape[-1] == shape[-2]
    assert vh.shape[-2] == shape[-1]
    k = min(shape[-2:])
    assert np.allclose(((u[..., :k] * s[..., None, :]) @ vh[..., :k, :]).array, x)
    assert (s[..., :-1] >= s[..., 1:]).all()


def test_equal_singular_values_do_not_spoil_the_gradient_of_their_sum():
    x = lucid.eye(3, dtype=lucid.float64).requires_grad_()
    (g,) = lucid.autograd.grad(linalg.svd(x).S.sum(), x)
    assert np.allclose(g.array, np.eye(3))


def test_a_singular_matrix_has_a_determinant_with_a_gradient(check_derivatives):
    x = np.array([[1.0, 2, 3], [2, 4, 6], [1, 0, 1]])
    check_derivatives(linalg.det, x, second=False)
    x = lucid.tensor(np.zeros((2, 2)), requires_grad=True)
    (g,) = lucid.autograd.grad(linalg.det(x), x, create_graph=True)
    assert not g.array.any()
    with pytest.raises(lucid.GradError, match="second derivative at a singular matrix"):
        g.sum().backward()


EYE, TALL = lucid.eye(2), lucid.ones(3, 2)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: linalg.inv(TALL), lucid.ShapeError, r"inv: needs square matrices .* not shape"),
        (lambda: linalg.inv(EYE * 0), ValueError, "inv: a matrix is singular"),
        (lambda: linalg.inv(EYE.long()), lucid.DtypeError, "inv: needs floating point, not int64"),
        (lambda: linalg.det(EYE[0]), lucid.ShapeError, r"not shape \(2,\)"),
        (lambda: linalg.qr(EYE[0]), lucid.ShapeError, r"qr: needs matrices \(..., m, n\)"),
        (lambda: linalg.svd(EYE[0]), lucid.ShapeError, r"svd: needs matrices \(..., m, n\)"),
        (lambda: linalg.svd(lucid.ones(3, 2, requires_grad=True)), lucid.GradError,
         "say full_matrices=False"),
        (lambda: linalg.solve(EYE, TALL), lucid.ShapeError, r"need right sides \(..., 2, k\), not"),
        (lambda: linalg.solve(EYE, EYE.double()), lucid.DtypeError, "solve: dtypes differ"),
        (lambda: linalg.solve(EYE * 0, EYE), ValueError, "solve: a matrix is singular"),
        (lambda: linalg.solve(EYE.expand(3, 2, 2), EYE.expand(2, 2, 2)), lucid.ShapeError,
         "solve: shapes"),
        (lambda: linalg.det([1.0]), TypeError, "det: needs a Tensor, not list"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
