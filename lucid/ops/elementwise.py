"""Steps that treat every element by itself, with broadcasting."""

import builtins
from math import inf
from numbers import Number

import numpy as np

from lucid import kernels
from lucid.autograd import Function, is_grad_enabled
from lucid.autograd.function import other_factor
from lucid.dtypes import as_dtype, category
from lucid.errors import DtypeError
from lucid.kernels.arrays import room
from lucid.ops.operands import (
    as_floating, as_number, cast, check_broadcast, check_tensor, is_tensor, pair, quiet, sum_to,
)

__all__ = [
    "abs", "add", "clamp", "cos", "div", "exp", "log", "maximum", "minimum", "mul", "neg", "pow",
    "relu", "sigmoid", "sin", "sqrt", "square", "sub", "tanh", "where",
]


class Add(Function):
    r"""Add: :math:`y = a + b`, so :math:`y_a = y_b = 1`."""

    keeps_inputs = False

    def forward(self, a, b):
        return kernels.arithmetic.add(a, b)

    def backward(self, grad_y):
        grad_a = sum_to(grad_y, self.input_shapes[0]) if self.needs[0] else None
        grad_b = sum_to(grad_y, self.input_shapes[1]) if self.needs[1] else None
        return grad_a, grad_b


class Subtract(Function):
    r"""Subtract: :math:`y = a - b`, so :math:`y_a = 1` and :math:`y_b = -1`."""

    keeps_inputs = False

    def forward(self, a, b):
        return kernels.arithmetic.subtract(a, b)

    def backward(self, grad_y):
        grad_a = sum_to(grad_y, self.input_shapes[0]) if self.needs[0] else None
        grad_b = sum_to(-grad_y, self.input_shapes[1]) if self.needs[1] else None
        return grad_a, grad_b


class Multiply(Function):
    r"""Multiply: :math:`y = ab`, so :math:`y_a = b` and :math:`y_b = a`."""

    reads = other_factor

    def forward(self, a, b):
        return kernels.arithmetic.multiply(a, b)

    def backward(self, grad_y):
        a, b = self.inputs
        grad_a = sum_to(grad_y * b, self.input_shapes[0]) if self.needs[0] else None
        grad_b = sum_to(grad_y * a, self.input_shapes[1]) if self.needs[1] else None
        return grad_a, grad_b


class Divide(Function):
    r"""Divide: :math:`y = a / b`, so :math:`y_a = 1 / b` and :math:`y_b = -a / b^2`."""

    def forward(self, a, b):
        return quiet(np.true_divide, a, b, room(a, b) if a.dtype.kind == "f" else None)

    def reads(self, wants_a, wants_b):
        return wants_b, True

    def backward(self, grad_y):
        a, b = self.inputs
        ratio = grad_y / b
        grad_a = sum_to(ratio, self.input_shapes[0]) if self.needs[0] else None
        grad_b = sum_to(-ratio * a / b, self.input_shapes[1]) if self.needs[1] else None
        return grad_a, grad_b


class Power(Function):
    r"""Raise: :math:`y = a^b`, so :math:`y_a = b a^{b-1}` and :math:`y_b = a^b \ln a`."""

    def forward(self, a, b):
        return quiet(np.power, a, b)

    def backward(self, grad_y):
        a, b = self.inputs
        grad_a = grad_b = None
        if self.needs[0]:
            base = a
            if not b.array.all():  # where b = 0 the slope is 0, even at a = 0: 0 * inf is NaN
                base = where(b == 0, 1.0, a)
            grad_a = sum_to(grad_y * b * pow(base, b - 1), self.input_shapes[0])
        if self.needs[1]:
            # 0^b is 0 for every b > 0, and PyTorch takes the slope 0 at b = 0 as well
            is_flat = (a == 0) & (b >= 0)
            slope = where(is_flat, 0.0, pow(a, b) * log(where(is_flat, 1.0, a)))
            grad_b = sum_to(grad_y * slope, self.input_shapes[1])
        return grad_a, grad_b


class _Extreme(Function):
    def backward(self, grad_y):
        a, b = self.inputs
        share = where(a == b, 0.5, cast_like(self.wins(a, b), grad_y))  # a tie is shared
        grad_a = sum_to(grad_y * share, self.input_shapes[0])
        return grad_a, sum_to(grad_y * (1 - share), self.input_shapes[1])


