"""The depthwise kernel equals the definition, on every geometry where it may be used."""

import ctypes
import mmap
import sys
from math import gcd
from types import SimpleNamespace

import numpy as np
import pytest

from lucid import kernels
from lucid._cython import conv_depthwise, conv_depthwise_weights, conv_naive
from lucid.geometry import conv_geometry

PRIMITIVES = ("forward", "input_grad", "weight_grad")
DEPTHWISE = SimpleNamespace(
    forward=conv_depthwise.forward, input_grad=conv_depthwise.input_grad,
    weight_grad=conv_depthwise_weights.weight_grad,
)
# input size, kernel, stride, dilation, low, high, channels, multiplier
TABLE = {
    "one pixel": ((1, 1), (1, 1), (1, 1), (1, 1), (0, 0), (0, 0), 3, 1),
    "one pixel, padded": ((1, 1), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 37, 1),
    "3x3": ((28, 30), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 3, 1),
    "a thousand channels": ((7, 7), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 1000, 1),
    "3x3, one row": ((1, 9), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 3, 1),
    "3x3, four columns": ((2, 4), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 5, 1),
    "3x3, not padded": ((9, 31), (3, 3), (1, 1), (1, 1), (0, 0), (0, 0), 3, 1),
    "3x3, padded on one side": ((5, 27), (3, 3), (1, 1), (1, 1), (2, 0), (0, 2), 3, 1),
    "3x3, padded by 2": ((7, 48), (3, 3), (1, 1), (1, 1), (2, 2), (2, 2), 3, 1),
    "3x3, more padding than taps": ((4, 10), (3, 3), (1, 1), (1, 1), (3, 4), (4, 3), 3, 1),
    "3x3, columns apart": ((9, 70), (3, 3), (1, 1), (1, 5), (1, 5), (1, 5), 2, 1),
    "3x3, planes": ((3, 8, 10), (1, 3, 3), (1, 1, 1), (1, 1, 1), (0, 1, 1), (0, 1, 1), 3, 1),
    "2x2": ((8, 9), (2, 2), (1, 1), (1, 1), (0, 0), (1, 1), 3, 1),
    "4x4": ((11, 40), (4, 4), (1, 1), (1, 1), (1, 1), (2, 2), 3, 1),
    "5x5": ((13, 17), (5, 5), (1, 1), (1, 1), (2, 2), (2, 2), 3, 1),
    "5x5, one row": ((1, 9), (5, 5), (1, 1), (1, 1), (2, 2), (2, 2), 3, 1),
    "5x5, not padded": ((9, 25), (5, 5), (1, 1), (1, 1), (0, 0), (0, 0), 3, 1),
    "5x5, padded by 4": ((6, 27), (5, 5), (1, 1), (1, 1), (4, 4), (4, 4), 3, 1),
    "7x7, two rows": ((2, 4), (7, 7), (1, 1), (1, 1), (3, 3), (3, 3), 5, 1),
    "7x7, 7 columns": ((7, 7), (7, 7), (1, 1), (1, 1), (3, 3), (3, 3), 37, 1),
    "7x7, padded on one side": ((11, 50), (7, 7), (1, 1), (1, 1), (6, 0), (0, 6), 3, 1),
    "7x7, columns apart": ((9, 70), (7, 7), (1, 1), (1, 2), (3, 6), (3, 6), 2, 1),
    "7x7, several blocks": ((150, 140), (7, 7), (1, 1), (1, 1), (3, 3), (3, 3), 1, 1),
    "6x6": ((16, 16), (6, 6), (1, 1), (1, 1), (3, 3), (2, 2), 1, 1),
    "7x7": ((14, 14), (7, 7), (1, 1), (1, 1), (3, 3), (3, 3), 3, 1),
    "11x3": ((20, 33), (11, 3), (1, 1), (1, 1), (5, 1), (5, 1), 2, 1),
    "as large as the image": ((9, 12), (9, 12), (1, 1), (1, 1), (0, 0), (0, 0), 3, 1),
    "larger than the image": ((2, 3), (7, 7), (1, 1), (1, 1), (3, 3), (3, 3), 3, 1),
    "stride 2": ((15, 30), (3, 3), (2, 2), (1, 1), (1, 1), (1, 1), 3, 1),
    "stride 2, even": ((14, 66), (3, 3), (2, 2), (1, 1), (1, 1), (1, 1), 3, 1),
    "stride 2, 7x7 image": ((7, 7), (3, 3), (2, 2), (1, 1), (1, 1), (1, 1), 37, 1),
    "stride 2, one row": ((1, 17), (3, 3), (2, 2), (1, 1), (1, 1), (1, 1), 3, 1),
    "stride 2, not padded": ((8, 31), (3, 3), (2, 2), (1, 1), (0, 0), (0, 0), 3, 1),
    "stride 2, padded before": ((9, 28), (3, 3), (2, 2), (1, 1), (1, 1), (0, 0), 3, 1),
    "stride 2, padded behind": ((14, 67), (3, 3), (2, 2), (1, 1), (0, 0), (1, 1), 3, 1),
    "stride 2, padded by 2": ((14, 20), (3, 3), (2, 2), (1, 1), (2, 2), (2, 2), 3, 1),
    "stride 2, long rows": ((4, 16380), (3, 3), (2, 2), (1, 1), (1, 1), (1, 1), 2, 1),
    "stride 2, planes": ((3, 8, 20), (1, 3, 3), (1, 2, 2), (1, 1, 1), (0, 1, 1), (0, 1, 1), 3, 1),
    "stride 2, 5x5": ((14, 65), (5, 5), (2, 2), (1, 1), (2, 2), (2, 2), 3, 1),
    "stride 2, 5x5, 7x7 image": ((7, 7), (5, 5), (2, 2), (1, 1), (2, 2), (2, 2), 37, 1),
    "stride 2, 5x5, one row": ((1, 9), (5, 5), (2, 2), (1, 1), (2, 2), (2, 2), 3, 1),
    "stride 2, 5x5, not padded": ((12, 39), (5, 5), (2, 2), (1, 1), (0, 0), (0, 0), 3, 1),
    "stride 2, 5x5, on one side": ((13, 34), (5, 5), (2, 2), (1, 1), (2, 0), (0, 2), 3, 1),
    "stride 2, 7x7": ((14, 66), (7, 7), (2, 2), (1, 1), (3, 3), (3, 3), 5, 1),
    "stride 2, 7x7, two rows": ((2, 8), (7, 7), (2, 2), (1, 1), (3, 3), (3, 3), 5, 1),
    "stride 2, 7x7, padded by 5": ((9, 25), (7, 7), (2, 2), (1, 1), (5, 5), (5, 5), 3, 1),
    "stride 2, 7x7, in blocks": ((150, 301), (7, 7), (2, 2), (1, 1), (3, 3), (3, 3), 1, 1),
    "stride 2, 5x7": ((14, 20), (5, 7), (2, 2), (1, 1), (2, 3), (2, 3), 3, 1),
    "stride 2, 5x5, planes": (
        (3, 8, 20), (1, 5, 5), (1, 2, 2), (1, 1, 1), (0, 2, 2), (0, 2, 2), 3, 1,
    ),
    "stride in rows only": ((15, 30), (3, 3), (2, 1), (1, 1), (1, 1), (1, 1), 3, 1),
    "stride in columns only": ((15, 30), (4, 3), (1, 3), (1, 1), (1, 1), (1, 1), 3, 1),
    "stride beyond the kernel": ((11, 12), (2, 2), (5, 5), (1, 1), (0, 0), (0, 0), 3, 1),
    "dilation": ((21, 20), (3, 3), (1, 1), (2, 3), (2, 3), (2, 3), 3, 1),
    "dilation meets stride": ((19, 19), (3, 3), (2, 2), (2, 2), (2, 2), (2, 2), 2, 1),
    "dilation 3, stride 2": ((19, 16), (3, 3), (2, 2), (3, 3), (3, 3), (3, 3), 2, 1),
    "taps that see only padding": ((3, 3), (3, 3), (1, 1), (50, 50), (50, 50), (50, 50), 2, 1),
    "a row of 25": ((9, 25), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 2, 1),
    "a row of 23": ((6, 23), (5, 5), (1, 1), (1, 1), (2, 2), (2, 2), 2, 1),
    "blocks with wide borders": ((150, 130), (3, 3), (1, 1), (1, 1), (20, 9), (15, 30), 1, 1),
    "a volume in blocks": (
        (30, 40, 31), (3, 3, 3), (1, 1, 1), (1, 1, 1), (2, 1, 1), (1, 1, 3), 2, 1,
    ),
    "cropped": ((12, 12), (3, 3), (1, 1), (1, 1), (-2, -1), (-1, -2), 3, 1),
    "all rows cropped": ((1, 8), (3, 3), (1, 1), (1, 1), (-1, 4), (4, 7), 5, 1),
    "large low": ((4, 4), (3, 3), (1, 1), (1, 1), (9, 9), (2, 1), 2, 1),
    "multiplier 2": ((8, 9), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 5, 2),
    "multiplier 3, stride 2": ((8, 9), (3, 3), (2, 2), (1, 1), (1, 1), (1, 1), 2, 3),
    "one channel in": ((10, 10), (5, 5), (1, 1), (1, 1), (2, 2), (2, 2), 1, 6),
    "several blocks": ((150, 140), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 1, 1),
    "several blocks, stride 2": ((150, 301), (3, 3), (2, 2), (1, 1), (1, 1), (1, 1), 1, 1),
    "signal": ((300,), (3,), (1,), (8,), (16,), (0,), 5, 1),
    "signal, stride 2": ((301,), (4,), (2,), (1,), (1,), (1,), 3, 2),
    "long signal": ((40000,), (5,), (1,), (1,), (2,), (2,), 1, 1),
    "volume": ((5, 6, 7), (3, 3, 3), (1, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1), 3, 1),
    "volume, seven columns": (
        (4, 7, 7), (3, 3, 3), (1, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1), 37, 1,
    ),
    "volume, long rows": (
        (3, 9, 61), (3, 3, 3), (1, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1), 3, 1,
    ),
    "volume, two taps in depth": (
        (5, 6, 17), (2, 3, 3), (1, 1, 1), (1, 1, 1), (0, 1, 1), (1, 1, 1), 3, 1,
    ),
    "volume, 5x5x5": ((6, 9, 14), (5, 5, 5), (1, 1, 1), (1, 1, 1), (2, 2, 2), (2, 2, 2), 3, 1),
    "volume, 7x7x7": ((4, 8, 9), (7, 7, 7), (1, 1, 1), (1, 1, 1), (3, 3, 3), (3, 3, 3), 3, 1),
    "volume, planes of padding": (
        (2, 5, 9), (3, 3, 3), (1, 1, 1), (1, 1, 1), (5, 1, 2), (4, 2, 0), 3, 1,
    ),
    "volume, planes apart": (
        (7, 5, 12), (3, 3, 3), (1, 1, 1), (2, 1, 3), (2, 1, 3), (2, 1, 3), 3, 1,
    ),
    "volume, planes cropped": (
        (7, 5, 12), (3, 3, 3), (1, 1, 1), (1, 1, 1), (-2, 1, 1), (-1, 1, 1), 3, 1,
    ),
    "volume, in blocks": (
        (9, 70, 61), (3, 3, 3), (1, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1), 2, 1,
    ),
    "volume, rows in blocks": (
        (3, 200, 170), (3, 5, 5), (1, 1, 1), (1, 1, 1), (1, 2, 2), (1, 2, 2), 1, 1,
    ),
    "volume of one plane, stride in planes": (
        (1, 3, 8), (2, 3, 3), (2, 1, 1), (1, 1, 1), (0, 1, 1), (1, 1, 1), 5, 1,
    ),
    "volume, stride in planes": (
        (6, 9, 20), (3, 3, 3), (2, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1), 5, 1,
    ),
    "volume, all different": (
        (5, 8, 9), (2, 3, 1), (1, 2, 3), (2, 1, 2), (1, 0, 2), (1, 0, 2), 2, 2,
    ),
    "volume, stride 2": ((6, 7, 8), (3, 3, 3), (2, 2, 2), (1, 1, 1), (1, 1, 1), (1, 1, 1), 2, 1),
    "volume, stride 2 in rows and columns": (
        (4, 14, 14), (3, 3, 3), (1, 2, 2), (1, 1, 1), (1, 1, 1), (1, 1, 1), 37, 1,
    ),
    "volume, stride 2, one tap in depth": (
        (5, 9, 17), (1, 3, 3), (2, 2, 2), (1, 1, 1), (0, 1, 1), (0, 1, 1), 5, 1,
    ),
    "volume, stride 2, planes of padding": (
        (2, 8, 20), (3, 3, 3), (2, 2, 2), (1, 1, 1), (5, 1, 1), (4, 1, 1), 3, 1,
    ),
    "volume, stride 2, planes apart": (
        (7, 6, 33), (3, 3, 3), (3, 2, 2), (2, 1, 1), (2, 1, 0), (3, 1, 1), 3, 1,
    ),
    "volume, stride 2, planes cropped": (
        (9, 8, 18), (2, 3, 3), (2, 2, 2), (1, 1, 1), (-2, 0, 1), (-1, 1, 1), 3, 1,
    ),
    "volume, stride 2, 5x5x5": (
        (6, 9, 16), (5, 5, 5), (2, 2, 2), (1, 1, 1), (2, 2, 2), (2, 2, 2), 19, 1,
    ),
    "volume, stride 2, 2x7x7": (
        (5, 10, 23), (2, 7, 7), (1, 2, 2), (1, 1, 1), (0, 3, 3), (1, 3, 3), 3, 1,
    ),
    "volume, stride 2, in blocks": (
        (5, 150, 301), (3, 3, 3), (2, 2, 2), (1, 1, 1), (1, 1, 1), (1, 1, 1), 2, 1,
    ),
    "volume, stride 2, multiplier 2": (
        (4, 8, 20), (3, 3, 3), (2, 2, 2), (1, 1, 1), (1, 1, 1), (1, 1, 1), 3, 2,
    ),
}
each_row = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)


