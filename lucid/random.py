"""Seeded random numbers."""

import os
from functools import cached_property

import numpy as np

from lucid.creation import make
from lucid.dtypes import as_dtype, int64
from lucid.errors import DtypeError
from lucid.geometry import check_int
from lucid.ops.operands import check_tensor

__all__ = [
    "Generator", "default_generator", "get_rng_state", "initial_seed", "manual_seed", "rand",
    "rand_like", "randint", "randn", "randn_like", "randperm", "seed", "set_rng_state",
]


class Generator:
    """A stream of random numbers that a seed makes repeatable.

    Parameters
    ----------
    seed : int, optional
        Where to start, at least 0; default a number from the operating system.

    Attributes
    ----------
    numpy : numpy.random.Generator
        What draws the numbers: PCG64.

    References
    ----------
    .. [1] O'Neill, "PCG: a family of simple fast space-efficient statistically good algorithms for
       random number generation", 2014.

    Examples
    --------
    >>> import lucid
    >>> one, two = lucid.Generator(7), lucid.Generator(7)
    >>> lucid.rand(1, generator=one).item() == lucid.rand(1, generator=two).item()
    True
    """

    def __init__(self, seed=None):
        self.seed() if seed is None else self.manual_seed(seed)

    def manual_seed(self, seed):
        """Start again from a seed; returns the generator."""
        self._seed = check_int(seed, "seed", 0)
        vars(self).pop("numpy", None)
        return self

    @cached_property
    def numpy(self):
        """What draws the numbers; made on first use, for `numpy.random` is slow to import."""
        return np.random.Generator(np.random.PCG64(self._seed))

    def seed(self):
        """Start again from a number of the operating system, and return it."""
        self.manual_seed(int.from_bytes(os.urandom(8)) >> 1)
        return self._seed

    def initial_seed(self):
        """Give the seed that the stream started from."""
        return self._seed

    def get_state(self):
        """Give the place in the stream, for `set_state`: a dict of ints and strings."""
        return {"seed": self._seed, **self.numpy.bit_generator.state}

    def set_state(self, state):
        """Go to a place that `get_state` gave."""
        state = dict(state)
        self._seed = state.pop("seed")
        self.numpy.bit_generator.state = state


_default = Generator()


def default_generator():
    """Get the generator that is used where none is given.

    Returns
    -------
    Generator

    Examples
    --------
    >>> import lucid
    >>> lucid.manual_seed(3) is lucid.random.default_generator()
    True
    """
    return _default


def manual_seed(seed):
    """Start the default generator from a seed.

    Parameters
    ----------
    seed : int
        At least 0.

    Returns
    -------
    Generator
        The default one.

    Raises
    ------
    ValueError
        If `seed` is negative.

    Examples
    --------
    >>> import lucid
    >>> _ = lucid.manual_seed(0)
    >>> x = lucid.rand(3)
    >>> _ = lucid.manual_seed(0)
    >>> bool((x == lucid.rand(3)).all())
    True
    """
    return _default.manual_seed(seed)


def seed():
    """Start the default generator from a number of the operating system.

    Returns
    -------
    int
        That number.

    Examples
    --------
    >>> import lucid
    >>> lucid.seed() == lucid.initial_seed()
    True
    """
    return _default.seed()


def initial_seed():
    """Get the seed that the default generator started from.

    Returns
    -------
    int

    Examples
    --------
    >>> import lucid
    >>> _ = lucid.manual_seed(5)
    >>> lucid.initial_seed()
    5
    """
    return _default.initial_seed()


def get_rng_state():
    """Get the place of the default generator in its stream.

    Returns
    -------
    dict
        For `set_rng_state`.

    Examples
    --------
    >>> import lucid
    >>> state = lucid.get_rng_state()
    >>> x = lucid.rand(3)
    >>> lucid.set_rng_state(state)
    >>> bool((x == lucid.rand(3)).all())
    True
    """
    return _default.get_state()


def set_rng_state(state):
    """Put the default generator at a place in its stream.

    Parameters
    ----------
    state : dict
        From `get_rng_state`.

    Examples
    --------
    >>> import lucid
    >>> lucid.set_rng_state(lucid.get_rng_state())
    """
    _default.set_state(state)


def _draw(generator):
    return (generator or _default).numpy


def _check_floating(dtype, name):
    if not as_dtype(dtype).is_floating_point:
        raise DtypeError(f"{name}: needs a floating-point dtype, not {as_dtype(dtype).name}")


def rand(*size, generator=None, dtype=None, device=None, requires_grad=False):
    """Draw from the uniform distribution on [0, 1).

    Parameters
    ----------
    *size : int or tuple of int
        The shape, as separate arguments or as one tuple.
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
    return make(_draw(generator).random, size, dtype, device, requires_grad)


def randn(*size, generator=None, dtype=None, device=None, requires_grad=False):
    """Draw from the normal distribution with mean 0 and variance 1.

    Parameters
    ----------
    *size : int or tuple of int
        The shape, as separate arguments or as one tuple.
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
    return make(_draw(generator).standard_normal, size, dtype, device, requires_grad)


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
        return _draw(generator).integers(low, high, shape).astype(dtype)

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
        return _draw(generator).permutation(*shape).astype(dtype)

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
