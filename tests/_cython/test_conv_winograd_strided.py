"""Winograd's algorithm for two taps equals the definition, within the bound of a sum."""

import itertools

import numpy as np
import pytest

from lucid import kernels
from lucid._cython import conv_direct, conv_naive, conv_winograd_strided
from lucid.geometry import conv_geometry

EPS = np.finfo(np.float32).eps
ONES = (1, 1, 1)
PRIMITIVES = ("forward", "input_grad", "weight_grad")
KERNELS = {  # kernel and stride
    "4x4 stride 2": ((1, 4, 4), (1, 2, 2)),
    "3x3 stride 2": ((1, 3, 3), (1, 2, 2)),
    "2x2": ((1, 2, 2), ONES),
    "4x4x4 stride 2": ((4, 4, 4), (2, 2, 2)),
    "3x3x3 stride 2": ((3, 3, 3), (2, 2, 2)),
    "4x2 stride 2x1": ((2, 4, 2), (1, 2, 1)),
    "2x3 stride 1x2": ((3, 2, 3), (2, 1, 2)),
    "one axis": ((1, 1, 4), (1, 1, 2)),
    "two taps and one": ((1, 3, 2), (1, 2, 2)),
    "one tap and two": ((1, 1, 3), (3, 2, 2)),
    "stride beyond the kernel": ((2, 4, 1), (3, 2, 2)),
}
SIZES = {  # items, channels and features of a group, input size, low, high, groups
    "one tile": (1, 4, 8, (1, 8, 8), (0, 1, 1), (0, 1, 1), 1),
    "tails": (3, 5, 9, (2, 11, 15), (0, 1, 1), (1, 1, 0), 1),
    "small image": (37, 3, 5, (1, 5, 4), (1, 1, 1), (2, 1, 1), 1),
    "one pixel": (5, 9, 10, (1, 4, 4), (0, 0, 0), (0, 0, 0), 1),
    "two items of one tile": (2, 17, 33, (1, 7, 8), (0, 1, 1), (0, 1, 1), 1),
    "beside the image": (1, 3, 9, (1, 8, 8), (0, 9, 9), (0, 9, 9), 1),
    "no padding": (2, 10, 8, (4, 9, 11), (0, 0, 0), (0, 0, 0), 1),
    "wide padding": (2, 6, 8, (1, 5, 6), (1, 2, 3), (2, 3, 2), 1),
    "cropped": (2, 34, 6, (5, 12, 13), (0, -2, -1), (-1, 1, -3), 1),
    "mostly padding": (1, 2, 3, (1, 2, 2), (2, 5, 7), (2, 6, 3), 1),
    "groups": (2, 7, 11, (4, 10, 6), (0, 1, 1), (0, 1, 1), 3),
    "long rows": (1, 2, 3, (4, 6, 301), (0, 1, 1), (0, 1, 1), 1),
    "long columns": (1, 2, 3, (4, 301, 6), (0, 1, 1), (0, 1, 1), 1),
    "a thousand channels": (1, 1001, 9, (3, 6, 6), (0, 1, 1), (0, 1, 1), 1),
    "many features": (2, 3, 301, (3, 6, 6), (1, 1, 1), (0, 1, 1), 1),
    "weights in turns": (3, 80, 110, (1, 9, 9), (0, 1, 1), (0, 1, 1), 1),
}
SHARED = {  # how threads share a weight gradient: kernel, sizes
    "all outputs held": ("4x4 stride 2", (9, 61, 70, (1, 12, 12), (0, 1, 1), (0, 1, 1), 1)),
    "parts of groups": ("4x4 stride 2", (2, 17, 33, (1, 7, 8), (0, 1, 1), (0, 1, 1), 3)),
    "blocks": ("4x4 stride 2", (2, 41, 301, (1, 99, 101), (0, 1, 1), (0, 1, 1), 1)),
    "chunks": ("2x2", (1, 9, 40, (1, 145, 145), (0, 1, 1), (0, 1, 1), 1)),
    "chunks of groups": ("2x2", (2, 5, 33, (1, 121, 122), (0, 0, 0), (0, 0, 0), 3)),
    "chunks of few features": ("3x3 stride 2", (2, 9, 20, (1, 199, 203), (0, 1, 1), (0, 1, 1), 1)),
}


def output_size(kernel, sizes):
    """Return the positions along each axis; below 1 if the kernel does not fit."""
    return tuple(
        (n + before + after - k) // s + 1
        for n, before, after, k, s in zip(*sizes[3:6], *kernel, strict=True)
    )


CASES = {
    f"{name}, {image}": (kernel, sizes)
    for name, kernel in KERNELS.items() for image, sizes in SIZES.items()
    if min(output_size(kernel, sizes)) >= 1
}
COVERED = {  # those where each position of the input belongs to some phase
    name: (kernel, sizes) for name, (kernel, sizes) in CASES.items()
    if all(s <= k for k, s in zip(*kernel, strict=True))
}


