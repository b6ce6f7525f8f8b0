r"""Convolution as one matrix product for all items: positions of the whole batch are the columns.

Let ``b[t, q]`` be the input that the pair t = (channel, tap) reads for position q, where q runs
over the positions of all items, one item after the other. Then ``y[f, q] += w[f, t] * b[t, q]``.
A few hundred columns of b at a time are written in the order in which the inner kernel
(`add_product`) reads them, `lanes` columns side by side, and stay in the second-level cache while
all rows of w pass by; w is read where it is, or transposed for the gradient.

The input gradient is the same product for each output phase (`padded.pxd`): its columns gather,
nothing is scattered. Where the direct kernel shifts along rows, and so wastes the lanes that hang
over the end of a short row or a small image, here every lane works; the price is one copy of an
input element for each tap. For a kernel of one tap there is no such price.

Source: Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008, section
4; Chellapilla, Puri and Simard, 2006, for the columns. Cost: the multiply-adds of the definition;
each input element is copied once for each tap, each output element is read and written once.
Memory: half a megabyte for each thread, and for the gradient the transposed weight, at most 4 MiB
at a time. It must equal `conv_naive`.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memset

from lucid._cython.matmul_plan cimport (
    COLUMNS, WEIGHT_BYTES, Phase, Product, Run, copy_run, find_runs, run_at, set_phase, set_product,
)
from lucid._cython.matmul_sums cimport Sums, add_sums, make_sums, sum_task
from lucid._cython.microkernel cimport LANE_BYTES, MAX_LANES, ROWS, add_product
from lucid._cython.padded cimport Axis, ceil_div, dst_start, phase_taps, tap_step
from lucid._cython.types cimport real
from lucid._cython.workspace cimport Workspace, borrow, give_back

cdef void unfold(
    Product *p, Phase *phase, const real *x, Py_ssize_t left, Py_ssize_t channels, Py_ssize_t q,
    Py_ssize_t end, Run *runs, real *b,
) noexcept nogil:
    """Write the columns of b from q to `end`: blocks of `lanes` columns, in each term after term.

    What hangs over in the last block is left as it is, for its sums are dropped.
    """
    cdef Py_ssize_t t0, t1, t2, c, r, count, lanes = LANE_BYTES // sizeof(real), t = 0
    cdef Py_ssize_t terms = channels * phase.taps
    cdef const Axis *axes = p.axes
    for t0 in range(phase_taps(&axes[0], phase.number[0])):
        for t1 in range(phase_taps(&axes[1], phase.number[1])):
            for t2 in range(phase_taps(&axes[2], phase.number[2])):
                count = find_runs(p, phase, t0, t1, t2, q, end, lanes, runs)
                for c in range(channels):
                    for r in range(count):
                        copy_run(
                            x + c * p.src_plane, axes[2].src_step, left - c * p.src_plane, &runs[r],
                            b + (runs[r].block * terms + c * phase.taps + t) * lanes + runs[r].lane,
                            lanes - runs[r].lane,
                        )
                t += 1


cdef void fold(
    Product *p, Phase *phase, const real *corner, Py_ssize_t rows, Py_ssize_t q,
    const real *bias, real *y,
) noexcept nogil:
    """Add `lanes` columns of the result, which start at column q, to y, or to the bias."""
    cdef Py_ssize_t m[3]
    cdef Py_ssize_t i[3]
    cdef Py_ssize_t item, l, size, a, j, k
    cdef Py_ssize_t lanes = LANE_BYTES // sizeof(real), last = p.items * phase.positions
    cdef Py_ssize_t step = p.axes[2].dst_step
    cdef real *to
    l = 0
    while l < min(lanes, last - q):
        size = run_at(phase, q + l, min(lanes, last - q) - l, &item, m)
        for a in range(3):
            i[a] = dst_start(&p.axes[a], phase.number[a], m[a])
        to = y + item * p.groups * p.features * p.dst_plane
        to += (i[0] * p.axes[1].dst_size + i[1]) * p.axes[2].dst_size + i[2]
        for j in range(rows):
            if bias != NULL:
                for k in range(size):
                    to[k * step] = bias[j] + corner[j * lanes + l + k]
            elif step == 1:
                for k in range(size):
                    to[k] += corner[j * lanes + l + k]
            else:
                for k in range(size):
                    to[k * step] += corner[j * lanes + l + k]
            to += p.dst_plane
        l += size


cdef void run_panel(
    Product *p, Phase *phase, const real *a, Py_ssize_t terms, Py_ssize_t rows, const real *b,
    Py_ssize_t q, Py_ssize_t end, const real *bias, real *y,
) noexcept nogil:
    """Add to `rows` features of the result, from column q to `end`, the sums of some terms."""
    cdef real corner[ROWS * MAX_LANES]
    cdef real[8] zeros
    cdef Py_ssize_t lanes = LANE_BYTES // sizeof(real), item, at, block
    cdef real *to
    memset(zeros, 0, sizeof(zeros))
    for block in range(ceil_div(end - q, lanes)):
        at = q + block * lanes
        item = at // phase.positions
        if phase.whole and at + lanes <= (item + 1) * phase.positions:
            to = y + item * p.groups * p.features * p.dst_plane + at - item * phase.positions
            add_product(a, p.row_step, p.step, b, lanes, terms, bias, to, p.dst_plane, rows)
        else:
            add_product(a, p.row_step, p.step, b, lanes, terms, zeros, corner, lanes, rows)
            fold(p, phase, corner, rows, at, bias, y)
        b += terms * lanes


cdef void run_task(
    Product *p, Phase *phase, Py_ssize_t task, const real *x, const real *w, const real *bias,
    Py_ssize_t first_panel, Py_ssize_t last_panel, real *y, Run *runs, real *b,
) noexcept nogil:
    """Compute some columns of one group, for a part of the panels of features."""
    cdef Py_ssize_t part, group, turn, c, held, q, end, panel
    cdef Py_ssize_t span = last_panel - first_panel, terms, at, left
    cdef const real *begin
    cdef const real *a
    part = task % phase.parts
    last_panel = first_panel + (part + 1) * span // phase.parts
    q = task // phase.parts % phase.blocks * phase.width
    group = task // phase.parts // phase.blocks
    end = min(q + phase.width, p.items * phase.positions)
    y += group * p.features * p.dst_plane
    for turn in range(ceil_div(p.channels, phase.held)):
        c = turn * phase.held
        held = min(phase.held, p.channels - c)
        terms = held * phase.taps
        at = (group * p.channels + c) * p.src_plane
        left = p.items * p.groups * p.channels * p.src_plane - at
        unfold(p, phase, x + at, left, held, q, end, runs, b)
        for panel in range(first_panel + part * span // phase.parts, last_panel):
            if p.packed:
                a = w + ROWS * (
                    (group * span + panel - first_panel) * p.channels * p.taps
                    + phase.before * p.channels + c * phase.taps
                )
            else:
                a = w + group * p.features * p.channels * p.taps + panel * ROWS * p.row_step
                a += c * phase.taps * p.step
            begin = NULL
            if bias != NULL and turn == 0:
                begin = bias + group * p.features + panel * ROWS
            run_panel(
                p, phase, a, terms, min(ROWS, p.features - panel * ROWS), b, q, end,
                begin,
                y + panel * ROWS * p.dst_plane,
            )


cdef void pack_panel(
    Product *p, const real *w, Py_ssize_t rows, real *packed
) noexcept nogil:
    """Store the weights by which `rows` features reach every channel, phase after phase."""
    cdef const Axis *axes = p.axes
    cdef Py_ssize_t p0, p1, p2, c, t0, t1, t2, j, k
    for p0 in range(axes[0].phases):
        for p1 in range(axes[1].phases):
            for p2 in range(axes[2].phases):
                for c in range(p.channels):
                    for t0 in range(phase_taps(&axes[0], p0)):
                        for t1 in range(phase_taps(&axes[1], p1)):
                            for t2 in range(phase_taps(&axes[2], p2)):
                                k = (
                                    (p0 + t0 * tap_step(&axes[0])) * axes[1].taps
                                    + p1 + t1 * tap_step(&axes[1])
                                ) * axes[2].taps + p2 + t2 * tap_step(&axes[2])
                                k += c * p.features * p.taps
                                for j in range(rows):
                                    packed[j] = w[k + j * p.taps]
                                packed += ROWS


cdef int multiply(
    Product *p, const real *x, const real *w, const real *bias, real *y, int threads
) except -1:
    """Add to y the product, phase by phase, for as many features as have their weights packed."""
    cdef Phase phase
    cdef Py_ssize_t number, phases, task, panel, panel_size, most, turn, first, last, size
    cdef Workspace workspace
    cdef const real *weight = w
    cdef real *packed
    cdef real *columns
    cdef Run *runs
    phases = p.axes[0].phases * p.axes[1].phases * p.axes[2].phases
    panel_size = p.channels * p.taps * ROWS
    most = p.panels
    if p.packed:
        most = <Py_ssize_t> (WEIGHT_BYTES // (p.groups * panel_size * sizeof(real)))
        most = max(1, min(p.panels, most))
    size = 0
    for number in range(phases):
        set_phase(p, &phase, number, sizeof(real), threads)
        size = max(size, phase.held * phase.taps * (phase.width + MAX_LANES))
    workspace = borrow(
        threads * COLUMNS * sizeof(Run)
        + ((p.groups * most * panel_size if p.packed else 0) + threads * size) * sizeof(real)
    )
    runs = <Run *> workspace.data
    columns = <real *> (runs + threads * COLUMNS)
    packed = columns + threads * size
    if p.packed:
        weight = packed
    with nogil:
        for turn in range(ceil_div(p.panels, most)):
            first = turn * most
            last = min(p.panels, first + most)
            if p.packed:
                for panel in prange(p.groups * (last - first), num_threads=threads):
                    pack_panel(
                        p, w + panel // (last - first) * p.channels * p.features * p.taps
                        + (first + panel % (last - first)) * ROWS * p.taps,
                        min(ROWS, p.features - (first + panel % (last - first)) * ROWS),
                        packed + panel * panel_size,
                    )
            phase.before = phase.taps = 0
            for number in range(phases):
                phase.before += phase.taps
                set_phase(p, &phase, number, sizeof(real), threads)
                for task in prange(phase.tasks, num_threads=threads, schedule="dynamic"):
                    run_task(
                        p, &phase, task, x, weight, bias, first, last, y,
                        runs + threadid() * COLUMNS, columns + threadid() * size,
                    )
    give_back(workspace)
    return 0


def forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to y (N, F, *O) the convolution of x (N, C, *I) with w (F, C // groups, *K)."""
    cdef Product p
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_product(&p, x.shape, w.shape, y.shape, s, d, l, groups, False)
    multiply(
        &p, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], <const real *> NULL, &y[0, 0, 0, 0, 0], threads
    )


