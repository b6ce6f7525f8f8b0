"""Convolution layers: `ConvNd` holds what all ranks share, each class below its own page."""

from __future__ import annotations

from math import prod
from types import FunctionType

from lucid.device import DeviceLike
from lucid.dtypes import DTypeLike
from lucid.geometry import (
    check_int, check_split, conv_geometry, normalise_padding, normalise_size, padding_pairs,
)
from lucid.nn.functional.conv import check_operands, run
from lucid.nn.init import uniform_
from lucid.nn.module import Module
from lucid.nn.parameter import UninitializedParameter, is_lazy
from lucid.ops.conv import Conv
from lucid.ops.padding import SOURCES, check_mode, pad_axes, padded_shape
from lucid.tensor import Tensor

__all__ = ["Conv1d", "Conv2d", "Conv3d"]

_SizeNd = int | tuple[int, ...]
_Size2d = int | tuple[int, int]
_Size3d = int | tuple[int, int, int]


class ConvNd(Module):
    """What the convolution layers of all ranks share; a class below is its page and its rank."""

    ndim = None  # spatial axes, 1 to 3
    learns_channels = False  # whether in_channels may be None until an input tells

    def __init_subclass__(cls):
        """Give a class of a new rank the constructor with that rank's type in its signature."""
        super().__init_subclass__()
        if "ndim" in cls.__dict__:
            size, init = ("int", "_Size2d", "_Size3d")[cls.ndim - 1], cls.__init__
            kept = init.__defaults__, init.__closure__
            own = FunctionType(init.__code__, init.__globals__, "__init__", *kept)
            types = init.__annotations__.items()
            own.__annotations__ = {name: each.replace("_SizeNd", size) for name, each in types}
            own.__doc__, own.__qualname__ = init.__doc__, f"{cls.__qualname__}.__init__"
            cls.__init__ = own

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: _SizeNd, stride: _SizeNd = 1,
        padding: _SizeNd | str = 0, dilation: _SizeNd = 1, groups: int = 1, bias: bool = True,
        padding_mode: str = "zeros", device: DeviceLike = None, dtype: DTypeLike = None,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.in_channels = None
        self.out_channels = check_int(out_channels, "out_channels", 1)
        self.kernel_size = normalise_size(kernel_size, self.ndim, "kernel_size")
        self.stride = normalise_size(stride, self.ndim, "stride")
        self.padding = normalise_padding(padding, self.ndim)
        self.dilation = normalise_size(dilation, self.ndim, "dilation")
        self.groups = check_int(groups, "groups", 1)
        self.padding_mode = check_mode(padding_mode, "padding_mode", ("zeros", *SOURCES))
        check_split(self.out_channels, self.groups, "out_channels")
        self._pads()  # refuses 'same' beside a stride
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        waiting = UninitializedParameter(device=device, dtype=dtype) if bias else None
        self.register_parameter("bias", waiting)
        if in_channels is not None or not self.learns_channels:
            in_channels = check_int(in_channels, "in_channels", 1)
            check_split(in_channels, self.groups, "in_channels")
            self.materialize(in_channels)

    def weight_shape(self, in_channels):
        """Give the shape of the weight for a number of input channels."""
        return (self.out_channels, in_channels // self.groups, *self.kernel_size)

    def channels_of(self, w_shape):
        """Give the number of input channels that a weight is for."""
        return w_shape[1] * self.groups

    def materialize(self, in_channels, given=()):
        """Make the parameters that wait for the channels; draw those not in `given`."""
        self.in_channels = in_channels
        shapes = {"weight": self.weight_shape(in_channels), "bias": (self.out_channels,)}
        waiting = [name for name in shapes if is_lazy(self._parameters[name])]
        for name in waiting:
            self._parameters[name].materialize(shapes[name])
        self.reset_parameters([name for name in waiting if name not in given])

    def reset_parameters(self, names=("weight", "bias")):
        r"""Draw weight and bias anew from :math:`U(-b, b)`, :math:`b = 1 / \sqrt{fan_{in}}`.

        `fan_in` is ``weight.shape[1] * prod(kernel_size)``.
        """
        bound = prod(self.weight_shape(self.in_channels)[1:]) ** -0.5
        for name in names:
            if self._parameters[name] is not None:
                uniform_(self._parameters[name], -bound, bound)

    def _pads(self):
        return padding_pairs(self.padding, self.kernel_size, self.stride, self.dilation)

    def layout(self, x_shape, w_shape):
        """Give the geometry of a call, or raise why there is none."""
        stride, dilation, groups = self.stride, self.dilation, self.groups
        geometry = conv_geometry(x_shape, w_shape, stride, self.padding, dilation, groups)
        if self.padding_mode == "zeros":
            return geometry
        x_shape = padded_shape(x_shape, self._pads(), self.padding_mode)
        return conv_geometry(x_shape, w_shape, stride, 0, dilation, groups)

    def forward(self, x: Tensor) -> Tensor:
        r"""Convolve the input with the layer's weight.

        Parameters
        ----------
        x : Tensor
            (N, in_channels, \*), or (in_channels, \*) for one item, where \* are one to three
            spatial axes, none empty; of the type of `weight`.

        Returns
        -------
        Tensor
            (N, out_channels, \*), or without N; stride, padding, dilation and kernel size give the
            spatial sizes, as the Notes of the class say.

        Raises
        ------
        ShapeError
            If axes, channels or sizes do not fit; the message does the arithmetic.
        DtypeError
            If the input and the weight are not of the same type.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> nn.Conv1d(4, 8, kernel_size=3).forward(lucid.zeros(2, 4, 10)).shape
        (2, 8, 8)
        """
        return self._compute(Conv, x)

    def _compute(self, step, x, *options):
        weight, bias = self.weight, self.bias
        check_operands(x, weight, bias)
        geometry = self.layout(x.array.shape, weight.array.shape, *options)
        if self.padding_mode != "zeros":
            x = pad_axes(x, self._pads(), self.padding_mode)
        return run(step, geometry, x, weight, bias)

    def extra_repr(self) -> str:
        """Say how the layer was made: what is between the brackets of its representation.

        Returns
        -------
        str
            Channels, kernel size and stride, and of the rest what is not the default.

        Examples
        --------
        >>> import lucid.nn as nn
        >>> nn.Conv2d(4, 8, kernel_size=3, padding=1).extra_repr()
        '4, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1)'
        """
        zeros, ones = (0,) * self.ndim, (1,) * self.ndim
        defaults = {
            "kernel_size": None, "stride": None, "padding": zeros, "dilation": ones,
            "output_padding": zeros, "groups": 1, "bias": True, "padding_mode": "zeros",
        }
        values = {**defaults, **self.__dict__, "bias": self._parameters["bias"] is not None}
        shown = [f", {n}={values[n]!r}" for n in defaults if values[n] != defaults[n]]
        return f"{self.in_channels}, {self.out_channels}" + "".join(shown)


class Conv1d(ConvNd):
    r"""Slide learnt kernels over sequences: a 1D convolution.

    Every output channel is a weighted sum of a window of all input channels, and the window moves
    along length. For sound, text and measurements over time.

    Parameters
    ----------
    in_channels : int
        Channels of the input, at least 1.
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
        Whether a learnt number is added to every output channel.
    padding_mode : str, default 'zeros'
        What the added positions hold: ``'zeros'``, ``'reflect'`` (padding at most size - 1),
        ``'replicate'``, or ``'circular'`` (padding at most size).
    device : DeviceLike, default None
        Where the parameters are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the parameters, float32 or float64; None is the default type.

    Attributes
    ----------
    weight : Parameter
        (out_channels, in_channels // groups, K). First drawn from :math:`U(-b, b)` with :math:`b =
        1 / \sqrt{fan_{in}}`, the Kaiming uniform scheme for :math:`a = \sqrt 5` [1]_; `fan_in` is
        ``(in_channels // groups) * K``.
    bias : Parameter or None
        (out_channels,), drawn from the same interval; None with ``bias=False``.
    in_channels : int
        As given.
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
    ConvTranspose1d : The adjoint, which leads sizes back.
    LazyConv1d : The same layer, which learns `in_channels` from its first input.
    lucid.nn.functional.conv1d : The same computation with weights of your own.

    Notes
    -----
    **Shape.** Input (N, in_channels, L), or (in_channels, L) for one item. Output (N, out_channels,
    L_out), or without N; along the axis, with the numbers of that axis [2]_,

    .. math:: L_{out} = \left\lfloor \frac{L + 2 \, padding - dilation \, (kernel\_size - 1)
        - 1}{stride} \right\rfloor + 1,

    where for ``'same'`` the two paddings sum to ``dilation * (kernel_size - 1)``. An empty batch
    gives an empty result; an empty spatial axis is refused.

    **Values.** With :math:`o` an output position, :math:`k` a tap, and :math:`c` the channels of
    the group of :math:`f`,

    .. math:: y_{nfo} = b_f + \sum_{c, k} w_{fck} \, x_{n, c, \, o \cdot stride + k \cdot
        dilation - padding}.

    The kernel is not flipped: in signal processing this is called a cross-correlation.

    References
    ----------
    .. [1] He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015, section 2.2.
    .. [2] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       relationships 6 and 15.

    Examples
    --------
    Words of 16 features, each seen with its two neighbours:

    >>> import lucid
    >>> import lucid.nn as nn
    >>> conv = nn.Conv1d(16, 32, kernel_size=3, padding="same")
    >>> conv(lucid.zeros(4, 16, 50)).shape
    (4, 32, 50)

    The odd position of an even kernel is on the high side:

    >>> conv = nn.Conv1d(1, 1, kernel_size=4, padding="same", bias=False)
    >>> conv.load_state_dict({"weight": lucid.tensor([[[1.0, 10.0, 100.0, 1000.0]]])})
    <All keys matched successfully>
    >>> conv(lucid.tensor([[[1.0, 2.0, 3.0, 4.0, 5.0]]])).tolist()
    [[[3210.0, 4321.0, 5432.0, 543.0, 54.0]]]
    """

    ndim = 1


class Conv2d(ConvNd):
    r"""Slide learnt kernels over images: a 2D convolution.

    Every output channel is a weighted sum of a window of all input channels, and the window moves
    along height and width. For pictures and feature maps.

    Parameters
    ----------
    in_channels : int
        Channels of the input, at least 1.
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
        Whether a learnt number is added to every output channel.
    padding_mode : str, default 'zeros'
        What the added positions hold: ``'zeros'``, ``'reflect'`` (padding at most size - 1),
        ``'replicate'``, or ``'circular'`` (padding at most size).
    device : DeviceLike, default None
        Where the parameters are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the parameters, float32 or float64; None is the default type.

    Attributes
    ----------
    weight : Parameter
        (out_channels, in_channels // groups, K_H, K_W). First drawn from :math:`U(-b, b)` with
        :math:`b = 1 / \sqrt{fan_{in}}`, the Kaiming uniform scheme for :math:`a = \sqrt 5` [1]_;
        `fan_in` is ``(in_channels // groups) * K_H * K_W``.
    bias : Parameter or None
        (out_channels,), drawn from the same interval; None with ``bias=False``.
    in_channels : int
        As given.
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
    ConvTranspose2d : The adjoint, which leads sizes back.
    LazyConv2d : The same layer, which learns `in_channels` from its first input.
    lucid.nn.functional.conv2d : The same computation with weights of your own.

    Notes
    -----
    **Shape.** Input (N, in_channels, H, W), or (in_channels, H, W) for one item. Output (N,
    out_channels, H_out, W_out), or without N; along each axis, with the numbers of that axis [2]_,

    .. math:: L_{out} = \left\lfloor \frac{L + 2 \, padding - dilation \, (kernel\_size - 1)
        - 1}{stride} \right\rfloor + 1,

    where for ``'same'`` the two paddings sum to ``dilation * (kernel_size - 1)``. An empty batch
    gives an empty result; an empty spatial axis is refused.

    **Values.** With :math:`o` an output position, :math:`k` a tap, and :math:`c` the channels of
    the group of :math:`f`,

    .. math:: y_{nfo} = b_f + \sum_{c, k} w_{fck} \, x_{n, c, \, o \cdot stride + k \cdot
        dilation - padding}.

    The kernel is not flipped: in signal processing this is called a cross-correlation.

    References
    ----------
    .. [1] He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015, section 2.2.
    .. [2] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       relationships 6 and 15.

    Examples
    --------
    The first layer of a network for colour images:

    >>> import lucid
    >>> import lucid.nn as nn
    >>> conv = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3)
    >>> conv(lucid.zeros(2, 3, 32, 32)).shape
    (2, 64, 16, 16)

    A kernel for each channel, of another size along each axis:

    >>> depthwise = nn.Conv2d(8, 8, kernel_size=(3, 5), padding=(1, 2), groups=8, bias=False)
    >>> depthwise.weight.shape, depthwise(lucid.zeros(8, 9, 9)).shape
    ((8, 1, 3, 5), (8, 9, 9))
    """

    ndim = 2


class Conv3d(ConvNd):
    r"""Slide learnt kernels over volumes: a 3D convolution.

    Every output channel is a weighted sum of a window of all input channels, and the window moves
    along depth, height and width. For volumes from scanners, and video.

    Parameters
    ----------
    in_channels : int
        Channels of the input, at least 1.
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
        Whether a learnt number is added to every output channel.
    padding_mode : str, default 'zeros'
        What the added positions hold: ``'zeros'``, ``'reflect'`` (padding at most size - 1),
        ``'replicate'``, or ``'circular'`` (padding at most size).
    device : DeviceLike, default None
        Where the parameters are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the parameters, float32 or float64; None is the default type.

    Attributes
    ----------
    weight : Parameter
        (out_channels, in_channels // groups, K_D, K_H, K_W). First drawn from :math:`U(-b, b)` with
        :math:`b = 1 / \sqrt{fan_{in}}`, the Kaiming uniform scheme for :math:`a = \sqrt 5` [1]_;
        `fan_in` is ``(in_channels // groups) * K_D * K_H * K_W``.
    bias : Parameter or None
        (out_channels,), drawn from the same interval; None with ``bias=False``.
    in_channels : int
        As given.
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
    ConvTranspose3d : The adjoint, which leads sizes back.
    LazyConv3d : The same layer, which learns `in_channels` from its first input.
    lucid.nn.functional.conv3d : The same computation with weights of your own.

    Notes
    -----
    **Shape.** Input (N, in_channels, D, H, W), or (in_channels, D, H, W) for one item. Output (N,
    out_channels, D_out, H_out, W_out), or without N; along each axis, with the numbers of that axis
    [2]_,

    .. math:: L_{out} = \left\lfloor \frac{L + 2 \, padding - dilation \, (kernel\_size - 1)
        - 1}{stride} \right\rfloor + 1,

    where for ``'same'`` the two paddings sum to ``dilation * (kernel_size - 1)``. An empty batch
    gives an empty result; an empty spatial axis is refused.

    **Values.** With :math:`o` an output position, :math:`k` a tap, and :math:`c` the channels of
    the group of :math:`f`,

    .. math:: y_{nfo} = b_f + \sum_{c, k} w_{fck} \, x_{n, c, \, o \cdot stride + k \cdot
        dilation - padding}.

    The kernel is not flipped: in signal processing this is called a cross-correlation.

    References
    ----------
    .. [1] He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015, section 2.2.
    .. [2] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       relationships 6 and 15.

    Examples
    --------
    A clip of 8 frames, halved in space but not in time:

    >>> import lucid
    >>> import lucid.nn as nn
    >>> conv = nn.Conv3d(3, 16, kernel_size=3, stride=(1, 2, 2), padding=1)
    >>> conv(lucid.zeros(2, 3, 8, 32, 32)).shape
    (2, 16, 8, 16, 16)
    """

    ndim = 3
