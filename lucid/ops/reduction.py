"""Steps that fold axes together."""

from collections import namedtuple
from math import prod

import numpy as np

from lucid import kernels
from lucid.autograd import Function, is_grad_enabled
from lucid.dtypes import as_dtype
from lucid.errors import DtypeError, ShapeError
from lucid.ops.elementwise import cast_like, exp, maximum, minimum, sqrt
from lucid.ops.gathering import Gather
from lucid.ops.naming import numpy_names
from lucid.ops.operands import (
    BroadcastTo, as_floating, cast, check_dim, check_dims, check_tensor, is_tensor,
)
from lucid.ops.shaping import clone, reshape
from lucid.ops.sums import add_up

__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmin", "log_softmax", "logsumexp", "max", "mean",
    "min", "softmax", "std", "sum", "var",
]


class Sum(Function):
    r"""Add up: :math:`y = \sum x`, so :math:`y_x = 1`."""

    keeps_inputs = False

    def __init__(self, dims, keepdim):
        self.dims, self.keepdim = dims, keepdim

    def forward(self, x):
        if x.dtype.kind in "biu":  # counts must not wrap: small integers add up as int64
            return np.add.reduce(x, self.dims, np.int64, None, self.keepdim)
        return add_up(x, self.dims, self.keepdim)

    def backward(self, grad_y):
        return spread(grad_y, self.input_shapes[0], self.dims)


class Mean(Function):
    r"""Average: :math:`y = \frac{1}{n} \sum x`, so :math:`y_x = 1 / n`."""

    keeps_inputs = False

    def __init__(self, dims, keepdim, count):
        self.dims, self.keepdim, self.count = dims, keepdim, count

    def forward(self, x):
        return add_up(x, self.dims, self.keepdim) / self.count

    def backward(self, grad_y):
        return spread(grad_y / self.count, self.input_shapes[0], self.dims)


def spread(y, x_shape, dims):
    """Repeat a reduced tensor along the axes that were folded."""
    if y.array.ndim:  # a single number goes everywhere as it is
        y = reshape(y, tuple([1 if axis in dims else size for axis, size in enumerate(x_shape)]))
    return BroadcastTo(x_shape)(y)


class Extreme(Function):
    """Take the largest or smallest; equal ones share the gradient."""

    keeps_output = True

    def __init__(self, reduce, dims, keepdim):
        self.reduce, self.dims, self.keepdim = reduce, dims, keepdim

    def forward(self, x):
        return self.reduce(x, axis=self.dims, keepdims=self.keepdim)

    def backward(self, grad_y):
        (x,) = self.inputs
        y = np.asarray(self.output.array).reshape(
            [1 if axis in self.dims else size for axis, size in enumerate(x.shape)]
        )
        is_it = (x.array == y) | np.isnan(x.array)  # one NaN makes the extreme NaN
        share = is_it / is_it.sum(axis=self.dims, keepdims=True)
        return spread(grad_y, x.shape, self.dims) * cast_like(x.wrap(share), grad_y)


class Softmax(Function):
    r"""Probabilities: :math:`y = e^x / \sum e^x`, so :math:`y_x g = y \, (g - \sum g y)`."""

    keeps_inputs = False
    keeps_output = True
    is_log = False

    def __init__(self, dim):
        self.dim = dim

    def forward(self, x):
        return kernels.softmax.softmax(x, self.dim, self.is_log)

    def backward(self, grad_y):
        y = self.output
        if is_grad_enabled():
            return self.slope(y, grad_y)
        return y.wrap(kernels.softmax.softmax_grad(y.array, grad_y.array, self.dim, self.is_log))

    def slope(self, y, grad_y):
        return y * (grad_y - sum(grad_y * y, self.dim, keepdim=True))


class LogSoftmax(Softmax):
    r"""Log-probabilities: :math:`y = x - \ln \sum e^x`, so :math:`y_x g = g - e^y \sum g`."""

    is_log = True

    def slope(self, y, grad_y):
        return grad_y - exp(y) * sum(grad_y, self.dim, keepdim=True)


@numpy_names
def sum(x, dim=None, keepdim=False, *, dtype=None):
    """Add up elements.

    Parameters
    ----------
    x : Tensor
        Any numbers; bools and integers add up as int64.
    dim : int or tuple of int, optional
        The axes to fold; default all.
    keepdim : bool, default False
        Keep the folded axes, with length 1.
    dtype : dtype, optional
        What to convert `x` to first.

    Returns
    -------
    Tensor
        0 for an empty sum.

    Raises
    ------
    ShapeError
        If `dim` is not an axis, or named twice.

    Examples
    --------
    >>> import lucid
    >>> lucid.sum(lucid.tensor([[1, 2], [3, 4]]), dim=1)
    tensor([3, 7])
    """
    check_tensor(x, "sum")
    if dtype is not None:
        x = cast(x, as_dtype(dtype))
    return Sum(check_dims(dim, x.array.ndim, "sum"), keepdim)(x)


