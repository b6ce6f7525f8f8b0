"""Reading and writing along one axis at positions that a tensor tells."""

import numpy as np

from lucid.autograd import Function
from lucid.dtypes import category
from lucid.errors import DtypeError, ShapeError
from lucid.ops.elementwise import mul
from lucid.ops.operands import (
    BroadcastTo, as_number, check_broadcast, check_dim, check_tensor, is_tensor,
)
from lucid.ops.shaping import reshape

__all__ = ["gather", "index_add", "index_select", "scatter", "scatter_add", "take_along_dim"]


def crop(index):
    """Give the slices that cut an array to the shape of `index`, but for one axis."""
    return [slice(size) for size in index.shape]


def places(index, dim):
    """Give the key that means: along `dim` at `index`, along the other axes at its own place."""
    key = list(np.ogrid[tuple(crop(index))])
    key[dim] = index
    return tuple(key)


def add_along(target, dim, index, source):
    """Add source into target at the places of index, which may name one twice."""
    positions = np.ravel_multi_index(np.broadcast_arrays(*places(index, dim)), target.shape)
    np.add.at(target.reshape(-1), positions.reshape(-1), source.reshape(-1))
    return target


class Gather(Function):
    r"""Read along an axis: :math:`y_{ij} = x_{index_{ij} j}`; backward adds up what is read."""

    keeps_inputs = False
    computes = False

    def __init__(self, dim, index):
        self.dim, self.index = dim, index

    def forward(self, x):
        cut = crop(self.index)
        cut[self.dim] = slice(None)
        return np.take_along_axis(x[tuple(cut)], self.index, self.dim)

    def backward(self, grad_y):
        return PutAlong(self.dim, self.index, self.input_shapes[0])(grad_y)


class PutAlong(Function):
    """Add along an axis into zeros: the adjoint of `Gather`."""

    keeps_inputs = False

    def __init__(self, dim, index, shape):
        self.dim, self.index, self.shape = dim, index, shape

    def forward(self, y):
        return add_along(np.zeros(self.shape, y.dtype), self.dim, self.index, y)

    def backward(self, grad_x):
        return Gather(self.dim, self.index)(grad_x)


class Scatter(Function):
    """Write over elements along an axis: they lose their gradient to what is written."""

    keeps_inputs = False

    def __init__(self, dim, index):
        self.dim, self.index = dim, index

    def forward(self, x, source):
        y = x.copy()
        y[places(self.index, self.dim)] = source
        return y

    def backward(self, grad_y):
        grad_x = grad_source = None
        if self.needs[0]:
            zeros = grad_y.wrap(np.zeros(self.index.shape, grad_y.array.dtype))
            grad_x = Scatter(self.dim, self.index)(grad_y, zeros)
        if self.needs[1]:
            grad_source = Gather(self.dim, self.index)(grad_y)
        return grad_x, grad_source


class ScatterAdd(Function):
    """Add to elements along an axis: both keep their gradient."""

    keeps_inputs = False

    def __init__(self, dim, index):
        self.dim, self.index = dim, index

    def forward(self, x, source):
        return add_along(x.copy(order="C"), self.dim, self.index, source)

    def backward(self, grad_y):
        grad_source = Gather(self.dim, self.index)(grad_y) if self.needs[1] else None
        return grad_y, grad_source


def add_slices(target, dim, index, source):
    """Add slices of source into those of target that index names, perhaps twice."""
    if index.size:
        order = np.argsort(index, kind="stable")
        index = index[order]
        source = np.moveaxis(source, dim, 0)[order]
        starts = np.flatnonzero(np.concatenate([[True], index[1:] != index[:-1]]))
        if len(starts) < len(index):  # equal ones stand together now: add them up
            source = np.add.reduceat(source, starts, axis=0, dtype=source.dtype)
        np.moveaxis(target, dim, 0)[index[starts]] += source
    return target


