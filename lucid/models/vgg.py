"""VGG: only kernels of 3 x 3, one after another."""

import lucid.nn as nn

__all__ = ["VGG", "vgg11", "vgg16", "vgg_cifar"]

# the channels of each convolution; M halves the image
LAYERS = {
    11: (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"),
    16: (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"),
}


class VGG(nn.Module):
    r"""Classify images with 3 x 3 convolutions alone, between poolings that halve the image.

    Two convolutions of 3 x 3 see as far as one of 5 x 5, with fewer weights and one more
    nonlinearity.

    Parameters
    ----------
    depth : int
        Layers with weights, 11 or 16: configurations A and D of [1]_.
    num_classes : int, default 1000
        Scores for each image.
    batch_norm : bool, default False
        Whether a batch norm stands behind every convolution, which the paper had not.
    small : bool, default False
        For images of 32 x 32: one linear layer in place of three.
    dropout : float, default 0.5
        Of the large classifier.

    Notes
    -----
    **Shape.** Input (N, 3, H, W), output (N, num_classes); H and W at least 32. 132,863,336
    parameters with depth 11, 138,357,544 with 16; most of them in the first linear layer. The names
    in the state dict are those of torchvision's `vgg11`, `vgg16` and their ``_bn`` variants.

    References
    ----------
    .. [1] Simonyan and Zisserman, "Very deep convolutional networks for large-scale image
       recognition", 2015, table 1.

    Examples
    --------
    >>> import lucid
    >>> from lucid.models import vgg_cifar
    >>> vgg_cifar(depth=11)(lucid.zeros(2, 3, 32, 32)).shape
    (2, 10)
    """

    def __init__(self, depth, num_classes=1000, batch_norm=False, small=False, dropout=0.5):
        super().__init__()
        if depth not in LAYERS:
            raise ValueError(f"depth={depth} is not there; choose 11 or 16")
        layers, channels = [], 3
        for out in LAYERS[depth]:
            if out == "M":
                layers.append(nn.MaxPool2d(2))
                continue
            layers.append(nn.Conv2d(channels, out, kernel_size=3, padding=1))
            layers += [nn.BatchNorm2d(out), nn.ReLU()] if batch_norm else [nn.ReLU()]
            channels = out
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1 if small else 7)
        self.classifier = nn.Linear(512, num_classes) if small else nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(4096, num_classes),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, 0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x):
        """Score images (N, 3, H, W)."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def vgg11(num_classes=1000, **options):
    """Make VGG-11, configuration A.

    Parameters
    ----------
    num_classes, **options
        As in `VGG`.

    Returns
    -------
    VGG
        132,863,336 parameters with the defaults, 550 MB of float32.

    Examples
    --------
    >>> from lucid.models import vgg11
    >>> len([p for p in vgg11(small=True).parameters() if p.ndim > 1])
    9
    """
    return VGG(11, num_classes, **options)


def vgg16(num_classes=1000, **options):
    """Make VGG-16, configuration D.

    Parameters
    ----------
    num_classes, **options
        As in `VGG`.

    Returns
    -------
    VGG
        138,357,544 parameters with the defaults, 550 MB of float32.

    Examples
    --------
    >>> from lucid.models import vgg16
    >>> len([p for p in vgg16(small=True).parameters() if p.ndim > 1])
    14
    """
    return VGG(16, num_classes, **options)


def vgg_cifar(depth=16, num_classes=10, batch_norm=True):
    """Make a VGG for images of 32 x 32, with batch norms and one linear layer.

    Parameters
    ----------
    depth, num_classes, batch_norm
        As in `VGG`.

    Returns
    -------
    VGG
        14,728,266 parameters with the defaults.

    Examples
    --------
    >>> from lucid.inspect import count_parameters
    >>> from lucid.models import vgg_cifar
    >>> count_parameters(vgg_cifar())
    14728266
    """
    return VGG(depth, num_classes, batch_norm, small=True)
