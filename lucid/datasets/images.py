"""Images in folders on this machine, a folder for each class."""

import os
import re
from importlib import import_module
from pathlib import Path

import numpy as np

from lucid.errors import LucidError
from lucid.serialization import FAULTS, read_array
from lucid.transforms import ToTensor
from lucid.utils.data import Dataset

__all__ = ["ImageFolder", "load_image"]

EXTENSIONS = (
    ".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp", ".npy",
)
GAP = rb"(?:\s|#[^\n]*\n)+"  # between the words of a header there may be comments
PNM = re.compile(rb"P([56])" + (GAP + rb"(\d{1,9})") * 3 + rb"\s")


def load_image(path):
    """Read one image from disk.

    Files of NumPy (``.npy``) and binary portable maps (``.ppm``, ``.pgm``) are read as they are;
    for all others, such as ``.png`` and ``.jpg``, Pillow is needed, which is an extra.

    Parameters
    ----------
    path : str or path
        The file. One of NumPy has uint8 `(H, W)`, `(H, W, 1)` or `(H, W, 3)`.

    Returns
    -------
    numpy.ndarray
        `(H, W, 3)` of uint8: red, green and blue, 0 to 255. A grey image has all three alike;
        transparency is dropped.

    Raises
    ------
    OSError
        If the file cannot be read.
    LucidError
        If it is no image, is cut short, or has another shape or type.
    ImportError
        If Pillow is needed and not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from lucid.datasets import load_image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "two.ppm")
    ...     _ = path.write_bytes(b"P6 2 1 255 " + bytes([255, 0, 0, 0, 0, 255]))
    ...     load_image(path)
    array([[[255,   0,   0],
            [  0,   0, 255]]], dtype=uint8)
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".npy":
        image = _read_npy(path)
    elif suffix in (".ppm", ".pgm"):
        image = _read_pnm(path)
    else:
        image = _read_by_pillow(path)
    if image.ndim == 2:
        image = image[:, :, None]
    if image.ndim != 3 or image.shape[2] not in (1, 3) or image.dtype != np.uint8:
        raise LucidError(
            f"{path} has shape {image.shape} and type {image.dtype}; an image is (height, width), "
            f"(height, width, 1) or (height, width, 3) of uint8"
        )
    return np.ascontiguousarray(np.broadcast_to(image, (*image.shape[:2], 3)))


def _read_npy(path):
    """Read a file of NumPy, running nothing that it may hold."""
    with open(path, "rb") as file:
        try:
            return read_array(file, path.name, os.fstat(file.fileno()).st_size)
        except FAULTS as error:
            raise LucidError(f"{path} is no file of one array, or is damaged: {error}") from error


def _read_pnm(path):
    """Read a portable map: a header of words, then a byte or two for each number."""
    data = path.read_bytes()
    header = PNM.match(data)
    if header is None:
        raise LucidError(
            f"{path} is no binary portable map: it must begin with P5 or P6, width, height and the "
            f"largest value, not {data[:12]!r}"
        )
    kind, width, height, most = map(int, header.groups())
    shape = (height, width, 3 if kind == 6 else 1)
    stored = np.dtype(">u2" if most > 255 else "u1")
    needed = header.end() + height * width * shape[2] * stored.itemsize
    if not 0 < most < 65536 or not height * width or len(data) < needed:
        raise LucidError(
            f"{path} should hold {height} x {width} pixels up to {most}, which is {needed} bytes, "
            f"but has {len(data)}; it is cut short or damaged"
        )
    values = np.frombuffer(data, stored, offset=header.end(), count=height * width * shape[2])
    if most != 255:
        values = (values.astype(np.int64) * 255 + most // 2) // most
    return values.reshape(shape).clip(0, 255).astype(np.uint8)


def _read_by_pillow(path):
    """Read a file of any format that Pillow knows."""
    try:
        pillow = import_module("PIL.Image")
    except ImportError:
        raise ImportError(
            f"reading {path} needs Pillow, which is an extra: pip install lucid-conv[images]; "
            f"without it, .npy, .ppm and .pgm files are read"
        ) from None
    with open(path, "rb") as file:
        try:
            return np.array(pillow.open(file).convert("RGB"))
        except (OSError, SyntaxError, ValueError, pillow.DecompressionBombError) as error:
            raise LucidError(f"{path} is no image, or is damaged: {error}") from error


class ImageFolder(Dataset):
    """Images on disk, in a folder for each class: ``root/cat/1.png``, ``root/dog/nose/2.jpg``.

    The folders right below `root` are the classes, numbered in the order of their names; files in
    deeper folders belong to them. A file is read when its item is asked for, so `DataLoader` with
    threads reads ahead.

    Parameters
    ----------
    root : str or path
        The folder.
    transform : callable, optional
        Makes of what `loader` gives what an item has; default `lucid.transforms.ToTensor`, so that
        an image is `(3, H, W)` of float32 from 0 to 1.
    target_transform : callable, optional
        Makes of the number of a class what an item has; default the number.
    loader : callable, default load_image
        Reads a file, given by its path.
    is_valid_file : callable, optional
        Tells of a path whether it is taken; default those with the extension of an image: jpg,
        jpeg, png, ppm, bmp, pgm, tif, tiff, webp and npy, in any case.
    allow_empty : bool, default False
        Accept a class without a file.

    Attributes
    ----------
    classes : list of str
        The names of the classes, in their order.
    class_to_idx : dict of str to int
        The numbers of the classes.
    samples : list of (str, int)
        The path and the class of every item; `imgs` is another name for it.
    targets : list of int
        The class of every item.
    root, transform, target_transform, loader
        As given.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, no folder in it, or a class without a file.

    See Also
    --------
    read_idx, read_cifar10_bin : Readers of other formats.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from lucid.datasets import ImageFolder
    >>> from lucid.utils.data import DataLoader
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, level in [("dark", 0), ("light", 255)]:
    ...         pathlib.Path(folder, name).mkdir()
    ...         np.save(pathlib.Path(folder, name, "1.npy"), np.full((4, 4), level, np.uint8))
    ...     data = ImageFolder(folder)
    ...     images, labels = next(iter(DataLoader(data, batch_size=2)))
    >>> data.classes, images.shape, labels
    (['dark', 'light'], (2, 3, 4, 4), tensor([0, 1]))
    >>> images.mean((1, 2, 3))
    tensor([0., 1.])
    """

    def __init__(
        self, root, transform=None, target_transform=None, loader=load_image, is_valid_file=None,
        allow_empty=False,
    ):
        self.root, self.loader = root, loader
        self.transform = ToTensor() if transform is None else transform
        self.target_transform = target_transform
        self.classes = sorted(entry.name for entry in os.scandir(root) if entry.is_dir())
        if not self.classes:
            raise FileNotFoundError(
                f"{root} has no folders; put the images of each class into one, such as "
                f"{os.path.join(root, 'cat', '1.png')}"
            )
        self.class_to_idx = {name: number for number, name in enumerate(self.classes)}
        takes = _has_extension if is_valid_file is None else is_valid_file
        self.samples = []
        for name, number in self.class_to_idx.items():
            paths = [path for path in _files(os.path.join(root, name)) if takes(path)]
            if not paths and not allow_empty:
                wanted = "" if is_valid_file else f" with one of {', '.join(EXTENSIONS)}"
                raise FileNotFoundError(
                    f"the class {name!r} in {root} has no file{wanted}; remove the folder, or pass "
                    f"allow_empty=True"
                )
            self.samples += [(path, number) for path in paths]
        self.imgs = self.samples
        self.targets = [number for _, number in self.samples]

    def __getitem__(self, index):
        path, target = self.samples[index]
        image = self.transform(self.loader(path))
        return image, target if self.target_transform is None else self.target_transform(target)

    def __len__(self):
        return len(self.samples)

    def __repr__(self):
        count = len(self.classes)
        return f"ImageFolder({str(self.root)!r}: {len(self)} images of {count} classes)"


def _has_extension(path):
    return path.lower().endswith(EXTENSIONS)


def _files(folder):
    """List all files below a folder, always in one order."""
    walk = sorted(os.walk(folder, followlinks=True))
    return [os.path.join(place, name) for place, _, names in walk for name in sorted(names)]
