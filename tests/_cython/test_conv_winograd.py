"""Winograd's algorithm equals the definition, within the bound of a sum in any order."""

import numpy as np
import pytest

from lucid._cython import conv_direct, conv_naive, conv_winograd

EPS = np.finfo(np.float32).eps
ONES = (1, 1, 1)
PRIMITIVES = ("forward", "input_grad", "weight_grad")

# items, channels, features, input size, taps of the first axis or of all, low, high, groups, and
# the dilation, if there is one
GEOMETRIES = {
    "one pixel": (1, 1, 1, (1, 1, 1), 1, (0, 1, 1), (0, 1, 1), 1),
    "kernel as large as the image": (2, 3, 5, (1, 3, 3), 1, (0, 0, 0), (0, 0, 0), 1),
    "one tile": (1, 4, 8, (1, 4, 4), 1, (0, 1, 1), (0, 1, 1), 1),
    "tails": (3, 5, 9, (1, 5, 7), 1, (0, 1, 1), (0, 1, 1), 1),
    "F(2, 3) by F(4, 3)": (3, 33, 19, (1, 14, 7), 1, (0, 1, 1), (0, 1, 1), 1),
    "long rows of both": (1, 33, 3, (1, 6, 160), 1, (0, 1, 1), (0, 1, 1), 1),
    "long columns of both": (1, 33, 3, (1, 301, 5), 1, (0, 1, 1), (0, 1, 1), 1),
    "odd sizes": (3, 37, 41, (1, 13, 17), 1, (0, 1, 1), (0, 1, 1), 1),
    "F(4, 3)": (3, 49, 19, (1, 14, 7), 1, (0, 1, 1), (0, 1, 1), 1),
    "no padding": (2, 48, 8, (1, 9, 11), 1, (0, 0, 0), (0, 0, 0), 1),
    "wide padding": (2, 48, 8, (1, 5, 6), 1, (0, 2, 2), (0, 2, 2), 1),
    "uneven padding": (2, 50, 6, (1, 8, 9), 1, (0, 0, 2), (0, 1, 1), 1),
    "cropped": (2, 34, 6, (1, 12, 13), 1, (0, -2, -1), (0, 1, -3), 1),
    "mostly padding": (1, 2, 3, (1, 2, 2), 1, (0, 5, 7), (0, 6, 3), 1),
    "groups": (2, 12, 15, (1, 10, 6), 1, (0, 1, 1), (0, 1, 1), 3),
    "groups of F(4, 3)": (2, 100, 10, (1, 10, 6), 1, (0, 1, 1), (0, 1, 1), 2),
    "long rows": (1, 2, 3, (1, 3, 301), 1, (0, 1, 1), (0, 1, 1), 1),
    "long rows of F(4, 3)": (1, 48, 3, (1, 6, 160), 1, (0, 1, 1), (0, 1, 1), 1),
    "long columns": (1, 48, 3, (1, 301, 2), 1, (0, 1, 1), (0, 1, 1), 1),
    "three axes": (2, 4, 5, (5, 6, 7), 3, (1, 1, 1), (1, 1, 1), 1),
    "three axes of F(4, 3)": (2, 17, 9, (4, 9, 6), 3, (1, 1, 1), (1, 1, 1), 1),
    "two taps in the first axis": (1, 25, 9, (4, 5, 6), 2, (0, 1, 1), (1, 1, 1), 1),
    "planes outside": (1, 2, 3, (2, 5, 4), 3, (4, 1, 1), (3, 1, 1), 1),
    "tiles of several planes": (1, 4, 5, (9, 17, 19), 3, (1, 1, 1), (1, 1, 1), 1),
    "several planes of F(4, 3)": (1, 17, 9, (7, 30, 31), 3, (1, 1, 1), (1, 1, 1), 1),
    "several planes in groups": (2, 6, 10, (6, 13, 15), 3, (0, 1, 1), (2, 1, 1), 2),
    "several planes, two taps": (1, 5, 9, (11, 14, 15), 2, (1, 0, 1), (0, 1, 2), 1),
    "several planes, wide padding": (1, 3, 4, (2, 13, 15), 3, (5, 2, 3), (4, 3, 2), 1),
    "several planes, more taps": (1, 3, 4, (9, 13, 15), 5, (2, 1, 1), (2, 1, 1), 1),
    "several planes apart": (1, 4, 5, (11, 17, 13), 3, (2, 1, 1), (1, 1, 1), 1, (2, 1, 1)),
    "several planes, all apart": (1, 4, 5, (11, 17, 13), 3, (3, 2, 3), (3, 2, 3), 1, (3, 2, 3)),
    "several planes of rows": (1, 33, 9, (9, 5, 61), (3, 1, 3), (1, 0, 1), (1, 0, 1), 1),
    "chunks of channels": (1, 90, 9, (5, 14, 13), 3, (1, 1, 1), (1, 1, 1), 1),
    "a thousand channels": (1, 1001, 9, (1, 5, 5), 1, (0, 1, 1), (0, 1, 1), 1),
    "dilated": (2, 50, 9, (1, 13, 19), 1, (0, 4, 4), (0, 4, 4), 1, (1, 4, 4)),
    "dilated F(2, 3) by F(4, 3)": (2, 33, 9, (1, 13, 19), 1, (0, 3, 2), (0, 3, 2), 1, (1, 3, 2)),
    "dilated F(2, 3)": (2, 5, 9, (1, 13, 19), 1, (0, 2, 2), (0, 2, 2), 1, (1, 2, 2)),
    "rows apart": (2, 50, 9, (1, 15, 9), 1, (0, 2, 1), (0, 2, 1), 1, (1, 2, 1)),
    "columns apart": (2, 50, 9, (1, 15, 40), 1, (0, 1, 5), (0, 1, 5), 1, (1, 1, 5)),
    "planes apart": (1, 17, 9, (7, 9, 6), 3, (2, 1, 1), (2, 1, 1), 1, (2, 1, 1)),
    "dilated in three axes": (1, 17, 9, (5, 9, 7), 3, (1, 3, 2), (1, 3, 2), 1, (1, 3, 2)),
    "more phases than positions": (1, 5, 3, (1, 4, 3), 1, (0, 6, 5), (0, 6, 5), 1, (1, 6, 5)),
    "one axis": (2, 5, 9, (1, 1, 150), (1, 1, 3), (0, 0, 1), (0, 0, 1), 1),
    "one axis of F(4, 3)": (2, 100, 9, (1, 1, 150), (1, 1, 3), (0, 0, 1), (0, 0, 1), 1),
    "one axis, short": (40, 100, 9, (1, 1, 5), (1, 1, 3), (0, 0, 1), (0, 0, 1), 1),
    "rows of an image": (2, 33, 9, (3, 5, 31), (3, 1, 3), (1, 0, 1), (1, 0, 1), 1),
    "one axis of F(3, 2)": (2, 5, 9, (1, 1, 150), (1, 1, 2), (0, 0, 1), (0, 0, 0), 1),
    "one axis of F(5, 2)": (2, 150, 9, (1, 3, 199), (1, 1, 2), (0, 0, 1), (0, 0, 0), 1),
    "one axis, dilated": (
        2, 100, 41, (1, 1, 350), (1, 1, 3), (0, 0, 16), (0, 0, 16), 1, (1, 1, 16)
    ),
    "one axis, far apart": (2, 6, 9, (1, 1, 350), (1, 1, 3), (0, 0, 99), (0, 0, 9), 1, (1, 1, 99)),
    "one axis of F(5, 2), dilated": (
        2, 150, 9, (1, 1, 350), (1, 1, 2), (0, 0, 0), (0, 0, 0), 1, (1, 1, 33)
    ),
    "F(2, 5)": (2, 33, 19, (1, 14, 17), (1, 5, 5), (0, 2, 2), (0, 2, 2), 1),
    "F(2, 5) of one tile": (1, 4, 8, (1, 6, 6), (1, 5, 5), (0, 0, 0), (0, 0, 0), 1),
    "F(2, 5) with tails": (3, 5, 9, (1, 5, 7), (1, 5, 5), (0, 1, 3), (0, 4, 0), 1),
    "F(2, 5) in groups": (2, 12, 15, (1, 10, 6), (1, 5, 5), (0, 2, 2), (0, 2, 2), 3),
    "F(2, 5), mostly padding": (1, 2, 3, (1, 2, 2), (1, 5, 5), (0, 6, 7), (0, 7, 5), 1),
    "F(2, 5), a thousand channels": (1, 1001, 9, (1, 5, 5), (1, 5, 5), (0, 2, 2), (0, 2, 2), 1),
    "F(2, 5), many features": (2, 3, 301, (1, 9, 6), (1, 5, 5), (0, 2, 2), (0, 2, 2), 1),
    "F(2, 5), three axes": (2, 4, 5, (6, 11, 12), (5, 5, 5), (2, 2, 2), (2, 2, 2), 1),
    "F(2, 5), dilated": (
        2, 20, 9, (1, 23, 29), (1, 5, 5), (0, 4, 6), (0, 4, 6), 1, (1, 2, 3)
    ),
    "F(2, 5), several chunks": (9, 5, 7, (1, 41, 39), (1, 5, 5), (0, 2, 2), (0, 2, 2), 1),
    "one axis of F(2, 5)": (2, 90, 9, (3, 5, 101), (1, 1, 5), (0, 0, 2), (0, 0, 2), 1),
    "one axis of F(2, 5), dilated": (
        2, 90, 9, (1, 1, 350), (1, 1, 5), (0, 0, 32), (0, 0, 32), 1, (1, 1, 16)
    ),
    "F(3, 4)": (2, 33, 19, (1, 14, 17), (1, 4, 4), (0, 1, 2), (0, 2, 1), 1),
    "F(3, 4) of seven columns": (9, 33, 19, (1, 7, 7), (1, 4, 4), (0, 2, 1), (0, 1, 2), 1),
    "F(3, 4) of one tile": (1, 4, 8, (1, 6, 6), (1, 4, 4), (0, 0, 0), (0, 0, 0), 1),
    "F(3, 4) in groups": (2, 12, 15, (1, 10, 6), (1, 4, 4), (0, 1, 3), (0, 4, 0), 3),
    "F(3, 4), a thousand channels": (1, 1001, 9, (1, 5, 5), (1, 4, 4), (0, 2, 2), (0, 2, 2), 1),
    "F(3, 4), three axes": (2, 4, 5, (6, 11, 12), (4, 4, 4), (1, 2, 2), (2, 1, 2), 1),
    "F(3, 4), dilated": (
        2, 20, 9, (1, 23, 29), (1, 4, 4), (0, 4, 6), (0, 4, 6), 1, (1, 2, 3)
    ),
    "one axis of F(3, 4)": (2, 110, 9, (3, 5, 101), (1, 1, 4), (0, 0, 2), (0, 0, 2), 1),
    "one axis of F(3, 4), dilated": (
        2, 110, 9, (1, 1, 350), (1, 1, 4), (0, 0, 32), (0, 0, 16), 1, (1, 1, 16)
    ),
    "several chunks": (9, 5, 7, (1, 61, 59), 1, (0, 1, 1), (0, 1, 1), 1),
    "several chunks of odd sizes": (3, 37, 41, (1, 61, 59), 1, (0, 1, 1), (0, 1, 1), 1),
    "several chunks in groups": (9, 4, 35, (3, 29, 30), 3, (1, 1, 1), (1, 1, 1), 1),
    "many features": (2, 3, 301, (1, 6, 6), 1, (0, 1, 1), (0, 1, 1), 1),
    "weights in turns": (9, 130, 176, (1, 5, 5), 1, (0, 1, 1), (0, 1, 1), 1),
    "sums in turns": (5, 130, 40, (1, 21, 19), 1, (0, 1, 1), (0, 1, 1), 1),
}
each_geometry = pytest.mark.parametrize("case", GEOMETRIES.values(), ids=GEOMETRIES)


