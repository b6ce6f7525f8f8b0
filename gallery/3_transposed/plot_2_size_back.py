r"""
Which size comes back?
======================

A strided convolution rounds down, so several sizes become one. The way back has to choose:
`output_padding` says which of them is meant.
"""

import matplotlib.pyplot as plt

import lucid
import lucid.nn as nn
from lucid.geometry import conv_output_size, conv_transpose_output_size

# %%
# Kernel 3, stride 2, padding 1: 7 and 8 both become 4. Without more being said, 7 comes back.

sizes = range(1, 13)
down = {n: conv_output_size(n, 3, stride=2, padding=1) for n in sizes}
back = {
    m: conv_transpose_output_size(m, 3, stride=2, padding=1) for m in sorted(set(down.values()))
}
print(down[7], down[8], "->", back[4])

# %%
# The lines down are the convolution, the lines up the transposed one; orange lines are reached only
# with ``output_padding=1``.

figure, axis = plt.subplots(figsize=(9, 3.4), layout="constrained")
for n, m in down.items():
    is_default = back[m] == n
    axis.plot([n, m * 2 - 0.5], [1, 0], color="#1a6b8a" if is_default else "#d9480f", zorder=1)
axis.scatter(sizes, [1] * len(down), s=420, color="#5aa9e6", zorder=2)
axis.scatter([m * 2 - 0.5 for m in back], [0] * len(back), s=420, color="#74c69d", zorder=2)
for n in sizes:
    axis.text(n, 1, n, ha="center", va="center")
for m in back:
    axis.text(m * 2 - 0.5, 0, m, ha="center", va="center")
axis.set_title("kernel_size=3, stride=2, padding=1")
axis.set_ylim(-0.3, 1.3)
axis.set_axis_off()

# %%
# To halve the size of a volume and get it back exactly, there are three ways. Choose a kernel whose
# arithmetic leaves no remainder; or say the remainder; or say the size that is wanted, when the
# layer is called. (The *size* comes back. The values do not: a transposed convolution is the
# adjoint, not the inverse.)

volume = lucid.zeros(1, 1, 6, 8, 10)
even = nn.Conv3d(1, 4, kernel_size=4, stride=2, padding=1), nn.ConvTranspose3d(4, 1, 4, 2, 1)
print(even[0](volume).shape, "->", even[1](even[0](volume)).shape)

odd = nn.Conv3d(1, 4, kernel_size=3, stride=2, padding=1)
print(nn.ConvTranspose3d(4, 1, 3, stride=2, padding=1)(odd(volume)).shape)
print(nn.ConvTranspose3d(4, 1, 3, stride=2, padding=1, output_padding=1)(odd(volume)).shape)
up = nn.ConvTranspose3d(4, 1, 3, stride=2, padding=1)
print(up(odd(volume), output_size=(6, 8, 10)).shape)
