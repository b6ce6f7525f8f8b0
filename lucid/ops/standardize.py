"""The step that layer, group and instance normalisation share: rows of mean 0 and variance 1."""

from math import prod

import numpy as np

from lucid import kernels
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

    mean = variance = None

    def __init__(self, eps):
        self.eps = eps

    def forward(self, x):
        rows, one, zero = self._channels(x)
        y, *statistics = kernels.normalization.batch_norm(rows, one, zero, self.eps)
        self.mean, self.variance = [each.reshape(*x.shape[:-1], 1) for each in statistics]
        return y.reshape(x.shape)

    def backward(self, grad_y):
        (x,) = self.inputs
        if not is_grad_enabled():
            rows, one, _ = self._channels(x.array)
            grad_x, _, _ = kernels.normalization.batch_norm_grad(
                rows, one, grad_y.array.reshape(rows.shape), self.mean.reshape(-1),
                self.variance.reshape(-1), self.eps, True,
            )
            return x.wrap(grad_x.reshape(x.shape))
        centred = x - mean(x, -1, keepdim=True)
        scale = 1 / sqrt(mean(centred * centred, -1, keepdim=True) + self.eps)
        y = centred * scale
        along = mean(grad_y * y, -1, keepdim=True)
        return scale * (grad_y - mean(grad_y, -1, keepdim=True) - y * along)

    def _channels(self, x):
        """View rows as the channels of one item, which have a scale of 1 and a shift of 0."""
        rows = x.reshape(1, prod(x.shape[:-1]), x.shape[-1])
        return rows, np.ones(rows.shape[1], x.dtype), np.zeros(rows.shape[1], x.dtype)
