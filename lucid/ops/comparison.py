"""Questions about elements: the answers are bool tensors without gradients."""

import numpy as np

from lucid.errors import DtypeError
from lucid.ops.operands import check_tensor, pair

__all__ = [
    "allclose", "eq", "equal", "ge", "gt", "isclose", "isfinite", "isinf", "isnan", "le",
    "logical_and", "logical_not", "logical_or", "logical_xor", "lt", "ne",
]


def _compare(question, x, other, name):
    x, other = pair(x, other, name)
    return x.wrap(question(x.array, other.array))


def eq(x, other):
    """Ask whether elements are equal.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.

    Returns
    -------
    Tensor of bool

    Examples
    --------
    >>> import lucid
    >>> lucid.eq(lucid.tensor([1, 2]), 2)
    tensor([False,  True])
    """
    return _compare(np.equal, x, other, "eq")


def ne(x, other):
    """Ask whether elements differ.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.

    Returns
    -------
    Tensor of bool

    Examples
    --------
    >>> import lucid
    >>> lucid.ne(lucid.tensor([1, 2]), 2)
    tensor([ True, False])
    """
    return _compare(np.not_equal, x, other, "ne")


def lt(x, other):
    """Ask whether elements are less.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.

    Returns
    -------
    Tensor of bool

    Examples
    --------
    >>> import lucid
    >>> lucid.lt(lucid.tensor([1, 2]), 2)
    tensor([ True, False])
    """
    return _compare(np.less, x, other, "lt")


def le(x, other):
    """Ask whether elements are less or equal.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.

    Returns
    -------
    Tensor of bool

    Examples
    --------
    >>> import lucid
    >>> lucid.le(lucid.tensor([1, 3]), 2)
    tensor([ True, False])
    """
    return _compare(np.less_equal, x, other, "le")


def gt(x, other):
    """Ask whether elements are greater.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.

    Returns
    -------
    Tensor of bool

    Examples
    --------
    >>> import lucid
    >>> lucid.gt(lucid.tensor([1, 3]), 2)
    tensor([False,  True])
    """
    return _compare(np.greater, x, other, "gt")


def ge(x, other):
    """Ask whether elements are greater or equal.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.

    Returns
    -------
    Tensor of bool

    Examples
    --------
    >>> import lucid
    >>> lucid.ge(lucid.tensor([1, 2]), 2)
    tensor([False,  True])
    """
    return _compare(np.greater_equal, x, other, "ge")


