"""Linear algebra: norms, inverses and factors of matrices, in PyTorch's names."""

from math import inf

from lucid.errors import ShapeError
from lucid.ops.decompositions import det, inv, qr, solve, svd
from lucid.ops.elementwise import abs
from lucid.ops.operands import check_dims, check_tensor
from lucid.ops.reduction import amax, amin, sum
from lucid.ops.shaping import movedim, unsqueeze
from lucid.ops.statistics import norm as vector_norm

__all__ = ["det", "inv", "norm", "qr", "solve", "svd"]


def norm(x, ord=None, dim=None, keepdim=False):
    r"""Measure vectors or matrices.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers.
    ord : number, "fro" or "nuc", optional
        For vectors the p of :math:`(\sum |x|^p)^{1/p}`, as in `lucid.norm`. For matrices: "fro" for
        the root of the sum of squares, "nuc" for the sum of the singular values, 2 and -2 for the
        largest and smallest singular value, 1 and -1 for the largest and smallest sum of sizes of a
        column, inf and -inf for those of a row. Default 2 for vectors and "fro" for matrices.
    dim : int or pair of int, optional
        One axis for vectors, two for matrices: rows and columns. Default all of `x`: one vector if
        `ord` is None, else the vector or matrix that `x` is.
    keepdim : bool, default False
        Keep the folded axes, with length 1.

    Returns
    -------
    Tensor
        At least 0.

    Raises
    ------
    ShapeError
        If `dim` is not one or two axes, or is missing for an `ord` where `x` has others than 1 or 2
        axes.
    DtypeError
        If `x` is not floating-point.
    ValueError
        If there is no such norm.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([[3.0, 0.0], [0.0, -4.0]])
    >>> lucid.linalg.norm(x), lucid.linalg.norm(x, 2), lucid.linalg.norm(x, "nuc")
    (tensor(5.), tensor(4.), tensor(7.))
    """
    check_tensor(x, "linalg.norm")
    if dim is None and ord is None:
        return vector_norm(x, 2, None, keepdim)
    if dim is None and x.array.ndim not in (1, 2):
        raise ShapeError(f"linalg.norm: ord={ord!r} for shape {x.shape} needs dim, one or two axes")
    dims = check_dims(dim, x.array.ndim, "linalg.norm")
    if len(dims) == 1:
        return vector_norm(x, 2 if ord is None else ord, dims, keepdim)
    if len(dims) != 2:
        raise ShapeError(f"linalg.norm: dim={dim} must be one or two axes")
    if ord in (None, "fro"):
        return vector_norm(x, 2, dims, keepdim)
    y = _matrix_norm(movedim(movedim(x, dims[0], -1), dims[1] - (dims[0] < dims[1]), -1), ord)
    if keepdim:
        for axis in sorted(dims):
            y = unsqueeze(y, axis)
    return y


def _matrix_norm(x, ord):
    if ord in ("nuc", 2, -2):
        s = svd(x, full_matrices=False).S
        return sum(s, -1) if ord == "nuc" else (amax if ord > 0 else amin)(s, -1)
    if ord in (1, -1, inf, -inf):
        sizes = sum(abs(x), -2 if ord in (1, -1) else -1)
        return (amax if ord > 0 else amin)(sizes, -1)
    raise ValueError(
        f"linalg.norm: ord={ord!r} is no norm of matrices; needs 'fro', 'nuc', 1, -1, 2, -2, inf "
        f"or -inf"
    )
