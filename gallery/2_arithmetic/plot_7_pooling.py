"""
How large is the output of a pooling?
=====================================

Relation 7 of `Dumoulin and Visin <https://arxiv.org/abs/1603.07285>`_: a window of ``k`` moves over
``i`` positions in steps of ``s``, so there are ``floor((i - k) / s) + 1`` places. It is relation 5
again; only what happens inside the window differs. `ceil_mode` adds the place that hangs over.
"""

import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

import lucid
import lucid.nn.functional as F
from lucid.geometry import pool_geometry

# %%
# Twelve numbers, pooled by their maximum in windows of 3 with stride 2. Each row below is one place
# of the window; the position it takes its value from is dark. `return_indices` tells which it is.

numbers = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]
x = lucid.tensor(numbers, dtype=lucid.float32).reshape(1, 1, 12)


def draw(axis, ceil_mode):
    geometry = pool_geometry(x.shape, (3,), (2,), (0,), (1,), ceil_mode)
    y, taken = F.max_pool1d(x, 3, stride=2, ceil_mode=ceil_mode, return_indices=True)
    (places,) = geometry.output_size
    assert y.shape == (1, 1, places)
    for i, number in enumerate(numbers):
        axis.add_patch(Rectangle((i, places), 1, 0.8, color="#5aa9e6"))
        axis.text(i + 0.5, places + 0.4, number, ha="center", va="center")
    for o, (value, best) in enumerate(zip(y[0, 0].tolist(), taken[0, 0].tolist(), strict=True)):
        height = places - 1 - o
        axis.text(-0.4, height + 0.4, f"y[{o}] = {value:.0f}", ha="right", va="center")
        for i in range(2 * o, 2 * o + 3):
            color = "#2d6a4f" if i == best else "#b7e4c7" if i < len(numbers) else "white"
            axis.add_patch(
                Rectangle((i, height), 1, 0.8, facecolor=color, edgecolor="#6c757d", linewidth=0.5)
            )
    axis.set(xlim=(-2.6, 13.2), ylim=(-0.2, places + 1))
    rule = "ceil" if ceil_mode else "floor"
    axis.set_title(f"ceil_mode={ceil_mode}: {rule}((12 - 3)/2) + 1 = {places}", fontsize=10)
    axis.set_axis_off()


figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
draw(axes[0], ceil_mode=False)
draw(axes[1], ceil_mode=True)

# %%
# Without `ceil_mode` the last number is never looked at. With it, the last window holds what is
# left of the input: it reaches over the end, and positions outside take no part in the maximum.

for size in (11, 12, 13):
    floor = F.max_pool1d(lucid.zeros(1, 1, size), 3, stride=2).shape[2]
    ceil = F.max_pool1d(lucid.zeros(1, 1, size), 3, stride=2, ceil_mode=True).shape[2]
    print(f"{size} positions: {floor} places, {ceil} with ceil_mode")
