"""Tiles of one channel: a few rows, half to two vectors wide, that stay in the registers.

A column of kernel taps slides down the rows of x. Each tap loads one new row, and uses it and the
ones before it, which are still held, for all rows of the tile: one load for `rows` multiply-adds,
for kernels of any height. The loops run at least once (`while True`), and rows and vectors are
literal numbers in the calls: so the compiler unrolls them and keeps the arrays in registers.
"""

from lucid._cython.padded cimport clip
from lucid._cython.types cimport real

cdef extern from *:
    """
    #if defined(__AVX512F__)
    #define LUCID_STRIP 64
    #define LUCID_WIDE 2
    #define LUCID_TILE 7
    #elif defined(__AVX__)
    #define LUCID_STRIP 64
    #define LUCID_WIDE 1
    #define LUCID_TILE 3
    #else
    #define LUCID_STRIP 32
    #define LUCID_WIDE 1
    #define LUCID_TILE 3
    #endif
    #if defined(__GNUC__)  /* so that the size of a tile reaches the loops as a constant */
    #undef CYTHON_INLINE
    #define CYTHON_INLINE __inline__ __attribute__((always_inline))
    #endif
    #define LUCID_MAX_WIDTH (LUCID_WIDE * LUCID_STRIP / 4)
    #define LUCID_HALF_TILE ((LUCID_TILE + 1) / 2)
    """
    enum:
        VECTOR_BYTES "LUCID_STRIP"  # two registers where they are small: 8 or 16 floats
        WIDE "LUCID_WIDE"  # such vectors side by side, where there are 32 registers
        MAX_WIDTH "LUCID_MAX_WIDTH"
        MAX_ROWS "LUCID_TILE"  # 7 divides the image sizes of most networks
        HALF_ROWS "LUCID_HALF_TILE"


cdef struct Run:  # rows of the result that are computed in the same way
    Py_ssize_t rows, columns
    Py_ssize_t x_step, y_step  # elements from one row to the next
    Py_ssize_t height  # taps of a column
    Py_ssize_t first, end  # the rows of x that may not be zero, counted from that of row 0, tap 0


cdef inline void add_tile(
    const Run *run, const real *x, const Py_ssize_t *offset, Py_ssize_t taps, const real *w,
    Py_ssize_t first, Py_ssize_t last, const real *bias, real *y, Py_ssize_t size, int rows,
    int width,
) noexcept nogil:
    """Add to `rows` rows of y, `size` columns wide, taps first to last of each column.

    With a `bias`, y is set to it and the sum, not read. `width` counts the bytes of a tile's row.
    """
    cdef real acc[MAX_ROWS][MAX_WIDTH]
    cdef real held[MAX_ROWS][MAX_WIDTH]
    cdef const real *row
    cdef real value
    cdef Py_ssize_t k
    cdef int j, l, columns = <int> size, lanes = width // sizeof(real)
    for j in range(rows):
        for l in range(lanes):
            acc[j][l] = 0
    x += first * run.x_step
    while True:
        row = x + offset[0]
        for j in range(rows - 1):
            for l in range(lanes):
                held[j][l] = row[l]
            row += run.x_step
        k = first
        while True:
            for l in range(lanes):
                held[rows - 1][l] = row[l]
            for j in range(rows - 1):
                for l in range(lanes):
                    acc[j][l] += w[k] * held[j][l]
                for l in range(lanes):
                    held[j][l] = held[j + 1][l]
            for l in range(lanes):
                acc[rows - 1][l] += w[k] * row[l]
            row += run.x_step
            k += 1
            if k >= last:
                break
        w += run.height
        offset += 1
        taps -= 1
        if taps == 0:
            break
    if bias != NULL:
        for j in range(rows):
            for l in range(lanes):
                acc[j][l] += bias[0]
    elif size >= lanes:
        for j in range(rows):
            for l in range(lanes):
                acc[j][l] += y[j * run.y_step + l]
    else:
        for j in range(rows):  # all loads before all stores: short rows overlap
            for l in range(lanes):
                if l < columns:
                    acc[j][l] += y[j * run.y_step + l]
    if size >= lanes:
        for j in range(rows):
            for l in range(lanes):
                y[j * run.y_step + l] = acc[j][l]
        return
    for j in range(rows):
        for l in range(lanes):
            value = acc[j][l]
            if l < columns:
                y[j * run.y_step + l] = value


