"""How threads share a Winograd weight gradient: each computes units of work alone.

A *unit* is a block of weights, of some channels and features of a group, and a chunk of all tiles.
One thread transforms its inputs and outputs and sums their products, all in buffers of its own: a
line of memory that another processor has written takes up to seven times as long to read. If tiles
are cut into chunks, threads meet once, before the sums of the chunks are added up.

The blocks depend on the number of threads, but not the bits: a sum over tiles is the same in any
block. The chunks, in whose order sums are added, depend on the shapes alone.
"""

from libc.string cimport memset

from lucid._cython.fetch cimport LINE_BYTES, fetch_near
from lucid._cython.interrupt cimport Watch, interrupted
from lucid._cython.microkernel cimport ROWS
from lucid._cython.padded cimport ceil_div
from lucid._cython.winograd_sums cimport Sums, add_weights, multiply_panel, sum_point
from lucid._cython.winograd_tiles cimport LANES, PAD, Plan, depth_held, set_tiles

cdef enum:
    BLOCK = 128  # features of a block, and of the depth; but with several taps in the first ...
    DEEP_BLOCK = 192  # ... axis: 64 channels of 3 taps at once, 0.93 of the time
    TILES = 64  # planes of tiles at a time
    CHUNKS = 8  # at most: of so many planes of columns, with sums of so few bytes in all;
    CHUNK_COLUMNS = 16  # two from there on: 32 channels, 32 images of 16x16, 0.86 of the time
    CHUNK_BYTES = 5000000  # two chunks of 128 channels and features; adding them takes a hundredth
    FEW_COLUMNS = 3  # all of them at once, if both sides take no more than so many bytes
    FEW_BYTES = 7000000  # 512 channels and features, 2 images of 14x14, need 6.3 MB
    THREAD_SIZE = 1310720  # elements that one of several threads holds, if it may: 5 MiB


cdef inline bint are_few_columns(
    Py_ssize_t columns, Py_ssize_t points, Py_ssize_t depth, Py_ssize_t features
) noexcept nogil:
    """Tell whether inputs and outputs of all tiles of a group may be held, transformed."""
    cdef Py_ssize_t bytes_of_point = columns * LANES * sizeof(float) * (
        depth + ceil_div(features, LANES) * LANES
    )
    return columns <= FEW_COLUMNS and points * bytes_of_point <= FEW_BYTES


