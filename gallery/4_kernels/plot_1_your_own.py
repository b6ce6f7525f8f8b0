"""
Can I write a convolution myself?
=================================

A few lines of NumPy, registered under a name: then every layer runs on it, and a network shows
whether it is right.
"""

import matplotlib.pyplot as plt
import numpy as np

import lucid
import lucid.nn as nn
from lucid import kernels

# %%
# A kernel gets arrays of shape ``(N, C, D, H, W)``, the weight ``(F, C // groups, KD, KH, KW)``,
# and *adds* into the output. This one makes one pass over the image for each tap of the kernel: a
# tap is a shifted image times a matrix of channels.


def taps(x, w, y, stride, dilation, low, groups, threads):
    if groups != 1:
        raise NotImplementedError("this kernel has no groups")
    pads = [(max(0, p), max(0, (o - 1) * s + (k - 1) * d + 1 - p - i)) for i, o, k, s, d, p in zip(
        x.shape[2:], y.shape[2:], w.shape[2:], stride, dilation, low, strict=True)]  # fmt: skip
    x = np.pad(x, ((0, 0), (0, 0), *pads))
    for k in np.ndindex(w.shape[2:]):
        window = tuple(
            slice(each * d, each * d + (o - 1) * s + 1, s)
            for each, d, s, o in zip(k, dilation, stride, y.shape[2:], strict=True)
        )
        y += np.einsum("ncdhw,fc->nfdhw", x[:, :, *window], w[:, :, *k])


kernels.register("taps", taps)

# %%
# It must equal the definition, for every stride, padding and dilation. (What it does not offer, the
# two gradients, lucid computes itself.)

worst = 0.0
for stride in (1, 2, 3):
    for padding in (0, 1, 4):
        for dilation in (1, 2):
            layer = nn.Conv2d(3, 5, 3, stride, padding, dilation).double()
            x = lucid.randn(2, 3, 11, 13, dtype=lucid.float64)
            with kernels.use("naive"):
                right = layer(x)
            with kernels.use("taps"):
                mine = layer(x)
            worst = max(worst, (right - mine).abs().max().item())
print("18 layers agree:", worst < 1e-12)

# %%
# An image, filtered by it: the edges that run across, and those that run down.

y, x = np.mgrid[-1:1:120j, -1:1:120j]
image = lucid.tensor(((x**2 + y**2 < 0.5) ^ (abs(x) + abs(y) < 0.45)).astype(np.float32))
sobel = lucid.tensor(
    [[[[1, 2, 1], [0, 0, 0], [-1, -2, -1]]], [[[1, 0, -1], [2, 0, -2], [1, 0, -1]]]]
)
with kernels.use("taps"):
    edges = nn.functional.conv2d(image[None, None], sobel.float(), padding=1)
figure, axes = plt.subplots(1, 3, figsize=(8.5, 3), layout="constrained")
pictures = {"image": image, "edges across": edges[0, 0], "edges down": edges[0, 1]}
for axis, (name, picture) in zip(axes, pictures.items(), strict=True):
    axis.imshow(picture.numpy(), cmap="RdBu_r" if picture is not image else "gray_r")
    axis.set_title(name)
    axis.set_axis_off()
