"""The inputs of Winograd's tiles, transformed: from images to inputs[point, c, lane].

The tiles of a column lie in *runs* of neighbours in one row of tiles. B^T is applied down first,
straight to the rows of the image: there, neighbours fill the lanes whatever the tiles are, and the
two columns of inputs that neighbouring tiles share are computed once. What it makes is `edge1`
*lines*, in which all runs follow each other, with zeros for what is outside the image. Only then
are the lines taken apart into tiles, and B^T is applied along.

If tiles are apart, their inputs are; but neighbouring phases are neighbours. So there each point of
a tile is copied for all phases at once, and B^T is applied along first.

A column reads a few rows of every channel, which lie far apart; so the rows of the next channel are
asked for while one is at work. That is a hint to the cache, which changes no result.
"""

from libc.string cimport memcpy, memset

from lucid._cython.fetch cimport fetch_near
from lucid._cython.microkernel cimport MAX_VECTOR
from lucid._cython.padded cimport ceil_div, clip
from lucid._cython.winograd_lines cimport input_lines
from lucid._cython.winograd_tiles cimport (
    LANES, Plan, Tile, advance, find_tile, held, lanes_used, run_length,
)

cdef enum:
    NEAR_LINE = 16  # elements that come at once
    LINE = 6 * LANES + 2 * MAX_VECTOR  # elements of a line: all that tiles need, if none share

cdef struct Sources:  # where the inputs of a column of tiles come from
    Py_ssize_t runs
    Py_ssize_t src[LANES]  # of a run: its first row, perhaps outside, and column that is inside
    Py_ssize_t top[LANES]  # its rows inside: those from `top` on ...
    Py_ssize_t bottom[LANES]  # ... and before `bottom`
    Py_ssize_t to[LANES]  # its first column inside, in a line
    Py_ssize_t size[LANES]  # its columns inside
    Py_ssize_t start[LANES]  # of each lane in a line

cdef struct Copies:  # the same, if tiles are apart: runs of neighbours that fill the rows
    Py_ssize_t count
    Py_ssize_t to[36 * LANES]
    Py_ssize_t src[36 * LANES]
    Py_ssize_t size[36 * LANES]


cdef inline Py_ssize_t input_row(
    const Plan *plan, const Tile *tile, Py_ssize_t i0, Py_ssize_t i1
) noexcept nogil:
    """Return the elements from the start of a group's first plane to a row of inputs."""
    return (
        tile.item * plan.groups * plan.channels * plan.src_plane
        + (i0 * plan.src[1] + i1) * plan.src[2]
    )


