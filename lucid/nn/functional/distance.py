"""Lengths of vectors, distances and angles between them, and classes as vectors."""

import numpy as np

from lucid.errors import DtypeError, ShapeError
from lucid.geometry import check_int
from lucid.nn.functional.checks import check_floating, check_number, check_same_type
from lucid.ops.elementwise import clamp
from lucid.ops.operands import check_broadcast, check_dim, check_tensor
from lucid.ops.statistics import norm

__all__ = ["cosine_similarity", "normalize", "one_hot", "pairwise_distance"]


def one_hot(x, num_classes=-1):
    """Write classes as vectors: 1 in the place of the class, and 0 elsewhere.

    Parameters
    ----------
    x : Tensor of int
        Classes, at least 0, of any shape.
    num_classes : int, default -1
        How many there are; -1 means one more than the largest.

    Returns
    -------
    Tensor of int64
        The shape of `x` and a last axis of `num_classes`.

    Raises
    ------
    DtypeError
        If `x` holds no integers.
    ValueError
        If a class is below 0 or not below `num_classes`, or there is no class to count from.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.one_hot(lucid.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    check_tensor(x, "one_hot")
    if x.array.dtype.kind not in "iu":
        raise DtypeError(f"one_hot: classes must be integers, not {x.dtype.name}; use .long()")
    count, classes = check_int(num_classes, "num_classes", -1), x.array
    if count == -1:
        if not classes.size:
            raise ValueError("one_hot: no class to count from; give num_classes")
        count = int(classes.max()) + 1
    if classes.size and (classes.min() < 0 or classes.max() >= count):
        worst = classes.min() if classes.min() < 0 else classes.max()
        raise ValueError(
            f"one_hot: {worst} is no class: there are {count}, numbered 0 to {count - 1}"
        )
    return x.wrap((classes[..., None] == np.arange(count)).astype(np.int64))


def normalize(x, p=2.0, dim=1, eps=1e-12):
    r"""Bring vectors to length 1: :math:`x / \max(\|x\|_p, \epsilon)`.

    Parameters
    ----------
    x : Tensor
        float32 or float64, with the numbers of each vector along `dim`.
    p : float, default 2.0
        The power of the length, greater than 0; 2 is the usual one, ``inf`` takes the largest
        size.
    dim : int, default 1
        The axis.
    eps : float, default 1e-12
        The least that is divided by.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    ShapeError
        If there is no such axis.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If `p` or `eps` is out of its range.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.normalize(lucid.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    check_floating(x, "normalize")
    p, eps = check_number(p, "p", above=0), check_number(eps, "eps", 0)
    dim = check_dim(dim, x.array.ndim, "normalize")
    return x / clamp(norm(x, p, dim, True), eps)


def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    r"""Measure the angle between vectors: :math:`x_1 \cdot x_2 / \|x_1\| \|x_2\|`.

    Parameters
    ----------
    x1, x2 : Tensor
        float32 or float64, of shapes that broadcast, with the numbers of each vector along `dim`.
    dim : int, default 1
        The axis.
    eps : float, default 1e-08
        The least that each length counts.

    Returns
    -------
    Tensor
        The broadcast shape without `dim`; from -1, opposite, over 0, at right angles, to 1.

    Raises
    ------
    ShapeError
        If the shapes do not broadcast, or there is no such axis.
    DtypeError
        If the types differ or are not floating-point.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.cosine_similarity(lucid.tensor([[1.0, 0.0]]), lucid.tensor([[1.0, 1.0]]))
    tensor([0.7071])
    """
    name = "cosine_similarity"
    check_same_type(name, x1=x1, x2=x2)
    check_broadcast(x1.array.shape, x2.array.shape, name)
    eps = check_number(eps, "eps", 0)
    ndim = max(x1.array.ndim, x2.array.ndim)
    dim = check_dim(dim, ndim, name) - ndim  # from the last, as broadcasting counts
    for key, x in (("x1", x1), ("x2", x2)):
        if x.array.ndim < -dim:
            raise ShapeError(f"{name}: {key} of shape {x.array.shape} has no axis {dim}")
    products = (x1 * x2).sum(dim)
    lengths = [clamp(norm(x, 2, dim), eps) for x in (x1, x2)]
    return products / (lengths[0] * lengths[1])


def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    r"""Measure how far vectors are apart: :math:`\|x_1 - x_2 + \epsilon\|_p` along the last axis.

    Parameters
    ----------
    x1, x2 : Tensor
        (N, D) or (D,), of shapes that broadcast; float32 or float64.
    p : float, default 2.0
        The power of the distance, greater than 0; 2 is the usual one, ``inf`` takes the largest
        difference.
    eps : float, default 1e-06
        Added to every difference, so that the distance of equal vectors has a slope.
    keepdim : bool, default False
        Whether the last axis stays, with length 1.

    Returns
    -------
    Tensor
        (N,), or (N, 1).

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.
    DtypeError
        If the types differ or are not floating-point.
    ValueError, TypeError
        If `p` or `eps` is no number of its range.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.pairwise_distance(lucid.tensor([[0.0, 0.0]]), lucid.tensor([[3.0, 4.0]]), eps=0)
    tensor([5.])
    """
    check_same_type("pairwise_distance", x1=x1, x2=x2)
    check_broadcast(x1.array.shape, x2.array.shape, "pairwise_distance")
    p, eps = check_number(p, "p", above=0), check_number(eps, "eps")
    return norm(x1 - x2 + eps, p, -1, keepdim)
