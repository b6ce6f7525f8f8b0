"""Transposed convolution layers: the adjoints of `lucid.nn.conv`, which make an input longer."""

from __future__ import annotations

from lucid.device import DeviceLike
from lucid.dtypes import DTypeLike
from lucid.geometry import (
    check_output_padding, conv_transpose_geometry, normalise_size, output_paddings,
)
from lucid.nn.conv import ConvNd, _Size2d, _Size3d, _SizeNd  # the signatures name all of them
from lucid.ops.conv import ConvInputGrad
from lucid.tensor import Tensor

__all__ = ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]


class ConvTransposeNd(ConvNd):
    """What the transposed layers of all ranks share: `ConvNd` with the two sides exchanged."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: _SizeNd, stride: _SizeNd = 1,
        padding: _SizeNd = 0, output_padding: _SizeNd = 0, groups: int = 1, bias: bool = True,
        dilation: _SizeNd = 1, device: DeviceLike = None, dtype: DTypeLike = None,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        if isinstance(padding, str):
            raise ValueError(
                f"padding={padding!r} is for convolutions; a transposed one needs numbers: at "
                f"stride 1, dilation * (kernel_size - 1) / 2 keeps the size"
            )
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias,
            device=device, dtype=dtype,
        )
        self.output_padding = normalise_size(output_padding, self.ndim, "output_padding", 0)
        check_output_padding(self.output_padding, self.stride, self.dilation)

    def weight_shape(self, in_channels):
        """Give the shape of the weight for a number of input channels."""
        return (in_channels, self.out_channels // self.groups, *self.kernel_size)

    def channels_of(self, w_shape):
        """Give the number of input channels that a weight is for."""
        return w_shape[0]

    def layout(self, x_shape, w_shape, output_size=None):
        """Give the geometry of a call, or raise why there is none."""
        stride, padding, dilation = self.stride, self.padding, self.dilation
        extra = self.output_padding
        if output_size is not None:
            extra = output_paddings(x_shape, output_size, w_shape[2:], stride, padding, dilation)
        return conv_transpose_geometry(
            x_shape, w_shape, stride, padding, extra, dilation, self.groups
        )

    def forward(self, x: Tensor, *, output_size=None) -> Tensor:
        r"""Apply the transposed convolution with the layer's weight.

        Parameters
        ----------
        x : Tensor
            (N, in_channels, \*), or (in_channels, \*) for one item, where \* are one to three
            spatial axes, none empty; of the type of `weight`.
        output_size : int or tuple of int, optional
            The spatial size wanted, in place of what `output_padding` gives; a whole shape, such as
            that of the tensor to match, is accepted too.

        Returns
        -------
        Tensor
            (N, out_channels, \*), or without N; stride, padding, dilation, kernel size and output
            padding give the spatial sizes, as the Notes of the class say.

        Raises
        ------
        ShapeError
            If axes, channels or sizes do not fit, or `output_size` cannot be reached.
        DtypeError
            If the input and the weight are not of the same type.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> up = nn.ConvTranspose1d(4, 8, kernel_size=3, stride=2, padding=1)
        >>> x = lucid.zeros(2, 4, 5)
        >>> up(x).shape, up(x, output_size=10).shape
        ((2, 8, 9), (2, 8, 10))
        """
        return self._compute(ConvInputGrad, x, output_size)


class ConvTranspose1d(ConvTransposeNd):
    r"""Spread sequences out with learnt kernels: a 1D transposed convolution.

    Every input position puts down a copy of the kernel, times its value, `stride` positions after
    the one before, and copies that overlap add up. With a stride above 1 the output is longer than
    the input, as in decoders of sequences and sound.

    Parameters
    ----------
    in_channels : int
        Channels of the input, at least 1.
    out_channels : int
        Channels of the output, at least 1.
    kernel_size : int
        Taps of the kernel along each axis, at least 1.
    stride : int, default 1
        Positions of the output from one placement of the kernel to the next; at least 1. Above 1
        the output is that many times longer than the input, give or take the ends.
    padding : int, default 0
        Positions cropped from both sides of each axis, at least 0. Seen from the input, it is
        surrounded by ``dilation * (kernel_size - 1) - padding`` zeros on each side, and cropped
        where that is negative. Strings and other paddings than zeros are not supported.
    output_padding : int, default 0
        Positions added on the high side of each axis of the output; they hold computed values, not
        zeros. From 0 to ``max(stride, dilation) - 1``.
    groups : int, default 1
        Parts that the channels are split into, each output part seeing its own input part alone.
        Divides the input and the output channels.
    bias : bool, default True
        Whether a learnt number is added to every output channel.
    dilation : int, default 1
        Positions from one tap of the kernel to the next; at least 1.
    device : DeviceLike, default None
        Where the parameters are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the parameters, float32 or float64; None is the default type.

    Attributes
    ----------
    weight : Parameter
        (in_channels, out_channels // groups, K). The first axis is that of the *input* channels.
        First drawn from :math:`U(-b, b)` with :math:`b = 1 / \sqrt{fan_{in}}`, the Kaiming uniform
        scheme for :math:`a = \sqrt 5` [1]_; `fan_in` is ``(out_channels // groups) * K``, taken
        from axis 1 of the weight as for every layer, though here it counts *output* channels.
    bias : Parameter or None
        (out_channels,), drawn from the same interval; None with ``bias=False``.
    in_channels : int
        As given.
    out_channels, groups : int
        As given.
    kernel_size, stride, padding, output_padding, dilation : tuple of int
        One number for each axis.

    See Also
    --------
    Conv1d : The convolution that it is the adjoint of.
    LazyConvTranspose1d : The same layer, which learns `in_channels` from its first input.
    lucid.nn.functional.conv_transpose1d : The same computation with weights of your own.

    Notes
    -----
    **Shape.** Input (N, in_channels, L), or (in_channels, L) for one item. Output (N, out_channels,
    L_out), or without N; along the axis, with the numbers of that axis [2]_,

    .. math:: L_{out} = (L - 1) \, stride - 2 \, padding + dilation \, (kernel\_size - 1)
        + output\_padding + 1.

    An empty batch gives an empty result; an empty spatial axis is refused.

    **Values.** With :math:`o` a position of the input, :math:`k` a tap, and :math:`c` the channels
    of the group of :math:`f`,

    .. math:: y_{nfi} = b_f + \sum_{c, k, o} w_{cfk} \, x_{nco}
        \quad\text{over}\quad o \cdot stride + k \cdot dilation - padding = i,

    which is the gradient of a `Conv1d` with respect to its input.

    **The way back.** A `Conv1d` and a `ConvTranspose1d` of the same `kernel_size`, `stride`,
    `padding` and `dilation` bring a *size* L back if ``(L + 2 * padding - dilation * (kernel_size -
    1) - 1) % stride`` is 0. Any other remainder has to be given as `output_padding`, or the size as
    `output_size` to forward. The *values* never come back: the adjoint is not the inverse.

    References
    ----------
    .. [1] He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015, section 2.2.
    .. [2] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       relationship 14.

    Examples
    --------
    Twice as many samples:

    >>> import lucid
    >>> import lucid.nn as nn
    >>> up = nn.ConvTranspose1d(32, 16, kernel_size=4, stride=2, padding=1)
    >>> up(lucid.zeros(2, 32, 10)).shape
    (2, 16, 20)

    A size that comes back one short, and the two ways to say which one is meant:

    >>> down = nn.Conv1d(1, 1, kernel_size=3, stride=2, padding=1)
    >>> up = nn.ConvTranspose1d(1, 1, kernel_size=3, stride=2, padding=1)
    >>> x = lucid.zeros(1, 1, 8)
    >>> small = down(x)
    >>> small.shape, up(small).shape
    ((1, 1, 4), (1, 1, 7))
    >>> up(small, output_size=x.shape).shape
    (1, 1, 8)
    >>> exact = nn.ConvTranspose1d(1, 1, kernel_size=3, stride=2, padding=1, output_padding=1)
    >>> exact(small).shape
    (1, 1, 8)
    """

    ndim = 1


class ConvTranspose2d(ConvTransposeNd):
    r"""Spread images out with learnt kernels: a 2D transposed convolution.

    Every input position puts down a copy of the kernel, times its value, `stride` positions after
    the one before, and copies that overlap add up. With a stride above 1 the output is longer than
    the input, as in decoders, segmentation and image generators.

    Parameters
    ----------
    in_channels : int
        Channels of the input, at least 1.
    out_channels : int
        Channels of the output, at least 1.
    kernel_size : int or tuple[int, int]
        Taps of the kernel along each axis, at least 1.
    stride : int or tuple[int, int], default 1
        Positions of the output from one placement of the kernel to the next; at least 1. Above 1
        the output is that many times longer than the input, give or take the ends.
    padding : int or tuple[int, int], default 0
        Positions cropped from both sides of each axis, at least 0. Seen from the input, it is
        surrounded by ``dilation * (kernel_size - 1) - padding`` zeros on each side, and cropped
        where that is negative. Strings and other paddings than zeros are not supported.
    output_padding : int or tuple[int, int], default 0
        Positions added on the high side of each axis of the output; they hold computed values, not
        zeros. From 0 to ``max(stride, dilation) - 1``.
    groups : int, default 1
        Parts that the channels are split into, each output part seeing its own input part alone.
        Divides the input and the output channels.
    bias : bool, default True
        Whether a learnt number is added to every output channel.
    dilation : int or tuple[int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.
    device : DeviceLike, default None
        Where the parameters are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the parameters, float32 or float64; None is the default type.

    Attributes
    ----------
    weight : Parameter
        (in_channels, out_channels // groups, K_H, K_W). The first axis is that of the *input*
        channels. First drawn from :math:`U(-b, b)` with :math:`b = 1 / \sqrt{fan_{in}}`, the
        Kaiming uniform scheme for :math:`a = \sqrt 5` [1]_; `fan_in` is ``(out_channels // groups)
        * K_H * K_W``, taken from axis 1 of the weight as for every layer, though here it counts
        *output* channels.
    bias : Parameter or None
        (out_channels,), drawn from the same interval; None with ``bias=False``.
    in_channels : int
        As given.
    out_channels, groups : int
        As given.
    kernel_size, stride, padding, output_padding, dilation : tuple of int
        One number for each axis.

    See Also
    --------
    Conv2d : The convolution that it is the adjoint of.
    LazyConvTranspose2d : The same layer, which learns `in_channels` from its first input.
    lucid.nn.functional.conv_transpose2d : The same computation with weights of your own.

    Notes
    -----
    **Shape.** Input (N, in_channels, H, W), or (in_channels, H, W) for one item. Output (N,
    out_channels, H_out, W_out), or without N; along each axis, with the numbers of that axis [2]_,

    .. math:: L_{out} = (L - 1) \, stride - 2 \, padding + dilation \, (kernel\_size - 1)
        + output\_padding + 1.

    An empty batch gives an empty result; an empty spatial axis is refused.

    **Values.** With :math:`o` a position of the input, :math:`k` a tap, and :math:`c` the channels
    of the group of :math:`f`,

    .. math:: y_{nfi} = b_f + \sum_{c, k, o} w_{cfk} \, x_{nco}
        \quad\text{over}\quad o \cdot stride + k \cdot dilation - padding = i,

    which is the gradient of a `Conv2d` with respect to its input.

    **The way back.** A `Conv2d` and a `ConvTranspose2d` of the same `kernel_size`, `stride`,
    `padding` and `dilation` bring a *size* L back if ``(L + 2 * padding - dilation * (kernel_size -
    1) - 1) % stride`` is 0. Any other remainder has to be given as `output_padding`, or the size as
    `output_size` to forward. The *values* never come back: the adjoint is not the inverse.

    References
    ----------
    .. [1] He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015, section 2.2.
    .. [2] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       relationship 14.

    Examples
    --------
    Twice as high and wide:

    >>> import lucid
    >>> import lucid.nn as nn
    >>> up = nn.ConvTranspose2d(128, 64, kernel_size=4, stride=2, padding=1)
    >>> up(lucid.zeros(4, 128, 8, 8)).shape
    (4, 64, 16, 16)

    A size that comes back one short, and the two ways to say which one is meant:

    >>> down = nn.Conv2d(1, 1, kernel_size=3, stride=2, padding=1)
    >>> up = nn.ConvTranspose2d(1, 1, kernel_size=3, stride=2, padding=1)
    >>> x = lucid.zeros(1, 1, 8, 8)
    >>> small = down(x)
    >>> small.shape, up(small).shape
    ((1, 1, 4, 4), (1, 1, 7, 7))
    >>> up(small, output_size=x.shape).shape
    (1, 1, 8, 8)
    >>> exact = nn.ConvTranspose2d(1, 1, kernel_size=3, stride=2, padding=1, output_padding=1)
    >>> exact(small).shape
    (1, 1, 8, 8)
    """

    ndim = 2


class ConvTranspose3d(ConvTransposeNd):
    r"""Spread volumes out with learnt kernels: a 3D transposed convolution.

    Every input position puts down a copy of the kernel, times its value, `stride` positions after
    the one before, and copies that overlap add up. With a stride above 1 the output is longer than
    the input, as in decoders of volumes and video.

    Parameters
    ----------
    in_channels : int
        Channels of the input, at least 1.
    out_channels : int
        Channels of the output, at least 1.
    kernel_size : int or tuple[int, int, int]
        Taps of the kernel along each axis, at least 1.
    stride : int or tuple[int, int, int], default 1
        Positions of the output from one placement of the kernel to the next; at least 1. Above 1
        the output is that many times longer than the input, give or take the ends.
    padding : int or tuple[int, int, int], default 0
        Positions cropped from both sides of each axis, at least 0. Seen from the input, it is
        surrounded by ``dilation * (kernel_size - 1) - padding`` zeros on each side, and cropped
        where that is negative. Strings and other paddings than zeros are not supported.
    output_padding : int or tuple[int, int, int], default 0
        Positions added on the high side of each axis of the output; they hold computed values, not
        zeros. From 0 to ``max(stride, dilation) - 1``.
    groups : int, default 1
        Parts that the channels are split into, each output part seeing its own input part alone.
        Divides the input and the output channels.
    bias : bool, default True
        Whether a learnt number is added to every output channel.
    dilation : int or tuple[int, int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.
    device : DeviceLike, default None
        Where the parameters are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the parameters, float32 or float64; None is the default type.

    Attributes
    ----------
    weight : Parameter
        (in_channels, out_channels // groups, K_D, K_H, K_W). The first axis is that of the *input*
        channels. First drawn from :math:`U(-b, b)` with :math:`b = 1 / \sqrt{fan_{in}}`, the
        Kaiming uniform scheme for :math:`a = \sqrt 5` [1]_; `fan_in` is ``(out_channels // groups)
        * K_D * K_H * K_W``, taken from axis 1 of the weight as for every layer, though here it
        counts *output* channels.
    bias : Parameter or None
        (out_channels,), drawn from the same interval; None with ``bias=False``.
    in_channels : int
        As given.
    out_channels, groups : int
        As given.
    kernel_size, stride, padding, output_padding, dilation : tuple of int
        One number for each axis.

    See Also
    --------
    Conv3d : The convolution that it is the adjoint of.
    LazyConvTranspose3d : The same layer, which learns `in_channels` from its first input.
    lucid.nn.functional.conv_transpose3d : The same computation with weights of your own.

    Notes
    -----
    **Shape.** Input (N, in_channels, D, H, W), or (in_channels, D, H, W) for one item. Output (N,
    out_channels, D_out, H_out, W_out), or without N; along each axis, with the numbers of that axis
    [2]_,

    .. math:: L_{out} = (L - 1) \, stride - 2 \, padding + dilation \, (kernel\_size - 1)
        + output\_padding + 1.

    An empty batch gives an empty result; an empty spatial axis is refused.

    **Values.** With :math:`o` a position of the input, :math:`k` a tap, and :math:`c` the channels
    of the group of :math:`f`,

    .. math:: y_{nfi} = b_f + \sum_{c, k, o} w_{cfk} \, x_{nco}
        \quad\text{over}\quad o \cdot stride + k \cdot dilation - padding = i,

    which is the gradient of a `Conv3d` with respect to its input.

    **The way back.** A `Conv3d` and a `ConvTranspose3d` of the same `kernel_size`, `stride`,
    `padding` and `dilation` bring a *size* L back if ``(L + 2 * padding - dilation * (kernel_size -
    1) - 1) % stride`` is 0. Any other remainder has to be given as `output_padding`, or the size as
    `output_size` to forward. The *values* never come back: the adjoint is not the inverse.

    **Memory.** Large volumes with many channels fill memory fast, and training keeps every one of
    them until backward: 64 channels of 128 x 128 x 128 in float32 are 512 MiB. Fewer channels where
    the volume is largest, or checkpointing, keep that in bounds.

    References
    ----------
    .. [1] He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015, section 2.2.
    .. [2] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       relationship 14.

    Examples
    --------
    Twice as long along all three axes:

    >>> import lucid
    >>> import lucid.nn as nn
    >>> up3d = nn.ConvTranspose3d(
    ...     in_channels=64, out_channels=32,
    ...     kernel_size=4, stride=2, padding=1
    ... )
    >>> x = lucid.zeros(2, 64, 4, 8, 8)
    >>> y = up3d(x)
    >>> y.shape
    (2, 32, 8, 16, 16)

    A block of a decoder that changes the channels and keeps the size:

    >>> import lucid
    >>> import lucid.nn as nn
    >>> decoder3d = nn.ConvTranspose3d(128, 64, kernel_size=3, stride=1, padding=1)
    >>> x = lucid.zeros(1, 128, 8, 8, 8)
    >>> y = decoder3d(x)
    >>> y.shape
    (1, 64, 8, 8, 8)

    A size that comes back one short, and the two ways to say which one is meant:

    >>> down = nn.Conv3d(1, 1, kernel_size=3, stride=2, padding=1)
    >>> up = nn.ConvTranspose3d(1, 1, kernel_size=3, stride=2, padding=1)
    >>> x = lucid.zeros(1, 1, 8, 8, 8)
    >>> small = down(x)
    >>> small.shape, up(small).shape
    ((1, 1, 4, 4, 4), (1, 1, 7, 7, 7))
    >>> up(small, output_size=x.shape).shape
    (1, 1, 8, 8, 8)
    >>> exact = nn.ConvTranspose3d(1, 1, kernel_size=3, stride=2, padding=1, output_padding=1)
    >>> exact(small).shape
    (1, 1, 8, 8, 8)
    """

    ndim = 3
