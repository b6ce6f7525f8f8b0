r"""
Is a convolution layer a convolution?
=====================================

In mathematics a convolution turns the kernel round, in networks it does not: what the layers
compute is called a correlation in signal processing. For learnt weights it makes no difference. For
weights that are brought along it does.
"""

import matplotlib.pyplot as plt
import numpy as np

import lucid
import lucid.nn.functional as F

# %%
# A step up, and the kernel that NumPy's convolution takes to smooth and differentiate.

signal = np.repeat([0.0, 1.0, 0.0], (8, 12, 8))
kernel = np.array([1.0, 1.0, 0.0, -1.0, -1.0]) / 2
mathematics = np.convolve(signal, kernel, mode="same")


def layer(kernel):
    x, weight = lucid.tensor(signal)[None, None], lucid.tensor(kernel)[None, None]
    return F.conv1d(x, weight, padding="same")[0, 0].numpy()


# %%
# With the same numbers, the layer gives the opposite; with the kernel turned round, the same. The
# wrong one is a mirror image: for a kernel like this one, a change of sign.

results = {
    "signal": signal, "numpy.convolve": mathematics, "layer, same kernel": layer(kernel),
    "layer, kernel[::-1]": layer(kernel[::-1].copy()),
}  # fmt: skip
figure, axes = plt.subplots(4, 1, figsize=(8, 5), sharex=True, layout="constrained")
colors = ("#57606a", "#1a6b8a", "#d9480f", "#2b8a5e")
for axis, (name, values), color in zip(axes, results.items(), colors, strict=True):
    axis.stem(values, linefmt=color, markerfmt=" ", basefmt=" ")
    axis.set_title(name, fontsize=10)
print("equal when turned round:", np.allclose(mathematics, results["layer, kernel[::-1]"]))

# %%
# NumPy has both: `numpy.correlate` is what the layers compute.

print("correlate:", np.allclose(np.correlate(signal, kernel, "same"), layer(kernel)))
