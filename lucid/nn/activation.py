"""Activation layers: an activation has no parameters, its layer makes it a part of a network."""

from __future__ import annotations

from lucid.nn.functional.activation import log_softmax, relu, sigmoid, softmax, tanh
from lucid.nn.module import Module
from lucid.tensor import Tensor

__all__ = ["LogSoftmax", "ReLU", "Sigmoid", "Softmax", "Tanh"]


class ReLU(Module):
    r"""Cut every element off below zero: :math:`y = \max(x, 0)`.

    Parameters
    ----------
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Attributes
    ----------
    inplace : bool
        As given.

    See Also
    --------
    lucid.nn.functional.relu : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any. The gradient at 0 is 0.

    References
    ----------
    .. [1] Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ReLU()(lucid.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return relu(x)

    def extra_repr(self) -> str:
        """Say whether `inplace` was given."""
        return "inplace=True" if self.inplace else ""


class Sigmoid(Module):
    r"""Squash every element into (0, 1): :math:`y = 1 / (1 + e^{-x})`.

    See Also
    --------
    lucid.sigmoid : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Sigmoid()(lucid.tensor([0.0, 100.0]))
    tensor([0.5000, 1.0000])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return sigmoid(x)


class Tanh(Module):
    r"""Squash every element into (-1, 1): :math:`y = \tanh x`.

    See Also
    --------
    lucid.tanh : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Tanh()(lucid.tensor([0.0, 100.0]))
    tensor([0., 1.])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return tanh(x)


class Softmax(Module):
    r"""Turn scores into probabilities: :math:`y_j = e^{x_j} / \sum_k e^{x_k}`.

    Parameters
    ----------
    dim : int
        The axis of the classes.

    Attributes
    ----------
    dim : int
        As given.

    See Also
    --------
    CrossEntropyLoss : Takes the scores themselves, without this layer before it.
    lucid.softmax : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, and sums to 1 along `dim`.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Softmax(dim=1)(lucid.tensor([[0.0, 0.0]]))
    tensor([[0.5000, 0.5000]])
    """

    def __init__(self, dim: int) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function along the axis `dim` of x."""
        return softmax(x, self.dim)

    def extra_repr(self) -> str:
        """Say the axis."""
        return f"dim={self.dim}"


class LogSoftmax(Softmax):
    r"""Turn scores into log-probabilities: :math:`y_j = x_j - \ln \sum_k e^{x_k}`.

    Parameters
    ----------
    dim : int
        The axis of the classes.

    Attributes
    ----------
    dim : int
        As given.

    See Also
    --------
    NLLLoss : What is minimised behind it.
    lucid.log_softmax : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.LogSoftmax(dim=1)(lucid.tensor([[0.0, 0.0]]))
    tensor([[-0.6931, -0.6931]])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function along the axis `dim` of x."""
        return log_softmax(x, self.dim)
