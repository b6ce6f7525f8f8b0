r"""Activations with powers of e in them, element by element, and their slopes times a gradient.

With :math:`s = 1 / (1 + e^{-x})` and the chance :math:`\Phi` and density :math:`\varphi` of the
normal distribution:

============  ===================================================  ==============================
kind          y                                                    slope
============  ===================================================  ==============================
SIGMOID       :math:`s`                                            :math:`s (1 - s)`
SILU          :math:`x s`                                          :math:`s (1 + x (1 - s))`
ELU           :math:`b x` above 0, :math:`ab (e^x - 1)` below      :math:`b`, :math:`ab \, e^x`
GELU          :math:`x \Phi(x)`                                    :math:`\Phi + x \varphi`
HARDSIGMOID   :math:`\min(\max(x + 3, 0), 6) / 6`                  1/6 between -3 and 3, else 0
HARDSWISH     x times the hard sigmoid                             :math:`x / 3 + 1 / 2`, 0 or 1
============  ===================================================  ==============================

:math:`\Phi` comes from Cody's rational approximations of the error function ("Rational Chebyshev
approximations for the error function", 1969), within 4 units of the last place.

Cost: each array once through memory; an exponential is about 15 multiply-adds, the two quotients
of the error function 40. All is written without a branch, so that loops become vector
instructions. Threads take blocks of `BLOCK` elements: the bits do not depend on them.
"""

from cython.parallel cimport prange

from lucid._cython.exponential cimport exponential, exponential_less_1
from lucid._cython.types cimport real

cdef enum:
    BLOCK = 16384  # elements
    SIGMOID = 0
    SILU = 1
    ELU = 2
    GELU = 3
    HARDSIGMOID = 4
    HARDSWISH = 5

KINDS = {
    "sigmoid": SIGMOID, "silu": SILU, "elu": ELU, "gelu": GELU, "hardsigmoid": HARDSIGMOID,
    "hardswish": HARDSWISH,
}


cdef inline real sigmoid(real x) noexcept nogil:
    return 1 / (1 + exponential(-x))


cdef inline real hard_sigmoid(real x) noexcept nogil:
    cdef real y = x + 3
    y = <real> 0 if y < 0 else y
    return (<real> 6 if y > 6 else y) / 6


cdef inline real small_erf(real x) noexcept nogil:
    """Compute the error function where abs(x) is below 0.47."""
    cdef real z = x * x, p, q
    p = <real> 1.85777706184603153e-1
    p = p * z + <real> 3.16112374387056560e0
    p = p * z + <real> 1.13864154151050156e2
    p = p * z + <real> 3.77485237685302021e2
    p = p * z + <real> 3.20937758913846947e3
    q = z + <real> 2.36012909523441209e1
    q = q * z + <real> 2.44024637934444173e2
    q = q * z + <real> 1.28261652607737228e3
    q = q * z + <real> 2.84423683343917062e3
    return x * p / q


cdef inline real large_rest(real x) noexcept nogil:
    """Compute the rest of the error function to 1, for x from 0.46 to 4, over e^(-x^2)."""
    cdef real p, q
    p = <real> 2.15311535474403846e-8
    p = p * x + <real> 5.64188496988670089e-1
    p = p * x + <real> 8.88314979438837594e0
    p = p * x + <real> 6.61191906371416295e1
    p = p * x + <real> 2.98635138197400131e2
    p = p * x + <real> 8.81952221241769090e2
    p = p * x + <real> 1.71204761263407058e3
    p = p * x + <real> 2.05107837782607147e3
    p = p * x + <real> 1.23033935479799725e3
    q = x + <real> 1.57449261107098347e1
    q = q * x + <real> 1.17693950891312499e2
    q = q * x + <real> 5.37181101862009858e2
    q = q * x + <real> 1.62138957456669019e3
    q = q * x + <real> 3.29079923573345963e3
    q = q * x + <real> 4.36261909014324716e3
    q = q * x + <real> 3.43936767414372164e3
    q = q * x + <real> 1.23033935480374942e3
    return p / q


cdef inline real chance(real x, real power) noexcept nogil:
    """Compute the chance of a normal number below x; the power is :math:`e^{-x^2/2}`."""
    cdef real z = x * <real> 0.7071067811865476, tail
    cdef real size = z if z > 0 else -z
    size = size if size < 6 else 6  # 1 - erf(6) is 2e-17
    tail = <real> 0.5 * power * large_rest(size)
    tail = tail if x < 0 else 1 - tail
    return <real> 0.5 + <real> 0.5 * small_erf(z) if size < <real> 0.46875 else tail


cdef inline void value_block(
    int kind, const real *x, real *y, real a, real b, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    if kind == SIGMOID:
        for i in range(count):
            y[i] = sigmoid(x[i])
    elif kind == SILU:
        for i in range(count):
            y[i] = x[i] * sigmoid(x[i])
    elif kind == ELU:
        for i in range(count):
            y[i] = b * (x[i] if x[i] > 0 else a * exponential_less_1(x[i]))
    elif kind == GELU:
        for i in range(count):
            y[i] = x[i] * chance(x[i], exponential(x[i] * x[i] * <real> -0.5))
    elif kind == HARDSIGMOID:
        for i in range(count):
            y[i] = hard_sigmoid(x[i])
    else:
        for i in range(count):
            y[i] = x[i] * hard_sigmoid(x[i])


cdef inline void slope_block(
    int kind, const real *x, const real *g, real *z, real a, real b, Py_ssize_t count
) noexcept nogil:
    cdef real s, power
    cdef Py_ssize_t i
    if kind == SIGMOID:  # here x is the result
        for i in range(count):
            z[i] = g[i] * x[i] * (1 - x[i])
    elif kind == SILU:
        for i in range(count):
            s = sigmoid(x[i])
            z[i] = g[i] * s * (1 + x[i] * (1 - s))
    elif kind == ELU:
        for i in range(count):
            z[i] = g[i] * b * (<real> 1 if x[i] > 0 else a * exponential(x[i]))
    elif kind == GELU:
        for i in range(count):
            power = exponential(x[i] * x[i] * <real> -0.5)
            z[i] = g[i] * (chance(x[i], power) + x[i] * power * <real> 0.3989422804014327)
    elif kind == HARDSIGMOID:
        for i in range(count):
            z[i] = g[i] / 6 if (x[i] > -3) & (x[i] < 3) else <real> 0
    else:
        for i in range(count):
            s = <real> 1 if x[i] >= 3 else <real> 0
            z[i] = g[i] * (x[i] / 3 + <real> 0.5 if (x[i] > -3) & (x[i] < 3) else s)


def value(
    const real[::1] x not None, real[::1] y not None, int kind, double a, double b, int threads
):
    """Write to y the function of x; a and b are for ELU."""
    cdef Py_ssize_t block, count = x.shape[0]
    for block in prange((count + BLOCK - 1) // BLOCK, nogil=True, num_threads=threads):
        value_block(
            kind, &x[block * BLOCK], &y[block * BLOCK], <real> a, <real> b,
            min(BLOCK, count - block * BLOCK),
        )


def slope(
    const real[::1] x not None, const real[::1] g not None, real[::1] z not None, int kind,
    double a, double b, int threads,
):
    """Write to z the gradient g times the slope at x; of SIGMOID, at the result x."""
    cdef Py_ssize_t block, count = x.shape[0]
    for block in prange((count + BLOCK - 1) // BLOCK, nogil=True, num_threads=threads):
        slope_block(
            kind, &x[block * BLOCK], &g[block * BLOCK], &z[block * BLOCK], <real> a, <real> b,
            min(BLOCK, count - block * BLOCK),
        )
