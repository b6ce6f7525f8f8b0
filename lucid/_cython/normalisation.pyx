r"""Batch normalisation: every channel to mean 0 and variance 1, then scaled and shifted.

With the M numbers of a channel, their mean m, their variance v and
:math:`s = 1 / \sqrt{v + \epsilon}`,

.. math:: y = w s (x - m) + b, \qquad b_g = \sum g, \quad w_g = s \sum g (x - m), \quad
    x_g = w s \, (g - b_g / M - s (x - m) \, w_g / M)

(Ioffe and Szegedy, 2015). Mean and squares are found row by row, while a row is in the nearest
cache (a very long one in pieces), and joined to those before by Chan's formula, which is as exact
as a second pass: of m, q for k numbers and a row's m', q' for k', with d = m' - m,

.. math:: m + d \, \frac{k'}{k + k'}, \qquad q + q' + d^2 \frac{k k'}{k + k'}

(Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983, equation 2.1).

Cost: each array is read twice, once for the sums and once for the result, which is written once.
The channels of one item lie side by side, those of the next far behind. So a block of channels is
done together, as wide as makes a run of `RUN` numbers, which memory delivers without a pause; one
channel at a time would jump, and jumps of a power of 2 push each other out of the cache. Threads
take blocks, and each channel's sums have their own order: the bits do not depend on either.
"""

from cython.parallel cimport prange
from libc.math cimport sqrt

from lucid._cython.channels cimport squares_of_row, sum_row, sums_of_row
from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.padded cimport ceil_div
from lucid._cython.types cimport real

cdef enum:
    RUN = 8192  # numbers of one item before it is the turn of the next
    WATCHED = 16  # such runs from one look at the clock to the next
    PIECE = 1 << 20  # numbers of a longer row that are one turn: a look at the clock for each


