"""The layer that leaves out random elements in training."""

from __future__ import annotations

from lucid.nn.functional.dropout import check_probability, dropout
from lucid.nn.module import Module
from lucid.tensor import Tensor

__all__ = ["Dropout"]


class Dropout(Module):
    r"""Set random elements to zero in training, and scale the others up so that the mean stays.

    No feature can then rely on another one being there. In evaluation the layer does nothing.

    Parameters
    ----------
    p : float, default 0.5
        Probability of an element to become zero, 0 to 1.
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Attributes
    ----------
    p : float
        As given; may be changed at any time.
    inplace : bool
        As given.

    See Also
    --------
    lucid.nn.functional.dropout : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any.

    **Values.** In training :math:`y = x m / (1 - p)` with m = 1 with probability 1 - p and else 0,
    drawn anew in every call from the generator that `lucid.manual_seed` seeds.

    References
    ----------
    .. [1] Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: a simple way to
       prevent neural networks from overfitting", 2014, section 4, here scaled in training.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.Dropout(0.5)
    >>> sorted(set(layer(lucid.ones(1000)).tolist()))
    [0.0, 2.0]
    >>> layer.eval()(lucid.ones(3))
    tensor([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.p = check_probability(p)
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        """Leave out elements of x if the layer is in training mode."""
        return dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        """Say the probability, and whether `inplace` was given."""
        return f"p={self.p}" + (", inplace=True" if self.inplace else "")
