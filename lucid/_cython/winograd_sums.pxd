"""Winograd's weight gradient: transformed outputs times transformed inputs, summed over all tiles.

At each point the sum over tiles is a matrix (channels, tiles) times a matrix (tiles, features);
here the lanes are features. The sums of a block of weights are transformed back at the end.
"""

from libc.string cimport memcpy, memset

from lucid._cython.fetch cimport fetch_near
from lucid._cython.microkernel cimport ROWS
from lucid._cython.padded cimport ceil_div, clip
from lucid._cython.winograd_lines cimport output_grad_lines, weight_grad_lines
from lucid._cython.winograd_tasks cimport TransformColumn
from lucid._cython.winograd_tiles cimport (
    LANES, Plan, Taps, Tile, advance, depth_held, find_taps, find_tile, held, lanes_used, output_of,
    rows_inside,
)
from lucid._cython.winograd_weights cimport TAPS, interleave

cdef enum:
    AHEAD = 4  # tiles, whose outputs are fetched before they are needed

# Transform the outputs of a plane of a column, as `transform_outputs` does.
ctypedef void (*TransformOutputs)(
    const void *sums, const float *y, Py_ssize_t column, Py_ssize_t plane, Py_ssize_t features,
    float *outputs,
) noexcept nogil

cdef struct Sums:  # a weight gradient, cut into blocks of weights and chunks of tiles
    Plan plan
    TransformColumn transform_column  # not inlined, as it would be at every call ...
    TransformOutputs transform_outputs  # ... nor is this: both are long
    bint few  # columns of tiles: all are held at once, and the sums of one panel and one part
    bint fill  # set the weights to their sums, do not add; not with several taps in the first axis
    Py_ssize_t chunks
    Py_ssize_t channel_blocks, feature_blocks, blocks  # of a group, twice; in all
    Py_ssize_t x_start, w_start, y_start  # elements before a block; its channels: `plan.first`
    Py_ssize_t features, parts  # of a block, and how often LANES features
    Py_ssize_t panels  # of ROWS channels
    Py_ssize_t columns, planes  # of tiles at a time; and their planes of outputs
    Py_ssize_t input_size  # elements of their inputs, and room for a short last panel
    Py_ssize_t output_step, sum_step  # elements for a point
    Py_ssize_t buffer_size, result_size  # elements of inputs and outputs; of sums


cdef inline void multiply_tiles(
    const float *x, Py_ssize_t x_column, Py_ssize_t planes, Py_ssize_t x_plane, const float *y,
    Py_ssize_t tiles, float *w, int lanes, bint start,
) noexcept nogil:
    """``w[j * LANES + l] += sum over tiles t of x[j * LANES + t] * y[t * LANES + l]``; or ``=``.

    x and y are cut into columns of LANES tiles and these into planes, which follow each other in y;
    in x, columns are `x_column` elements apart and planes `x_plane`.
    """
    cdef float acc[ROWS][LANES]
    cdef Py_ssize_t column, plane, t
    cdef int j, l
    for j in range(ROWS):
        for l in range(lanes):
            acc[j][l] = 0 if start else w[j * LANES + l]
    # one turn at least, as in `multiply` of `winograd_products.pxd`
    for column in range(max(ceil_div(tiles, LANES), <Py_ssize_t> 1)):
        for plane in range(max(planes, <Py_ssize_t> 1)):
            for t in range(max(min(tiles, <Py_ssize_t> LANES), <Py_ssize_t> 1)):
                for j in range(ROWS):
                    for l in range(lanes):
                        acc[j][l] += x[j * LANES + t] * y[t * LANES + l]
            x += x_plane
            y += LANES * LANES
        tiles -= LANES
        x += x_column - planes * x_plane
    for j in range(ROWS):
        for l in range(lanes):
            w[j * LANES + l] = acc[j][l]


cdef inline void copy_fours(
    const Plan *plan, const float *y, Py_ssize_t row, Py_ssize_t height, Py_ssize_t features,
    float *rows,
) noexcept nogil:
    """`gather_outputs` where rows of a tile are 4 neighbours."""
    cdef Py_ssize_t f, r
    for f in range(features):
        for r in range(height):
            memcpy(rows + (r * LANES + f) * 4, y + r * row, 4 * sizeof(float))
        y += plan.dst_plane


