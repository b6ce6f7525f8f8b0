"""The networks whose training steps are timed, each described once for both libraries.

A builder gets the library, `lucid` or `torch`, and uses the names that both have.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Network:
    """A network, its input, what it should give, and the optimizer's name and options."""

    name: str
    build: Any
    x_shape: tuple
    y_shape: tuple  # of the images wanted, compared by their squares; () for one of 10 classes
    optimizer: str
    options: dict


def module(library, parts, forward):
    """Make a module of named parts; forward(self, x) says how they follow one another."""
    class Composed(library.nn.Module):
        def __init__(self):
            super().__init__()
            for name, part in parts.items():
                setattr(self, name, part)

    Composed.forward = forward
    return Composed()


def lenet(library):
    """LeNet-5 with rectifiers and maxima (LeCun and others, 1998)."""
    nn = library.nn
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )


def resnet20(library):
    """ResNet-20 for CIFAR, with 1x1 convolutions on the short cuts (He and others, 2015)."""
    nn = library.nn

    def block(channels, out, stride):
        straight = nn.Sequential(
            nn.Conv2d(channels, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU(),
            nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out),
        )
        short = nn.Sequential() if stride == 1 else nn.Sequential(
            nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out)
        )
        parts = {"straight": straight, "short": short, "relu": nn.ReLU()}
        return module(library, parts, lambda self, x: self.relu(self.straight(x) + self.short(x)))

    blocks, channels = [], 16
    for out in (16, 32, 64):
        for index in range(3):
            blocks.append(block(channels, out, 1 + (index == 0 and out > 16)))
            channels = out
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), *blocks,
        nn.AvgPool2d(8), nn.Flatten(), nn.Linear(64, 10),
    )


def mobilenet(library):
    """Four inverted residuals of MobileNetV2 (Sandler and others, 2018)."""
    nn = library.nn

    def block(channels, out, stride):
        wide = 6 * channels
        straight = nn.Sequential(
            nn.Conv2d(channels, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(),
            nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False), nn.BatchNorm2d(wide),
            nn.ReLU6(), nn.Conv2d(wide, out, 1, bias=False), nn.BatchNorm2d(out),
        )
        if stride == 1 and channels == out:
            return module(library, {"straight": straight}, lambda self, x: x + self.straight(x))
        return straight

    return nn.Sequential(
        block(24, 24, 1), block(24, 32, 2), block(32, 32, 1), block(32, 64, 2),
        nn.AvgPool2d(14), nn.Flatten(), nn.Linear(64, 10),
    )


def generator(library):
    """The generator of DCGAN, 64x64 images (Radford and others, 2015)."""
    nn = library.nn
    layers = [nn.ConvTranspose2d(100, 512, 4, bias=False), nn.BatchNorm2d(512), nn.ReLU()]
    for channels in (512, 256, 128):
        layers += [nn.ConvTranspose2d(channels, channels // 2, 4, 2, 1, bias=False),
                   nn.BatchNorm2d(channels // 2), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(64, 3, 4, 2, 1), nn.Tanh())


def discriminator(library):
    """The discriminator of DCGAN, with a loss of squares (Mao and others, 2017)."""
    nn = library.nn
    layers = [nn.Conv2d(3, 64, 4, 2, 1), nn.LeakyReLU(0.2)]
    for channels in (64, 128, 256):
        layers += [nn.Conv2d(channels, 2 * channels, 4, 2, 1, bias=False),
                   nn.BatchNorm2d(2 * channels), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(512, 1, 4))


def unet3d(library):
    """A small 3-D U-Net of two scales (Cicek and others, 2016)."""
    nn = library.nn

    def double(channels, out):
        return nn.Sequential(
            nn.Conv3d(channels, out, 3, padding=1, bias=False), nn.BatchNorm3d(out), nn.ReLU(),
            nn.Conv3d(out, out, 3, padding=1, bias=False), nn.BatchNorm3d(out), nn.ReLU(),
        )

    parts = {
        "fine": double(1, 16), "pool": nn.MaxPool3d(2), "coarse": double(16, 32),
        "up": nn.ConvTranspose3d(32, 16, 2, 2), "join": double(32, 16), "last": nn.Conv3d(16, 1, 1),
    }

    def forward(self, x):
        fine = self.fine(x)
        up = self.up(self.coarse(self.pool(fine)))
        return self.last(self.join(library.cat([fine, up], 1)))

    return module(library, parts, forward)


def dilated(library):
    """Eight residual dilated convolutions of sequences, as in WaveNet (van den Oord, 2016)."""
    nn = library.nn

    def block(dilation):
        parts = {"conv": nn.Conv1d(64, 64, 3, padding=dilation, dilation=dilation),
                 "relu": nn.ReLU()}
        return module(library, parts, lambda self, x: x + self.relu(self.conv(x)))

    return nn.Sequential(
        nn.Conv1d(1, 64, 1), *[block(2**level) for level in range(8)], nn.Conv1d(64, 1, 1)
    )


SGD = "SGD", {"lr": 0.05, "momentum": 0.9, "weight_decay": 1e-4}
ADAM = "Adam", {"lr": 2e-4, "betas": (0.5, 0.999)}
NETWORKS = (
    Network("lenet", lenet, (64, 1, 28, 28), (), *SGD),
    Network("resnet20", resnet20, (32, 3, 32, 32), (), *SGD),
    Network("mobilenetv2", mobilenet, (4, 24, 56, 56), (), *SGD),
    Network("dcgan-generator", generator, (16, 100, 1, 1), (16, 3, 64, 64), *ADAM),
    Network("dcgan-discriminator", discriminator, (16, 3, 64, 64), (16, 1, 1, 1), *ADAM),
    Network("unet3d", unet3d, (1, 1, 16, 48, 48), (1, 1, 16, 48, 48), *ADAM),
    Network("dilated1d", dilated, (4, 1, 2048), (4, 1, 2048), *ADAM),
)
