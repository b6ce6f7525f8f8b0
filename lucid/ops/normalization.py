"""The step of batch normalisation."""

from math import prod

import numpy as np

from lucid.autograd import Function, is_grad_enabled
from lucid.ops.elementwise import sqrt
from lucid.ops.reduction import mean, sum
from lucid.ops.shaping import reshape

__all__ = []


class BatchNorm(Function):
    r"""Bring every channel to mean 0 and variance 1, then scale and shift it.

    With the mean m and variance v of a channel, :math:`s = 1 / \sqrt{v + \epsilon}` and
    :math:`\hat x = (x - m) s`, the result is :math:`y = w \hat x + b`. If m and v come from x
    itself, its M numbers a channel, and g is the gradient of y, then

    .. math:: b_g = \sum g, \quad w_g = \sum g \hat x, \quad
        x_g = w s \, (g - b_g / M - \hat x \, w_g / M)

    and if they are given, the two subtracted terms are not there.

    Attributes
    ----------
    mean, variance : numpy.ndarray
        (C,), the statistics used; the variance divides by M.

    References
    ----------
    .. [1] Ioffe and Szegedy, "Batch normalization", 2015, algorithm 1 and the equations of
       section 3.
    """

    def __init__(self, eps, mean=None, variance=None):
        self.eps, self.mean, self.variance = eps, mean, variance
        self.of_batch = mean is None

    def forward(self, x, w, b):
        rows = x.reshape(*x.shape[:2], prod(x.shape[2:]))
        if self.of_batch:
            count = x.size // x.shape[1]
            # a row in its own precision, NumPy's pairwise sum; the rows in double precision
            self.mean = (rows.sum(2).sum(0, dtype=np.float64) / count).astype(x.dtype)
        y = rows - self.mean[:, None]
        if self.of_batch:
            # the squares of what is left, so that a mean far from 0 does not drown the variance
            squares = np.einsum("ncs,ncs->nc", y, y).sum(0, dtype=np.float64)
            self.variance = (squares / count).astype(x.dtype)
        y *= (w / np.sqrt(self.variance + x.dtype.type(self.eps)))[:, None]
        y += b[:, None]
        return y.reshape(x.shape)

    def backward(self, grad_y):
        x, w, _ = self.inputs
        dims = tuple(axis for axis in range(len(x.shape)) if axis != 1)
        column = (-1,) + (1,) * (len(x.shape) - 2)
        centre, variance = self._statistics(x, dims)
        scale = 1 / sqrt(reshape(variance, column) + self.eps)
        normal = (x - reshape(centre, column)) * scale
        grad_b = sum(grad_y, dims)
        grad_w = sum(grad_y * normal, dims)
        grad_x = None
        if self.needs[0]:
            grad_x = grad_y
            if self.of_batch:
                count = x.array.size / x.shape[1]
                means = reshape(grad_b, column) + normal * reshape(grad_w, column)
                grad_x = grad_x - means / count
            grad_x = grad_x * (reshape(w, column) * scale)
        return grad_x, grad_w, grad_b

    def _statistics(self, x, dims):
        """Give mean and variance; as functions of x if backward itself is being recorded."""
        if not (self.of_batch and is_grad_enabled()):
            return x.wrap(self.mean), x.wrap(self.variance)
        centre = mean(x, dims)
        return centre, mean((x - mean(x, dims, keepdim=True)) ** 2, dims)
