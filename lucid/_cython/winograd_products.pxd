"""Winograd's forward, and his input gradient: transformed weights times transformed inputs.

For one column of LANES tiles, the product at each point is a matrix (features, channels) times a
matrix (channels, lanes). Features go in *panels* of ROWS, packed for the registers.

Threads that wait for one another sleep, and to wake one takes as long as many products. So they
meet twice: what all of them read is transformed first, and then each takes tasks that need nothing
of the others. Where all transformed weights are held, a task is a column: its thread transforms the
inputs and uses them at once. Where they are too many, it is a few panels: its thread transforms the
weights, and uses them for all columns that are held. So 512 channels of 7x7 take 4 meetings, not
130, and two threads 0.8 to 0.35 of the time, the less the longer the processors take to wake.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memcpy

from lucid._cython.interrupt cimport Watch, interrupted
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
    WEIGHT_BYTES = 3145728  # all weights, if they are no more; else each thread transforms ...
    TURN_BYTES = 400000  # ... so much at a time, for every block of inputs
    INPUT_BYTES = 5000000  # inputs of all threads, at most

cdef struct Work:  # how a forward is cut
    Plan plan
    bint whole  # all weights are held
    Py_ssize_t panels, panels_held  # of ROWS features; of a task
    Py_ssize_t weight_step, weight_size  # elements of a transformed panel: for a point, in all
    Py_ssize_t columns_held  # that threads share
    Py_ssize_t shared_size, own_size, result_size  # elements for all threads; for each


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
    """Choose blocks that fit the caches, by columns or by panels: both give the same bits.

    By columns, threads share only those left over, or some of the threads would have no task.
    """
    cdef Plan *plan = &work.plan
    work.weight_step = plan.depth * ROWS + PAD
    work.weight_size = plan.points * work.weight_step
    work.panels = ceil_div(plan.features, ROWS)
    work.panels_held = work.panels
    work.columns_held = plan.columns % threads
    work.whole = 4 * work.panels * work.weight_size <= WEIGHT_BYTES and (
        4 * (work.columns_held + threads) * plan.input_size <= INPUT_BYTES
    )
    if not work.whole:
        work.panels_held = clip(max(1, TURN_BYTES // (4 * work.weight_size)), work.panels)
        work.columns_held = max(1, clip(INPUT_BYTES // (4 * plan.input_size), plan.columns))
        work.columns_held = ceil_div(plan.columns, ceil_div(plan.columns, work.columns_held))
    work.result_size = min(<Py_ssize_t> SHARE, work.panels_held) * plan.edge1 * 6 * ROWS * LANES
    work.own_size = work.result_size
    work.shared_size = work.columns_held * plan.input_size
    if work.whole:
        work.shared_size += work.panels * work.weight_size
        work.own_size += plan.input_size
    else:
        work.own_size += work.panels_held * work.weight_size


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


cdef inline void run_panels(
    const Work *work, const float *inputs, const float *weights, Py_ssize_t column,
    Py_ssize_t panel, Py_ssize_t panels, float *y, float *result,
) noexcept nogil:
    """Compute the features of some panels of one column of tiles, SHARE panels at a time."""
    cdef Py_ssize_t p = 0
    while p < panels:
        run_task(
            work, inputs, weights + p * work.weight_size, column, panel + p,
            min(<Py_ssize_t> SHARE, panels - p), y, result,
        )
        p += SHARE


cdef inline void prepare(
    const Work *work, const float *x, const float *w, Py_ssize_t start, Py_ssize_t columns,
    float *inputs, float *weights, int threads,
) noexcept nogil:
    """Transform what threads share: some columns from `start` on and, if they are held, weights."""
    cdef const Plan *plan = &work.plan
    cdef Py_ssize_t task, slice, slices = SLICES if threads > 1 else 1
    cdef Py_ssize_t panels = work.panels if work.whole else 0
    for task in prange(panels + columns * slices, num_threads=threads, schedule="dynamic"):
        if task < panels:
            transform_panel(plan, w, task, work.weight_step, weights + task * work.weight_size)
        else:
            slice = (task - panels) % slices
            transform_column(
                plan, x, start + (task - panels) // slices, slice * held(plan) // slices,
                (slice + 1) * held(plan) // slices,
                inputs + (task - panels) // slices * plan.input_size,
            )


cdef inline void run_by_columns(
    const Work *work, const float *x, const float *w, float *y, float *shared, float *own,
    int threads, Watch *watch,
) noexcept nogil:
    """Compute all columns of one group, each on one thread; panels of the last ones are tasks."""
    cdef const Plan *plan = &work.plan
    cdef Py_ssize_t alone = plan.columns - work.columns_held, task, column, panel
    cdef float *weights = shared + work.columns_held * plan.input_size
    cdef float *buffer
    prepare(work, x, w, alone, work.columns_held, shared, weights, threads)
    for task in prange(
        alone + work.columns_held * work.panels, num_threads=threads, schedule="dynamic"
    ):
        if interrupted(watch):
            continue
        buffer = own + threadid() * work.own_size
        if task < alone:
            transform_column(plan, x, task, 0, held(plan), buffer + work.result_size)
            run_panels(
                work, buffer + work.result_size, weights, task, 0, work.panels, y, buffer
            )
        else:
            column = (task - alone) // work.panels
            panel = (task - alone) % work.panels
            run_panels(
                work, shared + column * plan.input_size, weights + panel * work.weight_size,
                alone + column, panel, 1, y, buffer,
            )


cdef inline void run_by_panels(
    const Work *work, const float *x, const float *w, float *y, Py_ssize_t start, float *inputs,
    float *own, int threads, Watch *watch,
) noexcept nogil:
    """Compute the columns of tiles from `start` on that are held, some panels on one thread."""
    cdef const Plan *plan = &work.plan
    cdef Py_ssize_t columns = min(work.columns_held, plan.columns - start)
    cdef Py_ssize_t task, first, panels, p, column
    cdef float *buffer
    prepare(work, x, w, start, columns, inputs, NULL, threads)
    for task in prange(
        ceil_div(work.panels, work.panels_held), num_threads=threads, schedule="dynamic"
    ):
        if interrupted(watch):
            continue
        buffer = own + threadid() * work.own_size
        first = task * work.panels_held
        panels = min(work.panels_held, work.panels - first)
        for p in range(panels):
            transform_panel(
                plan, w, first + p, work.weight_step,
                buffer + work.result_size + p * work.weight_size,
            )
        for column in range(columns):
            run_panels(
                work, inputs + column * plan.input_size, buffer + work.result_size,
                start + column, first, panels, y, buffer,
            )
