"""The weight gradient of one pass: transformed outputs times transformed inputs, over all tiles.

As in `winograd_sums.pxd`, the sum over tiles at each point is a matrix (depth, tiles) times a
matrix (tiles, features), the lanes are features, and the sums are transformed back at the end.
"""

from cython.parallel cimport prange
from libc.string cimport memcpy, memset

from lucid._cython.microkernel cimport ROWS
from lucid._cython.padded cimport ceil_div
from lucid._cython.strided_plan cimport TILE, Pair, Plan, held, pair_at, slots, tap_at
from lucid._cython.strided_tiles cimport (
    Targets, find_targets, lanes_used, transform_column,
)
from lucid._cython.strided_transforms cimport output_grad_taps2, weight_grad_taps2
from lucid._cython.winograd_sums cimport multiply_tiles
from lucid._cython.winograd_tiles cimport LANES, PAD, SLICES

cdef enum:
    DEPTH = 128  # elements of the depth at a time
    FEATURES = 256
    TILES = 128  # at a time

cdef struct Sums:  # how a weight gradient is cut: into pieces that do not depend on the threads
    Plan plan
    Py_ssize_t features, parts  # of a block, and how often LANES features
    Py_ssize_t panels  # of ROWS elements of the depth
    Py_ssize_t columns  # of tiles in a block
    Py_ssize_t input_size  # elements of their inputs, and room for a short last panel
    Py_ssize_t output_step, sum_step  # elements for a point


