r"""Plain products of matrices, and the convolution that is one, hardly with a copy.

Two functions multiply matrices for `Linear` and ``x @ y``: `multiply_rows`, where the rows of both
are neighbours in memory, and `multiply_columns`::

    y[n, f] += sum over t of x[n, t] w[f, t]        dots of rows
    y[r, q]  = sum over t of a[r, t] b[t, q]        lanes run along q

Where a kernel is as large as the image and nothing is padded, an item is one row of pairs
t = (channel, tap), and the three primitives are such products of x (N, T), w (F, T), y (N, F): the
first the forward, the other the gradients ``x[n, t] += sum over f of y[n, f] w[f, t]`` and
``w[f, t] += sum over n of y[n, f] x[n, t]``. So it is for the first layer of a generator and the
last of a discriminator, and for a classifier that is written as a convolution.

For the second a block of TERMS rows and some columns of the second factor is copied, `lanes`
columns side by side, since its rows lie so far apart that they would push each other out of the
cache; all rows of the first factor pass by. The dots are those of `dots.pxd`. The bits of a sum
depend on its row and its column only.

Source: Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008, section
4. Cost: the multiply-adds of the definition; w is read once, y or x once for each block. Memory:
0.25 MiB for each thread. It must equal `conv_naive`.
"""

from cython.parallel cimport prange, threadid
from libc.string cimport memset

from lucid._cython.dots cimport AT_A_TIME, FEATURES, ITEMS, run_dots
from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.microkernel cimport DOTS, LANE_BYTES, MAX_LANES, ROWS, add_product
from lucid._cython.padded cimport ceil_div
from lucid._cython.turns cimport Turns, deal, next_task
from lucid._cython.types cimport real
from lucid._cython.workspace cimport Workspace, borrow, give_back

cdef enum:
    TERMS = 256  # at a time
    BLOCKS = 8  # of lanes, that are the columns of a task

cdef struct Product:  # y[r, q] += sum over t of a[r, t] b[t, q], once for each group
    Py_ssize_t groups, rows, columns, terms
    Py_ssize_t row_step, step, b_step, pitch  # elements from row to row and term to term
    Py_ssize_t a_group, b_group, y_group
    Py_ssize_t width, blocks  # columns of a task; how many such blocks
    bint fills  # whether y is set, not read

cdef struct Dots:  # y[n, f] += sum over t of x[n, t] w[f, t], once for each group
    Py_ssize_t groups, items, features, terms


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
    const Product *p, const real *a, Py_ssize_t terms, Py_ssize_t columns, const real *b, real *y,
    bint fills,
) noexcept nogil:
    """Add the products of some terms to some columns of all rows; b is a copied block."""
    cdef real corner[ROWS * MAX_LANES]
    cdef real[8] zeros  # so many that every branch of add_product fits
    cdef Py_ssize_t block, panel, r, j, k, count, rows, lanes = LANE_BYTES // sizeof(real)
    cdef const real *start = NULL
    memset(zeros, 0, sizeof(zeros))
    if fills:
        start = zeros
    for panel in range(ceil_div(p.rows, ROWS)):
        r = panel * ROWS
        rows = min(<Py_ssize_t> ROWS, p.rows - r)
        for block in range(ceil_div(columns, lanes)):
            count = min(lanes, columns - block * lanes)
            if count == lanes:
                add_product(
                    a + r * p.row_step, p.row_step, p.step, b + block * terms * lanes, lanes,
                    terms, start, y + r * p.pitch + block * lanes, p.pitch, rows,
                )
                continue
            add_product(
                a + r * p.row_step, p.row_step, p.step, b + block * terms * lanes, lanes,
                terms, zeros, corner, lanes, rows,
            )
            for j in range(rows):
                for k in range(count):
                    if fills:
                        y[(r + j) * p.pitch + block * lanes + k] = corner[j * lanes + k]
                    else:
                        y[(r + j) * p.pitch + block * lanes + k] += corner[j * lanes + k]


cdef void run_task(
    const Product *p, Py_ssize_t task, const real *a, const real *b, real *y, real *buffer,
    Watch *watch,
) noexcept nogil:
    """Compute one block of columns of one group."""
    cdef Py_ssize_t turn, t, terms, q = task % p.blocks * p.width, group = task // p.blocks
    cdef Py_ssize_t columns = min(p.width, p.columns - q)
    a += group * p.a_group
    b += group * p.b_group + q
    y += group * p.y_group + q
    for turn in range(ceil_div(p.terms, TERMS)):
        if interrupted(watch):
            return
        t = turn * TERMS
        terms = min(<Py_ssize_t> TERMS, p.terms - t)
        copy_block(b + t * p.b_step, p.b_step, terms, columns, buffer)
        run_columns(p, a + t * p.step, terms, columns, buffer, y, p.fills and turn == 0)


