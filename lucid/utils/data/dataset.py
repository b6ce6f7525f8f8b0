"""Data sets: something with a length and items, or something to iterate."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from lucid.errors import ShapeError
from lucid.generator import draw_from

__all__ = [
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "Subset",
    "TensorDataset",
    "random_split",
]


class Dataset:
    """Base class of data sets whose samples are numbered: define `__getitem__` and `__len__`.

    A class that can read many samples at once faster than one by one also defines
    `__getitems__(indices)`, which returns a sequence of them; `DataLoader` calls it where it is.

    Examples
    --------
    >>> import lucid
    >>> from lucid.utils.data import Dataset
    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 4
    ...     def __getitem__(self, index):
    ...         return index, index**2
    >>> Squares()[3]
    (3, 9)
    >>> len(Squares() + Squares())
    8
    """

    def __getitem__(self, index):
        raise NotImplementedError(f"{type(self).__name__} has no samples: define __getitem__")

    def __add__(self, other):
        return ConcatDataset([self, other])


class IterableDataset(Dataset):
    """Base class of data sets that are only read in order, as a stream: define `__iter__`.

    It has no `shuffle` and no sampler; each `iter` starts it anew.

    Examples
    --------
    >>> import lucid
    >>> from lucid.utils.data import DataLoader, IterableDataset
    >>> class Countdown(IterableDataset):
    ...     def __iter__(self):
    ...         return iter([3, 2, 1])
    >>> for batch in DataLoader(Countdown(), batch_size=2):
    ...     print(batch)
    tensor([3, 2])
    tensor([1])
    """

    def __iter__(self):
        raise NotImplementedError(f"{type(self).__name__} has no samples: define __iter__")


class Rows(Sequence):
    """Samples that were read at once: a sequence of tuples that stands on whole columns.

    `default_collate` takes `columns` as they are, so such a batch is never cut up and stacked.

    Parameters
    ----------
    columns : tuple of Tensor
        The samples, each tensor with the samples along its first axis.
    """

    def __init__(self, columns):
        self.columns = columns

    def __len__(self):
        return len(self.columns[0])

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Rows(tuple(column[index] for column in self.columns))
        return tuple(column[index] for column in self.columns)


class TensorDataset(Dataset):
    """Tensors side by side: sample `n` is the tuple of what each has at `n` on its first axis.

    Parameters
    ----------
    *tensors : Tensor
        At least one; all of one length along the first axis.

    Attributes
    ----------
    tensors : tuple of Tensor
        The tensors given.

    Raises
    ------
    TypeError
        If there is no tensor.
    ShapeError
        If the lengths differ, or a tensor has no axis.

    Examples
    --------
    >>> import lucid
    >>> from lucid.utils.data import TensorDataset
    >>> pairs = TensorDataset(lucid.arange(3), lucid.arange(3) ** 2)
    >>> pairs[2]
    (tensor(2), tensor(4))
    >>> len(pairs)
    3
    """

    def __init__(self, *tensors):
        if not tensors:
            raise TypeError("TensorDataset needs at least one tensor")
        shapes = [tensor.shape for tensor in tensors]
        if any(not shape or shape[:1] != shapes[0][:1] for shape in shapes):
            raise ShapeError(
                f"the tensors have shapes {', '.join(map(str, shapes))}; "
                f"the first axis counts the samples and must be the same in all"
            )
        self.tensors = tensors

    def __len__(self):
        return self.tensors[0].shape[0]

    def __getitem__(self, index):
        return tuple(tensor[index] for tensor in self.tensors)

    def __getitems__(self, indices):
        indices = np.asarray(indices, dtype=np.int64)
        return Rows(tuple(tensor[indices] for tensor in self.tensors))


class Subset(Dataset):
    """Some samples of a data set, in an order of their own.

    Parameters
    ----------
    dataset : Dataset
        Where the samples are.
    indices : sequence of int
        Which samples, as numbers in `dataset`.

    Attributes
    ----------
    dataset : Dataset
        The data set given.
    indices : sequence of int
        The numbers given.

    Examples
    --------
    >>> import lucid
    >>> from lucid.utils.data import Subset
    >>> list(Subset(["a", "b", "c"], [2, 0]))
    ['c', 'a']
    """

    def __init__(self, dataset, indices):
        self.dataset = dataset
        self.indices = indices

    def __len__(self):
        return len(self.indices)

    def __getitem__(self, index):
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices):
        return take(self.dataset, [self.indices[index] for index in indices])


class ConcatDataset(Dataset):
    """Data sets one after the other.

    Parameters
    ----------
    datasets : iterable of Dataset
        At least one; each with a length.

    Attributes
    ----------
    datasets : list of Dataset
        The data sets given.
    cumulative_sizes : list of int
        For each, the number where the samples after it begin.

    Raises
    ------
    ValueError
        If there is no data set.
    TypeError
        If one is an `IterableDataset`.

    Examples
    --------
    >>> import lucid
    >>> from lucid.utils.data import ConcatDataset
    >>> letters = ConcatDataset(["ab", "cde"])
    >>> len(letters), letters[2], letters[-1]
    (5, 'c', 'e')
    """

    def __init__(self, datasets):
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset got no data set; give at least one")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise TypeError("an IterableDataset has no numbered samples to put in a row")
        self.cumulative_sizes = list(accumulate(len(dataset) for dataset in self.datasets))

    def __len__(self):
        return self.cumulative_sizes[-1]

    def __getitem__(self, index):
        length = len(self)
        if not -length <= index < length:
            raise IndexError(f"index {index} is out of range for {length} samples")
        index %= length
        number = bisect_right(self.cumulative_sizes, index)
        return self.datasets[number][index - self.cumulative_sizes[number]]


def take(dataset, indices):
    """Read the samples of these numbers: at once where the data set can."""
    if hasattr(dataset, "__getitems__"):
        return dataset.__getitems__(indices)
    return [dataset[index] for index in indices]


def random_split(dataset, lengths, generator=None):
    """Deal the samples of a data set out at random, each to one part.

    Parameters
    ----------
    dataset : Dataset
        What to split; it has a length.
    lengths : sequence of int or of float
        The lengths of the parts, in samples, whose sum is `len(dataset)`; or their fractions, whose
        sum is 1: each part gets its fraction rounded down, and what is left over goes one each to
        the first parts.
    generator : Generator, optional
        Source of the order; default the global one.

    Returns
    -------
    list of Subset
        As many as `lengths`.

    Raises
    ------
    ValueError
        If the sum is wrong, or a length is negative.

    Examples
    --------
    >>> import lucid
    >>> from lucid.utils.data import random_split
    >>> train, test = random_split(range(10), [0.75, 0.25])
    >>> len(train), len(test)
    (8, 2)
    >>> sorted([*train, *test])
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    total = len(dataset)
    if any(length < 0 for length in lengths):
        raise ValueError(f"lengths={list(lengths)} has a negative part")
    if abs(sum(lengths) - 1) < 1e-9 and any(isinstance(length, float) for length in lengths):
        lengths = [int(length * total) for length in lengths]
        for part in range(total - sum(lengths)):
            lengths[part % len(lengths)] += 1
    if sum(lengths) != total or any(int(length) != length for length in lengths):
        raise ValueError(
            f"lengths={list(lengths)} add up to {sum(lengths)}; "
            f"give whole numbers of samples with sum {total}, or fractions with sum 1"
        )
    order = draw_from(generator).permutation(total).tolist()
    ends = list(accumulate(int(length) for length in lengths))
    starts = [0, *ends[:-1]]
    return [Subset(dataset, order[start:end]) for start, end in zip(starts, ends, strict=True)]
