"""How a strided convolution is cut into convolutions of stride 1 with one or two taps an axis.

With stride s, ``y[o] += x[o * s + k - low] * w[k]`` reads for the taps k = r, r + s, ... of one
residue r every s-th element of x: a convolution of stride 1. The input gradient writes, for the
taps of one residue, every s-th element of x: again a convolution of stride 1. Here each residue is
a *block* of an axis, with one tap or two; a *line* says how a tile lies along one axis:

* Forward, blocks of equally many taps count as further channels (*slots*): they share points.
  Blocks of two taps and of one have their own points, and their outputs are added.
* In an input gradient each block has its own points, and their outputs interleave: from 4
  positions of y and their neighbours come 4 s positions of x.

A tile reads a *window* of neighbours and writes neighbours, so that neither reading nor writing
has a stride. The taps of the first axis count as more channels: a *pair* is a channel and a tap of
it. The *depth* is the number of pairs times the slots.
"""

from lucid._cython.padded cimport Axis, ceil_div, dst_start, lay_out, shift, slot, src_start
from lucid._cython.winograd_tiles cimport LANES, PAD

cdef enum:
    TILE = 4  # outputs of a block, of a tile, along an axis
    EDGE = 10  # points of a line, at most, and elements of its window
    BLOCK_ROWS = 8  # outputs of a tile along an axis, at most
    POINTS = 100  # of a tile, at most
    CHUNK = 16384  # of points and depth at a time: a transformed column of that many takes 2 MB

cdef struct Block:  # one residue of an axis
    Py_ssize_t taps, tap, tap_step  # tap + i * tap_step reads input i of the first output
    Py_ssize_t first  # element of the window that is this input
    Py_ssize_t to  # of the outputs of a tile, its first one
    Py_ssize_t point, weight, slot  # its first point, transformed weight, and slot

cdef struct Line:  # one of the last two axes, in one pass
    Py_ssize_t src_size, dst_size, kernel, stride, low
    Py_ssize_t blocks
    Block block[2]
    Py_ssize_t step  # elements of the window from one input of a block to the next
    Py_ssize_t lay  # outputs of a tile from one of a block to the next
    Py_ssize_t tile, rows  # outputs of a block and of all
    Py_ssize_t start, window  # position of the first element that is read; how many
    Py_ssize_t read_step  # positions from one tile to the next; `rows` are written
    Py_ssize_t points, weights, slots, tiles

cdef struct Plan:
    Axis axis0
    Line line1, line2
    bint turned  # this is an input gradient
    const float *bias  # of each feature of the group, if the result is set; NULL if it is added to
    Py_ssize_t items, groups, channels, features  # of one group
    Py_ssize_t src_plane, dst_plane  # elements of one channel
    Py_ssize_t w_group, w_feature, w_channel  # elements from one to the next
    # of a pass
    Py_ssize_t phase0, taps0, first0, count0  # along the first axis: phase, taps, positions
    Py_ssize_t points, weights  # of a tile
    Py_ssize_t weight_of[POINTS]  # the transformed weight of a point
    Py_ssize_t tiles, columns  # in all; LANES of them together
    Py_ssize_t slots, whole_pairs, start, pairs  # of which `pairs` from `start` on are held
    Py_ssize_t input_step, input_size  # elements of a transformed column: for a point, in all

cdef struct Pair:
    Py_ssize_t channel
    Py_ssize_t k0  # tap of the first axis


cdef inline void set_block(
    const Line *line, Py_ssize_t residue, bint turned, Block *block
) noexcept nogil:
    """Describe the taps of one residue; `first` is a position yet."""
    cdef Py_ssize_t q
    block.taps = ceil_div(line.kernel - residue, line.stride)
    if turned:  # position i has q * stride + residue = i + low and reads q, q - 1
        q = ceil_div(line.low - residue, line.stride)
        block.to = q * line.stride + residue - line.low
        block.first = q - block.taps + 1
        block.tap = residue + (block.taps - 1) * line.stride
        block.tap_step = -line.stride
    else:
        block.to, block.first = 0, residue - line.low
        block.tap, block.tap_step = residue, line.stride


