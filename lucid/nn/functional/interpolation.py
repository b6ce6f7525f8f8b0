"""Making images larger or smaller, by interpolation or by moving channels to pixels and back."""

from math import floor, prod

from lucid.errors import ShapeError
from lucid.geometry import AXIS_NAMES, check_int, normalise_size
from lucid.nn.functional.adaptive_pooling import adaptive_avg_pool
from lucid.nn.functional.checks import check_floating, check_number
from lucid.ops.operands import check_tensor
from lucid.ops.resample import Resample
from lucid.ops.shaping import permute, reshape, transpose

__all__ = ["channel_shuffle", "interpolate", "pixel_shuffle", "pixel_unshuffle", "upsample"]

# mode -> the rule along an axis, and the axes it is for
MODES = {
    "nearest": ("nearest", (1, 2, 3)), "nearest-exact": ("nearest-exact", (1, 2, 3)),
    "linear": ("linear", (1,)), "bilinear": ("linear", (2,)), "trilinear": ("linear", (3,)),
    "bicubic": ("cubic", (2,)), "area": ("area", (1, 2, 3)),
}


def check_interpolation(size, scale_factor, mode, align_corners):
    """Refuse options that are unknown, missing, or exclude each other."""
    if mode not in MODES:
        raise ValueError(f"mode={mode!r} is unknown; choose one of {', '.join(map(repr, MODES))}")
    if (size is None) == (scale_factor is None):
        raise ValueError("give either size or scale_factor, and not both")
    if align_corners is not None and MODES[mode][0] not in ("linear", "cubic"):
        raise ValueError(
            f"align_corners is for linear, bilinear, bicubic and trilinear only, not for {mode!r}"
        )


def _sizes(input_size, size, scale_factor):
    """Give the output size of each axis, and the scale that was asked for, or None."""
    ndim = len(input_size)
    if size is not None:
        return normalise_size(size, ndim, "size"), (None,) * ndim
    many = isinstance(scale_factor, (tuple, list))
    factors = tuple(scale_factor) if many else (scale_factor,) * ndim
    if len(factors) != ndim:
        raise ValueError(
            f"scale_factor={factors} has {len(factors)} numbers; give one, or {ndim}: "
            f"{', '.join(AXIS_NAMES[ndim])}"
        )
    factors = tuple(check_number(factor, "scale_factor", above=0) for factor in factors)
    sizes = tuple(floor(n * factor) for n, factor in zip(input_size, factors, strict=True))
    if 0 in sizes:
        raise ShapeError(
            f"scale_factor={scale_factor} of {input_size} positions gives {sizes}; every axis "
            f"needs at least 1"
        )
    return sizes, factors


