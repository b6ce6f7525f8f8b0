r"""Direct convolution: the definition's own sum, in an order that keeps registers and caches busy.

A block of the input is copied, padded and flattened, so that each tap of the kernel is one shifted
run of neighbours (`padded.pxd`). Weights are packed by ROWS output channels. The inner kernel
(`microkernel.pxd`) then adds up, for ROWS channels and `lanes` neighbouring positions at a time,
the products of a few hundred taps without leaving the registers.

The input gradient is the same computation with the channels' roles exchanged: in this file
`channels` are summed over and `features` are written. The weight gradient sums over positions
instead; its lanes are output channels.

Source: Zhang, Franchetti and Low, "High performance zero-memory overhead direct convolutions",
2018, algorithm 3, with the Goto-style inner kernel on flattened rows instead of their data layout.

Cost: the multiply-adds of the definition and those for the gaps between rows (1 in 57 for rows of
56); each input element is copied once for each block and group of weights it serves, each output
element is read and written once. Memory: at most 4 MiB of packed weights and about 0.7 MB for each
thread. It must equal `conv_naive`.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memset

from lucid._cython.microkernel cimport (
    LANE_BYTES, ROWS, multiply_add, multiply_add_scattered,
)
from lucid._cython.padded cimport (
    Axis, ceil_div, clip, copy_channel, dst_start, lay_out, phase_taps, plane_size, set_blocks,
    tail_size, tap_offset, tap_step,
)
from lucid._cython.types cimport real
from lucid._cython.workspace cimport Workspace, borrow, give_back

cdef Py_ssize_t WEIGHT_BYTES = 4 << 20  # packed weights at a time: about a share of the last cache
cdef Py_ssize_t BLOCK_BYTES = 512 << 10  # input block of a thread: half of a second-level cache
cdef Py_ssize_t TAPS = 256  # of one inner kernel call: their input lines fit the first-level cache
cdef Py_ssize_t POSITIONS = 2048  # of a weight gradient's block: its packed outputs fit as well
cdef Py_ssize_t TASKS = 16  # of a weight gradient: a fixed number, so that bits are fixed too

cdef struct Plan:
    Axis axes[3]
    Py_ssize_t items, groups, channels, features  # of one group
    Py_ssize_t src_plane, dst_plane  # elements of one channel in memory
    Py_ssize_t taps  # of all phases
    Py_ssize_t held  # channels in the buffer at a time
    Py_ssize_t chunk  # channels of one inner kernel call
    Py_ssize_t plane, step0, step1  # elements in the buffer: of a channel, a plane, a row
    Py_ssize_t flat  # how many inner axes of a block are run through as one row: 1, 2 or 3
    Py_ssize_t out_step0, out_step1, out_pitch  # elements in the result buffer
    Py_ssize_t panels, parts  # panels of ROWS features, shared out to this many tasks
    Py_ssize_t blocks[3]
    Py_ssize_t buffer_size


cdef inline Py_ssize_t whole(Py_ssize_t length, Py_ssize_t lanes) noexcept nogil:
    return ceil_div(length, lanes) * lanes


cdef void choose_rows(Plan *plan, Py_ssize_t lanes) noexcept nogil:
    """Flatten as many axes as gives the fewest runs of `lanes` positions."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t b0 = axes[0].block, b1 = axes[1].block, b2 = axes[2].block
    cdef Py_ssize_t row = whole(b2, lanes)
    cdef Py_ssize_t plane = whole((b1 - 1) * plan.step1 + b2, lanes)
    cdef Py_ssize_t volume = whole((b0 - 1) * plan.step0 + (b1 - 1) * plan.step1 + b2, lanes)
    plan.flat = 1
    plan.out_step0, plan.out_step1, plan.out_pitch = b1 * row, row, b0 * b1 * row
    if b0 * plane < plan.out_pitch:
        plan.flat = 2
        plan.out_step0, plan.out_step1, plan.out_pitch = plane, plan.step1, b0 * plane
    if volume < plan.out_pitch:
        plan.flat = 3
        plan.out_step0, plan.out_step1, plan.out_pitch = plan.step0, plan.step1, volume


