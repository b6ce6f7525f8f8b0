"""The matrix of columns that a convolution multiplies by: its sizes and its runs of neighbours."""

from lucid._cython.microkernel cimport LANE_BYTES, ROWS
from lucid._cython.padded cimport (
    Axis, ceil_div, clip, dst_start, lay_out, phase_taps, shift, slot, src_start, tap_step,
)
from lucid._cython.types cimport real

cdef enum:
    COLUMNS_BYTES = 512 << 10  # of the matrix b, for each thread: half of a second-level cache
    WEIGHT_BYTES = 4 << 20  # of transposed weights at a time
    COLUMNS = 1024  # at most; each may be a run of its own
    STEP = 16  # elements that are copied at a time
    TERMS = 4096  # of one sum in registers; longer ones are added up in parts

cdef struct Product:
    Axis axes[3]
    Py_ssize_t items, groups, channels, features  # channels are summed over; both of one group
    Py_ssize_t src_plane, dst_plane  # elements of one channel in memory
    Py_ssize_t taps  # of all phases
    bint packed  # whether the weight is transposed
    Py_ssize_t row_step, step  # in the weight, from one feature and one term to the next
    Py_ssize_t panels  # of ROWS features

cdef struct Run:  # neighbouring columns in one block of b, read from neighbours in x
    Py_ssize_t block, lane, size
    Py_ssize_t x  # element that column 0 reads, of channel 0
    Py_ssize_t low, high  # the columns that read inside x

cdef struct Phase:  # the part of a product that writes every dst_step-th position
    Py_ssize_t number[3]
    Py_ssize_t taps, before  # taps of this phase, and of those before it
    Py_ssize_t first[3]  # the range of m
    Py_ssize_t count[3]
    Py_ssize_t positions  # of one item
    bint whole  # whether position q is element q of a channel of the result
    Py_ssize_t held, width  # channels of one sum, columns at a time
    Py_ssize_t blocks, parts, tasks


cdef inline void set_product(
    Product *p, const Py_ssize_t *x_shape, const Py_ssize_t *w_shape, const Py_ssize_t *y_shape,
    Py_ssize_t *stride, Py_ssize_t *dilation, Py_ssize_t *low, Py_ssize_t groups, bint backward,
) noexcept nogil:
    """Describe the product; a kernel of one tap that reads every position has one axis."""
    cdef Py_ssize_t a
    cdef bint one_tap = True
    p.items, p.groups = x_shape[0], groups
    p.channels, p.features = w_shape[1], w_shape[0] // groups
    p.src_plane, p.dst_plane, p.taps = 1, 1, 1
    for a in range(3):
        p.src_plane *= x_shape[2 + a]
        p.dst_plane *= y_shape[2 + a]
        p.taps *= w_shape[2 + a]
        one_tap = one_tap and stride[a] == 1 and low[a] == 0 and x_shape[2 + a] == y_shape[2 + a]
        p.axes[a] = lay_out(
            x_shape[2 + a], w_shape[2 + a], y_shape[2 + a], stride[a], dilation[a], low[a], backward
        )
    if one_tap and p.taps == 1:
        p.axes[2] = lay_out(p.src_plane, 1, p.src_plane, 1, 1, 0, backward)
        p.axes[0] = p.axes[1] = lay_out(1, 1, 1, 1, 1, 0, backward)
    p.packed = backward and p.taps > 1
    p.row_step, p.step = p.channels * p.taps, 1
    if backward:
        p.channels, p.features = p.features, p.channels
        p.src_plane, p.dst_plane = p.dst_plane, p.src_plane
        p.row_step, p.step = 1, ROWS if p.packed else p.features
    p.panels = ceil_div(p.features, ROWS)


