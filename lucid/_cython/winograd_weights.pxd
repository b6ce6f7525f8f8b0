"""The weights of Winograd's forward and input gradient, transformed and packed in panels.

A panel has ROWS features, which are the innermost: weights[point, c, j]. Where there are many
channels and few tiles, this transposition takes as long as the products; so it goes by blocks of
ROWS features and ROWS channels, and `interleave` takes ROWS rows at once, in vectors.
"""

from libc.string cimport memcpy, memset

from lucid._cython.fetch cimport fetch_near
from lucid._cython.microkernel cimport MAX_VECTOR, ROWS
from lucid._cython.padded cimport ceil_div
from lucid._cython.winograd_inputs cimport NEAR_LINE
from lucid._cython.winograd_lines cimport weight_lines
from lucid._cython.winograd_tiles cimport PAD, Plan, Taps, find_taps, held

cdef enum:
    WEIGHTS = 64  # lanes of a transform of weights
    TAPS = 25  # of the last two axes, at most


cdef inline void interleave(
    const float *x, Py_ssize_t step, float *y, Py_ssize_t count
) noexcept nogil:
    """``y[i * ROWS + j] = x[j * step + i]``: rows become columns."""
    cdef Py_ssize_t i
    cdef int j
    for i in range(count):
        for j in range(ROWS):
            y[i * ROWS + j] = x[j * step + i]


cdef inline void interleave_pairs(
    const float *x, Py_ssize_t next, Py_ssize_t step, float *y, Py_ssize_t count
) noexcept nogil:
    """``y[(i * count + k) * ROWS + j] = x[i * next + j * step + k]``, for ROWS i."""
    cdef Py_ssize_t i
    if next == count:  # all of it are neighbours
        interleave(x, step, y, count * ROWS)
        return
    for i in range(ROWS):
        interleave(x + i * next, step, y + i * count * ROWS, count)


cdef inline void gather_block(
    const Plan *plan, const float *w, Py_ssize_t count, float *taps
) noexcept nogil:
    """Store taps[k, c, j] of ROWS features j and ROWS channels, for taps that are neighbours."""
    cdef float once[TAPS * ROWS * ROWS]
    cdef float twice[TAPS * ROWS * ROWS]
    cdef Py_ssize_t k, c
    if plan.turned:
        interleave_pairs(w, plan.w_feature, plan.w_channel, once, count)  # once[j, k, c]
        interleave(once, count * ROWS, twice, count * ROWS)
        for k in range(count):
            memcpy(
                taps + (count - 1 - k) * WEIGHTS, twice + k * ROWS * ROWS,
                ROWS * ROWS * sizeof(float),
            )
    else:
        interleave_pairs(w, plan.w_channel, plan.w_feature, once, count)  # once[c, k, j]
        for c in range(ROWS):
            for k in range(count):
                memcpy(
                    taps + k * WEIGHTS + c * ROWS, once + (c * count + k) * ROWS,
                    ROWS * sizeof(float),
                )


cdef inline void gather_taps(
    const Plan *plan, const float *w, Py_ssize_t count, Py_ssize_t rows, Py_ssize_t channels,
    float *taps,
) noexcept nogil:
    """Store taps[k, c, j] of `rows` features j and some channels, turned if the plan says so."""
    cdef Py_ssize_t j, c = 0, k
    cdef const float *of_pair
    if rows == ROWS:
        while c + ROWS <= channels:
            gather_block(plan, w + c * plan.w_channel, count, taps + c * ROWS)
            c += ROWS
    while c < channels:
        for j in range(rows):
            of_pair = w + j * plan.w_feature + c * plan.w_channel
            for k in range(count):
                taps[(count - 1 - k if plan.turned else k) * WEIGHTS + c * ROWS + j] = of_pair[k]
        c += 1


cdef inline void gather_weights(
    const Plan *plan, const float *w, Py_ssize_t tap0, Py_ssize_t rows, Py_ssize_t channels,
    float *taps,
) noexcept nogil:
    """`gather_taps` of one tap of the first axis, or of a block, with zeros behind the kernel."""
    cdef Py_ssize_t r, row, column, plane = plan.taps1 * plan.taps2
    cdef Taps block = find_taps(plan, tap0)
    if not plan.in_blocks:
        w += (plan.taps0 - 1 - tap0 if plan.turned else tap0) * plane
        gather_taps(plan, w, plane, rows, channels, taps)
        return
    memset(taps, 0, plane * WEIGHTS * sizeof(float))
    for r in range(block.rows):
        row, column = block.row + r, block.column
        if plan.turned:
            row, column = plan.kernel1 - 1 - row, plan.kernel2 - column - block.columns
        gather_taps(
            plan, w + row * plan.kernel2 + column, block.columns, rows, channels,
            taps + r * plan.taps2 * WEIGHTS,
        )