class IndexSelect(Function):
    """Read slices across an axis; backward adds up those that are read."""

    keeps_inputs = False
    computes = False

    def __init__(self, dim, index):
        self.dim, self.index = dim, index

    def forward(self, x):
        return np.take(x, self.index, axis=self.dim)

    def backward(self, grad_y):
        return PutSlices(self.dim, self.index, self.input_shapes[0])(grad_y)


class PutSlices(Function):
    """Add slices into zeros: the adjoint of `IndexSelect`."""

    keeps_inputs = False

    def __init__(self, dim, index, shape):
        self.dim, self.index, self.shape = dim, index, shape

    def forward(self, y):
        return add_slices(np.zeros(self.shape, y.dtype), self.dim, self.index, y)

    def backward(self, grad_x):
        return IndexSelect(self.dim, self.index)(grad_x)


class IndexAdd(Function):
    """Add slices to those that an index names: both keep their gradient."""

    keeps_inputs = False

    def __init__(self, dim, index):
        self.dim, self.index = dim, index

    def forward(self, x, source):
        return add_slices(x.copy(), self.dim, self.index, source)

    def backward(self, grad_y):
        grad_source = IndexSelect(self.dim, self.index)(grad_y) if self.needs[1] else None
        return grad_y, grad_source


def check_index(index, size, name):
    """Return a copy of the positions of an index tensor, all of them in an axis of `size`."""
    check_tensor(index, name)
    array = index.array
    if array.dtype.kind not in "iu":
        raise DtypeError(f"{name}: index must hold integers, not {index.dtype.name}")
    array = array.astype(np.int64)  # a step keeps it: no change comes through
    if array.size and (array.min() < 0 or array.max() >= size):
        wrong = array.min() if array.min() < 0 else array.max()
        raise IndexError(f"{name}: index holds {wrong}, needs 0 to {size - 1}")
    return array


def _along(x, dim, index, name):
    """Check what gather and scatter share; returns the axis and the array of positions."""
    check_tensor(x, name)
    check_tensor(index, name)
    shape, wanted = x.array.shape, index.array.shape
    if len(shape) != len(wanted):
        raise ShapeError(
            f"{name}: index of shape {wanted} must have as many axes as x of shape {shape}"
        )
    dim = check_dim(dim, len(shape), name)
    for axis, (size, used) in enumerate(zip(shape, wanted, strict=True)):
        if axis != dim and used > size:
            raise ShapeError(
                f"{name}: index of shape {wanted} is larger than x of shape {shape} along axis "
                f"{axis}; only along dim={dim} it may be"
            )
    return dim, check_index(index, shape[dim] if shape else 1, name)


def gather(x, dim, index):
    r"""Read elements along an axis: :math:`y_{ij} = x_{index_{ij}\, j}` for `dim` 0.

    Parameters
    ----------
    x : Tensor
        Any elements.
    dim : int
        The axis along which `index` tells the position.
    index : Tensor of integers
        As many axes as `x`, along none but `dim` longer; positions from 0.

    Returns
    -------
    Tensor
        Of the shape of `index`.

    Raises
    ------
    ShapeError
        If the shape of `index` does not fit.
    DtypeError
        If `index` holds no integers.
    IndexError
        If a position is outside.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([[1, 2], [3, 4]])
    >>> lucid.gather(x, 1, lucid.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])
    """
    dim, index = _along(x, dim, index, "gather")
    if not x.array.ndim:
        return reshape(x, (1,))[0]
    return Gather(dim, index)(x)


