"""The steps of losses: reading one class of each item, and logarithms with a floor."""

import numpy as np

from lucid import kernels
from lucid.autograd import Function, is_grad_enabled
from lucid.ops.elementwise import clamp
from lucid.ops.reduction import softmax
from lucid.ops.shaping import unsqueeze

__all__ = []


class PickClass(Function):
    r"""Read one class of each item: :math:`y_n = x_{n, t_n}`, the classes lying on axis 1.

    Where the class is -1 the result is 0, whatever x holds.
    """

    keeps_inputs = False

    def __init__(self, classes):
        self.classes = classes

    def forward(self, x):
        y = np.take_along_axis(x, np.maximum(self.classes, 0)[:, None], 1)[:, 0]
        return np.where(self.classes < 0, x.dtype.type(0), y)

    def backward(self, grad_y):
        return PutClass(self.classes, self.input_shapes[0])(grad_y)


class PutClass(Function):
    r"""Write one class of each item into zeros, unless it is -1: :math:`x_{n, t_n} = y_n`."""

    keeps_inputs = False

    def __init__(self, classes, shape):
        self.classes, self.shape = classes, shape

    def forward(self, y):
        x = np.zeros(self.shape, y.dtype)
        y = np.where(self.classes < 0, y.dtype.type(0), y)
        np.put_along_axis(x, np.maximum(self.classes, 0)[:, None], y[:, None], 1)
        return x

    def backward(self, grad_x):
        return PickClass(self.classes)(grad_x)


class CrossEntropy(Function):
    r"""Compare scores with true classes: :math:`y_n = k_n (\ln \sum_c e^{x_{nc}} - x_{nt})`.

    With the softmax p of the scores, :math:`x_{nc}^g = g_n k_n (p_{nc} - [c = t])`. The weight k
    is 0 where the class is -1.
    """

    def __init__(self, classes, weights):
        self.classes, self.weights = classes, weights

    def forward(self, x):
        return kernels.softmax.cross_entropy(x, self.classes, self.weights)

    def backward(self, grad_y):
        (x,) = self.inputs
        if not is_grad_enabled():
            args = x.array, self.classes, self.weights, grad_y.array
            return x.wrap(kernels.softmax.cross_entropy_grad(*args))
        scale = grad_y * x.wrap(self.weights)
        return softmax(x, 1) * unsqueeze(scale, 1) - PutClass(self.classes, x.shape)(scale)


class ClampedLog(Function):
    r"""Take the logarithm, at least -100: :math:`y_x = 1 / x`, with x at least :math:`10^{-12}`."""

    def forward(self, x):
        with np.errstate(divide="ignore"):
            return np.maximum(np.log(x), x.dtype.type(-100))

    def backward(self, grad_y):
        (x,) = self.inputs
        return grad_y / clamp(x, 1e-12)
