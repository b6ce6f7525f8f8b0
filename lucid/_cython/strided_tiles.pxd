"""Tiles of one pass of a strided convolution, LANES of them side by side: to read and to write.

As in `winograd_tiles.pxd`, all tiles of a batch are numbered through, and LANES neighbours make one
*column*. Here neighbours of a tile lie `src_step` elements apart in the source and `dst_step` in
the result. Neighbouring tiles of one row, a *run*, are read from one padded image.
"""

from libc.string cimport memcpy, memset

from lucid._cython.padded cimport Axis, ceil_div, clip
from lucid._cython.strided_plan cimport (
    SLOTS, TILE, Pair, Plan, advance, pair_at, read_from, slots, source, write_from,
)
from lucid._cython.strided_transforms cimport input_taps2
from lucid._cython.winograd_tiles cimport LANES

cdef enum:
    EDGE = 5  # inputs of a tile along an axis, at most
    WIDE = 8  # elements that are gathered at a time: EDGE and what lies behind
    LINE = 16  # elements that are read for it

cdef struct Tile:  # item, and the first output in positions of the pass
    Py_ssize_t item, m0, m1, m2

cdef struct Sources:  # where the inputs of a column of tiles come from
    Py_ssize_t src[LANES]  # element of the first input of a tile, in channel 0
    int first[LANES]  # the rows of the tile that lie inside the source, up to ...
    int last[LANES]
    int column[LANES]  # position of the first input along the last axis, may be negative

cdef struct Targets:  # where the outputs of a column of tiles go
    Py_ssize_t runs
    Py_ssize_t lane[LANES]  # of the first tile of a run
    Py_ssize_t dst[LANES]  # of its first output
    Py_ssize_t rows[LANES]
    Py_ssize_t columns[LANES]


cdef inline Tile find_tile(const Plan *plan, Py_ssize_t index) noexcept nogil:
    cdef Tile tile
    tile.m2 = index % plan.tiles2 * TILE
    index //= plan.tiles2
    tile.m1 = index % plan.tiles1 * plan.tile1
    index //= plan.tiles1
    tile.m0 = index % plan.count[0]
    tile.item = index // plan.count[0]
    return tile


cdef inline Py_ssize_t lanes_used(const Plan *plan, Py_ssize_t column) noexcept nogil:
    return min(<Py_ssize_t> LANES, plan.tiles - column * LANES)


