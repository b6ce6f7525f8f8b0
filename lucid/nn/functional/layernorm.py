"""Normalisations that look at one item at a time: no batch, no running statistics needed."""

from math import prod

import numpy as np

from lucid.errors import ShapeError
from lucid.geometry import check_int
from lucid.nn.functional.checks import check_floating, check_number, check_same_type
from lucid.nn.functional.normalization import batch_norm, update
from lucid.nn.functional.pooling import avg_pool
from lucid.ops.padding import pad_axes
from lucid.ops.shaping import reshape
from lucid.ops.standardize import GroupNorm

__all__ = ["group_norm", "instance_norm", "layer_norm", "local_response_norm"]


def layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    r"""Bring the last axes of every item together to mean 0 and variance 1, then scale and shift.

    Parameters
    ----------
    x : Tensor
        (\*, normalized_shape), with any axes in front; float32 or float64.
    normalized_shape : int or tuple of int
        The last axes of `x`, which are normalised together.
    weight, bias : Tensor, optional
        (normalized_shape), of the type of `x`: the scale and the shift; default 1 and 0.
    eps : float, default 1e-05
        Added to the variance, so that a constant item divides by no zero; at least 0.

    Returns
    -------
    Tensor
        Of the shape of `x`: :math:`w (x - m) / \sqrt{v + \epsilon} + b`, where v divides by the
        count of numbers.

    Raises
    ------
    ShapeError
        If `x` does not end in `normalized_shape`, or `weight` or `bias` is not of that shape.
    DtypeError
        If the tensors are not all float32, or all float64.
    ValueError, TypeError
        If a number is out of its range.

    References
    ----------
    .. [1] Ba, Kiros and Hinton, "Layer normalization", 2016, equation 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.layer_norm(lucid.tensor([[1.0, 3.0], [10.0, 30.0]]), 2, eps=0)
    tensor([[-1.,  1.],
            [-1.,  1.]])
    """
    shape = as_normalized_shape(normalized_shape)
    check_same_type("layer_norm", input=x, weight=weight, bias=bias)
    eps = check_number(eps, "layer_norm: eps", 0)
    if x.array.shape[-len(shape) :] != shape:
        raise ShapeError(
            f"layer_norm: input of shape {x.array.shape} does not end in "
            f"normalized_shape={shape}; give the sizes of its last axes"
        )
    for name, each in (("weight", weight), ("bias", bias)):
        if each is not None and each.array.shape != shape:
            raise ShapeError(
                f"layer_norm: {name} of shape {each.array.shape} must have the shape {shape} of "
                f"normalized_shape"
            )
    return _run(GroupNorm(None, eps), x, weight, bias, shape)


def as_normalized_shape(normalized_shape):
    """Return the sizes of the last axes as a tuple, none of them 0."""
    shape = normalized_shape if isinstance(normalized_shape, (tuple, list)) else (normalized_shape,)
    if not shape:
        raise ValueError("normalized_shape=() names no axis; give the size of the last one")
    return tuple(check_int(size, "normalized_shape", 1) for size in shape)


def _run(step, x, weight, bias, shape):
    """Call a step with the scale 1 and the shift 0 where they are not given."""
    weight = x.wrap(np.ones(shape, x.array.dtype)) if weight is None else weight
    bias = x.wrap(np.zeros(shape, x.array.dtype)) if bias is None else bias
    return step(x, weight, bias)


def _check_channels(name, x, weight, bias, **more):
    """Refuse what has no channels on axis 1, or vectors that do not fit; return their number."""
    given = {"weight": weight, "bias": bias, **more}
    check_same_type(name, input=x, **given)
    shape = x.array.shape
    if len(shape) < 2:
        raise ShapeError(f"{name}: input of shape {shape} needs axes (batch, channels, ...)")
    for key, each in given.items():
        if each is not None and each.array.shape != shape[1:2]:
            raise ShapeError(
                f"{name}: input of shape {shape} has {shape[1]} channels on axis 1, but {key} has "
                f"shape {each.array.shape}; they must be equal"
            )
    if 0 in shape[1:]:
        raise ShapeError(f"{name}: input of shape {shape} is empty; only the batch may be empty")
    return shape[1]


def group_norm(x, num_groups, weight=None, bias=None, eps=1e-5):
    r"""Bring every group of channels of an item to mean 0 and variance 1, then scale and shift.

    Parameters
    ----------
    x : Tensor
        (N, C, \*) with any axes behind; float32 or float64.
    num_groups : int
        Parts that the channels are split into; divides C. 1 makes it a layer normalisation of the
        whole item, C an instance normalisation.
    weight, bias : Tensor, optional
        (C,), of the type of `x`: the scale and the shift of each channel; default 1 and 0.
    eps : float, default 1e-05
        Added to the variance, so that a constant group divides by no zero; at least 0.

    Returns
    -------
    Tensor
        Of the shape of `x`: :math:`w (x - m) / \sqrt{v + \epsilon} + b`, where v divides by the
        count of numbers in a group.

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DtypeError
        If the tensors are not all float32, or all float64.
    ValueError, TypeError
        If `num_groups` does not divide the channels, or `eps` is negative.

    References
    ----------
    .. [1] Wu and He, "Group normalization", 2018, section 3.1.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.group_norm(lucid.tensor([[1.0, 3.0, 10.0, 30.0]]), 2, eps=0)
    tensor([[-1.,  1., -1.,  1.]])
    """
    channels = _check_channels("group_norm", x, weight, bias)
    eps = check_number(eps, "group_norm: eps", 0)
    groups = check_int(num_groups, "num_groups", 1)
    if channels % groups:
        raise ValueError(
            f"group_norm: {channels} channels cannot be split into num_groups={groups} equal "
            f"parts; choose among the divisors of {channels}"
        )
    return _run(GroupNorm(groups, eps), x, weight, bias, channels)


