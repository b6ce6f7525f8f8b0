"""The weight gradient as a matrix product: rows of the output times rows of the columns' matrix.

Every weight is one long dot product, ``w[f, t] += sum over q of y[f, q] * b[t, q]``. The columns
come in blocks, a piece of one item or several whole items. Of one matrix, `lanes` rows at a time
are turned, so that they lie in the lanes; of the other a few rows are read element by element,
where they are. Mostly y is turned, and then not even b is written: its rows are read in the padded
plane, or in x, by their positions. With few terms it is b that is turned. With few of both, neither
is: neighbouring columns lie in the lanes, and are added up in the end.

A task sums up a range of blocks for some channels. Where several add to the same weights, their
number depends on the shapes alone; so do the bits.
"""

from libc.string cimport memcpy, memset

from lucid._cython.fetch cimport LINE_BYTES, Rows, fetch_rows
from lucid._cython.interrupt cimport Watch, interrupted
from lucid._cython.matmul_columns cimport (
    Block, Run, find_offsets, find_rows, find_runs, set_block, unfold,
)
from lucid._cython.matmul_plan cimport Product
from lucid._cython.matmul_rows cimport STEP, clear, copy, copy_rows
from lucid._cython.matmul_sums_plan cimport Scratch, Sums
from lucid._cython.microkernel cimport (
    DOTS, LANE_BYTES, MAX_LANES, NARROW, ROWS, VECTOR_BYTES, add_dots, add_lanes,
    add_scattered_product, enough_lanes,
)
from lucid._cython.padded cimport ceil_div
from lucid._cython.types cimport real


cdef inline void gather_outputs(
    Sums *sums, Block *block, const real *y, real *rows
) noexcept nogil:
    """Copy the columns of a block of every feature, item after item; zeros behind them."""
    cdef Py_ssize_t f, at, size, positions = sums.phase.positions
    for f in range(sums.p.features):
        at = 0
        while at < block.columns:
            size = min(block.columns - at, positions - (block.q + at) % positions)
            copy(
                y + (block.q + at) // positions * sums.p.groups * sums.p.features * positions
                + (block.q + at) % positions, 1, size, rows + at, size,
            )
            at += size
        clear(rows + block.columns, STEP)
        y += positions
        rows += sums.pitch


