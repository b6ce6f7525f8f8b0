"""
How much faster than the definition?
====================================

Every algorithm computes the same numbers. The times of each, side by side, on the machine that
built this site.
"""

import matplotlib.pyplot as plt

import lucid.nn as nn
from lucid import kernels

# %%
# The median of a few runs that take turns, one thread, warmed up: `lucid.kernels.compare` measures
# it. For the layer in the middle it also tells what each one costs: the products that are left to
# do, the scratch memory, and the rounding. ``*`` marks what ``"auto"`` takes.

threads = kernels.get_num_threads()
kernels.set_num_threads(1)
layers = {
    "first layer\n3 → 32, 32 × 32": (nn.Conv2d(3, 32, 3, padding=1), (1, 3, 32, 32)),
    "middle layer\n64 → 64, 16 × 16": (nn.Conv2d(64, 64, 3, padding=1), (1, 64, 16, 16)),
    "1 × 1\n128 → 64, 16 × 16": (nn.Conv2d(128, 64, 1), (1, 128, 16, 16)),
    "volume\n16 → 16, 12³": (nn.Conv3d(16, 16, 3, padding=1), (1, 16, 12, 12, 12)),
    "1000 taps\n4 → 4, 4096": (nn.Conv1d(4, 4, 1000), (1, 4, 4096)),
}
tables = [kernels.compare(layer, x_shape) for layer, x_shape in layers.values()]
kernels.set_num_threads(threads)
tables[1]

# %%
# Why that one? `lucid.kernels.explain` quotes the rule that decided, and what a cost model estimated
# for each kernel: for 4 items and one thread of another processor, so only their order counts.

print(kernels.explain(*layers["middle layer\n64 → 64, 16 × 16"]).forward)

# %%
# Shorter is better; the axis is logarithmic.

names = [name for name in kernels.list() if any(row.algorithm == name for row in sum(tables, []))]
figure, axis = plt.subplots(figsize=(9, 4.4), layout="constrained")
width = 0.8 / len(names)
for offset, name in enumerate(names):
    bars = [
        (place, 1000 * row.seconds)
        for place, table in enumerate(tables) for row in table if row.algorithm == name
    ]
    places, milliseconds = zip(*bars, strict=True)
    axis.bar([place + offset * width for place in places], milliseconds, width, label=name)
axis.set_xticks([i + 0.4 - width / 2 for i in range(len(layers))], layers)
axis.set(title="time of each algorithm for five layers", yscale="log", ylabel="milliseconds")
figure.legend(loc="outside lower center", ncols=5)

# %%
# What it comes to for the layer in the middle, in multiply-adds of the definition a nanosecond: the
# definition spends its time on finding out where things are, the fast loops on multiplying, and
# Winograd's algorithm does without most of the products.

work = kernels.explain(*layers["middle layer\n64 → 64, 16 × 16"]).work
for row in tables[1]:
    print(f"{row.algorithm:13} {work / row.seconds / 1e9:6.2f}")
