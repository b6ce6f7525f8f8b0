"""The inverse of a matrix."""

import numpy as np

from lucid.autograd import Function
from lucid.ops.linalg import matmul
from lucid.ops.shaping import transpose

__all__ = []


class Inverse(Function):
    r"""Invert a matrix: if :math:`Y = X^{-1}` and G is its gradient, X gets :math:`-Y^T G Y^T`."""

    keeps_inputs = False
    keeps_output = True

    def forward(self, x):
        return np.linalg.inv(x)

    def backward(self, grad_y):
        turned = transpose(self.output, -1, -2)
        return -matmul(matmul(turned, grad_y), turned)
