r"""Activations with powers of e in them, element by element, and their slopes times a gradient.

With :math:`s(x) = 1 / (1 + e^{-x})` and the chance :math:`\Phi` and density :math:`\varphi` of the
normal distribution:

============  ===================================================  ==============================
kind          y                                                    slope
============  ===================================================  ==============================
SIGMOID       :math:`s`                                            :math:`y (1 - y)`
TANH          :math:`2 s(2x) - 1`, which NumPy computes            :math:`1 - y^2`
SILU          :math:`x s`                                          :math:`s (1 + x (1 - s))`
ELU           :math:`b x` above 0, :math:`ab (e^x - 1)` below      :math:`b`, :math:`ab \, e^x`
GELU          :math:`x \Phi(x)`                                    :math:`\Phi + x \varphi`
GELU_TANH     :math:`x s(2u)`, :math:`u = c (x + d x^3)`           :math:`s + 2 x s (1 - s) u_x`
SOFTPLUS      :math:`\ln(1 + e^{ax}) / a`; x where ax > b          :math:`s(ax)`; 1 there
MISH          :math:`x t`, :math:`t = \tanh \ln(1 + e^x)`          :math:`t + x (1 - t^2) s`
HARDSIGMOID   :math:`\min(\max(x + 3, 0), 6) / 6`                  1/6 between -3 and 3, else 0
HARDSWISH     x times the hard sigmoid                             :math:`x / 3 + 1 / 2`, 0 or 1
============  ===================================================  ==============================

Every power is one of a number of at most 0, so that none overflows: of :math:`q = e^{-|x|}`,

.. math:: s = \frac{1}{1 + q} \text{ or } \frac{q}{1 + q}, \qquad
    \ln(1 + e^x) = \max(x, 0) + 2 \, \mathrm{artanh} \frac{q}{2 + q}, \qquad
    t = \frac{1 + 2q}{1 + 2q + 2q^2} \text{ or } \frac{q^2 + 2q}{q^2 + 2q + 2},

the first above 0 and the second below. :math:`\Phi` comes from :math:`e^{-x^2/2}` times a
polynomial of :math:`1 / (1 + p |x|)`, as in Abramowitz and Stegun, "Handbook of mathematical
functions", 1964, 7.1.26, here fitted to 1e-7 of its value; for double from Cody's rational
approximations of the error function ("Rational Chebyshev approximations for the error function",
1969), within 4 units of the last place.

Cost: each array once through memory; an exponential is about 15 multiply-adds, Phi 10 more, or 40
for double. All is written without a branch, so that loops become vector instructions; and every
constant in the type of the arrays, for a double among floats halves the vectors. Threads take
blocks of `BLOCK` elements: the bits do not depend on them.
"""

from cython.parallel cimport prange

from lucid._cython.exponential cimport exponential, exponential_less_1
from lucid._cython.logistic cimport log_1_plus, sigmoid, small_power
from lucid._cython.types cimport real

cdef enum:
    BLOCK = 16384  # elements
    SIGMOID = 0
    TANH = 1
    SILU = 2
    ELU = 3
    GELU = 4
    GELU_TANH = 5
    SOFTPLUS = 6
    MISH = 7
    HARDSIGMOID = 8
    HARDSWISH = 9

KINDS = {
    "sigmoid": SIGMOID, "tanh": TANH, "silu": SILU, "elu": ELU, "gelu": GELU,
    "gelu_tanh": GELU_TANH, "softplus": SOFTPLUS, "mish": MISH, "hardsigmoid": HARDSIGMOID,
    "hardswish": HARDSWISH,
}


cdef inline real hard_sigmoid(real x) noexcept nogil:
    cdef real y = x + <real> 3
    y = <real> 0 if y < 0 else y
    return (<real> 6 if y > 6 else y) * <real> (1 / 6.0)


