"""The layers that are timed: about 60 from real networks, and some on purpose awkward."""

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class Layer:
    """One convolution: its network, name, input (N, C, *size) and arguments."""

    family: str
    name: str
    x_shape: tuple
    out_channels: int
    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1
    transposed: bool = False
    first: bool = False  # the first layer of its network: no gradient of x is wanted

    @property
    def ndim(self):
        """Number of spatial axes."""
        return len(self.x_shape) - 2

    @property
    def label(self):
        """Family and name in one word, for --filter."""
        return f"{self.family}/{self.name}"

    @property
    def w_shape(self):
        """Shape of the weight."""
        channels = self.x_shape[1], self.out_channels
        first, second = channels if self.transposed else channels[::-1]
        return (first, second // self.groups, *(self.kernel,) * self.ndim)

    @property
    def y_shape(self):
        """Shape of the result."""
        extent = self.dilation * (self.kernel - 1)
        if self.transposed:
            size = [(n - 1) * self.stride - 2 * self.padding + extent + 1 for n in self.x_shape[2:]]
        else:
            size = [
                (n + 2 * self.padding - extent - 1) // self.stride + 1 for n in self.x_shape[2:]
            ]
        return (self.x_shape[0], self.out_channels, *size)

    @property
    def multiply_adds(self):
        """Multiply-adds of a forward, those with the zeros of the padding included."""
        positions = self.x_shape[2:] if self.transposed else self.y_shape[2:]
        return self.x_shape[0] * prod(positions) * prod(self.w_shape)

    @property
    def bytes(self):
        """Bytes of input, weight and output in float32: what a forward must at least move."""
        return 4 * (prod(self.x_shape) + prod(self.w_shape) + prod(self.y_shape))


def _layers():
    def conv(family, name, x_shape, out_channels, kernel, stride=1, padding=0, **options):
        return Layer(family, name, x_shape, out_channels, kernel, stride, padding, **options)

    yield conv("resnet50", "stem7x7s2", (4, 3, 224, 224), 64, 7, 2, 3, first=True)
    yield conv("resnet50", "c2-1x1", (4, 256, 56, 56), 64, 1)
    yield conv("resnet50", "c2-3x3", (4, 64, 56, 56), 64, 3, 1, 1)
    yield conv("resnet50", "c2-1x1up", (4, 64, 56, 56), 256, 1)
    yield conv("resnet50", "c3-3x3s2", (4, 128, 56, 56), 128, 3, 2, 1)
    yield conv("resnet50", "c3-3x3", (4, 128, 28, 28), 128, 3, 1, 1)
    yield conv("resnet50", "c4-3x3", (4, 256, 14, 14), 256, 3, 1, 1)
    yield conv("resnet50", "c4-1x1", (4, 1024, 14, 14), 256, 1)
    yield conv("resnet50", "c4-down", (4, 512, 28, 28), 1024, 1, 2)
    yield conv("resnet50", "c5-3x3", (4, 512, 7, 7), 512, 3, 1, 1)
    yield conv("resnet50", "c5-1x1", (4, 2048, 7, 7), 512, 1)
    yield conv("vgg16", "c1-1", (2, 3, 224, 224), 64, 3, 1, 1, first=True)
    yield conv("vgg16", "c1-2", (2, 64, 224, 224), 64, 3, 1, 1)
    yield conv("vgg16", "c2-2", (2, 128, 112, 112), 128, 3, 1, 1)
    yield conv("vgg16", "c3-2", (2, 256, 56, 56), 256, 3, 1, 1)
    yield conv("vgg16", "c5", (2, 512, 14, 14), 512, 3, 1, 1)
    yield conv("mobilenetv2", "stem3x3s2", (4, 3, 224, 224), 32, 3, 2, 1, first=True)
    yield conv("mobilenetv2", "dw3x3-112", (4, 32, 112, 112), 32, 3, 1, 1, groups=32)
    yield conv("mobilenetv2", "dw3x3s2", (4, 96, 112, 112), 96, 3, 2, 1, groups=96)
    yield conv("mobilenetv2", "dw3x3-28", (4, 192, 28, 28), 192, 3, 1, 1, groups=192)
    yield conv("mobilenetv2", "dw3x3-7", (4, 960, 7, 7), 960, 3, 1, 1, groups=960)
    yield conv("mobilenetv2", "pw-expand", (4, 24, 56, 56), 144, 1)
    yield conv("mobilenetv2", "pw-project", (4, 144, 56, 56), 24, 1)
    yield conv("mobilenetv2", "pw-last", (4, 320, 7, 7), 1280, 1)
    yield conv("convnext", "stem4x4s4", (4, 3, 224, 224), 96, 4, 4, first=True)
    yield conv("convnext", "dw7x7-56", (4, 96, 56, 56), 96, 7, 1, 3, groups=96)
    yield conv("convnext", "dw7x7-14", (4, 384, 14, 14), 384, 7, 1, 3, groups=384)
    yield conv("convnext", "down2x2s2", (4, 96, 56, 56), 192, 2, 2)
    yield conv("resnext50", "g32-56", (4, 128, 56, 56), 128, 3, 1, 1, groups=32)
    yield conv("resnext50", "g32-14", (4, 512, 14, 14), 512, 3, 1, 1, groups=32)
    yield conv("lenet", "c1-5x5", (64, 1, 28, 28), 6, 5, 1, 2, first=True)
    yield conv("lenet", "c2-5x5", (64, 6, 14, 14), 16, 5)
    yield conv("mnist", "c1-3x3", (64, 1, 28, 28), 32, 3, 1, 1, first=True)
    yield conv("mnist", "c2-3x3", (64, 32, 28, 28), 64, 3, 1, 1)
    yield conv("cifar", "c1-3x3", (64, 3, 32, 32), 16, 3, 1, 1, first=True)
    yield conv("cifar", "c16-3x3", (64, 16, 32, 32), 16, 3, 1, 1)
    yield conv("cifar", "c32-3x3", (64, 32, 16, 16), 32, 3, 1, 1)
    yield conv("cifar", "c64-3x3", (64, 64, 8, 8), 64, 3, 1, 1)
    yield conv("cifar", "c32-3x3s2", (64, 16, 32, 32), 32, 3, 2, 1)
    yield conv("dcgan", "g1", (32, 100, 1, 1), 512, 4, 1, 0, transposed=True)
    yield conv("dcgan", "g2", (32, 512, 4, 4), 256, 4, 2, 1, transposed=True)
    yield conv("dcgan", "g3", (32, 256, 8, 8), 128, 4, 2, 1, transposed=True)
    yield conv("dcgan", "g5", (32, 64, 32, 32), 3, 4, 2, 1, transposed=True)
    yield conv("dcgan", "d2", (32, 64, 32, 32), 128, 4, 2, 1)
    yield conv("unet", "up2x2", (2, 128, 64, 64), 64, 2, 2, 0, transposed=True)
    yield conv("unet", "c3x3-128", (2, 64, 128, 128), 64, 3, 1, 1)
    yield conv("unet", "out1x1", (2, 64, 128, 128), 2, 1)
    yield conv("unet3d", "c1", (1, 1, 32, 64, 64), 16, 3, 1, 1, first=True)
    yield conv("unet3d", "c2", (1, 16, 32, 64, 64), 32, 3, 1, 1)
    yield conv("unet3d", "c4", (1, 64, 16, 32, 32), 64, 3, 1, 1)
    yield conv("unet3d", "up", (1, 64, 16, 32, 32), 32, 2, 2, 0, transposed=True)
    yield conv("c3d", "c3a", (1, 128, 8, 28, 28), 256, 3, 1, 1)
    yield conv("pages", "up3d-k4s2", (2, 64, 4, 8, 8), 32, 4, 2, 1, transposed=True)
    yield conv("pages", "decoder3d", (1, 128, 8, 8, 8), 64, 3, 1, 1, transposed=True)
    yield conv("pages", "vae2d", (4, 128, 8, 8), 64, 4, 2, 1, transposed=True)
    yield conv("pages", "conv3d", (2, 4, 16, 32, 32), 32, 3, 1, 1)
    yield conv("pages", "sequence1d", (2, 32, 10), 16, 4, 2, 1, transposed=True)
    yield conv("wavenet", "d1", (4, 64, 4096), 128, 2, 1, 0, dilation=1)
    yield conv("wavenet", "d16", (4, 64, 4096), 128, 2, 1, 0, dilation=16)
    yield conv("wavenet", "d256k3", (4, 64, 4096), 64, 3, 1, 256, dilation=256)
    yield conv("odd", "37ch-13x17", (3, 37, 13, 17), 41, 3, 1, 1)
    yield conv("odd", "primes", (2, 31, 29, 23), 53, 5, 3, 2)
    yield conv("odd", "dilated", (1, 48, 41, 41), 48, 3, 1, 4, dilation=4)
    yield conv("single", "small", (1, 16, 16, 16), 16, 3, 1, 1)
    yield conv("single", "tiny", (1, 3, 8, 8), 8, 3, 1, 1)


LAYERS = tuple(_layers())
