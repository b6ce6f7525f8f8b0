"""Microseconds a call of tiny layers and steps takes, and milliseconds an import.

    python -m benchmarks overhead [--filter conv] [--threads 1] [--quick] [--json FILE]

The arrays are so small that what is timed is the library, not the arithmetic. Ratios are time of
PyTorch / time of lucid. Imports are timed in fresh interpreters.
"""

import json
import os
import subprocess
import sys
import tempfile
from statistics import geometric_mean, median

import numpy as np
import torch

import lucid
from benchmarks.layers import time_in_turn

IMPORT = "import time; t = time.process_time(); import {}; print(time.process_time() - t)"
IMPORT_GOAL = 0.050  # seconds that lucid may take longer than numpy


def calls(library):
    """Give a function without arguments for each name: the same for both libraries."""
    nn, functional = library.nn, library.nn.functional
    rng = np.random.default_rng(0)

    def tensor(*shape):
        return library.from_numpy(rng.standard_normal(shape, dtype=np.float32))

    x, w, b = tensor(1, 3, 8, 8), tensor(8, 3, 3, 3), tensor(8)
    rows, other = tensor(4, 8), tensor(4, 8)
    leaf_w = tensor(8, 3, 3, 3).requires_grad_()
    leaf = tensor(4, 8).requires_grad_()
    conv, linear, norm = nn.Conv2d(3, 8, 3), nn.Linear(8, 8), nn.BatchNorm2d(3)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 4))
    optimizer = library.optim.SGD(model.parameters(), lr=0.0)

    def without(function):
        def run():
            with library.no_grad():
                return function()
        return run

    def step():
        optimizer.zero_grad()
        (model(x) ** 2).mean().backward()
        optimizer.step()

    return {
        "no_grad()": without(lambda: None),
        "F.conv2d, no graph": lambda: functional.conv2d(x, w, b, 1, 1),
        "F.conv2d, graph": lambda: functional.conv2d(x, leaf_w, b, 1, 1),
        "F.conv2d, graph, backward": lambda: functional.conv2d(x, leaf_w, b, 1, 1).sum().backward(),
        "Conv2d": lambda: conv(x),
        "Linear": lambda: linear(rows),
        "BatchNorm2d": lambda: norm(x),
        "F.max_pool2d": lambda: functional.max_pool2d(x, 2),
        "relu": lambda: functional.relu(rows),
        "add": lambda: rows + other,
        "add, graph": lambda: rows + leaf,
        "multiply by a number": lambda: rows * 2.0,
        "sum": lambda: rows.sum(),
        "reshape": lambda: rows.reshape(8, 4),
        "chain of 10, backward": lambda: chain(leaf).backward(),
        "training step of 4 layers": step,
    }


def chain(x):
    """Ten steps and a sum."""
    for _ in range(10):
        x = x + x
    return x.sum()


def import_times(rounds):
    """Give the median seconds of each import, taken in turn, after one that writes bytecode.

    What pip installs has its bytecode; sources, where PYTHONDONTWRITEBYTECODE is set, have none.
    """
    times = {name: [] for name in ("numpy", "lucid", "torch")}
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    with tempfile.TemporaryDirectory() as environment["PYTHONPYCACHEPREFIX"]:
        for _ in range(rounds + 1):
            for name, found in times.items():
                command = [sys.executable, "-c", IMPORT.format(name)]
                run = subprocess.run(command, check=True, capture_output=True, env=environment)
                found.append(float(run.stdout))
    return {name: median(found[1:]) for name, found in times.items()}


def main(options):
    """Time all chosen calls, and the imports, and print the table."""
    torch.set_num_threads(options.threads)
    lucid.set_num_threads(options.threads)
    ours, theirs = calls(lucid), calls(torch)
    print(f"{'call':30}{'lucid us':>10}{'torch us':>10}{'torch/lucid':>13}")
    rows = []
    for name in ours:
        if options.filter not in name:
            continue
        pair = time_in_turn([ours[name], theirs[name]], 5 if options.quick else 21)
        rows.append({"call": name, "lucid": pair[0], "torch": pair[1], "ratio": pair[1] / pair[0]})
        print(f"{name:30}{1e6 * pair[0]:10.2f}{1e6 * pair[1]:10.2f}{rows[-1]['ratio']:13.2f}",
              flush=True)
    mean = geometric_mean(row["ratio"] for row in rows)
    print(f"{'geometric mean':50}{mean:13.2f}")
    imports = import_times(3 if options.quick else 9)
    for name, seconds in imports.items():
        print(f"import {name:23}{1e3 * seconds:10.1f} ms")
    extra = imports["lucid"] - imports["numpy"]
    print(f"lucid after numpy: {1e3 * extra:.1f} ms; the goal is {1e3 * IMPORT_GOAL:.0f}")
    if options.json:
        with open(options.json, "w") as file:
            figures = {"threads": options.threads, "rows": rows, "imports": imports}
            json.dump(figures, file, indent=1)