cdef void make_plan(Plan *plan, Py_ssize_t itemsize, int threads) noexcept nogil:
    """Choose blocks that fit the caches, and enough tasks for the threads."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t a, lanes = LANE_BYTES // itemsize, tasks = plan.items * plan.groups
    cdef Py_ssize_t size = min(BLOCK_BYTES, max(BLOCK_BYTES // 4, (3 << 20) // threads)) // itemsize
    plan.taps = axes[0].taps * axes[1].taps * axes[2].taps
    set_blocks(axes, max(size // plan.channels, 8 * lanes), 4 * lanes)
    plan.plane = plane_size(axes)
    plan.step1 = axes[2].pitch
    plan.step0 = axes[1].pitch * plan.step1
    plan.held = clip(size // plan.plane, plan.channels)
    plan.held = ceil_div(plan.channels, ceil_div(plan.channels, max(1, plan.held)))
    plan.chunk = max(1, TAPS // plan.taps)
    plan.chunk = ceil_div(plan.held, ceil_div(plan.held, plan.chunk))
    choose_rows(plan, lanes)
    for a in range(3):
        plan.blocks[a] = ceil_div(axes[a].count, axes[a].block)
        tasks *= plan.blocks[a]
    plan.panels = ceil_div(plan.features, ROWS)
    plan.parts = clip(ceil_div(4 * threads, tasks) if threads > 1 else 1, plan.panels)
    plan.buffer_size = plan.held * plan.plane + tail_size(axes) + lanes + plan.out_pitch * ROWS


cdef void set_offsets(Plan *plan, Py_ssize_t *offset) noexcept nogil:
    """Write where each tap of a chunk of channels reads, phase after phase."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t p0, p1, p2, c, t0, t1, t2
    for p0 in range(axes[0].phases):
        for p1 in range(axes[1].phases):
            for p2 in range(axes[2].phases):
                for c in range(plan.chunk):
                    for t0 in range(phase_taps(&axes[0], p0)):
                        for t1 in range(phase_taps(&axes[1], p1)):
                            for t2 in range(phase_taps(&axes[2], p2)):
                                offset[0] = c * plan.plane + tap_offset(
                                    axes, p0 + t0 * tap_step(&axes[0]),
                                    p1 + t1 * tap_step(&axes[1]), p2 + t2 * tap_step(&axes[2]),
                                )
                                offset += 1


cdef void pack_panel(
    Plan *plan, const real *w, Py_ssize_t feature_step, Py_ssize_t channel_step,
    Py_ssize_t rows, real *packed,
) noexcept nogil:
    """Store the weights of up to ROWS features side by side, in the order they are used in."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t p0, p1, p2, c, t0, t1, t2, j, k
    for p0 in range(axes[0].phases):
        for p1 in range(axes[1].phases):
            for p2 in range(axes[2].phases):
                for c in range(plan.channels):
                    for t0 in range(phase_taps(&axes[0], p0)):
                        for t1 in range(phase_taps(&axes[1], p1)):
                            for t2 in range(phase_taps(&axes[2], p2)):
                                k = (
                                    (p0 + t0 * tap_step(&axes[0])) * axes[1].taps
                                    + p1 + t1 * tap_step(&axes[1])
                                ) * axes[2].taps + p2 + t2 * tap_step(&axes[2])
                                k += c * channel_step
                                for j in range(rows):
                                    packed[j] = w[k + j * feature_step]
                                for j in range(rows, ROWS):
                                    packed[j] = 0
                                packed += ROWS


cdef void add_block(
    Plan *plan, const real *result, Py_ssize_t rows, const Py_ssize_t *m,
    const Py_ssize_t *size, const Py_ssize_t *phase, real *y,
) noexcept nogil:
    """Add the positions of one phase of a block to y, without the gaps between them."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t j, m0, m1, m2, i0, i1, step = axes[2].dst_step
    cdef Py_ssize_t start = dst_start(&axes[2], phase[2], m[2])
    cdef Py_ssize_t first = clip(ceil_div(-start, step), size[2])
    cdef Py_ssize_t last = clip(ceil_div(axes[2].dst_size - start, step), size[2])
    cdef const real *row
    cdef real *to
    for j in range(rows):
        for m0 in range(size[0]):
            i0 = dst_start(&axes[0], phase[0], m[0] + m0)
            if not 0 <= i0 < axes[0].dst_size:
                continue
            for m1 in range(size[1]):
                i1 = dst_start(&axes[1], phase[1], m[1] + m1)
                if not 0 <= i1 < axes[1].dst_size:
                    continue
                row = result + j * plan.out_pitch + m0 * plan.out_step0 + m1 * plan.out_step1
                to = y + j * plan.dst_plane + (i0 * axes[1].dst_size + i1) * axes[2].dst_size + start
                if step == 1:
                    for m2 in range(first, last):
                        to[m2] += row[m2]
                else:
                    for m2 in range(first, last):
                        to[m2 * step] += row[m2]


