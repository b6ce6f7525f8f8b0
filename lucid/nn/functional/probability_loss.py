"""How far predicted probabilities are from the true ones."""

from lucid.errors import ShapeError
from lucid.nn.functional.checks import check_same_shape, check_same_type
from lucid.nn.functional.loss import check_reduction, reduce, scale_of
from lucid.ops.activation import Softplus
from lucid.ops.elementwise import exp, log, where
from lucid.ops.loss import ClampedLog, LogisticError
from lucid.ops.operands import check_broadcast

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div"]


def check_kl_reduction(reduction):
    """Return the name of a reduction, which may be that of a divergence."""
    is_known = isinstance(reduction, str) and reduction == "batchmean"
    return reduction if is_known else check_reduction(reduction)


def _check(x, target, weight, name):
    """Refuse what differs in shape, which PyTorch would broadcast, or in type."""
    check_same_type(name, input=x, target=target)
    check_same_shape(name, input=x, target=target)
    if weight is not None:
        _check_weight(x, weight, "weight", name)


def _check_weight(x, weight, key, name):
    check_same_type(name, input=x, **{key: weight})
    shape = weight.array.shape
    check_broadcast(x.array.shape, shape, f"{name}: {key}")
    if len(shape) > x.array.ndim or any(
        m > n for m, n in zip(shape[::-1], x.array.shape[::-1], strict=False)
    ):
        raise ShapeError(
            f"{name}: {key} of shape {shape} does not broadcast to the shape {x.array.shape} of "
            f"the input"
        )


def _weighted(losses, weight):
    return losses if weight is None else losses * weight.detach()


def binary_cross_entropy(x, target, weight=None, reduction="mean"):
    r"""Compare probabilities with the truth, yes or no: minus the logarithm of what it was given.

    Parameters
    ----------
    x : Tensor
        Probabilities, 0 to 1, of any shape; float32 or float64.
    target : Tensor
        The truth, 0 to 1, of the shape and type of `x`.
    weight : Tensor, optional
        How much each element counts, broadcast to the shape of `x`; a constant. Default 1.
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all elements, or ``'none'`` of it.

    Returns
    -------
    Tensor
        Without axes; one loss for each element for ``'none'``.

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DtypeError
        If the types differ or are not floating-point.
    ValueError, TypeError
        If an option is out of its range.

    See Also
    --------
    binary_cross_entropy_with_logits : The same from scores, which never overflows.

    Notes
    -----
    :math:`-w \, (t \ln x + (1 - t) \ln (1 - x))`, where a logarithm is at least -100.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.binary_cross_entropy(lucid.tensor([0.5, 0.25]), lucid.tensor([1.0, 0.0]))
    tensor(0.4904)
    """
    check_reduction(reduction)
    _check(x, target, weight, "binary_cross_entropy")
    if x.array.size and not (x.array.min() >= 0 and x.array.max() <= 1):
        raise ValueError(
            f"binary_cross_entropy: input has {x.array.min():g} to {x.array.max():g}; it must hold "
            f"probabilities, 0 to 1: use sigmoid, or the scores in "
            f"binary_cross_entropy_with_logits"
        )
    losses = -(target * ClampedLog()(x) + (1 - target) * ClampedLog()(1 - x))
    return reduce(_weighted(losses, weight), reduction)


def binary_cross_entropy_with_logits(x, target, weight=None, reduction="mean", pos_weight=None):
    r"""Compare scores with the truth, yes or no: `sigmoid` and binary cross entropy in one.

    Parameters
    ----------
    x : Tensor
        Scores, any numbers, of any shape; float32 or float64.
    target : Tensor
        The truth, 0 to 1, of the shape and type of `x`.
    weight : Tensor, optional
        How much each element counts, broadcast to the shape of `x`; a constant. Default 1.
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all elements, or ``'none'`` of it.
    pos_weight : Tensor, optional
        How much a yes counts, broadcast to the shape of `x`; a constant. Default 1.

    Returns
    -------
    Tensor
        Without axes; one loss for each element for ``'none'``.

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DtypeError
        If the types differ or are not floating-point.
    ValueError, TypeError
        If an option is out of its range.

    Notes
    -----
    :math:`-w \, (p \, t \ln \sigma(x) + (1 - t) \ln (1 - \sigma(x)))`, computed without any
    overflow as :math:`w \, ((1 - t) x + (1 + (p - 1) t) \ln (1 + e^{-x}))`.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.binary_cross_entropy_with_logits(lucid.tensor([0.0, 1000.0]), lucid.tensor([1.0, 1.0]))
    tensor(0.3466)
    """
    check_reduction(reduction)
    name = "binary_cross_entropy_with_logits"
    _check(x, target, weight, name)
    if weight is None and pos_weight is None and reduction != "none":
        return LogisticError(scale_of(reduction, x))(x, target)
    factor = 1.0
    if pos_weight is not None:
        _check_weight(x, pos_weight, "pos_weight", name)
        factor = (pos_weight.detach() - 1) * target + 1
    losses = (1 - target) * x + Softplus()(-x) * factor
    return reduce(_weighted(losses, weight), reduction)


def kl_div(x, target, reduction="mean", log_target=False):
    r"""Compare two distributions: how much more surprising the one makes what the other is.

    Parameters
    ----------
    x : Tensor
        Log-probabilities, as from `log_softmax`, of any shape; float32 or float64.
    target : Tensor
        Probabilities of the truth, of the shape and type of `x`.
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all elements, ``'batchmean'``: the sum divided by the first size,
        or ``'none'`` of it.
    log_target : bool, default False
        Whether `target` holds log-probabilities too.

    Returns
    -------
    Tensor
        Without axes; one loss for each element for ``'none'``.

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DtypeError
        If the types differ or are not floating-point.
    ValueError, TypeError
        If an option is out of its range, or a target that is no logarithm is negative.

    Notes
    -----
    :math:`t \, (\ln t - x)`, and 0 where t is 0. The divergence of distributions is a *sum* over
    their classes, so ``'batchmean'`` is the mean divergence, and ``'mean'`` is not.

    References
    ----------
    .. [1] Kullback and Leibler, "On information and sufficiency", 1951.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.kl_div(lucid.tensor([-1.0, -2.0]), lucid.tensor([0.0, 1.0]))
    tensor(1.)
    """
    check_kl_reduction(reduction)
    check_same_type("kl_div", input=x, target=target)
    check_same_shape("kl_div", input=x, target=target)
    if log_target:
        losses = exp(target) * (target - x)
    else:
        lowest = target.array.min(initial=0)
        if lowest < 0:
            raise ValueError(
                f"kl_div: target {lowest:g} is no probability; for a target of logarithms say "
                f"log_target=True"
            )
        is_there = target > 0
        log_t = log(where(is_there, target, 1.0))
        losses = target * (where(is_there, log_t, 0.0) - x)
    if reduction == "batchmean":
        return losses.sum() / max(x.array.shape[0] if x.array.ndim else 1, 1)
    return reduce(losses, reduction)
