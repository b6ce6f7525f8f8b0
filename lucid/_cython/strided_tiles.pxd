"""Tiles of one pass of a strided convolution, LANES of them side by side: to read and to write.

As in `winograd_tiles.pxd`, all tiles of a batch are numbered through, and LANES neighbours make one
*column*. Here neighbours of a tile lie `src_step` elements apart in the source and `dst_step` in
the result. Neighbouring tiles of one row, a *run*, are read from one padded image.
"""

from libc.string cimport memcpy, memset

from lucid._cython.padded cimport ceil_div
from lucid._cython.strided_plan cimport (
    TILE, Pair, Plan, held, pair_at, read_from, source, write_from,
)
from lucid._cython.strided_transforms cimport input_taps2
from lucid._cython.winograd_tiles cimport LANES

cdef enum:
    STEP = 16  # elements that are copied at a time
    EDGE = 5  # inputs of a tile along an axis, at most
    ROW = 20  # elements of an image for a row of a tile, at most; see `pitch_of`

cdef struct Tile:  # item, and the first output in positions of the pass
    Py_ssize_t item, m0, m1, m2

cdef struct Sources:  # where the inputs of a column of tiles come from
    Py_ssize_t start[LANES]  # of each tile, in a padded image
    Py_ssize_t pitch[LANES]  # from row to row of it
    Py_ssize_t copies  # that fill the image
    Py_ssize_t to[EDGE * LANES]
    Py_ssize_t src[EDGE * LANES]
    Py_ssize_t size[EDGE * LANES]
    Py_ssize_t room[EDGE * LANES]  # to the end of a row
    Py_ssize_t width[EDGE * LANES]  # that must hold zeros behind the copy

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


cdef inline Py_ssize_t pitch_of(Py_ssize_t tiles) noexcept nogil:
    """Return the elements of a row of an image, with room for copies of STEP at a time."""
    return ceil_div(tiles * TILE + 1, STEP) * STEP + TILE


cdef inline void add_copies(
    const Plan *plan, const Pair *pair, const Tile *tile, Py_ssize_t start, Py_ssize_t tiles,
    Sources *at,
) noexcept nogil:
    """Note what fills the rows of the image for a run of tiles, which starts at `start`."""
    cdef Py_ssize_t row, i0, i1, left, right, step = plan.axes[2].src_step
    cdef Py_ssize_t size = plan.axes[2].src_size
    cdef Py_ssize_t i2 = read_from(plan, 2, pair.phase2) + tile.m2 * step
    i0 = source(&plan.axes[0], pair.k0, plan.first[0] + tile.m0)
    left = max(<Py_ssize_t> 0, ceil_div(-i2, step))
    right = min(tiles * TILE + plan.taps[2] - 1, ceil_div(size - i2, step))
    if not 0 <= i0 < plan.axes[0].src_size or left >= right:
        return
    for row in range(plan.edge1):
        i1 = read_from(plan, 1, pair.phase1) + (tile.m1 + row) * plan.axes[1].src_step
        if 0 <= i1 < plan.axes[1].src_size:
            at.to[at.copies] = start + row * pitch_of(tiles) + left
            at.size[at.copies] = right - left
            at.room[at.copies] = pitch_of(tiles) - left
            at.width[at.copies] = tiles * TILE + plan.taps[2] - 1 - left
            at.src[at.copies] = (
                tile.item * plan.groups * plan.channels * plan.src_plane
                + (i0 * plan.axes[1].src_size + i1) * size + i2 + left * step
            )
            at.copies += 1


cdef inline void find_sources(
    const Plan *plan, const Pair *pair, Py_ssize_t column, Sources *at
) noexcept nogil:
    """Lay out an image of the rows that each run of tiles needs."""
    cdef Py_ssize_t lane = 0, start = 0, size, pitch, l
    cdef Tile tile
    memset(at.start, 0, sizeof(at.start))
    memset(at.pitch, 0, sizeof(at.pitch))
    at.copies = 0
    while lane < lanes_used(plan, column):
        tile = find_tile(plan, column * LANES + lane)
        size = run_length(plan, &tile, lanes_used(plan, column) - lane)
        pitch = pitch_of(size)
        add_copies(plan, pair, &tile, start, size, at)
        for l in range(size):
            at.start[lane + l] = start + l * TILE
            at.pitch[lane + l] = pitch
        start += plan.edge1 * pitch
        lane += size


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


