"""Losses: PyTorch's values and derivatives over all options, the definitions, and refusals."""

import itertools

import numpy as np
import pytest
from comparison import check_differences, derivatives

import lucid
import lucid.nn.functional as F

SHAPES = [(4, 3), (3,), (2, 3, 5), (2, 3, 2, 2)]
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
OPTIONS = list(itertools.product(["mean", "sum", "none"], [False, True], [0.0, 0.3], [-100, 1]))


def draw(shape, dtype):
    """Scores, classes and probabilities for them."""
    rng = np.random.default_rng(0)
    count = shape[min(1, len(shape) - 1)]
    rest = shape[:1] + shape[2:] if len(shape) > 1 else ()
    p = rng.random(shape).astype(dtype)
    return rng.standard_normal(shape).astype(dtype) * 2, rng.integers(0, count, rest), p


def loss(library, functional, name, target, weighted, dtype, **options):
    target = library.tensor(target)
    weight = library.tensor(np.array([0.5, 1.0, 2.5], dtype)) if weighted else None
    return lambda x: getattr(functional, name)(x, target, weight, **options)


def assert_equal_derivatives(torch, ours, theirs, arrays):
    expected = derivatives(torch, theirs, arrays)
    for mine, other in zip(derivatives(lucid, ours, arrays), expected, strict=True):
        scale = max(1, np.abs(other).max(initial=0))
        eps = np.finfo(arrays[0].dtype).eps
        np.testing.assert_allclose(mine, other, rtol=0, atol=100 * scale * eps)
        assert mine.dtype == arrays[0].dtype


def need(torch):
    if torch is None:
        pytest.skip("torch is not installed; the definitions are tested below")
    return torch.nn.functional


@each_shape
@each_dtype
@pytest.mark.parametrize(("reduction", "weighted", "smoothing", "ignored"), OPTIONS)
def test_cross_entropy_of_classes(torch, shape, dtype, reduction, weighted, smoothing, ignored):
    scores, classes, _ = draw(shape, dtype)
    options = dict(reduction=reduction, label_smoothing=smoothing, ignore_index=ignored)
    if np.all(classes == ignored) and reduction == "mean":
        return  # NaN in both
    arguments = ("cross_entropy", classes, weighted, dtype)
    theirs = loss(torch, need(torch), *arguments, **options)
    assert_equal_derivatives(torch, loss(lucid, F, *arguments, **options), theirs, [scores])


@each_shape
@each_dtype
@pytest.mark.parametrize(("reduction", "weighted", "smoothing", "_"), OPTIONS)
def test_cross_entropy_of_probabilities(torch, shape, dtype, reduction, weighted, smoothing, _):
    scores, _, p = draw(shape, dtype)
    weight = np.array([0.5, 1.0, 2.5], dtype)

    def make(library, functional):
        w = library.tensor(weight) if weighted else None
        return lambda x, t: functional.cross_entropy(
            x, t, w, reduction=reduction, label_smoothing=smoothing
        )

    assert_equal_derivatives(torch, make(lucid, F), make(torch, need(torch)), [scores, p])


@each_shape
@each_dtype
@pytest.mark.parametrize(("reduction", "weighted", "_", "ignored"), OPTIONS)
def test_nll_loss(torch, shape, dtype, reduction, weighted, _, ignored):
    scores, classes, _ = draw(shape, dtype)
    if np.all(classes == ignored) and reduction == "mean":
        return
    options = dict(reduction=reduction, ignore_index=ignored)
    arguments = ("nll_loss", classes, weighted, dtype)
    theirs = loss(torch, need(torch), *arguments, **options)
    assert_equal_derivatives(torch, loss(lucid, F, *arguments, **options), theirs, [scores])


@each_dtype
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_mse_loss(torch, dtype, reduction):
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal((3, 4)).astype(dtype) for _ in range(2)]
    x, t = map(lucid.tensor, arrays)
    squares = (arrays[0] - arrays[1]) ** 2
    expected = {"mean": squares.mean(), "sum": squares.sum(), "none": squares}[reduction]
    np.testing.assert_allclose(F.mse_loss(x, t, reduction).numpy(), expected, rtol=1e-6)
    check_differences(lucid, lambda a, b: F.mse_loss(a, b, reduction), arrays)
    if torch is not None:
        theirs = torch.nn.functional.mse_loss
        assert_equal_derivatives(
            torch, lambda a, b: F.mse_loss(a, b, reduction),
            lambda a, b: theirs(a, b, reduction=reduction), arrays,
        )


def naive_entropy(x, classes, weight, ignored, smoothing):
    """The sum of losses and the sum of weights, number by number."""
    total = counted = 0.0
    for place in np.ndindex(classes.shape):
        t = classes[place]
        if t == ignored:
            continue
        scores = x[(place[0], slice(None), *place[1:])]
        log_p = scores - np.log(np.exp(scores).sum())
        even = sum(w * p for w, p in zip(weight, log_p, strict=True)) / len(weight)
        total -= (1 - smoothing) * weight[t] * log_p[t] + smoothing * even
        counted += weight[t]
    return total, counted


