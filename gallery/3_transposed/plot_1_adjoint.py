r"""
What does "transposed" mean?
============================

A convolution is linear, so it is a matrix. The transposed convolution is the transposed matrix: not
the inverse, the *adjoint*, :math:`\langle Ax, y \rangle = \langle x, A^T y \rangle`.
"""

import matplotlib.pyplot as plt

import lucid
import lucid.nn.functional as F

# %%
# The columns of a linear map are what it makes of the unit vectors.

n, weight = 8, lucid.tensor([[[1.0, 2.0, 3.0]]])
options = {"stride": 2, "padding": 1}
A = F.conv1d(lucid.eye(n).unsqueeze(1), weight, **options).squeeze(1).T
B = F.conv_transpose1d(lucid.eye(A.shape[0]).unsqueeze(1), weight, output_padding=1, **options)
B = B.squeeze(1).T
print(A.shape, B.shape, "B is A transposed:", bool((B == A.T).all()))

# %%
# Each row of A is the kernel, two positions further than the row above it. Padding cuts it off at
# the edge.

figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), width_ratios=(8, 4), layout="constrained")
titles = ("A: the convolution, 8 → 4", "B: the transposed one, 4 → 8")
for axis, matrix, title in zip(axes, (A, B), titles, strict=True):
    axis.imshow(matrix.numpy(), cmap="GnBu", vmin=0, vmax=4)
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            axis.text(j, i, f"{matrix[i, j].item():.0f}", ha="center", va="center")
    axis.set(title=title, xticks=[], yticks=[])

# %%
# It leads back to the size, not to the values: here is what comes back of a constant.

x = lucid.ones(1, 1, n)
y = F.conv1d(x, weight, **options)
print(F.conv_transpose1d(y, weight, output_padding=1, **options).tolist())
