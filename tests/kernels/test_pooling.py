"""The compiled loops of pooling: the definition, exact bits, and arrays of every layout."""

import itertools
import math

import numpy as np
import pytest

from lucid import kernels
from lucid.geometry import pool_geometry, pool_options

# size, kernel, stride, padding, dilation, ceil_mode
TABLE = [
    ((1,), (1,), (1,), (0,), (1,), False),
    ((7,), (2,), (2,), (0,), (1,), False),
    ((7,), (2,), (2,), (0,), (1,), True),
    ((600,), (3,), (2,), (1,), (1,), False),
    ((520,), (2,), (1,), (1,), (3,), False),
    ((9,), (4,), (3,), (2,), (2,), True),
    ((2,), (2,), (1,), (1,), (3,), False),  # the window sees padding alone
    ((5, 6), (2, 2), (2, 2), (0, 0), (1, 1), False),
    ((6, 40), (3, 3), (2, 2), (1, 1), (1, 1), True),
    ((7, 5), (3, 2), (1, 3), (1, 0), (2, 1), False),
    ((3, 4, 5), (2, 2, 2), (2, 2, 2), (0, 1, 1), (1, 1, 1), True),
    ((4, 5, 20), (3, 1, 2), (1, 2, 1), (1, 0, 1), (1, 3, 2), False),
]
each_row = pytest.mark.parametrize("row", TABLE, ids=str)
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def layout(row):
    size, kernel, stride, padding, dilation, ceil_mode = row
    options = pool_options(len(size), kernel, stride, padding, dilation)
    return pool_geometry((2, 3, *size), *options, ceil_mode)


def windows(geometry):
    """For each output position, the input positions of its window, in order."""
    for o in np.ndindex(geometry.output_size):
        inside = []
        for k in np.ndindex(geometry.kernel_size):
            i = tuple(
                each * s + tap * d - low for each, tap, s, d, low in zip(
                    o, k, geometry.stride, geometry.dilation, geometry.low, strict=True
                )
            )
            if all(0 <= each < n for each, n in zip(i, geometry.input_size, strict=True)):
                inside.append(i)
        yield o, inside


def naive_max_pool(x, geometry):
    y = np.full((*x.shape[:2], *geometry.output_size), -np.inf, x.dtype)
    index = np.full(y.shape, -1)
    for (n, c), (o, inside) in itertools.product(np.ndindex(x.shape[:2]), windows(geometry)):
        for i in inside:
            value, best = x[(n, c, *i)], y[(n, c, *o)]
            if index[(n, c, *o)] < 0 or value > best or np.isnan(value):
                y[(n, c, *o)] = value
                index[(n, c, *o)] = np.ravel_multi_index(i, geometry.input_size)
    return y, index


def naive_average_pool(x, geometry, count_padding, divisor):
    y = np.zeros((*x.shape[:2], *geometry.output_size), x.dtype)
    for o, inside in windows(geometry):
        count = divisor or (padded_count(geometry, o) if count_padding else len(inside))
        for i in inside:
            y[(..., *o)] += x[(..., *i)]
        y[(..., *o)] /= count
    return y


def padded_count(geometry, o):
    """How many positions of a window lie in the input or its padding."""
    axes = zip(
        geometry.input_size, geometry.kernel_size, geometry.stride, geometry.low, o, strict=True
    )
    return math.prod(
        sum(each * s + k - low < n + low for k in range(taps)) for n, taps, s, low, each in axes
    )


@each_row
@each_dtype
@pytest.mark.parametrize("kind", ["numbers", "ties", "nan", "infinite"])
def test_max_pool_is_its_definition(row, dtype, kind):
    rng, geometry = np.random.default_rng(0), layout(row)
    x = rng.standard_normal((2, 3, *geometry.input_size)).astype(dtype)
    if kind == "ties":
        x = np.round(x)
    if kind == "nan":
        x[rng.random(x.shape) < 0.3] = np.nan
    if kind == "infinite":
        x[rng.random(x.shape) < 0.7] = -np.inf
    y, index = kernels.pooling.max_pool(x, geometry)
    expected, expected_index = naive_max_pool(x, geometry)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(index, expected_index)
    np.testing.assert_array_equal(kernels.pooling.max_pool(x, geometry, False)[0], expected)
    assert y.dtype == dtype


@each_row
@each_dtype
def test_scatter_is_the_adjoint_of_gather(row, dtype):
    rng, geometry = np.random.default_rng(0), layout(row)
    x = rng.integers(-9, 9, (2, 3, *geometry.input_size)).astype(dtype)
    y, index = kernels.pooling.max_pool(x, geometry)
    u, g = rng.integers(-9, 9, x.shape).astype(dtype), rng.integers(-9, 9, y.shape).astype(dtype)
    read = kernels.pooling.max_pool_gather(u, index, geometry)
    written = kernels.pooling.max_pool_scatter(g, index, geometry)
    assert (read * g).sum() == (u * written).sum()
    flat = np.take_along_axis(u.reshape(2, 3, -1), index.reshape(2, 3, -1).clip(0), 2)
    expected = np.where(index < 0, 0, flat.reshape(index.shape))
    np.testing.assert_array_equal(read, expected)


