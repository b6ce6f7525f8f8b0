"""Winograd's forward, and his input gradient: transformed weights times transformed inputs.

For one column of LANES tiles, the product at each point is a matrix (features, channels) times a
matrix (channels, lanes). Features go in *panels* of ROWS, packed for the registers.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memcpy

from lucid._cython.microkernel cimport ROWS
from lucid._cython.padded cimport ceil_div, clip
from lucid._cython.winograd_inputs cimport transform_column
from lucid._cython.winograd_lines cimport output_lines
from lucid._cython.winograd_tiles cimport (
    LANES, PAD, SLICES, Plan, Targets, find_targets, held, lanes_used,
)
from lucid._cython.winograd_weights cimport transform_panel

cdef enum:
    SHARE = 4  # panels of weights that use an input while it is near
    WEIGHT_BYTES = 3145728  # all weights, if they are no more; else they are transformed again ...
    TURN_BYTES = 400000  # ... so much at a time for each thread ...
    INPUT_BYTES = 6000000  # ... for every block of inputs
    NEAR_BYTES = 393216  # inputs of one thread, if all weights are held: what a near cache holds
    SHARED_BYTES = 4000000  # ... and of several

cdef struct Work:  # how a forward is cut
    Plan plan
    Py_ssize_t panels, panels_held, share, parts  # panels of ROWS features
    Py_ssize_t weight_step, weight_size  # elements of a transformed panel: for a point, in all
    Py_ssize_t columns_held, result_size


cdef inline void multiply(
    const float *x, const float *w, Py_ssize_t depth, float *y, int lanes
) noexcept nogil:
    """``y[j * LANES + l] = sum over c of w[c * ROWS + j] * x[c * LANES + l]``, in registers."""
    cdef float acc[ROWS][LANES]
    cdef Py_ssize_t c
    cdef int j, l
    for j in range(ROWS):
        for l in range(lanes):
            acc[j][l] = w[j] * x[l]
    for c in range(1, depth):
        for j in range(ROWS):
            for l in range(lanes):
                acc[j][l] += w[c * ROWS + j] * x[c * LANES + l]
    for j in range(ROWS):
        for l in range(lanes):
            y[j * LANES + l] = acc[j][l]


cdef inline void cut_work(Work *work, int threads) noexcept nogil:
    """Choose blocks that fit the caches, and enough tasks for the threads."""
    cdef Plan *plan = &work.plan
    work.weight_step = plan.depth * ROWS + PAD
    work.weight_size = plan.points * work.weight_step
    work.panels = ceil_div(plan.features, ROWS)
    work.panels_held = work.panels
    work.columns_held = NEAR_BYTES // (4 * plan.input_size)
    if threads > 1:  # they wait for one another after each block
        work.columns_held = SHARED_BYTES // (4 * plan.input_size)
    if 4 * work.panels * work.weight_size > WEIGHT_BYTES:
        work.panels_held = clip(threads * max(1, TURN_BYTES // (4 * work.weight_size)), work.panels)
        work.panels_held = ceil_div(work.panels, ceil_div(work.panels, work.panels_held))
        work.columns_held = INPUT_BYTES // (4 * plan.input_size)
    work.columns_held = max(1, clip(work.columns_held, plan.columns))
    work.columns_held = ceil_div(plan.columns, ceil_div(plan.columns, work.columns_held))
    work.share = SHARE
    if threads > 1:
        work.share = max(1, work.panels_held * work.columns_held // (8 * threads))
    work.share = min(work.share, min(<Py_ssize_t> SHARE, work.panels_held))
    work.parts = ceil_div(work.panels_held, work.share)
    work.result_size = work.share * plan.edge1 * 6 * ROWS * LANES


cdef inline void transform_back(const Plan *plan, const float *result, float *y) noexcept nogil:
    """Apply A^T along both axes: y[row, lane, column] or, if tiles are apart, [row, column, lane].

    The points of `result` are ROWS * LANES apart, its rows of points 6 times as much.
    """
    cdef float half[30 * LANES]
    cdef Py_ssize_t i
    if plan.edge1 == 1:
        for i in range(plan.edge2):
            memcpy(half + i * LANES, result + i * ROWS * LANES, LANES * sizeof(float))
    else:
        output_lines(
            plan.edge1, plan.taps1, plan.edge2, result, ROWS * LANES, 6 * ROWS * LANES,
            half, LANES, 6 * LANES, LANES,
        )
    if plan.apart:
        output_lines(
            plan.edge2, plan.taps2, plan.tile1, half, 6 * LANES, LANES,
            y, plan.tile2 * LANES, LANES, LANES,
        )
    else:
        output_lines(
            plan.edge2, plan.taps2, plan.tile1, half, 6 * LANES, LANES,
            y, plan.tile2 * LANES, 1, LANES,
        )


cdef inline void add_row(
    const float *row, Py_ssize_t size, const float *bias, float *y
) noexcept nogil:
    """Add neighbouring outputs to y, or set it to them and the bias."""
    cdef Py_ssize_t s
    if bias == NULL:
        for s in range(size):
            y[s] += row[s]
    else:
        for s in range(size):
            y[s] = row[s] + bias[0]


cdef inline void add_tiles(
    const Plan *plan, const Targets *at, const float *tiles, const float *bias, float *y
) noexcept nogil:
    """Add the tiles to one channel; in a row of tiles, a row of outputs has no gaps."""
    cdef Py_ssize_t run, r, s
    cdef const float *row
    cdef float *to
    for run in range(at.runs):
        row = tiles + at.lane[run] * (1 if plan.apart else plan.tile2)
        to = y + at.dst[run]
        for r in range(at.rows[run]):
            if plan.apart:
                for s in range(plan.tile2):
                    add_row(
                        row + s * LANES,
                        clip(at.room[run] - s * plan.dilation[2], at.columns[run]), bias,
                        to + s * plan.dilation[2],
                    )
            else:
                add_row(row, at.columns[run], bias, to)
            row += LANES * plan.tile2
            to += plan.dilation[1] * plan.dst[2]


cdef inline void run_task(
    const Work *work, const float *inputs, const float *weights, Py_ssize_t column,
    Py_ssize_t panel, Py_ssize_t panels, float *y, float *result,
) noexcept nogil:
    """Compute a few panels of features of one column of tiles, and add them to y."""
    cdef const Plan *plan = &work.plan
    cdef Targets at
    cdef float tiles[16 * LANES]
    cdef Py_ssize_t k, p, f, point, panel_size = plan.edge1 * 6 * ROWS * LANES
    cdef const float *x
    cdef const float *w
    cdef const float *bias = NULL
    for k in range(plan.points):
        x = inputs + k * plan.input_step
        point = (k // plan.edge2 * 6 + k % plan.edge2) * ROWS * LANES
        for p in range(panels):
            w = weights + p * work.weight_size + k * work.weight_step
            if lanes_used(plan, column) <= LANES // 2:
                multiply(x, w, held(plan), result + p * panel_size + point, LANES // 2)
            else:
                multiply(x, w, held(plan), result + p * panel_size + point, LANES)
    find_targets(plan, column, &at)
    for f in range(min(panels * ROWS, plan.features - panel * ROWS)):
        p = f // ROWS
        if plan.bias != NULL and plan.first == 0:
            bias = plan.bias + panel * ROWS + f
        transform_back(plan, result + p * panel_size + f % ROWS * LANES, tiles)
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
