"""How the matrix product cuts its work: phases of the result, blocks of columns, sums of terms."""

from lucid._cython.microkernel cimport LANE_BYTES, ROWS
from lucid._cython.padded cimport Axis, ceil_div, clip, dst_start, lay_out, phase_taps

cdef enum:
    COLUMNS_BYTES = 304 << 10  # of the matrix b, for each thread: a part of a second-level cache
    WEIGHT_BYTES = 4 << 20  # of transposed weights at a time
    COLUMNS = 2048  # of a block, at most
    PATCHES = 512  # of patches: so what it reads and writes stays in the second-level cache
    TERMS = 384  # of one sum in registers; longer ones are added up in parts
    SHARED = 16  # panels that are worth gathering the same columns once more, for another thread
    ADJACENT = 4  # the same, where columns are copied from neighbours

cdef struct Product:
    Axis axes[3]
    Py_ssize_t items, groups, channels, features  # channels are summed over; both of one group
    Py_ssize_t src_plane, dst_plane  # elements of one channel in memory
    Py_ssize_t taps, phases  # taps of all phases
    bint packed, near  # whether the weight is transposed: all of it, or a panel before its use
    bint reads_apart  # whether neighbouring columns may read what are no neighbours
    bint patches  # whether no two taps read the same: see matmul_columns.pxd
    Py_ssize_t row_step, step  # in the weight, from one feature and one term to the next
    Py_ssize_t panels  # of ROWS features
    Py_ssize_t together, pieces  # items in a block, or blocks in an item
    Py_ssize_t blocks, parts, tasks

cdef struct Phase:  # the part of a product that writes every dst_step-th position
    Py_ssize_t number[3]
    Py_ssize_t taps
    Py_ssize_t first[3]  # the range of m
    Py_ssize_t count[3]
    Py_ssize_t positions  # of one item
    bint whole  # whether position q is element q of a channel of the result
    Py_ssize_t held  # channels of one sum


cdef inline void set_product(
    Product *p, const Py_ssize_t *x_shape, const Py_ssize_t *w_shape, const Py_ssize_t *y_shape,
    Py_ssize_t *stride, Py_ssize_t *dilation, Py_ssize_t *low, Py_ssize_t groups, bint backward,
) noexcept nogil:
    """Describe the product; a kernel of one tap that reads every position has one axis."""
    cdef Py_ssize_t a
    cdef bint one_tap = True
    p.items, p.groups = x_shape[0], groups
    p.channels, p.features = w_shape[1], w_shape[0] // groups
    p.src_plane, p.dst_plane, p.taps, p.phases = 1, 1, 1, 1
    for a in range(3):
        p.src_plane *= x_shape[2 + a]
        p.dst_plane *= y_shape[2 + a]
        p.taps *= w_shape[2 + a]
        one_tap = one_tap and stride[a] == 1 and low[a] == 0 and x_shape[2 + a] == y_shape[2 + a]
        p.axes[a] = lay_out(
            x_shape[2 + a], w_shape[2 + a], y_shape[2 + a], stride[a], dilation[a], low[a], backward
        )
        p.phases *= p.axes[a].phases
    p.reads_apart = not (one_tap and p.taps == 1)
    if not p.reads_apart:
        p.axes[2] = lay_out(p.src_plane, 1, p.src_plane, 1, 1, 0, backward)
        p.axes[0] = p.axes[1] = lay_out(1, 1, 1, 1, 1, 0, backward)
    p.packed = backward
    p.patches = not backward and 1 < p.taps
    for a in range(3):
        p.patches = p.patches and p.axes[a].reach == 0
    p.row_step, p.step = p.channels * p.taps, 1
    if backward:
        p.channels, p.features = p.features, p.channels
        p.src_plane, p.dst_plane = p.dst_plane, p.src_plane
        p.row_step, p.step = 1, ROWS
    p.panels = ceil_div(p.features, ROWS)


