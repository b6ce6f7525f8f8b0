"""How a weight gradient with few channels is cut, and its input unfolded along the last axis.

For each channel and each tap k2 of the last axis stands a *plane* of its own: what this tap reads
for every column of y, side by side, ``x[.., m2 * stride + k2 * dilation - low]``. So rows
follow each other without gaps, as they do in the result, and a tap of the other axes is a shift by
whole rows. A block is some planes of y, or some rows of one, or a part of one row: in each
case what lies in one plane of y is one contiguous run.
"""

from lucid._cython.padded cimport Axis, ceil_div, lay_out, shift, slot
from lucid._cython.unfolded_tiles cimport TAPS

cdef enum:
    BLOCK_BYTES = 512 << 10  # of the unfolded channels of a group: half of a second-level cache
    SPARE = 64  # elements behind a channel: zeros of its last row end there, tiles read there

cdef struct Plan:
    Axis axes[3]
    Py_ssize_t items, groups, channels, features  # of one group
    Py_ssize_t src_plane, dst_plane  # elements of one channel in memory
    Py_ssize_t taps, rows  # of all channels; the same in whole tiles
    Py_ssize_t rows0, rows1  # planes stored for one slot, and rows of each
    Py_ssize_t unfolded, channel  # elements stored for one tap of the last axis, for one channel
    Py_ssize_t blocks[3]
    bint whole  # a block is everything
    Py_ssize_t buffer_size


cdef inline void set_axes(
    Plan *plan, const Py_ssize_t *x_shape, const Py_ssize_t *w_shape, const Py_ssize_t *y_shape,
    Py_ssize_t *stride, Py_ssize_t *dilation, Py_ssize_t *low, Py_ssize_t groups,
) noexcept nogil:
    cdef Py_ssize_t a
    plan.items, plan.groups = x_shape[0], groups
    plan.channels, plan.features = w_shape[1], w_shape[0] // groups
    plan.src_plane = plan.dst_plane = 1
    for a in range(3):
        plan.src_plane *= x_shape[2 + a]
        plan.dst_plane *= y_shape[2 + a]
        plan.axes[a] = lay_out(
            x_shape[2 + a], w_shape[2 + a], y_shape[2 + a], stride[a], dilation[a], low[a], False
        )
    plan.taps = plan.channels * w_shape[2] * w_shape[3] * w_shape[4]
    plan.rows = ceil_div(plan.taps, TAPS) * TAPS


cdef inline void measure(Plan *plan) noexcept nogil:
    """Count what is stored for a block, whose sizes are known."""
    cdef Axis *axes = plan.axes
    plan.rows0 = axes[0].block + axes[0].reach
    plan.rows1 = axes[1].block + axes[1].reach
    plan.unfolded = axes[0].slots * axes[1].slots * plan.rows0 * plan.rows1 * axes[2].block
    plan.channel = plan.unfolded * axes[2].taps + SPARE


cdef inline void make_plan(Plan *plan, Py_ssize_t itemsize) noexcept nogil:
    """Cut the outer axes first, and an inner one only where all outer blocks have length 1."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t a, unit, reach, block, size = BLOCK_BYTES // itemsize // plan.channels
    measure(plan)
    for a in range(3):
        if plan.channel > size:
            reach = axes[a].reach if a < 2 else 0  # the last axis is unfolded
            unit = plan.channel // (axes[a].block + reach)
            block = max(64 if a == 2 else 1, size // unit - reach, reach // 2)
            axes[a].block = ceil_div(axes[a].count, ceil_div(axes[a].count, block))
            measure(plan)
        if axes[a].block > 1:
            break
    plan.whole = True
    for a in range(3):
        plan.blocks[a] = ceil_div(axes[a].count, axes[a].block)
        plan.whole = plan.whole and plan.blocks[a] == 1
    plan.buffer_size = ceil_div(plan.channels * plan.channel + SPARE, 16) * 16


cdef inline void set_offsets(Plan *plan, Py_ssize_t *offset) noexcept nogil:
    """Write where the taps of all channels read, in the order of the weights."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t c, k0, k1, k2, which, t = 0
    for c in range(plan.channels):
        for k0 in range(axes[0].taps):
            for k1 in range(axes[1].taps):
                which = slot(&axes[0], k0) * axes[1].slots + slot(&axes[1], k1)
                for k2 in range(axes[2].taps):
                    offset[t] = c * plan.channel + k2 * plan.unfolded + (
                        (which * plan.rows0 + shift(&axes[0], k0)) * plan.rows1
                        + shift(&axes[1], k1)
                    ) * axes[2].block
                    t += 1
    while t < plan.rows:
        offset[t] = 0
        t += 1
