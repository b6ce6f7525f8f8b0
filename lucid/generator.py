"""Where random numbers come from."""

import os
from functools import cached_property

import numpy as np

from lucid.geometry import check_int

__all__ = []


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
        """Start again from a seed; returns the generator.

        Parameters
        ----------
        seed : int
            At least 0.

        Returns
        -------
        Generator
            This one.

        Raises
        ------
        ValueError
            If `seed` is negative.

        Examples
        --------
        >>> import lucid
        >>> generator = lucid.Generator(3)
        >>> x = lucid.rand(2, generator=generator)
        >>> lucid.equal(x, lucid.rand(2, generator=generator.manual_seed(3)))
        True
        """
        self._seed = check_int(seed, "seed", 0)
        vars(self).pop("numpy", None)
        return self

    @cached_property
    def numpy(self):
        """What draws the numbers; made on first use, for `numpy.random` is slow to import."""
        return np.random.Generator(np.random.PCG64(self._seed))

    def seed(self):
        """Start again from a number of the operating system, and return it.

        Returns
        -------
        int

        Examples
        --------
        >>> import lucid
        >>> generator = lucid.Generator()
        >>> generator.seed() == generator.initial_seed()
        True
        """
        self.manual_seed(int.from_bytes(os.urandom(8)) >> 1)
        return self._seed

    def initial_seed(self):
        """Give the seed that the stream started from.

        Returns
        -------
        int

        Examples
        --------
        >>> import lucid
        >>> lucid.Generator(3).initial_seed()
        3
        """
        return self._seed

    def get_state(self):
        """Give the place in the stream, for `set_state`: a dict of ints and strings.

        Returns
        -------
        dict

        Examples
        --------
        >>> import lucid
        >>> generator = lucid.Generator(3)
        >>> state = generator.get_state()
        >>> x = lucid.rand(2, generator=generator)
        >>> generator.set_state(state)
        >>> lucid.equal(x, lucid.rand(2, generator=generator))
        True
        """
        return {"seed": self._seed, **self.numpy.bit_generator.state}

    def set_state(self, state):
        """Go to a place that `get_state` gave.

        Parameters
        ----------
        state : dict
            From `get_state` of this or another generator.

        Examples
        --------
        >>> import lucid
        >>> one, two = lucid.Generator(3), lucid.Generator(4)
        >>> two.set_state(one.get_state())
        >>> lucid.equal(lucid.rand(2, generator=one), lucid.rand(2, generator=two))
        True
        """
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


def draw_from(generator):
    """Give NumPy's generator behind a generator; the default one stands in for None."""
    return (generator or _default).numpy
