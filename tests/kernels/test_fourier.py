"""The Fourier kernel equals the definition, up to one rounding, on every kind of geometry."""

import numpy as np
import pytest

from lucid import kernels
from lucid.geometry import conv_geometry
from lucid.kernels import fourier
from lucid.kernels.choice import Task, choose, refuses

EPS = np.finfo(np.float32).eps
PRIMITIVES = ("conv", "conv_input_grad", "conv_weight_grad")
NAMES = {"conv": "forward", "conv_input_grad": "input_grad", "conv_weight_grad": "weight_grad"}


def case(x_shape, w_shape, stride=1, padding=0, dilation=1, groups=1):
    return x_shape, w_shape, stride, padding, dilation, groups


CASES = {
    "signal": case((3, 2, 1000), (4, 2, 100), padding=50),
    "several blocks": case((2, 1, 9000), (1, 1, 300), padding=7),
    "one tap": case((2, 3, 50), (4, 3, 1)),
    "stride": case((2, 3, 400), (4, 3, 65), stride=3, padding=5),
    "stride beyond the kernel": case((2, 3, 400), (4, 3, 5), stride=7, padding=2),
    "stride beyond the signal": case((2, 3, 30), (4, 3, 5), stride=40),
    "dilation": case((2, 3, 400), (4, 3, 20), dilation=6, padding=30),
    "stride and dilation": case((2, 3, 401), (4, 3, 20), stride=4, dilation=3, padding=9),
    "kernel as long as the signal": case((2, 3, 64), (4, 3, 64), padding=32),
    "only padding seen": case((1, 2, 3), (2, 2, 3), dilation=50, padding=50),
    "cropped": case((2, 3, 90), (4, 3, 9), padding=((-3, -2),)),
    "uneven padding": case((2, 3, 90), (4, 3, 9), padding=((8, 1),)),
    "groups": case((2, 6, 90), (4, 3, 17), padding=8, groups=2),
    "one channel a group": case((2, 6, 90), (12, 1, 17), padding=8, groups=6),
    "image": case((2, 3, 40, 50), (5, 3, 21, 11), padding=(10, 5)),
    "image, stride": case((2, 3, 40, 50), (5, 3, 8, 11), stride=(2, 3), padding=(3, 5)),
    "image, taps of one axis": case((2, 3, 20, 90), (5, 3, 1, 31), padding=(0, 15)),
    "image, taps of the other axis": case((2, 3, 90, 20), (5, 3, 31, 1), stride=2),
    "volume": case((2, 2, 9, 12, 11), (3, 2, 5, 7, 4), stride=(1, 2, 1), padding=(2, 3, 1)),
    "one pixel": case((1, 1, 1, 1), (1, 1, 1, 1)),
}


def arrays(x_shape, w_shape, stride, padding, dilation, groups):
    geometry = conv_geometry(
        x_shape, w_shape, stride,
        padding if isinstance(padding, tuple) else (padding,), dilation, groups,
    )
    rng = np.random.default_rng(0)
    y_shape = (x_shape[0], w_shape[0], *geometry.output_size)
    wide = rng.integers(-4, 5, 3)
    return [
        rng.standard_normal(shape).astype(np.float32) * np.float32(2.0**power)
        for shape, power in zip((x_shape, w_shape, y_shape), wide, strict=True)
    ], geometry


def compute(primitive, x, w, y, geometry):
    operands = {"conv": (x, w), "conv_input_grad": (y, w), "conv_weight_grad": (x, y)}
    return getattr(kernels, primitive)(*operands[primitive], geometry)


@pytest.fixture(params=["all at once", "few at once"])
def memory(request, monkeypatch):
    """With little memory, channels, features, blocks and rows go through in parts."""
    if request.param == "few at once":
        monkeypatch.setattr(fourier, "WEIGHTS", 20_000)
        monkeypatch.setattr(fourier, "BLOCKS", 5_000)
        monkeypatch.setattr(fourier, "AT_ONCE", 100)


