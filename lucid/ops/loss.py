"""The steps of losses: reading one class of each item, and logarithms with a floor."""

import numpy as np

from lucid import kernels
from lucid.autograd import Function, is_grad_enabled
from lucid.ops.elementwise import clamp, sigmoid
from lucid.ops.operands import BroadcastTo, quiet
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
    is 0 where the class is -1. With a divisor the result is the sum over n, divided by it.
    """

    def __init__(self, classes, weights, divisor=None):
        self.classes, self.weights, self.divisor = classes, weights, divisor

    def forward(self, x):
        y = kernels.softmax.cross_entropy(x, self.classes, self.weights)
        return y if self.divisor is None else np.add.reduce(y, None) / self.divisor

    def backward(self, grad_y):
        (x,) = self.inputs
        if not is_grad_enabled():
            g = grad_y.array
            if self.divisor is not None:
                g = np.full(self.classes.shape, g / self.divisor, g.dtype)
            args = x.array, self.classes, self.weights, g
            return x.wrap(kernels.softmax.cross_entropy_grad(*args))
        if self.divisor is not None:
            grad_y = BroadcastTo(self.classes.shape)(grad_y / self.divisor)
        scale = grad_y * x.wrap(self.weights)
        return softmax(x, 1) * unsqueeze(scale, 1) - PutClass(self.classes, x.shape)(scale)


class _TotalLoss(Function):
    """Add up the losses of x beside their targets, times a number: one compiled pass."""

    def __init__(self, scale):
        self.scale = scale

    def forward(self, x, target):
        return quiet(x.dtype.type, kernels.loss.total(self.kind, x, target) * self.scale)

    def backward(self, grad_y):
        x, target = self.inputs
        if is_grad_enabled() or self.needs[1]:
            return self.slopes(x, target, grad_y * self.scale)
        factor = float(grad_y.array) * self.scale
        return x.wrap(kernels.loss.slope(self.kind, x.array, target.array, factor)), None


class SquaredError(_TotalLoss):
    r"""Add up squares: :math:`y = s \sum (x - t)^2`, so :math:`y_x = 2 s (x - t) = -y_t`."""

    kind = "square"

    def slopes(self, x, target, scale):
        grad_x = (x - target) * (scale * 2)
        return grad_x, -grad_x


class LogisticError(_TotalLoss):
    r"""Compare scores with yes or no: :math:`y = s \sum (\ln(1 + e^x) - x t)`.

    With the logistic function, :math:`y_x = s (\sigma(x) - t)` and :math:`y_t = -s x`.
    """

    kind = "logistic"

    def slopes(self, x, target, scale):
        return (sigmoid(x) - target) * scale, -x * scale


class ClampedLog(Function):
    r"""Take the logarithm, at least -100: :math:`y_x = 1 / x`, with x at least :math:`10^{-12}`."""

    def forward(self, x):
        with np.errstate(divide="ignore"):
            return np.maximum(np.log(x), x.dtype.type(-100))

    def backward(self, grad_y):
        (x,) = self.inputs
        return grad_y / clamp(x, 1e-12)
