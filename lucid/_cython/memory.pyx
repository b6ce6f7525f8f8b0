"""Memory of large results, kept when an array dies for the next one of its size.

A training step makes arrays of the same sizes again and again. Returned to the system, memory comes
back as fresh pages, each of which costs about as much as a thousand additions; so it is kept here,
at most `LIMIT` bytes of it. What arrays use and what is kept together stay within 9/8 of what
arrays once used at the same time, or `FLOOR` bytes if that is more: keeping adds little to the
peak, and an eighth is enough for sizes that do not quite recur. The size that was not asked for
for longest goes first.

All this happens under the GIL.
"""

from cpython.buffer cimport PyBuffer_FillInfo
from libc.stdint cimport uintptr_t
from libc.stdlib cimport free, malloc

cdef extern from *:
    """
    #ifdef __linux__
    #include <sys/mman.h>
    #endif
    #ifdef MADV_HUGEPAGE  /* pages of 2 MiB: the processor finds its way through them faster */
    #define LUCID_LARGE_PAGES(start, size) madvise(start, size, MADV_HUGEPAGE)
    #else
    #define LUCID_LARGE_PAGES(start, size) 0
    #endif
    """
    int LUCID_LARGE_PAGES(void *start, size_t size)

cdef extern from "Python.h":
    int PyTraceMalloc_Track(unsigned int domain, uintptr_t block, size_t size)
    int PyTraceMalloc_Untrack(unsigned int domain, uintptr_t block)

cdef enum:
    TRACED = 0x4C554349  # the domain of `tracemalloc` in which lent memory counts
    LINE = 64  # bytes; a vector that crosses a line of the cache is loaded twice
    PAGE = 4096

cdef size_t LIMIT = 1 << 30  # bytes kept at most
cdef size_t FLOOR = 64 << 20  # bytes that may be in use or kept in any case
cdef size_t LARGE = 4 << 20  # bytes from which large pages pay
cdef dict kept = {}  # for each size its free blocks, the size asked for last at the end
cdef size_t lent_bytes = 0, kept_bytes = 0, peak_bytes = 0


cdef class Memory:
    """The memory of one array and its views; it is kept when the last of them dies."""

    cdef void *block
    cdef char *data
    cdef size_t size

    def __getbuffer__(self, Py_buffer *buffer, int flags):
        PyBuffer_FillInfo(buffer, self, self.data, <Py_ssize_t> self.size, 0, flags)

    def __dealloc__(self):
        global lent_bytes, kept_bytes
        if self.block == NULL:
            return
        nothing = []  # making a list may collect garbage, and so come here again: first of all
        PyTraceMalloc_Untrack(TRACED, <uintptr_t> self.block)
        lent_bytes -= self.size
        blocks = kept.pop(self.size, nothing)
        blocks.append(<uintptr_t> self.block)
        kept[self.size] = blocks
        kept_bytes += self.size
        shrink()


def lend(size_t size):
    """Return memory of so many bytes; its content is undefined."""
    global lent_bytes, kept_bytes, peak_bytes
    cdef Memory memory = Memory()
    cdef uintptr_t block
    blocks = kept.pop(size, None)
    if blocks:
        block = blocks.pop()
        memory.block = <void *> block
        kept_bytes -= size
        if blocks:
            kept[size] = blocks  # at the end: it was asked for just now
    else:
        memory.block = malloc(size + LINE)
        if memory.block == NULL:
            raise MemoryError(f"{size} bytes")
        if size >= LARGE:
            block = (<uintptr_t> memory.block // PAGE + 1) * PAGE
            LUCID_LARGE_PAGES(<void *> block, size - PAGE)
    memory.data = <char *> ((<uintptr_t> memory.block // LINE + 1) * LINE)
    memory.size = size
    PyTraceMalloc_Track(TRACED, <uintptr_t> memory.block, size)
    lent_bytes += size
    peak_bytes = max(peak_bytes, lent_bytes)
    shrink()
    return memory


cdef void shrink():
    """Free what may not be kept."""
    global kept_bytes
    cdef size_t size, bound = max(peak_bytes + peak_bytes // 8, FLOOR)
    cdef list blocks
    while kept_bytes > LIMIT or kept_bytes and lent_bytes + kept_bytes > bound:
        size = next(iter(kept))
        blocks = kept[size]
        free(<void *> <uintptr_t> blocks.pop())
        kept_bytes -= size
        if not blocks:
            del kept[size]


def held():
    """Count the bytes that arrays use, and those that are kept."""
    return lent_bytes, kept_bytes


def empty():
    """Free what is kept, and forget the peak."""
    global kept_bytes, peak_bytes
    for blocks in kept.values():
        for block in blocks:
            free(<void *> <uintptr_t> block)
    kept.clear()
    kept_bytes = 0
    peak_bytes = lent_bytes