def call(row, n=2, dtype=np.float32, rng=None):
    """Arrays x, w, y of a row, lifted to three axes (small integers unless rng), and arguments."""
    size, kernel, stride, dilation, low, high, channels, multiplier = row
    x_shape, w_shape = (n, channels, *size), (channels * multiplier, 1, *kernel)
    padding = tuple(zip(low, high, strict=True))
    geometry = conv_geometry(x_shape, w_shape, stride, padding, dilation, channels)
    shapes = x_shape, w_shape, (n, w_shape[0], *geometry.output_size)
    lift = (1,) * (3 - len(size))
    integers = np.random.default_rng(0)
    arrays = [
        (integers.integers(-4, 5, shape) if rng is None else rng.standard_normal(shape))
        .astype(dtype).reshape(*shape[:2], *lift, *shape[2:])
        for shape in shapes
    ]
    zeros = (0,) * len(lift)
    return arrays, (lift + stride, lift + dilation, zeros + low, channels)


def compute(module, primitive, arrays, arguments, threads=1):
    """Add the result of a primitive to a copy of the array it writes."""
    place = {"forward": 2, "input_grad": 0, "weight_grad": 1}[primitive]
    arrays = [array.copy() if i == place else array for i, array in enumerate(arrays)]
    getattr(module, primitive)(*arrays, *arguments, threads)
    return arrays[place]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_row
