r"""Convolution of one tap with few channels on one side: each row of the image is read once.

With one tap, stride 1 and no padding the result is a sum of whole images, ``y[f] += w[f, c] x[c]``.
Where a group reads or writes no more than some four channels, as in the last layer of a
segmentation, that is about one multiply-add for each byte, and the time is that of moving images
through memory. So all that matters is their order: some positions at a time, CHANNELS rows of x are
read from one end to the other, as a processor fetches them ahead, and added to each row of y while
they are in the first-level cache. With few features the rows of y stay there too; with few channels
each row of y is written once, and never read if it is to be set. The input gradient is the same
sum with w transposed.

A matrix product (`conv_matmul`) reads some ten positions of all channels instead, a page of
memory apart; with more channels on both sides its multiply-adds count, and it is faster.

Source: the definition, with its loops exchanged. Cost: its multiply-adds; x is read once, y is
written once, and once more for each further CHANNELS channels, in the cache if features are few.
Memory: none. It must equal `conv_naive`.
"""

from cython.parallel cimport prange

from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.padded cimport ceil_div
from lucid._cython.types cimport real

cdef enum:
    RUN_BYTES = 4096  # of a row at a time
    CHANNELS = 4  # rows of x at a time
    FEATURES = 64  # of a task: fresh memory is slow, and Ctrl-C waits for the end of a task

cdef struct Plan:
    Py_ssize_t items, groups, channels, features  # channels are summed over; both of one group
    Py_ssize_t positions, run, runs  # of one image, and at a time
    Py_ssize_t parts  # tasks for all features of a run
    Py_ssize_t channel_step, feature_step  # in the weight, of which a group has group_step
    Py_ssize_t group_step


def supports(kernel_size, stride, low, input_size, output_size):
    """Tell whether every position is computed from itself alone; all are for 3 axes.

    >>> from lucid._cython import conv_pointwise
    >>> conv_pointwise.supports((1, 1, 1), (1, 1, 1), (0, 0, 0), (1, 8, 8), (1, 8, 8))
    True
    >>> conv_pointwise.supports((1, 1, 1), (1, 2, 2), (0, 0, 0), (1, 8, 8), (1, 4, 4))
    False
    """
    sizes = zip(kernel_size, stride, low, input_size, output_size, strict=True)
    return all(k == 1 and (s == 1 or i == 1) and b == 0 and i == o for k, s, b, i, o in sizes)


def _check(x, w, y, stride, low):
    sizes = tuple(w.shape[2:5]), stride, low, tuple(x.shape[2:5]), tuple(y.shape[2:5])
    if not supports(*sizes):
        raise ValueError(
            "kernel {}, stride {}, low {}, input {}, output {}: "
            "this algorithm needs one tap, stride 1 and no padding".format(*sizes)
        )


cdef Plan make_plan(
    const Py_ssize_t *x_shape, const Py_ssize_t *w_shape, Py_ssize_t groups, bint backward,
    Py_ssize_t itemsize,
) noexcept:
    """Describe the sum and cut it; for the gradient x and y change places."""
    cdef Plan plan
    plan.items, plan.groups = x_shape[0], groups
    plan.channels, plan.features = w_shape[1], w_shape[0] // groups
    plan.positions = x_shape[2] * x_shape[3] * x_shape[4]
    plan.channel_step, plan.feature_step = 1, plan.channels
    plan.group_step = plan.channels * plan.features
    if backward:
        plan.channels, plan.features = plan.features, plan.channels
        plan.channel_step, plan.feature_step = plan.feature_step, plan.channel_step
    plan.run = RUN_BYTES // itemsize
    plan.runs = ceil_div(plan.positions, plan.run)
    plan.parts = ceil_div(plan.features, FEATURES)
    return plan


cdef inline void add_rows(
    const real *x, Py_ssize_t pitch, const real *w, Py_ssize_t step, const real *bias, real *y,
    Py_ssize_t count, int channels,
) noexcept nogil:
    """``y[o] += sum over c of w[c * step] * x[c * pitch + o]``, or = from a bias on.

    The compiler must know the number of channels.
    """
    cdef Py_ssize_t o
    cdef int c
    cdef real weight[CHANNELS]
    cdef real total
    for c in range(channels):
        weight[c] = w[c * step]
    if bias != NULL:
        for o in range(count):
            total = bias[0]
            for c in range(channels):
                total += weight[c] * x[c * pitch + o]
            y[o] = total
    else:
        for o in range(count):
            total = y[o]
            for c in range(channels):
                total += weight[c] * x[c * pitch + o]
            y[o] = total


