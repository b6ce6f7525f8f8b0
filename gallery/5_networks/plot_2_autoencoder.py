"""
How much of an image fits into a few numbers?
=============================================

Convolutions squeeze a digit of 64 pixels into a short code, transposed convolutions draw it again.
"""

import matplotlib.pyplot as plt

import lucid
import lucid.nn as nn
from lucid.datasets import load_digits
from lucid.optim import AdamW
from lucid.utils.data import DataLoader

# %%
# Kernel 4, stride 2, padding 1 halves each axis, and the transposed layer with the same numbers
# doubles it: 8 → 4 → 2 → 4 → 8. The code has ``channels`` times 2 × 2 numbers.


def make(channels):
    return nn.Sequential(
        nn.Conv2d(1, 24, kernel_size=4, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(24, channels, kernel_size=4, stride=2, padding=1),
        nn.ConvTranspose2d(channels, 24, kernel_size=4, stride=2, padding=1), nn.ReLU(),
        nn.ConvTranspose2d(24, 1, kernel_size=4, stride=2, padding=1), nn.Sigmoid(),
    )  # fmt: skip


def train(model, epochs=8):
    optimizer = AdamW(model.parameters(), lr=6e-3)
    for _ in range(epochs):
        for images, _ in DataLoader(load_digits(train=True), batch_size=64, shuffle=True):
            optimizer.zero_grad()
            ((model(images) - images) ** 2).mean().backward()
            optimizer.step()
    return model


# %%
# Codes of 4, 8 and 32 numbers, and what comes back of images that were not learnt from.

images, _ = load_digits(train=False)[:10]
rows = {"digits": images}
for channels in (1, 2, 8):
    model = train(make(channels))
    with lucid.no_grad():
        rows[f"{4 * channels} numbers"] = again = model(images)
    print(f"{4 * channels:2} numbers: mean error {(again - images).abs().mean().item():.3f}")

figure, axes = plt.subplots(len(rows), len(images), figsize=(9, 4.2), layout="constrained")
figure.suptitle("ten digits, and what comes back from codes of 4, 8 and 32 numbers")
for line, (name, pictures) in zip(axes, rows.items(), strict=True):
    for axis, picture in zip(line, pictures, strict=True):
        axis.imshow(picture[0].numpy(), cmap="gray_r", vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[])
    line[0].set_ylabel(name, rotation=0, ha="right", va="center")
