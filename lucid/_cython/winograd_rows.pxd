"""Winograd's F(2, 3) along rows with features in the lanes: inputs, weights and sums.

Rows of the padded copy have an even pitch, so that all of a channel is one row of *tiles*, pairs of
outputs; the last tile of each image row is dropped. The inputs v[c, point, tile] of 4 points are
sums and differences of neighbours, and the sums of a run of tiles, at all points, stay in the
registers until the outputs are made of them. With B, G, A of `winograd.pxd`::

    v = (x2 - x0, x2 + x1, x2 - x1, x3 - x1)                        B^T x
    u = (-w0, (w0 + w2 + w1) / 2, (w0 + w2 - w1) / 2, w2)           G w
    y = (m0 + (m1 + m2), m3 + (m1 - m2))    with m = sum of u v     A^T m
"""

from lucid._cython.features_plan cimport (
    BLOCK_BYTES, POSITIONS, Plan, cut, hold, set_sizes, share_out,
)
from lucid._cython.microkernel cimport MAX_VECTOR
from lucid._cython.padded cimport LINE, Block, ceil_div
from lucid._cython.winograd cimport output_2

cdef extern from *:
    """
    #if defined(__AVX512F__) || defined(__aarch64__)
    #define LUCID_PAIRS 7
    #else
    #define LUCID_PAIRS 3
    #endif
    #if defined(__GNUC__)  /* so that the number of tiles reaches the loops as a constant */
    #undef CYTHON_INLINE
    #define CYTHON_INLINE __inline__ __attribute__((always_inline))
    #endif
    """
    enum:
        PAIRS "LUCID_PAIRS"  # tiles whose sums at 4 points fit in the registers

cdef enum:
    POINTS = 4
    APART = 16  # elements between two points, or all would be in a few sets of a cache

cdef struct RowsPlan:
    Plan plan
    Py_ssize_t pitch, tiles, step  # tiles of a row, of a channel; elements of a point


