"""How far a prediction is from the truth: what training makes small."""

from math import nan

import numpy as np

from lucid.errors import DtypeError, ShapeError
from lucid.geometry import check_int
from lucid.nn.functional.checks import check_same_shape, refuse_input
from lucid.ops.elementwise import where
from lucid.ops.loss import CrossEntropy, PickClass, SquaredError
from lucid.ops.operands import check_tensor
from lucid.ops.reduction import log_softmax
from lucid.ops.shaping import reshape

__all__ = ["cross_entropy", "mse_loss", "nll_loss"]


def check_reduction(reduction):
    """Return the name of a reduction, if it is one."""
    refuse_input(reduction, "reduction")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"reduction={reduction!r} is not 'none', 'mean' or 'sum'")
    return reduction


def check_smoothing(label_smoothing):
    """Return the part of label smoothing, 0 to 1."""
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing={label_smoothing} must be 0 to 1")
    return label_smoothing


def mse_loss(x, target, reduction="mean"):
    r"""Average the squares of the differences: :math:`(x - t)^2`.

    Parameters
    ----------
    x, target : Tensor
        Of one shape and one type, float32 or float64.
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all elements, or ``'none'`` of it.

    Returns
    -------
    Tensor
        Without axes; of the shape of `x` for ``'none'``.

    Raises
    ------
    ShapeError
        If the shapes differ: PyTorch would repeat the smaller one, which is seldom meant.
    DtypeError
        If the types differ or are not floating-point.
    ValueError
        If there is no such reduction.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.mse_loss(lucid.tensor([1.0, 2.0]), lucid.tensor([1.0, 4.0]))
    tensor(2.)
    """
    check_tensor(x, "mse_loss")
    check_tensor(target, "mse_loss")
    check_same_shape("mse_loss", input=x, target=target)
    if not x.dtype.is_floating_point or x.dtype is not target.dtype:
        raise DtypeError(
            f"mse_loss: input and target must both be float32 or both float64, not {x.dtype.name} "
            f"and {target.dtype.name}; convert with .to(dtype)"
        )
    check_reduction(reduction)
    if reduction != "none":
        return SquaredError(scale_of(reduction, x))(x, target)
    difference = x - target
    return difference * difference


def scale_of(reduction, x):
    """Give what a sum over all elements is multiplied by; an empty mean is NaN."""
    return 1.0 if reduction == "sum" else 1 / x.array.size if x.array.size else nan


def reduce(losses, reduction):
    """Average or add up losses, or leave them as they are."""
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.mean()


def nll_loss(x, target, weight=None, ignore_index=-100, reduction="mean"):
    r"""Average minus the log-probability of the true class: :math:`-w_t \, x_t`.

    Parameters
    ----------
    x : Tensor
        Log-probabilities, as from `log_softmax`: (N, C), (N, C, \*) with any axes behind, or (C,)
        for one item.
    target : Tensor of int
        The true classes, 0 to C - 1: (N,), (N, \*), or without axes.
    weight : Tensor, optional
        (C,): how much each class counts, at least 0; a constant. Default 1.
    ignore_index : int, default -100
        A class that does not count at all; may be any int.
    reduction : str, default 'mean'
        ``'mean'`` divides the sum by the sum of the weights that counted, so it is NaN if none did;
        ``'sum'``, or ``'none'`` of it.

    Returns
    -------
    Tensor
        Without axes; of the shape of `target` for ``'none'``.

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DtypeError
        If `x` is not floating-point, `target` no integer, or `weight` of another type than `x`.
    ValueError
        If a target is no class, or there is no such reduction.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> x = lucid.tensor([[-1.0, -2.0], [-3.0, -4.0]])
    >>> F.nll_loss(x, lucid.tensor([0, 1]))
    tensor(2.5000)
    """
    x, target, weight, shape = _check_classes(x, target, weight, reduction, "nll_loss")
    classes, counts = _classes(x, target, weight, ignore_index, "nll_loss")
    losses = -PickClass(classes)(x) * x.wrap(counts)
    return _average(losses, counts, shape, reduction)


