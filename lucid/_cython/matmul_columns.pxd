"""The matrix of columns that a convolution multiplies by: written one block at a time.

``b[t, q]`` is the input that the pair t = (channel, tap) reads for column q. Channel by channel,
the rows that a block reads are copied with their padding, slot by slot (`padded.pxd`), into a plane
that stays in the first-level cache. There every tap reads the same runs of neighbours, shifted by
one offset, so each is copied as `lanes` elements without a condition; what that is too many is
overwritten by the next run or the next term. Where a block needs no padding and the stride is 1,
the runs are read from the input itself. And where taps share nothing, kernels being patches side by
side, each slot is a row of b already: nothing is copied twice.
"""

from libc.string cimport memcpy

from lucid._cython.fetch cimport Rows
from lucid._cython.matmul_plan cimport TERMS, Phase, Product, block_width, set_phase, split
from lucid._cython.matmul_rows cimport STEP, copy_rows
from lucid._cython.microkernel cimport LANE_BYTES, ROWS
from lucid._cython.padded cimport (
    Axis, ceil_div, clip, phase_taps, shift, slot, src_start, tap_step,
)
from lucid._cython.types cimport real

cdef struct Run:  # neighbouring columns
    Py_ssize_t src, dst, size  # where the first is read and comes to lie, for a term's tap 0

cdef struct Room:  # for each thread, in elements of its kind
    Py_ssize_t runs, offsets, plane, b, near

cdef struct Block:  # some columns of a phase, and the part of the input that they read
    Py_ssize_t item, items  # the first one, and how many
    Py_ssize_t q, columns  # the first column in that item; all of them
    Axis axes[3]  # with the pitches of the plane, or of the input itself
    Py_ssize_t first[3]  # the m of the first row and column
    Py_ssize_t low, high  # the first and the last element of a channel that they read
    bint inside  # whether the input is read where it is
    bint patches  # whether its slots are the terms of b
    Py_ssize_t start, plane  # elements to column 0, and from item to item
    Py_ssize_t slot, channel  # of all items: from slot to slot, and all slots of a channel
    Py_ssize_t runs
    Py_ssize_t term, tile  # elements of b from term to term, from tile to tile


