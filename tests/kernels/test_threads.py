"""How many threads a call may use, by function, environment and after a fork."""

import os
import subprocess
import sys
import threading

import pytest

from lucid import kernels
from lucid.kernels.threads import share_out, threads_for


def run_python(program, **environment):
    return subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **environment},
        capture_output=True, text=True, timeout=60,
    )


def test_little_work_stays_on_one_thread():
    before = kernels.get_num_threads()
    kernels.set_num_threads(3)
    assert (threads_for(9, 10), threads_for(10, 10)) == (1, 3)
    kernels.set_num_threads(before)


def test_the_number_of_threads_is_checked():
    with pytest.raises(ValueError, match="must be 1 to 1024, not 0"):
        kernels.set_num_threads(0)
    for wrong in (1.5, True, "2"):
        with pytest.raises(TypeError, match="must be an int"):
            kernels.set_num_threads(wrong)


@pytest.mark.parametrize(("variables", "wanted"), [
    ({"LUCID_NUM_THREADS": "3", "OMP_NUM_THREADS": "2"}, "3"),
    ({"LUCID_NUM_THREADS": "", "OMP_NUM_THREADS": "2,1"}, "2"),
    ({"LUCID_NUM_THREADS": "1024", "OMP_NUM_THREADS": "2"}, "1024"),
])
def test_the_environment_sets_the_threads(variables, wanted):
    found = run_python("from lucid import kernels; print(kernels.get_num_threads())", **variables)
    assert found.stdout.strip() == wanted, found.stderr


@pytest.mark.parametrize("text", ["many", "0", "1025", "100000"])
def test_a_wrong_number_of_threads_in_the_environment_is_refused(text):
    found = run_python("import lucid", LUCID_NUM_THREADS=text)
    assert f"LUCID_NUM_THREADS={text} is not a number of threads from 1 to 1024" in found.stderr


FORK_PROGRAM = """
import os, sys, threading
import numpy as np
from lucid import kernels
from lucid.geometry import conv_geometry
kernels.set_num_threads(2)
x, w = np.ones((4, 16, 32, 32), np.float32), np.ones((16, 16, 3, 3), np.float32)
geometry = conv_geometry(x.shape, w.shape)
assert len(os.listdir("/proc/self/task")) == 1 or not os.path.exists("/proc/self/task")
y = kernels.conv(x, w, geometry)
for _ in range(5):
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(kernels.conv(x, w, geometry), y) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert np.array_equal(kernels.conv(x, w, geometry), y)
print("done")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_computes():
    found = run_python(FORK_PROGRAM, OPENBLAS_NUM_THREADS="1")
    assert found.stdout.strip() == "done", found.stderr


def test_python_threads_share_work_and_keep_its_order():
    for count in (1, 3, 20):
        assert share_out(lambda item: item * item, range(7), count) == [0, 1, 4, 9, 16, 25, 36]
    assert share_out(print, [], 2) == []
    assert len(set(share_out(lambda _: threading.get_ident(), range(6), 3))) >= 1


def test_work_is_done_where_threads_cannot_start_or_never_begin(monkeypatch):
    def refuse(function, arguments):
        raise RuntimeError("can't start new thread")

    for start in (refuse, lambda function, arguments: None):
        monkeypatch.setattr("lucid.kernels.threads.start_new_thread", start)
        assert share_out(lambda item: -item, range(5), 3) == [0, -1, -2, -3, -4]


def test_an_error_of_a_python_thread_is_raised():
    def fail(item):
        raise KeyboardInterrupt(str(item))

    for count in (1, 4):
        with pytest.raises(KeyboardInterrupt):
            share_out(fail, range(8), count)
