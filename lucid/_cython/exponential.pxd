r"""The exponential function, written out so that the compiler makes vectors of loops over it.

With n the whole number nearest to :math:`x / \ln 2` and :math:`r = x - n \ln 2`,

.. math:: e^x = 2^n e^r, \qquad |r| \le \tfrac12 \ln 2,

where :math:`e^r` is Taylor's sum to the power 7 (13 for double): what is left out is below
:math:`r^8 / 8!`, half of the last place. :math:`\ln 2` is subtracted in two parts, the first with
so few digits that n times it is exact (Cody and Waite, "Software manual for the elementary
functions", 1980, chapter 6). Within 2 units of the last place.

Two tricks with the bits of a number save a third of the time. A number plus :math:`1.5 \cdot
2^{23}` (:math:`2^{52}` for double) has no digits left behind the point: so it is rounded, and its
lowest bits are those of the whole number n. And the exponent of a number stands in bits 23 up
(52 up): n added there multiplies it by :math:`2^n`.

The ends are those of normal numbers: below -87.3 (-708.3) the result is 0, above 88.3 (709.4) it
stays what it is there, as softmax, sigmoid and the like never need more.
"""

from lucid._cython.types cimport real

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    static inline float lucid_times_power_of_2f(float y, float n) {
        uint32_t bits, exponent;
        memcpy(&bits, &y, 4);
        memcpy(&exponent, &n, 4);
        bits += exponent << 23;
        memcpy(&y, &bits, 4);
        return y;
    }
    static inline double lucid_times_power_of_2(double y, double n) {
        uint64_t bits, exponent;
        memcpy(&bits, &y, 8);
        memcpy(&exponent, &n, 8);
        bits += exponent << 52;
        memcpy(&y, &bits, 8);
        return y;
    }
    """
    # the whole number n comes as the lowest bits of a number
    float lucid_times_power_of_2f(float y, float n) noexcept nogil
    double lucid_times_power_of_2(double y, double n) noexcept nogil


cdef inline float exponential_float(float x) noexcept nogil:
    cdef float bounded = <float> -87.3 if x < <float> -87.3 else x  # a NaN stays one
    cdef float rounded, n, r, y
    bounded = <float> 88.3 if bounded > <float> 88.3 else bounded
    rounded = bounded * <float> 1.44269504 + <float> 12582912.0
    n = rounded - <float> 12582912.0
    r = bounded - n * <float> 0.693359375
    r = r + n * <float> 2.12194440e-4
    y = <float> (1 / 5040.0)
    y = y * r + <float> (1 / 720.0)
    y = y * r + <float> (1 / 120.0)
    y = y * r + <float> (1 / 24.0)
    y = y * r + <float> (1 / 6.0)
    y = y * r + <float> 0.5
    y = y * r + <float> 1
    y = y * r + <float> 1
    y = lucid_times_power_of_2f(y, rounded)
    return <float> 0 if x < <float> -87.3 else y


cdef inline double exponential_double(double x) noexcept nogil:
    cdef double bounded = -708.3 if x < -708.3 else x
    cdef double rounded, n, r, y
    bounded = 709.4 if bounded > 709.4 else bounded
    rounded = bounded * 1.4426950408889634 + 6755399441055744.0
    n = rounded - 6755399441055744.0
    r = bounded - n * 0.693145751953125
    r = r - n * 1.42860682030941723212e-6
    y = 1 / 6227020800.0
    y = y * r + 1 / 479001600.0
    y = y * r + 1 / 39916800.0
    y = y * r + 1 / 3628800.0
    y = y * r + 1 / 362880.0
    y = y * r + 1 / 40320.0
    y = y * r + 1 / 5040.0
    y = y * r + 1 / 720.0
    y = y * r + 1 / 120.0
    y = y * r + 1 / 24.0
    y = y * r + 1 / 6.0
    y = y * r + 0.5
    y = y * r + 1
    y = y * r + 1
    y = lucid_times_power_of_2(y, rounded)
    return 0 if x < -708.3 else y


cdef inline real exponential(real x) noexcept nogil:
    """Raise e to the power x, which is 0 below all normal numbers, and NaN for NaN."""
    return exponential_float(x) if real is float else exponential_double(x)


cdef inline real exponential_less_1(real x) noexcept nogil:
    """Raise e to the power x and subtract 1, which near 0 leaves Taylor's sum without its 1."""
    cdef real y = <real> (1 / 6227020800.0)
    if real is double:
        y = y * x + 1 / 479001600.0
        y = y * x + 1 / 39916800.0
        y = y * x + 1 / 3628800.0
        y = y * x + 1 / 362880.0
        y = y * x + 1 / 40320.0
    y = y * x + <real> (1 / 5040.0)
    y = y * x + <real> (1 / 720.0)
    y = y * x + <real> (1 / 120.0)
    y = y * x + <real> (1 / 24.0)
    y = y * x + <real> (1 / 6.0)
    y = y * x + <real> 0.5
    y = y * x + <real> 1
    y = y * x
    return y if (x > <real> -0.34) & (x < <real> 0.34) else exponential(x) - <real> 1
