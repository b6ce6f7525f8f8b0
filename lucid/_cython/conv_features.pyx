r"""Direct convolution with the features in the lanes: for strides, and images of any width.

The direct kernel computes neighbouring positions side by side: a stride keeps them apart in memory,
and lanes hang over the ends of short rows. Here the lanes hold neighbouring *features* instead, and
ROWS positions take turns, each with one value of x that is spread over a register:
``y[o, f] += x[base[o] + offset[c, k]] * w[c, k, f]``. Positions are then free to lie anywhere, and
x is copied, with its padding, as it is (`features_plan.pxd`). The weights are packed so that the
features of a tap are neighbours. The sums of a block come out with features side by side, too; they
are turned when they are written.

Source: Zhang, Franchetti and Low, "High performance zero-memory overhead direct convolutions",
2018, section 4, where the features of a block are neighbours in memory too; here only the packed
weights and the sums have that order.

Cost: the multiply-adds of the definition, with features rounded up to whole registers and the
positions of a block to ROWS; each element of x is copied about once, each result is moved twice
more. It pays where about 100 (channel, tap) pairs or more are summed for each result, and features
fill the lanes. Memory: at most 4 MiB of packed weights, and 0.6 MB for each thread. It must equal
`conv_naive`.
"""

from cython.parallel cimport prange, threadid

from lucid._cython.features_plan cimport (
    TERMS, Block, Plan, find_block, make_plan, set_bases, set_offsets,
)
from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.microkernel cimport (
    LANE_BYTES, MAX_VECTOR, NARROW, ROWS, VECTOR_BYTES, multiply_add_scattered,
)
from lucid._cython.padded cimport ceil_div, copy_channel
from lucid._cython.types cimport real
from lucid._cython.workspace cimport Workspace, borrow, give_back

cdef enum:
    STRIP = 16  # a cache line: weights packed, and positions written, at a time


cdef inline Py_ssize_t features_of(
    const Plan *plan, Py_ssize_t column, Py_ssize_t lanes
) noexcept nogil:
    return min(lanes, plan.features - column * lanes)


cdef inline bint is_narrow(const Plan *plan, Py_ssize_t column, Py_ssize_t lanes) noexcept nogil:
    return features_of(plan, column, lanes) <= NARROW < lanes


cdef void pack_strip(
    Plan *plan, Py_ssize_t task, const real *w, Py_ssize_t first, Py_ssize_t last, real *packed
) noexcept nogil:
    """Store the weights of one column and STRIP (channel, tap) pairs with features side by side."""
    cdef Py_ssize_t terms = plan.channels * plan.taps, lanes = LANE_BYTES // sizeof(real)
    cdef Py_ssize_t step, f, t, column, group, features, of_column = ceil_div(terms, STRIP)
    t = task % of_column * STRIP
    column = task // of_column % (last - first)
    group = task // of_column // (last - first)
    packed += (group * (last - first) + column) * terms * lanes
    column += first
    features = features_of(plan, column, lanes)
    step = NARROW if is_narrow(plan, column, lanes) else lanes
    w += (group * plan.features + column * lanes) * terms + t
    packed += t * step
    terms = min(STRIP, terms - t)
    for f in range(features):
        for t in range(terms):
            packed[t * step + f] = w[t]
        w += plan.channels * plan.taps
    for t in range(terms):
        for f in range(features, step):
            packed[t * step + f] = 0


