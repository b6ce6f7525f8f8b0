"""How far predicted numbers are from the true ones."""

from math import inf, log as log_of, pi

import numpy as np

from lucid.errors import ShapeError
from lucid.limits import finfo
from lucid.nn.functional.checks import check_number, check_same_shape, check_same_type
from lucid.nn.functional.loss import check_reduction, reduce
from lucid.ops.elementwise import log, where
from lucid.ops.shaping import unsqueeze

__all__ = ["gaussian_nll_loss", "huber_loss", "l1_loss", "smooth_l1_loss"]

log_of_two_pi = log_of(2 * pi)


def _check(x, target, name):
    """Refuse what differs in shape, which PyTorch would broadcast, or in type."""
    check_same_type(name, input=x, target=target)
    check_same_shape(name, input=x, target=target)


def l1_loss(x, target, reduction="mean"):
    r"""Average the absolute differences: :math:`|x - t|`.

    Parameters
    ----------
    x, target : Tensor
        Of one shape and one type, float32 or float64.
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

    Notes
    -----
    The gradient is 0 where the two are equal.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.l1_loss(lucid.tensor([1.0, 2.0]), lucid.tensor([1.0, 4.0]))
    tensor(1.)
    """
    check_reduction(reduction)
    _check(x, target, "l1_loss")
    return reduce(abs(x - target), reduction)


def smooth_l1_loss(x, target, reduction="mean", beta=1.0):
    r"""Average squares of small differences and absolute values of large ones.

    Parameters
    ----------
    x, target : Tensor
        Of one shape and one type, float32 or float64.
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all elements, or ``'none'`` of it.
    beta : float, default 1.0
        Where the parabola meets the lines, at least 0; 0, or less than the smallest normal number
        of the type, makes it the `l1_loss`.

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
    With :math:`d = |x - t|` it is :math:`d^2 / 2 \beta` below :math:`\beta`, and
    :math:`d - \beta / 2` from there on.

    References
    ----------
    .. [1] Girshick, "Fast R-CNN", 2015, equation 3.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.smooth_l1_loss(lucid.tensor([1.0, 2.0]), lucid.tensor([1.0, 4.0]))
    tensor(0.7500)
    """
    check_reduction(reduction)
    check_number(beta, "beta", 0)
    _check(x, target, "smooth_l1_loss")
    difference = x - target
    if beta < finfo(difference.dtype).tiny:
        return reduce(abs(difference), reduction)
    return reduce(_bend(difference, beta, 1, 1 / beta), reduction)


def _bend(difference, bound, slope, curvature):
    """A parabola up to a bound on both sides; beyond, the lines that go on as it ends.

    The square is that of what is inside the bounds, for that of infinity has no gradient.
    """
    size, inside = abs(difference), difference.clamp(-bound, bound)
    parabola = inside * (0.5 * curvature) * inside
    if bound == inf:
        return parabola
    return where(size < bound, parabola, (size - 0.5 * bound) * slope)


def huber_loss(x, target, reduction="mean", delta=1.0):
    r"""Average squares of small differences and multiples of large ones.

    Parameters
    ----------
    x, target : Tensor
        Of one shape and one type, float32 or float64.
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all elements, or ``'none'`` of it.
    delta : float, default 1.0
        Where the parabola meets the lines, greater than 0.

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
    With :math:`d = |x - t|` it is :math:`d^2 / 2` below :math:`\delta`, and
    :math:`\delta (d - \delta / 2)` from there on: :math:`\delta` times the smooth L1 loss.

    References
    ----------
    .. [1] Huber, "Robust estimation of a location parameter", 1964.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.huber_loss(lucid.tensor([1.0, 2.0]), lucid.tensor([1.0, 4.0]))
    tensor(0.7500)
    """
    check_reduction(reduction)
    check_number(delta, "delta", above=0)
    _check(x, target, "huber_loss")
    return reduce(_bend(x - target, delta, delta, 1), reduction)


def gaussian_nll_loss(x, target, var, full=False, eps=1e-06, reduction="mean"):
    r"""Average minus the log-density of the truth under a normal distribution.

    Parameters
    ----------
    x, target : Tensor
        Expected value and truth, of one shape and one type, float32 or float64.
    var : Tensor
        The variance, at least 0: of the shape of `x`, or with 1 on its last axis, or without it.
    full : bool, default False
        Whether to add the constant :math:`\frac12 \ln 2 \pi`.
    eps : float, default 1e-06
        A smaller variance counts as this one, greater than 0; the gradient does not notice.
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

    Notes
    -----
    :math:`\frac12 \bigl(\ln v + (x - t)^2 / v \bigr)`.

    References
    ----------
    .. [1] Nix and Weigend, "Estimating the mean and variance of the target probability
       distribution", 1994.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.gaussian_nll_loss(lucid.tensor([1.0]), lucid.tensor([3.0]), lucid.tensor([4.0]))
    tensor(1.1931)
    """
    check_reduction(reduction)
    check_number(eps, "eps", above=0)
    _check(x, target, "gaussian_nll_loss")
    check_same_type("gaussian_nll_loss", input=x, var=var)
    shape, wanted = var.array.shape, x.array.shape
    if shape == wanted[:-1] and shape != wanted:
        var = unsqueeze(var, -1)
    elif shape != wanted and shape != (*wanted[:-1], 1):
        raise ShapeError(
            f"gaussian_nll_loss: var of shape {shape} must have the shape {wanted} of the input, "
            f"or 1 for its last axis, or lack it"
        )
    if (var.array < 0).any():
        raise ValueError(f"gaussian_nll_loss: var has {var.array.min():g}; it must be at least 0")
    # raised to eps, but with the slope of what it was
    var = var + var.wrap(np.maximum(var.array, var.array.dtype.type(eps)) - var.array)
    losses = (log(var) + (x - target) ** 2 / var) * 0.5
    return reduce(losses + 0.5 * log_of_two_pi if full else losses, reduction)
