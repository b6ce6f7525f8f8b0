"""Which parts of a strided convolution are convolutions of stride 1 with one or two taps an axis.

With stride s, ``y[o] += x[o * s + k - low] * w[k]`` reads for the taps k = r, r + s, ... of one
residue r the *slot* of x that consists of every s-th element: a convolution of stride 1. The input
gradient writes, for the taps of one residue, one *phase* of x: again a convolution of stride 1.
`padded.pxd` has the formulas. A *pass* is one such phase, or all slots that have equally many taps:
they count as further input channels, as do the taps of the first axis. The *depth* is the number
of channels times all those.
"""

from lucid._cython.padded cimport Axis, ceil_div, dst_start, lay_out, shift, slot, src_start
from lucid._cython.winograd_tiles cimport LANES, PAD

cdef enum:
    SLOTS = 4  # of a channel, at most
    TILE = 4  # outputs of a tile along an axis
    CHUNK = 512  # of the depth at a time: a transformed column of that many takes 1.6 MB

cdef struct Plan:
    Axis axes[3]
    bint turned  # this is an input gradient
    Py_ssize_t items, groups, channels, features  # of one group
    Py_ssize_t src_plane, dst_plane  # elements of one channel
    Py_ssize_t kernel1, kernel2  # taps of w along the last two axes
    Py_ssize_t w_group, w_feature, w_channel  # elements from one to the next
    # of a pass
    Py_ssize_t phase[3]  # its first slot or phase
    Py_ssize_t phases[3]  # how many slots; for the first axis, how many taps
    Py_ssize_t taps[3]  # of a slot or phase
    Py_ssize_t first[3]  # the range of positions m
    Py_ssize_t count[3]
    Py_ssize_t tile1, edge1, edge2, points  # outputs along axis 1, inputs, inputs in all
    Py_ssize_t tiles1, tiles2, tiles, columns  # along an axis; in all; LANES of them together
    Py_ssize_t whole_depth, start, depth  # of which `depth` from `start` on are held
    Py_ssize_t input_step, input_size  # elements of a transformed column: for a point, in all

cdef struct Pair:  # a part of the depth: a channel seen through the taps of one slot or phase
    Py_ssize_t channel
    Py_ssize_t k0  # tap of the first axis
    Py_ssize_t phase1, phase2


cdef inline void set_sizes(
    Plan *plan, const Py_ssize_t *x_shape, const Py_ssize_t *w_shape, const Py_ssize_t *y_shape,
    const Py_ssize_t *stride, const Py_ssize_t *dilation, const Py_ssize_t *low,
    Py_ssize_t groups, bint turned,
) noexcept nogil:
    """Describe a forward or, `turned`, an input gradient."""
    cdef Py_ssize_t a
    plan.items, plan.groups, plan.turned = x_shape[0], groups, turned
    plan.channels, plan.features = w_shape[1], w_shape[0] // groups
    plan.src_plane, plan.dst_plane = 1, 1
    for a in range(3):
        plan.axes[a] = lay_out(
            x_shape[2 + a], w_shape[2 + a], y_shape[2 + a], stride[a], dilation[a], low[a], turned
        )
        plan.src_plane *= plan.axes[a].src_size
        plan.dst_plane *= plan.axes[a].dst_size
    plan.kernel1, plan.kernel2 = w_shape[3], w_shape[4]
    plan.w_channel = w_shape[2] * w_shape[3] * w_shape[4]
    plan.w_feature = plan.channels * plan.w_channel
    plan.w_group = plan.features * plan.w_feature
    if turned:
        plan.channels, plan.features = plan.features, plan.channels
        plan.w_channel, plan.w_feature = plan.w_feature, plan.w_channel


cdef inline Py_ssize_t passes(const Plan *plan, Py_ssize_t a) noexcept nogil:
    """Count the passes along an axis; in the first one, a forward makes one of all taps."""
    cdef Axis axis = plan.axes[a]
    if plan.turned:
        return axis.phases
    return 2 if a and axis.taps > axis.cycle and axis.taps % axis.cycle else 1


