"""How threads share the sums of a Winograd weight gradient: chunks, blocks, groups or panels.

The bits depend on the cut that `cut_sums` made of the shapes, never on who computes a piece.
"""

from cython.parallel cimport prange, threadid

from lucid._cython.interrupt cimport Watch, interrupted
from lucid._cython.microkernel cimport ROWS
from lucid._cython.padded cimport ceil_div
from lucid._cython.winograd_inputs cimport transform_column
from lucid._cython.winograd_sums cimport (
    CHUNK_BYTES, Sums, add_weights, multiply_panel, sum_columns, sum_point, transform_both,
    transform_outputs,
)
from lucid._cython.winograd_tiles cimport LANES, Plan, depth_held


cdef inline void sum_columns_alone(
    const Sums *sums, const float *x, const float *y, Py_ssize_t start, Py_ssize_t columns,
    bint first, Py_ssize_t features, float *inputs, float *outputs, float *result,
) noexcept nogil:
    """Add the products of a few columns of tiles, or begin with them, on the thread that calls."""
    cdef const Plan *plan = &sums.plan
    cdef Py_ssize_t column, plane, part, point
    for column in range(columns):
        transform_column(plan, x, start + column, 0, 1, inputs + column * plan.input_size)
    for part in range(ceil_div(features, LANES)):
        for plane in range(columns * plan.tile0):
            transform_outputs(
                sums, y + part * LANES * plan.dst_plane, start + plane // plan.tile0,
                plane % plan.tile0, min(<Py_ssize_t> LANES, features - part * LANES),
                outputs + (part * sums.planes + plane) * LANES * LANES,
            )
    for point in range(plan.points):
        sum_point(
            sums, inputs + point * plan.input_step, outputs + point * sums.output_step,
            min(columns * LANES, plan.tiles - start * LANES), first,
            result + point * sums.sum_step,
        )


cdef inline void sum_chunk(
    const Sums *sums, Py_ssize_t chunk, const float *x, const float *y, Py_ssize_t features,
    float *buffer, float *result, Watch *watch,
) noexcept nogil:
    """Set the sums of a chunk to the products of its tiles."""
    cdef Py_ssize_t first = chunk * sums.plan.columns // sums.chunks, start = first
    cdef Py_ssize_t end = (chunk + 1) * sums.plan.columns // sums.chunks
    while start < end and not interrupted(watch):
        sum_columns_alone(
            sums, x, y, start, min(sums.columns, end - start), start == first, features, buffer,
            buffer + sums.input_size, result,
        )
        start += sums.columns


cdef inline void add_chunk(const Sums *sums, const float *more, float *results) noexcept nogil:
    cdef Py_ssize_t s
    for s in range(sums.result_size):
        results[s] += more[s]


cdef inline void add_part(
    const Sums *sums, Py_ssize_t task, Py_ssize_t features, const float *results, float *w
) noexcept nogil:
    """Add to w the weights of one panel of channels and one part of the features."""
    cdef Py_ssize_t parts = ceil_div(features, LANES), part = task % parts, panel = task // parts
    add_weights(
        sums, results + (part * sums.panels + panel) * ROWS * LANES, panel,
        min(<Py_ssize_t> LANES, features - part * LANES), w + part * LANES * sums.plan.w_feature,
    )


cdef inline void sum_block(
    const Sums *sums, const float *x, float *w, const float *y, Py_ssize_t features,
    float *buffers, float *results, int threads, Watch *watch,
) noexcept nogil:
    """Compute the weights of a block of features and the channels that are held."""
    cdef const Plan *plan = &sums.plan
    cdef Py_ssize_t task, turn, chunk, parts = ceil_div(features, LANES)
    if sums.chunks > 1:
        for task in prange(sums.chunks, num_threads=min(threads, sums.chunks), schedule="dynamic"):
            sum_chunk(
                sums, task, x, y, features, buffers + threadid() * sums.buffer_size,
                results + task * sums.result_size, watch,
            )
    else:
        for turn in range(ceil_div(plan.columns, sums.columns)):
            if interrupted(watch):
                return
            sum_columns(
                sums, x, y, turn * sums.columns, features, buffers, buffers + sums.input_size,
                results, threads,
            )
    for chunk in range(1, sums.chunks):
        add_chunk(sums, results + chunk * sums.result_size, results)
    for task in prange(ceil_div(depth_held(plan), ROWS) * parts, num_threads=threads):
        add_part(sums, task, features, results, w)


cdef inline bint has_small_groups(const Sums *sums) noexcept nogil:
    """Tell whether there are groups of one block each, so that a thread may take a whole group."""
    return (
        sums.plan.groups > 1 and sums.plan.features <= sums.features
        and sums.plan.channels <= sums.plan.chunk
        and sums.result_size * <Py_ssize_t> sizeof(float) <= CHUNK_BYTES
    )


cdef inline void sum_group(
    const Sums *sums, const float *x, float *w, const float *y, float *buffer, Watch *watch
) noexcept nogil:
    """Compute the weights of a small group on the thread that calls, as `sum_block` does."""
    cdef const Plan *plan = &sums.plan
    cdef Py_ssize_t task, chunk, features = plan.features
    cdef float *results = buffer + sums.buffer_size
    cdef float *more = results + sums.result_size
    sum_chunk(sums, 0, x, y, features, buffer, results, watch)
    for chunk in range(1, sums.chunks):
        sum_chunk(sums, chunk, x, y, features, buffer, more, watch)
        add_chunk(sums, more, results)
    for task in range(ceil_div(depth_held(plan), ROWS) * ceil_div(features, LANES)):
        add_part(sums, task, features, results, w)


cdef inline void sum_panel(
    const Sums *sums, const float *inputs, const float *outputs, Py_ssize_t panel,
    Py_ssize_t part, float *w, float *result,
) noexcept nogil:
    """Compute the weights of one panel of channels and LANES features, of all tiles at once."""
    cdef const Plan *plan = &sums.plan
    cdef Py_ssize_t point, features = min(<Py_ssize_t> LANES, plan.features - part * LANES)
    for point in range(plan.points):
        multiply_panel(
            plan, inputs + point * plan.input_step + panel * ROWS * LANES,
            outputs + point * sums.output_step + part * sums.planes * LANES * LANES,
            plan.tiles, features, True, result + point * sums.sum_step,
        )
    add_weights(sums, result, panel, features, w + part * LANES * plan.w_feature)


cdef inline void sum_few_columns(
    const Sums *sums, const float *x, float *w, const float *y, float *inputs, float *results,
    int threads, Watch *watch,
) noexcept nogil:
    """Compute all weights of a group from all its tiles: threads meet twice."""
    cdef const Plan *plan = &sums.plan
    cdef float *outputs = inputs + sums.input_size
    cdef Py_ssize_t task
    transform_both(sums, x, y, 0, plan.columns, plan.features, inputs, outputs, threads)
    for task in prange(sums.parts * sums.panels, num_threads=threads, schedule="dynamic"):
        if not interrupted(watch):
            sum_panel(
                sums, inputs, outputs, task % sums.panels, task // sums.panels, w,
                results + threadid() * sums.result_size,
            )
