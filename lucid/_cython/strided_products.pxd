"""One pass of a strided convolution: transformed weights times transformed inputs.

As in `winograd_products.pxd`, features go in *panels* of ROWS, packed for the registers, and
`winograd_tasks.pxd` shares out columns and panels to threads. What a panel will write is asked for
while its products are at work.
"""

from libc.string cimport memset

from lucid._cython.fetch cimport fetch_to_write
from lucid._cython.microkernel cimport ROWS
from lucid._cython.padded cimport ceil_div
from lucid._cython.strided_plan cimport BLOCK_ROWS, EDGE, Block, Line, Plan, held
from lucid._cython.strided_tiles cimport (
    NEAR_LINE, Targets, find_targets, lanes_used, transform_column, transform_half_column,
)
from lucid._cython.strided_transforms cimport copy_lines, output_taps2, put_together
from lucid._cython.strided_weights cimport transform_panel, weight_step
from lucid._cython.winograd_products cimport multiply_lanes
from lucid._cython.winograd_tasks cimport Tasks, cut_tasks
from lucid._cython.winograd_tiles cimport LANES

cdef enum:
    SHARE = 100  # points of the panels of weights that use an input while it is near


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


cdef inline void fetch_targets(
    const Plan *plan, const Targets *at, Py_ssize_t begin, Py_ssize_t end, const float *y
) noexcept nogil:
    """Ask for rows begin .. end - 1 of the features' tiles, which are written soon."""
    cdef Py_ssize_t i, run, r, s
    cdef const float *row
    for i in range(begin, end):
        r = i % plan.line1.rows
        row = y + i // plan.line1.rows * plan.dst_plane + r * plan.line2.dst_size
        for run in range(at.runs):
            if r < at.rows[run]:
                s = 0
                while s < at.columns[run]:
                    fetch_to_write(row + at.dst[run] + s)
                    s += NEAR_LINE


cdef inline void run_panels(
    const void *of_plan, const float *inputs, const float *weights, Py_ssize_t column,
    Py_ssize_t panel, Py_ssize_t panels, float *y, float *result,
) noexcept nogil:
    """Compute a few panels of features of one column of tiles, and add them to y."""
    cdef const Plan *plan = <const Plan *> of_plan
    cdef Targets at
    cdef float tiles[BLOCK_ROWS * BLOCK_ROWS * LANES]
    cdef Py_ssize_t turn, k, p, f, lanes = lanes_used(plan, column), depth = held(plan) * plan.slots
    cdef Py_ssize_t features = min(panels * ROWS, plan.features - panel * ROWS)
    cdef Py_ssize_t turns = plan.points * panels, rows = features * plan.line1.rows
    cdef const float *bias = NULL
    find_targets(plan, column, &at)
    y += panel * ROWS * plan.dst_plane
    for turn in range(turns):
        k, p = turn // panels, turn % panels
        fetch_targets(plan, &at, turn * rows // turns, (turn + 1) * rows // turns, y)
        multiply_lanes(
            lanes, inputs + k * plan.input_step,
            weights + (p * plan.weights + plan.weight_of[k]) * weight_step(plan),
            depth, result + (p * plan.points + k) * ROWS * LANES,
        )
    for f in range(features):
        p = f // ROWS
        if plan.bias != NULL and plan.start == 0:
            bias = plan.bias + panel * ROWS + f
        transform_back(plan, result + (p * plan.points * ROWS + f % ROWS) * LANES, tiles)
        add_tiles(plan, &at, tiles, bias, y + f * plan.dst_plane)


cdef inline Tasks make_tasks(const Plan *plan, int threads) noexcept nogil:
    """Tell how a pass is shared out."""
    cdef Tasks tasks
    tasks.plan = plan
    tasks.transform_column, tasks.transform_panel = transform_column, transform_panel
    if plan.tiles <= LANES // 2:  # 4 images of 8x8 and 128 channels: 0.94 of the time
        tasks.transform_column = transform_half_column
    tasks.run_panels, tasks.share = run_panels, max(1, SHARE // plan.points)
    tasks.columns, tasks.panels = plan.columns, ceil_div(plan.features, ROWS)
    tasks.input_size, tasks.weight_size = plan.input_size, plan.weights * weight_step(plan)
    tasks.result_size = plan.points * ROWS * LANES
    cut_tasks(&tasks, threads)
    return tasks
