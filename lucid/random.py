"""Seeded random numbers."""

import numpy as np

from lucid.creation import make
from lucid.dtypes import as_dtype, float16, int64
from lucid.errors import DtypeError, ShapeError
from lucid.generator import (
    Generator, default_generator, draw_from, get_rng_state, initial_seed, manual_seed, seed,
    set_rng_state,
)
from lucid.geometry import check_int
from lucid.ops.naming import named_size
from lucid.ops.operands import check_broadcast, check_tensor, is_tensor

__all__ = [
    "Generator", "bernoulli", "default_generator", "get_rng_state", "initial_seed", "manual_seed",
    "multinomial", "normal", "rand", "rand_like", "randint", "randn", "randn_like", "randperm",
    "seed", "set_rng_state",
]


def _check_floating(dtype, name):
    kind = as_dtype(dtype)
    if not kind.is_floating_point or kind is float16:
        raise DtypeError(
            f"{name}: needs a floating-point dtype, float32 or float64, not {kind.name}"
        )


@named_size
def rand(*size, generator=None, dtype=None, device=None, requires_grad=False):
    """Draw from the uniform distribution on [0, 1).

    Parameters
    ----------
    *size : int or tuple of int
        The shape, as separate arguments or as one tuple; or by its name, ``size=(2, 3)``.
    generator : Generator, optional
        Where to draw from; default the default generator.
    dtype : dtype, optional
        A floating-point type; default the default type.
    device : device, optional
        Only ``"cpu"``.
    requires_grad : bool, default False
        Whether gradients with respect to the tensor are wanted.

    Returns
    -------
    Tensor

    Raises
    ------
    DtypeError
        If `dtype` is not floating-point.

    Examples
    --------
    >>> import lucid
    >>> lucid.rand(2, 3).shape
    (2, 3)
    """
    _check_floating(dtype, "rand")
    return make(draw_from(generator).random, size, dtype, device, requires_grad)


@named_size
def randn(*size, generator=None, dtype=None, device=None, requires_grad=False):
    """Draw from the normal distribution with mean 0 and variance 1.

    Parameters
    ----------
    *size : int or tuple of int
        The shape, as separate arguments or as one tuple; or by its name, ``size=(2, 3)``.
    generator : Generator, optional
        Where to draw from; default the default generator.
    dtype : dtype, optional
        A floating-point type; default the default type.
    device : device, optional
        Only ``"cpu"``.
    requires_grad : bool, default False
        Whether gradients with respect to the tensor are wanted.

    Returns
    -------
    Tensor

    Raises
    ------
    DtypeError
        If `dtype` is not floating-point.

    Examples
    --------
    >>> import lucid
    >>> lucid.randn(2, 3).shape
    (2, 3)
    """
    _check_floating(dtype, "randn")
    return make(draw_from(generator).standard_normal, size, dtype, device, requires_grad)


def randint(low, high=None, size=None, *, generator=None, dtype=None, device=None):
    """Draw whole numbers, each with the same probability.

    Parameters
    ----------
    low : int, default 0
        The smallest; may be left out: ``randint(high, size)``.
    high : int
        One above the largest; above `low`.
    size : tuple of int
        The shape.
    generator : Generator, optional
        Where to draw from; default the default generator.
    dtype : dtype, optional
        Data type; default int64.
    device : device, optional
        Only ``"cpu"``.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If `high` is not above `low`.
    DtypeError
        If the numbers do not fit in `dtype`.

    Examples
    --------
    >>> import lucid
    >>> bool((lucid.randint(3, 5, (100,)) >= 3).all())
    True
    """
    if size is None:
        low, high, size = 0, low, high
    low, high = check_int(low, "randint: low"), check_int(high, "randint: high")
    if high <= low:
        raise ValueError(f"randint: needs low < high, not low={low} and high={high}")
    kind = as_dtype(dtype or int64).numpy
    if kind.kind in "iu" and not np.iinfo(kind).min <= low <= high - 1 <= np.iinfo(kind).max:
        raise DtypeError(f"randint: {low} to {high - 1} does not fit in {kind.name}")

    def draw(shape, dtype):
        return draw_from(generator).integers(low, high, shape).astype(dtype)

    return make(draw, (size,), dtype or int64, device, False)


