"""Layers that lay out the windows of a convolution as columns, and add them up again."""

from __future__ import annotations

from lucid.geometry import normalise_size
from lucid.nn.functional.unfold import fold, rank_of, unfold, window_options
from lucid.nn.module import Module
from lucid.tensor import Tensor

__all__ = ["Fold", "Unfold"]

_SizeNd = int | tuple[int, ...]


class Unfold(Module):
    r"""Copy every window of the kernel into a column: im2col.

    Parameters
    ----------
    kernel_size : int or tuple of int
        Positions of a window along each axis, at least 1. A tuple says how many axes there are.
    dilation : int or tuple of int, default 1
        Positions from one element of a window to the next, at least 1.
    padding : int or tuple of int, default 0
        Zeros on both sides of each axis, at least 0.
    stride : int or tuple of int, default 1
        Positions from one window to the next, at least 1.

    Attributes
    ----------
    kernel_size, dilation, padding, stride
        As given.

    See Also
    --------
    Fold : The adjoint.
    lucid.nn.functional.unfold : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C, \*) with 1 to 3 spatial axes, or (C, \*) for one item. Output
    (N, C K, O) or (C K, O) for the K positions of a window and the O windows.

    References
    ----------
    .. [1] Chellapilla, Puri and Simard, "High performance convolutional neural networks for
       document processing", 2006, section 4.1.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Unfold((2, 3))(lucid.zeros(2, 5, 3, 4)).shape
    (2, 30, 4)
    """

    def __init__(
        self, kernel_size: _SizeNd, dilation: _SizeNd = 1, padding: _SizeNd = 0,
        stride: _SizeNd = 1,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        ndim = rank_of(kernel_size, dilation, padding, stride) or 1
        window_options(ndim, kernel_size, dilation, padding, stride)  # raises where they are wrong
        self.kernel_size, self.dilation = kernel_size, dilation
        self.padding, self.stride = padding, stride

    def forward(self, x: Tensor) -> Tensor:
        """Copy the windows of x into columns."""
        return unfold(x, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """Say the options."""
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Fold(Module):
    r"""Add every column up where its window was: col2im, the adjoint of `Unfold`.

    Parameters
    ----------
    output_size : int or tuple of int
        Spatial sizes of the result, 1 to 3 axes; one int, with no tuple among the other options,
        is a square image.
    kernel_size : int or tuple of int
        Positions of a window along each axis, at least 1.
    dilation : int or tuple of int, default 1
        Positions from one element of a window to the next, at least 1.
    padding : int or tuple of int, default 0
        Zeros on both sides of each axis that were unfolded too, at least 0; they are cut off.
    stride : int or tuple of int, default 1
        Positions from one window to the next, at least 1.

    Attributes
    ----------
    output_size, kernel_size, dilation, padding, stride
        As given.

    See Also
    --------
    Unfold : Makes the columns.
    lucid.nn.functional.fold : The same as a function.

    Notes
    -----
    **Shape.** Input (N, C K, O), or (C K, O) for one item; output (N, C, \*output_size), or without
    N.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Fold((4, 5), (2, 2))(lucid.zeros(1, 12, 12)).shape
    (1, 3, 4, 5)
    """

    def __init__(
        self, output_size: _SizeNd, kernel_size: _SizeNd, dilation: _SizeNd = 1,
        padding: _SizeNd = 0, stride: _SizeNd = 1,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        ndim = rank_of(output_size, kernel_size, dilation, padding, stride) or 2
        normalise_size(output_size, ndim, "output_size")  # raises where it is wrong
        window_options(ndim, kernel_size, dilation, padding, stride)
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def forward(self, x: Tensor) -> Tensor:
        """Add up the columns of x."""
        return fold(
            x, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride
        )

    def extra_repr(self) -> str:
        """Say the options."""
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, "
            f"dilation={self.dilation}, padding={self.padding}, stride={self.stride}"
        )
