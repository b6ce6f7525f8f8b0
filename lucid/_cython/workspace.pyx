"""Scratch memory that is kept from call to call: a fresh page costs more than the work in it.

A kernel borrows one block for a call and gives it back; both happen under the GIL, so two Python
threads never hold the same block. What is kept is bounded, and `empty` frees it.
"""

from libc.stdint cimport uintptr_t
from libc.stdlib cimport free, malloc

cdef list kept = []
cdef size_t lent = 0, most = 0  # bytes that kernels hold now, and held at most
LIMIT = 64 << 20  # bytes kept for the next call


cdef class Workspace:
    """One block of memory, freed with the object."""

    def __dealloc__(self):
        count(-<Py_ssize_t> self.lent)  # of a call that was interrupted
        free(self.block)


cdef void count(Py_ssize_t change) noexcept:
    """Note that kernels hold so many bytes more, or less."""
    global lent, most
    lent += change
    most = max(most, lent)


cdef Workspace borrow(size_t size):
    """Return a block of at least `size` bytes; its content is undefined."""
    cdef Workspace workspace
    cdef Py_ssize_t index
    for index in range(len(kept) - 1, -1, -1):  # what was given back last is in the caches still
        workspace = kept[index]
        if workspace.size >= size:
            return lend(kept.pop(index), size)
    if kept:
        kept.pop()  # too small, as all of them: the larger one will do for its calls, too
    workspace = Workspace()
    workspace.block = <char *> malloc(size + 64)
    if workspace.block == NULL:
        raise MemoryError(f"a workspace of {size} bytes")
    workspace.data = workspace.block + (64 - <uintptr_t> workspace.block % 64)
    workspace.size = size
    return lend(workspace, size)


cdef Workspace lend(Workspace workspace, size_t size):
    """Count a block as lent."""
    workspace.lent = size
    count(size)
    return workspace


cdef void give_back(Workspace workspace):
    """Keep the block for the next call, if all that is kept stays within the limit."""
    count(-<Py_ssize_t> workspace.lent)
    workspace.lent = 0
    kept.append(workspace)
    while held() > LIMIT:
        kept.pop(0)


def held():
    """Count the bytes that are kept for later calls."""
    cdef Workspace workspace
    cdef size_t total = 0
    for workspace in kept:
        total += workspace.size
    return total


def empty():
    """Free what is kept."""
    kept.clear()


def forget_peak():
    """Begin to measure how much kernels hold."""
    global most
    most = lent


def peak():
    """Count the bytes that kernels held at once, at most, since `forget_peak`."""
    return most
