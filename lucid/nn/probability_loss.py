"""Losses of predicted probabilities, as modules."""

from __future__ import annotations

from lucid.nn.functional.loss import check_reduction
from lucid.nn.functional.probability_loss import (
    binary_cross_entropy, binary_cross_entropy_with_logits, check_kl_reduction, kl_div,
)
from lucid.nn.module import Module
from lucid.tensor import Tensor

__all__ = ["BCELoss", "BCEWithLogitsLoss", "KLDivLoss"]


class BCELoss(Module):
    r"""Compare probabilities with the truth, yes or no: minus the logarithm of what it was given.

    Parameters
    ----------
    weight : Tensor, optional
        How much each element counts, broadcast to the shape of `x`; a constant. Default 1.
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all elements, or ``'none'`` of it.

    Attributes
    ----------
    weight : Tensor or None
        As given, a buffer.
    reduction : str
        As given.

    See Also
    --------
    lucid.nn.functional.binary_cross_entropy : The same as a function.

    Notes
    -----
    **Shape.** Input and target have one shape, any. Output without axes, or that shape for
    ``'none'``.

    **Values.** :math:`-w \, (t \ln x + (1 - t) \ln (1 - x))`, where a logarithm is at least -100.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.BCELoss()(lucid.tensor([0.5, 0.25]), lucid.tensor([1.0, 0.0]))
    tensor(0.4904)
    """

    def __init__(self, weight: Tensor | None = None, reduction: str = "mean") -> None:
        """Make the loss; the parameters are those of the class."""
        super().__init__()
        self.register_buffer("weight", weight)
        self.reduction = check_reduction(reduction)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return binary_cross_entropy(x, target, self.weight, self.reduction)


class BCEWithLogitsLoss(Module):
    r"""Compare scores with the truth, yes or no: `Sigmoid` and binary cross entropy in one.

    Parameters
    ----------
    weight : Tensor, optional
        How much each element counts, broadcast to the shape of `x`; a constant. Default 1.
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all elements, or ``'none'`` of it.
    pos_weight : Tensor, optional
        How much a yes counts, broadcast to the shape of `x`; a constant. Default 1.

    Attributes
    ----------
    weight : Tensor or None
        As given, a buffer.
    reduction : str
        As given.
    pos_weight : Tensor or None
        As given, a buffer.

    See Also
    --------
    lucid.nn.functional.binary_cross_entropy_with_logits : The same as a function.

    Notes
    -----
    **Shape.** Input and target have one shape, any. Output without axes, or that shape for
    ``'none'``.

    **Values.** :math:`-w \, (p \, t \ln \sigma(x) + (1 - t) \ln (1 - \sigma(x)))`, computed without
    any overflow as :math:`w \, ((1 - t) x + (1 + (p - 1) t) \ln (1 + e^{-x}))`.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.BCEWithLogitsLoss()(lucid.tensor([0.0, 1000.0]), lucid.tensor([1.0, 1.0]))
    tensor(0.3466)
    """

    def __init__(
        self, weight: Tensor | None = None, reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        """Make the loss; the parameters are those of the class."""
        super().__init__()
        self.register_buffer("weight", weight)
        self.reduction = check_reduction(reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return binary_cross_entropy_with_logits(
            x, target, self.weight, self.reduction, self.pos_weight
        )


class KLDivLoss(Module):
    r"""Compare two distributions: how much more surprising the one makes what the other is.

    Parameters
    ----------
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all elements, ``'batchmean'``: the sum divided by the first size,
        or ``'none'`` of it.
    log_target : bool, default False
        Whether `target` holds log-probabilities too.

    Attributes
    ----------
    reduction : str
        As given.
    log_target : bool
        As given.

    See Also
    --------
    lucid.nn.functional.kl_div : The same as a function.

    Notes
    -----
    **Shape.** Input and target have one shape, any. Output without axes, or that shape for
    ``'none'``.

    **Values.** :math:`t \, (\ln t - x)`, and 0 where t is 0. The divergence of distributions is a
    *sum* over their classes, so ``'batchmean'`` is the mean divergence, and ``'mean'`` is not.

    References
    ----------
    .. [1] Kullback and Leibler, "On information and sufficiency", 1951.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.KLDivLoss()(lucid.tensor([-1.0, -2.0]), lucid.tensor([0.0, 1.0]))
    tensor(1.)
    """

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        """Make the loss; the parameters are those of the class."""
        super().__init__()
        self.reduction = check_kl_reduction(reduction)
        self.log_target = log_target

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return kl_div(x, target, self.reduction, self.log_target)
