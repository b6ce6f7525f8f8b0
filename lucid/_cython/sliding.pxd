"""Tiles of one channel: a few rows, half to two vectors wide, that stay in the registers.

A column of kernel taps slides down the rows of x. Each tap loads one new row, and uses it and the
ones before it, which are still held, for all rows of the tile: one load for `rows` multiply-adds,
for kernels of any height. Lanes and rows that lie outside x are zero: rows are read where they
are, borders need no copy. The loops run at least once (`while True`), and rows and vectors are
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
    #define LUCID_HALF_TILE 4
    #define LUCID_WIDE_ROWS 7
    #define LUCID_WIDE_FROM 96
    #define LUCID_TALL 0x7fffffff
    #elif defined(__AVX__)
    #define LUCID_STRIP 32
    #define LUCID_WIDE 2
    #define LUCID_TILE 7
    #define LUCID_HALF_TILE 3
    #define LUCID_WIDE_ROWS 3
    #define LUCID_WIDE_FROM 32
    #define LUCID_TALL 64
    #else
    #define LUCID_STRIP 32
    #define LUCID_WIDE 1
    #define LUCID_TILE 3
    #define LUCID_HALF_TILE 2
    #define LUCID_WIDE_ROWS 3
    #define LUCID_WIDE_FROM 32
    #define LUCID_TALL 0x7fffffff
    #endif
    #if defined(__GNUC__)  /* so that the size of a tile reaches the loops as a constant */
    #undef CYTHON_INLINE
    #define CYTHON_INLINE __inline__ __attribute__((always_inline))
    #endif
    #define LUCID_MAX_WIDTH (LUCID_WIDE * LUCID_STRIP / 4)
    """
    enum:
        VECTOR_BYTES "LUCID_STRIP"  # one register, two where they are small: 8 or 16 floats
        WIDE "LUCID_WIDE"  # such vectors side by side
        MAX_WIDTH "LUCID_MAX_WIDTH"
        MAX_ROWS "LUCID_TILE"  # 7 divides the image sizes of most networks
        HALF_ROWS "LUCID_HALF_TILE"
        WIDE_FROM "LUCID_WIDE_FROM"  # more bytes than that are worth a tile of full width
        WIDE_ROWS "LUCID_WIDE_ROWS"  # the most that fit into the registers at full width
        TALL_BYTES "LUCID_TALL"  # rows up to this length get higher tiles


cdef struct Run:  # rows of the result that are computed in the same way
    Py_ssize_t rows, columns
    Py_ssize_t x_step, y_step  # elements from one row to the next
    Py_ssize_t height  # taps of a column
    const Py_ssize_t *offset  # of each column of taps, what it adds to a position in x
    Py_ssize_t taps  # how many columns there are
    Py_ssize_t first, end  # the rows of x that are not zero, counted from that of row 0, tap 0
    Py_ssize_t column, size  # the column of x at offset 0 of column 0, and how many x has
    const void *zeros  # what stands for a row outside x


cdef inline Py_ssize_t first_tap(const Run *run, Py_ssize_t m, int rows) noexcept nogil:
    """Return the first tap of a column that reads a row of x for one of `rows` rows from m on."""
    return clip(run.first - m - rows + 1, run.height)


cdef inline Py_ssize_t last_tap(const Run *run, Py_ssize_t m) noexcept nogil:
    """Return the tap behind the last one that reads a row of x for one of the rows from m on."""
    return clip(run.end - m, run.height)


cdef inline void load_row(
    const Run *run, const real *row, Py_ssize_t i, int low, int high, real *held, int lanes
) noexcept nogil:
    """Load row i, counted from that of row 0, tap 0; zero what is not in lanes low to high."""
    cdef real value
    cdef int l
    if i < run.first:
        row = <const real *> run.zeros
    elif i >= run.end:
        row = <const real *> run.zeros
    for l in range(lanes):
        value = row[l]
        held[l] = value if (low <= l) & (l < high) else 0


