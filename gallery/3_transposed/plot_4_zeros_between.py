"""
Is a transposed convolution a convolution?
==========================================

Yes: of the input with zeros put between its positions, with the kernel turned round. It is a fine
picture and a poor algorithm, since most of what it multiplies is zero.
"""

import matplotlib.pyplot as plt

import lucid
import lucid.nn.functional as F

# %%
# Stride 2: one zero between two positions. Then ``kernel_size - 1`` zeros at each end, and a plain
# convolution with the kernel turned round.

stride, kernel_size = 2, 3
x = lucid.tensor([[[3.0, 1.0, 4.0, 1.0, 5.0]]])
weight = lucid.tensor([[[1.0, 2.0, 4.0]]])

between = lucid.zeros(1, 1, (x.shape[2] - 1) * stride + 1)
between[:, :, ::stride] = x
by_zeros = F.conv1d(between, weight.flip((2,)), padding=kernel_size - 1)
at_once = F.conv_transpose1d(x, weight, stride=stride)
print(by_zeros.tolist() == at_once.tolist(), at_once.tolist())

# %%
# The three rows: the input spread out, the kernel turned round at one place, and the result.

figure, axes = plt.subplots(3, 1, figsize=(8, 3.3), sharex=True, layout="constrained")
wide = lucid.zeros(1, 1, between.shape[2] + 2 * (kernel_size - 1))
wide[:, :, kernel_size - 1 : -(kernel_size - 1)] = between
kernel = lucid.zeros(1, 1, wide.shape[2])
kernel[:, :, 4 : 4 + kernel_size] = weight.flip((2,))
rows = {"input, zeros between": wide, "kernel turned round": kernel, "result": at_once}
for axis, (name, row) in zip(axes, rows.items(), strict=True):
    values = row.flatten().tolist()
    start = 1 if name == "result" else 0
    axis.imshow([values], cmap="GnBu", vmin=0, vmax=30, aspect="auto",
                extent=(start, start + len(values), 0, 1))  # fmt: skip
    for i, value in enumerate(values):
        axis.text(start + i + 0.5, 0.5, f"{value:.0f}", ha="center", va="center")
    axis.set(xticks=[], yticks=[], xlim=(0, wide.shape[2]), title=name)

# %%
# What the zeros cost: each result of the plain convolution multiplies three numbers, of which one
# or two are zeros that were put there.

useful = x.shape[2] * kernel_size
print("multiply-adds:", by_zeros.shape[2] * kernel_size, "of which useful:", useful)
