"""ResNet: blocks that add what they have learnt to what they were given."""

import lucid.nn as nn
import lucid.nn.functional as F

__all__ = ["ResNet", "resnet18", "resnet20", "resnet50"]


class BasicBlock(nn.Module):
    """Two convolutions of 3 x 3, added to the input."""

    expansion = 1

    def __init__(self, channels, width, stride, downsample):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = downsample

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """One convolution of 3 x 3 between two of 1 x 1, which make it narrow and wide again."""

    expansion = 4

    def __init__(self, channels, width, stride, downsample):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.relu = nn.ReLU()
        self.downsample = downsample

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class Shorten(nn.Module):
    """Every second pixel, and zeros for the new channels: a shortcut without weights (option A)."""

    def __init__(self, more):
        super().__init__()
        self.more = more

    def forward(self, x):
        low = self.more // 2
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, low, self.more - low))


class ResNet(nn.Module):
    r"""Classify images with residual blocks: each adds to its input what it has learnt.

    The sum lets the gradient pass unchanged through a hundred layers, where a plain network of that
    depth does not learn.

    Parameters
    ----------
    block : type
        `BasicBlock` or `Bottleneck`.
    blocks : sequence of int
        How many blocks stand in each group; a group is twice as wide as the one before, on an
        image of half the size.
    num_classes : int, default 1000
        Scores for each image.
    small : bool, default False
        For images of 32 x 32: a first convolution of 3 x 3 without pooling, 16 channels, and
        shortcuts without weights (section 4.2 of [1]_).
    zero_init_residual : bool, default False
        Whether every block first adds zero: the scale of its last batch norm starts at 0 [2]_.

    Notes
    -----
    **Shape.** Input (N, 3, H, W), output (N, num_classes). The names in the state dict are those of
    torchvision; in `Bottleneck` the stride is in the 3 x 3 convolution, as there.

    References
    ----------
    .. [1] He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2016.
    .. [2] Goyal and others, "Accurate, large minibatch SGD", 2017, section 5.1.

    Examples
    --------
    >>> import lucid
    >>> from lucid.models import resnet20
    >>> resnet20()(lucid.zeros(2, 3, 32, 32)).shape
    (2, 10)
    """

    def __init__(self, block, blocks, num_classes=1000, small=False, zero_init_residual=False):
        super().__init__()
        self.small = small
        width = self.channels = 16 if small else 64
        if small:
            self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        else:
            self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.maxpool = nn.Identity() if small else nn.MaxPool2d(3, stride=2, padding=1)
        self.groups = len(blocks)
        for number, count in enumerate(blocks):
            group = self._group(block, width << number, count, stride=2 if number else 1)
            setattr(self, f"layer{number + 1}", group)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(self.channels, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif zero_init_residual and isinstance(module, BasicBlock):
                nn.init.zeros_(module.bn2.weight)
            elif zero_init_residual and isinstance(module, Bottleneck):
                nn.init.zeros_(module.bn3.weight)

    def _group(self, block, width, count, stride):
        out, layers = width * block.expansion, []
        for index in range(count):
            downsample = None
            if index == 0 and (stride > 1 or self.channels != out):
                downsample = Shorten(out - self.channels) if self.small else nn.Sequential(
                    nn.Conv2d(self.channels, out, 1, stride, bias=False), nn.BatchNorm2d(out)
                )
            layers.append(block(self.channels, width, stride if index == 0 else 1, downsample))
            self.channels = out
        return nn.Sequential(*layers)

    def forward(self, x):
        """Score images (N, 3, H, W)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for number in range(self.groups):
            x = getattr(self, f"layer{number + 1}")(x)
        return self.fc(self.avgpool(x).flatten(1))


def resnet18(num_classes=1000, **options):
    """Make ResNet-18: eight blocks of two convolutions.

    Parameters
    ----------
    num_classes, **options
        As in `ResNet`.

    Returns
    -------
    ResNet
        11,689,512 parameters with the defaults; the names of torchvision's `resnet18`.

    Examples
    --------
    >>> from lucid.inspect import count_parameters
    >>> from lucid.models import resnet18
    >>> count_parameters(resnet18())
    11689512
    """
    return ResNet(BasicBlock, (2, 2, 2, 2), num_classes, **options)


def resnet20(num_classes=10, **options):
    """Make ResNet-20 for images of 32 x 32: nine blocks of two convolutions.

    Parameters
    ----------
    num_classes, **options
        As in `ResNet`.

    Returns
    -------
    ResNet
        269,722 parameters with the defaults: the 0.27 M of the paper's table 6.

    Examples
    --------
    >>> from lucid.inspect import count_parameters
    >>> from lucid.models import resnet20
    >>> count_parameters(resnet20())
    269722
    """
    return ResNet(BasicBlock, (3, 3, 3), num_classes, small=True, **options)


def resnet50(num_classes=1000, **options):
    """Make ResNet-50: sixteen blocks of three convolutions.

    Parameters
    ----------
    num_classes, **options
        As in `ResNet`.

    Returns
    -------
    ResNet
        25,557,032 parameters with the defaults; the names of torchvision's `resnet50`.

    Examples
    --------
    >>> from lucid.inspect import count_parameters
    >>> from lucid.models import resnet50
    >>> count_parameters(resnet50())
    25557032
    """
    return ResNet(Bottleneck, (3, 4, 6, 3), num_classes, **options)
