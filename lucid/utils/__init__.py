"""Helpers around training: data in batches."""