@each_row
@each_dtype
@pytest.mark.parametrize(("count_padding", "divisor"), [(True, None), (False, None), (True, -3)])
def test_average_pool_is_its_definition(row, dtype, count_padding, divisor):
    if row[4] != (1,) * len(row[0]):
        row = (*row[:4], (1,) * len(row[0]), row[5])
    rng, geometry = np.random.default_rng(0), layout(row)
    x = rng.integers(-9, 9, (2, 3, *geometry.input_size)).astype(dtype)
    y = kernels.pooling.average_pool(x, geometry, count_padding, divisor)
    expected = naive_average_pool(x, geometry, count_padding, divisor)
    np.testing.assert_array_equal(y, expected)  # sums of whole numbers are exact
    g = rng.standard_normal(y.shape).astype(dtype)
    back = kernels.pooling.average_pool_input_grad(g, geometry, count_padding, divisor)
    error = abs(float((y.astype(float) * g).sum() - (back.astype(float) * x).sum()))
    assert error <= 100 * np.finfo(dtype).eps * float(np.abs(y * g).sum() + np.abs(back * x).sum())


@pytest.mark.parametrize(
    "kernel", [(511,), (512,), (513,), (1, 700), (32, 16), (300, 300)], ids=str
)
def test_average_pool_of_equal_numbers_is_that_number(kernel):
    x = np.full((1, 2, *[2 * k + 1 for k in kernel]), 0.1, np.float32)
    options = pool_options(len(kernel), kernel, 1 if len(kernel) == 1 else kernel, 0, 1)
    y = kernels.pooling.average_pool(x, pool_geometry(x.shape, *options))
    np.testing.assert_allclose(y, np.float32(0.1), rtol=1e-5)


@each_dtype
def test_bits_do_not_depend_on_the_threads(dtype):
    rng = np.random.default_rng(0)
    geometry = pool_geometry((7, 5, 61, 63), (3, 3), (2, 2), (1, 1), (1, 1))
    x = rng.standard_normal((7, 5, 61, 63)).astype(dtype)
    g = rng.standard_normal((7, 5, *geometry.output_size)).astype(dtype)

    def run():
        y, index = kernels.pooling.max_pool(x, geometry)
        return (
            y, index, kernels.pooling.max_pool_scatter(g, index, geometry),
            kernels.pooling.max_pool_gather(x, index, geometry),
            kernels.pooling.average_pool(x, geometry),
            kernels.pooling.average_pool_input_grad(g, geometry),
        )

    before = kernels.get_num_threads()
    try:
        kernels.set_num_threads(1)
        one = run()
        for threads in (2, 3, 8):
            kernels.set_num_threads(threads)
            for a, b in zip(one, run(), strict=True):
                assert a.tobytes() == b.tobytes()
    finally:
        kernels.set_num_threads(before)


def test_large_work_comes_in_parts(monkeypatch):
    geometry = pool_geometry((2, 3, 9, 9), (2, 2), (1, 1), (0, 0), (1, 1))
    x = np.random.default_rng(0).standard_normal((2, 3, 9, 9))
    whole = kernels.pooling.max_pool(x, geometry), kernels.pooling.average_pool(x, geometry)
    monkeypatch.setattr(kernels.pooling, "CALL_LIMIT", 1)
    parts = kernels.pooling.max_pool(x, geometry), kernels.pooling.average_pool(x, geometry)
    np.testing.assert_array_equal(whole[0], parts[0])
    np.testing.assert_array_equal(whole[1], parts[1])


@pytest.mark.parametrize("change", [
    lambda x: np.asfortranarray(x), lambda x: x[:, :, ::-1, ::-1], lambda x: x.astype(">f8"),
    lambda x: np.broadcast_to(x[:1], x.shape),
])
def test_any_layout_is_taken_and_left_alone(change):
    geometry = pool_geometry((2, 3, 8, 8), (3, 3), (2, 2), (1, 1), (1, 1))
    x = change(np.random.default_rng(0).standard_normal((2, 3, 8, 8)))
    copy = np.array(x, dtype=float, order="C")
    for pool in (lambda a: kernels.pooling.max_pool(a, geometry)[0],
                 lambda a: kernels.pooling.average_pool(a, geometry)):
        np.testing.assert_array_equal(pool(x), pool(copy))
    np.testing.assert_array_equal(x, copy)


def test_empty_arrays_give_empty_results():
    geometry = pool_geometry((0, 3, 8), (2,), (2,), (0,), (1,))
    x = np.zeros((0, 3, 8))
    y, index = kernels.pooling.max_pool(x, geometry)
    assert y.shape == index.shape == (0, 3, 4)
    assert kernels.pooling.max_pool_scatter(y, index, geometry).shape == x.shape
    assert kernels.pooling.max_pool_gather(x, index, geometry).shape == y.shape
    assert kernels.pooling.average_pool(x, geometry).shape == y.shape
    assert kernels.pooling.average_pool_input_grad(y, geometry).shape == x.shape


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", [2, 3, 10, 28, 31, 32, 33, 64, 70])
def test_pairs_of_rows_and_columns_pool_as_by_definition(width, dtype):
    rng = np.random.default_rng(width)
    x = rng.integers(-2, 3, (2, 3, 5, width)).astype(dtype)  # few values: many ties
    x[rng.random(x.shape) < 0.1] = np.nan
    x[rng.random(x.shape) < 0.1] = -np.inf
    geometry = pool_geometry(x.shape, (2, 2), (2, 2), (0, 0), (1, 1))
    y, indices = kernels.pooling.max_pool(x, geometry)
    without, nothing = kernels.pooling.max_pool(x, geometry, False)
    assert nothing is None
    np.testing.assert_array_equal(without, y)
    for n, c, i, j in np.ndindex(y.shape):
        places = [(2 * i + a) * width + 2 * j + b for a in (0, 1) for b in (0, 1)]
        values = x[n, c].reshape(-1)[places]
        unknown = np.flatnonzero(np.isnan(values))
        best = unknown[-1] if unknown.size else values.argmax()
        assert indices[n, c, i, j] == places[best]
        np.testing.assert_array_equal(y[n, c, i, j], values[best])
