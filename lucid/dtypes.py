"""Data types, the default one, and PyTorch's rules of promotion."""

from functools import reduce

import numpy as np

from lucid.errors import DtypeError

__all__ = [
    "as_dtype", "bool_", "dtype", "float16", "float32", "float64", "get_default_dtype", "int32",
    "int64", "int8", "promote_types", "set_default_dtype", "uint8",
]


class dtype:
    """The type of a tensor's elements.

    There is one object for each type: `lucid.float32`, `lucid.float64`, `lucid.int64`,
    `lucid.int32`, `lucid.int8`, `lucid.uint8` and `lucid.bool`; compare them with ``is`` or ``==``.
    `lucid.float16` is for storage: its tensors can be made, moved, read and converted, and computed
    with after ``x.float()``.

    Attributes
    ----------
    name : str
        As in ``"float32"``.
    numpy : numpy.dtype
        NumPy's type of the same elements.
    itemsize : int
        Bytes an element.
    is_floating_point : bool
        Whether tensors of this type can require gradients.

    Examples
    --------
    >>> import lucid
    >>> lucid.zeros(2).dtype
    lucid.float32
    >>> lucid.float64.itemsize
    8
    """

    __slots__ = ("is_floating_point", "itemsize", "name", "numpy", "rank")

    def __init__(self, name, rank):
        self.name = name
        self.numpy = np.dtype(name)
        self.itemsize = self.numpy.itemsize
        self.is_floating_point = self.numpy.kind == "f"
        self.rank = rank  # the place in the order of promotion

    def __repr__(self):
        return f"lucid.{self.name}"

    def __reduce__(self):
        return as_dtype, (self.name,)


bool_ = dtype("bool", 0)
uint8 = dtype("uint8", 1)
int8 = dtype("int8", 2)
int32 = dtype("int32", 3)
int64 = dtype("int64", 4)
float16 = dtype("float16", 5)
float32 = dtype("float32", 6)
float64 = dtype("float64", 7)

_ALL = (bool_, uint8, int8, int32, int64, float16, float32, float64)
NAMES = tuple(each.name for each in _ALL)
_BY_NUMPY = {each.numpy: each for each in _ALL}
_BY_PYTHON = {bool: bool_, int: int64}
_default = float32

DTypeLike = dtype | str | type | np.dtype | None


def as_dtype(value):
    """Find the data type that `value` names.

    Parameters
    ----------
    value : dtype, str, numpy.dtype, type or None
        A lucid type, its name, NumPy's type, or Python's bool, int or float; None and float
        stand for the default type.

    Returns
    -------
    dtype

    Raises
    ------
    DtypeError
        If lucid has no such type.

    Examples
    --------
    >>> from lucid.dtypes import as_dtype
    >>> as_dtype("float64"), as_dtype(int), as_dtype(None)
    (lucid.float64, lucid.int64, lucid.float32)
    """
    if type(value) is dtype:
        return value
    if isinstance(value, np.dtype) and value in _BY_NUMPY:  # the usual case
        return _BY_NUMPY[value]
    if value is None or value is float:
        return _default
    if isinstance(value, type) and value in _BY_PYTHON:  # == calls NumPy's int64 an int
        return _BY_PYTHON[value]
    try:
        return _BY_NUMPY[np.dtype(value).newbyteorder("=")]
    except (TypeError, KeyError):
        raise DtypeError(
            f"dtype {value!r} is not one of lucid's: {', '.join(NAMES)}; convert to one of these"
        ) from None


def get_default_dtype():
    """Get the type of tensors that are made from Python floats, or with no type given.

    Returns
    -------
    dtype
        `lucid.float32` unless `set_default_dtype` changed it.

    Examples
    --------
    >>> import lucid
    >>> lucid.get_default_dtype()
    lucid.float32
    """
    return _default


def set_default_dtype(d):
    """Set the type of tensors that are made from Python floats, or with no type given.

    Parameters
    ----------
    d : dtype
        `lucid.float32` or `lucid.float64`.

    Raises
    ------
    DtypeError
        If `d` is not a floating-point type.

    Examples
    --------
    >>> import lucid
    >>> lucid.set_default_dtype(lucid.float64)
    >>> lucid.tensor([0.5]).dtype
    lucid.float64
    >>> lucid.set_default_dtype(lucid.float32)
    """
    global _default
    new = as_dtype(d)
    if not new.is_floating_point or new is float16:
        raise DtypeError(f"the default dtype must be float32 or float64, not {new.name}")
    _default = new


def promote_types(type1, type2):
    """Find the smallest type that holds both.

    Parameters
    ----------
    type1, type2 : dtype
        The types of two tensors.

    Returns
    -------
    dtype
        The later one in the order bool, uint8, int8, int32, int64, float16, float32, float64; but
        int32 for uint8 with int8, neither of which holds the other.

    Examples
    --------
    >>> import lucid
    >>> lucid.promote_types(lucid.int64, lucid.float32)
    lucid.float32
    """
    return _larger(as_dtype(type1), as_dtype(type2))


def _larger(one, other):
    if one is not other and one in (uint8, int8) and other in (uint8, int8):
        return int32
    return one if one.rank >= other.rank else other


def category(numpy_dtype):
    """Rank the kinds of NumPy's types: bool 0, integer 1, floating point 2."""
    return {"b": 0, "f": 2}.get(numpy_dtype.kind, 1)


def result_type(operands):
    """Promote (dtype, ndim) pairs as PyTorch does; ndim is -1 for a Python number.

    Tensors with axes decide; one without axes, or a number, counts only when it is of a higher
    category (bool < integer < floating point) than all that come before it in that order.
    """
    result = None
    for least, most in ((1, 99), (0, 0), (-1, -1)):
        level = [each for each, ndim in operands if least <= ndim <= most]
        if not level:
            continue
        top = reduce(_larger, level)
        if result is None:
            result = top
        elif category(top.numpy) > category(result.numpy):
            result = _default if most < 0 and top.is_floating_point else top
    return result
