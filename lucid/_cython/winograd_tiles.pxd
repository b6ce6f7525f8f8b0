"""Tiles of images for Winograd's algorithm, LANES of them side by side: to read and to write.

All tiles of a batch are numbered through, items first, then the first axis, rows and columns, and
LANES neighbours make one *column*, so that the lanes are full whatever the size of an image is.
Only the last two axes are transformed, or the last one. A tap of the first axis counts as further
input channels, which read the plane it wants: *depth* is the number of channels times those taps.
Neighbouring planes of outputs read the same planes of inputs. So a tile has `tile0` planes, and its
`edge0` planes of inputs are transformed once: output plane p sums up `taps0` of them, from p on.

More taps than a tile may have are cut into blocks of 3 or 4 in one axis or both, if there is one
tap in the first. Each counts as a tap of the first axis does: as further channels, which read the
rows and columns that it wants. The last blocks may have some taps less, whose weights are zero.

With a dilation d, an output depends on every d-th input only. Along an axis, a tile's outputs and
its inputs are d apart; d neighbouring tiles interleave, one for each remainder or *phase*, and the
next d follow behind them. In memory, neighbouring phases are neighbours, so that lanes are, too.
"""

from lucid._cython.fetch cimport LINE_BYTES, fetch
from lucid._cython.microkernel cimport ROWS
from lucid._cython.padded cimport ceil_div, clip

cdef extern from *:
    enum:
        LANES "(LUCID_LANE_BYTES / 4)"

cdef enum:
    PAD = 16  # elements between two points, or all points would be in one set of a cache
    SLICES = 8  # of the channels of a column, to share out to threads
    CHUNK = 256  # of the depth at a time: transformed, that takes 1.2 MB of a column

cdef struct Plan:
    Py_ssize_t items, groups, channels, features  # of one group
    Py_ssize_t src[3]  # sizes of what is read and written
    Py_ssize_t dst[3]
    Py_ssize_t low[3]
    Py_ssize_t dilation[3]
    Py_ssize_t src_plane, dst_plane  # elements of one channel
    const float *src_end  # behind the last of all inputs
    Py_ssize_t kernel1, kernel2  # taps of the last two axes, in all
    Py_ssize_t taps0, taps1, taps2  # of each axis; taps1 is 1 if only the last is transformed
    bint in_blocks  # there are more; then taps0 is the number of blocks, and ...
    Py_ssize_t blocks2  # ... so many are side by side
    Py_ssize_t next0, next1, next2  # planes, rows and columns from one tap or block to the next
    Py_ssize_t w_group, w_feature, w_channel  # elements from one to the next
    bint turned  # the kernel runs backwards: this is an input gradient
    const float *bias  # of each feature of the group, if the result is set; NULL if it is added to
    Py_ssize_t tile0, tile1, tile2  # outputs of a tile along each axis
    Py_ssize_t edge0, edge1, edge2  # its inputs
    Py_ssize_t points  # of one plane of a tile
    Py_ssize_t tiles0, tiles1, tiles2, tiles  # along an axis; in all
    Py_ssize_t phases0, phases1, phases2  # tiles that interleave
    bint apart  # the outputs of a tile's row are not neighbours
    Py_ssize_t columns
    Py_ssize_t first, chunk  # channels: the first that is held, and how many are, at most
    Py_ssize_t input_step, input_size  # elements of a transformed column: for a point, in all

cdef struct Tile:  # i0, i1 and i2 are those of its first output
    Py_ssize_t item, i0, i1, i2
    Py_ssize_t phase0, phase1, phase2

cdef struct Targets:  # where the outputs of a column of tiles go
    Py_ssize_t runs  # of neighbours in one row of tiles, or of neighbouring phases
    Py_ssize_t lane[LANES]  # of the first tile of a run
    Py_ssize_t dst[LANES]  # of its first output
    Py_ssize_t rows[LANES]
    Py_ssize_t columns[LANES]  # outputs; or if tiles are apart, lanes ...
    Py_ssize_t room[LANES]  # ... and positions from the first output to the end of the row
    Py_ssize_t lines  # of the cache, or a few more: where they begin or in their midst
    Py_ssize_t line[8 * LANES]  # a tile has 4 rows at most, and each may lie in two lines


cdef struct Taps:  # a block of the taps of the last two axes; the last ones may be smaller
    Py_ssize_t row, column  # its first
    Py_ssize_t rows, columns


cdef inline Taps find_taps(const Plan *plan, Py_ssize_t number) noexcept nogil:
    cdef Taps block
    block.row = number // plan.blocks2 * plan.taps1
    block.column = number % plan.blocks2 * plan.taps2
    block.rows = min(plan.taps1, plan.kernel1 - block.row)
    block.columns = min(plan.taps2, plan.kernel2 - block.column)
    return block


