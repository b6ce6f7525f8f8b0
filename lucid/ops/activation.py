"""The steps of the activation functions: each element by itself."""

from math import pi, sqrt

import numpy as np

from lucid import kernels
from lucid.autograd import Function, is_grad_enabled
from lucid.ops.elementwise import Gate, exp, sigmoid, tanh, where
from lucid.ops.erf import erf, erf_array
from lucid.ops.operands import sum_to

__all__ = []


class _Bent(Function):
    """A line with corners: the slope of each element is a number, and has no slope itself."""

    def backward(self, grad_y):
        (x,) = self.inputs
        return grad_y * x.wrap(self.slope(x.array).astype(x.array.dtype, copy=False))


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


class Hardsigmoid(_Bent):
    r"""Climb from 0 at -3 to 1 at 3: the slope is 1/6 between them."""

    def forward(self, x):
        return np.clip(x + x.dtype.type(3), 0, x.dtype.type(6)) / x.dtype.type(6)

    def slope(self, x):
        return ((x > -3) & (x < 3)) / 6


class Hardswish(Function):
    r"""Multiply x by its hard sigmoid: between -3 and 3, :math:`y_x = x / 3 + 1 / 2`."""

    def forward(self, x):
        return x * np.clip(x + x.dtype.type(3), 0, x.dtype.type(6)) / x.dtype.type(6)

    def backward(self, grad_y):
        (x,) = self.inputs
        inside = where(abs(x) < 3, x / 3 + 0.5, x.wrap((x.array >= 3).astype(x.array.dtype)))
        return grad_y * inside


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


class Elu(Function):
    r"""Bend what is below zero towards -a: there :math:`y = s a (e^x - 1)`, above it is sx.

    The slope is :math:`s a e^x` below, and s above.
    """

    def __init__(self, alpha, scale=1.0):
        self.alpha, self.scale = alpha, scale

    def forward(self, x):
        below = np.expm1(np.minimum(x, x.dtype.type(0))) * x.dtype.type(self.scale * self.alpha)
        return np.where(x > 0, x * x.dtype.type(self.scale), below)

    def backward(self, grad_y):
        (x,) = self.inputs
        below = exp(where(x > 0, 0.0, x)) * (self.scale * self.alpha)
        return grad_y * where(x > 0, self.scale, below)


class Gelu(Function):
    r"""Multiply by the chance of a smaller normal number: :math:`y = x \, \Phi(x)`.

    With the bell curve :math:`\varphi`, :math:`y_x = \Phi(x) + x \, \varphi(x)`.
    """

    chance = None

    def forward(self, x):
        self.chance = (1 + erf_array(x * x.dtype.type(sqrt(0.5)))) / x.dtype.type(2)
        return x * self.chance

    def backward(self, grad_y):
        (x,) = self.inputs
        # as a function of x only if backward is recorded: it is dear
        chance = (1 + erf(x * sqrt(0.5))) * 0.5 if is_grad_enabled() else x.wrap(self.chance)
        bell = exp(x * x * -0.5) * (1 / sqrt(2 * pi))
        return grad_y * (chance + x * bell)


class GeluTanh(Function):
    r"""Nearly `Gelu`: :math:`y = \frac{x}{2} (1 + t)`, :math:`t = \tanh(c (x + b x^3))`.

    With :math:`c = \sqrt{2 / \pi}` and :math:`b = 0.044715`,
    :math:`y_x = \frac{1 + t}{2} + \frac{x}{2} (1 - t^2) \, c \, (1 + 3 b x^2)`.
    """

    c, b = sqrt(2 / pi), 0.044715

    def forward(self, x):
        c, b = x.dtype.type(self.c), x.dtype.type(self.b)
        return x * ((1 + np.tanh(c * (x + b * x * x * x))) / x.dtype.type(2))

    def backward(self, grad_y):
        (x,) = self.inputs
        t = tanh((x + x * x * x * self.b) * self.c)
        inner = (1 + x * x * (3 * self.b)) * self.c
        return grad_y * ((1 + t) * 0.5 + x * (1 - t * t) * inner * 0.5)


class Silu(Function):
    r"""Multiply by the sigmoid: :math:`y = xs`, so :math:`y_x = s (1 + x (1 - s))`."""

    def forward(self, x):
        return x * _sigmoid(x)

    def backward(self, grad_y):
        (x,) = self.inputs
        s = sigmoid(x)
        return grad_y * s * (1 + x * (1 - s))


class Softplus(Function):
    r"""Round the corner of the ReLU: :math:`y = \ln(1 + e^{bx}) / b`, slope :math:`\sigma(bx)`.

    Where bx is above the threshold, y is x itself and the slope 1.
    """

    def __init__(self, beta=1.0, threshold=np.inf):
        self.beta, self.threshold = beta, threshold

    def forward(self, x):
        scaled = x * x.dtype.type(self.beta)
        y = _softplus(scaled) / x.dtype.type(self.beta)
        return np.where(scaled > self.threshold, x, y)

    def backward(self, grad_y):
        (x,) = self.inputs
        slope = sigmoid(x * self.beta)
        if self.threshold < np.inf:
            slope = where(x * self.beta > self.threshold, 1.0, slope)
        return grad_y * slope


class Mish(Function):
    r"""Multiply by the squashed softplus: :math:`y = xt` with :math:`t = \tanh \ln(1 + e^x)`.

    :math:`y_x = t + x (1 - t^2) \, \sigma(x)`.
    """

    def forward(self, x):
        return x * np.tanh(_softplus(x))

    def backward(self, grad_y):
        (x,) = self.inputs
        t = tanh(Softplus()(x))
        return grad_y * (t + x * (1 - t * t) * sigmoid(x))


def _sigmoid(x):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


def _softplus(x):
    """Compute ln(1 + e^x), where e^x may be too large or too small to be added to 1."""
    return np.maximum(x, x.dtype.type(0)) + np.log1p(np.exp(-np.abs(x)))
