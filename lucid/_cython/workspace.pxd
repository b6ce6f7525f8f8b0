cdef class Workspace:
    cdef char *block
    cdef char *data  # aligned to a cache line
    cdef size_t size
    cdef size_t lent  # bytes that a kernel asked for and has not given back

cdef Workspace borrow(size_t size)
cdef void give_back(Workspace workspace)
