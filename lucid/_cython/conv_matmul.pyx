r"""Convolution as one matrix product for all items: positions of the whole batch are the columns.

Let ``b[t, q]`` be the input that the pair t = (channel, tap) reads for position q, where q runs
over the positions of one item after the other. Then ``y[f, q] += w[f, t] * b[t, q]``. A few
hundred columns and terms of b at a time are written in the order in which the inner kernel
(`add_product`) reads them, `lanes` columns side by side, and stay in the second-level cache while
all rows of w pass by; w is read where it is, or packed for the gradient. Meanwhile, with every
tile, the memory is asked for a part of the input of the next columns (`fetch.pxd`).

The input gradient is the same product for each output phase (`padded.pxd`): its columns gather,
nothing is scattered. Where the direct kernel shifts along rows, and so wastes the lanes that hang
over the end of a short row or a small image, here every lane works; the price is one copy of an
input element for each tap.

Source: Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008, section
4; Chellapilla, Puri and Simard, 2006, for the columns. Cost: the multiply-adds of the definition;
each input element is copied once for each tap, each output element is read and written once for
each `TERMS` terms. Memory: half a megabyte for each thread, and for the input gradient the packed
weight, at most 4 MiB at a time or that of ROWS channels of each group. The weight gradient has a
file of its own, `conv_matmul_weights`. It must equal `conv_naive`.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memset

from lucid._cython.fetch cimport LINE_BYTES, Rows, fetch_rows, fetch_tile
from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.matmul_columns cimport (
    Block, Room, Run, find_offsets, find_runs, look_ahead, padded_terms, room_of, set_block, unfold,
)
from lucid._cython.matmul_plan cimport (
    WEIGHT_BYTES, Phase, Product, cut, set_phase, set_product, split,
)
from lucid._cython.matmul_weights cimport BUNCH, copy_panel, pack_panels
from lucid._cython.microkernel cimport (
    LANE_BYTES, MAX_LANES, ROWS, add_lanes, enough_lanes,
)
from lucid._cython.padded cimport ceil_div, dst_start
from lucid._cython.turns cimport Turns, deal, next_task
from lucid._cython.types cimport real
from lucid._cython.workspace cimport Workspace, borrow, give_back


cdef void fold(
    Product *p, Phase *phase, const real *corner, Py_ssize_t rows, Py_ssize_t q, Py_ssize_t columns,
    const real *bias, real *y,
) noexcept nogil:
    """Add some columns of the result, which start at column q, to y, or to the bias."""
    cdef Py_ssize_t m[3]
    cdef Py_ssize_t i[3]
    cdef Py_ssize_t l = 0, size, a, j, k
    cdef Py_ssize_t lanes = LANE_BYTES // sizeof(real), step = p.axes[2].dst_step
    cdef real *to
    while l < columns:
        split(phase, q + l, m)
        size = min(columns - l, phase.first[2] + phase.count[2] - m[2])
        for a in range(3):
            i[a] = dst_start(&p.axes[a], phase.number[a], m[a])
        to = y + (q + l) // phase.positions * p.groups * p.features * p.dst_plane
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
    Product *p, Phase *phase, Block *block, const real *a, Py_ssize_t terms, Py_ssize_t rows,
    const real *b, const real *bias, real *y, const real *x, Rows *ahead, Py_ssize_t lines,
) noexcept nogil:
    """Add to `rows` features of the result, in the columns of a block, the sums of some terms.

    With every tile some lines of x are asked for: all at once would wait for one another.
    """
    cdef real corner[ROWS * MAX_LANES]
    cdef real[8] zeros
    cdef Py_ssize_t lanes = LANE_BYTES // sizeof(real), width
    cdef Py_ssize_t at = 0, q = block.q, item, columns, pitch
    cdef const real *start
    cdef real *to
    cdef bint direct
    memset(zeros, 0, sizeof(zeros))
    while at < block.columns:
        q, columns = block.q + at, block.columns - at
        item = q // phase.positions
        width = enough_lanes(columns, lanes)
        direct = phase.whole and (item + 1) * phase.positions - q >= width
        to, pitch, start = corner, lanes, zeros
        fetch_rows(x, ahead, lines)
        if direct:
            to = y + item * p.groups * p.features * p.dst_plane + q - item * phase.positions
            pitch, start = p.dst_plane, bias
            fetch_tile(to, pitch, rows, LANE_BYTES)
        add_lanes(a, p.row_step, p.step, b, block.term, terms, start, to, pitch, rows, width)
        if not direct:
            fold(p, phase, corner, rows, q, min(lanes, columns), bias, y)
        b += block.tile
        at += lanes


cdef void run_task(
    Product *p, Py_ssize_t task, const real *x, const real *w, const real *bias,
    Py_ssize_t first_panel, Py_ssize_t last_panel, real *y, Run *runs, Py_ssize_t *offset,
    real *plane, real *b, real *near,
) noexcept nogil:
    """Compute one block of each phase of one group, for a part of the panels of features.

    Phase after phase, so that the lines of y are still in a cache when the next one writes there.
    The next task of this thread is likely to be the next one of all.
    """
    cdef Phase phase
    cdef Block block
    cdef Py_ssize_t lanes = LANE_BYTES // sizeof(real)
    cdef Py_ssize_t part = task % p.parts, group = task // p.parts // p.blocks
    cdef Py_ssize_t span = last_panel - first_panel, channels = p.channels
    cdef Py_ssize_t index = task // p.parts % p.blocks, after = index + (part + 1) // p.parts
    cdef Py_ssize_t number, turn, c, held, terms, skip, panel, lines, before = 0
    cdef Rows ahead
    cdef const real *begin
    cdef const real *a
    last_panel = first_panel + (part + 1) * span // p.parts
    for number in range(p.phases):
        set_phase(p, &phase, number)
        set_block(p, &phase, index, lanes, &block)
        if block.columns > 0:
            for turn in range(ceil_div(channels, phase.held)):
                c = turn * phase.held
                held = min(phase.held, channels - c)
                terms = held * phase.taps
                find_runs(&phase, &block, lanes, padded_terms(terms) * lanes, runs)
                find_offsets(&phase, &block, offset)
                skip = ((block.item * p.groups + group) * channels + c) * p.src_plane
                unfold(
                    p, &phase, &block, x + skip,
                    p.items * p.groups * channels * p.src_plane - skip, held,
                    runs, offset, plane, lanes, b,
                )
                ahead = look_ahead(p, &phase, &block, after, group, c + held, lanes)
                lines = ahead.count * ceil_div(ahead.size * sizeof(real), LINE_BYTES)
                lines = ceil_div(lines * p.parts, span * ceil_div(block.columns, lanes))
                for panel in range(first_panel + part * span // p.parts, last_panel):
                    if p.near:
                        copy_panel(
                            w + (group * channels + c) * p.features + panel * ROWS, p.features,
                            held, min(ROWS, p.features - panel * ROWS), near,
                        )
                        a = near
                    elif p.packed:
                        a = w + ROWS * (
                            (group * span + panel - first_panel) * channels * p.taps
                            + before * channels + c * phase.taps
                        )
                    else:
                        a = w + (group * p.features + panel * ROWS) * p.row_step + c * phase.taps
                    begin = NULL
                    if bias != NULL and turn == 0:
                        begin = bias + group * p.features + panel * ROWS
                    run_panel(
                        p, &phase, &block, a, terms, min(ROWS, p.features - panel * ROWS),
                        b + (runs[0].src if block.patches else 0), begin,
                        y + ((block.item * p.groups + group) * p.features + panel * ROWS)
                        * p.dst_plane, x, &ahead, lines,
                    )
        before += phase.taps


cdef int multiply(
    Product *p, const real *x, const real *w, const real *bias, real *y, int threads
) except -1:
    """Add to y the product, for as many features at a time as have their weights packed."""
    cdef Py_ssize_t task, panel, panel_size = p.channels * p.taps * ROWS, most, turn, first, last
    cdef Py_ssize_t bunches, each
    cdef Turns turns
    cdef Room room
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef const real *weight = w
    cdef real *packed
    cdef real *planes
    cdef real *columns
    cdef real *nears
    cdef Run *runs
    cdef Py_ssize_t *offsets
    cut(p, sizeof(real), threads)
    room = room_of(p, LANE_BYTES // sizeof(real))
    most = p.panels
    if p.packed:
        most = <Py_ssize_t> (WEIGHT_BYTES // (p.groups * panel_size * sizeof(real)))
        most = max(1, min(p.panels, most))
    workspace = borrow(
        threads * (room.runs * sizeof(Run) + room.offsets * sizeof(Py_ssize_t))
        + ((p.groups * most * panel_size if p.packed else 0)
           + threads * (room.plane + room.b + room.near)) * sizeof(real)
    )
    columns = <real *> workspace.data
    packed = columns + threads * room.b
    planes = packed + (p.groups * most * panel_size if p.packed else 0)
    nears = planes + threads * room.plane
    runs = <Run *> (nears + threads * room.near)
    offsets = <Py_ssize_t *> (runs + threads * room.runs)
    if p.packed:
        weight = packed
    with nogil:
        for turn in range(ceil_div(p.panels, most)):
            first = turn * most
            last = min(p.panels, first + most)
            if p.packed:
                bunches = ceil_div(last - first, BUNCH)
                for task in prange(p.groups * bunches, num_threads=threads):
                    panel = first + task % bunches * BUNCH
                    pack_panels(
                        p, w + (task // bunches * p.channels * p.features + panel * ROWS) * p.taps,
                        min(min(BUNCH, last - panel) * ROWS, p.features - panel * ROWS),
                        packed + (task // bunches * (last - first) + panel - first) * panel_size,
                    )
            deal(&turns, p.tasks, threads)
            for each in prange(p.tasks, num_threads=threads, schedule="dynamic"):
                if interrupted(&watch):
                    continue
                run_task(
                    p, next_task(&turns, threadid()), x, weight, bias, first, last, y,
                    runs + threadid() * room.runs, offsets + threadid() * room.offsets,
                    planes + threadid() * room.plane, columns + threadid() * room.b,
                    nears + threadid() * room.near,
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
