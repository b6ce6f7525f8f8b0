"""Tensors with the shape or the type of another; all are methods only."""

import numpy as np

from lucid.device import as_device
from lucid.dtypes import as_dtype
from lucid.ops.operands import cast, check_tensor
from lucid.ops.shaping import as_shape, broadcast_to, view

__all__ = []


def view_as(x, other):
    """Read the elements in the same order into the shape of another tensor, never copying.

    Parameters
    ----------
    x, other : Tensor
        As many elements in both; only the shape of `other` is used.

    Returns
    -------
    Tensor
        ``x.view(other.shape)``.

    Raises
    ------
    ShapeError
        If the numbers of elements differ, or the memory of `x` does not allow a view.

    Examples
    --------
    >>> import lucid
    >>> predicted, labels = lucid.tensor([[2], [0]]), lucid.tensor([2, 1])
    >>> predicted.eq(labels.view_as(predicted)).sum().item()
    1
    """
    check_tensor(other, "view_as")
    return view(x, other.array.shape)


def expand_as(x, other):
    """Repeat along axes of 1 position and new first ones to the shape of another, as a view.

    Parameters
    ----------
    x, other : Tensor
        Only the shape of `other` is used.

    Returns
    -------
    Tensor
        ``x.expand(other.shape)``; read-only.

    Raises
    ------
    ShapeError
        If the shape of `x` does not broadcast to that of `other`.

    Examples
    --------
    >>> import lucid
    >>> lucid.tensor([1, 2]).expand_as(lucid.zeros(2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    check_tensor(other, "expand_as")
    return broadcast_to(x, other.array.shape)


def type_as(x, other):
    """Convert to the data type of another tensor; the gradient flows through.

    Parameters
    ----------
    x, other : Tensor
        Only the type of `other` is used.

    Returns
    -------
    Tensor
        ``x.to(other.dtype)``; `x` itself if it has that type.

    Examples
    --------
    >>> import lucid
    >>> lucid.tensor([1, 2]).type_as(lucid.zeros(1))
    tensor([1., 2.])
    """
    check_tensor(other, "type_as")
    return cast(x, other.dtype)


def new_zeros(x, *size, dtype=None, device=None, requires_grad=False):
    """Make a tensor of zeros, of the type of this one.

    Parameters
    ----------
    x : Tensor
        Only its type is used.
    *size : int or tuple of int
        The shape, as separate arguments or as one tuple.
    dtype : dtype, optional
        Another type; default that of `x`.
    device : device, optional
        Only ``"cpu"``.
    requires_grad : bool, default False
        Whether gradients with respect to the new tensor are wanted.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If a size is negative.

    Examples
    --------
    >>> import lucid
    >>> lucid.tensor([1, 2]).new_zeros(3)
    tensor([0, 0, 0])
    """
    return new_full(x, size, 0, dtype=dtype, device=device, requires_grad=requires_grad)


def new_ones(x, *size, dtype=None, device=None, requires_grad=False):
    """Make a tensor of ones, of the type of this one.

    Parameters
    ----------
    x : Tensor
        Only its type is used.
    *size : int or tuple of int
        The shape, as separate arguments or as one tuple.
    dtype : dtype, optional
        Another type; default that of `x`.
    device : device, optional
        Only ``"cpu"``.
    requires_grad : bool, default False
        Whether gradients with respect to the new tensor are wanted.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If a size is negative.

    Examples
    --------
    >>> import lucid
    >>> lucid.zeros(1, dtype=lucid.float64).new_ones(2)
    tensor([1., 1.], dtype=lucid.float64)
    """
    return new_full(x, size, 1, dtype=dtype, device=device, requires_grad=requires_grad)


def new_full(x, size, fill_value, *, dtype=None, device=None, requires_grad=False):
    """Make a tensor of one number everywhere, of the type of this one.

    Parameters
    ----------
    x : Tensor
        Only its type is used.
    size : int or tuple of int
        The shape.
    fill_value : number
        Converted to the type.
    dtype : dtype, optional
        Another type; default that of `x`.
    device : device, optional
        Only ``"cpu"``.
    requires_grad : bool, default False
        Whether gradients with respect to the new tensor are wanted.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If a size is negative.

    Examples
    --------
    >>> import lucid
    >>> lucid.zeros(1).new_full((2,), 7)
    tensor([7., 7.])
    """
    check_tensor(x, "new_full")
    as_device(device)
    shape = as_shape(size if isinstance(size, (tuple, list)) else (size,), "size")
    if min(shape, default=0) < 0:
        raise ValueError(f"shape {shape} holds a negative size")
    y = x.wrap(np.full(shape, fill_value, as_dtype(dtype or x.dtype).numpy))
    return y.requires_grad_() if requires_grad else y
