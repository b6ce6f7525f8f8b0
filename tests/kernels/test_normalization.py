"""The loops over channels: equal to NumPy's definition, whatever the threads."""

import numpy as np
import pytest

import lucid
from lucid import kernels

SHAPES = [
    (4, 3), (2, 3, 5), (5, 2, 1, 3), (3, 4, 9, 8), (1, 2, 1030), (2, 1, 3, 4, 37), (1, 3, 1, 1),
]
EPS = 1e-3
TOLERANCE = {np.float32: 2e-5, np.float64: 1e-12}
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def some(dtype, *shapes):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def moments(x):
    """Mean and variance of every channel, in double precision, ready to broadcast."""
    x = x.astype(np.float64)
    dims = tuple(axis for axis in range(x.ndim) if axis != 1)
    return x.mean(dims, keepdims=True), x.var(dims, keepdims=True)


def column(v, x):
    return v.astype(np.float64).reshape(-1, *(1,) * (x.ndim - 2))


def near(actual, desired, dtype):
    assert actual.dtype == dtype
    scale = max(1, np.abs(desired).max(initial=0))
    np.testing.assert_allclose(actual, desired, rtol=0, atol=TOLERANCE[dtype] * scale)


@each_shape
@each_dtype
def test_batch_norm_of_its_own_statistics(shape, dtype):
    x, w, b = some(dtype, shape, shape[1], shape[1])
    y, mean, variance = kernels.normalization.batch_norm(x, w, b, EPS)
    true_mean, true_variance = moments(x)
    near(mean, true_mean.reshape(-1), dtype)
    near(variance, true_variance.reshape(-1), dtype)
    expected = (x - true_mean) / np.sqrt(true_variance + EPS) * column(w, x) + column(b, x)
    near(y, expected, dtype)


@each_shape
@each_dtype
def test_batch_norm_of_given_statistics(shape, dtype):
    x, w, b, mean = some(dtype, shape, shape[1], shape[1], shape[1])
    variance = mean**2 + dtype(0.5)
    y, *same = kernels.normalization.batch_norm(x, w, b, EPS, mean, variance)
    assert same[0] is mean and same[1] is variance
    scale = column(w, x) / np.sqrt(column(variance, x) + EPS)
    near(y, (x - column(mean, x)) * scale + column(b, x), dtype)


