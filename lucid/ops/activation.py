"""The steps of the activation functions: each element by itself."""

from math import pi, sqrt

import numpy as np

from lucid import kernels
from lucid.autograd import Function, is_grad_enabled
from lucid.ops.elementwise import Gate, exp, sigmoid, tanh, where
from lucid.ops.erf import erf
from lucid.ops.operands import sum_to

__all__ = []


class _Compiled(Function):
    """A function of compiled loops; where backward is recorded, its slope in steps.

    A class says the `kind` of the loops, and `slope` as a function of x in tensors.
    """

    kind = None
    options = ()

    def forward(self, x):
        return kernels.activation.value(self.kind, x, *self.options)

    def backward(self, grad_y):
        (x,) = self.inputs
        if is_grad_enabled():
            return grad_y * self.slope(x)
        arrays = x.array, grad_y.array
        return x.wrap(kernels.activation.slope(self.kind, *arrays, *self.options))


class Hardtanh(Function):
    r"""Cut off outside an interval: the slope is 1 inside it, and 0 on its ends and beyond."""

    def __init__(self, low, high):
        self.low, self.high = low, high

    def forward(self, x):
        return kernels.activation.clamp(x, self.low, self.high)

    def backward(self, grad_y):
        step = Gate(kernels.activation.hardtanh_grad, self.low, self.high)
        return step(grad_y, self.inputs[0].detach())


class LeakyRelu(Function):
    r"""Multiply what is below zero by a small number a: the slope is 1 where x > 0, else a."""

    def __init__(self, negative_slope):
        self.negative_slope = negative_slope

    def forward(self, x):
        return kernels.activation.leaky(x, self.negative_slope)

    def backward(self, grad_y):
        step = Gate(kernels.activation.leaky_grad, self.negative_slope)
        return step(grad_y, self.inputs[0].detach())


class Hardsigmoid(_Compiled):
    r"""Climb from 0 at -3 to 1 at 3: the slope is 1/6 between them."""

    kind = "hardsigmoid"

    def slope(self, x):
        return x.wrap((np.abs(x.array) < 3) / x.array.dtype.type(6))


class Hardswish(_Compiled):
    r"""Multiply x by its hard sigmoid: between -3 and 3, :math:`y_x = x / 3 + 1 / 2`."""

    kind = "hardswish"

    def slope(self, x):
        return where(abs(x) < 3, x / 3 + 0.5, x.wrap((x.array >= 3).astype(x.array.dtype)))


class PRelu(Function):
    r"""Multiply what is below zero by a learnt number: where :math:`x \le 0`, :math:`y = wx`.

    There :math:`y_x = w` and :math:`y_w = x`; elsewhere they are 1 and 0.
    """

    def forward(self, x, w):
        return np.where(x > 0, x, w * x)

    def backward(self, grad_y):
        x, w = self.inputs
        grad_x = grad_w = None
        if self.needs[0]:
            grad_x = grad_y * where(x > 0, 1.0, w)
        if self.needs[1]:
            grad_w = sum_to(grad_y * where(x > 0, 0.0, x), self.input_shapes[1])
        return grad_x, grad_w


class Elu(_Compiled):
    r"""Bend what is below zero towards -a: there :math:`y = s a (e^x - 1)`, above it is sx.

    The slope is :math:`s a e^x` below, and s above.
    """

    kind = "elu"

    def __init__(self, alpha, scale=1.0):
        self.options = alpha, scale

    def slope(self, x):
        alpha, scale = self.options
        return where(x > 0, scale, exp(where(x > 0, 0.0, x)) * (scale * alpha))


class Gelu(_Compiled):
    r"""Multiply by the chance of a smaller normal number: :math:`y = x \, \Phi(x)`.

    With the bell curve :math:`\varphi`, :math:`y_x = \Phi(x) + x \, \varphi(x)`.
    """

    kind = "gelu"

    def slope(self, x):
        chance = (1 + erf(x * sqrt(0.5))) * 0.5
        return chance + x * exp(x * x * -0.5) * (1 / sqrt(2 * pi))


class GeluTanh(_Compiled):
    r"""Nearly `Gelu`: :math:`y = \frac{x}{2} (1 + t)`, :math:`t = \tanh(c (x + b x^3))`.

    With :math:`c = \sqrt{2 / \pi}` and :math:`b = 0.044715`,
    :math:`y_x = \frac{1 + t}{2} + \frac{x}{2} (1 - t^2) \, c \, (1 + 3 b x^2)`.
    """

    kind = "gelu_tanh"

    def slope(self, x):
        c, b = sqrt(2 / pi), 0.044715
        t = tanh((x + x * x * x * b) * c)
        return (1 + t) * 0.5 + x * (1 - t * t) * (1 + x * x * (3 * b)) * (c / 2)


class Silu(_Compiled):
    r"""Multiply by the sigmoid: :math:`y = xs`, so :math:`y_x = s (1 + x (1 - s))`."""

    kind = "silu"

    def slope(self, x):
        s = sigmoid(x)
        return s * (1 + x * (1 - s))


class Softplus(_Compiled):
    r"""Round the corner of the ReLU: :math:`y = \ln(1 + e^{bx}) / b`, slope :math:`\sigma(bx)`.

    Where bx is above the threshold, y is x itself and the slope 1.
    """

    kind = "softplus"

    def __init__(self, beta=1.0, threshold=np.inf):
        self.options = beta, threshold

    def slope(self, x):
        beta, threshold = self.options
        slope = sigmoid(x * beta)
        return where(x * beta > threshold, 1.0, slope) if threshold < np.inf else slope


class Mish(_Compiled):
    r"""Multiply by the squashed softplus: :math:`y = xt` with :math:`t = \tanh \ln(1 + e^x)`.

    :math:`y_x = t + x (1 - t^2) \, \sigma(x)`.
    """

    kind = "mish"

    def slope(self, x):
        t = tanh(Softplus()(x))
        return t + x * (1 - t * t) * sigmoid(x)
