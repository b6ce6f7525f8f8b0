"""Batch normalisation layers: what all ranks share stands once, each class is its own page."""

from __future__ import annotations

from lucid.creation import tensor
from lucid.device import DeviceLike
from lucid.dtypes import DTypeLike, int64
from lucid.errors import LazyError, ShapeError
from lucid.geometry import check_int
from lucid.nn.functional.normalization import batch_norm
from lucid.nn.init import ones_, zeros_
from lucid.nn.lazy import LazyModuleMixin
from lucid.nn.module import Module
from lucid.nn.parameter import Buffer, UninitializedBuffer, UninitializedParameter, is_lazy
from lucid.ops.operands import check_tensor
from lucid.tensor import Tensor

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LazyBatchNorm1d", "LazyBatchNorm2d",
    "LazyBatchNorm3d",
]

_FIRST = {"weight": ones_, "bias": zeros_, "running_mean": zeros_, "running_var": ones_}


class BatchNormNd(Module):
    """What the batch normalisations share; a class below is its page and the axes it takes."""

    axes = None  # for each number of axes that the input may have, their names
    learns_features = False  # whether num_features may be None until an input tells

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1,
        affine: bool = True, track_running_stats: bool = True, device: DeviceLike = None,
        dtype: DTypeLike = None,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        if not eps >= 0:
            raise ValueError(f"eps={eps} must be at least 0")
        if momentum is not None and not 0 <= momentum <= 1:
            raise ValueError(f"momentum={momentum} must be 0 to 1, or None for a plain average")
        self.num_features, self.eps, self.momentum = None, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        options = {"device": device, "dtype": dtype}
        for name in ("weight", "bias"):
            parameter = UninitializedParameter(**options) if affine else None
            self.register_parameter(name, parameter)
        for name in ("running_mean", "running_var"):
            buffer = UninitializedBuffer(**options) if track_running_stats else None
            self.register_buffer(name, buffer)
        count = Buffer(tensor(0, dtype=int64)) if track_running_stats else None
        self.register_buffer("num_batches_tracked", count)
        if num_features is not None or not self.learns_features:
            self.materialize(check_int(num_features, "num_features", 1))

    def _tensors(self):
        entries = {**self._parameters, **self._buffers}
        return {name: entries[name] for name in _FIRST if entries[name] is not None}

    def materialize(self, num_features, given=()):
        """Make the tensors that wait for the channels; fill those not in `given`."""
        self.num_features = num_features
        for name, x in self._tensors().items():
            if is_lazy(x):
                x.materialize((num_features,))
                if name not in given:
                    _FIRST[name](x)

    def reset_running_stats(self):
        """Forget the running statistics: mean 0, variance 1, no batch seen.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.BatchNorm1d(1)
        >>> _ = layer(lucid.tensor([[1.0], [3.0]]))
        >>> layer.running_mean.item() > 0
        True
        >>> layer.reset_running_stats()
        >>> layer.running_mean.item(), layer.num_batches_tracked.item()
        (0.0, 0)
        """
        if self.track_running_stats:
            zeros_(self.running_mean)
            ones_(self.running_var)
            self.num_batches_tracked.zero_()

    def reset_parameters(self):
        """Forget the running statistics, and make the scale 1 and the shift 0 again.

        Examples
        --------
        >>> import lucid.nn as nn
        >>> layer = nn.BatchNorm1d(2)
        >>> _ = nn.init.normal_(layer.weight)
        >>> layer.reset_parameters()
        >>> layer.weight.tolist()
        [1.0, 1.0]
        """
        self.reset_running_stats()
        if self.affine:
            ones_(self.weight)
            zeros_(self.bias)

    def _check_axes(self, x):
        check_tensor(x, type(self).__name__)
        shape = x.array.shape
        if len(shape) not in self.axes:
            wanted = " or ".join(self.axes.values())
            raise ShapeError(f"input of shape {shape} has {len(shape)} axes; needs {wanted}")

    def _check_channels(self, x):
        if self.num_features is None:
            raise LazyError(
                "the layer has no channels before its first input; call it, layer(x) and not "
                "layer.forward(x), or load a state dict first"
            )
        if x.array.shape[1] != self.num_features:
            raise ShapeError(
                f"input of shape {x.array.shape} has {x.array.shape[1]} channels on axis 1; needs "
                f"{self.num_features} (num_features)"
            )

    def _channel_axis(self, x):
        return 1

    def forward(self, x: Tensor) -> Tensor:
        r"""Normalise every channel of the input.

        Parameters
        ----------
        x : Tensor
            (N, num_features, \*), of the type of the layer.

        Returns
        -------
        Tensor
            Of the shape of `x`.

        Raises
        ------
        ShapeError
            If axes or channels do not fit, or training finds one number only in each channel.
        DtypeError
            If the input is of another type than the layer.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> nn.BatchNorm1d(1, eps=0).forward(lucid.tensor([[1.0], [3.0]])).tolist()
        [[-1.0], [1.0]]
        """
        self._check_axes(x)
        self._check_channels(x)
        mean, variance, count = self.running_mean, self.running_var, self.num_batches_tracked
        updates = self.training and count is not None
        momentum = self.momentum
        if momentum is None:
            momentum = 1 / (count.item() + 1) if updates else 0.0
        if self.training and not updates:
            mean = variance = None
        y = batch_norm(
            x, mean, variance, self.weight, self.bias, self.training or mean is None, momentum,
            self.eps,
        )
        if updates:
            count.array += 1
            count.bump()
        return y

    def extra_repr(self) -> str:
        """Say how the layer was made: what is between the brackets of its representation.

        Returns
        -------
        str
            The channels and the options.

        Examples
        --------
        >>> import lucid.nn as nn
        >>> nn.BatchNorm2d(3).extra_repr()
        '3, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True'
        """
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, track_running_stats={self.track_running_stats}"
        )


