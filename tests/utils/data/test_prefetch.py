"""Threads that work ahead: order, errors, ends."""

import threading
import time
from functools import partial

import pytest

from lucid.utils.data.prefetch import prefetch


def test_results_come_in_order_whoever_is_done_first():
    def slow(number):
        time.sleep(0.02 * (number % 3 == 0))
        return number

    found = list(prefetch((partial(slow, number) for number in range(12)), 3, 4))
    assert found == list(range(12))


def test_so_many_are_begun_ahead_and_no_more():
    begun = []
    results = prefetch((partial(begun.append, number) for number in range(99)), 2, 3)
    next(results)
    deadline = time.monotonic() + 10
    while len(begun) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert sorted(begun) == [0, 1, 2, 3]
    results.close()


def test_several_threads_work_at_once():
    barrier = threading.Barrier(3, timeout=10)
    assert len(list(prefetch([barrier.wait] * 3, 3, 3))) == 3


def test_an_error_is_raised_in_its_turn_and_threads_end():
    def fail():
        raise KeyError("sample")

    before = threading.active_count()
    results = prefetch([int, fail, int], 2, 2)
    assert next(results) == 0
    with pytest.raises(KeyError, match="sample"):
        next(results)
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before
