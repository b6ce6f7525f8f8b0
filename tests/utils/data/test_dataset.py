"""Data sets: numbers in, samples out."""

import pytest

import lucid
from lucid.utils.data import (
    ConcatDataset,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    default_collate,
    random_split,
)
from lucid.utils.data.dataset import take


def pairs(count):
    return TensorDataset(lucid.arange(count) * 10, lucid.arange(count))


def test_a_base_class_says_what_to_define():
    with pytest.raises(NotImplementedError, match="Dataset has no samples: define __getitem__"):
        Dataset()[0]
    with pytest.raises(NotImplementedError, match="IterableDataset has no samples: define __iter"):
        iter(IterableDataset())


def test_tensors_side_by_side():
    data = pairs(4)
    assert len(data) == 4
    assert [part.item() for part in data[2]] == [20, 2]
    assert [part.item() for part in data[-1]] == [30, 3]
    with pytest.raises(IndexError):
        data[4]


def test_tensors_of_different_lengths_are_refused():
    with pytest.raises(lucid.ShapeError, match=r"shapes \(2, 3\), \(3,\); the first axis counts"):
        TensorDataset(lucid.zeros(2, 3), lucid.zeros(3))
    with pytest.raises(lucid.ShapeError, match="first axis"):
        TensorDataset(lucid.tensor(1.0))
    with pytest.raises(TypeError, match="at least one tensor"):
        TensorDataset()


def test_many_samples_at_once_are_the_samples_one_by_one():
    data = TensorDataset(lucid.rand(6, 2, 3), lucid.arange(6))
    rows = take(data, [4, 0, 4])
    assert len(rows) == 3
    for row, number in zip(rows, [4, 0, 4], strict=True):
        assert row[0].tolist() == data[number][0].tolist() and row[1].item() == number
    assert [label.item() for _, label in rows[1:]] == [0, 4]
    at_once, one_by_one = default_collate(rows), default_collate(list(rows))
    assert type(at_once) is type(one_by_one) is list
    for x, y in zip(at_once, one_by_one, strict=True):
        assert x.dtype == y.dtype and x.shape == y.shape and x.tolist() == y.tolist()


def test_many_samples_at_once_are_copied():
    data = TensorDataset(lucid.zeros(3))
    (batch,) = default_collate(take(data, [0, 1, 2]))
    batch.array[...] = 1
    assert data.tensors[0].tolist() == [0, 0, 0]


def test_a_subset_of_a_subset_is_read_at_once_too():
    part = Subset(Subset(pairs(10), [9, 8, 7, 6]), [3, 0])
    assert [label.item() for _, label in part] == [6, 9]
    assert default_collate(take(part, [1, 0]))[1].tolist() == [9, 6]
    assert take(Subset("abc", [2, 1]), [0]) == ["c"]


def test_data_sets_one_after_the_other():
    both = pairs(2) + pairs(3)
    assert isinstance(both, ConcatDataset) and both.cumulative_sizes == [2, 5]
    assert [both[n][1].item() for n in range(5)] == [0, 1, 0, 1, 2]
    assert both[-1][1].item() == 2 and both[-5][1].item() == 0
    for index in (5, -6):
        with pytest.raises(IndexError, match=f"index {index} is out of range for 5 samples"):
            both[index]
    assert [x for x in ConcatDataset(["", "ab", "", "c"])] == ["a", "b", "c"]


def test_a_row_of_data_sets_needs_numbers():
    with pytest.raises(ValueError, match="no data set; give at least one"):
        ConcatDataset([])
    with pytest.raises(TypeError, match="IterableDataset has no numbered samples"):
        ConcatDataset([IterableDataset()])


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([3, 7], [3, 7]),
        ([10, 0], [10, 0]),
        ([0.5, 0.5], [5, 5]),
        ([0.33, 0.33, 0.34], [4, 3, 3]),
        ([1.0], [10]),
    ],
)
def test_a_split_deals_every_sample_out_once(lengths, expected):
    parts = random_split(range(10), lengths)
    assert [len(part) for part in parts] == expected
    assert sorted(x for part in parts for x in part) == list(range(10))


def test_a_split_follows_its_generator():
    one, two, three = (
        random_split(range(50), [50], generator=lucid.Generator(seed))[0].indices
        for seed in (1, 1, 2)
    )
    assert one == two != three
    lucid.manual_seed(3)
    first = random_split(range(50), [50])[0].indices
    lucid.manual_seed(3)
    assert first == random_split(range(50), [50])[0].indices


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([3, 8], r"\[3, 8\] add up to 11; .* sum 10, or fractions with sum 1"),
        ([0.5, 0.4], "add up to 0.9"),
        ([11, -1], r"\[11, -1\] has a negative part"),
        ([2.5, 7.5], "whole numbers of samples"),
    ],
)
def test_a_split_that_does_not_add_up_is_refused(lengths, message):
    with pytest.raises(ValueError, match=message):
        random_split(range(10), lengths)