cdef int multiply(Product *p, const real *a, const real *b, real *y, int threads) except -1:
    """Add to y the product of a and b, some columns a task."""
    cdef Py_ssize_t turn, size, lanes = LANE_BYTES // sizeof(real)
    cdef Turns turns
    cdef Watch watch = watch_calls(1)
    cdef Workspace workspace
    cdef real *buffers
    p.width = BLOCKS
    if threads > 1:  # so that all have some
        p.width = max(1, min(p.width, ceil_div(p.columns, 2 * threads * lanes)))
    p.width *= lanes
    size = TERMS * p.width
    workspace = borrow(threads * size * sizeof(real))
    buffers = <real *> workspace.data
    p.blocks = ceil_div(p.columns, p.width)
    with nogil:
        deal(&turns, p.groups * p.blocks, threads)
        for turn in prange(p.groups * p.blocks, num_threads=threads, schedule="dynamic"):
            run_task(
                p, next_task(&turns, threadid()), a, b, y, buffers + threadid() * size, &watch
            )
    raise_if_interrupted(&watch)
    give_back(workspace)
    return 0


cdef int multiply_dots(
    const Dots *d, const real *x, const real *w, real *y, int threads
) except -1:
    """Add to y the dots of the rows of x and w, some of both a task."""
    cdef Py_ssize_t task, n, f, group
    # a few items read w once, row by row; many keep some rows of it in a cache
    cdef Py_ssize_t size = <Py_ssize_t> DOTS if d.items <= ITEMS else <Py_ssize_t> FEATURES
    cdef Py_ssize_t batches = ceil_div(d.items, AT_A_TIME), parts = ceil_div(d.features, size)
    cdef Watch watch = watch_calls(1)
    with nogil:
        for task in prange(d.groups * parts * batches, num_threads=threads, schedule="dynamic"):
            if interrupted(&watch):
                continue
            group = task // (parts * batches)
            f = task // batches % parts * size
            n = task % batches * AT_A_TIME
            run_dots(
                x + (n * d.groups + group) * d.terms, min(<Py_ssize_t> AT_A_TIME, d.items - n),
                d.groups * d.terms, w + (group * d.features + f) * d.terms,
                min(size, d.features - f), d.terms,
                y + (n * d.groups + group) * d.features + f, d.groups * d.features,
            )
    raise_if_interrupted(&watch)
    return 0


def multiply_rows(
    const real[:, ::1] x not None, const real[:, ::1] w not None, real[:, ::1] y not None,
    int threads,
):
    """Add to y (N, F) the product of x (N, T) and the transposed w (F, T); none is empty."""
    cdef Dots d
    d.groups, d.items, d.features, d.terms = 1, x.shape[0], w.shape[0], x.shape[1]
    multiply_dots(&d, &x[0, 0], &w[0, 0], &y[0, 0], threads)


def multiply_columns(
    const real[:, ::1] a not None, bint transposed, const real[:, ::1] b not None,
    real[:, ::1] y not None, int threads,
):
    """Set y (R, Q) to the product of a (R, T), or of (T, R) `transposed`, and b (T, Q)."""
    cdef Product p
    p.groups, p.rows, p.columns, p.terms = 1, y.shape[0], y.shape[1], b.shape[0]
    p.row_step, p.step = a.shape[1], 1
    if transposed:
        p.row_step, p.step = 1, a.shape[1]
    p.b_step = p.pitch = p.columns
    p.a_group = p.b_group = p.y_group = 0
    p.fills = True
    multiply(&p, &a[0, 0], &b[0, 0], &y[0, 0], threads)


def forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to y (N, F, 1, 1, 1) the convolution of x (N, C, *I) with w (F, C // groups, *I)."""
    cdef Dots d
    _check(x, w, y, dilation, low)
    d.groups, d.items, d.features = groups, x.shape[0], w.shape[0] // groups
    d.terms = w.shape[1] * w.shape[2] * w.shape[3] * w.shape[4]
    multiply_dots(&d, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &y[0, 0, 0, 0, 0], threads)


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
    p.fills = False
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
    p.fills = False
    multiply(&p, &y[0, 0, 0, 0, 0], &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], threads)
