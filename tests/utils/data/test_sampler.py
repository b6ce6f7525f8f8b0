"""Samplers: which numbers, in which order, how many."""

from collections import Counter

import numpy as np
import pytest

import lucid
from lucid.utils.data import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)


def test_a_base_class_says_what_to_define():
    with pytest.raises(NotImplementedError, match="Sampler has no order: define __iter__"):
        iter(Sampler())


def test_in_order():
    sampler = SequentialSampler(range(4))
    assert list(sampler) == list(sampler) == [0, 1, 2, 3] and len(sampler) == 4


@pytest.mark.parametrize(
    "make",
    [
        lambda generator: RandomSampler(range(30), generator=generator),
        lambda generator: RandomSampler(range(30), replacement=True, generator=generator),
        lambda generator: SubsetRandomSampler(range(30), generator=generator),
        lambda generator: WeightedRandomSampler([1.0] * 30, 30, generator=generator),
    ],
)
def test_a_seed_gives_the_order_and_each_epoch_another(make):
    one, two = make(lucid.Generator(5)), make(lucid.Generator(5))
    first, second = list(one), list(one)
    assert (first, second) == (list(two), list(two))
    assert first != second and len(first) == len(one) == 30
    assert all(type(number) is int for number in first)
    lucid.manual_seed(1)
    third = list(make(None))
    lucid.manual_seed(1)
    assert third == list(make(None))


def test_without_replacement_each_number_comes_once_a_round():
    assert sorted(RandomSampler(range(20))) == list(range(20))
    numbers = list(RandomSampler(range(4), num_samples=10))
    assert len(numbers) == 10
    assert sorted(numbers[:4]) == sorted(numbers[4:8]) == [0, 1, 2, 3]
    assert len(set(numbers[8:])) == 2


def test_with_replacement_every_number_can_come():
    numbers = list(RandomSampler(range(3), replacement=True, num_samples=100))
    assert len(numbers) == 100 and set(numbers) == {0, 1, 2}


@pytest.mark.parametrize("replacement", [False, True])
def test_an_empty_data_set_has_no_order(replacement):
    assert list(RandomSampler([], replacement)) == []
    with pytest.raises(ValueError, match="num_samples=3 of an empty data set"):
        RandomSampler([], replacement, num_samples=3)


def test_weights_are_odds():
    counts = Counter(WeightedRandomSampler(lucid.tensor([1.0, 0.0, 3.0]), 4000))
    assert set(counts) == {0, 2}
    assert abs(counts[2] / 4000 - 0.75) < 5 * np.sqrt(0.75 * 0.25 / 4000)
    assert sorted(WeightedRandomSampler([5, 1, 2], 3, replacement=False)) == [0, 1, 2]


def test_batches_of_numbers():
    assert list(BatchSampler(range(5), 2, False)) == [[0, 1], [2, 3], [4]]
    assert list(BatchSampler(range(5), 2, True)) == [[0, 1], [2, 3]]
    for count in range(7):
        for drop_last in (False, True):
            sampler = BatchSampler(range(count), 3, drop_last)
            assert len(list(sampler)) == len(sampler)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: RandomSampler("ab", num_samples=0), ValueError, "num_samples=0 is too small"),
        (lambda: RandomSampler("ab", num_samples=2.0), TypeError, "num_samples must be an int"),
        (lambda: BatchSampler("ab", 0, False), ValueError, "batch_size=0 is too small"),
        (lambda: BatchSampler("ab", True, False), TypeError, "batch_size must be an int, not True"),
        (lambda: WeightedRandomSampler([1, -1], 2), ValueError, r"shape \(2,\) must be one row"),
        (lambda: WeightedRandomSampler([0, 0], 2), ValueError, "not all 0"),
        (lambda: WeightedRandomSampler([1, np.nan], 2), ValueError, "finite"),
        (lambda: WeightedRandomSampler([[1, 2]], 2), ValueError, r"shape \(1, 2\)"),
        (lambda: WeightedRandomSampler([1], 0), ValueError, "num_samples=0 is too small"),
        (
            lambda: WeightedRandomSampler([1, 0, 1], 3, replacement=False),
            ValueError,
            "num_samples=3 without replacement, but only 2 weights are positive",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
