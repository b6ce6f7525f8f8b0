"""What the doors share: arrays as the loops want them, and how many threads a work is worth."""

import numpy as np

from lucid.kernels import threads

__all__ = []

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
    return threads.threads_for(elements, ELEMENTS)