@numpy_names
def mean(x, dim=None, keepdim=False, *, dtype=None):
    """Average elements.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers; any, if `dtype` is given.
    dim : int or tuple of int, optional
        The axes to fold; default all.
    keepdim : bool, default False
        Keep the folded axes, with length 1.
    dtype : dtype, optional
        What to convert `x` to first.

    Returns
    -------
    Tensor
        NaN for an empty mean.

    Raises
    ------
    DtypeError
        If the numbers are not floating-point.

    Examples
    --------
    >>> import lucid
    >>> lucid.mean(lucid.tensor([1.0, 2.0, 6.0]))
    tensor(3.)
    """
    if dtype is not None:
        check_tensor(x, "mean")
        x = cast(x, as_dtype(dtype))
    _check_floating(x, "mean")
    dims = check_dims(dim, x.array.ndim, "mean")
    return Mean(dims, keepdim, float(_count(x, dims)))(x)


def _count(x, dims):
    return prod([x.array.shape[axis] for axis in dims]) or float("nan")


def _check_floating(x, name):
    check_tensor(x, name)
    if not x.dtype.is_floating_point:
        raise DtypeError(f"{name}: needs floating point, not {x.dtype.name}; call x.float() first")


@numpy_names
def var(x, dim=None, *, keepdim=False, correction=1, unbiased=None):
    r"""Compute the variance: :math:`\frac{1}{n - c} \sum (x - \bar x)^2`.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers.
    dim : int or tuple of int, optional
        The axes to fold; default all.
    keepdim : bool, default False
        Keep the folded axes, with length 1.
    correction : number, default 1
        The :math:`c` taken from the count: 1 for a sample, 0 for a whole population.
    unbiased : bool, optional
        PyTorch's older word: True is ``correction=1``, False is ``correction=0``.

    Returns
    -------
    Tensor
        NaN where the count is not above the correction.

    Raises
    ------
    DtypeError
        If `x` is not floating-point.

    Examples
    --------
    >>> import lucid
    >>> lucid.var(lucid.tensor([1.0, 2.0, 3.0]))
    tensor(1.)
    """
    _check_floating(x, "var")
    if unbiased is not None:
        correction = int(unbiased)
    dims = check_dims(dim, x.array.ndim, "var")
    deviation = x - mean(x, dims, keepdim=True)
    degrees = _count(x, dims) - correction
    total = Sum(dims, keepdim)(deviation * deviation)
    return total / (float(degrees) if degrees > 0 else float("nan"))


@numpy_names
def std(x, dim=None, *, keepdim=False, correction=1, unbiased=None):
    r"""Compute the standard deviation, the root of `var`.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers.
    dim : int or tuple of int, optional
        The axes to fold; default all.
    keepdim : bool, default False
        Keep the folded axes, with length 1.
    correction : number, default 1
        As in `var`.
    unbiased : bool, optional
        PyTorch's older word: True is ``correction=1``, False is ``correction=0``.

    Returns
    -------
    Tensor

    Raises
    ------
    DtypeError
        If `x` is not floating-point.

    Examples
    --------
    >>> import lucid
    >>> lucid.std(lucid.tensor([1.0, 3.0, 5.0]))
    tensor(2.)
    """
    return sqrt(var(x, dim, keepdim=keepdim, correction=correction, unbiased=unbiased))


def _extreme(reduce, x, dim, keepdim, name):
    check_tensor(x, name)
    dims = check_dims(dim, x.array.ndim, name)
    if 0 in [x.array.shape[axis] for axis in dims]:
        raise ShapeError(f"{name}: shape {x.shape} has nothing to choose from along dim={dim}")
    return Extreme(reduce, dims, keepdim)(x)


@numpy_names
def amax(x, dim=None, keepdim=False):
    """Take the largest element; NaN wins.

    Parameters
    ----------
    x : Tensor
        Any numbers.
    dim : int or tuple of int, optional
        The axes to fold; default all.
    keepdim : bool, default False
        Keep the folded axes, with length 1.

    Returns
    -------
    Tensor
        Equal largest elements share the gradient.

    Raises
    ------
    ShapeError
        If there is no element to take.

    Examples
    --------
    >>> import lucid
    >>> lucid.amax(lucid.tensor([[1, 5], [7, 2]]), dim=1)
    tensor([5, 7])
    """
    return _extreme(np.max, x, dim, keepdim, "amax")


