"""The step that layer, group and instance normalisation share: groups of mean 0 and variance 1."""

from math import prod

from lucid import kernels
from lucid.autograd import Function, is_grad_enabled
from lucid.ops.elementwise import sqrt
from lucid.ops.reduction import mean, sum
from lucid.ops.shaping import reshape

__all__ = []


class GroupNorm(Function):
    r"""Bring every group of channels of an item to mean 0 and variance 1, then scale and shift it.

    With the mean m and the variance v of the M numbers of a group, :math:`s = 1 / \sqrt{v +
    \epsilon}` and :math:`\hat x = (x - m) s`, the result is :math:`y = w \hat x + b`, with w and b
    of a channel; and with the gradient g of the result

    .. math:: b_g = \sum g, \quad w_g = \sum g \hat x, \quad
        x_g = s \, \Bigl(w g - \frac{1}{M} \sum w g - \hat x \, \frac{1}{M} \sum w g \hat x \Bigr).

    A layer normalisation has one group, of all that `w` scales, at each place of the axes before
    those: ``groups=None``.

    Attributes
    ----------
    mean, variance : numpy.ndarray
        (N, groups), those of each group of N items or places; the variance divides by M.

    References
    ----------
    .. [1] Wu and He, "Group normalization", 2018, section 3.1.
    .. [2] Ba, Kiros and Hinton, "Layer normalization", 2016, equation 4 and the supplement.
    """

    mean = variance = None

    def __init__(self, groups, eps):
        self.groups, self.eps = groups, eps

    def forward(self, x, w, b):
        y, self.mean, self.variance = kernels.normalization.group_norm(
            x, w, b, self.groups, self.eps
        )
        return y

    def backward(self, grad_y):
        x, w, _ = self.inputs
        if not is_grad_enabled():
            grads = kernels.normalization.group_norm_grad(
                x.array, w.array, grad_y.array, self.mean, self.variance, self.groups, self.eps
            )
            return tuple([grad_y.wrap(each) for each in grads])
        return self._differentiable(x, w, grad_y)

    def _differentiable(self, x, w, grad_y):
        """Compute the same gradients in steps, where backward itself is recorded."""
        items, groups = self.mean.shape
        positions = 1 if self.groups is None else prod(x.shape[2:])
        shape = items, groups, w.array.size // groups, positions
        x, grad_y = reshape(x, shape), reshape(grad_y, shape)
        centred = x - mean(x, (2, 3), keepdim=True)
        scale = 1 / sqrt(mean(centred * centred, (2, 3), keepdim=True) + self.eps)
        normal, share = centred * scale, grad_y * reshape(w, (*shape[1:3], 1))
        along = mean(share * normal, (2, 3), keepdim=True)
        grad_x = scale * (share - mean(share, (2, 3), keepdim=True) - normal * along)
        grad_w, grad_b = sum(grad_y * normal, (0, 3)), sum(grad_y, (0, 3))
        x_shape, w_shape, b_shape = self.input_shapes
        return reshape(grad_x, x_shape), reshape(grad_w, w_shape), reshape(grad_b, b_shape)
