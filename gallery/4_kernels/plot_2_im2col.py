"""
What is im2col?
===============

Copy every window of the image into a column, and the convolution is one product of two matrices.
Old, simple, fast, and it costs memory: each pixel is copied once for each tap.
"""

import matplotlib.pyplot as plt
import numpy as np

import lucid
import lucid.nn.functional as F

# %%
# A 5 × 5 image and a 3 × 3 kernel: nine windows, each a column of nine numbers.

n, k = 5, 3
image = np.arange(n * n, dtype=np.float32).reshape(n, n)
windows = np.lib.stride_tricks.sliding_window_view(image, (k, k))
columns = windows.reshape(-1, k * k).T.copy()
kernel = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], dtype=np.float32)
by_matrix = kernel.reshape(1, -1) @ columns
by_layer = F.conv2d(lucid.tensor(image)[None, None], lucid.tensor(kernel)[None, None])
print("equal:", bool((by_layer.numpy().ravel() == by_matrix.ravel()).all()))

# %%
# The window in the middle, and its column.

figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
for axis, array, title in zip(axes, (image, columns), ("image", "columns"), strict=True):
    axis.imshow(array, cmap="GnBu", vmax=40)
    for i in range(array.shape[0]):
        for j in range(array.shape[1]):
            axis.text(j, i, f"{array[i, j]:.0f}", ha="center", va="center", fontsize=9)
    axis.set(title=f"{title} {array.shape}", xticks=[], yticks=[])
axes[0].add_patch(plt.Rectangle((0.5, 0.5), 3, 3, fill=False, edgecolor="#d9480f", linewidth=3))
axes[1].add_patch(plt.Rectangle((3.5, -0.5), 1, 9, fill=False, edgecolor="#d9480f", linewidth=3))

# %%
# What the copy takes, for one image of 64 channels and 56 × 56 pixels:

pixels, channels = 56 * 56, 64
for size in (1, 3, 5, 7):
    print(f"{size} × {size}: {channels * pixels * size**2 * 4 / 2**20:6.1f} MiB")
