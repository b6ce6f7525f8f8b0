"""Steps that move elements without changing them; views share memory where NumPy's do."""

from functools import reduce
from math import prod

import numpy as np

from lucid.autograd import Function
from lucid.dtypes import promote_types
from lucid.errors import ShapeError
from lucid.geometry import MAXIMUM, check_int
from lucid.ops.naming import numpy_names
from lucid.ops.operands import BroadcastTo, cast, check_dim, check_dims, check_tensor

__all__ = [
    "broadcast_to", "cat", "clone", "flatten", "flip", "movedim", "permute", "reshape", "squeeze",
    "stack", "swapaxes", "t", "transpose", "unflatten", "unsqueeze",
]


class Reshape(Function):
    """Read the elements in the same order into another shape."""

    keeps_inputs = False
    computes = False

    def __init__(self, shape):
        self.shape = shape

    def forward(self, x):
        return x.reshape(self.shape)

    def backward(self, grad_y):
        return Reshape(self.input_shapes[0])(grad_y)


class Clone(Function):
    """Copy the elements, in the order of their indices."""

    keeps_inputs = False
    computes = False

    def forward(self, x):
        return x.copy(order="C")

    def backward(self, grad_y):
        return grad_y


class Permute(Function):
    """Reorder the axes; backward puts them back."""

    keeps_inputs = False
    computes = False

    def __init__(self, dims):
        self.dims = dims

    def forward(self, x):
        return x.transpose(self.dims)

    def backward(self, grad_y):
        return Permute(tuple(np.argsort(self.dims).tolist()))(grad_y)


class Flip(Function):
    """Turn axes around; its own adjoint."""

    keeps_inputs = False
    computes = False

    def __init__(self, dims):
        self.dims = dims

    def forward(self, x):
        return np.flip(x, self.dims).copy()

    def backward(self, grad_y):
        return Flip(self.dims)(grad_y)


class Concatenate(Function):
    """Join along an axis; backward cuts the gradient apart."""

    keeps_inputs = False
    computes = False

    def __init__(self, dim):
        self.dim = dim

    def forward(self, *arrays):
        return np.concatenate(arrays, axis=self.dim)

    def backward(self, grad_y):
        ends = np.cumsum([shape[self.dim] for shape in self.input_shapes]).tolist()
        lead = (slice(None),) * self.dim
        return tuple(
            grad_y[(*lead, slice(start, end))]
            for start, end in zip([0, *ends], ends, strict=False)
        )


def as_shape(shape, name="shape"):
    """Take sizes as separate arguments or as one tuple."""
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = shape[0]
    for size in shape:
        if type(size) is not int or size > MAXIMUM:
            return tuple([check_int(size, name) for size in shape])
    return tuple(shape)