cdef inline void add_old(
    const Run *run, const real *y, Py_ssize_t columns, real (*acc)[MAX_WIDTH], int rows, int lanes
) noexcept nogil:
    """Add what y holds already."""
    cdef int j, l
    for j in range(rows):
        for l in range(lanes):
            if l < columns:
                acc[j][l] += y[l]
        y += run.y_step


cdef inline void add_tile(
    const Run *run, const real *x, const real *w, const real *bias, real *y, Py_ssize_t m,
    Py_ssize_t q, int rows, int width,
) noexcept nogil:
    """Add to `rows` rows of y all taps; y points to row m, column q, x to those of row 0, tap 0.

    With a `bias`, y is set to it and the sum, not read. `width` counts the bytes of a tile's row.
    """
    cdef real acc[MAX_ROWS][MAX_WIDTH]
    cdef real held[MAX_ROWS][MAX_WIDTH]
    cdef const Py_ssize_t *offset = run.offset
    cdef const real *row
    cdef Py_ssize_t k, start, taps = run.taps
    cdef Py_ssize_t first = first_tap(run, m, rows), last = last_tap(run, m)
    cdef int j, l, low, high, lanes = width // sizeof(real)
    cdef Py_ssize_t columns = min(run.columns - q, <Py_ssize_t> lanes)
    for j in range(rows):
        for l in range(lanes):
            acc[j][l] = 0
    x += (m + first) * run.x_step
    while True:
        start = run.column + q + offset[0]
        low, high = <int> clip(-start, lanes), <int> clip(run.size - start, lanes)
        row = x + q + offset[0]
        for j in range(rows - 1):
            load_row(run, row, m + first + j, low, high, held[j], lanes)
            row += run.x_step
        k = first
        while True:
            load_row(run, row, m + k + rows - 1, low, high, held[rows - 1], lanes)
            row += run.x_step
            for j in range(rows - 1):
                for l in range(lanes):
                    acc[j][l] += w[k] * held[j][l]
                for l in range(lanes):
                    held[j][l] = held[j + 1][l]
            for l in range(lanes):
                acc[rows - 1][l] += w[k] * held[rows - 1][l]
            k += 1
            if k >= last:
                break
        w += run.height
        offset += 1
        taps -= 1
        if taps == 0:
            break
    if bias == NULL:
        add_old(run, y, columns, acc, rows, lanes)
    else:
        for j in range(rows):
            for l in range(lanes):
                acc[j][l] += bias[0]
    if columns == lanes or bias != NULL and run.y_step == columns and 2 * columns >= lanes:
        for j in range(rows - 1):  # what hangs over is written anew with the next row
            for l in range(lanes):
                y[l] = acc[j][l]
            y += run.y_step
        for l in range(columns):
            y[l] = acc[rows - 1][l]
        return
    for j in range(rows):
        for l in range(columns):
            y[l] = acc[j][l]
        y += run.y_step


