r"""Weight gradient as a matrix product: rows of the output times rows of the columns' matrix.

Every weight is one long dot product, ``w[f, t] += sum over q of y[f, q] * b[t, q]``, with the
columns of `conv_matmul`. They come in blocks, a piece of one item or several whole items. Of one
matrix, `lanes` rows at a time are turned, so that they lie in the lanes; of the other a few rows
are read element by element, where they are. Mostly y is turned, and then not even b is written: its
rows are read in the padded plane, or in x, by their positions. With few terms it is b that is
turned. With few of both, neither is: neighbouring columns lie in the lanes, and are added up in the
end.

A task sums up a range of blocks for some channels. Where several add to the same weights, their
number depends on the shapes alone; so do the bits.

Source: as `conv_matmul`. Cost: the multiply-adds of the definition, with what lies in the lanes
rounded up to them; x is copied with its padding, or once for each tap, and y once. Memory: mostly 1
to 5 MB for each thread, and where features are in the lanes all sums once, those of several chunks
at most 4 MiB. It must equal `conv_naive`.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memset

from lucid._cython.fetch cimport Rows, fetch_rows
from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.matmul_columns cimport (
    Block, Run, find_offsets, find_rows, find_runs, set_block, unfold,
)
from lucid._cython.matmul_plan cimport Product, set_product
from lucid._cython.matmul_rows cimport STEP, clear, copy_rows
from lucid._cython.matmul_sums cimport (
    find_positions, gather_outputs, look_ahead, multiply_dots, multiply_lanes, turn,
)
from lucid._cython.matmul_sums_plan cimport (
    FEATURES, Scratch, Sums, choose_product, make_sums, reads_planes,
)
from lucid._cython.microkernel cimport (
    LANE_BYTES, NARROW, ROWS, VECTOR_BYTES, add_scattered_product,
)
from lucid._cython.padded cimport ceil_div
from lucid._cython.turns cimport Turns, deal, next_task
from lucid._cython.types cimport real
from lucid._cython.workspace cimport Workspace, borrow, give_back


cdef void multiply_scattered(
    const Sums *sums, const real *b, Py_ssize_t step, Py_ssize_t rows, Py_ssize_t taps,
    Scratch *scratch, const real *lane_of, Py_ssize_t count, const real *y, real *result,
) noexcept nogil:
    """``result[t, f] += sum over q < count of b[t, q] * y[f, q]``, with y turned.

    A tile has one tap of some rows, `step` elements apart, of which each has that many taps. The
    rows of the next tile are fetched meanwhile, and what the next block reads of y.
    """
    cdef Rows ahead
    cdef Py_ssize_t span = scratch.position[count - 1] + 1 - scratch.position[0]
    cdef Py_ssize_t lanes = LANE_BYTES // sizeof(real), f = 0, r, t
    while f < sums.p.features:
        for r in range(ceil_div(rows, ROWS)):
            if f == 0 and span <= 2 * count:  # one run of each row, and not read before
                ahead.start = (r + 1) * ROWS * step + scratch.position[0]
                ahead.count, ahead.pitch = min(ROWS, rows - (r + 1) * ROWS), step
                ahead.size, ahead.at = span, 0
                fetch_rows(b, &ahead, ROWS * span)
            for t in range(taps):
                fetch_rows(y, &scratch.next, scratch.lines)
                add_scattered_product(
                    b + r * ROWS * step + scratch.offset[t], step, scratch.position, lane_of, count,
                    result + (r * ROWS * taps + t) * sums.wide + f, taps * sums.wide,
                    min(ROWS, rows - r * ROWS), sums.p.features - f <= NARROW,
                )
        f += lanes
        lane_of += count * lanes


cdef void sum_block(
    Sums *sums, Block *block, const real *x, Py_ssize_t left, const real *y, Py_ssize_t channels,
    real *result, Scratch *scratch, real *buffer,
) noexcept nogil:
    """Add to the sums of some channels what one block has."""
    cdef Product *p = &sums.p
    cdef Py_ssize_t c, item, share, terms, t, skip, vector = VECTOR_BYTES // sizeof(real)
    cdef Py_ssize_t lanes = LANE_BYTES // sizeof(real)
    cdef Py_ssize_t y_pitch = p.dst_plane, b_pitch = p.src_plane, step = p.groups * p.channels
    cdef const real *y_rows = y + block.q
    cdef Rows ahead
    cdef const real *b
    cdef real *lane_of = buffer + sums.rows_size
    cdef real *unfolded = lane_of + sums.lanes_size
    cdef real *plane = unfolded
    cdef bint there = sums.as_it_is  # whether rows of b are rows of x
    step *= p.src_plane
    if block.items > 1 or (sums.dots and block.columns % vector):
        gather_outputs(sums, block, y, buffer)
        y_rows, y_pitch, there = buffer, sums.pitch, False
    find_runs(&sums.phase, block, lanes, lanes, scratch.runs)
    find_offsets(&sums.phase, block, scratch.offset)
    if sums.turned:
        turn(y_rows, y_pitch, p.features, block.columns, lane_of)
        if sums.in_planes:
            find_positions(block, scratch)
        else:
            for t in range(block.columns):
                scratch.position[t] = t
    c = 0
    while c < channels:
        share = min(sums.share, channels - c)
        terms = share * p.taps
        b = x + c * p.src_plane
        if sums.in_planes:
            b_pitch = p.src_plane
            if not block.inside:
                b_pitch = block.channel
                for t in range(share):
                    if c + t + 1 < channels:
                        ahead = find_rows(p, block, 1)
                        fetch_rows(b + (t + 1) * p.src_plane, &ahead, ahead.count * ahead.size)
                    for item in range(block.items):
                        copy_rows(
                            b + t * p.src_plane + item * step,
                            left - (c + t) * p.src_plane - item * step, block.axes, block.first,
                            block.slot, plane + t * b_pitch + item * block.plane,
                        )
                b = plane
            multiply_scattered(
                sums, b, b_pitch, share, p.taps, scratch, lane_of, block.columns, y,
                result + c * p.taps * sums.wide,
            )
        else:
            if there:
                b += block.q
            else:
                unfold(
                    p, &sums.phase, block, b, left - c * p.src_plane, share, scratch.runs,
                    scratch.offset, unfolded + terms * sums.pitch, sums.pitch, unfolded,
                )
                skip, b_pitch = 0, sums.pitch
                if block.patches:
                    skip, b_pitch = scratch.runs[0].src, block.slot
                b = unfolded + skip
                for t in range(terms):
                    clear(unfolded + skip + t * b_pitch + block.columns, STEP)
            if sums.dots:
                multiply_dots(
                    y_rows, y_pitch, p.features, b, b_pitch, terms,
                    ceil_div(block.columns, vector) * vector, result + c * p.taps, sums.wide,
                )
            elif sums.turned:
                scratch.offset[0] = 0
                multiply_scattered(
                    sums, b, b_pitch, terms, 1, scratch, lane_of, block.columns, y,
                    result + c * p.taps * sums.wide,
                )
                find_offsets(&sums.phase, block, scratch.offset)
            else:
                turn(b, b_pitch, terms, block.columns, lane_of)
                multiply_lanes(
                    y_rows, y_pitch, p.features, lane_of, terms, block.columns,
                    result + c * p.taps, sums.wide,
                )
        c += share


cdef void sum_task(
    Sums *sums, Py_ssize_t task, const real *x, const real *y, real *w, real *result,
    Run *runs, Py_ssize_t *offset, real *buffer, Watch *watch,
) noexcept nogil:
    """Sum up the blocks of one chunk, for one group and a part of its channels."""
    cdef Product *p = &sums.p
    cdef Block block
    cdef Py_ssize_t c = task % sums.parts * sums.range, group = task // sums.parts % p.groups
    cdef Py_ssize_t chunk = task // sums.parts // p.groups, index, skip
    cdef Scratch scratch
    scratch.runs, scratch.offset, scratch.position = runs, offset, offset + p.taps
    scratch.next.start = scratch.next.count = scratch.next.pitch = scratch.next.size = 0
    scratch.next.at = scratch.lines = 0
    if sums.region:
        result += task * sums.region
        memset(result, 0, sums.region * sizeof(real))
    else:
        result = w + (group * p.features * p.channels + c) * p.taps
    for index in range(chunk * p.blocks // sums.chunks, (chunk + 1) * p.blocks // sums.chunks):
        if interrupted(watch):
            return
        set_block(p, &sums.phase, index, STEP, &block)
        if block.columns > 0:
            if index + 1 < (chunk + 1) * p.blocks // sums.chunks:
                look_ahead(sums, &block, index + 1, min(sums.range, p.channels - c), &scratch)
            skip = ((block.item * p.groups + group) * p.channels + c) * p.src_plane
            sum_block(
                sums, &block, x + skip, sums.x_size - skip,
                y + (block.item * p.groups + group) * p.features * p.dst_plane,
                min(sums.range, p.channels - c), result, &scratch, buffer,
            )


cdef void add_sums(Sums *sums, Py_ssize_t part, real *result, real *w) noexcept nogil:
    """Add to the weights of a group and a part of its channels what all chunks found, in order."""
    cdef Product *p = &sums.p
    cdef Py_ssize_t c = part % sums.parts * sums.range, f, t, block, last, chunk
    cdef Py_ssize_t terms = min(sums.range, p.channels - c) * p.taps
    cdef Py_ssize_t f_step = 1 if sums.turned else sums.wide
    cdef Py_ssize_t t_step = sums.wide if sums.turned else 1
    result += part * sums.region
    w += (part // sums.parts * p.features * p.channels + c) * p.taps
    for chunk in range(1, sums.chunks):
        for t in range(sums.region):
            result[t] += result[chunk * p.groups * sums.parts * sums.region + t]
    for block in range(ceil_div(terms, STEP)):
        last = min(terms, block * STEP + STEP)
        for f in range(p.features):
            for t in range(block * STEP, last):
                w[f * p.channels * p.taps + t] += result[f * f_step + t * t_step]


cdef int multiply_by_output(
    Sums *sums, const real *x, const real *y, real *w, int threads
) except -1:
    """Add to w[f, t] the sum over columns of y[f, q] times b[t, q]."""
    cdef Py_ssize_t task, tasks, each, parts
    cdef Turns turns
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef real *result
    cdef real *buffers
    cdef Run *runs
    cdef Py_ssize_t *offsets
    make_sums(sums, sizeof(real), threads)
    parts = sums.p.groups * sums.parts
    tasks = parts * sums.chunks
    threads = <int> min(threads, tasks)
    workspace = borrow(
        threads * (sums.width * sizeof(Run) + (sums.p.taps + sums.width) * sizeof(Py_ssize_t))
        + (tasks * sums.region + threads * sums.buffer_size) * sizeof(real)
    )
    buffers = <real *> workspace.data
    result = buffers + threads * sums.buffer_size
    runs = <Run *> (result + tasks * sums.region)
    offsets = <Py_ssize_t *> (runs + threads * sums.width)
    with nogil:
        deal(&turns, tasks, threads)
        for each in prange(tasks, num_threads=threads, schedule="dynamic"):
            sum_task(
                sums, next_task(&turns, threadid()), x, y, w, result,
                runs + threadid() * sums.width,
                offsets + threadid() * (sums.p.taps + sums.width),
                buffers + threadid() * sums.buffer_size, &watch,
            )
        if sums.region:
            for task in prange(parts, num_threads=threads):
                add_sums(sums, task, result, w)
    raise_if_interrupted(&watch)
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
    set_product(&sums.p, x.shape, w.shape, y.shape, s, d, l, groups, False)
    multiply_by_output(
        &sums, &x[0, 0, 0, 0, 0], &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], threads
    )


def lies_in_lanes(columns, channels, features, taps, itemsize):
    """Tell what `weight_grad` puts into the lanes, and whether it reads x in padded planes then.

    >>> from lucid._cython import conv_matmul_weights
    >>> conv_matmul_weights.lies_in_lanes(1000, 64, 64, 9, 4)
    ('features', True)
    >>> conv_matmul_weights.lies_in_lanes(5000, 1, 2, 1, 4)
    ('columns', False)
    """
    lies = choose_product(columns, features, channels * taps, LANE_BYTES // itemsize)
    return ("columns", "features", "terms")[lies], lies == FEATURES and reads_planes(channels)