def _source(x, index, src, value, name):
    """Give what to write as a tensor of the shape of index."""
    if (src is None) == (value is None):
        raise ValueError(f"{name}: needs src or value, one of them")
    src = value if src is None else src
    if not is_tensor(src):
        array = as_number(src, x.array.dtype, name)
        if category(array.dtype) > category(x.array.dtype):
            raise DtypeError(f"{name}: {src} does not fit in {x.dtype.name}; call x.float() first")
        return x.wrap(np.broadcast_to(array.astype(x.array.dtype), index.shape))
    check_same_dtype(x, src, name)
    given = src.array.shape
    fits = len(given) == index.ndim and all(
        used <= size for used, size in zip(index.shape, given, strict=True)
    )
    if not fits:
        raise ShapeError(
            f"{name}: src of shape {given} must be as large as index of shape {index.shape}"
        )
    return src if given == index.shape else src[tuple(crop(index))]


def check_same_dtype(x, source, name):
    """Refuse what would be written into x if it has another type."""
    if source.array.dtype != x.array.dtype:
        raise DtypeError(
            f"{name}: x is {x.dtype.name} but what is written is {source.dtype.name}; convert "
            f"one with .to(dtype)"
        )


def scatter(x, dim, index, src=None, *, value=None):
    r"""Write over elements along an axis: :math:`y_{index_{ij}\, j} = src_{ij}` for `dim` 0.

    Parameters
    ----------
    x : Tensor
        What is copied and written over; at least one axis.
    dim : int
        The axis along which `index` tells the position.
    index : Tensor of integers
        As many axes as `x`, along none but `dim` longer; positions from 0.
    src : Tensor or number, optional
        What to write, of the type of `x`; its axes are at least as long as those of `index`, and
        what is beyond is not used.
    value : number, optional
        Another name of `src`; one of the two is given.

    Returns
    -------
    Tensor
        Of the shape of `x`. Where `index` names one place twice, one of the elements is written,
        and the gradient comes to both.

    Raises
    ------
    ShapeError
        If a shape does not fit.
    DtypeError
        If `index` holds no integers, or `src` is of another type than `x`.
    IndexError
        If a position is outside.
    ValueError
        If both or none of `src` and `value` are given.

    Examples
    --------
    >>> import lucid
    >>> labels = lucid.tensor([2, 0])
    >>> lucid.scatter(lucid.zeros(2, 3), 1, labels[:, None], 1.0)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    dim, index = _along(x, dim, index, "scatter")
    source = _source(x, index, src, value, "scatter")
    if not x.array.ndim:
        return reshape(source, (1,))[0] + 0
    return Scatter(dim, index)(x, source)


def scatter_add(x, dim, index, src):
    r"""Add to elements along an axis: :math:`y_{index_{ij}\, j} \mathrel{+}= src_{ij}` for `dim` 0.

    Parameters
    ----------
    x : Tensor
        What is copied and added to; at least one axis.
    dim : int
        The axis along which `index` tells the position.
    index : Tensor of integers
        As many axes as `x`, along none but `dim` longer; positions from 0, one may come twice.
    src : Tensor
        What to add, of the type of `x`; its axes are at least as long as those of `index`, and
        what is beyond is not used.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    ShapeError
        If a shape does not fit.
    DtypeError
        If `index` holds no integers, or `src` is of another type than `x`.
    IndexError
        If a position is outside.

    Examples
    --------
    >>> import lucid
    >>> index = lucid.tensor([0, 2, 0])
    >>> lucid.scatter_add(lucid.zeros(3), 0, index, lucid.tensor([1.0, 2.0, 3.0]))
    tensor([4., 0., 2.])
    """
    check_tensor(src, "scatter_add")
    dim, index = _along(x, dim, index, "scatter_add")
    source = _source(x, index, src, None, "scatter_add")
    return ScatterAdd(dim, index)(x, source) if x.array.ndim else x + source


def take_along_dim(x, indices, dim=None):
    """Read elements along an axis, as `gather` does, the other axes broadcasting.

    Parameters
    ----------
    x : Tensor
        Any elements.
    indices : Tensor of integers
        Positions from 0, as many axes as `x`; with `dim` None, of any shape.
    dim : int, optional
        The axis along which `indices` tells the position; default the flattened tensor.

    Returns
    -------
    Tensor

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.
    DtypeError
        If `indices` holds no integers.
    IndexError
        If a position is outside.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([[10, 30, 20], [60, 40, 50]])
    >>> lucid.take_along_dim(x, lucid.argsort(x, 1), 1)
    tensor([[10, 20, 30],
            [40, 50, 60]])
    """
    check_tensor(x, "take_along_dim")
    check_tensor(indices, "take_along_dim")
    if dim is None:
        return gather(reshape(x, -1), 0, reshape(indices, -1))
    ndim = x.array.ndim
    dim = check_dim(dim, ndim, "take_along_dim")
    if indices.array.ndim != ndim:
        raise ShapeError(
            f"take_along_dim: indices of shape {indices.shape} must have as many axes as x of "
            f"shape {x.shape}"
        )
    if not ndim:
        return gather(x, 0, indices)
    a, b = list(x.array.shape), list(indices.array.shape)
    length, count = a[dim], b[dim]
    a[dim] = b[dim] = 1
    check_broadcast(tuple(a), tuple(b), "take_along_dim")
    shape = list(np.broadcast_shapes(a, b))
    x = BroadcastTo((*shape[:dim], length, *shape[dim + 1 :]))(x)
    return gather(x, dim, BroadcastTo((*shape[:dim], count, *shape[dim + 1 :]))(indices))


def _positions(x, dim, index, name):
    check_tensor(x, name)
    check_tensor(index, name)
    if index.array.ndim > 1:
        raise ShapeError(f"{name}: index must have one axis, not shape {index.shape}")
    if not x.array.ndim:
        raise ShapeError(f"{name}: x has no axes; call x.reshape(1) first")
    dim = check_dim(dim, x.array.ndim, name)
    return dim, check_index(index, x.array.shape[dim], name).reshape(-1)


def index_select(x, dim, index):
    """Read slices across an axis, in a given order, perhaps some twice.

    Parameters
    ----------
    x : Tensor
        Any elements; at least one axis.
    dim : int
        The axis that is indexed.
    index : Tensor of integers
        ``(n,)``, positions from 0.

    Returns
    -------
    Tensor
        As `x`, but of length n along `dim`; a copy.

    Raises
    ------
    ShapeError
        If `index` has more than one axis, or `x` none.
    DtypeError
        If `index` holds no integers.
    IndexError
        If a position is outside.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([[1, 2, 3], [4, 5, 6]])
    >>> lucid.index_select(x, 1, lucid.tensor([2, 0]))
    tensor([[3, 1],
            [6, 4]])
    """
    dim, index = _positions(x, dim, index, "index_select")
    return IndexSelect(dim, index)(x)


def index_add(x, dim, index, source, *, alpha=1):
    """Add slices to those that an index names.

    Parameters
    ----------
    x : Tensor
        What is copied and added to; at least one axis.
    dim : int
        The axis that is indexed.
    index : Tensor of integers
        ``(n,)``, positions from 0, one may come twice.
    source : Tensor
        What to add: as `x`, but of length n along `dim`.
    alpha : number, default 1
        What to multiply `source` by first.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    ShapeError
        If a shape does not fit.
    DtypeError
        If `index` holds no integers, or `source` is of another type than `x`.
    IndexError
        If a position is outside.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.index_add(lucid.zeros(3), 0, lucid.tensor([0, 2, 0]), lucid.ones(3))
    >>> x
    tensor([2., 0., 1.])
    """
    dim, index = _positions(x, dim, index, "index_add")
    check_tensor(source, "index_add")
    shape = x.array.shape
    wanted = (*shape[:dim], index.size, *shape[dim + 1 :])
    if source.array.shape != wanted:
        raise ShapeError(f"index_add: source has shape {source.shape}, needs {wanted}")
    source = source if alpha == 1 else mul(source, alpha)
    check_same_dtype(x, source, "index_add")
    return IndexAdd(dim, index)(x, source)
