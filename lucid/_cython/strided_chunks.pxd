"""How threads share a strided weight gradient: each computes units of work alone.

A *unit* is a block of weights, of some pairs and features of a group, and a *chunk* of all tiles.
One thread transforms its inputs and outputs and adds up their products, all in buffers of its own:
a line of memory that another processor has written takes up to seven times as long to read. Inputs
are transformed for each block of features, outputs for each of pairs.

* If transformed outputs take little, those of all tiles are held, with inputs of a few pairs: each
  weight is computed at once.
* Else a few columns of tiles are held, and the sums of all weights of the block. If there are
  several chunks, threads meet once, before the sums of these are added up.

How weights are cut depends on the number of threads, but not the bits: the sum over tiles is the
same in any block. The chunks, in whose order sums are added, depend on the shapes alone.
"""

from cython.parallel cimport prange, threadid

from lucid._cython.interrupt cimport Watch, interrupted
from lucid._cython.microkernel cimport ROWS
from lucid._cython.padded cimport ceil_div
from lucid._cython.strided_outputs cimport transform_outputs
from lucid._cython.strided_plan cimport Plan, held, hold_pairs, set_chunk
from lucid._cython.strided_sums cimport Sums, add_weights, sum_panel, sum_weight
from lucid._cython.strided_tiles cimport transform_column
from lucid._cython.turns cimport Turns, deal, next_task
from lucid._cython.winograd_tiles cimport LANES, PAD

cdef enum:
    HELD_SIZE = 1000000  # elements of outputs of all tiles and inputs of a panel, held if no more;
    INPUT_SIZE = 125000  # then, of inputs so many or of one panel: they stay in a near cache
    DEPTH = 128  # else: elements of the depth of a block, at most ...
    FEATURES = 256  # ... whose sums of 25 points take 3.3 MB; they are read again for so many ...
    TILES = 64  # ... tiles, whose inputs and outputs take 2.5 MB: as fast as of 128, 32 take 1.05
    CHUNK_TILES = 512  # of a chunk, at least: to add up the sums takes 1 % of the time then
    CHUNK_SIZE = 1000000  # elements of the sums of all chunks, at most
    THREAD_SIZE = 1500000  # elements that one of several threads holds, at most ...
    THREADS_SIZE = 16000000  # ... and that all of them hold
    TRANSFORM = 50  # multiply-adds that take as long as one point of a transform