def isclose(x, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    r"""Ask which elements are nearly equal: :math:`|x - other| \le atol + rtol \cdot |other|`.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.
    rtol : float, default 1e-05
        Allowed difference, relative to `other`; at least 0.
    atol : float, default 1e-08
        Allowed difference; at least 0.
    equal_nan : bool, default False
        Whether NaN is near NaN.

    Returns
    -------
    Tensor of bool

    Raises
    ------
    ValueError
        If a tolerance is negative.
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import lucid
    >>> lucid.isclose(lucid.tensor([1.0, 2.0]), lucid.tensor([1.0000001, 2.1]))
    tensor([ True, False])
    """
    return _close(x, other, rtol, atol, equal_nan, "isclose")


def _close(x, other, rtol, atol, equal_nan, name):
    for label, tolerance in (("rtol", rtol), ("atol", atol)):
        if not tolerance >= 0:
            raise ValueError(f"{name}: {label}={tolerance} must be at least 0")
    x, other = pair(x, other, name)
    kind = np.float64 if x.array.dtype.kind != "f" else None  # small integers wrap
    return x.wrap(np.isclose(
        x.array.astype(kind or x.array.dtype, copy=False),
        other.array.astype(kind or x.array.dtype, copy=False), rtol, atol, equal_nan,
    ))


def allclose(x, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Tell whether all elements are nearly equal.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.
    rtol : float, default 1e-05
        Allowed difference, relative to `other`; at least 0.
    atol : float, default 1e-08
        Allowed difference; at least 0.
    equal_nan : bool, default False
        Whether NaN is near NaN.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If a tolerance is negative.
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import lucid
    >>> lucid.allclose(lucid.tensor([1.0, 2.0]), lucid.tensor([1.0, 2.001]), rtol=0.01)
    True
    """
    return bool(_close(x, other, rtol, atol, equal_nan, "allclose").array.all())


def equal(x, other):
    """Tell whether two tensors have one shape and equal elements.

    Parameters
    ----------
    x, other : Tensor
        Of any shape and type.

    Returns
    -------
    bool
        NaN is not equal to NaN.

    Examples
    --------
    >>> import lucid
    >>> lucid.equal(lucid.ones(2), lucid.ones(2)), lucid.equal(lucid.ones(2), lucid.ones(1, 2))
    (True, False)
    """
    check_tensor(x, "equal")
    check_tensor(other, "equal")
    return bool(np.array_equal(x.array, other.array))


def isnan(x):
    """Ask which elements are not a number.

    Parameters
    ----------
    x : Tensor
        Any numbers.

    Returns
    -------
    Tensor of bool

    Examples
    --------
    >>> import lucid
    >>> lucid.isnan(lucid.tensor([1.0, float("nan")]))
    tensor([False,  True])
    """
    check_tensor(x, "isnan")
    return x.wrap(np.isnan(x.array))


def isinf(x):
    """Ask which elements are infinite.

    Parameters
    ----------
    x : Tensor
        Any numbers.

    Returns
    -------
    Tensor of bool

    Examples
    --------
    >>> import lucid
    >>> lucid.isinf(lucid.tensor([1.0, float("inf")]))
    tensor([False,  True])
    """
    check_tensor(x, "isinf")
    return x.wrap(np.isinf(x.array))


def isfinite(x):
    """Ask which elements are neither infinite nor NaN.

    Parameters
    ----------
    x : Tensor
        Any numbers.

    Returns
    -------
    Tensor of bool

    Examples
    --------
    >>> import lucid
    >>> lucid.isfinite(lucid.tensor([1.0, float("inf")]))
    tensor([ True, False])
    """
    check_tensor(x, "isfinite")
    return x.wrap(np.isfinite(x.array))


def logical_and(x, other):
    """Ask where both are not zero.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.

    Returns
    -------
    Tensor of bool

    Examples
    --------
    >>> import lucid
    >>> lucid.logical_and(lucid.tensor([0, 2]), lucid.tensor([1, 1]))
    tensor([False,  True])
    """
    return _compare(np.logical_and, x, other, "logical_and")


def logical_or(x, other):
    """Ask where at least one is not zero.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.

    Returns
    -------
    Tensor of bool

    Examples
    --------
    >>> import lucid
    >>> lucid.logical_or(lucid.tensor([0, 2]), lucid.tensor([0, 1]))
    tensor([False,  True])
    """
    return _compare(np.logical_or, x, other, "logical_or")


def logical_xor(x, other):
    """Ask where exactly one is not zero.

    Parameters
    ----------
    x, other : Tensor or number
        Operands whose shapes broadcast; at least one is a Tensor.

    Returns
    -------
    Tensor of bool

    Examples
    --------
    >>> import lucid
    >>> lucid.logical_xor(lucid.tensor([0, 2]), lucid.tensor([1, 1]))
    tensor([ True, False])
    """
    return _compare(np.logical_xor, x, other, "logical_xor")


def logical_not(x):
    """Ask which elements are zero.

    Parameters
    ----------
    x : Tensor
        Any numbers.

    Returns
    -------
    Tensor of bool

    Examples
    --------
    >>> import lucid
    >>> lucid.logical_not(lucid.tensor([0, 2]))
    tensor([ True, False])
    """
    check_tensor(x, "logical_not")
    return x.wrap(np.logical_not(x.array))


def _bitwise(step, x, other, name):
    x, other = pair(x, other, name)
    if x.array.dtype.kind == "f":
        raise DtypeError(f"{name}: needs bool or integers, not {x.dtype.name}; compare first")
    return x.wrap(step(x.array, other.array))


def bitwise_and(x, other):
    """Combine bools, or the bits of integers, by and: the operator ``&``."""
    return _bitwise(np.bitwise_and, x, other, "&")


def bitwise_or(x, other):
    """Combine bools, or the bits of integers, by or: the operator ``|``."""
    return _bitwise(np.bitwise_or, x, other, "|")


def bitwise_xor(x, other):
    """Combine bools, or the bits of integers, by exclusive or: the operator ``^``."""
    return _bitwise(np.bitwise_xor, x, other, "^")


def bitwise_not(x):
    """Turn bools, or the bits of integers, over: the operator ``~``."""
    return _bitwise(lambda a, _: np.invert(a), x, x, "~")
