r"""A convolution whose output is one position: a plain product of matrices, hardly a copy.

Where the kernel is as large as the image and nothing is padded, an item is one row of pairs
t = (channel, tap), and all three primitives are products of matrices x (N, T), w (F, T), y (N, F)::

    y[n, f] += sum over t of x[n, t] w[f, t]        rows of both are neighbours in memory: dots
    x[n, t] += sum over f of y[n, f] w[f, t]        lanes run along t
    w[f, t] += sum over n of y[n, f] x[n, t]        lanes run along t

So it is for the first layer of a generator and the last of a discriminator, and for a classifier
that is written as a convolution. The last two are one function: a block of TERMS rows and WIDTH
columns of the second factor is copied, `lanes` columns side by side, since its rows lie so far
apart that they would push each other out of the cache; all rows of the first factor pass by.

Source: Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008, section
4. Cost: the multiply-adds of the definition; w is read once, y or x once for each block. Memory:
0.25 MiB for each thread. It must equal `conv_naive`.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memset

from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.microkernel cimport (
    DOTS, LANE_BYTES, MAX_LANES, MAX_VECTOR, ROWS, VECTOR_BYTES, add_product,
)
from lucid._cython.padded cimport ceil_div
from lucid._cython.types cimport real
from lucid._cython.workspace cimport Workspace, borrow, give_back

cdef enum:
    TERMS = 256  # at a time
    WIDTH_BYTES = 1024  # of the columns of a task
    SPAN = 1024  # elements of a dot product at a time
    FEATURES = 96  # of a task of dot products

cdef struct Product:  # y[r, q] += sum over t of a[r, t] b[t, q], once for each group
    Py_ssize_t groups, rows, columns, terms
    Py_ssize_t row_step, step, b_step, pitch  # elements from row to row and term to term
    Py_ssize_t a_group, b_group, y_group
    Py_ssize_t width, blocks  # columns of a task; how many such blocks


def supports(kernel_size, input_size, output_size, dilation, low):
    """Tell whether the kernel covers the input exactly, and only once; all are for 3 axes.

    >>> from lucid._cython import conv_product
    >>> conv_product.supports((1, 4, 4), (1, 4, 4), (1, 1, 1), (1, 1, 1), (0, 0, 0))
    True
    >>> conv_product.supports((1, 4, 4), (1, 5, 5), (1, 2, 2), (1, 1, 1), (0, 0, 0))
    False
    """
    sizes = zip(kernel_size, input_size, output_size, dilation, low, strict=True)
    return all(k == i and o == 1 and b == 0 and (k == 1 or d == 1) for k, i, o, d, b in sizes)


def _check(x, w, y, dilation, low):
    if not supports(w.shape[2:5], x.shape[2:5], y.shape[2:5], dilation, low):
        raise ValueError(
            f"kernel {tuple(w.shape[2:5])}, input {tuple(x.shape[2:5])}, output "
            f"{tuple(y.shape[2:5])}, dilation {dilation}, low {low}: "
            f"this algorithm needs a kernel that covers the input exactly, without padding"
        )


cdef void copy_block(
    const real *b, Py_ssize_t step, Py_ssize_t terms, Py_ssize_t columns, real *to
) noexcept nogil:
    """Write `lanes` columns side by side, term after term; zeros behind the last column."""
    cdef Py_ssize_t block, t, k, count, lanes = LANE_BYTES // sizeof(real)
    for t in range(terms):
        for block in range(ceil_div(columns, lanes)):
            count = min(lanes, columns - block * lanes)
            for k in range(count):
                to[(block * terms + t) * lanes + k] = b[t * step + block * lanes + k]
            for k in range(count, lanes):
                to[(block * terms + t) * lanes + k] = 0


cdef void run_columns(
    const Product *p, const real *a, Py_ssize_t terms, Py_ssize_t columns, const real *b, real *y
) noexcept nogil:
    """Add the products of some terms to some columns of all rows; b is a copied block."""
    cdef real corner[ROWS * MAX_LANES]
    cdef Py_ssize_t block, panel, r, j, k, count, rows, lanes = LANE_BYTES // sizeof(real)
    for block in range(ceil_div(columns, lanes)):
        count = min(lanes, columns - block * lanes)
        for panel in range(ceil_div(p.rows, ROWS)):
            r = panel * ROWS
            rows = min(<Py_ssize_t> ROWS, p.rows - r)
            if count == lanes:
                add_product(
                    a + r * p.row_step, p.row_step, p.step, b, lanes, terms, <const real *> NULL,
                    y + r * p.pitch + block * lanes, p.pitch, rows,
                )
                continue
            memset(corner, 0, sizeof(corner))
            add_product(
                a + r * p.row_step, p.row_step, p.step, b, lanes, terms, <const real *> NULL,
                corner, lanes, rows,
            )
            for j in range(rows):
                for k in range(count):
                    y[(r + j) * p.pitch + block * lanes + k] += corner[j * lanes + k]
        b += terms * lanes


cdef void run_task(
    const Product *p, Py_ssize_t task, const real *a, const real *b, real *y, real *buffer
) noexcept nogil:
    """Compute one block of columns of one group."""
    cdef Py_ssize_t turn, t, terms, q = task % p.blocks * p.width, group = task // p.blocks
    cdef Py_ssize_t columns = min(p.width, p.columns - q)
    a += group * p.a_group
    b += group * p.b_group + q
    y += group * p.y_group + q
    for turn in range(ceil_div(p.terms, TERMS)):
        t = turn * TERMS
        terms = min(<Py_ssize_t> TERMS, p.terms - t)
        copy_block(b + t * p.b_step, p.b_step, terms, columns, buffer)
        run_columns(p, a + t * p.step, terms, columns, buffer, y)


cdef int multiply(Product *p, const real *a, const real *b, real *y, int threads) except -1:
    """Add to y the product of a and b, some columns a task."""
    cdef Py_ssize_t task, size
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef real *buffers
    p.width = WIDTH_BYTES // LANE_BYTES * (LANE_BYTES // <Py_ssize_t> sizeof(real))
    size = TERMS * p.width
    workspace = borrow(threads * size * sizeof(real))
    buffers = <real *> workspace.data
    p.blocks = ceil_div(p.columns, p.width)
    with nogil:
        for task in prange(p.groups * p.blocks, num_threads=threads, schedule="dynamic"):
            if not interrupted(&watch):
                run_task(p, task, a, b, y, buffers + threadid() * size)
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


cdef void add_dots(
    const real **x, const real **w, Py_ssize_t count, Py_ssize_t rows, Py_ssize_t columns,
    real *y, Py_ssize_t y_step,
) noexcept nogil:
    """``y[n, f] += sum over t < count of x[n][t] w[f][t]``; `count` fills whole registers.

    For n < rows <= 4 and f < columns <= DOTS. All 4 times DOTS are computed, whatever is wanted,
    so that the bits of a sum do not depend on its neighbours.
    """
    cdef real acc[4][DOTS][MAX_VECTOR]
    cdef Py_ssize_t t
    cdef int i, j, l, lanes = VECTOR_BYTES // sizeof(real)
    for i in range(4):
        for j in range(DOTS):
            for l in range(lanes):
                acc[i][j][l] = 0
    for t in range(count // lanes):
        for i in range(4):
            for j in range(DOTS):
                for l in range(lanes):
                    acc[i][j][l] += x[i][t * lanes + l] * w[j][t * lanes + l]
    for i in range(rows):
        for j in range(columns):
            for l in range(1, lanes):
                acc[i][j][0] += acc[i][j][l]
            y[i * y_step + j] += acc[i][j][0]


cdef void add_all_dots(
    const real *x, Py_ssize_t items, Py_ssize_t x_step, const real *w, Py_ssize_t features,
    Py_ssize_t w_step, Py_ssize_t count, real *y, Py_ssize_t y_step,
) noexcept nogil:
    """``y[n, f] += sum over t < count of x[n, t] w[f, t]``, a few n and f at a time."""
    cdef const real *x_row[4]
    cdef const real *w_row[DOTS]
    cdef Py_ssize_t n, f, i, j
    for n in range(ceil_div(items, 4)):
        for i in range(4):
            x_row[i] = x + min(n * 4 + i, items - 1) * x_step
        for f in range(ceil_div(features, DOTS)):
            for j in range(DOTS):
                w_row[j] = w + min(f * DOTS + j, features - 1) * w_step
            add_dots(
                x_row, w_row, count, min(4, items - n * 4),
                min(<Py_ssize_t> DOTS, features - f * DOTS),
                y + n * 4 * y_step + f * DOTS, y_step,
            )


cdef void copy_rows(
    const real *x, Py_ssize_t rows, Py_ssize_t step, Py_ssize_t count, Py_ssize_t lanes, real *to
) noexcept nogil:
    """Copy `count` elements of each row, and zeros behind them up to `lanes`."""
    cdef Py_ssize_t r, k
    for r in range(rows):
        for k in range(lanes):
            to[r * lanes + k] = x[r * step + k] if k < count else 0


cdef void run_dots(
    const real *x, Py_ssize_t items, Py_ssize_t x_step, const real *w, Py_ssize_t features,
    Py_ssize_t terms, real *y, Py_ssize_t y_step,
) noexcept nogil:
    """``y[n, f] += sum over t < terms of x[n, t] w[f, t]``, SPAN terms at a time.

    The terms that do not fill a register are copied, with zeros behind them.
    """
    cdef real last_x[4 * MAX_VECTOR]
    cdef real last_w[FEATURES * MAX_VECTOR]
    cdef Py_ssize_t turn, t, n, rows, lanes = VECTOR_BYTES // sizeof(real)
    cdef Py_ssize_t whole = terms // lanes * lanes
    for turn in range(ceil_div(whole, SPAN)):
        t = turn * SPAN
        add_all_dots(
            x + t, items, x_step, w + t, features, terms, min(<Py_ssize_t> SPAN, whole - t),
            y, y_step,
        )
    if whole < terms:
        copy_rows(w + whole, features, terms, terms - whole, lanes, last_w)
        for n in range(ceil_div(items, 4)):
            rows = min(4, items - n * 4)
            copy_rows(x + n * 4 * x_step + whole, rows, x_step, terms - whole, lanes, last_x)
            add_all_dots(
                last_x, rows, lanes, last_w, features, lanes, lanes, y + n * 4 * y_step, y_step
            )


def forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to y (N, F, 1, 1, 1) the convolution of x (N, C, *I) with w (F, C // groups, *I)."""
    cdef Py_ssize_t task, f, group, items = x.shape[0], features = w.shape[0] // groups
    cdef Py_ssize_t terms = w.shape[1] * w.shape[2] * w.shape[3] * w.shape[4]
    cdef Py_ssize_t parts = ceil_div(features, FEATURES)
    cdef Watch watch = watch_calls(1)
    _check(x, w, y, dilation, low)
    cdef const real *of_x = &x[0, 0, 0, 0, 0]
    cdef const real *of_w = &w[0, 0, 0, 0, 0]
    cdef real *to = &y[0, 0, 0, 0, 0]
    with nogil:
        for task in prange(groups * parts, num_threads=threads, schedule="dynamic"):
            if interrupted(&watch):
                continue
            group = task // parts
            f = task % parts * FEATURES
            run_dots(
                of_x + group * terms, items, groups * terms,
                of_w + (group * features + f) * terms,
                min(<Py_ssize_t> FEATURES, features - f), terms,
                to + group * features + f, groups * features,
            )
    raise_if_interrupted(&watch)