cdef inline void cut_weights(
    Sums *sums, Py_ssize_t depth_blocks, Py_ssize_t feature_blocks
) noexcept nogil:
    """Cut the weights of a group into so many blocks, or fewer, and count what one needs."""
    cdef Plan *plan = &sums.plan
    cdef Py_ssize_t size = plan.points * plan.slots * ROWS * plan.columns * LANES  # of a panel
    if sums.held:
        sums.panels = ceil_div(ceil_div(plan.whole_pairs, ROWS), depth_blocks)
        sums.panels = min(sums.panels, max(<Py_ssize_t> 1, INPUT_SIZE // size))
        sums.columns = plan.columns
        hold_pairs(plan, sums.panels * ROWS)
    else:
        set_chunk(plan, ceil_div(plan.whole_pairs, depth_blocks) * plan.slots)
        sums.columns = min(max(<Py_ssize_t> 1, <Py_ssize_t> (TILES // LANES)), plan.columns)
        sums.panels = ceil_div(plan.pairs * plan.slots, ROWS)
    sums.rounds = ceil_div(plan.whole_pairs, plan.pairs)
    sums.depth_blocks = min(depth_blocks, sums.rounds)
    sums.parts = ceil_div(ceil_div(plan.features, LANES), feature_blocks)
    sums.features = min(sums.parts * LANES, plan.features)
    sums.feature_blocks = ceil_div(plan.features, sums.features)
    sums.blocks = plan.groups * sums.depth_blocks * sums.feature_blocks
    sums.input_size = sums.columns * plan.input_size + ROWS * LANES
    sums.output_step = sums.parts * sums.columns * LANES * LANES + PAD
    sums.sum_step = (plan.slots if sums.held else sums.parts * sums.panels) * ROWS * LANES + PAD
    sums.buffer_size = sums.input_size + plan.points * sums.output_step
    sums.result_size = plan.weights * sums.sum_step


cdef inline Py_ssize_t time_of_units(const Sums *sums, int threads) noexcept nogil:
    """Estimate the time of a tile in all units of one thread, in multiply-adds for each point."""
    cdef Py_ssize_t depth = ceil_div(sums.rounds, sums.depth_blocks)
    cdef Py_ssize_t features = sums.parts * LANES
    depth *= sums.plan.pairs * sums.plan.slots
    return ceil_div(sums.blocks * sums.chunks, threads) * (
        depth * features + TRANSFORM * (depth + features)
    )


cdef inline Py_ssize_t count_chunks(const Plan *plan) noexcept nogil:
    """Choose the number of chunks: several of many tiles, if the sums of all take little."""
    cdef Py_ssize_t features = ceil_div(plan.features, LANES) * LANES, chunks = 1
    cdef Py_ssize_t size = plan.weights * plan.whole_pairs * plan.slots * features * plan.groups
    while 2 * chunks * CHUNK_TILES <= plan.tiles and 2 * chunks * size <= CHUNK_SIZE:
        chunks *= 2
    return chunks


cdef inline void cut_sums(Sums *sums, int threads) noexcept nogil:
    """Choose the blocks: smaller ones if some threads had less to do else, or held too much."""
    cdef Plan *plan = &sums.plan
    cdef Py_ssize_t features = ceil_div(plan.features, LANES) * LANES
    cdef Py_ssize_t most = min(<Py_ssize_t> THREAD_SIZE, <Py_ssize_t> (THREADS_SIZE // threads))
    cdef Py_ssize_t first_d = 1, first_f = 1, best_d = 0, best_f = 0, least = 0, time, d, f
    sums.held = (
        plan.points * plan.columns * LANES * (features + plan.slots * ROWS) <= HELD_SIZE
    )
    sums.chunks = 1
    if not sums.held:
        sums.chunks = count_chunks(plan)
        first_d = ceil_div(plan.whole_pairs * plan.slots, DEPTH)
        first_f = ceil_div(plan.features, FEATURES)
    for d in range(first_d, first_d + threads):
        for f in range(first_f, first_f + threads):
            cut_weights(sums, d, f)
            time = time_of_units(sums, threads)
            if threads == 1 or sums.buffer_size + sums.result_size <= most:
                if best_d == 0 or time < least:
                    best_d, best_f, least = d, f, time
    if best_d:
        cut_weights(sums, best_d, best_f)


cdef inline Sums find_block(const Sums *sums, Py_ssize_t number) noexcept nogil:
    """Return a block: its place, and its sizes if it is smaller than others."""
    cdef Sums block = sums[0]
    cdef Plan *plan = &block.plan
    cdef Py_ssize_t f = number % sums.feature_blocks * sums.features, group, d
    number //= sums.feature_blocks
    group, d = number // sums.depth_blocks, number % sums.depth_blocks
    block.first_round = d * sums.rounds // sums.depth_blocks
    block.end_round = (d + 1) * sums.rounds // sums.depth_blocks
    plan.start = block.first_round * plan.pairs
    block.features = min(sums.features, plan.features - f)
    block.parts = ceil_div(block.features, LANES)
    block.x_start = group * plan.channels * plan.src_plane
    block.w_start = group * plan.w_group + f * plan.w_feature
    block.y_start = (group * plan.features + f) * plan.dst_plane
    return block


cdef inline void transform_features(
    const Sums *block, const float *y, Py_ssize_t start, Py_ssize_t columns, float *outputs
) noexcept nogil:
    """Transform the outputs of a few columns of tiles."""
    cdef Py_ssize_t column, part
    y += block.y_start
    for column in range(columns):
        for part in range(block.parts):
            transform_outputs(
                &block.plan, y + part * LANES * block.plan.dst_plane, start + column,
                min(<Py_ssize_t> LANES, block.features - part * LANES), block.output_step,
                outputs + (part * block.columns + column) * LANES * LANES,
            )


cdef inline void transform_pairs(
    const Sums *block, const float *x, Py_ssize_t start, Py_ssize_t columns, float *inputs
) noexcept nogil:
    """Transform the inputs of a few columns of tiles."""
    cdef Py_ssize_t column
    for column in range(columns):
        transform_column(
            &block.plan, x + block.x_start, start + column, 0, 1,
            inputs + column * block.plan.input_size,
        )


cdef inline void sum_held(
    Sums *block, const float *x, float *w, const float *y, float *inputs, float *result,
    Watch *watch,
) noexcept nogil:
    """Add to w the weights of a block whose outputs are held for all tiles."""
    cdef Py_ssize_t number, panel, part
    cdef float *outputs = inputs + block.input_size
    transform_features(block, y, 0, block.columns, outputs)
    for number in range(block.first_round, block.end_round):
        if interrupted(watch):
            return
        block.plan.start = number * block.plan.pairs
        transform_pairs(block, x, 0, block.columns, inputs)
        for panel in range(ceil_div(held(&block.plan), ROWS)):
            for part in range(block.parts):
                sum_panel(block, inputs, outputs, panel, part, w + block.w_start, result)


cdef inline void sum_chunk(
    const Sums *block, Py_ssize_t chunk, const float *x, const float *y, float *inputs,
    float *result, Watch *watch,
) noexcept nogil:
    """Set the sums of a block to the products of a chunk of tiles."""
    cdef const Plan *plan = &block.plan
    cdef Py_ssize_t first = chunk * plan.columns // block.chunks, start = first, columns, weight
    cdef Py_ssize_t end = (chunk + 1) * plan.columns // block.chunks
    cdef float *outputs = inputs + block.input_size
    while start < end and not interrupted(watch):
        columns = min(block.columns, end - start)
        transform_pairs(block, x, start, columns, inputs)
        transform_features(block, y, start, columns, outputs)
        for weight in range(plan.weights):
            sum_weight(
                block, weight, inputs, outputs, min(columns * LANES, plan.tiles - start * LANES),
                result + weight * block.sum_step, start == first,
            )
        start += columns


cdef inline void add_chunks(
    const Sums *block, Py_ssize_t panel, Py_ssize_t part, float *results, float *w
) noexcept nogil:
    """Add to w the weights of ROWS pairs and LANES features: the sums of all chunks."""
    cdef const Plan *plan = &block.plan
    cdef Py_ssize_t pairs = min(<Py_ssize_t> ROWS, held(plan) - panel * ROWS)
    cdef Py_ssize_t chunk, turn, s
    cdef const float *more
    cdef float *sum
    results += (part * block.panels + panel) * ROWS * LANES
    for chunk in range(1, block.chunks):
        for turn in range(plan.weights * plan.slots):
            sum = results + turn // plan.slots * block.sum_step
            sum += turn % plan.slots * held(plan) * LANES
            more = sum + chunk * block.result_size
            for s in range(pairs * LANES):
                sum[s] += more[s]
    add_weights(
        block, panel * ROWS, pairs, results, held(plan) * LANES,
        min(<Py_ssize_t> LANES, block.features - part * LANES),
        w + block.w_start + part * LANES * plan.w_feature,
    )


cdef inline Py_ssize_t panels_of_pairs(const Sums *sums) noexcept nogil:
    return ceil_div(sums.plan.pairs, ROWS)


cdef inline void add_panel(
    const Sums *sums, Py_ssize_t number, Py_ssize_t panel, float *results, float *w
) noexcept nogil:
    """Add to w the weights of ROWS pairs of a block, if it has so many."""
    cdef Sums block = find_block(sums, number)
    cdef Py_ssize_t part
    for part in range(block.parts if panel * ROWS < held(&block.plan) else 0):
        add_chunks(&block, panel, part, results, w)


cdef inline void run_unit(
    const Sums *sums, Py_ssize_t unit, const float *x, float *w, const float *y, float *buffer,
    float *result, Watch *watch,
) noexcept nogil:
    """Add to w what a unit gives; if there are several chunks, only set its sums."""
    cdef Sums block = find_block(sums, unit // sums.chunks)
    cdef Py_ssize_t panel
    if sums.held:
        sum_held(&block, x, w, y, buffer, result, watch)
    else:
        sum_chunk(&block, unit % sums.chunks, x, y, buffer, result, watch)
        for panel in range(panels_of_pairs(sums) if sums.chunks == 1 else 0):
            add_panel(sums, unit, panel, result, w)


cdef inline Py_ssize_t size_of_all(const Sums *sums, int threads) noexcept nogil:
    """Count the elements that `run_units` needs."""
    cdef Py_ssize_t sets = threads if sums.chunks == 1 else sums.blocks * sums.chunks
    return threads * sums.buffer_size + sets * sums.result_size


cdef inline void run_units(
    const Sums *sums, const float *x, float *w, const float *y, float *buffers, int threads,
    Watch *watch,
) noexcept nogil:
    """Add to w what all units give.

    The sums of a thread follow its buffer. If they were neighbours of another's, each would fetch
    lines of the other's ahead: 128 features of 4 images took 1.15 of the time.
    """
    cdef Py_ssize_t turn, task, panels = panels_of_pairs(sums), units = sums.blocks * sums.chunks
    cdef Turns turns
    cdef Py_ssize_t own = sums.buffer_size + (sums.result_size if sums.chunks == 1 else 0)
    cdef float *results = buffers + threads * own  # of all units, if they are added up
    deal(&turns, units, threads)
    for turn in prange(units, num_threads=threads, schedule="dynamic"):
        if not interrupted(watch):
            task = next_task(&turns, threadid())
            run_unit(
                sums, task, x, w, y, buffers + threadid() * own,
                results + task * sums.result_size if sums.chunks > 1
                else buffers + threadid() * own + sums.buffer_size, watch,
            )
    if sums.chunks > 1:
        for task in prange(sums.blocks * panels, num_threads=threads, schedule="static"):
            add_panel(
                sums, task // panels, task % panels,
                results + task // panels * sums.chunks * sums.result_size, w,
            )
