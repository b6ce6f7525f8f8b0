"""
Why is the border darker?
=========================

Zero padding says that beyond the image everything is black. Every layer mixes some of that black
in, and after a few layers the border knows that it is one.
"""

import matplotlib.pyplot as plt

import lucid
import lucid.nn as nn

# %%
# A white image, averaged again and again. The true answer is white everywhere.


def blurred(mode, layers, size=32):
    layer = nn.Conv2d(1, 1, kernel_size=5, padding=2, padding_mode=mode, bias=False)
    nn.init.constant_(layer.weight, 1 / 25)
    x = lucid.ones(1, 1, size, size)
    with lucid.no_grad():
        for _ in range(layers):
            x = layer(x)
    return x[0, 0].numpy()


figure, axes = plt.subplots(1, 4, figsize=(9.5, 2.8), layout="constrained")
cases = [("zeros", 1), ("zeros", 4), ("zeros", 12), ("replicate", 12)]
for axis, (mode, layers) in zip(axes, cases, strict=True):
    picture = blurred(mode, layers)
    axis.imshow(picture, cmap="gray", vmin=0, vmax=1)
    axis.set_title(
        f"{mode}, {layers} layer{'s' * (layers > 1)}\ncorner {picture[0, 0]:.2f}", fontsize=10
    )
    axis.set_axis_off()

# %%
# A network can use it, to tell where in the image it is, and can be misled by it: padding is a
# claim about what nobody has seen. The other modes
# (:doc:`/gallery/2_arithmetic/plot_4_padding_modes`) claim something milder.

for mode in ("zeros", "reflect", "replicate", "circular"):
    print(f"{mode:9} middle of the edge after 4 layers: {blurred(mode, 4)[0, 16]:.2f}")
