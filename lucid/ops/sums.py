"""Sums over axes of an array, as exact along the first axis as along the last one."""

from math import prod

import numpy as np

__all__ = ["add_up"]

BLOCK = 512  # rows that are added in their own precision; blocks are added in double precision


def add_up(x, dims, keepdim=False):
    """Add up along some axes.

    NumPy adds neighbours in pairs, but rows one after the other: each addition to a large sum is
    rounded, and of a million equal numbers of float32 a hundredth is lost. So many rows are added
    up in blocks.

    Parameters
    ----------
    x : numpy.ndarray
        Any numbers.
    dims : tuple of int
        The axes to fold, counted from the first.
    keepdim : bool, default False
        Keep the folded axes, with length 1.

    Returns
    -------
    numpy.ndarray
        Of the dtype of `x`.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid.ops.sums import add_up
    >>> x = np.full((1000000, 2), 0.1, np.float32)
    >>> (add_up(x, (0,)) / 1e5).round(2), (x.sum(axis=0) / 1e5).round(2)
    (array([1., 1.], dtype=float32), array([1.01, 1.01], dtype=float32))
    """
    far = []
    if x.size > BLOCK and x.dtype.char in "fd" and not _is_row(x, dims):
        far = [axis for axis in dims if abs(x.strides[axis]) != x.itemsize and x.shape[axis] > 1]
    rows = prod([x.shape[axis] for axis in far])
    if rows <= BLOCK:
        return np.add.reduce(x, dims, None, None, keepdim)
    axis = max(far, key=lambda axis: abs(x.strides[axis]))
    size = max(1, BLOCK * x.shape[axis] // rows)
    whole = x.shape[axis] // size * size
    before = (slice(None),) * axis
    blocks = x[(*before, slice(whole))]
    blocks = blocks.reshape(*x.shape[:axis], whole // size, size, *x.shape[axis + 1 :])
    folded = tuple([dim + (dim >= axis) for dim in dims])
    total = np.add.reduce(blocks, folded, keepdims=True).sum(axis=axis, dtype=np.float64)
    if whole < x.shape[axis]:
        total += np.add.reduce(x[(*before, slice(whole, None))], dims, keepdims=True)
    total = total.astype(x.dtype)
    return total if keepdim else total.reshape([n for d, n in enumerate(x.shape) if d not in dims])


def _is_row(x, dims):
    """Tell whether all elements are added up and neighbours: one row."""
    return x.flags.forc and prod([x.shape[axis] for axis in dims]) == x.size
