"""The loader: every sample, once an epoch, in batches."""

import sys
import time
from collections import namedtuple

import numpy as np
import pytest

import lucid
from lucid.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    default_collate,
)


class Stream(IterableDataset):
    def __iter__(self):
        return iter(range(5))


class SizedStream(Stream):
    def __len__(self):
        return 5


def numbers(count):
    return TensorDataset(lucid.arange(count))


def epoch(loader):
    return [batch.tolist() for (batch,) in loader]


def test_an_epoch_is_every_sample_in_order_and_can_be_repeated():
    loader = DataLoader(numbers(5), batch_size=2)
    assert epoch(loader) == epoch(loader) == [[0, 1], [2, 3], [4]]
    assert len(loader) == 3
    loader = DataLoader(numbers(5), 2, drop_last=True)
    assert epoch(loader) == [[0, 1], [2, 3]] and len(loader) == 2
    assert epoch(DataLoader(numbers(2))) == [[0], [1]]
    assert epoch(DataLoader(numbers(0), 4)) == []


def test_arguments_that_only_a_gpu_needs_change_nothing():
    assert epoch(DataLoader(numbers(3), 2, pin_memory=True)) == [[0, 1], [2]]
    assert epoch(DataLoader(numbers(3), 2, False, None, None, 0, None, False, True)) == [[0, 1]]


def test_two_epochs_at_once_do_not_disturb_each_other():
    loader = DataLoader(numbers(4), 2)
    assert [(x.tolist(), y.tolist()) for (x,), (y,) in zip(loader, loader, strict=True)] == [
        ([0, 1], [0, 1]), ([2, 3], [2, 3]),
    ]


def test_shuffling_is_another_order_each_epoch_and_follows_the_seed():
    def two_epochs(generator=None):
        loader = DataLoader(numbers(20), 7, shuffle=True, generator=generator)
        return [sum(epoch(loader), []) for _ in range(2)]

    first, second = two_epochs(lucid.Generator(0))
    assert sorted(first) == sorted(second) == list(range(20)) and first != second
    assert [first, second] == two_epochs(lucid.Generator(0))
    lucid.manual_seed(4)
    third = two_epochs()
    lucid.manual_seed(4)
    assert third == two_epochs()


def test_a_batch_is_taken_at_once_where_the_data_set_can(monkeypatch):
    def refuse(self, index):
        raise AssertionError("read one by one")

    monkeypatch.setattr(TensorDataset, "__getitem__", refuse)
    assert epoch(DataLoader(numbers(4), 2)) == [[0, 1], [2, 3]]
    assert epoch(DataLoader(Subset(numbers(4), [3, 1]), 2)) == [[3, 1]]


def test_pairs_keep_together():
    x = lucid.rand(9, 2)
    data = TensorDataset(x, lucid.arange(9))
    for images, labels in DataLoader(data, 4, shuffle=True):
        assert images.dtype == lucid.float32 and labels.dtype == lucid.int64
        np.testing.assert_array_equal(images.array, x.array[labels.array])


def test_the_order_may_be_given():
    assert epoch(DataLoader(numbers(5), 2, sampler=[4, 0, 2])) == [[4, 0], [2]]
    loader = DataLoader(numbers(5), batch_sampler=[[1], [2, 3, 4]])
    assert epoch(loader) == [[1], [2, 3, 4]] and len(loader) == 2


def test_a_collate_fn_gets_the_samples():
    loader = DataLoader(numbers(3), 2, collate_fn=lambda rows: [row[0].item() for row in rows])
    assert list(loader) == [[0, 1], [2]]


def test_without_batches_the_samples_come_as_they_are():
    loader = DataLoader(["a", "b"], batch_size=None)
    assert list(loader) == ["a", "b"] and len(loader) == 2
    assert list(DataLoader(["a"], None, collate_fn=str.upper)) == ["A"]
    assert list(DataLoader(Stream(), None)) == [0, 1, 2, 3, 4]


def test_a_stream_is_cut_into_batches():
    loader = DataLoader(Stream(), 2)
    assert [x.tolist() for x in loader] == [[0, 1], [2, 3], [4]]
    with pytest.raises(TypeError):
        len(loader)
    assert len(DataLoader(SizedStream(), 2, drop_last=True)) == 2
    assert [x.tolist() for x in DataLoader(Stream(), 2, drop_last=True)] == [[0, 1], [2, 3]]


def test_a_data_set_of_ones_own():
    class Squares(Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return np.full(2, index, dtype=np.float32), index**2

    (first, _) = DataLoader(Squares(), 2)
    assert first[0].tolist() == [[0, 0], [1, 1]] and first[1].tolist() == [0, 1]


def test_gradients_flow_through_a_batch():
    x = lucid.ones(3, requires_grad=True)
    for (batch,) in DataLoader(TensorDataset(x), 2):
        batch.sum().backward()
    assert x.grad.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("batch", "dtype", "values"),
    [
        ([1, 2], lucid.int64, [1, 2]),
        ([0.5, 1.5], lucid.float64, [0.5, 1.5]),
        ([True, False], lucid.bool, [True, False]),
        ([np.float32(1), np.float32(2)], lucid.float32, [1, 2]),
        ([np.uint8([1, 2]), np.uint8([3, 4])], lucid.uint8, [[1, 2], [3, 4]]),
        ([lucid.tensor(1.0), lucid.tensor(2.0)], lucid.float32, [1, 2]),
    ],
)
def test_numbers_and_arrays_are_stacked(batch, dtype, values):
    x = default_collate(batch)
    assert x.dtype == dtype and x.tolist() == values


