"""A padded copy of a block of input in which every kernel tap is one shifted run of neighbours.

Along one axis, position m with tap k reads the source at ``column * step + residue - low``, where
``column = m + shift(k)`` and the residue is that of ``k * dilation`` modulo the stride. Columns of
one residue are stored side by side, in a *slot* of their own, so that neighbouring m read
neighbouring memory whatever the stride. Rows and planes are then flattened: with a fixed distance
between rows (the *pitch*), a tap is one offset for all positions of a block, and what is computed
for the gap between two rows is dropped.

Where the gaps would cost more than copies, the last axis is *unrolled*: each of its taps gets a
slot of its own, shifted already. Then rows have no gaps.

A convolution reads slots and writes every position. Its input gradient is one dense convolution of
stride 1 for each *phase* of the position it writes, with the taps for which ``k * dilation`` equals
``i + low`` modulo the stride. So there is no scatter and no product with an inserted zero.
"""

from lucid._cython.types cimport real

cdef enum:
    LINE = 16  # elements copied at a time: of float32 a cache line

cdef struct Axis:
    bint backward  # lay out the input gradient
    bint unrolled  # each tap has a slot
    bint even  # no phase begins before position 0
    Py_ssize_t taps, dilation, stride, cycle  # taps k and k + cycle have one residue
    Py_ssize_t reach, base  # the largest shift; backward, that of tap 0
    Py_ssize_t slots, src_size, src_step, src_low
    Py_ssize_t phases, dst_size, dst_step, dst_low
    Py_ssize_t count, block  # positions m to compute for each phase: in all, and at a time
    Py_ssize_t pitch  # columns stored for a block

cdef struct Block:  # some of the positions to compute
    Py_ssize_t m[3]  # the first of them
    Py_ssize_t size[3]


