"""Rows of a table, and products of two vectors with a stack of matrices."""

import numpy as np

from lucid.errors import DtypeError, ShapeError
from lucid.geometry import check_int
from lucid.nn.functional.checks import check_floating, check_same_type
from lucid.ops.elementwise import where
from lucid.ops.gathering import IndexSelect
from lucid.ops.linalg import matmul
from lucid.ops.operands import check_tensor
from lucid.ops.shaping import permute, reshape, unsqueeze

__all__ = ["bilinear", "embedding"]


def embedding(x, weight, padding_idx=None):
    """Look up a row of a table for every number.

    Parameters
    ----------
    x : Tensor of int
        Numbers of rows, 0 to V - 1, of any shape.
    weight : Tensor
        (V, D), the table; float32 or float64.
    padding_idx : int, optional
        A row that gets no gradient, -V to V - 1.

    Returns
    -------
    Tensor
        The shape of `x` and a last axis of D.

    Raises
    ------
    ShapeError
        If `weight` has not 2 axes.
    DtypeError
        If `x` holds no integers, or `weight` no floating-point numbers.
    ValueError, TypeError
        If a number is no row, or `padding_idx` is none.

    Notes
    -----
    PyTorch's options max_norm, scale_grad_by_freq and sparse are not there.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> table = lucid.tensor([[0.0, 0.5], [1.0, 1.5], [2.0, 2.5]])
    >>> F.embedding(lucid.tensor([2, 0]), table)
    tensor([[2.0000, 2.5000],
            [0.0000, 0.5000]])
    """
    check_tensor(x, "embedding")
    check_floating(weight, "embedding: weight")
    if x.array.dtype.kind not in "iu":
        raise DtypeError(f"embedding: rows are integers, not {x.dtype.name}; use .long()")
    if weight.array.ndim != 2:
        raise ShapeError(f"embedding: weight of shape {weight.array.shape} needs 2 axes: (V, D)")
    count, size = weight.array.shape
    rows = x.array.reshape(-1).astype(np.int64)
    if rows.size and (rows.min() < 0 or rows.max() >= count):
        worst = rows.min() if rows.min() < 0 else rows.max()
        raise ValueError(
            f"embedding: {worst} is no row: there are {count}, numbered 0 to {count - 1}"
        )
    y = IndexSelect(0, rows)(weight)
    if padding_idx is not None:
        is_padding = rows == check_padding(padding_idx, count)
        y = where(x.wrap(is_padding[:, None]), y.detach(), y)
    return reshape(y, *x.array.shape, size)


def check_padding(padding_idx, count):
    """Return the number of a row counted from the first; None passes."""
    if padding_idx is None:
        return None
    padding_idx = check_int(padding_idx, "padding_idx")
    if not -count <= padding_idx < count:
        raise ValueError(
            f"padding_idx={padding_idx} is no row; needs {-count} to {count - 1}"
        )
    return padding_idx % count


def bilinear(x1, x2, weight, bias=None):
    r"""Multiply two vectors with a matrix for each output: :math:`y_o = x_1^T W_o \, x_2 + b_o`.

    Parameters
    ----------
    x1, x2 : Tensor
        (\*, in1_features) and (\*, in2_features), with the same axes in front; float32 or float64.
    weight : Tensor
        (out_features, in1_features, in2_features), of the type of `x1`.
    bias : Tensor, optional
        (out_features,), of the type of `x1`.

    Returns
    -------
    Tensor
        (\*, out_features).

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DtypeError
        If the tensors are not all float32, or all float64.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> x = lucid.tensor([[1.0, 2.0]])
    >>> F.bilinear(x, x, lucid.tensor([[[1.0, 0.0], [0.0, 1.0]]]))
    tensor([[5.]])
    """
    check_tensor(weight, "bilinear: weight")
    check_same_type("bilinear", x1=x1, x2=x2, weight=weight, bias=bias)
    shapes = x1.array.shape, x2.array.shape, weight.array.shape
    fits = len(shapes[2]) == 3 and shapes[0][:-1] == shapes[1][:-1]
    if not fits or (*shapes[0][-1:], *shapes[1][-1:]) != shapes[2][1:]:
        raise ShapeError(
            f"bilinear: inputs of shapes {shapes[0]} and {shapes[1]} and a weight of shape "
            f"{shapes[2]} must be (*, m), (*, n) and (outputs, m, n)"
        )
    outputs, m, n = shapes[2]
    if bias is not None and bias.array.shape != (outputs,):
        raise ShapeError(f"bilinear: bias of shape {bias.array.shape} needs ({outputs},)")
    table = reshape(permute(weight, 1, 0, 2), m, outputs * n)
    halves = reshape(matmul(x1, table), *shapes[0][:-1], outputs, n)
    y = (halves * unsqueeze(x2, -2)).sum(-1)
    return y if bias is None else y + bias
