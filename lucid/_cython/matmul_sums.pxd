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

from lucid._cython.interrupt cimport Watch, interrupted
from lucid._cython.matmul_columns cimport (
    STEP, Block, Run, clear, copy, copy_rows, find_offsets, find_runs, plane_room, set_block,
    unfold,
)
from lucid._cython.matmul_plan cimport Phase, Product, block_width, set_phase
from lucid._cython.microkernel cimport (
    DOTS, LANE_BYTES, MAX_LANES, NARROW, ROWS, VECTOR_BYTES, add_dots, add_narrow_product,
    add_product, add_scattered_product,
)
from lucid._cython.padded cimport ceil_div, clip
from lucid._cython.types cimport real

cdef enum:
    BLOCK_BYTES = 256 << 10  # of the columns or planes of a task: a part of a second-level cache
    TURNED_BYTES = 384 << 10  # of what is turned
    WIDTH = 1024  # columns of a block of dots, at most; 256 if one matrix is turned
    TASKS = 8  # at least half as many, whatever the threads
    SUMS_BYTES = 4 << 20  # of all tasks that add to the same weights; of the output's rows copied

cdef struct Sums:
    Product p
    Phase phase
    Py_ssize_t width  # columns of a block
    Py_ssize_t pitch  # from row to row of a copied block
    bint as_it_is  # whether a block of b is a block of x
    Py_ssize_t range, parts  # channels of a task; tasks for each group, all channels together
    Py_ssize_t share  # channels at a time
    Py_ssize_t chunks  # tasks that add to the same weights
    bint dots  # sums of products of neighbours, or else products of one matrix with lanes of ...
    bint turned  # ... the other, which is y if the result is turned, else b
    bint in_planes  # whether rows of b are read in the planes: with too few channels they are not
    Py_ssize_t wide  # elements from one row of sums to the next
    Py_ssize_t region  # sums of a task, 0 if they are added to the weights at once
    Py_ssize_t x_size  # elements of x in all
    Py_ssize_t rows_size, lanes_size, plane, buffer_size

cdef struct Scratch:  # of a thread
    Run *runs
    Py_ssize_t *offset  # of a tap
    Py_ssize_t *position  # of a column


