"""Pooling layers for a given size, by powers, and the way back from maxima to their places."""

from __future__ import annotations

from lucid.geometry import pool_options
from lucid.nn.functional.adaptive_pooling import (
    adaptive_avg_pool, adaptive_max_pool, check_output_size, lp_pool, max_unpool,
)
from lucid.nn.functional.checks import check_number
from lucid.nn.module import Module
from lucid.tensor import Tensor

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d", "AdaptiveMaxPool3d", "LPPool1d", "LPPool2d", "LPPool3d", "MaxUnpool1d",
    "MaxUnpool2d", "MaxUnpool3d",
]

_SizeNd = int | tuple[int, ...]
_OutputNd = int | None | tuple[int | None, ...]


class AdaptiveNd(Module):
    """What the poolings into a given size share; a class below is its page and its rank."""

    ndim = None  # spatial axes, 1 to 3

    def __init__(self, output_size: _OutputNd) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.output_size = check_output_size(output_size, self.ndim)

    def extra_repr(self) -> str:
        """Say the size."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPoolNd(AdaptiveNd):
    """What the averages share."""

    def forward(self, x: Tensor) -> Tensor:
        """Average the windows of x."""
        return adaptive_avg_pool(x, self.output_size)


class AdaptiveMaxPoolNd(AdaptiveNd):
    """What the maxima share."""

    def __init__(self, output_size: _OutputNd, return_indices: bool = False) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__(output_size)
        self.return_indices = return_indices

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Take the maxima of x; with `return_indices` also say where they lie."""
        return adaptive_max_pool(x, self.output_size, self.return_indices)