cdef inline void set_sizes(
    Plan *plan, const Py_ssize_t *kernel, const Py_ssize_t *taps, const Py_ssize_t *input,
    const Py_ssize_t *output, const Py_ssize_t *dilation, const Py_ssize_t *low, bint turned,
) noexcept nogil:
    """Set what follows from sizes; an input gradient, `turned`, is a forward from y to x.

    `kernel` are the taps of each axis, `taps` those of a tile.
    """
    cdef Py_ssize_t a
    plan.turned, plan.kernel1, plan.kernel2 = turned, kernel[1], kernel[2]
    plan.taps0, plan.taps1, plan.taps2 = taps[0], taps[1], taps[2]
    plan.in_blocks = taps[1] != kernel[1] or taps[2] != kernel[2]
    plan.blocks2 = ceil_div(kernel[2], taps[2])
    plan.next0, plan.next1, plan.next2 = dilation[0], 0, 0
    if plan.in_blocks:
        plan.next0, plan.next1 = 0, taps[1] * dilation[1]
        plan.next2 = taps[2] * dilation[2]
    plan.src_plane, plan.dst_plane = 1, 1
    for a in range(3):
        plan.src[a], plan.dst[a], plan.low[a] = input[a], output[a], low[a]
        plan.dilation[a] = dilation[a]
        if turned:
            plan.src[a], plan.dst[a] = plan.dst[a], plan.src[a]
            plan.low[a] = (kernel[a] - 1) * dilation[a] - low[a]
        plan.src_plane *= plan.src[a]
        plan.dst_plane *= plan.dst[a]
    plan.w_channel = kernel[0] * kernel[1] * kernel[2]
    plan.w_feature = plan.channels * plan.w_channel
    plan.w_group = plan.features * plan.w_feature
    if turned:
        plan.channels, plan.features = plan.features, plan.channels
        plan.w_channel, plan.w_feature = plan.w_feature, plan.w_channel


cdef inline void set_tiles(
    Plan *plan, Py_ssize_t tile0, Py_ssize_t tile1, Py_ssize_t tile2, Py_ssize_t chunk
) noexcept nogil:
    """Cut the outputs into tiles, and the channels into equal chunks, of about some depth at most.

    If there are several chunks, they have whole panels of channels but for the last one.
    """
    cdef Py_ssize_t chunks = ceil_div(plan.channels * plan.taps0, chunk)
    plan.tile0, plan.tile1, plan.tile2 = tile0, tile1, tile2
    plan.edge0 = tile0 + plan.taps0 - 1
    plan.edge1, plan.edge2 = tile1 + plan.taps1 - 1, tile2 + plan.taps2 - 1
    plan.points = plan.edge1 * plan.edge2
    plan.phases0 = min(plan.dilation[0], plan.dst[0])
    plan.phases1 = min(plan.dilation[1], plan.dst[1])
    plan.phases2 = min(plan.dilation[2], plan.dst[2])
    plan.apart = plan.dilation[2] > 1
    plan.tiles0 = plan.phases0 * ceil_div(plan.dst[0], tile0 * plan.dilation[0])
    plan.tiles1 = plan.phases1 * ceil_div(plan.dst[1], tile1 * plan.dilation[1])
    plan.tiles2 = plan.phases2 * ceil_div(plan.dst[2], tile2 * plan.dilation[2])
    plan.tiles = plan.items * plan.tiles0 * plan.tiles1 * plan.tiles2
    plan.columns = ceil_div(plan.tiles, LANES)
    plan.first = 0
    plan.chunk = plan.channels
    if chunks > 1:
        plan.chunk = ceil_div(plan.channels, chunks * ROWS) * ROWS
    plan.input_step = plan.edge0 * plan.chunk * LANES + PAD
    plan.input_size = plan.points * plan.input_step


cdef inline Py_ssize_t first_output(
    Py_ssize_t index, Py_ssize_t phases, Py_ssize_t tile, Py_ssize_t dilation
) noexcept nogil:
    """Return the position of a tile's first output along one axis."""
    return index // phases * tile * dilation + index % phases


cdef inline Tile find_tile(const Plan *plan, Py_ssize_t index) noexcept nogil:
    cdef Tile tile
    tile.phase2 = index % plan.tiles2 % plan.phases2
    tile.i2 = first_output(index % plan.tiles2, plan.phases2, plan.tile2, plan.dilation[2])
    index //= plan.tiles2
    tile.phase1 = index % plan.tiles1 % plan.phases1
    tile.i1 = first_output(index % plan.tiles1, plan.phases1, plan.tile1, plan.dilation[1])
    index //= plan.tiles1
    tile.phase0 = index % plan.tiles0 % plan.phases0
    tile.i0 = first_output(index % plan.tiles0, plan.phases0, plan.tile0, plan.dilation[0])
    tile.item = index // plan.tiles0
    return tile


