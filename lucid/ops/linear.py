"""The affine map of the last axis: one matrix product of all items at once."""

from math import prod

import numpy as np

from lucid.autograd import Function
from lucid.ops.linalg import matmul
from lucid.ops.reduction import sum
from lucid.ops.shaping import reshape, transpose

__all__ = []


class Linear(Function):
    r"""Multiply rows by a matrix: :math:`y = x W^T + b`, for every row x of the input.

    With the upstream gradient G and the rows X stacked: :math:`X_G = G W`, :math:`W_G = G^T X` and
    :math:`b_G = \sum_n G_n`.
    """

    def forward(self, x, w, b=None):
        # all leading axes in one: a stack of small products would be slower
        y = np.matmul(x.reshape(prod(x.shape[:-1]), x.shape[-1]), w.T)
        if b is not None:
            y += b
        return y.reshape(*x.shape[:-1], w.shape[0])

    def backward(self, grad_y):
        x, w = self.inputs[:2]
        rows = prod(x.shape[:-1])
        grad_rows = reshape(grad_y, rows, w.shape[0])
        grad_x = grad_w = None
        if self.needs[0]:
            grad_x = reshape(matmul(grad_rows, w), x.shape)
        if self.needs[1]:
            grad_w = matmul(transpose(grad_rows, 0, 1), reshape(x, rows, x.shape[-1]))
        if len(self.needs) == 2:
            return grad_x, grad_w
        return grad_x, grad_w, sum(grad_rows, 0) if self.needs[2] else None