def cross_entropy(
    x, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    r"""Compare scores with true classes: minus the log-probability that softmax gives the truth.

    Parameters
    ----------
    x : Tensor
        Scores, any numbers: (N, C), (N, C, \*) with any axes behind, or (C,) for one item; float32
        or float64.
    target : Tensor
        Of int: the true classes, 0 to C - 1, shaped (N,), (N, \*), or without axes. Of float: the
        probability of each class, in the shape of `x`; gradients flow to it too.
    weight : Tensor, optional
        (C,): how much each class counts, at least 0; a constant. Default 1.
    ignore_index : int, default -100
        A class that does not count at all; may be any int. Not for probabilities.
    reduction : str, default 'mean'
        ``'mean'`` divides the sum by the sum of the weights of the true classes, so it is NaN if
        none counts; for probabilities by the number of items. ``'sum'``, or ``'none'`` of it.
    label_smoothing : float, default 0.0
        The part of the truth, 0 to 1, that is spread evenly over all classes [1]_.

    Returns
    -------
    Tensor
        Without axes; of the shape of `x` without its classes for ``'none'``.

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DtypeError
        If `x` is not floating-point, or `weight` or probabilities are of another type than `x`.
    ValueError
        If a target is no class, or an option is out of its range.

    References
    ----------
    .. [1] Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the Inception architecture for
       computer vision", 2016, section 7.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.cross_entropy(lucid.tensor([[0.0, 0.0]]), lucid.tensor([1]))
    tensor(0.6931)
    >>> F.cross_entropy(lucid.tensor([[0.0, 0.0]]), lucid.tensor([5]))
    Traceback (most recent call last):
    ...
    ValueError: cross_entropy: target 5 at position (0,) is no class: there are 2, numbered 0 to 1
    """
    check_smoothing(label_smoothing)
    x, target, weight, shape = _check_classes(x, target, weight, reduction, "cross_entropy")
    if target.dtype.is_floating_point:
        log_p = log_softmax(x, 1)
        return _soft_entropy(log_p, target, weight, reduction, label_smoothing, shape)
    classes, counts = _classes(x, target, weight, ignore_index, "cross_entropy")
    if reduction == "mean" and not label_smoothing:
        return CrossEntropy(classes, counts, _total_of(counts))(x)
    losses = CrossEntropy(classes, counts)(x)
    if label_smoothing:
        log_p = log_softmax(x, 1)
        # the even part: every class with its weight, where the item counts
        even = -(log_p * _column(x, weight)).sum(1)
        even = where(x.wrap(classes < 0), 0.0, even)
        losses = losses * (1 - label_smoothing) + even * (label_smoothing / x.shape[1])
    return _average(losses, counts, shape, reduction)


def _soft_entropy(log_p, target, weight, reduction, label_smoothing, shape):
    """Cross entropy with a probability for each class."""
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / log_p.shape[1]
    losses = -(log_p * target * _column(log_p, weight)).sum(1)
    return reduce(reshape(losses, shape), reduction)


def _average(losses, counts, shape, reduction):
    if reduction == "mean":
        return losses.sum() / _total_of(counts)
    return reduce(reshape(losses, shape), reduction)


def _total_of(counts):
    """Add up how much the items count: what a mean divides by, so NaN if nothing does."""
    return float(np.add.reduce(counts, None, np.float64)) or nan


def _column(x, weight):
    """Lay the weights of the classes along axis 1."""
    return x.wrap(weight.reshape((-1,) + (1,) * (x.array.ndim - 2)))


def _classes(x, target, weight, ignore_index, name):
    """Give the classes, -1 for those to ignore, and how much each item counts."""
    ignore_index = check_int(ignore_index, "ignore_index")
    classes, count = target.array.astype(np.int64), x.array.shape[1]
    plain = not 0 <= ignore_index < count and classes.size
    # the usual case, in one pass: without its sign a negative class is a huge number
    if plain and np.maximum.reduce(classes.view(np.uint64), None) < count:
        return classes, weight[classes]
    ignored = classes == ignore_index
    wrong = ((classes < 0) | (classes >= count)) & ~ignored
    if wrong.any():
        position = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(
            f"{name}: target {classes[position]} at position {position} is no class: there are "
            f"{count}, numbered 0 to {count - 1}"
        )
    classes[ignored] = -1
    return classes, np.where(ignored, weight.dtype.type(0), weight[classes])


def _check_classes(x, target, weight, reduction, name):
    """Refuse what does not fit; return all with a batch axis, weights, and the shape of losses."""
    check_tensor(x, name)
    check_tensor(target, name)
    check_reduction(reduction)
    if not x.dtype.is_floating_point:
        scores = "the scores come first, then the target" if target.dtype.is_floating_point else (
            "call x.float()")
        raise DtypeError(f"{name} needs float32 or float64, not {x.dtype.name}; {scores}")
    x_shape, t_shape = x.array.shape, target.array.shape
    count = x_shape[len(x_shape) > 1] if x_shape else 0
    if not count:
        raise ShapeError(f"{name}: input of shape {x_shape} has no classes; needs (N, C, ...)")
    shape = x_shape[:1] + x_shape[2:] if len(x_shape) > 1 else ()
    _check_target(x, target, shape, name)
    weight = _weights(x, weight, count, name)
    if len(x_shape) == 1:
        x, target = reshape(x, 1, *x_shape), reshape(target, 1, *t_shape)
    return x, target, weight, shape


def _check_target(x, target, shape, name):
    x_shape, t_shape = x.array.shape, target.array.shape
    if target.dtype.is_floating_point:
        if name == "nll_loss":
            raise DtypeError(
                f"{name}: target must hold classes, not {target.dtype.name}; use .long()"
            )
        if target.dtype is not x.dtype:
            raise DtypeError(
                f"{name}: input is {x.dtype.name}, but the probabilities are {target.dtype.name}; "
                f"convert one with .to(dtype), or classes with .long()"
            )
        if t_shape != x_shape:
            raise ShapeError(
                f"{name}: target of shape {t_shape} and type {target.dtype.name} holds "
                f"probabilities and needs the shape {x_shape} of the input; if it holds classes, "
                f"use .long()"
            )
    elif target.array.dtype.kind == "b":
        raise DtypeError(f"{name}: target must hold classes, not bool; use .long()")
    elif t_shape != shape:
        hint = "; if it holds probabilities, use .float()" if t_shape == x_shape else ""
        raise ShapeError(
            f"{name}: input of shape {x_shape} needs a target of shape {shape}, one class for each "
            f"item, not {t_shape}{hint}"
        )


def _weights(x, weight, count, name):
    """Give the weights of the classes as an array."""
    if weight is None:
        return np.ones(count, x.array.dtype)
    check_tensor(weight, f"{name}: weight")
    if weight.array.shape != (count,):
        raise ShapeError(
            f"{name}: weight of shape {weight.array.shape} does not fit {count} classes; "
            f"needs ({count},)"
        )
    if weight.dtype is not x.dtype:
        raise DtypeError(
            f"{name}: input is {x.dtype.name}, but weight is {weight.dtype.name}; convert one with "
            f".to(dtype)"
        )
    return weight.array
