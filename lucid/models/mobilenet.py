"""MobileNet: a convolution taken apart into one over pixels and one over channels."""

import lucid.nn as nn

__all__ = ["MobileNetV1", "MobileNetV2", "MobileNetV3"]


def rounded(channels, divisor=8):
    """Round to a multiple of 8, never down by more than a tenth."""
    result = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return result + divisor if result < 0.9 * channels else result


def conv_norm(channels, out, kernel_size, stride=1, groups=1, act=nn.ReLU6, **norm):
    """Convolution, batch norm and, unless `act` is None, an activation."""
    padding = (kernel_size - 1) // 2
    layers = [
        nn.Conv2d(channels, out, kernel_size, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(out, **norm),
    ]
    return nn.Sequential(*layers, *(() if act is None else (act(),)))


def initialise(model):
    """Draw the weights as torchvision does."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0, 0.01)
            nn.init.zeros_(module.bias)


class MobileNetV1(nn.Module):
    r"""Classify images with depthwise separable convolutions.

    A convolution of K x K from C to F channels costs :math:`K^2 C F` multiply-adds a pixel. One
    kernel for each channel, and then a 1 x 1 convolution that mixes the channels, cost
    :math:`K^2 C + C F`: eight to nine times less for K = 3.

    Parameters
    ----------
    num_classes : int, default 1000
        Scores for each image.
    width : float, default 1.0
        What all channels are multiplied by.

    Notes
    -----
    **Shape.** Input (N, 3, H, W), output (N, num_classes). 4,231,976 parameters and 569 million
    multiply-adds for 224 x 224 pixels with the defaults, the 4.2 M and 569 M of [1]_, table 8.

    References
    ----------
    .. [1] Howard and others, "MobileNets: efficient convolutional neural networks for mobile vision
       applications", 2017, table 1.

    Examples
    --------
    >>> import lucid
    >>> from lucid.models import MobileNetV1
    >>> MobileNetV1(num_classes=10, width=0.25)(lucid.zeros(2, 3, 32, 32)).shape
    (2, 10)
    """

    # channels and stride of each separable convolution
    layers = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5,
              (1024, 2), (1024, 1))

    def __init__(self, num_classes=1000, width=1.0):
        super().__init__()
        channels = int(32 * width)
        parts = [conv_norm(3, channels, 3, stride=2, act=nn.ReLU)]
        for out, stride in self.layers:
            out = int(out * width)
            parts.append(conv_norm(channels, channels, 3, stride, channels, act=nn.ReLU))
            parts.append(conv_norm(channels, out, 1, act=nn.ReLU))
            channels = out
        self.features = nn.Sequential(*parts)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, num_classes)
        initialise(self)

    def forward(self, x):
        """Score images (N, 3, H, W)."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


class InvertedResidual(nn.Module):
    """Wide inside, narrow outside: 1 x 1, depthwise 3 x 3, and 1 x 1 without activation."""

    def __init__(self, channels, out, stride, expand):
        super().__init__()
        wide = channels * expand
        layers = [] if expand == 1 else [conv_norm(channels, wide, 1)]
        self.conv = nn.Sequential(
            *layers, conv_norm(wide, wide, 3, stride, groups=wide),
            nn.Conv2d(wide, out, 1, bias=False), nn.BatchNorm2d(out),
        )
        self.adds = stride == 1 and channels == out

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNetV2(nn.Module):
    r"""Classify images with inverted residuals: the sums join the narrow ends.

    Parameters
    ----------
    num_classes : int, default 1000
        Scores for each image.
    width : float, default 1.0
        What all channels are multiplied by.
    dropout : float, default 0.2
        Before the last layer.

    Notes
    -----
    **Shape.** Input (N, 3, H, W), output (N, num_classes). 3,504,872 parameters and 301 million
    multiply-adds for 224 x 224 pixels with the defaults. The names in the state dict are those of
    torchvision's `mobilenet_v2`.

    References
    ----------
    .. [1] Sandler and others, "MobileNetV2: inverted residuals and linear bottlenecks", 2018,
       table 2.

    Examples
    --------
    >>> import lucid
    >>> from lucid.models import MobileNetV2
    >>> MobileNetV2(num_classes=10, width=0.25)(lucid.zeros(2, 3, 32, 32)).shape
    (2, 10)
    """

    # factor inside, channels, blocks, stride of the first
    groups = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
              (6, 160, 3, 2), (6, 320, 1, 1))

    def __init__(self, num_classes=1000, width=1.0, dropout=0.2):
        super().__init__()
        channels, last = rounded(32 * width), rounded(1280 * max(1.0, width))
        parts = [conv_norm(3, channels, 3, stride=2)]
        for expand, out, count, stride in self.groups:
            out = rounded(out * width)
            for index in range(count):
                step = stride if index == 0 else 1
                parts.append(InvertedResidual(channels, out, step, expand))
                channels = out
        self.features = nn.Sequential(*parts, conv_norm(channels, last, 1))
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(last, num_classes))
        initialise(self)

    def forward(self, x):
        """Score images (N, 3, H, W)."""
        return self.classifier(self.features(x).mean((2, 3)))


