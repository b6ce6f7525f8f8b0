"""Products of matrices and vectors whose shapes say which product is meant."""

from lucid.errors import ShapeError
from lucid.ops.elementwise import add, mul
from lucid.ops.linalg import matmul
from lucid.ops.operands import check_broadcast, check_tensor
from lucid.ops.shaping import reshape

__all__ = ["addmm", "bmm", "dot", "mm", "mv", "outer"]


def _check_axes(name, *pairs):
    for x, ndim in pairs:
        check_tensor(x, name)
        if x.array.ndim != ndim:
            raise ShapeError(
                f"{name}: needs a tensor of {ndim} axes here, not of shape {x.shape}; "
                f"lucid.matmul takes every rank"
            )


def mm(x, mat2):
    """Multiply two matrices.

    Parameters
    ----------
    x : Tensor
        ``(m, k)``.
    mat2 : Tensor
        ``(k, n)``, of the type of `x`.

    Returns
    -------
    Tensor
        ``(m, n)``.

    Raises
    ------
    ShapeError
        If one is no matrix, or the inner sizes differ.
    DtypeError
        If the types differ.

    Examples
    --------
    >>> import lucid
    >>> lucid.mm(lucid.ones(2, 3), lucid.ones(3, 1))
    tensor([[3.],
            [3.]])
    """
    _check_axes("mm", (x, 2), (mat2, 2))
    return matmul(x, mat2)


def bmm(x, mat2):
    """Multiply two stacks of matrices, pair by pair.

    Parameters
    ----------
    x : Tensor
        ``(N, m, k)``.
    mat2 : Tensor
        ``(N, k, n)``, of the type of `x`.

    Returns
    -------
    Tensor
        ``(N, m, n)``.

    Raises
    ------
    ShapeError
        If one has not 3 axes, or the sizes do not fit.
    DtypeError
        If the types differ.

    Examples
    --------
    >>> import lucid
    >>> lucid.bmm(lucid.ones(4, 2, 3), lucid.ones(4, 3, 1)).shape
    (4, 2, 1)
    """
    _check_axes("bmm", (x, 3), (mat2, 3))
    if x.array.shape[0] != mat2.array.shape[0]:
        raise ShapeError(
            f"bmm: stacks of {x.array.shape[0]} and {mat2.array.shape[0]} matrices, shapes "
            f"{x.shape} and {mat2.shape}; needs as many of each, lucid.matmul broadcasts"
        )
    return matmul(x, mat2)


def mv(x, vec):
    """Multiply a matrix with a vector.

    Parameters
    ----------
    x : Tensor
        ``(m, n)``.
    vec : Tensor
        ``(n,)``, of the type of `x`.

    Returns
    -------
    Tensor
        ``(m,)``.

    Raises
    ------
    ShapeError
        If one has another number of axes, or the sizes differ.
    DtypeError
        If the types differ.

    Examples
    --------
    >>> import lucid
    >>> lucid.mv(lucid.tensor([[1.0, 2.0], [3.0, 4.0]]), lucid.tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    _check_axes("mv", (x, 2), (vec, 1))
    return matmul(x, vec)


def dot(x, other):
    r"""Multiply two vectors and add up: :math:`\sum_i x_i y_i`.

    Parameters
    ----------
    x, other : Tensor
        ``(n,)`` each, of one type.

    Returns
    -------
    Tensor
        Without axes.

    Raises
    ------
    ShapeError
        If one is no vector, or the lengths differ.
    DtypeError
        If the types differ.

    Examples
    --------
    >>> import lucid
    >>> lucid.dot(lucid.tensor([1.0, 2.0]), lucid.tensor([3.0, 4.0]))
    tensor(11.)
    """
    _check_axes("dot", (x, 1), (other, 1))
    return matmul(x, other)


def outer(x, vec2):
    r"""Multiply every element of one vector with every one of another: :math:`y_{ij} = x_i v_j`.

    Parameters
    ----------
    x : Tensor
        ``(m,)``.
    vec2 : Tensor
        ``(n,)``.

    Returns
    -------
    Tensor
        ``(m, n)``, of the promoted type.

    Raises
    ------
    ShapeError
        If one is no vector.

    Examples
    --------
    >>> import lucid
    >>> lucid.outer(lucid.tensor([1, 2]), lucid.tensor([3, 4]))
    tensor([[3, 4],
            [6, 8]])
    """
    _check_axes("outer", (x, 1), (vec2, 1))
    return mul(reshape(x, (-1, 1) if x.array.size else (0, 1)), vec2)


def addmm(x, mat1, mat2, *, beta=1, alpha=1):
    r"""Add to a product of matrices: :math:`\beta x + \alpha M_1 M_2`.

    Parameters
    ----------
    x : Tensor
        Its shape broadcasts to ``(m, n)``.
    mat1 : Tensor
        ``(m, k)``.
    mat2 : Tensor
        ``(k, n)``, of the type of `mat1`.
    beta, alpha : number, default 1
        What to multiply `x` and the product by. With `beta` 0 `x` is not used, not even its NaN.

    Returns
    -------
    Tensor
        ``(m, n)``.

    Raises
    ------
    ShapeError
        If one is no matrix, the inner sizes differ, or `x` does not broadcast to the product.
    DtypeError
        If the types differ.

    Examples
    --------
    >>> import lucid
    >>> lucid.addmm(lucid.ones(2), lucid.ones(2, 3), lucid.ones(3, 2), beta=10)
    tensor([[13., 13.],
            [13., 13.]])
    """
    check_tensor(x, "addmm")
    _check_axes("addmm", (mat1, 2), (mat2, 2))
    product = matmul(mat1, mat2)
    shape = product.array.shape
    check_broadcast(x.array.shape, shape, "addmm")
    if len(x.array.shape) > 2 or any(
        size not in (1, wanted) for size, wanted in zip(x.shape[::-1], shape[::-1], strict=False)
    ):
        raise ShapeError(f"addmm: x of shape {x.shape} does not broadcast to {shape}")
    product = product if alpha == 1 else mul(product, alpha)
    if beta == 0:
        return product
    return add(x if beta == 1 else mul(x, beta), product)