cdef void run_panel(
    Plan *plan, const real *x, const Py_ssize_t *offset, const real *w, Py_ssize_t taps,
    Py_ssize_t channels, const Py_ssize_t *size, real *result,
) noexcept nogil:
    """Compute one phase of a block for ROWS features, from the channels in the buffer."""
    cdef Py_ssize_t part, c, m0, m1, q, at, out, length, count, lanes = LANE_BYTES // sizeof(real)
    cdef Py_ssize_t outer0 = size[0], outer1 = size[1]
    length = size[2]
    if plan.flat >= 2:
        length += (size[1] - 1) * plan.step1
        outer1 = 1
    if plan.flat == 3:
        length += (size[0] - 1) * plan.step0
        outer0 = 1
    for part in range(ceil_div(channels, plan.chunk)):
        c = part * plan.chunk
        count = min(plan.chunk, channels - c) * taps
        for m0 in range(outer0):
            for m1 in range(outer1):
                at = c * plan.plane + m0 * plan.step0 + m1 * plan.step1
                out = m0 * plan.out_step0 + m1 * plan.out_step1
                for q in range(ceil_div(length, lanes)):
                    multiply_add(
                        x + at + q * lanes, offset, w + c * taps * ROWS, count,
                        result + out + q * lanes, plan.out_pitch, c == 0,
                    )


cdef void run_task(
    Plan *plan, Py_ssize_t task, const real *x, const real *packed,
    const Py_ssize_t *offset, Py_ssize_t first_panel, Py_ssize_t last_panel, real *y, real *buffer,
) noexcept nogil:
    """Compute one block of one item and group, for a part of the panels of features."""
    cdef Py_ssize_t m[3]
    cdef Py_ssize_t size[3]
    cdef Py_ssize_t phase[3]
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t a, c, turn, each, held, taps, group, panel, feature, part, of_phase
    cdef Py_ssize_t first_of_all = first_panel, span = last_panel - first_panel
    cdef Py_ssize_t share = ceil_div(span, plan.parts)
    cdef real *result = buffer
    part = task % plan.parts
    task //= plan.parts
    for a in range(2, -1, -1):
        m[a] = task % plan.blocks[a] * axes[a].block
        size[a] = min(axes[a].block, axes[a].count - m[a])
        task //= plan.blocks[a]
    group = task % plan.groups
    buffer += plan.out_pitch * ROWS
    x += task * plan.channels * plan.src_plane
    y += task * plan.features * plan.dst_plane
    first_panel += part * share
    last_panel = min(last_panel, first_panel + share)
    if first_panel >= last_panel:
        return
    for c in range(plan.held * plan.plane, plan.buffer_size - plan.out_pitch * ROWS):
        buffer[c] = 0
    for turn in range(ceil_div(plan.channels, plan.held)):
        c = turn * plan.held
        held = min(plan.held, plan.channels - c)
        for each in range(held):
            copy_channel(x + (c + each) * plan.src_plane, axes, m, buffer + each * plan.plane)
        for panel in range(first_panel, last_panel):
            feature = panel * ROWS
            of_phase = 0
            for phase[0] in range(axes[0].phases):
                for phase[1] in range(axes[1].phases):
                    for phase[2] in range(axes[2].phases):
                        taps = 1
                        for a in range(3):
                            taps *= phase_taps(&axes[a], phase[a])
                        run_panel(
                            plan, buffer, offset + of_phase * plan.chunk,
                            packed + ((group * span + panel - first_of_all) * plan.channels * plan.taps
                                      + of_phase * plan.channels + c * taps) * ROWS,
                            taps, held, size, result,
                        )
                        add_block(
                            plan, result, min(ROWS, plan.features - feature), m, size, phase,
                            y + feature * plan.dst_plane,
                        )
                        of_phase += taps