cdef inline void set_phase(Product *p, Phase *phase, Py_ssize_t number) noexcept nogil:
    """Find the positions and taps of a phase."""
    cdef Py_ssize_t a, last
    cdef Axis *axis
    phase.taps = phase.positions = 1
    phase.whole = True
    for a in range(2, -1, -1):
        axis = &p.axes[a]
        phase.number[a] = number % axis.phases
        number //= axis.phases
        phase.taps *= phase_taps(axis, phase.number[a])
        phase.first[a] = max(0, ceil_div(-dst_start(axis, phase.number[a], 0), axis.dst_step))
        last = ceil_div(axis.dst_size - dst_start(axis, phase.number[a], 0), axis.dst_step)
        phase.count[a] = max(0, last - phase.first[a])
        phase.positions *= phase.count[a]
        phase.whole = phase.whole and axis.dst_step == 1 and phase.count[a] == axis.dst_size
    phase.held = ceil_div(p.channels, ceil_div(p.channels * phase.taps, TERMS))


cdef inline void cut_columns(Product *p, Py_ssize_t positions, Py_ssize_t most) noexcept nogil:
    """Make blocks of at most so many columns: some items, or a piece of one."""
    p.together = max(1, clip(most // positions, p.items))
    p.pieces = ceil_div(positions, most)
    p.blocks = ceil_div(p.items, p.together) * p.pieces


cdef inline void share_panels(Product *p, int threads, Py_ssize_t most) noexcept nogil:
    """Cut the panels into so few parts that threads have equally many tasks, two or more.

    Each part writes the columns once more; with eight tasks a thread, one more does not matter.
    """
    cdef Py_ssize_t tasks = p.groups * p.blocks
    while p.parts < most and (
        tasks * p.parts < 2 * threads
        or tasks * p.parts < 8 * threads and tasks * p.parts % threads > 0
    ):
        p.parts += 1


cdef inline void cut(Product *p, Py_ssize_t itemsize, int threads) noexcept nogil:
    """Choose the blocks: some items, or a piece of one; the same for every phase."""
    cdef Py_ssize_t number, most, lanes = LANE_BYTES // itemsize, terms = 0, positions = 1
    cdef Py_ssize_t columns
    cdef Phase phase
    for number in range(p.phases):
        set_phase(p, &phase, number)
        terms = max(terms, phase.held * phase.taps)
        positions = max(positions, phase.positions)
    most = clip(COLUMNS_BYTES // (terms * itemsize), PATCHES if p.patches else COLUMNS)
    most = max(most, lanes)
    cut_columns(p, positions, most)
    p.parts = 1
    if threads > 1:  # features first: blocks as narrow as a tile leave more lanes empty
        share_panels(p, threads, p.panels // (SHARED if p.reads_apart else ADJACENT))
        if p.groups * p.blocks * p.parts < 2 * threads:
            columns = p.groups * p.items * positions
            most = max(lanes, min(most, ceil_div(columns * p.parts, 4 * threads)))
            cut_columns(p, positions, most)
            p.parts = max(p.parts, clip(ceil_div(2 * threads, p.blocks * p.groups), p.panels))
    p.tasks = p.groups * p.blocks * p.parts
    p.near = p.packed and p.taps == 1 and p.blocks == 1  # then each panel is used only once
    p.packed = p.packed and not p.near


cdef inline Py_ssize_t block_width(
    Product *p, Phase *phase, Py_ssize_t lanes
) noexcept nogil:
    """Count the columns of a block: whole tiles, if it is a piece of an item."""
    if p.pieces == 1:
        return p.together * phase.positions
    return ceil_div(ceil_div(phase.positions, p.pieces), lanes) * lanes


cdef inline void split(Phase *phase, Py_ssize_t q, Py_ssize_t *m) noexcept nogil:
    """Find the position m of column q of an item."""
    cdef Py_ssize_t a
    for a in range(2, -1, -1):
        m[a] = phase.first[a] + q % phase.count[a]
        q //= phase.count[a]