@each_shape
@each_dtype
@pytest.mark.parametrize("of_batch", [True, False])
def test_the_gradients_of_batch_norm(shape, dtype, of_batch):
    x, w, grad_y = some(dtype, shape, shape[1], shape)
    mean, variance = moments(x)
    grads = kernels.normalization.batch_norm_grad(
        x, w, grad_y, mean.reshape(-1).astype(dtype), variance.reshape(-1).astype(dtype), EPS,
        of_batch,
    )
    dims = tuple(axis for axis in range(x.ndim) if axis != 1)
    scale = 1 / np.sqrt(variance + EPS)
    normal, g = (x - mean) * scale, grad_y.astype(np.float64)
    grad_b, grad_w = g.sum(dims, keepdims=True), (g * normal).sum(dims, keepdims=True)
    grad_x = g - (grad_b + normal * grad_w) / (x.size // shape[1]) if of_batch else g
    for actual, desired in zip(grads, (column(w, x) * scale * grad_x, grad_w, grad_b), strict=True):
        near(actual, desired.reshape(actual.shape), dtype)


@each_shape
@each_dtype
def test_sums_of_channels(shape, dtype):
    (x,) = some(dtype, shape)
    dims = tuple(axis for axis in range(x.ndim) if axis != 1)
    near(kernels.normalization.sum_channels(x), x.sum(dims, dtype=np.float64), dtype)


def test_long_sums_keep_their_precision():
    x = np.full((64, 1, 40_000), 0.1, np.float32)
    exact = np.float64(np.float32(0.1)) * x.size
    np.testing.assert_allclose(kernels.normalization.sum_channels(x), exact, rtol=1e-6)


def test_an_empty_batch_gives_empty_results_and_zero_gradients():
    x, one = np.zeros((0, 2, 3), np.float32), np.ones(2, np.float32)
    y, *_ = kernels.normalization.batch_norm(x, one, one, EPS, one, one)
    assert y.shape == x.shape
    grad_x, grad_w, grad_b = kernels.normalization.batch_norm_grad(x, one, x, one, one, EPS, True)
    assert grad_x.shape == x.shape
    assert not grad_w.any() and not grad_b.any()
    assert not kernels.normalization.sum_channels(x).any()


def test_bits_do_not_depend_on_the_threads():
    x, w, grad_y = some(np.float32, (8, 7, 50, 50), 7, (8, 7, 50, 50))
    before = lucid.get_num_threads()
    results = []
    for threads in (1, 2, 3):
        lucid.set_num_threads(threads)
        y, mean, variance = kernels.normalization.batch_norm(x, w, w, EPS)
        grads = kernels.normalization.batch_norm_grad(x, w, grad_y, mean, variance, EPS, True)
        results.append(b"".join(each.tobytes() for each in (y, mean, variance, *grads)))
    lucid.set_num_threads(before)
    assert len(set(results)) == 1


GROUPS = [
    ((4, 6), 1), ((3, 6, 5), 3), ((2, 4, 3, 9), 4), ((40, 70), 1), ((3, 8, 37), 2), ((1, 1), 1),
    ((2, 1100), 2),
]


def groups_of(x, groups):
    return x.astype(np.float64).reshape(x.shape[0], groups, -1)


@pytest.mark.parametrize(("shape", "groups"), GROUPS, ids=str)
@each_dtype
def test_group_norm_and_its_gradients(shape, groups, dtype):
    x, w, b, grad_y = some(dtype, shape, shape[1], shape[1], shape)
    y, mean, variance = kernels.normalization.group_norm(x, w, b, groups, EPS)
    rows = groups_of(x, groups)
    near(mean, rows.mean(-1), dtype)
    near(variance, rows.var(-1), dtype)
    scale = 1 / np.sqrt(rows.var(-1, keepdims=True) + EPS)
    normal = (rows - rows.mean(-1, keepdims=True)) * scale
    near(y, normal.reshape(shape) * column(w, x) + column(b, x), dtype)
    grads = kernels.normalization.group_norm_grad(x, w, grad_y, mean, variance, groups, EPS)
    dims = tuple(axis for axis in range(x.ndim) if axis != 1)
    share = groups_of(grad_y * column(w, x), groups)
    along = (share * normal).mean(-1, keepdims=True)
    grad_x = scale * (share - share.mean(-1, keepdims=True) - normal * along)
    near(grads[0], grad_x.reshape(shape), dtype)
    near(grads[1], (grad_y * normal.reshape(shape)).sum(dims), dtype)
    near(grads[2], grad_y.astype(np.float64).sum(dims), dtype)


def test_the_bits_of_group_norm_do_not_depend_on_the_threads():
    x, w, grad_y = some(np.float32, (50, 64, 150), 64, (50, 64, 150))
    before, results = lucid.get_num_threads(), []
    for threads in (1, 2, 3):
        lucid.set_num_threads(threads)
        y, *moments = kernels.normalization.group_norm(x, w, w, 8, EPS)
        grads = kernels.normalization.group_norm_grad(x, w, grad_y, *moments, 8, EPS)
        results.append(b"".join(each.tobytes() for each in (y, *grads)))
    lucid.set_num_threads(before)
    assert len(set(results)) == 1


@pytest.mark.parametrize("lead", [(), (0,), (3,), (2, 5), (2, 0, 4)], ids=str)
@pytest.mark.parametrize("last", [(7,), (3, 5)], ids=str)
def test_one_group_of_the_last_axes_is_a_group_of_channels_of_rows(lead, last):
    x, w, b, grad_y = some(np.float64, lead + last, last, last, lead + last)
    y, *moments = kernels.normalization.group_norm(x, w, b, None, EPS)
    grads = kernels.normalization.group_norm_grad(x, w, grad_y, *moments, None, EPS)
    rows, row_grads, w_row = (each.reshape(-1, w.size) for each in (x, grad_y, w))
    wanted = kernels.normalization.group_norm(rows, w_row[0], b.reshape(-1), 1, EPS)
    wanted_grads = kernels.normalization.group_norm_grad(
        rows, w_row[0], row_grads, *wanted[1:], 1, EPS
    )
    assert [each.shape for each in (y, *grads)] == [x.shape, x.shape, w.shape, w.shape]
    for found, each in zip((y, *moments, *grads), (*wanted, *wanted_grads), strict=True):
        np.testing.assert_array_equal(found.reshape(-1), each.reshape(-1))