cdef int correlate(
    Plan *plan, const real *x, const real *w, Py_ssize_t feature_step, Py_ssize_t channel_step,
    real *y, int threads,
) except -1:
    """Add to y the sum over channels and taps; both directions share everything but the axes."""
    cdef Py_ssize_t task, turn, panel, first, last, most, tasks, panel_size, group_size, offsets
    cdef Workspace workspace
    cdef real *packed
    cdef real *buffers
    cdef Py_ssize_t *offset
    make_plan(plan, sizeof(real), threads)
    tasks = plan.items * plan.groups * plan.blocks[0] * plan.blocks[1] * plan.blocks[2] * plan.parts
    panel_size = plan.channels * plan.taps * ROWS
    group_size = plan.features * plan.channels * plan.taps
    most = <Py_ssize_t> (WEIGHT_BYTES // (plan.groups * panel_size * sizeof(real)))
    most = max(1, min(plan.panels, most))
    offsets = whole(plan.chunk * plan.taps, 8)
    threads = <int> min(threads, tasks)
    workspace = borrow(
        offsets * sizeof(Py_ssize_t)
        + (plan.groups * most * panel_size + threads * plan.buffer_size) * sizeof(real)
    )
    offset = <Py_ssize_t *> workspace.data
    packed = <real *> (offset + offsets)
    buffers = packed + plan.groups * most * panel_size
    with nogil:
        set_offsets(plan, offset)
        for turn in range(ceil_div(plan.panels, most)):
            first = turn * most
            last = min(plan.panels, first + most)
            for panel in prange(plan.groups * (last - first), num_threads=threads):
                pack_panel(
                    plan,
                    w + panel // (last - first) * group_size
                    + (first + panel % (last - first)) * ROWS * feature_step,
                    feature_step, channel_step,
                    min(ROWS, plan.features - (first + panel % (last - first)) * ROWS),
                    packed + panel * panel_size,
                )
            for task in prange(tasks, num_threads=threads, schedule="dynamic"):
                run_task(
                    plan, task, x, packed, offset, first, last, y,
                    buffers + threadid() * plan.buffer_size,
                )
    give_back(workspace)
    return 0


cdef void set_axes(
    Plan *plan, const Py_ssize_t *x_shape, const Py_ssize_t *w_shape, const Py_ssize_t *y_shape,
    Py_ssize_t *stride, Py_ssize_t *dilation, Py_ssize_t *low, Py_ssize_t groups, bint backward,
) noexcept nogil:
    cdef Py_ssize_t a
    plan.items, plan.groups = x_shape[0], groups
    plan.channels, plan.features = w_shape[1], w_shape[0] // groups
    plan.src_plane, plan.dst_plane = 1, 1
    for a in range(3):
        plan.src_plane *= x_shape[2 + a]
        plan.dst_plane *= y_shape[2 + a]
        plan.axes[a] = lay_out(
            x_shape[2 + a], w_shape[2 + a], y_shape[2 + a], stride[a], dilation[a], low[a], backward
        )
    if backward:
        plan.channels, plan.features = plan.features, plan.channels
        plan.src_plane, plan.dst_plane = plan.dst_plane, plan.src_plane


def forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to y (N, F, *O) the convolution of x (N, C, *I) with w (F, C // groups, *K)."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_axes(&plan, x.shape, w.shape, y.shape, s, d, l, groups, False)
    correlate(
        &plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0],
        plan.channels * w.strides[1] // sizeof(real), w.strides[1] // sizeof(real),
        &y[0, 0, 0, 0, 0], threads,
    )


def input_grad(
    real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to x (N, C, *I) the derivative of <forward(x, w), y> by x: the transposed convolution."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_axes(&plan, x.shape, w.shape, y.shape, s, d, l, groups, True)
    correlate(
        &plan, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0],
        w.strides[1] // sizeof(real), plan.features * w.strides[1] // sizeof(real),
        &x[0, 0, 0, 0, 0], threads,
    )


cdef struct Sums:  # how a weight gradient's sum over items and positions is cut
    Plan plan
    Py_ssize_t units, chunks  # blocks of items; ranges of units, each with sums of its own
    Py_ssize_t columns, parts  # columns of `lanes` features, shared out to this many tasks
    Py_ssize_t rows  # (channel, tap) pairs of the channels held at a time, in whole ROWS
    Py_ssize_t column_size  # sums of one column: every (channel, tap) pair, `lanes` features
    Py_ssize_t positions  # of a block
    Py_ssize_t buffer_size


cdef void make_sums(Sums *sums, Py_ssize_t itemsize, int threads) noexcept nogil:
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
    sums.buffer_size = plan.held * plan.plane + tail_size(axes) + whole(sums.positions * lanes, 16)


cdef void pack_columns(
    Plan *plan, const real *y, Py_ssize_t features, const Py_ssize_t *m, const Py_ssize_t *size,
    real *packed,
) noexcept nogil:
    """Store `lanes` features of each position side by side; zeros where there are fewer."""
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t m0, m1, m2, f, lanes = LANE_BYTES // sizeof(real)
    cdef const real *row
    for m0 in range(size[0]):
        for m1 in range(size[1]):
            row = y + ((m[0] + m0) * axes[1].dst_size + m[1] + m1) * axes[2].dst_size + m[2]
            for m2 in range(size[2]):
                for f in range(features):
                    packed[f] = row[f * plan.dst_plane + m2]
                for f in range(features, lanes):
                    packed[f] = 0
                packed += lanes


cdef void sum_task(
    Sums *sums, Py_ssize_t task, const real *x, const real *y, const Py_ssize_t *base,
    Py_ssize_t *position, real *result, real *buffer,
) noexcept nogil:
    """Sum up the units of one chunk, for one group and a part of its columns of features."""
    cdef Plan *plan = &sums.plan
    cdef Axis *axes = plan.axes
    cdef Py_ssize_t m[3]
    cdef Py_ssize_t size[3]
    cdef Py_ssize_t a, c, turn, each, held, group, chunk, part, unit, rest, column, first, last
    cdef Py_ssize_t m0, m1, m2, row, count, feature, lanes = LANE_BYTES // sizeof(real)
    cdef real *packed = buffer
    part = task % sums.parts
    chunk = task // sums.parts % sums.chunks
    group = task // sums.parts // sums.chunks
    first = part * sums.columns // sums.parts
    last = (part + 1) * sums.columns // sums.parts
    result += (chunk * plan.groups + group) * sums.columns * sums.column_size
    buffer += whole(sums.positions * lanes, 16)
    memset(result + first * sums.column_size, 0, (last - first) * sums.column_size * sizeof(real))
    for unit in range(chunk * sums.units // sums.chunks, (chunk + 1) * sums.units // sums.chunks):
        rest = unit
        for a in range(2, -1, -1):
            m[a] = rest % plan.blocks[a] * axes[a].block
            size[a] = min(axes[a].block, axes[a].count - m[a])
            rest //= plan.blocks[a]
        rest = rest * plan.groups + group
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
                    x + (rest * plan.channels + c + each) * plan.src_plane, axes, m,
                    buffer + each * plan.plane,
                )
            memset(buffer + held * plan.plane, 0, tail_size(axes) * sizeof(real))
            for column in range(first, last):
                feature = column * lanes
                pack_columns(
                    plan, y + (rest * plan.features + feature) * plan.dst_plane,
                    min(lanes, plan.features - feature), m, size, packed,
                )
                for row in range(ceil_div(held * plan.taps, ROWS)):
                    multiply_add_scattered(
                        buffer, base + row * ROWS, position, packed, count,
                        result + column * sums.column_size + (turn * sums.rows + row * ROWS) * lanes,
                    )


cdef void add_sums(Sums *sums, Py_ssize_t f, const real *result, real *w) noexcept nogil:
    """Add to w what all chunks found for one feature, in their order."""
    cdef Plan *plan = &sums.plan
    cdef Py_ssize_t t, row, chunk, lanes = LANE_BYTES // sizeof(real)
    cdef Py_ssize_t group = f // plan.features, feature = f % plan.features
    cdef Py_ssize_t chunk_size = plan.groups * sums.columns * sums.column_size
    cdef real total
    result += (group * sums.columns + feature // lanes) * sums.column_size + feature % lanes
    w += f * plan.channels * plan.taps
    for t in range(plan.channels * plan.taps):
        row = t // (plan.held * plan.taps) * sums.rows + t % (plan.held * plan.taps)
        total = 0
        for chunk in range(sums.chunks):
            total += result[chunk * chunk_size + row * lanes]
        w[t] += total


cdef int correlate_with_output(
    Sums *sums, const real *x, const real *y, real *w, int threads
) except -1:
    """Add to w, for every tap, the sum over items and positions of x times y."""
    cdef Plan *plan = &sums.plan
    cdef Py_ssize_t task, tasks, f, row, bases, positions, results
    cdef Workspace workspace
    cdef Py_ssize_t *base
    cdef Py_ssize_t *position
    cdef real *result
    make_sums(sums, sizeof(real), threads)
    tasks = plan.groups * sums.chunks * sums.parts
    threads = <int> min(threads, tasks)
    bases = whole(sums.rows, 8)
    positions = whole(sums.positions, 8)
    results = whole(sums.chunks * plan.groups * sums.columns * sums.column_size, 16)
    workspace = borrow(
        (bases + threads * positions) * sizeof(Py_ssize_t)
        + (results + threads * sums.buffer_size) * sizeof(real)
    )
    base = <Py_ssize_t *> workspace.data
    position = base + bases
    result = <real *> (position + threads * positions)
    plan.chunk = plan.held
    with nogil:
        set_offsets(plan, base)
        for row in range(plan.held * plan.taps, sums.rows):
            base[row] = 0
        for task in prange(tasks, num_threads=threads, schedule="dynamic"):
            sum_task(
                sums, task, x, y, base, position + threadid() * positions, result,
                result + results + threadid() * sums.buffer_size,
            )
        for f in prange(plan.groups * plan.features, num_threads=threads):
            add_sums(sums, f, result, w)
    give_back(workspace)
    return 0


def weight_grad(
    const real[:, :, :, :, ::1] x not None, real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to w (F, C // groups, *K) the derivative of <forward(x, w), y> by w."""
    cdef Sums sums
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_axes(&sums.plan, x.shape, w.shape, y.shape, s, d, l, groups, False)
    correlate_with_output(
        &sums, &x[0, 0, 0, 0, 0], &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], threads
    )
