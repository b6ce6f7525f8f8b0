"""The error function: the area under the bell curve."""

from math import pi, sqrt

import numpy as np

from lucid.autograd import Function
from lucid.ops.elementwise import exp, square
from lucid.ops.operands import as_floating, check_tensor

__all__ = ["erf"]

# Cody's numerators and denominators, highest power first: of x^2 up to 15/32, of x beyond
SMALL = (
    (1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2,
     3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3,
     2.84423683343917062e3),
)
LARGE = (
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
     2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
     1.23033935479799725e3),
    (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2,
     1.62138957456669019e3, 3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3,
     1.23033935480374942e3),
)


def ratio(x, polynomials):
    """Divide two polynomials at x, by Horner's rule."""
    values = []
    for coefficients in polynomials:
        y = np.full_like(x, coefficients[0])
        for each in coefficients[1:]:
            y *= x
            y += x.dtype.type(each)
        values.append(y)
    values[0] /= values[1]
    return values[0]


def erf_array(x):
    """Compute the error function of an array, by Cody's two rational approximations."""
    size = np.minimum(np.abs(x), x.dtype.type(6))  # 1 - erf(6) is 2e-17
    square = size * size
    y = 1 - np.exp(-square) * ratio(size, LARGE)
    small = size * ratio(np.minimum(square, x.dtype.type(0.22)), SMALL)
    return np.copysign(np.where(size < 0.46875, small, y), x)


class Erf(Function):
    r"""Integrate the bell curve: :math:`y_x = \frac{2}{\sqrt \pi} e^{-x^2}`.

    References
    ----------
    .. [1] W. J. Cody, "Rational Chebyshev approximations for the error function", 1969.
    """

    def forward(self, x):
        return erf_array(x)

    def backward(self, grad_y):
        (x,) = self.inputs
        return grad_y * exp(-square(x)) * (2 / sqrt(pi))


def erf(x):
    r"""Compute the error function: :math:`\frac{2}{\sqrt \pi} \int_0^x e^{-t^2} dt`.

    Parameters
    ----------
    x : Tensor
        Any numbers, of any shape; integers become the default floating-point type.

    Returns
    -------
    Tensor
        Of the shape of `x`, from -1 to 1, within 4 units of the last place.

    References
    ----------
    .. [1] W. J. Cody, "Rational Chebyshev approximations for the error function", 1969.

    Examples
    --------
    >>> import lucid
    >>> from lucid.ops.erf import erf
    >>> erf(lucid.tensor([0.0, 1.0, 10.0]))
    tensor([0.0000, 0.8427, 1.0000])
    """
    check_tensor(x, "erf")
    return Erf()(as_floating(x))