cdef inline void turn_four(const real *rows, Py_ssize_t pitch, real *lane_of) noexcept nogil:
    """Write four rows of STEP elements as STEP rows of four, `lanes` elements apart.

    First side by side, which is fast in vectors; then each four is moved as a whole.
    """
    cdef real fours[4 * STEP]
    cdef Py_ssize_t q
    cdef int j
    for q in range(STEP):
        for j in range(4):
            fours[4 * q + j] = rows[j * pitch + q]
    for q in range(STEP):
        memcpy(lane_of + q * (LANE_BYTES // sizeof(real)), fours + 4 * q, 4 * sizeof(real))


cdef inline void turn(
    const real *rows, Py_ssize_t pitch, Py_ssize_t count, Py_ssize_t columns, real *lane_of,
) noexcept nogil:
    """Write `lanes` rows side by side, column after column; then the next `lanes` rows."""
    cdef Py_ssize_t lanes = LANE_BYTES // sizeof(real), most, part, q, l
    while count > 0:
        most = min(lanes, count)
        for part in range(ceil_div(columns, STEP)):
            l = 0
            while l + 4 <= most and part * STEP + STEP <= columns:
                turn_four(rows + l * pitch + part * STEP, pitch, lane_of + part * STEP * lanes + l)
                l += 4
            for l in range(l, most):
                for q in range(part * STEP, min(part * STEP + STEP, columns)):
                    lane_of[q * lanes + l] = rows[l * pitch + q]
            for l in range(most, lanes):
                for q in range(part * STEP, min(part * STEP + STEP, columns)):
                    lane_of[q * lanes + l] = 0
        rows += lanes * pitch
        count -= lanes
        lane_of += columns * lanes


cdef inline void multiply_dots(
    const real *y, Py_ssize_t y_pitch, Py_ssize_t features, const real *b, Py_ssize_t b_pitch,
    Py_ssize_t terms, Py_ssize_t count, real *sums, Py_ssize_t pitch,
) noexcept nogil:
    """``sums[f, t] += sum over q < count of y[f, q] * b[t, q]``, a few f and t at a time."""
    cdef Py_ssize_t f, t
    for f in range(ceil_div(features, 4)):
        for t in range(ceil_div(terms, DOTS)):
            add_dots(
                y + f * 4 * y_pitch, y_pitch, b + t * DOTS * b_pitch, b_pitch, count,
                sums + f * 4 * pitch + t * DOTS, pitch, min(4, features - f * 4),
                min(<Py_ssize_t> DOTS, terms - t * DOTS),
            )


cdef inline void multiply_lanes(
    const real *y, Py_ssize_t y_pitch, Py_ssize_t features, const real *lane_of, Py_ssize_t terms,
    Py_ssize_t count, real *sums, Py_ssize_t pitch,
) noexcept nogil:
    """``sums[f, t] += sum over q < count of y[f, q] * b[t, q]``, with b turned."""
    cdef real corner[ROWS * MAX_LANES]
    cdef Py_ssize_t lanes = LANE_BYTES // sizeof(real), f, t = 0, j, l, most, rows
    cdef real *to
    cdef Py_ssize_t to_pitch
    while t < terms:
        most = min(lanes, terms - t)
        for f in range(ceil_div(features, ROWS)):
            rows = min(ROWS, features - f * ROWS)
            to, to_pitch = sums + f * ROWS * pitch + t, pitch
            if most < lanes:
                memset(corner, 0, sizeof(corner))
                to, to_pitch = corner, lanes
            add_lanes(
                y + f * ROWS * y_pitch, y_pitch, 1, lane_of, lanes, count, <const real *> NULL,
                to, to_pitch, rows, enough_lanes(most, lanes),
            )
            if most < lanes:
                for j in range(rows):
                    for l in range(most):
                        sums[(f * ROWS + j) * pitch + t + l] += corner[j * lanes + l]
        t += lanes
        lane_of += count * lanes


cdef inline void multiply_scattered(
    const Sums *sums, const real *b, Py_ssize_t step, Py_ssize_t rows, Py_ssize_t taps,
    Scratch *scratch, const real *lane_of, Py_ssize_t count, const real *y, real *result,
) noexcept nogil:
    """``result[t, f] += sum over q < count of b[t, q] * y[f, q]``, with y turned.

    A tile has one tap of some rows, `step` elements apart, of which each has that many taps. The
    rows of the next tile are fetched meanwhile, and what the next block reads of y.
    """
    cdef Rows ahead
    cdef Py_ssize_t span = scratch.position[count - 1] + 1 - scratch.position[0]
    cdef Py_ssize_t lanes = LANE_BYTES // sizeof(real), f = 0, r, t
    while f < sums.p.features:
        for r in range(ceil_div(rows, ROWS)):
            if f == 0 and span <= 2 * count:  # one run of each row, and not read before
                ahead.start = (r + 1) * ROWS * step + scratch.position[0]
                ahead.count, ahead.pitch = min(ROWS, rows - (r + 1) * ROWS), step
                ahead.size, ahead.at = span, 0
                fetch_rows(b, &ahead, ROWS * span)
            for t in range(taps):
                fetch_rows(y, &scratch.next, scratch.lines)
                add_scattered_product(
                    b + r * ROWS * step + scratch.offset[t], step, scratch.position, lane_of, count,
                    result + (r * ROWS * taps + t) * sums.wide + f, taps * sums.wide,
                    min(ROWS, rows - r * ROWS), sums.p.features - f <= NARROW,
                )
        f += lanes
        lane_of += count * lanes


cdef inline void find_positions(Block *block, const Scratch *scratch) noexcept nogil:
    """Write where each column is read in a plane."""
    cdef Py_ssize_t r, k, q = 0
    for r in range(block.runs):
        for k in range(scratch.runs[r].size):
            scratch.position[q] = scratch.runs[r].src + k
            q += 1


cdef inline void look_ahead(
    Sums *sums, const Block *block, Py_ssize_t index, Py_ssize_t channels, Scratch *scratch
) noexcept nogil:
    """Find what block `index` reads of y, counted from the first item of the block before it."""
    cdef Product *p = &sums.p
    cdef Py_ssize_t item = index // p.pieces * p.together, q = index % p.pieces * sums.width
    cdef Py_ssize_t tiles = ceil_div(channels * p.taps, ROWS) * ceil_div(p.features, MAX_LANES)
    cdef Rows *rows = &scratch.next
    rows.at = 0
    rows.start = (item - block.item) * p.groups * p.features * p.dst_plane + q
    if p.pieces > 1:
        rows.count, rows.pitch = p.features, p.dst_plane
        rows.size = min(sums.width, p.dst_plane - q)
    else:
        rows.size = p.features * p.dst_plane
        rows.count, rows.pitch = min(p.together, p.items - item), p.groups * rows.size
    scratch.lines = ceil_div(rows.count * rows.size, tiles * (LINE_BYTES // 4))


cdef inline void sum_block(
    Sums *sums, Block *block, const real *x, Py_ssize_t left, const real *y, Py_ssize_t channels,
    real *result, Scratch *scratch, real *buffer,
) noexcept nogil:
    """Add to the sums of some channels what one block has."""
    cdef Product *p = &sums.p
    cdef Py_ssize_t c, item, share, terms, t, skip, vector = VECTOR_BYTES // sizeof(real)
    cdef Py_ssize_t lanes = LANE_BYTES // sizeof(real)
    cdef Py_ssize_t y_pitch = p.dst_plane, b_pitch = p.src_plane, step = p.groups * p.channels
    cdef const real *y_rows = y + block.q
    cdef Rows ahead
    cdef const real *b
    cdef real *lane_of = buffer + sums.rows_size
    cdef real *unfolded = lane_of + sums.lanes_size
    cdef real *plane = unfolded
    cdef bint there = sums.as_it_is  # whether rows of b are rows of x
    step *= p.src_plane
    if block.items > 1 or (sums.dots and block.columns % vector):
        gather_outputs(sums, block, y, buffer)
        y_rows, y_pitch, there = buffer, sums.pitch, False
    find_runs(&sums.phase, block, lanes, lanes, scratch.runs)
    find_offsets(&sums.phase, block, scratch.offset)
    if sums.turned:
        turn(y_rows, y_pitch, p.features, block.columns, lane_of)
        if sums.in_planes:
            find_positions(block, scratch)
        else:
            for t in range(block.columns):
                scratch.position[t] = t
    c = 0
    while c < channels:
        share = min(sums.share, channels - c)
        terms = share * p.taps
        b = x + c * p.src_plane
        if sums.in_planes:
            b_pitch = p.src_plane
            if not block.inside:
                b_pitch = block.channel
                for t in range(share):
                    if c + t + 1 < channels:
                        ahead = find_rows(p, block, 1)
                        fetch_rows(b + (t + 1) * p.src_plane, &ahead, ahead.count * ahead.size)
                    for item in range(block.items):
                        copy_rows(
                            b + t * p.src_plane + item * step,
                            left - (c + t) * p.src_plane - item * step, block.axes, block.first,
                            block.slot, plane + t * b_pitch + item * block.plane,
                        )
                b = plane
            multiply_scattered(
                sums, b, b_pitch, share, p.taps, scratch, lane_of, block.columns, y,
                result + c * p.taps * sums.wide,
            )
        else:
            if there:
                b += block.q
            else:
                unfold(
                    p, &sums.phase, block, b, left - c * p.src_plane, share, scratch.runs,
                    scratch.offset, unfolded + terms * sums.pitch, sums.pitch, unfolded,
                )
                skip, b_pitch = 0, sums.pitch
                if block.patches:
                    skip, b_pitch = scratch.runs[0].src, block.slot
                b = unfolded + skip
                for t in range(terms):
                    clear(unfolded + skip + t * b_pitch + block.columns, STEP)
            if sums.dots:
                multiply_dots(
                    y_rows, y_pitch, p.features, b, b_pitch, terms,
                    ceil_div(block.columns, vector) * vector, result + c * p.taps, sums.wide,
                )
            elif sums.turned:
                scratch.offset[0] = 0
                multiply_scattered(
                    sums, b, b_pitch, terms, 1, scratch, lane_of, block.columns, y,
                    result + c * p.taps * sums.wide,
                )
                find_offsets(&sums.phase, block, scratch.offset)
            else:
                turn(b, b_pitch, terms, block.columns, lane_of)
                multiply_lanes(
                    y_rows, y_pitch, p.features, lane_of, terms, block.columns,
                    result + c * p.taps, sums.wide,
                )
        c += share


cdef inline void sum_task(
    Sums *sums, Py_ssize_t task, const real *x, const real *y, real *w, real *result,
    Run *runs, Py_ssize_t *offset, real *buffer, Watch *watch,
) noexcept nogil:
    """Sum up the blocks of one chunk, for one group and a part of its channels."""
    cdef Product *p = &sums.p
    cdef Block block
    cdef Py_ssize_t c = task % sums.parts * sums.range, group = task // sums.parts % p.groups
    cdef Py_ssize_t chunk = task // sums.parts // p.groups, index, skip
    cdef Scratch scratch
    scratch.runs, scratch.offset, scratch.position = runs, offset, offset + p.taps
    scratch.next.start = scratch.next.count = scratch.next.pitch = scratch.next.size = 0
    scratch.next.at = scratch.lines = 0
    if sums.region:
        result += task * sums.region
        memset(result, 0, sums.region * sizeof(real))
    else:
        result = w + (group * p.features * p.channels + c) * p.taps
    for index in range(chunk * p.blocks // sums.chunks, (chunk + 1) * p.blocks // sums.chunks):
        if interrupted(watch):
            return
        set_block(p, &sums.phase, index, STEP, &block)
        if block.columns > 0:
            if index + 1 < (chunk + 1) * p.blocks // sums.chunks:
                look_ahead(sums, &block, index + 1, min(sums.range, p.channels - c), &scratch)
            skip = ((block.item * p.groups + group) * p.channels + c) * p.src_plane
            sum_block(
                sums, &block, x + skip, sums.x_size - skip,
                y + (block.item * p.groups + group) * p.features * p.dst_plane,
                min(sums.range, p.channels - c), result, &scratch, buffer,
            )


cdef inline void add_sums(Sums *sums, Py_ssize_t part, real *result, real *w) noexcept nogil:
    """Add to the weights of a group and a part of its channels what all chunks found, in order."""
    cdef Product *p = &sums.p
    cdef Py_ssize_t c = part % sums.parts * sums.range, f, t, block, last, chunk
    cdef Py_ssize_t terms = min(sums.range, p.channels - c) * p.taps
    cdef Py_ssize_t f_step = 1 if sums.turned else sums.wide
    cdef Py_ssize_t t_step = sums.wide if sums.turned else 1
    result += part * sums.region
    w += (part // sums.parts * p.features * p.channels + c) * p.taps
    for chunk in range(1, sums.chunks):
        for t in range(sums.region):
            result[t] += result[chunk * p.groups * sums.parts * sums.region + t]
    for block in range(ceil_div(terms, STEP)):
        last = min(terms, block * STEP + STEP)
        for f in range(p.features):
            for t in range(block * STEP, last):
                w[f * p.channels * p.taps + t] += result[f * f_step + t * t_step]