cdef inline void set_pass(
    Plan *plan, Py_ssize_t pass0, Py_ssize_t pass1, Py_ssize_t pass2
) noexcept nogil:
    """Choose a pass along each axis: a phase, or the slots with more taps or those with less."""
    cdef Py_ssize_t a, more, last
    cdef Axis *axis
    plan.phase[0], plan.phase[1], plan.phase[2] = pass0, pass1, pass2
    for a in range(3):
        axis = &plan.axes[a]
        plan.phases[a], plan.first[a], last = 1, 0, axis.dst_size
        if plan.turned:
            plan.first[a] = max(0, ceil_div(-dst_start(axis, plan.phase[a], 0), axis.dst_step))
            last = ceil_div(axis.dst_size - dst_start(axis, plan.phase[a], 0), axis.dst_step)
        elif a:
            more = axis.taps % axis.cycle if axis.taps > axis.cycle else 0
            plan.phases[a] = more if more and not plan.phase[a] else axis.slots - more
            plan.phase[a] *= more
        plan.count[a] = max(0, last - plan.first[a])
        plan.taps[a] = ceil_div(axis.taps - plan.phase[a], axis.cycle)
    plan.phases[0] = plan.taps[0] if plan.turned else plan.axes[0].taps


cdef inline Py_ssize_t slots(const Plan *plan) noexcept nogil:
    """Count the slots of a channel."""
    return plan.phases[1] * plan.phases[2]


cdef inline void set_tiles(Plan *plan, Py_ssize_t chunk) noexcept nogil:
    """Cut the outputs of a pass into tiles, and the depth into equal chunks."""
    plan.tile1 = min(<Py_ssize_t> TILE, plan.count[1]) if plan.taps[1] == 1 else TILE
    plan.edge1, plan.edge2 = plan.tile1 + plan.taps[1] - 1, TILE + plan.taps[2] - 1
    plan.points = plan.edge1 * plan.edge2
    plan.tiles1 = ceil_div(plan.count[1], plan.tile1) if plan.count[1] else 0
    plan.tiles2 = ceil_div(plan.count[2], TILE)
    plan.tiles = plan.items * plan.count[0] * plan.tiles1 * plan.tiles2
    plan.columns = ceil_div(plan.tiles, LANES)
    plan.whole_depth = plan.phases[0] * plan.channels * slots(plan)
    plan.start, plan.depth = 0, plan.phases[0] * plan.channels
    plan.depth = ceil_div(plan.depth, ceil_div(plan.whole_depth, chunk)) * slots(plan)
    plan.input_step = plan.depth * LANES + PAD
    plan.input_size = plan.points * plan.input_step


cdef inline Py_ssize_t held(const Plan *plan) noexcept nogil:
    """Count the depth of this chunk; the last one may be shorter."""
    return min(plan.depth, plan.whole_depth - plan.start)


cdef inline Pair pair_at(const Plan *plan, Py_ssize_t d) noexcept nogil:
    """Find element d of the chunk of the depth: slots of one channel are neighbours."""
    cdef Pair pair
    d += plan.start
    pair.phase2 = plan.phase[2] + d % plan.phases[2]
    d //= plan.phases[2]
    pair.phase1 = plan.phase[1] + d % plan.phases[1]
    d //= plan.phases[1]
    pair.channel = d % plan.channels
    pair.k0 = d // plan.channels
    if plan.turned:
        pair.k0 = plan.phase[0] + pair.k0 * plan.axes[0].cycle
    return pair


cdef inline void advance(const Plan *plan, Pair *pair) noexcept nogil:
    """Go to the next element of the depth."""
    pair.phase2 += 1
    if pair.phase2 < plan.phase[2] + plan.phases[2]:
        return
    pair.phase2 = plan.phase[2]
    pair.phase1 += 1
    if pair.phase1 < plan.phase[1] + plan.phases[1]:
        return
    pair.phase1 = plan.phase[1]
    pair.channel += 1
    if pair.channel == plan.channels:
        pair.channel = 0
        pair.k0 += plan.axes[0].cycle if plan.turned else 1


cdef inline Py_ssize_t tap_at(
    const Plan *plan, Py_ssize_t a, Py_ssize_t phase, Py_ssize_t i
) noexcept nogil:
    """Return the tap that reads input i of the first output of a tile."""
    return phase + (plan.taps[a] - 1 - i if plan.turned else i) * plan.axes[a].cycle


cdef inline Py_ssize_t source(const Axis *axis, Py_ssize_t k, Py_ssize_t m) noexcept nogil:
    """Return the position that tap k reads for m; it may lie outside."""
    return src_start(axis, slot(axis, k), m) + shift(axis, k) * axis.src_step


cdef inline Py_ssize_t read_from(
    const Plan *plan, Py_ssize_t a, Py_ssize_t phase
) noexcept nogil:
    """Return the position of the source where output 0 of a pass begins to read."""
    return source(&plan.axes[a], tap_at(plan, a, phase, 0), plan.first[a])


cdef inline Py_ssize_t write_from(const Plan *plan, Py_ssize_t a) noexcept nogil:
    """Return the position of the result that is output 0 of a pass."""
    return dst_start(&plan.axes[a], plan.phase[a], plan.first[a])