def make(kernel, sizes, spread=None, seed=0):
    """Return x, w, y as random float32 arrays, and the arguments of a kernel but for threads."""
    (taps, stride), (items, channels, features, size, low, _, groups) = kernel, sizes
    output = output_size(kernel, sizes)
    rng = np.random.default_rng(seed)
    shapes = (
        (items, groups * channels, *size), (groups * features, channels, *taps),
        (items, groups * features, *output),
    )
    arrays = []
    for shape in shapes:
        array = rng.standard_normal(shape)
        if spread:
            array *= np.exp2(rng.uniform(-spread, spread, shape))
        arrays.append(array.astype(np.float32))
    return arrays, (stride, ONES, low, groups)


def run(module, primitive, arrays, arguments, threads=1):
    """Compute one of the three arrays from the other two."""
    arrays = list(arrays)
    position = ("input_grad", "weight_grad", "forward").index(primitive)
    result = arrays[position] = np.zeros_like(arrays[position])
    getattr(module, primitive)(*arrays, *arguments, threads)
    return result


each_primitive = pytest.mark.parametrize("primitive", PRIMITIVES)
each_cut = pytest.mark.parametrize(  # with tails, and with several groups
    ("kernel", "sizes"),
    [case for case in CASES.values() if case[1] in (SIZES["tails"], SIZES["groups"])],
)
each_case = pytest.mark.parametrize(("kernel", "sizes"), CASES.values(), ids=CASES)


@each_primitive
@each_case
def test_equals_the_definition(kernel, sizes, primitive):
    arrays, arguments = make(kernel, sizes)
    exact = [array.astype(np.float64) for array in arrays]
    wanted = run(conv_naive, primitive, exact, arguments)
    scale = run(conv_naive, primitive, [abs(array) for array in exact], arguments)
    found = run(conv_winograd_strided, primitive, arrays, arguments)
    assert abs(found - wanted).max() <= 32 * EPS * scale.max()


@each_primitive
@each_cut
def test_bits_do_not_depend_on_threads(kernel, sizes, primitive):
    arrays, arguments = make(kernel, sizes)
    alone = run(conv_winograd_strided, primitive, arrays, arguments)
    for threads in (2, 3, 7):
        found = run(conv_winograd_strided, primitive, arrays, arguments, threads)
        np.testing.assert_array_equal(found, alone)


@pytest.mark.parametrize(("name", "sizes"), SHARED.values(), ids=SHARED)
def test_threads_share_a_weight_gradient(name, sizes):
    arrays, arguments = make(KERNELS[name], sizes)
    exact = [array.astype(np.float64) for array in arrays]
    wanted = run(conv_direct, "weight_grad", exact, arguments)
    scale = run(conv_direct, "weight_grad", [abs(array) for array in exact], arguments)
    alone = run(conv_winograd_strided, "weight_grad", arrays, arguments)
    assert abs(alone - wanted).max() <= 32 * EPS * scale.max()
    for threads in (2, 3, 7, 33):
        found = run(conv_winograd_strided, "weight_grad", arrays, arguments, threads)
        np.testing.assert_array_equal(found, alone)


@pytest.mark.parametrize("primitive", PRIMITIVES[:2])
@each_cut
def test_bits_of_an_item_do_not_depend_on_the_batch(kernel, sizes, primitive):
    (x, w, y), arguments = make(kernel, (11, *sizes[1:]))
    together = run(conv_winograd_strided, primitive, (x, w, y), arguments)
    for n in (0, 5, 10):
        item = x[n : n + 1], w, y[n : n + 1]
        alone = run(conv_winograd_strided, primitive, item, arguments)
        np.testing.assert_array_equal(together[n : n + 1], alone)


@pytest.mark.parametrize(
    ("primitive", "name", "channels", "terms"),
    [
        ("forward", "4x4 stride 2", 32, 512),
        ("forward", "3x3 stride 2", 57, 513),
        ("forward", "2x2", 128, 512),
        ("input_grad", "4x4 stride 2", 128, 512),
        ("input_grad", "3x3 stride 2", 228, 4 * 228),
        ("input_grad", "2x2", 128, 512),
        ("weight_grad", "4x4 stride 2", 24, 512),
        ("weight_grad", "3x3 stride 2", 24, 512),
        ("weight_grad", "2x2", 24, 2 * 33 * 33),
    ],
)
def test_error_on_wide_range_data_stays_below_that_of_any_sum(primitive, name, channels, terms):
    read, written = (channels, 24) if primitive == "forward" else (24, channels)
    sizes = 2, read, written, (1, 32, 32), (0, 1, 1), (0, 1, 1), 1
    assert terms >= conv_winograd_strided.FEWEST_TERMS[primitive]
    for seed in range(3):
        arrays, arguments = make(KERNELS[name], sizes, spread=8, seed=seed)
        exact = [array.astype(np.float64) for array in arrays]
        wanted = run(conv_direct, primitive, exact, arguments)
        scale = run(conv_direct, primitive, [abs(array) for array in exact], arguments)
        found = run(conv_winograd_strided, primitive, arrays, arguments)
        assert (abs(found - wanted) <= (terms + 16) * EPS * scale).all()


