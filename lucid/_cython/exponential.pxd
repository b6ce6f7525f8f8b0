r"""The exponential function, written out so that the compiler makes vectors of loops over it.

With n the whole number nearest to :math:`x / \ln 2` and :math:`r = x - n \ln 2`,

.. math:: e^x = 2^n e^r, \qquad |r| \le \tfrac12 \ln 2,

where :math:`e^r` is Taylor's sum to the power 7 (13 for double): what is left out is below
:math:`r^8 / 8!`, half of the last place. :math:`\ln 2` is subtracted in two parts, the first with
so few digits that n times it is exact (Cody and Waite, "Software manual for the elementary
functions", 1980, chapter 6); :math:`2^n` is put together from its bits, as the product of two
powers so that results down to the smallest numbers come out right. Within 2 units of the last
place.
"""

from lucid._cython.types cimport real

cdef extern from *:
    """
    #include <math.h>
    #include <stdint.h>
    #include <string.h>
    static inline float lucid_power_of_2f(float n) {
        int32_t bits = ((int32_t) n + 127) << 23;
        float power;
        memcpy(&power, &bits, 4);
        return power;
    }
    static inline double lucid_power_of_2(double n) {
        int64_t bits = ((int64_t) n + 1023) << 52;
        double power;
        memcpy(&power, &bits, 8);
        return power;
    }
    """
    float lucid_power_of_2f(float n) noexcept nogil
    double lucid_power_of_2(double n) noexcept nogil
    float rintf(float x) noexcept nogil
    double rint(double x) noexcept nogil


cdef inline float exponential_float(float x) noexcept nogil:
    cdef float bounded = x if x > -104 else -104  # also for NaN
    cdef float n, half, r, y
    bounded = bounded if bounded < 89 else 89
    n = rintf(bounded * <float> 1.44269504)
    r = bounded - n * <float> 0.693359375
    r = r + n * <float> 2.12194440e-4
    y = <float> (1 / 5040.0)
    y = y * r + <float> (1 / 720.0)
    y = y * r + <float> (1 / 120.0)
    y = y * r + <float> (1 / 24.0)
    y = y * r + <float> (1 / 6.0)
    y = y * r + <float> 0.5
    y = y * r + 1
    y = y * r + 1
    half = rintf(n * <float> 0.5)
    y = y * lucid_power_of_2f(half) * lucid_power_of_2f(n - half)
    return y if x == x else x


cdef inline double exponential_double(double x) noexcept nogil:
    cdef double bounded = x if x > -746 else -746
    cdef double n, half, r, y
    bounded = bounded if bounded < 710 else 710
    n = rint(bounded * 1.4426950408889634)
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
    half = rint(n * 0.5)
    y = y * lucid_power_of_2(half) * lucid_power_of_2(n - half)
    return y if x == x else x


cdef inline real exponential(real x) noexcept nogil:
    """Raise e to the power x: 0 and infinity at the ends, NaN for NaN."""
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
    y = y * x + 1
    y = y * x
    return y if (x > <real> -0.34) & (x < <real> 0.34) else exponential(x) - 1