@numpy_names
def amin(x, dim=None, keepdim=False):
    """Take the smallest element; NaN wins.

    Parameters
    ----------
    x : Tensor
        Any numbers.
    dim : int or tuple of int, optional
        The axes to fold; default all.
    keepdim : bool, default False
        Keep the folded axes, with length 1.

    Returns
    -------
    Tensor
        Equal smallest elements share the gradient.

    Raises
    ------
    ShapeError
        If there is no element to take.

    Examples
    --------
    >>> import lucid
    >>> lucid.amin(lucid.tensor([[1, 5], [7, 2]]), dim=1)
    tensor([1, 2])
    """
    return _extreme(np.min, x, dim, keepdim, "amin")


@numpy_names
def max(x, dim=None, keepdim=False):
    """Take the largest element, and with `dim` also tell where it stands.

    Parameters
    ----------
    x : Tensor
        Any numbers.
    dim : int or Tensor, optional
        The axis to fold; default all. With a tensor here it is `maximum`: the larger element at
        each position.
    keepdim : bool, default False
        Keep the folded axis, with length 1.

    Returns
    -------
    Tensor or named tuple of Tensor
        The largest, equal ones sharing the gradient; with `dim`, ``(values, indices)``, where the
        first of several equal ones is taken, and gets the whole gradient.

    Raises
    ------
    ShapeError
        If there is no element to take.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([[1, 5], [7, 2]])
    >>> lucid.max(x)
    tensor(7)
    >>> values, indices = lucid.max(x, dim=1)
    >>> indices
    tensor([1, 0])
    """
    if is_tensor(dim) or isinstance(dim, np.ndarray):
        return maximum(x, dim)
    if dim is None:
        return _extreme(np.max, x, None, keepdim, "max")
    return _take(x, argmax(x, dim, keepdim=True), dim, keepdim, "max")


@numpy_names
def min(x, dim=None, keepdim=False):
    """Take the smallest element, and with `dim` also tell where it stands.

    Parameters
    ----------
    x : Tensor
        Any numbers.
    dim : int or Tensor, optional
        The axis to fold; default all. With a tensor here it is `minimum`: the smaller element at
        each position.
    keepdim : bool, default False
        Keep the folded axis, with length 1.

    Returns
    -------
    Tensor or named tuple of Tensor
        The smallest, equal ones sharing the gradient; with `dim`, ``(values, indices)``, where the
        first of several equal ones is taken, and gets the whole gradient.

    Raises
    ------
    ShapeError
        If there is no element to take.

    Examples
    --------
    >>> import lucid
    >>> lucid.min(lucid.tensor([[1, 5], [7, 2]]))
    tensor(1)
    """
    if is_tensor(dim) or isinstance(dim, np.ndarray):
        return minimum(x, dim)
    if dim is None:
        return _extreme(np.min, x, None, keepdim, "min")
    return _take(x, argmin(x, dim, keepdim=True), dim, keepdim, "min")


Extremes = namedtuple("Extremes", "values indices")


def _take(x, indices, dim, keepdim, name):
    if x.array.ndim == 0:
        return Extremes(clone(x), indices)
    dim = check_dim(dim, x.array.ndim, name)
    values = Gather(dim, indices.array.copy())(x)
    if keepdim:
        return Extremes(values, indices)
    shape = indices.shape[:dim] + indices.shape[dim + 1 :]
    return Extremes(reshape(values, shape), reshape(indices, shape))


def _position(choose, x, dim, keepdim, name):
    check_tensor(x, name)
    if dim is not None:
        dim = check_dim(dim, x.array.ndim, name)
    if x.array.size == 0 and (dim is None or x.array.shape[dim] == 0):
        raise ShapeError(f"{name}: shape {x.shape} has nothing to choose from along dim={dim}")
    if x.array.ndim == 0:
        return x.wrap(np.zeros((), np.int64))
    return x.wrap(choose(x.array, axis=dim, keepdims=keepdim).astype(np.int64, copy=False))


@numpy_names
def argmax(x, dim=None, keepdim=False):
    """Find where the largest element stands; NaN wins.

    Parameters
    ----------
    x : Tensor
        Any numbers.
    dim : int, optional
        The axis to search along; default the flattened tensor.
    keepdim : bool, default False
        Keep the searched axis, with length 1.

    Returns
    -------
    Tensor of int64
        The first position where several are equal.

    Raises
    ------
    ShapeError
        If there is no element to choose.

    Examples
    --------
    >>> import lucid
    >>> lucid.argmax(lucid.tensor([[1, 5], [7, 2]]), dim=1)
    tensor([1, 0])
    """
    return _position(np.argmax, x, dim, keepdim, "argmax")


