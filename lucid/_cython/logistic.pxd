"""The logistic function and ln(1 + q), from powers of e that never overflow; see `smooth.pyx`."""

from lucid._cython.exponential cimport exponential
from lucid._cython.types cimport real


cdef inline real small_power(real x) noexcept nogil:
    """Raise e to the power -abs(x)."""
    return exponential(-x if x > 0 else x)


cdef inline real sigmoid(real x) noexcept nogil:
    cdef real q = small_power(x)
    return (<real> 1 if x > 0 else q) / (<real> 1 + q)


cdef inline real log_1_plus(real q) noexcept nogil:
    """Compute ln(1 + q) for q from 0 to 1: twice artanh, of at most 0.172, and ln 2 from 0.41."""
    cdef bint is_large = q > <real> 0.41
    cdef real part = (q - <real> 1 if is_large else q) / (q + (<real> 3 if is_large else <real> 2))
    cdef real z = part * part, y = <real> (2 / 9.0)
    if real is double:
        y = 2 / 21.0
        y = y * z + 2 / 19.0
        y = y * z + 2 / 17.0
        y = y * z + 2 / 15.0
        y = y * z + 2 / 13.0
        y = y * z + 2 / 11.0
        y = y * z + 2 / 9.0
    y = y * z + <real> (2 / 7.0)
    y = y * z + <real> (2 / 5.0)
    y = y * z + <real> (2 / 3.0)
    y = y * z + <real> 2
    return y * part + (<real> 0.6931471805599453 if is_large else <real> 0)