cdef inline void fetch_weights(const Plan *plan, const float *w, Py_ssize_t count) noexcept nogil:
    """Ask for the next block while this one is at work: weights come from afar, and only once."""
    cdef Py_ssize_t j, l, step = plan.w_channel if plan.turned else plan.w_feature
    for j in range(ROWS):
        l = 0
        while l < count * ROWS:
            fetch_near(w + j * step + l)
            l += NEAR_LINE


cdef inline void apply_g_down(
    const Plan *plan, const float *half, Py_ssize_t lanes, float *weights, Py_ssize_t step,
    int edge1, int taps1,
) noexcept nogil:
    """Apply G down, if there are rows, and store weights[point, lane], a vector at a time."""
    cdef float points[6 * MAX_VECTOR]
    cdef Py_ssize_t lane = 0, i, j, edge2 = plan.edge2
    while lane < lanes:
        for j in range(edge2):
            if edge1 == 1:
                memcpy(points, half + j * WEIGHTS + lane, MAX_VECTOR * sizeof(float))
            else:
                weight_lines(
                    edge1, taps1, 1, half + j * WEIGHTS + lane, 0, 6 * WEIGHTS,
                    points, 0, MAX_VECTOR, MAX_VECTOR,
                )
            for i in range(edge1):
                memcpy(
                    weights + (i * edge2 + j) * step + lane, points + i * MAX_VECTOR,
                    MAX_VECTOR * sizeof(float),
                )
        lane += MAX_VECTOR


cdef inline void transform_weights(
    const Plan *plan, const float *taps, Py_ssize_t lanes, float *weights, Py_ssize_t step
) noexcept nogil:
    """Apply G along both axes: weights[point, lane], perhaps a few lanes more."""
    cdef float half[30 * WEIGHTS]
    weight_lines(
        plan.edge2, plan.taps2, plan.taps1, taps, plan.taps2 * WEIGHTS, WEIGHTS,
        half, 6 * WEIGHTS, WEIGHTS, WEIGHTS,
    )
    if plan.taps1 == 5:
        apply_g_down(plan, half, lanes, weights, step, 6, 5)
    elif plan.taps1 == 4:
        apply_g_down(plan, half, lanes, weights, step, 6, 4)
    elif plan.edge1 == 6:
        apply_g_down(plan, half, lanes, weights, step, 6, 3)
    elif plan.edge1 == 4:
        apply_g_down(plan, half, lanes, weights, step, 4, 3)
    else:
        apply_g_down(plan, half, lanes, weights, step, 1, 1)


cdef inline Py_ssize_t weight_step(const Plan *plan) noexcept nogil:
    """Count the elements of a panel of transformed weights for one point."""
    return plan.taps0 * plan.chunk * ROWS + PAD


cdef inline void transform_panel(
    const void *of_plan, const float *w, Py_ssize_t panel, float *weights
) noexcept nogil:
    """Store weights[point, c, j] of ROWS features j, for the channels that are held.

    As in the inputs, the channels of a tap of the first axis are neighbours.
    """
    cdef const Plan *plan = <const Plan *> of_plan
    cdef float taps[TAPS * WEIGHTS]
    cdef Py_ssize_t block = WEIGHTS // ROWS, blocks = ceil_div(held(plan), block), turn, c, count
    cdef Py_ssize_t rows = min(<Py_ssize_t> ROWS, plan.features - panel * ROWS)
    cdef Py_ssize_t tap0
    cdef const float *of_block
    memset(taps, 0, sizeof(taps))
    w += panel * ROWS * plan.w_feature + plan.first * plan.w_channel
    for turn in range(blocks):
        c = (turn + blocks - 1) % blocks * block  # the last first: it may write into the next tap
        count = min(held(plan) - c, block)
        of_block = w + c * plan.w_channel
        for tap0 in range(plan.taps0):
            gather_weights(plan, of_block, tap0, rows, count, taps)
            if tap0 == 0:
                fetch_weights(
                    plan, of_block + count * plan.w_channel,
                    plan.w_feature if plan.turned else plan.w_channel,
                )
            transform_weights(
                plan, taps, count * ROWS, weights + (tap0 * held(plan) + c) * ROWS,
                weight_step(plan),
            )
