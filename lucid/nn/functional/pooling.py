"""Pooling of tensors: one number for each window, for one to three spatial axes."""

from functools import lru_cache

from lucid.autograd import is_grad_enabled
from lucid.errors import DtypeError
from lucid.geometry import check_int, pool_geometry, pool_options
from lucid.ops.operands import check_tensor
from lucid.ops.pooling import AveragePool, MaxPool

__all__ = [
    "avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool1d", "max_pool2d", "max_pool3d",
]


def max_pool(x, options, ceil_mode, return_indices):
    """Pool with the options of `pool_options`: what the functions and the layers call."""
    geometry = _geometry(x, options, ceil_mode)
    keeps = return_indices or (x.requires_grad and is_grad_enabled())
    step = MaxPool(geometry, keeps)
    y = step(x)
    return (y, x.wrap(step.indices)) if return_indices else y


def avg_pool(x, options, ceil_mode, count_include_pad, divisor_override):
    """Pool with the options of `pool_options`: what the functions and the layers call."""
    geometry = _geometry(x, options, ceil_mode)
    return AveragePool(geometry, bool(count_include_pad), divisor_override)(x)


def _options(*options):
    """Do as `pool_options`, which is slow, and remember what came of it."""
    try:
        return _remembered(*options)
    except TypeError:  # an option that cannot be looked up, such as a list; or none at all
        return pool_options(*options)


_remembered = lru_cache(maxsize=1024, typed=True)(pool_options)  # typed: True is no 1


def _geometry(x, options, ceil_mode):
    check_tensor(x, "pooling")
    if x.array.dtype.kind != "f":
        raise DtypeError(
            f"pooling needs float32 or float64, not {x.dtype.name}; call x.float() first"
        )
    return pool_geometry(x.array.shape, *options, bool(ceil_mode))


def check_divisor(divisor):
    """Return a divisor as an int that is not 0; None passes."""
    if divisor is None:
        return None
    if check_int(divisor, "divisor_override") == 0:
        raise ValueError("divisor_override=0 would divide by zero; give another int, or None")
    return int(divisor)