def interpolate(
    x, size=None, scale_factor=None, mode="nearest", align_corners=None,
    recompute_scale_factor=None,
):
    r"""Make the spatial axes longer or shorter, with values between the given ones.

    Parameters
    ----------
    x : Tensor
        (N, C, \*), with 1 to 3 spatial axes, none of them empty; float32 or float64.
    size : int or tuple of int, optional
        Positions of the result along each spatial axis, at least 1.
    scale_factor : float or tuple of float, optional
        Or how many times as many as before, greater than 0; rounded down.
    mode : str, default 'nearest'
        ``'nearest'`` repeats or skips positions; ``'nearest-exact'`` does so by their centres;
        ``'linear'``, ``'bilinear'``, ``'trilinear'``, for 1, 2 and 3 axes, draw lines between two
        neighbours; ``'bicubic'``, for 2 axes, a smooth curve through four [1]_; ``'area'``
        averages, as `adaptive_avg_pool2d`.
    align_corners : bool, optional
        For the linear modes and ``'bicubic'``. True: the centres of the corner pixels of input and
        output fall together. False, the default: their outer corners do.
    recompute_scale_factor : bool, optional
        Whether positions are computed from the sizes, and not from `scale_factor`, where rounding
        made the two differ. Default False.

    Returns
    -------
    Tensor
        (N, C, \*) with the new sizes.

    Raises
    ------
    ShapeError
        If the axes do not fit the mode, or an axis would become empty.
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If `size` and `scale_factor` are both given or both missing, or an option is out of range.

    Notes
    -----
    Each axis is worked off by itself. An output o lies at the input position
    :math:`(o + \frac12) \frac n m - \frac12`, or :math:`o \frac{n - 1}{m - 1}` with aligned
    corners; ``'nearest'`` takes :math:`\lfloor o \frac n m \rfloor`. With `scale_factor` s,
    :math:`\frac n m` is :math:`\frac 1 s`; but the linear modes leave an axis alone whose size
    stays the same. Positions are computed in double precision, where PyTorch, in single precision,
    may round down below a whole number and take the neighbour before it. Nothing is smoothed before
    it is made smaller: PyTorch's option antialias is not there.

    References
    ----------
    .. [1] Keys, "Cubic convolution interpolation for digital image processing", 1981, equation 4
       with a = -0.75.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> x = lucid.tensor([[[0.0, 4.0]]])
    >>> F.interpolate(x, scale_factor=2)
    tensor([[[0., 0., 4., 4.]]])
    >>> F.interpolate(x, size=5, mode="linear", align_corners=True)
    tensor([[[0., 1., 2., 3., 4.]]])
    """
    check_floating(x, "interpolate")
    check_interpolation(size, scale_factor, mode, align_corners)
    shape = x.array.shape
    ndim = len(shape) - 2
    rule, ranks = MODES[mode]
    if ndim not in ranks:
        wanted = " or ".join(str(rank + 2) for rank in ranks)
        raise ShapeError(
            f"interpolate: input of shape {shape} has {len(shape)} axes; mode {mode!r} needs "
            f"{wanted}: batch, channels and the spatial axes"
        )
    if 0 in shape[2:]:
        raise ShapeError(f"interpolate: input of shape {shape} has an empty spatial axis")
    sizes, factors = _sizes(shape[2:], size, scale_factor)
    if rule == "area":
        return adaptive_avg_pool(x, sizes)
    if recompute_scale_factor:
        factors = (None,) * ndim
    taps = []
    for n, m, factor in zip(shape[2:], sizes, factors, strict=True):
        step = n / m if factor is None or n * factor == m else 1 / factor
        # as in PyTorch, lines leave an axis that keeps its size alone, whatever its scale was
        same = n == m and (rule == "linear" or step == 1 or align_corners)
        taps.append(None if same else (n, m, rule, bool(align_corners), step))
    return x if not any(taps) else Resample(tuple(taps))(x)


def upsample(x, size=None, scale_factor=None, mode="nearest", align_corners=None):
    r"""Make the spatial axes longer: an old name of `interpolate`.

    Parameters
    ----------
    x : Tensor
        (N, C, \*), with 1 to 3 spatial axes.
    size, scale_factor, mode, align_corners
        As for `interpolate`.

    Returns
    -------
    Tensor
        (N, C, \*) with the new sizes.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.upsample(lucid.tensor([[[0.0, 4.0]]]), scale_factor=2)
    tensor([[[0., 0., 4., 4.]]])
    """
    return interpolate(x, size, scale_factor, mode, align_corners)


def pixel_shuffle(x, upscale_factor):
    r"""Turn groups of channels into pixels: (C r^2, H, W) becomes (C, H r, W r).

    Parameters
    ----------
    x : Tensor
        (\*, C r^2, H, W), of any type.
    upscale_factor : int
        The factor r, at least 1.

    Returns
    -------
    Tensor
        (\*, C, H r, W r). Channel :math:`(c r + i) r + j` becomes the pixels (i, j) of the blocks
        of r x r pixels of channel c.

    Raises
    ------
    ShapeError
        If there are fewer than 3 axes, or the channels cannot be divided by r^2.
    ValueError, TypeError
        If `upscale_factor` is no int, or below 1.

    References
    ----------
    .. [1] Shi et al., "Real-time single image and video super-resolution using an efficient
       sub-pixel convolutional neural network", 2016, equation 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.pixel_shuffle(lucid.arange(4).reshape(4, 1, 1), 2)
    tensor([[[0, 1],
             [2, 3]]])
    """
    check_tensor(x, "pixel_shuffle")
    r = check_int(upscale_factor, "upscale_factor", 1)
    *lead, c, h, w = _image_axes(x, "pixel_shuffle")
    if c % (r * r):
        raise ShapeError(
            f"pixel_shuffle: {c} channels cannot be divided by upscale_factor^2 = {r * r}"
        )
    c, k = c // (r * r), len(lead)
    blocks = reshape(x, *lead, c, r, r, h, w)
    blocks = permute(blocks, *range(k + 1), k + 3, k + 1, k + 4, k + 2)
    return reshape(blocks, *lead, c, h * r, w * r)


