"""Softmax cross-entropy: the compiled loops against the definition, in a wider type."""

import numpy as np
import pytest

import lucid
from lucid.kernels import softmax

SHAPES = [(1, 1), (5, 7), (3, 1000), (2, 4, 300), (2, 3, 257), (2, 16, 5, 6), (1, 5, 4, 3, 2)]
TYPES = [np.float32, np.float64]


def arrays(shape, dtype, scale=10):
    rng = np.random.default_rng(0)
    x = (scale * rng.standard_normal(shape)).astype(dtype)
    classes = rng.integers(0, shape[1], shape[:1] + shape[2:])
    weights, grad_y = (rng.random((2, *classes.shape)) + 0.5).astype(dtype)
    if classes.size > 1:
        classes.flat[0] = -1
    return x, classes, weights, grad_y


def define(x, classes, weights, grad_y):
    """The losses and the gradient of the scores, by the formulas, in the widest type."""
    wide = x.astype(np.longdouble)
    powers = np.exp(wide - wide.max(1, keepdims=True))
    share = powers / powers.sum(1, keepdims=True)
    truth = (np.arange(x.shape[1]).reshape(-1, *(1,) * (x.ndim - 2)) == classes[:, None])
    weights = np.where(classes < 0, 0, weights)
    y = -weights * np.where(truth, np.log(share), 0).sum(1)
    return y, (share - truth) * (weights * grad_y)[:, None]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", TYPES)
def test_it_equals_the_definition(shape, dtype):
    x, classes, weights, grad_y = arrays(shape, dtype)
    y, grad = define(x, classes, weights, grad_y)
    eps = np.finfo(dtype).eps
    found = softmax.cross_entropy(x, classes, weights)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, y.astype(float), rtol=8 * eps, atol=40 * eps)
    found = softmax.cross_entropy_grad(x, classes, weights, grad_y)
    np.testing.assert_allclose(found, grad.astype(float), rtol=40 * eps, atol=8 * eps)


@pytest.mark.parametrize("dtype", TYPES)
def test_scores_far_apart_neither_overflow_nor_vanish(dtype):
    top = np.finfo(dtype).max / 4
    x = np.array([[top, -top, 0], [-np.inf, 0, -800], [1, 1, 1]], dtype)
    one = np.ones(3, dtype)
    y = softmax.cross_entropy(x, np.array([0, 1, 2]), one)
    np.testing.assert_allclose(y, [0, 0, np.log(3)], rtol=1e-6)
    grad = softmax.cross_entropy_grad(x, np.array([0, 1, 2]), one, one)
    np.testing.assert_allclose(grad[:2], 0)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_make_their_item_nan_alone(dtype, bad):
    x, classes, weights, _ = arrays((4, 40), dtype)
    classes[:] = 3
    before = softmax.cross_entropy(x, classes, weights)
    x[2, 35] = bad
    y = softmax.cross_entropy(x, classes, weights)
    assert np.isnan(y[2])
    assert np.array_equal(np.delete(y, 2), np.delete(before, 2))


def test_results_do_not_depend_on_threads_or_batch():
    x, classes, weights, grad_y = arrays((6, 40, 300), np.float32)
    threads = lucid.get_num_threads()
    results = []
    for count in (1, 2, 3):
        lucid.set_num_threads(count)
        results.append((softmax.cross_entropy(x, classes, weights),
                        softmax.cross_entropy_grad(x, classes, weights, grad_y)))
    lucid.set_num_threads(threads)
    for each in results[1:]:
        assert all(map(np.array_equal, each, results[0]))
    alone = softmax.cross_entropy(x[4:5], classes[4:5], weights[4:5])
    assert np.array_equal(alone, results[0][0][4:5])


def test_an_empty_batch_has_no_losses():
    x, classes, one = np.zeros((0, 3)), np.zeros(0, np.int64), np.zeros(0)
    assert softmax.cross_entropy(x, classes, one).shape == (0,)
    assert softmax.cross_entropy_grad(x, classes, one, one).shape == (0, 3)


@pytest.mark.parametrize("is_log", [False, True])
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    ("shape", "dim"), [((1,), 0), ((5, 37), 1), ((5, 300), 0), ((2, 3, 270), 1), ((2, 16, 5), 2)],
    ids=str,
)
def test_softmax_and_its_gradient_equal_the_definition(shape, dim, dtype, is_log):
    rng = np.random.default_rng(0)
    x, grad_y = (4 * rng.standard_normal((2, *shape))).astype(dtype)
    powers = np.exp(x.astype(float) - x.max(dim, keepdims=True))
    share = powers / powers.sum(dim, keepdims=True)
    y = softmax.softmax(x, dim, is_log)
    eps = np.finfo(dtype).eps
    assert y.dtype == dtype
    np.testing.assert_allclose(y, np.log(share) if is_log else share, rtol=20 * eps, atol=20 * eps)
    grad = softmax.softmax_grad(y, grad_y, dim, is_log)
    if is_log:
        expected = grad_y - share * grad_y.sum(dim, keepdims=True)
    else:
        expected = share * (grad_y - (grad_y * share).sum(dim, keepdims=True))
    np.testing.assert_allclose(grad, expected, rtol=0, atol=300 * eps)


def test_softmax_of_masked_scores_and_of_none():
    x = np.array([[-np.inf, 0.0, 0.0], [np.nan, 0.0, 0.0], [-np.inf] * 3])
    y = softmax.softmax(x, 1)
    np.testing.assert_array_equal(y, [[0, 0.5, 0.5], [np.nan] * 3, [np.nan] * 3])
    assert softmax.softmax(np.zeros((2, 0)), 1).shape == (2, 0)


@pytest.mark.parametrize("is_log", [False, True])
def test_many_classes_along_the_first_axis_are_about_as_exact_as_few(is_log):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((100_000, 3)).astype(np.float32)
    g = rng.random(x.shape).astype(np.float32)
    powers = np.exp(x.astype(np.float64))
    share = powers / powers.sum(0)
    scores = lucid.tensor(x, requires_grad=True)
    y = (lucid.log_softmax if is_log else lucid.softmax)(scores, 0)
    y.backward(lucid.tensor(g))
    exact = g - share * g.sum(0, dtype=np.float64) if is_log else share * (g - (g * share).sum(0))
    np.testing.assert_allclose(y.detach().numpy(), np.log(share) if is_log else share, rtol=3e-6)
    assert abs(scores.grad.numpy() - exact).max() < 2e-6 * abs(exact).max()
