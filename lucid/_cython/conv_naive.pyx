r"""Convolution by its definition: three loop nests, the ones every other kernel must equal.

For each item n, output channel f, input channel c, output position o and kernel tap k, with
:math:`i = o \cdot stride + k \cdot dilation - low` along each of the three spatial axes:

==============  ===================================
`forward`       ``y[n, f, o] += x[n, c, i] * w[f, c, k]``
`input_grad`    ``x[n, c, i] += y[n, f, o] * w[f, c, k]``
`weight_grad`   ``w[f, c, k] += x[n, c, i] * y[n, f, o]``
==============  ===================================

A position i outside the input counts as zero. With groups, output channel f sees only the input
channels of its own group. Cost: one multiply-add for each (n, f, c, o, k), three loads and a store.
The outermost loop runs over an axis of the output, so threads never share one of its elements.
"""

from cython.parallel cimport prange

from lucid._cython.interrupt cimport Watch, interrupted, raise_if_interrupted, watch_calls
from lucid._cython.types cimport real


cdef inline int rows_of(Py_ssize_t work) noexcept nogil:
    """Return after how many rows of `work` multiply-adds to look for Ctrl-C."""
    return <int> (100000 // work + 1)


def forward(
    const real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to y (N, F, *O) the convolution of x (N, C, *I) with w (F, C // groups, *K)."""
    cdef Py_ssize_t s0, s1, s2, d0, d1, d2, l0, l1, l2
    cdef Py_ssize_t n, f, c, first, o0, o1, o2, k0, k1, k2, i0, i1, i2
    cdef Py_ssize_t features = w.shape[0] // groups, channels = w.shape[1]
    cdef Watch watch = watch_calls(rows_of(y.shape[4] * w.shape[2] * w.shape[3] * w.shape[4]))
    s0, s1, s2 = stride
    d0, d1, d2 = dilation
    l0, l1, l2 = low
    for f in prange(w.shape[0], nogil=True, num_threads=threads):
        first = f // features * channels
        for n in range(x.shape[0]):
            for c in range(channels):
                if watch.stopped:
                    break
                for o0 in range(y.shape[2]):
                    for o1 in range(y.shape[3]):
                        if interrupted(&watch):
                            break
                        for o2 in range(y.shape[4]):
                            for k0 in range(w.shape[2]):
                                i0 = o0 * s0 + k0 * d0 - l0
                                if not 0 <= i0 < x.shape[2]:
                                    continue
                                for k1 in range(w.shape[3]):
                                    i1 = o1 * s1 + k1 * d1 - l1
                                    if not 0 <= i1 < x.shape[3]:
                                        continue
                                    for k2 in range(w.shape[4]):
                                        i2 = o2 * s2 + k2 * d2 - l2
                                        if 0 <= i2 < x.shape[4]:
                                            y[n, f, o0, o1, o2] += (
                                                x[n, first + c, i0, i1, i2] * w[f, c, k0, k1, k2]
                                            )
    raise_if_interrupted(&watch)


def input_grad(
    real[:, :, :, :, ::1] x not None, const real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to x (N, C, *I) the derivative of <forward(x, w), y> by x: the transposed convolution."""
    cdef Py_ssize_t s0, s1, s2, d0, d1, d2, l0, l1, l2
    cdef Py_ssize_t n, f, c, first, o0, o1, o2, k0, k1, k2, i0, i1, i2
    cdef Py_ssize_t features = w.shape[0] // groups, channels = w.shape[1]
    cdef Watch watch = watch_calls(rows_of(y.shape[4] * w.shape[2] * w.shape[3] * w.shape[4]))
    s0, s1, s2 = stride
    d0, d1, d2 = dilation
    l0, l1, l2 = low
    for c in prange(channels, nogil=True, num_threads=threads):
        for f in range(w.shape[0]):
            first = f // features * channels
            for n in range(x.shape[0]):
                if watch.stopped:
                    break
                for o0 in range(y.shape[2]):
                    for o1 in range(y.shape[3]):
                        if interrupted(&watch):
                            break
                        for o2 in range(y.shape[4]):
                            for k0 in range(w.shape[2]):
                                i0 = o0 * s0 + k0 * d0 - l0
                                if not 0 <= i0 < x.shape[2]:
                                    continue
                                for k1 in range(w.shape[3]):
                                    i1 = o1 * s1 + k1 * d1 - l1
                                    if not 0 <= i1 < x.shape[3]:
                                        continue
                                    for k2 in range(w.shape[4]):
                                        i2 = o2 * s2 + k2 * d2 - l2
                                        if 0 <= i2 < x.shape[4]:
                                            x[n, first + c, i0, i1, i2] += (
                                                y[n, f, o0, o1, o2] * w[f, c, k0, k1, k2]
                                            )
    raise_if_interrupted(&watch)


def weight_grad(
    const real[:, :, :, :, ::1] x not None, real[:, :, :, :, ::1] w not None,
    const real[:, :, :, :, ::1] y not None, tuple stride, tuple dilation, tuple low,
    Py_ssize_t groups, int threads,
):
    """Add to w (F, C // groups, *K) the derivative of <forward(x, w), y> by w."""
    cdef Py_ssize_t s0, s1, s2, d0, d1, d2, l0, l1, l2
    cdef Py_ssize_t n, f, c, first, o0, o1, o2, k0, k1, k2, i0, i1, i2
    cdef Py_ssize_t features = w.shape[0] // groups, channels = w.shape[1]
    cdef Watch watch = watch_calls(rows_of(y.shape[4] * w.shape[2] * w.shape[3] * w.shape[4]))
    s0, s1, s2 = stride
    d0, d1, d2 = dilation
    l0, l1, l2 = low
    for f in prange(w.shape[0], nogil=True, num_threads=threads):
        first = f // features * channels
        for n in range(x.shape[0]):
            for c in range(channels):
                if watch.stopped:
                    break
                for o0 in range(y.shape[2]):
                    for o1 in range(y.shape[3]):
                        if interrupted(&watch):
                            break
                        for o2 in range(y.shape[4]):
                            for k0 in range(w.shape[2]):
                                i0 = o0 * s0 + k0 * d0 - l0
                                if not 0 <= i0 < x.shape[2]:
                                    continue
                                for k1 in range(w.shape[3]):
                                    i1 = o1 * s1 + k1 * d1 - l1
                                    if not 0 <= i1 < x.shape[3]:
                                        continue
                                    for k2 in range(w.shape[4]):
                                        i2 = o2 * s2 + k2 * d2 - l2
                                        if 0 <= i2 < x.shape[4]:
                                            w[f, c, k0, k1, k2] += (
                                                x[n, first + c, i0, i1, i2] * y[n, f, o0, o1, o2]
                                            )
    raise_if_interrupted(&watch)
