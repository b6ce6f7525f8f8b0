"""Interpolation and shuffling: PyTorch's values and derivatives, and refusals."""

import numpy as np
import pytest
from comparison import check_differences, check_torch

import lucid
import lucid.nn.functional as F

INPUT = {1: (5,), 2: (4, 5), 3: (3, 4, 2)}
RANKS = {"nearest": (1, 2, 3), "nearest-exact": (1, 2, 3), "area": (1, 2, 3), "linear": (1,),
         "bilinear": (2,), "trilinear": (3,), "bicubic": (2,)}
SIZES = [dict(size=1), dict(size=3), dict(size=5), dict(size=11), dict(scale_factor=2),
         dict(scale_factor=3.0), dict(scale_factor=0.5), dict(scale_factor=1.7),
         dict(scale_factor=1.7, recompute_scale_factor=True), dict(scale_factor=1)]
CASES = [(mode, ndim) for mode in RANKS for ndim in RANKS[mode]]


def call(module, mode, corners, options):
    return lambda x: module.interpolate(x, mode=mode, align_corners=corners, **options)


@pytest.mark.parametrize(("mode", "ndim"), CASES)
@pytest.mark.parametrize("options", SIZES, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_to_pytorch(torch, mode, ndim, options, dtype):
    if torch is None:
        pytest.skip("torch is not installed; the taps are tested by their definition")
    x = np.random.default_rng(0).standard_normal((2, 2, *INPUT[ndim])).astype(dtype)
    has_corners = "linear" in mode or mode == "bicubic"
    for corners in (None, False, True) if has_corners else (None,):
        ours, theirs = (call(module, mode, corners, options)
                        for module in (F, torch.nn.functional))
        check_torch(lucid, torch, ours, theirs, [x])


@pytest.mark.parametrize(("mode", "ndim"), CASES)
def test_two_derivatives(mode, ndim):
    x = np.random.default_rng(0).standard_normal((1, 1, *INPUT[ndim]))
    check_differences(lucid, call(F, mode, None, {"scale_factor": 1.5}), [x])


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_an_axis_that_keeps_its_size_at_another_scale(torch, mode):
    x = np.random.default_rng(0).standard_normal((1, 2, 4, 13))
    ours, options = call(F, mode, False, {"scale_factor": 1.1}), {"scale_factor": 1.1}
    if torch is not None:
        check_torch(lucid, torch, ours, call(torch.nn.functional, mode, False, options), [x])
    assert (ours(lucid.tensor(x[:, :, :, :4])).numpy() == x[:, :, :, :4]).all() == (
        mode == "bilinear"
    )


def test_nearest_and_its_gradient_agree_at_another_scale():
    # PyTorch's gradient takes the positions for the same ones here, its values do not
    x = lucid.arange(5.0).reshape(1, 1, 5).requires_grad_()
    y = F.interpolate(x, scale_factor=1.1)
    y.sum().backward()
    assert y.tolist() == [[[0.0, 0.0, 1.0, 2.0, 3.0]]]
    assert x.grad.tolist() == [[[2.0, 1.0, 1.0, 1.0, 0.0]]]


def test_sizes_may_differ_by_axis():
    x = lucid.randn(1, 2, 4, 5)
    assert F.interpolate(x, (8, 3)).shape == (1, 2, 8, 3)
    assert F.interpolate(x, scale_factor=(2, 0.5)).shape == (1, 2, 8, 2)
    assert F.upsample(x, (8, 3), mode="bicubic").shape == (1, 2, 8, 3)
    assert F.interpolate(x[:0], 7).shape == (0, 2, 7, 7)


def test_an_infinite_pixel_stays_where_it_is():
    x = lucid.tensor([[[np.inf, 1.0, 2.0]]])
    assert F.interpolate(x, scale_factor=2).tolist() == [[[np.inf, np.inf, 1.0, 1.0, 2.0, 2.0]]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "shape", "factor"), [
    ("pixel_shuffle", (2, 8, 3, 2), 2), ("pixel_shuffle", (18, 1, 2), 3),
    ("pixel_shuffle", (2, 1, 4, 2, 2), 2), ("pixel_unshuffle", (2, 3, 4, 6), 2),
    ("pixel_unshuffle", (1, 6, 3), 3), ("channel_shuffle", (2, 6, 3, 2), 3),
    ("channel_shuffle", (1, 4, 5), 2),
])
def test_shuffles_equal_pytorch(torch, name, shape, factor, dtype):
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    if torch is not None:
        theirs = getattr(torch.nn.functional, name)
        check_torch(
            lucid, torch, lambda a: getattr(F, name)(a, factor), lambda a: theirs(a, factor), [x]
        )
    small = x if len(shape) == 3 else x[:1]
    check_differences(lucid, lambda a: getattr(F, name)(a * a, factor), [small])


def test_unshuffling_undoes_shuffling():
    x = lucid.arange(72).reshape(1, 18, 2, 2)
    assert (F.pixel_unshuffle(F.pixel_shuffle(x, 3), 3) == x).all()
    assert (F.channel_shuffle(F.channel_shuffle(x, 3), 6) == x).all()


x = lucid.zeros(1, 6, 4, 4)
ERRORS = [
    (lambda: F.interpolate(x), ValueError, r"give either size or scale_factor"),
    (lambda: F.interpolate(x, 2, 2.0), ValueError, r"give either size or scale_factor"),
    (lambda: F.interpolate(x, 2, mode="cubic"), ValueError, r"mode='cubic' is unknown; choose"),
    (lambda: F.interpolate(x, 2, align_corners=True), ValueError, r"not for 'nearest'"),
    (lambda: F.interpolate(x, 2, mode="linear"), lucid.ShapeError,
     r"has 4 axes; mode 'linear' needs 3: batch"),
    (lambda: F.interpolate(x, 0), ValueError, r"size=0 is too small"),
    (lambda: F.interpolate(x, scale_factor=0.1), lucid.ShapeError, r"gives \(0, 0\); every axis"),
    (lambda: F.interpolate(x, scale_factor=-1), ValueError, r"scale_factor=-1 .* greater than 0"),
    (lambda: F.interpolate(x, scale_factor=(1, 2, 3)), ValueError, r"has 3 numbers; give one, or"),
    (lambda: F.interpolate(x[:, :, :0], 3), lucid.ShapeError, r"has an empty spatial axis"),
    (lambda: F.interpolate(x.long(), 3), lucid.DtypeError, r"interpolate needs float32"),
    (lambda: F.pixel_shuffle(x, 4), lucid.ShapeError, r"6 channels cannot be divided by .* = 16"),
    (lambda: F.pixel_shuffle(x[0, 0], 1), lucid.ShapeError, r"needs at least 3 axes"),
    (lambda: F.pixel_unshuffle(x, 3), lucid.ShapeError, r"height 4 and width 4 must be multiples"),
    (lambda: F.pixel_unshuffle(x, 1.0), TypeError, r"downscale_factor must be an int"),
    (lambda: F.channel_shuffle(x, 4), ValueError, r"6 channels cannot be split into groups=4"),
    (lambda: F.channel_shuffle(x[0, 0], 1), lucid.ShapeError, r"needs axes \(batch, channels"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
