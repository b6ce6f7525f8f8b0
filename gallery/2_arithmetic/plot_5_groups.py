"""
Which channels does a group see?
================================

``groups=g`` cuts the channels into ``g`` parts, and each part of the output sees its own part of
the input alone: one layer is then ``g`` small ones side by side.
"""

import matplotlib.pyplot as plt

import lucid
import lucid.nn as nn

# %%
# Eight channels in and eight out. The gradient of an output channel is not zero exactly for the
# input channels it reads.


def connections(groups, channels=8):
    layer = nn.Conv1d(channels, channels, kernel_size=1, groups=groups, bias=False)
    nn.init.ones_(layer.weight)
    x = lucid.zeros(1, channels, 1, requires_grad=True)
    rows = []
    for channel in range(channels):
        x.grad = None
        layer(x)[0, channel, 0].backward()
        rows.append(x.grad.flatten())
    return lucid.stack(rows), layer.weight


figure, axes = plt.subplots(1, 4, figsize=(9, 2.9), layout="constrained")
for axis, groups in zip(axes, (1, 2, 4, 8), strict=True):
    table, weight = connections(groups)
    axis.imshow(table.numpy(), cmap="GnBu", vmin=0, vmax=1.3)
    axis.set(xlabel="input channel", xticks=[], yticks=[])
    axis.set_title(f"groups={groups}\n{weight.numel()} weights for each tap", fontsize=10)
axes[0].set_ylabel("output channel")

# %%
# With as many groups as channels every channel is filtered on its own: a depthwise convolution. It
# mixes no channels, so a 1 × 1 convolution usually follows, and the two together have far fewer
# weights than one dense layer:

dense = nn.Conv2d(64, 64, kernel_size=3, padding=1, bias=False)
pair = nn.Sequential(
    nn.Conv2d(64, 64, kernel_size=3, padding=1, groups=64, bias=False),
    nn.Conv2d(64, 64, kernel_size=1, bias=False),
)
for name, model in (("dense", dense), ("depthwise, then 1 × 1", pair)):
    print(name, sum(p.numel() for p in model.parameters()))
