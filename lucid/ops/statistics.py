"""More folds: products, norms, counts, mean and variance at once."""

from math import inf, isinf

import numpy as np

from lucid.autograd import Function
from lucid.dtypes import as_dtype
from lucid.errors import DtypeError, ShapeError
from lucid.geometry import check_int
from lucid.ops.elementwise import abs, pow, where
from lucid.ops.naming import numpy_names
from lucid.ops.operands import cast, check_dims, check_tensor
from lucid.ops.reduction import amax, amin, mean, spread, sum, var
from lucid.ops.rounding import Stepwise
from lucid.ops.scan import CumProd
from lucid.ops.shaping import Flip, Permute, cat, reshape
from lucid.ops.sums import add_up

__all__ = ["bincount", "count_nonzero", "norm", "prod", "var_mean"]


class Product(Function):
    r"""Multiply: :math:`y = \prod x`, so :math:`y_{x_i} = \prod_{j \ne i} x_j`, or :math:`y / x_i`.
    """

    keeps_output = True

    def __init__(self, dims, keepdim):
        self.dims, self.keepdim = dims, keepdim

    def forward(self, x):
        dtype = np.int64 if x.dtype.kind in "biu" else None
        return x.prod(axis=self.dims, dtype=dtype, keepdims=self.keepdim)

    def backward(self, grad_y):
        (x,) = self.inputs
        if x.array.all():
            return spread(grad_y * self.output, x.shape, self.dims) / x
        return spread(grad_y, x.shape, self.dims) * _product_of_others(x, self.dims)


def _product_of_others(x, dims):
    """Multiply for each element all before it and all after it along the axes `dims`."""
    kept = [axis for axis in range(x.ndim) if axis not in dims]
    order = (*kept, *dims)
    moved = Permute(order)(x)
    lead = tuple([x.shape[axis] for axis in kept])
    rows = reshape(moved, (*lead, -1) if x.array.size else (*lead, 0))
    last = rows.ndim - 1
    one = x.wrap(np.ones((*lead, 1), x.array.dtype))
    before = CumProd(last)(cat([one, rows[..., :-1]], last))
    after = CumProd(last)(cat([one, Flip((last,))(rows)[..., :-1]], last))
    others = reshape(before * Flip((last,))(after), moved.shape)
    return Permute(tuple(np.argsort(order).tolist()))(others)


class Norm(Function):
    r"""Fold to :math:`y = (\sum |x|^p)^{1/p}`, so :math:`y_x = x |x|^{p-2} / y^{p-1}`, 0 at 0."""

    keeps_output = True

    def __init__(self, p, dims, keepdim):
        self.p, self.dims, self.keepdim = p, dims, keepdim

    def forward(self, x):
        if self.p == 2:
            return np.sqrt(add_up(np.square(x), self.dims, self.keepdim))
        with np.errstate(divide="ignore"):
            total = add_up(np.abs(x) ** self.p, self.dims, self.keepdim)
            return total ** (1 / self.p)

    def backward(self, grad_y):
        (x,) = self.inputs
        y, p = self.output, self.p
        y = where(y == 0, inf, y)  # no direction is the steepest there: the slope is 0
        if p == 2:
            return x * spread(grad_y / y, x.shape, self.dims)
        base = where(x == 0, 1.0, abs(x))
        slope = where(x == 0, 0.0, x * pow(base, p - 2))
        return slope * spread(grad_y / pow(y, p - 1), x.shape, self.dims)


@numpy_names
def prod(x, dim=None, keepdim=False, *, dtype=None):
    """Multiply elements.

    Parameters
    ----------
    x : Tensor
        Any numbers; bools and integers multiply as int64.
    dim : int or tuple of int, optional
        The axes to fold; default all.
    keepdim : bool, default False
        Keep the folded axes, with length 1.
    dtype : dtype, optional
        What to convert `x` to first.

    Returns
    -------
    Tensor
        1 for an empty product. Its gradient is right where elements are 0 too.

    Raises
    ------
    ShapeError
        If `dim` is not an axis, or named twice.

    Examples
    --------
    >>> import lucid
    >>> lucid.prod(lucid.tensor([[1, 2], [3, 4]]), dim=1)
    tensor([ 2, 12])
    """
    check_tensor(x, "prod")
    if dtype is not None:
        x = cast(x, as_dtype(dtype))
    return Product(check_dims(dim, x.array.ndim, "prod"), keepdim)(x)


