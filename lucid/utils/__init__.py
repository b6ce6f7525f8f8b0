"""Helpers around training: data in batches, and trading time for memory."""

from lucid.utils import checkpoint, data

__all__ = ["checkpoint", "data"]
