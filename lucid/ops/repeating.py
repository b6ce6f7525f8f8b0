"""Repeating and rolling elements, and grids of coordinates."""

from math import prod

import numpy as np

from lucid.autograd import Function
from lucid.errors import DtypeError, ShapeError
from lucid.geometry import check_int
from lucid.ops.gathering import IndexSelect
from lucid.ops.operands import BroadcastTo, check_dim, check_tensor, is_tensor
from lucid.ops.shaping import as_shape, clone, reshape

__all__ = ["meshgrid", "repeat", "repeat_interleave", "roll", "tile"]


class Roll(Function):
    """Shift along axes, what leaves at the end coming in at the start; backward shifts back."""

    keeps_inputs = False
    computes = False

    def __init__(self, shifts, dims):
        self.shifts, self.dims = shifts, dims

    def forward(self, x):
        return np.roll(x, self.shifts, self.dims)

    def backward(self, grad_y):
        return Roll(tuple([-each for each in self.shifts]), self.dims)(grad_y)


def _sizes(sizes, name):
    sizes = as_shape(sizes, f"{name}: a count")
    if min(sizes, default=0) < 0:
        raise ValueError(f"{name}: counts {sizes} must be at least 0")
    return sizes


def repeat(x, *repeats):
    """Lay copies of a tensor side by side along every axis; `tile` is kinder to missing axes.

    Parameters
    ----------
    x : Tensor
        Any elements.
    *repeats : int or tuple of int
        How often, for each axis; more of them than axes add new axes in front.

    Returns
    -------
    Tensor
        A copy.

    Raises
    ------
    ShapeError
        If there are fewer counts than axes.
    ValueError
        If a count is negative.

    Examples
    --------
    >>> import lucid
    >>> lucid.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    check_tensor(x, "repeat")
    counts = _sizes(repeats, "repeat")
    if len(counts) < x.array.ndim:
        raise ShapeError(f"repeat: {len(counts)} counts {counts} for shape {x.shape}; use tile")
    return _repeat(x, counts)


def _repeat(x, counts):
    """Write every axis as two, (copies, positions), and broadcast along the first."""
    shape = (1,) * (len(counts) - x.array.ndim) + x.array.shape
    apart = [each for size in shape for each in (1, size)]
    spread = [each for pair in zip(counts, shape, strict=True) for each in pair]
    y = BroadcastTo(tuple(spread))(reshape(x, apart))
    y = reshape(y, [count * size for count, size in zip(counts, shape, strict=True)])
    return clone(y) if y.array.base is not None else y  # a view, where nothing is repeated


def tile(x, *dims):
    """Lay copies of a tensor side by side along its last axes.

    Parameters
    ----------
    x : Tensor
        Any elements.
    *dims : int or tuple of int
        How often, counted from the last axis; more of them than axes add new axes in front.

    Returns
    -------
    Tensor
        A copy.

    Raises
    ------
    ValueError
        If a count is negative.

    Examples
    --------
    >>> import lucid
    >>> lucid.tile(lucid.tensor([[1, 2], [3, 4]]), 2)
    tensor([[1, 2, 1, 2],
            [3, 4, 3, 4]])
    """
    check_tensor(x, "tile")
    counts = _sizes(dims, "tile")
    return _repeat(x, (1,) * (x.array.ndim - len(counts)) + counts)


def repeat_interleave(x, repeats, dim=None):
    """Repeat every element, or every slice across an axis, beside itself.

    Parameters
    ----------
    x : Tensor
        Any elements.
    repeats : int or Tensor of integers
        How often: one count for all, or ``(n,)``, one for each of the n slices; at least 0.
    dim : int, optional
        The axis to repeat along; default the flattened tensor.

    Returns
    -------
    Tensor
        A copy.

    Raises
    ------
    ShapeError
        If `dim` is not an axis, or `repeats` has another length.
    DtypeError
        If `repeats` is a tensor of other than integers.
    ValueError
        If a count is negative.

    Examples
    --------
    >>> import lucid
    >>> lucid.repeat_interleave(lucid.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    >>> lucid.repeat_interleave(lucid.tensor([1, 2]), lucid.tensor([1, 3]))
    tensor([1, 2, 2, 2])
    """
    check_tensor(x, "repeat_interleave")
    if dim is None or not x.array.ndim:
        x, dim = reshape(x, -1), 0
    dim = check_dim(dim, x.array.ndim, "repeat_interleave")
    size = x.array.shape[dim]
    counts = repeats.array if is_tensor(repeats) else np.asarray(
        check_int(repeats, "repeat_interleave: repeats")
    )
    if counts.dtype.kind not in "iu":
        raise DtypeError(f"repeat_interleave: repeats must be integers, not {repeats.dtype.name}")
    if counts.size != 1 and counts.shape != (size,):
        raise ShapeError(
            f"repeat_interleave: repeats of shape {counts.shape}, axis {dim} of shape {x.shape} "
            f"needs ({size},)"
        )
    if counts.size and counts.min() < 0:
        raise ValueError(f"repeat_interleave: repeats holds {counts.min()}, needs at least 0")
    return IndexSelect(dim, np.repeat(np.arange(size), counts.reshape(-1)))(x)


def roll(x, shifts, dims=None):
    """Shift elements along axes; what leaves at the end comes in at the start.

    Parameters
    ----------
    x : Tensor
        Any elements.
    shifts : int or tuple of int
        How far, in positions; negative toward the start.
    dims : int or tuple of int, optional
        The axis for each shift; default the flattened tensor, with one shift.

    Returns
    -------
    Tensor
        Of the shape of `x`; a copy.

    Raises
    ------
    ShapeError
        If an axis does not exist, or there are not as many shifts as axes.

    Examples
    --------
    >>> import lucid
    >>> lucid.roll(lucid.arange(5), 2)
    tensor([3, 4, 0, 1, 2])
    """
    check_tensor(x, "roll")
    shifts = as_shape(shifts if isinstance(shifts, (tuple, list)) else (shifts,), "roll: a shift")
    if dims is None:
        if len(shifts) != 1:
            raise ShapeError(f"roll: shifts={shifts} without dims; give one shift, or dims")
        return reshape(Roll(shifts, (0,))(reshape(x, -1)), x.array.shape)
    dims = dims if isinstance(dims, (tuple, list)) else (dims,)
    if len(dims) != len(shifts):
        raise ShapeError(f"roll: {len(shifts)} shifts {shifts} for {len(dims)} dims {dims}")
    return Roll(shifts, tuple([check_dim(dim, x.array.ndim, "roll") for dim in dims]))(x)


def meshgrid(*tensors, indexing="ij"):
    """Spread coordinates over a grid.

    Parameters
    ----------
    *tensors : Tensor
        The coordinates along each axis, ``(n,)`` each or without axes; or one sequence of them.
    indexing : {"ij", "xy"}, default "ij"
        Whether the first axis of the grid belongs to the first tensor, or to the second, as in a
        picture.

    Returns
    -------
    tuple of Tensor
        One for each of `tensors`, all of the shape of the grid; read-only views.

    Raises
    ------
    ShapeError
        If there is no tensor, or one has more than one axis.
    ValueError
        If `indexing` is neither.

    Examples
    --------
    >>> import lucid
    >>> rows, columns = lucid.meshgrid(lucid.arange(2), lucid.arange(3))
    >>> columns
    tensor([[0, 1, 2],
            [0, 1, 2]])
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tensors[0]
    if indexing not in ("ij", "xy"):
        raise ValueError(f"meshgrid: indexing={indexing!r} must be 'ij' or 'xy'")
    if not tensors:
        raise ShapeError("meshgrid: needs at least one tensor")
    for x in tensors:
        check_tensor(x, "meshgrid")
        if x.array.ndim > 1:
            raise ShapeError(f"meshgrid: needs tensors of one axis, not of shape {x.shape}")
    axes = list(range(len(tensors)))
    if indexing == "xy" and len(axes) > 1:
        axes[:2] = 1, 0
    shape = [0] * len(axes)
    for axis, x in zip(axes, tensors, strict=True):
        shape[axis] = prod(x.array.shape)
    ones = (1,) * len(axes)
    return tuple([
        BroadcastTo(tuple(shape))(reshape(x, (*ones[:axis], x.array.size, *ones[axis + 1 :])))
        for axis, x in zip(axes, tensors, strict=True)
    ])
