"""Losses of predicted numbers, as modules."""

from __future__ import annotations

from lucid.nn.functional.checks import check_number
from lucid.nn.functional.loss import check_reduction
from lucid.nn.functional.regression_loss import (
    gaussian_nll_loss, huber_loss, l1_loss, smooth_l1_loss,
)
from lucid.nn.module import Module
from lucid.tensor import Tensor

__all__ = ["GaussianNLLLoss", "HuberLoss", "L1Loss", "SmoothL1Loss"]


class L1Loss(Module):
    r"""Average the absolute differences: :math:`|x - t|`.

    Parameters
    ----------
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all elements, or ``'none'`` of it.

    Attributes
    ----------
    reduction : str
        As given.

    See Also
    --------
    lucid.nn.functional.l1_loss : The same as a function.

    Notes
    -----
    **Shape.** Input and target have one shape, any. Output without axes, or that shape for
    ``'none'``.

    **Values.** The gradient is 0 where the two are equal.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.L1Loss()(lucid.tensor([1.0, 2.0]), lucid.tensor([1.0, 4.0]))
    tensor(1.)
    """

    def __init__(self, reduction: str = "mean") -> None:
        """Make the loss; the parameters are those of the class."""
        super().__init__()
        self.reduction = check_reduction(reduction)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return l1_loss(x, target, self.reduction)


class SmoothL1Loss(Module):
    r"""Average squares of small differences and absolute values of large ones.

    Parameters
    ----------
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all elements, or ``'none'`` of it.
    beta : float, default 1.0
        Where the parabola meets the lines, at least 0; 0 makes it the `L1Loss`.

    Attributes
    ----------
    reduction : str
        As given.
    beta : float
        As given.

    See Also
    --------
    lucid.nn.functional.smooth_l1_loss : The same as a function.

    Notes
    -----
    **Shape.** Input and target have one shape, any. Output without axes, or that shape for
    ``'none'``.

    **Values.** With :math:`d = |x - t|` it is :math:`d^2 / 2 \beta` below :math:`\beta`, and
    :math:`d - \beta / 2` from there on.

    References
    ----------
    .. [1] Girshick, "Fast R-CNN", 2015, equation 3.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.SmoothL1Loss()(lucid.tensor([1.0, 2.0]), lucid.tensor([1.0, 4.0]))
    tensor(0.7500)
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        """Make the loss; the parameters are those of the class."""
        super().__init__()
        self.reduction = check_reduction(reduction)
        self.beta = check_number(beta, "beta", 0)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return smooth_l1_loss(x, target, self.reduction, self.beta)


class HuberLoss(Module):
    r"""Average squares of small differences and multiples of large ones.

    Parameters
    ----------
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all elements, or ``'none'`` of it.
    delta : float, default 1.0
        Where the parabola meets the lines, greater than 0.

    Attributes
    ----------
    reduction : str
        As given.
    delta : float
        As given.

    See Also
    --------
    lucid.nn.functional.huber_loss : The same as a function.

    Notes
    -----
    **Shape.** Input and target have one shape, any. Output without axes, or that shape for
    ``'none'``.

    **Values.** With :math:`d = |x - t|` it is :math:`d^2 / 2` below :math:`\delta`, and
    :math:`\delta (d - \delta / 2)` from there on: :math:`\delta` times the smooth L1 loss.

    References
    ----------
    .. [1] Huber, "Robust estimation of a location parameter", 1964.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.HuberLoss()(lucid.tensor([1.0, 2.0]), lucid.tensor([1.0, 4.0]))
    tensor(0.7500)
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        """Make the loss; the parameters are those of the class."""
        super().__init__()
        self.reduction = check_reduction(reduction)
        self.delta = check_number(delta, "delta", above=0)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return huber_loss(x, target, self.reduction, self.delta)


class GaussianNLLLoss(Module):
    r"""Average minus the log-density of the truth under a normal distribution.

    Parameters
    ----------
    full : bool, default False
        Whether to add the constant :math:`\frac12 \ln 2 \pi`.
    eps : float, default 1e-06
        A smaller variance counts as this one, greater than 0; the gradient does not notice.
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all elements, or ``'none'`` of it.

    Attributes
    ----------
    full : bool
        As given.
    eps : float
        As given.
    reduction : str
        As given.

    See Also
    --------
    lucid.nn.functional.gaussian_nll_loss : The same as a function.

    Notes
    -----
    **Shape.** Input and target have one shape, any; the variance has it too, or 1 number for the
    last axis.

    **Values.** :math:`\frac12 \bigl(\ln v + (x - t)^2 / v \bigr)`.

    References
    ----------
    .. [1] Nix and Weigend, "Estimating the mean and variance of the target probability
       distribution", 1994.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.GaussianNLLLoss()(lucid.tensor([1.0]), lucid.tensor([3.0]), lucid.tensor([4.0]))
    tensor(1.1931)
    """

    def __init__(self, full: bool = False, eps: float = 1e-06, reduction: str = "mean") -> None:
        """Make the loss; the parameters are those of the class."""
        super().__init__()
        self.full = full
        self.eps = check_number(eps, "eps", above=0)
        self.reduction = check_reduction(reduction)

    def forward(self, x: Tensor, target: Tensor, var: Tensor) -> Tensor:
        """Compute the loss."""
        return gaussian_nll_loss(x, target, var, self.full, self.eps, self.reduction)
