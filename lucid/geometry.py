r"""Every size formula and index rule of convolution, written once.

Along each axis one rule ties an input position :math:`i`, an output position :math:`o` and a
kernel tap :math:`k` together, for the convolution and for both of its gradients:

.. math:: i = o \cdot stride + k \cdot dilation - low
"""

from dataclasses import dataclass
from functools import lru_cache
from math import prod
from operator import index

from lucid.errors import ShapeError

__all__ = [
    "Geometry", "conv_geometry", "conv_output_size", "conv_transpose_geometry",
    "conv_transpose_output_size", "normalise_size", "output_padding_for", "pool_geometry",
    "pool_options", "pool_output_size", "same_padding",
]

AXIS_NAMES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
MAXIMUM = 2**63 - 1  # what an index in a kernel can count


@dataclass(frozen=True)
class Geometry:
    """Where every tap of a convolution lands: all sizes of the three primitives, for each axis.

    Built by `conv_geometry` and `conv_transpose_geometry`, which check what they are given. One
    geometry serves ``conv(x, w)``, ``conv_input_grad(y, w)`` and ``conv_weight_grad(x, y)``, with x
    of shape ``(N, C, *input_size)``, w of shape ``(F, C // groups, *kernel_size)`` and y of shape
    ``(N, F, *output_size)``.

    Attributes
    ----------
    input_size, kernel_size, output_size : tuple of int
        Positions along each axis, at least 1.
    stride, dilation : tuple of int
        Positions from one output to the next, and from one tap to the next; at least 1.
    low : tuple of int
        Zeros before the first position of each axis; a negative number crops. What is needed
        behind the last position follows from the sizes.
    groups : int
        Parts into which the channels are split; each output part sees only its own input part.

    Examples
    --------
    >>> from lucid.geometry import conv_geometry
    >>> conv_geometry((1, 3, 5, 5), (8, 3, 3, 3), stride=(2, 2)).output_size
    (2, 2)
    """

    input_size: tuple
    kernel_size: tuple
    output_size: tuple
    stride: tuple
    dilation: tuple
    low: tuple
    groups: int = 1

    def __post_init__(self):
        # geometries are looked up in every call: their hash is worked out once
        sizes = self.input_size, self.kernel_size, self.output_size
        options = self.stride, self.dilation, self.low, self.groups
        object.__setattr__(self, "_hash", hash((sizes, options)))

    def __hash__(self):
        return self._hash

    @property
    def ndim(self):
        """Number of spatial axes, 1 to 3."""
        return len(self.kernel_size)