def randperm(n, *, generator=None, dtype=None, device=None):
    """Draw an order of the numbers 0 to n - 1.

    Parameters
    ----------
    n : int
        How many, at least 0.
    generator : Generator, optional
        Where to draw from; default the default generator.
    dtype : dtype, optional
        Data type; default int64.
    device : device, optional
        Only ``"cpu"``.

    Returns
    -------
    Tensor
        ``(n,)``.

    Raises
    ------
    ValueError
        If `n` is negative.

    Examples
    --------
    >>> import lucid
    >>> sorted(lucid.randperm(4).tolist())
    [0, 1, 2, 3]
    """

    def draw(shape, dtype):
        return draw_from(generator).permutation(*shape).astype(dtype)

    return make(draw, (n,), dtype or int64, device, False)


def rand_like(x, *, generator=None, dtype=None, requires_grad=False):
    """Draw from the uniform distribution on [0, 1), in the shape and type of another tensor.

    Parameters
    ----------
    x : Tensor
        The model.
    generator : Generator, optional
        Where to draw from; default the default generator.
    dtype : dtype, optional
        A floating-point type; default that of `x`.
    requires_grad : bool, default False
        Whether gradients with respect to the tensor are wanted.

    Returns
    -------
    Tensor

    Raises
    ------
    DtypeError
        If the type is not floating-point.

    Examples
    --------
    >>> import lucid
    >>> lucid.rand_like(lucid.zeros(2, 3)).shape
    (2, 3)
    """
    check_tensor(x, "rand_like")
    dtype = dtype or x.dtype
    return rand(x.shape, generator=generator, dtype=dtype, requires_grad=requires_grad)


def randn_like(x, *, generator=None, dtype=None, requires_grad=False):
    """Draw from the standard normal distribution, in the shape and type of another tensor.

    Parameters
    ----------
    x : Tensor
        The model.
    generator : Generator, optional
        Where to draw from; default the default generator.
    dtype : dtype, optional
        A floating-point type; default that of `x`.
    requires_grad : bool, default False
        Whether gradients with respect to the tensor are wanted.

    Returns
    -------
    Tensor

    Raises
    ------
    DtypeError
        If the type is not floating-point.

    Examples
    --------
    >>> import lucid
    >>> lucid.randn_like(lucid.zeros(2, 3)).shape
    (2, 3)
    """
    check_tensor(x, "randn_like")
    dtype = dtype or x.dtype
    return randn(x.shape, generator=generator, dtype=dtype, requires_grad=requires_grad)


def normal(mean, std=1.0, size=None, *, generator=None, dtype=None, device=None):
    """Draw from normal distributions, each element with its own mean and standard deviation.

    Parameters
    ----------
    mean, std : Tensor or number
        Tensors of shapes that broadcast; or numbers, one or both. `std` is 1 by default.
    size : tuple of int, optional
        The shape, if both are numbers.
    generator : Generator, optional
        Where to draw from; default the default generator.
    dtype : dtype, optional
        A floating-point type, if both are numbers; default the default type.
    device : device, optional
        Only ``"cpu"``.

    Returns
    -------
    Tensor
        Without a gradient: ``mean + std * lucid.randn(...)`` has one.

    Raises
    ------
    ValueError
        If a standard deviation is negative.
    ShapeError
        If the shapes do not broadcast; if `size` is missing, or given beside a tensor.
    DtypeError
        If a tensor or `dtype` is not floating-point.

    Examples
    --------
    >>> import lucid
    >>> lucid.normal(lucid.zeros(3), 0.1).shape, lucid.normal(0.0, 1.0, (2, 2)).shape
    ((3,), (2, 2))
    """
    tensors = [x for x in (mean, std) if is_tensor(x)]
    if bool(tensors) == (size is not None):
        raise ShapeError("normal: give size if mean and std are numbers, and only then")
    lowest = std.array.min(initial=0) if is_tensor(std) else std
    if not lowest >= 0:
        raise ValueError(f"normal: std={lowest} must be at least 0")
    if not tensors:
        _check_floating(dtype, "normal")
        y = make(draw_from(generator).standard_normal, (size,), dtype, device, False)
        y.array *= std
        y.array += mean
        return y
    for x in tensors:
        _check_floating(x.dtype, "normal")
    if len(tensors) == 2:
        check_broadcast(mean.array.shape, std.array.shape, "normal")
    a, b = [x.array if is_tensor(x) else x for x in (mean, std)]
    kind = np.result_type(*[x.array for x in tensors])
    y = draw_from(generator).standard_normal(np.broadcast_shapes(np.shape(a), np.shape(b)), kind)
    return tensors[0].wrap(np.asarray(y * b + a, kind))


