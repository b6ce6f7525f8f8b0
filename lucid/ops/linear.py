r"""The three steps of an affine map, closed under differentiation as those of convolution are.

With rows x and g and a matrix w, the number :math:`T(x, w, g) = \sum_n g_n \cdot w x_n` is linear
in each of its three arguments, and its three derivatives are the three steps. The axes in front of
the last one are one axis of rows: one large product is faster than a stack of small ones.
"""

from math import prod

from lucid import kernels
from lucid.autograd import Function
from lucid.autograd.function import other_factor
from lucid.ops.reduction import sum

__all__ = []


def _rows(x):
    return x if x.ndim == 2 else x.reshape(prod(x.shape[:-1]), x.shape[-1])


class Linear(Function):
    r"""Multiply rows by a matrix: :math:`y_{nf} = \sum_c x_{nc} w_{fc}`, plus a bias if given."""

    reads = other_factor

    def forward(self, x, w, b=None):
        y = kernels.product.matmul(_rows(x), w.T)
        if b is not None:
            y += b
        return y if x.ndim == 2 else y.reshape(*x.shape[:-1], w.shape[0])

    def backward(self, grad_y):
        x, w = self.inputs[:2]
        grad_x = LinearInputGrad()(grad_y, w) if self.needs[0] else None
        grad_w = LinearWeightGrad()(x, grad_y) if self.needs[1] else None
        if len(self.needs) == 2:
            return grad_x, grad_w
        grad_b = None
        if self.needs[2]:
            dims = tuple(range(grad_y.array.ndim - 1))
            grad_b = sum(grad_y, dims) if dims else grad_y
        return grad_x, grad_w, grad_b


class LinearInputGrad(Function):
    r"""Multiply rows by the transposed matrix: :math:`x_{nc} = \sum_f y_{nf} w_{fc}`."""

    reads = other_factor

    def forward(self, y, w):
        x = kernels.product.matmul(_rows(y), w)
        return x if y.ndim == 2 else x.reshape(*y.shape[:-1], w.shape[1])

    def backward(self, grad_x):
        y, w = self.inputs
        grad_y = Linear()(grad_x, w) if self.needs[0] else None
        grad_w = LinearWeightGrad()(grad_x, y) if self.needs[1] else None
        return grad_y, grad_w


class LinearWeightGrad(Function):
    r"""Add up products of rows: :math:`w_{fc} = \sum_n y_{nf} x_{nc}`."""

    reads = other_factor

    def forward(self, x, y):
        return kernels.product.matmul(_rows(y).T, _rows(x))

    def backward(self, grad_w):
        x, y = self.inputs
        grad_x = LinearInputGrad()(y, grad_w) if self.needs[0] else None
        grad_y = Linear()(x, grad_w) if self.needs[1] else None
        return grad_x, grad_y
