"""
Where does the size drift by one?
=================================

"Halve it four times, double it four times": with kernel 3, stride 2 and padding 1 that returns 50
pixels as 49. Nothing raises an error until two sizes have to match.
"""

import matplotlib.pyplot as plt

import lucid
import lucid.nn as nn

# %%
# Down and up again, watching the size. Kernel 4 keeps even sizes, kernel 3 loses a pixel at every
# odd remainder.


def path(kernel_size, size, levels=4):
    down = nn.Conv1d(1, 1, kernel_size, stride=2, padding=1)
    up = nn.ConvTranspose1d(1, 1, kernel_size, stride=2, padding=1)
    x, sizes = lucid.zeros(1, 1, size), [size]
    with lucid.no_grad():
        for layer in [down] * levels + [up] * levels:
            x = layer(x)
            sizes.append(x.shape[2])
    return sizes


figure, axis = plt.subplots(figsize=(9, 3.8), layout="constrained")
for kernel_size, size, color in ((4, 48, "#2b8a5e"), (4, 50, "#1a6b8a"), (3, 50, "#d9480f")):
    sizes = path(kernel_size, size)
    label = f"kernel {kernel_size}: {size} comes back as {sizes[-1]}"
    axis.plot(sizes, "o-", color=color, label=label)
    print(label, sizes)
axis.set(title="size after each layer", xlabel="layer", ylabel="size", yscale="log")
axis.set_yticks([3, 6, 12, 24, 48], [3, 6, 12, 24, 48])
axis.minorticks_off()
axis.legend()

# %%
# It shows where a bridge joins what went down with what came up:

x = lucid.zeros(1, 1, 50)
down = nn.Conv1d(1, 1, 3, stride=2, padding=1)
up = nn.ConvTranspose1d(1, 1, 3, stride=2, padding=1)
try:
    lucid.cat((x, up(down(x))), 1)
except lucid.ShapeError as error:
    print(error)

# %%
# The cure that always works: say the size that is wanted.

print(lucid.cat((x, up(down(x), output_size=x.shape[2:])), 1).shape)
