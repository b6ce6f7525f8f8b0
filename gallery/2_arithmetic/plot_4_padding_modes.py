"""
What do the padding modes see beyond the edge?
==============================================

Zeros, a mirror, the last value again, or the other end: four answers to the same question.
"""

import matplotlib.pyplot as plt
import numpy as np

import lucid
import lucid.nn as nn

# %%
# A kernel of one tap with the weight 1 copies the padded input.
# So a convolution can show what its padding holds.

n, p = 12, 5
signal = lucid.tensor(np.sin(np.arange(n) * 0.55) + np.arange(n) * 0.12, dtype=lucid.float32)


def padded(mode):
    layer = nn.Conv1d(1, 1, kernel_size=1, padding=p, padding_mode=mode, bias=False)
    nn.init.ones_(layer.weight)
    with lucid.no_grad():
        return layer(signal.reshape(1, 1, n)).flatten().numpy()


# %%
# In blue the signal, in orange what each mode puts beside it.

figure, axes = plt.subplots(2, 2, figsize=(9, 4.6), sharex=True, sharey=True, layout="constrained")
at = np.arange(-p, n + p)
for axis, mode in zip(axes.flat, ("zeros", "reflect", "replicate", "circular"), strict=True):
    axis.axhline(0, color="#b8c4ce", linewidth=0.8)
    axis.plot(at, padded(mode), "o-", color="#e07a3f", markersize=4)
    axis.plot(np.arange(n), signal.numpy(), "o-", color="#1a6b8a", markersize=4)
    axis.set_title(f"padding_mode='{mode}'")

# %%
# A mirror has at most ``n - 1`` positions to show, and the other end at most ``n``:

for mode in ("reflect", "circular"):
    try:
        nn.Conv1d(1, 1, kernel_size=1, padding=n + 1, padding_mode=mode)(signal.reshape(1, 1, n))
    except lucid.ShapeError as error:
        print(error)
