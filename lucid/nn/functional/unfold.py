"""The windows of a convolution as columns, and the way back: im2col and col2im."""

from math import prod

from lucid.errors import ShapeError
from lucid.geometry import conv_geometry, normalise_size
from lucid.nn.functional.checks import check_floating
from lucid.ops.shaping import squeeze, unsqueeze
from lucid.ops.unfold import Fold, Unfold

__all__ = ["fold", "unfold"]


def rank_of(*values):
    """Count the axes that the first tuple has numbers for; None if there is no tuple."""
    return next((len(value) for value in values if isinstance(value, (tuple, list))), None)


def window_options(ndim, kernel_size, dilation, padding, stride):
    """Spread the options of the windows over the axes."""
    return (
        normalise_size(kernel_size, ndim, "kernel_size"),
        normalise_size(dilation, ndim, "dilation"),
        normalise_size(padding, ndim, "padding", 0),
        normalise_size(stride, ndim, "stride"),
    )


def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    r"""Copy every window of the kernel into a column: im2col.

    A convolution is then one product with the matrix of its weights.

    Parameters
    ----------
    x : Tensor
        (N, C, \*) with 1 to 3 spatial axes, or (C, \*) for one item; float32 or float64.
    kernel_size : int or tuple of int
        Positions of a window along each axis, at least 1. A tuple says how many axes there are;
        with one int, 4 axes are (N, C, H, W) and 5 are (N, C, D, H, W).
    dilation : int or tuple of int, default 1
        Positions from one element of a window to the next, at least 1.
    padding : int or tuple of int, default 0
        Zeros on both sides of each axis, at least 0.
    stride : int or tuple of int, default 1
        Positions from one window to the next, at least 1.

    Returns
    -------
    Tensor
        (N, C K, O), or without N, for the K positions of a window and the O windows: a row for each
        channel and position, in this order, and a column for each window.

    Raises
    ------
    ShapeError
        If axes or sizes do not fit; the message does the arithmetic.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is out of its range or no int, or 3 axes leave open what they are.

    Notes
    -----
    PyTorch unfolds images only. For it 3 axes are always (C, H, W); here
    ``kernel_size=(3, 3)`` says so, and ``kernel_size=(3,)`` says (N, C, L).

    References
    ----------
    .. [1] Chellapilla, Puri and Simard, "High performance convolutional neural networks for
       document processing", 2006, section 4.1.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.unfold(lucid.arange(4.0).reshape(1, 1, 4), (2,))
    tensor([[[0., 1., 2.],
             [1., 2., 3.]]])
    >>> F.unfold(lucid.zeros(2, 3, 10, 12), (4, 5)).shape
    (2, 60, 56)
    """
    check_floating(x, "unfold")
    shape = x.array.shape
    ndim = rank_of(kernel_size, dilation, padding, stride)
    if ndim is None and len(shape) == 3:
        raise ValueError(
            f"unfold: input of shape {shape} may be (batch, channels, length) or (channels, "
            f"height, width); say which by kernel_size=({kernel_size},) or "
            f"({kernel_size}, {kernel_size})"
        )
    ndim = len(shape) - 2 if ndim is None else ndim
    if not 1 <= ndim <= 3:
        raise ShapeError(f"unfold: input of shape {shape} needs 1 to 3 spatial axes, not {ndim}")
    kernel, dilation, padding, stride = window_options(
        ndim, kernel_size, dilation, padding, stride
    )
    channels = shape[-ndim - 1] if len(shape) > ndim else 1
    pads = tuple((p, p) for p in padding)
    geometry = conv_geometry(shape, (1, channels, *kernel), stride, pads, dilation)
    if len(shape) == ndim + 1:
        return squeeze(Unfold(geometry)(unsqueeze(x, 0)), 0)
    return Unfold(geometry)(x)


def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    r"""Add every column up where its window was: col2im, the adjoint of `unfold`.

    Where windows overlap, values add up, so that folding what was unfolded multiplies every element
    by the number of windows that it lies in.

    Parameters
    ----------
    x : Tensor
        (N, C K, O), or (C K, O) for one item, as `unfold` gives it; float32 or float64.
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

    Returns
    -------
    Tensor
        (N, C, \*output_size), or without N.

    Raises
    ------
    ShapeError
        If the rows are no multiple of the positions of a window, or the columns are not the windows
        of such a result.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is out of its range or no int.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> columns = F.unfold(lucid.ones(1, 1, 4), (2,))
    >>> F.fold(columns, (4,), 2)
    tensor([[[1., 2., 2., 1.]]])
    """
    check_floating(x, "fold")
    shape = x.array.shape
    if len(shape) not in (2, 3):
        raise ShapeError(
            f"fold: input of shape {shape} needs axes (batch, rows, windows), or (rows, windows)"
        )
    ndim = rank_of(output_size, kernel_size, dilation, padding, stride) or 2
    sizes = normalise_size(output_size, ndim, "output_size")
    kernel, dilation, padding, stride = window_options(
        ndim, kernel_size, dilation, padding, stride
    )
    taps = prod(kernel)
    if shape[-2] % taps or not shape[-2]:
        raise ShapeError(
            f"fold: {shape[-2]} rows are no multiple of the {taps} positions of a window of "
            f"{kernel}"
        )
    channels = shape[-2] // taps
    pads = tuple((p, p) for p in padding)
    geometry = conv_geometry(
        (1, channels, *sizes), (1, channels, *kernel), stride, pads, dilation
    )
    count = prod(geometry.output_size)
    if shape[-1] != count:
        raise ShapeError(
            f"fold: input of shape {shape} has {shape[-1]} columns, but a result of {sizes} has "
            f"{' x '.join(map(str, geometry.output_size))} = {count} windows"
        )
    if len(shape) == 2:
        return squeeze(Fold(geometry)(unsqueeze(x, 0)), 0)
    return Fold(geometry)(x)
