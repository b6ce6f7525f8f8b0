r"""
How exact is a convolution in float32?
======================================

Each output is a sum. Every addition rounds, and what is lost grows with the number of terms: never
faster than :math:`n \epsilon \sum |x w|`, usually far slower.
"""

import matplotlib.pyplot as plt
import numpy as np

import lucid
import lucid.nn.functional as F

# %%
# The same convolution in float32 and in float64, for more and more channels. The error is measured
# in units of the sum of the absolute products: what rounding has to work with.

epsilon = 2.0**-24  # half the distance from 1 to the next float32
counts = [4**n for n in range(1, 8)]


def error(channels, draw):
    x, weight = draw(1, channels, 40).double(), draw(1, channels, 1).double()
    exact = F.conv1d(x, weight)
    size = F.conv1d(x.abs(), weight.abs())
    rounded = F.conv1d(x.float(), weight.float()).double()
    return ((rounded - exact).abs() / size).max().item() / epsilon


positive = [error(n, lucid.rand) for n in counts]
mixed = [error(n, lucid.randn) for n in counts]

# %%
# Where all terms are positive the partial sums grow, and every addition rounds a larger number.
# Terms of both signs keep the partial sums small. The bound holds for both, whatever the order of
# the sum.

figure, axis = plt.subplots(figsize=(8, 3.8), layout="constrained")
axis.set_title("error of a sum of n products, and its bound")
axis.loglog(counts, counts, "--", color="#b02a37", label="bound: n")
axis.loglog(counts, np.sqrt(counts), ":", color="#57606a", label="root of n")
axis.loglog(counts, positive, "o-", color="#1a6b8a", label="all terms positive")
axis.loglog(counts, mixed, "s-", color="#2b8a5e", label="both signs")
axis.set(xlabel="terms in each sum, n", ylabel="largest error / (epsilon × sum of |x w|)")
axis.legend()
print("below the bound:", all(e <= n for e, n in zip(positive, counts, strict=True)))

# %%
# Small integers have no rounding at all, in any order of summation. That is how lucid's own tests
# compare algorithms: bit for bit.

x = (lucid.randn(1, 64, 40) * 4).to(lucid.int64).float()
weight = (lucid.randn(1, 64, 3) * 4).to(lucid.int64).float()
results = []
for name in ("naive", "direct", "im2col"):
    with lucid.kernels.use(name):
        results.append(F.conv1d(x, weight).tolist())
print("three algorithms, equal:", results[0] == results[1] == results[2])
