"""Putting elements in order."""

from collections import namedtuple

import numpy as np

from lucid.errors import ShapeError
from lucid.geometry import check_int
from lucid.ops.gathering import Gather
from lucid.ops.naming import numpy_names
from lucid.ops.operands import check_dim, check_tensor
from lucid.ops.reduction import Extreme, Extremes
from lucid.ops.shaping import clone, reshape

__all__ = ["argsort", "median", "sort", "topk", "unique"]

Sorted = namedtuple("Sorted", "values indices")


def _order(array, dim, descending, stable):
    """Find the positions of the elements in order; NaN counts as the largest."""
    kind = "stable" if stable else None
    if not array.ndim:
        return np.zeros((), np.int64)
    if not descending:
        return np.argsort(array, axis=dim, kind=kind)
    backward = np.argsort(np.flip(array, dim), axis=dim, kind=kind)  # equal ones keep their order
    return array.shape[dim] - 1 - np.flip(backward, dim)


@numpy_names
def argsort(x, dim=-1, descending=False, *, stable=False):
    """Find the positions of the elements in order.

    Parameters
    ----------
    x : Tensor
        Any numbers; NaN counts as the largest.
    dim : int, default -1
        The axis to sort along.
    descending : bool, default False
        Put the largest first.
    stable : bool, default False
        Keep equal elements in their order.

    Returns
    -------
    Tensor of int64
        Of the shape of `x`.

    Raises
    ------
    ShapeError
        If `dim` is not an axis.

    Examples
    --------
    >>> import lucid
    >>> lucid.argsort(lucid.tensor([30, 10, 20]))
    tensor([1, 2, 0])
    """
    check_tensor(x, "argsort")
    dim = check_dim(dim, x.array.ndim, "argsort")
    return x.wrap(_order(x.array, dim, descending, stable))


@numpy_names
def sort(x, dim=-1, descending=False, *, stable=False):
    """Put the elements in order, and tell where they stood.

    Parameters
    ----------
    x : Tensor
        Any numbers; NaN counts as the largest.
    dim : int, default -1
        The axis to sort along.
    descending : bool, default False
        Put the largest first.
    stable : bool, default False
        Keep equal elements in their order.

    Returns
    -------
    named tuple of Tensor
        ``(values, indices)``, both of the shape of `x`; the gradient of a value goes to the element
        that it was.

    Raises
    ------
    ShapeError
        If `dim` is not an axis.

    Examples
    --------
    >>> import lucid
    >>> values, indices = lucid.sort(lucid.tensor([30, 10, 20]))
    >>> values, indices
    (tensor([10, 20, 30]), tensor([1, 2, 0]))
    """
    check_tensor(x, "sort")
    dim = check_dim(dim, x.array.ndim, "sort")
    order = _order(x.array, dim, descending, stable)
    return Sorted(_read(x, dim, order), x.wrap(order.copy()))


def _read(x, dim, order):
    return Gather(dim, order)(x) if x.array.ndim else clone(x)


@numpy_names
def topk(x, k, dim=-1, largest=True, sorted=True):
    """Take the k largest elements along an axis, and tell where they stand.

    Parameters
    ----------
    x : Tensor
        Any numbers; NaN counts as the largest.
    k : int
        How many, from 0 to the length of the axis.
    dim : int, default -1
        The axis to search along.
    largest : bool, default True
        Whether the largest are wanted, or the smallest.
    sorted : bool, default True
        Whether they must come in order.

    Returns
    -------
    named tuple of Tensor
        ``(values, indices)``, of length k along `dim`; which of several equal ones are taken is
        not told. The gradient of a value goes to the element that it was.

    Raises
    ------
    ShapeError
        If `dim` is not an axis, or shorter than k.

    Examples
    --------
    >>> import lucid
    >>> values, indices = lucid.topk(lucid.tensor([30, 10, 20]), 2)
    >>> values, indices
    (tensor([30, 20]), tensor([0, 2]))
    """
    check_tensor(x, "topk")
    dim = check_dim(dim, x.array.ndim, "topk")
    size = x.array.shape[dim] if x.array.ndim else 1
    if not 0 <= check_int(k, "topk: k") <= size:
        raise ShapeError(f"topk: k={k}, but axis {dim} of shape {x.shape} has {size} elements")
    if not x.array.ndim:
        order = np.zeros((k,), np.int64)
        return Sorted(Gather(0, order)(reshape(x, (1,))), x.wrap(order.copy()))
    order = _top(x.array, k, dim, size, largest)
    if sorted:
        found = np.take_along_axis(x.array, order, dim)
        order = np.take_along_axis(order, _order(found, dim, largest, False), dim)
    return Sorted(Gather(dim, order)(x), x.wrap(order.copy()))