class SqueezeExcite(nn.Module):
    """Weigh every channel by what all channels are like on the average."""

    def __init__(self, channels, squeezed):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)
        self.activation, self.scale_activation = nn.ReLU(), nn.Hardsigmoid()

    def forward(self, x):
        scale = self.fc2(self.activation(self.fc1(self.avgpool(x))))
        return x * self.scale_activation(scale)


class InvertedResidualV3(nn.Module):
    """The block of V2 with a kernel of 3 or 5, another activation and weighed channels."""

    def __init__(self, channels, kernel_size, wide, out, squeeze, act, stride, norm):
        super().__init__()
        layers = [] if wide == channels else [conv_norm(channels, wide, 1, act=act, **norm)]
        layers.append(conv_norm(wide, wide, kernel_size, stride, wide, act, **norm))
        if squeeze:
            layers.append(SqueezeExcite(wide, rounded(wide // 4)))
        self.block = nn.Sequential(*layers, conv_norm(wide, out, 1, act=None, **norm))
        self.adds = stride == 1 and channels == out

    def forward(self, x):
        return x + self.block(x) if self.adds else self.block(x)


class MobileNetV3(nn.Module):
    r"""Classify images with blocks that a search has chosen, weighed channels and hard swish.

    Parameters
    ----------
    size : str, default "large"
        ``'large'`` or ``'small'``: tables 1 and 2 of [1]_.
    num_classes : int, default 1000
        Scores for each image.
    dropout : float, default 0.2
        Before the last layer.

    Notes
    -----
    **Shape.** Input (N, 3, H, W), output (N, num_classes). 5,483,032 parameters if large, 2,542,856
    if small. The names in the state dict are those of torchvision's `mobilenet_v3_large` and
    `mobilenet_v3_small`.

    References
    ----------
    .. [1] Howard and others, "Searching for MobileNetV3", 2019.

    Examples
    --------
    >>> import lucid
    >>> from lucid.models import MobileNetV3
    >>> MobileNetV3("small", num_classes=10)(lucid.zeros(2, 3, 32, 32)).shape
    (2, 10)
    """

    # kernel, channels inside, channels, squeeze-excite, hard swish, stride
    blocks = {
        "large": ((3, 16, 16, 0, 0, 1), (3, 64, 24, 0, 0, 2), (3, 72, 24, 0, 0, 1),
                  (5, 72, 40, 1, 0, 2), (5, 120, 40, 1, 0, 1), (5, 120, 40, 1, 0, 1),
                  (3, 240, 80, 0, 1, 2), (3, 200, 80, 0, 1, 1), (3, 184, 80, 0, 1, 1),
                  (3, 184, 80, 0, 1, 1), (3, 480, 112, 1, 1, 1), (3, 672, 112, 1, 1, 1),
                  (5, 672, 160, 1, 1, 2), (5, 960, 160, 1, 1, 1), (5, 960, 160, 1, 1, 1)),
        "small": ((3, 16, 16, 1, 0, 2), (3, 72, 24, 0, 0, 2), (3, 88, 24, 0, 0, 1),
                  (5, 96, 40, 1, 1, 2), (5, 240, 40, 1, 1, 1), (5, 240, 40, 1, 1, 1),
                  (5, 120, 48, 1, 1, 1), (5, 144, 48, 1, 1, 1), (5, 288, 96, 1, 1, 2),
                  (5, 576, 96, 1, 1, 1), (5, 576, 96, 1, 1, 1)),
    }
    last = {"large": 1280, "small": 1024}

    def __init__(self, size="large", num_classes=1000, dropout=0.2):
        super().__init__()
        if size not in self.blocks:
            raise ValueError(f"size={size!r} is unknown; choose 'large' or 'small'")
        norm, channels = {"eps": 1e-3, "momentum": 0.01}, 16
        parts = [conv_norm(3, channels, 3, stride=2, act=nn.Hardswish, **norm)]
        for kernel_size, wide, out, squeeze, hard, stride in self.blocks[size]:
            act = nn.Hardswish if hard else nn.ReLU
            options = (kernel_size, wide, out, squeeze, act, stride, norm)
            parts.append(InvertedResidualV3(channels, *options))
            channels = out
        wide = 6 * channels
        parts.append(conv_norm(channels, wide, 1, act=nn.Hardswish, **norm))
        self.features = nn.Sequential(*parts)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Linear(wide, self.last[size]), nn.Hardswish(), nn.Dropout(dropout),
            nn.Linear(self.last[size], num_classes),
        )
        initialise(self)

    def forward(self, x):
        """Score images (N, 3, H, W)."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))
