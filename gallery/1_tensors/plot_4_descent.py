"""
How do optimizers walk down a valley?
=====================================

A long, narrow valley: steep across, nearly flat along. Plain descent swings from side to side,
momentum swings less and gets on, Adam gives each direction a step of its own.
"""

import matplotlib.pyplot as plt
import numpy as np

import lucid
from lucid.optim import SGD, Adam

# %%
# The height, and a walk down: the loop is the one that trains any network.


def height(p):
    return 0.5 * p[0] ** 2 + 12 * p[1] ** 2


def walk(make_optimizer, steps=40):
    p = lucid.tensor([-4.0, 1.0], requires_grad=True)
    optimizer = make_optimizer([p])
    path = [p.detach().numpy().copy()]
    for _ in range(steps):
        optimizer.zero_grad()
        height(p).backward()
        optimizer.step()
        path.append(p.detach().numpy().copy())
    return np.stack(path)


walks = {
    "SGD": walk(lambda p: SGD(p, lr=0.075)),
    "SGD, momentum 0.8": walk(lambda p: SGD(p, lr=0.03, momentum=0.8)),
    "Adam": walk(lambda p: Adam(p, lr=0.3)),
}

# %%
# The paths over the lines of equal height.

x, y = np.meshgrid(np.linspace(-4.5, 2, 200), np.linspace(-1.2, 1.2, 100))
figure, axes = plt.subplots(3, 1, figsize=(8, 6), sharex=True, layout="constrained")
for axis, (name, path) in zip(axes, walks.items(), strict=True):
    axis.contour(x, y, 0.5 * x**2 + 12 * y**2, levels=12, colors="#b8c4ce", linewidths=0.8)
    axis.plot(*path.T, "o-", color="#1a6b8a", markersize=3)
    axis.plot(0, 0, "*", color="#d9480f", markersize=14)
    last = 0.5 * path[-1, 0] ** 2 + 12 * path[-1, 1] ** 2
    axis.set_title(f"{name}: height {last:.4f} after {len(path) - 1} steps")