def bernoulli(x, *, generator=None):
    """Draw 1 with a given probability and 0 otherwise, each element by itself.

    Parameters
    ----------
    x : Tensor
        The probabilities, from 0 to 1, floating-point.
    generator : Generator, optional
        Where to draw from; default the default generator.

    Returns
    -------
    Tensor
        Of the shape and type of `x`, without a gradient.

    Raises
    ------
    ValueError
        If a probability is not from 0 to 1.
    DtypeError
        If `x` is not floating-point.

    Examples
    --------
    >>> import lucid
    >>> lucid.bernoulli(lucid.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    check_tensor(x, "bernoulli")
    _check_floating(x.dtype, "bernoulli")
    array = x.array
    if not ((array >= 0) & (array <= 1)).all():
        raise ValueError("bernoulli: a probability is not from 0 to 1; use lucid.sigmoid first")
    return x.wrap(np.asarray(draw_from(generator).random(array.shape) < array, array.dtype))


def multinomial(x, num_samples, replacement=False, *, generator=None):
    r"""Draw positions along the last axis, each as often as its weight says.

    Parameters
    ----------
    x : Tensor
        The weights, (K,) or (N, K), floating-point, at least 0; they need not sum to 1.
    num_samples : int
        Positions to draw from each row, at least 1.
    replacement : bool, default False
        Whether one position may be drawn several times.
    generator : Generator, optional
        Where to draw from; default the default generator.

    Returns
    -------
    Tensor of int64
        (num_samples,) or (N, num_samples).

    Raises
    ------
    ValueError
        If a weight is negative, infinite or NaN, or a row has no weight above 0; if without
        replacement a row has fewer of these than are to be drawn.
    ShapeError
        If `x` has not one or two axes.
    DtypeError
        If `x` is not floating-point.

    References
    ----------
    .. [1] Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006: the largest
       of :math:`\log(u) / w`, with u uniform, are a sample without replacement.

    Examples
    --------
    >>> import lucid
    >>> lucid.multinomial(lucid.tensor([0.0, 2.0, 0.0]), 4, replacement=True)
    tensor([1, 1, 1, 1])
    """
    check_tensor(x, "multinomial")
    _check_floating(x.dtype, "multinomial")
    w, count = x.array.astype(np.float64), check_int(num_samples, "num_samples", 1)
    if w.ndim not in (1, 2):
        raise ShapeError(f"multinomial: x of shape {w.shape} must have one axis, or two: rows")
    if not ((w >= 0) & (w < np.inf)).all() or not (w.sum(-1) > 0).all():
        raise ValueError(
            "multinomial: the weights must be finite, at least 0, and not all 0 in any row; of "
            "scores make some by softmax"
        )
    if not replacement and w.size and (w > 0).sum(-1).min() < count:
        raise ValueError(
            f"multinomial: num_samples={count}, but a row has only {(w > 0).sum(-1).min()} weights "
            f"above 0; say replacement=True to draw positions again"
        )
    random = draw_from(generator).random
    if not replacement:
        with np.errstate(divide="ignore", invalid="ignore"):  # a weight of 0 comes last
            return x.wrap(np.argsort(-np.log1p(-random(w.shape)) / w, -1)[..., :count])
    drawn = np.empty((*w.shape[:-1], count), np.int64)
    for row, weights in zip(np.atleast_2d(drawn), np.atleast_2d(w), strict=True):
        steps = np.cumsum(weights)
        row[:] = np.searchsorted(steps, steps[-1] * random(count), "right")
        np.minimum(row, np.searchsorted(steps, steps[-1]), out=row)  # if a product was rounded up
    return x.wrap(drawn)
