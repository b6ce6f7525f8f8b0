"""Transforms of images: definitions, PyTorch's interpolation, seeds, refusals."""

import numpy as np
import pytest

import lucid
import lucid.nn.functional as F
from lucid import transforms as T

x = lucid.arange(2 * 3 * 5 * 7, dtype=lucid.float32).reshape(2, 3, 5, 7)


def test_to_tensor_of_every_kind_of_image():
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    y = T.ToTensor()(image)
    assert y.shape == (3, 2, 4) and y.dtype is lucid.float32
    np.testing.assert_allclose(y.numpy(), image.transpose(2, 0, 1) / 255, rtol=1e-6)
    assert T.ToTensor()(image[..., 0] > 5).tolist() == (image[None, ..., 0] > 5).tolist()
    floats = image[..., 0] / 7
    y = T.ToTensor()(floats)
    assert y.dtype is lucid.float64 and y.shape == (1, 2, 4)
    y.numpy()[:] = 0
    assert floats.max() > 0  # it is a copy


def test_normalize():
    y = T.Normalize([1, 2, 3], [1, 2, 4])(x).numpy()
    for c, (mean, std) in enumerate([(1, 1), (2, 2), (3, 4)]):
        np.testing.assert_allclose(y[:, c], (x.numpy()[:, c] - mean) / std, rtol=1e-6)
    assert T.Normalize(0.5, 0.5)(x[0].double()).dtype is lucid.float64


@pytest.mark.parametrize("size", [(1, 1), (3, 4), (5, 7), (2, 7), (8, 3), (9, 10)], ids=str)
def test_center_crop(size):
    y = T.CenterCrop(size)(x)
    assert y.shape == (2, 3, *size)
    kept = [min(n, m) for n, m in zip(size, (5, 7), strict=True)]
    assert np.count_nonzero(y.numpy()[1]) == 3 * np.prod(kept)
    if size == (3, 4):  # one position and one and a half are cut: the half rounds to even
        np.testing.assert_array_equal(y.numpy(), x.numpy()[:, :, 1:4, 2:6])


def test_random_crop_reaches_every_place_and_follows_the_seed():
    crop = T.RandomCrop((4, 5), generator=lucid.Generator(0))
    corners = {tuple(crop(x).numpy()[0, 0, 0, :1]) for _ in range(200)}
    assert corners == {(float(7 * top + left),) for top in range(2) for left in range(3)}
    lucid.manual_seed(1)
    first = T.RandomCrop(3, padding=2)(x)
    lucid.manual_seed(1)
    assert (first == T.RandomCrop(3, padding=2)(x)).all()


def test_random_crop_pads():
    assert T.RandomCrop((9, 11), padding=2)(x).shape == (2, 3, 9, 11)
    np.testing.assert_array_equal(
        T.RandomCrop((5, 11), padding=(2, 0))(x).numpy(), F.pad(x, (2, 2)).numpy()
    )
    full = T.RandomCrop((10, 10), padding=(1, 2, 2, 3), fill=9.0)(x)
    np.testing.assert_array_equal(full.numpy(), F.pad(x, (1, 2, 2, 3), value=9.0).numpy())
    y = T.RandomCrop((8, 3), pad_if_needed=True, padding_mode="reflect")(x)
    assert y.shape == (2, 3, 8, 3) and set(y.numpy().ravel()) <= set(x.numpy().ravel())


def test_random_flip():
    flips = T.RandomHorizontalFlip(0.25, generator=lucid.Generator(0))
    turned = [bool((flips(x) != x).any()) for _ in range(2000)]
    assert abs(np.mean(turned) - 0.25) < 0.04
    np.testing.assert_array_equal(T.RandomHorizontalFlip(1)(x).numpy(), x.numpy()[..., ::-1])
    assert T.RandomHorizontalFlip(0)(x) is x


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic", "area"])
def test_resize(mode):
    y = T.Resize((10, 3), mode)(x)
    np.testing.assert_array_equal(y.numpy(), F.interpolate(x, (10, 3), mode=mode).numpy())
    assert T.Resize(10, mode)(x[0]).shape == (3, 10, 14)
    assert T.Resize(3)(x.permute(0, 1, 3, 2)[:, None]).shape == (2, 1, 3, 4, 3)


def test_in_a_row_for_a_data_set():
    steps = T.Compose([T.ToTensor(), T.Resize(8), T.CenterCrop(6), T.Normalize(0.5, 0.5)])
    assert steps(np.zeros((12, 16, 3), np.uint8)).shape == (3, 6, 6)
    assert repr(steps) == (
        "Compose(\n    ToTensor()\n    Resize(size=8, interpolation='bilinear')\n"
        "    CenterCrop(size=(6, 6))\n    Normalize(mean=(0.5,), std=(0.5,))\n)"
    )
    assert repr(T.RandomHorizontalFlip()) == "RandomHorizontalFlip(p=0.5)"
    assert repr(T.RandomCrop(3, 1)) == "RandomCrop(size=(3, 3), padding=(1, 1, 1, 1))"


ERRORS = [
    (lambda: T.Compose([3]), TypeError, "Compose needs functions, not 3"),
    (lambda: T.ToTensor()(np.zeros(3)), lucid.ShapeError, r"image of shape \(3,\) needs"),
    (lambda: T.ToTensor()(np.zeros((3, 3), int)), lucid.DtypeError, "image of int64; needs uint8"),
    (lambda: T.Normalize(0, 0), ValueError, "std=0 is out of range"),
    (lambda: T.Normalize([1, 2], 1)(x), lucid.ShapeError, "mean has 2 numbers, but .* 3 channels"),
    (lambda: T.Normalize(1, 1)(x.long()), lucid.DtypeError, "Normalize needs float32"),
    (lambda: T.CenterCrop(0), ValueError, "size=0 is too small"),
    (lambda: T.CenterCrop(1)(x[0, 0]), lucid.ShapeError, "needs at least 3 axes"),
    (lambda: T.RandomCrop(6)(x), lucid.ShapeError, "5 x 7, .* too small for a part of 6 x 6"),
    (lambda: T.RandomCrop(6, (1, 2, 3)), ValueError, "has 3 numbers; give 1, 2 or 4"),
    (lambda: T.RandomCrop(6, -1), ValueError, "padding=-1 is too small"),
    (lambda: T.RandomHorizontalFlip(2), ValueError, "p=2 is out of range"),
    (lambda: T.Resize(3, "linear"), ValueError, "interpolation='linear' is unknown"),
    (lambda: T.Resize(0), ValueError, "size=0 is too small"),
    (lambda: T.Resize(3)([1]), TypeError, "Resize: needs a Tensor, not list"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
