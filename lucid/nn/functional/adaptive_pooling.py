"""Pooling into a given size, by powers, and the way back from maxima to their places."""

from functools import lru_cache
from math import isinf, prod

import numpy as np

from lucid.errors import DtypeError, ShapeError
from lucid.geometry import (
    AXIS_NAMES, check_axes, check_int, normalise_size, pool_geometry, pool_options,
)
from lucid.nn.functional.checks import check_floating, check_number
from lucid.nn.functional.pooling import avg_pool, max_pool
from lucid.ops.adaptive_pooling import AdaptiveAverage, adaptive_maxima
from lucid.ops.elementwise import where
from lucid.ops.operands import check_tensor
from lucid.ops.pooling import MaxPoolGather, MaxPoolScatter

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool2d", "adaptive_max_pool3d", "lp_pool1d", "lp_pool2d", "lp_pool3d",
    "max_unpool1d", "max_unpool2d", "max_unpool3d",
]


def check_output_size(output_size, ndim):
    """Spread a size over the axes; None, which keeps that of the input, passes."""
    sizes = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * ndim
    if len(sizes) != ndim:
        raise ValueError(
            f"output_size={tuple(sizes)} has {len(sizes)} numbers; give one int, or {ndim}: "
            f"{', '.join(AXIS_NAMES[ndim])}"
        )
    return tuple([n if n is None else check_int(n, "output_size", 1) for n in sizes])


