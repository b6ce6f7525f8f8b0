"""Sums of many rows: as exact as those of one row, whatever the order in memory."""

import numpy as np
import pytest

import lucid
from lucid.ops.sums import BLOCK, add_up

# shape and folded axes
TABLE = [
    ((5, 4), (0,)),
    ((BLOCK, 3), (0,)),
    ((BLOCK + 1, 3), (0,)),
    ((3 * BLOCK, 3), (0,)),
    ((5000, 3), (0,)),
    ((5000, 3), (1,)),
    ((5000, 3), (0, 1)),
    ((2, 5000, 3), (1,)),
    ((300, 3, 40, 5), (0, 2, 3)),
    ((300, 1, 40, 5), (0, 2, 3)),
    ((40, 50, 3), (0, 1)),
    ((700, 0, 3), (0,)),
    ((700, 3, 0), (0, 2)),
    ((), ()),
]
LAYOUTS = {
    "contiguous": np.ascontiguousarray,
    "transposed": lambda x: np.asfortranarray(x) if x.ndim else x,
    "every other": lambda x: np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else x,
    "backward": lambda x: np.flip(np.ascontiguousarray(np.flip(x))),
    "repeated": lambda x: np.broadcast_to(x[:1], x.shape) if x.ndim and len(x) else x,
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("shape, dims", TABLE, ids=str)
def test_a_sum_is_its_definition(shape, dims, layout, keepdim, dtype):
    x = layout(np.random.default_rng(0).random(shape).astype(dtype))
    y = add_up(x, dims, keepdim)
    expected = x.sum(axis=dims, keepdims=keepdim, dtype=np.longdouble)
    assert y.dtype == dtype
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected.astype(dtype), rtol=BLOCK * np.finfo(dtype).eps)


@pytest.mark.parametrize("shape, dims", [((BLOCK, 3), (0,)), ((9000,), (0,)), ((90, 90), (0, 1))])
def test_few_rows_and_one_row_have_the_bits_of_numpy(shape, dims):
    x = np.random.default_rng(0).random(shape, np.float32)
    assert np.array_equal(add_up(x, dims), x.sum(axis=dims))


def test_small_integers_do_not_wrap():
    assert add_up(np.full((600, 2), 100, np.int8), (0,)).tolist() == [60000, 60000]


@pytest.mark.parametrize("layout", ["contiguous", "every other", "repeated"])
def test_a_million_equal_numbers_lose_nothing(layout):
    x = lucid.tensor(LAYOUTS[layout](np.full((1_000_000, 2), 0.1, np.float32)))
    near = {"rtol": 1e-5}
    np.testing.assert_allclose(x.sum(0).numpy(), 1e5, **near)
    np.testing.assert_allclose(x.mean(0).numpy(), 0.1, **near)
    np.testing.assert_allclose(x.norm(dim=0).numpy(), 100, **near)
    np.testing.assert_allclose(x.std(0).numpy(), 0, atol=1e-6)
    np.testing.assert_allclose(x.cumsum(0).numpy()[-1], 1e5, **near)


def test_the_gradient_of_what_was_repeated_a_million_times_loses_nothing():
    shift = lucid.zeros(2, requires_grad=True)
    (lucid.full((1_000_000, 2), 0.1) * (lucid.ones(1_000_000, 2) + shift)).sum().backward()
    np.testing.assert_allclose(shift.grad.numpy(), 1e5, rtol=1e-5)
