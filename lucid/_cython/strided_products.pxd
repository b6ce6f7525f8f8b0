"""One pass of a strided convolution: transformed weights times transformed inputs.

As in `winograd_products.pxd`, features go in *panels* of ROWS, packed for the registers.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memset

from lucid._cython.microkernel cimport ROWS
from lucid._cython.padded cimport ceil_div, clip
from lucid._cython.strided_plan cimport BLOCK_ROWS, EDGE, Block, Line, Plan, held
from lucid._cython.strided_tiles cimport Targets, find_targets, lanes_used, transform_column
from lucid._cython.strided_transforms cimport copy_lines, output_taps2, put_together
from lucid._cython.strided_weights cimport transform_panel
from lucid._cython.winograd_products cimport multiply
from lucid._cython.winograd_tiles cimport LANES, PAD, SLICES

cdef enum:
    SHARE = 100  # points of the panels of weights that use an input while it is near
    SEVERAL = 4  # lanes of `multiply_few`
    WEIGHT_BYTES = 3145728  # all weights, if they are no more; else they are transformed again ...
    TURN_BYTES = 1048576  # ... so much at a time for each thread ...
    INPUT_BYTES = 6000000  # ... for every block of inputs
    NEAR_BYTES = 393216  # inputs of a thread, if all weights are held: what a near cache holds

cdef struct Work:  # how a pass is cut
    Plan plan
    Py_ssize_t panels, panels_held, share, parts  # panels of ROWS features
    Py_ssize_t weight_step, weight_size  # elements of a transformed panel: for a weight, in all
    Py_ssize_t columns_held, result_size


cdef inline void cut_work(Work *work, int threads) noexcept nogil:
    """Choose blocks that fit the caches, and enough tasks for the threads."""
    cdef Plan *plan = &work.plan
    work.weight_step = plan.pairs * plan.slots * ROWS + PAD
    work.weight_size = plan.weights * work.weight_step
    work.panels = ceil_div(plan.features, ROWS)
    work.panels_held = work.panels
    work.columns_held = threads * (NEAR_BYTES // (4 * plan.input_size))
    if 4 * work.panels * work.weight_size > WEIGHT_BYTES:
        work.panels_held = clip(threads * max(1, TURN_BYTES // (4 * work.weight_size)), work.panels)
        work.panels_held = ceil_div(work.panels, ceil_div(work.panels, work.panels_held))
        work.columns_held = INPUT_BYTES // (4 * plan.input_size)
    work.columns_held = max(1, clip(work.columns_held, plan.columns))
    work.columns_held = ceil_div(plan.columns, ceil_div(plan.columns, work.columns_held))
    work.share = max(1, SHARE // plan.points)
    if threads > 1:
        work.share = clip(
            max(1, work.panels_held * work.columns_held // (2 * threads)), work.share
        )
    work.share = min(work.share, work.panels_held)
    work.parts = ceil_div(work.panels_held, work.share)
    work.result_size = work.share * plan.points * ROWS * LANES


cdef inline void multiply_few(
    const float *x, const float *w, Py_ssize_t depth, float *y
) noexcept nogil:
    """`multiply` for SEVERAL lanes: here the features of a panel fill a vector."""
    cdef float acc[SEVERAL][ROWS]
    cdef Py_ssize_t c
    cdef int j, l
    for l in range(SEVERAL):
        for j in range(ROWS):
            acc[l][j] = w[j] * x[l]
    for c in range(1, depth):
        for l in range(SEVERAL):
            for j in range(ROWS):
                acc[l][j] += w[c * ROWS + j] * x[c * LANES + l]
    for l in range(SEVERAL):
        for j in range(ROWS):
            y[j * LANES + l] = acc[l][j]


cdef inline void multiply_lanes(
    Py_ssize_t lanes, const float *x, const float *w, Py_ssize_t depth, float *y
) noexcept nogil:
    """Multiply so many lanes or more; the sum of a lane has the same order in each case."""
    if lanes <= SEVERAL:
        multiply_few(x, w, depth, y)
    elif lanes <= LANES // 2:
        multiply(x, w, depth, y, LANES // 2)
    else:
        multiply(x, w, depth, y, LANES)


cdef inline void apply_a(
    const Line *line, const float *m, Py_ssize_t step, float *y, Py_ssize_t to_step
) noexcept nogil:
    """Apply A^T: points `step` apart to the outputs of a tile `to_step` apart, added or laid."""
    cdef float zeros[LANES]
    cdef Py_ssize_t b
    cdef const Block *block
    cdef const float *src
    cdef float *to
    memset(zeros, 0, sizeof(zeros))
    for b in range(line.blocks if line.slots == 1 else 1):
        block = &line.block[b]
        src, to = m + block.point * step, y + block.to * to_step
        if block.taps == 1:
            copy_lines(src, step, to, line.lay * to_step, line.tile, LANES)
        elif b == 0 and line.blocks == 2 and line.slots == 1 and line.lay == 1:  # 2 taps and 1
            output_taps2(
                src, step, m + line.block[1].point * step, step, to, to_step, LANES
            )
            return
        else:
            output_taps2(src, step, zeros, 0, to, line.lay * to_step, LANES)


cdef inline void transform_back(const Plan *plan, const float *result, float *y) noexcept nogil:
    """Apply A^T along both axes: y[row, output of a run]."""
    cdef float half[BLOCK_ROWS * EDGE * LANES]  # row, point of the line, lane
    cdef float outputs[BLOCK_ROWS * LANES]
    cdef Py_ssize_t i, j, points = plan.line2.points
    if plan.line1.blocks < plan.line1.lay:  # a phase without taps
        memset(half, 0, sizeof(half))
    if plan.line2.blocks < plan.line2.lay:
        memset(outputs, 0, sizeof(outputs))
    for j in range(points):
        apply_a(
            &plan.line1, result + j * ROWS * LANES, points * ROWS * LANES,
            half + j * LANES, EDGE * LANES,
        )
    for i in range(plan.line1.rows):
        apply_a(&plan.line2, half + i * EDGE * LANES, LANES, outputs, LANES)
        put_together(outputs, plan.line2.rows, y + i * BLOCK_ROWS * LANES, LANES)


cdef inline void add_tiles(
    const Plan *plan, const Targets *at, const float *tiles, const float *bias, float *y
) noexcept nogil:
    """Add the tiles to one channel or, with a bias, set it; a row of a run has no gaps."""
    cdef Py_ssize_t run, r, s
    cdef const float *row
    cdef float *to
    for run in range(at.runs):
        row = tiles + at.lane[run] * plan.line2.rows
        to = y + at.dst[run]
        for r in range(at.rows[run]):
            if bias == NULL:
                for s in range(at.columns[run]):
                    to[s] += row[s]
            else:
                for s in range(at.columns[run]):
                    to[s] = row[s] + bias[0]
            row += BLOCK_ROWS * LANES
            to += plan.line2.dst_size


cdef inline void run_task(
    const Work *work, const float *inputs, const float *weights, Py_ssize_t column,
    Py_ssize_t panel, Py_ssize_t panels, float *y, float *result,
) noexcept nogil:
    """Compute a few panels of features of one column of tiles, and add them to y."""
    cdef const Plan *plan = &work.plan
    cdef Targets at
    cdef float tiles[BLOCK_ROWS * BLOCK_ROWS * LANES]
    cdef Py_ssize_t k, p, f, lanes = lanes_used(plan, column), depth = held(plan) * plan.slots
    cdef const float *bias = NULL
    for k in range(plan.points):
        for p in range(panels):
            multiply_lanes(
                lanes, inputs + k * plan.input_step,
                weights + p * work.weight_size + plan.weight_of[k] * work.weight_step,
                depth, result + (p * plan.points + k) * ROWS * LANES,
            )
    find_targets(plan, column, &at)
    for f in range(min(panels * ROWS, plan.features - panel * ROWS)):
        p = f // ROWS
        if plan.bias != NULL and plan.start == 0:
            bias = plan.bias + panel * ROWS + f
        transform_back(plan, result + (p * plan.points * ROWS + f % ROWS) * LANES, tiles)
        add_tiles(plan, &at, tiles, bias, y + (panel * ROWS + f) * plan.dst_plane)


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
                transform_panel(
                    plan, w, first + task, work.weight_step, weights + task * work.weight_size
                )
        for task in prange(columns * work.parts, num_threads=threads, schedule="dynamic"):
            run_task(
                work, inputs + task // work.parts * plan.input_size,
                weights + task % work.parts * work.share * work.weight_size,
                start + task // work.parts, first + task % work.parts * work.share,
                min(work.share, panels - task % work.parts * work.share), y,
                results + threadid() * work.result_size,
            )
