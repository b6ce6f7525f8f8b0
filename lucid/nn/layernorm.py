"""Normalisations that look at one item at a time, as layers."""

from __future__ import annotations

from lucid.creation import ones, zeros
from lucid.device import DeviceLike
from lucid.dtypes import DTypeLike
from lucid.geometry import check_int
from lucid.nn.batchnorm import BatchNormNd, LazyBatchNormNd
from lucid.nn.functional.checks import check_number
from lucid.nn.functional.layernorm import (
    as_normalized_shape, group_norm, instance_norm, layer_norm, local_response_norm,
)
from lucid.nn.init import ones_, zeros_
from lucid.nn.module import Module
from lucid.nn.parameter import Parameter
from lucid.ops.shaping import squeeze, unsqueeze
from lucid.tensor import Tensor

__all__ = [
    "GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "LayerNorm",
    "LazyInstanceNorm1d", "LazyInstanceNorm2d", "LazyInstanceNorm3d", "LocalResponseNorm",
]


class _Affine(Module):
    """A layer with a scale and a shift, each of them learnt or absent."""

    def make_affine(self, shape, weight, bias, device, dtype):
        """Make the scale, first 1, and the shift, first 0."""
        options = {"device": device, "dtype": dtype}
        scale = Parameter(ones(shape, **options)) if weight else None
        self.register_parameter("weight", scale)
        self.register_parameter("bias", Parameter(zeros(shape, **options)) if bias else None)

    def reset_parameters(self):
        """Make the scale 1 and the shift 0 again."""
        if self.weight is not None:
            ones_(self.weight)
        if self.bias is not None:
            zeros_(self.bias)


