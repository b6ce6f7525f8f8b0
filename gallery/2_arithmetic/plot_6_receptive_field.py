r"""
How far does an output see?
===========================

Each layer widens the view by :math:`d(k - 1)` times the strides of all layers before it. Plain
stacks see a little further with each layer, dilated ones twice as far.
"""

import matplotlib.pyplot as plt

import lucid
import lucid.nn as nn

# %%
# The rule, and what the gradient of one output says.


def rule(layers):
    field, jump = 1, 1
    for layer in layers:
        field += layer.dilation[0] * (layer.kernel_size[0] - 1) * jump
        jump *= layer.stride[0]
    return field


def seen(layers, size=129):
    for layer in layers:
        nn.init.ones_(layer.weight)
    x = lucid.zeros(1, 1, size, requires_grad=True)
    y = nn.Sequential(*layers)(x)
    y[0, 0, y.shape[2] // 2].backward()
    return (x.grad.flatten() != 0).numpy()


def stack(dilations, strides):
    pairs = zip(dilations, strides, strict=True)
    return [nn.Conv1d(1, 1, 3, stride=s, dilation=d, padding=d, bias=False) for d, s in pairs]


stacks = {
    "five plain layers": stack([1] * 5, [1] * 5),
    "five layers, stride 2 in the first two": stack([1] * 5, [2, 2, 1, 1, 1]),
    "dilations 1, 2, 4, 8, 16": stack([1, 2, 4, 8, 16], [1] * 5),
}
figure, axes = plt.subplots(3, 1, figsize=(9, 3.4), sharex=True, layout="constrained")
for axis, (name, layers) in zip(axes, stacks.items(), strict=True):
    marks = seen(layers)
    assert marks.sum() == rule(layers)
    axis.imshow(marks[None], aspect="auto", cmap="GnBu", vmin=0, vmax=1.4)
    axis.set_title(f"{name}: {rule(layers)} positions", fontsize=10)
    axis.set_yticks([])
axes[-1].set_xlabel("input position")

# %%
# The same fifteen weights each time; what differs is where they look.
