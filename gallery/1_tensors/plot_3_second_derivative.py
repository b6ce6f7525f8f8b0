"""
Can a gradient be differentiated again?
=======================================

`backward` of a step computes with tensors, so its work can be recorded like any other. That is all
there is to derivatives of higher order.
"""

import matplotlib.pyplot as plt

import lucid
from lucid.autograd import grad

# %%
# ``create_graph=True`` records the walk. Each derivative is then a tensor with a graph of its own.

x = lucid.linspace(-3, 3, 300, dtype=lucid.float64).requires_grad_()
curves = {"f": x.tanh()}
for name in ("first", "second", "third"):
    (slope,) = grad(list(curves.values())[-1].sum(), x, create_graph=True)
    curves[f"{name} derivative"] = slope

figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
for name, curve in curves.items():
    axes.plot(x.detach().numpy(), curve.detach().numpy(), label=name)
axes.set(title="tanh and three derivatives of it")
axes.legend()

# %%
# The same works through a convolution, whose derivatives are convolutions again
# (:doc:`/explain/one_number`). Here is the squared norm of a gradient, differentiated by the
# weight: the penalty that some generative networks are trained with.

image = lucid.randn(1, 1, 6, 6).requires_grad_()
weight = lucid.randn(1, 1, 3, 3).requires_grad_()
score = lucid.nn.functional.conv2d(image, weight, padding=1).tanh().sum()
(by_image,) = grad(score, image, create_graph=True)
penalty = (by_image**2).sum()
penalty.backward()
print(by_image.shape, weight.grad.shape)
