"""The columns of an item: what each tap reads for each position, written and added back.

``columns[t, o]`` is the input that tap t = (c, k) reads for output position o, zero outside the
input. Both ways go row by row of the output: along the last axis a tap reads every `stride`-th
element of one row of the input.
"""

from libc.string cimport memset

from lucid._cython.microkernel cimport LANE_BYTES
from lucid._cython.padded cimport ceil_div, clip, copy_row
from lucid._cython.types cimport real

cdef enum:
    STRIP_BYTES = 2048  # of one row of the columns

cdef struct Sizes:
    Py_ssize_t items, groups, channels, features  # of one group
    Py_ssize_t x[3]
    Py_ssize_t w[3]
    Py_ssize_t y[3]
    Py_ssize_t stride[3]
    Py_ssize_t dilation[3]
    Py_ssize_t low[3]
    Py_ssize_t x_plane, y_plane  # positions of one channel
    Py_ssize_t taps  # (channel, tap) pairs
    Py_ssize_t strip  # positions of one strip


cdef inline Sizes measure(
    const Py_ssize_t *x_shape, const Py_ssize_t *w_shape, const Py_ssize_t *y_shape,
    tuple stride, tuple dilation, tuple low, Py_ssize_t groups, Py_ssize_t itemsize,
):
    cdef Sizes sizes
    cdef Py_ssize_t a
    sizes.items, sizes.groups = x_shape[0], groups
    sizes.channels, sizes.features = w_shape[1], w_shape[0] // groups
    sizes.x_plane, sizes.taps, sizes.y_plane = 1, w_shape[1], 1
    for a in range(3):
        sizes.x[a], sizes.w[a], sizes.y[a] = x_shape[2 + a], w_shape[2 + a], y_shape[2 + a]
        sizes.stride[a], sizes.dilation[a], sizes.low[a] = stride[a], dilation[a], low[a]
        sizes.x_plane *= sizes.x[a]
        sizes.taps *= sizes.w[a]
        sizes.y_plane *= sizes.y[a]
    sizes.strip = STRIP_BYTES // itemsize // (LANE_BYTES // itemsize) * (LANE_BYTES // itemsize)
    return sizes


cdef inline Py_ssize_t input_row(
    Sizes *sizes, Py_ssize_t row, Py_ssize_t t, Py_ssize_t *start
) noexcept nogil:
    """Return where the input row begins that tap t reads for output row `row`, or -1 if outside.

    `start` becomes the position in that row which output position 0 reads.
    """
    cdef Py_ssize_t k2 = t % sizes.w[2], k1 = t // sizes.w[2] % sizes.w[1]
    cdef Py_ssize_t k0 = t // sizes.w[2] // sizes.w[1] % sizes.w[0]
    cdef Py_ssize_t c = t // sizes.w[2] // sizes.w[1] // sizes.w[0]
    cdef Py_ssize_t i0 = row // sizes.y[1] * sizes.stride[0] + k0 * sizes.dilation[0] - sizes.low[0]
    cdef Py_ssize_t i1 = row % sizes.y[1] * sizes.stride[1] + k1 * sizes.dilation[1] - sizes.low[1]
    start[0] = k2 * sizes.dilation[2] - sizes.low[2]
    if not (0 <= i0 < sizes.x[0] and 0 <= i1 < sizes.x[1]):
        return -1
    return ((c * sizes.x[0] + i0) * sizes.x[1] + i1) * sizes.x[2]


cdef inline void unfold(
    Sizes *sizes, const real *x, Py_ssize_t t, Py_ssize_t first, Py_ssize_t last, real *column
) noexcept nogil:
    """Write what tap t reads for the output positions first .. last - 1."""
    cdef Py_ssize_t row, o, end, at, start
    o = first
    while o < last:
        row = o // sizes.y[2]
        end = min(last, (row + 1) * sizes.y[2])
        at = input_row(sizes, row, t, &start)
        if at < 0:
            memset(column, 0, (end - o) * sizeof(real))
        else:
            start += o % sizes.y[2] * sizes.stride[2]
            copy_row(x + at, sizes.stride[2], start, sizes.x[2], column, end - o)
        column += end - o
        o = end


cdef inline void fold(
    Sizes *sizes, real *x, Py_ssize_t t, Py_ssize_t first, Py_ssize_t last, const real *column
) noexcept nogil:
    """Add to x, at the places that `unfold` reads, the elements of a column."""
    cdef Py_ssize_t row, o, o2, low, high, end, at, start, step = sizes.stride[2]
    cdef real *to
    o = first
    while o < last:
        row = o // sizes.y[2]
        end = min(last, (row + 1) * sizes.y[2])
        at = input_row(sizes, row, t, &start)
        if at >= 0:
            start += o % sizes.y[2] * step
            low = clip(ceil_div(-start, step), end - o)
            high = clip(ceil_div(sizes.x[2] - start, step), end - o)
            to = x + at + start
            for o2 in range(low, high):
                to[o2 * step] += column[o2]
        column += end - o
        o = end
