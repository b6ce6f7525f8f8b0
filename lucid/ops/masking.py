"""Choosing elements by a condition."""

import numpy as np

from lucid.dtypes import category
from lucid.errors import DtypeError, ShapeError
from lucid.ops.elementwise import Where
from lucid.ops.operands import (
    BroadcastTo, as_number, cast, check_broadcast, check_tensor, is_tensor,
)

__all__ = ["masked_fill", "masked_select", "nonzero"]


def _check_mask(x, mask, name):
    check_tensor(x, name)
    check_tensor(mask, name)
    if mask.array.dtype.kind != "b":
        raise DtypeError(f"{name}: mask must be bool, not {mask.dtype.name}; compare first")
    check_broadcast(x.array.shape, mask.array.shape, name)


def masked_fill(x, mask, value):
    """Put one number wherever a mask holds.

    Parameters
    ----------
    x : Tensor
        Any elements.
    mask : Tensor of bool
        Where to put the number; its shape broadcasts with that of `x`.
    value : number or Tensor without axes
        The number; of a kind that fits in the type of `x`.

    Returns
    -------
    Tensor
        Of the type of `x`. The gradient goes to `x` where the mask does not hold, and to `value`
        elsewhere.

    Raises
    ------
    ShapeError
        If the shapes do not broadcast, or `value` has axes.
    DtypeError
        If `mask` is not bool, or `value` does not fit in the type of `x`.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([1.0, 2.0, 3.0])
    >>> lucid.masked_fill(x, x > 1, float("-inf"))
    tensor([  1., -inf, -inf])
    """
    _check_mask(x, mask, "masked_fill")
    if not is_tensor(value):
        value = x.wrap(as_number(value, x.array.dtype, "masked_fill"))
    if value.array.ndim:
        raise ShapeError(
            f"masked_fill: value must be one number, not of shape {value.shape}; use lucid.where"
        )
    if category(value.array.dtype) > category(x.array.dtype):
        raise DtypeError(
            f"masked_fill: a value of {value.dtype.name} does not fit in {x.dtype.name}; "
            f"call x.float() first"
        )
    return Where(mask.array.copy())(cast(value, x.dtype), x)


def masked_select(x, mask):
    """Take the elements for which a mask holds, in the order of their indices.

    Parameters
    ----------
    x : Tensor
        Any elements.
    mask : Tensor of bool
        Which to take; the shapes broadcast.

    Returns
    -------
    Tensor
        With one axis; a copy.

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.
    DtypeError
        If `mask` is not bool.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([[1, 2], [3, 4]])
    >>> lucid.masked_select(x, x > 1)
    tensor([2, 3, 4])
    """
    _check_mask(x, mask, "masked_select")
    shape = np.broadcast_shapes(x.array.shape, mask.array.shape)
    if x.array.shape != shape:
        x = BroadcastTo(shape)(x)
    return x[np.broadcast_to(mask.array, shape)]


def nonzero(x, *, as_tuple=False):
    """Find the elements that are not 0.

    Parameters
    ----------
    x : Tensor
        Any elements.
    as_tuple : bool, default False
        Give one tensor for each axis, as ``x[...]`` takes them.

    Returns
    -------
    Tensor of int64, or tuple of Tensor
        ``(n, x.ndim)``: a row of positions for each of the n elements; or for each axis ``(n,)``.

    Examples
    --------
    >>> import lucid
    >>> lucid.nonzero(lucid.tensor([[0, 5], [7, 0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    check_tensor(x, "nonzero")
    if as_tuple:
        return tuple([x.wrap(each) for each in np.nonzero(np.atleast_1d(x.array))])
    return x.wrap(np.argwhere(x.array))
