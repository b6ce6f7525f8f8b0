r"""
What does dilation change?
==========================

The taps move apart, and nothing else: a kernel of ``k`` taps at dilation ``d`` spans :math:`d(k -
1) + 1` positions and still multiplies ``k`` numbers. That is relation 15 of `Dumoulin and Visin
<https://arxiv.org/abs/1603.07285>`_.
"""

import matplotlib.pyplot as plt
import numpy as np

import lucid
import lucid.nn as nn
from lucid.geometry import conv_output_size

# %%
# The gradient of one output with respect to the input shows which positions it has read.


def footprint(dilation, size=11):
    layer = nn.Conv2d(1, 1, kernel_size=3, dilation=dilation, bias=False)
    nn.init.constant_(layer.weight, 1.0)
    x = lucid.zeros(1, 1, size, size, requires_grad=True)
    y = layer(x)
    assert y.shape[2] == conv_output_size(size, 3, dilation=dilation)
    middle = y.shape[2] // 2
    y[0, 0, middle, middle].backward()
    return x.grad[0, 0].numpy()


figure, axes = plt.subplots(1, 4, figsize=(9, 2.8), layout="constrained")
for axis, dilation in zip(axes, (1, 2, 3, 4), strict=True):
    axis.imshow(footprint(dilation), cmap="GnBu", vmin=0, vmax=1.4)
    axis.set_xticks(np.arange(-0.5, 11), [])
    axis.set_yticks(np.arange(-0.5, 11), [])
    axis.grid(color="white")
    axis.tick_params(length=0)
    size = conv_output_size(11, 3, dilation=dilation)
    axis.set_title(
        f"dilation {dilation}\nspan {2 * dilation + 1}, output {size} × {size}", fontsize=10
    )

# %%
# So the output of an input of 11 positions shrinks, for the same nine weights. At dilation 6 the
# kernel spans 13 positions and fits nowhere.

for dilation in range(1, 6):
    print(f"dilation {dilation}: output {conv_output_size(11, 3, dilation=dilation)}")
