r"""Weight gradient with the features in the lanes: for few positions, strides and small groups.

The gradient of a weight is a sum over items and positions. As in `conv_features`, 64 bytes of
features lie side by side, here those of y, and what takes turns are taps: neighbours of the last
axis are one run, so that 20 to 28 taps, of a few channels, keep their sums in registers
(`features_tiles.pxd`): ``w[c, k, f] += x[base[c, k] + offset[o]] * y[o, f]``. x is copied with its
padding (`features_plan.pxd`), y is turned. The blocks of all items go in fixed chunks, whose
sums are added up at the end, so that the number of threads changes no bit.

Source: as `conv_features`; the loop is that of Goto and van de Geijn, "Anatomy of high-performance
matrix multiplication", 2008, section 5, with rows that are shifted views of one image.

Cost: the multiply-adds of the definition, with features rounded up to 64 bytes and taps to half
tiles; x and y are copied once. A product of matrices copies x once for each tap instead. Memory:
0.6 MB for each thread, and the weights of all chunks: 4 MiB, or those of one chunk. It must equal
`conv_naive`.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memset

from lucid._cython.features_plan cimport (
    Plan, clear_block, copy_block, find_block, make_plan, place_of, set_positions,
    set_tap_runs, start_of,
)
from lucid._cython.features_tiles cimport (
    LINE_BYTES, MAX_RUNS, SUMS, choose_run, runs_of, sum_tile,
)
from lucid._cython.features_write cimport put, transpose, turn_line
from lucid._cython.fetch cimport Rows, fetch_rows
from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.padded cimport Block, ceil_div
from lucid._cython.types cimport real
from lucid._cython.workspace cimport Workspace, borrow, give_back

cdef enum:
    CHUNKS = 16  # a fixed number, so that bits are fixed too
    RESULT_BYTES = 4 << 20  # of all chunks
    LINES = 24  # asked for at once; more would wait for one another


cdef void sum_taps(
    const real *x, const Py_ssize_t *base, const Py_ssize_t *offset, const real *y,
    Py_ssize_t positions, real *sums, const Py_ssize_t *to, Py_ssize_t run, Py_ssize_t step,
    Py_ssize_t count, const real *next_y, Rows *ahead, Py_ssize_t lines,
) noexcept nogil:
    """Sum up `count` runs of taps; in a function of its own, where addresses have registers.

    Meanwhile, with every tile, ask for some lines of the y of the next block.
    """
    cdef Py_ssize_t i, tile, runs = runs_of(run)
    for tile in range(ceil_div(count, runs)):
        fetch_rows(next_y, ahead, lines)
        i = tile * runs
        sum_tile(x, base + i, offset, y, positions, sums, to + i, count - i, run, step)


cdef void sum_block(
    Plan *plan, const Block *block, const real *x, const real *y, const real *all_y, Rows *ahead,
    Py_ssize_t *offset, Py_ssize_t *base, Py_ssize_t *to, real *buffer, real *result,
) noexcept nogil:
    """Add to the sums of a group what one block of an item gives."""
    cdef Py_ssize_t c, t, turn, held, column, run, runs, count, terms, lines, pitch = plan.terms
    cdef Py_ssize_t lanes = LINE_BYTES // sizeof(real), rows = plan.taps // plan.axes[2].taps
    cdef const real *here = buffer
    cdef real *packed = buffer + plan.buffer_size - 2 * plan.positions * lanes
    cdef real *sums = buffer + plan.buffer_size
    cdef real *total
    count = set_positions(plan, block, offset)
    y += place_of(plan, block)
    if plan.in_place:
        here = x + start_of(plan, block.m[0], block.m[1], block.m[2])
    lines = min(<Py_ssize_t> LINES, ceil_div(
        ahead.count * ceil_div(ahead.size, lanes) * SUMS, plan.columns * plan.channels * plan.taps
    ))
    for turn in range(ceil_div(plan.channels, plan.held)):
        c = turn * plan.held
        held = min(plan.held, plan.channels - c)
        terms = held * plan.taps
        if not plan.in_place:
            if turn == 0:
                clear_block(plan, held, buffer)
            copy_block(plan, block, held, x + c * plan.src_plane, buffer)
        run = choose_run(held * rows, plan.axes[2].taps, plan.axes[2].dilation, lanes)
        runs = set_tap_runs(plan, held, run, lanes, base, to)
        for column in range(plan.columns):
            turn_line(
                y + column * lanes * plan.dst_plane, plan.dst_plane, count,
                min(lanes, plan.features - column * lanes), packed,
            )
            sum_taps(
                here, base, offset, packed, count, sums, to, run, plan.axes[2].dilation, runs,
                all_y, ahead, lines,
            )
            total = result + (column * pitch + c * plan.taps) * lanes
            for t in range(terms * lanes):
                total[t] += sums[t]


cdef Rows rows_of_output(
    Plan *plan, Py_ssize_t group, Py_ssize_t unit, Py_ssize_t last
) noexcept nogil:
    """Tell, to fetch them, where the rows of y are that block `unit` of all items reads."""
    cdef Block block
    cdef Rows rows
    cdef Py_ssize_t n = find_block(plan, unit, &block)
    rows.count, rows.pitch, rows.at = plan.features if unit < last else 0, plan.dst_plane, 0
    rows.start = (n * plan.groups + group) * plan.features * plan.dst_plane
    rows.start += place_of(plan, &block)
    rows.size = block.size[0] * block.size[1] * block.size[2]
    return rows


cdef void sum_task(
    Plan *plan, Py_ssize_t group, Py_ssize_t first, Py_ssize_t last, const real *x, const real *y,
    Py_ssize_t *numbers, real *buffer, real *result, Py_ssize_t result_size, Watch *watch,
) noexcept nogil:
    """Sum up the blocks of all items from `first` to before `last`, for one group."""
    cdef Block block
    cdef Rows ahead
    cdef Py_ssize_t unit, at, runs = plan.terms + MAX_RUNS
    memset(result, 0, result_size * sizeof(real))
    for unit in range(first, last):
        if interrupted(watch):
            return
        ahead = rows_of_output(plan, group, unit + 1, last)
        at = find_block(plan, unit, &block) * plan.groups + group
        sum_block(
            plan, &block, x + at * plan.channels * plan.src_plane,
            y + at * plan.features * plan.dst_plane, y, &ahead,
            numbers + 2 * runs, numbers, numbers + runs, buffer, result,
        )


cdef void add_chunks(
    Plan *plan, Py_ssize_t task, Py_ssize_t chunks, Py_ssize_t chunk_size, real *result,
    real *turned, real *w,
) noexcept nogil:
    """Add to w the sums of all chunks, for one group and column of features."""
    cdef Py_ssize_t chunk, t, lanes = LINE_BYTES // sizeof(real), terms = plan.channels * plan.taps
    cdef Py_ssize_t feature = task % plan.columns * lanes
    cdef real *other
    result += task * plan.terms * lanes
    for chunk in range(1, chunks):
        other = result + chunk * chunk_size
        for t in range(terms * lanes):
            result[t] += other[t]
    transpose(result, lanes, plan.terms, turned)
    put(
        turned, plan.terms, terms, min(lanes, plan.features - feature), <const real *> NULL,
        w + (task // plan.columns * plan.features + feature) * terms, terms,
    )


cdef int correlate_with_output(
    Plan *plan, const real *x, const real *y, real *w, int threads
) except -1:
    """Add to w, for each channel and tap, the sum over items and positions of x times y."""
    cdef Py_ssize_t turn, task, tasks, units, chunks, size, results, numbers, buffer_size
    cdef Py_ssize_t lanes = LINE_BYTES // sizeof(real)
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef Py_ssize_t *number
    cdef real *result
    cdef real *buffers
    size = plan.columns * plan.terms * lanes
    chunks = RESULT_BYTES // (plan.groups * size * <Py_ssize_t> sizeof(real))
    chunks = max(<Py_ssize_t> 1, min(chunks, ceil_div(CHUNKS, plan.groups)))
    units = plan.items * plan.blocks[0] * plan.blocks[1] * plan.blocks[2]
    chunks = min(chunks, units)
    tasks = chunks * plan.groups
    threads = <int> min(threads, max(tasks, plan.groups * plan.columns))
    results = tasks * size
    buffer_size = plan.buffer_size + plan.terms * lanes
    numbers = plan.positions + 2 * (plan.terms + MAX_RUNS)
    workspace = borrow(
        (results + threads * buffer_size) * sizeof(real) + threads * numbers * sizeof(Py_ssize_t)
    )
    result = <real *> workspace.data
    buffers = result + results
    number = <Py_ssize_t *> (buffers + threads * buffer_size)
    with nogil:
        # the caller alone hears of Ctrl-C and must not be idle: the first thread of a static loop
        # has as many tasks as any other, and begins with the last, which has the most blocks
        for turn in prange(tasks, num_threads=min(threads, tasks), schedule="static"):
            task = tasks - 1 - turn
            sum_task(
                plan, task % plan.groups, task // plan.groups * units // chunks,
                (task // plan.groups + 1) * units // chunks, x, y,
                number + threadid() * numbers, buffers + threadid() * buffer_size,
                result + task * size, size, &watch,
            )
        for task in prange(plan.groups * plan.columns, num_threads=threads):
            add_chunks(
                plan, task, chunks, plan.groups * size, result, buffers + threadid() * buffer_size,
                w,
            )
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


def weight_grad(
    const real[:, :, :, :, ::1] x not None, real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to w (F, C // groups, *K) the derivative by w of <y, convolution of x with w>."""
    cdef Plan plan
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    make_plan(&plan, x.shape, w.shape, y.shape, s, d, l, groups, sizeof(real), False, threads)
    correlate_with_output(&plan, &x[0, 0, 0, 0, 0], &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], threads)