cdef inline void gather_outputs(
    const Plan *plan, const Tile *tile, Py_ssize_t plane, const float *y, Py_ssize_t features,
    float *rows,
) noexcept nogil:
    """Store rows[row, feature, column] of a plane of a tile, with zeros outside the output."""
    cdef Py_ssize_t f, r, s
    cdef Py_ssize_t height = rows_inside(plan, tile, plane), row = plan.dilation[1] * plan.dst[2]
    cdef Py_ssize_t step = plan.dilation[2]
    cdef Py_ssize_t width = clip(ceil_div(plan.dst[2] - tile.i2, step), plan.tile2)
    if height < plan.tile1 or width < plan.tile2:
        memset(rows, 0, plan.tile1 * plan.tile2 * LANES * sizeof(float))
    if plan.tile2 == 4 and width == 4 and step == 1:
        if height == 4:  # so that the rows are copied without a loop
            copy_fours(plan, y, row, 4, features, rows)
        else:
            copy_fours(plan, y, row, height, features, rows)
        return
    for f in range(features):
        for r in range(height):
            for s in range(width):
                rows[(r * LANES + f) * plan.tile2 + s] = y[r * row + s * step]
        y += plan.dst_plane


cdef inline void fetch_outputs(
    const Plan *plan, const Tile *tile, Py_ssize_t plane, const float *y, Py_ssize_t features
) noexcept nogil:
    """Ask for the outputs of a tile while those before it are at work: most come from afar."""
    cdef Py_ssize_t f, r
    cdef Py_ssize_t height = rows_inside(plan, tile, plane), row = plan.dilation[1] * plan.dst[2]
    y += min(plan.tile2, plan.dst[2] - tile.i2) - 1  # where its last column may begin a line
    for f in range(features):
        for r in range(height):
            fetch_near(y + r * row)
        y += plan.dst_plane


cdef inline void apply_a(const Plan *plan, const float *rows, float *points) noexcept nogil:
    """Apply A along both axes to the outputs of one tile."""
    cdef float half[30 * LANES]
    if plan.edge1 == 1:
        output_grad_lines(plan.edge2, plan.taps2, 1, rows, 0, 1, points, 0, LANES, LANES)
        return
    output_grad_lines(
        plan.edge2, plan.taps2, plan.tile1, rows, plan.tile2 * LANES, 1,
        half, 6 * LANES, LANES, LANES,
    )
    output_grad_lines(
        plan.edge1, plan.taps1, plan.edge2, half, LANES, 6 * LANES, points, LANES, 6 * LANES, LANES
    )


cdef inline void transform_outputs(
    const void *of_sums, const float *y, Py_ssize_t column, Py_ssize_t plane, Py_ssize_t features,
    float *outputs,
) noexcept nogil:
    """Store outputs[point, lane, feature]: apply A along both axes to a plane of a column."""
    cdef const Sums *sums = <const Sums *> of_sums
    cdef const Plan *plan = &sums.plan
    cdef float rows[16 * LANES]
    cdef float points[36 * LANES]
    cdef Py_ssize_t lane, i, j
    cdef float *to
    cdef Tile tile = find_tile(plan, column * LANES)
    cdef Tile later = find_tile(plan, column * LANES + AHEAD)
    memset(rows, 0, sizeof(rows))
    for lane in range(lanes_used(plan, column)):
        if lane + AHEAD < lanes_used(plan, column):
            fetch_outputs(plan, &later, plane, y + output_of(plan, &later, plane), features)
            advance(plan, &later)
        gather_outputs(plan, &tile, plane, y + output_of(plan, &tile, plane), features, rows)
        apply_a(plan, rows, points)
        to = outputs + lane * LANES
        for i in range(plan.edge1):
            for j in range(plan.edge2):
                memcpy(to, points + (i * 6 + j) * LANES, LANES * sizeof(float))
                to += sums.output_step
        advance(plan, &tile)


