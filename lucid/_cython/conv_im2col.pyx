r"""Convolution as a matrix product: unfold the input into columns, then multiply.

For one item and group let ``columns[t, o]`` be the input that tap t = (c, k) reads for output
position o, zero outside the input. With the weight seen as a matrix ``w[f, t]``:

==============  ===============================================================
`forward`       ``y[f, o] += sum over t of w[f, t] * columns[t, o]``
`input_grad`    ``columns[t, o] = sum over f of w[f, t] * y[f, o]``, then folded
`weight_grad`   ``w[f, t] += sum over o of y[f, o] * columns[t, o]``
==============  ===============================================================

To fold is to add every element of columns back to where it was unfolded from: both stand in
`im2col_columns.pxd`. Only a strip of the columns of one item exists at a time: some positions of
TAPS taps, half a megabyte.

Source: Chellapilla, Puri and Simard, "High performance convolutional neural networks for document
processing", 2006, section 2.1. Cost: the multiply-adds of the definition; each input element is
copied once for each tap, an element of columns moves twice. Memory: about 1.1 MB for each thread,
more where a channel has more than TAPS taps; and, but for the weight gradient, all weights once
more, packed. It must equal `conv_naive`.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memset

from lucid._cython.im2col_columns cimport Sizes, fold, measure, unfold
from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.microkernel cimport (
    LANE_BYTES, MAX_LANES, ROWS, multiply_add, multiply_add_scattered,
)
from lucid._cython.padded cimport ceil_div, clip, copy_row
from lucid._cython.types cimport real
from lucid._cython.workspace cimport Workspace, borrow, give_back

cdef Py_ssize_t TAPS = 256  # rows of the columns at a time


cdef void pack_rows(
    const real *w, Py_ssize_t row_step, Py_ssize_t rows, Py_ssize_t step, Py_ssize_t count,
    real *packed,
) noexcept nogil:
    """``packed[t, j] = w[j * row_step + t * step]`` for j < rows; zero for the rest of ROWS."""
    cdef Py_ssize_t t, j
    for t in range(count):
        for j in range(ROWS):
            packed[t * ROWS + j] = w[j * row_step + t * step] if j < rows else 0


cdef void multiply(
    const real *columns, const Py_ssize_t *offset, const real *packed, Py_ssize_t taps,
    Py_ssize_t rows, Py_ssize_t count, real *y, Py_ssize_t pitch, real *corner,
) noexcept nogil:
    """``y[j * pitch + o] += sum over t of packed[t, j] * columns[offset[t] + o]``, o < count."""
    cdef Py_ssize_t q, o, j, lanes = LANE_BYTES // sizeof(real)
    for q in range(ceil_div(count, lanes)):
        if rows == ROWS and (q + 1) * lanes <= count:
            multiply_add(columns + q * lanes, offset, packed, taps, y + q * lanes, pitch, False)
        else:
            multiply_add(columns + q * lanes, offset, packed, taps, corner, lanes, True)
            for j in range(rows):
                for o in range(q * lanes, min(count, (q + 1) * lanes)):
                    y[j * pitch + o] += corner[j * lanes + o - q * lanes]


cdef void forward_task(
    Sizes *sizes, Py_ssize_t task, const real *x, const real *packed, const Py_ssize_t *offset,
    real *y, real *columns, Watch *watch,
) noexcept nogil:
    """Compute one strip of positions of one item and group."""
    cdef Py_ssize_t strips = ceil_div(sizes.y_plane, sizes.strip)
    cdef Py_ssize_t first = task % strips * sizes.strip, group = task // strips % sizes.groups
    cdef Py_ssize_t last = min(first + sizes.strip, sizes.y_plane)
    cdef Py_ssize_t panels = ceil_div(sizes.features, ROWS), panel, turn, t, taps
    packed += group * panels * sizes.taps * ROWS
    x += task // strips * sizes.channels * sizes.x_plane
    y += task // strips * sizes.features * sizes.y_plane + first
    for turn in range(ceil_div(sizes.taps, TAPS)):
        taps = min(TAPS, sizes.taps - turn * TAPS)
        for t in range(taps):
            unfold(sizes, x, turn * TAPS + t, first, last, columns + t * sizes.strip)
        for panel in range(panels):
            if interrupted(watch):
                return
            multiply(
                columns, offset, packed + (panel * sizes.taps + turn * TAPS) * ROWS, taps,
                min(ROWS, sizes.features - panel * ROWS), last - first,
                y + panel * ROWS * sizes.y_plane, sizes.y_plane, columns + TAPS * sizes.strip,
            )


cdef void input_grad_task(
    Sizes *sizes, Py_ssize_t task, real *x, const real *packed, const Py_ssize_t *offset,
    const real *y, real *columns, Watch *watch,
) noexcept nogil:
    """Compute some channels of one item and group: their columns, each strip folded at once."""
    cdef Py_ssize_t share = together(sizes), shares = ceil_div(sizes.channels, share)
    cdef Py_ssize_t c = task % shares * share, item = task // shares  # item and group
    cdef Py_ssize_t taps = (min(sizes.channels, c + share) - c) * (sizes.taps // sizes.channels)
    cdef Py_ssize_t first, last, strip, turn, f, count, panel, t, panels = ceil_div(taps, ROWS)
    cdef real *gradients = columns + whole_rows(sizes) * sizes.strip
    cdef real *corner = gradients + TAPS * sizes.strip
    packed += task % (sizes.groups * shares) * whole_rows(sizes) * sizes.features
    x += (item * sizes.channels + c) * sizes.x_plane
    y += item * sizes.features * sizes.y_plane
    for strip in range(ceil_div(sizes.y_plane, sizes.strip)):
        if interrupted(watch):
            break
        first = strip * sizes.strip
        last = min(first + sizes.strip, sizes.y_plane)
        memset(columns, 0, panels * ROWS * sizes.strip * sizeof(real))
        for turn in range(ceil_div(sizes.features, TAPS)):
            count = min(TAPS, sizes.features - turn * TAPS)
            for f in range(count):
                copy_row(
                    y + (turn * TAPS + f) * sizes.y_plane, 1, first, sizes.y_plane,
                    gradients + f * sizes.strip, last - first,
                )
            for panel in range(panels):
                multiply(
                    gradients, offset, packed + (panel * sizes.features + turn * TAPS) * ROWS,
                    count, ROWS, last - first, columns + panel * ROWS * sizes.strip, sizes.strip,
                    corner,
                )
        for t in range(taps):
            fold(sizes, x, t, first, last, columns + t * sizes.strip)


cdef void weight_grad_task(
    Sizes *sizes, Py_ssize_t task, const real *x, real *w, const Py_ssize_t *base,
    const Py_ssize_t *position, const real *y, real *columns, Watch *watch,
) noexcept nogil:
    """Compute the weights of `lanes` features and up to TAPS taps, from all items in turn."""
    cdef Py_ssize_t turns = ceil_div(sizes.taps, TAPS), lanes = LANE_BYTES // sizeof(real)
    cdef Py_ssize_t strips = ceil_div(sizes.y_plane, sizes.strip)
    cdef Py_ssize_t runs = ceil_div(sizes.features, lanes)
    cdef Py_ssize_t first_tap = task % turns * TAPS, f = task // turns % runs * lanes
    cdef Py_ssize_t taps = min(TAPS, sizes.taps - first_tap)
    cdef Py_ssize_t features = min(lanes, sizes.features - f)
    cdef Py_ssize_t group = task // turns // runs, item, first, last, t, panel, turn
    cdef real *packed = columns + TAPS * sizes.strip
    cdef real *sums = packed + sizes.strip * lanes
    memset(sums, 0, TAPS * lanes * sizeof(real))
    for turn in range(sizes.items * strips):
        if interrupted(watch):
            break
        item = turn // strips * sizes.groups + group
        first = turn % strips * sizes.strip
        last = min(first + sizes.strip, sizes.y_plane)
        for t in range(taps):
            unfold(
                sizes, x + item * sizes.channels * sizes.x_plane, first_tap + t, first, last,
                columns + t * sizes.strip,
            )
        for t in range(last - first):
            for panel in range(lanes):
                packed[t * lanes + panel] = y[
                    (item * sizes.features + f + panel) * sizes.y_plane + first + t
                ] if panel < features else 0
        for panel in range(ceil_div(taps, ROWS)):
            multiply_add_scattered(
                columns, base + panel * ROWS, position, packed, last - first,
                sums + panel * ROWS * lanes, False, False,
            )
    w += (group * sizes.features + f) * sizes.taps + first_tap
    for panel in range(features):
        for t in range(taps):
            w[panel * sizes.taps + t] += sums[t * lanes + panel]


cdef Py_ssize_t together(Sizes *sizes) noexcept nogil:
    """Count the channels whose columns an input gradient holds at once."""
    return clip(max(1, TAPS // (sizes.taps // sizes.channels)), sizes.channels)


cdef Py_ssize_t whole_rows(Sizes *sizes) noexcept nogil:
    """Count their columns, rounded up to whole ROWS."""
    return ceil_div(together(sizes) * (sizes.taps // sizes.channels), ROWS) * ROWS


def forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to y (N, F, *O) the convolution of x (N, C, *I) with w (F, C // groups, *K)."""
    cdef Sizes sizes = measure(
        x.shape, w.shape, y.shape, stride, dilation, low, groups, sizeof(real)
    )
    cdef Py_ssize_t tasks = sizes.items * groups * ceil_div(sizes.y_plane, sizes.strip), task, t
    cdef Py_ssize_t panels = ceil_div(sizes.features, ROWS), panel, size = buffer_size(&sizes)
    cdef Py_ssize_t f, packed_size = groups * panels * sizes.taps * ROWS
    cdef Workspace workspace
    cdef Watch watch = watch_calls(1)
    cdef Py_ssize_t *offset
    cdef real *packed
    threads = <int> min(threads, tasks)
    workspace = borrow(
        TAPS * sizeof(Py_ssize_t) + (packed_size + threads * size) * sizeof(real)
    )
    offset = <Py_ssize_t *> workspace.data
    packed = <real *> (offset + TAPS)
    with nogil:
        for t in range(TAPS):
            offset[t] = t * sizes.strip
        for panel in range(groups * panels):
            if interrupted(&watch):
                break
            f = panel % panels * ROWS
            pack_rows(
                &w[panel // panels * sizes.features + f, 0, 0, 0, 0], sizes.taps,
                min(ROWS, sizes.features - f), 1, sizes.taps, packed + panel * sizes.taps * ROWS,
            )
        for task in prange(tasks, num_threads=threads, schedule="dynamic"):
            forward_task(
                &sizes, task, &x[0, 0, 0, 0, 0], packed, offset, &y[0, 0, 0, 0, 0],
                packed + packed_size + threadid() * size, &watch,
            )
    raise_if_interrupted(&watch)
    give_back(workspace)


def input_grad(
    real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to x (N, C, *I) the derivative of <forward(x, w), y> by x: the transposed convolution."""
    cdef Sizes sizes = measure(
        x.shape, w.shape, y.shape, stride, dilation, low, groups, sizeof(real)
    )
    cdef Py_ssize_t share = together(&sizes), rows = whole_rows(&sizes), taps, task, t, panel, c
    cdef Py_ssize_t shares = ceil_div(sizes.channels, share), tasks = sizes.items * groups * shares
    cdef Py_ssize_t packed_size = groups * shares * rows * sizes.features
    cdef Py_ssize_t size = buffer_size(&sizes)
    cdef Workspace workspace
    cdef Watch watch = watch_calls(1)
    cdef Py_ssize_t *offset
    cdef real *packed
    threads = <int> min(threads, tasks)
    workspace = borrow(
        TAPS * sizeof(Py_ssize_t) + (packed_size + threads * size) * sizeof(real)
    )
    offset = <Py_ssize_t *> workspace.data
    packed = <real *> (offset + TAPS)
    with nogil:
        for t in range(TAPS):
            offset[t] = t * sizes.strip
        for task in range(groups * shares):
            if interrupted(&watch):
                break
            c = task % shares * share
            taps = (min(sizes.channels, c + share) - c) * (sizes.taps // sizes.channels)
            for panel in range(ceil_div(taps, ROWS)):
                pack_rows(
                    &w[task // shares * sizes.features, c, 0, 0, 0] + panel * ROWS, 1,
                    min(ROWS, taps - panel * ROWS), sizes.taps, sizes.features,
                    packed + (task * rows + panel * ROWS) * sizes.features,
                )
        for task in prange(tasks, num_threads=threads, schedule="dynamic"):
            input_grad_task(
                &sizes, task, &x[0, 0, 0, 0, 0], packed, offset, &y[0, 0, 0, 0, 0],
                packed + packed_size + threadid() * size, &watch,
            )
    raise_if_interrupted(&watch)
    give_back(workspace)


def weight_grad(
    const real[:, :, :, :, ::1] x not None, real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to w (F, C // groups, *K) the derivative of <forward(x, w), y> by w."""
    cdef Sizes sizes = measure(
        x.shape, w.shape, y.shape, stride, dilation, low, groups, sizeof(real)
    )
    cdef Py_ssize_t lanes = LANE_BYTES // sizeof(real), task, t, size = buffer_size(&sizes)
    cdef Py_ssize_t tasks = groups * ceil_div(sizes.taps, TAPS) * ceil_div(sizes.features, lanes)
    cdef Workspace workspace
    cdef Watch watch = watch_calls(1)
    cdef Py_ssize_t *base
    cdef Py_ssize_t *position
    threads = <int> min(threads, tasks)
    workspace = borrow((TAPS + sizes.strip) * sizeof(Py_ssize_t) + threads * size * sizeof(real))
    base = <Py_ssize_t *> workspace.data
    position = base + TAPS
    with nogil:
        for t in range(TAPS):
            base[t] = t * sizes.strip
        for t in range(sizes.strip):
            position[t] = t
        for task in prange(tasks, num_threads=threads, schedule="dynamic"):
            weight_grad_task(
                &sizes, task, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], base, position,
                &y[0, 0, 0, 0, 0], <real *> (position + sizes.strip) + threadid() * size,
                &watch,
            )
    raise_if_interrupted(&watch)
    give_back(workspace)


cdef Py_ssize_t buffer_size(Sizes *sizes) noexcept nogil:
    """Count the elements one thread works in, the most that any of the three tasks needs."""
    cdef Py_ssize_t lanes = MAX_LANES, rows = max(TAPS, whole_rows(sizes))
    return (rows + TAPS) * sizes.strip + (sizes.strip + TAPS + ROWS) * lanes