cdef inline bint step(
    Py_ssize_t *phase, Py_ssize_t *i, Py_ssize_t phases, Py_ssize_t skip, Py_ssize_t end
) noexcept nogil:
    """Go to the next tile along one axis; tell whether that was the last one."""
    phase[0] += 1
    i[0] += 1
    if phase[0] == phases:
        phase[0] = 0
        i[0] += skip - phases
        if i[0] >= end:
            i[0] = 0
            return True
    return False


cdef inline void advance(const Plan *plan, Tile *tile) noexcept nogil:
    """Go to the next tile."""
    cdef Py_ssize_t skip0 = plan.tile0 * plan.dilation[0], skip1 = plan.tile1 * plan.dilation[1]
    cdef Py_ssize_t skip2 = plan.tile2 * plan.dilation[2]
    if step(&tile.phase2, &tile.i2, plan.phases2, skip2, plan.dst[2]):
        if step(&tile.phase1, &tile.i1, plan.phases1, skip1, plan.dst[1]):
            if step(&tile.phase0, &tile.i0, plan.phases0, skip0, plan.dst[0]):
                tile.item += 1


cdef inline Py_ssize_t lanes_used(const Plan *plan, Py_ssize_t column) noexcept nogil:
    return min(<Py_ssize_t> LANES, plan.tiles - column * LANES)


cdef inline Py_ssize_t output_of(
    const Plan *plan, const Tile *tile, Py_ssize_t plane
) noexcept nogil:
    """Return the elements from a group's first output to the first of a plane of a tile."""
    return (
        tile.item * plan.groups * plan.features * plan.dst_plane
        + ((tile.i0 + plane * plan.dilation[0]) * plan.dst[1] + tile.i1) * plan.dst[2] + tile.i2
    )


cdef inline Py_ssize_t rows_inside(
    const Plan *plan, const Tile *tile, Py_ssize_t plane
) noexcept nogil:
    """Count the rows of a plane of a tile that do not jut out of the output."""
    if tile.i0 + plane * plan.dilation[0] >= plan.dst[0]:
        return 0
    return clip(ceil_div(plan.dst[1] - tile.i1, plan.dilation[1]), plan.tile1)


cdef inline Py_ssize_t run_length(
    const Plan *plan, Py_ssize_t column, Py_ssize_t lane, const Tile *tile
) noexcept nogil:
    """Count the lanes from `lane` on that are phases of the same outputs."""
    return min(plan.phases2 - tile.phase2, lanes_used(plan, column) - lane)


cdef inline void find_targets(
    const Plan *plan, Py_ssize_t column, Py_ssize_t plane, Targets *at
) noexcept nogil:
    """Note where each row of tiles is written, in one plane, without what juts out."""
    cdef Py_ssize_t lane, run = -1
    cdef Tile tile = find_tile(plan, column * LANES)
    for lane in range(lanes_used(plan, column)):
        if lane == 0 or (tile.phase2 if plan.apart else tile.i2) == 0:
            run += 1
            at.lane[run] = lane
            at.dst[run] = output_of(plan, &tile, plane)
            at.rows[run] = rows_inside(plan, &tile, plane)
            at.room[run] = plan.dst[2] - tile.i2
            at.columns[run] = 0
        at.columns[run] += 1 if plan.apart else min(plan.tile2, plan.dst[2] - tile.i2)
        advance(plan, &tile)
    at.runs = run + 1


cdef inline void find_lines(const Plan *plan, Targets *at) noexcept nogil:
    """Note what to ask for before outputs are written; nothing if tiles are apart."""
    cdef Py_ssize_t run, r, s, to, last, line = LINE_BYTES // sizeof(float)
    at.lines = 0
    if plan.apart:
        return
    for run in range(at.runs):
        to, last = at.dst[run], at.columns[run] - 1
        for r in range(at.rows[run]):
            for s in range(ceil_div(last, line) + 1):
                at.line[at.lines] = to + min(s * line, last)
                at.lines += 1
            to += plan.dilation[1] * plan.dst[2]


cdef inline void fetch_lines(const Targets *at, const float *y) noexcept nogil:
    """Ask for the outputs of one channel."""
    cdef Py_ssize_t k
    for k in range(at.lines):
        fetch(y + at.line[k])


cdef inline Py_ssize_t held(const Plan *plan) noexcept nogil:
    """Count the channels of this chunk; the last one may be shorter."""
    return min(plan.chunk, plan.channels - plan.first)


cdef inline Py_ssize_t depth_held(const Plan *plan) noexcept nogil:
    return plan.taps0 * held(plan)
