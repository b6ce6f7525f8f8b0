r"""Group normalisation: every group of channels of an item to mean 0 and variance 1.

With the M numbers of a group, their mean m, their variance v and :math:`s = 1 / \sqrt{v +
\epsilon}`, and the scale w and the shift b of a channel,

.. math:: y = w s (x - m) + b, \qquad b_g = \sum g, \quad w_g = \sum g s (x - m), \quad
    x_g = s \Bigl(w g - \frac{1}{M} \sum w g - s (x - m) \, \frac{1}{M} \sum w g s (x - m) \Bigr),

the first two sums over the items and positions of a channel, the last two over a group (Wu and He,
"Group normalization", 2018, equations 1 to 4). One group whose channels have one position each is
a layer normalisation, a group for each channel an instance normalisation.

Cost: each array once through memory, if a group fits into the cache, where it is read three times.
Forward, threads take items. Backward the gradients of w and b are sums over the items: these are
split into `chunks` at places that depend on their number alone, so that the bits do not depend on
the threads; each chunk has sums of its own.
"""

from cython.parallel cimport prange
from libc.math cimport sqrt

from lucid._cython.channels cimport (
    squares_of_row, sum_row, sums_of_row, weighted_sums_of_row,
)
from lucid._cython.types cimport real


cdef inline void normalise(
    const real *x, const real *w, const real *b, real *y, Py_ssize_t channels, Py_ssize_t size,
    real mean, real scale,
) noexcept nogil:
    """Write one group of y."""
    cdef Py_ssize_t c, i
    cdef real factor
    if size == 1:
        for c in range(channels):
            y[c] = (x[c] - mean) * scale * w[c] + b[c]
        return
    for c in range(channels):
        factor = scale * w[c]
        for i in range(c * size, (c + 1) * size):
            y[i] = (x[i] - mean) * factor + b[c]


def group_norm(
    const real[:, :, ::1] x not None, const real[::1] w not None, const real[::1] b not None,
    real[:, :, ::1] y not None, real[:, ::1] mean not None, real[:, ::1] variance not None,
    double eps, int threads,
):
    """Write y (N, C, S), and the mean and the variance (N, G) of each group of x (N, C, S)."""
    cdef Py_ssize_t n, g, first, groups = mean.shape[1], size = x.shape[2]
    cdef Py_ssize_t channels = x.shape[1] // groups, count = channels * size
    for n in prange(x.shape[0], nogil=True, num_threads=threads):
        for g in range(groups):
            first = g * channels
            mean[n, g] = <real> (sum_row(&x[n, first, 0], count) / count)
            variance[n, g] = <real> (squares_of_row(&x[n, first, 0], mean[n, g], count) / count)
            normalise(
                &x[n, first, 0], &w[first], &b[first], &y[n, first, 0], channels, size, mean[n, g],
                <real> (1 / sqrt(variance[n, g] + eps)),
            )


cdef inline void group_grad(
    const real *x, const real *w, const real *g, Py_ssize_t channels, Py_ssize_t size, real mean,
    real scale, real *grad_x, real *grad_w, real *grad_b,
) noexcept nogil:
    """Write one group of grad_x, and add to grad_w and grad_b what its channels give."""
    cdef double total = 0, product = 0, channel_total, channel_product
    cdef Py_ssize_t c, i
    cdef real constant, slope, factor
    if size == 1:
        weighted_sums_of_row(x, mean, g, w, channels, &total, &product)
        for c in range(channels):
            grad_w[c] += g[c] * (x[c] - mean) * scale
            grad_b[c] += g[c]
    else:
        for c in range(channels):
            channel_total = channel_product = 0
            sums_of_row(x + c * size, mean, g + c * size, size, &channel_total, &channel_product)
            total = total + w[c] * channel_total
            product = product + w[c] * channel_product
            grad_w[c] += <real> (channel_product * scale)
            grad_b[c] += <real> channel_total
    constant = <real> (scale * total / (channels * size))
    slope = <real> (scale * scale * scale * product / (channels * size))
    if size == 1:
        for c in range(channels):
            grad_x[c] = scale * w[c] * g[c] - constant - (x[c] - mean) * slope
        return
    for c in range(channels):
        factor = scale * w[c]
        for i in range(c * size, (c + 1) * size):
            grad_x[i] = factor * g[i] - constant - (x[i] - mean) * slope


def group_norm_grad(
    const real[:, :, ::1] x not None, const real[::1] w not None, const real[:, :, ::1] y not None,
    const real[:, ::1] mean not None, const real[:, ::1] variance not None, double eps,
    real[:, :, ::1] grad_x not None, real[:, :, ::1] sums not None, int threads,
):
    """Write the gradient of x (N, C, S) for the gradient y, and those of w and b in parts.

    To the sums (chunks, 2, C), which come as zeros, each chunk of items adds its part of both.
    """
    cdef Py_ssize_t chunk, n, g, first, groups = mean.shape[1], size = x.shape[2]
    cdef Py_ssize_t items = x.shape[0], channels = x.shape[1] // groups, chunks = sums.shape[0]
    for chunk in prange(chunks, nogil=True, num_threads=threads):
        for n in range(chunk * items // chunks, (chunk + 1) * items // chunks):
            for g in range(groups):
                first = g * channels
                group_grad(
                    &x[n, first, 0], &w[first], &y[n, first, 0], channels, size, mean[n, g],
                    <real> (1 / sqrt(variance[n, g] + eps)), &grad_x[n, first, 0],
                    &sums[chunk, 0, first], &sums[chunk, 1, first],
                )
