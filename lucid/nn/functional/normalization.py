"""Batch normalisation of tensors."""

from math import prod

import numpy as np

from lucid.errors import DtypeError, ShapeError
from lucid.ops.normalization import BatchNorm
from lucid.ops.operands import check_tensor, is_tensor

__all__ = ["batch_norm"]


def batch_norm(
    x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    r"""Bring every channel to mean 0 and variance 1, then scale and shift it.

    Parameters
    ----------
    x : Tensor
        (N, C), or (N, C, \*) with any axes behind; float32 or float64.
    running_mean, running_var : Tensor or None
        (C,), of the type of `x`. Used instead of the statistics of `x` if not `training`; if
        `training`, changed in place: ``(1 - momentum) * running + momentum * new``, where the new
        variance divides by M - 1, one less than the numbers of a channel. Both or none.
    weight, bias : Tensor, optional
        (C,), of the type of `x`: the scale and the shift; default 1 and 0.
    training : bool, default False
        Whether the mean and the variance are those of `x`.
    momentum : float, default 0.1
        The part of the new statistics.
    eps : float, default 1e-05
        Added to the variance, so that a constant channel divides by no zero; at least 0.

    Returns
    -------
    Tensor
        Of the shape of `x`: :math:`w (x - m) / \sqrt{v + \epsilon} + b`, where v divides by M.

    Raises
    ------
    ShapeError
        If the shapes do not fit, or training finds one number only in each channel.
    DtypeError
        If the tensors are not all float32, or all float64.
    ValueError
        If there is no running statistic where one is needed, or `eps` is negative.

    References
    ----------
    .. [1] Ioffe and Szegedy, "Batch normalization", 2015, algorithms 1 and 2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.batch_norm(lucid.tensor([[1.0], [3.0]]), None, None, training=True, eps=0)
    tensor([[-1.],
            [ 1.]])
    """
    channels = _check(x, running_mean, running_var, weight, bias, training, eps)
    array = x.array
    weight = x.wrap(np.ones(channels, array.dtype)) if weight is None else weight
    bias = x.wrap(np.zeros(channels, array.dtype)) if bias is None else bias
    if not training:
        # copies: the graph must not see them change
        step = BatchNorm(eps, running_mean.array.copy(), running_var.array.copy())
        return step(x, weight, bias)
    if not array.size:
        nothing = np.ones(channels, array.dtype)
        return BatchNorm(eps, nothing, nothing)(x, weight, bias)
    step = BatchNorm(eps)
    y = step(x, weight, bias)
    if running_mean is not None:
        count = array.size // channels
        update(running_mean, step.mean, momentum, momentum)
        update(running_var, step.variance, momentum, momentum * count / (count - 1))
    return y


def update(running, new, momentum, share):
    """Keep of a running statistic what the momentum leaves, and add a share of a new one."""
    running.array *= 1 - momentum
    running.array += share * new
    running.bump()


def _check(x, running_mean, running_var, weight, bias, training, eps):
    """Refuse what does not fit; return the number of channels."""
    check_tensor(x, "batch_norm")
    shape, dtype = x.array.shape, x.array.dtype
    if dtype.kind != "f":
        raise DtypeError(f"batch_norm needs float32 or float64, not {x.dtype.name}; call x.float()")
    if len(shape) < 2:
        raise ShapeError(f"batch_norm: input of shape {shape} needs axes (batch, channels, ...)")
    for each in (running_mean, running_var, weight, bias):
        if each is not None and not (
            is_tensor(each) and each.array.dtype is dtype and each.array.shape == shape[1:2]
        ):
            _check_vectors(
                x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
            )
    if (running_mean is None) != (running_var is None) or (running_mean is None and not training):
        raise ValueError(
            "batch_norm: give running_mean and running_var, or neither of them with training=True"
        )
    if not eps >= 0:
        raise ValueError(f"batch_norm: eps={eps} must be at least 0")
    if training and shape[0] * prod(shape[2:]) == 1:
        raise ShapeError(
            f"batch_norm: input of shape {shape} has 1 number in each channel, whose variance is "
            f"always 0; training needs more than 1: a larger batch, or eval()"
        )
    return shape[1]


def _check_vectors(x, **vectors):
    """Find the first vector that has not one number for each channel, of the type of x."""
    shape = x.array.shape
    for name, each in vectors.items():
        if each is None:
            continue
        check_tensor(each, f"batch_norm: {name}")
        if each.array.shape != shape[1:2]:
            raise ShapeError(
                f"batch_norm: input of shape {shape} has {shape[1]} channels on axis 1, but {name} "
                f"has shape {each.array.shape}; they must be equal"
            )
        if each.array.dtype != x.array.dtype:
            raise DtypeError(
                f"batch_norm: input is {x.dtype.name}, but {name} is {each.dtype.name}; convert "
                f"one with .to(dtype)"
            )
