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
done together: as many as threads find in their caches again when it comes to the result, but at
least a run of `RUN` numbers, which memory delivers without a pause.

Threads take *chunks* of the items, as convolutions do: so each finds here what it wrote there. (Two
processors without a common cache took about three times as long, forward, when threads took
channels.) How many chunks there are depends on the shape alone, and their sums are joined in order:
the bits do not depend on the threads. A few items are one chunk; there, threads take blocks of
channels.
"""

from cython.parallel cimport prange
from libc.math cimport sqrt

from lucid._cython.channels cimport squares_of_row, sum_row, sums_of_row
from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.padded cimport ceil_div
from lucid._cython.types cimport real

cdef enum:
    RUN = 8192  # numbers of one item before it is the turn of the next
    HELD = 196608  # numbers of a block for each thread: three quarters of a cache of 1 MB
    WATCHED = 16  # such runs from one look at the clock to the next
    PIECE = 1 << 20  # numbers of a longer row that are one turn: a look at the clock for each
    FEW = 8  # items; fewer are one chunk, and threads take blocks of channels: cut otherwise, runs
    # of memory get so short that it takes 1.3 times as long

cdef struct Cut:  # how an array (items, channels, size) is gone through
    Py_ssize_t items, channels, size
    Py_ssize_t pieces, piece  # of a row; numbers of one
    Py_ssize_t turns, chunks  # a turn is a piece of all channels of a block; a chunk, some turns
    Py_ssize_t width  # channels of a block


cdef inline Cut cut_up(
    Py_ssize_t items, Py_ssize_t channels, Py_ssize_t size, Py_ssize_t most, int threads
) noexcept nogil:
    """Choose at most `most` chunks by the shape, and a block's width for so many threads."""
    cdef Cut cut
    cut.items, cut.channels, cut.size = items, channels, size
    cut.pieces = ceil_div(size, PIECE)
    cut.piece = min(size, <Py_ssize_t> PIECE)
    cut.turns = items * cut.pieces
    cut.chunks = 1 if items < FEW else min(items, most)
    cut.width = ceil_div(RUN, size)
    if cut.chunks == 1:
        cut.width = min(cut.width, ceil_div(channels, threads))
    else:
        cut.width = min(channels, max(cut.width, HELD * threads // (items * size)))
    return cut


cdef inline Py_ssize_t first_turn(const Cut *cut, Py_ssize_t chunk) noexcept nogil:
    """Return where a chunk begins; so it ends where the next one does."""
    return chunk * cut.turns // cut.chunks


cdef inline Py_ssize_t start_of(const Cut *cut, Py_ssize_t turn, Py_ssize_t c) noexcept nogil:
    """Return the element at which a turn of a channel begins."""
    return (turn // cut.pieces * cut.channels + c) * cut.size + turn % cut.pieces * cut.piece


cdef inline Py_ssize_t count_of(const Cut *cut, Py_ssize_t turn) noexcept nogil:
    """Count the numbers of each channel in a turn."""
    return min(cut.piece, cut.size - turn % cut.pieces * cut.piece)


cdef inline Watch watch_turns(const Cut *cut) noexcept nogil:
    """Watch over turns: over long ones more often."""
    cdef Py_ssize_t run = max(cut.width * cut.piece, <Py_ssize_t> RUN)
    return watch_calls(<int> max(<Py_ssize_t> 1, WATCHED * RUN // run))


cdef inline void find_moments(
    const Cut *cut, Py_ssize_t chunk, const real *x, Py_ssize_t first, Py_ssize_t last,
    double *mean, double *squares, Watch *watch,
) noexcept nogil:
    """Find mean and sum of squared distances from it, of each of some channels in a chunk."""
    cdef const real *row
    cdef double centre, apart, share
    cdef Py_ssize_t turn, c, count, before = 0
    for c in range(first, last):
        mean[c] = squares[c] = 0
    for turn in range(first_turn(cut, chunk), first_turn(cut, chunk + 1)):
        if interrupted(watch):
            return
        count = count_of(cut, turn)
        share = count / <double> (before + count)
        for c in range(first, last):
            row = x + start_of(cut, turn, c)
            centre = sum_row(row, count) / count
            apart = centre - mean[c]
            squares[c] += squares_of_row(row, <real> centre, count) + apart * apart * before * share
            mean[c] += apart * share
        before += count


cdef inline void join_moments(
    const Cut *cut, double[:, :, ::1] sums, Py_ssize_t first, Py_ssize_t last
) noexcept nogil:
    """Join the moments (chunks, 2, C) of all chunks, into those of the first one."""
    cdef double apart, share
    cdef Py_ssize_t chunk, turn, c, count, before = 0
    for chunk in range(cut.chunks):
        count = 0
        for turn in range(first_turn(cut, chunk), first_turn(cut, chunk + 1)):
            count += count_of(cut, turn)
        share = count / <double> (before + count)
        if chunk > 0:
            for c in range(first, last):
                apart = sums[chunk, 0, c] - sums[0, 0, c]
                sums[0, 1, c] += sums[chunk, 1, c] + apart * apart * before * share
                sums[0, 0, c] += apart * share
        before += count


cdef inline void join_totals(
    const Cut *cut, double[:, :, ::1] sums, Py_ssize_t kinds, Py_ssize_t first, Py_ssize_t last
) noexcept nogil:
    """Add up the sums (chunks, 2, C) of all chunks, of the first kind or two, into the first."""
    cdef Py_ssize_t chunk, kind, c
    for chunk in range(1, cut.chunks):
        for kind in range(kinds):
            for c in range(first, last):
                sums[0, kind, c] += sums[chunk, kind, c]


cdef inline void normalise(
    const real *x, real *y, Py_ssize_t size, real mean, real scale, real shift
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(size):
        y[i] = (x[i] - mean) * scale + shift


cdef inline void normalise_chunk(
    const Cut *cut, Py_ssize_t chunk, const real *x, const real *w, const real *b, real *y,
    const real *mean, const real *variance, double eps, Py_ssize_t first, Py_ssize_t last,
    Watch *watch,
) noexcept nogil:
    """Write a chunk of y, of some channels."""
    cdef Py_ssize_t turn, c, start
    for turn in range(first_turn(cut, chunk), first_turn(cut, chunk + 1)):
        if interrupted(watch):
            return
        for c in range(first, last):
            start = start_of(cut, turn, c)
            normalise(
                x + start, y + start, count_of(cut, turn), mean[c],
                <real> (w[c] / sqrt(variance[c] + eps)), b[c],
            )


cdef inline void all_moments(
    const Cut *cut, const real *x, double[:, :, ::1] sums, Py_ssize_t first, Py_ssize_t last,
    real *mean, real *variance, int threads, Watch *watch,
) noexcept nogil:
    """Find mean and variance of some channels."""
    cdef Py_ssize_t chunk, c
    if cut.chunks == 1:  # a parallel region inside of one costs as much as a short row
        find_moments(cut, 0, x, first, last, &sums[0, 0, 0], &sums[0, 1, 0], watch)
    else:
        for chunk in prange(cut.chunks, num_threads=threads):
            find_moments(
                cut, chunk, x, first, last, &sums[chunk, 0, 0], &sums[chunk, 1, 0], watch
            )
        join_moments(cut, sums, first, last)
    for c in range(first, last):
        mean[c] = <real> sums[0, 0, c]
        variance[c] = <real> (sums[0, 1, c] / (cut.items * cut.size))


cdef void norm_block(
    const Cut *cut, Py_ssize_t block, const real *x, const real *w, const real *b, real *y,
    real *mean, real *variance, double[:, :, ::1] sums, double eps, bint of_batch, int threads,
    Watch *watch,
) noexcept nogil:
    """Normalise a block of channels, chunk by chunk."""
    cdef Py_ssize_t chunk, first = block * cut.width
    cdef Py_ssize_t last = min(first + cut.width, cut.channels)
    if of_batch:
        all_moments(cut, x, sums, first, last, mean, variance, threads, watch)
    if cut.chunks == 1:
        normalise_chunk(cut, 0, x, w, b, y, mean, variance, eps, first, last, watch)
    else:
        for chunk in prange(cut.chunks, num_threads=threads):
            normalise_chunk(cut, chunk, x, w, b, y, mean, variance, eps, first, last, watch)


def batch_norm(
    const real[:, :, ::1] x not None, const real[::1] w not None, const real[::1] b not None,
    real[:, :, ::1] y not None, real[::1] mean not None, real[::1] variance not None,
    double[:, :, ::1] sums not None, double eps, bint of_batch, int threads,
):
    """Write y (N, C, S); first mean and variance (C,) too, if they are to be those of x.

    The sums (most chunks, 2, C) are room to work in.
    """
    cdef Cut cut = cut_up(x.shape[0], x.shape[1], x.shape[2], sums.shape[0], threads)
    cdef Py_ssize_t block
    cdef int of_blocks = threads if cut.chunks == 1 else 1
    cdef Watch watch = watch_turns(&cut)
    for block in prange(ceil_div(cut.channels, cut.width), nogil=True, num_threads=of_blocks):
        norm_block(
            &cut, block, &x[0, 0, 0], &w[0], &b[0], &y[0, 0, 0], &mean[0], &variance[0], sums,
            eps, of_batch, threads // of_blocks, &watch,
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
    const Cut *cut, Py_ssize_t chunk, const real *x, const real *y, Py_ssize_t first,
    Py_ssize_t last, const real *mean, double *total, double *product, Watch *watch,
) noexcept nogil:
    """Add up y, and its products with the distances of x from the mean, for each channel."""
    cdef Py_ssize_t turn, c, start
    for c in range(first, last):
        total[c] = product[c] = 0
    for turn in range(first_turn(cut, chunk), first_turn(cut, chunk + 1)):
        if interrupted(watch):
            return
        for c in range(first, last):
            start = start_of(cut, turn, c)
            sums_of_row(
                x + start, mean[c], y + start, count_of(cut, turn), &total[c], &product[c]
            )


cdef inline void grad_chunk(
    const Cut *cut, Py_ssize_t chunk, const real *x, const real *w, const real *y,
    const real *mean, const real *variance, double eps, double share, const real *grad_w,
    const real *grad_b, real *grad_x, Py_ssize_t first, Py_ssize_t last, Watch *watch,
) noexcept nogil:
    """Write a chunk of the gradient of x, of some channels; `share` is 1 / M, or 0."""
    cdef Py_ssize_t turn, c, start
    cdef double inverse
    for turn in range(first_turn(cut, chunk), first_turn(cut, chunk + 1)):
        if interrupted(watch):
            return
        for c in range(first, last):
            start = start_of(cut, turn, c)
            inverse = 1 / sqrt(variance[c] + eps)
            row_grad(
                x + start, y + start, grad_x + start, count_of(cut, turn), mean[c],
                <real> (w[c] * inverse), <real> (grad_b[c] * share),
                <real> (grad_w[c] * inverse * share),
            )


cdef inline void all_sums(
    const Cut *cut, const real *x, const real *y, const real *mean, const real *variance,
    double[:, :, ::1] sums, double eps, real *grad_w, real *grad_b, Py_ssize_t first,
    Py_ssize_t last, int threads, Watch *watch,
) noexcept nogil:
    """Write the gradients of scale and shift of some channels."""
    cdef Py_ssize_t chunk, c
    if cut.chunks == 1:
        channel_sums(cut, 0, x, y, first, last, mean, &sums[0, 0, 0], &sums[0, 1, 0], watch)
    else:
        for chunk in prange(cut.chunks, num_threads=threads):
            channel_sums(
                cut, chunk, x, y, first, last, mean, &sums[chunk, 0, 0], &sums[chunk, 1, 0], watch
            )
        join_totals(cut, sums, 2, first, last)
    for c in range(first, last):
        grad_b[c] = <real> sums[0, 0, c]
        grad_w[c] = <real> (sums[0, 1, c] / sqrt(variance[c] + eps))


cdef void grad_block(
    const Cut *cut, Py_ssize_t block, const real *x, const real *w, const real *y,
    const real *mean, const real *variance, double[:, :, ::1] sums, double eps, double share,
    real *grad_x, real *grad_w, real *grad_b, int threads, Watch *watch,
) noexcept nogil:
    """Write the gradients of a block of channels, chunk by chunk."""
    cdef Py_ssize_t chunk, first = block * cut.width
    cdef Py_ssize_t last = min(first + cut.width, cut.channels)
    all_sums(cut, x, y, mean, variance, sums, eps, grad_w, grad_b, first, last, threads, watch)
    if cut.chunks == 1:
        grad_chunk(
            cut, 0, x, w, y, mean, variance, eps, share, grad_w, grad_b, grad_x, first, last,
            watch,
        )
    else:
        for chunk in prange(cut.chunks, num_threads=threads):
            grad_chunk(
                cut, chunk, x, w, y, mean, variance, eps, share, grad_w, grad_b, grad_x, first,
                last, watch,
            )


def batch_norm_grad(
    const real[:, :, ::1] x not None, const real[::1] w not None, const real[:, :, ::1] y not None,
    const real[::1] mean not None, const real[::1] variance not None,
    double[:, :, ::1] sums not None, double eps, bint of_batch, real[:, :, ::1] grad_x not None,
    real[::1] grad_w not None, real[::1] grad_b not None, int threads,
):
    """Write the three gradients, of x (N, C, S), w and b (C,), for the gradient y (N, C, S).

    The sums (most chunks, 2, C) are room to work in.
    """
    cdef Cut cut = cut_up(x.shape[0], x.shape[1], x.shape[2], sums.shape[0], threads)
    cdef Py_ssize_t block
    cdef int of_blocks = threads if cut.chunks == 1 else 1
    cdef double share = 1 / <double> (cut.items * cut.size) if of_batch else 0
    cdef Watch watch = watch_turns(&cut)
    for block in prange(ceil_div(cut.channels, cut.width), nogil=True, num_threads=of_blocks):
        grad_block(
            &cut, block, &x[0, 0, 0], &w[0], &y[0, 0, 0], &mean[0], &variance[0], sums, eps,
            share, &grad_x[0, 0, 0], &grad_w[0], &grad_b[0], threads // of_blocks, &watch,
        )
    raise_if_interrupted(&watch)


cdef inline void chunk_totals(
    const Cut *cut, Py_ssize_t chunk, const real *x, Py_ssize_t first, Py_ssize_t last,
    double *total, Watch *watch,
) noexcept nogil:
    """Add up x for some channels."""
    cdef Py_ssize_t turn, c
    for c in range(first, last):
        total[c] = 0
    for turn in range(first_turn(cut, chunk), first_turn(cut, chunk + 1)):
        if interrupted(watch):
            return
        for c in range(first, last):
            total[c] += sum_row(x + start_of(cut, turn, c), count_of(cut, turn))


def sum_channels(
    const real[:, :, ::1] x not None, real[::1] y not None, double[:, :, ::1] sums not None,
    int threads,
):
    """Write to y (C,) the sums of x (N, C, S) over all but the channels.

    The sums (most chunks, 2, C) are room to work in.
    """
    cdef Cut cut = cut_up(x.shape[0], x.shape[1], x.shape[2], sums.shape[0], threads)
    cdef Py_ssize_t task, c, blocks = ceil_div(cut.channels, cut.width)
    cdef Watch watch = watch_turns(&cut)
    for task in prange(cut.chunks * blocks, nogil=True, num_threads=threads):
        chunk_totals(
            &cut, task // blocks, &x[0, 0, 0], task % blocks * cut.width,
            min((task % blocks + 1) * cut.width, cut.channels), &sums[task // blocks, 0, 0],
            &watch,
        )
    join_totals(&cut, sums, 1, 0, cut.channels)
    for c in range(cut.channels):
        y[c] = <real> sums[0, 0, c]
    raise_if_interrupted(&watch)
