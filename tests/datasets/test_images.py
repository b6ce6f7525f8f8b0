"""Images from folders: what is found, in which order, and what each file gives."""

import io
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import lucid
import lucid.nn as nn
from lucid.datasets import ImageFolder, glyphs2d, load_image
from lucid.transforms import CenterCrop, Compose, Normalize, Resize, ToTensor
from lucid.utils.data import DataLoader

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (4, 5, 3)).astype(np.uint8)


def write(path, image=IMAGE):
    """Write an image in the format of its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, image)
    elif path.suffix in (".ppm", ".pgm"):
        kind = b"P6" if image.ndim == 3 else b"P5"
        header = b"%b\n# a comment 1 2 3\n%d %d\n255\n" % (kind, image.shape[1], image.shape[0])
        path.write_bytes(header + image.tobytes())
    else:
        pytest.importorskip("PIL.Image").fromarray(image).save(path)
    return path


@pytest.mark.parametrize("suffix", ["npy", "ppm", "png", "bmp", "tiff"])
def test_a_file_gives_its_pixels(tmp_path, suffix):
    found = load_image(write(tmp_path / f"image.{suffix}"))
    assert found.dtype == np.uint8 and found.flags.c_contiguous
    np.testing.assert_array_equal(found, IMAGE)


@pytest.mark.parametrize("suffix", ["npy", "pgm", "png"])
def test_a_grey_image_has_three_channels_alike(tmp_path, suffix):
    found = load_image(str(write(tmp_path / f"image.{suffix}", IMAGE[:, :, 0])))
    np.testing.assert_array_equal(found, IMAGE[:, :, :1].repeat(3, 2))


def test_transparency_is_dropped_and_a_jpeg_is_close(tmp_path):
    alpha = np.dstack([IMAGE, np.full((4, 5), 7, np.uint8)])
    np.testing.assert_array_equal(load_image(write(tmp_path / "image.png", alpha)), IMAGE)
    even = np.full((8, 8, 3), 100, np.uint8)
    assert np.abs(load_image(write(tmp_path / "image.JPG", even)).astype(int) - 100).max() <= 2


@pytest.mark.parametrize(("most", "values", "expected"), [
    (1, bytes([0, 1]), [0, 255]), (15, bytes([8, 15]), [136, 255]),
    (65535, bytes([0x80, 0x80, 0xFF, 0xFF]), [128, 255]), (1000, bytes([1, 244, 0, 1]), [128, 0]),
])
def test_other_largest_values_of_a_map_are_scaled(tmp_path, most, values, expected):
    path = tmp_path / "image.pgm"
    path.write_bytes(b"P5 2 1 %d\n" % most + values)
    assert load_image(path)[0, :, 0].tolist() == expected


def test_maps_are_read_as_pillow_reads_them(tmp_path):
    pillow = pytest.importorskip("PIL.Image")
    path = tmp_path / "image.ppm"
    pillow.fromarray(IMAGE).save(path)
    np.testing.assert_array_equal(load_image(path), IMAGE)
    path.write_bytes(b"P6 5 4 100\n" + (IMAGE // 3).tobytes())
    with pillow.open(path) as image:
        np.testing.assert_allclose(load_image(path), np.array(image.convert("RGB")), atol=1)


@pytest.fixture
def root(tmp_path):
    """Make two classes, one with a deeper folder, and files that are no images."""
    for place in ("dog/b.ppm", "dog/a.npy", "dog/deep/c.ppm", "cat/z.ppm", "cat/note.txt"):
        if place.endswith("txt"):
            (tmp_path / place).write_text("no image")
        else:
            write(tmp_path / place)
    (tmp_path / "readme.ppm").write_text("in no class")
    return tmp_path


def test_classes_and_files_come_in_order(root):
    data = ImageFolder(root)
    assert data.classes == ["cat", "dog"] and data.class_to_idx == {"cat": 0, "dog": 1}
    names = [os.path.relpath(path, root).replace(os.sep, "/") for path, _ in data.samples]
    assert names == ["cat/z.ppm", "dog/a.npy", "dog/b.ppm", "dog/deep/c.ppm"]
    assert data.targets == [0, 1, 1, 1] == [number for _, number in data.imgs]
    assert len(data) == 4 and repr(data).endswith("4 images of 2 classes)")


def test_items_are_tensors_and_batches_follow(root):
    data = ImageFolder(root)
    image, label = data[3]
    assert image.dtype is lucid.float32 and label == 1
    np.testing.assert_array_equal(image.numpy(), IMAGE.transpose(2, 0, 1) / np.float32(255))
    for workers in (0, 2):
        images, labels = next(iter(DataLoader(data, batch_size=4, num_workers=workers)))
        assert images.shape == (4, 3, 4, 5) and labels.tolist() == [0, 1, 1, 1]


def test_what_items_become_is_chosen(root):
    data = ImageFolder(
        str(root), transform=Compose([ToTensor(), Normalize(0.5, 0.5)]),
        target_transform=lambda number: -number, is_valid_file=lambda path: "deep" not in path,
        loader=lambda path: np.zeros((2, 2, 3), np.uint8),
    )
    assert len(data) == 4  # the note is taken too, as the function says
    image, label = data[-1]
    assert image.tolist() == [[[-1.0] * 2] * 2] * 3 and label == -1


def test_a_class_without_an_image_is_refused_or_allowed(root):
    (root / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="the class 'empty' in .* has no file with one of"):
        ImageFolder(root)
    data = ImageFolder(root, allow_empty=True)
    assert data.classes == ["cat", "dog", "empty"] and data.targets == [0, 1, 1, 1]


def test_folders_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        ImageFolder(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="has no folders; put the images of each class"):
        ImageFolder(tmp_path)


def npy(shape):
    """The bytes of a file of NumPy with four pixels, and a shape that is true or not."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"descr": "|u1", "fortran_order": False, "shape": shape}
    )
    return file.getvalue() + bytes(4)


