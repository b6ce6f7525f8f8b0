"""Inverting and factoring square and other matrices, stacks of them at once."""

from collections import namedtuple
from math import inf, prod

import numpy as np

from lucid.autograd import Function
from lucid.errors import DtypeError, GradError, ShapeError
from lucid.ops.diagonals import Triangle
from lucid.ops.elementwise import where
from lucid.ops.linalg import matmul
from lucid.ops.operands import check_broadcast, check_tensor, quiet, sum_to
from lucid.ops.shaping import cat, reshape, transpose

__all__ = ["det", "inv", "qr", "solve", "svd"]

QRResult = namedtuple("QRResult", "Q R")
SVDResult = namedtuple("SVDResult", "U S Vh")


def turned(x):
    """Swap the last two axes."""
    return transpose(x, -1, -2)


class Inverse(Function):
    r"""Invert: :math:`Y = A^{-1}`, so A gets :math:`-Y^T G Y^T`."""

    keeps_inputs = False
    keeps_output = True

    def forward(self, a):
        return np.linalg.inv(a)

    def backward(self, grad_y):
        y = turned(self.output)
        return -matmul(matmul(y, grad_y), y)


class Solve(Function):
    r"""Solve :math:`AX = B`: B gets :math:`Z = A^{-T} G`, and A gets :math:`-Z X^T`."""

    keeps_output = True

    def forward(self, a, b):
        return np.linalg.solve(a, b)

    def backward(self, grad_y):
        a, _ = self.inputs
        z = Solve()(turned(a), grad_y)
        grad_a = None
        if self.needs[0]:
            grad_a = sum_to(-matmul(z, turned(self.output)), self.input_shapes[0])
        return grad_a, sum_to(z, self.input_shapes[1]) if self.needs[1] else None


class Determinant(Function):
    r"""Take the determinant: A gets g times its cofactors, :math:`g y A^{-T}` if y is not 0."""

    keeps_output = True

    def forward(self, a):
        return quiet(np.linalg.det, a)

    def backward(self, grad_y):
        (a,) = self.inputs
        y = self.output
        if y.array.all():
            return turned(Inverse()(a)) * reshape(grad_y * y, (*y.shape, 1, 1))
        return Cofactors()(a) * reshape(grad_y, (*y.shape, 1, 1))


class Cofactors(Function):
    r"""Compute :math:`\det(U) \det(V) U\, \mathrm{diag}(\prod_{j \ne i} s_j) V^T` of an SVD."""

    def forward(self, a):
        u, s, vh = np.linalg.svd(a)
        others = np.stack(
            [np.delete(s, i, axis=-1).prod(axis=-1) for i in range(s.shape[-1])], axis=-1
        )
        sign = np.linalg.det(u) * np.linalg.det(vh)
        return (u * (others * sign[..., None])[..., None, :]) @ vh

    def backward(self, grad_y):
        raise GradError("det: its second derivative at a singular matrix is not supported")


def pack(*arrays):
    """Lay several stacks of matrices or vectors in one array, since a step computes one."""
    lead = arrays[-1].shape[:-2]
    rows = [each.reshape(*lead, prod(each.shape[len(lead) :])) for each in arrays]
    return np.concatenate(rows, axis=-1)


def unpack(y, *shapes):
    """Take apart what `pack` made."""
    results, start = [], 0
    for shape in shapes:
        end = start + prod(shape)
        results.append(reshape(y[..., start:end], (*y.shape[:-1], *shape)))
        start = end
    return results


class QR(Function):
    r"""Factor :math:`A = QR`; A gets :math:`(G_Q + Q M) R^{-T}`.

    M is :math:`R G_R^T - G_Q^T Q`, with its lower triangle copied above the diagonal.

    References
    ----------
    .. [1] Walter and Lehmann, "Algorithmic differentiation of linear algebra functions", 2010.
    """

    keeps_inputs = False
    keeps_output = True

    def forward(self, a):
        self.shapes = a.shape[-2:], (a.shape[-1], a.shape[-1])
        return pack(*np.linalg.qr(a))

    def backward(self, grad_y):
        q, r = unpack(self.output, *self.shapes)
        grad_q, grad_r = unpack(grad_y, *self.shapes)
        m = matmul(r, turned(grad_r)) - matmul(turned(grad_q), q)
        m = Triangle(np.tril, 0)(m) + turned(Triangle(np.tril, -1)(m))
        return turned(Solve()(r, turned(grad_q + matmul(q, m))))


