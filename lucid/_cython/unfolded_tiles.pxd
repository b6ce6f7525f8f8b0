"""Dot products of 4 rows with a few other rows, all of them in registers.

As in `microkernel.pxd` a local array of fixed size is what the compiler keeps in registers: a sum
of one register for each pair of rows, which take turns in multiplying what was loaded once.
"""

from lucid._cython.types cimport real

cdef extern from *:
    """
    #if defined(__AVX512F__)
    #define LUCID_REGISTER 64
    #define LUCID_TAPS 6
    #elif defined(__AVX__)
    #define LUCID_REGISTER 32
    #define LUCID_TAPS 2
    #else
    #define LUCID_REGISTER 16
    #define LUCID_TAPS 2
    #endif
    #if defined(__GNUC__)  /* so that what is always the same reaches the loops as a constant */
    #undef CYTHON_INLINE
    #define CYTHON_INLINE __inline__ __attribute__((always_inline))
    #endif
    #define LUCID_ONE (LUCID_REGISTER / 4)
    """
    enum:
        REGISTER "LUCID_REGISTER"  # bytes
        ONE "LUCID_ONE"  # floats of one register
        TAPS "LUCID_TAPS"  # rows of x; times 4 rows of y, all their sums fit in the registers


cdef inline void dot_step(
    const real *x, const Py_ssize_t *offset, const real *y, const Py_ssize_t *row, int taps,
    int skip, real acc[4][TAPS][ONE],
) noexcept nogil:
    """Multiply one register of each row by one of each other, but for the first `skip` lanes."""
    cdef real given[4][ONE]
    cdef real held[ONE]
    cdef real value
    cdef int i, j, l, lanes = REGISTER // sizeof(real)
    for i in range(4):
        for l in range(lanes):
            value = y[row[i] + l]
            given[i][l] = 0 if l < skip else value
    for j in range(taps):
        for l in range(lanes):
            held[l] = x[offset[j] + l]
        for i in range(4):
            for l in range(lanes):
                acc[i][j][l] += given[i][l] * held[l]


cdef inline void dot_taps(
    const real *x, const Py_ssize_t *offset, const real *y, const Py_ssize_t *row,
    Py_ssize_t size, real *sums, int taps,
) noexcept nogil:
    """`dot_tile` for a number of taps that the compiler must know."""
    cdef real acc[4][TAPS][ONE]
    cdef Py_ssize_t q = 0, lanes = REGISTER // sizeof(real)
    cdef int i, j, l
    for i in range(4):
        for j in range(taps):
            for l in range(lanes):
                acc[i][j][l] = sums[(i * TAPS + j) * lanes + l]
    while q + lanes <= size:
        dot_step(x + q, offset, y + q, row, taps, 0, acc)
        q += lanes
    if q < size:
        dot_step(
            x + size - lanes, offset, y + size - lanes, row, taps, <int> (q + lanes - size), acc
        )
    for i in range(4):
        for j in range(taps):
            for l in range(lanes):
                sums[(i * TAPS + j) * lanes + l] = acc[i][j][l]


cdef inline void dot_tile(
    const real *x, const Py_ssize_t *offset, const real *y, const Py_ssize_t *row,
    Py_ssize_t size, real *sums, Py_ssize_t taps,
) noexcept nogil:
    """``sums[i, j, l] += y[row[i] + q + l] * x[offset[j] + q + l]``, for ``q + l < size``.

    For i < 4 and the `taps` j; of the last tile often few are left. The last register begins so
    early that it ends with the run; what was multiplied is skipped.
    """
    cdef Py_ssize_t q, lanes = REGISTER // sizeof(real)
    cdef int i, j
    if size < lanes:
        for i in range(4):
            for j in range(taps):
                for q in range(size):
                    sums[(i * TAPS + j) * lanes + q] += y[row[i] + q] * x[offset[j] + q]
    elif taps <= TAPS // 2:
        dot_taps(x, offset, y, row, size, sums, TAPS // 2)
    else:
        dot_taps(x, offset, y, row, size, sums, TAPS)


cdef inline void add_lanes(real *sums) noexcept nogil:
    """Add up the lanes of each sum of a tile, by halves; the first lane gets the total."""
    cdef int e, l, lanes = REGISTER // sizeof(real)
    if lanes >= 16:
        for e in range(4 * TAPS):
            for l in range(8):
                sums[e * lanes + l] += sums[e * lanes + 8 + l]
    if lanes >= 8:
        for e in range(4 * TAPS):
            for l in range(4):
                sums[e * lanes + l] += sums[e * lanes + 4 + l]
    if lanes >= 4:
        for e in range(4 * TAPS):
            for l in range(2):
                sums[e * lanes + l] += sums[e * lanes + 2 + l]
    for e in range(4 * TAPS):
        sums[e * lanes] += sums[e * lanes + 1]
