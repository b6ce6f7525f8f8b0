"""Data to learn with: bundled, generated, or read from this machine; nothing is downloaded."""

from lucid.datasets.digits import load_digits
from lucid.datasets.readers import read_cifar10_bin, read_idx

__all__ = ["load_digits", "read_cifar10_bin", "read_idx"]
