"""Layers that leave out random elements, or random channels, in training."""

from __future__ import annotations

from lucid.nn.functional.checks import check_inplace, check_number
from lucid.nn.functional.dropout import alpha_dropout, drop_channels, dropout
from lucid.nn.module import Module
from lucid.tensor import Tensor

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d"]


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
        self.p = check_number(p, "p", 0, 1)
        self.inplace = check_inplace(inplace)

    def forward(self, x: Tensor) -> Tensor:
        """Leave out elements of x if the layer is in training mode."""
        return dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        """Say the probability, and whether `inplace` was given."""
        return f"p={self.p}" + (", inplace=True" if self.inplace else "")


class Dropout1d(Dropout):
    r"""Set random channels of sequences to zero in training, all positions of a channel together.

    The other channels are scaled up so that the mean stays. In evaluation the layer does nothing.

    Parameters
    ----------
    p : float, default 0.5
        Probability of a channel to become zero, 0 to 1.
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
    Dropout : Leaves out single elements.
    lucid.nn.functional.dropout1d : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, L), or (C, L) for one item; the output has its shape.

    References
    ----------
    .. [1] Tompson, Goroshin, Jain, LeCun and Bregler, "Efficient object localization using
       convolutional networks", 2015, section 3.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> y = nn.Dropout1d()(lucid.ones(8, 16, 4))
    >>> sorted(set(y.reshape(128, 4).mean(1).tolist()))
    [0.0, 2.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Leave out channels of x if the layer is in training mode."""
        return drop_channels(x, self.p, self.training, 1)


class Dropout2d(Dropout):
    r"""Set random channels of images to zero in training, all positions of a channel together.

    The other channels are scaled up so that the mean stays. In evaluation the layer does nothing.

    Parameters
    ----------
    p : float, default 0.5
        Probability of a channel to become zero, 0 to 1.
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
    Dropout : Leaves out single elements.
    lucid.nn.functional.dropout2d : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, H, W), or (C, H, W) for one item; the output has its shape.

    References
    ----------
    .. [1] Tompson, Goroshin, Jain, LeCun and Bregler, "Efficient object localization using
       convolutional networks", 2015, section 3.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> y = nn.Dropout2d()(lucid.ones(8, 16, 4, 4))
    >>> sorted(set(y.reshape(128, 16).mean(1).tolist()))
    [0.0, 2.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Leave out channels of x if the layer is in training mode."""
        return drop_channels(x, self.p, self.training, 2)


class Dropout3d(Dropout):
    r"""Set random channels of volumes to zero in training, all positions of a channel together.

    The other channels are scaled up so that the mean stays. In evaluation the layer does nothing.

    Parameters
    ----------
    p : float, default 0.5
        Probability of a channel to become zero, 0 to 1.
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
    Dropout : Leaves out single elements.
    lucid.nn.functional.dropout3d : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, D, H, W), or (C, D, H, W) for one item; the output has its shape.

    References
    ----------
    .. [1] Tompson, Goroshin, Jain, LeCun and Bregler, "Efficient object localization using
       convolutional networks", 2015, section 3.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> y = nn.Dropout3d()(lucid.ones(8, 16, 4, 4, 4))
    >>> sorted(set(y.reshape(128, 64).mean(1).tolist()))
    [0.0, 2.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Leave out channels of x if the layer is in training mode."""
        return drop_channels(x, self.p, self.training, 3)


class AlphaDropout(Dropout):
    r"""Set random elements to the lowest value of `SELU` in training, keeping mean and variance.

    It goes with `SELU`, whose layers keep mean and variance by themselves. In evaluation the layer
    does nothing.

    Parameters
    ----------
    p : float, default 0.5
        Probability of an element to be replaced, 0 to 1.
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
    lucid.nn.functional.alpha_dropout : The same as a function, with the formula.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any.

    References
    ----------
    .. [1] Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", 2017,
       section 2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> len(set(nn.AlphaDropout()(lucid.ones(1000)).tolist()))
    2
    >>> nn.AlphaDropout().eval()(lucid.ones(3))
    tensor([1., 1., 1.])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Replace elements of x if the layer is in training mode."""
        return alpha_dropout(x, self.p, self.training)
