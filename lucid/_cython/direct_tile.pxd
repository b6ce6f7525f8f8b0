"""The direct kernel's inner part: a tile of sums in the registers, and how it reaches the result.

A tile is up to ROWS features wide and up to VECTORS registers of neighbouring positions long. Its
sums go straight to the result where they are neighbours there too. If the tile hangs over the end
of a row, what it writes too far is the start of the next row, which is computed later and sets it
right; only at the end of a block is the tile put down elsewhere and copied piece by piece. An
input gradient of stride 2 puts down a tile of each of the two phases of the last axis, which take
turns in the result: `put_pair` writes whole cache lines of it.
"""

from lucid._cython.direct_plan cimport Plan
from lucid._cython.fetch cimport Rows, fetch_rows
from lucid._cython.microkernel cimport MAX_LANES, ROWS, VECTOR_BYTES
from lucid._cython.padded cimport Axis, ceil_div, clip
from lucid._cython.types cimport real

cdef extern from *:
    """
    #ifdef __AVX2__  /* with a third register of 16, gcc keeps some sums in memory */
    #define LUCID_VECTORS 2
    #else
    #define LUCID_VECTORS (LUCID_LANE_BYTES / LUCID_VECTOR_BYTES)
    #endif
    #define LUCID_TILE_PITCH (LUCID_MAX_LANES + LUCID_MAX_VECTOR)
    """
    enum:
        VECTORS "LUCID_VECTORS"  # registers of a row of a tile
        TILE_PITCH "LUCID_TILE_PITCH"  # between rows of a tile put down; whole vectors are read

cdef struct Patch:  # the positions of one phase of a block
    Py_ssize_t m[3]
    Py_ssize_t size[3]
    Py_ssize_t phase[3]
    Py_ssize_t start[3]  # position in the result of m, in this phase
    bint sets  # the result is set, else added to
    bint dense  # and neighbours m are neighbours in the result


cdef struct Part:  # the taps of one phase
    const Py_ssize_t *offset
    Py_ssize_t terms, row_step, first  # of the weights: those of a feature, and the first of all