@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 5), (2, 3, 2, 2)], ids=str)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("ignored", [-100, 2])
def test_cross_entropy_is_its_definition(shape, smoothing, ignored):
    scores, classes, _ = draw(shape, np.float64)
    weight = np.array([0.5, 1.0, 2.5])
    total, counted = naive_entropy(scores, classes, weight, ignored, smoothing)
    x, t, w = lucid.tensor(scores), lucid.tensor(classes), lucid.tensor(weight)
    options = dict(ignore_index=ignored, label_smoothing=smoothing)
    assert np.isclose(F.cross_entropy(x, t, w, reduction="sum", **options).item(), total)
    assert np.isclose(F.cross_entropy(x, t, w, **options).item(), total / counted)
    check_differences(lucid, lambda a: F.cross_entropy(a, t, w, **options), [scores])
    one_hot = lucid.tensor(np.moveaxis(np.eye(3)[classes], -1, 1))
    soft = F.cross_entropy(x, one_hot, w, reduction="sum", label_smoothing=smoothing)
    hard = F.cross_entropy(x, t, w, reduction="sum", label_smoothing=smoothing)
    assert np.isclose(soft.item(), hard.item())


def test_what_is_ignored_may_be_infinite():
    x = lucid.tensor([[-np.inf, 0.0, 0.0], [0.0, 0.0, 0.0]], requires_grad=True)
    for smoothing in (0.0, 0.1):
        y = F.cross_entropy(x, lucid.tensor([9, 1]), ignore_index=9, label_smoothing=smoothing)
        assert np.isclose(y.item(), np.log(3))
    y.backward()
    assert not np.isnan(x.grad.numpy()).any()


def test_the_mean_of_nothing_is_nan():
    x, t = lucid.zeros(2, 3), lucid.tensor([-100, -100])
    assert np.isnan(F.cross_entropy(x, t).item())
    assert F.cross_entropy(x, t, reduction="sum").item() == 0.0
    assert np.isnan(F.cross_entropy(x[:0], t[:0]).item())


def test_large_scores_do_not_overflow():
    x = lucid.tensor([[1e4, 0.0], [-1e4, 1e4]])
    assert F.cross_entropy(x, lucid.tensor([0, 1])).item() == 0.0
    assert F.cross_entropy(x, lucid.tensor([1, 1]), reduction="none").tolist() == [1e4, 0.0]


@pytest.mark.parametrize("dtype", [lucid.int64, lucid.int32, lucid.uint8])
def test_classes_may_be_of_any_integer_type(dtype):
    t = lucid.tensor([0, 2], dtype=dtype)
    assert np.isclose(F.cross_entropy(lucid.zeros(2, 3), t).item(), np.log(3))


x23, t2 = lucid.zeros(2, 3), lucid.tensor([0, 1])
ERRORS = [
    (lambda: F.cross_entropy(x23, lucid.tensor([0, 3])), ValueError,
     r"target 3 at position \(1,\) is no class: there are 3, numbered 0 to 2"),
    (lambda: F.cross_entropy(x23, lucid.tensor([-1, 0])), ValueError, r"target -1 at position"),
    (lambda: F.cross_entropy(lucid.zeros(1, 3, 2), lucid.tensor([[0, 7]])), ValueError,
     r"target 7 at position \(0, 1\)"),
    (lambda: F.nll_loss(x23, lucid.tensor([0, -100]), ignore_index=0), ValueError, r"target -100"),
    (lambda: F.cross_entropy(x23, lucid.tensor([0])), lucid.ShapeError,
     r"input of shape \(2, 3\) needs a target of shape \(2,\), .* not \(1,\)"),
    (lambda: F.cross_entropy(x23, x23.long()), lucid.ShapeError, r"probabilities, use .float\(\)"),
    (lambda: F.cross_entropy(x23, t2.float()), lucid.ShapeError, r"if it holds classes, use .long"),
    (lambda: F.cross_entropy(x23, x23.double()), lucid.DtypeError,
     r"input is float32, but the probabilities are float64"),
    (lambda: F.nll_loss(x23, t2.float()), lucid.DtypeError, r"must hold classes, not float32"),
    (lambda: F.cross_entropy(x23, t2.bool()), lucid.DtypeError, r"must hold classes, not bool"),
    (lambda: F.cross_entropy(x23.long(), t2), lucid.DtypeError, r"needs float32 or float64"),
    (lambda: F.cross_entropy(lucid.tensor(1.0), t2), lucid.ShapeError, r"has no classes"),
    (lambda: F.cross_entropy(x23, t2, lucid.ones(2)), lucid.ShapeError,
     r"weight of shape \(2,\) does not fit 3 classes; needs \(3,\)"),
    (lambda: F.cross_entropy(x23, t2, lucid.ones(3).double()), lucid.DtypeError, r"is float64"),
    (lambda: F.cross_entropy(x23, t2, reduction="avg"), ValueError, r"reduction='avg' is not"),
    (lambda: F.cross_entropy(x23, t2, label_smoothing=1.5), ValueError, r"label_smoothing=1.5"),
    (lambda: F.cross_entropy(x23, t2, ignore_index=0.5), TypeError, r"ignore_index must be an int"),
    (lambda: F.cross_entropy(x23, [0, 1]), TypeError, r"needs a Tensor, not list"),
    (lambda: F.mse_loss(x23, lucid.zeros(3)), lucid.ShapeError,
     r"input of shape \(2, 3\) and target of shape \(3,\) must be of one shape"),
    (lambda: F.mse_loss(x23, x23.double()), lucid.DtypeError, r"not float32 and float64"),
    (lambda: F.mse_loss(t2, t2), lucid.DtypeError, r"not int64 and int64"),
    (lambda: F.mse_loss(x23, x23, "avg"), ValueError, r"reduction='avg'"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
