"""Ctrl-C ends a call in the middle of one item: the promise is a tenth of a second."""

import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from lucid._cython import conv_naive, normalisation

MEASURE = """
import os, signal, sys, threading, time
import numpy as np
from lucid import kernels
from lucid.geometry import conv_geometry

name, x_shape, w_shape, options = sys.argv[1], *map(eval, sys.argv[2:])
geometry = conv_geometry(x_shape, w_shape, **options)
y_shape = (1, w_shape[0], *geometry.output_size)
x, w, y = (np.ones(shape, np.float32) for shape in (x_shape, w_shape, y_shape))
kernels.use(name)
kernel, sent = kernels.get(), []

def interrupt():
    sent[:] = time.perf_counter(), time.process_time()
    os.kill(os.getpid(), signal.SIGINT)

for primitive, function, operands in (
    ("forward", kernels.conv, (x, w)), ("input_grad", kernels.conv_input_grad, (y, w)),
    ("weight_grad", kernels.conv_weight_grad, (x, y)),
):
    if name == "auto" or getattr(kernel, primitive) is not None:
        threading.Timer(0.15, interrupt).start()
        try:
            function(*operands, geometry)
            print(primitive, "inf", "inf")
        except KeyboardInterrupt:
            print(primitive, time.perf_counter() - sent[0], time.process_time() - sent[1])
"""
LONG = {  # one item of more than a second
    "naive": ((1, 64, 256, 256), (64, 64, 5, 5), {"padding": 2}),
    "im2col": ((1, 256, 256, 256), (256, 256, 5, 5), {"padding": 2}),
    "direct": ((1, 256, 256, 256), (256, 256, 7, 7), {"padding": 3}),
    "matmul": ((1, 256, 256, 256), (256, 256, 7, 7), {"padding": 3}),
    "winograd": ((1, 1024, 160, 160), (1024, 1024, 3, 3), {"padding": 1}),
    "winograd_strided": ((1, 1024, 192, 192), (1024, 1024, 4, 4), {"padding": 1, "stride": 2}),
    "winograd_rows": ((1, 512, 256, 256), (512, 512, 3, 3), {"padding": 1}),
    "depthwise": ((1, 64, 512, 512), (64, 1, 63, 63), {"padding": 31, "groups": 64}),
    "features": ((1, 256, 256, 256), (256, 256, 7, 7), {"padding": 3}),
    "clipped": ((1, 256, 256, 256), (256, 256, 7, 7), {"padding": 3}),
    "unfolded": ((1, 16, 1024, 1024), (32, 16, 9, 9), {"padding": 4}),
    "pointwise": ((1, 256, 512, 512), (256, 256, 1, 1), {}),
    "fft": ((1, 128, 512, 512), (128, 128, 31, 31), {"padding": 15}),
    "auto": ((1, 512, 224, 224), (512, 512, 5, 5), {"padding": 2}),
}


@pytest.mark.parametrize("name", LONG)
def test_a_signal_ends_a_long_call_of_one_item(name):
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, name, *map(str, LONG[name])],
        capture_output=True, text=True, timeout=120, check=True,
    )
    assert run.stdout
    for line in run.stdout.splitlines():
        primitive, seconds, busy = line.split()
        print(f"{name} {primitive}: {float(seconds):.3f} s, {float(busy):.3f} s of all threads")
        assert float(busy) < 0.5  # a busy machine lengthens the other


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


@pytest.mark.parametrize("shape", [(100_000, 100, 1), (1, 1, 2**25)])  # rows of one, and one row
def test_a_handler_that_raises_ends_a_normalisation(shape):
    class Stop(Exception):
        pass

    def stop(*_):
        raise Stop

    x, y, channels = np.ones(shape, np.float32), np.zeros(shape, np.float32), shape[1]
    one, sums = np.ones(channels, np.float32), np.zeros((16, 2, channels))
    before = signal.signal(signal.SIGALRM, stop)
    try:
        with pytest.raises(Stop):
            signal.setitimer(signal.ITIMER_REAL, 0.005)
            normalisation.batch_norm(x, one, one, y, one.copy(), one.copy(), sums, 1.0, True, 1)
        assert y[-1, -1, -1] == 0  # the end would have written 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