cdef inline real inner(real x) noexcept nogil:
    """Compute 2u of GELU_TANH, with c = sqrt(2 / pi) and d = 0.044715."""
    return x * (<real> 1.5957691216057308 + <real> 0.07135481627260025 * x * x)


cdef inline real gelu_tanh_slope(real x) noexcept nogil:
    cdef real q = small_power(inner(x)), near = <real> 20 if x > 20 else x
    cdef real s = (<real> 1 if x > 0 else q) / (<real> 1 + q)
    near = <real> -20 if near < -20 else near  # farther away s (1 - s) is 0
    q = q / ((<real> 1 + q) * (<real> 1 + q))  # this is s (1 - s)
    return s + near * q * (<real> 1.5957691216057308 + <real> 0.21406444881780076 * near * near)


cdef inline real soft_plus(real x) noexcept nogil:
    return (x if x > 0 else <real> 0) + log_1_plus(small_power(x))


cdef inline real mish_part(real x, real q) noexcept nogil:
    """Compute t of MISH from q = e^-abs(x)."""
    cdef real above = <real> 1 + q + q, below = q * (q + <real> 2)
    above = above if x > 0 else below
    return above / (above + (<real> 2 * q * q if x > 0 else <real> 2))


cdef inline real mish_slope(real x) noexcept nogil:
    cdef real q = small_power(x), t = mish_part(x, q), rest
    cdef real s = (<real> 1 if x > 0 else q) / (<real> 1 + q)
    rest = <real> 2 * q * q if x > 0 else <real> 2
    rest = rest / (rest + (<real> 1 + q + q if x > 0 else q * (q + <real> 2)))  # 1 - t, exactly
    return t + x * rest * (<real> 1 + t) * s


cdef inline double small_erf(double x) noexcept nogil:
    """Compute the error function where abs(x) is below 0.47."""
    cdef double z = x * x, p, q
    p = 1.85777706184603153e-1
    p = p * z + 3.16112374387056560e0
    p = p * z + 1.13864154151050156e2
    p = p * z + 3.77485237685302021e2
    p = p * z + 3.20937758913846947e3
    q = z + 2.36012909523441209e1
    q = q * z + 2.44024637934444173e2
    q = q * z + 1.28261652607737228e3
    q = q * z + 2.84423683343917062e3
    return x * p / q


cdef inline double large_rest(double x) noexcept nogil:
    """Compute the rest of the error function to 1, for x from 0.46 to 4, over e^(-x^2)."""
    cdef double p, q
    p = 2.15311535474403846e-8
    p = p * x + 5.64188496988670089e-1
    p = p * x + 8.88314979438837594e0
    p = p * x + 6.61191906371416295e1
    p = p * x + 2.98635138197400131e2
    p = p * x + 8.81952221241769090e2
    p = p * x + 1.71204761263407058e3
    p = p * x + 2.05107837782607147e3
    p = p * x + 1.23033935479799725e3
    q = x + 1.57449261107098347e1
    q = q * x + 1.17693950891312499e2
    q = q * x + 5.37181101862009858e2
    q = q * x + 1.62138957456669019e3
    q = q * x + 3.29079923573345963e3
    q = q * x + 4.36261909014324716e3
    q = q * x + 3.43936767414372164e3
    q = q * x + 1.23033935480374942e3
    return p / q


cdef inline float chance_float(float x, float power) noexcept nogil:
    cdef float t, y
    t = <float> 1 / (<float> 1 + <float> 0.2333452378 * (x if x > 0 else -x))
    y = <float> -0.0679644032
    y = y * t + <float> 0.231344142
    y = y * t + <float> -0.177719531
    y = y * t + <float> 0.206270873
    y = y * t + <float> 0.0225052779
    y = y * t + <float> 0.100961928
    y = y * t + <float> 0.0914186181
    y = y * t + <float> 0.0931830551
    y = y * t * power
    return <float> 1 - y if x > 0 else y