cdef inline void choose_product(Sums *sums, Py_ssize_t lanes) noexcept nogil:
    """Choose what comes to lie in the lanes: columns, features or terms, by counting cycles."""
    cdef Product *p = &sums.p
    cdef Py_ssize_t f = p.features, t = p.channels * p.taps, half = lanes // 2
    cdef Py_ssize_t columns = p.items * sums.phase.positions
    cdef Py_ssize_t by_dots, by_features, by_terms
    by_dots = columns * f * t // 10
    by_features = columns * (ceil_div(f, half) * half * t // 16 + f) + 6 * f * t
    by_terms = columns * (ceil_div(t, half) * half * f // 16 + 2 * t)
    sums.dots = by_dots < by_features and by_dots < by_terms
    sums.turned = not sums.dots and by_features < by_terms


cdef inline void make_sums(Sums *sums, Py_ssize_t itemsize, int threads) noexcept nogil:
    """Cut the work into tasks; the number of threads only says how many shares are one task's."""
    cdef Product *p = &sums.p
    cdef Py_ssize_t positions, most, f = p.features, t, size, tasks, unit
    cdef Py_ssize_t lanes = LANE_BYTES // itemsize
    set_phase(p, &sums.phase, 0)
    positions = sums.phase.positions
    choose_product(sums, lanes)
    most = max(WIDTH // 16, min(<Py_ssize_t> WIDTH, SUMS_BYTES // (f * itemsize)))
    if sums.turned:
        most = max(WIDTH // 4, min(most, TURNED_BYTES // (ceil_div(f, lanes) * LANE_BYTES)))
    p.together = max(1, clip(most // positions, p.items))
    p.pieces = ceil_div(positions, most)
    p.blocks = ceil_div(p.items, p.together) * p.pieces
    sums.width = block_width(p, &sums.phase, STEP)
    sums.pitch = ceil_div(sums.width + MAX_LANES, STEP) * STEP + STEP
    sums.as_it_is = p.taps == 1 and p.src_plane == positions and p.axes[2].src_step == 1
    sums.as_it_is = sums.as_it_is and p.axes[2].src_low == 0 and p.axes[0].dst_size == 1
    sums.as_it_is = sums.as_it_is and p.axes[1].dst_size == 1
    sums.plane = plane_room(p, &sums.phase, STEP)
    sums.in_planes = sums.turned and (p.channels >= 4 * ROWS or p.channels % ROWS == 0)
    size = sums.plane if sums.in_planes else sums.pitch * p.taps
    sums.share = max(1, clip(BLOCK_BYTES // (size * itemsize), p.channels))
    sums.share = ceil_div(p.channels, ceil_div(p.channels, sums.share))
    unit = ROWS if sums.turned or sums.dots else lanes  # so that tiles are full
    sums.share = min(p.channels, ceil_div(sums.share, unit) * unit)
    tasks = p.groups * ceil_div(p.channels, sums.share)
    size = max(1, SUMS_BYTES // (p.groups * f * p.channels * p.taps * itemsize))
    sums.chunks = 1 if 2 * tasks >= TASKS else clip(TASKS // tasks, min(size, p.blocks))
    sums.range = p.channels
    if threads > 1:
        sums.range = sums.share * max(1, tasks * sums.chunks // (4 * threads * p.groups))
    sums.parts = ceil_div(p.channels, sums.range)
    sums.x_size = p.items * p.groups * p.channels * p.src_plane
    t = sums.range * p.taps
    sums.wide = p.channels * p.taps  # what the tasks share out are whole shares: so are the bits
    sums.region = 0
    if sums.turned:
        sums.wide = ceil_div(f, lanes) * lanes
        sums.region = sums.wide * t
    elif sums.chunks > 1:
        sums.wide = t
        sums.region = f * t
    t = sums.share * p.taps
    sums.rows_size = f * sums.pitch
    sums.lanes_size = 0
    size = t * sums.pitch + sums.plane
    if sums.in_planes:
        size = sums.share * sums.plane
    if sums.turned:
        sums.lanes_size = sums.wide * sums.width
    elif not sums.dots:
        sums.lanes_size = ceil_div(t, lanes) * lanes * sums.width
    sums.buffer_size = sums.rows_size + sums.lanes_size + size + 2 * STEP + lanes
    sums.buffer_size = ceil_div(sums.buffer_size, STEP) * STEP


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
            if most <= NARROW:
                add_narrow_product(
                    y + f * ROWS * y_pitch, y_pitch, 1, lane_of, lanes, count, <const real *> NULL,
                    to, to_pitch, rows,
                )
            else:
                add_product(
                    y + f * ROWS * y_pitch, y_pitch, 1, lane_of, lanes, count, <const real *> NULL,
                    to, to_pitch, rows,
                )
            if most < lanes:
                for j in range(rows):
                    for l in range(most):
                        sums[(f * ROWS + j) * pitch + t + l] += corner[j * lanes + l]
        t += lanes
        lane_of += count * lanes


cdef inline void multiply_scattered(
    const Sums *sums, const real *b, Py_ssize_t step, Py_ssize_t rows, Py_ssize_t taps,
    const Scratch *scratch, const real *lane_of, Py_ssize_t count, real *result,
) noexcept nogil:
    """``result[t, f] += sum over q < count of b[t, q] * y[f, q]``, with y turned.

    A tile has one tap of some rows, `step` elements apart, of which each has that many taps.
    """
    cdef Py_ssize_t lanes = LANE_BYTES // sizeof(real), f = 0, r, t
    while f < sums.p.features:
        for r in range(ceil_div(rows, ROWS)):
            for t in range(taps):
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


cdef inline void sum_block(
    Sums *sums, Block *block, const real *x, Py_ssize_t left, const real *y, Py_ssize_t channels,
    real *result, const Scratch *scratch, real *buffer,
) noexcept nogil:
    """Add to the sums of some channels what one block has."""
    cdef Product *p = &sums.p
    cdef Py_ssize_t c, item, share, terms, t, vector = VECTOR_BYTES // sizeof(real)
    cdef Py_ssize_t y_pitch = p.dst_plane, b_pitch = p.src_plane, step = p.groups * p.channels
    cdef const real *y_rows = y + block.q
    cdef const real *b
    cdef real *lane_of = buffer + sums.rows_size
    cdef real *unfolded = lane_of + sums.lanes_size
    cdef real *plane = unfolded
    cdef bint there = sums.as_it_is  # whether rows of b are rows of x
    step *= p.src_plane
    if block.items > 1 or (sums.dots and block.columns % vector):
        gather_outputs(sums, block, y, buffer)
        y_rows, y_pitch, there = buffer, sums.pitch, False
    find_runs(&sums.phase, block, vector, vector, scratch.runs)
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
                b_pitch = block.items * block.plane
                for t in range(share):
                    for item in range(block.items):
                        copy_rows(
                            b + t * p.src_plane + item * step,
                            left - (c + t) * p.src_plane - item * step, block.axes, block.first,
                            plane + t * b_pitch + item * block.plane,
                        )
                b = plane
            multiply_scattered(
                sums, b, b_pitch, share, p.taps, scratch, lane_of, block.columns,
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
                for t in range(terms):
                    clear(unfolded + t * sums.pitch + block.columns, STEP)
                b, b_pitch = unfolded, sums.pitch
            if sums.dots:
                multiply_dots(
                    y_rows, y_pitch, p.features, b, b_pitch, terms,
                    ceil_div(block.columns, vector) * vector, result + c * p.taps, sums.wide,
                )
            elif sums.turned:
                scratch.offset[0] = 0
                multiply_scattered(
                    sums, b, b_pitch, terms, 1, scratch, lane_of, block.columns,
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
