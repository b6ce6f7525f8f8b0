r"""Softmax, its logarithm, and cross-entropy: minus the log-probability of the true class.

Of scores x with the largest m and the sum :math:`l = \ln \sum_c e^{x_c - m}`,

.. math:: y_c = e^{x_c - m} / e^l, \quad x_c^g = y_c \, \bigl(g_c - \textstyle\sum_c g_c y_c\bigr),
    \qquad z_c = x_c - m - l, \quad x_c^g = g_c - e^{z_c} \textstyle\sum_c g_c

are softmax y and its logarithm z, with the gradients for a gradient g of the result.

Of scores x (N, C, S), S positions an item, with the true class t and a count k for each position,

.. math:: l = \ln \sum_c e^{x_c - m}, \qquad y = k \, (m + l - x_t), \qquad
    x_c^g = g k \, \Bigl(\frac{e^{x_c - m}}{e^l} - [c = t]\Bigr),

where m is the largest score, so that no power overflows. A class below 0 does not count: y = 0.

Cost: one exponential for each score and direction, and each array once through memory. The classes
of one position lie S numbers apart, so positions are taken `CHUNK` at a time, and class after class
passes over all of them; where S is 1, over the classes of one position. Threads take items, which
share nothing.
"""

from cython.parallel cimport prange
from libc.math cimport log, logf

from lucid._cython.channels cimport sum_row, sums_of_row
from lucid._cython.exponential cimport exponential
from lucid._cython.types cimport real

cdef enum:
    CHUNK = 256  # positions held at once
    BLOCK = 512  # classes added up before their sum joins the others, so that none is too small
    LANES = 16


cdef inline real logarithm(real x) noexcept nogil:
    return logf(x) if real is float else log(x)


cdef inline real largest_of_row(const real *x, Py_ssize_t count) noexcept nogil:
    """Find the largest of a row, in as many maxima as a vector has numbers."""
    cdef real best[LANES]
    cdef real value
    cdef Py_ssize_t i = 0, lane
    for lane in range(LANES):
        best[lane] = x[0]
    while i + LANES <= count:
        for lane in range(LANES):
            value = x[i + lane]
            best[lane] = value if value > best[lane] else best[lane]
        i += LANES
    for lane in range(count - i):
        best[lane] = x[i + lane] if x[i + lane] > best[lane] else best[lane]
    for lane in range(1, LANES):
        best[0] = best[lane] if best[lane] > best[0] else best[0]
    return best[0]


cdef inline real total_of_row(const real *x, real largest, Py_ssize_t count) noexcept nogil:
    """Add up the powers of a row, in as many sums as a vector has numbers."""
    cdef real part[LANES]
    cdef real total = 0
    cdef Py_ssize_t i = 0, lane
    for lane in range(LANES):
        part[lane] = 0
    while i + LANES <= count:
        for lane in range(LANES):
            part[lane] += exponential(x[i + lane] - largest)
        i += LANES
    for lane in range(count - i):
        part[lane] += exponential(x[i + lane] - largest)
    for lane in range(LANES):
        total += part[lane]
    return total


