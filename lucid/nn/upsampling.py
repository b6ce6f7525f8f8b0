"""Layers that make images larger or smaller, or move channels to pixels and back."""

from __future__ import annotations

from lucid.geometry import check_int
from lucid.nn.functional.interpolation import (
    channel_shuffle, check_interpolation, interpolate, pixel_shuffle, pixel_unshuffle,
)
from lucid.nn.module import Module
from lucid.tensor import Tensor

__all__ = [
    "ChannelShuffle", "PixelShuffle", "PixelUnshuffle", "Upsample", "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
]

_SizeNd = int | tuple[int, ...]
_ScaleNd = float | tuple[float, ...]


class Upsample(Module):
    r"""Make the spatial axes longer, with values between the given ones.

    Parameters
    ----------
    size : int or tuple of int, optional
        Positions of the result along each spatial axis, at least 1.
    scale_factor : float or tuple of float, optional
        Or how many times as many as before, greater than 0; rounded down.
    mode : str, default 'nearest'
        ``'nearest'``, ``'nearest-exact'``, ``'area'``; ``'linear'``, ``'bilinear'`` or
        ``'trilinear'`` for 1, 2 and 3 axes; ``'bicubic'`` for 2.
    align_corners : bool, optional
        For the linear modes and ``'bicubic'``: whether the centres of the corner pixels of input
        and output fall together; default False: their outer corners do.
    recompute_scale_factor : bool, optional
        Whether positions are computed from the sizes, and not from `scale_factor`. Default False.

    Attributes
    ----------
    size, scale_factor, mode, align_corners, recompute_scale_factor
        As given.

    See Also
    --------
    ConvTranspose2d : Learns how to make images larger.
    lucid.nn.functional.interpolate : The same as a function, with the formulas.

    Notes
    -----
    **Shape.** Input (N, C, \*) with 1 to 3 spatial axes; output (N, C, \*) with the new sizes.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Upsample(scale_factor=2, mode="bilinear")(lucid.zeros(1, 3, 8, 8)).shape
    (1, 3, 16, 16)
    """

    def __init__(
        self, size: _SizeNd | None = None, scale_factor: _ScaleNd | None = None,
        mode: str = "nearest", align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        check_interpolation(size, scale_factor, mode, align_corners)
        self.size, self.scale_factor, self.mode = size, scale_factor, mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, x: Tensor) -> Tensor:
        """Bring x to the new size."""
        return interpolate(
            x, self.size, self.scale_factor, self.mode, self.align_corners,
            self.recompute_scale_factor,
        )

    def extra_repr(self) -> str:
        """Say the size or the scale, and the mode."""
        if self.size is not None:
            return f"size={self.size}, mode={self.mode!r}"
        return f"scale_factor={self.scale_factor}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    r"""Make images larger by repeating pixels.

    Parameters
    ----------
    size : int or tuple of int, optional
        Height and width of the result, at least 1.
    scale_factor : float or tuple of float, optional
        Or how many times as many pixels as before, greater than 0.

    Attributes
    ----------
    size, scale_factor
        As given.

    See Also
    --------
    Upsample : The same layer with ``mode='nearest'``.

    Notes
    -----
    **Shape.** Input (N, C, H, W); output (N, C, H_out, W_out).

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.UpsamplingNearest2d(scale_factor=2)(lucid.tensor([[[[1.0, 2.0]]]]))
    tensor([[[[1., 1., 2., 2.],
              [1., 1., 2., 2.]]]])
    """

    def __init__(
        self, size: _SizeNd | None = None, scale_factor: _ScaleNd | None = None
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__(size, scale_factor, "nearest")


class UpsamplingBilinear2d(Upsample):
    r"""Make images larger by lines between pixels, the corner pixels staying where they are.

    Parameters
    ----------
    size : int or tuple of int, optional
        Height and width of the result, at least 1.
    scale_factor : float or tuple of float, optional
        Or how many times as many pixels as before, greater than 0.

    Attributes
    ----------
    size, scale_factor
        As given.

    See Also
    --------
    Upsample : The same layer with ``mode='bilinear', align_corners=True``.

    Notes
    -----
    **Shape.** Input (N, C, H, W); output (N, C, H_out, W_out).

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.UpsamplingBilinear2d((1, 3))(lucid.tensor([[[[1.0, 2.0]]]]))
    tensor([[[[1.0000, 1.5000, 2.0000]]]])
    """

    def __init__(
        self, size: _SizeNd | None = None, scale_factor: _ScaleNd | None = None
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__(size, scale_factor, "bilinear", True)


class PixelShuffle(Module):
    r"""Turn groups of channels into pixels: (C r^2, H, W) becomes (C, H r, W r).

    Parameters
    ----------
    upscale_factor : int
        The factor r, at least 1.

    Attributes
    ----------
    upscale_factor : int
        As given.

    See Also
    --------
    PixelUnshuffle : The way back.
    lucid.nn.functional.pixel_shuffle : The same as a function.

    Notes
    -----
    **Shape.** Input (\*, C r^2, H, W); output (\*, C, H r, W r). Channel :math:`(c r + i) r + j`
    becomes the pixels (i, j) of the blocks of r x r pixels of channel c.

    References
    ----------
    .. [1] Shi et al., "Real-time single image and video super-resolution using an efficient
       sub-pixel convolutional neural network", 2016, equation 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.PixelShuffle(3)(lucid.zeros(1, 9, 4, 4)).shape
    (1, 1, 12, 12)
    """

    def __init__(self, upscale_factor: int) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.upscale_factor = check_int(upscale_factor, "upscale_factor", 1)

    def forward(self, x: Tensor) -> Tensor:
        """Turn the channels of x into pixels."""
        return pixel_shuffle(x, self.upscale_factor)

    def extra_repr(self) -> str:
        """Say the factor."""
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    r"""Turn blocks of pixels into channels: (C, H r, W r) becomes (C r^2, H, W).

    Parameters
    ----------
    downscale_factor : int
        The factor r, at least 1.

    Attributes
    ----------
    downscale_factor : int
        As given.

    See Also
    --------
    PixelShuffle : The way back.
    lucid.nn.functional.pixel_unshuffle : The same as a function.

    Notes
    -----
    **Shape.** Input (\*, C, H r, W r); output (\*, C r^2, H, W).

    References
    ----------
    .. [1] Shi et al., "Real-time single image and video super-resolution using an efficient
       sub-pixel convolutional neural network", 2016, equation 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.PixelUnshuffle(3)(lucid.zeros(1, 1, 12, 12)).shape
    (1, 9, 4, 4)
    """

    def __init__(self, downscale_factor: int) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.downscale_factor = check_int(downscale_factor, "downscale_factor", 1)

    def forward(self, x: Tensor) -> Tensor:
        """Turn the pixels of x into channels."""
        return pixel_unshuffle(x, self.downscale_factor)

    def extra_repr(self) -> str:
        """Say the factor."""
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    r"""Deal the channels out anew, one of each group in turn.

    Behind a convolution in groups, every group of the next one then sees all of them.

    Parameters
    ----------
    groups : int
        Parts that the channels are split into; divides the channels.

    Attributes
    ----------
    groups : int
        As given.

    See Also
    --------
    lucid.nn.functional.channel_shuffle : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, \*); the output has its shape. Its channel :math:`j g + i` was channel
    :math:`i C / g + j`.

    References
    ----------
    .. [1] Zhang, Zhou, Lin and Sun, "ShuffleNet: an extremely efficient convolutional neural
       network for mobile devices", 2018, section 3.1.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ChannelShuffle(2)(lucid.arange(6).reshape(1, 6, 1)).flatten()
    tensor([0, 3, 1, 4, 2, 5])
    """

    def __init__(self, groups: int) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.groups = check_int(groups, "groups", 1)

    def forward(self, x: Tensor) -> Tensor:
        """Deal out the channels of x."""
        return channel_shuffle(x, self.groups)

    def extra_repr(self) -> str:
        """Say the groups."""
        return f"groups={self.groups}"
