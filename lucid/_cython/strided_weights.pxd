"""The weights of a strided convolution, transformed and packed in panels for the registers.

A panel has ROWS features, which are the innermost: weights[weight, slot, pair, j]. As in
`winograd_weights.pxd`, the transform goes by blocks of ROWS features and ROWS channels, whose taps
`interleave` turns into vectors.
"""

from libc.string cimport memcpy, memset

from lucid._cython.microkernel cimport ROWS
from lucid._cython.strided_plan cimport EDGE, Block, Line, Pair, Plan, held, pair_at
from lucid._cython.strided_transforms cimport weight_taps2
from lucid._cython.winograd_tiles cimport PAD
from lucid._cython.winograd_weights cimport interleave

cdef enum:
    SQUARE = ROWS * ROWS  # weights of one tap, of a block
    TAPS = 16


cdef inline void copy_block(
    const Plan *plan, const float *w, Py_ssize_t rows, Py_ssize_t channels, Py_ssize_t taps,
    float *block,
) noexcept nogil:
    """Copy the taps of some features and channels, in the order of w; those missing are zeros."""
    cdef Py_ssize_t c, j
    if rows < ROWS or channels < ROWS:
        memset(block, 0, TAPS * SQUARE * sizeof(float))
    for j in range(rows):
        for c in range(channels):
            if plan.turned:
                memcpy(
                    block + (c * ROWS + j) * taps, w + j * plan.w_feature + c * plan.w_channel,
                    taps * sizeof(float),
                )
            else:
                memcpy(
                    block + (j * ROWS + c) * taps, w + j * plan.w_feature + c * plan.w_channel,
                    taps * sizeof(float),
                )


cdef inline void gather_taps(
    const Plan *plan, const float *w, Py_ssize_t step, float *taps
) noexcept nogil:
    """Store taps[k, c, j] of ROWS features j and ROWS channels c.

    In w, ROWS of the one are `step` elements apart; of the other, taps follow each other.
    """
    cdef float once[TAPS * SQUARE]
    cdef Py_ssize_t k, c, count = plan.line1.kernel * plan.line2.kernel
    if plan.turned:
        interleave(w, step, once, count * ROWS)  # once[j, k, c]
        interleave(once, count * ROWS, taps, count * ROWS)
    else:
        interleave(w, step, once, count * ROWS)  # once[c, k, j]
        for c in range(ROWS):
            for k in range(count):
                memcpy(
                    taps + k * SQUARE + c * ROWS, once + (c * count + k) * ROWS,
                    ROWS * sizeof(float),
                )


cdef inline void apply_g(
    const Line *line, const float *taps, Py_ssize_t step, float *u, Py_ssize_t to_step,
    Py_ssize_t slot_step,
) noexcept nogil:
    """Apply G to each block: taps `step` apart to transformed weights `to_step` apart."""
    cdef Py_ssize_t b
    cdef const Block *block
    cdef float *to
    for b in range(line.blocks):
        block = &line.block[b]
        to = u + block.weight * to_step + block.slot * slot_step
        if block.taps == 2:
            weight_taps2(taps + block.tap * step, block.tap_step * step, to, to_step, SQUARE)
        else:
            memcpy(to, taps + block.tap * step, SQUARE * sizeof(float))


cdef inline void transform_block(
    const Plan *plan, const float *taps, float *u, Py_ssize_t step, Py_ssize_t slot_step
) noexcept nogil:
    """Apply G along both axes: u[weight, slot, c, j]."""
    cdef float half[4 * EDGE * SQUARE]  # tap of the first axis, slot or weight of the line
    cdef const Line *line2 = &plan.line2
    cdef Py_ssize_t k, j, slot
    for k in range(plan.line1.kernel):
        apply_g(
            line2, taps + k * line2.kernel * SQUARE, SQUARE, half + k * EDGE * SQUARE, SQUARE,
            line2.weights * SQUARE,
        )
    for j in range(line2.weights * line2.slots):
        slot = j // line2.weights
        apply_g(
            &plan.line1, half + j * SQUARE, EDGE * SQUARE,
            u + slot * slot_step + j % line2.weights * step,
            line2.weights * step, line2.slots * slot_step,
        )


cdef inline Py_ssize_t weight_step(const Plan *plan) noexcept nogil:
    """Count the elements of a panel of transformed weights for one of its weights."""
    return plan.pairs * plan.slots * ROWS + PAD


cdef inline void transform_panel(
    const void *of_plan, const float *w, Py_ssize_t panel, float *weights
) noexcept nogil:
    """Store weights[weight, slot, pair, j] of ROWS features j, for the pairs that are held."""
    cdef const Plan *plan = <const Plan *> of_plan
    cdef float block[TAPS * SQUARE]
    cdef float taps[TAPS * SQUARE]
    cdef float points[EDGE * EDGE * SQUARE]
    cdef Py_ssize_t p = 0, k, count, rows = min(<Py_ssize_t> ROWS, plan.features - panel * ROWS)
    cdef Py_ssize_t size = plan.line1.kernel * plan.line2.kernel, slot_step = held(plan) * ROWS
    cdef Py_ssize_t step = weight_step(plan)
    cdef const float *of_pair
    cdef Pair pair
    while p < held(plan):
        pair = pair_at(plan, p)
        count = min(<Py_ssize_t> ROWS, held(plan) - p, plan.channels - pair.channel)
        of_pair = w + (
            panel * ROWS * plan.w_feature + pair.channel * plan.w_channel + pair.k0 * size
        )
        if rows == ROWS and count == ROWS and plan.axis0.taps == 1:
            gather_taps(plan, of_pair, plan.w_channel if plan.turned else plan.w_feature, taps)
        else:
            copy_block(plan, of_pair, rows, count, size, block)
            gather_taps(plan, block, ROWS * size, taps)
        if count == ROWS:
            transform_block(plan, taps, weights + p * ROWS, step, slot_step)
        else:
            transform_block(plan, taps, points, plan.slots * SQUARE, SQUARE)
            for k in range(plan.weights * plan.slots):
                memcpy(
                    weights + (
                        k // plan.slots * step + k % plan.slots * slot_step + p * ROWS
                    ),
                    points + k * SQUARE, count * ROWS * sizeof(float),
                )
        p += count