cdef inline void cut_sums(Sums *sums) noexcept nogil:
    """Choose blocks whose sums and outputs take 3.3 MB each, inputs 1.7 MB, at most."""
    cdef Plan *plan = &sums.plan
    sums.features = ceil_div(plan.features, ceil_div(plan.features, FEATURES))
    sums.parts = ceil_div(sums.features, LANES)
    sums.panels = ceil_div(plan.depth, ROWS)
    sums.columns = min(max(<Py_ssize_t> 1, <Py_ssize_t> (TILES // LANES)), plan.columns)
    sums.input_size = sums.columns * plan.input_size + ROWS * LANES
    sums.output_step = sums.parts * sums.columns * LANES * LANES + PAD
    sums.sum_step = sums.parts * sums.panels * ROWS * LANES + PAD


cdef inline void gather_outputs(
    const Plan *plan, const float *y, Py_ssize_t features, Py_ssize_t height, Py_ssize_t width,
    float *rows,
) noexcept nogil:
    """Store rows[row, feature, column] of the tile that starts at y, with zeros outside."""
    cdef Py_ssize_t f, r, s
    if height < plan.tile1 or width < TILE:
        memset(rows, 0, TILE * TILE * LANES * sizeof(float))
    for f in range(features):
        for r in range(height):
            if width == TILE:
                memcpy(
                    rows + (r * LANES + f) * TILE, y + r * plan.axes[2].dst_size,
                    TILE * sizeof(float),
                )
            else:
                for s in range(width):
                    rows[(r * LANES + f) * TILE + s] = y[r * plan.axes[2].dst_size + s]
        y += plan.dst_plane


cdef inline void apply_a(const Plan *plan, const float *rows, float *points) noexcept nogil:
    """Apply A along the axes with two taps to the outputs of one tile."""
    cdef float half[20 * LANES]
    cdef float *to = points
    cdef int i, j, l
    if plan.taps[1] == 2:
        to = half
    for i in range(plan.tile1):
        if plan.taps[2] == 2:
            output_grad_taps2(
                rows + i * TILE * LANES, 1, TILE, to + i * 5 * LANES, LANES, LANES
            )
        else:
            for j in range(TILE):
                for l in range(LANES):
                    to[(i * 4 + j) * LANES + l] = rows[(i * LANES + l) * TILE + j]
    if plan.taps[1] == 2:
        for j in range(plan.edge2):
            if plan.taps[2] == 2:
                output_grad_taps2(
                    half + j * LANES, 5 * LANES, 1, points + j * LANES, 5 * LANES, LANES
                )
            else:
                output_grad_taps2(
                    half + j * LANES, 4 * LANES, 1, points + j * LANES, 4 * LANES, LANES
                )


cdef inline void transform_outputs(
    const Sums *sums, const float *y, Py_ssize_t column, Py_ssize_t features, float *outputs
) noexcept nogil:
    """Store outputs[point, lane of tile, feature] of a column of tiles."""
    cdef const Plan *plan = &sums.plan
    cdef Targets at
    cdef float rows[TILE * TILE * LANES]
    cdef float points[25 * LANES]
    cdef Py_ssize_t lane = 0, run, s
    cdef int i
    memset(rows, 0, sizeof(rows))
    find_targets(plan, column, &at)
    for run in range(at.runs):
        for s in range(ceil_div(at.columns[run], TILE)):
            gather_outputs(
                plan, y + at.dst[run] + s * TILE, features, at.rows[run],
                min(<Py_ssize_t> TILE, at.columns[run] - s * TILE), rows,
            )
            apply_a(plan, rows, points)
            for i in range(plan.points):
                memcpy(
                    outputs + i * sums.output_step + lane * LANES, points + i * LANES,
                    LANES * sizeof(float),
                )
            lane += 1


cdef inline void sum_point(
    const Sums *sums, const float *inputs, const float *outputs, Py_ssize_t tiles, float *result
) noexcept nogil:
    """Add to result[part, d, feature] the products at one point."""
    cdef Py_ssize_t part, panel, x_column = sums.plan.input_size
    cdef const float *y
    for part in range(sums.parts):
        y = outputs + part * sums.columns * LANES * LANES
        for panel in range(sums.panels):
            if sums.plan.features <= LANES // 2:
                multiply_tiles(
                    inputs + panel * ROWS * LANES, x_column, y, tiles, result, LANES // 2
                )
            else:
                multiply_tiles(inputs + panel * ROWS * LANES, x_column, y, tiles, result, LANES)
            result += ROWS * LANES


cdef inline void apply_g(const Sums *sums, const float *result, float *taps) noexcept nogil:
    """Apply G^T along both axes to the sums of one element of the depth: taps[i1, i2, feature].

    Of one tap, a tile has as many points as outputs: its weight is their sum.
    """
    cdef const Plan *plan = &sums.plan
    cdef float points[5 * LANES]
    cdef float half[10 * LANES]
    cdef Py_ssize_t i, j, l, step = plan.taps[2] * LANES
    memset(half, 0, sizeof(half))
    memset(taps, 0, 4 * LANES * sizeof(float))
    for i in range(plan.edge1):
        for j in range(plan.edge2):
            memcpy(points + j * LANES, result, LANES * sizeof(float))
            result += sums.sum_step
        if plan.taps[2] == 2:
            weight_grad_taps2(points, LANES, half + i * 2 * LANES, LANES, LANES)
        else:
            for j in range(TILE):
                for l in range(LANES):
                    half[i * LANES + l] += points[j * LANES + l]
    for i in range(plan.taps[2]):
        if plan.taps[1] == 2:
            weight_grad_taps2(half + i * LANES, step, taps + i * LANES, step, LANES)
        else:
            for j in range(plan.edge1):
                for l in range(LANES):
                    taps[i * LANES + l] += half[j * step + i * LANES + l]


cdef inline void add_weights(
    const Sums *sums, Py_ssize_t d, const float *result, Py_ssize_t features, float *w
) noexcept nogil:
    """Add to w what the sums give for some features and the slots of one channel, from d on."""
    cdef const Plan *plan = &sums.plan
    cdef float taps[4 * LANES]
    cdef float kernel[16 * LANES]
    cdef Py_ssize_t f, i1, i2, k, s, size = plan.kernel1 * plan.kernel2
    cdef Pair pair
    memset(kernel, 0, sizeof(kernel))
    for s in range(slots(plan)):
        pair = pair_at(plan, d + s)
        apply_g(sums, result + s * LANES, taps)
        for i1 in range(plan.taps[1]):
            for i2 in range(plan.taps[2]):
                k = tap_at(plan, 1, pair.phase1, i1) * plan.kernel2
                k += tap_at(plan, 2, pair.phase2, i2)
                memcpy(
                    kernel + k * LANES, taps + (i1 * plan.taps[2] + i2) * LANES,
                    LANES * sizeof(float),
                )
    w += pair.channel * plan.w_channel + pair.k0 * size
    for f in range(features):
        for k in range(size):
            w[f * plan.w_feature + k] += kernel[k * LANES + f]


cdef inline void sum_columns(
    const Sums *sums, const float *x, const float *y, Py_ssize_t start, Py_ssize_t features,
    float *inputs, float *outputs, float *result, int threads,
) noexcept nogil:
    """Add the products of a few columns of tiles."""
    cdef const Plan *plan = &sums.plan
    cdef Py_ssize_t columns = min(sums.columns, plan.columns - start)
    cdef Py_ssize_t task, parts = ceil_div(features, LANES)
    for task in prange(columns * SLICES, num_threads=threads, schedule="dynamic"):
        transform_column(
            plan, x, start + task // SLICES, task % SLICES * held(plan) // SLICES,
            (task % SLICES + 1) * held(plan) // SLICES, inputs + task // SLICES * plan.input_size,
        )
    for task in prange(columns * parts, num_threads=threads, schedule="dynamic"):
        transform_outputs(
            sums, y + task % parts * LANES * plan.dst_plane, start + task // parts,
            min(<Py_ssize_t> LANES, features - task % parts * LANES),
            outputs + (task % parts * sums.columns + task // parts) * LANES * LANES,
        )
    for task in prange(plan.points, num_threads=threads, schedule="dynamic"):
        sum_point(
            sums, inputs + task * plan.input_step, outputs + task * sums.output_step,
            min(columns * LANES, plan.tiles - start * LANES), result + task * sums.sum_step,
        )


cdef inline void sum_block(
    const Sums *sums, const float *x, float *w, const float *y, Py_ssize_t features,
    float *inputs, float *outputs, float *result, int threads,
) noexcept nogil:
    """Compute the weights of a block of features and the depth that is held."""
    cdef const Plan *plan = &sums.plan
    cdef Py_ssize_t task, turn, d, parts = ceil_div(features, LANES)
    memset(result, 0, plan.points * sums.sum_step * sizeof(float))
    for turn in range(ceil_div(plan.columns, sums.columns)):
        sum_columns(
            sums, x, y, turn * sums.columns, features, inputs, outputs, result, threads
        )
    for task in prange(held(plan) // slots(plan) * parts, num_threads=threads):
        d = task // parts * slots(plan)
        add_weights(
            sums, d, result + (task % parts * sums.panels * ROWS + d) * LANES,
            min(<Py_ssize_t> LANES, features - task % parts * LANES),
            w + task % parts * LANES * plan.w_feature,
        )
