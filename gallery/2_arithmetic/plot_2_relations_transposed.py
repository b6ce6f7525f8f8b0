"""
How large is the output of a transposed convolution?
====================================================

Relations 8 to 14 of `Dumoulin and Visin <https://arxiv.org/abs/1603.07285>`_: each inverts a
relation of :doc:`plot_1_relations`. A transposed convolution turns every input position into a
whole kernel, written at ``o * stride``, and adds up what overlaps.
"""

import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

from lucid.geometry import conv_transpose_geometry

# %%
# Drawn from the geometry: one row for each input position, with the outputs it is added to; below,
# how many land on each output. Grey is cropped by the padding.


def draw(axis, geometry, title):
    (size,), (n,), (low,) = geometry.input_size, geometry.output_size, geometry.low
    (kernel,), (stride,), (dilation,) = geometry.kernel_size, geometry.stride, geometry.dilation
    counts = [0] * size
    for o in range(n):
        axis.text(-low - 0.6, n - o - 0.6, f"x[{o}]", ha="right", va="center", fontsize=9)
        for k in range(kernel):
            i = o * stride + k * dilation - low
            inside = 0 <= i < size
            color = "#5aa9e6" if inside else "#d5dbe1"
            axis.add_patch(Rectangle((i, n - 1 - o), 1, 0.8, facecolor=color, edgecolor="white"))
            axis.text(i + 0.5, n - o - 0.6, f"w{k}", ha="center", va="center", fontsize=7)
            if inside:
                counts[i] += 1
    for i, count in enumerate(counts):
        axis.add_patch(Rectangle((i, -1.2), 1, 0.8, facecolor="#74c69d", edgecolor="white"))
        axis.text(i + 0.5, -0.8, count, ha="center", va="center", fontsize=8)
    axis.set(xlim=(-low - 2.2, size + low + 0.5), ylim=(-1.5, n + 0.1))
    axis.set_title(title, fontsize=10)
    axis.set_axis_off()


def lay_out(i, k, s=1, p=0, a=0):
    return conv_transpose_geometry((1, 1, i), (1, 1, k), (s,), (p,), (a,))


# %%
# With ``i`` input positions, and ``k``, ``s`` and ``p`` those of the convolution that is
# transposed; ``a`` is `output_padding`, the remainder that the convolution's division has lost.

relations = [
    ("8: s = 1, p = 0:  i + k - 1", lay_out(3, 3), 3 + 3 - 1),
    ("9: s = 1:  i + k - 1 - 2p", lay_out(6, 4, p=2), 6 + 4 - 1 - 4),
    ("10: half padding:  i", lay_out(5, 3, p=1), 5),
    ("11: full padding:  i - k + 1", lay_out(7, 3, p=2), 7 - 3 + 1),
    ("12: p = 0:  s(i - 1) + k", lay_out(3, 3, s=2), 2 * (3 - 1) + 3),
    ("13: s(i - 1) + k - 2p", lay_out(3, 3, s=2, p=1), 2 * (3 - 1) + 3 - 2),
    ("14: s(i - 1) + a + k - 2p, a = 1", lay_out(3, 3, s=2, p=1, a=1), 2 * (3 - 1) + 1 + 3 - 2),
]
figure, axes = plt.subplots(4, 2, figsize=(9, 10), layout="constrained")
axes[-1, -1].set_axis_off()
for axis, (title, geometry, size) in zip(axes.flat, relations, strict=False):
    draw(axis, geometry, f"{title} = {size}")
    assert geometry.input_size == (size,)  # the result is the *input* side of the geometry

# %%
# Where the counts differ from one position to the next, a constant input gives no constant output:
# the checkerboard of :doc:`/gallery/3_transposed/plot_3_checkerboard`.
