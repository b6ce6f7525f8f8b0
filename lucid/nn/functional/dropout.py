"""Leaving out random elements."""

from math import sqrt

import numpy as np

from lucid.errors import ShapeError
from lucid.geometry import AXIS_NAMES
from lucid.nn.functional.checks import check_floating, check_number
from lucid.ops.dropout import Mask
from lucid.random import default_generator

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d"]

SELU_FLOOR = -1.7580993408473766  # what SELU gives for minus infinity: - scale * alpha


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
    check_floating(x, "dropout")
    p = check_number(p, "p", 0, 1)
    return _drop(x, x.array.shape, p) if training and p else x


def _kept(shape, p):
    """Choose what is kept, with probability 1 - p each."""
    return default_generator().numpy.random(shape, np.float32) >= p


def _drop(x, shape, p):
    """Multiply x by a mask of a shape that broadcasts to its own."""
    mask = np.zeros(shape, x.array.dtype)
    if p < 1:
        np.multiply(_kept(shape, p), mask.dtype.type(1 / (1 - p)), out=mask)
    return Mask(mask)(x)


def drop_channels(x, p, training, ndim):
    """Leave out whole channels: what the functions and the layers call."""
    name = f"dropout{ndim}d"
    check_floating(x, name)
    p = check_number(p, "p", 0, 1)
    shape = x.array.shape
    if len(shape) not in (ndim + 1, ndim + 2):
        wanted = ", ".join(AXIS_NAMES[ndim])
        raise ShapeError(
            f"{name}: input of shape {shape} has {len(shape)} axes; needs (batch, channels, "
            f"{wanted}), or (channels, {wanted}) for one item"
        )
    return _drop(x, shape[:-ndim] + (1,) * ndim, p) if training and p else x


def dropout1d(x, p=0.5, training=True, inplace=False):
    r"""Set random channels of sequences to zero as wholes, and scale up the others.

    Parameters
    ----------
    x : Tensor
        (N, C, L), or (C, L) for one item; floating-point.
    p : float, default 0.5
        Probability of a channel to become zero, 0 to 1.
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
    ShapeError
        If the axes do not fit.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If `p` is no probability.

    Notes
    -----
    Neighbouring positions of a channel resemble each other, so leaving out single ones would hide
    little.

    References
    ----------
    .. [1] Tompson, Goroshin, Jain, LeCun and Bregler, "Efficient object localization using
       convolutional networks", 2015, section 3.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> y = F.dropout1d(lucid.ones(8, 16, 4))
    >>> sorted(set(y.reshape(128, 4).mean(1).tolist()))
    [0.0, 2.0]
    """
    return drop_channels(x, p, training, 1)


def dropout2d(x, p=0.5, training=True, inplace=False):
    r"""Set random channels of images to zero as wholes, and scale up the others.

    Parameters
    ----------
    x : Tensor
        (N, C, H, W), or (C, H, W) for one item; floating-point.
    p : float, default 0.5
        Probability of a channel to become zero, 0 to 1.
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
    ShapeError
        If the axes do not fit.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If `p` is no probability.

    Notes
    -----
    Neighbouring positions of a channel resemble each other, so leaving out single ones would hide
    little.

    PyTorch takes three axes for (N, C, L); here they are one image, as in every 2-D function.

    References
    ----------
    .. [1] Tompson, Goroshin, Jain, LeCun and Bregler, "Efficient object localization using
       convolutional networks", 2015, section 3.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> y = F.dropout2d(lucid.ones(8, 16, 4, 4))
    >>> sorted(set(y.reshape(128, 16).mean(1).tolist()))
    [0.0, 2.0]
    """
    return drop_channels(x, p, training, 2)


def dropout3d(x, p=0.5, training=True, inplace=False):
    r"""Set random channels of volumes to zero as wholes, and scale up the others.

    Parameters
    ----------
    x : Tensor
        (N, C, D, H, W), or (C, D, H, W) for one item; floating-point.
    p : float, default 0.5
        Probability of a channel to become zero, 0 to 1.
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
    ShapeError
        If the axes do not fit.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If `p` is no probability.

    Notes
    -----
    Neighbouring positions of a channel resemble each other, so leaving out single ones would hide
    little.

    References
    ----------
    .. [1] Tompson, Goroshin, Jain, LeCun and Bregler, "Efficient object localization using
       convolutional networks", 2015, section 3.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> y = F.dropout3d(lucid.ones(8, 16, 4, 4, 4))
    >>> sorted(set(y.reshape(128, 64).mean(1).tolist()))
    [0.0, 2.0]
    """
    return drop_channels(x, p, training, 3)


def alpha_dropout(x, p=0.5, training=False, inplace=False):
    r"""Set random elements to the lowest value of SELU, and keep mean 0 and variance 1.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers, of any shape.
    p : float, default 0.5
        Probability of an element to be replaced, 0 to 1.
    training : bool, default False
        Whether to do anything; if not, `x` itself comes back.
    inplace : bool, default False
        Accepted so that programs written for PyTorch run; the input is never changed.

    Returns
    -------
    Tensor
        Of the shape of `x`: :math:`a (x m + c (1 - m)) + b` with m = 1 with probability
        :math:`1 - p` and else 0, :math:`c = -1.7581`, :math:`a = ((1 - p) (1 + p c^2))^{-1/2}` and
        :math:`b = -a p c`. All zeros for p = 1.

    Raises
    ------
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If `p` is no probability.

    References
    ----------
    .. [1] Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", 2017,
       section 2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> _ = lucid.manual_seed(0)
    >>> y = F.alpha_dropout(lucid.randn(100000), 0.2, training=True)
    >>> abs(y.mean().item()) < 0.02, abs(y.std().item() - 1) < 0.02
    (True, True)
    """
    check_floating(x, "alpha_dropout")
    p = check_number(p, "p", 0, 1)
    if not training or p == 0:
        return x
    shape, dtype = x.array.shape, x.array.dtype
    if p == 1:
        return Mask(np.zeros(shape, dtype))(x)
    a = 1 / sqrt((1 - p) * (1 + p * SELU_FLOOR**2))
    kept = _kept(shape, p)
    replaced = np.where(kept, 0, a * SELU_FLOOR) - a * p * SELU_FLOOR
    return Mask((kept * a).astype(dtype))(x) + x.wrap(replaced.astype(dtype))
