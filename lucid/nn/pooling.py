"""Pooling layers: what all ranks share stands once, each class below is its own page."""

from __future__ import annotations

from lucid.geometry import pool_options
from lucid.nn.functional.pooling import avg_pool, check_divisor, max_pool
from lucid.nn.module import Module
from lucid.tensor import Tensor

__all__ = ["AvgPool1d", "AvgPool2d", "AvgPool3d", "MaxPool1d", "MaxPool2d", "MaxPool3d"]

_SizeNd = int | tuple[int, ...]


class PoolNd(Module):
    """What all pooling layers share; a class below is its page and its rank."""

    ndim = None  # spatial axes, 1 to 3

    def extra_repr(self) -> str:
        """Say how the layer was made: what is between the brackets of its representation.

        Returns
        -------
        str
            Kernel size and stride, and of the rest what is not the default.

        Examples
        --------
        >>> import lucid.nn as nn
        >>> nn.MaxPool2d(3, stride=2, padding=1).extra_repr()
        'kernel_size=(3, 3), stride=(2, 2), padding=(1, 1)'
        """
        defaults = {
            "padding": (0,) * self.ndim, "dilation": (1,) * self.ndim, "ceil_mode": False,
            "return_indices": False, "count_include_pad": True, "divisor_override": None,
        }
        shown = {name: self.__dict__.get(name, value) for name, value in defaults.items()}
        rest = [f", {name}={shown[name]!r}" for name in defaults if shown[name] != defaults[name]]
        return f"kernel_size={self.kernel_size}, stride={self.stride}" + "".join(rest)


