"""U-Net: down to see far, up to see where, with bridges between."""

import lucid
import lucid.nn as nn
import lucid.nn.functional as F

__all__ = ["UNet", "UNet3d"]


def double(channels, out, padding=1, batch_norm=True):
    """Two convolutions of 3 x 3, each with a rectifier."""
    layers = []
    for each in (channels, out):
        layers.append(nn.Conv2d(each, out, 3, padding=padding, bias=not batch_norm))
        layers += [nn.BatchNorm2d(out), nn.ReLU()] if batch_norm else [nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    r"""Say for each pixel of an image what it belongs to.

    The way down halves the image and sees ever further; the way up doubles it again. At each size
    the bridge puts what was seen on the way down beside what comes up.

    Parameters
    ----------
    in_channels : int, default 1
        Channels of an image.
    num_classes : int, default 2
        Scores for each pixel.
    width : int, default 64
        Channels of the first level; each level below has twice as many.
    levels : int, default 4
        How often the image is halved.
    padding : int, default 1
        1 keeps the size. 0 is the paper: every convolution takes off the border, and the bridges
        are cropped.
    batch_norm : bool, default True
        Whether the convolutions have batch norms and no bias; the paper had none.

    Notes
    -----
    **Shape.** Input (N, in_channels, H, W), output (N, num_classes, H, W) with padding 1, for any
    size of at least ``2**levels``: where halving left a row over, it is put back as zeros. Without
    padding 572 x 572 becomes 388 x 388, as in figure 1 of [1]_.

    References
    ----------
    .. [1] Ronneberger, Fischer and Brox, "U-Net: convolutional networks for biomedical image
       segmentation", 2015.

    Examples
    --------
    >>> import lucid
    >>> from lucid.models import UNet
    >>> UNet(width=4, levels=2)(lucid.zeros(1, 1, 21, 18)).shape
    (1, 2, 21, 18)
    """

    def __init__(
        self, in_channels=1, num_classes=2, width=64, levels=4, padding=1, batch_norm=True
    ):
        super().__init__()
        self.padding = padding
        widths = [width << level for level in range(levels + 1)]
        options = padding, batch_norm
        self.first = double(in_channels, width, *options)
        pairs = list(zip(widths, widths[1:], strict=False))
        self.downs = nn.ModuleList([double(a, b, *options) for a, b in pairs])
        self.ups = nn.ModuleList(
            [nn.ConvTranspose2d(b, a, kernel_size=2, stride=2) for a, b in reversed(pairs)]
        )
        self.joins = nn.ModuleList([double(b, a, *options) for a, b in reversed(pairs)])
        self.last = nn.Conv2d(width, num_classes, kernel_size=1)

    def forward(self, x):
        """Score the pixels of images (N, in_channels, H, W)."""
        bridges = [self.first(x)]
        for down in self.downs:
            bridges.append(down(F.max_pool2d(bridges[-1], 2)))
        y = bridges.pop()
        for up, join in zip(self.ups, self.joins, strict=True):
            y = join(lucid.cat(self._fit(bridges.pop(), up(y)), 1))
        return self.last(y)

    def _fit(self, bridge, y):
        """Make both of one size: crop the bridge to its middle, or put back a row left over."""
        rows, columns = (bridge.shape[axis] - y.shape[axis] for axis in (2, 3))
        if self.padding:
            return bridge, F.pad(y, (0, columns, 0, rows))
        top, left = rows // 2, columns // 2
        return F.pad(bridge, (-left, left - columns, -top, top - rows)), y


class UNet3d(nn.Module):
    r"""Say for each voxel of a volume what it belongs to.

    Parameters
    ----------
    in_channels : int, default 3
        Channels of a volume.
    num_classes : int, default 3
        Scores for each voxel.
    width : int, default 32
        Channels of the first convolution.
    levels : int, default 3
        How often the volume is halved.

    Notes
    -----
    **Shape.** Input (N, in_channels, D, H, W), output (N, num_classes, D, H, W); the sizes are
    multiples of ``2**levels``. Channels double *before* each pooling, and the upward convolutions
    keep theirs. Without its batch norms it has the 19,069,955 parameters of [1]_, where the
    convolutions take off the border; here they are padded.

    References
    ----------
    .. [1] Cicek, Abdulkadir, Lienkamp, Brox and Ronneberger, "3D U-Net: learning dense volumetric
       segmentation from sparse annotation", 2016, figure 2.

    Examples
    --------
    >>> import lucid
    >>> from lucid.models import UNet3d
    >>> UNet3d(in_channels=1, width=2, levels=2)(lucid.zeros(1, 1, 8, 8, 4)).shape
    (1, 3, 8, 8, 4)
    """

    def __init__(self, in_channels=3, num_classes=3, width=32, levels=3):
        super().__init__()
        tops = [2 * width << level for level in range(levels + 1)]
        befores = [in_channels, *tops]
        self.downs = nn.ModuleList([
            self._double(before, top // 2, top) for before, top in zip(befores, tops, strict=False)
        ])
        pairs = list(zip(tops, tops[1:], strict=False))[::-1]
        self.ups = nn.ModuleList([nn.ConvTranspose3d(b, b, 2, 2, bias=False) for _, b in pairs])
        self.joins = nn.ModuleList([self._double(a + b, a, a) for a, b in pairs])
        self.last = nn.Conv3d(tops[0], num_classes, kernel_size=1)

    def _double(self, channels, middle, out):
        return nn.Sequential(
            nn.Conv3d(channels, middle, 3, padding=1), nn.BatchNorm3d(middle), nn.ReLU(),
            nn.Conv3d(middle, out, 3, padding=1), nn.BatchNorm3d(out), nn.ReLU(),
        )

    def forward(self, x):
        """Score the voxels of volumes (N, in_channels, D, H, W)."""
        bridges = []
        for down in self.downs:
            bridges.append(down(F.max_pool3d(bridges[-1], 2) if bridges else x))
        y = bridges.pop()
        for up, join in zip(self.ups, self.joins, strict=True):
            y = join(lucid.cat((bridges.pop(), up(y)), 1))
        return self.last(y)
