"""Helpers around training: data in batches, and trading time for memory."""

from lucid.utils import data

__all__ = ["data"]
