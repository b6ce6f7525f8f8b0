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
    "columns, one wide": (2, 50, 9, (1, 13, 1), (1, 3, 1), (0, 1, 0), (0, 1, 0), 1),
    "columns": (2, 50, 9, (1, 13, 5), (1, 3, 1), (0, 1, 0), (0, 1, 0), 1),
    "columns, dilated": (2, 50, 9, (1, 40, 19), (1, 3, 1), (0, 4, 0), (0, 4, 0), 1, (1, 4, 1)),
    "taps of the first axis alone": (3, 50, 9, (7, 3, 5), (3, 1, 1), (1, 0, 0), (1, 0, 0), 1),
    "rows of volumes": (2, 30, 9, (5, 6, 7), (3, 3, 1), (1, 1, 0), (1, 1, 0), 1),
    "seven taps in a column of volumes": (2, 50, 9, (4, 13, 5), (1, 7, 1), (0, 3, 0), (0, 3, 0), 1),
    "seven taps in a row": (2, 40, 17, (1, 3, 61), (1, 1, 7), (0, 0, 3), (0, 0, 3), 1),
    "eleven taps, dilated": (
        2, 40, 17, (1, 1, 200), (1, 1, 11), (0, 0, 25), (0, 0, 25), 1, (1, 1, 5),
    ),
    "sixteen taps": (1, 40, 17, (1, 1, 90), (1, 1, 16), (0, 0, 7), (0, 0, 8), 1),
    "6x6": (2, 9, 17, (1, 17, 15), (1, 6, 6), (0, 2, 2), (0, 3, 3), 1),
    "7x7": (2, 30, 17, (1, 17, 15), (1, 7, 7), (0, 3, 3), (0, 3, 3), 1),
    "7x5 in groups": (2, 12, 18, (1, 17, 15), (1, 7, 5), (0, 3, 2), (0, 3, 2), 3),
    "9x4 of several planes": (1, 7, 5, (3, 19, 22), (1, 9, 4), (0, 4, 1), (0, 4, 2), 1),
    "7x7, dilated, mostly padding": (
        1, 30, 9, (1, 22, 25), (1, 7, 7), (0, 6, 9), (0, 6, 9), 1, (1, 2, 3),
    ),
    "3x4": (1, 20, 9, (1, 9, 8), (1, 3, 4), (0, 1, 1), (0, 1, 2), 1),
    "7x7, a thousand channels": (1, 1001, 3, (1, 8, 8), (1, 7, 7), (0, 3, 3), (0, 3, 3), 1),
    "6x6, many features": (2, 3, 301, (1, 9, 9), (1, 6, 6), (0, 0, 0), (0, 0, 0), 1),
    "several chunks": (9, 5, 7, (1, 61, 59), 1, (0, 1, 1), (0, 1, 1), 1),
    "several chunks of odd sizes": (3, 37, 41, (1, 61, 59), 1, (0, 1, 1), (0, 1, 1), 1),
    "several chunks in groups": (9, 4, 35, (3, 29, 30), 3, (1, 1, 1), (1, 1, 1), 1),
    "many features": (2, 3, 301, (1, 6, 6), 1, (0, 1, 1), (0, 1, 1), 1),
    "weights in turns": (9, 130, 176, (1, 5, 5), 1, (0, 1, 1), (0, 1, 1), 1),
    "sums in turns": (5, 130, 40, (1, 21, 19), 1, (0, 1, 1), (0, 1, 1), 1),
}
each_geometry = pytest.mark.parametrize("case", GEOMETRIES.values(), ids=GEOMETRIES)


def sizes_of(case):
    """Return, of three axes each, kernel, dilation, low, input and output sizes of a case."""
    _, _, _, size, kernel, low, high, _, *rest = case
    kernel = kernel if isinstance(kernel, tuple) else (kernel, 3, 3)
    dilation = rest[0] if rest else ONES
    output = tuple(
        n + before + after - (k - 1) * d
        for n, before, after, k, d in zip(size, low, high, kernel, dilation, strict=True)
    )
    return kernel, dilation, low, size, output


def make(case, spread=None, seed=0):
    """Return x, w, y as random float32 arrays, and the arguments of a kernel but for threads."""
    items, channels, features, size, _, low, _, groups, *_ = case
    kernel, dilation, *_, output = sizes_of(case)
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


def arrangement(primitive, case):
    """How a case is cut; its arrays are not made."""
    items, channels, features, *_, groups = case[:8]
    return conv_winograd.arrange(
        primitive, channels // groups, features // groups, items, ONES, *sizes_of(case)
    )


