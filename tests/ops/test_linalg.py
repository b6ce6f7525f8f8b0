"""Products of matrices: values against NumPy, derivatives against differences."""

import numpy as np
import pytest

import lucid

SHAPES = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)),
    ((5, 2, 3), (3,)), ((3,), (5, 3, 2)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)),
    ((5, 1, 2, 3), (2, 3, 2)), ((1, 2, 3), (4, 3, 1)), ((0, 3), (3, 2)), ((2, 0), (0, 3)),
    ((0, 2, 3), (3, 2)), ((2, 2, 0), (0,)),
]


@pytest.mark.parametrize(("a", "b"), SHAPES, ids=str)
def test_products_are_numpys_and_have_derivatives(a, b, check_derivatives):
    random = np.random.default_rng(0)
    x, other = random.standard_normal(a), random.standard_normal(b)
    y = lucid.matmul(lucid.tensor(x), lucid.tensor(other))
    assert y.shape == np.matmul(x, other).shape
    assert np.allclose(y.array, np.matmul(x, other))
    check_derivatives(lambda x, other: (x @ other) * 2, x, other)


def test_transposed_and_cut_operands():
    x = lucid.arange(12).float().reshape(3, 4)
    assert np.array_equal((x.T @ x[:, ::-2]).array, x.array.T @ x.array[:, ::-2])


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: x @ x, lucid.ShapeError,
         r"shapes \(2, 3\) and \(2, 3\): the last axis of the first has 3, the next-to-last of "
         r"the second 2"),
        (lambda x: x @ x[0, 0], lucid.ShapeError, r"needs at least 1 axis; use x \* other"),
        (lambda x: x @ x.T.double(), lucid.DtypeError, "dtypes differ: float32 and float64"),
        (lambda x: x.expand(2, 2, 3) @ x.T.expand(3, 3, 2), lucid.ShapeError,
         r"shapes \(2,\) and \(3,\) do not broadcast"),
        (lambda x: x @ 2.0, TypeError, "matmul: needs a Tensor, not float"),
        (lambda x: x @ np.ones((3, 2)), TypeError, "matmul: needs a Tensor, not ndarray"),
        (lambda x: np.ones((3, 2)) @ x, TypeError, "matmul: needs a Tensor, not ndarray"),
    ],
)
def test_what_does_not_fit_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call(lucid.ones(2, 3))