def reshape(x, *shape):
    """Read the elements in the same order into another shape.

    Parameters
    ----------
    x : Tensor
        Any elements.
    *shape : int or tuple of int
        The new sizes, separate or as one tuple; one of them may be -1 and follows from the rest.

    Returns
    -------
    Tensor
        A view where the memory allows it, else a copy.

    Raises
    ------
    ShapeError
        If the new shape has another number of elements.

    Examples
    --------
    >>> import lucid
    >>> lucid.reshape(lucid.arange(6), 2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    check_tensor(x, "reshape")
    return Reshape(check_sizes(x, as_shape(shape)))(x)


def check_sizes(x, shape):
    """Return the shape to read x into, with its -1 filled in."""
    size, product = x.array.size, 1
    for each in shape:
        if each < 0:
            break
        product *= each
    else:
        if product == size:
            return shape  # the usual case
    known = prod([size for size in shape if size != -1])
    unknown = shape.count(-1)
    if unknown > 1 or min(shape, default=0) < -1:
        raise ShapeError(f"reshape: {shape} may hold one -1 and no other negative size")
    if (known != size) if not unknown else (known == 0 or size % known):
        raise ShapeError(
            f"reshape: shape {x.shape} has {size} elements, which do not fill {shape}"
            + (f": {known} elements" if not unknown else f": not a multiple of {known}")
        )
    return tuple([size // known if each == -1 else each for each in shape])


def view(x, *shape):
    """Read the elements in the same order into another shape, never copying.

    Parameters
    ----------
    x : Tensor
        Any elements.
    *shape : int or tuple of int
        The new sizes, separate or as one tuple; one of them may be -1 and follows from the rest.

    Returns
    -------
    Tensor
        A view.

    Raises
    ------
    ShapeError
        If the new shape has another number of elements, or the memory does not allow a view.

    Examples
    --------
    >>> import lucid
    >>> lucid.arange(6).view(3, 2)
    tensor([[0, 1],
            [2, 3],
            [4, 5]])
    """
    check_tensor(x, "view")
    shape = check_sizes(x, as_shape(shape))
    y = Reshape(shape)(x)
    if x.array.size and not np.may_share_memory(x.array, y.array):
        raise ShapeError(
            f"view: the elements of this shape {x.shape} do not lie in memory as {shape} needs; "
            f"use reshape, which copies them"
        )
    return y


def clone(x):
    """Copy the elements; the gradient flows through.

    Parameters
    ----------
    x : Tensor
        Any elements.

    Returns
    -------
    Tensor
        With memory of its own.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.zeros(2)
    >>> lucid.clone(x).fill_(1), x
    (tensor([1., 1.]), tensor([0., 0.]))
    """
    check_tensor(x, "clone")
    return Clone()(x)


def contiguous(x):
    """Lay the elements in memory in the order of their indices.

    Parameters
    ----------
    x : Tensor
        Any elements.

    Returns
    -------
    Tensor
        `x` itself if its elements lie so already, else a copy.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.zeros(2, 3).T
    >>> x.is_contiguous(), x.contiguous().is_contiguous()
    (False, True)
    """
    return x if x.array.flags.c_contiguous else Clone()(x)


def flatten(x, start_dim=0, end_dim=-1):
    """Merge neighbouring axes into one.

    Parameters
    ----------
    x : Tensor
        Any elements.
    start_dim, end_dim : int, default 0 and -1
        The first and last axis to merge.

    Returns
    -------
    Tensor
        A view where the memory allows it, else a copy.

    Raises
    ------
    ShapeError
        If an axis does not exist, or they are in the wrong order.

    Examples
    --------
    >>> import lucid
    >>> lucid.flatten(lucid.zeros(2, 3, 4), 1).shape
    (2, 12)
    """
    check_tensor(x, "flatten")
    shape = x.array.shape
    start = check_dim(start_dim, len(shape), "flatten")
    end = check_dim(end_dim, len(shape), "flatten")
    if start > end:
        raise ShapeError(f"flatten: start_dim={start_dim} comes after end_dim={end_dim}")
    return Reshape((*shape[:start], prod(shape[start : end + 1]), *shape[end + 1 :]))(x)


def permute(x, *dims):
    """Reorder all axes.

    Parameters
    ----------
    x : Tensor
        Any elements.
    *dims : int or tuple of int
        For each axis of the result, the axis of `x` it was.

    Returns
    -------
    Tensor
        A view.

    Raises
    ------
    ShapeError
        If `dims` does not name every axis once.

    Examples
    --------
    >>> import lucid
    >>> lucid.permute(lucid.zeros(1, 32, 32, 3), 0, 3, 1, 2).shape
    (1, 3, 32, 32)
    """
    check_tensor(x, "permute")
    ndim = x.array.ndim
    given = as_shape(dims, "permute: dim")
    dims = tuple([check_dim(dim, ndim, "permute") for dim in given])
    if sorted(dims) != list(range(ndim)):
        raise ShapeError(f"permute: dims={given} must name each of {ndim} axes once")
    return Permute(dims)(x)


def transpose(x, dim0, dim1):
    """Swap two axes.

    Parameters
    ----------
    x : Tensor
        Any elements.
    dim0, dim1 : int
        The axes to swap.

    Returns
    -------
    Tensor
        A view.

    Raises
    ------
    ShapeError
        If an axis does not exist.

    Examples
    --------
    >>> import lucid
    >>> lucid.transpose(lucid.zeros(2, 3, 4), 0, 2).shape
    (4, 3, 2)
    """
    check_tensor(x, "transpose")
    ndim = x.array.ndim
    dims = list(range(ndim))
    i, j = check_dim(dim0, ndim, "transpose"), check_dim(dim1, ndim, "transpose")
    if ndim:
        dims[i], dims[j] = j, i
    return Permute(tuple(dims))(x)


def swapaxes(x, axis0, axis1):
    """Swap two axes: another name of `transpose`.

    Parameters
    ----------
    x : Tensor
        Any elements.
    axis0, axis1 : int
        The axes to swap.

    Returns
    -------
    Tensor
        A view.

    Raises
    ------
    ShapeError
        If an axis does not exist.

    Examples
    --------
    >>> import lucid
    >>> lucid.swapaxes(lucid.zeros(2, 3, 4), 0, 2).shape
    (4, 3, 2)
    """
    return transpose(x, axis0, axis1)


def unflatten(x, dim, sizes):
    """Split one axis into several.

    Parameters
    ----------
    x : Tensor
        Any elements.
    dim : int
        The axis to split.
    sizes : tuple of int
        The new sizes, whose product is that of the axis; one of them may be -1.

    Returns
    -------
    Tensor
        A view where the memory allows it, else a copy.

    Raises
    ------
    ShapeError
        If `dim` is not an axis, or `sizes` does not fill it.

    Examples
    --------
    >>> import lucid
    >>> lucid.unflatten(lucid.zeros(2, 12), 1, (3, -1)).shape
    (2, 3, 4)
    """
    check_tensor(x, "unflatten")
    shape, sizes = x.array.shape, as_shape((sizes,), "unflatten: a size")
    if not shape or not sizes:
        raise ShapeError(f"unflatten: shape {shape} and sizes={sizes} both need at least 1 axis")
    dim = check_dim(dim, len(shape), "unflatten")
    known = prod([size for size in sizes if size != -1])
    if sizes.count(-1) == 1 and known > 0:
        sizes = tuple([shape[dim] // known if size == -1 else size for size in sizes])
    if prod(sizes) != shape[dim] or min(sizes) < 0:
        raise ShapeError(
            f"unflatten: sizes={sizes} do not fill axis {dim} of shape {shape}, which has "
            f"{shape[dim]}"
        )
    return Reshape((*shape[:dim], *sizes, *shape[dim + 1 :]))(x)


def t(x):
    """Swap the axes of a matrix.

    Parameters
    ----------
    x : Tensor
        Of at most 2 axes.

    Returns
    -------
    Tensor
        A view.

    Raises
    ------
    ShapeError
        If `x` has more than 2 axes.

    Examples
    --------
    >>> import lucid
    >>> lucid.t(lucid.zeros(2, 3)).shape
    (3, 2)
    """
    check_tensor(x, "t")
    if x.array.ndim > 2:
        raise ShapeError(f"t: needs at most 2 axes, shape {x.shape} has {x.array.ndim}; use mT")
    return Permute(tuple(range(x.array.ndim))[::-1])(x)


def movedim(x, source, destination):
    """Move an axis to another place, the others keeping their order.

    Parameters
    ----------
    x : Tensor
        Any elements.
    source, destination : int
        Where the axis is, and where it goes.

    Returns
    -------
    Tensor
        A view.

    Raises
    ------
    ShapeError
        If an axis does not exist.

    Examples
    --------
    >>> import lucid
    >>> lucid.movedim(lucid.zeros(2, 3, 4), 0, -1).shape
    (3, 4, 2)
    """
    check_tensor(x, "movedim")
    ndim = x.array.ndim
    source = check_dim(source, ndim, "movedim")
    dims = [axis for axis in range(ndim) if axis != source]
    dims.insert(check_dim(destination, ndim, "movedim"), source)
    return Permute(tuple(dims) if ndim else ())(x)


@numpy_names
def squeeze(x, dim=None):
    """Drop axes of length 1.

    Parameters
    ----------
    x : Tensor
        Any elements.
    dim : int or tuple of int, optional
        The axes to drop if their length is 1; default all of length 1.

    Returns
    -------
    Tensor
        A view.

    Raises
    ------
    ShapeError
        If an axis does not exist.

    Examples
    --------
    >>> import lucid
    >>> lucid.squeeze(lucid.zeros(1, 3, 1)).shape
    (3,)
    """
    check_tensor(x, "squeeze")
    shape = x.array.shape
    dims = check_dims(dim, len(shape), "squeeze")
    kept = [size for axis, size in enumerate(shape) if size != 1 or axis not in dims]
    return Reshape(tuple(kept))(x)


@numpy_names
def unsqueeze(x, dim):
    """Add an axis of length 1.

    Parameters
    ----------
    x : Tensor
        Any elements.
    dim : int
        Where the new axis stands in the result.

    Returns
    -------
    Tensor
        A view.

    Raises
    ------
    ShapeError
        If `dim` is not an axis of the result.

    Examples
    --------
    >>> import lucid
    >>> lucid.unsqueeze(lucid.zeros(3, 4), 1).shape
    (3, 1, 4)
    """
    check_tensor(x, "unsqueeze")
    shape = list(x.array.shape)
    shape.insert(check_dim(dim, len(shape) + 1, "unsqueeze"), 1)
    return Reshape(tuple(shape))(x)


def broadcast_to(x, *shape):
    """Repeat axes of length 1, and new ones in front, without copying; also called `expand`.

    Parameters
    ----------
    x : Tensor
        Any elements.
    *shape : int or tuple of int
        The new sizes; -1 keeps the size that the axis has.

    Returns
    -------
    Tensor
        A read-only view.

    Raises
    ------
    ShapeError
        If an axis that is not 1 would have to change.

    Examples
    --------
    >>> import lucid
    >>> lucid.broadcast_to(lucid.tensor([1, 2]), 2, 2)
    tensor([[1, 2],
            [1, 2]])
    """
    check_tensor(x, "broadcast_to")
    given, before = as_shape(shape), x.array.shape
    lead = len(given) - len(before)
    sizes = tuple([
        before[axis - lead] if size == -1 and axis >= lead else size
        for axis, size in enumerate(given)
    ])
    fits = lead >= 0 and all(
        old in (1, new) for old, new in zip(before, sizes[lead:], strict=True)
    )
    if not fits or min(sizes, default=0) < 0:
        raise ShapeError(
            f"broadcast_to: shape {before} does not broadcast to {given}: counted from the last, "
            f"axes must be equal, or 1 before"
        )
    return BroadcastTo(sizes)(x)


def flip(x, *dims):
    """Turn axes around.

    Parameters
    ----------
    x : Tensor
        Any elements.
    *dims : int or tuple of int
        The axes to turn around.

    Returns
    -------
    Tensor
        A copy.

    Raises
    ------
    ShapeError
        If an axis does not exist.

    Examples
    --------
    >>> import lucid
    >>> lucid.flip(lucid.arange(3), 0)
    tensor([2, 1, 0])
    """
    check_tensor(x, "flip")
    return Flip(check_dims(as_shape(dims, "flip: dim"), x.array.ndim, "flip"))(x)


@numpy_names
def cat(tensors, dim=0):
    """Join tensors along an axis.

    Parameters
    ----------
    tensors : sequence of Tensor
        Equal in every other axis; different types are promoted.
    dim : int, default 0
        The axis to join along.

    Returns
    -------
    Tensor

    Raises
    ------
    ShapeError
        If there is no tensor, or one differs in another axis.

    Examples
    --------
    >>> import lucid
    >>> lucid.cat([lucid.tensor([1, 2]), lucid.tensor([3])])
    tensor([1, 2, 3])
    """
    tensors = _same_type(tensors, "cat")
    first = tensors[0].array.shape
    if not first:
        raise ShapeError("cat: a tensor without axes cannot be joined; use stack")
    dim = check_dim(dim, len(first), "cat")
    for position, x in enumerate(tensors):
        shape = x.array.shape
        if len(shape) != len(first) or (
            shape[:dim] + shape[dim + 1 :] != first[:dim] + first[dim + 1 :]
        ):
            raise ShapeError(
                f"cat: tensor {position} has shape {shape}, which differs from {first} of the "
                f"first in another axis than dim={dim}"
            )
    return Concatenate(dim)(*tensors)


@numpy_names
def stack(tensors, dim=0):
    """Join tensors along a new axis.

    Parameters
    ----------
    tensors : sequence of Tensor
        All of one shape.
    dim : int, default 0
        Where the new axis stands in the result.

    Returns
    -------
    Tensor

    Raises
    ------
    ShapeError
        If there is no tensor, or the shapes differ.

    Examples
    --------
    >>> import lucid
    >>> lucid.stack([lucid.tensor([1, 2]), lucid.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    tensors = _same_type(tensors, "stack")
    shapes = {x.array.shape for x in tensors}
    if len(shapes) > 1:
        raise ShapeError(f"stack: all shapes must be equal, not {sorted(shapes)}")
    dim = check_dim(dim, tensors[0].array.ndim + 1, "stack")
    return Concatenate(dim)(*[unsqueeze(x, dim) for x in tensors])


def _same_type(tensors, name):
    tensors = list(tensors)
    if not tensors:
        raise ShapeError(f"{name}: needs at least one tensor")
    for x in tensors:
        check_tensor(x, name)
    top = reduce(promote_types, [x.dtype for x in tensors])
    return [cast(x, top) for x in tensors]
