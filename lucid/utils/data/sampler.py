"""Samplers: the order in which the samples of a data set are read, as numbers."""

import numpy as np

from lucid.generator import draw_from
from lucid.geometry import check_int

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]


class Sampler:
    """Base class of samplers: define `__iter__`, which yields numbers, and `__len__`.

    Examples
    --------
    >>> import lucid
    >>> from lucid.utils.data import DataLoader, Sampler
    >>> class Backward(Sampler):
    ...     def __init__(self, data_source):
    ...         self.data_source = data_source
    ...     def __iter__(self):
    ...         return iter(range(len(self) - 1, -1, -1))
    ...     def __len__(self):
    ...         return len(self.data_source)
    >>> letters = ["a", "b", "c"]
    >>> list(DataLoader(letters, batch_size=2, sampler=Backward(letters)))
    [['c', 'b'], ['a']]
    """

    def __iter__(self):
        raise NotImplementedError(f"{type(self).__name__} has no order: define __iter__")


class SequentialSampler(Sampler):
    """Reads every sample once, in the order of their numbers.

    Parameters
    ----------
    data_source : Dataset
        What is read; only its length is used.

    Examples
    --------
    >>> import lucid
    >>> from lucid.utils.data import SequentialSampler
    >>> list(SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source):
        self.data_source = data_source

    def __iter__(self):
        return iter(range(len(self.data_source)))

    def __len__(self):
        return len(self.data_source)


class RandomSampler(Sampler):
    """Reads samples in random order; another one at each `iter`.

    Parameters
    ----------
    data_source : Dataset
        What is read; only its length is used.
    replacement : bool, default False
        True: each number is drawn from all. False: a number comes again only when all came.
    num_samples : int, optional
        How many numbers to draw, at least 1; default the length of `data_source`.
    generator : Generator, optional
        Source of the order; default the global one, which `lucid.manual_seed` starts anew.

    Raises
    ------
    ValueError
        If `num_samples` is below 1, or given for an empty data set.
    TypeError
        If it is no int.

    Examples
    --------
    >>> import lucid
    >>> from lucid.utils.data import RandomSampler
    >>> sampler = RandomSampler(range(5))
    >>> sorted(sampler)
    [0, 1, 2, 3, 4]
    >>> generator = lucid.Generator(0)
    >>> len(list(RandomSampler(range(5), replacement=True, num_samples=7, generator=generator)))
    7
    """

    def __init__(self, data_source, replacement=False, num_samples=None, generator=None):
        if num_samples is not None:
            num_samples = check_int(num_samples, "num_samples", minimum=1)
            if len(data_source) == 0:
                raise ValueError(f"num_samples={num_samples} of an empty data set; leave it out")
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator

    @property
    def num_samples(self):
        """How many numbers one `iter` yields."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self):
        numbers = draw_from(self.generator)
        length, left = len(self.data_source), self.num_samples
        if self.replacement and left:
            yield from numbers.integers(length, size=left).tolist()
            return
        while left > 0:
            part = numbers.permutation(length)[:left].tolist()
            yield from part
            left -= len(part)

    def __len__(self):
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """Reads the given samples once each, in random order.

    Parameters
    ----------
    indices : sequence of int
        The numbers of the samples.
    generator : Generator, optional
        Source of the order; default the global one.

    Examples
    --------
    >>> import lucid
    >>> from lucid.utils.data import SubsetRandomSampler
    >>> sorted(SubsetRandomSampler([7, 1, 4]))
    [1, 4, 7]
    """

    def __init__(self, indices, generator=None):
        self.indices = indices
        self.generator = generator

    def __iter__(self):
        order = draw_from(self.generator).permutation(len(self.indices)).tolist()
        return (self.indices[position] for position in order)

    def __len__(self):
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """Draws samples with given odds, as when rare classes shall come as often as common ones.

    Parameters
    ----------
    weights : sequence of float, Tensor or numpy.ndarray
        The odds of each sample, `(N,)`; at least 0, of any positive sum.
    num_samples : int
        How many numbers one `iter` yields; at least 1.
    replacement : bool, default True
        False: no number twice; `num_samples` is then at most the count of positive weights.
    generator : Generator, optional
        Source of the draws; default the global one.

    Raises
    ------
    ValueError
        If a weight is negative or not finite, or `num_samples` is out of range.
    TypeError
        If `num_samples` is no int.

    Examples
    --------
    >>> import lucid
    >>> from lucid.utils.data import WeightedRandomSampler
    >>> set(WeightedRandomSampler([0.0, 2.0, 0.0, 1.0], num_samples=100))
    {1, 3}
    """

    def __init__(self, weights, num_samples, replacement=True, generator=None):
        odds = np.asarray(weights, dtype=np.float64)
        if odds.ndim != 1 or not np.isfinite(odds).all() or (odds < 0).any() or not odds.any():
            raise ValueError(
                f"weights of shape {odds.shape} must be one row of finite numbers >= 0, not all 0"
            )
        self.num_samples = check_int(num_samples, "num_samples", minimum=1)
        if not replacement and self.num_samples > np.count_nonzero(odds):
            raise ValueError(
                f"num_samples={num_samples} without replacement, but only "
                f"{np.count_nonzero(odds)} weights are positive; draw fewer, or with replacement"
            )
        self.weights = weights
        self.replacement = replacement
        self.generator = generator
        self._odds = odds / odds.sum()

    def __iter__(self):
        numbers = draw_from(self.generator)
        count, again = self.num_samples, self.replacement
        return iter(numbers.choice(len(self._odds), count, again, self._odds).tolist())

    def __len__(self):
        return self.num_samples


class BatchSampler(Sampler):
    """Groups the numbers of another sampler into lists.

    Parameters
    ----------
    sampler : iterable of int
        Where the numbers come from.
    batch_size : int
        Numbers in a list; at least 1.
    drop_last : bool
        Leave out a last list that would be shorter.

    Raises
    ------
    ValueError
        If `batch_size` is below 1.
    TypeError
        If it is no int.

    Examples
    --------
    >>> import lucid
    >>> from lucid.utils.data import BatchSampler
    >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    >>> len(BatchSampler(range(5), batch_size=2, drop_last=True))
    2
    """

    def __init__(self, sampler, batch_size, drop_last):
        self.sampler = sampler
        self.batch_size = check_int(batch_size, "batch_size", minimum=1)
        self.drop_last = drop_last

    def __iter__(self):
        batch = []
        for number in self.sampler:
            batch.append(number)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self):
        full, rest = divmod(len(self.sampler), self.batch_size)
        return full + (rest > 0 and not self.drop_last)