cdef inline void number_points(Line *line, bint merged) noexcept nogil:
    """Give each block its points and transformed weights, or all the same ones."""
    cdef Py_ssize_t b
    cdef Block *block
    line.points = line.weights = line.window = 0
    line.slots = line.blocks if merged else 1
    for b in range(line.blocks):
        block = &line.block[b]
        block.slot = b if merged else 0
        block.first -= line.start
        if merged:
            line.points = line.weights = 0
        block.point, block.weight = line.points, line.weights
        line.points += line.tile + block.taps - 1
        line.weights += line.tile + 1 if block.taps == 2 else 1
        line.window = max(
            line.window, block.first + line.step * (line.tile + block.taps - 2) + 1
        )


cdef inline void set_line(Line *line, bint turned, bint last) noexcept nogil:
    """Describe the blocks of an axis, and cut it into tiles."""
    cdef Py_ssize_t b, count = 0 if turned else line.dst_size
    line.blocks, line.step = min(line.kernel, line.stride), 1 if turned else line.stride
    for b in range(line.blocks):
        set_block(line, b, turned, &line.block[b])
        if turned:
            count = max(count, ceil_div(line.dst_size - line.block[b].to, line.stride))
        line.start = min(line.start, line.block[b].first) if b else line.block[b].first
    line.tile, line.lay = TILE, line.stride if turned else 1
    if not last and line.kernel <= line.stride:  # one tap: a tile may be shorter
        line.tile = min(<Py_ssize_t> TILE, max(<Py_ssize_t> 1, count))
    line.rows, line.read_step = line.tile * line.lay, line.tile * line.step
    line.tiles = ceil_div(count, line.tile)
    number_points(line, line.blocks == 2 and not turned and line.kernel % 2 == 0)


cdef inline Py_ssize_t weight_at(const Line *line, Py_ssize_t point) noexcept nogil:
    """Return the transformed weight of a point: of one tap, all points have the same."""
    cdef const Block *block = &line.block[0]
    if line.slots == 1 and line.blocks == 2 and point >= line.block[1].point:
        block = &line.block[1]
    return block.weight + (point - block.point if block.taps == 2 else 0)


