r"""Batch normalisation: every channel to mean 0 and variance 1, then scaled and shifted.

With the M numbers of a channel, their mean m, their variance v and
:math:`s = 1 / \sqrt{v + \epsilon}`,

.. math:: y = w s (x - m) + b, \qquad b_g = \sum g, \quad w_g = s \sum g (x - m), \quad
    x_g = w s \, (g - b_g / M - s (x - m) \, w_g / M)

(Ioffe and Szegedy, 2015). All passes over a channel follow one another, so that the second finds it
in the cache: memory is read once and written once. Threads split the channels and share nothing.
"""

from cython.parallel cimport prange
from libc.math cimport sqrt

from lucid._cython.channels cimport products_of_row, squares_of_row, sum_row
from lucid._cython.types cimport real


cdef inline void find_moments(
    const real *x, Py_ssize_t step, Py_ssize_t items, Py_ssize_t size, real *mean, real *variance
) noexcept nogil:
    cdef double total = 0
    cdef Py_ssize_t n
    for n in range(items):
        total += sum_row(x + n * step, size)
    mean[0] = <real> (total / (items * size))
    total = 0
    for n in range(items):
        total += squares_of_row(x + n * step, mean[0], size)
    variance[0] = <real> (total / (items * size))


cdef inline void normalise(
    const real *x, real *y, Py_ssize_t step, Py_ssize_t items, Py_ssize_t size, real mean,
    real scale, real shift,
) noexcept nogil:
    cdef Py_ssize_t n, i
    for n in range(items):
        for i in range(size):
            y[n * step + i] = (x[n * step + i] - mean) * scale + shift


def batch_norm(
    const real[:, :, ::1] x not None, const real[::1] w not None, const real[::1] b not None,
    real[:, :, ::1] y not None, real[::1] mean not None, real[::1] variance not None, double eps,
    bint of_batch, int threads,
):
    """Write y (N, C, S); first mean and variance (C,) too, if they are to be those of x."""
    cdef Py_ssize_t c, step = x.shape[1] * x.shape[2]
    for c in prange(x.shape[1], nogil=True, num_threads=threads):
        if of_batch:
            find_moments(&x[0, c, 0], step, x.shape[0], x.shape[2], &mean[c], &variance[c])
        normalise(
            &x[0, c, 0], &y[0, c, 0], step, x.shape[0], x.shape[2], mean[c],
            <real> (w[c] / sqrt(variance[c] + eps)), b[c],
        )


cdef inline void channel_grad(
    const real *x, const real *y, real *grad, Py_ssize_t step, Py_ssize_t items, Py_ssize_t size,
    real mean, real scale, real constant, real slope,
) noexcept nogil:
    cdef Py_ssize_t n, i
    for n in range(items):
        for i in range(size):
            grad[n * step + i] = scale * (
                y[n * step + i] - constant - (x[n * step + i] - mean) * slope
            )


cdef inline void channel_sums(
    const real *x, const real *y, Py_ssize_t step, Py_ssize_t items, Py_ssize_t size, real mean,
    double inverse, real *grad_w, real *grad_b,
) noexcept nogil:
    cdef double total = 0, product = 0
    cdef Py_ssize_t n
    for n in range(items):
        total += sum_row(y + n * step, size)
        product += products_of_row(x + n * step, mean, y + n * step, size)
    grad_b[0] = <real> total
    grad_w[0] = <real> (product * inverse)


def batch_norm_grad(
    const real[:, :, ::1] x not None, const real[::1] w not None, const real[:, :, ::1] y not None,
    const real[::1] mean not None, const real[::1] variance not None, double eps, bint of_batch,
    real[:, :, ::1] grad_x not None, real[::1] grad_w not None, real[::1] grad_b not None,
    int threads,
):
    """Write the three gradients, of x (N, C, S), w and b (C,), for the gradient y (N, C, S)."""
    cdef Py_ssize_t c, step = x.shape[1] * x.shape[2]
    cdef double inverse, count = x.shape[0] * x.shape[2]
    for c in prange(x.shape[1], nogil=True, num_threads=threads):
        inverse = 1 / sqrt(variance[c] + eps)
        channel_sums(
            &x[0, c, 0], &y[0, c, 0], step, x.shape[0], x.shape[2], mean[c], inverse, &grad_w[c],
            &grad_b[c],
        )
        channel_grad(
            &x[0, c, 0], &y[0, c, 0], &grad_x[0, c, 0], step, x.shape[0], x.shape[2], mean[c],
            <real> (w[c] * inverse), <real> (grad_b[c] / count) if of_batch else <real> 0,
            <real> (grad_w[c] * inverse / count) if of_batch else <real> 0,
        )


def sum_channels(const real[:, :, ::1] x not None, real[::1] y not None, int threads):
    """Write to y (C,) the sums of x (N, C, S) over all but the channels."""
    cdef Py_ssize_t c
    for c in prange(x.shape[1], nogil=True, num_threads=threads):
        sum_channel(&x[0, c, 0], x.shape[1] * x.shape[2], x.shape[0], x.shape[2], &y[c])


cdef inline void sum_channel(
    const real *x, Py_ssize_t step, Py_ssize_t items, Py_ssize_t size, real *y
) noexcept nogil:
    cdef double total = 0
    cdef Py_ssize_t n
    for n in range(items):
        total += sum_row(x + n * step, size)
    y[0] = <real> total
