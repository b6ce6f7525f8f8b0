"""
How well can a small network read?
==================================

Two convolutions and a linear layer, trained for a few seconds on handwritten digits; then the
images that it gets wrong.
"""

import matplotlib.pyplot as plt

import lucid
import lucid.nn as nn
from lucid.datasets import load_digits
from lucid.optim import AdamW
from lucid.utils.data import DataLoader

# %%
# 1,437 images of 8 × 8 pixels to learn from, and 360 others to be tested with.

training, test = load_digits(train=True), load_digits(train=False)
images, labels = test[:]
print(len(training), "and", len(test), "images of shape", images.shape[1:])

# %%
# Lazy layers learn their numbers of input channels from the first batch.

model = nn.Sequential(
    nn.LazyConv2d(16, kernel_size=3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
    nn.LazyConv2d(32, kernel_size=3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.LazyLinear(10),
)  # fmt: skip
model(images[:1])
optimizer = AdamW(model.parameters(), lr=4e-3)
loss_of = nn.CrossEntropyLoss()
losses = []
for _ in range(8):
    for batch, answers in DataLoader(training, batch_size=64, shuffle=True):
        optimizer.zero_grad()
        loss = loss_of(model(batch), answers)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

# %%
# The test: how often the highest score is that of the right digit.

model.eval()
with lucid.no_grad():
    guesses = model(images).argmax(1)
wrong = [i for i in range(len(test)) if guesses[i].item() != labels[i].item()]
print(f"right: {1 - len(wrong) / len(test):.0%}")

# %%
# How it learnt, and some of what it reads otherwise than the writer meant.

figure = plt.figure(figsize=(9, 4.2), layout="constrained")
top, bottom = figure.subfigures(2, 1, height_ratios=(3, 2))
axis = top.subplots()
axis.semilogy(losses, color="#1a6b8a")
axis.set(xlabel="step", ylabel="cross-entropy", title=f"{len(wrong)} of {len(test)} wrong")
for axis, i in zip(bottom.subplots(1, 9), wrong, strict=False):
    axis.imshow(images[i, 0].numpy(), cmap="gray_r")
    axis.set_title(f"{labels[i].item()} as {guesses[i].item()}", fontsize=9)
for axis in bottom.axes:
    axis.set_axis_off()
