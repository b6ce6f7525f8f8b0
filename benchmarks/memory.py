"""Peak extra memory of the suite's layers, forward and backward, each in a process of its own.

    python -m benchmarks memory [--filter vgg] [--threads 1] [--quick] [--json FILE]

Extra is what the process held at its peak beyond what it held before and beyond the result
(forward) or the gradients (backward). The goal: at most 10 % of input and output, for a backward
also of the gradients, and 8 MiB. The peak is the kernel's own count, VmHWM of Linux, which sees
memory that C allocates; it is reset before each measurement. A small layer runs first, so that
threads and tables exist. A library is imported once; each layer runs in a fork of that process.
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


def measure_here(library, layer, threads):
    """Measure one layer in this process; return its extra bytes, forward and backward."""
    library.set_num_threads(threads)
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
    return forward - 4 * prod(layer.y_shape), backward - 4 * sum(prod(w.shape) for w in wanted)


def serve(library_name, threads, labels):
    """Import a library, then measure each layer in a fork, and print its label and figures."""
    library = __import__(library_name)
    __import__(f"{library_name}.nn.functional")
    for layer in LAYERS:
        if layer.label in labels:
            sys.stdout.flush()
            child = os.fork()
            if not child:
                print(json.dumps([layer.label, *measure_here(library, layer, threads)]), flush=True)
                os._exit(0)
            if os.waitpid(child, 0)[1]:
                raise SystemExit(f"{layer.label} failed in {library_name}")


def start(library_name, layers, threads):
    """Measure layers in a process of their own, with the allocator as a user gets it."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.memory", library_name, str(threads),
         *(layer.label for layer in layers)],
        stdout=subprocess.PIPE, text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")},
    )


def goals_of(layer):
    """Return the bytes allowed beside the results, forward and backward."""
    moved = prod(layer.x_shape) + prod(layer.y_shape)
    gradients = prod(layer.w_shape) + layer.out_channels
    gradients += 0 if layer.first else prod(layer.x_shape)
    return [GOAL_BYTES + GOAL_SHARE * 4 * count for count in (moved, moved + gradients)]


def main(options):
    """Measure all chosen layers and print the table."""
    layers, families = [], set()
    for layer in LAYERS:
        if options.filter in layer.label and not (options.quick and layer.family in families):
            layers.append(layer)
            families.add(layer.family)
    print(f"{'extra MiB':26}{'forward: goal':>14}{'lucid':>8}{'torch':>8}"
          f"{'backward: goal':>16}{'lucid':>8}{'torch':>8}")
    rows, over = [], [0, 0]
    servers = {library: start(library, layers, options.threads) for library in ("lucid", "torch")}
    for layer in layers:
        row = {"layer": layer.label, "goal": goals_of(layer)}
        for library, server in servers.items():
            label, *row[library] = json.loads(server.stdout.readline())
            assert label == layer.label
        rows.append(row)
        line, worse = f"{layer.label:26}", False
        for number, width in enumerate((14, 16)):
            goal, lucid, torch = (row[name][number] for name in ("goal", "lucid", "torch"))
            line += f"{goal / MIB:{width}.1f}{lucid / MIB:8.1f}{torch / MIB:8.1f}"
            over[number] += lucid > goal
            worse = worse or lucid > goal
        print(line + ("  over" if worse else ""), flush=True)
    for number, what in enumerate(("forward", "backward")):
        print(f"{what}: {over[number]} of {len(rows)} layers over the goal")
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"threads": options.threads, "rows": rows}, file, indent=1)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