class Maximum(_Extreme):
    r"""Take the larger: the gradient goes to it, and half to each where they are equal."""

    def forward(self, a, b):
        return np.maximum(a, b)

    def wins(self, a, b):
        return a > b


class Minimum(_Extreme):
    r"""Take the smaller: the gradient goes to it, and half to each where they are equal."""

    def forward(self, a, b):
        return np.minimum(a, b)

    def wins(self, a, b):
        return a < b


def cast_like(x, other):
    """Give x in the data type of `other`, without a gradient."""
    return x.wrap(x.array.astype(other.array.dtype))


class Where(Function):
    r"""Choose: :math:`y = a` where the condition holds and :math:`y = b` elsewhere."""

    keeps_inputs = False

    def __init__(self, condition):
        self.condition = condition  # an array of bool

    def forward(self, a, b):
        return np.where(self.condition, a, b)

    def backward(self, grad_y):
        zero = grad_y.wrap(np.zeros((), grad_y.array.dtype))
        grad_a = grad_b = None
        if self.needs[0]:
            grad_a = sum_to(Where(self.condition)(grad_y, zero), self.input_shapes[0])
        if self.needs[1]:
            grad_b = sum_to(Where(self.condition)(zero, grad_y), self.input_shapes[1])
        return grad_a, grad_b


class Negative(Function):
    r"""Change the sign: :math:`y = -x`."""

    keeps_inputs = False

    def forward(self, x):
        return np.negative(x, room(x, x))

    def backward(self, grad_y):
        return -grad_y


class Absolute(Function):
    r"""Drop the sign: :math:`y = |x|`, so :math:`y_x = \mathrm{sign}(x)`, 0 at 0."""

    def forward(self, x):
        return np.abs(x)

    def backward(self, grad_y):
        (x,) = self.inputs
        return grad_y * x.wrap(np.sign(x.array))


class Exponential(Function):
    r"""Raise e: :math:`y = e^x`, so :math:`y_x = y`."""

    keeps_inputs = False
    keeps_output = True

    def forward(self, x):
        return quiet(np.exp, x, room(x, x))

    def backward(self, grad_y):
        return grad_y * self.output


class Logarithm(Function):
    r"""Take the natural logarithm: :math:`y = \ln x`, so :math:`y_x = 1 / x`."""

    def forward(self, x):
        return quiet(np.log, x)

    def backward(self, grad_y):
        (x,) = self.inputs
        return grad_y / x


class SquareRoot(Function):
    r"""Take the root: :math:`y = \sqrt x`, so :math:`y_x = 1 / 2y`."""

    keeps_inputs = False
    keeps_output = True

    def forward(self, x):
        return quiet(np.sqrt, x)

    def backward(self, grad_y):
        return grad_y / (self.output * 2)


class Sine(Function):
    r"""Take the sine of an angle in radians: :math:`y_x = \cos x`."""

    def forward(self, x):
        return quiet(np.sin, x)

    def backward(self, grad_y):
        (x,) = self.inputs
        return grad_y * cos(x)


class Cosine(Function):
    r"""Take the cosine of an angle in radians: :math:`y_x = -\sin x`."""

    def forward(self, x):
        return quiet(np.cos, x)

    def backward(self, grad_y):
        (x,) = self.inputs
        return -grad_y * sin(x)


class Tanh(Function):
    r"""Squash into (-1, 1): :math:`y = \tanh x`, so :math:`y_x = 1 - y^2`."""

    keeps_inputs = False
    keeps_output = True

    def forward(self, x):
        return np.tanh(x, room(x, x))

    def backward(self, grad_y):
        y = self.output
        if is_grad_enabled():
            return grad_y * (1 - y * y)
        return y.wrap(kernels.activation.slope("tanh", y.array, grad_y.array))


class Sigmoid(Function):
    r"""Squash into (0, 1): :math:`y = 1 / (1 + e^{-x})`, so :math:`y_x = y (1 - y)`."""

    keeps_inputs = False
    keeps_output = True

    def forward(self, x):
        return kernels.activation.value("sigmoid", x)

    def backward(self, grad_y):
        y = self.output
        if is_grad_enabled():
            return grad_y * y * (1 - y)
        return y.wrap(kernels.activation.slope("sigmoid", y.array, grad_y.array))


