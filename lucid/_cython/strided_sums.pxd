"""The weight gradient of one pass: transformed outputs times transformed inputs, over all tiles.

As in `winograd_sums.pxd`, the sum over tiles at each point is a matrix (depth, tiles) times a
matrix (tiles, features), the lanes are features, and the sums are transformed back at the end.
"""

from libc.string cimport memcpy, memset

from lucid._cython.fetch cimport fetch_near
from lucid._cython.microkernel cimport ROWS
from lucid._cython.padded cimport ceil_div
from lucid._cython.strided_plan cimport EDGE, POINTS, Block, Line, Pair, Plan, held, pair_at
from lucid._cython.strided_tiles cimport NEAR_LINE
from lucid._cython.strided_transforms cimport put_together, weight_grad_taps2
from lucid._cython.winograd_sums cimport multiply_tiles
from lucid._cython.winograd_tiles cimport LANES

cdef enum:
    TAPS = 16  # of the last two axes, at most ...
    EIGHT = 8  # ... of which so many are turned at once

cdef struct Sums:  # how a weight gradient is cut, or one block of its weights
    Plan plan
    Py_ssize_t features, parts  # of a block, and how often LANES features
    Py_ssize_t rounds  # of a group: as many pairs as are held, one after the other
    Py_ssize_t panels  # of ROWS elements of the depth that is held
    Py_ssize_t columns  # of tiles at a time
    Py_ssize_t input_size  # elements of their inputs, and room for a short last panel
    Py_ssize_t output_step, sum_step  # elements for a point; for a transformed weight
    Py_ssize_t buffer_size, result_size  # elements of inputs and outputs; of sums
    Py_ssize_t depth_blocks, feature_blocks  # of a group
    Py_ssize_t blocks, chunks  # of the weights of all groups; of tiles
    bint held  # the outputs of all tiles are
    bint fill  # set the weights, do not add to them
    Py_ssize_t x_start, w_start, y_start  # of a block: its first elements ...
    Py_ssize_t first_round, end_round  # ... and its rounds


cdef inline void fetch_panel(const Sums *sums, const float *x) noexcept nogil:
    """Ask for the inputs of the next product, of all columns: those of a panel lie apart."""
    cdef Py_ssize_t column, l
    for column in range(sums.columns):
        l = 0
        while l < ROWS * LANES:
            fetch_near(x + column * sums.plan.input_size + l)
            l += NEAR_LINE


