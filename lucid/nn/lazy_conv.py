"""Convolution layers that learn `in_channels` from their first input, or from a state dict."""

from __future__ import annotations

from lucid.device import DeviceLike
from lucid.dtypes import DTypeLike
from lucid.errors import ShapeError
from lucid.geometry import check_axes
from lucid.nn.conv import Conv1d, Conv2d, Conv3d, _Size2d, _Size3d, _SizeNd  # for signatures
from lucid.nn.conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from lucid.nn.lazy import LazyModuleMixin
from lucid.ops.operands import check_tensor

__all__ = [
    "LazyConv1d", "LazyConv2d", "LazyConv3d", "LazyConvTranspose1d", "LazyConvTranspose2d",
    "LazyConvTranspose3d",
]


class LazyConvNd(LazyModuleMixin):
    """How a convolution layer learns its input channels: everything is checked, then made."""

    learns_channels = True

    def __init__(
        self, out_channels: int, kernel_size: _SizeNd, stride: _SizeNd = 1,
        padding: _SizeNd | str = 0, dilation: _SizeNd = 1, groups: int = 1, bias: bool = True,
        padding_mode: str = "zeros", device: DeviceLike = None, dtype: DTypeLike = None,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__(
            None, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode,
            device, dtype,
        )

    def initialize_parameters(self, x, **options):
        """Take `in_channels` from the first input."""
        check_tensor(x, type(self).__name__)
        shape = x.array.shape
        check_axes(shape, self.ndim)
        channels = shape[-self.ndim - 1]
        if channels % self.groups or not channels:
            raise ShapeError(
                f"input of shape {shape} has {channels} channels, which cannot be split into "
                f"groups={self.groups} equal parts; the layer has learnt nothing from it"
            )
        self.layout(shape, self.weight_shape(channels), **options)
        self.materialize(channels)

    def initialize_from_state(self, arrays):
        """Take `in_channels` from the weight of a state dict."""
        if "weight" not in arrays:
            return  # only a weight tells in_channels: the bias will be refused, having no shape
        shape = arrays["weight"].shape
        channels = self.channels_of(shape) if len(shape) == self.ndim + 2 else 0
        if not channels or channels % self.groups or shape != self.weight_shape(channels):
            raise ShapeError(
                f"weight of shape {shape} in the state dict does not fit; this layer needs one of "
                f"shape {self.weight_shape(self.groups)} if in_channels is {self.groups}"
            )
        self.materialize(channels, given=arrays)


class LazyConvTransposeNd(LazyConvNd):
    """The same for the transposed layers, whose constructor has other parameters."""

    def __init__(
        self, out_channels: int, kernel_size: _SizeNd, stride: _SizeNd = 1, padding: _SizeNd = 0,
        output_padding: _SizeNd = 0, groups: int = 1, bias: bool = True, dilation: _SizeNd = 1,
        device: DeviceLike = None, dtype: DTypeLike = None,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super(LazyConvNd, self).__init__(
            None, out_channels, kernel_size, stride, padding, output_padding, groups, bias,
            dilation, device, dtype,
        )


class LazyConv1d(LazyConvNd, Conv1d):
    r"""A `Conv1d` that learns `in_channels` from its first input.

    The weight is made, and drawn, when the first input or a state dict tells the number of
    channels, so a network for sequences can be written without counting them.

    Parameters
    ----------
    out_channels : int
        Channels of the output, at least 1.
    kernel_size : int
        Taps of the kernel along each axis, at least 1.
    stride : int, default 1
        Positions from one placement of the kernel to the next; at least 1.
    padding : int or str, default 0
        Positions added on both sides of each axis, at least 0. ``'valid'`` adds none; ``'same'``
        keeps the size, at stride 1 only, and puts the odd position on the high side.
    dilation : int, default 1
        Positions from one tap of the kernel to the next; at least 1.
    groups : int, default 1
        Parts that the channels are split into, each output part seeing its own input part alone.
        Divides the input and the output channels.
    bias : bool, default True
        Whether a learnt number is added to every output channel, once there are weights.
    padding_mode : str, default 'zeros'
        What the added positions hold: ``'zeros'``, ``'reflect'`` (padding at most size - 1),
        ``'replicate'``, or ``'circular'`` (padding at most size).
    device : DeviceLike, default None
        Where the parameters are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the parameters, float32 or float64; None is the default type.

    Attributes
    ----------
    weight : Parameter or None
        None until `in_channels` is known, then (out_channels, in_channels // groups, K).
    bias : Parameter or None
        None until `in_channels` is known, then (out_channels,); with ``bias=False`` always None.
    in_channels : int or None
        None until the first forward or the loading of a state dict.
    out_channels, groups : int
        As given.
    kernel_size, stride, dilation : tuple of int
        One number for each axis.
    padding : tuple of int or str
        One number for each axis, or the string that was given.
    padding_mode : str
        As given.

    See Also
    --------
    Conv1d : The same layer with `in_channels` given.
    LazyConvTranspose1d : The lazy form of its adjoint.
    lucid.nn.functional.conv1d : The same computation with weights of your own.

    Notes
    -----
    **Shape.** Input (N, C_in, L), or (C_in, L) for one item; C_in becomes `in_channels`. Output (N,
    out_channels, L_out), or without N; along the axis, with the numbers of that axis [1]_,

    .. math:: L_{out} = \left\lfloor \frac{L + 2 \, padding - dilation \, (kernel\_size - 1)
        - 1}{stride} \right\rfloor + 1,

    where for ``'same'`` the two paddings sum to ``dilation * (kernel_size - 1)``. An empty batch
    gives an empty result; an empty spatial axis is refused.

    **Life.** Until `in_channels` is known, `parameters` gives placeholders, which an optimizer may
    take: the same objects are filled later. `state_dict` leaves them out. Loading a state dict
    whose weight has 3 axes fills them too: its second axis times `groups` *defines* `in_channels`,
    and need not equal anything known before. If the first forward or the loading fails, the layer
    waits on, untouched. It keeps its class.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       relationships 6 and 15.

    Examples
    --------
    The channels of a signal are found out:

    >>> import lucid
    >>> import lucid.nn as nn
    >>> lazy = nn.LazyConv1d(out_channels=16, kernel_size=3, padding=1)
    >>> print(lazy.in_channels)
    None
    >>> lazy(lucid.zeros(2, 4, 20)).shape  # in_channels=4 learnt
    (2, 16, 20)
    >>> lazy
    LazyConv1d(4, 16, kernel_size=(3,), stride=(1,), padding=(1,))

    A state dict tells the channels as well as an input does:

    >>> lazy = nn.LazyConv1d(out_channels=4, kernel_size=3, bias=False)
    >>> lazy.load_state_dict({"weight": lucid.ones(4, 6, 3)})
    <All keys matched successfully>
    >>> lazy.in_channels
    6
    """

    ndim = 1


class LazyConv2d(LazyConvNd, Conv2d):
    r"""A `Conv2d` that learns `in_channels` from its first input.

    The weight is made, and drawn, when the first input or a state dict tells the number of
    channels, so a network for images can be written without counting them.

    Parameters
    ----------
    out_channels : int
        Channels of the output, at least 1.
    kernel_size : int or tuple[int, int]
        Taps of the kernel along each axis, at least 1.
    stride : int or tuple[int, int], default 1
        Positions from one placement of the kernel to the next; at least 1.
    padding : int, tuple[int, int], or str, default 0
        Positions added on both sides of each axis, at least 0. ``'valid'`` adds none; ``'same'``
        keeps the size, at stride 1 only, and puts the odd position on the high side.
    dilation : int or tuple[int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.
    groups : int, default 1
        Parts that the channels are split into, each output part seeing its own input part alone.
        Divides the input and the output channels.
    bias : bool, default True
        Whether a learnt number is added to every output channel, once there are weights.
    padding_mode : str, default 'zeros'
        What the added positions hold: ``'zeros'``, ``'reflect'`` (padding at most size - 1),
        ``'replicate'``, or ``'circular'`` (padding at most size).
    device : DeviceLike, default None
        Where the parameters are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the parameters, float32 or float64; None is the default type.

    Attributes
    ----------
    weight : Parameter or None
        None until `in_channels` is known, then (out_channels, in_channels // groups, K_H, K_W).
    bias : Parameter or None
        None until `in_channels` is known, then (out_channels,); with ``bias=False`` always None.
    in_channels : int or None
        None until the first forward or the loading of a state dict.
    out_channels, groups : int
        As given.
    kernel_size, stride, dilation : tuple of int
        One number for each axis.
    padding : tuple of int or str
        One number for each axis, or the string that was given.
    padding_mode : str
        As given.

    See Also
    --------
    Conv2d : The same layer with `in_channels` given.
    LazyConvTranspose2d : The lazy form of its adjoint.
    lucid.nn.functional.conv2d : The same computation with weights of your own.

    Notes
    -----
    **Shape.** Input (N, C_in, H, W), or (C_in, H, W) for one item; C_in becomes `in_channels`.
    Output (N, out_channels, H_out, W_out), or without N; along each axis, with the numbers of that
    axis [1]_,

    .. math:: L_{out} = \left\lfloor \frac{L + 2 \, padding - dilation \, (kernel\_size - 1)
        - 1}{stride} \right\rfloor + 1,

    where for ``'same'`` the two paddings sum to ``dilation * (kernel_size - 1)``. An empty batch
    gives an empty result; an empty spatial axis is refused.

    **Life.** Until `in_channels` is known, `parameters` gives placeholders, which an optimizer may
    take: the same objects are filled later. `state_dict` leaves them out. Loading a state dict
    whose weight has 4 axes fills them too: its second axis times `groups` *defines* `in_channels`,
    and need not equal anything known before. If the first forward or the loading fails, the layer
    waits on, untouched. It keeps its class.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       relationships 6 and 15.

    Examples
    --------
    The channels of an image are found out:

    >>> import lucid
    >>> import lucid.nn as nn
    >>> lazy = nn.LazyConv2d(out_channels=16, kernel_size=3, padding=1)
    >>> print(lazy.in_channels)
    None
    >>> lazy(lucid.zeros(2, 3, 8, 8)).shape  # in_channels=3 learnt
    (2, 16, 8, 8)
    >>> lazy
    LazyConv2d(3, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))

    A state dict tells the channels as well as an input does:

    >>> lazy = nn.LazyConv2d(out_channels=4, kernel_size=3, bias=False)
    >>> lazy.load_state_dict({"weight": lucid.ones(4, 6, 3, 3)})
    <All keys matched successfully>
    >>> lazy.in_channels
    6
    """

    ndim = 2


class LazyConv3d(LazyConvNd, Conv3d):
    r"""A `Conv3d` that learns `in_channels` from its first input.

    The weight is made, and drawn, when the first input or a state dict tells the number of
    channels, so a network for volumes can be written without counting them.

    Parameters
    ----------
    out_channels : int
        Channels of the output, at least 1.
    kernel_size : int or tuple[int, int, int]
        Taps of the kernel along each axis, at least 1.
    stride : int or tuple[int, int, int], default 1
        Positions from one placement of the kernel to the next; at least 1.
    padding : int, tuple[int, int, int], or str, default 0
        Positions added on both sides of each axis, at least 0. ``'valid'`` adds none; ``'same'``
        keeps the size, at stride 1 only, and puts the odd position on the high side.
    dilation : int or tuple[int, int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.
    groups : int, default 1
        Parts that the channels are split into, each output part seeing its own input part alone.
        Divides the input and the output channels.
    bias : bool, default True
        Whether a learnt number is added to every output channel, once there are weights.
    padding_mode : str, default 'zeros'
        What the added positions hold: ``'zeros'``, ``'reflect'`` (padding at most size - 1),
        ``'replicate'``, or ``'circular'`` (padding at most size).
    device : DeviceLike, default None
        Where the parameters are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the parameters, float32 or float64; None is the default type.

    Attributes
    ----------
    weight : Parameter or None
        None until `in_channels` is known, then (out_channels, in_channels // groups, K_D, K_H,
        K_W).
    bias : Parameter or None
        None until `in_channels` is known, then (out_channels,); with ``bias=False`` always None.
    in_channels : int or None
        None until the first forward or the loading of a state dict.
    out_channels, groups : int
        As given.
    kernel_size, stride, dilation : tuple of int
        One number for each axis.
    padding : tuple of int or str
        One number for each axis, or the string that was given.
    padding_mode : str
        As given.

    See Also
    --------
    Conv3d : The same layer with `in_channels` given.
    LazyConvTranspose3d : The lazy form of its adjoint.
    lucid.nn.functional.conv3d : The same computation with weights of your own.

    Notes
    -----
    **Shape.** Input (N, C_in, D, H, W), or (C_in, D, H, W) for one item; C_in becomes
    `in_channels`. Output (N, out_channels, D_out, H_out, W_out), or without N; along each axis,
    with the numbers of that axis [1]_,

    .. math:: L_{out} = \left\lfloor \frac{L + 2 \, padding - dilation \, (kernel\_size - 1)
        - 1}{stride} \right\rfloor + 1,

    where for ``'same'`` the two paddings sum to ``dilation * (kernel_size - 1)``. An empty batch
    gives an empty result; an empty spatial axis is refused.

    **Life.** Until `in_channels` is known, `parameters` gives placeholders, which an optimizer may
    take: the same objects are filled later. `state_dict` leaves them out. Loading a state dict
    whose weight has 5 axes fills them too: its second axis times `groups` *defines* `in_channels`,
    and need not equal anything known before. If the first forward or the loading fails, the layer
    waits on, untouched. It keeps its class.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       relationships 6 and 15.

    Examples
    --------
    In a network for volumes:

    >>> import lucid
    >>> import lucid.nn as nn
    >>> lazy3d = nn.LazyConv3d(out_channels=32, kernel_size=3, padding=1)
    >>> x = lucid.zeros(2, 4, 16, 32, 32)  # in_channels=4 inferred
    >>> y = lazy3d(x)
    >>> y.shape
    (2, 32, 16, 32, 32)

    Before and after:

    >>> import lucid
    >>> import lucid.nn as nn
    >>> lazy3d = nn.LazyConv3d(out_channels=16, kernel_size=3, padding=1)
    >>> print(lazy3d.in_channels)
    None
    >>> _ = lazy3d(lucid.zeros(1, 8, 4, 4, 4))
    >>> print(lazy3d.in_channels)
    8

    A state dict tells the channels as well as an input does:

    >>> lazy = nn.LazyConv3d(out_channels=4, kernel_size=3, bias=False)
    >>> lazy.load_state_dict({"weight": lucid.ones(4, 6, 3, 3, 3)})
    <All keys matched successfully>
    >>> lazy.in_channels
    6
    """

    ndim = 3


class LazyConvTranspose1d(LazyConvTransposeNd, ConvTranspose1d):
    r"""A `ConvTranspose1d` that learns `in_channels` from its first input.

    The weight is made, and drawn, when the first input or a state dict tells the number of
    channels, so a decoder can be written without counting those of every block before it.

    Parameters
    ----------
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
        Whether a learnt number is added to every output channel, once there are weights.
    dilation : int, default 1
        Positions from one tap of the kernel to the next; at least 1.
    device : DeviceLike, default None
        Where the parameters are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the parameters, float32 or float64; None is the default type.

    Attributes
    ----------
    weight : Parameter or None
        None until `in_channels` is known, then (in_channels, out_channels // groups, K).
    bias : Parameter or None
        None until `in_channels` is known, then (out_channels,); with ``bias=False`` always None.
    in_channels : int or None
        None until the first forward or the loading of a state dict.
    out_channels, groups : int
        As given.
    kernel_size, stride, padding, output_padding, dilation : tuple of int
        One number for each axis.

    See Also
    --------
    ConvTranspose1d : The same layer with `in_channels` given.
    LazyConv1d : The lazy form of its adjoint.
    lucid.nn.functional.conv_transpose1d : The same computation with weights of your own.

    Notes
    -----
    **Shape.** Input (N, C_in, L), or (C_in, L) for one item; C_in becomes `in_channels`. Output (N,
    out_channels, L_out), or without N; along the axis, with the numbers of that axis [1]_,

    .. math:: L_{out} = (L - 1) \, stride - 2 \, padding + dilation \, (kernel\_size - 1)
        + output\_padding + 1.

    An empty batch gives an empty result; an empty spatial axis is refused.

    **Life.** Until `in_channels` is known, `parameters` gives placeholders, which an optimizer may
    take: the same objects are filled later. `state_dict` leaves them out. Loading a state dict
    whose weight has 3 axes fills them too: its first axis *defines* `in_channels`, and need not
    equal anything known before. If the first forward or the loading fails, the layer waits on,
    untouched. It keeps its class.

    **The way back.** A `LazyConv1d` and a `LazyConvTranspose1d` of the same `kernel_size`,
    `stride`, `padding` and `dilation` bring a *size* L back if ``(L + 2 * padding - dilation *
    (kernel_size - 1) - 1) % stride`` is 0. Any other remainder has to be given as `output_padding`,
    or the size as `output_size` to forward. The *values* never come back: the adjoint is not the
    inverse.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       relationship 14.

    Examples
    --------
    In a decoder of sequences:

    >>> import lucid
    >>> import lucid.nn as nn
    >>> decoder = nn.LazyConvTranspose1d(
    ...     out_channels=16, kernel_size=4, stride=2, padding=1
    ... )
    >>> x = lucid.zeros(2, 32, 10)   # in_channels=32 inferred
    >>> y = decoder(x)
    >>> y.shape
    (2, 16, 20)

    Before and after:

    >>> import lucid
    >>> import lucid.nn as nn
    >>> lazy = nn.LazyConvTranspose1d(out_channels=8, kernel_size=3, padding=1)
    >>> print(lazy.in_channels)
    None
    >>> _ = lazy(lucid.zeros(1, 4, 16))
    >>> print(lazy.in_channels)
    4

    A state dict tells the channels as well as an input does:

    >>> lazy = nn.LazyConvTranspose1d(out_channels=4, kernel_size=3, bias=False)
    >>> lazy.load_state_dict({"weight": lucid.ones(6, 4, 3)})
    <All keys matched successfully>
    >>> lazy.in_channels
    6

    A size that comes back one short, and the two ways to say which one is meant:

    >>> down = nn.LazyConv1d(1, kernel_size=3, stride=2, padding=1)
    >>> up = nn.LazyConvTranspose1d(1, kernel_size=3, stride=2, padding=1)
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


class LazyConvTranspose2d(LazyConvTransposeNd, ConvTranspose2d):
    r"""A `ConvTranspose2d` that learns `in_channels` from its first input.

    The weight is made, and drawn, when the first input or a state dict tells the number of
    channels, so a decoder can be written without counting those of every block before it.

    Parameters
    ----------
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
        Whether a learnt number is added to every output channel, once there are weights.
    dilation : int or tuple[int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.
    device : DeviceLike, default None
        Where the parameters are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the parameters, float32 or float64; None is the default type.

    Attributes
    ----------
    weight : Parameter or None
        None until `in_channels` is known, then (in_channels, out_channels // groups, K_H, K_W).
    bias : Parameter or None
        None until `in_channels` is known, then (out_channels,); with ``bias=False`` always None.
    in_channels : int or None
        None until the first forward or the loading of a state dict.
    out_channels, groups : int
        As given.
    kernel_size, stride, padding, output_padding, dilation : tuple of int
        One number for each axis.

    See Also
    --------
    ConvTranspose2d : The same layer with `in_channels` given.
    LazyConv2d : The lazy form of its adjoint.
    lucid.nn.functional.conv_transpose2d : The same computation with weights of your own.

    Notes
    -----
    **Shape.** Input (N, C_in, H, W), or (C_in, H, W) for one item; C_in becomes `in_channels`.
    Output (N, out_channels, H_out, W_out), or without N; along each axis, with the numbers of that
    axis [1]_,

    .. math:: L_{out} = (L - 1) \, stride - 2 \, padding + dilation \, (kernel\_size - 1)
        + output\_padding + 1.

    An empty batch gives an empty result; an empty spatial axis is refused.

    **Life.** Until `in_channels` is known, `parameters` gives placeholders, which an optimizer may
    take: the same objects are filled later. `state_dict` leaves them out. Loading a state dict
    whose weight has 4 axes fills them too: its first axis *defines* `in_channels`, and need not
    equal anything known before. If the first forward or the loading fails, the layer waits on,
    untouched. It keeps its class.

    **The way back.** A `LazyConv2d` and a `LazyConvTranspose2d` of the same `kernel_size`,
    `stride`, `padding` and `dilation` bring a *size* L back if ``(L + 2 * padding - dilation *
    (kernel_size - 1) - 1) % stride`` is 0. Any other remainder has to be given as `output_padding`,
    or the size as `output_size` to forward. The *values* never come back: the adjoint is not the
    inverse.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       relationship 14.

    Examples
    --------
    In the decoder of a variational autoencoder:

    >>> import lucid
    >>> import lucid.nn as nn
    >>> decoder = nn.LazyConvTranspose2d(
    ...     out_channels=64, kernel_size=4, stride=2, padding=1
    ... )
    >>> z = lucid.zeros(4, 128, 8, 8)  # in_channels=128 inferred
    >>> y = decoder(z)
    >>> y.shape
    (4, 64, 16, 16)

    What it learnt:

    >>> import lucid
    >>> import lucid.nn as nn
    >>> lazy = nn.LazyConvTranspose2d(out_channels=32, kernel_size=3)
    >>> _ = lazy(lucid.zeros(1, 64, 4, 4))
    >>> print(lazy.in_channels)
    64

    A state dict tells the channels as well as an input does:

    >>> lazy = nn.LazyConvTranspose2d(out_channels=4, kernel_size=3, bias=False)
    >>> lazy.load_state_dict({"weight": lucid.ones(6, 4, 3, 3)})
    <All keys matched successfully>
    >>> lazy.in_channels
    6

    A size that comes back one short, and the two ways to say which one is meant:

    >>> down = nn.LazyConv2d(1, kernel_size=3, stride=2, padding=1)
    >>> up = nn.LazyConvTranspose2d(1, kernel_size=3, stride=2, padding=1)
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


class LazyConvTranspose3d(LazyConvTransposeNd, ConvTranspose3d):
    r"""A `ConvTranspose3d` that learns `in_channels` from its first input.

    The weight is made, and drawn, when the first input or a state dict tells the number of
    channels, so a decoder can be written without counting those of every block before it.

    Parameters
    ----------
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
        Whether a learnt number is added to every output channel, once there are weights.
    dilation : int or tuple[int, int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.
    device : DeviceLike, default None
        Where the parameters are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the parameters, float32 or float64; None is the default type.

    Attributes
    ----------
    weight : Parameter or None
        None until `in_channels` is known, then (in_channels, out_channels // groups, K_D, K_H,
        K_W).
    bias : Parameter or None
        None until `in_channels` is known, then (out_channels,); with ``bias=False`` always None.
    in_channels : int or None
        None until the first forward or the loading of a state dict.
    out_channels, groups : int
        As given.
    kernel_size, stride, padding, output_padding, dilation : tuple of int
        One number for each axis.

    See Also
    --------
    ConvTranspose3d : The same layer with `in_channels` given.
    LazyConv3d : The lazy form of its adjoint.
    lucid.nn.functional.conv_transpose3d : The same computation with weights of your own.

    Notes
    -----
    **Shape.** Input (N, C_in, D, H, W), or (C_in, D, H, W) for one item; C_in becomes
    `in_channels`. Output (N, out_channels, D_out, H_out, W_out), or without N; along each axis,
    with the numbers of that axis [1]_,

    .. math:: L_{out} = (L - 1) \, stride - 2 \, padding + dilation \, (kernel\_size - 1)
        + output\_padding + 1.

    An empty batch gives an empty result; an empty spatial axis is refused.

    **Life.** Until `in_channels` is known, `parameters` gives placeholders, which an optimizer may
    take: the same objects are filled later. `state_dict` leaves them out. Loading a state dict
    whose weight has 5 axes fills them too: its first axis *defines* `in_channels`, and need not
    equal anything known before. If the first forward or the loading fails, the layer waits on,
    untouched. It keeps its class.

    **The way back.** A `LazyConv3d` and a `LazyConvTranspose3d` of the same `kernel_size`,
    `stride`, `padding` and `dilation` bring a *size* L back if ``(L + 2 * padding - dilation *
    (kernel_size - 1) - 1) % stride`` is 0. Any other remainder has to be given as `output_padding`,
    or the size as `output_size` to forward. The *values* never come back: the adjoint is not the
    inverse.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       relationship 14.

    Examples
    --------
    In a decoder of volumes:

    >>> import lucid
    >>> import lucid.nn as nn
    >>> up3d = nn.LazyConvTranspose3d(
    ...     out_channels=32, kernel_size=4, stride=2, padding=1
    ... )
    >>> x = lucid.zeros(2, 64, 4, 8, 8)  # in_channels=64 inferred
    >>> y = up3d(x)
    >>> y.shape
    (2, 32, 8, 16, 16)

    Before and after:

    >>> import lucid
    >>> import lucid.nn as nn
    >>> lazy = nn.LazyConvTranspose3d(out_channels=16, kernel_size=3, padding=1)
    >>> print(lazy.in_channels)
    None
    >>> _ = lazy(lucid.zeros(1, 8, 4, 4, 4))
    >>> print(lazy.in_channels)
    8

    A state dict tells the channels as well as an input does:

    >>> lazy = nn.LazyConvTranspose3d(out_channels=4, kernel_size=3, bias=False)
    >>> lazy.load_state_dict({"weight": lucid.ones(6, 4, 3, 3, 3)})
    <All keys matched successfully>
    >>> lazy.in_channels
    6

    A size that comes back one short, and the two ways to say which one is meant:

    >>> down = nn.LazyConv3d(1, kernel_size=3, stride=2, padding=1)
    >>> up = nn.LazyConvTranspose3d(1, kernel_size=3, stride=2, padding=1)
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
