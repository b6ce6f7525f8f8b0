"""Padding layers: what all share stands once, each class below is its own page."""

from __future__ import annotations

from lucid.geometry import AXIS_NAMES, check_axes, check_int
from lucid.nn.functional.checks import check_number
from lucid.nn.module import Module
from lucid.ops.operands import check_tensor
from lucid.ops.padding import pad_axes
from lucid.tensor import Tensor

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d",
    "ConstantPad3d", "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d",
    "ReplicationPad2d", "ReplicationPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]

_Pads = int | tuple[int, ...]


class PadNd(Module):
    """What the padding layers share; a class below is its page, its mode and its axes."""

    ndim = None  # spatial axes, 1 to 3
    mode = "constant"
    value = 0.0

    def __init__(self, padding: _Pads) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        count = 2 * self.ndim
        if not isinstance(padding, (tuple, list)):
            padding = (padding,) * count
        if len(padding) != count:
            raise ValueError(
                f"padding={tuple(padding)} has {len(padding)} numbers; give one int, or {count}: "
                f"before and after the {', the '.join(reversed(AXIS_NAMES[self.ndim]))}"
            )
        self.padding = tuple(check_int(each, "padding") for each in padding)

    def forward(self, x: Tensor) -> Tensor:
        """Pad the spatial axes of x, or crop where a number is negative."""
        check_tensor(x, type(self).__name__)
        check_axes(x.array.shape, self.ndim)
        pairs = tuple(zip(self.padding[-2::-2], self.padding[::-2], strict=True))
        return pad_axes(x, pairs, self.mode, self.value)

    def extra_repr(self) -> str:
        """Say how many positions are added."""
        return str(self.padding)


class ConstantPadNd(PadNd):
    """What the layers with a constant share."""

    def __init__(self, padding: _Pads, value: float) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__(padding)
        self.value = check_number(value, "value")

    def extra_repr(self) -> str:
        """Say how many positions are added, and what they hold."""
        return f"padding={self.padding}, value={self.value}"


class ZeroPad1d(PadNd):
    r"""Put zeros around sequences.

    Parameters
    ----------
    padding : int or tuple of int
        New positions on every side, or ``(left, right)``; a negative number crops.

    Attributes
    ----------
    padding : tuple of int
        ``(left, right)``.

    See Also
    --------
    lucid.nn.functional.pad : The same as a function, for any axes.

    Notes
    -----
    **Shape.** Input (N, C, L) or (C, L); length grows by
    the two numbers of the axis.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ZeroPad1d((1, 2))(lucid.tensor([[[1.0, 2.0]]]))
    tensor([[[0., 1., 2., 0., 0.]]])
    """

    ndim = 1


class ZeroPad2d(PadNd):
    r"""Put zeros around images.

    Parameters
    ----------
    padding : int or tuple of int
        New positions on every side, or ``(left, right, top, bottom)``; a negative number crops.

    Attributes
    ----------
    padding : tuple of int
        ``(left, right, top, bottom)``.

    See Also
    --------
    lucid.nn.functional.pad : The same as a function, for any axes.

    Notes
    -----
    **Shape.** Input (N, C, H, W) or (C, H, W); height and width grow by
    the two numbers of each axis.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ZeroPad2d((1, 0, 2, 0))(lucid.ones(1, 1, 4, 4)).shape
    (1, 1, 6, 5)
    """

    ndim = 2


class ZeroPad3d(PadNd):
    r"""Put zeros around volumes.

    Parameters
    ----------
    padding : int or tuple of int
        New positions on every side, or
        ``(left, right, top, bottom, front, back)``; a negative number crops.

    Attributes
    ----------
    padding : tuple of int
        ``(left, right, top, bottom, front, back)``.

    See Also
    --------
    lucid.nn.functional.pad : The same as a function, for any axes.

    Notes
    -----
    **Shape.** Input (N, C, D, H, W) or (C, D, H, W); depth, height and width grow by
    the two numbers of each axis.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ZeroPad3d((1, 0, 2, 0, 3, 0))(lucid.ones(1, 1, 4, 4, 4)).shape
    (1, 1, 7, 6, 5)
    """

    ndim = 3


class ConstantPad1d(ConstantPadNd):
    r"""Put a constant around sequences.

    Parameters
    ----------
    padding : int or tuple of int
        New positions on every side, or ``(left, right)``; a negative number crops.
    value : float
        What the new positions hold.

    Attributes
    ----------
    padding : tuple of int
        ``(left, right)``.
    value : float
        As given.

    See Also
    --------
    lucid.nn.functional.pad : The same as a function, for any axes.

    Notes
    -----
    **Shape.** Input (N, C, L) or (C, L); length grows by
    the two numbers of the axis.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ConstantPad1d(1, 9.0)(lucid.tensor([[[1.0, 2.0]]]))
    tensor([[[9., 1., 2., 9.]]])
    """

    ndim = 1


