"""Norms of vectors and matrices: PyTorch's."""

from math import inf

import numpy as np
import pytest
from comparison import check_differences, check_like

import lucid

ARRAY = np.random.default_rng(5).standard_normal((2, 3, 4))


@pytest.fixture
def check_step(torch):
    def check(function, array, tolerance=1e-5):
        if torch is not None:
            check_like(lucid, torch, function, [array], tolerance)
        check_differences(lucid, lambda x: function(lucid, x), [array])

    return check


@pytest.mark.parametrize("ord", ["fro", "nuc", 1, -1, 2, -2, inf, -inf])
@pytest.mark.parametrize("dims", [(0, 1), (2, 0), (-1, -2)], ids=str)
def test_norms_of_matrices(ord, dims, check_step):
    for keepdim in (False, True):
        check_step(
            lambda library, x, keepdim=keepdim: library.linalg.norm(x, ord, dims, keepdim),
            ARRAY, tolerance=1e-3,
        )


@pytest.mark.parametrize("ord", [None, 1, 2, 3, inf, 0])
def test_norms_of_vectors(ord, check_step):
    check_step(lambda library, x: library.linalg.norm(x, ord, 1), ARRAY, tolerance=1e-3)
    check_step(lambda library, x: library.linalg.norm(x, ord), ARRAY[0, 0], tolerance=1e-3)


def test_defaults(check_step):
    check_step(lambda library, x: library.linalg.norm(x), ARRAY)
    check_step(lambda library, x: library.linalg.norm(x, dim=(0, 2)), ARRAY)
    check_step(lambda library, x: library.linalg.norm(x, "nuc"), ARRAY[0], tolerance=1e-3)
    assert lucid.linalg.norm(lucid.ones(2, 2), keepdim=True).shape == (1, 1)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: lucid.linalg.norm(x, 2), lucid.ShapeError, "needs dim, one or two axes"),
        (lambda x: lucid.linalg.norm(x, 2, (0, 1, 2)), lucid.ShapeError, "must be one or two axes"),
        (lambda x: lucid.linalg.norm(x, 3, (0, 1)), ValueError, "ord=3 is no norm of matrices"),
        (lambda x: lucid.linalg.norm(x, "nuc", 1), ValueError, "p='nuc' must be a number"),
        (lambda x: lucid.linalg.norm(x.long()), lucid.DtypeError, "needs floating point"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call(lucid.ones(2, 3, 4))


def test_svd_refuses_nan_and_qr_takes_an_empty_stack():
    with pytest.raises(ValueError, match="svd: the matrix holds NaN or infinity"):
        lucid.linalg.svd(lucid.tensor([[float("nan")]]))
    q, r = lucid.linalg.qr(lucid.zeros(0, 4, 4))
    assert q.shape == r.shape == (0, 4, 4)