class Relu(Function):
    r"""Cut off below zero: :math:`y = \max(x, 0)`, so :math:`y_x` is 1 where :math:`x > 0`."""

    keeps_inputs = False
    keeps_output = True

    def forward(self, x):
        if x.dtype.kind == "f":
            return kernels.activation.relu(x)
        if x.dtype.kind == "b":
            raise DtypeError("relu: a bool has no sign; cast to int first")
        return np.maximum(x, x.dtype.type(0))

    def backward(self, grad_y):
        return Gate(kernels.activation.relu_grad)(grad_y, self.output.detach())


class Gate(Function):
    r"""Let of a gradient pass what an array, a constant, says: all of it, none, or a part."""

    def __init__(self, kernel, *options):
        self.kernel, self.options = kernel, options

    def forward(self, g, a):
        return self.kernel(a, g, *self.options)

    def backward(self, grad_y):
        return Gate(self.kernel, *self.options)(grad_y, self.inputs[1]), None


class Clamp(Function):
    r"""Cut off outside an interval: the gradient is 1 inside it and on its ends."""

    def __init__(self, minimum, maximum):
        self.minimum, self.maximum = minimum, maximum

    def forward(self, x):
        if x.dtype.kind != "f":
            return np.clip(x, self.minimum, self.maximum)
        return kernels.activation.clamp(x, *self._ends())

    def backward(self, grad_y):
        x = self.inputs[0].detach()
        return Gate(kernels.activation.clamp_grad, *self._ends())(grad_y, x)

    def _ends(self):
        return (-inf if self.minimum is None else self.minimum,
                inf if self.maximum is None else self.maximum)


def add(x, other, *, alpha=1):
    """Add, element by element.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.
    alpha : number, default 1
        What to multiply `other` by first.

    Returns
    -------
    Tensor
        ``x + alpha * other``.

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import lucid
    >>> lucid.add(lucid.tensor([1, 2]), 10)
    tensor([11, 12])
    """
    return Add()(*pair(x, other if alpha == 1 else _scaled(other, alpha, "add"), "add"))


def _scaled(x, alpha, name):
    if is_tensor(x):
        return mul(x, alpha)
    if isinstance(x, Number):
        return x * alpha
    raise TypeError(f"{name}: needs a Tensor or a number, not {type(x).__name__}")


def sub(x, other, *, alpha=1):
    """Subtract, element by element.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.
    alpha : number, default 1
        What to multiply `other` by first.

    Returns
    -------
    Tensor
        ``x - alpha * other``.

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.
    DtypeError
        If both are bool, where a difference has no meaning.

    Examples
    --------
    >>> import lucid
    >>> lucid.sub(lucid.tensor([11, 12]), 10)
    tensor([1, 2])
    """
    x, other = pair(x, other if alpha == 1 else _scaled(other, alpha, "sub"), "sub")
    if x.array.dtype.kind == "b":
        raise DtypeError("sub: bool minus bool has no meaning; use logical_xor or cast to int")
    return Subtract()(x, other)


def mul(x, other):
    """Multiply, element by element.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.

    Returns
    -------
    Tensor

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import lucid
    >>> lucid.mul(lucid.tensor([1, 2]), lucid.tensor([3, 4]))
    tensor([3, 8])
    """
    return Multiply()(*pair(x, other, "mul"))


def div(x, other, *, rounding_mode=None):
    """Divide, element by element.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor. Integers become the default
        floating-point type, unless the quotient is rounded.
    rounding_mode : str, optional
        ``'floor'`` rounds down, as ``//`` does, ``'trunc'`` towards 0.

    Returns
    -------
    Tensor
        The quotient; infinite or NaN where `other` is 0.

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.
    ValueError
        If `rounding_mode` is unknown.
    ZeroDivisionError
        If integers are divided by 0 and rounded.

    Examples
    --------
    >>> import lucid
    >>> lucid.div(lucid.tensor([1, 2]), 4)
    tensor([0.2500, 0.5000])
    """
    x, other = pair(x, other, "div")
    if rounding_mode is None:
        return Divide()(as_floating(x), as_floating(other))
    if rounding_mode not in ("floor", "trunc"):
        raise ValueError(f"div: rounding_mode={rounding_mode!r} is not None, 'floor' or 'trunc'")
    if rounding_mode == "floor":
        return x.floor_divide(other)
    if x.dtype.is_floating_point:
        return div(x, other).trunc()
    return x.abs().floor_divide(other.abs()) * x.sign() * other.sign()