class SVD(Function):
    r"""Factor :math:`A = U S V^T`.

    With :math:`E_{ij} = s_j^2 - s_i^2` and skew(X) = X - X^T, A gets
    :math:`U [(skew(U^T G_U) / E) S + S (skew(V^T G_V) / E) + G_S] V^T` and, where U or V is not
    square, what stands upright on them.

    References
    ----------
    .. [1] Townsend, "Differentiating the singular value decomposition", 2016.
    """

    keeps_inputs = False
    keeps_output = True

    def forward(self, a):
        m, n = a.shape[-2:]
        k = min(m, n)
        self.shapes = (m, k), (k,), (k, n)
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        return pack(u, s, vh)

    def backward(self, grad_y):
        u, s, vh = unpack(self.output, *self.shapes)
        grad_u, grad_s, grad_vh = unpack(grad_y, *self.shapes)
        v, grad_v = turned(vh), turned(grad_vh)
        rows, columns = s[..., None], s[..., None, :]
        gap = (columns - rows) * (columns + rows)
        gap = where(gap == 0, inf, gap)  # the diagonal; and equal values have no own directions
        inner_u, inner_v = matmul(turned(u), grad_u), matmul(turned(v), grad_v)
        middle = (inner_u - turned(inner_u)) / gap * columns
        middle = middle + rows * ((inner_v - turned(inner_v)) / gap)
        eye = s.wrap(np.eye(s.shape[-1], dtype=s.array.dtype))
        left = matmul(u, middle + grad_s[..., None] * eye)
        full = where(columns == 0, inf, columns)
        (m, k), _, (_, n) = self.shapes
        if m > k:
            left = left + (grad_u - matmul(u, inner_u)) / full
        y = matmul(left, vh)
        if n > k:
            y = y + matmul(u, turned((grad_v - matmul(v, inner_v)) / full))
        return y


def _check_matrices(x, name, square=False):
    check_tensor(x, name)
    if x.array.dtype.kind != "f":
        raise DtypeError(f"{name}: needs floating point, not {x.dtype.name}; call x.float() first")
    shape = x.array.shape
    if len(shape) < 2 or square and shape[-1] != shape[-2]:
        kind = "square matrices (..., n, n)" if square else "matrices (..., m, n)"
        raise ShapeError(f"{name}: needs {kind}, not shape {shape}")


def _refuse_singular(step, name, *inputs):
    try:
        return step()(*inputs)
    except np.linalg.LinAlgError:
        raise ValueError(
            f"{name}: a matrix is singular, so it has no inverse; lucid.linalg.det tells"
        ) from None


