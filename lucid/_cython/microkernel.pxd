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
    #define LUCID_VECTOR_BYTES 64
    #define LUCID_DOTS 4
    #elif defined(__AVX2__)
    #define LUCID_ROWS 4
    #define LUCID_LANE_BYTES 96
    #define LUCID_VECTOR_BYTES 32
    #define LUCID_DOTS 3
    #elif defined(__aarch64__)
    #define LUCID_ROWS 8
    #define LUCID_LANE_BYTES 48
    #define LUCID_VECTOR_BYTES 16
    #define LUCID_DOTS 4
    #else
    #define LUCID_ROWS 4
    #define LUCID_LANE_BYTES 48
    #define LUCID_VECTOR_BYTES 16
    #define LUCID_DOTS 3
    #endif
    #if defined(__GNUC__)  /* so that a number of rows reaches the loops as a constant */
    #undef CYTHON_INLINE
    #define CYTHON_INLINE __inline__ __attribute__((always_inline))
    #endif
    #define LUCID_MAX_LANES (LUCID_LANE_BYTES / 4)
    #define LUCID_MAX_VECTOR (LUCID_VECTOR_BYTES / 4)
    """
    enum:
        ROWS "LUCID_ROWS"
        LANE_BYTES "LUCID_LANE_BYTES"
        MAX_LANES "LUCID_MAX_LANES"
        MAX_VECTOR "LUCID_MAX_VECTOR"
        VECTOR_BYTES "LUCID_VECTOR_BYTES"  # of one register
        DOTS "LUCID_DOTS"  # 4 times DOTS sums of one register each, in `add_dots`

cdef enum:
    NARROW = 16  # lanes of a tile for the last columns, which often need no more ...
    SLIM = 8  # ... or even less


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


cdef inline void scattered_sums(
    const real *x, const Py_ssize_t *base, const Py_ssize_t *position, const real *y,
    Py_ssize_t count, real *w, Py_ssize_t pitch, int lanes, bint start,
) noexcept nogil:
    """`multiply_add_scattered` for a number of lanes that the compiler must know."""
    cdef real acc[ROWS][MAX_LANES]
    cdef const real *row[ROWS]
    cdef Py_ssize_t t
    cdef int j, l
    for j in range(ROWS):
        row[j] = x + base[j]
        for l in range(lanes):
            acc[j][l] = 0
    for t in range(count):
        for j in range(ROWS):
            for l in range(lanes):
                acc[j][l] += row[j][position[t]] * y[t * lanes + l]
    if not start:
        for j in range(ROWS):
            for l in range(lanes):
                acc[j][l] += w[j * pitch + l]
    for j in range(ROWS):
        for l in range(lanes):
            w[j * pitch + l] = acc[j][l]


cdef inline void multiply_add_scattered(
    const real *x, const Py_ssize_t *base, const Py_ssize_t *position, const real *y,
    Py_ssize_t count, real *w, bint narrow, bint start,
) noexcept nogil:
    """``w[j * lanes + l] += sum over t of x[base[j] + position[t]] * y[t * step + l]``.

    For j < ROWS and l < step, which is `lanes`, or NARROW if those are fewer and `narrow`. With
    `start`, w is set, not read.
    """
    cdef int lanes = LANE_BYTES // sizeof(real)
    if narrow and NARROW < LANE_BYTES // sizeof(real):
        scattered_sums(x, base, position, y, count, w, lanes, NARROW, start)
    else:
        scattered_sums(x, base, position, y, count, w, lanes, lanes, start)


cdef inline void product_tile(
    const real *a, Py_ssize_t row_step, Py_ssize_t step, const real *b, Py_ssize_t b_step,
    Py_ssize_t terms, const real *bias, real *y, Py_ssize_t pitch, int rows, int lanes,
) noexcept nogil:
    """`add_product` for numbers of rows and lanes that the compiler must know.

    It keeps the sums in registers to the end only if it sees that the loop over terms runs at least
    once, and that y does not overlap the bias: hence the `max`, and the copy.
    """
    cdef real acc[8][MAX_LANES]  # so many that every branch of product_rows fits
    cdef real begin[8]
    cdef Py_ssize_t t
    cdef int j, l
    for j in range(rows):
        for l in range(lanes):
            acc[j][l] = 0
    for t in range(max(<Py_ssize_t> 1, terms)):
        for j in range(rows):
            for l in range(lanes):
                acc[j][l] += a[j * row_step + t * step] * b[t * b_step + l]
    if bias == NULL:
        for j in range(rows):
            for l in range(lanes):
                y[j * pitch + l] += acc[j][l]
        return
    for j in range(rows):
        begin[j] = bias[j]
    for j in range(rows):
        for l in range(lanes):
            y[j * pitch + l] = begin[j] + acc[j][l]


cdef inline void product_rows(
    const real *a, Py_ssize_t row_step, Py_ssize_t step, const real *b, Py_ssize_t b_step,
    Py_ssize_t terms, const real *bias, real *y, Py_ssize_t pitch, Py_ssize_t rows, int lanes,
) noexcept nogil:
    """`add_product` for a number of lanes that the compiler must know."""
    if rows == ROWS:
        product_tile(a, row_step, step, b, b_step, terms, bias, y, pitch, ROWS, lanes)
        return
    if rows == 1:
        product_tile(a, row_step, step, b, b_step, terms, bias, y, pitch, 1, lanes)
    elif rows == 2:
        product_tile(a, row_step, step, b, b_step, terms, bias, y, pitch, 2, lanes)
    elif rows == 3:
        product_tile(a, row_step, step, b, b_step, terms, bias, y, pitch, 3, lanes)
    elif rows == 4:
        product_tile(a, row_step, step, b, b_step, terms, bias, y, pitch, 4, lanes)
    elif rows == 5:
        product_tile(a, row_step, step, b, b_step, terms, bias, y, pitch, 5, lanes)
    elif rows == 6:
        product_tile(a, row_step, step, b, b_step, terms, bias, y, pitch, 6, lanes)
    else:
        product_tile(a, row_step, step, b, b_step, terms, bias, y, pitch, 7, lanes)


cdef inline void add_product(
    const real *a, Py_ssize_t row_step, Py_ssize_t step, const real *b, Py_ssize_t b_step,
    Py_ssize_t terms, const real *bias, real *y, Py_ssize_t pitch, Py_ssize_t rows,
) noexcept nogil:
    """``y[j * pitch + l] += sum over t of a[j * row_step + t * step] * b[t * b_step + l]``.

    For j < rows <= ROWS and l < lanes. Neither factor need be packed. With a `bias`, y is set, not
    read: it becomes ``bias[j]`` and the sum.
    """
    product_rows(
        a, row_step, step, b, b_step, terms, bias, y, pitch, rows, LANE_BYTES // sizeof(real)
    )


cdef inline Py_ssize_t enough_lanes(Py_ssize_t columns, Py_ssize_t lanes) noexcept nogil:
    """Choose how many of the lanes a tile computes for its columns."""
    if columns <= SLIM < lanes:
        return SLIM
    return NARROW if columns <= NARROW < lanes else lanes


cdef inline void add_lanes(
    const real *a, Py_ssize_t row_step, Py_ssize_t step, const real *b, Py_ssize_t b_step,
    Py_ssize_t terms, const real *bias, real *y, Py_ssize_t pitch, Py_ssize_t rows,
    Py_ssize_t width,
) noexcept nogil:
    """`add_product` for `width` lanes, which `enough_lanes` chose."""
    if width == SLIM:
        product_rows(a, row_step, step, b, b_step, terms, bias, y, pitch, rows, SLIM)
    elif width == NARROW < LANE_BYTES // sizeof(real):
        product_rows(a, row_step, step, b, b_step, terms, bias, y, pitch, rows, NARROW)
    else:
        add_product(a, row_step, step, b, b_step, terms, bias, y, pitch, rows)


cdef inline void scattered_tile(
    const real *a, Py_ssize_t row_step, const Py_ssize_t *position, const real *b,
    Py_ssize_t count, real *sums, Py_ssize_t pitch, int rows, int lanes,
) noexcept nogil:
    """`add_scattered_product` for numbers of rows and lanes that the compiler must know."""
    cdef real acc[8][MAX_LANES]  # so many that every branch of scattered_rows fits
    cdef Py_ssize_t t, b_step = LANE_BYTES // sizeof(real)
    cdef int j, l
    for j in range(rows):
        for l in range(lanes):
            acc[j][l] = 0
    for t in range(count):
        for j in range(rows):
            for l in range(lanes):
                acc[j][l] += a[j * row_step + position[t]] * b[t * b_step + l]
    for j in range(rows):
        for l in range(lanes):
            sums[j * pitch + l] += acc[j][l]


cdef inline void scattered_rows(
    const real *a, Py_ssize_t row_step, const Py_ssize_t *position, const real *b,
    Py_ssize_t count, real *sums, Py_ssize_t pitch, Py_ssize_t rows, int lanes,
) noexcept nogil:
    """`add_scattered_product` for a number of lanes that the compiler must know."""
    if rows == ROWS:
        scattered_tile(a, row_step, position, b, count, sums, pitch, ROWS, lanes)
        return
    if rows == 1:
        scattered_tile(a, row_step, position, b, count, sums, pitch, 1, lanes)
    elif rows == 2:
        scattered_tile(a, row_step, position, b, count, sums, pitch, 2, lanes)
    elif rows == 3:
        scattered_tile(a, row_step, position, b, count, sums, pitch, 3, lanes)
    elif rows == 4:
        scattered_tile(a, row_step, position, b, count, sums, pitch, 4, lanes)
    elif rows == 5:
        scattered_tile(a, row_step, position, b, count, sums, pitch, 5, lanes)
    elif rows == 6:
        scattered_tile(a, row_step, position, b, count, sums, pitch, 6, lanes)
    else:
        scattered_tile(a, row_step, position, b, count, sums, pitch, 7, lanes)


cdef inline void add_scattered_product(
    const real *a, Py_ssize_t row_step, const Py_ssize_t *position, const real *b,
    Py_ssize_t count, real *sums, Py_ssize_t pitch, Py_ssize_t rows, bint narrow,
) noexcept nogil:
    """``sums[j * pitch + l] += sum over t of a[j * row_step + position[t]] * b[t * lanes + l]``.

    For t < count, j < rows <= ROWS and l < lanes, or l < NARROW if those are fewer and `narrow`.
    """
    if narrow and NARROW < LANE_BYTES // sizeof(real):
        scattered_rows(a, row_step, position, b, count, sums, pitch, rows, NARROW)
    else:
        scattered_rows(
            a, row_step, position, b, count, sums, pitch, rows, LANE_BYTES // sizeof(real)
        )


cdef inline void dot_tile(
    const real *a, Py_ssize_t a_pitch, const real *b, Py_ssize_t b_pitch, Py_ssize_t count,
    real *sums, Py_ssize_t pitch, int rows, int columns,
) noexcept nogil:
    """`add_dots` for numbers of rows and columns that the compiler must know."""
    cdef real acc[4][4][MAX_VECTOR]
    cdef Py_ssize_t t
    cdef int i, j, l, lanes = VECTOR_BYTES // sizeof(real)
    for i in range(rows):
        for j in range(columns):
            for l in range(lanes):
                acc[i][j][l] = 0
    for t in range(count // lanes):
        for i in range(rows):
            for j in range(columns):
                for l in range(lanes):
                    acc[i][j][l] += a[i * a_pitch + t * lanes + l] * b[j * b_pitch + t * lanes + l]
    for i in range(rows):
        for j in range(columns):
            for l in range(lanes // 2):
                acc[i][j][l] += acc[i][j][lanes // 2 + l]
            for l in range(lanes // 4):
                acc[i][j][l] += acc[i][j][lanes // 4 + l]
            for l in range(1, lanes // 4):
                acc[i][j][0] += acc[i][j][l]
            sums[i * pitch + j] += acc[i][j][0]


cdef inline void dot_rows(
    const real *a, Py_ssize_t a_pitch, const real *b, Py_ssize_t b_pitch, Py_ssize_t count,
    real *sums, Py_ssize_t pitch, int rows, Py_ssize_t columns,
) noexcept nogil:
    if columns == DOTS:
        dot_tile(a, a_pitch, b, b_pitch, count, sums, pitch, rows, DOTS)
    elif columns == 1:
        dot_tile(a, a_pitch, b, b_pitch, count, sums, pitch, rows, 1)
    elif columns == 2:
        dot_tile(a, a_pitch, b, b_pitch, count, sums, pitch, rows, 2)
    else:
        dot_tile(a, a_pitch, b, b_pitch, count, sums, pitch, rows, 3)


cdef inline void add_dots(
    const real *a, Py_ssize_t a_pitch, const real *b, Py_ssize_t b_pitch, Py_ssize_t count,
    real *sums, Py_ssize_t pitch, Py_ssize_t rows, Py_ssize_t columns,
) noexcept nogil:
    """``sums[i * pitch + j] += sum over t of a[i * a_pitch + t] * b[j * b_pitch + t]``, t < count.

    For i < rows <= 4 and j < columns <= DOTS; `count` is a multiple of the lanes of a register.
    """
    if rows == 4:
        dot_rows(a, a_pitch, b, b_pitch, count, sums, pitch, 4, columns)
    elif rows == 1:
        dot_rows(a, a_pitch, b, b_pitch, count, sums, pitch, 1, columns)
    elif rows == 2:
        dot_rows(a, a_pitch, b, b_pitch, count, sums, pitch, 2, columns)
    else:
        dot_rows(a, a_pitch, b, b_pitch, count, sums, pitch, 3, columns)
