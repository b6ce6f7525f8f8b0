"""The direct kernel's weight gradient: sums over items and positions, cut by the shapes alone.

A row of the sums is a (channel, tap) pair, a column is `lanes` features. Each task sums up a fixed
range of the blocks of all items, for some columns; `add_sums` then adds the ranges in their order.
So the bits of the result do not depend on the number of threads.
"""

from libc.string cimport memset

from lucid._cython.direct_plan cimport BLOCK_BYTES, WEIGHT_BYTES, Plan, whole
from lucid._cython.interrupt cimport Watch, interrupted
from lucid._cython.microkernel cimport LANE_BYTES, NARROW, ROWS, multiply_add_scattered
from lucid._cython.padded cimport (
    LINE, Axis, ceil_div, clip, copy_channel, find_block, plane_size, set_blocks, tail_size,
)
from lucid._cython.types cimport real

cdef enum:
    POSITIONS = 2048  # elements of a channel of a block, so that its packed outputs fit as well
    TASKS = 16  # a fixed number, whatever the threads
    STRIP = 16  # rows added up at a time

cdef struct Sums:  # how a weight gradient's sum over items and positions is cut
    Plan plan
    Py_ssize_t units, chunks  # blocks of items; ranges of units, each with sums of its own
    Py_ssize_t columns, parts  # columns of `lanes` features, shared out to this many tasks
    Py_ssize_t rows  # (channel, tap) pairs of the channels held at a time, in whole ROWS
    Py_ssize_t column_size  # sums of one column: every (channel, tap) pair, `lanes` features
    Py_ssize_t positions  # of a block
    Py_ssize_t buffer_size


