"""What the numbers of a data type can be."""

import numpy as np

from lucid.dtypes import as_dtype, get_default_dtype
from lucid.errors import DtypeError

__all__ = ["finfo", "iinfo"]


class finfo:
    """The limits of a floating-point type.

    Parameters
    ----------
    type : dtype, optional
        A floating-point type; default the default type.

    Attributes
    ----------
    bits : int
        Bits of one number.
    eps : float
        The step from 1 to the next larger number.
    max, min : float
        The largest and the lowest number; ``min`` is ``-max``.
    tiny, smallest_normal : float
        The smallest positive number of full precision.
    resolution : float
        The decimal precision, a power of ten.
    dtype : str
        Name of the type.

    Raises
    ------
    DtypeError
        If `type` is not floating-point.

    Examples
    --------
    >>> import lucid
    >>> lucid.finfo(lucid.float32).eps
    1.1920928955078125e-07
    """

    def __init__(self, type=None):
        type = get_default_dtype() if type is None else as_dtype(type)
        if not type.is_floating_point:
            raise DtypeError(f"finfo: {type.name} is not floating-point; use lucid.iinfo")
        info = np.finfo(type.numpy)
        self.dtype, self.bits = type.name, info.bits
        self.eps, self.max, self.min = float(info.eps), float(info.max), float(info.min)
        self.tiny = self.smallest_normal = float(info.smallest_normal)
        self.resolution = float(f"1e-{info.precision}")

    def __repr__(self):
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, "
            f"eps={self.eps:g}, smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, "
            f"dtype={self.dtype})"
        )


class iinfo:
    """The limits of an integer type.

    Parameters
    ----------
    type : dtype
        An integer type.

    Attributes
    ----------
    bits : int
        Bits of one number.
    max, min : int
        The largest and the lowest number.
    dtype : str
        Name of the type.

    Raises
    ------
    DtypeError
        If `type` does not hold integers.

    Examples
    --------
    >>> import lucid
    >>> lucid.iinfo(lucid.int8).max
    127
    """

    def __init__(self, type):
        type = as_dtype(type)
        if type.numpy.kind not in "iu":
            raise DtypeError(f"iinfo: {type.name} holds no integers; use lucid.finfo for floats")
        info = np.iinfo(type.numpy)
        self.dtype, self.bits = type.name, info.bits
        self.max, self.min = int(info.max), int(info.min)

    def __repr__(self):
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
