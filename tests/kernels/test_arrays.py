"""What the doors share: arrays as the loops want them, and threads by size."""

import subprocess
import sys

import numpy as np
import pytest

import lucid
from lucid.kernels.arrays import ELEMENTS, ready, threads_for


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
