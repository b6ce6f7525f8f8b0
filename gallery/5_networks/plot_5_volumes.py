"""
Can a network tell solids apart by their inside?
================================================

Balls and cubes, some of them hollow. Seen from outside, full and hollow look alike; a 3-D
convolution looks inside.
"""

import matplotlib.pyplot as plt
import numpy as np

import lucid
import lucid.nn as nn
from lucid.optim import AdamW

# %%
# Small volumes of 12 × 12 × 12 with noise, in four kinds.

names = ["ball", "cube", "hollow ball", "hollow cube"]


def solids(count, rng, size=12):
    place = np.mgrid[:size, :size, :size] - (size - 1) / 2
    volumes, labels = [], rng.integers(0, 4, count)
    for label in labels:
        at = place - rng.uniform(-1.5, 1.5, (3, 1, 1, 1))
        far = np.sqrt((at**2).sum(0)) / 1.1 if label % 2 == 0 else abs(at).max(0)
        radius = rng.uniform(3, 4)
        body = (far < radius) & ((label < 2) | (far > radius - 1.4))
        volumes.append(body + 0.3 * rng.standard_normal(body.shape))
    return lucid.tensor(np.stack(volumes)[:, None], dtype=lucid.float32), lucid.tensor(labels)


# %%
# Two strided convolutions halve each axis twice: 12 → 6 → 3.

model = nn.Sequential(
    nn.Conv3d(1, 8, kernel_size=4, stride=2, padding=1), nn.ReLU(),
    nn.Conv3d(8, 16, kernel_size=4, stride=2, padding=1), nn.ReLU(),
    nn.Flatten(), nn.Linear(16 * 27, 4),
)  # fmt: skip
rng = np.random.default_rng(0)
optimizer, loss_of = AdamW(model.parameters(), lr=4e-3), nn.CrossEntropyLoss()
for _ in range(80):
    x, labels = solids(24, rng)
    optimizer.zero_grad()
    loss_of(model(x), labels).backward()
    optimizer.step()

x, labels = solids(200, rng)
with lucid.no_grad():
    hidden = model[:2](x)
    guesses = model(x).argmax(1)
print(f"right: {(guesses == labels).float().mean().item():.0%}")

# %%
# One of each kind, cut through the middle, and below it what the first layer makes of the cut.

figure, axes = plt.subplots(2, 4, figsize=(8, 4.2), layout="constrained")
for kind, (top, bottom) in enumerate(axes.T):
    i = labels.tolist().index(kind)
    top.imshow(x[i, 0, 6].numpy(), cmap="gray_r")
    top.set_title(f"{names[kind]}\nread as {names[guesses[i].item()]}", fontsize=10)
    bottom.imshow(hidden[i, :, 3].amax(0).numpy(), cmap="GnBu")
    for axis in (top, bottom):
        axis.set_axis_off()