class LayerNorm(_Affine):
    r"""Bring the last axes of every item together to mean 0 and variance 1.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        The last axes of the input, which are normalised together; each at least 1.
    eps : float, default 1e-05
        Added to the variance, so that a constant item divides by no zero; at least 0.
    elementwise_affine : bool, default True
        Whether the layer learns a scale and a shift for each element.
    bias : bool, default True
        Whether it learns the shift, if it learns at all.
    device : DeviceLike, default None
        Where the parameters are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the parameters, float32 or float64; None is the default type.

    Attributes
    ----------
    weight, bias : Parameter or None
        (normalized_shape): the scale, first 1, and the shift, first 0.
    normalized_shape : tuple of int
        As given.
    eps, elementwise_affine
        As given.

    See Also
    --------
    GroupNorm : The same for channels on axis 1.
    lucid.nn.functional.layer_norm : The same computation with tensors of your own.

    Notes
    -----
    **Shape.** Input (\*, normalized_shape); the output has its shape.

    **Values.** With the mean m and the variance v of an item,
    :math:`y = w (x - m) / \sqrt{v + \epsilon} + b`, in training and in evaluation alike.

    References
    ----------
    .. [1] Ba, Kiros and Hinton, "Layer normalization", 2016, equation 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.LayerNorm((3, 8, 8))
    >>> layer(lucid.randn(4, 3, 8, 8)).shape
    (4, 3, 8, 8)
    """

    def __init__(
        self, normalized_shape: int | tuple[int, ...], eps: float = 1e-5,
        elementwise_affine: bool = True, bias: bool = True, device: DeviceLike = None,
        dtype: DTypeLike = None,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.normalized_shape = as_normalized_shape(normalized_shape)
        self.eps = check_number(eps, "eps", 0)
        self.elementwise_affine = bool(elementwise_affine)
        shift = elementwise_affine and bias
        self.make_affine(self.normalized_shape, elementwise_affine, shift, device, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last axes of x."""
        return layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Say the sizes and the options."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}"
        )


class GroupNorm(_Affine):
    r"""Bring every group of channels of an item to mean 0 and variance 1.

    Unlike a batch normalisation it does the same in training and evaluation, and for any batch.

    Parameters
    ----------
    num_groups : int
        Parts that the channels are split into; divides `num_channels`.
    num_channels : int
        Channels of the input, at least 1.
    eps : float, default 1e-05
        Added to the variance, so that a constant group divides by no zero; at least 0.
    affine : bool, default True
        Whether the layer learns a scale and a shift for each channel.
    device : DeviceLike, default None
        Where the parameters are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the parameters, float32 or float64; None is the default type.

    Attributes
    ----------
    weight, bias : Parameter or None
        (num_channels,): the scale, first 1, and the shift, first 0.
    num_groups, num_channels, eps, affine
        As given.

    See Also
    --------
    lucid.nn.functional.group_norm : The same computation with tensors of your own.

    Notes
    -----
    **Shape.** Input (N, num_channels, \*); the output has its shape.

    **Values.** With the mean m and the variance v of the numbers of a group,
    :math:`y = w (x - m) / \sqrt{v + \epsilon} + b`.

    References
    ----------
    .. [1] Wu and He, "Group normalization", 2018, section 3.1.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.GroupNorm(2, 6)
    >>> layer(lucid.randn(4, 6, 8, 8)).shape
    (4, 6, 8, 8)
    """

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True,
        device: DeviceLike = None, dtype: DTypeLike = None,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.num_groups = check_int(num_groups, "num_groups", 1)
        self.num_channels = check_int(num_channels, "num_channels", 1)
        if num_channels % num_groups:
            raise ValueError(
                f"num_channels={num_channels} cannot be split into num_groups={num_groups} equal "
                f"parts; choose num_groups among the divisors of {num_channels}"
            )
        self.eps, self.affine = check_number(eps, "eps", 0), bool(affine)
        self.make_affine((self.num_channels,), affine, affine, device, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the groups of x."""
        return group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Say the groups, the channels and the options."""
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"


class InstanceNormNd(BatchNormNd):
    """What the instance normalisations share; a class below is its page and the axes it takes."""

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = False,
        track_running_stats: bool = False, device: DeviceLike = None, dtype: DTypeLike = None,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype)

    def _channel_axis(self, x):
        return 0 if x.array.ndim == min(self.axes) else 1

    def forward(self, x: Tensor) -> Tensor:
        r"""Normalise every channel of every item.

        Parameters
        ----------
        x : Tensor
            (N, num_features, \*), or (num_features, \*) for one item, of the type of the layer.

        Returns
        -------
        Tensor
            Of the shape of `x`.

        Raises
        ------
        ShapeError
            If axes or channels do not fit, or an item has one number only in each channel.
        DtypeError
            If the input is of another type than the layer.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> nn.InstanceNorm1d(1, eps=0).forward(lucid.tensor([[[1.0, 3.0]]])).tolist()
        [[[-1.0, 1.0]]]
        """
        self._check_axes(x)
        if x.array.ndim == min(self.axes):
            return squeeze(self.forward(unsqueeze(x, 0)), 0)
        self._check_channels(x)
        tracked = self.running_mean is not None
        y = instance_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias,
            self.training or not tracked, self.momentum, self.eps,
        )
        if tracked and self.training:
            self.num_batches_tracked.add_(1)
        return y


class InstanceNorm1d(InstanceNormNd):
    r"""Bring every channel of every item of sequences to mean 0 and variance 1.

    What is left of an image without its contrast: the layer of style transfer.

    Parameters
    ----------
    num_features : int
        Channels of the input, at least 1.
    eps : float, default 1e-05
        Added to the variance, so that a constant channel divides by no zero; at least 0.
    momentum : float, default 0.1
        The part, 0 to 1, that a batch has in the running statistics.
    affine : bool, default False
        Whether the layer learns a scale and a shift for each channel.
    track_running_stats : bool, default False
        Whether it keeps running statistics and uses them in evaluation.
    device : DeviceLike, default None
        Where the tensors are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the tensors, float32 or float64; None is the default type.

    Attributes
    ----------
    weight, bias : Parameter or None
        (num_features,): the scale, first 1, and the shift, first 0; None with ``affine=False``.
    running_mean, running_var : Tensor or None
        (num_features,), first 0 and 1; None with ``track_running_stats=False``.
    num_batches_tracked : Tensor or None
        How many batches training has seen; None likewise.
    num_features, eps, momentum, affine, track_running_stats
        As given.

    See Also
    --------
    LazyInstanceNorm1d : A layer that learns `num_features` from its first input.
    lucid.nn.functional.instance_norm : The same computation with tensors of your own.

    Notes
    -----
    **Shape.** Input (N, C, L), or (C, L) for one item; the output has its shape.

    **Values.** With the mean m and the variance v of the M positions of a channel of one item,
    :math:`y = w (x - m) / \sqrt{v + \epsilon} + b`, where v divides by M. The running statistics
    are averages over the items; the running variance divides by M - 1.

    References
    ----------
    .. [1] Ulyanov, Vedaldi and Lempitsky, "Instance normalization: the missing ingredient for fast
       stylization", 2016, equation 2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.InstanceNorm1d(3)
    >>> layer(lucid.randn(2, 3, 20)).shape
    (2, 3, 20)
    """

    axes = {2: "(channels, length)", 3: "(batch, channels, length)"}


class InstanceNorm2d(InstanceNormNd):
    r"""Bring every channel of every item of images to mean 0 and variance 1.

    What is left of an image without its contrast: the layer of style transfer.

    Parameters
    ----------
    num_features : int
        Channels of the input, at least 1.
    eps : float, default 1e-05
        Added to the variance, so that a constant channel divides by no zero; at least 0.
    momentum : float, default 0.1
        The part, 0 to 1, that a batch has in the running statistics.
    affine : bool, default False
        Whether the layer learns a scale and a shift for each channel.
    track_running_stats : bool, default False
        Whether it keeps running statistics and uses them in evaluation.
    device : DeviceLike, default None
        Where the tensors are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the tensors, float32 or float64; None is the default type.

    Attributes
    ----------
    weight, bias : Parameter or None
        (num_features,): the scale, first 1, and the shift, first 0; None with ``affine=False``.
    running_mean, running_var : Tensor or None
        (num_features,), first 0 and 1; None with ``track_running_stats=False``.
    num_batches_tracked : Tensor or None
        How many batches training has seen; None likewise.
    num_features, eps, momentum, affine, track_running_stats
        As given.

    See Also
    --------
    LazyInstanceNorm2d : A layer that learns `num_features` from its first input.
    lucid.nn.functional.instance_norm : The same computation with tensors of your own.

    Notes
    -----
    **Shape.** Input (N, C, H, W), or (C, H, W) for one item; the output has its shape.

    **Values.** With the mean m and the variance v of the M positions of a channel of one item,
    :math:`y = w (x - m) / \sqrt{v + \epsilon} + b`, where v divides by M. The running statistics
    are averages over the items; the running variance divides by M - 1.

    References
    ----------
    .. [1] Ulyanov, Vedaldi and Lempitsky, "Instance normalization: the missing ingredient for fast
       stylization", 2016, equation 2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.InstanceNorm2d(3)
    >>> layer(lucid.randn(2, 3, 8, 8)).shape
    (2, 3, 8, 8)
    """

    axes = {3: "(channels, height, width)", 4: "(batch, channels, height, width)"}


class InstanceNorm3d(InstanceNormNd):
    r"""Bring every channel of every item of volumes to mean 0 and variance 1.

    What is left of an image without its contrast: the layer of style transfer.

    Parameters
    ----------
    num_features : int
        Channels of the input, at least 1.
    eps : float, default 1e-05
        Added to the variance, so that a constant channel divides by no zero; at least 0.
    momentum : float, default 0.1
        The part, 0 to 1, that a batch has in the running statistics.
    affine : bool, default False
        Whether the layer learns a scale and a shift for each channel.
    track_running_stats : bool, default False
        Whether it keeps running statistics and uses them in evaluation.
    device : DeviceLike, default None
        Where the tensors are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the tensors, float32 or float64; None is the default type.

    Attributes
    ----------
    weight, bias : Parameter or None
        (num_features,): the scale, first 1, and the shift, first 0; None with ``affine=False``.
    running_mean, running_var : Tensor or None
        (num_features,), first 0 and 1; None with ``track_running_stats=False``.
    num_batches_tracked : Tensor or None
        How many batches training has seen; None likewise.
    num_features, eps, momentum, affine, track_running_stats
        As given.

    See Also
    --------
    LazyInstanceNorm3d : A layer that learns `num_features` from its first input.
    lucid.nn.functional.instance_norm : The same computation with tensors of your own.

    Notes
    -----
    **Shape.** Input (N, C, D, H, W), or (C, D, H, W) for one item; the output has its shape.

    **Values.** With the mean m and the variance v of the M positions of a channel of one item,
    :math:`y = w (x - m) / \sqrt{v + \epsilon} + b`, where v divides by M. The running statistics
    are averages over the items; the running variance divides by M - 1.

    References
    ----------
    .. [1] Ulyanov, Vedaldi and Lempitsky, "Instance normalization: the missing ingredient for fast
       stylization", 2016, equation 2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.InstanceNorm3d(3)
    >>> layer(lucid.randn(2, 3, 4, 8, 8)).shape
    (2, 3, 4, 8, 8)
    """

    axes = {
        4: "(channels, depth, height, width)", 5: "(batch, channels, depth, height, width)",
    }


class LazyInstanceNorm1d(LazyBatchNormNd, InstanceNorm1d):
    r"""An `InstanceNorm1d` that learns `num_features` from its first input.

    As in PyTorch, `affine` and `track_running_stats` are on unless told otherwise, while those of
    `InstanceNorm1d` are off.

    Parameters
    ----------
    eps : float, default 1e-05
        Added to the variance, so that a constant channel divides by no zero; at least 0.
    momentum : float, default 0.1
        The part, 0 to 1, that a batch has in the running statistics.
    affine : bool, default True
        Whether the layer learns a scale and a shift for each channel.
    track_running_stats : bool, default True
        Whether it keeps running statistics and uses them in evaluation.
    device : DeviceLike, default None
        Where the tensors are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the tensors, float32 or float64; None is the default type.

    Attributes
    ----------
    weight, bias, running_mean, running_var : Tensor or None
        As in `InstanceNorm1d`; None until the first input, or until a state dict is loaded.
    num_features : int or None
        None until then.

    See Also
    --------
    InstanceNorm1d : The same layer with `num_features` given.
    LazyModuleMixin : The life of a lazy layer.

    Notes
    -----
    **Shape.** Input (N, C, L), or (C, L) for one item; the output has its shape.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.LazyInstanceNorm1d()
    >>> print(layer.num_features)
    None
    >>> _ = layer(lucid.randn(2, 3, 20))
    >>> layer.num_features
    3
    """


class LazyInstanceNorm2d(LazyBatchNormNd, InstanceNorm2d):
    r"""An `InstanceNorm2d` that learns `num_features` from its first input.

    As in PyTorch, `affine` and `track_running_stats` are on unless told otherwise, while those of
    `InstanceNorm2d` are off.

    Parameters
    ----------
    eps : float, default 1e-05
        Added to the variance, so that a constant channel divides by no zero; at least 0.
    momentum : float, default 0.1
        The part, 0 to 1, that a batch has in the running statistics.
    affine : bool, default True
        Whether the layer learns a scale and a shift for each channel.
    track_running_stats : bool, default True
        Whether it keeps running statistics and uses them in evaluation.
    device : DeviceLike, default None
        Where the tensors are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the tensors, float32 or float64; None is the default type.

    Attributes
    ----------
    weight, bias, running_mean, running_var : Tensor or None
        As in `InstanceNorm2d`; None until the first input, or until a state dict is loaded.
    num_features : int or None
        None until then.

    See Also
    --------
    InstanceNorm2d : The same layer with `num_features` given.
    LazyModuleMixin : The life of a lazy layer.

    Notes
    -----
    **Shape.** Input (N, C, H, W), or (C, H, W) for one item; the output has its shape.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.LazyInstanceNorm2d()
    >>> print(layer.num_features)
    None
    >>> _ = layer(lucid.randn(2, 3, 8, 8))
    >>> layer.num_features
    3
    """


class LazyInstanceNorm3d(LazyBatchNormNd, InstanceNorm3d):
    r"""An `InstanceNorm3d` that learns `num_features` from its first input.

    As in PyTorch, `affine` and `track_running_stats` are on unless told otherwise, while those of
    `InstanceNorm3d` are off.

    Parameters
    ----------
    eps : float, default 1e-05
        Added to the variance, so that a constant channel divides by no zero; at least 0.
    momentum : float, default 0.1
        The part, 0 to 1, that a batch has in the running statistics.
    affine : bool, default True
        Whether the layer learns a scale and a shift for each channel.
    track_running_stats : bool, default True
        Whether it keeps running statistics and uses them in evaluation.
    device : DeviceLike, default None
        Where the tensors are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the tensors, float32 or float64; None is the default type.

    Attributes
    ----------
    weight, bias, running_mean, running_var : Tensor or None
        As in `InstanceNorm3d`; None until the first input, or until a state dict is loaded.
    num_features : int or None
        None until then.

    See Also
    --------
    InstanceNorm3d : The same layer with `num_features` given.
    LazyModuleMixin : The life of a lazy layer.

    Notes
    -----
    **Shape.** Input (N, C, D, H, W), or (C, D, H, W) for one item; the output has its shape.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.LazyInstanceNorm3d()
    >>> print(layer.num_features)
    None
    >>> _ = layer(lucid.randn(2, 3, 4, 8, 8))
    >>> layer.num_features
    3
    """


class LocalResponseNorm(Module):
    r"""Divide every number by the strength of the channels beside its own, at its position.

    Parameters
    ----------
    size : int
        Channels n that are looked at: its own, ``size // 2`` before and ``(size - 1) // 2`` behind.
    alpha : float, default 0.0001
        The weight of the strength.
    beta : float, default 0.75
        The exponent.
    k : float, default 1.0
        Added to the strength.

    Attributes
    ----------
    size, alpha, beta, k
        As given.

    See Also
    --------
    lucid.nn.functional.local_response_norm : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, \*) with at least one axis behind; the output has its shape.

    **Values.** :math:`y_c = x_c \, \bigl(k + \frac{\alpha}{n} \sum_{c'} x_{c'}^2
    \bigr)^{-\beta}`. As in PyTorch, `alpha` is divided by n, which [1]_ does not.

    References
    ----------
    .. [1] Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural
       networks", 2012, section 3.3.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.LocalResponseNorm(3, alpha=3.0, beta=1.0)(lucid.ones(1, 3, 1))[0, :, 0]
    tensor([0.3333, 0.2500, 0.3333])
    """

    def __init__(
        self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.size = check_int(size, "size", 1)
        self.alpha, self.beta = check_number(alpha, "alpha"), check_number(beta, "beta")
        self.k = check_number(k, "k")

    def forward(self, x: Tensor) -> Tensor:
        """Divide the numbers of x."""
        return local_response_norm(x, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """Say the options."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