cdef inline void multiply_panel(
    const Plan *plan, const float *x, const float *y, Py_ssize_t tiles, Py_ssize_t features,
    bint start, float *result,
) noexcept nogil:
    """Add to result[channel, feature] the products of one panel of channels with a part of y."""
    cdef Py_ssize_t x_plane = held(plan) * LANES
    if features <= LANES // 2:
        multiply_tiles(
            x, plan.input_size, plan.tile0, x_plane, y, tiles, result, LANES // 2, start
        )
    else:
        multiply_tiles(x, plan.input_size, plan.tile0, x_plane, y, tiles, result, LANES, start)


cdef inline void sum_point(
    const Sums *sums, const float *inputs, const float *outputs, Py_ssize_t tiles, bint start,
    float *result,
) noexcept nogil:
    """Add to result[part, channel, feature] the products at one point, or `start` with them."""
    cdef const Plan *plan = &sums.plan
    cdef Py_ssize_t part, panel
    for part in range(sums.parts):
        for panel in range(sums.panels):
            multiply_panel(
                plan, inputs + panel * ROWS * LANES, outputs + part * sums.planes * LANES * LANES,
                tiles, plan.features, start, result,
            )
            result += ROWS * LANES


cdef inline void transform_sums(
    const Sums *sums, const float *result, float *taps
) noexcept nogil:
    """Apply G^T along both axes to the sums of one channel: taps[k, feature]."""
    cdef const Plan *plan = &sums.plan
    cdef float points[36 * LANES]
    cdef float half[30 * LANES]
    cdef Py_ssize_t i, j
    for i in range(plan.edge1):
        for j in range(plan.edge2):
            memcpy(points + (i * 6 + j) * LANES, result, LANES * sizeof(float))
            result += sums.sum_step
    weight_grad_lines(
        plan.edge2, plan.taps2, plan.edge1, points, 6 * LANES, LANES,
        half, plan.taps2 * LANES, LANES, LANES,
    )
    if plan.edge1 == 1:
        memcpy(taps, half, plan.taps2 * LANES * sizeof(float))
    else:
        weight_grad_lines(
            plan.edge1, plan.taps1, plan.taps2, half, LANES, plan.taps2 * LANES,
            taps, LANES, plan.taps2 * LANES, LANES,
        )


cdef inline void add_taps(
    const float *taps, Py_ssize_t count, Py_ssize_t features, float *w, Py_ssize_t w_feature
) noexcept nogil:
    """Add taps[k, feature] to w, where the taps of a feature are neighbours."""
    cdef float some[LANES * ROWS]
    cdef Py_ssize_t k = 0, f, last
    cdef int j
    while k + ROWS <= count:
        interleave(taps + k * LANES, LANES, some, LANES)  # some[feature, j]
        for f in range(features):
            for j in range(ROWS):
                w[f * w_feature + k + j] += some[f * ROWS + j]
        k += ROWS
    for f in range(features):  # one by one, as the weights of all may be in one set of a cache
        for last in range(k, count):
            w[f * w_feature + last] += taps[last * LANES + f]


cdef inline void add_weights(
    const Sums *sums, const float *result, Py_ssize_t panel, Py_ssize_t features, float *w
) noexcept nogil:
    """Add to w the weights of some features and of a panel of channels."""
    cdef const Plan *plan = &sums.plan
    cdef float taps[TAPS * ROWS * LANES]
    cdef Py_ssize_t c, channel, tap0, r, count = plan.taps1 * plan.taps2
    cdef Py_ssize_t channels = min(depth_held(plan) - panel * ROWS, <Py_ssize_t> ROWS)
    cdef Taps block
    cdef float *to
    for c in range(channels):
        transform_sums(sums, result + c * LANES, taps + c * count * LANES)
    if plan.taps0 == 1 and not plan.in_blocks:
        w += (plan.first + panel * ROWS) * count
        add_taps(taps, channels * count, features, w, plan.w_feature)
        return
    for c in range(channels):
        channel, tap0 = (panel * ROWS + c) % held(plan), (panel * ROWS + c) // held(plan)
        to = w + (plan.first + channel) * plan.w_channel
        if plan.in_blocks:
            block = find_taps(plan, tap0)
            for r in range(block.rows):
                add_taps(
                    taps + (c * count + r * plan.taps2) * LANES, block.columns, features,
                    to + (block.row + r) * plan.kernel2 + block.column, plan.w_feature,
                )
        else:
            add_taps(
                taps + c * count * LANES, count, features, to + tap0 * count, plan.w_feature
            )
