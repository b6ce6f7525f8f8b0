"""
How much faster than the definition?
====================================

Every algorithm computes the same numbers. The times of each, side by side, on the machine that
built this site.
"""

import time

import matplotlib.pyplot as plt

import lucid
import lucid.nn as nn
from lucid import kernels

# %%
# The median of a few runs, one thread, warmed up.

threads = kernels.get_num_threads()
kernels.set_num_threads(1)


def milliseconds(function, runs=5):
    function()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1000 * sorted(times)[runs // 2]


layers = {
    "first layer\n3 → 32, 32 × 32": (nn.Conv2d(3, 32, 3, padding=1), (1, 3, 32, 32)),
    "middle layer\n64 → 64, 16 × 16": (nn.Conv2d(64, 64, 3, padding=1), (1, 64, 16, 16)),
    "1 × 1\n128 → 64, 16 × 16": (nn.Conv2d(128, 64, 1), (1, 128, 16, 16)),
    "volume\n16 → 16, 12³": (nn.Conv3d(16, 16, 3, padding=1), (1, 16, 12, 12, 12)),
}
names = [name for name in kernels.list() if name in ("naive", "im2col", "direct", "auto")]
times = {name: [] for name in names}
for layer, shape in layers.values():
    x = lucid.randn(*shape)
    for name in names:
        with kernels.use(name), lucid.no_grad():
            times[name].append(milliseconds(lambda: layer(x)))  # noqa: B023

# %%
# Shorter is better; the axis is logarithmic.

figure, axis = plt.subplots(figsize=(9, 4), layout="constrained")
width = 0.8 / len(names)
for offset, (name, row) in enumerate(times.items()):
    axis.bar([i + offset * width for i in range(len(row))], row, width, label=name)
axis.set_xticks([i + 0.4 - width / 2 for i in range(len(layers))], layers)
axis.set(yscale="log", ylabel="milliseconds")
axis.legend()

# %%
# What it comes to for the layer in the middle, in multiply-adds a nanosecond: the definition spends
# its time on finding out where things are, the fast loops on multiplying.

work = 64 * 64 * 9 * 16 * 16
for name, row in times.items():
    print(f"{name:8} {work / row[1] / 1e6:6.2f}")
kernels.set_num_threads(threads)