cdef inline void add_channels(
    const real *x, Py_ssize_t pitch, const real *w, Py_ssize_t step, const real *bias, real *y,
    Py_ssize_t count, Py_ssize_t channels,
) noexcept nogil:
    """`add_rows` for at most CHANNELS channels."""
    if channels == CHANNELS:
        add_rows(x, pitch, w, step, bias, y, count, CHANNELS)
    elif channels == 3:
        add_rows(x, pitch, w, step, bias, y, count, 3)
    elif channels == 2:
        add_rows(x, pitch, w, step, bias, y, count, 2)
    else:
        add_rows(x, pitch, w, step, bias, y, count, 1)


cdef void run_task(
    const Plan *plan, Py_ssize_t task, const real *x, const real *w, const real *bias, real *y
) noexcept nogil:
    """Compute one run of positions for some features of one group of one item."""
    cdef Py_ssize_t image = task // plan.parts // plan.runs, group = image % plan.groups
    cdef Py_ssize_t o = task // plan.parts % plan.runs * plan.run, turn, f
    cdef Py_ssize_t first = task % plan.parts * FEATURES
    cdef Py_ssize_t count = min(plan.run, plan.positions - o)
    x += image * plan.channels * plan.positions + o
    y += image * plan.features * plan.positions + o
    w += group * plan.group_step
    if bias != NULL:
        bias += group * plan.features
    for turn in range(ceil_div(plan.channels, CHANNELS)):
        for f in range(first, min(first + FEATURES, plan.features)):
            add_channels(
                x + turn * CHANNELS * plan.positions, plan.positions,
                w + f * plan.feature_step + turn * CHANNELS * plan.channel_step,
                plan.channel_step, bias + f if bias != NULL and turn == 0 else NULL,
                y + f * plan.positions, count,
                min(<Py_ssize_t> CHANNELS, plan.channels - turn * CHANNELS),
            )


cdef int add_images(
    Plan *plan, const real *x, const real *w, const real *bias, real *y, int threads
) except -1:
    """Add to y the images of x times their weights, or set it, from a bias on."""
    cdef Py_ssize_t task, tasks
    cdef Watch watch = watch_calls(1)
    tasks = plan.items * plan.groups * plan.runs * plan.parts
    with nogil:
        for task in prange(tasks, num_threads=threads):
            if not interrupted(&watch):
                run_task(plan, task, x, w, bias, y)
    raise_if_interrupted(&watch)
    return 0


def forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to y (N, F, *O) the convolution of x (N, C, *O) with w (F, C // groups, 1, 1, 1)."""
    _check(x, w, y, stride, low)
    cdef Plan plan = make_plan(x.shape, w.shape, groups, False, sizeof(real))
    add_images(
        &plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], <const real *> NULL, &y[0, 0, 0, 0, 0],
        threads,
    )


def input_grad(
    real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to x (N, C, *O) the derivative of <forward(x, w), y> by x."""
    _check(x, w, y, stride, low)
    cdef Plan plan = make_plan(x.shape, w.shape, groups, True, sizeof(real))
    add_images(
        &plan, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], <const real *> NULL, &x[0, 0, 0, 0, 0],
        threads,
    )


def fill_forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const real[::1] bias not None,
):
    """Set y to the convolution plus the bias (F,) of each channel, whatever y held before."""
    _check(x, w, y, stride, low)
    cdef Plan plan = make_plan(x.shape, w.shape, groups, False, sizeof(real))
    add_images(
        &plan, &x[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &y[0, 0, 0, 0, 0], threads
    )


def fill_input_grad(
    real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads, const real[::1] bias not None,
):
    """Set x to the input gradient plus the bias (C,), whatever x held before."""
    _check(x, w, y, stride, low)
    cdef Plan plan = make_plan(x.shape, w.shape, groups, True, sizeof(real))
    add_images(
        &plan, &y[0, 0, 0, 0, 0], &w[0, 0, 0, 0, 0], &bias[0], &x[0, 0, 0, 0, 0], threads
    )