cdef inline void set_tiles(Plan *plan) noexcept nogil:
    """Cut the last two axes into tiles."""
    cdef Line *line1 = &plan.line1
    cdef Line *line2 = &plan.line2
    cdef Py_ssize_t k
    set_line(line1, plan.turned, False)
    set_line(line2, plan.turned, True)
    plan.points, plan.weights = line1.points * line2.points, line1.weights * line2.weights
    for k in range(plan.points):
        plan.weight_of[k] = (
            weight_at(line1, k // line2.points) * line2.weights
            + weight_at(line2, k % line2.points)
        )
    plan.slots = line1.slots * line2.slots


cdef inline void set_sizes(
    Plan *plan, const Py_ssize_t *x_shape, const Py_ssize_t *w_shape, const Py_ssize_t *y_shape,
    const Py_ssize_t *stride, const Py_ssize_t *dilation, const Py_ssize_t *low,
    Py_ssize_t groups, bint turned,
) noexcept nogil:
    """Describe a forward or, `turned`, an input gradient."""
    cdef Py_ssize_t a
    cdef Line *line
    plan.items, plan.groups, plan.turned, plan.bias = x_shape[0], groups, turned, NULL
    plan.channels, plan.features = w_shape[1], w_shape[0] // groups
    plan.axis0 = lay_out(
        x_shape[2], w_shape[2], y_shape[2], stride[0], dilation[0], low[0], turned
    )
    plan.src_plane, plan.dst_plane = plan.axis0.src_size, plan.axis0.dst_size
    for a in range(1, 3):
        line = &plan.line1 if a == 1 else &plan.line2
        line.src_size, line.dst_size = x_shape[2 + a], y_shape[2 + a]
        if turned:
            line.src_size, line.dst_size = line.dst_size, line.src_size
        line.kernel, line.stride, line.low = w_shape[2 + a], stride[a], low[a]
        plan.src_plane *= line.src_size
        plan.dst_plane *= line.dst_size
    plan.w_channel = w_shape[2] * w_shape[3] * w_shape[4]
    plan.w_feature = plan.channels * plan.w_channel
    plan.w_group = plan.features * plan.w_feature
    if turned:
        plan.channels, plan.features = plan.features, plan.channels
        plan.w_channel, plan.w_feature = plan.w_feature, plan.w_channel
    set_tiles(plan)


cdef inline Py_ssize_t passes(const Plan *plan) noexcept nogil:
    """Count the passes along the first axis: a forward makes one of all taps."""
    return plan.axis0.phases if plan.turned else 1


cdef inline void set_pass(Plan *plan, Py_ssize_t phase) noexcept nogil:
    """Choose a phase of the first axis."""
    cdef Axis *axis = &plan.axis0
    cdef Py_ssize_t last = axis.dst_size
    plan.phase0, plan.first0, plan.taps0 = phase, 0, axis.taps
    if plan.turned:
        plan.first0 = max(0, ceil_div(-dst_start(axis, phase, 0), axis.dst_step))
        last = ceil_div(axis.dst_size - dst_start(axis, phase, 0), axis.dst_step)
        plan.taps0 = ceil_div(axis.taps - phase, axis.cycle)
    plan.count0 = max(0, last - plan.first0)
    plan.tiles = plan.items * plan.count0 * plan.line1.tiles * plan.line2.tiles
    plan.columns = ceil_div(plan.tiles, LANES)
    plan.whole_pairs = plan.taps0 * plan.channels


cdef inline void hold_pairs(Plan *plan, Py_ssize_t pairs) noexcept nogil:
    """Hold so many pairs at a time."""
    plan.start, plan.pairs = 0, pairs
    plan.input_step = plan.pairs * plan.slots * LANES + PAD
    plan.input_size = plan.points * plan.input_step


cdef inline void set_chunk(Plan *plan, Py_ssize_t depth) noexcept nogil:
    """Cut the pairs into equal chunks of about such a depth."""
    cdef Py_ssize_t most = max(<Py_ssize_t> 1, depth // plan.slots)
    hold_pairs(plan, ceil_div(plan.whole_pairs, ceil_div(plan.whole_pairs, most)))


cdef inline Py_ssize_t held(const Plan *plan) noexcept nogil:
    """Count the pairs of this chunk; the last one may be shorter."""
    return min(plan.pairs, plan.whole_pairs - plan.start)


cdef inline Pair pair_at(const Plan *plan, Py_ssize_t p) noexcept nogil:
    """Find pair p of the chunk: channels of one tap are neighbours."""
    cdef Pair pair
    pair.channel = (plan.start + p) % plan.channels
    pair.k0 = (plan.start + p) // plan.channels
    if plan.turned:
        pair.k0 = plan.phase0 + pair.k0 * plan.axis0.cycle
    return pair


cdef inline Py_ssize_t source0(const Plan *plan, Py_ssize_t k0, Py_ssize_t m0) noexcept nogil:
    """Return the plane that a tap of the first axis reads for m0; it may lie outside."""
    cdef const Axis *axis = &plan.axis0
    return (
        src_start(axis, slot(axis, k0), plan.first0 + m0) + shift(axis, k0) * axis.src_step
    )


cdef inline Py_ssize_t target0(const Plan *plan, Py_ssize_t m0) noexcept nogil:
    """Return the plane that m0 writes."""
    return dst_start(&plan.axis0, plan.phase0, plan.first0 + m0)
