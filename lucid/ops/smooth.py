"""More smooth functions of every element: logarithms, powers, the tangent, blending."""

from math import log as log_of_number

import numpy as np

from lucid.autograd import Function
from lucid.errors import DtypeError
from lucid.ops.elementwise import exp
from lucid.ops.operands import (
    as_floating, as_number, check_broadcast, check_tensor, is_tensor, pair, quiet,
    sum_to,
)

__all__ = ["expm1", "lerp", "log1p", "log2", "reciprocal", "rsqrt", "tan"]


class LogarithmOfOnePlus(Function):
    r"""Take the logarithm beside 1: :math:`y = \ln(1 + x)`, so :math:`y_x = 1 / (1 + x)`."""

    def forward(self, x):
        return quiet(np.log1p, x)

    def backward(self, grad_y):
        (x,) = self.inputs
        return grad_y / (1 + x)


class ExponentialMinusOne(Function):
    r"""Raise e, less 1: :math:`y = e^x - 1`, so :math:`y_x = e^x`."""

    def forward(self, x):
        return quiet(np.expm1, x)

    def backward(self, grad_y):
        (x,) = self.inputs
        return grad_y * exp(x)


class BinaryLogarithm(Function):
    r"""Take the logarithm to base 2: :math:`y_x = 1 / (x \ln 2)`."""

    def forward(self, x):
        return quiet(np.log2, x)

    def backward(self, grad_y):
        (x,) = self.inputs
        return grad_y / (x * log_of_number(2))


class Reciprocal(Function):
    r"""Turn over: :math:`y = 1 / x`, so :math:`y_x = -y^2`."""

    keeps_inputs = False
    keeps_output = True

    def forward(self, x):
        return quiet(np.reciprocal, x)

    def backward(self, grad_y):
        y = self.output
        return -grad_y * (y * y)


class ReciprocalRoot(Function):
    r"""Turn the root over: :math:`y = 1 / \sqrt x`, so :math:`y_x = -y^3 / 2`."""

    keeps_inputs = False
    keeps_output = True

    def forward(self, x):
        return quiet(np.reciprocal, quiet(np.sqrt, x))

    def backward(self, grad_y):
        y = self.output
        return grad_y * -0.5 * (y * y * y)


class Tangent(Function):
    r"""Take the tangent of an angle in radians: :math:`y_x = 1 + y^2`."""

    keeps_inputs = False
    keeps_output = True

    def forward(self, x):
        return quiet(np.tan, x)

    def backward(self, grad_y):
        y = self.output
        return grad_y * (1 + y * y)


class Lerp(Function):
    r"""Blend: :math:`y = a + w(b - a)`, :math:`y_a = 1 - w`, :math:`y_b = w`, :math:`y_w = b - a`.

    Written from the nearer end, so that both ends are met exactly.
    """

    def forward(self, a, b, w):
        difference = b - a
        return np.where(w < 0.5, a + w * difference, b - difference * (1 - w))

    def backward(self, grad_y):
        a, b, w = self.inputs
        grad_a = sum_to(grad_y * (1 - w), self.input_shapes[0]) if self.needs[0] else None
        grad_b = sum_to(grad_y * w, self.input_shapes[1]) if self.needs[1] else None
        grad_w = sum_to(grad_y * (b - a), self.input_shapes[2]) if self.needs[2] else None
        return grad_a, grad_b, grad_w


def _floating(step, x, name):
    check_tensor(x, name)
    return step()(as_floating(x))


def log1p(x):
    r"""Compute :math:`\ln(1 + x)` of every element, accurate near 0.

    Parameters
    ----------
    x : Tensor
        Any numbers; integers become the default floating-point type.

    Returns
    -------
    Tensor
        Minus infinity at -1 and NaN below.

    Examples
    --------
    >>> import lucid
    >>> lucid.log1p(lucid.tensor([0.0, 1.0]))
    tensor([0.0000, 0.6931])
    """
    return _floating(LogarithmOfOnePlus, x, "log1p")


def expm1(x):
    r"""Compute :math:`e^x - 1` of every element, accurate near 0.

    Parameters
    ----------
    x : Tensor
        Any numbers; integers become the default floating-point type.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import lucid
    >>> lucid.expm1(lucid.tensor([0.0, 1.0]))
    tensor([0.0000, 1.7183])
    """
    return _floating(ExponentialMinusOne, x, "expm1")


def log2(x):
    r"""Take the logarithm to base 2 of every element.

    Parameters
    ----------
    x : Tensor
        Any numbers; integers become the default floating-point type.

    Returns
    -------
    Tensor
        Minus infinity at 0 and NaN below.

    Examples
    --------
    >>> import lucid
    >>> lucid.log2(lucid.tensor([1.0, 8.0]))
    tensor([0., 3.])
    """
    return _floating(BinaryLogarithm, x, "log2")


def reciprocal(x):
    r"""Turn every element over: :math:`1 / x`.

    Parameters
    ----------
    x : Tensor
        Any numbers; integers become the default floating-point type.

    Returns
    -------
    Tensor
        Infinite at 0.

    Examples
    --------
    >>> import lucid
    >>> lucid.reciprocal(lucid.tensor([2.0, 4.0]))
    tensor([0.5000, 0.2500])
    """
    return _floating(Reciprocal, x, "reciprocal")


def rsqrt(x):
    r"""Turn the square root of every element over: :math:`1 / \sqrt x`.

    Parameters
    ----------
    x : Tensor
        Any numbers; integers become the default floating-point type.

    Returns
    -------
    Tensor
        Infinite at 0 and NaN below.

    Examples
    --------
    >>> import lucid
    >>> lucid.rsqrt(lucid.tensor([4.0, 16.0]))
    tensor([0.5000, 0.2500])
    """
    return _floating(ReciprocalRoot, x, "rsqrt")


def tan(x):
    """Take the tangent of every element.

    Parameters
    ----------
    x : Tensor
        Angles in radians; integers become the default floating-point type.

    Returns
    -------
    Tensor
        NaN at infinity.

    Examples
    --------
    >>> import lucid
    >>> lucid.tan(lucid.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5574])
    """
    return _floating(Tangent, x, "tan")


def lerp(x, end, weight):
    r"""Blend two tensors: :math:`x + weight \cdot (end - x)`.

    Parameters
    ----------
    x, end : Tensor or number
        What to blend, floating-point, of shapes that broadcast; at least one is a Tensor.
    weight : Tensor or number
        0 gives `x` and 1 gives `end`; its shape broadcasts with the others.

    Returns
    -------
    Tensor

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.
    DtypeError
        If the promoted type is not floating-point.

    Examples
    --------
    >>> import lucid
    >>> lucid.lerp(lucid.tensor([0.0, 10.0]), 20.0, 0.25)
    tensor([ 5.0000, 12.5000])
    """
    x, end = pair(x, end, "lerp")
    if is_tensor(weight):
        x, weight = pair(x, weight, "lerp")
        x, end = pair(x, end, "lerp")
        check_broadcast(end.array.shape, weight.array.shape, "lerp")
    else:
        weight = x.wrap(as_number(weight, x.array.dtype, "lerp"))
    if x.array.dtype.kind != "f" or weight.array.dtype != x.array.dtype:
        raise DtypeError(f"lerp: needs floating point, not {x.dtype.name}; call x.float() first")
    return Lerp()(x, end, weight)