cdef inline double chance_double(double x, double power) noexcept nogil:
    cdef double z = x * 0.7071067811865476, tail, size = z if z > 0 else -z
    size = size if size < 6 else 6  # 1 - erf(6) is 2e-17
    tail = 0.5 * power * large_rest(size)
    tail = tail if x < 0 else 1 - tail
    return 0.5 + 0.5 * small_erf(z) if size < 0.46875 else tail


cdef inline real chance(real x, real power) noexcept nogil:
    """Compute the chance of a normal number below x; the power is :math:`e^{-x^2/2}`."""
    return chance_float(x, power) if real is float else chance_double(x, power)


cdef inline void value_block(
    int kind, const real *x, real *y, real a, real b, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    cdef real part
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
    elif kind == GELU_TANH:
        for i in range(count):
            y[i] = x[i] * sigmoid(inner(x[i]))
    elif kind == SOFTPLUS:
        for i in range(count):
            part = a * x[i]
            y[i] = x[i] if part > b else soft_plus(part) / a
    elif kind == MISH:
        for i in range(count):
            y[i] = x[i] * mish_part(x[i], small_power(x[i]))
    elif kind == HARDSIGMOID:
        for i in range(count):
            y[i] = hard_sigmoid(x[i])
    elif kind == HARDSWISH:
        for i in range(count):
            y[i] = x[i] * hard_sigmoid(x[i])
    else:
        for i in range(count):
            y[i] = <real> 2 * sigmoid(x[i] + x[i]) - <real> 1


cdef inline void slope_block(
    int kind, const real *x, const real *g, real *z, real a, real b, Py_ssize_t count
) noexcept nogil:
    cdef real s, power
    cdef Py_ssize_t i
    if kind == SIGMOID:  # here, and for TANH, x is the result
        for i in range(count):
            z[i] = g[i] * x[i] * (<real> 1 - x[i])
    elif kind == TANH:
        for i in range(count):
            z[i] = g[i] * (<real> 1 - x[i] * x[i])
    elif kind == SILU:
        for i in range(count):
            s = sigmoid(x[i])
            z[i] = g[i] * s * (<real> 1 + x[i] * (<real> 1 - s))
    elif kind == ELU:
        for i in range(count):
            z[i] = g[i] * b * (<real> 1 if x[i] > 0 else a * exponential(x[i]))
    elif kind == GELU:
        for i in range(count):
            power = exponential(x[i] * x[i] * <real> -0.5)
            z[i] = g[i] * (chance(x[i], power) + x[i] * power * <real> 0.3989422804014327)
    elif kind == GELU_TANH:
        for i in range(count):
            z[i] = g[i] * gelu_tanh_slope(x[i])
    elif kind == SOFTPLUS:
        for i in range(count):
            z[i] = g[i] * (<real> 1 if a * x[i] > b else sigmoid(a * x[i]))
    elif kind == MISH:
        for i in range(count):
            z[i] = g[i] * mish_slope(x[i])
    elif kind == HARDSIGMOID:
        for i in range(count):
            z[i] = g[i] * <real> (1 / 6.0) if (x[i] > -3) & (x[i] < 3) else <real> 0
    else:
        for i in range(count):
            s = <real> 1 if x[i] >= 3 else <real> 0
            s = x[i] * <real> (1 / 3.0) + <real> 0.5 if (x[i] > -3) & (x[i] < 3) else s
            z[i] = g[i] * s


def value(
    const real[::1] x not None, real[::1] y not None, int kind, double a, double b, int threads
):
    """Write to y the function of x; a and b are for ELU and SOFTPLUS."""
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
    """Write to z the gradient g times the slope at x; of SIGMOID and TANH, at the result."""
    cdef Py_ssize_t block, count = x.shape[0]
    for block in prange((count + BLOCK - 1) // BLOCK, nogil=True, num_threads=threads):
        slope_block(
            kind, &x[block * BLOCK], &g[block * BLOCK], &z[block * BLOCK], <real> a, <real> b,
            min(BLOCK, count - block * BLOCK),
        )