class ConstantPad2d(ConstantPadNd):
    r"""Put a constant around images.

    Parameters
    ----------
    padding : int or tuple of int
        New positions on every side, or ``(left, right, top, bottom)``; a negative number crops.
    value : float
        What the new positions hold.

    Attributes
    ----------
    padding : tuple of int
        ``(left, right, top, bottom)``.
    value : float
        As given.

    See Also
    --------
    lucid.nn.functional.pad : The same as a function, for any axes.

    Notes
    -----
    **Shape.** Input (N, C, H, W) or (C, H, W); height and width grow by
    the two numbers of each axis.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ConstantPad2d(1, 0.5)(lucid.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]))
    tensor([[[[0.5000, 0.5000, 0.5000, 0.5000],
              [0.5000, 1.0000, 2.0000, 0.5000],
              [0.5000, 3.0000, 4.0000, 0.5000],
              [0.5000, 0.5000, 0.5000, 0.5000]]]])
    """

    ndim = 2


class ConstantPad3d(ConstantPadNd):
    r"""Put a constant around volumes.

    Parameters
    ----------
    padding : int or tuple of int
        New positions on every side, or
        ``(left, right, top, bottom, front, back)``; a negative number crops.
    value : float
        What the new positions hold.

    Attributes
    ----------
    padding : tuple of int
        ``(left, right, top, bottom, front, back)``.
    value : float
        As given.

    See Also
    --------
    lucid.nn.functional.pad : The same as a function, for any axes.

    Notes
    -----
    **Shape.** Input (N, C, D, H, W) or (C, D, H, W); depth, height and width grow by
    the two numbers of each axis.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ConstantPad3d(1, 0.5)(lucid.ones(1, 1, 4, 4, 4)).shape
    (1, 1, 6, 6, 6)
    """

    ndim = 3


class ReflectionPad1d(PadNd):
    r"""Continue sequences beyond their edges as in a mirror that stands on the edge element.

    Parameters
    ----------
    padding : int or tuple of int
        New positions on every side, or ``(left, right)``; a negative number crops.
        At most one less than the positions of the axis.

    Attributes
    ----------
    padding : tuple of int
        ``(left, right)``.

    See Also
    --------
    lucid.nn.functional.pad : The same as a function, for any axes.

    Notes
    -----
    **Shape.** Input (N, C, L) or (C, L); length grows by
    the two numbers of the axis.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ReflectionPad1d(2)(lucid.tensor([[[1.0, 2.0, 3.0]]]))
    tensor([[[3., 2., 1., 2., 3., 2., 1.]]])
    """

    ndim = 1
    mode = "reflect"


class ReflectionPad2d(PadNd):
    r"""Continue images beyond their edges as in a mirror that stands on the edge element.

    Parameters
    ----------
    padding : int or tuple of int
        New positions on every side, or ``(left, right, top, bottom)``; a negative number crops.
        At most one less than the positions of the axis.

    Attributes
    ----------
    padding : tuple of int
        ``(left, right, top, bottom)``.

    See Also
    --------
    lucid.nn.functional.pad : The same as a function, for any axes.

    Notes
    -----
    **Shape.** Input (N, C, H, W) or (C, H, W); height and width grow by
    the two numbers of each axis.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ReflectionPad2d(1)(lucid.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]))
    tensor([[[[4., 3., 4., 3.],
              [2., 1., 2., 1.],
              [4., 3., 4., 3.],
              [2., 1., 2., 1.]]]])
    """

    ndim = 2
    mode = "reflect"


class ReflectionPad3d(PadNd):
    r"""Continue volumes beyond their edges as in a mirror that stands on the edge element.

    Parameters
    ----------
    padding : int or tuple of int
        New positions on every side, or
        ``(left, right, top, bottom, front, back)``; a negative number crops.
        At most one less than the positions of the axis.

    Attributes
    ----------
    padding : tuple of int
        ``(left, right, top, bottom, front, back)``.

    See Also
    --------
    lucid.nn.functional.pad : The same as a function, for any axes.

    Notes
    -----
    **Shape.** Input (N, C, D, H, W) or (C, D, H, W); depth, height and width grow by
    the two numbers of each axis.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ReflectionPad3d(1)(lucid.ones(1, 1, 4, 4, 4)).shape
    (1, 1, 6, 6, 6)
    """

    ndim = 3
    mode = "reflect"