cdef inline void copy(
    const float *x, Py_ssize_t step, Py_ssize_t left, float *to, Py_ssize_t size, Py_ssize_t room
) noexcept nogil:
    """Copy every `step`-th of the `left` elements at x; up to `room` elements are written."""
    cdef Py_ssize_t k = 0
    cdef int l
    if step == 1:
        while k < size and k + STEP <= room and k + STEP <= left:
            memcpy(to + k, x + k, STEP * sizeof(float))
            k += STEP
    elif step == 2:
        while k < size and k + STEP <= room and 2 * (k + STEP) <= left:
            for l in range(STEP):
                to[k + l] = x[2 * (k + l)]
            k += STEP
    for k in range(k, size):
        to[k] = x[k * step]


cdef inline void fill_image(
    const Plan *plan, const Sources *at, const float *x, Py_ssize_t left, float *image
) noexcept nogil:
    """Copy every `src_step`-th of the `left` elements at x, for the rows that are wanted."""
    cdef Py_ssize_t n, k, step = plan.axes[2].src_step
    for n in range(at.copies):
        copy(
            x + at.src[n], step, left - at.src[n], image + at.to[n], at.size[n], at.room[n]
        )
        for k in range(at.size[n], at.width[n]):
            image[at.to[n] + k] = 0


cdef inline void gather(
    const Plan *plan, const Sources *at, const float *image, float *rows
) noexcept nogil:
    """Copy 4 neighbours of each row of each tile, rows[row, lane, 4], then 1 more for 2 taps.

    Neighbours go together, 16 bytes at a time; the transform takes them apart in registers.
    """
    cdef Py_ssize_t l, i
    cdef float *more = rows + EDGE * TILE * LANES
    cdef const float *row
    for l in range(LANES):
        row = image + at.start[l]
        for i in range(plan.edge1):
            memcpy(rows + (i * LANES + l) * TILE, row, TILE * sizeof(float))
            if plan.taps[2] == 2:
                more[i * LANES + l] = row[TILE]
            row += at.pitch[l]


cdef inline void transform_inputs(
    const Plan *plan, const float *rows, float *points
) noexcept nogil:
    """Apply B^T along the axes with two taps to what `gather` made; points[point, lane]."""
    cdef const float *more = rows + EDGE * TILE * LANES
    cdef int i, j, l
    for i in range(plan.edge1):
        if plan.taps[2] == 2:
            input_taps2(
                rows + i * TILE * LANES, 1, TILE, more + i * LANES, 1,
                points + i * 5 * LANES, LANES, LANES,
            )
        else:
            for j in range(TILE):
                for l in range(LANES):
                    points[(i * 4 + j) * LANES + l] = rows[(i * LANES + l) * TILE + j]
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
    const Plan *plan, const float *x, Py_ssize_t left, Py_ssize_t column, Py_ssize_t begin,
    Py_ssize_t end, float *inputs,
) noexcept nogil:
    """Store inputs[point, d, lane] of a column, for elements begin .. end - 1 of the depth held.

    There are `left` elements at x.
    """
    cdef Sources at
    cdef Pair pair
    cdef float image[EDGE * ROW * LANES]
    cdef float rows[EDGE * (TILE + 1) * LANES]
    cdef float points[EDGE * EDGE * LANES]
    cdef Py_ssize_t d, k
    cdef int l
    for d in range(begin, end):
        pair = pair_at(plan, d)
        if d == begin or pair.channel == 0:
            find_sources(plan, &pair, column, &at)
            memset(image, 0, sizeof(image))
        fill_image(
            plan, &at, x + pair.channel * plan.src_plane, left - pair.channel * plan.src_plane,
            image,
        )
        gather(plan, &at, image, rows)
        transform_inputs(plan, rows, points)
        for k in range(plan.points):
            for l in range(LANES):
                inputs[k * plan.input_step + d * LANES + l] = points[k * LANES + l]