@pytest.mark.parametrize("name", ["3x3 stride 2", "4x4 stride 2"])
def test_each_phase_of_an_input_gradient_keeps_the_bound_of_its_own_terms(name):
    kernel = KERNELS[name]
    arrays, arguments = make(kernel, (2, 24, 256, (1, 32, 32), (0, 1, 1), (0, 1, 1), 1), spread=8)
    exact = [array.astype(np.float64) for array in arrays]
    wanted = run(conv_direct, "input_grad", exact, arguments)
    scale = run(conv_direct, "input_grad", [abs(array) for array in exact], arguments)
    found = run(conv_winograd_strided, "input_grad", arrays, arguments)
    for a, b in itertools.product(range(2), range(2)):
        terms = 256
        for start in (a, b):  # of taps k, those with (start + 1 - k) % 2 == 0
            terms *= len(range((start + 1) % 2, kernel[0][1], 2))
        bound = (terms + 16) * EPS * scale
        assert (abs(found - wanted) <= bound)[..., a::2, b::2].all()


@pytest.mark.parametrize(
    ("primitive", "kernel", "sizes"),
    [("forward", *case) for case in CASES.values()]
    + [("input_grad", *case) for case in COVERED.values()],
)
def test_a_filled_result_is_the_sum_and_the_bias(primitive, kernel, sizes):
    arrays, arguments = make(kernel, sizes)
    wanted = run(conv_winograd_strided, primitive, arrays, arguments)
    position = ("input_grad", "weight_grad", "forward").index(primitive)
    bias = np.arange(wanted.shape[1], dtype=np.float32)
    result = arrays[position] = np.full_like(wanted, np.nan)
    getattr(conv_winograd_strided, f"fill_{primitive}")(*arrays, *arguments, 1, bias)
    bound = 4 * EPS * (abs(wanted).max() + bias.max())
    assert abs(result - wanted - bias[:, None, None, None]).max() <= bound


@each_case
def test_a_filled_weight_gradient_is_the_sum(kernel, sizes):
    arrays, arguments = make(kernel, sizes)
    wanted = run(conv_winograd_strided, "weight_grad", arrays, arguments)
    arrays[1][...] = np.nan
    conv_winograd_strided.fill_weight_grad(*arrays, *arguments, 2)
    np.testing.assert_array_equal(arrays[1], wanted)


@each_primitive
def test_an_empty_batch_is_nothing(primitive):
    sizes = 0, *SIZES["tails"][1:]
    layer = KERNELS["4x4 stride 2"]
    (x, w, y), (stride, dilation, low, groups) = make(layer, sizes)
    geometry = conv_geometry(
        x.shape, w.shape, stride, tuple(zip(sizes[4], sizes[5], strict=True)), dilation, groups
    )
    with kernels.use("winograd_strided"):
        if primitive == "forward":
            assert kernels.conv(x, w, geometry).shape == y.shape
        elif primitive == "input_grad":
            assert kernels.conv_input_grad(y, w, geometry).shape == x.shape
        else:
            assert not kernels.conv_weight_grad(x, y, geometry).any()


@each_primitive
@each_cut
def test_the_result_is_added(kernel, sizes, primitive):
    arrays, arguments = make(kernel, sizes)
    fresh = run(conv_winograd_strided, primitive, arrays, arguments)
    start = np.full_like(fresh, 7)
    arrays[("input_grad", "weight_grad", "forward").index(primitive)] = start
    getattr(conv_winograd_strided, primitive)(*arrays, *arguments, 1)
    np.testing.assert_allclose(start, fresh + 7, atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ((4, (1, 4, 4), (1, 2, 2), ONES), True),
        ((4, (5, 3, 3), (1, 2, 2), (2, 1, 1)), True),
        ((4, (1, 1, 2), ONES, ONES), True),
        ((8, (1, 4, 4), (1, 2, 2), ONES), False),
        ((4, (1, 5, 4), (1, 2, 2), ONES), False),
        ((4, (1, 6, 6), (1, 3, 3), ONES), False),
        ((4, (1, 2, 2), (1, 2, 2), ONES), False),
        ((4, (1, 4, 4), (1, 2, 2), (1, 1, 2)), False),
    ],
)
def test_what_is_supported(arguments, wanted):
    assert conv_winograd_strided.supports(*arguments) is wanted


@each_primitive
def test_other_geometries_and_types_are_refused(primitive):
    (x, w, y), (_, _, low, groups) = make(KERNELS["4x4 stride 2"], SIZES["one tile"])
    function = getattr(conv_winograd_strided, primitive)
    for stride, dilation in itertools.product([ONES, (1, 2, 2)], [ONES, (1, 1, 2)]):
        if (stride, dilation) != ((1, 2, 2), ONES):
            with pytest.raises(ValueError, match=r"kernel \(1, 4, 4\), stride.*at most twice"):
                function(x, w, y, stride, dilation, low, groups, 1)
    with pytest.raises(ValueError, match="float"):
        function(*(each.astype(np.float64) for each in (x, w, y)), (1, 2, 2), ONES, low, groups, 1)
