r"""Functions with a kink, element by element, and what they let through of a gradient.

===============  ==========================================
`relu`           :math:`y = \max(x, 0)`
`relu_grad`      :math:`x = g` where :math:`y > 0`, else 0
`clamp`          :math:`y = \min(\max(x, low), high)`
`clamp_grad`     :math:`z = g` where :math:`low \le x \le high`, else 0
`hardtanh_grad`  :math:`z = g` unless :math:`x \le low` or :math:`x \ge high`
`leaky`          :math:`y = x` where :math:`x > 0`, else :math:`a x`
`leaky_grad`     :math:`z = g` where :math:`x > 0`, else :math:`a g`
===============  ==========================================

A NaN stays a NaN on the way forward. Cost: each array once
through memory, nothing in between; a choice between two numbers, not a branch, becomes one vector
instruction. Threads take blocks of `BLOCK` elements, so that the bits do not depend on them.
"""

from cython.parallel cimport prange

from lucid._cython.types cimport real

cdef enum:
    BLOCK = 16384  # elements


cdef inline void relu_block(const real *x, real *y, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        y[i] = <real> 0 if x[i] < 0 else x[i]


cdef inline void relu_grad_block(
    const real *y, const real *grad, real *x, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        x[i] = grad[i] if y[i] > 0 else <real> 0


cdef inline void clamp_block(
    const real *x, real *y, real low, real high, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    cdef real raised
    for i in range(count):
        raised = low if x[i] < low else x[i]
        y[i] = high if raised > high else raised


cdef inline void clamp_grad_block(
    const real *x, const real *grad, real *z, real low, real high, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        z[i] = grad[i] if (x[i] >= low) & (x[i] <= high) else <real> 0


cdef inline void hardtanh_grad_block(
    const real *x, const real *grad, real *z, real low, real high, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        z[i] = <real> 0 if (x[i] <= low) | (x[i] >= high) else grad[i]


cdef inline void leaky_block(
    const real *x, const real *grad, real *z, real slope, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        z[i] = grad[i] if x[i] > 0 else slope * grad[i]


def relu(const real[::1] x not None, real[::1] y not None, int threads):
    """Write to y the elements of x, 0 for those below."""
    cdef Py_ssize_t block, count = x.shape[0]
    for block in prange((count + BLOCK - 1) // BLOCK, nogil=True, num_threads=threads):
        relu_block(&x[block * BLOCK], &y[block * BLOCK], min(BLOCK, count - block * BLOCK))


def relu_grad(
    const real[::1] y not None, const real[::1] grad not None, real[::1] x not None, int threads
):
    """Write to x what of grad passes where y is above 0."""
    cdef Py_ssize_t block, count = x.shape[0]
    for block in prange((count + BLOCK - 1) // BLOCK, nogil=True, num_threads=threads):
        relu_grad_block(
            &y[block * BLOCK], &grad[block * BLOCK], &x[block * BLOCK],
            min(BLOCK, count - block * BLOCK),
        )


def clamp(
    const real[::1] x not None, real[::1] y not None, double low, double high, int threads
):
    """Write to y the elements of x, cut off at low and high."""
    cdef Py_ssize_t block, count = x.shape[0]
    for block in prange((count + BLOCK - 1) // BLOCK, nogil=True, num_threads=threads):
        clamp_block(
            &x[block * BLOCK], &y[block * BLOCK], <real> low, <real> high,
            min(BLOCK, count - block * BLOCK),
        )


def clamp_grad(
    const real[::1] x not None, const real[::1] grad not None, real[::1] z not None, double low,
    double high, int threads,
):
    """Write to z what of grad passes where x is from low to high."""
    cdef Py_ssize_t block, count = x.shape[0]
    for block in prange((count + BLOCK - 1) // BLOCK, nogil=True, num_threads=threads):
        clamp_grad_block(
            &x[block * BLOCK], &grad[block * BLOCK], &z[block * BLOCK], <real> low, <real> high,
            min(BLOCK, count - block * BLOCK),
        )


def hardtanh_grad(
    const real[::1] x not None, const real[::1] grad not None, real[::1] z not None, double low,
    double high, int threads,
):
    """Write to z what of grad passes where x is between low and high, or a NaN."""
    cdef Py_ssize_t block, count = x.shape[0]
    for block in prange((count + BLOCK - 1) // BLOCK, nogil=True, num_threads=threads):
        hardtanh_grad_block(
            &x[block * BLOCK], &grad[block * BLOCK], &z[block * BLOCK], <real> low, <real> high,
            min(BLOCK, count - block * BLOCK),
        )


def leaky(const real[::1] x not None, real[::1] y not None, double slope, int threads):
    """Write to y the elements of x, times the slope where they are not above 0."""
    cdef Py_ssize_t block, count = x.shape[0]
    for block in prange((count + BLOCK - 1) // BLOCK, nogil=True, num_threads=threads):
        leaky_block(
            &x[block * BLOCK], &x[block * BLOCK], &y[block * BLOCK], <real> slope,
            min(BLOCK, count - block * BLOCK),
        )


def leaky_grad(
    const real[::1] x not None, const real[::1] grad not None, real[::1] z not None, double slope,
    int threads,
):
    """Write to z the elements of grad, times the slope where x is not above 0."""
    cdef Py_ssize_t block, count = x.shape[0]
    for block in prange((count + BLOCK - 1) // BLOCK, nogil=True, num_threads=threads):
        leaky_block(
            &x[block * BLOCK], &grad[block * BLOCK], &z[block * BLOCK], <real> slope,
            min(BLOCK, count - block * BLOCK),
        )
