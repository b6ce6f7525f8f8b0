"""Data to learn with: bundled, generated, or read from this machine; nothing is downloaded."""

from lucid.datasets.digits import load_digits
from lucid.datasets.images import ImageFolder, load_image
from lucid.datasets.readers import read_cifar10_bin, read_idx
from lucid.datasets.synthetic import (
    blobs3d, checkers2d, glyphs2d, masks2d, shapes2d, two_moons, waveforms1d,
)

__all__ = [
    "ImageFolder", "blobs3d", "checkers2d", "glyphs2d", "load_digits", "load_image", "masks2d",
    "read_cifar10_bin", "read_idx", "shapes2d", "two_moons", "waveforms1d",
]