cdef inline void sum_tiles(
    const Sums *sums, const float *x, const float *y, Py_ssize_t tiles, float *result, bint start
) noexcept nogil:
    """Add to a panel of result[d, feature] the products at one point, or `start` with them."""
    cdef Py_ssize_t x_column = sums.plan.input_size
    if sums.plan.features <= LANES // 2:
        multiply_tiles(x, x_column, 1, 0, y, tiles, result, LANES // 2, start)
    else:
        multiply_tiles(x, x_column, 1, 0, y, tiles, result, LANES, start)


cdef inline void sum_weight(
    const Sums *sums, Py_ssize_t weight, const float *inputs, const float *outputs,
    Py_ssize_t tiles, float *result, bint start,
) noexcept nogil:
    """Add to result[part, d, feature] the products for a transformed weight, or `start` so."""
    cdef Py_ssize_t part, panel, k
    cdef const float *x
    cdef const float *y
    for k in range(sums.plan.points):
        if sums.plan.weight_of[k] != weight:
            continue
        x = inputs + k * sums.plan.input_step
        for part in range(sums.parts):
            y = outputs + k * sums.output_step + part * sums.columns * LANES * LANES
            for panel in range(sums.panels):
                sum_tiles(
                    sums, x + panel * ROWS * LANES, y, tiles,
                    result + (part * sums.panels + panel) * ROWS * LANES, start,
                )
        start = False


cdef inline void apply_g(
    const Line *line, Py_ssize_t slot, const float *u, Py_ssize_t step, float *w,
    Py_ssize_t to_step,
) noexcept nogil:
    """Apply G^T: transformed weights, `step` apart, to the taps of each block of a slot."""
    cdef Py_ssize_t b
    cdef const Block *block
    for b in range(line.blocks):
        block = &line.block[b]
        if block.slot != slot:
            continue
        if block.taps == 2:
            weight_grad_taps2(
                u + block.weight * step, step, w + block.tap * to_step,
                block.tap_step * to_step, LANES,
            )
        else:
            memcpy(w + block.tap * to_step, u + block.weight * step, LANES * sizeof(float))


cdef inline void transform_sums(
    const Sums *sums, const float *result, Py_ssize_t slot_step, float *taps
) noexcept nogil:
    """Apply G^T along both axes to the sums of a pair, slots `slot_step` apart: taps[k, f]."""
    cdef const Plan *plan = &sums.plan
    cdef float half[4 * EDGE * LANES]  # tap of the last axis, transformed weight of the other
    cdef Py_ssize_t i, k, slot, slots2 = plan.line2.slots
    cdef const float *u
    for slot in range(plan.slots):
        u = result + slot * slot_step
        for i in range(plan.line1.weights):
            apply_g(
                &plan.line2, slot % slots2, u + i * plan.line2.weights * sums.sum_step,
                sums.sum_step, half + i * LANES, EDGE * LANES,
            )
        for k in range(plan.line2.kernel):
            if slots2 == 1 or k % slots2 == slot % slots2:
                apply_g(
                    &plan.line1, slot // slots2, half + k * EDGE * LANES, LANES,
                    taps + k * LANES, plan.line2.kernel * LANES,
                )


cdef inline void add_weights(
    const Sums *sums, Py_ssize_t first, Py_ssize_t pairs, const float *result,
    Py_ssize_t slot_step, Py_ssize_t features, float *w,
) noexcept nogil:
    """Add to w, or set it to, what the sums give for some features and up to ROWS pairs.

    In w, taps of neighbouring pairs are neighbours, and features lie far apart, often by a power of
    two: then few lines of all features stay in the cache, so each feature is written once.
    """
    cdef const Plan *plan = &sums.plan
    cdef float taps[TAPS * LANES]
    cdef float turned[ROWS * TAPS * LANES]  # pair, EIGHT of its taps, feature, tap
    cdef Py_ssize_t[ROWS] at
    cdef Py_ssize_t p, f, k, j, size = plan.line1.kernel * plan.line2.kernel
    cdef const float *some
    cdef float *to
    cdef Pair pair
    memset(taps, 0, sizeof(taps))
    for p in range(pairs):
        pair = pair_at(plan, first + p)
        at[p] = pair.channel * plan.w_channel + pair.k0 * size
        transform_sums(sums, result + p * LANES, slot_step, taps)
        for k in range(ceil_div(size, EIGHT)):
            put_together(
                taps + k * EIGHT * LANES, EIGHT, turned + (p * TAPS + k * EIGHT) * LANES, LANES
            )
    for f in range(features):
        for p in range(pairs):
            to = w + f * plan.w_feature + at[p]
            some = turned + p * TAPS * LANES + f * EIGHT
            k = size
            while k >= EIGHT:
                if sums.fill:
                    memcpy(to, some, EIGHT * sizeof(float))
                else:
                    for j in range(EIGHT):
                        to[j] += some[j]
                to += EIGHT
                some += EIGHT * LANES
                k -= EIGHT
            for j in range(k):
                to[j] = some[j] + (0 if sums.fill else to[j])


cdef inline void sum_panel(
    const Sums *sums, const float *inputs, const float *outputs, Py_ssize_t panel,
    Py_ssize_t part, float *w, float *result,
) noexcept nogil:
    """Compute the weights of ROWS pairs and LANES features, of all tiles at once."""
    cdef const Plan *plan = &sums.plan
    cdef bint started[POINTS]
    cdef Py_ssize_t turn, k, slot, weight, later, turns = plan.points * plan.slots
    cdef Py_ssize_t features = min(<Py_ssize_t> LANES, sums.features - part * LANES)
    cdef const float *x = inputs + panel * ROWS * LANES
    cdef const float *y = outputs + part * sums.columns * LANES * LANES
    memset(started, 0, sizeof(started))
    w += part * LANES * plan.w_feature
    for turn in range(turns):
        k, slot = turn // plan.slots, turn % plan.slots
        weight = plan.weight_of[k]
        if turn + 1 < turns:
            later = (turn + 1) // plan.slots * plan.input_step
            later += (turn + 1) % plan.slots * held(plan) * LANES
            fetch_panel(sums, x + later)
        sum_tiles(
            sums, x + k * plan.input_step + slot * held(plan) * LANES, y + k * sums.output_step,
            plan.tiles, result + weight * sums.sum_step + slot * ROWS * LANES, not started[weight],
        )
        if slot == plan.slots - 1:
            started[weight] = True
    add_weights(
        sums, panel * ROWS, min(<Py_ssize_t> ROWS, held(plan) - panel * ROWS), result,
        ROWS * LANES, features, w,
    )
