"""Looking up rows and bilinear forms: PyTorch's values and derivatives, and refusals."""

import numpy as np
import pytest
from comparison import check_differences, check_torch

import lucid
import lucid.nn.functional as F

each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@each_dtype
@pytest.mark.parametrize("padding", [None, 1, -1])
@pytest.mark.parametrize("rows", [[[1, 0, 4], [1, 1, 3]], [2], 4], ids=str)
def test_embedding(torch, dtype, padding, rows):
    table = np.random.default_rng(0).standard_normal((5, 3)).astype(dtype)

    def call(library, module):
        x = library.tensor(rows)
        return lambda w: module.embedding(x, w, padding_idx=padding)

    if torch is not None:
        check_torch(lucid, torch, call(lucid, F), call(torch, torch.nn.functional), [table])
    y = F.embedding(lucid.tensor(rows), lucid.tensor(table))
    np.testing.assert_array_equal(y.numpy(), table[np.array(rows)])
    check_differences(lucid, lambda w: F.embedding(lucid.tensor(rows), w * w), [table])


def test_a_row_that_is_used_twice_gets_both_gradients():
    w = lucid.zeros(3, 2, requires_grad=True)
    F.embedding(lucid.tensor([1, 1, 2]), w, padding_idx=2).sum().backward()
    assert w.grad.tolist() == [[0.0, 0.0], [2.0, 2.0], [0.0, 0.0]]


@each_dtype
@pytest.mark.parametrize("lead", [(4,), (), (2, 3)], ids=str)
@pytest.mark.parametrize("biased", [False, True])
def test_bilinear(torch, dtype, lead, biased):
    rng = np.random.default_rng(0)
    shapes = [(*lead, 2), (*lead, 3), (4, 2, 3), (4,)][: 3 + biased]
    arrays = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    if torch is not None:
        check_torch(lucid, torch, F.bilinear, torch.nn.functional.bilinear, arrays)
    expected = np.einsum("...i,oij,...j->...o", arrays[0], arrays[2], arrays[1])
    y = F.bilinear(*map(lucid.tensor, arrays)).numpy() - (arrays[3] if biased else 0)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)
    check_differences(lucid, F.bilinear, arrays)


x, w = lucid.tensor([0, 1]), lucid.zeros(3, 2)
a, b = lucid.zeros(4, 2), lucid.zeros(4, 3)
ERRORS = [
    (lambda: F.embedding(x + 2, w), ValueError, r"3 is no row: there are 3, numbered 0 to 2"),
    (lambda: F.embedding(x - 1, w), ValueError, r"-1 is no row"),
    (lambda: F.embedding(w, w), lucid.DtypeError, r"rows are integers, not float32"),
    (lambda: F.embedding(x, w[0]), lucid.ShapeError, r"needs 2 axes: \(V, D\)"),
    (lambda: F.embedding(x, w, 3), ValueError, r"padding_idx=3 is no row; needs -3 to 2"),
    (lambda: F.embedding(x, w, 0.0), TypeError, r"padding_idx must be an int"),
    (lambda: F.bilinear(a, b, lucid.zeros(5, 3, 2)), lucid.ShapeError, r"\(outputs, m, n\)"),
    (lambda: F.bilinear(a, b[:2], lucid.zeros(5, 2, 3)), lucid.ShapeError, r"must be \(\*, m\)"),
    (lambda: F.bilinear(a, b, lucid.zeros(5, 2, 3), lucid.zeros(2)), lucid.ShapeError,
     r"bias of shape \(2,\) needs \(5,\)"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