def pixel_unshuffle(x, downscale_factor):
    r"""Turn blocks of pixels into channels: (C, H r, W r) becomes (C r^2, H, W).

    Parameters
    ----------
    x : Tensor
        (\*, C, H r, W r), of any type.
    downscale_factor : int
        The factor r, at least 1.

    Returns
    -------
    Tensor
        (\*, C r^2, H, W): `pixel_shuffle` undone.

    Raises
    ------
    ShapeError
        If there are fewer than 3 axes, or height or width cannot be divided by r.
    ValueError, TypeError
        If `downscale_factor` is no int, or below 1.

    References
    ----------
    .. [1] Shi et al., "Real-time single image and video super-resolution using an efficient
       sub-pixel convolutional neural network", 2016, equation 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.pixel_unshuffle(lucid.arange(4).reshape(1, 2, 2), 2).flatten()
    tensor([0, 1, 2, 3])
    """
    check_tensor(x, "pixel_unshuffle")
    r = check_int(downscale_factor, "downscale_factor", 1)
    *lead, c, h, w = _image_axes(x, "pixel_unshuffle")
    if h % r or w % r:
        raise ShapeError(
            f"pixel_unshuffle: height {h} and width {w} must be multiples of "
            f"downscale_factor={r}"
        )
    k = len(lead)
    blocks = reshape(x, *lead, c, h // r, r, w // r, r)
    blocks = permute(blocks, *range(k + 1), k + 2, k + 4, k + 1, k + 3)
    return reshape(blocks, *lead, c * r * r, h // r, w // r)


def _image_axes(x, name):
    if x.array.ndim < 3:
        raise ShapeError(
            f"{name}: input of shape {x.array.shape} needs at least 3 axes: channels, height, width"
        )
    return x.array.shape


def channel_shuffle(x, groups):
    r"""Deal the channels out anew, one of each group in turn.

    Parameters
    ----------
    x : Tensor
        (N, C, \*), of any type.
    groups : int
        Parts that the channels are split into; divides C.

    Returns
    -------
    Tensor
        Of the shape of `x`: channel :math:`j g + i` was channel :math:`i C / g + j`.

    Raises
    ------
    ShapeError
        If there are fewer than 3 axes.
    ValueError, TypeError
        If `groups` is no int, below 1, or does not divide the channels.

    References
    ----------
    .. [1] Zhang, Zhou, Lin and Sun, "ShuffleNet: an extremely efficient convolutional neural
       network for mobile devices", 2018, section 3.1.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.channel_shuffle(lucid.arange(6).reshape(1, 6, 1), 2).flatten()
    tensor([0, 3, 1, 4, 2, 5])
    """
    check_tensor(x, "channel_shuffle")
    groups = check_int(groups, "groups", 1)
    shape = x.array.shape
    if len(shape) < 3:
        raise ShapeError(
            f"channel_shuffle: input of shape {shape} needs axes (batch, channels, ...)"
        )
    n, c = shape[:2]
    if c % groups:
        raise ValueError(
            f"channel_shuffle: {c} channels cannot be split into groups={groups} equal parts; "
            f"choose among the divisors of {c}"
        )
    parts = reshape(x, n, groups, c // groups, prod(shape[2:]))
    return reshape(transpose(parts, 1, 2), shape)
