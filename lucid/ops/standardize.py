"""The step that layer, group and instance normalisation share: rows of mean 0 and variance 1."""

import numpy as np

from lucid.autograd import Function, is_grad_enabled
from lucid.ops.elementwise import sqrt
from lucid.ops.reduction import mean

__all__ = []


class Standardize(Function):
    r"""Bring every row to mean 0 and variance 1: :math:`\hat x = (x - m) s`.

    The rows lie along the last axis. With the mean m and the variance v of the M numbers of a row,
    :math:`s = 1 / \sqrt{v + \epsilon}`, and with the gradient g of the result

    .. math:: x_g = s \, \Bigl(g - \frac{1}{M} \sum g - \hat x \, \frac{1}{M} \sum g \hat x \Bigr).

    Attributes
    ----------
    mean, variance : numpy.ndarray
        Of each row, with a last axis of 1; the variance divides by M.

    References
    ----------
    .. [1] Ba, Kiros and Hinton, "Layer normalization", 2016, equation 4 and the supplement.
    """

    keeps_output = True
    mean = variance = None

    def __init__(self, eps):
        self.eps = eps

    def forward(self, x):
        self.mean = x.mean(-1, keepdims=True)
        y = x - self.mean
        # the squares of what is left, so that a mean far from 0 does not drown the variance
        squares = np.einsum("...i,...i->...", y, y)[..., None]
        self.variance = squares / x.dtype.type(x.shape[-1])
        y *= 1 / np.sqrt(self.variance + x.dtype.type(self.eps))
        return y

    def backward(self, grad_y):
        (x,), y = self.inputs, self.output
        if is_grad_enabled():  # backward is recorded, so the scale must be a function of x
            centred = x - mean(x, -1, keepdim=True)
            variance = mean(centred * centred, -1, keepdim=True)
        else:
            variance = x.wrap(self.variance)
        scale = 1 / sqrt(variance + self.eps)
        along = mean(grad_y * y, -1, keepdim=True)
        return scale * (grad_y - mean(grad_y, -1, keepdim=True) - y * along)