cdef inline void cut_tiles(Sums *sums) noexcept nogil:
    """Choose the chunks: one of few tiles, and else so many that to add them takes little time."""
    cdef Plan *plan = &sums.plan
    cdef Py_ssize_t planes = plan.columns * plan.tile0
    cdef Py_ssize_t bytes = plan.groups * plan.points * plan.channels * plan.taps0 * sizeof(float)
    bytes *= ceil_div(plan.features, LANES) * LANES
    sums.chunks = 1
    if planes >= CHUNK_COLUMNS and not sums.few:
        sums.chunks = min(CHUNKS // plan.groups, CHUNK_BYTES // bytes)
        sums.chunks = min(sums.chunks, max(planes // CHUNK_COLUMNS, <Py_ssize_t> 2))
        sums.chunks = max(min(sums.chunks, plan.columns), <Py_ssize_t> 1)


cdef inline void cut_weights(
    Sums *sums, Py_ssize_t channel_blocks, Py_ssize_t feature_blocks
) noexcept nogil:
    """Cut the weights of a group into so many blocks, or fewer, and count what one needs."""
    cdef Plan *plan = &sums.plan
    set_tiles(
        plan, plan.tile0, plan.tile1, plan.tile2,
        ceil_div(plan.channels * plan.taps0, channel_blocks),
    )
    sums.parts = ceil_div(ceil_div(plan.features, LANES), feature_blocks)
    sums.features = min(sums.parts * LANES, plan.features)
    sums.panels = ceil_div(plan.taps0 * plan.chunk, ROWS)
    sums.channel_blocks = ceil_div(plan.channels, plan.chunk)
    sums.feature_blocks = ceil_div(plan.features, sums.features)
    sums.blocks = plan.groups * sums.channel_blocks * sums.feature_blocks
    sums.columns = plan.columns
    if not sums.few:
        sums.columns = min(plan.columns, max(<Py_ssize_t> 1, TILES // LANES // plan.tile0))
    sums.planes = sums.columns * plan.tile0
    sums.input_size = sums.columns * plan.input_size + ROWS * LANES
    sums.output_step = sums.parts * sums.planes * LANES * LANES + PAD
    sums.buffer_size = sums.input_size + plan.points * sums.output_step
    sums.sum_step = (1 if sums.few else sums.parts * sums.panels) * ROWS * LANES + PAD
    sums.result_size = plan.points * sums.sum_step


cdef inline Py_ssize_t time_of_units(
    const Sums *sums, Py_ssize_t of_channel, Py_ssize_t of_feature, int threads
) noexcept nogil:
    """Estimate the time of a tile in all units of one thread, in multiply-adds."""
    cdef const Plan *plan = &sums.plan
    cdef Py_ssize_t features = sums.parts * LANES
    return ceil_div(sums.blocks * sums.chunks, threads) * (
        plan.points * sums.panels * ROWS * features * plan.tile0
        + of_channel * plan.edge0 * plan.chunk + of_feature * plan.tile0 * features
    )


cdef inline void cut_sums(
    Sums *sums, Py_ssize_t of_channel, Py_ssize_t of_feature, int threads
) noexcept nogil:
    """Choose blocks whose sums take 2.4 MB at most, inputs and outputs 1.2 MB each.

    For several threads they are smaller if some would have less to do else, or more memory be held
    than wanted. Then the transforms of the same inputs are computed for several blocks of features,
    and those of outputs for several of channels.
    """
    cdef Plan *plan = &sums.plan
    cdef Py_ssize_t depth = plan.channels * plan.taps0
    cdef Py_ssize_t first_c = 1, first_f = 1, last_c, last_f, best_c, best_f, c, f, time, least
    if not sums.few:
        first_c = ceil_div(depth, BLOCK if plan.taps0 == 1 else DEEP_BLOCK)
        first_f = ceil_div(plan.features, BLOCK)
    best_c = last_c = max(first_c, min(first_c * threads, ceil_div(depth, ROWS)))
    best_f = last_f = max(first_f, min(first_f * threads, ceil_div(plan.features, LANES)))
    least = -1
    cut_tiles(sums)
    for c in range(first_c, last_c + 1):
        for f in range(first_f, last_f + 1):
            cut_weights(sums, c, f)
            time = time_of_units(sums, of_channel, of_feature, threads)
            if sums.buffer_size + sums.result_size <= THREAD_SIZE and not 0 <= least <= time:
                best_c, best_f, least = c, f, time
    cut_weights(sums, best_c, best_f)


cdef inline Sums find_block(const Sums *sums, Py_ssize_t number) noexcept nogil:
    """Return a block: its place, and its sizes if it is smaller than others."""
    cdef Sums block = sums[0]
    cdef Plan *plan = &block.plan
    cdef Py_ssize_t f = number % sums.feature_blocks * sums.features, group
    number //= sums.feature_blocks
    group = number // sums.channel_blocks
    plan.first = number % sums.channel_blocks * plan.chunk
    block.features = min(sums.features, plan.features - f)
    block.parts, block.panels = ceil_div(block.features, LANES), ceil_div(depth_held(plan), ROWS)
    block.x_start = group * plan.channels * plan.src_plane
    block.w_start = group * plan.w_group + f * plan.w_feature
    block.y_start = (group * plan.features + f) * plan.dst_plane
    return block


cdef inline Py_ssize_t part_features(const Sums *block, Py_ssize_t part) noexcept nogil:
    return min(<Py_ssize_t> LANES, block.features - part * LANES)


cdef inline void transform_both(
    const Sums *block, const float *x, const float *y, Py_ssize_t start, Py_ssize_t columns,
    float *inputs, float *outputs,
) noexcept nogil:
    """Transform the inputs and the outputs of a few columns of tiles."""
    cdef const Plan *plan = &block.plan
    cdef Py_ssize_t column, plane, part
    x += block.x_start
    y += block.y_start
    for column in range(columns):
        block.transform_column(plan, x, start + column, 0, 1, inputs + column * plan.input_size)
    for part in range(block.parts):
        for plane in range(columns * plan.tile0):
            block.transform_outputs(
                block, y + part * LANES * plan.dst_plane, start + plane // plan.tile0,
                plane % plan.tile0, part_features(block, part),
                outputs + (part * block.planes + plane) * LANES * LANES,
            )


cdef inline void sum_chunk(
    const Sums *block, Py_ssize_t chunk, const float *x, const float *y, float *inputs,
    float *result, Watch *watch,
) noexcept nogil:
    """Set the sums of a block to the products of the tiles of a chunk."""
    cdef const Plan *plan = &block.plan
    cdef float *outputs = inputs + block.input_size
    cdef Py_ssize_t first = chunk * plan.columns // block.chunks, start = first, point
    cdef Py_ssize_t end = (chunk + 1) * plan.columns // block.chunks, columns
    while start < end and not interrupted(watch):
        columns = min(block.columns, end - start)
        transform_both(block, x, y, start, columns, inputs, outputs)
        for point in range(plan.points):
            sum_point(
                block, inputs + point * plan.input_step, outputs + point * block.output_step,
                min(columns * LANES, plan.tiles - start * LANES), start == first,
                result + point * block.sum_step,
            )
        start += columns


cdef inline void fetch_sums(const float *sums) noexcept nogil:
    """Ask for the sums of a piece at one point while those before them are added."""
    cdef Py_ssize_t s = 0
    while s < ROWS * LANES:
        fetch_near(sums + s)
        s += LINE_BYTES // sizeof(float)


cdef inline void clear_weights(
    const Sums *block, Py_ssize_t panel, Py_ssize_t part, Py_ssize_t first, Py_ssize_t count,
    float *w,
) noexcept nogil:
    """If w is to be set, set some features of a piece to zero while its sums are computed."""
    cdef const Plan *plan = &block.plan
    cdef Py_ssize_t f, channels = min(depth_held(plan) - panel * ROWS, <Py_ssize_t> ROWS)
    if not block.fill:
        return
    w += block.w_start + part * LANES * plan.w_feature
    w += (plan.first + panel * ROWS) * plan.w_channel
    for f in range(first, min(first + count, part_features(block, part))):
        memset(w + f * plan.w_feature, 0, channels * plan.w_channel * sizeof(float))


cdef inline void add_piece(
    const Sums *block, Py_ssize_t panel, Py_ssize_t part, float *result, float *w
) noexcept nogil:
    """Add to w the weights of one panel of channels and one part of the features.

    The sums of the chunks, those of all blocks apart, are added to the first of them.
    """
    cdef Py_ssize_t step = block.blocks * block.result_size, chunk, point, s
    cdef float *sums
    clear_weights(block, panel, part, 0, LANES, w)
    result += (part * block.panels + panel) * ROWS * LANES
    for point in range(block.plan.points):
        sums = result + point * block.sum_step
        for chunk in range(1, block.chunks):
            fetch_sums(sums + chunk * step + block.sum_step)
            for s in range(ROWS * LANES):
                sums[s] += sums[chunk * step + s]
    add_weights(
        block, result, panel, part_features(block, part),
        w + block.w_start + part * LANES * block.plan.w_feature,
    )


cdef inline void add_chunks(
    const Sums *sums, Py_ssize_t task, float *results, float *w
) noexcept nogil:
    """Add to w one piece of all weights, from the sums of all chunks."""
    cdef Py_ssize_t pieces = sums.parts * sums.panels, number = task // pieces
    cdef Sums block = find_block(sums, number)
    task %= pieces
    if task < block.parts * block.panels:  # else the block is smaller than others
        results += number * sums.result_size
        add_piece(&block, task % block.panels, task // block.panels, results, w)


cdef inline void sum_piece(
    const Sums *block, const float *inputs, const float *outputs, Py_ssize_t panel,
    Py_ssize_t part, float *result, float *w,
) noexcept nogil:
    """Compute the weights of one panel of channels and LANES features, of all tiles at once."""
    cdef const Plan *plan = &block.plan
    cdef Py_ssize_t point, features = part_features(block, part)
    cdef Py_ssize_t turn = ceil_div(features, plan.points)
    for point in range(plan.points):
        clear_weights(block, panel, part, point * turn, turn, w)
        multiply_panel(
            plan, inputs + point * plan.input_step + panel * ROWS * LANES,
            outputs + point * block.output_step + part * block.planes * LANES * LANES,
            plan.tiles, features, True, result + point * block.sum_step,
        )
    add_weights(
        block, result, panel, features, w + block.w_start + part * LANES * plan.w_feature
    )


cdef inline void run_unit(
    const Sums *sums, Py_ssize_t unit, const float *x, float *w, const float *y, float *buffer,
    float *result, Watch *watch,
) noexcept nogil:
    """Compute a unit: the sums of a chunk, or if there is only one, the weights of a block."""
    cdef Sums block = find_block(sums, unit % sums.blocks)
    cdef float *outputs = buffer + sums.input_size
    cdef Py_ssize_t part, panel
    if sums.few:
        transform_both(&block, x, y, 0, block.columns, buffer, outputs)
    else:
        sum_chunk(&block, unit // sums.blocks, x, y, buffer, result, watch)
    if sums.chunks > 1:
        return
    for part in range(block.parts):
        for panel in range(block.panels):
            if interrupted(watch):
                return
            if sums.few:
                sum_piece(&block, buffer, outputs, panel, part, result, w)
            else:
                add_piece(&block, panel, part, result, w)