def max_pool1d(
    x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Take the maximum of every window of sequences.

    Parameters
    ----------
    x : Tensor
        (N, C, L), or (C, L) for one item; float32 or float64.
    kernel_size : int
        Positions of a window along each axis, at least 1.
    stride : int, optional
        Positions from one window to the next, at least 1; default `kernel_size`, so that the
        windows lie side by side.
    padding : int, default 0
        Positions added on both sides of each axis, at most half the window. They never win.
    dilation : int, default 1
        Positions from one element of a window to the next, at least 1.
    ceil_mode : bool, default False
        Add a last window that reaches beyond the end, if positions are left over for it.
    return_indices : bool, default False
        Also give where the maxima lie.

    Returns
    -------
    y : Tensor
        (N, C, L_out), or without N; sizes as `lucid.geometry.pool_output_size` counts them.
    indices : Tensor of int64
        Only with `return_indices`, of the shape of y: where the first maximum of each window lies,
        counted through length of its channel. A NaN beats every number; of several NaN it is the
        last. -1, with minus infinity in y, where dilation leaves a window without any position.

    Raises
    ------
    ShapeError
        If the axes or sizes do not fit; the message does the arithmetic.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is out of its range or no int.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> x = lucid.tensor([[[1.0, 5.0, 2.0, 4.0]]])
    >>> y, indices = F.max_pool1d(x, 2, return_indices=True)
    >>> y, indices
    (tensor([[[5., 4.]]]), tensor([[[1, 3]]]))
    """
    options = _options(1, kernel_size, stride, padding, dilation)
    return max_pool(x, options, ceil_mode, return_indices)


def max_pool2d(
    x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Take the maximum of every window of images.

    Parameters
    ----------
    x : Tensor
        (N, C, H, W), or (C, H, W) for one item; float32 or float64.
    kernel_size : int or tuple of int
        Positions of a window along each axis, at least 1.
    stride : int or tuple of int, optional
        Positions from one window to the next, at least 1; default `kernel_size`, so that the
        windows lie side by side.
    padding : int or tuple of int, default 0
        Positions added on both sides of each axis, at most half the window. They never win.
    dilation : int or tuple of int, default 1
        Positions from one element of a window to the next, at least 1.
    ceil_mode : bool, default False
        Add a last window that reaches beyond the end, if positions are left over for it.
    return_indices : bool, default False
        Also give where the maxima lie.

    Returns
    -------
    y : Tensor
        (N, C, H_out, W_out), or without N; sizes as `lucid.geometry.pool_output_size` counts them.
    indices : Tensor of int64
        Only with `return_indices`, of the shape of y: where the first maximum of each window lies,
        counted through height and width of its channel. A NaN beats every number; of several NaN it
        is the last. -1, with minus infinity in y, where dilation leaves a window without any
        position.

    Raises
    ------
    ShapeError
        If the axes or sizes do not fit; the message does the arithmetic.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is out of its range or no int.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> x = lucid.arange(16.0).reshape(1, 1, 4, 4)
    >>> F.max_pool2d(x, 2)
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """
    options = _options(2, kernel_size, stride, padding, dilation)
    return max_pool(x, options, ceil_mode, return_indices)


def max_pool3d(
    x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Take the maximum of every window of volumes.

    Parameters
    ----------
    x : Tensor
        (N, C, D, H, W), or (C, D, H, W) for one item; float32 or float64.
    kernel_size : int or tuple of int
        Positions of a window along each axis, at least 1.
    stride : int or tuple of int, optional
        Positions from one window to the next, at least 1; default `kernel_size`, so that the
        windows lie side by side.
    padding : int or tuple of int, default 0
        Positions added on both sides of each axis, at most half the window. They never win.
    dilation : int or tuple of int, default 1
        Positions from one element of a window to the next, at least 1.
    ceil_mode : bool, default False
        Add a last window that reaches beyond the end, if positions are left over for it.
    return_indices : bool, default False
        Also give where the maxima lie.

    Returns
    -------
    y : Tensor
        (N, C, D_out, H_out, W_out), or without N; sizes as `lucid.geometry.pool_output_size` counts
        them.
    indices : Tensor of int64
        Only with `return_indices`, of the shape of y: where the first maximum of each window lies,
        counted through depth, height and width of its channel. A NaN beats every number; of several
        NaN it is the last. -1, with minus infinity in y, where dilation leaves a window without any
        position.

    Raises
    ------
    ShapeError
        If the axes or sizes do not fit; the message does the arithmetic.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is out of its range or no int.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.max_pool3d(lucid.zeros(2, 3, 8, 16, 16), (2, 3, 3), stride=2, padding=(0, 1, 1)).shape
    (2, 3, 4, 8, 8)
    """
    options = _options(3, kernel_size, stride, padding, dilation)
    return max_pool(x, options, ceil_mode, return_indices)


def avg_pool1d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """Average every window of sequences.

    Parameters
    ----------
    x : Tensor
        (N, C, L), or (C, L) for one item; float32 or float64.
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

    Returns
    -------
    Tensor
        (N, C, L_out), or without N; sizes as `lucid.geometry.pool_output_size` counts them.

    Raises
    ------
    ShapeError
        If the axes or sizes do not fit; the message does the arithmetic.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is out of its range or no int.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> x = lucid.tensor([[[1.0, 5.0, 2.0, 4.0]]])
    >>> F.avg_pool1d(x, 2)
    tensor([[[3., 3.]]])
    """
    options = _options(1, kernel_size, stride, padding)
    return avg_pool(x, options, ceil_mode, count_include_pad, None)


def avg_pool2d(
    x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
    divisor_override=None
):
    """Average every window of images.

    Parameters
    ----------
    x : Tensor
        (N, C, H, W), or (C, H, W) for one item; float32 or float64.
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

    Returns
    -------
    Tensor
        (N, C, H_out, W_out), or without N; sizes as `lucid.geometry.pool_output_size` counts them.

    Raises
    ------
    ShapeError
        If the axes or sizes do not fit; the message does the arithmetic.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is out of its range or no int.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> x = lucid.ones(1, 1, 4, 4)
    >>> F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
    tensor([[[[1., 1.],
              [1., 1.]]]])
    """
    options = _options(2, kernel_size, stride, padding)
    return avg_pool(x, options, ceil_mode, count_include_pad, check_divisor(divisor_override))


def avg_pool3d(
    x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
    divisor_override=None
):
    """Average every window of volumes.

    Parameters
    ----------
    x : Tensor
        (N, C, D, H, W), or (C, D, H, W) for one item; float32 or float64.
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

    Returns
    -------
    Tensor
        (N, C, D_out, H_out, W_out), or without N; sizes as `lucid.geometry.pool_output_size` counts
        them.

    Raises
    ------
    ShapeError
        If the axes or sizes do not fit; the message does the arithmetic.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is out of its range or no int.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.avg_pool3d(lucid.zeros(2, 3, 8, 16, 16), (2, 4, 4)).shape
    (2, 3, 4, 4, 4)
    """
    options = _options(3, kernel_size, stride, padding)
    return avg_pool(x, options, ceil_mode, count_include_pad, check_divisor(divisor_override))