@numpy_names
def argmin(x, dim=None, keepdim=False):
    """Find where the smallest element stands; NaN wins.

    Parameters
    ----------
    x : Tensor
        Any numbers.
    dim : int, optional
        The axis to search along; default the flattened tensor.
    keepdim : bool, default False
        Keep the searched axis, with length 1.

    Returns
    -------
    Tensor of int64
        The first position where several are equal.

    Raises
    ------
    ShapeError
        If there is no element to choose.

    Examples
    --------
    >>> import lucid
    >>> lucid.argmin(lucid.tensor([[1, 5], [7, 2]]), dim=1)
    tensor([0, 1])
    """
    return _position(np.argmin, x, dim, keepdim, "argmin")


@numpy_names
def any(x, dim=None, keepdim=False):
    """Tell whether any element is not zero.

    Parameters
    ----------
    x : Tensor
        Any numbers.
    dim : int or tuple of int, optional
        The axes to fold; default all.
    keepdim : bool, default False
        Keep the folded axes, with length 1.

    Returns
    -------
    Tensor of bool

    Examples
    --------
    >>> import lucid
    >>> lucid.any(lucid.tensor([0, 3]))
    tensor(True)
    """
    check_tensor(x, "any")
    return x.wrap(np.any(x.array, axis=check_dims(dim, x.array.ndim, "any"), keepdims=keepdim))


@numpy_names
def all(x, dim=None, keepdim=False):
    """Tell whether no element is zero.

    Parameters
    ----------
    x : Tensor
        Any numbers.
    dim : int or tuple of int, optional
        The axes to fold; default all.
    keepdim : bool, default False
        Keep the folded axes, with length 1.

    Returns
    -------
    Tensor of bool

    Examples
    --------
    >>> import lucid
    >>> lucid.all(lucid.tensor([0, 3]))
    tensor(False)
    """
    check_tensor(x, "all")
    return x.wrap(np.all(x.array, axis=check_dims(dim, x.array.ndim, "all"), keepdims=keepdim))


@numpy_names
def log_softmax(x, dim, *, dtype=None):
    r"""Turn scores into log-probabilities: :math:`x_j - \ln \sum_k e^{x_k}`.

    Parameters
    ----------
    x : Tensor
        Scores; integers become the default floating-point type.
    dim : int
        The axis of the classes.
    dtype : dtype, optional
        What to convert `x` to first.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    ShapeError
        If `dim` is not an axis.

    Examples
    --------
    >>> import lucid
    >>> lucid.log_softmax(lucid.tensor([0.0, 0.0]), dim=0)
    tensor([-0.6931, -0.6931])
    """
    check_tensor(x, "log_softmax")
    dim = check_dim(dim, x.array.ndim, "log_softmax")
    return _of_classes(LogSoftmax, x, dim, dtype)


@numpy_names
def softmax(x, dim, *, dtype=None):
    r"""Turn scores into probabilities: :math:`e^{x_j} / \sum_k e^{x_k}`.

    Parameters
    ----------
    x : Tensor
        Scores; integers become the default floating-point type.
    dim : int
        The axis of the classes.
    dtype : dtype, optional
        What to convert `x` to first.

    Returns
    -------
    Tensor
        Of the shape of `x`; sums to 1 along `dim`.

    Raises
    ------
    ShapeError
        If `dim` is not an axis.

    Examples
    --------
    >>> import lucid
    >>> lucid.softmax(lucid.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    check_tensor(x, "softmax")
    return _of_classes(Softmax, x, check_dim(dim, x.array.ndim, "softmax"), dtype)


def _of_classes(step, x, dim, dtype):
    x = as_floating(x if dtype is None else cast(x, as_dtype(dtype)))
    return step(dim)(x) if x.array.ndim else reshape(step(0)(reshape(x, 1)), ())


@numpy_names
def logsumexp(x, dim, keepdim=False):
    r"""Compute :math:`\ln \sum_k e^{x_k}` without overflow.

    Parameters
    ----------
    x : Tensor
        Any numbers; integers become the default floating-point type.
    dim : int or tuple of int
        The axes to fold.
    keepdim : bool, default False
        Keep the folded axes, with length 1.

    Returns
    -------
    Tensor

    Raises
    ------
    ShapeError
        If `dim` is not an axis.

    Examples
    --------
    >>> import lucid
    >>> lucid.logsumexp(lucid.tensor([1000.0, 1000.0]), dim=0)
    tensor(1000.6932)
    """
    check_tensor(x, "logsumexp")
    x = as_floating(x)
    dims = check_dims(dim, x.array.ndim, "logsumexp")
    top = x.array.max(axis=dims, keepdims=True, initial=-np.inf)
    top = x.wrap(np.where(np.isfinite(top), top, 0).astype(x.array.dtype))
    y = Sum(dims, True)(exp(x - top)).log() + top
    if keepdim:
        return y
    return reshape(y, [size for axis, size in enumerate(x.array.shape) if axis not in dims])
