r"""The three steps of convolution, closed under differentiation.

The number :math:`T(x, w, g) = \langle conv(x, w), g \rangle` is linear in each of its three
arguments, and its three derivatives are the three steps:

.. math:: T_g = conv(x, w), \quad T_x = conv\_input\_grad(g, w), \quad
    T_w = conv\_weight\_grad(x, g)

Each derivative is linear in the two arguments it has left, so its own derivatives are again two of
the three. Derivatives of every order, for every stride, padding, dilation and group count, are the
six calls below.
"""

from lucid import kernels
from lucid.autograd import Function
from lucid.autograd.function import other_factor

__all__ = []


class Conv(Function):
    r"""Convolve x with w: :math:`y_{nfo} = \sum_{ck} x_{nci} w_{fck}`, and add a bias if given."""

    reads = other_factor

    def __init__(self, geometry):
        self.geometry = geometry

    def forward(self, x, w, bias=None):
        return kernels.conv(x, w, self.geometry, bias)

    def backward(self, grad_y):
        x, w = self.inputs[:2]
        grad_x = ConvInputGrad(self.geometry)(grad_y, w) if self.needs[0] else None
        grad_w = ConvWeightGrad(self.geometry)(x, grad_y) if self.needs[1] else None
        return grad_x, grad_w, *bias_grad(grad_y, self.needs)


class ConvInputGrad(Function):
    r"""Convolve y with w transposed: :math:`x_{nci} = \sum_{fok} y_{nfo} w_{fck}`, plus a bias."""

    reads = other_factor

    def __init__(self, geometry):
        self.geometry = geometry

    def forward(self, y, w, bias=None):
        return kernels.conv_input_grad(y, w, self.geometry, bias)

    def backward(self, grad_x):
        y, w = self.inputs[:2]
        grad_y = Conv(self.geometry)(grad_x, w) if self.needs[0] else None
        grad_w = ConvWeightGrad(self.geometry)(grad_x, y) if self.needs[1] else None
        return grad_y, grad_w, *bias_grad(grad_x, self.needs)


class ConvWeightGrad(Function):
    r"""Correlate x with y: :math:`w_{fck} = \sum_{no} x_{nci} y_{nfo}`."""

    reads = other_factor

    def __init__(self, geometry):
        self.geometry = geometry

    def forward(self, x, y):
        return kernels.conv_weight_grad(x, y, self.geometry)

    def backward(self, grad_w):
        x, y = self.inputs
        grad_x = ConvInputGrad(self.geometry)(y, grad_w) if self.needs[0] else None
        grad_y = Conv(self.geometry)(x, grad_w) if self.needs[1] else None
        return grad_x, grad_y


def bias_grad(grad_y, needs):
    """Add the gradient up for each channel: nothing without a bias, None for a frozen one."""
    if len(needs) < 3:
        return ()
    return (SumChannels()(grad_y) if needs[2] else None,)


class SumChannels(Function):
    r"""Add up every channel: :math:`y_f = \sum_{no} x_{nfo}`."""

    keeps_inputs = False

    def forward(self, x):
        return kernels.normalization.sum_channels(x)

    def backward(self, grad_y):
        shape = self.input_shapes[0]
        column = grad_y.reshape(-1, *(1,) * (len(shape) - 2))
        return column.broadcast_to(shape)