cdef inline void sum_tile(
    const Run *run, const real *x, const Py_ssize_t *offset, Py_ssize_t taps, real *sums,
    Py_ssize_t first, Py_ssize_t last, const real *y, Py_ssize_t size, int rows, int width,
) noexcept nogil:
    """Add to the sums, a vector for each tap, x times `rows` rows of y, `size` columns wide."""
    cdef real held[MAX_ROWS][MAX_WIDTH]
    cdef real given[MAX_ROWS][MAX_WIDTH]
    cdef real total[MAX_WIDTH]
    cdef const real *row
    cdef real value
    cdef Py_ssize_t k
    cdef int j, l, v, columns = <int> size, lanes = width // sizeof(real)
    cdef int one = min(width, VECTOR_BYTES) // sizeof(real), step = VECTOR_BYTES // sizeof(real)
    for j in range(rows):
        for l in range(lanes):
            given[j][l] = 0
            if l < columns:
                given[j][l] = y[j * run.y_step + l]
    x += first * run.x_step
    while True:
        row = x + offset[0]
        for j in range(rows - 1):
            for l in range(lanes):
                held[j][l] = row[l]
            row += run.x_step
        k = first
        while True:
            for l in range(lanes):
                held[rows - 1][l] = row[l]
                total[l] = given[rows - 1][l] * row[l]
            for j in range(rows - 1):
                for l in range(lanes):
                    total[l] += given[j][l] * held[j][l]
                for l in range(lanes):
                    held[j][l] = held[j + 1][l]
            for l in range(lanes):
                value = total[l]
                total[l] = value if l < columns else 0  # beyond stands what is of other rows
            for v in range(1, lanes // one):
                for l in range(one):
                    total[l] += total[v * one + l]
            for l in range(one):
                sums[k * step + l] += total[l]
            row += run.x_step
            k += 1
            if k >= last:
                break
        sums += run.height * step
        offset += 1
        taps -= 1
        if taps == 0:
            break


cdef inline Py_ssize_t strip_width(Py_ssize_t left, int itemsize) noexcept nogil:
    """Choose how many bytes of a row of `left` columns a tile takes: what hangs over is lost."""
    left *= itemsize
    if WIDE > 1 and left > VECTOR_BYTES + VECTOR_BYTES // 2:
        return WIDE * VECTOR_BYTES
    return VECTOR_BYTES if left > VECTOR_BYTES // 2 else VECTOR_BYTES // 2


cdef inline void add_strips(
    const Run *run, const real *x, const Py_ssize_t *offset, Py_ssize_t taps, const real *w,
    Py_ssize_t first, Py_ssize_t last, const real *bias, real *y, int rows,
) noexcept nogil:
    """Add to `rows` whole rows of y."""
    cdef Py_ssize_t q = 0, left = run.columns, width
    while left > 0:
        width = strip_width(left, sizeof(real))
        if WIDE > 1 and width == WIDE * VECTOR_BYTES:
            add_tile(
                run, x + q, offset, taps, w, first, last, bias, y + q, left, rows,
                WIDE * VECTOR_BYTES,
            )
        elif width == VECTOR_BYTES:
            add_tile(
                run, x + q, offset, taps, w, first, last, bias, y + q, left, rows, VECTOR_BYTES
            )
        else:
            add_tile(
                run, x + q, offset, taps, w, first, last, bias, y + q, left, rows,
                VECTOR_BYTES // 2,
            )
        q += width // sizeof(real)
        left = run.columns - q


cdef inline void sum_strips(
    const Run *run, const real *x, const Py_ssize_t *offset, Py_ssize_t taps, real *sums,
    Py_ssize_t first, Py_ssize_t last, const real *y, int rows,
) noexcept nogil:
    """Add to the sums what `rows` whole rows of y give."""
    cdef Py_ssize_t q = 0, left = run.columns, width
    while left > 0:
        width = strip_width(left, sizeof(real))
        if WIDE > 1 and width == WIDE * VECTOR_BYTES:
            sum_tile(
                run, x + q, offset, taps, sums, first, last, y + q, left, rows,
                WIDE * VECTOR_BYTES,
            )
        elif width == VECTOR_BYTES:
            sum_tile(run, x + q, offset, taps, sums, first, last, y + q, left, rows, VECTOR_BYTES)
        else:
            sum_tile(
                run, x + q, offset, taps, sums, first, last, y + q, left, rows, VECTOR_BYTES // 2
            )
        q += width // sizeof(real)
        left = run.columns - q


cdef inline void set_rows(
    const Run *run, const real *bias, real *y, int rows
) noexcept nogil:
    """Set `rows` rows that no tap reaches."""
    cdef Py_ssize_t q
    cdef int j
    for j in range(rows):
        for q in range(run.columns):
            y[j * run.y_step + q] = bias[0]


cdef inline int tile_rows(const Run *run, Py_ssize_t m) noexcept nogil:
    """Return how many rows the tile has that starts at row m."""
    cdef Py_ssize_t rows = run.rows - m
    if rows >= MAX_ROWS:
        return MAX_ROWS
    if rows >= HALF_ROWS:
        return HALF_ROWS
    return 2 if rows >= 2 else 1


cdef inline void add_rows(
    const Run *run, const real *x, const Py_ssize_t *offset, Py_ssize_t taps, const real *w,
    const real *bias, real *y,
) noexcept nogil:
    """Add all columns of taps to the rows of a run, or set the rows to them and the bias."""
    cdef Py_ssize_t m = 0, first, last
    cdef int rows
    while m < run.rows:
        rows = tile_rows(run, m)
        first = clip(run.first - m - rows + 1, run.height)
        last = clip(run.end - m, run.height)
        if first < last:
            if rows >= MAX_ROWS:
                add_strips(run, x, offset, taps, w, first, last, bias, y, MAX_ROWS)
            elif rows >= HALF_ROWS:
                add_strips(run, x, offset, taps, w, first, last, bias, y, HALF_ROWS)
            elif rows >= 2:
                add_strips(run, x, offset, taps, w, first, last, bias, y, 2)
            else:
                add_strips(run, x, offset, taps, w, first, last, bias, y, 1)
        elif bias != NULL:
            set_rows(run, bias, y, rows)
        x += rows * run.x_step
        y += rows * run.y_step
        m += rows


cdef inline void sum_rows(
    const Run *run, const real *x, const Py_ssize_t *offset, Py_ssize_t taps, real *sums,
    const real *y,
) noexcept nogil:
    """Add to the sums of all taps what the rows of a run give."""
    cdef Py_ssize_t m = 0, first, last
    cdef int rows
    while m < run.rows:
        rows = tile_rows(run, m)
        first = clip(run.first - m - rows + 1, run.height)
        last = clip(run.end - m, run.height)
        if first < last:
            if rows >= MAX_ROWS:
                sum_strips(run, x, offset, taps, sums, first, last, y, MAX_ROWS)
            elif rows >= HALF_ROWS:
                sum_strips(run, x, offset, taps, sums, first, last, y, HALF_ROWS)
            elif rows >= 2:
                sum_strips(run, x, offset, taps, sums, first, last, y, 2)
            else:
                sum_strips(run, x, offset, taps, sums, first, last, y, 1)
        x += rows * run.x_step
        y += rows * run.y_step
        m += rows


cdef inline void add_lanes(real *sums, Py_ssize_t count) noexcept nogil:
    """Add up the lanes of each of some vectors, by halves; the first lane gets the total."""
    cdef Py_ssize_t t
    cdef int l, lanes = VECTOR_BYTES // sizeof(real)
    if lanes >= 16:
        for t in range(count):
            for l in range(8):
                sums[t * lanes + l] += sums[t * lanes + 8 + l]
    if lanes >= 8:
        for t in range(count):
            for l in range(4):
                sums[t * lanes + l] += sums[t * lanes + 4 + l]
    for t in range(count):
        for l in range(2):
            sums[t * lanes + l] += sums[t * lanes + 2 + l]
    for t in range(count):
        sums[t * lanes] += sums[t * lanes + 1]