@lru_cache(maxsize=1024)
def _windows(x_shape, output_size):
    """Work out the wanted sizes, and the options of equal windows if there are any."""
    ndim = len(output_size)
    check_axes(x_shape, ndim)
    input_size = x_shape[-ndim:]
    sizes = tuple(n if m is None else m for n, m in zip(input_size, output_size, strict=True))
    kernel = tuple(n // m for n, m in zip(input_size, sizes, strict=True))
    equal = all(n % m == 0 for n, m in zip(input_size, sizes, strict=True))
    return sizes, (kernel, kernel, (0,) * ndim, (1,) * ndim) if equal else None


def adaptive_avg_pool(x, output_size):
    """Average into a given size: what the functions and the layers call."""
    check_floating(x, f"adaptive_avg_pool{len(output_size)}d")
    sizes, options = _windows(x.array.shape, output_size)
    if options is not None:
        return avg_pool(x, options, False, True, None)
    return AdaptiveAverage(sizes)(x)


def adaptive_max_pool(x, output_size, return_indices):
    """Take maxima into a given size: what the functions and the layers call."""
    check_floating(x, f"adaptive_max_pool{len(output_size)}d")
    sizes, options = _windows(x.array.shape, output_size)
    if options is not None:
        return max_pool(x, options, False, return_indices)
    _, indices = adaptive_maxima(x.array, sizes)
    # where the maxima lie is known: the rest is reading them
    y = MaxPoolGather(indices, _plane(x.array.shape, len(sizes)))(x)
    return (y, x.wrap(indices)) if return_indices else y


def _plane(shape, ndim):
    """Lay out planes of a shape, which is all that reading and writing at an index needs."""
    ones = (1,) * ndim
    return pool_geometry(shape, ones, ones, (0,) * ndim, ones)


def lp_pool(x, norm_type, options, ceil_mode):
    """Pool by powers with the options of `pool_options`."""
    check_floating(x, "lp_pool")
    if isinf(norm_type):
        raise ValueError("norm_type=inf takes the maximum; use max_pool, or MaxPool, for that")
    totals = avg_pool(x**norm_type, options, ceil_mode, True, None) * prod(options[0])
    flat = totals == 0  # where the root has no slope, it is taken as 0
    return where(flat, 0.0, where(flat, 1.0, totals) ** (1 / norm_type))


def max_unpool(x, indices, options, output_size):
    """Put maxima back where they were, with the options of `pool_options`."""
    kernel, stride, padding, _ = options
    ndim = len(kernel)
    name = f"max_unpool{ndim}d"
    check_floating(x, name)
    check_tensor(indices, f"{name}: indices")
    check_axes(x.array.shape, ndim)
    if indices.array.dtype.kind not in "iu":
        raise DtypeError(f"{name}: indices must be int64, not {indices.dtype.name}")
    if indices.array.shape != x.array.shape:
        raise ShapeError(
            f"{name}: indices of shape {indices.array.shape} must have the shape "
            f"{x.array.shape} of the input"
        )
    sizes = _unpooled_size(x.array.shape[-ndim:], kernel, stride, padding, output_size, name)
    count = prod(sizes)
    planes, shape = prod(x.array.shape[:-ndim]), x.array.shape
    places = indices.array.reshape(planes, prod(shape[-ndim:])).astype(np.int64)
    wrong = (places < 0) | (places >= count)
    if wrong.any():
        raise ValueError(
            f"{name}: index {places[wrong][0]} is no position of a result of {sizes}, which has "
            f"{count}; give the output_size that was pooled"
        )
    # of several that name one position the last one counts: the others get the index -1
    order = np.broadcast_to(np.arange(places.shape[1]), places.shape)
    last = np.zeros((len(places), count), np.int64)
    np.put_along_axis(last, places, order, 1)
    places[np.take_along_axis(last, places, 1) != order] = -1
    geometry = _plane((*x.array.shape[:-ndim], *sizes), ndim)
    return MaxPoolScatter(places.reshape(x.array.shape), geometry)(x)


def _unpooled_size(input_size, kernel, stride, padding, output_size, name):
    """Give the size of the result, the usual one or a wanted one near it."""
    usual = tuple(
        (n - 1) * s + k - 2 * p
        for n, s, k, p in zip(input_size, stride, kernel, padding, strict=True)
    )
    if output_size is None:
        return usual
    ndim = len(usual)
    if isinstance(output_size, (tuple, list)) and len(output_size) > ndim:
        output_size = tuple(output_size)[-ndim:]  # a whole shape
    sizes = normalise_size(output_size, ndim, "output_size")
    for m, u, s in zip(sizes, usual, stride, strict=True):
        if not u - s < m < u + s:
            raise ValueError(
                f"{name}: output_size={m} is not within the stride {s} of {u}; it must be "
                f"{max(u - s + 1, 1)} to {u + s - 1}"
            )
    return sizes


def adaptive_avg_pool1d(x, output_size):
    r"""Average windows of sequences, as many as the result shall have positions.

    Parameters
    ----------
    x : Tensor
        (N, C, L), or (C, L) for one item; float32 or float64.
    output_size : int
        Positions of the result, at least 1.

    Returns
    -------
    Tensor
        The spatial axes have the sizes wanted. Along an axis of n positions, output o of m averages
        those from :math:`\lfloor o n / m \rfloor` up to, not including,
        :math:`\lceil (o + 1) n / m \rceil`: windows that differ by one, and overlap, where m does
        not divide n.

    Raises
    ------
    ShapeError
        If the axes do not fit.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is out of its range or no int.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.adaptive_avg_pool1d(lucid.tensor([[[1.0, 2.0, 3.0, 4.0, 5.0]]]), 2)
    tensor([[[2., 4.]]])
    """
    return adaptive_avg_pool(x, check_output_size(output_size, 1))


def adaptive_avg_pool2d(x, output_size):
    r"""Average windows of images, as many as the result shall have positions.

    Parameters
    ----------
    x : Tensor
        (N, C, H, W), or (C, H, W) for one item; float32 or float64.
    output_size : int, None or tuple of them
        Positions of the result along each axis, at least 1; None keeps those of the input.

    Returns
    -------
    Tensor
        The spatial axes have the sizes wanted. Along an axis of n positions, output o of m averages
        those from :math:`\lfloor o n / m \rfloor` up to, not including,
        :math:`\lceil (o + 1) n / m \rceil`: windows that differ by one, and overlap, where m does
        not divide n.

    Raises
    ------
    ShapeError
        If the axes do not fit.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is out of its range or no int.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.adaptive_avg_pool2d(lucid.arange(16.0).reshape(1, 1, 4, 4), 1)
    tensor([[[[7.5000]]]])
    """
    return adaptive_avg_pool(x, check_output_size(output_size, 2))


def adaptive_avg_pool3d(x, output_size):
    r"""Average windows of volumes, as many as the result shall have positions.

    Parameters
    ----------
    x : Tensor
        (N, C, D, H, W), or (C, D, H, W) for one item; float32 or float64.
    output_size : int, None or tuple of them
        Positions of the result along each axis, at least 1; None keeps those of the input.

    Returns
    -------
    Tensor
        The spatial axes have the sizes wanted. Along an axis of n positions, output o of m averages
        those from :math:`\lfloor o n / m \rfloor` up to, not including,
        :math:`\lceil (o + 1) n / m \rceil`: windows that differ by one, and overlap, where m does
        not divide n.

    Raises
    ------
    ShapeError
        If the axes do not fit.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is out of its range or no int.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.adaptive_avg_pool3d(lucid.ones(1, 2, 5, 7, 9), (2, None, 3)).shape
    (1, 2, 2, 7, 3)
    """
    return adaptive_avg_pool(x, check_output_size(output_size, 3))


def adaptive_max_pool1d(x, output_size, return_indices=False):
    r"""Take the maximum of windows of sequences, as many as the result shall have positions.

    Parameters
    ----------
    x : Tensor
        (N, C, L), or (C, L) for one item; float32 or float64.
    output_size : int
        Positions of the result, at least 1.
    return_indices : bool, default False
        Also give where the maxima lie.

    Returns
    -------
    y : Tensor
        The spatial axes have the sizes wanted; the windows are those of `adaptive_avg_pool1d`. A
        NaN in a window is its maximum.
    indices : Tensor of int64
        Only with `return_indices`, of the shape of y: where the first maximum of each window lies,
        counted through the spatial axes of its channel.

    Raises
    ------
    ShapeError
        If the axes do not fit.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is out of its range or no int.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.adaptive_max_pool1d(lucid.tensor([[[1.0, 2.0, 9.0, 4.0, 5.0]]]), 2)
    tensor([[[9., 9.]]])
    """
    return adaptive_max_pool(x, check_output_size(output_size, 1), return_indices)


def adaptive_max_pool2d(x, output_size, return_indices=False):
    r"""Take the maximum of windows of images, as many as the result shall have positions.

    Parameters
    ----------
    x : Tensor
        (N, C, H, W), or (C, H, W) for one item; float32 or float64.
    output_size : int, None or tuple of them
        Positions of the result along each axis, at least 1; None keeps those of the input.
    return_indices : bool, default False
        Also give where the maxima lie.

    Returns
    -------
    y : Tensor
        The spatial axes have the sizes wanted; the windows are those of `adaptive_avg_pool2d`. A
        NaN in a window is its maximum.
    indices : Tensor of int64
        Only with `return_indices`, of the shape of y: where the first maximum of each window lies,
        counted through the spatial axes of its channel.

    Raises
    ------
    ShapeError
        If the axes do not fit.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is out of its range or no int.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.adaptive_max_pool2d(lucid.arange(16.0).reshape(1, 1, 4, 4), 1)
    tensor([[[[15.]]]])
    """
    return adaptive_max_pool(x, check_output_size(output_size, 2), return_indices)


def adaptive_max_pool3d(x, output_size, return_indices=False):
    r"""Take the maximum of windows of volumes, as many as the result shall have positions.

    Parameters
    ----------
    x : Tensor
        (N, C, D, H, W), or (C, D, H, W) for one item; float32 or float64.
    output_size : int, None or tuple of them
        Positions of the result along each axis, at least 1; None keeps those of the input.
    return_indices : bool, default False
        Also give where the maxima lie.

    Returns
    -------
    y : Tensor
        The spatial axes have the sizes wanted; the windows are those of `adaptive_avg_pool3d`. A
        NaN in a window is its maximum.
    indices : Tensor of int64
        Only with `return_indices`, of the shape of y: where the first maximum of each window lies,
        counted through the spatial axes of its channel.

    Raises
    ------
    ShapeError
        If the axes do not fit.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is out of its range or no int.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.adaptive_max_pool3d(lucid.ones(1, 2, 5, 7, 9), (2, None, 3)).shape
    (1, 2, 2, 7, 3)
    """
    return adaptive_max_pool(x, check_output_size(output_size, 3), return_indices)


def lp_pool1d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    r"""Take the p-norm of every window of sequences: :math:`\bigl(\sum_k x_k^p \bigr)^{1/p}`.

    Parameters
    ----------
    x : Tensor
        (N, C, L), or (C, L) for one item; float32 or float64.
    norm_type : float
        The power p, greater than 0: 1 adds up, 2 is the length of a vector, and the larger it is,
        the closer is the result to the maximum.
    kernel_size : int
        Positions of a window along each axis, at least 1.
    stride : int, optional
        Positions from one window to the next, at least 1; default `kernel_size`.
    ceil_mode : bool, default False
        Add a last window that reaches beyond the end, if positions are left over for it; what it
        lacks counts like the mean of what it has.

    Returns
    -------
    Tensor
        The spatial axes have the sizes that `lucid.geometry.pool_output_size` counts.

    Raises
    ------
    ShapeError
        If the axes do not fit.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is out of its range or no int.

    Notes
    -----
    There is no absolute value: with an odd p, negative numbers cancel positive ones, and a sum
    below 0 has no root and gives NaN. Where the sum is 0 the gradient is 0.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.lp_pool1d(lucid.tensor([[[3.0, 4.0, 0.0, 1.0]]]), 2, 2)
    tensor([[[5., 1.]]])
    """
    norm_type = check_number(norm_type, "norm_type", above=0)
    return lp_pool(x, norm_type, pool_options(1, kernel_size, stride), ceil_mode)


def lp_pool2d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    r"""Take the p-norm of every window of images: :math:`\bigl(\sum_k x_k^p \bigr)^{1/p}`.

    Parameters
    ----------
    x : Tensor
        (N, C, H, W), or (C, H, W) for one item; float32 or float64.
    norm_type : float
        The power p, greater than 0: 1 adds up, 2 is the length of a vector, and the larger it is,
        the closer is the result to the maximum.
    kernel_size : int or tuple of int
        Positions of a window along each axis, at least 1.
    stride : int or tuple of int, optional
        Positions from one window to the next, at least 1; default `kernel_size`.
    ceil_mode : bool, default False
        Add a last window that reaches beyond the end, if positions are left over for it; what it
        lacks counts like the mean of what it has.

    Returns
    -------
    Tensor
        The spatial axes have the sizes that `lucid.geometry.pool_output_size` counts.

    Raises
    ------
    ShapeError
        If the axes do not fit.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is out of its range or no int.

    Notes
    -----
    There is no absolute value: with an odd p, negative numbers cancel positive ones, and a sum
    below 0 has no root and gives NaN. Where the sum is 0 the gradient is 0.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.lp_pool2d(lucid.ones(1, 1, 2, 4), 2, 2)
    tensor([[[[2., 2.]]]])
    """
    norm_type = check_number(norm_type, "norm_type", above=0)
    return lp_pool(x, norm_type, pool_options(2, kernel_size, stride), ceil_mode)


def lp_pool3d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    r"""Take the p-norm of every window of volumes: :math:`\bigl(\sum_k x_k^p \bigr)^{1/p}`.

    Parameters
    ----------
    x : Tensor
        (N, C, D, H, W), or (C, D, H, W) for one item; float32 or float64.
    norm_type : float
        The power p, greater than 0: 1 adds up, 2 is the length of a vector, and the larger it is,
        the closer is the result to the maximum.
    kernel_size : int or tuple of int
        Positions of a window along each axis, at least 1.
    stride : int or tuple of int, optional
        Positions from one window to the next, at least 1; default `kernel_size`.
    ceil_mode : bool, default False
        Add a last window that reaches beyond the end, if positions are left over for it; what it
        lacks counts like the mean of what it has.

    Returns
    -------
    Tensor
        The spatial axes have the sizes that `lucid.geometry.pool_output_size` counts.

    Raises
    ------
    ShapeError
        If the axes do not fit.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If a number is out of its range or no int.

    Notes
    -----
    There is no absolute value: with an odd p, negative numbers cancel positive ones, and a sum
    below 0 has no root and gives NaN. Where the sum is 0 the gradient is 0.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.lp_pool3d(lucid.ones(1, 1, 2, 2, 2), 1, 2).item()
    8.0
    """
    norm_type = check_number(norm_type, "norm_type", above=0)
    return lp_pool(x, norm_type, pool_options(3, kernel_size, stride), ceil_mode)


def max_unpool1d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    r"""Put the maxima of sequences back where they were, with zeros between.

    Parameters
    ----------
    x : Tensor
        (N, C, L), or (C, L) for one item: the maxima.
    indices : Tensor of int64
        Of the shape of `x`, from ``max_pool1d(..., return_indices=True)``.
    kernel_size : int
        As for the pooling.
    stride : int, optional
        As for the pooling; default `kernel_size`.
    padding : int, default 0
        As for the pooling.
    output_size : int or tuple of int, optional
        Spatial sizes of the result, or a whole shape: several inputs pool to one size, and this
        says which it was. Default the smallest that fits,
        :math:`(L - 1) \, stride - 2 \, padding + kernel\_size`.

    Returns
    -------
    Tensor
        The spatial axes have that size. Of several maxima that lie in one place, as of windows that
        overlap, the last one counts, and only it gets a gradient.

    Raises
    ------
    ShapeError
        If the axes do not fit, or the shapes of `x` and `indices` differ.
    DtypeError
        If `x` is not floating-point, or `indices` no integers.
    ValueError, TypeError
        If a number is out of its range or no int, or an index is no position of the result.

    Notes
    -----
    PyTorch gives the gradient of a place to all maxima that lie there.

    References
    ----------
    .. [1] Zeiler, Taylor and Fergus, "Adaptive deconvolutional networks for mid and high level
       feature learning", 2011, section 2.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> y, indices = F.max_pool1d(lucid.tensor([[[1.0, 5.0, 2.0, 4.0]]]), 2, return_indices=True)
    >>> F.max_unpool1d(y, indices, 2)
    tensor([[[0., 5., 0., 4.]]])
    """
    options = pool_options(1, kernel_size, stride, padding)
    return max_unpool(x, indices, options, output_size)


def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    r"""Put the maxima of images back where they were, with zeros between.

    Parameters
    ----------
    x : Tensor
        (N, C, H, W), or (C, H, W) for one item: the maxima.
    indices : Tensor of int64
        Of the shape of `x`, from ``max_pool2d(..., return_indices=True)``.
    kernel_size : int or tuple of int
        As for the pooling.
    stride : int or tuple of int, optional
        As for the pooling; default `kernel_size`.
    padding : int or tuple of int, default 0
        As for the pooling.
    output_size : int or tuple of int, optional
        Spatial sizes of the result, or a whole shape: several inputs pool to one size, and this
        says which it was. Default the smallest that fits,
        :math:`(L - 1) \, stride - 2 \, padding + kernel\_size`.

    Returns
    -------
    Tensor
        The spatial axes have that size. Of several maxima that lie in one place, as of windows that
        overlap, the last one counts, and only it gets a gradient.

    Raises
    ------
    ShapeError
        If the axes do not fit, or the shapes of `x` and `indices` differ.
    DtypeError
        If `x` is not floating-point, or `indices` no integers.
    ValueError, TypeError
        If a number is out of its range or no int, or an index is no position of the result.

    Notes
    -----
    PyTorch gives the gradient of a place to all maxima that lie there.

    References
    ----------
    .. [1] Zeiler, Taylor and Fergus, "Adaptive deconvolutional networks for mid and high level
       feature learning", 2011, section 2.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> x = lucid.tensor([[[[1.0, 5.0], [2.0, 4.0]]]])
    >>> F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2)
    tensor([[[[0., 5.],
              [0., 0.]]]])
    """
    options = pool_options(2, kernel_size, stride, padding)
    return max_unpool(x, indices, options, output_size)


def max_unpool3d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    r"""Put the maxima of volumes back where they were, with zeros between.

    Parameters
    ----------
    x : Tensor
        (N, C, D, H, W), or (C, D, H, W) for one item: the maxima.
    indices : Tensor of int64
        Of the shape of `x`, from ``max_pool3d(..., return_indices=True)``.
    kernel_size : int or tuple of int
        As for the pooling.
    stride : int or tuple of int, optional
        As for the pooling; default `kernel_size`.
    padding : int or tuple of int, default 0
        As for the pooling.
    output_size : int or tuple of int, optional
        Spatial sizes of the result, or a whole shape: several inputs pool to one size, and this
        says which it was. Default the smallest that fits,
        :math:`(L - 1) \, stride - 2 \, padding + kernel\_size`.

    Returns
    -------
    Tensor
        The spatial axes have that size. Of several maxima that lie in one place, as of windows that
        overlap, the last one counts, and only it gets a gradient.

    Raises
    ------
    ShapeError
        If the axes do not fit, or the shapes of `x` and `indices` differ.
    DtypeError
        If `x` is not floating-point, or `indices` no integers.
    ValueError, TypeError
        If a number is out of its range or no int, or an index is no position of the result.

    Notes
    -----
    PyTorch gives the gradient of a place to all maxima that lie there.

    References
    ----------
    .. [1] Zeiler, Taylor and Fergus, "Adaptive deconvolutional networks for mid and high level
       feature learning", 2011, section 2.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> x = lucid.rand(1, 1, 4, 4, 4)
    >>> F.max_unpool3d(*F.max_pool3d(x, 2, return_indices=True), 2).shape
    (1, 1, 4, 4, 4)
    """
    options = pool_options(3, kernel_size, stride, padding)
    return max_unpool(x, indices, options, output_size)
