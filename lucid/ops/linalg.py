"""Products of matrices."""

from math import prod

from lucid import kernels
from lucid.autograd import Function
from lucid.autograd.function import other_factor
from lucid.errors import DtypeError, ShapeError
from lucid.ops.operands import check_broadcast, check_tensor, sum_to
from lucid.ops.shaping import reshape, transpose

__all__ = ["matmul"]


class MatMul(Function):
    r"""Multiply stacks of matrices: if :math:`Y = AB`, A gets :math:`GB^T` and B :math:`A^TG`."""

    reads = other_factor

    def forward(self, a, b):
        return kernels.product.matmul(a, b)

    def backward(self, grad_y):
        a, b = self.inputs
        grad_a = grad_b = None
        if self.needs[0]:
            grad_a = sum_to(MatMul()(grad_y, transpose(b, -1, -2)), self.input_shapes[0])
        if self.needs[1]:
            grad_b = sum_to(MatMul()(transpose(a, -1, -2), grad_y), self.input_shapes[1])
        return grad_a, grad_b


def matmul(x, other):
    """Multiply matrices, vectors, or stacks of matrices.

    Parameters
    ----------
    x : Tensor
        ``(..., m, k)``, or a vector ``(k,)``.
    other : Tensor
        ``(..., k, n)``, or a vector ``(k,)``; the axes in front broadcast. Of the type of `x`.

    Returns
    -------
    Tensor
        ``(..., m, n)``, without the axis that a vector lacks.

    Raises
    ------
    ShapeError
        If the inner sizes differ, the axes in front do not broadcast, or one has no axes.
    DtypeError
        If the types differ.

    Examples
    --------
    >>> import lucid
    >>> lucid.matmul(lucid.tensor([[1.0, 2.0], [3.0, 4.0]]), lucid.tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    check_tensor(x, "matmul")
    check_tensor(other, "matmul")
    a, b = x.array.shape, other.array.shape
    if not a or not b:
        raise ShapeError(f"matmul: shapes {a} and {b}: each needs at least 1 axis; use x * other")
    if x.array.dtype != other.array.dtype:
        raise DtypeError(
            f"matmul: dtypes differ: {x.dtype.name} and {other.dtype.name}; "
            f"convert one with .to(dtype)"
        )
    inner = b[0] if len(b) == 1 else b[-2]
    if a[-1] != inner:
        raise ShapeError(
            f"matmul: shapes {a} and {b}: the last axis of the first has {a[-1]}, "
            f"the next-to-last of the second {inner}; they must be equal"
            + ("; other.mT has its last two axes swapped" if len(b) > 1 and a[-1] == b[-1] else "")
        )
    if len(b) <= 2:  # one matrix for the whole stack: a single product, and a single gradient
        rows = x if len(a) == 2 else reshape(x, (prod(a[:-1]), a[-1]))
        y = MatMul()(rows, other if len(b) == 2 else reshape(other, (*b, 1)))
        return y if len(a) == len(b) == 2 else reshape(y, (*a[:-1], *b[1:]))
    check_broadcast(a[:-2], b[:-2], "matmul")
    y = MatMul()(x if len(a) > 1 else reshape(x, (1, *a)), other)
    return y if len(a) > 1 else reshape(y, (*b[:-2], b[-1]))