cdef inline void make_rows_plan(
    RowsPlan *rows, const Py_ssize_t *x_shape, const Py_ssize_t *w_shape,
    const Py_ssize_t *y_shape, const Py_ssize_t *stride, const Py_ssize_t *dilation,
    const Py_ssize_t *low, Py_ssize_t groups, bint turned, int threads,
) noexcept nogil:
    """Choose blocks whose transformed inputs fit the caches, and enough tasks for the threads."""
    cdef Plan *plan = &rows.plan
    cdef Py_ssize_t size = BLOCK_BYTES // sizeof(float)
    set_sizes(plan, x_shape, w_shape, y_shape, stride, dilation, low, groups, turned)
    plan.in_place = False
    cut(plan, max(size // (2 * plan.channels), <Py_ssize_t> 1024), POSITIONS)
    rows.pitch = ceil_div(plan.block[2], 2) + 1
    plan.axes[2].pitch = 2 * rows.pitch
    rows.tiles = plan.axes[0].pitch * plan.axes[1].pitch * rows.pitch
    rows.step = ceil_div(rows.tiles, 16) * 16 + APART
    plan.plane = 2 * rows.tiles
    hold(plan, size // (POINTS * rows.step))
    plan.buffer_size = plan.plane + 4 * LINE + plan.held * POINTS * rows.step
    share_out(
        plan, MAX_VECTOR,
        plan.channels * (plan.taps // 3) * POINTS * MAX_VECTOR * <Py_ssize_t> sizeof(float),
        threads,
    )


cdef inline void transform_inputs(
    const float *x, Py_ssize_t tiles, Py_ssize_t step, float *v
) noexcept nogil:
    """Apply B^T to all tiles of a channel, a vector of them at a time, and some behind the last.

    What is computed goes through local arrays, of which the compiler knows that x is not there.
    """
    cdef float even[MAX_VECTOR]
    cdef float odd[MAX_VECTOR]
    cdef float next_even[MAX_VECTOR]
    cdef float next_odd[MAX_VECTOR]
    cdef Py_ssize_t i
    cdef int l
    for i in range(ceil_div(tiles, MAX_VECTOR)):
        for l in range(MAX_VECTOR):
            even[l] = x[2 * l]
            odd[l] = x[2 * l + 1]
        for l in range(MAX_VECTOR):
            next_even[l] = x[2 * l + 2]
            next_odd[l] = x[2 * l + 3]
        for l in range(MAX_VECTOR):
            v[l] = next_even[l] - even[l]
        for l in range(MAX_VECTOR):
            v[step + l] = next_even[l] + odd[l]
        for l in range(MAX_VECTOR):
            v[2 * step + l] = next_even[l] - odd[l]
        for l in range(MAX_VECTOR):
            v[3 * step + l] = next_odd[l] - odd[l]
        x += 2 * MAX_VECTOR
        v += MAX_VECTOR


cdef inline void transform_weights(
    const float *first, const float *second, const float *third, float *u
) noexcept nogil:
    """Apply G to three taps of a column of features: u[point, f]."""
    cdef int f
    for f in range(MAX_VECTOR):
        u[f] = -first[f]
        u[MAX_VECTOR + f] = 0.5 * (first[f] + third[f] + second[f])
        u[2 * MAX_VECTOR + f] = 0.5 * (first[f] + third[f] - second[f])
        u[3 * MAX_VECTOR + f] = third[f]


cdef inline void set_line_offsets(RowsPlan *rows, Py_ssize_t *offset) noexcept nogil:
    """Write where each (channel, row of taps) of the channels held reads."""
    cdef Plan *plan = &rows.plan
    cdef Py_ssize_t c, k0, k1
    for c in range(plan.held):
        for k0 in range(plan.axes[0].taps):
            for k1 in range(plan.axes[1].taps):
                offset[0] = c * POINTS * rows.step + rows.pitch * (
                    k0 * plan.axes[0].dilation * plan.axes[1].pitch + k1 * plan.axes[1].dilation
                )
                offset += 1


cdef inline Py_ssize_t choose_tiles(Py_ssize_t tiles) noexcept nogil:
    """Choose the tiles of a run that cover a row in the least time: 4 sums each, and a loop."""
    cdef Py_ssize_t run, cost, best = 1, least = 5 * tiles
    for run in range(2, min(<Py_ssize_t> PAIRS, tiles) + 1):
        cost = ceil_div(tiles, run) * (4 * run + 1)
        if cost <= least:
            best, least = run, cost
    return best


cdef inline Py_ssize_t set_line_runs(
    RowsPlan *rows, const Block *block, Py_ssize_t run, Py_ssize_t *base, Py_ssize_t *to
) noexcept nogil:
    """Write where each run of tiles reads and where its outputs go; return their number.

    Rows in their order: an output behind the end of a row is overwritten by the next one.
    """
    cdef Py_ssize_t m0, m1, i, start, row = 0, count = 0, tiles = ceil_div(block.size[2], 2)
    for m0 in range(block.size[0]):
        for m1 in range(block.size[1]):
            for i in range(ceil_div(tiles, run)):
                start = min(i * run, tiles - run)
                base[count] = (m0 * rows.plan.axes[1].pitch + m1) * rows.pitch + start
                to[count] = (row + 2 * start) * MAX_VECTOR
                count += 1
            row += block.size[2]
    return count


cdef inline void sum_pairs(
    const float *v, Py_ssize_t step, const Py_ssize_t *offset, const float *u, Py_ssize_t terms,
    float *sums, int tiles,
) noexcept nogil:
    """`sum_line` for a number of tiles that the compiler must know."""
    cdef float acc[POINTS][PAIRS][MAX_VECTOR]
    cdef const float *point[POINTS]
    cdef Py_ssize_t t
    cdef int p, j, l
    for p in range(POINTS):
        point[p] = v + p * step
        for j in range(tiles):
            for l in range(MAX_VECTOR):
                acc[p][j][l] = 0
    for t in range(max(terms, <Py_ssize_t> 1)):  # or gcc keeps the sums of none in memory, too
        for p in range(POINTS):
            for j in range(tiles):
                for l in range(MAX_VECTOR):
                    acc[p][j][l] += point[p][offset[t] + j] * u[(t * POINTS + p) * MAX_VECTOR + l]
    for j in range(tiles):
        output_2(
            &acc[0][j][0], PAIRS * MAX_VECTOR, sums + 2 * j * MAX_VECTOR, MAX_VECTOR, 1, MAX_VECTOR
        )


cdef inline void sum_line(
    const float *v, Py_ssize_t step, const Py_ssize_t *offset, const float *u, Py_ssize_t terms,
    float *sums, Py_ssize_t run,
) noexcept nogil:
    """Sum up a run of tiles at 4 points and make their outputs, ``sums[2 * tile + 0 or 1, l]``."""
    if run == 7 and PAIRS >= 7:
        sum_pairs(v, step, offset, u, terms, sums, 7)
    elif run == 6 and PAIRS >= 6:
        sum_pairs(v, step, offset, u, terms, sums, 6)
    elif run == 5 and PAIRS >= 5:
        sum_pairs(v, step, offset, u, terms, sums, 5)
    elif run == 4 and PAIRS >= 4:
        sum_pairs(v, step, offset, u, terms, sums, 4)
    elif run == 3:
        sum_pairs(v, step, offset, u, terms, sums, 3)
    elif run == 2:
        sum_pairs(v, step, offset, u, terms, sums, 2)
    else:
        sum_pairs(v, step, offset, u, terms, sums, 1)