def pow(x, exponent):
    """Raise to a power, element by element.

    Parameters
    ----------
    x, exponent : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.

    Returns
    -------
    Tensor
        NaN where a negative number is raised to a fraction.

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.
    DtypeError
        If both are bool.
    ValueError
        If an integer is raised to a negative integer.

    Examples
    --------
    >>> import lucid
    >>> lucid.pow(lucid.tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """
    x, exponent = pair(x, exponent, "pow")
    if x.array.dtype.kind != "f":
        _check_whole_power(x, exponent)
    return Power()(x, exponent)


def _check_whole_power(x, exponent):
    if x.array.dtype.kind == "b":
        raise DtypeError("pow: a bool has no powers; use logical_and, or cast to int")
    if (exponent.array < 0).any():
        raise ValueError("pow: an integer to a negative power is a fraction; call x.float() first")


def maximum(x, other):
    """Take the larger of two, element by element; NaN wins.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.

    Returns
    -------
    Tensor
        Where both are equal, each gets half of the gradient.

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import lucid
    >>> lucid.maximum(lucid.tensor([1, 5]), lucid.tensor([3, 4]))
    tensor([3, 5])
    """
    return Maximum()(*pair(x, other, "maximum"))


def minimum(x, other):
    """Take the smaller of two, element by element; NaN wins.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.

    Returns
    -------
    Tensor
        Where both are equal, each gets half of the gradient.

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import lucid
    >>> lucid.minimum(lucid.tensor([1, 5]), lucid.tensor([3, 4]))
    tensor([1, 4])
    """
    return Minimum()(*pair(x, other, "minimum"))


def where(condition, x=None, other=None):
    """Choose between two, element by element; or list where a condition holds.

    Parameters
    ----------
    condition : Tensor of bool
        Where to take `x`; its shape broadcasts with the others.
    x, other : Tensor or number, optional
        What to take where the condition holds, and where it does not.

    Returns
    -------
    Tensor, or tuple of Tensor
        Without `x` and `other` one int64 tensor for each axis, the positions where the condition
        holds: ``nonzero(condition, as_tuple=True)``.

    Raises
    ------
    DtypeError
        If `condition` is not a Tensor of bool.
    ShapeError
        If the shapes do not broadcast.
    TypeError
        If only one of `x` and `other` is given.

    Notes
    -----
    No gradient flows to what is not taken; but where it is infinite or NaN before it comes to
    `where`, 0 times that is NaN: in ``where(x > 0, log(x), 0.0)`` at x = 0. Choose inside as well:
    ``where(x > 0, log(where(x > 0, x, 1.0)), 0.0)``.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([-1.0, 2.0])
    >>> lucid.where(x > 0, x, 0.0)
    tensor([0., 2.])
    >>> lucid.where(x > 0)
    (tensor([1]),)
    """
    check_tensor(condition, "where")
    if x is None and other is None:
        return tuple(map(condition.wrap, np.nonzero(np.atleast_1d(condition.array))))
    if x is None or other is None:
        raise TypeError("where: give both, what to take where the condition holds and elsewhere")
    if condition.array.dtype.kind != "b":
        raise DtypeError(f"where: condition must be bool, not {condition.dtype.name}")
    if not is_tensor(x) and not is_tensor(other):
        x = condition.wrap(as_number(x, condition.array.dtype, "where"))  # bool: the lowest type
    x, other = pair(x, other, "where")
    for operand in (x, other):
        check_broadcast(condition.array.shape, operand.array.shape, "where")
    return Where(condition.array.copy())(x, other)  # a step keeps it: no change comes through


def neg(x):
    """Change the sign of every element.

    Parameters
    ----------
    x : Tensor
        Any numbers; not bool.

    Returns
    -------
    Tensor

    Raises
    ------
    DtypeError
        If `x` is bool.

    Examples
    --------
    >>> import lucid
    >>> lucid.neg(lucid.tensor([1, -2]))
    tensor([-1,  2])
    """
    check_tensor(x, "neg")
    if x.array.dtype.kind == "b":
        raise DtypeError("neg: a bool has no sign; use ~x or logical_not")
    return Negative()(x)


def abs(x):
    """Drop the sign of every element.

    Parameters
    ----------
    x : Tensor
        Any numbers.

    Returns
    -------
    Tensor
        Its gradient at 0 is 0.

    Raises
    ------
    DtypeError
        If `x` is bool.

    Examples
    --------
    >>> import lucid
    >>> lucid.abs(lucid.tensor([1, -2]))
    tensor([1, 2])
    """
    check_tensor(x, "abs")
    if x.array.dtype.kind == "b":
        raise DtypeError("abs: a bool has no sign; cast to int first")
    return Absolute()(x)


