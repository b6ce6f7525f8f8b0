"""Steps to whole numbers and signs: flat between their jumps."""

import numpy as np

from lucid.autograd import Function
from lucid.errors import DtypeError
from lucid.geometry import check_int
from lucid.ops.elementwise import cast_like
from lucid.ops.operands import check_tensor, pair, quiet, sum_to

__all__ = [
    "ceil", "floor", "floor_divide", "nan_to_num", "remainder", "round", "sign", "trunc",
]


class Stepwise(Function):
    """A step function: its slope is 0, at the jumps too."""

    keeps_inputs = False

    def __init__(self, function):
        self.function = function  # of arrays

    def forward(self, *arrays):
        return quiet(self.function, *arrays)

    def backward(self, grad_y):
        dtype = grad_y.array.dtype
        return tuple([grad_y.wrap(np.zeros(shape, dtype)) for shape in self.input_shapes])


class Remainder(Function):
    r"""Take the rest: :math:`y = a - b q` with :math:`q = \lfloor a / b \rfloor`, which is flat."""

    def forward(self, a, b):
        return quiet(np.remainder, a, b)

    def backward(self, grad_y):
        a, b = self.inputs
        grad_a = sum_to(grad_y, self.input_shapes[0]) if self.needs[0] else None
        grad_b = None
        if self.needs[1]:
            grad_b = sum_to(-grad_y * floor_divide(a, b).detach(), self.input_shapes[1])
        return grad_a, grad_b


class NanToNum(Function):
    """Replace what is not finite; its gradient is 0 there and 1 elsewhere."""

    def __init__(self, nan, posinf, neginf):
        self.options = {"nan": nan, "posinf": posinf, "neginf": neginf}

    def forward(self, x):
        return np.nan_to_num(x, **self.options)

    def backward(self, grad_y):
        (x,) = self.inputs
        return grad_y * cast_like(x.wrap(np.isfinite(x.array)), grad_y)


def _round(step, x, name):
    check_tensor(x, name)
    kind = x.array.dtype.kind
    if kind == "b":
        raise DtypeError(f"{name}: a bool is no number to round; cast to int first")
    return Stepwise(step if kind == "f" else np.copy)(x)


def floor(x):
    r"""Round every element down: the largest whole number not above it, :math:`\lfloor x \rfloor`.

    Parameters
    ----------
    x : Tensor
        Any numbers; integers stay as they are.

    Returns
    -------
    Tensor
        Of the type of `x`. Its gradient is 0.

    Raises
    ------
    DtypeError
        If `x` is bool.

    Examples
    --------
    >>> import lucid
    >>> lucid.floor(lucid.tensor([1.7, -1.2]))
    tensor([ 1., -2.])
    """
    return _round(np.floor, x, "floor")


def ceil(x):
    r"""Round every element up: the smallest whole number not below it, :math:`\lceil x \rceil`.

    Parameters
    ----------
    x : Tensor
        Any numbers; integers stay as they are.

    Returns
    -------
    Tensor
        Of the type of `x`. Its gradient is 0.

    Raises
    ------
    DtypeError
        If `x` is bool.

    Examples
    --------
    >>> import lucid
    >>> lucid.ceil(lucid.tensor([1.2, -1.7]))
    tensor([ 2., -1.])
    """
    return _round(np.ceil, x, "ceil")


def trunc(x):
    """Round every element toward 0: drop what stands after the point.

    Parameters
    ----------
    x : Tensor
        Any numbers; integers stay as they are.

    Returns
    -------
    Tensor
        Of the type of `x`. Its gradient is 0.

    Raises
    ------
    DtypeError
        If `x` is bool.

    Examples
    --------
    >>> import lucid
    >>> lucid.trunc(lucid.tensor([1.7, -1.7]))
    tensor([ 1., -1.])
    """
    return _round(np.trunc, x, "trunc")


