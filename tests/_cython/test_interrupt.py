"""Ctrl-C ends a call in the middle of one item: the promise is a tenth of a second."""

import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from lucid._cython import conv_naive

MEASURE = """
import os, signal, sys, threading, time
import numpy as np
from lucid import kernels
from lucid.geometry import conv_geometry

name, primitive = sys.argv[1:3]
x_shape, w_shape, low = map(eval, sys.argv[3:])
geometry = conv_geometry(x_shape, w_shape, padding=((low, low),))
y_shape = (1, w_shape[0], *geometry.output_size)
x, w, y = (np.ones(shape, np.float32) for shape in (x_shape, w_shape, y_shape))
operands = {"conv": (x, w), "conv_input_grad": (y, w), "conv_weight_grad": (x, y)}[primitive]
kernels.use(name)
sent = []

def interrupt():
    sent.extend((time.perf_counter(), time.process_time()))
    os.kill(os.getpid(), signal.SIGINT)

threading.Timer(0.3, interrupt).start()
try:
    getattr(kernels, primitive)(*operands, geometry)
except KeyboardInterrupt:
    print(time.perf_counter() - sent[0], time.process_time() - sent[1])
"""
LONG = {  # one item of a minute or so
    "naive": ((1, 64, 256, 256), (64, 64, 5, 5), 2),
    "im2col": ((1, 512, 256, 256), (512, 512, 5, 5), 2),
}


@pytest.mark.parametrize("primitive", ["conv", "conv_input_grad", "conv_weight_grad"])
@pytest.mark.parametrize("name", LONG)
def test_a_signal_ends_a_long_call_of_one_item(name, primitive):
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, name, primitive, *map(str, LONG[name])],
        capture_output=True, text=True, timeout=60, check=True,
    )
    seconds, busy = map(float, run.stdout.split())
    print(f"{name} {primitive}: {1000 * seconds:.0f} ms, {1000 * busy:.0f} ms of all threads")
    assert busy < 0.5  # a busy machine lengthens the other


def _arguments(size):
    x, w = np.ones((1, 2, 1, size, size)), np.ones((2, 2, 1, 3, 3))
    y = np.zeros((1, 2, 1, size - 2, size - 2))
    return x, w, y, (1, 1, 1), (1, 1, 1), (0, 0, 0), 1, 2


def test_a_handler_that_raises_nothing_lets_the_call_go_on():
    seen = []
    before = signal.signal(signal.SIGALRM, lambda *_: seen.append(time.perf_counter()))
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        arguments = _arguments(1500)
        conv_naive.forward(*arguments)
        end = time.perf_counter()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert (arguments[2] == 18).all()
    assert len(seen) == 1 and seen[0] < end  # it ran during the call


def test_another_thread_goes_on_when_the_main_thread_is_interrupted():
    class Stop(Exception):
        pass

    def stop(*_):
        raise Stop

    mine, others = _arguments(2500), _arguments(1500)
    other = threading.Thread(target=conv_naive.forward, args=others)
    before = signal.signal(signal.SIGALRM, stop)
    try:
        other.start()
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(Stop):
            conv_naive.forward(*mine)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    other.join()
    assert (others[2] == 18).all() and not (mine[2] == 18).all()