def barely_exact(primitive, case, tile=None):
    """The case with as few channels, features or items as are exact enough, for that tile."""
    items, channels, features, *rest = case
    for number in range(1, 1000):
        found = {
            "forward": (items, number, features), "input_grad": (items, channels, number),
            "weight_grad": (number, channels, features),
        }[primitive]
        cut = arrangement(primitive, (*found, *rest))
        if cut.exact and tile in (None, cut.tile.size):
            return (*found, *rest), cut
    raise AssertionError(f"{case} is never exact enough, with a tile of {tile}")


def assert_errors_are_those_of_a_sum(primitive, case, terms):
    arrays, arguments = make(case, spread=8)
    assert errors(primitive, arrays, arguments).max() <= terms + 16


@pytest.mark.parametrize("tile", [(2, 2), (2, 4), (4, 4)])
@pytest.mark.parametrize("items, size, low, high", [
    (4, 56, 1, 1), (16, 28, 1, 1), (60, 14, 1, 1), (200, 7, 1, 1), (500, 4, 1, 1),
    (2000, 2, 1, 1), (60, 14, 0, 0), (60, 14, 2, 1), (200, 7, 2, 2), (60, 14, 0, 2),
])
@pytest.mark.parametrize("primitive", ["forward", "input_grad"])
def test_error_on_wide_range_data_stays_below_that_of_any_sum(
    primitive, items, size, low, high, tile
):
    low, high = (0, low, low), (0, high, 1)
    case, _ = barely_exact(primitive, (items, 24, 24, (1, size, size), 1, low, high, 1), tile)
    assert_errors_are_those_of_a_sum(
        primitive, case, 9 * (case[1] if primitive == "forward" else case[2])
    )


@pytest.mark.parametrize("channels", [9, 11, 16, 32])
def test_error_in_three_axes_stays_below_that_of_any_sum(channels):
    case = (1, channels, 16, (8, 40, 40), 3, (1, 1, 1), (1, 1, 1), 1)
    assert arrangement("forward", case).exact
    assert_errors_are_those_of_a_sum("forward", case, 27 * channels)


