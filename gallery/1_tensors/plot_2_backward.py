"""
What does backward compute?
===========================

The slope of the result with respect to every number it depends on: all of them in one walk.
"""

import matplotlib.pyplot as plt

import lucid

# %%
# A function that has a name for each of its steps. Each step knows its own derivative; `backward`
# walks the steps in reverse and multiplies.


def function(x):
    return x.sin() * (-0.3 * x).exp()


x = lucid.linspace(0, 10, 200, dtype=lucid.float64).requires_grad_()
y = function(x)
y.sum().backward()  # each y depends on its own x alone: so this gives all slopes at once
print("the last step:", type(y.node).__name__)

# %%
# The slopes, compared with differences of the function itself.

step = 1e-6
with lucid.no_grad():
    differences = (function(x + step) - function(x - step)) / (2 * step)
print(f"largest disagreement: {(x.grad - differences).abs().max().item():.0e}")

# %%
# The slope at a few points, drawn as a tangent.

at = x.detach().numpy()
figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
axes.set(title="sin(x) exp(-0.3 x), with the slopes that backward computed", xlabel="x")
axes.plot(at, y.detach().numpy(), color="#1a6b8a", linewidth=2)
for i in range(10, 200, 30):
    near = at[max(i - 10, 0) : i + 11]
    axes.plot(near, y[i].item() + x.grad[i].item() * (near - at[i]), color="#d9480f")
    axes.plot(at[i], y[i].item(), "o", color="#d9480f")