@numpy_names
def norm(x, p="fro", dim=None, keepdim=False):
    r"""Measure the length of vectors: :math:`(\sum |x|^p)^{1/p}`.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers.
    p : number or "fro", default "fro"
        The power; "fro" is 2. ``inf`` takes the largest size, ``-inf`` the smallest, and 0 counts
        what is not 0.
    dim : int or tuple of int, optional
        The axes to fold, all as one vector; default all.
    keepdim : bool, default False
        Keep the folded axes, with length 1.

    Returns
    -------
    Tensor
        At least 0. Where it is 0 the gradient is 0.

    Raises
    ------
    DtypeError
        If `x` is not floating-point.
    ValueError
        If `p` is no number and not "fro"; the nuclear norm is not supported.
    ShapeError
        If `dim` is not an axis, or named twice; if there is no element for an infinite `p`.

    Examples
    --------
    >>> import lucid
    >>> lucid.norm(lucid.tensor([3.0, -4.0]))
    tensor(5.)
    >>> lucid.norm(lucid.tensor([3.0, -4.0]), p=1)
    tensor(7.)
    """
    check_tensor(x, "norm")
    if x.array.dtype.kind != "f":
        raise DtypeError(f"norm: needs floating point, not {x.dtype.name}; call x.float() first")
    p = 2 if p in ("fro", None) else p
    if isinstance(p, (str, bool)):
        raise ValueError(f"norm: p={p!r} must be a number or 'fro'")
    dims = check_dims(dim, x.array.ndim, "norm")
    if isinf(p):
        return (amax if p > 0 else amin)(abs(x), dims, keepdim)
    if p == 0:
        return Stepwise(
            lambda array: (array != 0).sum(axis=dims, keepdims=keepdim, dtype=array.dtype)
        )(x)
    return sum(abs(x), dims, keepdim) if p == 1 else Norm(p, dims, keepdim)(x)


@numpy_names
def var_mean(x, dim=None, *, keepdim=False, correction=1, unbiased=None):
    r"""Compute the variance and the mean.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers.
    dim : int or tuple of int, optional
        The axes to fold; default all.
    keepdim : bool, default False
        Keep the folded axes, with length 1.
    correction : number, default 1
        What is taken from the count in the variance: 1 for a sample, 0 for a whole population.
    unbiased : bool, optional
        PyTorch's older word: True is ``correction=1``, False is ``correction=0``.

    Returns
    -------
    tuple of Tensor
        ``(variance, mean)``, as `var` and `mean` give them.

    Raises
    ------
    DtypeError
        If `x` is not floating-point.

    Examples
    --------
    >>> import lucid
    >>> lucid.var_mean(lucid.tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
    """
    options = {"correction": correction, "unbiased": unbiased}
    return var(x, dim, keepdim=keepdim, **options), mean(x, dim, keepdim)


@numpy_names
def count_nonzero(x, dim=None):
    """Count the elements that are not 0.

    Parameters
    ----------
    x : Tensor
        Any elements.
    dim : int or tuple of int, optional
        The axes to fold; default all.

    Returns
    -------
    Tensor of int64

    Raises
    ------
    ShapeError
        If `dim` is not an axis, or named twice.

    Examples
    --------
    >>> import lucid
    >>> lucid.count_nonzero(lucid.tensor([[0, 1], [2, 3]]), dim=1)
    tensor([1, 2])
    """
    check_tensor(x, "count_nonzero")
    dims = check_dims(dim, x.array.ndim, "count_nonzero")
    return x.wrap(np.asarray(np.count_nonzero(x.array, axis=dims), np.int64))


def bincount(x, weights=None, minlength=0):
    r"""Count how often each whole number comes: :math:`y_k = \sum_{i: x_i = k} w_i`.

    Parameters
    ----------
    x : Tensor of integers
        ``(n,)``, none negative.
    weights : Tensor, optional
        ``(n,)``: what each element counts; default 1. It gets no gradient; `scatter_add` gives one.
    minlength : int, default 0
        The least length of the result.

    Returns
    -------
    Tensor
        ``(max(x.max() + 1, minlength),)``: of int64, or with `weights` float64, or float32 if they
        are.

    Raises
    ------
    ShapeError
        If `x` has not one axis, or `weights` another shape.
    DtypeError
        If `x` holds no integers.
    ValueError
        If an element or `minlength` is negative.

    Examples
    --------
    >>> import lucid
    >>> lucid.bincount(lucid.tensor([0, 2, 2]), minlength=4)
    tensor([1, 0, 2, 0])
    """
    check_tensor(x, "bincount")
    if x.array.dtype.kind not in "iu":
        raise DtypeError(f"bincount: needs integers, not {x.dtype.name}")
    if x.array.ndim != 1:
        raise ShapeError(f"bincount: needs one axis, shape {x.shape} has {x.array.ndim}")
    check_int(minlength, "bincount: minlength", 0)
    if x.array.size and x.array.min() < 0:
        raise ValueError(f"bincount: needs numbers from 0, not {x.array.min()}")
    if weights is None:
        return x.wrap(np.bincount(x.array.astype(np.int64), minlength=minlength))
    check_tensor(weights, "bincount")
    if weights.array.shape != x.array.shape:
        raise ShapeError(
            f"bincount: weights of shape {weights.shape} for x of shape {x.shape}; needs equal ones"
        )
    y = np.bincount(x.array.astype(np.int64), weights.array, minlength)
    kind = np.float32 if weights.array.dtype == np.float32 else np.float64
    return x.wrap(y.astype(kind, copy=False))
