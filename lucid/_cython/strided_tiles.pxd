"""Tiles of a strided convolution, LANES of them side by side: to read, to transform, to write.

As in `winograd_tiles.pxd`, all tiles of a batch are numbered through, and LANES neighbours make one
*column*. Neighbouring tiles of one row, a *run*, are read and written together: of each tile the 4
or 8 elements up to the next one, and what a window has beyond them is read from the next tile.

A column reads short pieces of rows of every channel, which lie far apart, so those of the next
channel are asked for while one is at work.
"""

from libc.string cimport memcpy, memset

from lucid._cython.fetch cimport fetch_near
from lucid._cython.padded cimport clip
from lucid._cython.strided_plan cimport (
    BLOCK_ROWS, EDGE, Block, Line, Pair, Plan, held, pair_at, source0, target0,
)
from lucid._cython.strided_transforms cimport copy_lines, input_taps2, take_apart
from lucid._cython.winograd_tiles cimport LANES

cdef enum:
    MORE = 2  # elements of a window behind its tile, at most
    NEAR_LINE = 16  # elements that come at once

cdef struct Tile:  # item, position along the first axis, number of the tile along the others
    Py_ssize_t item, m0, t1, t2

cdef struct Sources:  # where the inputs of a column of tiles come from
    Py_ssize_t runs
    Py_ssize_t to[LANES]  # element of a row of runs where a run begins, left out what is outside
    Py_ssize_t size[LANES]  # elements of it inside
    Py_ssize_t src[LANES]  # its first element inside, in channel 0
    Py_ssize_t top[LANES]  # the rows that lie inside the source, up to ...
    Py_ssize_t bottom[LANES]
    Py_ssize_t last[LANES]  # the last lane
    Py_ssize_t more[LANES]  # element behind its tile; of those, the ones inside, up to ...
    Py_ssize_t near[LANES]
    Py_ssize_t far[LANES]
    int ends[LANES]  # whether a lane is the last one of a run

cdef struct Targets:  # where the outputs of a column of tiles go
    Py_ssize_t runs
    Py_ssize_t lane[LANES]  # of the first tile of a run
    Py_ssize_t dst[LANES]  # of its first output
    Py_ssize_t rows[LANES]
    Py_ssize_t columns[LANES]


cdef inline Tile find_tile(const Plan *plan, Py_ssize_t index) noexcept nogil:
    cdef Tile tile
    tile.t2 = index % plan.line2.tiles
    index //= plan.line2.tiles
    tile.t1 = index % plan.line1.tiles
    index //= plan.line1.tiles
    tile.m0 = index % plan.count0
    tile.item = index // plan.count0
    return tile


cdef inline Py_ssize_t lanes_used(const Plan *plan, Py_ssize_t column) noexcept nogil:
    return min(<Py_ssize_t> LANES, plan.tiles - column * LANES)


cdef inline void find_sources(
    const Plan *plan, Py_ssize_t k0, Py_ssize_t column, Sources *at
) noexcept nogil:
    """Note where each run of tiles begins to read, and what of it lies inside the source."""
    cdef Py_ssize_t i0, i1, i2, tiles, size, left, src, run, lane = 0
    cdef const Line *line1 = &plan.line1
    cdef const Line *line2 = &plan.line2
    cdef Tile tile
    memset(at, 0, sizeof(Sources))
    while lane < lanes_used(plan, column):
        run = at.runs
        tile = find_tile(plan, column * LANES + lane)
        tiles = min(line2.tiles - tile.t2, lanes_used(plan, column) - lane)
        size = tiles * line2.read_step
        i0 = source0(plan, k0, tile.m0)
        i1 = line1.start + tile.t1 * line1.read_step
        i2 = line2.start + tile.t2 * line2.read_step
        left = clip(-i2, size)
        at.top[run] = clip(-i1, line1.window)
        at.bottom[run] = clip(line1.src_size - i1, line1.window)
        if not 0 <= i0 < plan.axis0.src_size:
            at.bottom[run] = 0
        src = (
            tile.item * plan.groups * plan.channels * plan.src_plane
            + (i0 * line1.src_size + i1 + at.top[run]) * line2.src_size + i2
        )
        at.to[run], at.src[run] = lane * line2.read_step + left, src + left
        at.size[run] = clip(line2.src_size - i2, size) - left
        lane += tiles
        at.last[run], at.ends[lane - 1] = lane - 1, True
        at.more[run] = src + size
        at.near[run] = clip(-i2 - size, MORE)
        at.far[run] = clip(
            line2.src_size - i2 - size, max(<Py_ssize_t> 0, line2.window - line2.read_step)
        )
        at.runs += 1