@pytest.mark.parametrize(("name", "data", "message"), [
    ("a.ppm", b"P3 1 1 255\n1 2 3", "no binary portable map: it must begin with P5 or P6"),
    ("a.pgm", b"P5 2 2 255\nabc", r"2 x 2 pixels up to 255, which is 15 bytes, but has 14"),
    ("a.pgm", b"P5 2 2 0\nabcd", "up to 0"), ("a.pgm", b"P5 0 2 255\n", "cut short or damaged"),
    ("a.ppm", b"P6 999999999 999999999 255\n", "cut short or damaged"),
    ("a.npy", b"nothing", "no file of one array"), ("a.npy", b"", "no file of one array"),
    ("a.npy", npy((2, 3)), "or is damaged"), ("a.npy", npy((10**8, 10**8)), "or is damaged"),
    ("a.npy", npy((2**33, 2**31)), "or is damaged"),  # the product wraps to 0
    ("a.npy", npy((2, 2)).replace(b"(2, 2)", b"((((((", 1), "has an unknown header"),
    ("a.npy", b"PK\5\6" + bytes(18), "no file of one array"),  # an archive without members
    ("a.png", b"nothing", "a.png is no image, or is damaged"), ("a.png", b"", "is no image"),
])
def test_damaged_files_are_refused(tmp_path, name, data, message):
    if name.endswith("png"):
        pytest.importorskip("PIL")
    (tmp_path / name).write_bytes(data)
    with pytest.raises(lucid.LucidError, match=message):
        load_image(tmp_path / name)


@pytest.mark.parametrize("array", [
    np.zeros((3, 4, 5), np.uint8), np.zeros(4, np.uint8), np.zeros((4, 5), np.float32),
], ids=["channels first", "one axis", "float32"])
def test_other_arrays_are_refused(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(lucid.LucidError, match=r"an image is \(height, width\), \(height, width"):
        load_image(tmp_path / "a.npy")


def test_an_array_of_objects_is_not_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(lucid.LucidError, match="no file of one array"):
        load_image(tmp_path / "a.npy")


def test_without_pillow_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ImportError, match=r"pip install lucid-conv\[images\]; without it, .npy"):
        load_image(tmp_path / "a.png")


def test_a_network_learns_from_a_folder(tmp_path):
    for suffix, count, part in (("ppm", 200, "train"), ("npy", 60, "test")):
        made = glyphs2d(count, 20, noise=0.1, generator=lucid.Generator(count))
        for number, (image, label) in enumerate(made):
            pixels = (image.numpy().clip(0, 1) * 255).astype(np.uint8)[0, :, :, None].repeat(3, 2)
            name = f"{'round' if label.item() in (0, 6, 8, 9) else 'open'}/{number}.{suffix}"
            write(tmp_path / part / name, pixels)
    prepare = Compose([ToTensor(), Resize(18), CenterCrop(16), Normalize(0.5, 0.5)])
    train, test = (ImageFolder(tmp_path / part, prepare) for part in ("train", "test"))
    assert train.classes == ["open", "round"]
    model = nn.Sequential(
        nn.LazyConv2d(12, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.LazyLinear(2)
    )
    optimizer = lucid.optim.Adam(model.parameters(), lr=0.02)
    loader = DataLoader(train, 20, shuffle=True, num_workers=2)
    for _ in range(10):
        for images, labels in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
    images, labels = next(iter(DataLoader(test, len(test))))
    assert (model(images).argmax(1) == labels).float().mean().item() > 0.9


def test_threads_may_read_at_once(root):
    data = ImageFolder(root)
    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(lambda number: data[number % 4][0], range(40)))
    assert all(lucid.equal(image, images[0]) for image in images)
