"""Functions that bend a straight line, element by element, and those that make probabilities."""

from lucid.ops import elementwise
from lucid.ops.elementwise import sigmoid, tanh
from lucid.ops.reduction import log_softmax, softmax

__all__ = ["log_softmax", "relu", "sigmoid", "softmax", "tanh"]


def relu(x, inplace=False):
    r"""Cut every element off below zero: :math:`\max(x, 0)`.

    Parameters
    ----------
    x : Tensor
        Any numbers, of any shape.
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Returns
    -------
    Tensor
        Of the shape of `x`. Its gradient at 0 is 0.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.relu(lucid.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return elementwise.relu(x)
