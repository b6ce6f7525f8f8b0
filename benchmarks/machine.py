"""What this machine can do at most, measured in the same run."""

import ctypes
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

CHAINS = 10  # sums in peak.c


def flops_limit():
    """Measure the multiply-add limit of one thread: floating-point operations a second."""
    source = Path(__file__).with_name("peak.c")
    compiler = shutil.which("gcc") or shutil.which("clang") or shutil.which("cc")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "peak.so"
        command = [compiler, "-O3", "-march=native", "-mprefer-vector-width=512", "-shared", "-fPIC"]
        subprocess.run([*command, str(source), "-o", str(library)], check=True, capture_output=True)
        compiled = ctypes.CDLL(str(library))
        run, lanes = compiled.multiply_adds, compiled.lanes()
        run.argtypes, run.restype = [ctypes.c_size_t, ctypes.c_float, ctypes.c_float], ctypes.c_double
        rounds, best = 2_000_000, 0.0
        for _ in range(7):
            start = time.perf_counter()
            run(rounds, 0.999, 0.001)
            best = max(best, 2 * lanes * CHAINS * rounds / (time.perf_counter() - start))
    return best


def memory_limit():
    """Measure the memory bandwidth of one thread: bytes read and written a second by a copy."""
    source = np.ones(64 * 2**20 // 4, np.float32)
    target = np.zeros_like(source)
    best = 0.0
    for _ in range(7):
        start = time.perf_counter()
        np.copyto(target, source)
        best = max(best, 2 * source.nbytes / (time.perf_counter() - start))
    return best
