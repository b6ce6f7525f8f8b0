"""Affine maps of tensors."""

from math import prod

from lucid.errors import DtypeError, ShapeError
from lucid.nn.functional.checks import are_alike, check_learnt
from lucid.ops.linear import Linear
from lucid.ops.operands import check_tensor

__all__ = ["linear"]


def linear(x, weight, bias=None):
    r"""Multiply the last axis by a matrix and add a bias: :math:`y = x W^T + b`.

    Parameters
    ----------
    x : Tensor
        (\*, in_features), with any axes in front; float32 or float64.
    weight : Tensor
        (out_features, in_features), of the type of `x`.
    bias : Tensor, optional
        (out_features,), of the type of `x`.

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
    >>> F.linear(x, lucid.tensor([[1.0, 1.0], [0.0, 1.0]]), lucid.tensor([0.0, 10.0]))
    tensor([[ 3., 12.]])
    """
    check_learnt(weight, "linear")
    operands = (x, weight) if bias is None else (x, weight, bias)
    if not are_alike(operands):
        for each in operands:
            check_tensor(each, "linear")
        names = ", ".join(each.dtype.name for each in operands)
        raise DtypeError(
            f"linear: input, weight and bias must all be float32 or all float64, not {names}; "
            f"convert with .to(dtype)"
        )
    x_shape, w_shape = x.array.shape, weight.array.shape
    if len(w_shape) != 2:
        raise ShapeError(
            f"linear: weight of shape {w_shape} needs 2 axes: (out_features, in_features)"
        )
    if not x_shape or x_shape[-1] != w_shape[1]:
        hint = ""
        if len(x_shape) > 2 and prod(x_shape[1:]) == w_shape[1]:
            hint = "; to join the axes behind the batch: x.flatten(1)"
        elif len(x_shape) == 1 and w_shape[1] and x_shape[0] % w_shape[1] == 0:
            hint = "; if a batch was flattened whole, keep its axis: x.flatten(1)"
        elif len(x_shape) == 2:
            hint = (f"; nn.Linear({x_shape[1]}, {w_shape[0]}) takes this input, and "
                    f"nn.LazyLinear({w_shape[0]}) learns the number from it")
        found = f"{x_shape[-1]} features on its last axis" if x_shape else "no axes"
        raise ShapeError(
            f"linear: input of shape {x_shape} has {found}; needs {w_shape[1]}, the second size of "
            f"the weight of shape {w_shape}{hint}"
        )
    if bias is not None and bias.array.shape != w_shape[:1]:
        raise ShapeError(
            f"linear: bias of shape {bias.array.shape} does not fit a weight of shape {w_shape}; "
            f"needs ({w_shape[0]},)"
        )
    return Linear()(*operands)
