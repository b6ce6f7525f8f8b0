r"""Weight gradient of a depthwise convolution: for each tap, the sum of x times y.

Tiles are those of `conv_depthwise`, with 7 rows of y in the registers instead of 7 of the result:
a column of taps slides down the rows of x, and each tap gets the products of 7 rows, added up in a
vector of its own (`sliding.pxd`). The nine sums of 3x3 taps stay in the registers instead, for
stride 1 and 2 (`strip_sums.pxd`); with stride 2 and taps in several planes, those of one plane
after the other. Lanes are added up once, at the end. Items are cut into a fixed number of tasks,
whose sums are added in order: so bits do not depend on the threads.

Cost: as `conv_depthwise`, with a vector loaded, added and stored for each tap of a tile. Memory
beside the arrays: what `conv_depthwise` takes for each thread, a vector for each tap and thread,
and the sums of each task. It must equal `conv_naive`.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memset

from lucid._cython.depthwise_copy cimport copy_channels, is_inside, stay_inside
from lucid._cython.depthwise_plan cimport (
    HELD_BYTES, Plan, make_plan, runs, set_axes, set_run, set_taps,
)
from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.padded cimport Axis, ceil_div, clip, find_block, src_start
from lucid._cython.sliding cimport (
    HALF_ROWS, MAX_ROWS, MAX_WIDTH, VECTOR_BYTES, Run, add_lanes, first_tap, last_tap, strip_width,
    sum_strip, tile_rows,
)
from lucid._cython.strip_sums cimport fits_sums, sum_strips
from lucid._cython.strips cimport THREE, Planes
from lucid._cython.turns cimport Turns, deal, next_task
from lucid._cython.types cimport real
from lucid._cython.workspace cimport Workspace, borrow, give_back

cdef Py_ssize_t TASKS = 16  # of a weight gradient: a fixed number, so that bits are fixed too


cdef void sum_any_tile(
    const Run *run, const real *x, real *sums, const real *y, Py_ssize_t m, Py_ssize_t q,
    int rows, int width,
) noexcept nogil:
    """Call `sum_strip` with a literal number of rows."""
    if rows >= MAX_ROWS:
        sum_strip(run, x, sums, y, m, q, MAX_ROWS, width)
    elif rows >= HALF_ROWS:
        sum_strip(run, x, sums, y, m, q, HALF_ROWS, width)
    elif rows >= 2:
        sum_strip(run, x, sums, y, m, q, 2, width)
    else:
        sum_strip(run, x, sums, y, m, q, 1, width)


cdef void sum_rows(const Run *run, const real *x, real *sums, const real *y) noexcept nogil:
    """Add to the sums of all taps what the rows of a run give."""
    cdef Py_ssize_t q, m = 0
    cdef int rows, width
    while m < run.rows:
        rows = tile_rows(run, m, sizeof(real))
        if first_tap(run, m, rows) < last_tap(run, m):
            q = 0
            while q < run.columns:
                width = strip_width(run.columns - q, rows, sizeof(real))
                sum_any_tile(run, x, sums, y + q, m, q, rows, width)
                q += width // sizeof(real)
        y += rows * run.y_step
        m += rows


cdef void sum_small_planes(
    const Run *run, const Planes *planes, const real *x, real *sums, const real *y
) noexcept nogil:
    """Call `sum_strips` for stride 1, apart from others: so gcc gives it all registers."""
    sum_strips(run, planes, x, sums, y, 1, False)


cdef void sum_large_planes(
    const Run *run, const Planes *planes, const real *x, real *sums, const real *y
) noexcept nogil:
    """Call `sum_strips` for stride 1 and planes that come alone."""
    sum_strips(run, planes, x, sums, y, 1, True)


cdef void sum_planes_by_two(
    const Run *run, const Planes *planes, const real *x, real *sums, const real *y
) noexcept nogil:
    """Call `sum_strips` for stride 2."""
    if planes.count > 1:
        sum_strips(run, planes, x, sums, y, 2, False)
    else:
        sum_strips(run, planes, x, sums, y, 2, True)


cdef void sum_planes(
    const Run *run, const Planes *planes, const real *x, real *sums, const real *y, bint by_two
) noexcept nogil:
    """Add to the sums, a vector for each tap, what all rows of some planes give."""
    if by_two:
        sum_planes_by_two(run, planes, x, sums, y)
    elif planes.count > 1:
        sum_small_planes(run, planes, x, sums, y)
    else:
        sum_large_planes(run, planes, x, sums, y)


cdef void sum_in_depth(
    Plan *plan, const Run *run, const real *x, const Py_ssize_t *m, const Py_ssize_t *size,
    const real *y, real *sums,
) noexcept nogil:
    """Add to the sums of all taps what a block of an item gives, one plane of taps at a time.

    Each gets a sum over the planes of y for which it lies inside x.
    """
    cdef Axis *depth = plan.axes
    cdef Planes planes
    cdef Py_ssize_t t, plane, first, last, lanes = VECTOR_BYTES // sizeof(real)
    planes.x_step = depth.src_step * plan.step0
    planes.y_step = plan.axes[1].dst_size * plan.axes[2].dst_size
    for t in range(depth.taps):
        plane = src_start(depth, 0, m[0]) + t * depth.dilation
        first = clip(ceil_div(-plane, depth.src_step), size[0])
        last = clip(ceil_div(depth.src_size - plane, depth.src_step), size[0])
        planes.count = last - first
        if planes.count > 0:
            sum_planes(
                run, &planes, x + (plane + first * depth.src_step) * plan.step0,
                sums + t * plan.height * run.taps * lanes, y + first * planes.y_step, True,
            )


cdef void sum_block(
    Plan *plan, const real *x, const Py_ssize_t *offset, const Py_ssize_t *m,
    const Py_ssize_t *size, Py_ssize_t items, const real *y, real *sums,
) noexcept nogil:
    """Add to the sums of all taps what a block of some items gives, from their copy x."""
    cdef Axis *axes = plan.axes
    cdef Run run
    cdef Planes planes
    cdef Py_ssize_t n, m0, residue, row = src_start(&axes[1], 0, m[1])
    cdef const real *source
    cdef const real *given
    cdef Py_ssize_t x_step = plan.plane, y_step = plan.channels * plan.multiplier * plan.dst_plane
    if plan.by_two and plan.deep:
        set_run(plan, &run, 0, row, size[1], m[2], size[2])
        run.y_step, run.offset, run.taps = axes[2].dst_size, offset, axes[2].taps
        for n in range(items):
            sum_in_depth(
                plan, &run, x + n * x_step * plan.channels + row * plan.step1, m, size,
                y + n * y_step + (m[0] * axes[1].dst_size + m[1]) * axes[2].dst_size, sums,
            )
        return
    if plan.in_place:
        x += m[0] * plan.step0 + row * plan.step1
        x_step *= plan.channels
    for m0 in range(size[0]):
        for residue in range(runs(plan, size[1])):
            set_run(plan, &run, residue, row, size[1], m[2], size[2])
            run.y_step *= axes[2].dst_size
            run.offset, run.taps = offset, plan.kernel // plan.height
            source = x + m0 * plan.step0 + residue * plan.step1
            given = y + m[2] + (
                (m[0] + m0) * axes[1].dst_size + m[1] + residue
            ) * axes[2].dst_size
            n = 0
            while n < items:
                planes.count, planes.x_step, planes.y_step = 1, x_step, y_step
                if plan.by_two or fits_sums(&run, sizeof(real)):
                    planes.count = min(items - n, plan.held)
                    if planes.count == 1 and n + 1 == items:  # then comes the next channel
                        planes.x_step = plan.plane - n * x_step
                        planes.y_step = plan.dst_plane - n * y_step
                    sum_planes(&run, &planes, source, sums, given, plan.by_two)
                else:
                    sum_rows(&run, source, sums, given)
                source += planes.count * x_step
                given += planes.count * y_step
                n += planes.count


cdef void sum_task(
    Plan *plan, Py_ssize_t f, Py_ssize_t first, Py_ssize_t last, const real *x, const real *y,
    const Py_ssize_t *offset, const Py_ssize_t *tap, real *w, real *buffer,
) noexcept nogil:
    """Sum up the items first to last for one output channel; w gets one value for each tap."""
    cdef Py_ssize_t m[3]
    cdef Py_ssize_t size[3]
    cdef Py_ssize_t n, t, block, count, start, lanes = VECTOR_BYTES // sizeof(real)
    cdef Py_ssize_t item = plan.channels * plan.src_plane
    cdef const real *source
    cdef real *sums = buffer
    buffer += plan.kernel * lanes
    memset(sums, 0, plan.kernel * lanes * sizeof(real))
    for block in range(plan.blocks[0] * plan.blocks[1] * plan.blocks[2]):
        find_block(plan.axes, block, m, size)
        n = first
        while n < last:
            start = (n * plan.channels + f // plan.multiplier) * plan.src_plane
            if not plan.in_place:
                count = min(plan.held, last - n)
                copy_channels(plan, x + start, item, count, m, buffer)
                source = buffer
            elif is_inside(plan, start, plan.src_plane):
                count = last - n
                while not is_inside(plan, start + (count - 1) * item, plan.src_plane):
                    count -= 1
                source = x + start
            else:
                count = 1
                source = stay_inside(plan, x, start, 1, m, size, buffer)
            sum_block(
                plan, source, offset, m, size, count,
                y + (n * plan.channels * plan.multiplier + f) * plan.dst_plane, sums,
            )
            n += count
    add_lanes(sums, plan.kernel)
    for t in range(plan.kernel):
        w[tap[t]] = sums[t * lanes]


cdef int correlate_with_output(
    Plan *plan, const real *x, const real *y, real *w, int threads
) except -1:
    """Add to w, for each channel and tap, the sum over items and positions of x times y."""
    cdef Py_ssize_t task, tasks, turn, t, chunk, chunks, features, results
    cdef Turns turns
    cdef Watch watch
    cdef Workspace workspace
    cdef real *result
    cdef real *buffers
    cdef Py_ssize_t *offset
    cdef Py_ssize_t *tap
    plan.src_share = plan.dst_share = 1
    make_plan(plan, sizeof(real), 1, THREE, 0)
    plan.held = max(1, min(HELD_BYTES // <Py_ssize_t> sizeof(real) // plan.plane, plan.items))
    features = plan.channels * plan.multiplier
    chunks = min(plan.items, ceil_div(TASKS, features))
    tasks = chunks * features
    threads = <int> min(threads, tasks)
    watch = watch_calls(<int> (1 + 100_000 * tasks // (plan.items * plan.dst_plane * features)))
    results = ceil_div(tasks * plan.kernel, 16) * 16
    plan.buffer_size = ceil_div(
        (plan.held - 1) * plan.plane + plan.last + plan.extra
        + plan.kernel * (VECTOR_BYTES // sizeof(real)), 16
    ) * 16
    workspace = borrow(
        2 * plan.kernel * sizeof(Py_ssize_t)
        + (results + threads * plan.buffer_size + MAX_WIDTH) * sizeof(real)
    )
    result = <real *> workspace.data
    buffers = result + results
    plan.zeros = buffers + threads * plan.buffer_size
    offset = <Py_ssize_t *> (buffers + threads * plan.buffer_size + MAX_WIDTH)
    tap = offset + plan.kernel
    with nogil:
        set_taps(plan, offset, tap)
        memset(buffers, 0, (threads * plan.buffer_size + MAX_WIDTH) * sizeof(real))
        deal(&turns, tasks, threads)
        for turn in prange(tasks, num_threads=threads, schedule="dynamic"):
            if interrupted(&watch):
                continue
            task = next_task(&turns, threadid())
            sum_task(
                plan, task % features, task // features * plan.items // chunks,
                (task // features + 1) * plan.items // chunks, x, y, offset, tap,
                result + task * plan.kernel, buffers + threadid() * plan.buffer_size,
            )
        for chunk in range(chunks):
            for t in range(features * plan.kernel):
                w[t] += result[chunk * features * plan.kernel + t]
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


def weight_grad(
    const real[:, :, :, :, ::1] x not None, real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to w (F, 1, *K) the derivative of <forward(x, w), y> by w."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_axes(&plan, x.shape, w.shape, y.shape, s, d, l, False)
    correlate_with_output(&plan, &x[0, 0, 0, 0, 0], &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], threads)
