r"""Which input positions a window of a pooling holds, along one axis.

The window of output position o holds the positions :math:`i = o \cdot stride + k \cdot dilation -
low` that lie inside the axis. A *plane* is one channel of one item, of up to three axes. Along the
last one a chunk of `CHUNK` outputs is held in a small buffer, and one tap after the other passes
over all of it, which the compiler turns into vector instructions.
"""

cdef enum:
    CHUNK = 256  # outputs held at once: their buffers take a tenth of the first cache
    LANES = 16  # divides CHUNK; the outputs of the widest vector

cdef struct Axis:
    Py_ssize_t size, taps, count, stride, dilation, low

cdef struct Run:
    Py_ssize_t start, stop  # outputs, counted in the chunk, whose tap is inside the row
    Py_ssize_t position  # that `start` reads


cdef inline Axis axis_of(
    int number, Py_ssize_t size, Py_ssize_t count, tuple kernel_size, tuple stride,
    tuple dilation, tuple low,
):
    cdef Axis axis
    axis.size, axis.count = size, count
    axis.taps, axis.stride = kernel_size[number], stride[number]
    axis.dilation, axis.low = dilation[number], low[number]
    return axis


cdef inline bint is_halved(const Axis *axis) noexcept nogil:
    """Tell whether the windows are pairs side by side, all inside."""
    cdef bint pairs = axis.taps == 2 and axis.stride == 2 and axis.dilation == 1
    return pairs and axis.low == 0 and 2 * axis.count <= axis.size


cdef inline Py_ssize_t first_tap(const Axis *axis, Py_ssize_t o) noexcept nogil:
    """Return the first tap of output o that lies inside the axis; -1 if there is none."""
    cdef Py_ssize_t start = o * axis.stride - axis.low, k
    if start >= 0:
        return 0
    k = (axis.dilation - 1 - start) // axis.dilation
    return k if k < axis.taps and start + k * axis.dilation < axis.size else -1


cdef inline Py_ssize_t position_of(const Axis *axis, Py_ssize_t o, Py_ssize_t k) noexcept nogil:
    """Return what tap k of output o reads; -1 if that is outside the axis."""
    cdef Py_ssize_t i = o * axis.stride + k * axis.dilation - axis.low
    return i if 0 <= i < axis.size else -1


cdef inline Run run_of(
    const Axis *axis, Py_ssize_t k, Py_ssize_t begin, Py_ssize_t count
) noexcept nogil:
    """Find the outputs among `count` from `begin` whose tap k is inside the axis."""
    cdef Run run
    cdef Py_ssize_t shift = k * axis.dilation - axis.low, last = axis.size - 1 - shift
    run.start, run.stop = begin, begin + count
    if begin * axis.stride + shift < 0:
        run.start = (axis.stride - 1 - shift) // axis.stride
    if (run.stop - 1) * axis.stride > last:
        run.stop = last // axis.stride + 1 if last >= 0 else 0
    run.position = run.start * axis.stride + shift
    run.start -= begin
    run.stop -= begin
    return run
