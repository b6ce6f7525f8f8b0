"""Data to learn with, bundled with the library: nothing is downloaded."""

from lucid.datasets.digits import load_digits

__all__ = ["load_digits"]
