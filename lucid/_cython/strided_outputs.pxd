"""The outputs of a strided convolution, transformed for the sums of its weight gradient.

The lanes are features. A tile reads 4 neighbours of some rows of each feature, which lie far apart,
so the next run of tiles is asked for while one is at work.
"""

from libc.string cimport memcpy, memset

from lucid._cython.fetch cimport fetch_near
from lucid._cython.padded cimport ceil_div
from lucid._cython.strided_plan cimport EDGE, TILE, Block, Line, Plan
from lucid._cython.strided_tiles cimport NEAR_LINE, Targets, find_targets
from lucid._cython.strided_transforms cimport copy_lines, output_grad_taps2, take_apart
from lucid._cython.winograd_tiles cimport LANES


cdef inline void gather_outputs(
    const Plan *plan, const float *y, Py_ssize_t features, Py_ssize_t height, Py_ssize_t width,
    float *rows,
) noexcept nogil:
    """Store rows[row, feature, column] of the tile that starts at y, with zeros outside."""
    cdef Py_ssize_t f, r, s
    if height < plan.line1.tile or width < TILE:
        memset(rows, 0, TILE * TILE * LANES * sizeof(float))
    for f in range(features):
        for r in range(height):
            if width == TILE:
                memcpy(
                    rows + (r * LANES + f) * TILE, y + r * plan.line2.dst_size,
                    TILE * sizeof(float),
                )
            else:
                for s in range(width):
                    rows[(r * LANES + f) * TILE + s] = y[r * plan.line2.dst_size + s]
        y += plan.dst_plane


cdef inline void fetch_outputs(
    const Plan *plan, const Targets *at, Py_ssize_t run, Py_ssize_t begin, Py_ssize_t end,
    const float *y,
) noexcept nogil:
    """Ask for a run of tiles of features begin .. end - 1, while the run before it is at work."""
    cdef Py_ssize_t f, r, s
    cdef const float *row
    for f in range(begin, end):
        row = y + at.dst[run] + f * plan.dst_plane
        for r in range(at.rows[run]):
            s = 0
            while s < at.columns[run]:
                fetch_near(row + s)
                s += NEAR_LINE
            row += plan.line2.dst_size


cdef inline void apply_a(
    const Line *line, const float *y, Py_ssize_t step, float *points, Py_ssize_t to_step
) noexcept nogil:
    """Apply A: the outputs of a tile, `step` apart, to the points of each block."""
    cdef Py_ssize_t b
    cdef const Block *block
    for b in range(line.blocks if line.slots == 1 else 1):
        block = &line.block[b]
        if block.taps == 2:
            output_grad_taps2(y, step, points + block.point * to_step, to_step, LANES)
        else:
            copy_lines(y, step, points + block.point * to_step, to_step, line.tile, LANES)


cdef inline void transform_tile(
    const Plan *plan, const float *rows, Py_ssize_t step, float *outputs
) noexcept nogil:
    """Store outputs[point, feature] of one tile, points `step` apart."""
    cdef float elements[TILE * LANES]
    cdef float half[TILE * EDGE * LANES]
    cdef Py_ssize_t i, j
    for i in range(plan.line1.tile):
        take_apart(rows + i * TILE * LANES, TILE, elements, LANES)
        apply_a(&plan.line2, elements, LANES, half + i * EDGE * LANES, LANES)
    for j in range(plan.line2.points):
        apply_a(
            &plan.line1, half + j * LANES, EDGE * LANES,
            outputs + j * step, plan.line2.points * step,
        )


cdef inline void transform_outputs(
    const Plan *plan, const float *y, Py_ssize_t column, Py_ssize_t features, Py_ssize_t step,
    float *outputs,
) noexcept nogil:
    """Store outputs[point, lane of tile, feature] of a column of tiles, points `step` apart."""
    cdef Targets at
    cdef float rows[TILE * TILE * LANES]
    cdef Py_ssize_t lane = 0, run, s, tiles
    memset(rows, 0, sizeof(rows))
    find_targets(plan, column, &at)
    for run in range(at.runs):
        tiles = ceil_div(at.columns[run], TILE)
        for s in range(tiles):
            if run + 1 < at.runs:
                fetch_outputs(
                    plan, &at, run + 1, s * features // tiles, (s + 1) * features // tiles, y
                )
            gather_outputs(
                plan, y + at.dst[run] + s * TILE, features, at.rows[run],
                min(<Py_ssize_t> TILE, at.columns[run] - s * TILE), rows,
            )
            transform_tile(plan, rows, step, outputs + lane * LANES)
            lane += 1
