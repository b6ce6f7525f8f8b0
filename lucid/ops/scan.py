"""Running sums and products along an axis."""

import numpy as np

from lucid.autograd import Function
from lucid.dtypes import as_dtype
from lucid.ops.naming import numpy_names
from lucid.ops.operands import cast, check_dim, check_tensor
from lucid.ops.shaping import cat

__all__ = ["cumprod", "cumsum"]


class CumSum(Function):
    r"""Add up along an axis: :math:`y_i = \sum_{j \le i} x_j`; backward adds up from the end."""

    keeps_inputs = False

    def __init__(self, dim, from_end=False):
        self.dim, self.from_end = dim, from_end

    def forward(self, x):
        is_floating = x.dtype.kind == "f"
        wide = np.float64 if is_floating else np.int64  # else a long sum loses what is small
        in_order = np.flip(x, self.dim) if self.from_end else x
        y = np.cumsum(in_order, axis=self.dim, dtype=wide)
        if is_floating:
            y = y.astype(x.dtype, copy=False)
        return np.flip(y, self.dim) if self.from_end else y

    def backward(self, grad_y):
        return CumSum(self.dim, not self.from_end)(grad_y)


class CumProd(Function):
    r"""Multiply along an axis: :math:`y_i = \prod_{j \le i} x_j`.

    Then :math:`x_j` gets :math:`\frac{1}{x_j} \sum_{i \ge j} g_i y_i`, or where an element is 0
    :math:`y_{j-1} r_j`, with :math:`r_j = g_j + x_{j+1} r_{j+1}` from the end.
    """

    keeps_output = True

    def __init__(self, dim):
        self.dim = dim

    def forward(self, x):
        dtype = np.int64 if x.dtype.kind in "biu" else None
        return np.cumprod(x, axis=self.dim, dtype=dtype)

    def backward(self, grad_y):
        (x,) = self.inputs
        if x.array.all():
            return CumSum(self.dim, from_end=True)(grad_y * self.output) / x
        before = _shift(self.output, self.dim, 1, 1)
        return before * _horner(grad_y, _shift(x, self.dim, -1, 0), self.dim)


def _shift(x, dim, by, fill):
    """Move the elements along an axis by `by` places, filling with a number."""
    size, lead = x.shape[dim], (slice(None),) * dim
    shape = list(x.shape)
    shape[dim] = min(abs(by), size)
    edge = x.wrap(np.full(shape, fill, x.array.dtype))
    if by > 0:
        return cat([edge, x[(*lead, slice(0, max(size - by, 0)))]], dim)
    return cat([x[(*lead, slice(-by, None))], edge], dim)


def _horner(b, a, dim):
    """Compute r_j = b_j + a_j r_{j+1} from the end, in as many passes as its length has bits.

    Each pass joins neighbouring maps r -> b + a r, of spans 1, 2, 4 and so on (Hillis and Steele,
    "Data parallel algorithms", 1986).
    """
    span = 1
    while span < b.shape[dim]:
        b = b + a * _shift(b, dim, -span, 0)
        a = a * _shift(a, dim, -span, 0)
        span *= 2
    return b


def _scan(step, x, dim, dtype, name):
    check_tensor(x, name)
    if dtype is not None:
        x = cast(x, as_dtype(dtype))
    dim = check_dim(dim, x.array.ndim, name)
    if not x.array.ndim:
        return step(0)(x[None])[0]
    return step(dim)(x)


@numpy_names
def cumsum(x, dim, *, dtype=None):
    r"""Add up along an axis, keeping every step: :math:`y_i = \sum_{j \le i} x_j`.

    Parameters
    ----------
    x : Tensor
        Any numbers; bools and integers add up as int64.
    dim : int
        The axis to walk along.
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
    >>> lucid.cumsum(lucid.tensor([1, 2, 3]), 0)
    tensor([1, 3, 6])
    """
    return _scan(CumSum, x, dim, dtype, "cumsum")


@numpy_names
def cumprod(x, dim, *, dtype=None):
    r"""Multiply along an axis, keeping every step: :math:`y_i = \prod_{j \le i} x_j`.

    Parameters
    ----------
    x : Tensor
        Any numbers; bools and integers multiply as int64.
    dim : int
        The axis to walk along.
    dtype : dtype, optional
        What to convert `x` to first.

    Returns
    -------
    Tensor
        Of the shape of `x`; its gradient is right where elements are 0 too.

    Raises
    ------
    ShapeError
        If `dim` is not an axis.

    Examples
    --------
    >>> import lucid
    >>> lucid.cumprod(lucid.tensor([1, 2, 3]), 0)
    tensor([1, 2, 6])
    """
    return _scan(CumProd, x, dim, dtype, "cumprod")
