"""The step of batch normalisation."""

from lucid import kernels
from lucid.autograd import Function, is_grad_enabled
from lucid.ops.elementwise import sqrt
from lucid.ops.reduction import mean, sum
from lucid.ops.shaping import reshape

__all__ = []


class BatchNorm(Function):
    r"""Bring every channel to mean 0 and variance 1, then scale and shift it.

    With the mean m and variance v of a channel, :math:`s = 1 / \sqrt{v + \epsilon}` and
    :math:`\hat x = (x - m) s`, the result is :math:`y = w \hat x + b`. If m and v come from x
    itself, its M numbers a channel, and g is the gradient of y, then

    .. math:: b_g = \sum g, \quad w_g = \sum g \hat x, \quad
        x_g = w s \, (g - b_g / M - \hat x \, w_g / M)

    and if they are given, the two subtracted terms are not there.

    Attributes
    ----------
    mean, variance : numpy.ndarray
        (C,), the statistics used; the variance divides by M.

    References
    ----------
    .. [1] Ioffe and Szegedy, "Batch normalization", 2015, algorithm 1 and the equations of
       section 3.
    """

    def __init__(self, eps, mean=None, variance=None):
        self.eps, self.mean, self.variance = eps, mean, variance
        self.of_batch = mean is None

    def forward(self, x, w, b):
        y, self.mean, self.variance = kernels.normalization.batch_norm(
            x, w, b, self.eps, self.mean, self.variance
        )
        return y

    def backward(self, grad_y):
        x, w, _ = self.inputs
        if not is_grad_enabled():
            grads = kernels.normalization.batch_norm_grad(
                x.array, w.array, grad_y.array, self.mean, self.variance, self.eps, self.of_batch
            )
            return tuple([grad_y.wrap(each) for each in grads])
        return self._differentiable(x, w, grad_y)

    def _differentiable(self, x, w, grad_y):
        """Compute the same gradients in steps, where backward itself is recorded."""
        dims = tuple(axis for axis in range(len(x.shape)) if axis != 1)
        column = (-1,) + (1,) * (len(x.shape) - 2)
        centre, variance = self._statistics(x, dims)
        scale = 1 / sqrt(reshape(variance, column) + self.eps)
        normal = (x - reshape(centre, column)) * scale
        grad_b = sum(grad_y, dims)
        grad_w = sum(grad_y * normal, dims)
        grad_x = None
        if self.needs[0]:
            grad_x = grad_y
            if self.of_batch:
                count = x.array.size / x.shape[1]
                means = reshape(grad_b, column) + normal * reshape(grad_w, column)
                grad_x = grad_x - means / count
            grad_x = grad_x * (reshape(w, column) * scale)
        return grad_x, grad_w, grad_b

    def _statistics(self, x, dims):
        """Give mean and variance; as functions of x if they are its own."""
        if not self.of_batch:
            return x.wrap(self.mean), x.wrap(self.variance)
        centre = mean(x, dims)
        return centre, mean((x - mean(x, dims, keepdim=True)) ** 2, dims)