def test_it_adds_what_the_definition_adds(row, dtype, threads):
    arrays, arguments = call(row, dtype=dtype)
    for primitive in PRIMITIVES:
        wanted = compute(conv_naive, primitive, arrays, arguments)
        found = compute(DEPTHWISE, primitive, arrays, arguments, threads)
        assert np.array_equal(found, wanted), primitive


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_row
def test_filling_sets_the_bias_and_the_sum_whatever_was_there(row, dtype):
    arrays, arguments = call(row, dtype=dtype)
    stride, dilation, kernel = arguments[0], arguments[1], arrays[1].shape[2:]
    taps = list(zip(stride, dilation, kernel, strict=True))
    for primitive, place in (("forward", 2), ("input_grad", 0)):
        if place == 0 and not all(s == 1 or s <= k and gcd(s, d) == 1 for s, d, k in taps):
            continue  # some positions are reached by no tap
        bias = np.arange(arrays[place].shape[1]).astype(dtype)
        arrays[place][:] = bias[:, None, None, None]
        wanted = compute(conv_naive, primitive, arrays, arguments)
        arrays[place][:] = np.nan
        getattr(conv_depthwise, f"fill_{primitive}")(*arrays, *arguments, 1, bias)
        assert np.array_equal(arrays[place], wanted), primitive
        arrays, arguments = call(row, dtype=dtype)


