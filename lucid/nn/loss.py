"""Losses as modules, so that a program can keep their options in one place."""

from __future__ import annotations

from lucid.geometry import check_int
from lucid.nn.functional.checks import refuse_input
from lucid.nn.functional.loss import (
    check_reduction, check_smoothing, cross_entropy, mse_loss, nll_loss,
)
from lucid.nn.module import Module
from lucid.tensor import Tensor

__all__ = ["CrossEntropyLoss", "MSELoss", "NLLLoss"]


class MSELoss(Module):
    r"""Average the squares of the differences between a prediction and the truth.

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
    lucid.nn.functional.mse_loss : The same as a function.

    Notes
    -----
    **Shape.** Input and target have one shape, any. Output without axes, or that shape for
    ``'none'``.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.MSELoss()(lucid.tensor([1.0, 2.0]), lucid.tensor([1.0, 4.0]))
    tensor(2.)
    """

    def __init__(self, reduction: str = "mean") -> None:
        """Make the loss; the parameters are those of the class."""
        super().__init__()
        self.reduction = check_reduction(reduction)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compare x with the target."""
        return mse_loss(x, target, self.reduction)


class NLLLoss(Module):
    r"""Average minus the log-probability of the true class.

    Parameters
    ----------
    weight : Tensor, optional
        (C,): how much each class counts, at least 0. Default 1.
    ignore_index : int, default -100
        A class that does not count at all; may be any int.
    reduction : str, default 'mean'
        ``'mean'`` divides the sum by the sum of the weights that counted, ``'sum'``, or ``'none'``
        of it.

    Attributes
    ----------
    weight : Tensor or None
        As given, a buffer.
    ignore_index : int
        As given.
    reduction : str
        As given.

    See Also
    --------
    CrossEntropyLoss : The same from scores.
    lucid.nn.functional.nll_loss : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C), (N, C, \*) or (C,); target (N,), (N, \*) or without axes.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> x = lucid.tensor([[-1.0, -2.0], [-3.0, -4.0]])
    >>> nn.NLLLoss()(x, lucid.tensor([0, 1]))
    tensor(2.5000)
    """

    def __init__(
        self, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean"
    ) -> None:
        """Make the loss; the parameters are those of the class."""
        super().__init__()
        self.register_buffer("weight", weight)
        refuse_input(ignore_index, "ignore_index")
        self.ignore_index = check_int(ignore_index, "ignore_index")
        self.reduction = check_reduction(reduction)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compare the log-probabilities x with the target."""
        return nll_loss(x, target, self.weight, self.ignore_index, self.reduction)


class CrossEntropyLoss(Module):
    r"""Compare scores with the true classes: the loss of classification.

    It is minus the log-probability that softmax gives to the truth, so the network in front of it
    ends in scores, not in a softmax.

    Parameters
    ----------
    weight : Tensor, optional
        (C,): how much each class counts, at least 0. Default 1.
    ignore_index : int, default -100
        A class that does not count at all; may be any int. Not for probabilities.
    reduction : str, default 'mean'
        ``'mean'`` divides the sum by the sum of the weights of the true classes, or for
        probabilities by the number of items; ``'sum'``, or ``'none'`` of it.
    label_smoothing : float, default 0.0
        The part of the truth, 0 to 1, that is spread evenly over all classes [1]_.

    Attributes
    ----------
    weight : Tensor or None
        As given, a buffer.
    ignore_index : int
        As given.
    reduction : str
        As given.
    label_smoothing : float
        As given.

    See Also
    --------
    NLLLoss : The same from log-probabilities.
    lucid.nn.functional.cross_entropy : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C), (N, C, \*) as for a class at every pixel, or (C,) for one item. Target
    of int: classes, shaped (N,), (N, \*), or without axes; of float: probabilities in the shape of
    the input.

    **Values.** For scores x and true class t, with weights w,

    .. math:: l = -w_t \ln \frac{e^{x_t}}{\sum_c e^{x_c}}, \quad
        l = -\sum_c w_c \, p_c \ln \frac{e^{x_c}}{\sum_{c'} e^{x_{c'}}}

    for probabilities p. Label smoothing replaces p, which is 1 at t for classes, by
    :math:`(1 - s) p + s / C`.

    References
    ----------
    .. [1] Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the Inception architecture for
       computer vision", 2016, section 7.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> loss = nn.CrossEntropyLoss()
    >>> scores = lucid.zeros(3, 5, requires_grad=True)
    >>> value = loss(scores, lucid.tensor([1, 0, 4]))
    >>> value.backward()
    >>> round(value.item(), 4)
    1.6094
    """

    def __init__(
        self, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        """Make the loss; the parameters are those of the class."""
        super().__init__()
        self.register_buffer("weight", weight)
        refuse_input(ignore_index, "ignore_index")
        self.ignore_index = check_int(ignore_index, "ignore_index")
        self.reduction = check_reduction(reduction)
        self.label_smoothing = check_smoothing(label_smoothing)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compare the scores x with the target."""
        return cross_entropy(
            x, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing
        )