cdef inline void find_sources(
    const Plan *plan, Py_ssize_t column, Py_ssize_t plane, Sources *at
) noexcept nogil:
    """Lay out the lines of a plane of the tiles, run after run."""
    cdef Py_ssize_t lane = 0, run = 0, end = 0, count, l, i0, i1, i2, left
    cdef Tile tile = find_tile(plan, column * LANES)
    memset(at.start, 0, sizeof(at.start))
    while lane < lanes_used(plan, column):
        count = min(plan.tiles2 - tile.i2 // plan.tile2, lanes_used(plan, column) - lane)
        i0 = tile.i0 + plane * plan.next0 - plan.low[0]
        i1 = tile.i1 + plane // plan.blocks2 * plan.next1 - plan.low[1]
        i2 = tile.i2 + plane % plan.blocks2 * plan.next2 - plan.low[2]
        left = max(-i2, <Py_ssize_t> 0)
        at.src[run] = input_row(plan, &tile, i0, i1) + i2 + left
        at.top[run] = clip(ceil_div(-i1, plan.dilation[1]), plan.edge1)
        at.bottom[run] = clip(ceil_div(plan.src[1] - i1, plan.dilation[1]), plan.edge1)
        if not 0 <= i0 < plan.src[0]:
            at.bottom[run] = at.top[run]
        at.to[run] = end + left
        at.size[run] = min(plan.src[2] - i2, count * plan.tile2 + plan.taps2 - 1) - left
        if at.size[run] > 0 and at.top[run] < at.bottom[run]:  # else all of it is padding
            run += 1
        for l in range(count):
            at.start[lane + l] = end + l * plan.tile2
            advance(plan, &tile)
        end += count * plan.tile2 + plan.taps2 - 1
        lane += count
    at.runs = run


cdef inline void copy_some(const float *x, int size, bint has_more, float *to) noexcept nogil:
    """Copy MAX_VECTOR numbers, of which those from `size` on become zeros.

    If it `has_more`, those may be read as well: then no branch depends on the size.
    """
    cdef float number
    cdef int l
    if has_more:
        for l in range(MAX_VECTOR):
            number = x[l]
            to[l] = number if l < size else 0
    else:
        memset(to, 0, MAX_VECTOR * sizeof(float))
        for l in range(size):
            to[l] = x[l]


cdef inline void transform_down(
    int edge, const float **row, Py_ssize_t start, int size, bint has_more, float *lines
) noexcept nogil:
    """Apply B^T down to MAX_VECTOR columns, of which those from `size` on count as zeros."""
    cdef float rows[6 * MAX_VECTOR]
    cdef Py_ssize_t i
    for i in range(edge):
        copy_some(row[i] + start, size, has_more, rows + i * MAX_VECTOR)
    if edge == 1:
        memcpy(lines, rows, MAX_VECTOR * sizeof(float))
    else:
        input_lines(
            edge, 1, rows, 0, MAX_VECTOR, 1, rows + 4 * MAX_VECTOR, 0, 1, lines, 0, LINE,
            MAX_VECTOR,
        )


cdef inline void make_lines(
    const Plan *plan, const Sources *at, const float *x, int edge, float *lines
) noexcept nogil:
    """Fill the lines of a channel; their padding is zero from the beginning, and a seventh line."""
    cdef const float *row[6]
    cdef const float *last
    cdef float *to
    cdef Py_ssize_t run, i, l, size
    for run in range(at.runs):
        last = x
        to = lines + at.to[run]
        size = at.size[run]
        for i in range(edge):
            row[i] = lines + 6 * LINE
            if at.top[run] <= i < at.bottom[run]:
                row[i] = last = x + at.src[run] + i * plan.dilation[1] * plan.src[2]
        l = 0
        while l + MAX_VECTOR <= size:
            transform_down(edge, row, l, MAX_VECTOR, True, to + l)
            l += MAX_VECTOR
        if l < size and plan.src_end - (last + l) >= MAX_VECTOR:
            transform_down(edge, row, l, size - l, True, to + l)
        elif l < size:
            transform_down(edge, row, l, size - l, False, to + l)


cdef inline void fetch_sources(
    const Plan *plan, const Sources *at, const float *x
) noexcept nogil:
    """Ask for the inputs of a channel while the one before it is at work: most come from afar."""
    cdef Py_ssize_t run, i, l, rows = plan.tile1  # the rest belongs to the next run, too
    cdef const float *row
    for run in range(at.runs):
        if run == at.runs - 1:
            rows = plan.edge1
        for i in range(at.top[run], min(at.bottom[run], rows)):
            row = x + at.src[run] + i * plan.dilation[1] * plan.src[2]
            l = 0
            while l < at.size[run]:
                fetch_near(row + l)
                l += NEAR_LINE


cdef inline void take_tiles(
    const float *lines, const Py_ssize_t *start, int edge1, int edge2, bint neighbours,
    float *rows, float *more,
) noexcept nogil:
    """Copy 4 neighbours of each line of a vector of tiles, rows[line, tile, 4], and 2 more.

    Where tiles of 4 are `neighbours` in a line, they need not be copied, only the 2 more.
    """
    cdef const float *line
    cdef Py_ssize_t i, l
    for l in range(MAX_VECTOR):
        line = lines + start[l]
        if not neighbours:
            for i in range(edge1):
                memcpy(rows + (i * MAX_VECTOR + l) * 4, line + i * LINE, 4 * sizeof(float))
        if edge2 == 6:
            for i in range(edge1):
                memcpy(more + (i * MAX_VECTOR + l) * 2, line + i * LINE + 4, 2 * sizeof(float))


cdef inline void transform_along(
    const Plan *plan, const float *lines, const Py_ssize_t *start, int edge1, int edge2,
    bint neighbours, float *inputs,
) noexcept nogil:
    """Take a vector of tiles out of the lines and apply B^T along."""
    cdef float rows[6 * 4 * MAX_VECTOR]
    cdef float more[6 * 2 * MAX_VECTOR]
    cdef float points[6 * MAX_VECTOR]
    cdef Py_ssize_t i, j, input_step = plan.input_step
    take_tiles(lines, start, edge1, edge2, neighbours, rows, more)
    for i in range(edge1):
        input_lines(
            edge2, 1, lines + start[0] + i * LINE if neighbours else rows + i * 4 * MAX_VECTOR,
            0, 1, 4, more + i * 2 * MAX_VECTOR, 0, 2, points, 0, MAX_VECTOR, MAX_VECTOR,
        )
        for j in range(edge2):
            memcpy(inputs, points + j * MAX_VECTOR, MAX_VECTOR * sizeof(float))
            inputs += input_step


cdef inline void transform_by_edges(
    const Plan *plan, const Sources *at, const float *x, bint has_next, Py_ssize_t lanes,
    float *lines, float *inputs, int edge1, int edge2,
) noexcept nogil:
    """`transform_channel` for numbers of points that the compiler must know."""
    cdef Py_ssize_t lane = 0
    cdef const Py_ssize_t *start
    cdef bint of_four = edge2 == 6 and plan.tile2 == 4
    make_lines(plan, at, x, edge1, lines)
    if has_next:
        fetch_sources(plan, at, x + plan.src_plane)
    while lane < lanes:
        start = at.start + lane
        if of_four and start[MAX_VECTOR - 1] - start[0] == 4 * (MAX_VECTOR - 1):
            transform_along(plan, lines, start, edge1, edge2, True, inputs + lane)
        else:
            transform_along(plan, lines, start, edge1, edge2, False, inputs + lane)
        lane += MAX_VECTOR


cdef inline void transform_channel(
    const Plan *plan, const Sources *at, const float *x, bint has_next, Py_ssize_t lanes,
    float *lines, float *inputs,
) noexcept nogil:
    """Transform one channel of a column."""
    if plan.edge1 == 6:
        transform_by_edges(plan, at, x, has_next, lanes, lines, inputs, 6, 6)
    elif plan.edge1 == 4 and plan.edge2 == 6:
        transform_by_edges(plan, at, x, has_next, lanes, lines, inputs, 4, 6)
    elif plan.edge1 == 4:
        transform_by_edges(plan, at, x, has_next, lanes, lines, inputs, 4, 4)
    elif plan.edge2 == 6:
        transform_by_edges(plan, at, x, has_next, lanes, lines, inputs, 1, 6)
    else:
        transform_by_edges(plan, at, x, has_next, lanes, lines, inputs, 1, 4)


cdef inline void find_copies(
    const Plan *plan, Py_ssize_t column, Py_ssize_t plane, Copies *at
) noexcept nogil:
    """Note what fills rows[row, column of 6, lane] where lanes are phases: runs of neighbours."""
    cdef Py_ssize_t i, j, i1, i2, left, right, length, lane = 0, i0
    cdef Py_ssize_t low1 = plan.low[1] - plane // plan.blocks2 * plan.next1
    cdef Py_ssize_t low2 = plan.low[2] - plane % plan.blocks2 * plan.next2
    cdef Tile tile = find_tile(plan, column * LANES)
    at.count = 0
    while lane < lanes_used(plan, column):
        length = run_length(plan, column, lane, &tile)
        i0 = tile.i0 + plane * plan.next0 - plan.low[0]
        for i in range(plan.edge1):
            i1 = tile.i1 + i * plan.dilation[1] - low1
            if not (0 <= i0 < plan.src[0] and 0 <= i1 < plan.src[1]):
                continue
            for j in range(plan.edge2):
                i2 = tile.i2 + j * plan.dilation[2] - low2
                left, right = clip(-i2, length), clip(plan.src[2] - i2, length)
                if left < right:
                    at.to[at.count] = (i * 6 + j) * LANES + lane + left
                    at.src[at.count] = input_row(plan, &tile, i0, i1) + i2 + left
                    at.size[at.count] = right - left
                    at.count += 1
        for i in range(length):
            advance(plan, &tile)
        lane += length


cdef inline void copy_run(const float *x, Py_ssize_t size, float *to) noexcept nogil:
    """Copy a few neighbours, of which there are most often so many that a vector is full."""
    cdef Py_ssize_t l
    if size == LANES:
        memcpy(to, x, LANES * sizeof(float))
    elif size == 16:
        memcpy(to, x, 16 * sizeof(float))
    elif size == 4:
        memcpy(to, x, 4 * sizeof(float))
    else:
        for l in range(size):
            to[l] = x[l]


cdef inline void transform_channel_apart(
    const Plan *plan, const Copies *at, const float *x, float *rows, float *inputs
) noexcept nogil:
    """Transform one channel of a column of tiles that are apart."""
    cdef float points[36 * LANES]
    cdef Py_ssize_t n, i, j
    cdef int edge1 = plan.edge1, edge2 = plan.edge2
    for n in range(at.count):
        copy_run(x + at.src[n], at.size[n], rows + at.to[n])
    input_lines(
        edge2, edge1, rows, 6 * LANES, LANES, 1, rows + 4 * LANES, 6 * LANES, 1,
        points, 6 * LANES, LANES, LANES,
    )
    if edge1 > 1:
        input_lines(
            edge1, edge2, points, LANES, 6 * LANES, 1, points + 24 * LANES, LANES, 1,
            points, LANES, 6 * LANES, LANES,
        )
    for i in range(edge1):
        for j in range(edge2):
            memcpy(inputs, points + (i * 6 + j) * LANES, LANES * sizeof(float))
            inputs += plan.input_step


cdef inline void transform_column(
    const void *of_plan, const float *x, Py_ssize_t column, Py_ssize_t slice, Py_ssize_t slices,
    float *inputs,
) noexcept nogil:
    """Store inputs[point, c, lane] of a column, for a slice of the c of its planes and channels.

    The channels of a plane are neighbours: c counts them in the first plane, then in the next.
    """
    cdef const Plan *plan = <const Plan *> of_plan
    cdef Py_ssize_t depth = plan.edge0 * held(plan)
    cdef Py_ssize_t first = slice * depth // slices, last = (slice + 1) * depth // slices
    cdef Sources at
    cdef Copies copies
    cdef float room[7 * LINE]  # lines, or rows if tiles are apart
    cdef Py_ssize_t c, plane, located = -1, lanes = LANES
    cdef const float *of_channel
    copies.count = 0
    if lanes_used(plan, column) <= LANES // 2:
        lanes = LANES // 2
    for c in range(first, last):
        plane = c // held(plan)
        of_channel = x + (plan.first + c % held(plan)) * plan.src_plane
        if plane != located:
            located = plane
            memset(room, 0, sizeof(room))
            if plan.apart:
                find_copies(plan, column, plane, &copies)
            else:
                find_sources(plan, column, plane, &at)
        if plan.apart:
            transform_channel_apart(plan, &copies, of_channel, room, inputs + c * LANES)
        else:
            transform_channel(
                plan, &at, of_channel, c + 1 < last, lanes, room, inputs + c * LANES
            )