class ReplicationPad1d(PadNd):
    r"""Continue sequences beyond their edges with the edge element.

    Parameters
    ----------
    padding : int or tuple of int
        New positions on every side, or ``(left, right)``; a negative number crops.

    Attributes
    ----------
    padding : tuple of int
        ``(left, right)``.

    See Also
    --------
    lucid.nn.functional.pad : The same as a function, for any axes.

    Notes
    -----
    **Shape.** Input (N, C, L) or (C, L); length grows by
    the two numbers of the axis.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ReplicationPad1d(2)(lucid.tensor([[[1.0, 2.0, 3.0]]]))
    tensor([[[1., 1., 1., 2., 3., 3., 3.]]])
    """

    ndim = 1
    mode = "replicate"


class ReplicationPad2d(PadNd):
    r"""Continue images beyond their edges with the edge element.

    Parameters
    ----------
    padding : int or tuple of int
        New positions on every side, or ``(left, right, top, bottom)``; a negative number crops.

    Attributes
    ----------
    padding : tuple of int
        ``(left, right, top, bottom)``.

    See Also
    --------
    lucid.nn.functional.pad : The same as a function, for any axes.

    Notes
    -----
    **Shape.** Input (N, C, H, W) or (C, H, W); height and width grow by
    the two numbers of each axis.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ReplicationPad2d(1)(lucid.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]))
    tensor([[[[1., 1., 2., 2.],
              [1., 1., 2., 2.],
              [3., 3., 4., 4.],
              [3., 3., 4., 4.]]]])
    """

    ndim = 2
    mode = "replicate"


class ReplicationPad3d(PadNd):
    r"""Continue volumes beyond their edges with the edge element.

    Parameters
    ----------
    padding : int or tuple of int
        New positions on every side, or
        ``(left, right, top, bottom, front, back)``; a negative number crops.

    Attributes
    ----------
    padding : tuple of int
        ``(left, right, top, bottom, front, back)``.

    See Also
    --------
    lucid.nn.functional.pad : The same as a function, for any axes.

    Notes
    -----
    **Shape.** Input (N, C, D, H, W) or (C, D, H, W); depth, height and width grow by
    the two numbers of each axis.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ReplicationPad3d(1)(lucid.ones(1, 1, 4, 4, 4)).shape
    (1, 1, 6, 6, 6)
    """

    ndim = 3
    mode = "replicate"


class CircularPad1d(PadNd):
    r"""Continue sequences beyond their edges with the other end.

    Parameters
    ----------
    padding : int or tuple of int
        New positions on every side, or ``(left, right)``; a negative number crops.
        At most the positions of the axis.

    Attributes
    ----------
    padding : tuple of int
        ``(left, right)``.

    See Also
    --------
    lucid.nn.functional.pad : The same as a function, for any axes.

    Notes
    -----
    **Shape.** Input (N, C, L) or (C, L); length grows by
    the two numbers of the axis.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.CircularPad1d(2)(lucid.tensor([[[1.0, 2.0, 3.0]]]))
    tensor([[[2., 3., 1., 2., 3., 1., 2.]]])
    """

    ndim = 1
    mode = "circular"


class CircularPad2d(PadNd):
    r"""Continue images beyond their edges with the other end.

    Parameters
    ----------
    padding : int or tuple of int
        New positions on every side, or ``(left, right, top, bottom)``; a negative number crops.
        At most the positions of the axis.

    Attributes
    ----------
    padding : tuple of int
        ``(left, right, top, bottom)``.

    See Also
    --------
    lucid.nn.functional.pad : The same as a function, for any axes.

    Notes
    -----
    **Shape.** Input (N, C, H, W) or (C, H, W); height and width grow by
    the two numbers of each axis.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.CircularPad2d(1)(lucid.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]))
    tensor([[[[4., 3., 4., 3.],
              [2., 1., 2., 1.],
              [4., 3., 4., 3.],
              [2., 1., 2., 1.]]]])
    """

    ndim = 2
    mode = "circular"


class CircularPad3d(PadNd):
    r"""Continue volumes beyond their edges with the other end.

    Parameters
    ----------
    padding : int or tuple of int
        New positions on every side, or
        ``(left, right, top, bottom, front, back)``; a negative number crops.
        At most the positions of the axis.

    Attributes
    ----------
    padding : tuple of int
        ``(left, right, top, bottom, front, back)``.

    See Also
    --------
    lucid.nn.functional.pad : The same as a function, for any axes.

    Notes
    -----
    **Shape.** Input (N, C, D, H, W) or (C, D, H, W); depth, height and width grow by
    the two numbers of each axis.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.CircularPad3d(1)(lucid.ones(1, 1, 4, 4, 4)).shape
    (1, 1, 6, 6, 6)
    """

    ndim = 3
    mode = "circular"