@pytest.mark.parametrize("taps, tile", [
    (2, 3), (2, 5), (3, 2), (3, 4), (4, 3), (5, 2), (7, 4), (7, 3), (11, 4), (16, 3),
])
@pytest.mark.parametrize("items, size", [(1, 8000), (60, 100), (500, 12), (1000, 5), (2000, 2)])
@pytest.mark.parametrize("primitive", ["forward", "input_grad"])
def test_error_in_one_axis_stays_below_that_of_any_sum(primitive, items, size, taps, tile):
    low, high = (0, 0, (taps - 1) // 2), (0, 0, taps // 2)
    case = items, 24, 24, (1, 1, size), (1, 1, taps), low, high, 1
    case, _ = barely_exact(primitive, case, (1, tile))
    assert_errors_are_those_of_a_sum(
        primitive, case, taps * (case[1] if primitive == "forward" else case[2])
    )


@pytest.mark.parametrize("kernel", [(4, 4), (5, 5), (6, 6), (7, 7), (9, 9), (3, 5), (8, 4)])
@pytest.mark.parametrize("items, size", [(2, 56), (30, 14), (100, 7), (200, 5), (400, 3)])
@pytest.mark.parametrize("primitive", ["forward", "input_grad"])
def test_error_of_many_taps_stays_below_that_of_any_sum(primitive, items, size, kernel):
    low, high = ((0, *(n // 2 for n in sizes)) for sizes in ([k - 1 for k in kernel], kernel))
    case, _ = barely_exact(primitive, (items, 24, 24, (1, size, size), (1, *kernel), low, high, 1))
    pairs = case[1] if primitive == "forward" else case[2]
    assert_errors_are_those_of_a_sum(primitive, case, kernel[0] * kernel[1] * pairs)


@pytest.mark.parametrize(
    "kernel", [(3, 3), (4, 4), (5, 5), (7, 7), (3, 5), (1, 3), (1, 5), (1, 11)]
)
@pytest.mark.parametrize("size", [23, 14, 10, 7, 5, 3])
def test_error_of_a_weight_gradient_stays_below_that_of_any_sum(size, kernel):
    low, high = ((0, *(n // 2 for n in sizes)) for sizes in ([k - 1 for k in kernel], kernel))
    shape = (1, 1 if kernel[0] == 1 else size, size)
    if kernel[0] > 2 * size - 1 or kernel[1] > 2 * size - 1:
        return  # some taps meet nothing but padding: it is never exact enough
    case, _ = barely_exact("weight_grad", (1, 32, 64, shape, (1, *kernel), low, high, 1))
    *_, output = sizes_of(case)
    assert_errors_are_those_of_a_sum("weight_grad", case, case[0] * int(np.prod(output)))


@pytest.mark.parametrize("channels", [24, 64])
def test_error_on_checkerboards_stays_below_that_of_any_sum(channels):
    (x, w, y), arguments = make((2, channels, 8, (1, 30, 30), 1, (0, 1, 1), (0, 1, 1), 1))
    sign = (-1.0) ** np.add.outer(np.arange(30), np.arange(30)).astype(np.float32)
    x, w = abs(x) * sign, abs(w)
    assert errors("forward", (x, w, y), arguments).max() <= 9 * channels + 16


def square(size, taps, channels, padding=None):
    padding = (taps - 1) // 2 if padding is None else padding
    low = (0, padding, padding)
    return 1, channels, 64, (1, size, size), (1, taps, taps), low, low, 1


def test_fewer_terms_get_smaller_tiles_or_none():
    for channels, exact, tile in (
        (23, False, (2, 2)), (24, True, (2, 2)), (31, True, (2, 2)), (32, True, (2, 4)),
        (47, True, (2, 4)), (48, True, (4, 4)),
    ):
        found = arrangement("forward", square(56, 3, channels))
        assert (found.blocks, found.exact, found.tile.size) == (1, exact, tile)
    for taps in 4, 5:
        fewest = -(-600 // taps ** 2)
        whole = arrangement("forward", square(40, taps, fewest, 0))
        assert (whole.blocks, whole.exact, whole.tile.size) == (1, True, (7 - taps, 7 - taps))
        assert arrangement("forward", square(40, taps, fewest - 1, 0)).blocks == 4


def test_where_results_meet_little_but_padding_more_channels_are_asked_for():
    for size, fewest in (56, 24), (8, 27), (4, 33), (2, 46), (1, 216):
        for channels in fewest - 1, fewest:
            found = arrangement("forward", square(size, 3, channels))
            assert found.exact is (channels == fewest), (size, channels)
    assert not arrangement("forward", square(14, 3, 215, 2)).exact  # one tap of nine at a corner
    assert arrangement("forward", square(14, 3, 216, 2)).exact
    assert not arrangement("forward", square(14, 3, 999, 3)).exact  # none


def test_long_kernels_are_cut_into_blocks():
    for kernel, blocks, taps in (
        ((1, 5), 1, (1, 5)), ((1, 6), 2, (1, 3)), ((1, 7), 2, (1, 4)), ((1, 9), 3, (1, 3)),
        ((6, 6), 4, (3, 3)), ((7, 7), 4, (4, 4)), ((9, 9), 9, (3, 3)), ((3, 5), 2, (3, 3)),
        ((3, 4), 1, (4, 4)),
    ):
        case = 1, 900, 9, (1, 40, 40), (1, *kernel), (0, 0, 0), (0, 0, 0), 1
        found = arrangement("forward", case)
        assert (found.blocks, found.taps, found.exact) == (blocks, taps, True), kernel
        assert found.products < 900 * 9 * np.prod(kernel) * (41 - kernel[0]) * (41 - kernel[1])


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


@pytest.mark.parametrize("kernel, low, wanted", [
    ((1, 3, 3), 1, True), ((3, 3, 3), 1, True), ((1, 4, 4), 1, True), ((1, 5, 5), 1, True),
    ((1, 3, 5), 1, True), ((2, 3, 5), 1, False), ((3, 1, 5), 0, True), ((2, 1, 2), 0, True),
    ((3, 3, 1), 0, True), ((3, 3, 1), 1, False), ((1, 1, 1), 0, False), ((1, 2, 2), 0, False),
    ((1, 1, 40), 0, True), ((3, 1, 7), 0, False), ((5, 1, 1), 0, True), ((1, 2, 7), 0, False),
])
def test_what_it_computes(kernel, low, wanted):
    size, low = (50, 50, 50), (low, low, low)
    output = tuple(50 + 2 * before - k + 1 for before, k in zip(low, kernel, strict=True))
    sizes = kernel, ONES, low, size, output
    assert (conv_winograd.arrange("forward", 8, 8, 1, ONES, *sizes) is not None) is wanted
    assert conv_winograd.arrange("forward", 8, 8, 1, (1, 2, 1), *sizes) is None


@pytest.mark.parametrize("primitive", PRIMITIVES)
def test_other_geometries_and_types_are_refused(primitive):
    (x, w, y), (_, _, low, groups) = make(GEOMETRIES["F(4, 3)"])
    function = getattr(conv_winograd, primitive)
    with pytest.raises(ValueError, match=r"kernel \(1, 3, 3\), stride \(1, 2, 2\)"):
        function(x, w, y, (1, 2, 2), ONES, low, groups, 1)
    with pytest.raises(ValueError, match=r"kernel \(1, 3, 2\).* 2 to 5 in one and one"):
        function(x, np.ascontiguousarray(w[..., :2]), y, ONES, ONES, low, groups, 1)
    with pytest.raises(ValueError, match="float"):
        function(*(array.astype(np.float64) for array in (x, w, y)), ONES, ONES, low, groups, 1)
