"""Reading a data set in batches."""

from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from itertools import repeat, takewhile

import numpy as np

from lucid.errors import ShapeError
from lucid.geometry import check_int
from lucid.ops.shaping import stack
from lucid.tensor import Tensor
from lucid.utils.data.dataset import IterableDataset, Rows, take
from lucid.utils.data.prefetch import prefetch
from lucid.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler

__all__ = ["DataLoader", "default_collate"]


def default_collate(batch):
    """Make one batch of many samples, by putting an axis for the samples first.

    Parameters
    ----------
    batch : sequence
        The samples, at least one, all built alike.

    Returns
    -------
    object
        By the type of a sample. Tensor or numpy.ndarray `S`: a tensor `(N, *S)`. int or bool: an
        int64 or bool tensor `(N,)`; float: float64. str or bytes: the list of them. dict, tuple or
        list: the same of batches, a plain tuple becoming a list, as in PyTorch.

    Raises
    ------
    ShapeError
        If tensors of a batch differ in shape, or lists in length.
    TypeError
        If samples are of any other type.

    Examples
    --------
    >>> import lucid
    >>> from lucid.utils.data import default_collate
    >>> default_collate([(lucid.zeros(2, 3), 4), (lucid.ones(2, 3), 5)])[1]
    tensor([4, 5])
    >>> default_collate([{"name": "a", "age": 1}, {"name": "b", "age": 2}])
    {'name': ['a', 'b'], 'age': tensor([1, 2])}
    """
    if isinstance(batch, Rows):
        return list(batch.columns)
    first = batch[0]
    if isinstance(first, Tensor | np.ndarray):
        shapes = {tuple(sample.shape) for sample in batch}
        if len(shapes) > 1:
            raise ShapeError(
                f"samples of shapes {sorted(shapes)} cannot be stacked to a batch; "
                f"bring them to one shape, or give the DataLoader a collate_fn"
            )
        return stack([x if isinstance(x, Tensor) else Tensor(x) for x in batch])
    if isinstance(first, float):
        return Tensor(np.asarray(batch, dtype=np.float64))
    if isinstance(first, int | np.generic):
        return Tensor(np.asarray(batch))
    if isinstance(first, str | bytes):
        return list(batch)
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in batch]) for key in first}
    if isinstance(first, Sequence):
        lengths = {len(sample) for sample in batch}
        if len(lengths) > 1:
            raise ShapeError(f"samples of {sorted(lengths)} parts cannot be one batch")
        parts = [default_collate(part) for part in zip(*batch, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else parts
    raise TypeError(
        f"no batch of {type(first).__name__} is known; return tensors, arrays, numbers, strings, "
        f"dicts or tuples of them, or give the DataLoader a collate_fn"
    )


def _check_order(dataset, batch_size, shuffle, sampler, batch_sampler, drop_last):
    """Refuse arguments of `DataLoader` that exclude each other."""
    order = shuffle or sampler is not None
    if sampler is not None and shuffle:
        raise ValueError("sampler and shuffle=True exclude each other: both give the order")
    if batch_sampler is not None and (batch_size != 1 or order or drop_last):
        raise ValueError(
            "batch_sampler gives the batches; leave out batch_size, shuffle, sampler, drop_last"
        )
    if batch_size is None and drop_last:
        raise ValueError("batch_size=None makes no batches, so drop_last=True has no meaning")
    if isinstance(dataset, IterableDataset) and (order or batch_sampler is not None):
        raise ValueError("an IterableDataset has its own order: no shuffle, no sampler")


def _bar(progress):
    """Give the function that the batches pass through: one given, tqdm's bar for True, or None."""
    if progress is False or progress is None:
        return None
    if progress is not True:
        if not callable(progress):
            raise TypeError(
                f"progress={progress!r} is neither a bool nor a function of the batches; give "
                f"True for a bar by tqdm"
            )
        return progress
    try:  # a widget in notebooks, a line elsewhere
        return import_module("tqdm.auto").tqdm
    except ImportError:
        raise ImportError(
            "progress=True needs tqdm, which is an extra: pip install lucid-conv[progress]; or "
            "give a function of your own, progress(batches, total=count)"
        ) from None


class DataLoader:
    """Reads a data set in batches; each `for` over it is one epoch.

    Parameters
    ----------
    dataset : Dataset or IterableDataset
        What is read: anything with `__getitem__` and `__len__`, or an `IterableDataset`.
    batch_size : int or None, default 1
        Samples in a batch; at least 1. None: no batches, the samples one by one.
    shuffle : bool, default False
        Read in random order, another one at each epoch.
    sampler : iterable of int, optional
        The numbers of the samples, in order; excludes `shuffle`.
    batch_sampler : iterable of list of int, optional
        The numbers of the samples of each batch; excludes `batch_size`, `shuffle`, `sampler` and
        `drop_last`.
    num_workers : int, default 0
        Threads that read batches ahead of time. 0: batches are read when they are asked for.
    collate_fn : callable, optional
        Makes a batch of a sequence of samples; default `default_collate`. Without batches, it is
        called with one sample, and the default is to leave it alone.
    pin_memory : bool, default False
        For code written for PyTorch: there is no GPU to copy to, so it changes nothing.
    drop_last : bool, default False
        Leave out a last batch with fewer samples than `batch_size`.
    generator : Generator, optional
        Source of the random order; default the global one, which `lucid.manual_seed` starts anew.
    prefetch_factor : int, default 2
        Batches that each thread is ahead of the loop; at least 1.
    progress : bool or callable, default False
        True: a bar shows how far each epoch is, by tqdm, which is an extra. A function of your own
        is called at the start of each epoch, as ``progress(batches, total=count)``, and what it
        returns is iterated instead of the batches; `count` is None for a stream without length.

    Attributes
    ----------
    dataset : Dataset
        The data set given.
    sampler, batch_sampler : iterable
        The order, given or made; None where there is none.

    Raises
    ------
    ValueError
        If two arguments exclude each other, or a number is out of its range.
    TypeError
        If a number is no int, or `progress` neither a bool nor callable.
    ImportError
        If `progress` is True and tqdm is not installed.

    Notes
    -----
    The samples of a batch of a `TensorDataset`, or of a `Subset` of it, are taken from each tensor
    at once, by one index array.

    Threads share memory, so nothing is copied between them, and they help where samples are read
    from disk or made by NumPy, which lets other threads run. The order of the batches is that of
    one thread, and so is the order of the samples; but which thread draws first from a source of
    random numbers, as for a random crop, is a matter of chance. A stream is read by one thread,
    however many there are. PyTorch starts processes instead.

    Examples
    --------
    >>> import lucid
    >>> from lucid.utils.data import DataLoader, TensorDataset
    >>> pairs = TensorDataset(lucid.rand(5, 1, 8, 8), lucid.arange(5))
    >>> loader = DataLoader(pairs, batch_size=2)
    >>> len(loader)
    3
    >>> for x, label in loader:
    ...     print(x.shape, label)
    (2, 1, 8, 8) tensor([0, 1])
    (2, 1, 8, 8) tensor([2, 3])
    (1, 1, 8, 8) tensor([4])

    A bar of one's own:

    >>> def dots(batches, total):
    ...     for number, batch in enumerate(batches, start=1):
    ...         yield batch
    ...         print("." * number + " " * (total - number) + "|")
    >>> for x, label in DataLoader(pairs, batch_size=2, progress=dots):
    ...     pass
    .  |
    .. |
    ...|
    """

    def __init__(
        self,
        dataset,
        batch_size=1,
        shuffle=False,
        sampler=None,
        batch_sampler=None,
        num_workers=0,
        collate_fn=None,
        pin_memory=False,
        drop_last=False,
        *,
        generator=None,
        prefetch_factor=2,
        progress=False,
    ):
        num_workers = check_int(num_workers, "num_workers", 0)
        self.prefetch_factor = check_int(prefetch_factor, "prefetch_factor", 1)
        _check_order(dataset, batch_size, shuffle, sampler, batch_sampler, drop_last)
        stream = isinstance(dataset, IterableDataset)
        if not stream and batch_sampler is None and sampler is None:
            sampler = SequentialSampler(dataset)
            if shuffle:
                sampler = RandomSampler(dataset, generator=generator)
        if batch_sampler is None and batch_size is not None:
            # a stream has no numbers, but its samples are cut into batches by the same rule
            batch_sampler = BatchSampler(dataset if stream else sampler, batch_size, drop_last)
        self.dataset = dataset
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.pin_memory = pin_memory
        self.drop_last = drop_last
        self.generator = generator
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.progress = _bar(progress)
        self.collate_fn = collate_fn or (default_collate if batch_sampler is not None else None)

    def __iter__(self):
        if self.progress is None:
            return self._batches()
        try:
            total = len(self)
        except TypeError:  # a stream may have no length
            total = None
        return iter(self.progress(self._batches(), total=total))

    def _batches(self):
        stream = isinstance(self.dataset, IterableDataset)
        workers, ahead = self.num_workers, self.num_workers * self.prefetch_factor
        if not workers:
            return (read() for read in self._readers(stream))
        if stream:  # its samples come one after the other, so one thread reads them
            batches = (read() for read in self._readers(stream))
            end = object()
            results = prefetch(repeat(partial(next, batches, end)), 1, ahead)
            return takewhile(lambda batch: batch is not end, results)
        return prefetch(self._readers(stream), workers, ahead)

    def _readers(self, stream):
        """Yield for every batch, or every sample, the function that reads it."""
        if self.batch_sampler is not None:
            for batch in self.batch_sampler:
                yield partial(self._read_batch, batch, stream)
        else:
            for item in self.dataset if stream else self.sampler:
                yield partial(self._read_sample, item, stream)

    def _read_batch(self, batch, stream):
        return self.collate_fn(batch if stream else take(self.dataset, batch))

    def _read_sample(self, item, stream):
        sample = item if stream else self.dataset[item]
        return sample if self.collate_fn is None else self.collate_fn(sample)

    def __len__(self):
        if self.batch_sampler is not None:
            return len(self.batch_sampler)
        return len(self.dataset if isinstance(self.dataset, IterableDataset) else self.sampler)
