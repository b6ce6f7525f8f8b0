"""Leaving out random elements."""

import numpy as np

from lucid.errors import DtypeError
from lucid.ops.dropout import Mask
from lucid.ops.operands import check_tensor
from lucid.random import default_generator

__all__ = ["dropout"]


def check_probability(p):
    """Return a probability as a float, 0 to 1."""
    if isinstance(p, (bool, str)) or not hasattr(p, "__float__"):
        raise TypeError(f"p must be a number, not {p!r} ({type(p).__name__})")
    p = float(p)
    if not 0 <= p <= 1:
        raise ValueError(f"p={p} is not a probability; it must be 0 to 1")
    return p


def dropout(x, p=0.5, training=True, inplace=False):
    r"""Set random elements to zero and scale the others up, so that the mean stays.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers, of any shape.
    p : float, default 0.5
        Probability of an element to become zero, 0 to 1.
    training : bool, default True
        Whether to do anything; if not, `x` itself comes back.
    inplace : bool, default False
        Accepted so that programs written for PyTorch run; the input is never changed.

    Returns
    -------
    Tensor
        Of the shape of `x`; what is left is multiplied by :math:`1 / (1 - p)`.

    Raises
    ------
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If `p` is no probability.

    Notes
    -----
    The choice comes from the generator that `lucid.manual_seed` seeds. It is the same for float32
    and float64, but not that of PyTorch for the same seed.

    References
    ----------
    .. [1] Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: a simple way to
       prevent neural networks from overfitting", 2014, section 4, here scaled in training.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> _ = lucid.manual_seed(0)
    >>> F.dropout(lucid.ones(6), p=0.5)
    tensor([2., 2., 2., 0., 0., 0.])
    """
    check_tensor(x, "dropout")
    p = check_probability(p)
    if not x.dtype.is_floating_point:
        raise DtypeError(f"dropout needs float32 or float64, not {x.dtype.name}; call x.float()")
    if not training or p == 0:
        return x
    array = x.array
    mask = np.zeros(array.shape, array.dtype)
    if p < 1:
        kept = default_generator().numpy.random(array.shape, np.float32) >= p
        np.multiply(kept, array.dtype.type(1 / (1 - p)), out=mask)
    return Mask(mask)(x)
