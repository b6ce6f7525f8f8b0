"""Lengths, distances, angles, and classes as vectors."""

from math import inf

import numpy as np
import pytest
from comparison import check_differences, check_torch

import lucid
import lucid.nn.functional as F

CASES = [
    ("normalize", {}, 1), ("normalize", dict(p=1, dim=0), 1), ("normalize", dict(p=3.0, dim=-1), 1),
    ("cosine_similarity", {}, 2), ("cosine_similarity", dict(dim=-1), 2),
    ("pairwise_distance", {}, 2), ("pairwise_distance", dict(p=1, keepdim=True), 2),
    ("pairwise_distance", dict(p=2.5, eps=0.1), 2),
    ("normalize", dict(p=inf), 1), ("pairwise_distance", dict(p=inf), 2),
]


@pytest.mark.parametrize(("name", "options", "count"), CASES, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_to_pytorch_and_to_differences(torch, name, options, count, dtype):
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal((3, 4)).astype(dtype) for _ in range(count)]

    def call(module):
        return lambda *x: getattr(module, name)(*x, **options)

    if torch is not None:
        check_torch(lucid, torch, call(F), call(torch.nn.functional), arrays)
    check_differences(lucid, call(F), arrays)


@pytest.mark.parametrize("dtype", [lucid.int64, lucid.int32, lucid.uint8])
def test_one_hot(dtype):
    x = lucid.tensor([[0, 3], [1, 1]], dtype=dtype)
    y = F.one_hot(x)
    assert y.dtype is lucid.int64 and y.shape == (2, 2, 4)
    np.testing.assert_array_equal(y.numpy(), np.eye(4)[x.numpy()])
    assert F.one_hot(x, 6).shape == (2, 2, 6)
    assert F.one_hot(lucid.tensor(1), 3).tolist() == [0, 1, 0]
    assert F.one_hot(x[:0], 3).shape == (0, 2, 3)


def test_a_vector_of_zeros_stays_and_has_no_infinite_gradient():
    x = lucid.zeros(1, 3, requires_grad=True)
    F.normalize(x, eps=0.5).sum().backward()
    assert x.grad.tolist() == [[2.0] * 3]
    assert F.cosine_similarity(x, x).item() == 0.0


def test_shapes_broadcast():
    y = F.cosine_similarity(lucid.ones(3, 1, 4), lucid.ones(2, 4), dim=-1)
    np.testing.assert_allclose(y.numpy(), np.ones((3, 2)), rtol=1e-6)


x = lucid.zeros(2, 3)
ERRORS = [
    (lambda: F.one_hot(x), lucid.DtypeError, r"classes must be integers, not float32"),
    (lambda: F.one_hot(lucid.tensor([3]), 3), ValueError, r"3 is no class: there are 3"),
    (lambda: F.one_hot(lucid.tensor([-1])), ValueError, r"-1 is no class"),
    (lambda: F.one_hot(lucid.tensor([0])[:0]), ValueError, r"no class to count from"),
    (lambda: F.normalize(x, dim=2), lucid.ShapeError, r"dim=2 is not an axis"),
    (lambda: F.normalize(x, p=0), ValueError, r"p=0 .* greater than 0"),
    (lambda: F.normalize(x.long()), lucid.DtypeError, r"normalize needs float32"),
    (lambda: F.cosine_similarity(x, x[:, :2]), lucid.ShapeError, r"do not broadcast"),
    (lambda: F.cosine_similarity(x, x[0], 0), lucid.ShapeError, r"x2 of shape \(3,\) has no axis"),
    (lambda: F.pairwise_distance(x, x.double()), lucid.DtypeError, r"x2 is float64"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