cdef inline void set_phase(
    Product *p, Phase *phase, Py_ssize_t number, Py_ssize_t itemsize, int threads
) noexcept nogil:
    """Find the positions and taps of a phase, and cut it into tasks."""
    cdef Py_ssize_t a, last, lanes = LANE_BYTES // itemsize, columns
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
    columns = p.items * phase.positions
    phase.width = COLUMNS_BYTES // (phase.held * phase.taps * itemsize)
    phase.width = clip(phase.width, min(<Py_ssize_t> COLUMNS, columns))
    if threads > 1:
        phase.width = min(phase.width, ceil_div(columns, 4 * threads))
    phase.width = max(1, phase.width // lanes) * lanes
    phase.blocks = ceil_div(columns, phase.width)
    phase.parts = 1
    if threads > 1:
        phase.parts = clip(ceil_div(2 * threads, max(1, phase.blocks) * p.groups), p.panels)
    phase.tasks = p.groups * phase.blocks * phase.parts if columns else 0


cdef inline Py_ssize_t run_at(
    Phase *phase, Py_ssize_t q, Py_ssize_t most, Py_ssize_t *item, Py_ssize_t *m
) noexcept nogil:
    """Split column q into an item and a position; count the columns to the end of its row."""
    cdef Py_ssize_t a, rest = q // phase.positions
    item[0] = rest
    q -= rest * phase.positions
    for a in range(2, -1, -1):
        m[a] = phase.first[a] + q % phase.count[a]
        q //= phase.count[a]
    return min(most, phase.first[2] + phase.count[2] - m[2])


cdef inline Py_ssize_t source(const Axis *axis, Py_ssize_t k, Py_ssize_t m) noexcept nogil:
    """Return the position that tap k reads for m; it may lie outside."""
    return src_start(axis, slot(axis, k), m) + shift(axis, k) * axis.src_step


cdef inline Py_ssize_t inside(Py_ssize_t room, Py_ssize_t step, Py_ssize_t size) noexcept nogil:
    """Count which of 0, step, 2 step, ... are less than `room`: at most `size`."""
    if room <= 0:
        return 0
    if room > (size - 1) * step:
        return size
    return room if step == 1 else ceil_div(room, step)


cdef inline Py_ssize_t find_runs(
    Product *p, Phase *phase, Py_ssize_t t0, Py_ssize_t t1, Py_ssize_t t2, Py_ssize_t q,
    Py_ssize_t end, Py_ssize_t lanes, Run *run,
) noexcept nogil:
    """Cut the columns q to `end` into runs of neighbours in x, as one tap reads them."""
    cdef Py_ssize_t m[3]
    cdef Py_ssize_t item, i0, i1, start, start0, start1, start2, count = 0, block = 0, lane = 0
    cdef const Axis *axes = p.axes
    cdef Py_ssize_t step = axes[2].src_step
    start0 = source(&axes[0], phase.number[0] + t0 * tap_step(&axes[0]), 0)
    start1 = source(&axes[1], phase.number[1] + t1 * tap_step(&axes[1]), 0)
    start2 = source(&axes[2], phase.number[2] + t2 * tap_step(&axes[2]), 0)
    run_at(phase, q, 1, &item, m)
    while q < end:
        i0 = start0 + m[0] * axes[0].src_step
        i1 = start1 + m[1] * axes[1].src_step
        start = start2 + m[2] * step
        run.size = min(min(lanes - lane, end - q), phase.first[2] + phase.count[2] - m[2])
        run.block, run.lane = block, lane
        run.x = item * p.groups * p.channels * p.src_plane
        run.x += (i0 * axes[1].src_size + i1) * axes[2].src_size + start
        run.low = run.high = 0
        if 0 <= i0 < axes[0].src_size and 0 <= i1 < axes[1].src_size:
            run.low = inside(-start, step, run.size)
            run.high = max(run.low, inside(axes[2].src_size - start, step, run.size))
        q += run.size
        lane += run.size
        if lane == lanes:
            block, lane = block + 1, 0
        m[2] += run.size
        if m[2] == phase.first[2] + phase.count[2]:
            m[2] = phase.first[2]
            m[1] += 1
            if m[1] == phase.first[1] + phase.count[1]:
                m[1] = phase.first[1]
                m[0] += 1
                if m[0] == phase.first[0] + phase.count[0]:
                    m[0] = phase.first[0]
                    item += 1
        run += 1
        count += 1
    return count


cdef inline void clear(real *b, Py_ssize_t size, Py_ssize_t room) noexcept nogil:
    """Write zeros, STEP at a time where there is room for a few too many."""
    cdef Py_ssize_t k = 0
    cdef int l
    while k < size and k + STEP <= room:
        for l in range(STEP):
            b[k + l] = 0
        k += STEP
    for k in range(k, size):
        b[k] = 0


cdef inline void copy(
    const real *x, Py_ssize_t step, Py_ssize_t left, real *b, Py_ssize_t size, Py_ssize_t room
) noexcept nogil:
    """Copy every `step`-th of the `left` elements at x, STEP at a time where there is room."""
    cdef Py_ssize_t k = 0
    cdef int l
    if step == 1:
        while k < size and k + STEP <= room and k + STEP <= left:
            for l in range(STEP):
                b[k + l] = x[k + l]
            k += STEP
    elif step == 2:
        while k < size and k + STEP <= room and 2 * (k + STEP) <= left:
            for l in range(STEP):
                b[k + l] = x[2 * (k + l)]
            k += STEP
    for k in range(k, size):
        b[k] = x[k * step]


cdef inline void copy_run(
    const real *x, Py_ssize_t step, Py_ssize_t left, const Run *run, real *b, Py_ssize_t room
) noexcept nogil:
    """Write a run from the `left` elements at x: zeros where it reads outside.

    There is `room` at b; what is written too much is overwritten by the next run.
    """
    if run.low > 0:
        clear(b, run.low, room)
    if run.high > run.low:
        copy(
            x + run.x + run.low * step, step, left - run.x - run.low * step, b + run.low,
            run.high - run.low, room - run.low,
        )
    if run.size > run.high:
        clear(b + run.high, run.size - run.high, room - run.high)
