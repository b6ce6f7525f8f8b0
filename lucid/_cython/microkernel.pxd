"""Two small matrix products that stay in the registers; the fast kernels spend their time here.

The accumulator is a local array of fixed size, ROWS times `lanes`, so the compiler keeps all of it
in vector registers: 16 of 32 with AVX-512, 12 of 16 with AVX2 or SSE, the rest holding operands. A
step loads `lanes` neighbours once and uses them ROWS times, so that loads do not limit it.

The idea is the inner kernel of Goto and van de Geijn, "Anatomy of high-performance matrix
multiplication", 2008, section 5; here the compiler writes the vector instructions.
"""

from lucid._cython.types cimport real

cdef extern from *:
    """
    #if defined(__AVX512F__)
    #define LUCID_ROWS 8
    #define LUCID_LANE_BYTES 128
    #elif defined(__AVX2__)
    #define LUCID_ROWS 4
    #define LUCID_LANE_BYTES 96
    #elif defined(__aarch64__)
    #define LUCID_ROWS 8
    #define LUCID_LANE_BYTES 48
    #else
    #define LUCID_ROWS 4
    #define LUCID_LANE_BYTES 48
    #endif
    #define LUCID_MAX_LANES (LUCID_LANE_BYTES / 4)
    """
    enum:
        ROWS "LUCID_ROWS"
        LANE_BYTES "LUCID_LANE_BYTES"
        MAX_LANES "LUCID_MAX_LANES"


cdef inline void multiply_add(
    const real *x, const Py_ssize_t *offset, const real *w, Py_ssize_t taps,
    real *y, Py_ssize_t pitch, bint start,
) noexcept nogil:
    """``y[j * pitch + l] += sum over t of w[t * ROWS + j] * x[offset[t] + l]``; = if `start`."""
    cdef real acc[ROWS][MAX_LANES]
    cdef const real *row
    cdef Py_ssize_t t
    cdef int j, l, lanes = LANE_BYTES // sizeof(real)
    for j in range(ROWS):
        for l in range(lanes):
            acc[j][l] = 0
    for t in range(taps):
        row = x + offset[t]
        for j in range(ROWS):
            for l in range(lanes):
                acc[j][l] += w[t * ROWS + j] * row[l]
    if not start:
        for j in range(ROWS):
            for l in range(lanes):
                acc[j][l] += y[j * pitch + l]
    for j in range(ROWS):
        for l in range(lanes):
            y[j * pitch + l] = acc[j][l]


cdef inline void multiply_add_scattered(
    const real *x, const Py_ssize_t *base, const Py_ssize_t *position, const real *y,
    Py_ssize_t count, real *w,
) noexcept nogil:
    """``w[j * lanes + l] += sum over t of x[base[j] + position[t]] * y[t * lanes + l]``."""
    cdef real acc[ROWS][MAX_LANES]
    cdef const real *row[ROWS]
    cdef Py_ssize_t t
    cdef int j, l, lanes = LANE_BYTES // sizeof(real)
    for j in range(ROWS):
        row[j] = x + base[j]
        for l in range(lanes):
            acc[j][l] = 0
    for t in range(count):
        for j in range(ROWS):
            for l in range(lanes):
                acc[j][l] += row[j][position[t]] * y[t * lanes + l]
    for j in range(ROWS):
        for l in range(lanes):
            w[j * lanes + l] += acc[j][l]