cdef inline void find_targets(const Plan *plan, Py_ssize_t column, Targets *at) noexcept nogil:
    """Note where each run of tiles is written, without what juts out of the output."""
    cdef Py_ssize_t i1, i2, tiles, run, lane = 0
    cdef const Line *line1 = &plan.line1
    cdef const Line *line2 = &plan.line2
    cdef Tile tile
    at.runs = 0
    while lane < lanes_used(plan, column):
        run = at.runs
        tile = find_tile(plan, column * LANES + lane)
        tiles = min(line2.tiles - tile.t2, lanes_used(plan, column) - lane)
        i1, i2 = tile.t1 * line1.rows, tile.t2 * line2.rows
        at.lane[run] = lane
        at.rows[run] = min(line1.rows, line1.dst_size - i1)
        at.columns[run] = min(tiles * line2.rows, line2.dst_size - i2)
        at.dst[run] = (
            tile.item * plan.groups * plan.features * plan.dst_plane
            + (target0(plan, tile.m0) * line1.dst_size + i1) * line2.dst_size + i2
        )
        at.runs += 1
        lane += tiles


cdef inline void copy_run(const float *x, Py_ssize_t size, float *to) noexcept nogil:
    """Copy some neighbours, 4, 8 or 16 at a time; the last ones overlap those before."""
    cdef Py_ssize_t s
    if size >= 16:
        for s in range(size // 16):
            memcpy(to + s * 16, x + s * 16, 16 * sizeof(float))
        memcpy(to + size - 16, x + size - 16, 16 * sizeof(float))
    elif size >= 8:
        memcpy(to, x, 8 * sizeof(float))
        memcpy(to + size - 8, x + size - 8, 8 * sizeof(float))
    elif size >= 4:
        memcpy(to, x, 4 * sizeof(float))
        memcpy(to + size - 4, x + size - 4, 4 * sizeof(float))
    else:
        for s in range(size):
            to[s] = x[s]


cdef inline void gather(
    const Plan *plan, const Sources *at, const float *x, float *rows, float *more
) noexcept nogil:
    """Copy what lies inside the source to rows[row, element] and, of run ends, more[row, e, lane].

    The first are the elements of a tile up to the next one, the others are those behind.
    """
    cdef Py_ssize_t run, i, e
    cdef const float *src
    for run in range(at.runs):
        if at.size[run] > 0:
            src = x + at.src[run]
            for i in range(at.top[run], at.bottom[run]):
                copy_run(src, at.size[run], rows + i * BLOCK_ROWS * LANES + at.to[run])
                src += plan.line2.src_size
        if at.far[run]:
            src = x + at.more[run]
            for i in range(at.top[run], at.bottom[run]):
                for e in range(at.near[run], at.far[run]):
                    more[(i * MORE + e) * LANES + at.last[run]] = src[e]
                src += plan.line2.src_size


cdef inline void fetch_row(
    const Plan *plan, const Sources *at, const float *x, Py_ssize_t i
) noexcept nogil:
    """Ask for one row of the windows of a channel, while the channel before it is at work."""
    cdef Py_ssize_t run, l
    cdef const float *src
    for run in range(at.runs):
        if at.top[run] <= i < at.bottom[run]:
            src = x + at.src[run] + (i - at.top[run]) * plan.line2.src_size
            l = 0
            while l < at.size[run]:
                fetch_near(src + l)
                l += NEAR_LINE


cdef inline void add_neighbours(
    const Plan *plan, const Sources *at, const float *more, float *elements, int lanes
) noexcept nogil:
    """Append to elements[element, lane] of a row of windows what lies behind a tile."""
    cdef Py_ssize_t e, l, count = plan.line2.read_step
    cdef float behind[LANES]
    for e in range(plan.line2.window - count):
        for l in range(lanes):
            behind[l] = more[e * LANES + l] if at.ends[l] else elements[e * lanes + l + 1]
        memcpy(elements + (count + e) * lanes, behind, lanes * sizeof(float))


cdef inline void apply_b(
    const Line *line, const float *x, Py_ssize_t step, float *points, Py_ssize_t to_step,
    Py_ssize_t slot_step, int lanes,
) noexcept nogil:
    """Apply B^T to the window of each block: elements `step` apart to points `to_step` apart."""
    cdef Py_ssize_t b
    cdef const Block *block
    cdef const float *src
    cdef float *to
    for b in range(line.blocks):
        block = &line.block[b]
        src = x + block.first * step
        to = points + block.point * to_step + block.slot * slot_step
        if block.taps == 2:
            input_taps2(src, line.step * step, to, to_step, lanes)
        else:
            copy_lines(src, line.step * step, to, to_step, line.tile, lanes)


cdef inline void transform_lanes(
    const Plan *plan, const float *x, Py_ssize_t column, Py_ssize_t slice, Py_ssize_t slices,
    float *inputs, int lanes,
) noexcept nogil:
    """`transform_column` for a number of lanes that the compiler must know."""
    cdef Py_ssize_t begin = slice * held(plan) // slices, end = (slice + 1) * held(plan) // slices
    cdef Sources at
    cdef Pair pair
    cdef float rows[EDGE * BLOCK_ROWS * LANES]
    cdef float more[EDGE * MORE * LANES]
    cdef float elements[EDGE * LANES]
    cdef float half[EDGE * EDGE * LANES]  # row of the window, slot or point of the line, lane
    cdef Py_ssize_t p, i, j, b, k0 = -1, wide = plan.line2.points * plan.line2.slots
    cdef Py_ssize_t slot = held(plan) * LANES
    memset(elements, 0, sizeof(elements))
    for p in range(begin, end):
        pair = pair_at(plan, p)
        if pair.k0 != k0:
            k0 = pair.k0
            find_sources(plan, k0, column, &at)
            memset(rows, 0, sizeof(rows))
            memset(more, 0, sizeof(more))
        gather(plan, &at, x + pair.channel * plan.src_plane, rows, more)
        for i in range(plan.line1.window):
            if p + 1 < end and pair.channel + 1 < plan.channels:
                fetch_row(plan, &at, x + (pair.channel + 1) * plan.src_plane, i)
            take_apart(rows + i * BLOCK_ROWS * LANES, plan.line2.read_step, elements, lanes)
            add_neighbours(plan, &at, more + i * MORE * LANES, elements, lanes)
            apply_b(
                &plan.line2, elements, lanes, half + i * EDGE * LANES, LANES,
                plan.line2.points * LANES, lanes,
            )
        for j in range(wide):
            b = j // plan.line2.points
            apply_b(
                &plan.line1, half + j * LANES, EDGE * LANES,
                inputs + p * LANES + b * slot + j % plan.line2.points * plan.input_step,
                plan.line2.points * plan.input_step, slot * plan.line2.slots, lanes,
            )


cdef inline void transform_column(
    const void *of_plan, const float *x, Py_ssize_t column, Py_ssize_t slice, Py_ssize_t slices,
    float *inputs,
) noexcept nogil:
    """Store inputs[point, slot, pair, lane] of a column, for a slice of the pairs held."""
    transform_lanes(<const Plan *> of_plan, x, column, slice, slices, inputs, LANES)


cdef inline void transform_half_column(
    const void *of_plan, const float *x, Py_ssize_t column, Py_ssize_t slice, Py_ssize_t slices,
    float *inputs,
) noexcept nogil:
    """`transform_column` where tiles fill no more than half the lanes."""
    transform_lanes(<const Plan *> of_plan, x, column, slice, slices, inputs, LANES // 2)