cdef inline Py_ssize_t run_length(
    const Plan *plan, const Tile *tile, Py_ssize_t most
) noexcept nogil:
    """Count the tiles from this one to the end of its row, at most `most`."""
    return min(most, plan.tiles2 - tile.m2 // TILE)


cdef inline void find_sources(
    const Plan *plan, const Pair *pair, Py_ssize_t column, Sources *at
) noexcept nogil:
    """Note where each tile begins to read, and which of its rows lie inside the source."""
    cdef Py_ssize_t i0, i1, i2, lane
    cdef const Axis *rows = &plan.axes[1]
    cdef const Axis *columns = &plan.axes[2]
    cdef Tile tile
    memset(at, 0, sizeof(Sources))  # of a lane without a tile, no row
    for lane in range(lanes_used(plan, column)):
        tile = find_tile(plan, column * LANES + lane)
        i0 = source(&plan.axes[0], pair.k0, plan.first[0] + tile.m0)
        i1 = read_from(plan, 1, pair.phase1) + tile.m1 * rows.src_step
        i2 = read_from(plan, 2, pair.phase2) + tile.m2 * columns.src_step
        at.column[lane] = <int> i2
        if 0 <= i0 < plan.axes[0].src_size:
            at.first[lane] = <int> clip(ceil_div(-i1, rows.src_step), plan.edge1)
            at.last[lane] = <int> clip(ceil_div(rows.src_size - i1, rows.src_step), plan.edge1)
        at.src[lane] = tile.item * plan.groups * plan.channels * plan.src_plane
        at.src[lane] += (i0 * rows.src_size + i1) * columns.src_size + i2


cdef inline void find_targets(const Plan *plan, Py_ssize_t column, Targets *at) noexcept nogil:
    """Note where each run of tiles is written, without what juts out of the output."""
    cdef Py_ssize_t lane = 0, size
    cdef Tile tile
    at.runs = 0
    while lane < lanes_used(plan, column):
        tile = find_tile(plan, column * LANES + lane)
        size = run_length(plan, &tile, lanes_used(plan, column) - lane)
        at.lane[at.runs] = lane
        at.rows[at.runs] = min(plan.tile1, plan.count[1] - tile.m1)
        at.columns[at.runs] = min(size * TILE, plan.count[2] - tile.m2)
        at.dst[at.runs] = (
            tile.item * plan.groups * plan.features * plan.dst_plane
            + ((write_from(plan, 0) + tile.m0 * plan.axes[0].dst_step) * plan.axes[1].dst_size
            + write_from(plan, 1) + tile.m1 * plan.axes[1].dst_step) * plan.axes[2].dst_size
            + write_from(plan, 2) + tile.m2 * plan.axes[2].dst_step
        )
        at.runs += 1
        lane += size


cdef inline void gather(
    const Plan *plan, const Sources *at, const float *x, float *rows
) noexcept nogil:
    """Copy the neighbours of each row of each tile, rows[row, lane, WIDE], zeros outside.

    They are read together, 64 bytes at a time, of which those outside are masked; with stride 2,
    every second is taken. The transform takes them apart in registers.
    """
    cdef float line[2 * LINE]
    cdef float every_second[LINE]
    cdef Py_ssize_t next_row = plan.axes[1].src_step * plan.axes[2].src_size
    cdef unsigned int column, inside, size = <unsigned int> plan.axes[2].src_size
    cdef const float *src
    cdef float *to
    cdef int i, l, e, step = <int> plan.axes[2].src_step, edge = <int> plan.edge1
    memset(line, 0, sizeof(line))
    for l in range(LANES):
        src, to, column = x + at.src[l], rows + l * WIDE, <unsigned int> at.column[l]
        for i in range(edge):
            inside = size if at.first[l] <= i < at.last[l] else 0
            for e in range(LINE):
                line[e] = src[e] if column + <unsigned int> e < inside else 0
            if step == 1:
                memcpy(to, line, WIDE * sizeof(float))
            else:
                for e in range(LINE):
                    every_second[e] = line[2 * e]
                memcpy(to, every_second, WIDE * sizeof(float))
            src += next_row
            to += LANES * WIDE


cdef inline void transform_inputs(
    const Plan *plan, const float *rows, float *points
) noexcept nogil:
    """Apply B^T along the axes with two taps to what `gather` made; points[point, lane]."""
    cdef int i, j, l
    for i in range(plan.edge1):
        if plan.taps[2] == 2:
            input_taps2(
                rows + i * WIDE * LANES, 1, WIDE, rows + i * WIDE * LANES + TILE, WIDE,
                points + i * 5 * LANES, LANES, LANES,
            )
        else:
            for j in range(TILE):
                for l in range(LANES):
                    points[(i * 4 + j) * LANES + l] = rows[(i * LANES + l) * WIDE + j]
    if plan.taps[1] == 2 and plan.taps[2] == 2:
        for j in range(5):
            input_taps2(
                points + j * LANES, 5 * LANES, 1, points + (20 + j) * LANES, 1,
                points + j * LANES, 5 * LANES, LANES,
            )
    elif plan.taps[1] == 2:
        for j in range(4):
            input_taps2(
                points + j * LANES, 4 * LANES, 1, points + (16 + j) * LANES, 1,
                points + j * LANES, 4 * LANES, LANES,
            )


cdef inline void transform_column(
    const Plan *plan, const float *x, Py_ssize_t column, Py_ssize_t begin, Py_ssize_t end,
    float *inputs,
) noexcept nogil:
    """Store inputs[point, d, lane] of a column, for elements begin .. end - 1 of the depth held."""
    cdef Sources at[SLOTS]
    cdef Pair pair = pair_at(plan, begin)
    cdef float rows[EDGE * WIDE * LANES]
    cdef float points[EDGE * EDGE * LANES]
    cdef Py_ssize_t d, k, slot
    cdef int l
    for d in range(begin, end):
        slot = (plan.start + d) % slots(plan)
        if d < begin + slots(plan) or pair.channel == 0:
            find_sources(plan, &pair, column, &at[slot])
        gather(plan, &at[slot], x + pair.channel * plan.src_plane, rows)
        transform_inputs(plan, rows, points)
        for k in range(plan.points):
            for l in range(LANES):
                inputs[k * plan.input_step + d * LANES + l] = points[k * LANES + l]
        advance(plan, &pair)