cdef inline void shuffle(const real *deck, real *shuffled) noexcept nogil:
    """Shuffle side * side cards perfectly: those of the two halves take turns."""
    cdef int i, half = (VECTOR_BYTES // sizeof(real)) * (VECTOR_BYTES // sizeof(real)) // 2
    for i in range(half):
        shuffled[2 * i] = deck[i]
        shuffled[2 * i + 1] = deck[half + i]


cdef inline void turn_square(const real *sums, real *square) noexcept nogil:
    """Transpose a square as wide as a register: ``square[f, o] = sums[o, f]``.

    A perfect shuffle rotates the bits of a card's number by one: as many shuffles as `side` has
    bits exchange row and column. The compiler makes permutations of registers of them.
    """
    cdef real other[MAX_VECTOR * MAX_VECTOR]
    cdef int r, l, side = VECTOR_BYTES // sizeof(real), lanes = LANE_BYTES // sizeof(real)
    for r in range(side):
        for l in range(side):
            square[r * side + l] = sums[r * lanes + l]
    if side >= 4:
        shuffle(square, other)
        shuffle(other, square)
    if side == 16:
        shuffle(square, other)
        shuffle(other, square)
    elif side != 4:
        shuffle(square, other)
        for l in range(side * side):
            square[l] = other[l]


cdef void put(
    Plan *plan, const real *sums, Py_ssize_t count, Py_ssize_t features, const real *bias, real *y
) noexcept nogil:
    """Write the sums of a block and column, ``y[f, o] = bias[f] + sums[o, f]``, or add them."""
    cdef real square[MAX_VECTOR * MAX_VECTOR]
    cdef Py_ssize_t o, f, j, l, wide, side = VECTOR_BYTES // sizeof(real)
    cdef Py_ssize_t lanes = LANE_BYTES // sizeof(real)
    cdef real *to
    for o in range(ceil_div(count, side)):
        wide = min(side, count - o * side)
        for f in range(ceil_div(features, side)):
            turn_square(sums + o * side * lanes + f * side, square)
            for j in range(min(side, features - f * side)):
                to = y + (f * side + j) * plan.dst_plane + o * side
                if bias == NULL:
                    for l in range(wide):
                        to[l] += square[j * side + l]
                elif wide == side:
                    for l in range(side):
                        to[l] = bias[f * side + j] + square[j * side + l]
                else:
                    for l in range(wide):
                        to[l] = bias[f * side + j] + square[j * side + l]


cdef void sum_tile(
    const real *x, const Py_ssize_t *base, const Py_ssize_t *offset, const real *w,
    Py_ssize_t terms, real *sums, bint narrow, bint start,
) noexcept nogil:
    """Sum up ROWS positions; in a function of its own, where the rows' addresses have registers."""
    multiply_add_scattered(x, base, offset, w, terms, sums, narrow, start)


cdef void run_task(
    Plan *plan, Py_ssize_t task, const real *x, const real *packed, const Py_ssize_t *offset,
    Py_ssize_t first, Py_ssize_t last, const real *bias, real *y, Py_ssize_t *base, real *buffer,
) noexcept nogil:
    """Compute one block of one item and group, for a part of the columns of features."""
    cdef Block block
    cdef Py_ssize_t m[3]
    cdef Py_ssize_t a, c, held, turn, each, count, column, chunk, t, row, terms, feature, group
    cdef Py_ssize_t part = task % plan.parts, share = ceil_div(last - first, plan.parts)
    cdef Py_ssize_t pairs = plan.channels * plan.taps, lanes = LANE_BYTES // sizeof(real)
    cdef const real *here = buffer
    cdef real *sums = buffer + plan.buffer_size - plan.positions * lanes
    task = find_block(plan, task // plan.parts, &block)
    group = task % plan.groups
    count = set_bases(plan, &block, base)
    for a in range(3):
        m[a] = block.m[a] * plan.stride[a]
    x += task * plan.channels * plan.src_plane
    y += task * plan.features * plan.dst_plane
    y += (block.m[0] * plan.count[1] + block.m[1]) * plan.count[2] + block.m[2]
    if plan.in_place:
        here = x + (m[0] * plan.axes[1].pitch + m[1]) * plan.axes[2].pitch + m[2]
    packed += (group * (last - first) - first) * pairs * lanes
    first += part * share
    for turn in range(ceil_div(plan.channels, plan.held)):
        c = turn * plan.held
        held = min(plan.held, plan.channels - c)
        for each in range(0 if plan.in_place else held):
            copy_channel(
                x + (c + each) * plan.src_plane, x + plan.channels * plan.src_plane, plan.axes, m,
                buffer + each * plan.plane,
            )
        for column in range(first, min(last, first + share)):
            feature = column * lanes
            for chunk in range(ceil_div(held * plan.taps, TERMS)):
                t = chunk * TERMS
                terms = min(<Py_ssize_t> TERMS, held * plan.taps - t)
                for row in range(ceil_div(count, ROWS)):
                    sum_tile(
                        here, base + row * ROWS, offset + t,
                        packed + column * pairs * lanes + (c * plan.taps + t)
                        * (<Py_ssize_t> NARROW if is_narrow(plan, column, lanes) else lanes),
                        terms, sums + row * ROWS * lanes, is_narrow(plan, column, lanes), t == 0,
                    )
            put(
                plan, sums, count, features_of(plan, column, lanes),
                bias + group * plan.features + feature if bias != NULL and turn == 0
                else <const real *> NULL,
                y + feature * plan.dst_plane,
            )


cdef int convolve(
    Plan *plan, const real *x, const real *w, const real *bias, real *y, int threads
) except -1:
    """Set y to, or without a bias add, the sum over channels and taps."""
    cdef Py_ssize_t task, tasks, strips, turn, first, last, lanes = LANE_BYTES // sizeof(real)
    cdef Py_ssize_t offsets = ceil_div(plan.held * plan.taps, 8) * 8, positions = plan.positions
    cdef Py_ssize_t weights = plan.groups * plan.most * plan.channels * plan.taps * lanes
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef Py_ssize_t *offset
    cdef Py_ssize_t *bases
    cdef real *packed
    cdef real *buffers
    tasks = plan.items * plan.groups * plan.blocks[0] * plan.blocks[1] * plan.blocks[2] * plan.parts
    strips = plan.groups * ceil_div(plan.channels * plan.taps, STRIP)
    threads = <int> min(threads, tasks)
    workspace = borrow(
        (offsets + threads * positions) * sizeof(Py_ssize_t)
        + (weights + threads * plan.buffer_size) * sizeof(real)
    )
    offset = <Py_ssize_t *> workspace.data
    bases = offset + offsets
    packed = <real *> (bases + threads * positions)
    buffers = packed + weights
    with nogil:
        set_offsets(plan, offset)
        for turn in range(ceil_div(plan.columns, plan.most)):
            first = turn * plan.most
            last = min(plan.columns, first + plan.most)
            for task in prange(strips * (last - first), num_threads=threads):
                pack_strip(plan, task, w, first, last, packed)
            for task in prange(tasks, num_threads=threads, schedule="dynamic"):
                if interrupted(&watch):
                    continue
                run_task(
                    plan, task, x, packed, offset, first, last, bias, y,
                    bases + threadid() * positions, buffers + threadid() * plan.buffer_size,
                )
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


def forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to y (N, F, *O) the convolution of x (N, C, *I) with w (F, C // groups, *K)."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    make_plan(&plan, x.shape, w.shape, y.shape, s, d, l, groups, sizeof(real), threads)
    convolve(
        &plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], <const real *> NULL, &y[0, 0, 0, 0, 0],
        threads,
    )


def fill_forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const real[::1] bias not None,
):
    """Set y to the convolution plus the bias (F,) of each channel, whatever y held before."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    make_plan(&plan, x.shape, w.shape, y.shape, s, d, l, groups, sizeof(real), threads)
    convolve(&plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &y[0, 0, 0, 0, 0], threads)