def input_grad(
    real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to x (N, C, *I) the derivative of <forward(x, w), y> by x: the transposed convolution."""
    cdef Product p
    _check(x, w, y, dilation, low)
    p.groups, p.rows, p.terms = groups, x.shape[0], w.shape[0] // groups
    p.columns = w.shape[1] * w.shape[2] * w.shape[3] * w.shape[4]
    p.row_step, p.step, p.b_step, p.pitch = w.shape[0], 1, p.columns, groups * p.columns
    p.a_group, p.b_group, p.y_group = p.terms, p.terms * p.columns, p.columns
    multiply(&p, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &x[0, 0, 0, 0, 0], threads)


def weight_grad(
    const real[:, :, :, :, ::1] x not None, real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to w (F, C // groups, *I) the derivative of <forward(x, w), y> by w."""
    cdef Product p
    _check(x, w, y, dilation, low)
    p.groups, p.rows, p.terms = groups, w.shape[0] // groups, x.shape[0]
    p.columns = w.shape[1] * w.shape[2] * w.shape[3] * w.shape[4]
    p.row_step, p.step, p.b_step, p.pitch = 1, w.shape[0], groups * p.columns, p.columns
    p.a_group, p.b_group, p.y_group = p.rows, p.columns, p.rows * p.columns
    multiply(&p, &y[0, 0, 0, 0, 0], &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], threads)