cdef inline void sum_tile(
    const real *x, const Py_ssize_t *offset, Py_ssize_t terms, const real *w, Py_ssize_t row_step,
    const real *bias, real *y, Py_ssize_t pitch, int rows, int vectors,
) noexcept nogil:
    """`sum_rows` for numbers of rows and vectors that the compiler must know."""
    cdef real acc[8][MAX_LANES]  # so many that every branch of sum_rows fits
    cdef const real *row
    cdef Py_ssize_t t
    cdef int j, l, lanes = vectors * (VECTOR_BYTES // sizeof(real))
    for j in range(rows):
        for l in range(lanes):
            acc[j][l] = bias[j]
    for t in range(max(terms, <Py_ssize_t> 1)):  # a phase has a tap; gcc need not keep sums of none
        row = x + offset[t]
        for j in range(rows):
            for l in range(lanes):
                acc[j][l] += w[j * row_step + t] * row[l]
    for j in range(rows):
        for l in range(lanes):
            y[j * pitch + l] = acc[j][l]


cdef inline int least_vectors(const real *x) noexcept nogil:
    """Return the vectors of the shortest tile: gcc unrolls loops over 8 lanes, not by vectors."""
    return min(VECTORS, 8 // <int> (VECTOR_BYTES // sizeof(real)) + 1)


cdef inline void sum_vectors(
    const real *x, const Py_ssize_t *offset, Py_ssize_t terms, const real *w, Py_ssize_t row_step,
    const real *bias, real *y, Py_ssize_t pitch, int rows, Py_ssize_t vectors,
) noexcept nogil:
    if vectors == 1 and least_vectors(x) == 1:
        sum_tile(x, offset, terms, w, row_step, bias, y, pitch, rows, 1)
    elif vectors == 2 and least_vectors(x) <= 2:
        sum_tile(x, offset, terms, w, row_step, bias, y, pitch, rows, 2)
    else:
        sum_tile(x, offset, terms, w, row_step, bias, y, pitch, rows, VECTORS)


cdef inline void sum_rows(
    const real *x, const Py_ssize_t *offset, Py_ssize_t terms, const real *w, Py_ssize_t row_step,
    const real *bias, real *y, Py_ssize_t pitch, Py_ssize_t rows, Py_ssize_t vectors,
) noexcept nogil:
    """``y[j * pitch + l] = bias[j] + sum over t of w[j * row_step + t] * x[offset[t] + l]``.

    For j < rows <= ROWS, and l in as many vectors as wanted, at most VECTORS.
    """
    if rows == ROWS:
        sum_vectors(x, offset, terms, w, row_step, bias, y, pitch, ROWS, vectors)
    elif rows == 1:
        sum_vectors(x, offset, terms, w, row_step, bias, y, pitch, 1, vectors)
    elif rows == 2:
        sum_vectors(x, offset, terms, w, row_step, bias, y, pitch, 2, vectors)
    elif rows == 3:
        sum_vectors(x, offset, terms, w, row_step, bias, y, pitch, 3, vectors)
    elif ROWS > 4 and rows == 4:
        sum_vectors(x, offset, terms, w, row_step, bias, y, pitch, 4, vectors)
    elif ROWS > 5 and rows == 5:
        sum_vectors(x, offset, terms, w, row_step, bias, y, pitch, 5, vectors)
    elif ROWS > 6 and rows == 6:
        sum_vectors(x, offset, terms, w, row_step, bias, y, pitch, 6, vectors)
    elif ROWS > 7:
        sum_vectors(x, offset, terms, w, row_step, bias, y, pitch, 7, vectors)


cdef inline Py_ssize_t room(
    const Plan *plan, const Patch *patch, Py_ssize_t m0, Py_ssize_t m1, Py_ssize_t m2
) noexcept nogil:
    """Count the neighbours in the result, of a dense patch, that are written from here on."""
    cdef Py_ssize_t rest = patch.size[2] - m2
    if plan.blocks[2] == 1:
        rest += (patch.size[1] - 1 - m1) * patch.size[2]
        if plan.blocks[1] == 1:
            rest += (patch.size[0] - 1 - m0) * patch.size[1] * patch.size[2]
    return rest


cdef inline Py_ssize_t place(
    const Plan *plan, const Patch *patch, Py_ssize_t m0, Py_ssize_t m1, Py_ssize_t m2
) noexcept nogil:
    """Return the index in a channel of the result where m is written."""
    cdef const Axis *axes = &plan.axes[0]
    return (
        (patch.start[0] + m0 * axes[0].dst_step) * axes[1].dst_size
        + patch.start[1] + m1 * axes[1].dst_step
    ) * axes[2].dst_size + patch.start[2] + m2 * axes[2].dst_step


cdef inline void put_piece(
    const Plan *plan, const Patch *patch, const real *tile, Py_ssize_t rows, Py_ssize_t m0,
    Py_ssize_t m1, Py_ssize_t m2, Py_ssize_t length, real *y,
) noexcept nogil:
    """Write `length` neighbours of a row, from m on."""
    cdef const Axis *axes = &plan.axes[0]
    cdef Py_ssize_t j, q, l, first, last, step = axes[2].dst_step
    cdef Py_ssize_t start = patch.start[2] + m2 * step, vector = VECTOR_BYTES // sizeof(real)
    cdef Py_ssize_t vectors = ceil_div(length, vector)
    cdef real *to
    if not (
        0 <= patch.start[0] + m0 * axes[0].dst_step < axes[0].dst_size
        and 0 <= patch.start[1] + m1 * axes[1].dst_step < axes[1].dst_size
    ):
        return
    y += place(plan, patch, m0, m1, m2)
    if patch.dense and vectors * vector <= room(plan, patch, m0, m1, m2):
        for j in range(rows):
            for q in range(vectors):
                to = y + j * plan.dst_plane + q * vector
                for l in range(vector):
                    to[l] = tile[j * TILE_PITCH + q * vector + l]
        return
    first = clip(ceil_div(-start, step), length)
    last = clip(ceil_div(axes[2].dst_size - start, step), length)
    for j in range(rows):
        to = y + j * plan.dst_plane
        if patch.sets:
            for l in range(first, last):
                to[l * step] = tile[j * TILE_PITCH + l]
        elif step == 1:
            for l in range(first, last):
                to[l] += tile[j * TILE_PITCH + l]
        else:
            for l in range(first, last):
                to[l * step] += tile[j * TILE_PITCH + l]


cdef inline void put_pair(
    const Plan *plan, const Patch *patch, const real *tile, Py_ssize_t rows, Py_ssize_t m0,
    Py_ssize_t m1, Py_ssize_t m2, Py_ssize_t length, real *y,
) noexcept nogil:
    """Write `length` neighbours of both phases of a row, which take turns there, from m on."""
    cdef const Axis *axes = &plan.axes[0]
    cdef Py_ssize_t j, q, l, vector = VECTOR_BYTES // sizeof(real), pairs
    cdef const real *even
    cdef const real *odd
    cdef real *to
    if not (
        patch.start[0] + m0 * axes[0].dst_step < axes[0].dst_size
        and patch.start[1] + m1 * axes[1].dst_step < axes[1].dst_size
    ):
        return
    y += place(plan, patch, m0, m1, m2)
    pairs = min(length, (axes[2].dst_size - patch.start[2]) // 2 - m2)
    for j in range(rows):
        even = tile + j * TILE_PITCH
        odd = even + ROWS * TILE_PITCH
        to = y + j * plan.dst_plane
        q = 0
        if patch.sets:
            while q + vector <= pairs:
                for l in range(vector):
                    to[2 * (q + l)] = even[q + l]
                    to[2 * (q + l) + 1] = odd[q + l]
                q += vector
            for l in range(q, pairs):
                to[2 * l] = even[l]
                to[2 * l + 1] = odd[l]
            if pairs < length:
                to[2 * pairs] = even[pairs]
        else:
            while q + vector <= pairs:
                for l in range(vector):
                    to[2 * (q + l)] += even[q + l]
                    to[2 * (q + l) + 1] += odd[q + l]
                q += vector
            for l in range(q, pairs):
                to[2 * l] += even[l]
                to[2 * l + 1] += odd[l]
            if pairs < length:
                to[2 * pairs] += even[pairs]


cdef inline void put_tile(
    const Plan *plan, const Patch *patch, const real *tile, Py_ssize_t rows, Py_ssize_t m0,
    Py_ssize_t m1, Py_ssize_t m2, Py_ssize_t lanes, real *y,
) noexcept nogil:
    """Write the pieces of rows that a tile holds, from m on; what fell between rows is dropped."""
    cdef Py_ssize_t lane = 0, length
    while lane < lanes and m0 < patch.size[0]:
        if m1 < patch.size[1] and m2 < patch.size[2]:
            length = min(patch.size[2] - m2, lanes - lane)
            if plan.paired:
                put_pair(plan, patch, tile + lane, rows, m0, m1, m2, length, y)
            else:
                put_piece(plan, patch, tile + lane, rows, m0, m1, m2, length, y)
        if plan.flat == 1:
            return
        lane += plan.step1 - m2
        m2 = 0
        m1 += 1
        if m1 >= patch.size[1] and plan.flat == 2:
            return
        if m1 == plan.axes[1].pitch:
            m1 = 0
            m0 += 1


cdef inline void run_panel(
    const Plan *plan, const Patch *patch, const real *x, const Part *part, const real *w,
    const real *bias, Py_ssize_t rows, real *tile, real *y, const real *src, Rows *ahead,
    Py_ssize_t lines,
) noexcept nogil:
    """Compute a patch of up to ROWS features, from the channels in the buffer.

    It has one part, the taps of its phase, or two parts if phases are paired. With every tile some
    lines are asked for of what the next block reads.
    """
    cdef Py_ssize_t m0, m1, m2, r0, r1, q, at, length, lanes, vector = VECTOR_BYTES // sizeof(real)
    cdef int each
    cdef Py_ssize_t vectors, outer0 = patch.size[0], outer1 = patch.size[1]
    cdef bint direct, joined = plan.flat == 1 or plan.flat == 2 and plan.step1 == patch.size[2]
    length = patch.size[2]
    if plan.flat >= 2:
        length += (patch.size[1] - 1) * plan.step1
        outer1 = 1
    if plan.flat == 3:
        length += (patch.size[0] - 1) * plan.step0
        outer0 = 1
    for m0 in range(outer0):
        for m1 in range(outer1):
            for q in range(ceil_div(length, VECTORS * vector)):
                at = q * VECTORS * vector
                vectors = min(<Py_ssize_t> VECTORS, ceil_div(length - at, vector))
                vectors = max(<Py_ssize_t> least_vectors(x), vectors)
                lanes = vectors * vector
                r0, r1, m2 = m0, m1, at
                if plan.flat == 3:
                    r0, m2 = m2 // plan.step0, m2 % plan.step0
                if plan.flat >= 2:
                    r1, m2 = m2 // plan.step1, m2 % plan.step1
                direct = patch.dense and (
                    m2 + lanes <= patch.size[2] and r1 < patch.size[1]
                    or joined and lanes <= room(plan, patch, r0, r1, m2)
                )
                fetch_rows(src, ahead, lines)
                for each in range(2 if plan.paired else 1):
                    sum_rows(
                        x + m0 * plan.step0 + m1 * plan.step1 + at, part[each].offset,
                        part[each].terms, w + part[each].first, part[each].row_step, bias,
                        y + place(plan, patch, r0, r1, m2) if direct
                        else tile + each * ROWS * TILE_PITCH,
                        plan.dst_plane if direct else <Py_ssize_t> TILE_PITCH, rows, vectors,
                    )
                if not direct:
                    put_tile(plan, patch, tile, rows, r0, r1, m2, lanes, y)
