"""Sums of losses in one compiled pass, against their formulas in NumPy."""

import numpy as np
import pytest

from lucid import kernels
from lucid._cython import loss as loops
from lucid.kernels import loss

FORMULAS = {
    "square": (lambda x, t: (x - t) ** 2, lambda x, t: 2 * (x - t)),
    "logistic": (lambda x, t: np.logaddexp(0, x) - x * t, lambda x, t: 1 / (1 + np.exp(-x)) - t),
}
SIZES = [0, 1, 15, 16, 17, 511, 513, loops.BLOCK_SIZE, loops.BLOCK_SIZE + 3, 3 * loops.BLOCK_SIZE]
each_kind = pytest.mark.parametrize("kind", FORMULAS)
each_size = pytest.mark.parametrize("size", SIZES)
each_type = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def pair(size, dtype):
    rng = np.random.default_rng(size)
    return (4 * rng.standard_normal(size)).astype(dtype), rng.random(size).astype(dtype)


def test_every_kind_has_a_formula_here_and_a_cost():
    assert loops.KINDS.keys() == FORMULAS.keys() == loss.COST.keys()


@each_kind
@each_size
@each_type
def test_the_total_is_that_of_the_formula(kind, size, dtype):
    x, t = pair(size, dtype)
    wanted = FORMULAS[kind][0](x.astype(np.float64), t.astype(np.float64)).sum()
    found = kernels.loss.total(kind, x, t)
    assert found == pytest.approx(wanted, rel=1e-6 if dtype is np.float32 else 1e-13)


@each_kind
@each_size
@each_type
def test_the_slope_is_that_of_the_formula(kind, size, dtype):
    x, t = pair(size, dtype)
    wanted = 3 * FORMULAS[kind][1](x.astype(np.float64), t.astype(np.float64))
    found = kernels.loss.slope(kind, x, t, 3.0)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, wanted, atol=3e-6 if dtype is np.float32 else 1e-14)


def test_squares_of_whole_numbers_are_exact():
    x, t = np.arange(1000, dtype=np.float32) % 7, np.arange(1000, dtype=np.float32) % 5
    assert kernels.loss.total("square", x, t) == ((x - t) ** 2).sum()
    np.testing.assert_array_equal(kernels.loss.slope("square", x, t, 0.5), x - t)


@each_kind
def test_parts_of_a_long_call_and_threads_do_not_change_the_bits(kind, monkeypatch):
    x, t = pair(5 * loops.BLOCK_SIZE + 7, np.float32)
    wanted = kernels.loss.total(kind, x, t), kernels.loss.slope(kind, x, t, 0.1)
    for module in (loss, kernels.arrays):
        monkeypatch.setattr(module, "PART", 2 * loops.BLOCK_SIZE)
    monkeypatch.setattr(loss, "threads_for", lambda elements: 3)
    assert kernels.loss.total(kind, x, t) == wanted[0]
    np.testing.assert_array_equal(kernels.loss.slope(kind, x, t, 0.1), wanted[1])


@each_kind
def test_arrays_in_another_order_are_read_as_they_are(kind):
    x, t = (each.reshape(6, 8).T for each in pair(48, np.float64))
    wanted = FORMULAS[kind][0](x, t).sum()
    assert kernels.loss.total(kind, x, t.copy()) == pytest.approx(wanted, rel=1e-13)
    np.testing.assert_allclose(
        kernels.loss.slope(kind, x, t.copy(), 1.0), FORMULAS[kind][1](x, t), atol=1e-14
    )


def test_the_logistic_loss_never_overflows_and_a_nan_stays():
    x, t = np.array([-1e30, 1e30], np.float32), np.array([0, 1], np.float32)
    assert kernels.loss.total("logistic", x, t) == 0
    np.testing.assert_array_equal(kernels.loss.slope("logistic", x, t, 1.0), [0, 0])
    assert np.isnan(kernels.loss.total("square", np.array([np.nan, 1.0]), np.ones(2)))
