"""Products of matrices on our own loops equal NumPy's."""

import numpy as np
import pytest

from lucid import kernels
from lucid.kernels import product

# rows, terms, columns
SIZES = [
    (1, 1, 1), (1, 300, 130), (130, 300, 1), (3, 2100, 7), (5, 1030, 9), (33, 16, 31), (64, 84, 10),
    (64, 97, 65), (130, 50, 64), (130, 97, 3), (200, 3, 300), (9, 1, 70),
]
ORDERS = ["CC", "CF", "FC", "FF"]  # whose elements of a row are neighbours: C, of a column: F


@pytest.fixture
def ours(monkeypatch):
    """Leave nothing to NumPy, and give every product all threads."""
    for name in ("MULTIPLY_ADDS", "VECTOR", "PARALLEL_FROM", "FEW"):
        monkeypatch.setattr(product, name, 0)
    before = kernels.get_num_threads()
    yield
    kernels.set_num_threads(before)


def make(shape, order, dtype, integers=True):
    rng = np.random.default_rng(sum(shape))
    x = rng.integers(-4, 5, shape) if integers else rng.standard_normal(shape)
    return np.asarray(x, dtype, order=order)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("orders", ORDERS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_equals_numpy(ours, size, orders, dtype):
    rows, terms, columns = size
    a, b = make((rows, terms), orders[0], dtype), make((terms, columns), orders[1], dtype)
    for threads in (1, 3):
        kernels.set_num_threads(threads)
        np.testing.assert_array_equal(product.matmul(a, b), np.matmul(a, b))


@pytest.mark.parametrize("orders", ORDERS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_bits_do_not_depend_on_the_threads(ours, size, orders):
    rows, terms, columns = size
    a = make((rows, terms), orders[0], np.float32, integers=False)
    b = make((terms, columns), orders[1], np.float32, integers=False)
    found = []
    for threads in (1, 2, 3):
        kernels.set_num_threads(threads)
        found.append(product.matmul(a, b))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_dots_of_a_row_do_not_depend_on_the_others(ours):
    x, w = make((70, 500), "C", np.float32, False), make((40, 500), "C", np.float32, False)
    whole = product.matmul(x, w.T)
    for rows in (slice(0, 1), slice(3, 6), slice(1, 70)):
        np.testing.assert_array_equal(product.matmul(x[rows], w.T), whole[rows])
        np.testing.assert_array_equal(product.matmul(x, w[: rows.stop].T), whole[:, : rows.stop])


def test_strange_arrays_are_left_to_numpy(ours):
    a = make((64, 96), "C", np.float32)
    apart, swapped = a[:, ::2], a.astype(">f4")
    misaligned = np.frombuffer(bytes(1) + a.tobytes(), np.uint8)[1:].view("f4").reshape(a.shape)
    for x in (apart, swapped, misaligned, a.astype(np.int64), a.astype(np.float16)):
        for y in (x.T, x.T.copy()):
            np.testing.assert_array_equal(product.matmul(x, y), np.matmul(x, y))
    stack = np.stack([a, a])
    np.testing.assert_array_equal(product.matmul(stack, a.T), np.matmul(stack, a.T))
    assert product.matmul(a[:0], a.T).shape == (0, 64)
    assert not product.matmul(a[:, :0], a[:, :0].T).any()


def test_a_product_of_unlike_sizes_is_refused(ours):
    with pytest.raises(ValueError, match="mismatch"):
        product.matmul(np.ones((8, 9), np.float32), np.ones((8, 9), np.float32))


def test_small_products_are_left_to_numpy(monkeypatch):
    monkeypatch.setattr(product, "_LOOPS", dict.fromkeys(product._LOOPS))  # none can be called
    x = np.ones((63, 64), np.float32)
    assert product.matmul(x, x.T)[0, 0] == 64
    with pytest.raises(TypeError):
        product.matmul(np.ones((65, 64), np.float32), np.ones((64, 64), np.float32))
