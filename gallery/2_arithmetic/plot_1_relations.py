"""
How large is the output of a convolution?
=========================================

The first six relations of Dumoulin and Visin, `A guide to convolution arithmetic for deep learning
<https://arxiv.org/abs/1603.07285>`_, one after the other. Every number and every cell is drawn from
the geometry that lucid's own kernels follow. The seventh is that of pooling: :doc:`plot_7_pooling`.
"""

import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

from lucid.geometry import conv_geometry

# %%
# A `Geometry` ties input, output and kernel together by one rule along each axis: output ``o`` and
# tap ``k`` meet input ``i = o * stride + k * dilation - low``. This draws one axis of it: the input
# with its padding, and for each output the input positions it reads.


def draw(axis, geometry, title):
    (n,), (size,), (low,) = geometry.input_size, geometry.output_size, geometry.low
    (kernel,), (stride,), (dilation,) = geometry.kernel_size, geometry.stride, geometry.dilation
    last = max(n, (size - 1) * stride + (kernel - 1) * dilation - low + 1)
    for i in range(-low, max(last, n + low)):
        inside = 0 <= i < n
        axis.add_patch(Rectangle((i, size), 1, 0.8, color="#5aa9e6" if inside else "#d5dbe1"))
        axis.text(i + 0.5, size + 0.4, i if inside else 0, ha="center", va="center", fontsize=8)
    for o in range(size):
        y = size - 1 - o
        axis.text(-low - 0.7, y + 0.4, f"y[{o}]", ha="right", va="center", fontsize=9)
        for k in range(kernel):
            i = o * stride + k * dilation - low
            color = "#74c69d" if 0 <= i < n else "#d5dbe1"
            axis.add_patch(Rectangle((i, y), 1, 0.8, facecolor=color, edgecolor="white"))
            axis.text(i + 0.5, y + 0.4, f"w{k}", ha="center", va="center", fontsize=7)
    axis.set(xlim=(-low - 2.4, max(last, n + low) + 0.3), ylim=(-0.3, size + 1.1))
    axis.set_title(title, fontsize=10)
    axis.set_axis_off()


def lay_out(i, k, s=1, p=0, d=1):
    return conv_geometry((1, 1, i), (1, 1, k), (s,), ((p, p),), (d,))


# %%
# With ``i`` input positions, a kernel of ``k``, padding ``p`` on both sides and stride ``s``:

relations = [
    ("1: s = 1, p = 0:  i - k + 1", lay_out(5, 3), 5 - 3 + 1),
    ("2: s = 1:  i - k + 2p + 1", lay_out(5, 4, p=2), 5 - 4 + 2 * 2 + 1),
    ("3: s = 1, p = (k - 1)/2, half padding:  i", lay_out(5, 3, p=1), 5),
    ("4: s = 1, p = k - 1, full padding:  i + k - 1", lay_out(5, 3, p=2), 5 + 3 - 1),
    ("5: p = 0:  floor((i - k)/s) + 1", lay_out(6, 3, s=2), (6 - 3) // 2 + 1),
    ("6: floor((i + 2p - k)/s) + 1", lay_out(6, 3, s=2, p=1), (6 + 2 - 3) // 2 + 1),
]
figure, axes = plt.subplots(3, 2, figsize=(9, 9), layout="constrained")
for axis, (title, geometry, size) in zip(axes.flat, relations, strict=True):
    draw(axis, geometry, f"{title} = {size}")
    assert geometry.output_size == (size,)

# %%
# In relations 5 and 6 the last position of an input of 6 is never read: the kernel would have to go
# one further. Inputs of 5 and of 6 give the same size, which is why the way back is not unique
# (:doc:`/gallery/3_transposed/plot_2_size_back`).

print([lay_out(i, 3, s=2, p=1).output_size[0] for i in range(1, 11)])