cdef inline void sum_tile(
    const Run *run, const real *x, real *sums, const real *y, Py_ssize_t m, Py_ssize_t q,
    int rows, int width,
) noexcept nogil:
    """Add to the sums, a vector for each tap, x times `rows` rows of y, from row m, column q on."""
    cdef real held[MAX_ROWS][MAX_WIDTH]
    cdef real given[MAX_ROWS][MAX_WIDTH]
    cdef real total[MAX_WIDTH]
    cdef const Py_ssize_t *offset = run.offset
    cdef const real *row
    cdef Py_ssize_t k, start, taps = run.taps
    cdef Py_ssize_t first = first_tap(run, m, rows), last = last_tap(run, m)
    cdef int j, l, v, low, high, lanes = width // sizeof(real)
    cdef int columns = <int> min(run.columns - q, lanes)
    cdef int one = min(width, VECTOR_BYTES) // sizeof(real), step = VECTOR_BYTES // sizeof(real)
    for j in range(rows):
        for l in range(lanes):
            given[j][l] = y[l] if l < columns else 0
        y += run.y_step
    x += (m + first) * run.x_step
    while True:
        start = run.column + q + offset[0]
        low, high = <int> clip(-start, lanes), <int> clip(run.size - start, columns)
        row = x + q + offset[0]
        for j in range(rows - 1):
            load_row(run, row, m + first + j, low, high, held[j], lanes)
            row += run.x_step
        k = first
        while True:
            load_row(run, row, m + k + rows - 1, low, high, held[rows - 1], lanes)
            row += run.x_step
            for l in range(lanes):
                total[l] = given[rows - 1][l] * held[rows - 1][l]
            for j in range(rows - 1):
                for l in range(lanes):
                    total[l] += given[j][l] * held[j][l]
                for l in range(lanes):
                    held[j][l] = held[j + 1][l]
            for v in range(1, lanes // one):
                for l in range(one):
                    total[l] += total[v * one + l]
            for l in range(one):
                sums[k * step + l] += total[l]
            k += 1
            if k >= last:
                break
        sums += run.height * step
        offset += 1
        taps -= 1
        if taps == 0:
            break


cdef inline void add_strip(
    const Run *run, const real *x, const real *w, const real *bias, real *y, Py_ssize_t m,
    Py_ssize_t q, int rows, int width,
) noexcept nogil:
    """Call `add_tile` with a literal width."""
    if WIDE > 1 and width == WIDE * VECTOR_BYTES and rows <= WIDE_ROWS:
        add_tile(run, x, w, bias, y, m, q, rows, WIDE * VECTOR_BYTES)
    elif width == VECTOR_BYTES:
        add_tile(run, x, w, bias, y, m, q, rows, VECTOR_BYTES)
    else:
        add_tile(run, x, w, bias, y, m, q, rows, VECTOR_BYTES // 2)


cdef inline void sum_strip(
    const Run *run, const real *x, real *sums, const real *y, Py_ssize_t m, Py_ssize_t q,
    int rows, int width,
) noexcept nogil:
    """Call `sum_tile` with a literal width."""
    if WIDE > 1 and width == WIDE * VECTOR_BYTES and rows <= WIDE_ROWS:
        sum_tile(run, x, sums, y, m, q, rows, WIDE * VECTOR_BYTES)
    elif width == VECTOR_BYTES:
        sum_tile(run, x, sums, y, m, q, rows, VECTOR_BYTES)
    else:
        sum_tile(run, x, sums, y, m, q, rows, VECTOR_BYTES // 2)


cdef inline int strip_width(Py_ssize_t left, int rows, int itemsize) noexcept nogil:
    """Choose how many bytes of a row of `left` columns a tile takes: what hangs over is lost."""
    left *= itemsize
    if WIDE > 1 and left > WIDE_FROM and rows <= WIDE_ROWS:
        return WIDE * VECTOR_BYTES
    return VECTOR_BYTES if left > VECTOR_BYTES // 2 else VECTOR_BYTES // 2


cdef inline int tile_rows(const Run *run, Py_ssize_t m, int itemsize) noexcept nogil:
    """Return how many rows the tile has that starts at row m."""
    cdef Py_ssize_t rows = run.rows - m
    if rows >= MAX_ROWS and run.columns * itemsize <= TALL_BYTES:
        return MAX_ROWS
    if rows >= HALF_ROWS:
        return HALF_ROWS
    return 2 if rows >= 2 else 1


cdef inline void set_rows(const Run *run, const real *bias, real *y, int rows) noexcept nogil:
    """Set `rows` rows that no tap reaches."""
    cdef Py_ssize_t q
    cdef int j
    for j in range(rows):
        for q in range(run.columns):
            y[j * run.y_step + q] = bias[0]


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
