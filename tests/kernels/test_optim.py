"""The loops of optimizers: equal to the formulas in NumPy, whatever the threads."""

import numpy as np
import pytest

import lucid
from lucid import kernels

TOLERANCE = {np.float32: 1e-6, np.float64: 1e-14}
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
each_shape = pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 5), (130, 257)], ids=str)


def some(dtype, shape, count):
    rng = np.random.default_rng(0)
    return [np.asarray(rng.uniform(0.1, 1, shape), dtype) for _ in range(count)]


def near(actual, desired, dtype):
    assert actual.dtype == dtype
    np.testing.assert_allclose(actual, desired, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@each_dtype
@each_shape
def test_plain_descent(dtype, shape):
    x, g = some(dtype, shape, 2)
    before = x.astype(np.float64)
    kernels.optim.sgd(x, g, rate=0.1, decay=0.2)
    near(x, before - 0.1 * (g + 0.2 * before), dtype)


@each_dtype
@each_shape
@pytest.mark.parametrize("nesterov", [False, True])
def test_descent_with_momentum(dtype, shape, nesterov):
    x, g, mean = some(dtype, shape, 3)
    x64, mean64 = x.astype(np.float64), mean.astype(np.float64)
    kernels.optim.sgd(x, g, 0.1, 0.2, mean, momentum=0.9, share=0.7, nesterov=nesterov)
    grad = g + 0.2 * x64
    mean64 = 0.9 * mean64 + 0.7 * grad
    near(mean, mean64, dtype)
    near(x, x64 - 0.1 * (grad + 0.9 * mean64 if nesterov else mean64), dtype)


@each_dtype
@each_shape
@pytest.mark.parametrize("with_largest", [False, True])
def test_adam(dtype, shape, with_largest):
    x, g, m, v, largest = some(dtype, shape, 5)
    x64, m64, v64 = (each.astype(np.float64) for each in (x, m, v))
    largest64 = largest.astype(np.float64)
    kernels.optim.adam(
        x, g, m, v, largest if with_largest else None, keep=0.9, decay=0.3, betas=(0.8, 0.95),
        eps=1e-3, rate=0.1, scale=1.5,
    )
    grad = g + 0.3 * x64
    m64, v64 = 0.8 * m64 + 0.2 * grad, 0.95 * v64 + 0.05 * grad**2
    near(m, m64, dtype)
    near(v, v64, dtype)
    if with_largest:
        v64 = np.maximum(v64, largest64)
        near(largest, v64, dtype)
    near(x, 0.9 * x64 - 0.1 * m64 / (np.sqrt(v64) * 1.5 + 1e-3), dtype)


def test_arrays_in_another_order_are_written_too():
    x, g, mean = some(np.float64, (6, 5), 3)
    expected, mean_expected = x.T.copy(), mean.T.copy()
    kernels.optim.sgd(expected, g.T.copy(), 0.1, 0, mean_expected, 0.9)
    kernels.optim.sgd(x.T, g.T, 0.1, 0, mean.T, 0.9)
    np.testing.assert_array_equal(x.T, expected)
    np.testing.assert_array_equal(mean.T, mean_expected)


@pytest.mark.parametrize("largest", [False, True])
def test_a_long_array_is_written_in_parts(largest, monkeypatch):
    def step():
        x, g, m, v, most = some(np.float64, (31,), 5)
        kernels.optim.adam(x, g, m, v, most if largest else None, 1, 0, (0.9, 0.99), 1e-8, 0.1, 1)
        return np.stack([x, m, v, most])

    whole = step()
    monkeypatch.setattr(kernels.arrays, "PART", 10)
    np.testing.assert_array_equal(step(), whole)


def test_the_gradient_is_not_written():
    x, g, m, v = some(np.float32, (9,), 4)
    g.flags.writeable = False
    kernels.optim.adam(x, g, m, v, None, 1, 0, (0.9, 0.99), 1e-8, 0.1, 1)


def test_bits_do_not_depend_on_the_threads():
    before = lucid.get_num_threads()
    results = []
    for threads in (1, 2, 3):
        lucid.set_num_threads(threads)
        x, g, m, v = some(np.float32, (500, 401), 4)
        kernels.optim.adam(x, g, m, v, None, 0.99, 0, (0.9, 0.99), 1e-8, 0.1, 1.1)
        results.append(x.tobytes() + m.tobytes() + v.tobytes())
    lucid.set_num_threads(before)
    assert len(set(results)) == 1