@each_row
def test_the_three_primitives_are_adjoint(row):
    (x, w, y), arguments = call(row, dtype=np.float64)
    products = []
    for primitive, arrays, other in (
        ("forward", (x, w, 0 * y), y), ("input_grad", (0 * x, w, y), x),
        ("weight_grad", (x, 0 * w, y), w),
    ):
        products.append(np.vdot(compute(DEPTHWISE, primitive, arrays, arguments), other))
    assert products[0] == products[1] == products[2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_row
def test_bits_do_not_depend_on_the_number_of_threads(row, dtype):
    arrays, arguments = call(row, n=3, dtype=dtype, rng=np.random.default_rng(1))
    for primitive in PRIMITIVES:
        one, two, five = (
            compute(DEPTHWISE, primitive, arrays, arguments, threads) for threads in (1, 2, 5)
        )
        assert np.array_equal(one, two) and np.array_equal(one, five), primitive


@each_row
def test_bits_of_a_sample_do_not_depend_on_the_batch(row):
    (x, w, y), arguments = call(row, n=5, rng=np.random.default_rng(2))
    for primitive, place in (("forward", 2), ("input_grad", 0)):
        whole = compute(DEPTHWISE, primitive, (x, w, y), arguments)
        alone = compute(DEPTHWISE, primitive, (x[3:4].copy(), w, y[3:4].copy()), arguments)
        assert np.array_equal(whole[3:4], alone), (primitive, place)


@pytest.mark.parametrize("primitive", PRIMITIVES)
def test_values_beyond_a_row_do_not_spread(primitive):
    """An infinite value stays in its window, though whole vectors reach into the next row."""
    arrays, arguments = call(TABLE["3x3"], rng=np.random.default_rng(3))
    arrays[0][..., 5, 0], arrays[2][..., 5, 0] = np.inf, np.inf
    arrays[1][:] = abs(arrays[1])
    wanted = compute(conv_naive, primitive, arrays, arguments)
    found = compute(DEPTHWISE, primitive, arrays, arguments)
    if primitive != "weight_grad":
        assert np.array_equal(np.isfinite(found), np.isfinite(wanted))
    else:
        assert not np.isfinite(found).all()


def test_auto_chooses_it():
    assert "depthwise" in kernels.list()
    x, w = np.ones((1, 8, 16, 16)), np.ones((8, 1, 3, 3))
    geometry = conv_geometry(x.shape, w.shape, groups=8)
    with kernels.use("depthwise"):
        assert np.array_equal(kernels.conv(x, w, geometry), np.full((1, 8, 14, 14), 9.0))


def test_a_dense_convolution_is_left_to_auto():
    x, w = np.ones((1, 2, 5, 5)), np.ones((3, 2, 3, 3))
    geometry = conv_geometry(x.shape, w.shape)
    with kernels.use("depthwise"):
        assert np.array_equal(kernels.conv(x, w, geometry), np.full((1, 3, 3, 3), 18.0))


def between_forbidden_pages(array, at_end):
    """Copy an array to pages of its own: a touch before or behind it ends the process."""
    page = mmap.PAGESIZE
    size = -(-array.nbytes // page) * page
    pages = mmap.mmap(-1, size + 2 * page)
    start = ctypes.addressof(ctypes.c_char.from_buffer(pages))
    protect = ctypes.CDLL(None).mprotect
    protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    assert protect(start, page, 0) == protect(start + page + size, page, 0) == 0
    offset = page + (size - array.nbytes if at_end else 0)
    copy = np.frombuffer(pages, array.dtype, array.size, offset).reshape(array.shape)
    copy[...] = array
    return copy


@pytest.mark.skipif(sys.platform != "linux", reason="asks the system to forbid pages")
@pytest.mark.parametrize("at_end", [False, True])
@each_row
def test_it_touches_nothing_outside_its_arrays(row, at_end):
    """Vectors reach beyond the rows of an image: those of the first and last are copies."""
    arrays, arguments = call(row, rng=np.random.default_rng(4))
    for primitive, place in (("forward", 2), ("input_grad", 0), ("weight_grad", 1)):
        wanted = compute(DEPTHWISE, primitive, arrays, arguments)
        alone = [between_forbidden_pages(array, at_end) for array in arrays]
        getattr(DEPTHWISE, primitive)(*alone, *arguments, 1)
        assert np.array_equal(alone[place], wanted), primitive
        if primitive != "weight_grad":  # strips only set a result
            bias = np.zeros(arrays[place].shape[1], np.float32)
            getattr(conv_depthwise, f"fill_{primitive}")(*alone, *arguments, 1, bias)