cdef inline Py_ssize_t slot_size(Py_ssize_t size) noexcept nogil:
    """Make room for what is written too much; with an odd number of pieces of STEP elements.

    So that slots do not all fall on the same few lines of a cache.
    """
    return (ceil_div(size, STEP) // 2 * 2 + 3) * STEP


cdef inline void set_block(
    Product *p, Phase *phase, Py_ssize_t index, Py_ssize_t lanes, Block *block
) noexcept nogil:
    """Find what block `index` of a phase reads; it may be empty."""
    cdef Py_ssize_t last[3]
    cdef Py_ssize_t a, i, count, width = block_width(p, phase, lanes)
    cdef bint rows = p.pieces == 1  # whether all of the axis is wanted
    cdef Axis *axis
    block.item = index // p.pieces * p.together
    block.items = min(p.together, p.items - block.item)
    block.q = index % p.pieces * width
    block.columns = min(width, block.items * phase.positions - block.q)
    if block.columns <= 0:
        return
    split(phase, block.q, block.first)
    split(phase, block.q + block.columns - 1, last)
    block.inside = True
    block.start = block.low = block.high = 0
    for a in range(3):
        axis = &block.axes[a]
        axis[0] = p.axes[a]
        if rows:
            block.first[a], last[a] = phase.first[a], phase.first[a] + phase.count[a] - 1
        count = last[a] - block.first[a] + 1
        rows = rows or count > 1
        axis.pitch = count + axis.reach
        i = src_start(axis, 0, block.first[a])
        block.start = block.start * axis.src_size + i
        block.low = block.low * axis.src_size + clip(i, axis.src_size - 1)
        i += axis.pitch * axis.src_step - 1
        block.high = block.high * axis.src_size + clip(i, axis.src_size - 1)
        if axis.src_step > 1 or i < axis.pitch - 1 or i >= axis.src_size:
            block.inside = False
    block.patches = p.patches and not block.inside
    if block.inside:
        for a in range(3):
            block.axes[a].pitch = block.axes[a].src_size
        block.plane = p.groups * p.channels * p.src_plane
        block.slot = block.channel = 0
    else:
        block.start = 0
        block.plane = block.axes[0].pitch * block.axes[1].pitch * block.axes[2].pitch
        block.slot = slot_size(block.items * block.plane)
        block.channel = block.axes[0].slots * block.axes[1].slots * block.axes[2].slots
        block.channel *= block.slot


cdef inline Py_ssize_t plane_room(Product *p, Phase *phase, Py_ssize_t lanes) noexcept nogil:
    """Count the elements that the planes of any block take at most."""
    cdef Py_ssize_t a, n, size = p.together, inner = 1, width = block_width(p, phase, lanes)
    cdef Py_ssize_t slots = 1
    for a in range(2, -1, -1):
        n = phase.count[a]
        if p.pieces > 1 and (a == 0 or phase.count[0] == 1 and (a == 1 or phase.count[1] == 1)):
            n = min(n, width // max(1, inner) + 2)
        inner *= phase.count[a]
        slots *= p.axes[a].slots
        size *= n + p.axes[a].reach
    return slots * slot_size(size)


cdef inline Py_ssize_t padded_terms(Py_ssize_t terms) noexcept nogil:
    """Terms from block to block of b: more, for what is written too much, and always odd.

    So that blocks do not all fall on the same few lines of a cache.
    """
    return terms + 3 + terms % 2


cdef inline Room room_of(Product *p, Py_ssize_t lanes) noexcept nogil:
    """Count what each thread needs for a block."""
    cdef Room room
    cdef Phase phase
    cdef Py_ssize_t number, width, terms
    room.runs = room.plane = room.b = 0
    room.offsets = p.taps
    for number in range(p.phases):
        set_phase(p, &phase, number)
        width = block_width(p, &phase, lanes)
        room.runs = max(room.runs, width)
        room.plane = max(room.plane, plane_room(p, &phase, lanes) + STEP + lanes)
        terms = phase.held * phase.taps
        room.b = max(room.b, padded_terms(terms) * lanes * ceil_div(width, lanes))
        if p.patches:
            room.b = max(room.b, phase.held * plane_room(p, &phase, lanes) + lanes)
    room.plane = ceil_div(room.plane, STEP) * STEP
    room.b = ceil_div(room.b, STEP) * STEP
    room.near = TERMS * ROWS if p.near else 0
    return room


cdef inline void find_runs(
    Phase *phase, Block *block, Py_ssize_t lanes, Py_ssize_t next_lanes, Run *run
) noexcept nogil:
    """Cut the columns into runs of neighbours in a row that lie in one tile of `lanes`."""
    cdef Py_ssize_t m[3]
    cdef Py_ssize_t a, at = 0, lane, item = 0, row
    split(phase, block.q, m)
    block.runs = 0
    block.term, block.tile = lanes, next_lanes
    if block.patches:
        block.term, block.tile = block.slot, lanes
    while at < block.columns:
        lane = at % lanes
        row = (m[0] - block.first[0]) * block.axes[1].pitch + m[1] - block.first[1]
        run.src = block.start + item * block.plane
        run.src += row * block.axes[2].pitch + m[2] - block.first[2]
        run.dst = at // lanes * next_lanes + lane
        run.size = min(lanes - lane, block.columns - at)
        run.size = min(run.size, phase.first[2] + phase.count[2] - m[2])
        at += run.size
        m[2] += run.size
        for a in range(2, -1, -1):
            if m[a] == phase.first[a] + phase.count[a]:
                m[a] = phase.first[a]
                if a > 0:
                    m[a - 1] += 1
                else:
                    item += 1
        run += 1
        block.runs += 1


cdef inline Rows find_rows(Product *p, Block *block, Py_ssize_t channels) noexcept nogil:
    """Find what a block reads of some channels, counted from the first of its first item."""
    cdef Rows rows
    rows.start = rows.at = 0
    if block.items > 1:
        rows.count, rows.pitch = block.items, p.groups * p.channels * p.src_plane
        rows.size = channels * p.src_plane
    else:
        rows.count, rows.pitch = channels, p.src_plane
        rows.start, rows.size = block.low, block.high + 1 - block.low
    return rows


cdef inline Rows look_ahead(
    Product *p, Phase *phase, const Block *block, Py_ssize_t after, Py_ssize_t group,
    Py_ssize_t c, Py_ssize_t lanes,
) noexcept nogil:
    """Find what the columns after these are made of: channels from c on, or block `after`."""
    cdef Block next = block[0]
    cdef Rows rows
    rows.count = rows.size = 0
    if c >= p.channels:
        c = 0
        next.columns = 0
        if after < p.blocks:
            set_block(p, phase, after, lanes, &next)
    if p.phases == 1 and next.columns > 0:  # else the next phase reads the same
        rows = find_rows(p, &next, min(phase.held, p.channels - c))
        rows.start += ((next.item * p.groups + group) * p.channels + c) * p.src_plane
    return rows


cdef inline void find_offsets(Phase *phase, Block *block, Py_ssize_t *offset) noexcept nogil:
    """Write where each tap reads for a column, counted from where the first shift does."""
    cdef Py_ssize_t t0, t1, t2, k0, k1, k2, which
    cdef const Axis *axes = block.axes
    for t0 in range(phase_taps(&axes[0], phase.number[0])):
        for t1 in range(phase_taps(&axes[1], phase.number[1])):
            for t2 in range(phase_taps(&axes[2], phase.number[2])):
                k0 = phase.number[0] + t0 * tap_step(&axes[0])
                k1 = phase.number[1] + t1 * tap_step(&axes[1])
                k2 = phase.number[2] + t2 * tap_step(&axes[2])
                which = (slot(&axes[0], k0) * axes[1].slots + slot(&axes[1], k1)) * axes[2].slots
                which += slot(&axes[2], k2)
                offset[0] = which * block.slot + shift(&axes[2], k2) + axes[2].pitch * (
                    shift(&axes[0], k0) * axes[1].pitch + shift(&axes[1], k1)
                )
                offset += 1


cdef inline void copy_runs(
    const real *x, Py_ssize_t left, const Run *runs, Py_ssize_t count, real *b
) noexcept nogil:
    """Copy `lanes` elements for each run, and no more than the run where fewer are left at x."""
    cdef Py_ssize_t r, k, lanes = LANE_BYTES // sizeof(real)
    for r in range(count):
        if runs[r].src + lanes > left:
            for k in range(runs[r].size):
                b[runs[r].dst + k] = x[runs[r].src + k]
            continue
        memcpy(b + runs[r].dst, x + runs[r].src, LANE_BYTES)


cdef inline void unfold(
    Product *p, Phase *phase, Block *block, const real *x, Py_ssize_t left, Py_ssize_t channels,
    const Run *runs, const Py_ssize_t *offset, real *plane, Py_ssize_t next_term, real *b,
) noexcept nogil:
    """Write the columns of a block for some channels, term after term; `left` elements are at x.

    The slots of patches are their terms, and need no runs: then a term is a slot.
    """
    cdef Py_ssize_t c, t, item, step = p.groups * p.channels * p.src_plane
    cdef Py_ssize_t size = block.channel + LANE_BYTES // sizeof(real)
    cdef real *to
    for c in range(channels):
        if not block.inside:
            to = b if block.patches else plane
            for item in range(block.items):
                copy_rows(
                    x + item * step, left - item * step, block.axes, block.first, block.slot,
                    to + item * block.plane,
                )
        if block.patches:
            b += phase.taps * block.slot
        else:
            for t in range(phase.taps):
                if block.inside:
                    copy_runs(x + offset[t], left - offset[t], runs, block.runs, b)
                else:
                    copy_runs(plane + offset[t], size - offset[t], runs, block.runs, b)
                b += next_term
        x += p.src_plane
        left -= p.src_plane
