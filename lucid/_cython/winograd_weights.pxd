"""The weights of Winograd's forward and input gradient, transformed and packed in panels.

A panel has ROWS features, which are the innermost: weights[point, c, j]. Where there are many
channels and few tiles, this transposition takes as long as the products; so it goes by blocks of
ROWS features and ROWS channels, and `interleave` takes ROWS rows at once, in vectors.
"""

from libc.string cimport memcpy, memset

from lucid._cython.microkernel cimport ROWS
from lucid._cython.winograd_lines cimport weight_lines
from lucid._cython.winograd_tiles cimport Plan, held

cdef enum:
    WEIGHTS = 64  # lanes of a transform of weights


cdef inline void interleave(
    const float *x, Py_ssize_t step, float *y, Py_ssize_t count
) noexcept nogil:
    """``y[i * ROWS + j] = x[j * step + i]``: rows become columns."""
    cdef Py_ssize_t i
    cdef int j
    for i in range(count):
        for j in range(ROWS):
            y[i * ROWS + j] = x[j * step + i]


cdef inline void gather_block(
    const Plan *plan, const float *w, Py_ssize_t count, float *taps
) noexcept nogil:
    """Store taps[k, c, j] of ROWS features j and ROWS channels, if all of it are neighbours."""
    cdef float once[9 * ROWS * ROWS]
    cdef float twice[9 * ROWS * ROWS]
    cdef Py_ssize_t k, c
    if plan.turned:
        interleave(w, plan.w_channel, once, count * ROWS)  # once[j, k, c]
        interleave(once, count * ROWS, twice, count * ROWS)
        for k in range(count):
            memcpy(
                taps + (count - 1 - k) * WEIGHTS, twice + k * ROWS * ROWS,
                ROWS * ROWS * sizeof(float),
            )
    else:
        interleave(w, plan.w_feature, once, count * ROWS)  # once[c, k, j]
        for c in range(ROWS):
            for k in range(count):
                memcpy(
                    taps + k * WEIGHTS + c * ROWS, once + (c * count + k) * ROWS,
                    ROWS * sizeof(float),
                )


cdef inline void gather_weights(
    const Plan *plan, const float *w, Py_ssize_t rows, Py_ssize_t channels, float *taps
) noexcept nogil:
    """Store taps[k, c, j] of `rows` features j and some channels, turned if the plan says so."""
    cdef Py_ssize_t j, c = 0, k, count = plan.taps1 * plan.taps2
    cdef const float *of_pair
    if rows == ROWS and plan.taps0 == 1:
        while c + ROWS <= channels:
            gather_block(plan, w + c * plan.w_channel, count, taps + c * ROWS)
            c += ROWS
    while c < channels:
        for j in range(rows):
            of_pair = w + j * plan.w_feature + c * plan.w_channel
            for k in range(count):
                taps[(count - 1 - k if plan.turned else k) * WEIGHTS + c * ROWS + j] = of_pair[k]
        c += 1


cdef inline void transform_weights(const Plan *plan, const float *taps, float *u) noexcept nogil:
    """Apply G along both axes: u[row, column of 6, lane]."""
    cdef float half[18 * WEIGHTS]
    if plan.edge1 == 1:
        weight_lines(plan.edge2, plan.taps2, 1, taps, 0, WEIGHTS, u, 0, WEIGHTS, WEIGHTS)
        return
    weight_lines(
        plan.edge2, plan.taps2, 3, taps, 3 * WEIGHTS, WEIGHTS, half, 6 * WEIGHTS, WEIGHTS, WEIGHTS
    )
    weight_lines(
        plan.edge1, plan.taps1, plan.edge2, half, WEIGHTS, 6 * WEIGHTS, u, WEIGHTS, 6 * WEIGHTS,
        WEIGHTS,
    )


cdef inline void transform_panel(
    const Plan *plan, const float *w, Py_ssize_t panel, Py_ssize_t weight_step, float *weights
) noexcept nogil:
    """Store weights[point, c, j] of ROWS features j, for the channels that are held."""
    cdef float taps[9 * WEIGHTS]
    cdef float points[36 * WEIGHTS]
    cdef Py_ssize_t c = 0, channel, count, tap0, i, j
    cdef float *to
    memset(taps, 0, sizeof(taps))
    w += panel * ROWS * plan.w_feature
    while c < held(plan):
        channel = (plan.first + c) % plan.channels
        tap0 = (plan.first + c) // plan.channels
        if plan.turned:
            tap0 = plan.taps0 - 1 - tap0
        count = min(plan.channels - channel, held(plan) - c)
        count = min(count, <Py_ssize_t> (WEIGHTS // ROWS))
        gather_weights(
            plan, w + channel * plan.w_channel + tap0 * plan.taps1 * plan.taps2,
            min(<Py_ssize_t> ROWS, plan.features - panel * ROWS), count, taps,
        )
        transform_weights(plan, taps, points)
        to = weights + c * ROWS
        for i in range(plan.edge1):
            for j in range(plan.edge2):
                if count * ROWS == WEIGHTS:
                    memcpy(to, points + (i * 6 + j) * WEIGHTS, WEIGHTS * sizeof(float))
                else:
                    memcpy(to, points + (i * 6 + j) * WEIGHTS, count * ROWS * sizeof(float))
                to += weight_step
        c += count
