"""
Can two networks teach each other to draw?
==========================================

One draws digits from noise with transposed convolutions, the other tells drawn from real. Each is
the other's teacher. A few seconds are enough to see strokes appear.
"""

import matplotlib.pyplot as plt

import lucid
import lucid.nn as nn
from lucid.datasets import load_digits
from lucid.optim import Adam
from lucid.utils.data import DataLoader

# %%
# The generator goes 1 → 2 → 4 → 8, the discriminator the same way back.

generator = nn.Sequential(
    nn.ConvTranspose2d(16, 32, kernel_size=2), nn.BatchNorm2d(32), nn.ReLU(),
    nn.ConvTranspose2d(32, 16, kernel_size=4, stride=2, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
    nn.ConvTranspose2d(16, 1, kernel_size=4, stride=2, padding=1), nn.Sigmoid(),
)  # fmt: skip
discriminator = nn.Sequential(
    nn.Conv2d(1, 16, kernel_size=4, stride=2, padding=1), nn.ReLU(),
    nn.Conv2d(16, 32, kernel_size=4, stride=2, padding=1), nn.ReLU(),
    nn.Flatten(), nn.Linear(32 * 4, 1), nn.Sigmoid(),
)  # fmt: skip
teach_g = Adam(generator.parameters(), lr=3e-3, betas=(0.5, 0.999))
teach_d = Adam(discriminator.parameters(), lr=1.5e-3, betas=(0.5, 0.999))


def surprise(p):
    """How unexpected it is that something of probability p is true."""
    return -p.clamp(1e-6, 1).log().mean()


# %%
# In each step the discriminator learns from real and drawn images; then the generator learns what
# would have deceived it. `detach` keeps the first lesson from reaching the generator.

noise = lucid.randn(16, 16, 1, 1)
pages, epoch = {}, 0
for epoch in range(20):
    for images, _ in DataLoader(
        load_digits(train=True), batch_size=48, shuffle=True, drop_last=True
    ):
        drawn = generator(lucid.randn(48, 16, 1, 1))
        teach_d.zero_grad()
        (surprise(discriminator(images)) + surprise(1 - discriminator(drawn.detach()))).backward()
        teach_d.step()
        teach_g.zero_grad()
        surprise(discriminator(drawn)).backward()
        teach_g.step()
    if epoch in (0, 4, 19):
        with lucid.no_grad():
            pages[f"after {epoch + 1}\nepochs"] = generator(noise)
pages["real"] = images[:16]
print(drawn.shape, "from noise of shape", noise.shape[1:])

# %%
# The same sixteen noises, drawn again as the generator learns.

figure, axes = plt.subplots(len(pages), 12, figsize=(9, 3.6), layout="constrained")
figure.suptitle("digits drawn from the same noise, and real ones")
for line, (name, page) in zip(axes, pages.items(), strict=True):
    for axis, image in zip(line, page, strict=False):
        axis.imshow(image[0].detach().numpy(), cmap="gray_r", vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[])
    line[0].set_ylabel(name, rotation=0, ha="right", va="center")