cdef inline Py_ssize_t ceil_div(Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    """Round a / b up, for b > 0 and any a, whichever way the build's own division rounds."""
    return a // b + (1 if a % b > 0 else 0)


cdef inline Py_ssize_t clip(Py_ssize_t a, Py_ssize_t high) noexcept nogil:
    return 0 if a < 0 else (high if a > high else a)


cdef inline Py_ssize_t gcd(Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    cdef Py_ssize_t rest
    while b:
        rest = a % b
        a = b
        b = rest
    return a


cdef inline Axis lay_out(
    Py_ssize_t size, Py_ssize_t taps, Py_ssize_t output, Py_ssize_t stride, Py_ssize_t dilation,
    Py_ssize_t low, bint backward,
) noexcept nogil:
    """Describe one axis of ``y[o] += x[o * stride + k * dilation - low] * w[k]``.

    Forward, m is o. For the gradient by x, position i has ``m * stride + residue = i + low``,
    with m counted from that of position 0.
    """
    cdef Axis axis
    cdef Py_ssize_t first = -ceil_div(-low, stride)  # floor(low / stride): the m of position 0
    axis.backward = backward
    axis.unrolled = axis.even = False
    axis.taps, axis.dilation, axis.stride = taps, dilation, stride
    axis.cycle = stride // gcd(stride, dilation)
    axis.reach = axis.base = (taps - 1) * dilation // stride
    axis.slots = axis.phases = 1
    if backward:
        axis.phases = min(taps, axis.cycle)
        axis.src_size, axis.src_step, axis.src_low = output, 1, axis.reach - first
        axis.dst_size, axis.dst_step, axis.dst_low = size, stride, low - first * stride
    else:
        axis.slots = min(taps, axis.cycle)
        axis.src_size, axis.src_step, axis.src_low = size, stride, low
        axis.dst_size, axis.dst_step, axis.dst_low = output, 1, 0
    axis.count = axis.block = ceil_div(axis.dst_size + axis.dst_low, axis.dst_step)
    axis.pitch = 0
    return axis


cdef inline bint is_late(const Axis *axis, Py_ssize_t k) noexcept nogil:
    """Tell whether the phase of a tap leaves out its first m, which writes before position 0."""
    return axis.even and k * axis.dilation % axis.stride < axis.dst_low


cdef inline void even_out(Axis *axis) noexcept nogil:
    """Let m of each phase begin with its first position, so that all phases have as many m.

    Then neighbours of different phases have one m. Before `unroll`; backward only.
    """
    cdef Py_ssize_t k
    axis.even = True
    axis.count = axis.block = ceil_div(axis.dst_size, axis.dst_step)
    for k in range(axis.taps):
        axis.reach = max(axis.reach, shift(axis, k))


cdef inline Py_ssize_t shift(const Axis *axis, Py_ssize_t k) noexcept nogil:
    """Count the columns from m to what tap k reads for it."""
    cdef Py_ssize_t columns = k * axis.dilation // axis.stride
    if axis.unrolled:
        return 0
    return axis.base - columns + is_late(axis, k) if axis.backward else columns


cdef inline Py_ssize_t tap_step(const Axis *axis) noexcept nogil:
    """Phase p has the taps p, p + step, p + 2 step, ..."""
    return axis.cycle if axis.backward else 1


cdef inline Py_ssize_t phase_taps(const Axis *axis, Py_ssize_t phase) noexcept nogil:
    return ceil_div(axis.taps - phase, tap_step(axis))


cdef inline Py_ssize_t slot(const Axis *axis, Py_ssize_t k) noexcept nogil:
    if axis.unrolled:
        return k
    return 0 if axis.backward else k % axis.cycle


cdef inline void unroll(Axis *axis) noexcept nogil:
    """Give each tap a slot of its own."""
    axis.unrolled = True
    axis.slots = axis.taps
    if axis.backward:
        axis.src_low -= axis.base
    axis.reach = 0


cdef inline Py_ssize_t src_start(const Axis *axis, Py_ssize_t slot, Py_ssize_t m) noexcept nogil:
    """Return the source position of column 0, in a block that starts at m."""
    cdef Py_ssize_t residue
    if axis.backward:
        residue = -(slot * axis.dilation // axis.stride)
        if axis.unrolled:
            residue += is_late(axis, slot)
    else:
        residue = slot * axis.dilation
        if not axis.unrolled:
            residue %= axis.stride
    return m * axis.src_step + residue - axis.src_low


cdef inline Py_ssize_t dst_start(const Axis *axis, Py_ssize_t phase, Py_ssize_t m) noexcept nogil:
    """Return the position that m writes in a phase; it may lie just outside."""
    cdef Py_ssize_t residue = phase * axis.dilation % axis.stride if axis.backward else 0
    if is_late(axis, phase):
        residue += axis.stride
    return m * axis.dst_step + residue - axis.dst_low


cdef inline void set_block(Axis *axis, Py_ssize_t block) noexcept nogil:
    """Cut the axis into equal blocks of at most `block` positions, and lay out one of them.

    Zeros behind a row serve as the zeros before the next one, where the block is the whole axis.
    """
    cdef Py_ssize_t columns, start, shared, before, behind, s
    axis.block = ceil_div(axis.count, ceil_div(axis.count, block))
    columns = axis.block + axis.reach
    shared = axis.reach  # no more, so that a pitch holds the positions of a row
    for s in range(axis.slots):
        start = src_start(axis, s, 0)
        before = clip(ceil_div(-start, axis.src_step), columns)
        behind = columns - clip(ceil_div(axis.src_size - start, axis.src_step), columns)
        shared = min(shared, before, behind)
    axis.pitch = columns - (shared if axis.block == axis.count else 0)


cdef inline Py_ssize_t plane_size(const Axis *axes) noexcept nogil:
    """Count the elements stored for one channel of a block."""
    return (
        axes[0].slots * axes[1].slots * axes[2].slots
        * axes[0].pitch * axes[1].pitch * axes[2].pitch
    )


cdef inline Py_ssize_t tail_size(const Axis *axes) noexcept nogil:
    """Count the zeros wanted behind the last channel: those its last row and plane share."""
    cdef Py_ssize_t a, size = 0
    for a in range(3):
        size = size * axes[a].pitch + axes[a].block + axes[a].reach - axes[a].pitch
    return size


cdef inline void set_blocks(Axis *axes, Py_ssize_t size, Py_ssize_t shortest) noexcept nogil:
    """Cut a block so small that a channel of it takes about `size` elements, outer axes first."""
    cdef Py_ssize_t a, inner, length
    for a in range(3):
        set_block(&axes[a], axes[a].count)
    for a in range(3):
        inner = plane_size(axes)
        if inner > size:
            inner //= axes[a].pitch
            length = max(shortest if a == 2 else 1, size // inner - axes[a].reach)
            set_block(&axes[a], max(length, axes[a].reach // 2))


cdef inline Py_ssize_t find_part(
    Py_ssize_t number, Py_ssize_t count, Py_ssize_t block, Py_ssize_t *m, Py_ssize_t *size
) noexcept nogil:
    """Find where a block starts along one axis, and its size; return the number for the others."""
    cdef Py_ssize_t blocks = ceil_div(count, block)
    m[0] = number % blocks * block
    size[0] = min(block, count - m[0])
    return number // blocks


cdef inline Py_ssize_t find_block(
    const Axis *axes, Py_ssize_t number, Py_ssize_t *m, Py_ssize_t *size
) noexcept nogil:
    """Find where a block starts, and its size; return what numbers count beside the blocks."""
    cdef Py_ssize_t a
    for a in range(2, -1, -1):
        number = find_part(number, axes[a].count, axes[a].block, &m[a], &size[a])
    return number


cdef inline Py_ssize_t tap_offset(
    const Axis *axes, Py_ssize_t k0, Py_ssize_t k1, Py_ssize_t k2
) noexcept nogil:
    """Return the elements from position m to what a tap reads for it, within one channel."""
    cdef Py_ssize_t which = (
        (slot(&axes[0], k0) * axes[1].slots + slot(&axes[1], k1)) * axes[2].slots
        + slot(&axes[2], k2)
    )
    return (
        (which * axes[0].pitch + shift(&axes[0], k0)) * axes[1].pitch + shift(&axes[1], k1)
    ) * axes[2].pitch + shift(&axes[2], k2)


cdef inline void copy_apart(
    const real *x, Py_ssize_t step, Py_ssize_t count, real *row
) noexcept nogil:
    """Write ``row[q] = x[q * step]``: in vectors, where the compiler knows the step."""
    cdef Py_ssize_t q
    if step == 1:
        for q in range(count):
            row[q] = x[q]
    elif step == 2:
        for q in range(count):
            row[q] = x[2 * q]
    else:
        for q in range(count):
            row[q] = x[q * step]


cdef inline void copy_row(
    const real *x, Py_ssize_t step, Py_ssize_t start, Py_ssize_t size, real *row,
    Py_ssize_t columns,
) noexcept nogil:
    """Fill a row with ``x[start + q * step]``, and zeros where that is outside 0 .. size - 1."""
    cdef Py_ssize_t q
    cdef Py_ssize_t first = clip(ceil_div(-start, step), columns)
    cdef Py_ssize_t last = max(first, clip(ceil_div(size - start, step), columns))
    for q in range(first):
        row[q] = 0
    copy_apart(x + start + first * step, step, last - first, row + first)
    for q in range(last, columns):
        row[q] = 0


cdef inline void copy_neighbours(
    const real *x, const real *end, Py_ssize_t count, real *row
) noexcept nogil:
    """Copy `count` elements, LINE at a time: up to LINE - 1 more, where x has them before `end`."""
    cdef real line[LINE]
    cdef Py_ssize_t q, l
    if end - x < count + LINE - 1:
        for q in range(count):
            row[q] = x[q]
        return
    for q in range(ceil_div(count, LINE)):
        for l in range(LINE):
            line[l] = x[q * LINE + l]
        for l in range(LINE):
            row[q * LINE + l] = line[l]


cdef inline void clear_neighbours(Py_ssize_t count, real *row) noexcept nogil:
    """Set `count` elements to zero, LINE at a time: up to LINE - 1 more."""
    cdef Py_ssize_t q, l
    for q in range(ceil_div(count, LINE)):
        for l in range(LINE):
            row[q * LINE + l] = 0


cdef inline void copy_channel(
    const real *x, const real *end, const Axis *axes, const Py_ssize_t *m, real *plane
) noexcept nogil:
    """Copy one channel of the block that starts at m[0], m[1], m[2]: slots, then planes, rows.

    Up to LINE - 1 elements behind the channel are overwritten; x is read up to `end` at most.
    """
    cdef Py_ssize_t s0, s1, s2, q0, q1, i0, i1, first, last, start
    cdef Py_ssize_t columns = axes[2].pitch, step = axes[2].src_step
    cdef const real *row
    for s0 in range(axes[0].slots):
        for s1 in range(axes[1].slots):
            for s2 in range(axes[2].slots):
                start = src_start(&axes[2], s2, m[2])
                first = clip(ceil_div(-start, step), columns)
                last = max(first, clip(ceil_div(axes[2].src_size - start, step), columns))
                for q0 in range(axes[0].pitch):
                    i0 = src_start(&axes[0], s0, m[0]) + q0 * axes[0].src_step
                    i1 = src_start(&axes[1], s1, m[1])
                    for q1 in range(axes[1].pitch):
                        if 0 <= i0 < axes[0].src_size and 0 <= i1 < axes[1].src_size:
                            row = x + (i0 * axes[1].src_size + i1) * axes[2].src_size + start
                            clear_neighbours(first, plane)
                            if step == 1:
                                copy_neighbours(row + first, end, last - first, plane + first)
                            else:
                                copy_apart(row + first * step, step, last - first, plane + first)
                            clear_neighbours(columns - last, plane + last)
                        else:
                            clear_neighbours(columns, plane)
                        plane += columns
                        i1 += axes[1].src_step
