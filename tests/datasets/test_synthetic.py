"""Generated data: shapes, types, exact labels, seeds, refusals."""

import numpy as np
import pytest

import lucid
from lucid.datasets import (
    blobs3d, checkers2d, glyphs2d, load_digits, masks2d, shapes2d, two_moons, waveforms1d,
)

MAKERS = {
    "shapes2d": (shapes2d, (1, 32, 32), ()), "masks2d": (masks2d, (1, 32, 32), (32, 32)),
    "blobs3d": (blobs3d, (1, 16, 16, 16), (16, 16, 16)), "waveforms1d": (waveforms1d, (1, 64), ()),
    "two_moons": (two_moons, (2,), ()), "glyphs2d": (glyphs2d, (1, 28, 28), ()),
    "checkers2d": (checkers2d, (1, 32, 32), (32, 32)),
}
each_maker = pytest.mark.parametrize("name", MAKERS)


@each_maker
def test_shapes_types_and_seeds(name):
    make, shape, label_shape = MAKERS[name]
    data = make(7, generator=lucid.Generator(3))
    x, labels = data.tensors
    assert len(data) == 7 and x.shape == (7, *shape) and labels.shape == (7, *label_shape)
    assert x.dtype is lucid.float32 and labels.dtype is lucid.int64
    again = make(7, generator=lucid.Generator(3)).tensors[0]
    other = make(7, generator=lucid.Generator(4)).tensors[0]
    assert (x == again).all() and not (x == other).all()
    lucid.manual_seed(5)
    first = make(4).tensors[0]
    lucid.manual_seed(5)
    assert (first == make(4).tensors[0]).all()


@each_maker
def test_noise_is_what_it_is_said_to_be(name):
    make, _, _ = MAKERS[name]
    clean, noisy = (make(600, noise=s, generator=lucid.Generator(0)).tensors[0] for s in (0, 0.2))
    difference = (noisy - clean).numpy()
    assert abs(difference.std() - 0.2) < 0.01 and abs(difference.mean()) < 0.02


def test_a_shape_has_the_area_of_its_kind():
    images, labels = shapes2d(300, 64, noise=0, generator=lucid.Generator(0)).tensors
    inside = images.numpy()[:, 0] > 0
    assert (images.numpy()[inside[:, None]] >= 0.5).all()
    for kind, filled in enumerate([np.pi / 4, 1.0, 0.5]):
        for mask in inside[labels.numpy() == kind]:
            rows, columns = np.nonzero(mask)
            box = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
            assert mask.sum() / box == pytest.approx(filled, abs=0.06)


@pytest.mark.parametrize("make", [masks2d, blobs3d])
def test_masks_say_where_something_is(make):
    x, masks = make(20, noise=0, generator=lucid.Generator(0)).tensors
    np.testing.assert_array_equal(masks.numpy() > 0, x.numpy()[:, 0] > 0)
    assert set(np.unique(masks.numpy())) == ({0, 1, 2, 3} if make is masks2d else {0, 1, 2})


def test_a_tube_runs_through_the_volume():
    _, masks = blobs3d(9, 12, generator=lucid.Generator(0)).tensors
    for mask in masks.numpy() == 2:
        lines = [mask.all(axis).any() for axis in range(3)]
        assert sum(lines) == 1


def test_waves_are_what_their_labels_say():
    waves, labels = waveforms1d(90, 128, noise=0, generator=lucid.Generator(0)).tensors
    for wave, label in zip(waves.numpy()[:, 0], labels.numpy(), strict=True):
        assert np.abs(wave).max() <= 1
        steps = np.abs(np.diff(wave))
        rising = (np.diff(wave) > 0).mean()
        kind = 1 if set(np.abs(wave)) == {1.0} else 2 if rising > 0.9 and steps.max() > 1 else 0
        assert kind == label


def test_a_glyph_is_one_connected_line():
    images, labels = glyphs2d(100, 40, noise=0, generator=lucid.Generator(0)).tensors
    assert (images >= 0).all() and (images <= 1).all()
    assert labels.tolist() == [n % 10 for n in range(100)]
    for image in images.numpy()[:, 0] > 0:
        reached, before = np.zeros_like(image), -1
        reached.flat[np.flatnonzero(image)[0]] = True
        while reached.sum() != before:  # grow by the eight neighbours
            before, grown = reached.sum(), np.pad(reached, 1)
            for axis in (0, 1):
                grown = grown | np.roll(grown, 1, axis) | np.roll(grown, -1, axis)
            reached = grown[1:-1, 1:-1] & image
        assert reached.sum() == image.sum()
        assert not (image[0].any() or image[-1].any() or image[:, 0].any() or image[:, -1].any())


def test_glyphs_look_like_the_digits_that_people_write():
    drawn, labels = glyphs2d(500, 12, noise=0, generator=lucid.Generator(0)).tensors
    middle = drawn.numpy()[:, 0, 2:-2, 2:-2].reshape(-1, 64)
    means = np.stack([middle[labels.numpy() == n].mean(0) for n in range(10)])
    written, wanted = load_digits()[:]
    rows = written.numpy().reshape(-1, 64)

    def unit(rows):
        rows = rows - rows.mean(1, keepdims=True)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    right = (unit(rows) @ unit(means).T).argmax(1) == wanted.numpy()
    assert right.mean() > 0.5  # by chance 0.1


def test_a_checkerboard_has_two_levels_and_says_where():
    images, masks = checkers2d(30, noise=0, generator=lucid.Generator(0)).tensors
    for image, mask in zip(images.numpy()[:, 0], masks.numpy(), strict=True):
        dark, light = image[mask == 0], image[mask == 1]
        assert np.ptp(dark) == np.ptp(light) == 0 and dark[0] <= 0.4 and light[0] >= 0.6
        assert 0.3 < mask.mean() < 0.7


def test_moons_lie_on_their_circles():
    points, labels = two_moons(200, noise=0, generator=lucid.Generator(0)).tensors
    points = points.numpy()
    centre = np.array([[0, 0], [1, 0.5]])[labels.numpy()]
    np.testing.assert_allclose(np.linalg.norm(points - centre, axis=1), 1, atol=1e-6)
    assert (points[0::2, 1] >= 0).all() and (points[1::2, 1] <= 0.5).all()


@pytest.mark.parametrize(("call", "message"), [
    (lambda: shapes2d(0), "count=0 is too small"), (lambda: shapes2d(1, 4), "size=4 is too small"),
    (lambda: masks2d(1, noise=-1), "noise=-1 is out of range"),
    (lambda: blobs3d(1, 7), "size=7 is too small"),
    (lambda: waveforms1d(1, 8), "length=8 is too small"),
    (lambda: two_moons(0), "count=0 is too small"), (lambda: glyphs2d(5, 7), "size=7 is too small"),
    (lambda: checkers2d(1, noise=-0.5), "noise=-0.5 is out of range"),
])
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