class LazyBatchNormNd(LazyModuleMixin):
    """How a batch normalisation learns its channels."""

    learns_features = True

    def __init__(
        self, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, device: DeviceLike = None, dtype: DTypeLike = None,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__(None, eps, momentum, affine, track_running_stats, device, dtype)

    def initialize_parameters(self, x):
        """Take `num_features` from the first input."""
        self._check_axes(x)
        axis = self._channel_axis(x)
        if not x.array.shape[axis]:
            raise ShapeError(
                f"input of shape {x.array.shape} has no channels on axis {axis}; the layer has "
                f"learnt nothing from it"
            )
        self.materialize(x.array.shape[axis])

    def initialize_from_state(self, arrays):
        """Take `num_features` from the tensors of a state dict."""
        shapes = {name: array.shape for name, array in arrays.items()}
        first = next(iter(shapes.values()))
        if len(first) != 1 or not first[0] or set(shapes.values()) != {first}:
            raise LazyError(
                f"the state dict has the shapes {shapes}; this layer needs (num_features,) in all"
            )
        self.materialize(first[0], given=arrays)


class BatchNorm1d(BatchNormNd):
    r"""Bring every channel of sequences, or every feature, to mean 0 and variance 1.

    In training mean and variance are those of the batch; in evaluation, the running ones that
    training has gathered. So every layer behind sees numbers of the same size.

    Parameters
    ----------
    num_features : int
        Channels of the input, at least 1.
    eps : float, default 1e-05
        Added to the variance, so that a constant channel divides by no zero; at least 0.
    momentum : float or None, default 0.1
        The part, 0 to 1, that a batch has in the running statistics; None averages all batches
        alike.
    affine : bool, default True
        Whether the layer learns a scale and a shift for each channel.
    track_running_stats : bool, default True
        Whether it keeps running statistics; if not, it uses those of the batch also in evaluation.
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
        How many batches training has seen, an int64 without axes; None likewise.
    num_features, eps, momentum, affine, track_running_stats
        As given.

    See Also
    --------
    LazyBatchNorm1d : The same layer, which learns `num_features` from its first input.
    lucid.nn.functional.batch_norm : The same computation with tensors of your own.

    Notes
    -----
    **Shape.** Input (N, C) or (N, C, L); the output has its shape. An empty batch gives an empty
    result and leaves the running statistics alone.

    **Values.** With the mean m and the variance v of the M numbers of a channel,

    .. math:: y = w \, \frac{x - m}{\sqrt{v + \epsilon}} + b.

    Here v divides by M. The running variance is an estimate for all data and divides by M - 1:
    ``running = (1 - momentum) * running + momentum * new``.

    References
    ----------
    .. [1] Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing
       internal covariate shift", 2015, algorithms 1 and 2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.BatchNorm1d(20)
    >>> layer(lucid.zeros(16, 20)).shape
    (16, 20)
    >>> layer.num_batches_tracked.item()
    1
    """

    axes = {2: "(batch, channels)", 3: "(batch, channels, length)"}


class BatchNorm2d(BatchNormNd):
    r"""Bring every channel of images to mean 0 and variance 1.

    In training mean and variance are those of the batch; in evaluation, the running ones that
    training has gathered. So every layer behind sees numbers of the same size.

    Parameters
    ----------
    num_features : int
        Channels of the input, at least 1.
    eps : float, default 1e-05
        Added to the variance, so that a constant channel divides by no zero; at least 0.
    momentum : float or None, default 0.1
        The part, 0 to 1, that a batch has in the running statistics; None averages all batches
        alike.
    affine : bool, default True
        Whether the layer learns a scale and a shift for each channel.
    track_running_stats : bool, default True
        Whether it keeps running statistics; if not, it uses those of the batch also in evaluation.
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
        How many batches training has seen, an int64 without axes; None likewise.
    num_features, eps, momentum, affine, track_running_stats
        As given.

    See Also
    --------
    LazyBatchNorm2d : The same layer, which learns `num_features` from its first input.
    lucid.nn.functional.batch_norm : The same computation with tensors of your own.

    Notes
    -----
    **Shape.** Input (N, C, H, W); the output has its shape. An empty batch gives an empty
    result and leaves the running statistics alone.

    **Values.** With the mean m and the variance v of the M numbers of a channel,

    .. math:: y = w \, \frac{x - m}{\sqrt{v + \epsilon}} + b.

    Here v divides by M. The running variance is an estimate for all data and divides by M - 1:
    ``running = (1 - momentum) * running + momentum * new``.

    References
    ----------
    .. [1] Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing
       internal covariate shift", 2015, algorithms 1 and 2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.BatchNorm2d(8)
    >>> layer(lucid.zeros(4, 8, 5, 5)).shape
    (4, 8, 5, 5)
    >>> layer.num_batches_tracked.item()
    1
    """

    axes = {4: "(batch, channels, height, width)"}


class BatchNorm3d(BatchNormNd):
    r"""Bring every channel of volumes to mean 0 and variance 1.

    In training mean and variance are those of the batch; in evaluation, the running ones that
    training has gathered. So every layer behind sees numbers of the same size.

    Parameters
    ----------
    num_features : int
        Channels of the input, at least 1.
    eps : float, default 1e-05
        Added to the variance, so that a constant channel divides by no zero; at least 0.
    momentum : float or None, default 0.1
        The part, 0 to 1, that a batch has in the running statistics; None averages all batches
        alike.
    affine : bool, default True
        Whether the layer learns a scale and a shift for each channel.
    track_running_stats : bool, default True
        Whether it keeps running statistics; if not, it uses those of the batch also in evaluation.
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
        How many batches training has seen, an int64 without axes; None likewise.
    num_features, eps, momentum, affine, track_running_stats
        As given.

    See Also
    --------
    LazyBatchNorm3d : The same layer, which learns `num_features` from its first input.
    lucid.nn.functional.batch_norm : The same computation with tensors of your own.

    Notes
    -----
    **Shape.** Input (N, C, D, H, W); the output has its shape. An empty batch gives an empty
    result and leaves the running statistics alone.

    **Values.** With the mean m and the variance v of the M numbers of a channel,

    .. math:: y = w \, \frac{x - m}{\sqrt{v + \epsilon}} + b.

    Here v divides by M. The running variance is an estimate for all data and divides by M - 1:
    ``running = (1 - momentum) * running + momentum * new``.

    References
    ----------
    .. [1] Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing
       internal covariate shift", 2015, algorithms 1 and 2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.BatchNorm3d(8)
    >>> layer(lucid.zeros(2, 8, 4, 5, 5)).shape
    (2, 8, 4, 5, 5)
    >>> layer.num_batches_tracked.item()
    1
    """

    axes = {5: "(batch, channels, depth, height, width)"}


class LazyBatchNorm1d(LazyBatchNormNd, BatchNorm1d):
    r"""A `BatchNorm1d` that learns `num_features` from its first input.

    Parameters
    ----------
    eps : float, default 1e-05
        Added to the variance, so that a constant channel divides by no zero; at least 0.
    momentum : float or None, default 0.1
        The part, 0 to 1, that a batch has in the running statistics; None averages all batches
        alike.
    affine : bool, default True
        Whether the layer learns a scale and a shift for each channel.
    track_running_stats : bool, default True
        Whether it keeps running statistics; if not, it uses those of the batch also in evaluation.
    device : DeviceLike, default None
        Where the tensors are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the tensors, float32 or float64; None is the default type.

    Attributes
    ----------
    weight, bias, running_mean, running_var : Tensor or None
        As in `BatchNorm1d`; None until the first input, or until a state dict is loaded.
    num_features : int or None
        None until then.

    See Also
    --------
    BatchNorm1d : The same layer with `num_features` given.
    LazyModuleMixin : The life of a lazy layer.

    Notes
    -----
    **Shape.** Input (N, C) or (N, C, L); the output has its shape.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.LazyBatchNorm1d()
    >>> print(layer.num_features)
    None
    >>> _ = layer(lucid.zeros(16, 20))
    >>> layer.num_features
    20
    """


class LazyBatchNorm2d(LazyBatchNormNd, BatchNorm2d):
    r"""A `BatchNorm2d` that learns `num_features` from its first input.

    Parameters
    ----------
    eps : float, default 1e-05
        Added to the variance, so that a constant channel divides by no zero; at least 0.
    momentum : float or None, default 0.1
        The part, 0 to 1, that a batch has in the running statistics; None averages all batches
        alike.
    affine : bool, default True
        Whether the layer learns a scale and a shift for each channel.
    track_running_stats : bool, default True
        Whether it keeps running statistics; if not, it uses those of the batch also in evaluation.
    device : DeviceLike, default None
        Where the tensors are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the tensors, float32 or float64; None is the default type.

    Attributes
    ----------
    weight, bias, running_mean, running_var : Tensor or None
        As in `BatchNorm2d`; None until the first input, or until a state dict is loaded.
    num_features : int or None
        None until then.

    See Also
    --------
    BatchNorm2d : The same layer with `num_features` given.
    LazyModuleMixin : The life of a lazy layer.

    Notes
    -----
    **Shape.** Input (N, C, H, W); the output has its shape.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.LazyBatchNorm2d()
    >>> print(layer.num_features)
    None
    >>> _ = layer(lucid.zeros(4, 8, 5, 5))
    >>> layer.num_features
    8
    """


class LazyBatchNorm3d(LazyBatchNormNd, BatchNorm3d):
    r"""A `BatchNorm3d` that learns `num_features` from its first input.

    Parameters
    ----------
    eps : float, default 1e-05
        Added to the variance, so that a constant channel divides by no zero; at least 0.
    momentum : float or None, default 0.1
        The part, 0 to 1, that a batch has in the running statistics; None averages all batches
        alike.
    affine : bool, default True
        Whether the layer learns a scale and a shift for each channel.
    track_running_stats : bool, default True
        Whether it keeps running statistics; if not, it uses those of the batch also in evaluation.
    device : DeviceLike, default None
        Where the tensors are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the tensors, float32 or float64; None is the default type.

    Attributes
    ----------
    weight, bias, running_mean, running_var : Tensor or None
        As in `BatchNorm3d`; None until the first input, or until a state dict is loaded.
    num_features : int or None
        None until then.

    See Also
    --------
    BatchNorm3d : The same layer with `num_features` given.
    LazyModuleMixin : The life of a lazy layer.

    Notes
    -----
    **Shape.** Input (N, C, D, H, W); the output has its shape.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.LazyBatchNorm3d()
    >>> print(layer.num_features)
    None
    >>> _ = layer(lucid.zeros(2, 8, 4, 5, 5))
    >>> layer.num_features
    8
    """