cdef inline void make_sums(Sums *sums, Py_ssize_t itemsize) noexcept nogil:
    """Cut the work into tasks that do not depend on the number of threads, nor do the bits."""
    cdef Plan *plan = &sums.plan
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t a, lanes = LANE_BYTES // itemsize, size = BLOCK_BYTES // itemsize
    plan.taps = axes[0].taps * axes[1].taps * axes[2].taps
    set_blocks(axes, min(max(size // plan.channels, 8 * lanes), POSITIONS), 4 * lanes)
    plan.plane = plane_size(axes)
    plan.step1 = axes[2].pitch
    plan.step0 = axes[1].pitch * plan.step1
    plan.held = ceil_div(plan.channels, ceil_div(plan.channels, max(1, size // plan.plane)))
    sums.units = plan.items
    sums.positions = 1
    for a in range(3):
        plan.blocks[a] = ceil_div(axes[a].count, axes[a].block)
        sums.units *= plan.blocks[a]
        sums.positions *= axes[a].block
    sums.rows = whole(plan.held * plan.taps, ROWS)
    sums.columns = ceil_div(plan.features, lanes)
    sums.column_size = ceil_div(plan.channels, plan.held) * sums.rows * lanes
    size = plan.groups * sums.columns * sums.column_size * itemsize
    sums.chunks = max(1, min(min(TASKS, sums.units), WEIGHT_BYTES // size))
    sums.parts = clip(ceil_div(TASKS, sums.chunks * plan.groups), sums.columns)
    sums.buffer_size = plan.held * plan.plane + tail_size(axes) + LINE
    sums.buffer_size += whole(sums.positions * lanes, 16)


cdef inline void pack_columns(
    Plan *plan, const real *y, Py_ssize_t features, const Py_ssize_t *m, const Py_ssize_t *size,
    Py_ssize_t lanes, real *packed,
) noexcept nogil:
    """Store `lanes` features of each position side by side; zeros where there are fewer."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t m0, m1, m2, part, last, f
    cdef const real *row
    for m0 in range(size[0]):
        for m1 in range(size[1]):
            row = y + ((m[0] + m0) * axes[1].dst_size + m[1] + m1) * axes[2].dst_size + m[2]
            for part in range(ceil_div(size[2], 16)):  # a cache line of every feature at a time
                last = min(size[2], part * 16 + 16)
                for f in range(features):
                    for m2 in range(part * 16, last):
                        packed[m2 * lanes + f] = row[f * plan.dst_plane + m2]
                for m2 in range(part * 16, last):
                    for f in range(features, lanes):
                        packed[m2 * lanes + f] = 0
            packed += size[2] * lanes


cdef inline void sum_task(
    Sums *sums, Py_ssize_t task, const real *x, const real *y, const Py_ssize_t *base,
    Py_ssize_t *position, real *result, real *buffer, Watch *watch,
) noexcept nogil:
    """Sum up the units of one chunk, for one group and a part of its columns of features."""
    cdef Plan *plan = &sums.plan
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t m[3]
    cdef Py_ssize_t size[3]
    cdef Py_ssize_t c, turn, each, held, group, chunk, part, unit, rest, column, first, last
    cdef Py_ssize_t m0, m1, m2, row, count, feature, features, lanes = LANE_BYTES // sizeof(real)
    cdef real *packed = buffer
    cdef bint narrow
    part = task % sums.parts
    chunk = task // sums.parts % sums.chunks
    group = task // sums.parts // sums.chunks
    first = part * sums.columns // sums.parts
    last = (part + 1) * sums.columns // sums.parts
    result += (chunk * plan.groups + group) * sums.columns * sums.column_size
    buffer += whole(sums.positions * lanes, 16)
    for unit in range(chunk * sums.units // sums.chunks, (chunk + 1) * sums.units // sums.chunks):
        if interrupted(watch):
            return
        rest = find_block(axes, unit, m, size) * plan.groups + group
        count = 0
        for m0 in range(size[0]):
            for m1 in range(size[1]):
                for m2 in range(size[2]):
                    position[count] = m0 * plan.step0 + m1 * plan.step1 + m2
                    count += 1
        for turn in range(ceil_div(plan.channels, plan.held)):
            c = turn * plan.held
            held = min(plan.held, plan.channels - c)
            for each in range(held):
                copy_channel(
                    x + (rest * plan.channels + c + each) * plan.src_plane,
                    x + (rest + 1) * plan.channels * plan.src_plane, axes, m,
                    buffer + each * plan.plane,
                )
            memset(buffer + held * plan.plane, 0, tail_size(axes) * sizeof(real))
            for column in range(first, last):
                feature = column * lanes
                features = min(lanes, plan.features - feature)
                narrow = features <= NARROW < lanes
                pack_columns(
                    plan, y + (rest * plan.features + feature) * plan.dst_plane, features, m, size,
                    <Py_ssize_t> NARROW if narrow else lanes, packed,
                )
                for row in range(ceil_div(held * plan.taps, ROWS)):
                    multiply_add_scattered(
                        buffer, base + row * ROWS, position, packed, count,
                        result + column * sums.column_size
                        + (turn * sums.rows + row * ROWS) * lanes, narrow,
                        unit == chunk * sums.units // sums.chunks,
                    )


cdef inline Py_ssize_t strips(Sums *sums) noexcept nogil:
    """Count the strips of STRIP rows that `add_sums` handles, of all columns and groups."""
    cdef Plan *plan = &sums.plan
    return (
        plan.groups * sums.columns * ceil_div(plan.channels, plan.held)
        * ceil_div(plan.held * plan.taps, STRIP)
    )


cdef inline void add_sums(Sums *sums, Py_ssize_t strip, real *result, real *w) noexcept nogil:
    """Add to w what all chunks found for a few rows of a column, in the order of the chunks.

    The sums of a row are those of `lanes` features, which lie far apart in w: a strip of rows is
    as long as a cache line of w.
    """
    cdef Plan *plan = &sums.plan
    cdef Py_ssize_t turn, column, row, rows, chunk, f, t, q, lanes = LANE_BYTES // sizeof(real)
    cdef Py_ssize_t chunk_size = plan.groups * sums.columns * sums.column_size
    cdef Py_ssize_t of_turn = ceil_div(plan.held * plan.taps, STRIP)
    row = strip % of_turn * STRIP
    turn = strip // of_turn % ceil_div(plan.channels, plan.held)
    column = strip // of_turn // ceil_div(plan.channels, plan.held)
    rows = min(STRIP, min(plan.held, plan.channels - turn * plan.held) * plan.taps - row)
    result += column * sums.column_size + (turn * sums.rows + row) * lanes
    for chunk in range(1, sums.chunks):
        for q in range(rows * lanes):
            result[q] += result[chunk * chunk_size + q]
    f = column % sums.columns * lanes
    w += (column // sums.columns * plan.features + f) * plan.channels * plan.taps
    w += turn * plan.held * plan.taps + row
    for f in range(min(lanes, plan.features - f)):
        for t in range(rows):
            w[f * plan.channels * plan.taps + t] += result[t * lanes + f]
