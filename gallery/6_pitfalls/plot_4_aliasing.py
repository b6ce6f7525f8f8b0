"""
What does a stride do to fine stripes?
======================================

A stride keeps every second position and forgets the rest. Stripes finer than that do not vanish:
they come back as wide stripes that were never there.
"""

import matplotlib.pyplot as plt
import numpy as np

import lucid
import lucid.nn.functional as F

# %%
# Rings that become finer towards the edge, and three ways to a third of the size.

row, column = np.mgrid[-1:1:180j, -1:1:180j]
rings = lucid.tensor(0.5 + 0.5 * np.cos(75 * (row**2 + column**2)), dtype=lucid.float32)[None, None]


def smooth(size):
    """A kernel that averages, weighting the middle most."""
    line = np.hanning(size + 2)[1:-1]
    kernel = np.outer(line, line)
    return lucid.tensor(kernel / kernel.sum(), dtype=lucid.float32)[None, None]


ways = {
    "every third pixel": rings[:, :, ::3, ::3],
    "stride 3, kernel 3": F.conv2d(rings, smooth(3), stride=3, padding=1),
    "stride 3, kernel 9": F.conv2d(rings, smooth(9), stride=3, padding=4),
}

# %%
# The rings in the corners of the second picture are not in the first. A kernel as wide as twice the
# stride or more takes away what the smaller picture cannot hold.

figure, axes = plt.subplots(1, 4, figsize=(9.5, 2.8), layout="constrained")
for axis, (name, picture) in zip(axes, {"180 × 180": rings, **ways}.items(), strict=True):
    axis.imshow(picture[0, 0].numpy(), cmap="gray", vmin=0, vmax=1)
    axis.set_title(name, fontsize=10)
    axis.set_axis_off()

# %%
# How much is left, in the outermost rows, where the rings are too fine for the small picture:

for name, picture in ways.items():
    print(f"{name}: contrast {picture[0, 0, 2:5].std().item():.2f}")

# %%
# It also makes a network jumpy: shift the image by one pixel, and the answer changes.

for name, size in (("kernel 3", 3), ("kernel 9", 9)):
    pad = size // 2
    a = F.conv2d(rings, smooth(size), stride=3, padding=pad)
    b = F.conv2d(rings[:, :, :, 1:], smooth(size), stride=3, padding=pad)
    print(f"{name}: mean change {(a - b[:, :, :, :60]).abs().mean().item():.3f}")