class LPPoolNd(Module):
    """What the poolings by powers share."""

    ndim = None

    def __init__(
        self, norm_type: float, kernel_size: _SizeNd, stride: _SizeNd | None = None,
        ceil_mode: bool = False,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.norm_type = check_number(norm_type, "norm_type", above=0)
        self.kernel_size, self.stride, *_ = pool_options(self.ndim, kernel_size, stride)
        self.ceil_mode = ceil_mode

    def forward(self, x: Tensor) -> Tensor:
        """Take the norms of the windows of x."""
        options = pool_options(self.ndim, self.kernel_size, self.stride)
        return lp_pool(x, self.norm_type, options, self.ceil_mode)

    def extra_repr(self) -> str:
        """Say the options."""
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class MaxUnpoolNd(Module):
    """What the ways back share."""

    ndim = None

    def __init__(
        self, kernel_size: _SizeNd, stride: _SizeNd | None = None, padding: _SizeNd = 0
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        options = pool_options(self.ndim, kernel_size, stride, padding)
        self.kernel_size, self.stride, self.padding, _ = options

    def forward(self, x: Tensor, indices: Tensor, output_size: _SizeNd | None = None) -> Tensor:
        """Put the maxima x where the indices say, into a result of `output_size`."""
        options = pool_options(self.ndim, self.kernel_size, self.stride, self.padding)
        return max_unpool(x, indices, options, output_size)

    def extra_repr(self) -> str:
        """Say the options."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AdaptiveAvgPool1d(AdaptiveAvgPoolNd):
    r"""Average windows of sequences, as many as the result shall have positions.

    Whatever size comes in, the same size goes out; 1 is the mean of each channel.

    Parameters
    ----------
    output_size : int
        Positions of the result, at least 1.

    Attributes
    ----------
    output_size : tuple of int or None
        One number for each axis.

    See Also
    --------
    AdaptiveMaxPool1d : The maximum instead of the mean.
    lucid.nn.functional.adaptive_avg_pool1d : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, L), or (C, L) for one item;
    the spatial axes of the output have `output_size`.

    **Values.** Along an axis of n positions, output o of m averages those from
    :math:`\lfloor o n / m \rfloor` up to, not including, :math:`\lceil (o + 1) n / m \rceil`.

    References
    ----------
    .. [1] Lin, Chen and Yan, "Network in network", 2014, section 3.2: global average pooling.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.AdaptiveAvgPool1d(2)(lucid.tensor([[[1.0, 2.0, 3.0, 4.0, 5.0]]]))
    tensor([[[2., 4.]]])
    """

    ndim = 1


class AdaptiveAvgPool2d(AdaptiveAvgPoolNd):
    r"""Average windows of images, as many as the result shall have positions.

    Whatever size comes in, the same size goes out; 1 is the mean of each channel.

    Parameters
    ----------
    output_size : int, None or tuple of them
        Positions of the result along each axis, at least 1; None keeps those of the input.

    Attributes
    ----------
    output_size : tuple of int or None
        One number for each axis.

    See Also
    --------
    AdaptiveMaxPool2d : The maximum instead of the mean.
    lucid.nn.functional.adaptive_avg_pool2d : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, H, W), or (C, H, W) for one item;
    the spatial axes of the output have `output_size`.

    **Values.** Along an axis of n positions, output o of m averages those from
    :math:`\lfloor o n / m \rfloor` up to, not including, :math:`\lceil (o + 1) n / m \rceil`.

    References
    ----------
    .. [1] Lin, Chen and Yan, "Network in network", 2014, section 3.2: global average pooling.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.AdaptiveAvgPool2d(1)(lucid.arange(16.0).reshape(1, 1, 4, 4))
    tensor([[[[7.5000]]]])
    """

    ndim = 2


class AdaptiveAvgPool3d(AdaptiveAvgPoolNd):
    r"""Average windows of volumes, as many as the result shall have positions.

    Whatever size comes in, the same size goes out; 1 is the mean of each channel.

    Parameters
    ----------
    output_size : int, None or tuple of them
        Positions of the result along each axis, at least 1; None keeps those of the input.

    Attributes
    ----------
    output_size : tuple of int or None
        One number for each axis.

    See Also
    --------
    AdaptiveMaxPool3d : The maximum instead of the mean.
    lucid.nn.functional.adaptive_avg_pool3d : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, D, H, W), or (C, D, H, W) for one item;
    the spatial axes of the output have `output_size`.

    **Values.** Along an axis of n positions, output o of m averages those from
    :math:`\lfloor o n / m \rfloor` up to, not including, :math:`\lceil (o + 1) n / m \rceil`.

    References
    ----------
    .. [1] Lin, Chen and Yan, "Network in network", 2014, section 3.2: global average pooling.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.AdaptiveAvgPool3d((2, None, 3))(lucid.ones(1, 2, 5, 7, 9)).shape
    (1, 2, 2, 7, 3)
    """

    ndim = 3


class AdaptiveMaxPool1d(AdaptiveMaxPoolNd):
    r"""Take the maximum of windows of sequences, as many as the result shall have positions.

    Whatever size comes in, the same size goes out.

    Parameters
    ----------
    output_size : int
        Positions of the result, at least 1.
    return_indices : bool, default False
        Also give where the maxima lie.

    Attributes
    ----------
    output_size : tuple of int or None
        One number for each axis.
    return_indices : bool
        As given.

    See Also
    --------
    AdaptiveAvgPool1d : The mean instead of the maximum, with the formula of the windows.
    lucid.nn.functional.adaptive_max_pool1d : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, L), or (C, L) for one item;
    the spatial axes of the output have `output_size`.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.AdaptiveMaxPool1d(2)(lucid.tensor([[[1.0, 2.0, 9.0, 4.0, 5.0]]]))
    tensor([[[9., 9.]]])
    """

    ndim = 1


class AdaptiveMaxPool2d(AdaptiveMaxPoolNd):
    r"""Take the maximum of windows of images, as many as the result shall have positions.

    Whatever size comes in, the same size goes out.

    Parameters
    ----------
    output_size : int, None or tuple of them
        Positions of the result along each axis, at least 1; None keeps those of the input.
    return_indices : bool, default False
        Also give where the maxima lie.

    Attributes
    ----------
    output_size : tuple of int or None
        One number for each axis.
    return_indices : bool
        As given.

    See Also
    --------
    AdaptiveAvgPool2d : The mean instead of the maximum, with the formula of the windows.
    lucid.nn.functional.adaptive_max_pool2d : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, H, W), or (C, H, W) for one item;
    the spatial axes of the output have `output_size`.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.AdaptiveMaxPool2d(1)(lucid.arange(16.0).reshape(1, 1, 4, 4))
    tensor([[[[15.]]]])
    """

    ndim = 2


class AdaptiveMaxPool3d(AdaptiveMaxPoolNd):
    r"""Take the maximum of windows of volumes, as many as the result shall have positions.

    Whatever size comes in, the same size goes out.

    Parameters
    ----------
    output_size : int, None or tuple of them
        Positions of the result along each axis, at least 1; None keeps those of the input.
    return_indices : bool, default False
        Also give where the maxima lie.

    Attributes
    ----------
    output_size : tuple of int or None
        One number for each axis.
    return_indices : bool
        As given.

    See Also
    --------
    AdaptiveAvgPool3d : The mean instead of the maximum, with the formula of the windows.
    lucid.nn.functional.adaptive_max_pool3d : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, D, H, W), or (C, D, H, W) for one item;
    the spatial axes of the output have `output_size`.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.AdaptiveMaxPool3d((2, None, 3))(lucid.ones(1, 2, 5, 7, 9)).shape
    (1, 2, 2, 7, 3)
    """

    ndim = 3


class LPPool1d(LPPoolNd):
    r"""Take the p-norm of every window of sequences: :math:`\bigl(\sum_k x_k^p \bigr)^{1/p}`.

    Between the sum (p = 1) and the maximum (p large).

    Parameters
    ----------
    norm_type : float
        The power p, greater than 0.
    kernel_size : int
        Positions of a window along each axis, at least 1.
    stride : int, optional
        Positions from one window to the next, at least 1; default `kernel_size`.
    ceil_mode : bool, default False
        Add a last window that reaches beyond the end, if positions are left over for it.

    Attributes
    ----------
    kernel_size, stride : tuple of int
        One number for each axis.
    norm_type, ceil_mode
        As given.

    See Also
    --------
    lucid.nn.functional.lp_pool1d : The same as a function; says what happens at 0 and below.

    Notes
    -----
    **Shape.** Input (N, C, L), or (C, L) for one item;
    the spatial axes of the output have the sizes that `lucid.geometry.pool_output_size` counts.

    References
    ----------
    .. [1] Sermanet, Chintala and LeCun, "Convolutional neural networks applied to house numbers
       digit classification", 2012, section 2.3.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.LPPool1d(2, 2)(lucid.tensor([[[3.0, 4.0, 0.0, 1.0]]]))
    tensor([[[5., 1.]]])
    """

    ndim = 1


class LPPool2d(LPPoolNd):
    r"""Take the p-norm of every window of images: :math:`\bigl(\sum_k x_k^p \bigr)^{1/p}`.

    Between the sum (p = 1) and the maximum (p large).

    Parameters
    ----------
    norm_type : float
        The power p, greater than 0.
    kernel_size : int or tuple of int
        Positions of a window along each axis, at least 1.
    stride : int or tuple of int, optional
        Positions from one window to the next, at least 1; default `kernel_size`.
    ceil_mode : bool, default False
        Add a last window that reaches beyond the end, if positions are left over for it.

    Attributes
    ----------
    kernel_size, stride : tuple of int
        One number for each axis.
    norm_type, ceil_mode
        As given.

    See Also
    --------
    lucid.nn.functional.lp_pool2d : The same as a function; says what happens at 0 and below.

    Notes
    -----
    **Shape.** Input (N, C, H, W), or (C, H, W) for one item;
    the spatial axes of the output have the sizes that `lucid.geometry.pool_output_size` counts.

    References
    ----------
    .. [1] Sermanet, Chintala and LeCun, "Convolutional neural networks applied to house numbers
       digit classification", 2012, section 2.3.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.LPPool2d(2, 2)(lucid.ones(1, 1, 2, 4))
    tensor([[[[2., 2.]]]])
    """

    ndim = 2


class LPPool3d(LPPoolNd):
    r"""Take the p-norm of every window of volumes: :math:`\bigl(\sum_k x_k^p \bigr)^{1/p}`.

    Between the sum (p = 1) and the maximum (p large).

    Parameters
    ----------
    norm_type : float
        The power p, greater than 0.
    kernel_size : int or tuple of int
        Positions of a window along each axis, at least 1.
    stride : int or tuple of int, optional
        Positions from one window to the next, at least 1; default `kernel_size`.
    ceil_mode : bool, default False
        Add a last window that reaches beyond the end, if positions are left over for it.

    Attributes
    ----------
    kernel_size, stride : tuple of int
        One number for each axis.
    norm_type, ceil_mode
        As given.

    See Also
    --------
    lucid.nn.functional.lp_pool3d : The same as a function; says what happens at 0 and below.

    Notes
    -----
    **Shape.** Input (N, C, D, H, W), or (C, D, H, W) for one item;
    the spatial axes of the output have the sizes that `lucid.geometry.pool_output_size` counts.

    References
    ----------
    .. [1] Sermanet, Chintala and LeCun, "Convolutional neural networks applied to house numbers
       digit classification", 2012, section 2.3.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.LPPool3d(1, 2)(lucid.ones(1, 1, 2, 2, 2)).item()
    8.0
    """

    ndim = 3


class MaxUnpool1d(MaxUnpoolNd):
    r"""Put the maxima of sequences back where they were, with zeros between.

    Parameters
    ----------
    kernel_size : int
        As for the `MaxPool1d` that it undoes.
    stride : int, optional
        As there; default `kernel_size`.
    padding : int, default 0
        As there.

    Attributes
    ----------
    kernel_size, stride, padding : tuple of int
        One number for each axis.

    See Also
    --------
    MaxPool1d : Gives the indices with ``return_indices=True``.
    lucid.nn.functional.max_unpool1d : The same as a function; says what overlapping windows do.

    Notes
    -----
    **Shape.** Input and indices (N, C, L), or (C, L) for one item.
    Along each axis the output has :math:`(L - 1) \, stride - 2 \, padding + kernel\_size`
    positions, or what the argument `output_size` of the call says.

    References
    ----------
    .. [1] Zeiler, Taylor and Fergus, "Adaptive deconvolutional networks for mid and high level
       feature learning", 2011, section 2.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> pool, unpool = nn.MaxPool1d(2, return_indices=True), nn.MaxUnpool1d(2)
    >>> unpool(*pool(lucid.tensor([[[1.0, 5.0, 2.0, 4.0]]])))
    tensor([[[0., 5., 0., 4.]]])
    """

    ndim = 1


class MaxUnpool2d(MaxUnpoolNd):
    r"""Put the maxima of images back where they were, with zeros between.

    Parameters
    ----------
    kernel_size : int or tuple of int
        As for the `MaxPool2d` that it undoes.
    stride : int or tuple of int, optional
        As there; default `kernel_size`.
    padding : int or tuple of int, default 0
        As there.

    Attributes
    ----------
    kernel_size, stride, padding : tuple of int
        One number for each axis.

    See Also
    --------
    MaxPool2d : Gives the indices with ``return_indices=True``.
    lucid.nn.functional.max_unpool2d : The same as a function; says what overlapping windows do.

    Notes
    -----
    **Shape.** Input and indices (N, C, H, W), or (C, H, W) for one item.
    Along each axis the output has :math:`(L - 1) \, stride - 2 \, padding + kernel\_size`
    positions, or what the argument `output_size` of the call says.

    References
    ----------
    .. [1] Zeiler, Taylor and Fergus, "Adaptive deconvolutional networks for mid and high level
       feature learning", 2011, section 2.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> pool, unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
    >>> unpool(*pool(lucid.tensor([[[[1.0, 5.0], [2.0, 4.0]]]])))
    tensor([[[[0., 5.],
              [0., 0.]]]])
    """

    ndim = 2


class MaxUnpool3d(MaxUnpoolNd):
    r"""Put the maxima of volumes back where they were, with zeros between.

    Parameters
    ----------
    kernel_size : int or tuple of int
        As for the `MaxPool3d` that it undoes.
    stride : int or tuple of int, optional
        As there; default `kernel_size`.
    padding : int or tuple of int, default 0
        As there.

    Attributes
    ----------
    kernel_size, stride, padding : tuple of int
        One number for each axis.

    See Also
    --------
    MaxPool3d : Gives the indices with ``return_indices=True``.
    lucid.nn.functional.max_unpool3d : The same as a function; says what overlapping windows do.

    Notes
    -----
    **Shape.** Input and indices (N, C, D, H, W), or (C, D, H, W) for one item.
    Along each axis the output has :math:`(L - 1) \, stride - 2 \, padding + kernel\_size`
    positions, or what the argument `output_size` of the call says.

    References
    ----------
    .. [1] Zeiler, Taylor and Fergus, "Adaptive deconvolutional networks for mid and high level
       feature learning", 2011, section 2.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> pool, unpool = nn.MaxPool3d(2, return_indices=True), nn.MaxUnpool3d(2)
    >>> unpool(*pool(lucid.rand(1, 1, 5, 4, 4)), output_size=(5, 4, 4)).shape
    (1, 1, 5, 4, 4)
    """

    ndim = 3
