"""One pass of a strided convolution: transformed weights times transformed inputs.

As in `winograd_products.pxd`, features go in *panels* of ROWS, packed for the registers.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memcpy, memset

from lucid._cython.microkernel cimport ROWS
from lucid._cython.padded cimport ceil_div, clip
from lucid._cython.strided_plan cimport TILE, Pair, Plan, advance, held, pair_at, tap_at
from lucid._cython.strided_tiles cimport Targets, find_targets, lanes_used, transform_column
from lucid._cython.strided_transforms cimport output_taps2, weight_taps2
from lucid._cython.winograd_products cimport multiply
from lucid._cython.winograd_tiles cimport LANES, PAD, SLICES

cdef enum:
    WEIGHTS = 64  # lanes of a transform of weights
    SHARE = 4  # panels of weights that use an input while it is near
    WEIGHT_BYTES = 3145728  # all weights, if they are no more; else they are transformed again ...
    TURN_BYTES = 1048576  # ... so much at a time for each thread ...
    INPUT_BYTES = 6000000  # ... for every block of inputs
    NEAR_BYTES = 393216  # inputs of a thread, if all weights are held: what a near cache holds

cdef struct Work:  # how a pass is cut
    Plan plan
    Py_ssize_t panels, panels_held, share, parts  # panels of ROWS features
    Py_ssize_t weight_step, weight_size  # elements of a transformed panel: for a point, in all
    Py_ssize_t columns_held, result_size


cdef inline void cut_work(Work *work, int threads) noexcept nogil:
    """Choose blocks that fit the caches, and enough tasks for the threads."""
    cdef Plan *plan = &work.plan
    work.weight_step = plan.depth * ROWS + PAD
    work.weight_size = plan.points * work.weight_step
    work.panels = ceil_div(plan.features, ROWS)
    work.panels_held = work.panels
    work.columns_held = threads * (NEAR_BYTES // (4 * plan.input_size))
    if 4 * work.panels * work.weight_size > WEIGHT_BYTES:
        work.panels_held = clip(threads * max(1, TURN_BYTES // (4 * work.weight_size)), work.panels)
        work.panels_held = ceil_div(work.panels, ceil_div(work.panels, work.panels_held))
        work.columns_held = INPUT_BYTES // (4 * plan.input_size)
    work.columns_held = max(1, clip(work.columns_held, plan.columns))
    work.columns_held = ceil_div(plan.columns, ceil_div(plan.columns, work.columns_held))
    work.share = SHARE
    if threads > 1:
        work.share = clip(ceil_div(work.panels_held * work.columns_held, 2 * threads), SHARE)
    work.share = min(work.share, work.panels_held)
    work.parts = ceil_div(work.panels_held, work.share)
    work.result_size = work.share * plan.points * ROWS * LANES


cdef inline void gather_weights(
    const Plan *plan, const Pair *pair, const float *w, Py_ssize_t rows, float *taps
) noexcept nogil:
    """Store taps[i1, i2, ..., j] of `rows` features j for one element of the depth."""
    cdef Py_ssize_t j, i1, i2, k
    w += pair.channel * plan.w_channel
    for i1 in range(plan.taps[1]):
        for i2 in range(plan.taps[2]):
            k = pair.k0 * plan.kernel1 + tap_at(plan, 1, pair.phase1, i1)
            k = k * plan.kernel2 + tap_at(plan, 2, pair.phase2, i2)
            for j in range(rows):
                taps[j] = w[j * plan.w_feature + k]
            taps += WEIGHTS


cdef inline void transform_weights(const Plan *plan, const float *taps, float *u) noexcept nogil:
    """Apply G along the axes with two taps; u[point, c, j]."""
    cdef float half[10 * WEIGHTS]
    cdef int i, k
    for i in range(plan.taps[1]):
        if plan.taps[2] == 2:
            weight_taps2(taps + i * 2 * WEIGHTS, WEIGHTS, half + i * 5 * WEIGHTS, WEIGHTS, WEIGHTS)
        else:  # of one tap, a tile has as many points as outputs
            for k in range(TILE):
                memcpy(half + (i * 4 + k) * WEIGHTS, taps + i * WEIGHTS, WEIGHTS * sizeof(float))
    for i in range(plan.edge2):
        if plan.taps[1] == 2 and plan.taps[2] == 2:
            weight_taps2(half + i * WEIGHTS, 5 * WEIGHTS, u + i * WEIGHTS, 5 * WEIGHTS, WEIGHTS)
        elif plan.taps[1] == 2:
            weight_taps2(half + i * WEIGHTS, 4 * WEIGHTS, u + i * WEIGHTS, 4 * WEIGHTS, WEIGHTS)
        else:
            for k in range(plan.edge1):
                memcpy(
                    u + (k * plan.edge2 + i) * WEIGHTS, half + i * WEIGHTS, WEIGHTS * sizeof(float)
                )


cdef inline void transform_panel(
    const Work *work, const float *w, Py_ssize_t panel, float *weights
) noexcept nogil:
    """Store weights[point, d, j] of ROWS features j, for the depth that is held."""
    cdef const Plan *plan = &work.plan
    cdef float taps[4 * WEIGHTS]
    cdef float points[25 * WEIGHTS]
    cdef Py_ssize_t d = 0, c, count, rows = min(<Py_ssize_t> ROWS, plan.features - panel * ROWS)
    cdef Pair pair = pair_at(plan, 0)
    cdef int i
    memset(taps, 0, sizeof(taps))
    w += panel * ROWS * plan.w_feature
    while d < held(plan):
        count = min(held(plan) - d, <Py_ssize_t> (WEIGHTS // ROWS))
        for c in range(count):
            gather_weights(plan, &pair, w, rows, taps + c * ROWS)
            advance(plan, &pair)
        transform_weights(plan, taps, points)
        for i in range(plan.points):
            if count == WEIGHTS // ROWS:  # a constant size takes no call
                memcpy(
                    weights + i * work.weight_step + d * ROWS, points + i * WEIGHTS,
                    WEIGHTS * sizeof(float),
                )
            else:
                memcpy(
                    weights + i * work.weight_step + d * ROWS, points + i * WEIGHTS,
                    count * ROWS * sizeof(float),
                )
        d += count


cdef inline void transform_back(const Plan *plan, const float *result, float *y) noexcept nogil:
    """Apply A^T along the axes with two taps: y[row, lane, column]."""
    cdef float half[20 * LANES]
    cdef const float *rows = half
    cdef int i, j, l, row_step = LANES
    if plan.taps[1] == 2 and plan.taps[2] == 2:
        for i in range(5):
            output_taps2(
                result + i * ROWS * LANES, 5 * ROWS * LANES, half + i * LANES, 5 * LANES, 1, LANES
            )
    elif plan.taps[1] == 2:
        for i in range(4):
            output_taps2(
                result + i * ROWS * LANES, 4 * ROWS * LANES, half + i * LANES, 4 * LANES, 1, LANES
            )
    else:
        rows, row_step = result, ROWS * LANES
    for i in range(plan.tile1):
        if plan.taps[2] == 2:
            output_taps2(rows + i * 5 * row_step, row_step, y + i * TILE * LANES, 1, TILE, LANES)
        else:
            for l in range(LANES):
                for j in range(TILE):
                    y[(i * LANES + l) * TILE + j] = rows[(i * 4 + j) * row_step + l]


cdef inline void add_tiles(
    const Plan *plan, const Targets *at, const float *tiles, float *y
) noexcept nogil:
    """Add the tiles to one channel; in a row of tiles, a row of outputs has no gaps."""
    cdef Py_ssize_t run, r, s, step = plan.axes[2].dst_step
    cdef const float *row
    cdef float *to
    for run in range(at.runs):
        row = tiles + at.lane[run] * TILE
        to = y + at.dst[run]
        for r in range(at.rows[run]):
            if step == 1:
                for s in range(at.columns[run]):
                    to[s] += row[s]
            else:
                for s in range(at.columns[run]):
                    to[s * step] += row[s]
            row += LANES * TILE
            to += plan.axes[2].dst_size * plan.axes[1].dst_step


cdef inline void run_task(
    const Work *work, const float *inputs, const float *weights, Py_ssize_t column,
    Py_ssize_t panel, Py_ssize_t panels, float *y, float *result,
) noexcept nogil:
    """Compute a few panels of features of one column of tiles, and add them to y."""
    cdef const Plan *plan = &work.plan
    cdef Targets at
    cdef float tiles[TILE * TILE * LANES]
    cdef Py_ssize_t k, p, f
    cdef const float *x
    cdef const float *w
    for k in range(plan.points):
        x = inputs + k * plan.input_step
        for p in range(panels):
            w = weights + p * work.weight_size + k * work.weight_step
            if lanes_used(plan, column) <= LANES // 2:
                multiply(
                    x, w, held(plan), result + (p * plan.points + k) * ROWS * LANES, LANES // 2
                )
            else:
                multiply(x, w, held(plan), result + (p * plan.points + k) * ROWS * LANES, LANES)
    find_targets(plan, column, &at)
    for f in range(min(panels * ROWS, plan.features - panel * ROWS)):
        p = f // ROWS
        transform_back(plan, result + (p * plan.points * ROWS + f % ROWS) * LANES, tiles)
        add_tiles(plan, &at, tiles, y + (panel * ROWS + f) * plan.dst_plane)


cdef inline void run_columns(
    Work *work, const float *x, const float *w, float *y, Py_ssize_t start,
    float *inputs, float *weights, float *results, int threads,
) noexcept nogil:
    """Compute the columns of tiles from `start` on that are held, for one group."""
    cdef Plan *plan = &work.plan
    cdef Py_ssize_t columns = min(work.columns_held, plan.columns - start)
    cdef Py_ssize_t task, turn, first, panels, slices = SLICES if threads > 1 else 1
    for task in prange(columns * slices, num_threads=threads, schedule="dynamic"):
        transform_column(
            plan, x, start + task // slices, task % slices * held(plan) // slices,
            (task % slices + 1) * held(plan) // slices, inputs + task // slices * plan.input_size,
        )
    for turn in range(ceil_div(work.panels, work.panels_held)):
        first = turn * work.panels_held
        panels = min(work.panels_held, work.panels - first)
        if start == 0 or work.panels_held < work.panels:
            for task in prange(panels, num_threads=threads, schedule="dynamic"):
                transform_panel(work, w, first + task, weights + task * work.weight_size)
        for task in prange(columns * work.parts, num_threads=threads, schedule="dynamic"):
            run_task(
                work, inputs + task // work.parts * plan.input_size,
                weights + task % work.parts * work.share * work.weight_size,
                start + task // work.parts, first + task % work.parts * work.share,
                min(work.share, panels - task % work.parts * work.share), y,
                results + threadid() * work.result_size,
            )
