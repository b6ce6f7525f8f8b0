"""What the doors share: arrays as the loops want them, and threads by size."""

import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import lucid
from lucid import kernels
from lucid.kernels.arrays import (
    ELEMENTS, LARGE, broadcast, empty, is_own, ready, room, threads_for, zeros,
)

FLOAT32 = np.dtype(np.float32)
MANY = LARGE // 4  # float32 numbers whose memory is kept


def test_what_is_ready_is_not_copied():
    x = np.ones((2, 3), np.float32)
    assert ready(x) is x


def test_other_orders_byte_orders_and_alignments_are_copied():
    x = np.arange(6.0).reshape(2, 3)
    shifted = np.frombuffer(b"\0" + x.tobytes(), np.uint8)[1:].view(np.float64).reshape(2, 3)
    for other in (x.T.copy().T, x.astype(x.dtype.newbyteorder()), shifted):
        copy = ready(other)
        assert copy.flags.carray and copy.dtype.isnative
        np.testing.assert_array_equal(copy, x)


@pytest.mark.parametrize(("shape", "larger"), [
    ((), (2, 3)), ((1,), (0,)), ((1, 1), (4, 1)), ((), ()), ((3,), (2, 3)), ((2, 1), (2, 5)),
])
def test_broadcast_gives_a_view_that_is_read_only_as_numpy_does(shape, larger):
    x = np.arange(7.0)[: max(1, np.prod(shape, dtype=int))].reshape(shape)
    y = broadcast(x, larger)
    np.testing.assert_array_equal(y, np.broadcast_to(x, larger))
    assert np.shares_memory(x, y) or not y.size
    assert not y.flags.writeable and not is_own(y)


def address(x):
    return x.__array_interface__["data"][0]


def test_memory_of_a_large_array_is_kept_for_the_next_of_its_size():
    kernels.empty_workspace()
    before = kernels.held_memory()["in_use"]
    x = empty((2, MANY), FLOAT32)
    assert kernels.held_memory() == {
        "workspace": 0, "results": 0, "in_use": before + 8 * MANY
    }
    view, place = x[1, 3:].reshape(-1, 1), address(x)
    del x
    assert kernels.held_memory()["results"] == 0  # the view lives
    del view
    assert kernels.held_memory()["results"] == 8 * MANY
    assert kernels.held_memory()["in_use"] == before
    other, same = empty((MANY,), FLOAT32), zeros((MANY, 2), FLOAT32)
    assert address(same) == place != address(other)
    assert not same.any()


def test_large_arrays_begin_on_a_line_of_the_cache_and_own_their_memory():
    for count in (MANY, MANY + 1, 3 * MANY + 7):
        x = empty((count,), FLOAT32)
        assert address(x) % 64 == 0 and is_own(x) and not is_own(x[1:])
        x[:] = 7
        assert x.flags.carray and ready(x) is x


def test_tracemalloc_sees_what_is_lent_and_not_what_is_kept():
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        x = empty((10 * MANY,), FLOAT32)
        assert 0 <= tracemalloc.get_traced_memory()[0] - before - x.nbytes < 10_000
        del x
        assert tracemalloc.get_traced_memory()[0] - before < 10_000
    finally:
        tracemalloc.stop()


def test_small_arrays_are_those_of_numpy():
    x = empty((MANY - 1,), FLOAT32)
    assert x.base is None and is_own(x)


def test_what_is_kept_and_used_stays_near_the_most_that_was_used():
    kernels.empty_workspace()
    size, rng = 100 * MANY, np.random.default_rng(0)
    most = kernels.held_memory()["in_use"]
    alive = []
    for _ in range(300):
        alive.append(empty((int(rng.integers(MANY, size)),), FLOAT32))
        most = max(most, kernels.held_memory()["in_use"])
        del alive[: len(alive) - int(rng.integers(1, 20))]
        held = kernels.held_memory()
        assert held["in_use"] + held["results"] <= max(most + most // 8, 64 << 20)
    alive.clear()
    kernels.empty_workspace()
    assert kernels.held_memory()["results"] == 0


def test_threads_lend_and_give_back():
    def work(number):
        for _ in range(200):
            x = empty((MANY + number,), FLOAT32)
            x.fill(number)
            y = empty((MANY + number,), FLOAT32)
            y.fill(-1)
            assert (x == number).all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, [0, 0, 1, 1, 2]))


def test_memory_that_cannot_be_had_is_an_error():
    with pytest.raises((MemoryError, OverflowError)):
        empty((1 << 62,), FLOAT32)


def test_room_is_for_large_results_in_c_order():
    a, row = np.ones((64, MANY), np.float32), np.ones((1, MANY), np.float32)
    assert room(a, row).shape == a.shape and room(a, a).dtype == a.dtype
    assert room(row[:, :3], row[:, :3]) is None
    assert room(a.T, a.T) is None


def test_small_work_runs_on_one_thread():
    before = lucid.get_num_threads()
    lucid.set_num_threads(2)
    assert threads_for(ELEMENTS - 1) == 1
    assert threads_for(ELEMENTS) == 2
    lucid.set_num_threads(before)


@pytest.mark.parametrize("given", [{}, {"GOMP_SPINCOUNT": "7"}, {"OMP_WAIT_POLICY": "active"}])
def test_import_leaves_the_environment_as_it_was(given, monkeypatch):
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    program = "import os; before = dict(os.environ); import lucid; assert before == os.environ"
    subprocess.run([sys.executable, "-c", program], check=True)
