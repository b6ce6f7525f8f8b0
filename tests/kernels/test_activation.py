"""The loops of activations: equal to NumPy's definition, whatever the threads."""

import math

import numpy as np
import pytest

import lucid
from lucid import kernels

VALUES = [-np.inf, -7.0, -1.0, -0.0, 0.0, 0.5, 6.0, 7.0, np.inf, np.nan]
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def some(dtype, shape=(10, 20_011)):
    """Random numbers, and all the special ones; more than one block, and a broken one."""
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    x.reshape(-1)[: len(VALUES)] = VALUES
    return x


@each_dtype
def test_relu_cuts_off_below_zero(dtype):
    x = some(dtype)
    y = kernels.activation.relu(x)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, np.maximum(x, 0))


@each_dtype
def test_relu_lets_a_gradient_pass_above_zero(dtype):
    y, grad = some(dtype), some(dtype)[::-1]
    np.testing.assert_array_equal(
        kernels.activation.relu_grad(y, grad), np.where(y > 0, grad, 0)
    )


@each_dtype
@pytest.mark.parametrize("ends", [(0, 6), (-np.inf, 0.5), (-1, np.inf), (2, -2)], ids=str)
def test_clamp_cuts_off_at_both_ends(dtype, ends):
    x, grad = some(dtype), some(dtype)[::-1]
    np.testing.assert_array_equal(
        kernels.activation.clamp(x, *ends), np.minimum(np.maximum(x, ends[0]), ends[1])
    )
    np.testing.assert_array_equal(
        kernels.activation.clamp_grad(x, grad, *ends),
        np.where((x >= ends[0]) & (x <= ends[1]), grad, 0),
    )


@each_dtype
def test_hardtanh_lets_nothing_pass_on_its_ends(dtype):
    x, grad = some(dtype), some(dtype)[::-1]
    np.testing.assert_array_equal(
        kernels.activation.hardtanh_grad(x, grad, 0, 6), np.where((x <= 0) | (x >= 6), 0, grad)
    )


@each_dtype
def test_leaky_multiplies_what_is_not_above_zero(dtype):
    x, grad = some(dtype), some(dtype)[::-1]
    slope = dtype(0.2)
    np.testing.assert_array_equal(
        kernels.activation.leaky(x, 0.2), np.where(x > 0, x, slope * x)
    )
    np.testing.assert_array_equal(
        kernels.activation.leaky_grad(x, grad, 0.2), np.where(x > 0, grad, slope * grad)
    )


@each_dtype
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 5), (2, 0, 4)], ids=str)
def test_any_shape_will_do(dtype, shape):
    x = np.full(shape, -2, dtype)
    for y in (kernels.activation.relu(x), kernels.activation.relu_grad(x, x)):
        assert type(y) is np.ndarray and y.shape == shape
        np.testing.assert_array_equal(y, np.zeros(shape))


def test_an_array_in_another_order_is_copied_and_not_written():
    x = np.arange(12.0).reshape(3, 4).T - 6
    x.flags.writeable = False
    np.testing.assert_array_equal(kernels.activation.relu(x), np.maximum(x, 0))
    assert kernels.activation.relu(x).flags.c_contiguous


def test_bits_do_not_depend_on_the_threads():
    before = lucid.get_num_threads()
    results = []
    for threads in (1, 2, 3):
        lucid.set_num_threads(threads)
        results.append(kernels.activation.clamp(some(np.float32), -0.5, 0.5).tobytes())
    lucid.set_num_threads(before)
    assert len(set(results)) == 1


@each_dtype
def test_a_long_array_is_computed_in_parts(dtype, monkeypatch):
    x, grad = some(dtype), some(dtype)[::-1]
    whole = kernels.activation.relu(x), kernels.activation.slope("silu", x, grad)
    monkeypatch.setattr(kernels.arrays, "PART", 12_345)
    np.testing.assert_array_equal(kernels.activation.relu(x), whole[0])
    np.testing.assert_array_equal(kernels.activation.slope("silu", x, grad), whole[1])