def check_int(value, name, minimum=None):
    """Return `value` as an int, refusing floats, bools and what is below `minimum`."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an int, not {value!r} ({type(value).__name__})")
    value = index(value)
    if minimum is not None and value < minimum:
        raise ValueError(f"{name}={value} is too small; it must be at least {minimum}")
    if value > MAXIMUM:
        raise ValueError(f"{name}={value} is too large; it must be below 2**63")
    return value


def normalise_size(value, ndim, name, minimum=1):
    """Spread a size over the axes.

    Parameters
    ----------
    value : int or sequence of int
        One number for all axes, or one for each.
    ndim : int
        Number of spatial axes, 1 to 3.
    name : str
        What to call the argument in an error.
    minimum : int, default 1
        The smallest number allowed; None allows all.

    Returns
    -------
    tuple of int
        `ndim` numbers.

    Raises
    ------
    TypeError
        If a number is a float or a bool, or `value` is neither a number nor a sequence.
    ValueError
        If there is another count of numbers than axes, or one is below `minimum`.

    Examples
    --------
    >>> from lucid.geometry import normalise_size
    >>> normalise_size(3, 2, "kernel_size")
    (3, 3)
    >>> normalise_size((3, 5), 3, "kernel_size")
    Traceback (most recent call last):
    ...
    ValueError: kernel_size=(3, 5) has 2 numbers; give one int, or 3: depth, height, width
    """
    if not isinstance(value, (tuple, list)):
        return (check_int(value, name, minimum),) * ndim
    if len(value) != ndim:
        plural = "number" if len(value) == 1 else "numbers"
        axes = ", ".join(AXIS_NAMES[ndim])
        raise ValueError(
            f"{name}={tuple(value)} has {len(value)} {plural}; give one int, or {ndim}: {axes}"
        )
    return tuple(check_int(each, f"{name}[{axis}]", minimum) for axis, each in enumerate(value))


def _check_axis(kernel_size, stride, dilation, **more):
    """Refuse numbers of one axis that are no ints, or too small."""
    sizes = {"kernel_size": kernel_size, "stride": stride, "dilation": dilation}
    for name, value in sizes.items():
        check_int(value, name, 1)
    for name, value in more.items():
        check_int(value, name)


def same_padding(kernel_size, dilation=1):
    r"""Count the zeros that keep an axis as long as it is, at stride 1.

    Parameters
    ----------
    kernel_size : int
        Taps of the kernel, at least 1.
    dilation : int, default 1
        Positions from one tap to the next, at least 1.

    Returns
    -------
    tuple of int
        Zeros on the low and on the high side; they sum to :math:`d(k - 1)`, and the odd one is on
        the high side.

    Examples
    --------
    >>> from lucid.geometry import same_padding
    >>> same_padding(3), same_padding(4)
    ((1, 1), (1, 2))
    """
    total = dilation * (kernel_size - 1)
    return total // 2, total - total // 2


def normalise_padding(padding, ndim):
    """Spread a number over the axes, as `normalise_size`; let 'same' and 'valid' pass."""
    if not isinstance(padding, str):
        return normalise_size(padding, ndim, "padding", 0)
    if padding not in ("same", "valid"):
        raise ValueError(f"padding={padding!r} is not a number, 'same' or 'valid'")
    return padding


@lru_cache(maxsize=4096)
def padding_pairs(padding, kernel_size, stride, dilation):
    """Turn 'same', 'valid', or a number or pair for each axis, into (low, high) pairs."""
    if padding == "same":
        if any(each != 1 for each in stride):
            raise ValueError(
                f"padding='same' needs stride 1, not stride={stride}; "
                f"give the padding as a number, for example kernel_size // 2"
            )
        return tuple(map(same_padding, kernel_size, dilation))
    ndim = len(kernel_size)
    if isinstance(padding, tuple) and padding and isinstance(padding[0], tuple):
        return padding * ndim if len(padding) == 1 else padding
    padding = 0 if padding == "valid" else padding
    return tuple((each, each) for each in _every(normalise_padding, padding, ndim))


def conv_output_size(input_size, kernel_size, stride=1, padding=0, dilation=1):
    r"""Count the places where a kernel fits along one axis.

    Parameters
    ----------
    input_size : int
        Positions along the axis, without its padding; at least 1.
    kernel_size : int
        Taps of the kernel, at least 1.
    stride : int, default 1
        Positions from one placement to the next, at least 1.
    padding : int or tuple of int, default 0
        Zeros on both sides, or on the (low, high) side.
    dilation : int, default 1
        Positions from one tap to the next, at least 1.

    Returns
    -------
    int
        :math:`\lfloor (n + low + high - d(k - 1) - 1) / s \rfloor + 1`; below 1 where the kernel
        does not fit.

    Raises
    ------
    TypeError, ValueError
        If a number is no int, or the kernel, stride or dilation is below 1.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       relationships 6 and 15.

    Examples
    --------
    >>> from lucid.geometry import conv_output_size
    >>> conv_output_size(8, 3, stride=2, padding=1)
    4
    """
    low, high = padding if isinstance(padding, tuple) else (padding, padding)
    _check_axis(kernel_size, stride, dilation, input_size=input_size, padding=low)
    return (input_size + low + high - dilation * (kernel_size - 1) - 1) // stride + 1


def conv_transpose_output_size(
    input_size, kernel_size, stride=1, padding=0, output_padding=0, dilation=1
):
    r"""Count the positions that a transposed convolution writes along one axis.

    Parameters
    ----------
    input_size : int
        Positions along the axis of the input, at least 1.
    kernel_size : int
        Taps of the kernel, at least 1.
    stride : int, default 1
        Positions of the output from one input position to the next, at least 1.
    padding : int, default 0
        Positions cropped from each side of the full result.
    output_padding : int, default 0
        Positions added on the high side.
    dilation : int, default 1
        Positions from one tap to the next, at least 1.

    Returns
    -------
    int
        :math:`(n - 1)s - 2p + d(k - 1) + output\_padding + 1`.

    Raises
    ------
    TypeError, ValueError
        If a number is no int, or the kernel, stride or dilation is below 1.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       relationship 14.

    Examples
    --------
    >>> from lucid.geometry import conv_transpose_output_size
    >>> conv_transpose_output_size(4, 3, stride=2, padding=1)
    7
    """
    more = {"input_size": input_size, "padding": padding, "output_padding": output_padding}
    _check_axis(kernel_size, stride, dilation, **more)
    return (
        (input_size - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1
    )


def check_axes(x_shape, ndim):
    """Refuse a shape without (N, C, *spatial) or (C, *spatial) axes, or with an empty one."""
    axes = AXIS_NAMES[ndim]
    if len(x_shape) not in (ndim + 1, ndim + 2):
        wanted = ", ".join(axes)
        # with one axis more it would be a single item, so the channel axis comes first
        hint = "; to add the missing channel axis: x[None]" if len(x_shape) == ndim else ""
        raise ShapeError(
            f"input of shape {x_shape} has {len(x_shape)} axes; "
            f"needs (batch, channels, {wanted}), or (channels, {wanted}) for one item{hint}"
        )
    for name, size in zip(axes, x_shape[-ndim:], strict=True):
        if size == 0:
            raise ShapeError(
                f"input of shape {x_shape} has {name} 0; every spatial axis needs at least 1 "
                f"position (only the batch may be empty)"
            )


def check_channels(x_shape, ndim, channels, why):
    """Refuse an input that has not `channels` channels; `why` says who wants them."""
    axis = len(x_shape) - ndim - 1
    if x_shape[axis] == channels:
        return
    hint = ""
    if x_shape[-1] == channels:
        order = (*range(axis), len(x_shape) - 1, *range(axis, len(x_shape) - 1))
        hint = f"; the last axis has {channels}: if those are the channels, x.permute{order}"
    elif channels == 1 and axis == 0:
        hint = "; if the first axis is the batch, the channel axis is missing: x[:, None]"
    raise ShapeError(
        f"input of shape {x_shape} has {x_shape[axis]} channels on axis {axis}; "
        f"needs {channels} ({why}){hint}"
    )


def check_split(channels, groups, name):
    """Refuse a number of channels that does not split into `groups` equal parts."""
    if channels % groups:
        raise ValueError(
            f"{name}={channels} cannot be split into groups={groups} equal parts; "
            f"choose groups among the divisors of {channels}"
        )


def check_groups(w_shape, groups, of_input=False):
    """Refuse a weight whose first axis does not split into `groups` equal parts."""
    if groups < 1 or w_shape[0] % groups:
        name = "in_channels" if of_input else "out_channels"
        raise ShapeError(
            f"weight of shape {w_shape} has {name}={w_shape[0]}, which cannot be split into "
            f"groups={groups} equal parts"
        )


def check_weight(w_shape, ndim):
    """Refuse a weight without two channel axes and `ndim` kernel axes, or with an empty one."""
    if ndim not in AXIS_NAMES:
        raise ShapeError(
            f"weight of shape {w_shape} needs 3 to 5 axes: two of channels, then one to three of "
            f"the kernel"
        )
    if len(w_shape) != ndim + 2 or 0 in w_shape[1:]:
        raise ShapeError(
            f"weight of shape {w_shape} needs {ndim + 2} axes, none empty: two of channels, "
            f"then {', '.join(AXIS_NAMES[ndim])} of the kernel"
        )


def _conv_axis(name, size, kernel, stride, pads, dilation):
    result = conv_output_size(size, kernel, stride, pads, dilation)
    if result >= 1:
        return result
    extent, padding = dilation * (kernel - 1) + 1, sum(pads)
    amount = pads[0] if pads[0] == pads[1] else pads
    raise ShapeError(
        f"{name} {size} with kernel {kernel}, dilation {dilation}, padding {amount} gives "
        f"floor(({size} + {padding} - {extent})/{stride}) + 1 = {result}; "
        f"needs {name} >= {extent - padding} or padding >= {-((size - extent) // 2)}"
    )


@lru_cache(maxsize=4096)
def conv_geometry(x_shape, w_shape, stride=(1,), padding=((0, 0),), dilation=(1,), groups=1):
    """Lay out a convolution of x with w.

    Parameters
    ----------
    x_shape : tuple of int
        (N, C, spatial sizes) or (C, spatial sizes), 1 to 3 spatial axes.
    w_shape : tuple of int
        (F, C // groups, kernel sizes).
    stride, dilation : int or tuple of int, default 1
        One number for each axis, at least 1; a single one serves all axes.
    padding : str, int, tuple of int or tuple of (int, int), default 0
        'same', 'valid', or the zeros on both sides, or on the (low, high) side, of each axis; a
        single number or pair serves all axes.
    groups : int, default 1
        Parts that the channels are split into.

    Returns
    -------
    Geometry

    Raises
    ------
    ShapeError
        If the axes, channels or sizes do not fit; the message does the arithmetic.

    Examples
    --------
    >>> from lucid.geometry import conv_geometry
    >>> conv_geometry((1, 1, 8), (1, 1, 3), padding=((1, 1),)).output_size
    (8,)
    >>> conv_geometry((1, 3, 3, 9), (8, 3, 5, 5), stride=(2, 2))
    Traceback (most recent call last):
    ...
    lucid.errors.ShapeError: height 3 with kernel 5, dilation 1, padding 0 gives \
floor((3 + 0 - 5)/2) + 1 = 0; needs height >= 5 or padding >= 1
    """
    ndim = len(w_shape) - 2
    check_weight(w_shape, ndim)
    check_axes(x_shape, ndim)
    check_groups(w_shape, groups)
    check_channels(
        x_shape, ndim, w_shape[1] * groups, f"weight of shape {w_shape}, groups={groups}"
    )
    input_size, kernel_size = x_shape[-ndim:], w_shape[2:]
    stride = _every(normalise_size, stride, ndim, "stride")
    dilation = _every(normalise_size, dilation, ndim, "dilation")
    pairs = padding_pairs(padding, kernel_size, stride, dilation)
    output_size = tuple(
        map(_conv_axis, AXIS_NAMES[ndim], input_size, kernel_size, stride, pairs, dilation)
    )
    low = tuple(low for low, _ in pairs)
    check_count((*x_shape[: -ndim - 1], w_shape[0], *output_size), "output")
    return Geometry(input_size, kernel_size, output_size, stride, dilation, low, groups)


def _every(normalise, values, ndim, *rules):
    """Normalise, where a tuple of one number serves all axes."""
    alone = isinstance(values, tuple) and len(values) == 1
    return normalise(values[0] if alone else values, ndim, *rules)


def check_count(shape, name):
    """Refuse a shape with more elements than an index can count."""
    if prod(shape) > MAXIMUM // 8:
        raise MemoryError(f"the {name} of shape {shape} has {prod(shape)} elements: too many")


def check_output_padding(output_padding, stride, dilation):
    """Refuse what is as long as a stride and a dilation: a larger input would give that size."""
    for axis, values in enumerate(zip(output_padding, stride, dilation, strict=True)):
        limit = max(values[1:])
        if values[0] >= limit:
            raise ValueError(
                f"output_padding={output_padding} is too large on spatial axis {axis}; it must be "
                f"below max(stride, dilation) = max({values[1]}, {values[2]}) = {limit}"
            )


def output_padding_for(input_size, output_size, kernel_size, stride=1, padding=0, dilation=1):
    r"""Find the output padding with which a transposed convolution gives the size that is wanted.

    Where the stride is above 1, a convolution makes several sizes equal, and its transposed cannot
    know which of them to give back; the output padding says it.

    Parameters
    ----------
    input_size : int
        Positions along the axis of the input, at least 1.
    output_size : int
        Positions wanted.
    kernel_size : int
        Taps of the kernel, at least 1.
    stride : int, default 1
        Positions of the output from one input position to the next, at least 1.
    padding : int, default 0
        Positions cropped from each side of the full result.
    dilation : int, default 1
        Positions from one tap to the next, at least 1.

    Returns
    -------
    int
        From 0 to :math:`\max(s, d) - 1`.

    Raises
    ------
    ShapeError
        If the size cannot be reached; the message says which ones can.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       relationship 14.

    Examples
    --------
    >>> from lucid.geometry import output_padding_for
    >>> [output_padding_for(4, size, kernel_size=3, stride=2, padding=1) for size in (7, 8)]
    [0, 1]
    """
    sizes = (kernel_size, stride, padding, dilation)
    return _output_padding("length", input_size, output_size, *sizes)


def _output_padding(name, size, wanted, kernel, stride, padding, dilation):
    least = conv_transpose_output_size(size, kernel, stride, padding, dilation=dilation)
    most = least + max(stride, dilation) - 1
    if not least <= wanted <= most:
        raise ShapeError(
            f"{name} {size} with kernel {kernel}, stride {stride}, dilation {dilation}, padding "
            f"{padding} cannot become {wanted}; output_size must be {least} to {most}, which is "
            f"output_padding 0 to {most - least}"
        )
    return wanted - least


def output_paddings(x_shape, output_size, kernel_size, stride, padding, dilation):
    """Find the output padding of every axis; `output_size` may be a whole shape."""
    ndim = len(kernel_size)
    check_axes(x_shape, ndim)
    if isinstance(output_size, (tuple, list)) and len(output_size) == len(x_shape):
        output_size = output_size[-ndim:]
    output_size = normalise_size(output_size, ndim, "output_size")
    return tuple(map(
        _output_padding, AXIS_NAMES[ndim], x_shape[-ndim:], output_size, kernel_size, stride,
        padding, dilation,
    ))


def _transpose_axis(name, size, kernel, stride, padding, output_padding, dilation):
    result = conv_transpose_output_size(size, kernel, stride, padding, output_padding, dilation)
    if result >= 1:
        return result
    full = result + 2 * padding
    raise ShapeError(
        f"{name} {size} with kernel {kernel}, stride {stride}, dilation {dilation}, padding "
        f"{padding}, output_padding {output_padding} gives ({size} - 1)*{stride} - 2*{padding} + "
        f"{dilation}*({kernel} - 1) + {output_padding} + 1 = {result}; "
        f"needs padding <= {(full - 1) // 2}"
    )


@lru_cache(maxsize=4096)
def conv_transpose_geometry(
    x_shape, w_shape, stride=(1,), padding=(0,), output_padding=(0,), dilation=(1,), groups=1
):
    """Lay out a transposed convolution of x with w: the convolution whose input gradient it is.

    Parameters
    ----------
    x_shape : tuple of int
        (N, C, spatial sizes) or (C, spatial sizes) of what is transposed-convolved: the *output*
        side of the geometry.
    w_shape : tuple of int
        (C, channels of the result // groups, kernel sizes).
    stride, padding, output_padding, dilation : int or tuple of int, default 1, 0, 0 and 1
        One number for each axis; a single one serves all axes.
    groups : int, default 1
        Parts that the channels are split into.

    Returns
    -------
    Geometry
        Its `input_size` is the size of the result.

    Raises
    ------
    ShapeError
        If the axes, channels or sizes do not fit; the message does the arithmetic.

    Examples
    --------
    >>> from lucid.geometry import conv_transpose_geometry
    >>> conv_transpose_geometry((1, 8, 4), (8, 3, 4), stride=(2,), padding=(1,)).input_size
    (8,)
    """
    ndim = len(w_shape) - 2
    check_weight(w_shape, ndim)
    check_axes(x_shape, ndim)
    check_groups(w_shape, groups, of_input=True)
    check_channels(x_shape, ndim, w_shape[0], f"the first axis of the weight of shape {w_shape}")
    input_size, kernel_size = x_shape[-ndim:], w_shape[2:]
    stride = _every(normalise_size, stride, ndim, "stride")
    dilation = _every(normalise_size, dilation, ndim, "dilation")
    padding = _every(normalise_size, padding, ndim, "padding", 0)
    output_padding = _every(normalise_size, output_padding, ndim, "output_padding", 0)
    check_output_padding(output_padding, stride, dilation)
    axes = zip(
        AXIS_NAMES[ndim], input_size, kernel_size, stride, padding, output_padding, dilation,
        strict=True,
    )
    result_size = tuple(_transpose_axis(*axis) for axis in axes)
    check_count((*x_shape[: -ndim - 1], w_shape[1] * groups, *result_size), "output")
    return Geometry(result_size, kernel_size, input_size, stride, dilation, padding, groups)


def pool_output_size(input_size, kernel_size, stride, padding=0, dilation=1, ceil_mode=False):
    r"""Count the windows of a pooling along one axis.

    Parameters
    ----------
    input_size : int
        Positions along the axis, without its padding; at least 1.
    kernel_size : int
        Positions of a window, at least 1.
    stride : int
        Positions from one window to the next, at least 1.
    padding : int, default 0
        Positions added on both sides.
    dilation : int, default 1
        Positions from one element of a window to the next, at least 1.
    ceil_mode : bool, default False
        Add a last window that reaches beyond the padded end, if positions are left over for it. It
        must begin inside the input or the padding before it, so it never sees padding alone.

    Returns
    -------
    int
        As `conv_output_size`, or the same with the division rounded up.

    Examples
    --------
    >>> from lucid.geometry import pool_output_size
    >>> pool_output_size(6, 3, 2), pool_output_size(6, 3, 2, ceil_mode=True)
    (2, 3)
    """
    high = padding + (stride - 1 if ceil_mode else 0)
    count = conv_output_size(input_size, kernel_size, stride, (padding, high), dilation)
    if ceil_mode and (count - 1) * stride >= input_size + padding:
        return count - 1
    return count


def pool_options(ndim, kernel_size, stride=None, padding=0, dilation=1):
    """Spread the options of a pooling over the axes.

    Parameters
    ----------
    ndim : int
        Number of spatial axes, 1 to 3.
    kernel_size : int or tuple of int
        Positions of a window, at least 1.
    stride : int or tuple of int, optional
        Positions from one window to the next, at least 1; default `kernel_size`.
    padding : int or tuple of int, default 0
        Positions added on both sides, at most half the window.
    dilation : int or tuple of int, default 1
        Positions from one element of a window to the next, at least 1.

    Returns
    -------
    tuple of tuple of int
        The four, each with `ndim` numbers.

    Raises
    ------
    TypeError, ValueError
        If a number is not an int or out of its range, or their count is not `ndim`.

    Examples
    --------
    >>> from lucid.geometry import pool_options
    >>> pool_options(2, 3, padding=1)
    ((3, 3), (3, 3), (1, 1), (1, 1))
    """
    kernel_size = normalise_size(kernel_size, ndim, "kernel_size")
    stride = kernel_size if stride is None else normalise_size(stride, ndim, "stride")
    padding = normalise_size(padding, ndim, "padding", 0)
    dilation = normalise_size(dilation, ndim, "dilation")
    for name, kernel, each in zip(AXIS_NAMES[ndim], kernel_size, padding, strict=True):
        if each > kernel // 2:
            raise ValueError(
                f"padding={each} is more than half of kernel_size={kernel} along the {name}; "
                f"it must be at most {kernel} // 2 = {kernel // 2}"
            )
    if prod(kernel_size) >= 2**31:
        raise ValueError(f"kernel_size={kernel_size} has 2**31 elements or more; needs fewer")
    return kernel_size, stride, padding, dilation


def _pool_axis(name, size, kernel, stride, padding, dilation, ceil_mode):
    result = pool_output_size(size, kernel, stride, padding, dilation, ceil_mode)
    if result >= 1:
        return result
    extent = dilation * (kernel - 1) + 1
    rounded = "ceil" if ceil_mode else "floor"
    raise ShapeError(
        f"{name} {size} with window {kernel}, dilation {dilation}, padding {padding} gives "
        f"{rounded}(({size} + {2 * padding} - {extent})/{stride}) + 1 = {result}; "
        f"needs {name} >= {extent - 2 * padding - (stride - 1 if ceil_mode else 0)} "
        f"or a smaller window"
    )


@lru_cache(maxsize=4096)
def pool_geometry(x_shape, kernel_size, stride, padding, dilation, ceil_mode=False):
    """Lay out a pooling of x.

    Parameters
    ----------
    x_shape : tuple of int
        (N, C, spatial sizes) or (C, spatial sizes), 1 to 3 spatial axes.
    kernel_size, stride, padding, dilation : tuple of int
        From `pool_options`.
    ceil_mode : bool, default False
        As in `pool_output_size`.

    Returns
    -------
    Geometry

    Raises
    ------
    ShapeError
        If the axes or sizes do not fit; the message does the arithmetic.

    Examples
    --------
    >>> from lucid.geometry import pool_geometry
    >>> pool_geometry((1, 3, 8, 8), (2, 2), (2, 2), (0, 0), (1, 1)).output_size
    (4, 4)
    >>> pool_geometry((1, 3, 2), (3,), (3,), (0,), (1,))
    Traceback (most recent call last):
    ...
    lucid.errors.ShapeError: length 2 with window 3, dilation 1, padding 0 gives \
floor((2 + 0 - 3)/3) + 1 = 0; needs length >= 3 or a smaller window
    """
    ndim = len(kernel_size)
    check_axes(x_shape, ndim)
    sizes = zip(
        AXIS_NAMES[ndim], x_shape[-ndim:], kernel_size, stride, padding, dilation, strict=True
    )
    output_size = tuple(_pool_axis(*axis, ceil_mode) for axis in sizes)
    return Geometry(x_shape[-ndim:], kernel_size, output_size, stride, dilation, padding)
