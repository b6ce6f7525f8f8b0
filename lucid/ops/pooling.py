"""The steps of pooling: each one linear, or linear where the maxima stay where they are."""

from lucid import kernels
from lucid.autograd import Function

__all__ = []


class MaxPool(Function):
    r"""Take the maximum of every window: :math:`y_o = x_{i(o)}`, where i is its position.

    The positions are kept in `indices`, so the gradient only has to go there.
    """

    keeps_inputs = False
    indices = None

    def __init__(self, geometry, with_indices=True):
        self.geometry, self.with_indices = geometry, with_indices

    def forward(self, x):
        y, self.indices = kernels.pooling.max_pool(x, self.geometry, self.with_indices)
        return y

    def backward(self, grad_y):
        return MaxPoolScatter(self.indices, self.geometry)(grad_y)


class MaxPoolScatter(Function):
    r"""Add every y to where its maximum was: :math:`x_{i(o)} \mathrel{+}= y_o`."""

    keeps_inputs = False

    def __init__(self, indices, geometry):
        self.indices, self.geometry = indices, geometry

    def forward(self, y):
        return kernels.pooling.max_pool_scatter(y, self.indices, self.geometry)

    def backward(self, grad_x):
        return MaxPoolGather(self.indices, self.geometry)(grad_x)


class MaxPoolGather(Function):
    r"""Read x where the maxima were: :math:`y_o = x_{i(o)}`, for indices that are given."""

    keeps_inputs = False

    def __init__(self, indices, geometry):
        self.indices, self.geometry = indices, geometry

    def forward(self, x):
        return kernels.pooling.max_pool_gather(x, self.indices, self.geometry)

    def backward(self, grad_y):
        return MaxPoolScatter(self.indices, self.geometry)(grad_y)


class AveragePool(Function):
    r"""Average every window: :math:`y_o = \frac{1}{d_o} \sum_k x_i`."""

    keeps_inputs = False

    def __init__(self, *options):
        self.options = options  # geometry, count_padding, divisor

    def forward(self, x):
        return kernels.pooling.average_pool(x, *self.options)

    def backward(self, grad_y):
        return AveragePoolInputGrad(*self.options)(grad_y)


class AveragePoolInputGrad(Function):
    r"""Spread every y over its window: :math:`x_i \mathrel{+}= y_o / d_o`."""

    keeps_inputs = False

    def __init__(self, *options):
        self.options = options

    def forward(self, y):
        return kernels.pooling.average_pool_input_grad(y, *self.options)

    def backward(self, grad_x):
        return AveragePool(*self.options)(grad_x)
