"""
How far back can a stack of layers remember?
============================================

A line of random signs, and the task to say the one of twenty positions before. Five plain layers
see six positions and can only guess; five dilated ones see thirty-two.
"""

import matplotlib.pyplot as plt

import lucid
import lucid.nn as nn
from lucid.optim import Adam

# %%
# A causal layer looks back only: all the padding goes to the left. Both stacks have the same number
# of weights.

delay, length = 20, 64


class Causal(nn.Module):
    def __init__(self, c_in, c_out, dilation):
        super().__init__()
        self.conv = nn.Conv1d(c_in, c_out, kernel_size=2, dilation=dilation)

    def forward(self, x):
        return self.conv(nn.functional.pad(x, (self.conv.dilation[0], 0)))


def stack(dilations, channels=12):
    layers = []
    for i, dilation in enumerate(dilations):
        layers += [Causal(1 if i == 0 else channels, channels, dilation), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv1d(channels, 1, kernel_size=1))


def signs(count):
    return lucid.randint(0, 2, (count, 1, length)).float() * 2 - 1


def train(model, steps=150):
    optimizer = Adam(model.parameters(), lr=1e-2)
    right = []
    for _ in range(steps):
        x = signs(16)
        guess, wanted = model(x)[:, :, delay:], x[:, :, :-delay]
        optimizer.zero_grad()
        ((guess - wanted) ** 2).mean().backward()
        optimizer.step()
        right.append(((guess > 0) == (wanted > 0)).float().mean().item())
    return right


# %%
# What each remembers, and in which positions of the past its answer has an interest: the gradient
# of the last output with respect to the input.

stacks = {"plain": stack([1] * 5), "dilated": stack([1, 2, 4, 8, 16])}
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
for (name, model), color in zip(stacks.items(), ("#d9480f", "#1a6b8a"), strict=True):
    curve = train(model)
    print(f"{name}: {100 * curve[-1]:.0f} % right")
    left.plot(curve, color=color, label=name)
    x = signs(1).requires_grad_()
    model(x)[0, 0, -1].backward()
    right.plot(range(1 - length, 1), x.grad.abs().flatten().numpy(), color=color, label=name)
left.axhline(0.5, linestyle=":", color="#57606a")
left.set(xlabel="step", title="part that is right")
right.axvline(-delay, linestyle=":", color="#57606a")
right.set(xlabel="positions back", title="gradient of the last answer", xlim=(-40, 1))
left.legend()
