"""
Why does a U-Net have bridges?
==============================

To say for each pixel whether it belongs to an object, a network has to see far and still know
exactly where. Going down sees far and forgets where; the bridges bring it back.
"""

import matplotlib.pyplot as plt
import numpy as np

import lucid
import lucid.nn as nn
from lucid.optim import AdamW

# %%
# Images of rings and stripes in noise. Wanted: the rings, not the stripes, though both are equally
# bright.


def scenes(count, size, rng):
    row, column = np.mgrid[:size, :size]
    images, masks = [], []
    for _ in range(count):
        cy, cx, radius = rng.uniform(6, size - 6, 2).tolist() + [rng.uniform(3, 6)]
        ring = abs(np.hypot(row - cy, column - cx) - radius) < 1
        angle, at = rng.uniform(0, np.pi), rng.uniform(-6, 6)
        across = (row - size / 2) * np.cos(angle) + (column - size / 2) * np.sin(angle) - at
        noise = 0.25 * rng.standard_normal((size, size))
        images.append((ring | (abs(across) < 1)) + noise)
        masks.append(ring)
    return [lucid.tensor(np.stack(x)[:, None], dtype=lucid.float32) for x in (images, masks)]


# %%
# Down, down, up, up. With bridges, what was seen at a size on the way down is put beside what comes
# up at this size: `cat` along the channels. The size comes back exactly because kernel 2 at stride
# 2 leaves no remainder.


def block(c_in, c_out):
    return nn.Sequential(nn.Conv2d(c_in, c_out, 3, padding=1), nn.BatchNorm2d(c_out), nn.ReLU())


class UNet(nn.Module):
    def __init__(self, bridges, c=8):
        super().__init__()
        self.bridges = bridges
        self.top, self.middle, self.bottom = block(1, c), block(c, 2 * c), block(2 * c, 2 * c)
        self.pool = nn.MaxPool2d(2)
        self.up1 = nn.ConvTranspose2d(2 * c, 2 * c, kernel_size=2, stride=2)
        self.up2 = nn.ConvTranspose2d(2 * c, c, kernel_size=2, stride=2)
        self.join1, self.join2 = block(4 * c, 2 * c), block(2 * c, c)
        self.last = nn.Conv2d(c, 1, kernel_size=1)

    def forward(self, x):
        a = self.top(x)
        b = self.middle(self.pool(a))
        y = self.up1(self.bottom(self.pool(b)))
        y = self.up2(self.join1(lucid.cat((y, b * self.bridges), 1)))
        return self.last(self.join2(lucid.cat((y, a * self.bridges), 1))).sigmoid()


# %%
# The same network with its bridges and with zeros in their place.

rng = np.random.default_rng(0)
test_images, test_masks = scenes(64, 24, rng)
results = {}
for name, bridges in (("without bridges", 0.0), ("with bridges", 1.0)):
    lucid.manual_seed(0)
    model = UNet(bridges)
    optimizer = AdamW(model.parameters(), lr=1.2e-2)
    for _ in range(150):
        images, masks = scenes(12, 24, rng)
        p = model(images).clamp(1e-4, 1 - 1e-4)
        optimizer.zero_grad()
        (-(4 * masks * p.log() + (1 - masks) * (1 - p).log())).mean().backward()
        optimizer.step()
    model.eval()
    with lucid.no_grad():
        p = model(test_images)
    both, either = ((p > 0.5) & (test_masks > 0.5)).sum(), ((p > 0.5) | (test_masks > 0.5)).sum()
    overlap = f"overlap {both.item() / either.item():.0%}"
    results[f"{name}\n{overlap}"] = p
    print(f"{name}: {overlap} with what was wanted")

# %%
rows = {"image": test_images, "wanted": test_masks, **results}
figure, axes = plt.subplots(4, 8, figsize=(9, 5.3), layout="constrained")
figure.suptitle("rings to be found, without and with bridges")
for line, (name, pictures) in zip(axes, rows.items(), strict=True):
    for axis, picture in zip(line, pictures, strict=False):
        axis.imshow(picture[0].numpy(), cmap="gray_r", vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[])
    line[0].set_ylabel(name, rotation=0, ha="right", va="center")
