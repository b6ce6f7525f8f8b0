"""Sums, differences and products of arrays are NumPy's, whoever computes them."""

import numpy as np
import pytest

from lucid import kernels
from lucid.kernels import arithmetic

NAMES = ["add", "subtract", "multiply"]


@pytest.fixture
def three_threads():
    before = kernels.get_num_threads()
    kernels.set_num_threads(3)
    yield
    kernels.set_num_threads(before)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [arithmetic.LEAST - 1, arithmetic.LEAST, 200_003])
def test_threads_compute_what_numpy_does(three_threads, size, dtype, name):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, size)).astype(dtype)
    a[:3] = np.inf, np.nan, -0.0
    found = getattr(arithmetic, name)(a, b)
    np.testing.assert_array_equal(found, getattr(np, name)(a, b))
    assert found.dtype == dtype and found.base is not a


@pytest.mark.parametrize("name", NAMES)
def test_large_arrays_go_in_parts(three_threads, monkeypatch, name):
    monkeypatch.setattr(kernels.arrays, "PART", 60_000)
    a = np.arange(150_000, dtype=np.float32).reshape(3, -1)
    np.testing.assert_array_equal(getattr(arithmetic, name)(a, a), getattr(np, name)(a, a))


@pytest.mark.parametrize("name", NAMES)
def test_other_arrays_are_left_to_numpy(three_threads, name):
    a = np.arange(160_000, dtype=np.float32).reshape(400, 400)
    swapped, integers = a.astype(">f4"), a.astype(np.int64)
    pairs = [(a, a.T), (a.T, a), (a, a[:1]), (a[:, :1], a)]
    pairs += [(swapped, swapped), (integers, integers)]
    for pair in pairs:
        wanted = getattr(np, name)(*pair)
        np.testing.assert_array_equal(getattr(arithmetic, name)(*pair), wanted)