def _top(array, k, dim, size, largest):
    """Find the positions of the k largest or smallest, in no order, without sorting the others."""
    lead = (slice(None),) * dim
    if k in (0, size):
        order = np.broadcast_to(
            np.arange(size).reshape([-1] + [1] * (array.ndim - dim - 1)), array.shape
        )
        return order[(*lead, slice(k))]
    if largest:
        return np.argpartition(array, size - k, axis=dim)[(*lead, slice(size - k, None))]
    return np.argpartition(array, k - 1, axis=dim)[(*lead, slice(k))]


def _median_array(array, axis, keepdims):
    """Take the lower of the two middle elements of all; NaN wins."""
    flat = array.reshape(-1)
    middle = (flat.size - 1) // 2
    y = np.partition(flat, [middle, flat.size - 1])
    y = y[-1] if np.isnan(y[-1]) else y[middle]
    return np.asarray(y).reshape((1,) * array.ndim if keepdims else ())


@numpy_names
def median(x, dim=None, keepdim=False):
    """Take the middle element: the lower one where two stand in the middle; NaN wins.

    Parameters
    ----------
    x : Tensor
        Any numbers.
    dim : int, optional
        The axis to fold; default all.
    keepdim : bool, default False
        Keep the folded axis, with length 1; needs `dim`.

    Returns
    -------
    Tensor or named tuple of Tensor
        The middle one, equal ones sharing the gradient; with `dim`, ``(values, indices)``, where
        the element at the index gets the whole gradient.

    Raises
    ------
    ShapeError
        If there is no element to take, or `dim` is not an axis.

    Examples
    --------
    >>> import lucid
    >>> lucid.median(lucid.tensor([40, 10, 20, 30]))
    tensor(20)
    """
    check_tensor(x, "median")
    array = x.array
    if dim is None:
        if not array.size:
            raise ShapeError(f"median: shape {x.shape} has nothing to choose from")
        return Extreme(_median_array, tuple(range(array.ndim)), False)(x)
    dim = check_dim(dim, array.ndim, "median")
    if not array.ndim:
        return Extremes(clone(x), x.wrap(np.zeros((), np.int64)))
    size = array.shape[dim]
    if not size:
        raise ShapeError(f"median: shape {x.shape} has nothing to choose from along dim={dim}")
    order = _order(array, dim, False, True)
    middle = np.full([1 if axis == dim else n for axis, n in enumerate(array.shape)],
                     (size - 1) // 2)
    if array.dtype.kind == "f":
        undefined = np.isnan(array).sum(axis=dim, keepdims=True)  # these stand last
        middle = np.where(undefined > 0, size - undefined, middle)
    indices = np.take_along_axis(order, middle, dim)
    values, indices = Gather(dim, indices)(x), x.wrap(indices.copy())
    if keepdim:
        return Extremes(values, indices)
    shape = array.shape[:dim] + array.shape[dim + 1 :]
    return Extremes(reshape(values, shape), reshape(indices, shape))


@numpy_names
def unique(x, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """Find the different elements, or the different slices across an axis.

    Parameters
    ----------
    x : Tensor
        Any numbers; every NaN differs from every other.
    sorted : bool, default True
        Whether they must come in order; they always do.
    return_inverse : bool, default False
        Tell for each element of `x` its position among the different ones.
    return_counts : bool, default False
        Tell how often each of them comes.
    dim : int, optional
        The axis whose slices are compared; default the flattened tensor.

    Returns
    -------
    Tensor, or tuple of Tensor
        The different ones, in rising order, without a gradient; then the inverse and the counts,
        of int64, where they are asked for.

    Raises
    ------
    ShapeError
        If `dim` is not an axis.

    Examples
    --------
    >>> import lucid
    >>> lucid.unique(lucid.tensor([3, 1, 3, 2]), return_counts=True)
    (tensor([1, 2, 3]), tensor([1, 1, 2]))
    """
    check_tensor(x, "unique")
    if dim is not None:
        dim = check_dim(dim, x.array.ndim, "unique")
    if not x.array.ndim:
        dim = None
    values, inverse, counts = np.unique(
        x.array, return_inverse=True, return_counts=True, axis=dim, equal_nan=False
    )
    shape = x.array.shape if dim is None else (x.array.shape[dim],)
    results = [values]
    results += [inverse.reshape(shape)] if return_inverse else []
    results += [counts] if return_counts else []
    tensors = tuple([x.wrap(each) for each in results])
    return tensors if len(tensors) > 1 else tensors[0]