def inv(x):
    r"""Invert square matrices: :math:`A A^{-1} = 1`.

    Parameters
    ----------
    x : Tensor
        ``(..., n, n)``, floating-point. To multiply by an inverse, `solve` is faster and closer.

    Returns
    -------
    Tensor
        ``(..., n, n)``.

    Raises
    ------
    ShapeError
        If the matrices are not square.
    DtypeError
        If `x` is not floating-point.
    ValueError
        If a matrix is singular.

    Examples
    --------
    >>> import lucid
    >>> lucid.linalg.inv(lucid.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    _check_matrices(x, "inv", square=True)
    return _refuse_singular(Inverse, "inv", x)


def solve(x, other):
    r"""Solve systems of linear equations: :math:`A X = B`.

    Parameters
    ----------
    x : Tensor
        The matrices A, ``(..., n, n)``, floating-point.
    other : Tensor
        The right sides B, ``(..., n, k)``, of the type of `x`, the axes in front broadcasting; or
        one vector for each matrix, ``(n,)`` or ``(..., n)``.

    Returns
    -------
    Tensor
        X, ``(..., n, k)`` or ``(..., n)``.

    Raises
    ------
    ShapeError
        If the matrices are not square, or the sizes do not fit.
    DtypeError
        If the types differ, or are not floating-point.
    ValueError
        If a matrix is singular.

    Examples
    --------
    >>> import lucid
    >>> lucid.linalg.solve(lucid.tensor([[2.0, 0.0], [0.0, 4.0]]), lucid.tensor([2.0, 8.0]))
    tensor([1., 2.])
    """
    _check_matrices(x, "solve", square=True)
    check_tensor(other, "solve")
    if other.array.dtype != x.array.dtype:
        raise DtypeError(
            f"solve: dtypes differ: {x.dtype.name} and {other.dtype.name}; convert one"
        )
    a, b = x.array.shape, other.array.shape
    if len(b) == 1 or b == a[:-1]:
        return solve(x, reshape(other, (*b, 1)))[..., 0]
    if not b or b[-2] != a[-1]:
        raise ShapeError(
            f"solve: matrices of shape {a} need right sides (..., {a[-1]}, k), not {b}"
        )
    check_broadcast(a[:-2], b[:-2], "solve")
    return _refuse_singular(Solve, "solve", x, other)


def det(x):
    r"""Take the determinant of square matrices.

    Parameters
    ----------
    x : Tensor
        ``(..., n, n)``, floating-point.

    Returns
    -------
    Tensor
        ``(...)``. At a singular matrix it has a gradient, but no second one.

    Raises
    ------
    ShapeError
        If the matrices are not square.
    DtypeError
        If `x` is not floating-point.

    Examples
    --------
    >>> import lucid
    >>> lucid.linalg.det(lucid.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor(8.)
    """
    _check_matrices(x, "det", square=True)
    return Determinant()(x)


def qr(x):
    r"""Factor matrices: :math:`A = QR`, Q with orthonormal columns and R upper triangular.

    Parameters
    ----------
    x : Tensor
        ``(..., m, n)``, floating-point; of full rank, if a gradient is wanted.

    Returns
    -------
    named tuple of Tensor
        Q ``(..., m, k)`` and R ``(..., k, n)``, where k is the smaller of m and n; PyTorch's mode
        "reduced", the others are not supported.

    Raises
    ------
    ShapeError
        If `x` has fewer than 2 axes.
    DtypeError
        If `x` is not floating-point.

    Examples
    --------
    >>> import lucid
    >>> q, r = lucid.linalg.qr(lucid.tensor([[3.0, 1.0], [4.0, 1.0]]))
    >>> lucid.allclose(q @ r, lucid.tensor([[3.0, 1.0], [4.0, 1.0]]), atol=1e-6)
    True
    """
    _check_matrices(x, "qr")
    m, n = x.array.shape[-2:]
    if m < n:  # the first columns make Q, and the others only follow
        q, r = qr(x[..., :m])
        return QRResult(q, cat([r, matmul(turned(q), x[..., m:])], -1))
    step = QR()
    return QRResult(*unpack(step(x), *step.shapes))


def svd(x, full_matrices=True):
    r"""Factor matrices into their singular values: :math:`A = U\, \mathrm{diag}(S)\, V^T`.

    Parameters
    ----------
    x : Tensor
        ``(..., m, n)``, floating-point.
    full_matrices : bool, default True
        Whether U and V are square; False drops the columns that no singular value belongs to.

    Returns
    -------
    named tuple of Tensor
        U ``(..., m, m)`` or ``(..., m, k)``, S ``(..., k)`` in falling order, and the transposed V,
        ``(..., n, n)`` or ``(..., k, n)``, where k is the smaller of m and n. The gradients of U
        and V need singular values that differ; that of S does not.

    Raises
    ------
    ShapeError
        If `x` has fewer than 2 axes.
    DtypeError
        If `x` is not floating-point.
    ValueError
        If it holds NaN or infinity.
    GradError
        If a gradient is recorded and columns without a singular value are asked for: they are not
        unique.

    Examples
    --------
    >>> import lucid
    >>> lucid.linalg.svd(lucid.tensor([[0.0, 2.0], [3.0, 0.0]])).S
    tensor([3., 2.])
    """
    _check_matrices(x, "svd")
    if not np.isfinite(x.array).all():
        raise ValueError("svd: the matrix holds NaN or infinity, which have no singular values")
    m, n = x.array.shape[-2:]
    if full_matrices and m != n:
        if x.requires_grad:
            raise GradError(
                "svd: the further columns of square U and V are not unique, so they have no "
                "gradient; say full_matrices=False, or call it on x.detach()"
            )
        return SVDResult(*[x.wrap(each) for each in np.linalg.svd(x.array)])
    step = SVD()
    return SVDResult(*unpack(step(x), *step.shapes))