def make(case, spread=None, seed=0):
    """Return x, w, y as random float32 arrays, and the arguments of a kernel but for threads."""
    items, channels, features, size, kernel, low, high, groups, *rest = case
    kernel = kernel if isinstance(kernel, tuple) else (kernel, 3, 3)
    dilation = rest[0] if rest else ONES
    output = tuple(
        n + before + after - (k - 1) * d
        for n, before, after, k, d in zip(size, low, high, kernel, dilation, strict=True)
    )
    rng = np.random.default_rng(seed)
    shapes = (items, channels, *size), (features, channels // groups, *kernel)
    arrays = []
    for shape in (*shapes, (items, features, *output)):
        array = rng.standard_normal(shape)
        if spread:
            array *= np.exp2(rng.uniform(-spread, spread, shape))
        arrays.append(array.astype(np.float32))
    return arrays, (ONES, dilation, low, groups)


def run(module, primitive, arrays, arguments, threads=1):
    """Compute one of the three arrays from the other two."""
    arrays = list(arrays)
    position = ("input_grad", "weight_grad", "forward").index(primitive)
    result = arrays[position] = np.zeros_like(arrays[position])
    getattr(module, primitive)(*arrays, *arguments, threads)
    return result


def errors(primitive, arrays, arguments):
    """Return the error of each result in units of eps * sum |x| |w|."""
    exact = [array.astype(np.float64) for array in arrays]
    sizes = run(conv_direct, primitive, [abs(array) for array in exact], arguments)
    wanted = run(conv_direct, primitive, exact, arguments)
    return abs(run(conv_winograd, primitive, arrays, arguments) - wanted) / (EPS * sizes + 1e-300)


@pytest.mark.parametrize("primitive", PRIMITIVES)
@each_geometry
def test_equals_the_definition(case, primitive):
    arrays, arguments = make(case)
    exact = [array.astype(np.float64) for array in arrays]
    wanted = run(conv_naive, primitive, exact, arguments)
    sizes = run(conv_naive, primitive, [abs(array) for array in exact], arguments)
    got = run(conv_winograd, primitive, arrays, arguments)
    assert abs(got - wanted).max() <= 32 * EPS * sizes.max()


@each_geometry
def test_gradients_are_adjoint(case):
    (x, w, y), arguments = make(case)
    numbers = [
        (run(conv_winograd, primitive, (x, w, y), arguments).astype(np.float64) * other).sum()
        for primitive, other in zip(PRIMITIVES, (y, x, w), strict=True)
    ]
    bound = (run(conv_naive, "forward", (abs(x), abs(w), y), arguments) * abs(y)).sum()
    assert np.ptp(numbers) <= 32 * EPS * bound


@pytest.mark.parametrize("primitive", PRIMITIVES)
@each_geometry
def test_bits_do_not_depend_on_threads(case, primitive):
    arrays, arguments = make(case)
    alone = run(conv_winograd, primitive, arrays, arguments)
    for threads in (2, 3, 7):
        np.testing.assert_array_equal(
            run(conv_winograd, primitive, arrays, arguments, threads), alone
        )


@pytest.mark.parametrize("primitive", ["forward", "input_grad"])
@each_geometry
def test_bits_of_an_item_do_not_depend_on_the_batch(case, primitive):
    (x, w, y), arguments = make((11, *case[1:]))
    together = run(conv_winograd, primitive, (x, w, y), arguments)
    for n in range(11):
        item = x[n : n + 1], w, y[n : n + 1]
        alone = run(conv_winograd, primitive, item, arguments)
        np.testing.assert_array_equal(together[n : n + 1], alone)


@pytest.mark.parametrize("channels", [24, 32, 48, 64, 256])
@pytest.mark.parametrize("primitive", ["forward", "input_grad"])
def test_error_on_wide_range_data_stays_below_that_of_any_sum(channels, primitive):
    arrays, arguments = make(
        (2, channels, channels, (1, 56, 56), 1, (0, 1, 1), (0, 1, 1), 1), spread=8
    )
    terms = 9 * channels
    assert conv_winograd.may_use(terms)
    assert errors(primitive, arrays, arguments).max() <= terms + 16


@pytest.mark.parametrize("channels", [8, 11, 16, 32])
def test_error_in_three_axes_stays_below_that_of_any_sum(channels):
    arrays, arguments = make(
        (1, channels, 16, (8, 40, 40), 3, (1, 1, 1), (1, 1, 1), 1), spread=8
    )
    terms = 27 * channels
    assert conv_winograd.may_use(terms)
    assert errors("forward", arrays, arguments).max() <= terms + 16


@pytest.mark.parametrize(
    "taps, channels", [
        (3, 64), (3, 96), (3, 256), (2, 96), (2, 144), (2, 512), (4, 100), (4, 200), (5, 80),
        (5, 160),
    ],
)
def test_error_in_one_axis_stays_below_that_of_any_sum(taps, channels):
    kernel, low = (1, 1, taps), (0, 0, 1)
    case = (1, channels, 64, (1, 1, 8000), kernel, low, low, 1)
    arrays, arguments = make(case, spread=8)
    terms = taps * channels
    assert conv_winograd.may_use(terms, (1, taps))
    assert errors("forward", arrays, arguments).max() <= terms + 16


@pytest.mark.parametrize("taps, channels", [(4, 50), (4, 64), (5, 32), (5, 48)])
@pytest.mark.parametrize("items, size", [(2, 56), (40, 14), (200, 7), (400, 5), (800, 3)])
@pytest.mark.parametrize("primitive", ["forward", "input_grad"])
def test_error_of_many_taps_stays_below_that_of_any_sum(primitive, items, size, taps, channels):
    case = (items, channels, channels, (1, size, size), (1, taps, taps), (0, 2, 2), (0, 2, 2), 1)
    arrays, arguments = make(case, spread=8)
    terms = taps * taps * channels
    assert conv_winograd.may_use(terms, (taps, taps))
    assert errors(primitive, arrays, arguments).max() <= terms + 16


@pytest.mark.parametrize("taps", [4, 5])
@pytest.mark.parametrize("items, size", [(2, 23), (6, 14), (13, 10), (32, 7), (89, 5), (801, 3)])
def test_error_of_a_weight_gradient_of_many_taps_stays_below_that_of_any_sum(items, size, taps):
    high = (0, taps - 3, taps - 3)
    case = (items, 64, 64, (1, size, size), (1, taps, taps), (0, 2, 2), high, 1)
    arrays, arguments = make(case, spread=8)
    corner = items * (size - 2) ** 2  # positions at which a tap at the corner meets no padding
    assert conv_winograd.may_use(corner, (taps, taps))
    assert errors("weight_grad", arrays, arguments).max() <= items * size * size + 16


@pytest.mark.parametrize("items, size", [(1, 15), (5, 7), (1, 17), (1, 21), (8, 8), (2, 28)])
def test_error_of_a_weight_gradient_stays_below_that_of_any_sum(items, size):
    case = (items, 32, 64, (1, size, size), 1, (0, 1, 1), (0, 1, 1), 1)
    arrays, arguments = make(case, spread=8)
    terms = items * size * size
    assert conv_winograd.may_use(terms)
    assert errors("weight_grad", arrays, arguments).max() <= terms + 16


@pytest.mark.parametrize("terms, taps", [
    (192, 2), (288, 2), (1000, 2), (192, 3), (288, 3), (1000, 3), (400, 4), (1000, 4), (400, 5),
    (1000, 5),
])
def test_error_of_a_weight_gradient_in_one_axis_stays_below_that_of_any_sum(terms, taps):
    case = (1, 64, 64, (1, 1, terms + taps - 1), (1, 1, taps), (0, 0, 0), (0, 0, 0), 1)
    arrays, arguments = make(case, spread=8)
    assert conv_winograd.may_use(terms, (1, taps))
    assert errors("weight_grad", arrays, arguments).max() <= terms + 16


@pytest.mark.parametrize("channels", [24, 64])
def test_error_on_checkerboards_stays_below_that_of_any_sum(channels):
    (x, w, y), arguments = make((2, channels, 8, (1, 30, 30), 1, (0, 1, 1), (0, 1, 1), 1))
    sign = (-1.0) ** np.add.outer(np.arange(30), np.arange(30)).astype(np.float32)
    x, w = abs(x) * sign, abs(w)
    assert errors("forward", (x, w, y), arguments).max() <= 9 * channels + 16


def test_few_terms_are_refused():
    assert not conv_winograd.may_use(9 * 23)
    assert conv_winograd.may_use(9 * 24)
    assert conv_winograd.choose_tile(287).size == (2, 2)
    assert conv_winograd.choose_tile(288).size == (2, 4)
    assert conv_winograd.choose_tile(431).size == (2, 4)
    assert conv_winograd.choose_tile(432).size == (4, 4)
    assert not conv_winograd.may_use(191, (1, 3))
    assert conv_winograd.choose_tile(287, (1, 3)).size == (1, 2)
    assert conv_winograd.choose_tile(288, (1, 3)).size == (1, 4)
    assert conv_winograd.choose_tile(287, (1, 2)).size == (1, 3)
    assert conv_winograd.choose_tile(288, (1, 2)).size == (1, 5)
    for taps in 4, 5:
        assert not conv_winograd.may_use(799, (taps, taps))
        assert conv_winograd.choose_tile(800, (taps, taps)).size == (7 - taps, 7 - taps)
        assert not conv_winograd.may_use(399, (1, taps))
        assert conv_winograd.choose_tile(400, (1, taps)).size == (1, 7 - taps)


@pytest.mark.parametrize("primitive", PRIMITIVES)
def test_the_result_is_added(primitive):
    arrays, arguments = make(GEOMETRIES["F(4, 3)"])
    fresh = run(conv_winograd, primitive, arrays, arguments)
    start = np.full_like(fresh, 7)
    arrays[("input_grad", "weight_grad", "forward").index(primitive)] = start
    getattr(conv_winograd, primitive)(*arrays, *arguments, 1)
    np.testing.assert_allclose(start, fresh + 7, atol=1e-4)


@pytest.mark.parametrize("primitive", ["forward", "input_grad"])
@each_geometry
def test_a_filled_result_is_the_sum_and_the_bias(case, primitive):
    arrays, arguments = make(case)
    wanted = run(conv_winograd, primitive, arrays, arguments)
    position = ("input_grad", "weight_grad", "forward").index(primitive)
    bias = np.arange(wanted.shape[1], dtype=np.float32)
    result = arrays[position] = np.full_like(wanted, np.nan)
    getattr(conv_winograd, f"fill_{primitive}")(*arrays, *arguments, 1, bias)
    bound = 4 * EPS * (abs(wanted).max() + bias.max())
    assert abs(result - wanted - bias[:, None, None, None]).max() <= bound


@each_geometry
def test_a_filled_weight_gradient_is_the_sum(case):
    (x, w, y), arguments = make(case)
    wanted = run(conv_winograd, "weight_grad", (x, w, y), arguments)
    w[:] = np.nan
    conv_winograd.fill_weight_grad(x, w, y, *arguments, 2)
    np.testing.assert_array_equal(w, wanted)


@pytest.mark.parametrize("primitive", PRIMITIVES)
@each_geometry
def test_what_lies_beside_the_arrays_does_not_matter(case, primitive):
    arrays, arguments = make(case)
    wanted = run(conv_winograd, primitive, arrays, arguments)
    surrounded = []
    for array in arrays:
        room = np.full(array.size + 128, np.nan, np.float32)
        room[64:-64] = array.ravel()
        surrounded.append(room[64:-64].reshape(array.shape))
    np.testing.assert_array_equal(run(conv_winograd, primitive, surrounded, arguments), wanted)


def test_not_a_number_stays_in_its_tiles():
    (x, w, y), arguments = make((2, 48, 8, (1, 16, 16), 1, (0, 1, 1), (0, 1, 1), 1))
    clean = run(conv_winograd, "forward", (x, w, y), arguments)
    x[1, 3, 0, 6, 6] = np.nan  # only the tile of rows and columns 4 to 7 reads it
    spoilt = run(conv_winograd, "forward", (x, w, y), arguments)
    assert np.isnan(spoilt[1, :, 0, 5:8, 5:8]).all()
    spoilt[1, :, 0, 4:8, 4:8] = clean[1, :, 0, 4:8, 4:8]
    np.testing.assert_array_equal(spoilt, clean)


@pytest.mark.parametrize(
    "arguments, wanted",
    [
        ((4, (1, 3, 3), ONES, ONES), True),
        ((4, (3, 3, 3), ONES, ONES), True),
        ((8, (1, 3, 3), ONES, ONES), False),
        ((4, (3, 3, 1), ONES, ONES), False),
        ((4, (1, 4, 4), ONES, ONES), True),
        ((4, (1, 5, 5), ONES, ONES), True),
        ((4, (1, 3, 5), ONES, ONES), False),
        ((4, (3, 1, 5), ONES, (1, 1, 8)), True),
        ((4, (1, 3, 3), (1, 2, 1), ONES), False),
        ((4, (1, 3, 3), ONES, (1, 1, 2)), True),
        ((4, (1, 1, 3), ONES, (1, 1, 256)), True),
        ((4, (2, 1, 2), ONES, ONES), True),
        ((4, (1, 1, 1), ONES, ONES), False),
        ((4, (1, 2, 2), ONES, ONES), False),
    ],
)
def test_what_is_supported(arguments, wanted):
    assert conv_winograd.supports(*arguments) is wanted


@pytest.mark.parametrize("primitive", PRIMITIVES)
def test_other_geometries_and_types_are_refused(primitive):
    (x, w, y), (_, _, low, groups) = make(GEOMETRIES["F(4, 3)"])
    function = getattr(conv_winograd, primitive)
    with pytest.raises(ValueError, match=r"kernel \(1, 3, 3\), stride \(1, 2, 2\)"):
        function(x, w, y, (1, 2, 2), ONES, low, groups, 1)
    with pytest.raises(ValueError, match=r"kernel \(1, 3, 2\).* needs 2 to 5 taps"):
        function(x, np.ascontiguousarray(w[..., :2]), y, ONES, ONES, low, groups, 1)
    with pytest.raises(ValueError, match="float"):
        function(*(array.astype(np.float64) for array in (x, w, y)), ONES, ONES, low, groups, 1)
