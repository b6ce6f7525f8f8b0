"""What the doors share: arrays as the loops want them, and how many threads a work is worth."""

from math import prod

import numpy as np

from lucid._cython import memory
from lucid.kernels import threads

__all__ = []

LARGE = 65536  # bytes from which an array's memory is kept for the next one of its size
_ndarray = np.ndarray
_empty = np.empty

PART = 2**25  # elements a call, so that Ctrl-C is heard within 100 ms; whole blocks of any loop
C_ORDER = 1  # in np.ndarray.flags.num
READY = 0x101  # np.ndarray.flags.num of an array in C order and aligned
ELEMENTS = 400_000  # below, waking a second thread costs more than it saves


def versions(module, *names):
    """Look up loops in both versions by (name, dtype): this skips Cython's slow choice."""
    return {
        (name, np.dtype(dtype)): getattr(module, name)[version]
        for name in names for dtype, version in ((np.float32, "float"), (np.float64, "double"))
    }


def ready(x):
    """Return x itself, or a copy in C order, aligned and of the machine's byte order."""
    if x.flags.num & READY == READY and x.dtype.isnative:
        return x
    return np.require(x, x.dtype.newbyteorder("="), ("C", "A"))


def threads_for(elements):
    """Give the threads for a pass over so many elements; three passes count three times."""
    return threads.threads_for(elements, ELEMENTS) if elements >= ELEMENTS else 1


def in_parts(loop, rows, *options):
    """Call a loop on rows of one length, in parts if they are long: Ctrl-C is heard in between."""
    size = rows[0].size
    if size <= PART:
        loop(*rows, *options)
        return
    for start in range(0, size, PART):
        part = slice(start, start + PART)
        loop(*[row if row is None else row[part] for row in rows], *options)


def empty(shape, dtype):
    """Make an array with arbitrary elements, in C order; of memory that is kept if it is large."""
    size = prod(shape) * dtype.itemsize
    if size < LARGE:
        return _empty(shape, dtype)
    return _ndarray(shape, dtype, memory.lend(size))


def like(x):
    """Make an array as `empty` does, of the shape and type of x, which is in C order."""
    if x.nbytes < LARGE:
        return _empty(x.shape, x.dtype)
    return _ndarray(x.shape, x.dtype, memory.lend(x.nbytes))


def zeros(shape, dtype):
    """Make an array of zeros as `empty` does."""
    size = prod(shape) * dtype.itemsize
    if size < LARGE:
        return np.zeros(shape, dtype)
    array = _ndarray(shape, dtype, memory.lend(size))
    array.fill(0)
    return array


def room(a, b):
    """Give memory for what NumPy computes of pairs of elements; None, its own, if that is small.

    The arrays broadcast and have one type, which is that of the result.
    """
    if a.nbytes + b.nbytes < LARGE or not a.flags.num & b.flags.num & C_ORDER:
        return None
    return empty(a.shape if a.shape == b.shape else np.broadcast_shapes(a.shape, b.shape), a.dtype)


def broadcast(x, shape):
    """View x in a shape that it broadcasts to, read-only."""
    if x.size != 1:
        return np.broadcast_to(x, shape)
    y = _ndarray(shape, x.dtype, x, 0, (0,) * len(shape))  # in a sixth of the time
    y.flags.writeable = False
    return y


def is_own(array):
    """Tell whether an array is no view: its memory is that of NumPy, or lent to it by `empty`."""
    return array.base is None or type(array.base) is memory.Memory
