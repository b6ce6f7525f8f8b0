"""Triangles and diagonals of matrices."""

import numpy as np

from lucid.autograd import Function
from lucid.errors import ShapeError
from lucid.geometry import check_int
from lucid.ops.operands import check_dim, check_tensor

__all__ = ["diag", "diagonal", "tril", "triu"]


class Triangle(Function):
    """Keep one triangle of every matrix; its own adjoint."""

    keeps_inputs = False

    def __init__(self, keep, offset):
        self.keep, self.offset = keep, offset

    def forward(self, x):
        return self.keep(x, self.offset)

    def backward(self, grad_y):
        return Triangle(self.keep, self.offset)(grad_y)


class Diagonal(Function):
    """Read a diagonal, as a view; backward writes it into zeros."""

    keeps_inputs = False
    computes = False

    def __init__(self, offset, dim1, dim2):
        self.place = offset, dim1, dim2

    def forward(self, x):
        y = x.diagonal(*self.place)
        if x.flags.writeable:
            y.flags.writeable = True  # NumPy hands it out read-only
        return y

    def backward(self, grad_y):
        return OnDiagonal(self.place, self.input_shapes[0])(grad_y)


class OnDiagonal(Function):
    """Write a diagonal into zeros: the adjoint of `Diagonal`."""

    keeps_inputs = False

    def __init__(self, place, shape):
        self.place, self.shape = place, shape

    def forward(self, y):
        x = np.zeros(self.shape, y.dtype)
        line = x.diagonal(*self.place)
        line.flags.writeable = True
        line[...] = y
        return x

    def backward(self, grad_x):
        return Diagonal(*self.place)(grad_x)


def _triangle(keep, x, diagonal, name):
    check_tensor(x, name)
    if x.array.ndim < 2:
        raise ShapeError(f"{name}: needs at least 2 axes, shape {x.shape} has {x.array.ndim}")
    return Triangle(keep, check_int(diagonal, f"{name}: diagonal"))(x)


def tril(x, diagonal=0):
    """Keep the lower triangle of every matrix, with zeros above.

    Parameters
    ----------
    x : Tensor
        ``(..., m, n)``.
    diagonal : int, default 0
        The last diagonal to keep: 0 the main one, above it positive, below it negative.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    ShapeError
        If `x` has fewer than 2 axes.

    Examples
    --------
    >>> import lucid
    >>> lucid.tril(lucid.ones(3, 3))
    tensor([[1., 0., 0.],
            [1., 1., 0.],
            [1., 1., 1.]])
    """
    return _triangle(np.tril, x, diagonal, "tril")


def triu(x, diagonal=0):
    """Keep the upper triangle of every matrix, with zeros below.

    Parameters
    ----------
    x : Tensor
        ``(..., m, n)``.
    diagonal : int, default 0
        The first diagonal to keep: 0 the main one, above it positive, below it negative.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    ShapeError
        If `x` has fewer than 2 axes.

    Examples
    --------
    >>> import lucid
    >>> lucid.triu(lucid.ones(3, 3), 1)
    tensor([[0., 1., 1.],
            [0., 0., 1.],
            [0., 0., 0.]])
    """
    return _triangle(np.triu, x, diagonal, "triu")


def diagonal(x, offset=0, dim1=0, dim2=1):
    """Read the diagonals of two axes.

    Parameters
    ----------
    x : Tensor
        Any elements; at least 2 axes.
    offset : int, default 0
        Which diagonal: 0 the main one, above it positive, below it negative.
    dim1, dim2 : int, default 0 and 1
        The two axes, which are not equal.

    Returns
    -------
    Tensor
        A view, without the two axes and with the diagonal as the last.

    Raises
    ------
    ShapeError
        If an axis does not exist, or both are one.

    Examples
    --------
    >>> import lucid
    >>> lucid.diagonal(lucid.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    check_tensor(x, "diagonal")
    ndim = x.array.ndim
    if ndim < 2:
        raise ShapeError(f"diagonal: needs at least 2 axes, shape {x.shape} has {ndim}")
    first, second = check_dim(dim1, ndim, "diagonal"), check_dim(dim2, ndim, "diagonal")
    if first == second:
        raise ShapeError(f"diagonal: dim1={dim1} and dim2={dim2} are one axis; needs two")
    return Diagonal(check_int(offset, "diagonal: offset"), first, second)(x)


def diag(x, diagonal=0):
    """Make a matrix with a given diagonal, or read the diagonal of a matrix.

    Parameters
    ----------
    x : Tensor
        ``(n,)`` or ``(m, n)``.
    diagonal : int, default 0
        Which diagonal: 0 the main one, above it positive, below it negative.

    Returns
    -------
    Tensor
        Square, with zeros elsewhere; or with one axis, a copy.

    Raises
    ------
    ShapeError
        If `x` has not 1 or 2 axes.

    Examples
    --------
    >>> import lucid
    >>> lucid.diag(lucid.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    >>> lucid.diag(lucid.tensor([[1, 2], [3, 4]]), 1)
    tensor([2])
    """
    check_tensor(x, "diag")
    offset = check_int(diagonal, "diag: diagonal")
    if x.array.ndim == 2:
        return Diagonal(offset, 0, 1)(x).clone()
    if x.array.ndim != 1:
        raise ShapeError(f"diag: needs 1 or 2 axes, shape {x.shape} has {x.array.ndim}")
    size = x.array.size + abs(offset)
    return OnDiagonal((offset, 0, 1), (size, size))(x)
