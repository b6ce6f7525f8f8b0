"""Losses that ask for a margin, as modules."""

from __future__ import annotations

from lucid.nn.functional.checks import check_number
from lucid.nn.functional.loss import check_reduction
from lucid.nn.functional.margin_loss import (
    check_power, cosine_embedding_loss, hinge_embedding_loss, multi_margin_loss,
    triplet_margin_loss,
)
from lucid.nn.module import Module
from lucid.tensor import Tensor

__all__ = ["CosineEmbeddingLoss", "HingeEmbeddingLoss", "MultiMarginLoss", "TripletMarginLoss"]


class MultiMarginLoss(Module):
    r"""Ask that the true class beat every other one by a margin: the hinge loss of many classes.

    Parameters
    ----------
    p : int, default 1
        The power of what is missing, 1 or 2.
    margin : float, default 1.0
        By how much it must be beaten.
    weight : Tensor, optional
        (C,): how much each class counts; a constant. Default 1.
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all items, or ``'none'`` of it.

    Attributes
    ----------
    p : int
        As given.
    margin : float
        As given.
    weight : Tensor or None
        As given, a buffer.
    reduction : str
        As given.

    See Also
    --------
    lucid.nn.functional.multi_margin_loss : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C), or (C,) for one item; target (N,), or without axes. Output without
    axes; of the shape of the target for ``'none'``.

    **Values.** :math:`\frac{w_t}{C} \sum_{c \ne t} \max(0, m - x_t + x_c)^p`.

    References
    ----------
    .. [1] Crammer and Singer, "On the algorithmic implementation of multiclass kernel-based vector
       machines", 2001.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.MultiMarginLoss()(lucid.tensor([[2.0, 1.5, 0.0]]), lucid.tensor([0]))
    tensor(0.1667)
    """

    def __init__(
        self, p: int = 1, margin: float = 1.0, weight: Tensor | None = None,
        reduction: str = "mean",
    ) -> None:
        """Make the loss; the parameters are those of the class."""
        super().__init__()
        self.p = check_power(p)
        self.margin = check_number(margin, "margin")
        self.register_buffer("weight", weight)
        self.reduction = check_reduction(reduction)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return multi_margin_loss(x, target, self.p, self.margin, self.weight, self.reduction)


class HingeEmbeddingLoss(Module):
    r"""Pull distances of pairs that belong together, push those of the others beyond a margin.

    Parameters
    ----------
    margin : float, default 1.0
        How far apart is far enough.
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all elements, or ``'none'`` of it.

    Attributes
    ----------
    margin : float
        As given.
    reduction : str
        As given.

    See Also
    --------
    lucid.nn.functional.hinge_embedding_loss : The same as a function.

    Notes
    -----
    **Shape.** Input and target have one shape, any. Output without axes, or that shape for
    ``'none'``.

    **Values.** :math:`x` where t = 1, and :math:`\max(0, m - x)` where t = -1.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.HingeEmbeddingLoss()(lucid.tensor([0.5, 0.25]), lucid.tensor([1, -1]))
    tensor(0.6250)
    """

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        """Make the loss; the parameters are those of the class."""
        super().__init__()
        self.margin = check_number(margin, "margin")
        self.reduction = check_reduction(reduction)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return hinge_embedding_loss(x, target, self.margin, self.reduction)


class CosineEmbeddingLoss(Module):
    r"""Turn vectors that belong together into one direction, and others apart.

    Parameters
    ----------
    margin : float, default 0.0
        The cosine, -1 to 1, up to which others are far enough apart.
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all items, or ``'none'`` of it.

    Attributes
    ----------
    margin : float
        As given.
    reduction : str
        As given.

    See Also
    --------
    lucid.nn.functional.cosine_embedding_loss : The same as a function.

    Notes
    -----
    **Shape.** Input (N, D), or (D,) for one pair; target (N,), or without axes. Output without
    axes; of the shape of the target for ``'none'``.

    **Values.** :math:`1 - \cos(x_1, x_2)` where t = 1, and :math:`\max(0, \cos(x_1, x_2) - m)`
    where t = -1.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> x1, x2 = lucid.tensor([[1.0, 0.0]]), lucid.tensor([[0.0, 1.0]])
    >>> nn.CosineEmbeddingLoss()(x1, x2, lucid.tensor([1]))
    tensor(1.)
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        """Make the loss; the parameters are those of the class."""
        super().__init__()
        self.margin = check_number(margin, "margin", -1, 1)
        self.reduction = check_reduction(reduction)

    def forward(self, x1: Tensor, x2: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return cosine_embedding_loss(x1, x2, target, self.margin, self.reduction)


class TripletMarginLoss(Module):
    r"""Ask that a friend be nearer than a stranger, by a margin.

    Parameters
    ----------
    margin : float, default 1.0
        How much nearer, greater than 0.
    p : float, default 2.0
        The power of the distance, greater than 0; 2 is the usual one, ``inf`` takes the largest
        difference.
    eps : float, default 1e-06
        Added to every difference, so that a distance has a slope.
    swap : bool, default False
        Whether the distance between friend and stranger counts if it is the smaller one [1]_.
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all items, or ``'none'`` of it.

    Attributes
    ----------
    margin : float
        As given.
    p : float
        As given.
    eps : float
        As given.
    swap : bool
        As given.
    reduction : str
        As given.

    See Also
    --------
    lucid.nn.functional.triplet_margin_loss : The same as a function.

    Notes
    -----
    **Shape.** All (N, D), or (D,) for one triplet. Output without axes; (N,) for ``'none'``.

    **Values.** :math:`\max(0, \|a - p\| - \|a - n\| + m)`.

    References
    ----------
    .. [1] Balntas, Riba, Ponsa and Mikolajczyk, "Learning local feature descriptors with triplets
       and shallow convolutional neural networks", 2016.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> anchor, friend, stranger = lucid.tensor([[[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 4.5]]])
    >>> nn.TripletMarginLoss()(anchor, friend, stranger)
    tensor(1.5000)
    """

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-06, swap: bool = False,
        reduction: str = "mean"
    ) -> None:
        """Make the loss; the parameters are those of the class."""
        super().__init__()
        self.margin = check_number(margin, "margin", above=0)
        self.p = check_number(p, "p", above=0)
        self.eps = check_number(eps, "eps")
        self.swap = swap
        self.reduction = check_reduction(reduction)

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Compute the loss."""
        return triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap,
            self.reduction
        )