cdef inline void chunk_scales(
    const real *x, Py_ssize_t classes, Py_ssize_t step, Py_ssize_t count, real *largest,
    real *total,
) noexcept nogil:
    """Find the largest score of each position, and the sum of the powers relative to it.

    A NaN may get lost among the largest, but the sum has it again.
    """
    cdef real part[CHUNK]
    cdef Py_ssize_t c, s, block, first
    if step == 1:  # the classes of the only position lie side by side
        largest[0] = largest_of_row(x, classes)
        total[0] = total_of_row(x, largest[0], classes)
        return
    for s in range(count):
        largest[s] = x[s]
        total[s] = 0
    for c in range(1, classes):
        for s in range(count):
            largest[s] = x[c * step + s] if x[c * step + s] > largest[s] else largest[s]
    for block in range((classes + BLOCK - 1) // BLOCK):
        first = block * BLOCK
        for s in range(count):
            part[s] = 0
        for c in range(first, min(classes, first + BLOCK)):
            for s in range(count):
                part[s] += exponential(x[c * step + s] - largest[s])
        for s in range(count):
            total[s] += part[s]


cdef inline real powers_of_row(
    const real *x, real largest, real *y, Py_ssize_t count
) noexcept nogil:
    """Write the powers of a row, and add them up."""
    cdef real part[LANES]
    cdef real total = 0
    cdef Py_ssize_t i = 0, lane
    for lane in range(LANES):
        part[lane] = 0
    while i + LANES <= count:
        for lane in range(LANES):
            y[i + lane] = exponential(x[i + lane] - largest)
            part[lane] += y[i + lane]
        i += LANES
    for lane in range(count - i):
        y[i + lane] = exponential(x[i + lane] - largest)
        part[lane] += y[i + lane]
    for lane in range(LANES):
        total += part[lane]
    return total


cdef inline void softmax_row(
    const real *x, real *y, Py_ssize_t classes, bint is_log
) noexcept nogil:
    cdef real largest = largest_of_row(x, classes), factor, shift
    cdef Py_ssize_t c
    if is_log:
        shift = logarithm(total_of_row(x, largest, classes))
        for c in range(classes):
            y[c] = x[c] - largest - shift
    else:
        factor = <real> 1 / powers_of_row(x, largest, y, classes)
        for c in range(classes):
            y[c] *= factor


cdef inline void softmax_chunk(
    const real *x, real *y, Py_ssize_t classes, Py_ssize_t step, Py_ssize_t count, bint is_log
) noexcept nogil:
    cdef real largest[CHUNK]
    cdef real total[CHUNK]
    cdef Py_ssize_t c, s
    chunk_scales(x, classes, step, count, largest, total)
    for s in range(count):
        total[s] = logarithm(total[s]) if is_log else <real> 1 / total[s]
    for c in range(classes):
        if is_log:
            for s in range(count):
                y[c * step + s] = x[c * step + s] - largest[s] - total[s]
        else:
            for s in range(count):
                y[c * step + s] = exponential(x[c * step + s] - largest[s]) * total[s]


cdef inline void softmax_grad_row(
    const real *y, const real *g, real *grad, Py_ssize_t classes, bint is_log
) noexcept nogil:
    cdef real total, unused = 0
    cdef double sum = 0, product = 0
    cdef Py_ssize_t c
    if is_log:
        total = <real> sum_row(g, classes)
        for c in range(classes):
            grad[c] = g[c] - exponential(y[c]) * total
    else:
        sums_of_row(y, unused, g, classes, &sum, &product)
        total = <real> product
        for c in range(classes):
            grad[c] = y[c] * (g[c] - total)


cdef inline void softmax_grad_chunk(
    const real *y, const real *g, real *grad, Py_ssize_t classes, Py_ssize_t step,
    Py_ssize_t count, bint is_log,
) noexcept nogil:
    cdef real total[CHUNK]
    cdef real part[CHUNK]
    cdef Py_ssize_t c, s, block, first
    for s in range(count):
        total[s] = 0
    for block in range((classes + BLOCK - 1) // BLOCK):
        first = block * BLOCK
        for s in range(count):
            part[s] = 0
        for c in range(first, min(classes, first + BLOCK)):
            for s in range(count):
                part[s] += g[c * step + s] * (<real> 1 if is_log else y[c * step + s])
        for s in range(count):
            total[s] += part[s]
    for c in range(classes):
        if is_log:
            for s in range(count):
                grad[c * step + s] = g[c * step + s] - exponential(y[c * step + s]) * total[s]
        else:
            for s in range(count):
                grad[c * step + s] = y[c * step + s] * (g[c * step + s] - total[s])


def softmax(
    const real[:, :, ::1] x not None, real[:, :, ::1] y not None, bint is_log, int threads
):
    """Write to y softmax of x (N, C, S) over the classes, or its logarithm."""
    cdef Py_ssize_t n, chunk, start, classes = x.shape[1], size = x.shape[2]
    for n in prange(x.shape[0], nogil=True, num_threads=threads):
        if size == 1:
            softmax_row(&x[n, 0, 0], &y[n, 0, 0], classes, is_log)
            continue
        for chunk in range((size + CHUNK - 1) // CHUNK):
            start = chunk * CHUNK
            softmax_chunk(
                &x[n, 0, start], &y[n, 0, start], classes, size, min(CHUNK, size - start), is_log
            )


def softmax_grad(
    const real[:, :, ::1] y not None, const real[:, :, ::1] g not None,
    real[:, :, ::1] grad not None, bint is_log, int threads,
):
    """Write the gradient of `softmax` for the gradient g of its result y."""
    cdef Py_ssize_t n, chunk, start, classes = y.shape[1], size = y.shape[2]
    for n in prange(y.shape[0], nogil=True, num_threads=threads):
        if size == 1:
            softmax_grad_row(&y[n, 0, 0], &g[n, 0, 0], &grad[n, 0, 0], classes, is_log)
            continue
        for chunk in range((size + CHUNK - 1) // CHUNK):
            start = chunk * CHUNK
            softmax_grad_chunk(
                &y[n, 0, start], &g[n, 0, start], &grad[n, 0, start], classes, size,
                min(CHUNK, size - start), is_log,
            )


cdef inline void entropy_chunk(
    const real *x, const Py_ssize_t *target, const real *weight, real *y, Py_ssize_t classes,
    Py_ssize_t step, Py_ssize_t count,
) noexcept nogil:
    cdef real largest[CHUNK]
    cdef real total[CHUNK]
    cdef Py_ssize_t s
    chunk_scales(x, classes, step, count, largest, total)
    for s in range(count):
        y[s] = 0
        if target[s] >= 0:
            y[s] = weight[s] * (logarithm(total[s]) + (largest[s] - x[target[s] * step + s]))


cdef inline void grad_chunk(
    const real *x, const Py_ssize_t *target, const real *weight, const real *y, real *grad,
    Py_ssize_t classes, Py_ssize_t step, Py_ssize_t count,
) noexcept nogil:
    cdef real largest[CHUNK]
    cdef real total[CHUNK]
    cdef Py_ssize_t c, s
    chunk_scales(x, classes, step, count, largest, total)
    for s in range(count):
        total[s] = y[s] * weight[s] / total[s] if target[s] >= 0 else <real> 0
    if step == 1:
        for c in range(classes):
            grad[c] = exponential(x[c] - largest[0]) * total[0]
    else:
        for c in range(classes):
            for s in range(count):
                grad[c * step + s] = exponential(x[c * step + s] - largest[s]) * total[s]
    for s in range(count):
        if target[s] >= 0:
            grad[target[s] * step + s] -= y[s] * weight[s]


def cross_entropy(
    const real[:, :, ::1] x not None, const Py_ssize_t[:, ::1] target not None,
    const real[:, ::1] weight not None, real[:, ::1] y not None, int threads,
):
    """Write the losses y (N, S) of the scores x (N, C, S)."""
    cdef Py_ssize_t n, chunk, start, classes = x.shape[1], size = x.shape[2]
    for n in prange(x.shape[0], nogil=True, num_threads=threads):
        for chunk in range((size + CHUNK - 1) // CHUNK):
            start = chunk * CHUNK
            entropy_chunk(
                &x[n, 0, start], &target[n, start], &weight[n, start], &y[n, start], classes,
                size, min(CHUNK, size - start),
            )


def cross_entropy_grad(
    const real[:, :, ::1] x not None, const Py_ssize_t[:, ::1] target not None,
    const real[:, ::1] weight not None, const real[:, ::1] y not None,
    real[:, :, ::1] grad not None, int threads,
):
    """Write the gradient of x (N, C, S) for the gradient y (N, S) of the losses."""
    cdef Py_ssize_t n, chunk, start, classes = x.shape[1], size = x.shape[2]
    for n in prange(x.shape[0], nogil=True, num_threads=threads):
        for chunk in range((size + CHUNK - 1) // CHUNK):
            start = chunk * CHUNK
            grad_chunk(
                &x[n, 0, start], &target[n, start], &weight[n, start], &y[n, start],
                &grad[n, 0, start], classes, size, min(CHUNK, size - start),
            )
