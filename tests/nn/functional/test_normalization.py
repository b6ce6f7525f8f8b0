"""Batch normalisation: PyTorch's values, derivatives and running statistics, and refusals."""

import numpy as np
import pytest
from comparison import derivatives

import lucid
import lucid.nn.functional as F

SHAPES = [(5, 3), (4, 3, 6), (2, 3, 4, 5), (2, 3, 2, 3, 2), (1, 3, 7)]


def statistics(dtype):
    return np.array([0.5, -1.0, 2.0], dtype), np.array([0.5, 1.0, 3.0], dtype)


def apply(library, function, dtype, training, tracked):
    """A function of x, weight and bias, and the running statistics that it changes."""
    running = [library.tensor(each) for each in statistics(dtype)] if tracked else [None, None]

    def call(x, w=None, b=None):
        return function(x, *running, w, b, training, 0.3, 1e-3)

    return call, running


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("training", "tracked"), [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm_equals_pytorch(torch, shape, dtype, training, tracked, affine):
    if torch is None:
        pytest.skip("torch is not installed; the definition is tested below")
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(each).astype(dtype) for each in (shape, 3, 3)]
    arrays = arrays if affine else arrays[:1]
    ours, running = apply(lucid, F.batch_norm, dtype, training, tracked)
    theirs, their_running = apply(torch, torch.nn.functional.batch_norm, dtype, training, tracked)
    expected = derivatives(torch, theirs, arrays)
    # every result is a few sums over a channel of numbers near 1, scaled by 1 / deviation
    for mine, other in zip(derivatives(lucid, ours, arrays), expected, strict=True):
        scale = max(1, np.abs(other).max())
        np.testing.assert_allclose(mine, other, rtol=0, atol=500 * scale * np.finfo(dtype).eps)
        assert mine.dtype == dtype
    if tracked:
        for mine, other in zip(running, their_running, strict=True):
            np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=20 * np.finfo(dtype).eps)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_norm_is_its_definition(shape):
    rng = np.random.default_rng(0)
    x, w, b = (rng.standard_normal(each) for each in (shape, 3, 3))
    ours, running = apply(lucid, F.batch_norm, np.float64, True, True)
    y = ours(*map(lucid.tensor, (x, w, b))).numpy()
    old = statistics(np.float64)
    for c in range(3):
        numbers = x[:, c]
        expected = w[c] * (numbers - numbers.mean()) / np.sqrt(numbers.var() + 1e-3) + b[c]
        np.testing.assert_allclose(y[:, c], expected, rtol=1e-10)
        assert np.isclose(running[0].numpy()[c], 0.7 * old[0][c] + 0.3 * numbers.mean())
        assert np.isclose(running[1].numpy()[c], 0.7 * old[1][c] + 0.3 * numbers.var(ddof=1))


def test_scale_without_shift_and_shift_without_scale():
    x, w = lucid.tensor([[1.0], [3.0]]), lucid.tensor([2.0])
    assert F.batch_norm(x, None, None, w, None, True, eps=0).tolist() == [[-2.0], [2.0]]
    assert F.batch_norm(x, None, None, None, w, True, eps=0).tolist() == [[1.0], [3.0]]


def test_later_training_does_not_change_an_earlier_evaluation():
    x = lucid.randn(4, 2, requires_grad=True)
    mean, variance = lucid.zeros(2), lucid.ones(2)
    y = F.batch_norm(x, mean, variance, eps=0)
    F.batch_norm(lucid.randn(4, 2), mean, variance, training=True, momentum=1.0)
    y.sum().backward()
    assert x.grad.tolist() == [[1.0, 1.0]] * 4


def test_an_empty_batch_changes_nothing():
    mean, variance = lucid.zeros(3), lucid.ones(3)
    x = lucid.zeros(0, 3, 5, requires_grad=True)
    w = lucid.ones(3, requires_grad=True)
    y = F.batch_norm(x, mean, variance, w, training=True)
    y.sum().backward()
    assert y.shape == x.grad.shape == (0, 3, 5)
    assert mean.tolist() == w.grad.tolist() == [0.0] * 3 and variance.tolist() == [1.0] * 3


x = lucid.zeros(4, 3)
ERRORS = [
    (lambda: F.batch_norm(x[:1], None, None, training=True), lucid.ShapeError,
     r"input of shape \(1, 3\) has 1 number in each channel, .* needs more than 1: a larger batch"),
    (lambda: F.batch_norm(x, lucid.zeros(2), lucid.ones(2)), lucid.ShapeError,
     r"input of shape \(4, 3\) has 3 channels on axis 1, but running_mean has shape \(2,\)"),
    (lambda: F.batch_norm(x, None, None, lucid.ones(4), training=True), lucid.ShapeError,
     r"but weight has shape \(4,\)"),
    (lambda: F.batch_norm(x[0], None, None, training=True), lucid.ShapeError, r"needs axes"),
    (lambda: F.batch_norm(x, None, None), ValueError, r"or neither of them with training=True"),
    (lambda: F.batch_norm(x, lucid.zeros(3), None, training=True), ValueError, r"give running_me"),
    (lambda: F.batch_norm(x, None, None, training=True, eps=-1), ValueError, r"eps=-1 must be"),
    (lambda: F.batch_norm(x.long(), None, None, training=True), lucid.DtypeError, r"not int64"),
    (lambda: F.batch_norm(x, lucid.zeros(3).double(), lucid.ones(3)), lucid.DtypeError,
     r"input is float32, but running_mean is float64"),
    (lambda: F.batch_norm(x.numpy(), None, None), TypeError, r"needs a Tensor"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