def test_structures_stay_structures():
    Point = namedtuple("Point", "x y")
    batch = default_collate([Point(1, {"a": "b"}), Point(2, {"a": "c"})])
    assert type(batch) is Point and batch.x.tolist() == [1, 2] and batch.y == {"a": ["b", "c"]}
    batch = default_collate([[1, (2.0,)], [3, (4.0,)]])
    assert batch[0].tolist() == [1, 3] and batch[1][0].tolist() == [2, 4]
    assert default_collate([b"a", b"b"]) == [b"a", b"b"]


def test_samples_that_make_no_batch_are_refused():
    with pytest.raises(lucid.ShapeError, match=r"\[\(2,\), \(3,\)\] cannot be stacked"):
        default_collate([lucid.zeros(3), lucid.zeros(2)])
    with pytest.raises(lucid.ShapeError, match=r"samples of \[1, 2\] parts cannot be one batch"):
        default_collate([[1], [1, 2]])
    with pytest.raises(TypeError, match="no batch of object is known; return tensors"):
        default_collate([object()])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"num_workers": -1}, ValueError, "num_workers=-1 is too small; it must be at least 0"),
        ({"prefetch_factor": 0}, ValueError, "prefetch_factor=0 is too small"),
        ({"batch_size": 0}, ValueError, "batch_size=0 is too small"),
        ({"batch_size": 2.0}, TypeError, "batch_size must be an int"),
        ({"sampler": [0], "shuffle": True}, ValueError, "sampler and shuffle=True exclude"),
        ({"batch_sampler": [[0]], "batch_size": 2}, ValueError, "leave out batch_size"),
        ({"batch_sampler": [[0]], "shuffle": True}, ValueError, "batch_sampler gives the batches"),
        ({"batch_sampler": [[0]], "sampler": [0]}, ValueError, "batch_sampler gives the batches"),
        ({"batch_sampler": [[0]], "drop_last": True}, ValueError, "batch_sampler gives the batche"),
        ({"batch_size": None, "drop_last": True}, ValueError, "batch_size=None makes no batches"),
    ],
)
def test_arguments_that_exclude_each_other_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        DataLoader(numbers(3), **options)


@pytest.mark.parametrize("options", [{"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]}])
def test_a_stream_has_its_own_order(options):
    with pytest.raises(ValueError, match="IterableDataset has its own order"):
        DataLoader(Stream(), **options)


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("data", [numbers(23), Stream(), SizedStream(), list(range(9))],
                         ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("batch_size", [None, 4])
def test_threads_give_what_one_thread_gives(workers, data, batch_size):
    def read(count):
        loader = DataLoader(data, batch_size, num_workers=count)
        return [default_collate([each]).tolist() if isinstance(each, int) else
                str(each) for epoch in range(2) for each in loader]

    assert read(workers) == read(0)


def test_threads_follow_the_seed_and_report_errors():
    def order(workers):
        lucid.manual_seed(4)
        return epoch(DataLoader(numbers(30), 4, shuffle=True, num_workers=workers))

    assert order(3) == order(0)

    class Broken(Dataset):
        def __len__(self):
            return 9

        def __getitem__(self, index):
            if index == 5:
                raise OSError("cannot read sample 5")
            return index

    batches = iter(DataLoader(Broken(), 2, num_workers=2))
    assert next(batches).tolist() == [0, 1]
    with pytest.raises(OSError, match="cannot read sample 5"):
        list(batches)


def test_threads_read_ahead():
    read = []

    class Slow(Dataset):
        def __len__(self):
            return 50

        def __getitem__(self, index):
            read.append(index)
            return index

    batches = iter(DataLoader(Slow(), 1, num_workers=2, prefetch_factor=3))
    assert next(batches).tolist() == [0]
    deadline = time.monotonic() + 10
    while len(read) < 7 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sorted(read) == list(range(7))


def test_a_function_sees_the_batches_of_each_epoch_pass():
    calls = []

    def watch(batches, total):
        calls.append(total)
        for batch in batches:
            calls.append(batch[0].tolist())
            yield batch

    loader = DataLoader(numbers(3), 2, progress=watch)
    assert calls == []
    assert epoch(loader) == epoch(loader) == [[0, 1], [2]]
    assert calls == [2, [0, 1], [2]] * 2
    assert len(loader) == 2


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(("stream", "count"), [(Stream, None), (SizedStream, 3)])
def test_the_length_of_a_stream_may_be_unknown(workers, stream, count):
    totals = []

    def watch(batches, total):
        totals.append(total)
        return batches

    loader = DataLoader(stream(), 2, num_workers=workers, progress=watch)
    assert [x.tolist() for x in loader] == [[0, 1], [2, 3], [4]] and totals == [count]


def test_a_bar_by_tqdm(capsys):
    pytest.importorskip("tqdm")
    assert epoch(DataLoader(numbers(5), 2, progress=True)) == [[0, 1], [2, 3], [4]]
    assert "3/3" in capsys.readouterr().err


def test_a_bar_without_tqdm_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r"pip install lucid-conv\[progress\]; or give a func"):
        DataLoader(numbers(5), progress=True)


def test_progress_that_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match="progress='tqdm' is neither a bool nor a function"):
        DataLoader(numbers(5), progress="tqdm")
