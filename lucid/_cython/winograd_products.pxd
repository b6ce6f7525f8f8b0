"""Winograd's forward, and his input gradient: transformed weights times transformed inputs.

For one column of LANES tiles, the product at each point is a matrix (features, channels) times a
matrix (channels, lanes). Features go in *panels* of ROWS, packed for the registers.
`winograd_tasks.pxd` shares out columns and panels to threads.
"""

from libc.string cimport memcpy

from lucid._cython.microkernel cimport ROWS
from lucid._cython.padded cimport ceil_div, clip
from lucid._cython.winograd_inputs cimport transform_column
from lucid._cython.winograd_lines cimport output_lines
from lucid._cython.winograd_tasks cimport Tasks, cut_tasks
from lucid._cython.winograd_tiles cimport (
    LANES, Plan, Targets, depth_held, fetch_lines, find_lines, find_targets, held, lanes_used,
)
from lucid._cython.winograd_weights cimport transform_panel, weight_step

cdef enum:
    SHARE = 4  # panels of weights that use an input while it is near
    SEVERAL = 4  # lanes that are few: an image of 8x8 has no more tiles


cdef inline void multiply(
    const float *a, Py_ssize_t a_step, const float *b, Py_ssize_t b_step, Py_ssize_t depth,
    float *y, Py_ssize_t y_row, Py_ssize_t y_lane, int rows, int lanes,
) noexcept nogil:
    """``y[j * y_row + l * y_lane] = sum over c of a[c * a_step + j] * b[c * b_step + l]``.

    The sums stay in registers, of neighbouring l each.
    """
    cdef float acc[ROWS][LANES]
    cdef Py_ssize_t c
    cdef int j, l
    for j in range(rows):
        for l in range(lanes):
            acc[j][l] = 0
    # one turn at least: for none, gcc would keep a second set of sums in memory
    for c in range(max(depth, <Py_ssize_t> 1)):
        for j in range(rows):
            for l in range(lanes):
                acc[j][l] += a[c * a_step + j] * b[c * b_step + l]
    for j in range(rows):
        for l in range(lanes):
            y[j * y_row + l * y_lane] = acc[j][l]


cdef inline void multiply_lanes(
    Py_ssize_t lanes, const float *x, const float *w, Py_ssize_t depth, float *y
) noexcept nogil:
    """``y[j * LANES + l] = sum over c of w[c * ROWS + j] * x[c * LANES + l]``.

    For so many lanes l or more; the sum of a lane has the same order in each case. Where there are
    few lanes, the features j of a panel fill a vector instead.
    """
    if lanes <= SEVERAL:
        multiply(x, LANES, w, ROWS, depth, y, 1, LANES, SEVERAL, ROWS)
    elif lanes <= LANES // 2:
        multiply(w, ROWS, x, LANES, depth, y, LANES, 1, ROWS, LANES // 2)
    else:
        multiply(w, ROWS, x, LANES, depth, y, LANES, 1, ROWS, LANES)


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


cdef inline void run_plane(
    const Plan *plan, const float *inputs, const float *weights, Py_ssize_t column,
    Py_ssize_t plane, Py_ssize_t panel, Py_ssize_t panels, float *y, float *result,
) noexcept nogil:
    """Compute a few panels of features of one plane of a column of tiles, and add them to y.

    Most of y is far away: while products are computed, it is asked for, a channel after the other.
    """
    cdef Targets at
    cdef float tiles[16 * LANES]
    cdef Py_ssize_t k, p, f = 0, lanes = lanes_used(plan, column)
    cdef Py_ssize_t features = min(panels * ROWS, plan.features - panel * ROWS)
    cdef Py_ssize_t w_panel = plan.points * weight_step(plan)
    cdef Py_ssize_t panel_size = plan.edge1 * 6 * ROWS * LANES
    cdef const float *x
    cdef const float *w
    cdef const float *bias = NULL
    cdef float *to
    y += panel * ROWS * plan.dst_plane
    find_targets(plan, column, plane, &at)
    find_lines(plan, &at)
    for k in range(plan.points):
        while f * plan.points < (k + 1) * features:
            fetch_lines(&at, y + f * plan.dst_plane)
            f += 1
        x = inputs + k * plan.input_step + plane * held(plan) * LANES
        w = weights + k * weight_step(plan)
        to = result + (k // plan.edge2 * 6 + k % plan.edge2) * ROWS * LANES
        for p in range(panels):
            multiply_lanes(lanes, x, w + p * w_panel, depth_held(plan), to + p * panel_size)
    for f in range(features):
        p = f // ROWS
        if plan.bias != NULL and plan.first == 0:
            bias = plan.bias + panel * ROWS + f
        transform_back(plan, result + p * panel_size + f % ROWS * LANES, tiles)
        add_tiles(plan, &at, tiles, bias, y + f * plan.dst_plane)


cdef inline void run_panels(
    const void *of_plan, const float *inputs, const float *weights, Py_ssize_t column,
    Py_ssize_t panel, Py_ssize_t panels, float *y, float *result,
) noexcept nogil:
    """Compute a few panels of features of one column of tiles, and add them to y."""
    cdef const Plan *plan = <const Plan *> of_plan
    cdef Py_ssize_t plane
    for plane in range(plan.tile0):
        run_plane(plan, inputs, weights, column, plane, panel, panels, y, result)


cdef inline Tasks make_tasks(const Plan *plan, int threads) noexcept nogil:
    """Tell how a forward is shared out."""
    cdef Tasks tasks
    tasks.plan = plan
    tasks.transform_column, tasks.transform_panel = transform_column, transform_panel
    tasks.run_panels, tasks.share = run_panels, SHARE
    tasks.columns, tasks.panels = plan.columns, ceil_div(plan.features, ROWS)
    tasks.input_size, tasks.weight_size = plan.input_size, plan.points * weight_step(plan)
    tasks.result_size = plan.edge1 * 6 * ROWS * LANES
    cut_tasks(&tasks, threads)
    return tasks
