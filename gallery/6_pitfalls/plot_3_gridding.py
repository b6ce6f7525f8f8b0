"""
What do dilated layers overlook?
================================

Layers of the same dilation, one after another, only ever meet every second position: the view is
wide and full of holes.
"""

import matplotlib.pyplot as plt

import lucid
import lucid.nn as nn

# %%
# How many paths lead from each input pixel to the output in the middle: the gradient, with all
# weights 1.


def paths(dilations, size=33):
    layers = [nn.Conv2d(1, 1, 3, dilation=d, padding=d, bias=False) for d in dilations]
    for layer in layers:
        nn.init.ones_(layer.weight)
    x = lucid.zeros(1, 1, size, size, requires_grad=True)
    nn.Sequential(*layers)(x)[0, 0, size // 2, size // 2].backward()
    return x.grad[0, 0].numpy()


stacks = [(2, 2, 2), (4, 4, 4), (1, 2, 4), (1, 2, 5)]
figure, axes = plt.subplots(1, 4, figsize=(9.5, 2.9), layout="constrained")
for axis, dilations in zip(axes, stacks, strict=True):
    seen = paths(dilations)
    axis.imshow(seen**0.5, cmap="GnBu")
    rows = (seen.sum(1) > 0).nonzero()[0]
    span = rows[-1] - rows[0] + 1
    part = (seen > 0).sum() / span**2
    axis.set(title=f"dilations {dilations}\nspan {span}, sees {part:.0%}", xticks=[], yticks=[])

# %%
# Three layers of dilation 2 use every second pixel in each direction, a quarter of what they span:
# their output at even and at odd pixels comes from inputs that never met. Dilations that grow,
# and begin at 1, leave no holes.

for dilations in stacks:
    print(dilations, "meets its neighbour:", bool(paths(dilations)[16, 17] > 0))