cdef inline Py_ssize_t block_width(
    Py_ssize_t channels, Py_ssize_t size, int threads
) noexcept nogil:
    """Count the channels of a block: a run of memory, and work for every thread."""
    cdef Py_ssize_t share = (channels + threads - 1) // threads
    return min((RUN + size - 1) // size, share)


cdef inline Watch watch_runs(Py_ssize_t run) noexcept nogil:
    """Watch over runs of so many numbers: over long ones more often."""
    return watch_calls(<int> max(<Py_ssize_t> 1, WATCHED * RUN // max(run, <Py_ssize_t> RUN)))


cdef inline void find_moments(
    const real *x, Py_ssize_t step, Py_ssize_t items, Py_ssize_t width, Py_ssize_t size,
    double *mean, double *squares, Watch *watch,
) noexcept nogil:
    """Find the mean and the sum of squared distances from it, of each of `width` channels."""
    cdef const real *row
    cdef double centre, apart, share
    cdef Py_ssize_t turn, c, i, count, before = 0, pieces = ceil_div(size, PIECE)
    for c in range(width):
        mean[c] = squares[c] = 0
    for turn in range(items * pieces):
        if interrupted(watch):
            return
        i = turn % pieces * PIECE
        count = min(<Py_ssize_t> PIECE, size - i)
        share = count / <double> (before + count)
        for c in range(width):
            row = x + turn // pieces * step + c * size + i
            centre = sum_row(row, count) / count
            apart = centre - mean[c]
            squares[c] += squares_of_row(row, <real> centre, count) + apart * apart * before * share
            mean[c] += apart * share
        before += count


cdef inline void normalise(
    const real *x, real *y, Py_ssize_t size, real mean, real scale, real shift
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(size):
        y[i] = (x[i] - mean) * scale + shift


def batch_norm(
    const real[:, :, ::1] x not None, const real[::1] w not None, const real[::1] b not None,
    real[:, :, ::1] y not None, real[::1] mean not None, real[::1] variance not None,
    double[:, ::1] sums not None, double eps, bint of_batch, int threads,
):
    """Write y (N, C, S); first mean and variance (C,) too, if they are to be those of x.

    The sums (2, C) are room to work in.
    """
    cdef Py_ssize_t block, turn, n, c, i, count, first, last
    cdef Py_ssize_t items = x.shape[0], channels = x.shape[1], size = x.shape[2]
    cdef Py_ssize_t step = channels * size, width = block_width(channels, size, threads)
    cdef Py_ssize_t pieces = ceil_div(size, PIECE)
    cdef Watch watch = watch_runs(width * size)
    for block in prange((channels + width - 1) // width, nogil=True, num_threads=threads):
        first = block * width
        last = min(first + width, channels)
        if of_batch:
            find_moments(
                &x[0, first, 0], step, items, last - first, size, &sums[0, first],
                &sums[1, first], &watch,
            )
            for c in range(first, last):
                mean[c] = <real> sums[0, c]
                variance[c] = <real> (sums[1, c] / (items * size))
        for turn in range(items * pieces):
            if interrupted(&watch):
                break
            n, i = turn // pieces, turn % pieces * PIECE
            count = min(<Py_ssize_t> PIECE, size - i)
            for c in range(first, last):
                normalise(
                    &x[n, c, i], &y[n, c, i], count, mean[c],
                    <real> (w[c] / sqrt(variance[c] + eps)), b[c],
                )
    raise_if_interrupted(&watch)


cdef inline void row_grad(
    const real *x, const real *y, real *grad, Py_ssize_t size, real mean, real scale,
    real constant, real slope,
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(size):
        grad[i] = scale * (y[i] - constant - (x[i] - mean) * slope)


cdef inline void channel_sums(
    const real *x, const real *y, Py_ssize_t step, Py_ssize_t items, Py_ssize_t width,
    Py_ssize_t size, const real *mean, double *total, double *product, Watch *watch,
) noexcept nogil:
    """Add up y, and its products with the distances of x from the mean, for each channel."""
    cdef Py_ssize_t turn, c, i, start, count, pieces = ceil_div(size, PIECE)
    for c in range(width):
        total[c] = product[c] = 0
    for turn in range(items * pieces):
        if interrupted(watch):
            return
        i = turn % pieces * PIECE
        count = min(<Py_ssize_t> PIECE, size - i)
        for c in range(width):
            start = turn // pieces * step + c * size + i
            sums_of_row(x + start, mean[c], y + start, count, &total[c], &product[c])


def batch_norm_grad(
    const real[:, :, ::1] x not None, const real[::1] w not None, const real[:, :, ::1] y not None,
    const real[::1] mean not None, const real[::1] variance not None, double[:, ::1] sums not None,
    double eps, bint of_batch, real[:, :, ::1] grad_x not None, real[::1] grad_w not None,
    real[::1] grad_b not None, int threads,
):
    """Write the three gradients, of x (N, C, S), w and b (C,), for the gradient y (N, C, S).

    The sums (2, C) are room to work in.
    """
    cdef Py_ssize_t block, turn, n, c, i, count, first, last
    cdef Py_ssize_t items = x.shape[0], channels = x.shape[1], size = x.shape[2]
    cdef Py_ssize_t step = channels * size, width = block_width(channels, size, threads)
    cdef Py_ssize_t pieces = ceil_div(size, PIECE)
    cdef double inverse, share = 1 / <double> (items * size) if of_batch else 0
    cdef Watch watch = watch_runs(width * size)
    for block in prange((channels + width - 1) // width, nogil=True, num_threads=threads):
        first = block * width
        last = min(first + width, channels)
        channel_sums(
            &x[0, first, 0], &y[0, first, 0], step, items, last - first, size, &mean[first],
            &sums[0, first], &sums[1, first], &watch,
        )
        for c in range(first, last):
            inverse = 1 / sqrt(variance[c] + eps)
            grad_b[c] = <real> sums[0, c]
            grad_w[c] = <real> (sums[1, c] * inverse)
        for turn in range(items * pieces):
            if interrupted(&watch):
                break
            n, i = turn // pieces, turn % pieces * PIECE
            count = min(<Py_ssize_t> PIECE, size - i)
            for c in range(first, last):
                inverse = 1 / sqrt(variance[c] + eps)
                row_grad(
                    &x[n, c, i], &y[n, c, i], &grad_x[n, c, i], count, mean[c],
                    <real> (w[c] * inverse), <real> (grad_b[c] * share),
                    <real> (grad_w[c] * inverse * share),
                )
    raise_if_interrupted(&watch)


def sum_channels(
    const real[:, :, ::1] x not None, real[::1] y not None, double[:, ::1] sums not None,
    int threads,
):
    """Write to y (C,) the sums of x (N, C, S) over all but the channels."""
    cdef Py_ssize_t block, n, c, first, last
    cdef Py_ssize_t items = x.shape[0], channels = x.shape[1], size = x.shape[2]
    cdef Py_ssize_t width = block_width(channels, size, threads)
    cdef Watch watch = watch_runs(width * size)
    for block in prange((channels + width - 1) // width, nogil=True, num_threads=threads):
        first = block * width
        last = min(first + width, channels)
        for c in range(first, last):
            sums[0, c] = 0
        for n in range(items):
            if interrupted(&watch):
                break
            for c in range(first, last):
                sums[0, c] += sum_row(&x[n, c, 0], size)
        for c in range(first, last):
            y[c] = <real> sums[0, c]
    raise_if_interrupted(&watch)