class MaxPoolNd(PoolNd):
    """What the maximum poolings share."""

    def __init__(
        self, kernel_size: _SizeNd, stride: _SizeNd | None = None, padding: _SizeNd = 0,
        dilation: _SizeNd = 1, return_indices: bool = False, ceil_mode: bool = False,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        options = pool_options(self.ndim, kernel_size, stride, padding, dilation)
        self.kernel_size, self.stride, self.padding, self.dilation = options
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        r"""Take the maximum of every window.

        Parameters
        ----------
        x : Tensor
            (N, C, \*), or (C, \*) for one item, where \* are the spatial axes, none empty.

        Returns
        -------
        Tensor or tuple of Tensor
            (N, C, \*), or without N; with `return_indices` also the indices.

        Raises
        ------
        ShapeError
            If the axes or sizes do not fit; the message does the arithmetic.
        DtypeError
            If `x` is not floating-point.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> nn.MaxPool1d(2).forward(lucid.tensor([[[1.0, 5.0, 2.0, 4.0]]]))
        tensor([[[5., 4.]]])
        """
        options = self.kernel_size, self.stride, self.padding, self.dilation
        return max_pool(x, options, self.ceil_mode, self.return_indices)


class AvgPoolNd(PoolNd):
    """What the average poolings share."""

    divisor_override = None

    def __init__(
        self, kernel_size: _SizeNd, stride: _SizeNd | None = None, padding: _SizeNd = 0,
        ceil_mode: bool = False, count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        options = pool_options(self.ndim, kernel_size, stride, padding)
        self.kernel_size, self.stride, self.padding, _ = options
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad
        self.divisor_override = check_divisor(divisor_override)

    def forward(self, x: Tensor) -> Tensor:
        r"""Average every window.

        Parameters
        ----------
        x : Tensor
            (N, C, \*), or (C, \*) for one item, where \* are the spatial axes, none empty.

        Returns
        -------
        Tensor
            (N, C, \*), or without N.

        Raises
        ------
        ShapeError
            If the axes or sizes do not fit; the message does the arithmetic.
        DtypeError
            If `x` is not floating-point.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> nn.AvgPool1d(2).forward(lucid.tensor([[[1.0, 5.0, 2.0, 4.0]]]))
        tensor([[[3., 3.]]])
        """
        options = self.kernel_size, self.stride, self.padding, (1,) * self.ndim
        return avg_pool(
            x, options, self.ceil_mode, self.count_include_pad, self.divisor_override
        )


class MaxPool1d(MaxPoolNd):
    r"""Take the maximum of every window of sequences.

    The strongest answer of each stretch is kept, wherever it stood there: length shrinks, and a
    small shift of the input changes little.

    Parameters
    ----------
    kernel_size : int
        Positions of a window along each axis, at least 1.
    stride : int, optional
        Positions from one window to the next, at least 1; default `kernel_size`, so that the
        windows lie side by side.
    padding : int, default 0
        Positions added on both sides of each axis, at most half the window. They never win.
    dilation : int, default 1
        Positions from one element of a window to the next, at least 1.
    return_indices : bool, default False
        Also give where the maxima lie.
    ceil_mode : bool, default False
        Add a last window that reaches beyond the end, if positions are left over for it.

    Attributes
    ----------
    kernel_size, stride, padding, dilation : tuple of int
        One number for each axis.
    return_indices, ceil_mode : bool
        As given.

    See Also
    --------
    AvgPool1d : The mean instead of the maximum.
    lucid.nn.functional.max_pool1d : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, L), or (C, L) for one item. Output (N, C, L_out), or without N;
    along each axis,

    .. math:: L_{out} = \left\lfloor \frac{L + 2 \, padding - dilation \, (kernel\_size - 1)
        - 1}{stride} \right\rfloor + 1,

    rounded up with `ceil_mode`, but never to a window that begins beyond the input and the padding
    before it. An empty batch gives an empty result; an empty spatial axis is refused.

    **Values.** :math:`y_{nco} = \max_k x_{n, c, \, o \cdot stride + k \cdot dilation - padding}`
    over the positions that lie inside the input. The gradient goes to the first maximum of each
    window. A NaN in a window is its maximum.

    References
    ----------
    .. [1] Ranzato, Huang, Boureau and LeCun, "Unsupervised learning of invariant feature
       hierarchies", 2007, section 2: the maximum of a window.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> pool = nn.MaxPool1d(2, return_indices=True)
    >>> y, indices = pool(lucid.tensor([[[1.0, 5.0, 2.0, 4.0]]]))
    >>> y, indices
    (tensor([[[5., 4.]]]), tensor([[[1, 3]]]))
    """

    ndim = 1


class MaxPool2d(MaxPoolNd):
    r"""Take the maximum of every window of images.

    The strongest answer of each patch is kept, wherever it stood there: height and width shrink,
    and a small shift of the image changes little.

    Parameters
    ----------
    kernel_size : int or tuple of int
        Positions of a window along each axis, at least 1.
    stride : int or tuple of int, optional
        Positions from one window to the next, at least 1; default `kernel_size`, so that the
        windows lie side by side.
    padding : int or tuple of int, default 0
        Positions added on both sides of each axis, at most half the window. They never win.
    dilation : int or tuple of int, default 1
        Positions from one element of a window to the next, at least 1.
    return_indices : bool, default False
        Also give where the maxima lie.
    ceil_mode : bool, default False
        Add a last window that reaches beyond the end, if positions are left over for it.

    Attributes
    ----------
    kernel_size, stride, padding, dilation : tuple of int
        One number for each axis.
    return_indices, ceil_mode : bool
        As given.

    See Also
    --------
    AvgPool2d : The mean instead of the maximum.
    lucid.nn.functional.max_pool2d : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, H, W), or (C, H, W) for one item. Output (N, C, H_out, W_out), or
    without N; along each axis,

    .. math:: L_{out} = \left\lfloor \frac{L + 2 \, padding - dilation \, (kernel\_size - 1)
        - 1}{stride} \right\rfloor + 1,

    rounded up with `ceil_mode`, but never to a window that begins beyond the input and the padding
    before it. An empty batch gives an empty result; an empty spatial axis is refused.

    **Values.** :math:`y_{nco} = \max_k x_{n, c, \, o \cdot stride + k \cdot dilation - padding}`
    over the positions that lie inside the input. The gradient goes to the first maximum of each
    window. A NaN in a window is its maximum.

    References
    ----------
    .. [1] Ranzato, Huang, Boureau and LeCun, "Unsupervised learning of invariant feature
       hierarchies", 2007, section 2: the maximum of a window.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> pool = nn.MaxPool2d(3, stride=2, padding=1)
    >>> pool(lucid.zeros(1, 64, 112, 112)).shape
    (1, 64, 56, 56)
    """

    ndim = 2


class MaxPool3d(MaxPoolNd):
    r"""Take the maximum of every window of volumes.

    The strongest answer of each block is kept, wherever it stood there: depth, height and width
    shrink, and a small shift of the volume changes little.

    Parameters
    ----------
    kernel_size : int or tuple of int
        Positions of a window along each axis, at least 1.
    stride : int or tuple of int, optional
        Positions from one window to the next, at least 1; default `kernel_size`, so that the
        windows lie side by side.
    padding : int or tuple of int, default 0
        Positions added on both sides of each axis, at most half the window. They never win.
    dilation : int or tuple of int, default 1
        Positions from one element of a window to the next, at least 1.
    return_indices : bool, default False
        Also give where the maxima lie.
    ceil_mode : bool, default False
        Add a last window that reaches beyond the end, if positions are left over for it.

    Attributes
    ----------
    kernel_size, stride, padding, dilation : tuple of int
        One number for each axis.
    return_indices, ceil_mode : bool
        As given.

    See Also
    --------
    AvgPool3d : The mean instead of the maximum.
    lucid.nn.functional.max_pool3d : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, D, H, W), or (C, D, H, W) for one item. Output (N, C, D_out, H_out,
    W_out), or without N; along each axis,

    .. math:: L_{out} = \left\lfloor \frac{L + 2 \, padding - dilation \, (kernel\_size - 1)
        - 1}{stride} \right\rfloor + 1,

    rounded up with `ceil_mode`, but never to a window that begins beyond the input and the padding
    before it. An empty batch gives an empty result; an empty spatial axis is refused.

    **Values.** :math:`y_{nco} = \max_k x_{n, c, \, o \cdot stride + k \cdot dilation - padding}`
    over the positions that lie inside the input. The gradient goes to the first maximum of each
    window. A NaN in a window is its maximum.

    References
    ----------
    .. [1] Ranzato, Huang, Boureau and LeCun, "Unsupervised learning of invariant feature
       hierarchies", 2007, section 2: the maximum of a window.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> pool = nn.MaxPool3d((1, 2, 2))
    >>> pool(lucid.zeros(2, 3, 8, 16, 16)).shape
    (2, 3, 8, 8, 8)
    """

    ndim = 3


class AvgPool1d(AvgPoolNd):
    r"""Average every window of sequences.

    Every stretch is replaced by its mean: length shrinks, and fine detail is smoothed away.

    Parameters
    ----------
    kernel_size : int
        Positions of a window along each axis, at least 1.
    stride : int, optional
        Positions from one window to the next, at least 1; default `kernel_size`, so that the
        windows lie side by side.
    padding : int, default 0
        Positions added on both sides of each axis, at most half the window. They hold zeros.
    ceil_mode : bool, default False
        Add a last window that reaches beyond the end, if positions are left over for it.
    count_include_pad : bool, default True
        Whether the added positions count when a sum is divided by the size of its window. What lies
        beyond them, under `ceil_mode`, never does.

    Attributes
    ----------
    kernel_size, stride, padding : tuple of int
        One number for each axis.
    ceil_mode, count_include_pad : bool
        As given.

    See Also
    --------
    MaxPool1d : The maximum instead of the mean.
    lucid.nn.functional.avg_pool1d : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, L), or (C, L) for one item. Output (N, C, L_out), or without N;
    along each axis,

    .. math:: L_{out} = \left\lfloor \frac{L + 2 \, padding - kernel\_size}{stride} \right\rfloor
        + 1,

    rounded up with `ceil_mode`, but never to a window that begins beyond the input and the padding
    before it. An empty batch gives an empty result; an empty spatial axis is refused.

    **Values.** :math:`y_{nco} = \frac{1}{d_o} \sum_k x_{n, c, \, o \cdot stride + k - padding}`,
    where positions outside the input count as zero and :math:`d_o` is the size of the window,
    without what lies beyond the padding, and without the padding itself if `count_include_pad` is
    False.

    References
    ----------
    .. [1] LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
       recognition", 1998, section II.B: sub-sampling.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> pool = nn.AvgPool1d(3, stride=1, padding=1)
    >>> pool(lucid.tensor([[[3.0, 3.0, 3.0]]]))
    tensor([[[2., 3., 2.]]])
    >>> pool = nn.AvgPool1d(3, stride=1, padding=1, count_include_pad=False)
    >>> pool(lucid.tensor([[[3.0, 3.0, 3.0]]]))
    tensor([[[3., 3., 3.]]])
    """

    ndim = 1

    def __init__(
        self, kernel_size: int, stride: int | None = None, padding: int = 0,
        ceil_mode: bool = False, count_include_pad: bool = True,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)


class AvgPool2d(AvgPoolNd):
    r"""Average every window of images.

    Every patch is replaced by its mean: height and width shrink, and fine detail is smoothed away.

    Parameters
    ----------
    kernel_size : int or tuple of int
        Positions of a window along each axis, at least 1.
    stride : int or tuple of int, optional
        Positions from one window to the next, at least 1; default `kernel_size`, so that the
        windows lie side by side.
    padding : int or tuple of int, default 0
        Positions added on both sides of each axis, at most half the window. They hold zeros.
    ceil_mode : bool, default False
        Add a last window that reaches beyond the end, if positions are left over for it.
    count_include_pad : bool, default True
        Whether the added positions count when a sum is divided by the size of its window. What lies
        beyond them, under `ceil_mode`, never does.
    divisor_override : int, optional
        What to divide by instead of the size of the window; not 0.

    Attributes
    ----------
    kernel_size, stride, padding : tuple of int
        One number for each axis.
    ceil_mode, count_include_pad : bool
        As given.
    divisor_override : int or None
        As given.

    See Also
    --------
    MaxPool2d : The maximum instead of the mean.
    lucid.nn.functional.avg_pool2d : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, H, W), or (C, H, W) for one item. Output (N, C, H_out, W_out), or
    without N; along each axis,

    .. math:: L_{out} = \left\lfloor \frac{L + 2 \, padding - kernel\_size}{stride} \right\rfloor
        + 1,

    rounded up with `ceil_mode`, but never to a window that begins beyond the input and the padding
    before it. An empty batch gives an empty result; an empty spatial axis is refused.

    **Values.** :math:`y_{nco} = \frac{1}{d_o} \sum_k x_{n, c, \, o \cdot stride + k - padding}`,
    where positions outside the input count as zero and :math:`d_o` is the size of the window,
    without what lies beyond the padding, and without the padding itself if `count_include_pad` is
    False.

    References
    ----------
    .. [1] LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
       recognition", 1998, section II.B: sub-sampling.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> pool = nn.AvgPool2d(2)
    >>> pool(lucid.arange(16.0).reshape(1, 1, 4, 4))
    tensor([[[[ 2.5000,  4.5000],
              [10.5000, 12.5000]]]])
    """

    ndim = 2


class AvgPool3d(AvgPoolNd):
    r"""Average every window of volumes.

    Every block is replaced by its mean: depth, height and width shrink, and fine detail is smoothed
    away.

    Parameters
    ----------
    kernel_size : int or tuple of int
        Positions of a window along each axis, at least 1.
    stride : int or tuple of int, optional
        Positions from one window to the next, at least 1; default `kernel_size`, so that the
        windows lie side by side.
    padding : int or tuple of int, default 0
        Positions added on both sides of each axis, at most half the window. They hold zeros.
    ceil_mode : bool, default False
        Add a last window that reaches beyond the end, if positions are left over for it.
    count_include_pad : bool, default True
        Whether the added positions count when a sum is divided by the size of its window. What lies
        beyond them, under `ceil_mode`, never does.
    divisor_override : int, optional
        What to divide by instead of the size of the window; not 0.

    Attributes
    ----------
    kernel_size, stride, padding : tuple of int
        One number for each axis.
    ceil_mode, count_include_pad : bool
        As given.
    divisor_override : int or None
        As given.

    See Also
    --------
    MaxPool3d : The maximum instead of the mean.
    lucid.nn.functional.avg_pool3d : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, D, H, W), or (C, D, H, W) for one item. Output (N, C, D_out, H_out,
    W_out), or without N; along each axis,

    .. math:: L_{out} = \left\lfloor \frac{L + 2 \, padding - kernel\_size}{stride} \right\rfloor
        + 1,

    rounded up with `ceil_mode`, but never to a window that begins beyond the input and the padding
    before it. An empty batch gives an empty result; an empty spatial axis is refused.

    **Values.** :math:`y_{nco} = \frac{1}{d_o} \sum_k x_{n, c, \, o \cdot stride + k - padding}`,
    where positions outside the input count as zero and :math:`d_o` is the size of the window,
    without what lies beyond the padding, and without the padding itself if `count_include_pad` is
    False.

    References
    ----------
    .. [1] LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
       recognition", 1998, section II.B: sub-sampling.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> pool = nn.AvgPool3d(2, divisor_override=1)
    >>> pool(lucid.ones(1, 1, 2, 2, 2)).item()
    8.0
    """

    ndim = 3