def _floating(step, x, name):
    check_tensor(x, name)
    return step()(as_floating(x))


def exp(x):
    """Raise e to every element.

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
    >>> lucid.exp(lucid.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """
    return _floating(Exponential, x, "exp")


def log(x):
    """Take the natural logarithm of every element.

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
    >>> lucid.log(lucid.tensor([1.0, 2.0]))
    tensor([0.0000, 0.6931])
    """
    return _floating(Logarithm, x, "log")


def sqrt(x):
    """Take the square root of every element.

    Parameters
    ----------
    x : Tensor
        Any numbers; integers become the default floating-point type.

    Returns
    -------
    Tensor
        NaN below 0.

    Examples
    --------
    >>> import lucid
    >>> lucid.sqrt(lucid.tensor([4.0, 9.0]))
    tensor([2., 3.])
    """
    return _floating(SquareRoot, x, "sqrt")


def square(x):
    """Multiply every element by itself.

    Parameters
    ----------
    x : Tensor
        Any numbers.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import lucid
    >>> lucid.square(lucid.tensor([2, -3]))
    tensor([4, 9])
    """
    check_tensor(x, "square")
    return mul(x, x)


def sin(x):
    """Take the sine of every element.

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
    >>> lucid.sin(lucid.tensor([0.0, 1.5708]))
    tensor([0., 1.])
    """
    return _floating(Sine, x, "sin")


def cos(x):
    """Take the cosine of every element.

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
    >>> lucid.cos(lucid.tensor([0.0]))
    tensor([1.])
    """
    return _floating(Cosine, x, "cos")


def tanh(x):
    r"""Squash every element into (-1, 1).

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
    >>> lucid.tanh(lucid.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
    return _floating(Tanh, x, "tanh")


def sigmoid(x):
    r"""Squash every element into (0, 1): :math:`1 / (1 + e^{-x})`.

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
    >>> lucid.sigmoid(lucid.tensor([0.0, 1.0]))
    tensor([0.5000, 0.7311])
    """
    return _floating(Sigmoid, x, "sigmoid")


def relu(x):
    r"""Cut every element off below zero: :math:`\max(x, 0)`.

    Parameters
    ----------
    x : Tensor
        Any numbers.

    Returns
    -------
    Tensor
        Its gradient at 0 is 0.

    Raises
    ------
    DtypeError
        If `x` is bool.

    References
    ----------
    .. [1] Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010.

    Examples
    --------
    >>> import lucid
    >>> lucid.relu(lucid.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    check_tensor(x, "relu")
    return Relu()(x)


def clamp(x, min=None, max=None):
    """Cut every element off outside an interval.

    Parameters
    ----------
    x : Tensor
        Any numbers.
    min, max : number or Tensor, optional
        The ends of the interval; at least one is given. Where ``min > max`` all become `max`. A
        tensor broadcasts with `x`, and gets the gradient where its element is taken.

    Returns
    -------
    Tensor
        Integers become the default floating-point type if an end is a float.

    Raises
    ------
    ValueError
        If neither end is given.
    DtypeError
        If an end does not fit in the type of `x`.
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import lucid
    >>> lucid.clamp(lucid.tensor([-2.0, 0.5, 2.0]), min=-1, max=1)
    tensor([-1.0000,  0.5000,  1.0000])
    """
    check_tensor(x, "clamp")
    if min is None and max is None:
        raise ValueError("clamp: needs min, max or both")
    if is_tensor(min) or is_tensor(max):
        return _end(_end(x, min, np.greater_equal), max, np.less_equal)
    ends = [None if end is None else as_number(end, x.array.dtype, "clamp") for end in (min, max)]
    top = builtins.max([end.dtype for end in ends if end is not None], key=category)
    if category(top) > category(x.array.dtype):
        x = cast(x, as_dtype(top))
    return Clamp(*[None if end is None else end.astype(x.array.dtype) for end in ends])(x)


def _end(x, end, is_inside):
    """Put the element of an end where x is beyond it; a NaN stays, and one in the end counts."""
    if end is None:
        return x
    x, end = pair(x, end, "clamp")
    a = x.array
    return where(x.wrap(np.asarray(~is_inside(a, end.array) & (a == a))), end, x)