def wide(function):
    """A function of one number, over an array, in double precision."""
    return lambda x: np.array([function(float(each)) for each in x])


def phi(x):
    return 0.5 * math.erfc(-x * math.sqrt(0.5))


def squashed(x):
    return np.clip(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3), -300, 300)


def gelu_tanh_slope(x):
    rise = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
    return 1 / (1 + np.exp(-2 * squashed(x))) + x / 2 / np.cosh(squashed(x)) ** 2 * rise


SMOOTH = {  # the function, and its slope
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), None),
    "silu": (lambda x: x / (1 + np.exp(-x)),
             lambda x: (1 + x / (1 + np.exp(x))) / (1 + np.exp(-x))),
    "elu": (lambda x: np.where(x > 0, 1.5 * x, 3 * np.expm1(np.minimum(x, 0))),
            lambda x: np.where(x > 0, 1.5, 3 * np.exp(np.minimum(x, 0)))),
    "gelu": (lambda x: x * wide(phi)(x),
             lambda x: wide(phi)(x) + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)),
    "tanh": (np.tanh, None),
    "gelu_tanh": (lambda x: x / (1 + np.exp(-2 * squashed(x))), lambda x: gelu_tanh_slope(x)),
    "softplus": (lambda x: np.where(2 * x > 1.5, x, np.log1p(np.exp(np.minimum(2 * x, 9))) / 2),
                 lambda x: np.where(2 * x > 1.5, 1, 1 / (1 + np.exp(-2 * x)))),
    "mish": (lambda x: x * np.tanh(np.logaddexp(0, x)),
             lambda x: np.tanh(np.logaddexp(0, x))
             + x / np.cosh(np.logaddexp(0, x)) ** 2 / (1 + np.exp(-x))),
    "hardsigmoid": (lambda x: np.clip(x + 3, 0, 6) / 6, lambda x: (np.abs(x) < 3) / 6),
    "hardswish": (lambda x: x * np.clip(x + 3, 0, 6) / 6,
                  lambda x: np.where(np.abs(x) < 3, x / 3 + 0.5, x >= 3)),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", SMOOTH)
def test_smooth_functions_equal_their_formulas(kind, dtype):
    x = np.concatenate([np.linspace(-30, 30, 40_001), np.geomspace(1e-9, 1, 50)])
    x = np.concatenate([x, -x]).astype(dtype)
    eps, options = np.finfo(dtype).eps, (2.0, 1.5) if kind in ("elu", "softplus") else ()
    function, slope = SMOOTH[kind]
    y = kernels.activation.value(kind, x, *options)
    right = function(x.astype(float))
    assert y.dtype == dtype
    np.testing.assert_allclose(y, right, rtol=8 * eps, atol=4 * eps)
    grad = np.full(x.shape, 2, dtype)
    given = y if slope is None else x
    with np.errstate(over="ignore"):
        if slope is None:  # that of the result
            right = 2 * (1 - right**2 if kind == "tanh" else right * (1 - right))
        else:
            right = 2 * slope(x.astype(float))
    np.testing.assert_allclose(
        kernels.activation.slope(kind, given, grad, *options), right, rtol=16 * eps, atol=8 * eps
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", SMOOTH)
def test_smooth_functions_at_the_ends(kind, dtype):
    top = np.array([1e30, 2000, -2000, np.nan], dtype)
    y = kernels.activation.value(kind, top, 1.0, 1.0)
    ones = kind in ("sigmoid", "hardsigmoid", "tanh")
    np.testing.assert_allclose(y[:2], [1, 1] if ones else top[:2])
    assert y[2] == (-1 if kind in ("elu", "tanh") else 0) and np.isnan(y[3])
    given = y if kind in ("sigmoid", "tanh") else top
    z = kernels.activation.slope(kind, given, np.ones_like(top), 1.0, 1.0)
    rest = 0 if kind.startswith("hard") else np.nan
    np.testing.assert_array_equal(z, [0 if ones else 1, 0 if ones else 1, 0, rest])