def input_grad(
    real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to x (N, C, *I) the derivative of <forward(x, w), y> by x: the transposed convolution."""
    cdef Product p
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_product(&p, x.shape, w.shape, y.shape, s, d, l, groups, True)
    multiply(
        &p, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], <const real *> NULL, &x[0, 0, 0, 0, 0], threads
    )


def fill_forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const real[::1] bias not None,
):
    """Set y to the convolution plus the bias (F,) of each channel, whatever y held before."""
    cdef Product p
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_product(&p, x.shape, w.shape, y.shape, s, d, l, groups, False)
    multiply(
        &p, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &y[0, 0, 0, 0, 0], threads
    )


def fill_input_grad(
    real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const real[::1] bias not None,
):
    """Set x to the input gradient plus the bias (C,), where every position is reached by a tap."""
    cdef Product p
    cdef Py_ssize_t[3] s = stride, d = dilation, l = low
    set_product(&p, x.shape, w.shape, y.shape, s, d, l, groups, True)
    multiply(
        &p, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &x[0, 0, 0, 0, 0], threads
    )


cdef int multiply_by_output(
    Sums *sums, const real *x, const real *y, real *w, int threads
) except -1:
    """Add to w[f, t] the sum over columns of y[f, q] times b[t, q]."""
    cdef Py_ssize_t task, tasks, parts
    cdef Workspace workspace
    cdef real *result
    cdef real *buffers
    cdef Run *runs
    make_sums(sums, sizeof(real))
    parts = sums.p.groups * sums.parts
    tasks = parts * sums.chunks
    threads = <int> min(threads, tasks)
    workspace = borrow(
        threads * COLUMNS * sizeof(Run)
        + (tasks * sums.region + threads * sums.buffer_size) * sizeof(real)
    )
    runs = <Run *> workspace.data
    buffers = <real *> (runs + threads * COLUMNS)
    result = buffers + threads * sums.buffer_size
    with nogil:
        for task in prange(tasks, num_threads=threads, schedule="dynamic"):
            sum_task(
                sums, task, x, y, result, runs + threadid() * COLUMNS,
                buffers + threadid() * sums.buffer_size,
            )
        for task in prange(parts, num_threads=threads):
            add_sums(sums, task, result, w)
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