def instance_norm(
    x, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True,
    momentum=0.1, eps=1e-5,
):
    r"""Bring every channel of every item to mean 0 and variance 1, then scale and shift it.

    Parameters
    ----------
    x : Tensor
        (N, C, \*) with at least one axis behind; float32 or float64.
    running_mean, running_var : Tensor, optional
        (C,), of the type of `x`, both or none. With `use_input_stats` changed in place:
        ``(1 - momentum) * running + momentum * new``, where the new ones are averaged over the
        items and the variance divides by M - 1. Without it they are used instead of the
        statistics of `x`.
    weight, bias : Tensor, optional
        (C,), of the type of `x`: the scale and the shift; default 1 and 0.
    use_input_stats : bool, default True
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
        If the shapes do not fit, or there is one number only in each channel of an item.
    DtypeError
        If the tensors are not all float32, or all float64.
    ValueError, TypeError
        If a running statistic is missing where one is needed, or `eps` is negative.

    References
    ----------
    .. [1] Ulyanov, Vedaldi and Lempitsky, "Instance normalization: the missing ingredient for fast
       stylization", 2016, equation 2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.instance_norm(lucid.tensor([[[1.0, 3.0], [10.0, 30.0]]]), eps=0)
    tensor([[[-1.,  1.],
             [-1.,  1.]]])
    """
    name = "instance_norm"
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    channels = _check_channels(
        name, x, weight, bias, running_mean=running_mean, running_var=running_var
    )
    eps = check_number(eps, f"{name}: eps", 0)
    if (running_mean is None) != (running_var is None):
        raise ValueError(f"{name}: give running_mean and running_var, or neither of them")
    shape = x.array.shape
    count = prod(shape[2:])
    if count == 1:
        raise ShapeError(
            f"{name}: input of shape {shape} has 1 number in each channel of an item, whose "
            f"variance is always 0; it needs more positions"
        )
    step = GroupNorm(channels, eps)
    y = _run(step, x, weight, bias, channels)
    if running_mean is not None and shape[0]:
        update(running_mean, step.mean.mean(0), momentum, momentum)
        update(running_var, step.variance.mean(0), momentum, momentum * count / (count - 1))
    return y


def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    r"""Divide every number by the strength of the channels beside its own, at its position.

    Parameters
    ----------
    x : Tensor
        (N, C, \*) with at least one axis behind; float32 or float64.
    size : int
        Channels n that are looked at: its own, ``size // 2`` before and ``(size - 1) // 2`` behind.
    alpha : float, default 0.0001
        The weight of the strength.
    beta : float, default 0.75
        The exponent.
    k : float, default 1.0
        Added to the strength.

    Returns
    -------
    Tensor
        Of the shape of `x`: :math:`y_c = x_c \, \bigl(k + \frac{\alpha}{n} \sum_{c'} x_{c'}^2
        \bigr)^{-\beta}`.

    Raises
    ------
    ShapeError
        If there are fewer than three axes.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is no number, or `size` is below 1.

    Notes
    -----
    As in PyTorch, `alpha` is divided by n, which [1]_ does not.

    References
    ----------
    .. [1] Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural
       networks", 2012, section 3.3.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.local_response_norm(lucid.ones(1, 3, 1), 3, alpha=3.0, beta=1.0)[0, :, 0]
    tensor([0.3333, 0.2500, 0.3333])
    """
    check_floating(x, "local_response_norm")
    size = check_int(size, "size", 1)
    alpha, beta = check_number(alpha, "alpha"), check_number(beta, "beta")
    k = check_number(k, "k")
    shape = x.array.shape
    if len(shape) < 3:
        raise ShapeError(
            f"local_response_norm: input of shape {shape} needs axes (batch, channels, length, ...)"
        )
    if not x.array.size:
        return x * 1.0
    columns = reshape(x * x, shape[0], 1, shape[1], prod(shape[2:]))
    columns = pad_axes(columns, ((size // 2, (size - 1) // 2), (0, 0)))
    windows = (size, 1), (1, 1), (0, 0), (1, 1)  # kernel size, stride, padding, dilation
    strength = reshape(avg_pool(columns, windows, False, True, None), shape)
    return x / (strength * alpha + k) ** beta
