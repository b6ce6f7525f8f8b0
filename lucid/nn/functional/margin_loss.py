"""How much is missing until scores or distances keep a margin."""

import numpy as np

from lucid.errors import DtypeError, ShapeError
from lucid.geometry import check_int
from lucid.nn.functional.checks import (
    check_floating, check_number, check_same_shape, check_same_type,
)
from lucid.nn.functional.distance import pairwise_distance
from lucid.nn.functional.loss import check_reduction, reduce
from lucid.ops.elementwise import minimum, relu, sqrt, where
from lucid.ops.loss import PickClass
from lucid.ops.operands import check_tensor
from lucid.ops.shaping import reshape, unsqueeze

__all__ = [
    "cosine_embedding_loss", "hinge_embedding_loss", "multi_margin_loss", "triplet_margin_loss",
]


def check_power(p):
    """Return the power of a hinge, 1 or 2."""
    if check_int(p, "p") not in (1, 2):
        raise ValueError(f"p={p} is not 1 or 2")
    return p


def check_classes(target, shape, count, name):
    """Return true classes as an array of rows, refusing what is none."""
    if target.array.dtype.kind not in "iu":
        raise DtypeError(f"{name}: target must hold classes, not {target.dtype.name}; use .long()")
    if target.array.shape != shape:
        raise ShapeError(f"{name}: target of shape {target.array.shape} needs {shape}")
    classes = target.array.reshape(-1).astype(np.int64)
    wrong = (classes < 0) | (classes >= count)
    if wrong.any():
        raise ValueError(
            f"{name}: target {classes[wrong][0]} is no class: there are {count}, numbered 0 to "
            f"{count - 1}"
        )
    return classes


def check_signs(target, name):
    """Return where the target is 1; the rest must be -1."""
    together = target.array == 1
    wrong = ~together & (target.array != -1)
    if wrong.any():
        raise ValueError(f"{name}: target {target.array[wrong][0]} is neither 1 nor -1")
    return together


def multi_margin_loss(x, target, p=1, margin=1.0, weight=None, reduction="mean"):
    r"""Ask that the true class beat every other one by a margin: the hinge loss of many classes.

    Parameters
    ----------
    x : Tensor
        Scores, (N, C), or (C,) for one item; float32 or float64.
    target : Tensor of int
        The true classes, 0 to C - 1, (N,), or without axes.
    p : int, default 1
        The power of what is missing, 1 or 2.
    margin : float, default 1.0
        By how much it must be beaten.
    weight : Tensor, optional
        (C,): how much each class counts; a constant. Default 1.
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all items, or ``'none'`` of it.

    Returns
    -------
    Tensor
        Without axes; one loss for each item for ``'none'``.

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DtypeError
        If the types differ or are not floating-point.
    ValueError, TypeError
        If an option is out of its range.

    Notes
    -----
    :math:`\frac{w_t}{C} \sum_{c \ne t} \max(0, m - x_t + x_c)^p`.

    References
    ----------
    .. [1] Crammer and Singer, "On the algorithmic implementation of multiclass kernel-based vector
       machines", 2001.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.multi_margin_loss(lucid.tensor([[2.0, 1.5, 0.0]]), lucid.tensor([0]))
    tensor(0.1667)
    """
    check_reduction(reduction)
    check_power(p)
    check_number(margin, "margin")
    name = "multi_margin_loss"
    check_same_type(name, input=x, weight=weight)
    check_tensor(target, f"{name}: target")
    if x.array.ndim not in (1, 2) or 0 in x.array.shape[-1:]:
        raise ShapeError(f"{name}: input of shape {x.array.shape} needs (batch, classes)")
    shape = x.array.shape[:-1]
    classes = check_classes(target, shape, x.array.shape[-1], name)
    rows = reshape(x, -1, x.array.shape[-1]) if shape else reshape(x, 1, x.array.shape[-1])
    count = rows.array.shape[1]
    if weight is not None and weight.array.shape != (count,):
        raise ShapeError(f"{name}: weight of shape {weight.array.shape} needs ({count},)")
    missing = relu(rows - unsqueeze(PickClass(classes)(rows), 1) + margin)
    others = np.arange(count) != classes[:, None]
    missing = missing * missing if p == 2 else missing
    losses = (missing * x.wrap(others.astype(x.array.dtype))).sum(1) / count
    if weight is not None:
        losses = losses * x.wrap(weight.array[classes])
    return reduce(reshape(losses, shape), reduction)


