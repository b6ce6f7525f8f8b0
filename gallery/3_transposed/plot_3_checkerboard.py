"""
Why do transposed convolutions leave a checkerboard?
====================================================

Where the kernel size is not a multiple of the stride, some outputs get more taps than their
neighbours: a constant becomes a pattern.
"""

import matplotlib.pyplot as plt

import lucid
import lucid.nn as nn

# %%
# All weights are 1, all inputs are 1: every output is the number of taps that land on it.


def overlap(kernel_size, stride=2, size=6):
    up = nn.ConvTranspose2d(1, 1, kernel_size=kernel_size, stride=stride, bias=False)
    nn.init.ones_(up.weight)
    with lucid.no_grad():
        return up(lucid.ones(1, 1, size, size))[0, 0].numpy()


figure, axes = plt.subplots(1, 4, figsize=(9.5, 2.9), layout="constrained")
for axis, kernel_size in zip(axes, (2, 3, 4, 5), strict=True):
    image = axis.imshow(overlap(kernel_size), cmap="GnBu", vmin=0, vmax=9)
    axis.set(title=f"kernel {kernel_size}, stride 2", xticks=[], yticks=[])
figure.colorbar(image, ax=axes, label="taps")

# %%
# Kernels of 2 and 4 are even inside; 3 and 5 are not, and no choice of padding mends it. A network
# can learn weights that hide the pattern, but it starts with it, and its gradients have it too.
#
# The cures: a kernel size that the stride divides, or repeating the input first and then convolving
# at stride 1, where every output has the same number of taps.

x = lucid.ones(1, 1, 6, 6)
wide = lucid.broadcast_to(x[:, :, :, None, :, None], (1, 1, 6, 2, 6, 2)).reshape(1, 1, 12, 12)
smooth = nn.Conv2d(1, 1, kernel_size=3, bias=False)
nn.init.ones_(smooth.weight)
print("values of the cure:", sorted(set(smooth(wide).detach().numpy().ravel().tolist())))
print("values of kernel 3:", sorted(set(overlap(3)[2:-2, 2:-2].ravel().tolist())))