@pytest.mark.parametrize("primitive", PRIMITIVES)
@pytest.mark.parametrize("row", CASES.values(), ids=CASES)
def test_it_is_the_definition_rounded(row, primitive, memory):
    operands, geometry = arrays(*row)
    double = [each.astype(np.float64) for each in operands]
    with kernels.use("naive"):
        right = compute(primitive, *double, geometry)
        scale = compute(primitive, *map(np.abs, double), geometry)
    with kernels.use("fft"):
        found = compute(primitive, *operands, geometry)
    assert found.dtype == np.float32 and found.shape == right.shape
    # parts are rounded one by one, so a little more than a half is possible
    assert (abs(found - right) <= 2 * EPS * scale + 1e-12 * scale.max()).all()


def test_it_adds_to_what_is_there():
    (x, w, y), geometry = arrays(*CASES["signal"])
    bias = np.arange(4, dtype=np.float32)
    with kernels.use("fft"):
        assert np.allclose(
            kernels.conv(x, w, geometry, bias),
            kernels.conv(x, w, geometry) + bias[:, None], rtol=1e-4, atol=1e-3,
        )


@pytest.mark.parametrize("primitive", PRIMITIVES[:2])
def test_an_item_does_not_depend_on_its_batch(primitive):
    (x, w, y), geometry = arrays(*CASES["image, stride"])
    with kernels.use("fft"):
        alone = compute(primitive, x[:1].copy(), w, y[:1].copy(), geometry)
        assert np.array_equal(compute(primitive, x, w, y, geometry)[:1], alone)


@pytest.mark.parametrize("primitive", PRIMITIVES)
def test_bits_do_not_depend_on_the_number_of_threads(primitive, memory, monkeypatch):
    monkeypatch.setattr("lucid.kernels.convolution.PARALLEL_FROM", 0)
    (x, w, y), geometry = arrays(*CASES["image, stride"])
    found = []
    for threads in (1, 2, 5):
        monkeypatch.setattr("lucid.kernels.threads._num_threads", threads)
        with kernels.use("fft"):
            found.append(compute(primitive, x, w, y, geometry))
    assert np.array_equal(found[0], found[1]) and np.array_equal(found[0], found[2])


def test_blocks_are_about_four_kernels_long():
    positions, taps, size = fourier.cut_axis(10**6, 1000, 1, 1)
    assert taps == 1000 and size >= positions + 999 and 4000 <= size <= 17_000
    assert fourier.cut_axis(50, 10, 1, 1) == (50, 10, 60)
    positions, taps, size = fourier.cut_axis(1000, 10, 7, 3)
    assert taps == 28 and positions % 7 == 0 and size >= positions + 27


def test_sizes_have_small_factors():
    assert fourier.fast_sizes(7, 20) == [8, 9, 10, 12, 15, 16, 18, 20]
    assert fourier.fast_sizes(100, 101) == [120]


def task(primitive, x_shape, w_shape, padding=0, **options):
    geometry = conv_geometry(x_shape, w_shape, padding=padding)
    return Task(primitive, geometry, w_shape[1], w_shape[0], x_shape[0], **options)


@pytest.mark.parametrize("primitive", NAMES.values())
def test_auto_takes_it_for_long_kernels_only(primitive):
    assert choose(task(primitive, (1, 16, 4096), (16, 16, 1023)))[0] == "fft"
    assert choose(task(primitive, (1, 1, 100_000), (1, 1, 4095)))[0] == "fft"
    assert choose(task(primitive, (1, 4, 96, 96), (4, 4, 47, 47), 23))[0] == "fft"
    assert choose(task(primitive, (1, 16, 4096), (16, 16, 63)))[0] != "fft"
    assert choose(task(primitive, (1, 64, 56, 56), (64, 64, 7, 7)))[0] != "fft"
    long = task(primitive, (1, 16, 4096), (16, 16, 1023), dtype="float64")
    assert choose(long)[0] != "fft" and refuses("fft", long)
    long = task(primitive, (1, 16, 4096), (16, 16, 1023), precision="highest")
    assert choose(long)[0] != "fft" and refuses("fft", long)


def test_it_needs_few_products_and_little_memory():
    rows = {
        row.algorithm: row for row in kernels.compare(
            (16, 16, 1023), (1, 16, 8192), padding=511, algorithms=["fft", "direct"], runs=1
        )
    }
    assert rows["fft"].multiply_adds < rows["direct"].multiply_adds / 8
    assert rows["fft"].workspace < 8 * 2**20
    assert rows["fft"].error < 2