def hinge_embedding_loss(x, target, margin=1.0, reduction="mean"):
    r"""Pull distances of pairs that belong together, push those of the others beyond a margin.

    Parameters
    ----------
    x : Tensor
        Distances, of any shape; float32 or float64.
    target : Tensor
        Of the shape of `x`: 1 for a pair that belongs together, -1 for one that does not.
    margin : float, default 1.0
        How far apart is far enough.
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all elements, or ``'none'`` of it.

    Returns
    -------
    Tensor
        Without axes; one loss for each element for ``'none'``.

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DtypeError
        If the types differ or are not floating-point.
    ValueError, TypeError
        If an option is out of its range.

    Notes
    -----
    :math:`x` where t = 1, and :math:`\max(0, m - x)` where t = -1.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.hinge_embedding_loss(lucid.tensor([0.5, 0.25]), lucid.tensor([1, -1]))
    tensor(0.6250)
    """
    check_reduction(reduction)
    check_number(margin, "margin")
    name = "hinge_embedding_loss"
    check_floating(x, name)
    check_tensor(target, f"{name}: target")
    check_same_shape(name, input=x, target=target)
    together = check_signs(target, name)
    return reduce(where(x.wrap(together), x, relu(margin - x)), reduction)


def cosine_embedding_loss(x1, x2, target, margin=0.0, reduction="mean"):
    r"""Turn vectors that belong together into one direction, and others apart.

    Parameters
    ----------
    x1, x2 : Tensor
        Vectors, (N, D), or (D,) for one pair, of one shape and type; float32 or float64.
    target : Tensor
        (N,), or without axes: 1 for a pair that belongs together, -1 for one that does not.
    margin : float, default 0.0
        The cosine, -1 to 1, up to which others are far enough apart.
    reduction : str, default 'mean'
        ``'mean'`` or ``'sum'`` of all items, or ``'none'`` of it.

    Returns
    -------
    Tensor
        Without axes; one loss for each item for ``'none'``.

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DtypeError
        If the types differ or are not floating-point.
    ValueError, TypeError
        If an option is out of its range.

    Notes
    -----
    :math:`1 - \cos(x_1, x_2)` where t = 1, and :math:`\max(0, \cos(x_1, x_2) - m)` where
    t = -1.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> x1, x2 = lucid.tensor([[1.0, 0.0]]), lucid.tensor([[0.0, 1.0]])
    >>> F.cosine_embedding_loss(x1, x2, lucid.tensor([1]))
    tensor(1.)
    """
    check_reduction(reduction)
    check_number(margin, "margin", -1, 1)
    name = "cosine_embedding_loss"
    check_same_type(name, x1=x1, x2=x2)
    check_same_shape(name, x1=x1, x2=x2)
    check_tensor(target, f"{name}: target")
    if x1.array.ndim not in (1, 2) or target.array.shape != x1.array.shape[:-1]:
        raise ShapeError(
            f"{name}: x1 of shape {x1.array.shape} and target of shape {target.array.shape} need "
            f"(batch, size) and (batch,)"
        )
    together = check_signs(target, name)
    # the small number as in PyTorch: vectors of 0 have the cosine 0
    squares = ((x1 * x1).sum(-1) + 1e-12) * ((x2 * x2).sum(-1) + 1e-12)
    cosine = (x1 * x2).sum(-1) / sqrt(squares)
    return reduce(where(x1.wrap(together), 1 - cosine, relu(cosine - margin)), reduction)


def triplet_margin_loss(
    anchor, positive, negative, margin=1.0, p=2.0, eps=1e-06, swap=False, reduction="mean"
):
    r"""Ask that a friend be nearer than a stranger, by a margin.

    Parameters
    ----------
    anchor, positive, negative : Tensor
        Vectors, (N, D), or (D,) for one triplet: each one, its friend and its stranger; of one
        type, float32 or float64.
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

    Returns
    -------
    Tensor
        Without axes; one loss for each item for ``'none'``.

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DtypeError
        If the types differ or are not floating-point.
    ValueError, TypeError
        If an option is out of its range.

    Notes
    -----
    :math:`\max(0, \|a - p\| - \|a - n\| + m)`.

    References
    ----------
    .. [1] Balntas, Riba, Ponsa and Mikolajczyk, "Learning local feature descriptors with triplets
       and shallow convolutional neural networks", 2016.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> anchor, friend, stranger = lucid.tensor([[[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 4.5]]])
    >>> F.triplet_margin_loss(anchor, friend, stranger)
    tensor(1.5000)
    """
    check_reduction(reduction)
    check_number(margin, "margin", above=0)
    check_number(p, "p", above=0)
    check_number(eps, "eps")
    name = "triplet_margin_loss"
    check_same_type(name, anchor=anchor, positive=positive, negative=negative)
    check_same_shape(name, anchor=anchor, positive=positive)
    check_same_shape(name, anchor=anchor, negative=negative)
    if anchor.array.ndim not in (1, 2):
        raise ShapeError(f"{name}: anchor of shape {anchor.array.shape} needs (batch, size)")
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduce(relu(near - far + margin), reduction)
