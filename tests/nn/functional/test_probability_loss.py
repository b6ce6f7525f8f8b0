"""Losses of probabilities: PyTorch's values and derivatives over all options, and refusals."""

import numpy as np
import pytest
from comparison import check_differences, check_torch

import lucid
import lucid.nn.functional as F

each_reduction = pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
WEIGHTS = [None, (3, 4), (4,), (3, 1)]


def draw(dtype):
    rng = np.random.default_rng(0)
    p, t = (rng.random((3, 4)).astype(dtype) * dtype(0.9) + dtype(0.05) for _ in range(2))
    return rng.standard_normal((3, 4)).astype(dtype) * 3, p, t


def weight(library, shape, dtype, seed=2):
    if shape is None:
        return None
    return library.tensor(np.random.default_rng(seed).random(shape).astype(dtype))


@each_reduction
@each_dtype
@pytest.mark.parametrize("shape", WEIGHTS, ids=str)
def test_binary_cross_entropy(torch, reduction, dtype, shape):
    def call(library, module):
        w = weight(library, shape, dtype)
        return lambda x, t: module.binary_cross_entropy(x, t, w, reduction=reduction)

    _, p, t = draw(dtype)
    if torch is not None:
        # PyTorch adds 1e-12 to what its second derivative divides by
        factor = 500 if dtype is np.float32 else 1e6
        check_torch(lucid, torch, call(lucid, F), call(torch, torch.nn.functional), [p, t], factor)
    if dtype is np.float64:
        check_differences(lucid, call(lucid, F), [p, t])


@each_reduction
@each_dtype
@pytest.mark.parametrize("shape", WEIGHTS, ids=str)
@pytest.mark.parametrize("positive", WEIGHTS[:3], ids=str)
def test_binary_cross_entropy_with_logits(torch, reduction, dtype, shape, positive):
    def call(library, module):
        options = dict(weight=weight(library, shape, dtype),
                       pos_weight=weight(library, positive, dtype, 3), reduction=reduction)
        return lambda x, t: module.binary_cross_entropy_with_logits(x, t, **options)

    x, _, t = draw(dtype)
    if torch is not None:
        check_torch(lucid, torch, call(lucid, F), call(torch, torch.nn.functional), [x, t])
    if dtype is np.float64:
        check_differences(lucid, call(lucid, F), [x, t])


@pytest.mark.parametrize("reduction", ["mean", "sum", "none", "batchmean"])
@pytest.mark.parametrize("log_target", [False, True])
@each_dtype
@pytest.mark.filterwarnings("ignore:reduction")
def test_kl_div(torch, reduction, log_target, dtype):
    def call(module):
        options = dict(reduction=reduction, log_target=log_target)
        return lambda x, t: module.kl_div(x, t, **options)

    x, _, t = draw(dtype)
    if torch is not None:
        check_torch(lucid, torch, call(F), call(torch.nn.functional), [x, t])
    check_differences(lucid, call(F), [x, t])


def test_certainty_is_finite():
    x = lucid.tensor([0.0, 1.0], requires_grad=True)
    y = F.binary_cross_entropy(x, lucid.tensor([1.0, 0.0]), reduction="none")
    assert y.tolist() == [100.0, 100.0]
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [-1e12, 1e12], rtol=1e-6)
    right = F.binary_cross_entropy(x, lucid.tensor([0.0, 1.0]))
    right.backward()
    assert right.item() == 0.0 and np.isfinite(x.grad.numpy()).all()


def test_large_scores_do_not_overflow():
    x = lucid.tensor([1e4, -1e4], requires_grad=True)
    y = F.binary_cross_entropy_with_logits(x, lucid.tensor([0.0, 0.0]), reduction="none")
    y.sum().backward()
    assert y.tolist() == [1e4, 0.0] and x.grad.tolist() == [1.0, 0.0]


def test_scores_and_their_probabilities_agree():
    x, _, t = map(lucid.tensor, draw(np.float64))
    one = F.binary_cross_entropy_with_logits(x, t)
    other = F.binary_cross_entropy(F.sigmoid(x), t)
    assert one.item() == pytest.approx(other.item(), rel=1e-10)


def test_a_class_of_probability_zero_counts_nothing():
    t = lucid.tensor([0.0, 1.0], requires_grad=True)
    y = F.kl_div(lucid.tensor([-5.0, 0.0]), t, "sum")
    y.backward()
    assert y.item() == 0.0 and np.isfinite(t.grad.numpy()).all()


x = lucid.full((2, 3), 0.5)
ERRORS = [
    (lambda: F.binary_cross_entropy(x + 1, x), ValueError, r"input has 1.5 to 1.5; it must hold"),
    (lambda: F.binary_cross_entropy(x, x[:1]), lucid.ShapeError, r"must be of one shape"),
    (lambda: F.binary_cross_entropy(x, x, lucid.ones(2)), lucid.ShapeError, r"do not broadcast"),
    (lambda: F.binary_cross_entropy(x, x, lucid.ones(2, 2, 3)), lucid.ShapeError,
     r"weight of shape \(2, 2, 3\) does not broadcast to the shape \(2, 3\)"),
    (lambda: F.binary_cross_entropy(x, x, x.double()), lucid.DtypeError, r"weight is float64"),
    (lambda: F.binary_cross_entropy_with_logits(x, x, pos_weight=lucid.ones(5)), lucid.ShapeError,
     r"pos_weight: shapes"),
    (lambda: F.binary_cross_entropy_with_logits(x, x.long()), lucid.DtypeError, r"target is int64"),
    (lambda: F.kl_div(x, x, "batch"), ValueError, r"reduction='batch' is not"),
    (lambda: F.kl_div(-x, -x), ValueError, r"target -0.5 is no probability; .* log_target=True"),
    (lambda: F.kl_div(x, x[0]), lucid.ShapeError, r"must be of one shape"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