def round(x, *, decimals=0):
    """Round every element to the nearest whole number, halves to the even one.

    Parameters
    ----------
    x : Tensor
        Any numbers; integers stay as they are.
    decimals : int, default 0
        Digits to keep after the point; negative ones round to tens, hundreds and so on. Only for
        floating-point numbers.

    Returns
    -------
    Tensor
        Of the type of `x`. Its gradient is 0.

    Raises
    ------
    DtypeError
        If `x` is bool, or holds integers and `decimals` is not 0.

    Examples
    --------
    >>> import lucid
    >>> lucid.round(lucid.tensor([0.5, 1.5, 1.2]))
    tensor([0., 2., 1.])
    >>> lucid.round(lucid.tensor([0.1234]), decimals=2)
    tensor([0.1200])
    """
    check_tensor(x, "round")
    decimals = check_int(decimals, "round: decimals")
    if decimals and x.array.dtype.kind != "f":
        raise DtypeError(
            f"round: decimals={decimals} is for floating point, not {x.dtype.name}; call "
            f"x.float() first"
        )
    return _round(lambda array: np.round(array, decimals), x, "round")


def sign(x):
    """Tell the sign of every element: -1, 0 or 1.

    Parameters
    ----------
    x : Tensor
        Any numbers.

    Returns
    -------
    Tensor
        Of the type of `x`; 0 for NaN. Its gradient is 0.

    Examples
    --------
    >>> import lucid
    >>> lucid.sign(lucid.tensor([-2.5, 0.0, 7.0]))
    tensor([-1.,  0.,  1.])
    """
    check_tensor(x, "sign")
    return Stepwise(_sign_array)(x)


def _sign_array(x):
    if x.dtype.kind != "f":
        return x.copy() if x.dtype.kind == "b" else np.sign(x)
    return np.subtract(x > 0, x < 0, dtype=x.dtype)  # NumPy's sign of NaN is NaN


def _check_divisor(x, other, name):
    if x.array.dtype.kind == "b":
        raise DtypeError(f"{name}: a bool is not divided; cast to int first")
    if x.array.dtype.kind in "iu" and not other.array.all():
        raise ZeroDivisionError(f"{name}: an integer is divided by 0; call x.float() first")


def floor_divide(x, other):
    r"""Divide and round down, element by element: the operator ``//``.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.

    Returns
    -------
    Tensor
        :math:`\lfloor x / other \rfloor`, of the promoted type. Its gradient is 0.

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.
    DtypeError
        If both are bool.
    ZeroDivisionError
        If an integer is divided by 0; a floating-point quotient is infinite or NaN then.

    Examples
    --------
    >>> import lucid
    >>> lucid.floor_divide(lucid.tensor([7, -7]), 2)
    tensor([ 3, -4])
    """
    x, other = pair(x, other, "floor_divide")
    _check_divisor(x, other, "floor_divide")
    return Stepwise(np.floor_divide)(x, other)


def remainder(x, other):
    r"""Take the rest of a division that rounds down, element by element: the operator ``%``.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.

    Returns
    -------
    Tensor
        :math:`x - other \lfloor x / other \rfloor`, of the sign of `other` and the promoted type.

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.
    DtypeError
        If both are bool.
    ZeroDivisionError
        If an integer is divided by 0; a floating-point rest is NaN then.

    Examples
    --------
    >>> import lucid
    >>> lucid.remainder(lucid.tensor([7, -7]), 4)
    tensor([3, 1])
    """
    x, other = pair(x, other, "remainder")
    _check_divisor(x, other, "remainder")
    return Remainder()(x, other)


def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """Replace every NaN and infinity by a number.

    Parameters
    ----------
    x : Tensor
        Any numbers; integers and bools stay as they are.
    nan : float, default 0.0
        What to put for NaN.
    posinf, neginf : float, optional
        What to put for infinity and minus infinity; default the largest and the lowest number of
        the type.

    Returns
    -------
    Tensor
        Of the type of `x`. Its gradient is 0 where an element is replaced.

    Examples
    --------
    >>> import lucid
    >>> lucid.nan_to_num(lucid.tensor([1.0, float("nan"), float("inf")]), posinf=9)
    tensor([1., 0., 9.])
    """
    check_tensor(x, "nan_to_num")
    return NanToNum(0.0 if nan is None else nan, posinf, neginf)(x)
