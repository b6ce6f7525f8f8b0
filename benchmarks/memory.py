"""Peak extra memory of the suite's layers, forward and backward, each in a fresh process.

    python -m benchmarks memory [--filter vgg] [--threads 1] [--quick] [--json FILE]

Extra is what the process held at its peak beyond what it held before and beyond the result
(forward) or the gradients (backward). The goal: at most 10 % of input and output, and 8 MiB. The peak is
the kernel's own count, VmHWM of Linux, which sees memory that C allocates; it is reset before each
measurement. A small layer runs first, so that threads and tables exist.
"""

import json
import os
import subprocess
import sys
from math import prod

import numpy as np

from benchmarks.suite import LAYERS

MIB = 2**20
GOAL_SHARE, GOAL_BYTES = 0.1, 8 * MIB


def status(name):
    """Read a size from /proc/self/status, in bytes."""
    with open("/proc/self/status") as file:
        return next(1024 * int(line.split()[1]) for line in file if line.startswith(name))


def extra_of(function):
    """Run a function; return its result and the bytes at the peak beyond those before."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak so far is forgotten
    before = status("VmRSS")
    return function(), status("VmHWM") - before


def warm_up(library, function, ndim):
    """Run a small layer, forward and backward, once alone and once as a training step would."""
    x, w, b = (
        library.from_numpy(np.ones(shape, np.float32)).requires_grad_()
        for shape in ((2, 16, *(12,) * ndim), (16, 16, *(3,) * ndim), (16,))
    )
    with library.no_grad():
        function(x, w, b)
    y = function(x, w, b)
    y.backward(library.ones_like(y))


def measure_here(library_name, label, threads):
    """Measure one layer in this process; return its extra bytes, forward and backward."""
    library = __import__(library_name)
    library.set_num_threads(threads)
    layer = next(layer for layer in LAYERS if layer.label == label)
    rng = np.random.default_rng(0)
    x, w, b, grad_y = (
        library.from_numpy(rng.standard_normal(shape, dtype=np.float32))
        for shape in (layer.x_shape, layer.w_shape, (layer.out_channels,), layer.y_shape)
    )
    kind = "conv_transpose" if layer.transposed else "conv"
    function = getattr(library.nn.functional, f"{kind}{layer.ndim}d")
    options = dict(stride=layer.stride, padding=layer.padding, dilation=layer.dilation,
                   groups=layer.groups)
    warm_up(library, function, layer.ndim)
    with library.no_grad():
        y, forward = extra_of(lambda: function(x, w, b, **options))
    del y
    wanted = [w.requires_grad_(), b.requires_grad_()]
    wanted += [] if layer.first else [x.requires_grad_()]
    y = function(x, w, b, **options)
    _, backward = extra_of(lambda: y.backward(grad_y))
    gradients = sum(prod(each.shape) for each in wanted)
    return forward - 4 * prod(layer.y_shape), backward - 4 * gradients


def measure(library_name, layer, threads):
    """Measure one layer in a fresh process, with the allocator as a user gets it."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", library_name, layer.label, str(threads)],
        capture_output=True, text=True, check=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")},
    )
    return json.loads(run.stdout)


def main(options):
    """Measure all chosen layers and print the table."""
    print(f"{'extra MiB':26}{'goal':>8}{'lucid':>9}{'torch':>9}{'backward: lucid':>17}{'torch':>9}")
    rows, families = [], set()
    for layer in LAYERS:
        if options.filter not in layer.label or (options.quick and layer.family in families):
            continue
        families.add(layer.family)
        moved = 4 * (prod(layer.x_shape) + prod(layer.y_shape))
        row = {"layer": layer.label, "goal": GOAL_SHARE * moved + GOAL_BYTES}
        for library in ("lucid", "torch"):
            row[library] = measure(library, layer, options.threads)
        rows.append(row)
        over = "  over" if max(row["lucid"]) > row["goal"] else ""
        print(f"{layer.label:26}{row['goal'] / MIB:8.1f}{row['lucid'][0] / MIB:9.1f}"
              f"{row['torch'][0] / MIB:9.1f}{row['lucid'][1] / MIB:17.1f}"
              f"{row['torch'][1] / MIB:9.1f}{over}", flush=True)
    for number, what in enumerate(("forward", "backward")):
        above = sum(row["lucid"][number] > row["goal"] for row in rows)
        print(f"{what}: {above} of {len(rows)} layers over the goal")
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"threads": options.threads, "rows": rows}, file, indent=1)


if __name__ == "__main__":
    print(json.dumps(measure_here(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
