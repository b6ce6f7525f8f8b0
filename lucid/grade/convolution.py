"""The tables of cases for convolutions, transposed ones and im2col, with their usual mistakes."""

import numpy as np

from lucid import kernels
from lucid.geometry import conv_geometry, conv_transpose_geometry, normalise_size
from lucid.grade.runner import Case, grade

__all__ = ["check_conv1d", "check_conv2d", "check_conv3d", "check_conv_transpose", "check_im2col"]

FLIPPED = "the kernel is flipped, as in signal processing; a layer does not: w[k], not w[-k]"
SIZES = {1: (7,), 2: (5, 6), 3: (4, 5, 5)}
OPTIONS = ("bias", "stride", "padding", "dilation", "groups")


def check_conv1d(function, options=OPTIONS, seconds=5.0):
    """Grade a convolution of sequences.

    Parameters
    ----------
    function : callable
        ``function(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1)``, x of shape
        (N, C, L), w of shape (F, C // groups, K), result (N, F, L_out), all NumPy arrays; a tensor
        as the result is taken too. Arguments at their default are not given, and need not exist as
        long as they are not in `options`.
    options : sequence of str, default all
        Which of bias, stride, padding, dilation and groups are tried.
    seconds : float, default 5.0
        How long one call may take.

    Returns
    -------
    Grade
        Prints every case that is wrong, with its numbers and a hint.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid.grade import check_conv1d
    >>> def conv1d(x, w):
    ...     return np.array([[np.convolve(x[0, 0], w[0, 0], "valid")]])
    >>> check_conv1d(conv1d, options=()).outcomes[0].hint.partition(",")[0]
    'the kernel is flipped'
    """
    return _check_conv(1, function, options, seconds)


def check_conv2d(function, options=OPTIONS, seconds=5.0):
    """Grade a convolution of images.

    Parameters
    ----------
    function : callable
        As in `check_conv1d`, with x of shape (N, C, H, W) and w of shape (F, C // groups, K_H,
        K_W). Stride, padding and dilation come as an int or as a pair.
    options : sequence of str, default all
        Which of bias, stride, padding, dilation and groups are tried.
    seconds : float, default 5.0
        How long one call may take.

    Returns
    -------
    Grade
        Prints every case that is wrong, with its numbers and a hint.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> from lucid.grade import check_conv2d
    >>> def conv2d(x, w, bias=None, **options):
    ...     bias = None if bias is None else lucid.tensor(bias)
    ...     return F.conv2d(lucid.tensor(x), lucid.tensor(w), bias, **options)
    >>> check_conv2d(conv2d).score
    1.0
    """
    return _check_conv(2, function, options, seconds)


def check_conv3d(function, options=OPTIONS, seconds=5.0):
    """Grade a convolution of volumes.

    Parameters
    ----------
    function : callable
        As in `check_conv1d`, with x of shape (N, C, D, H, W) and w of shape (F, C // groups, K_D,
        K_H, K_W).
    options : sequence of str, default all
        Which of bias, stride, padding, dilation and groups are tried.
    seconds : float, default 5.0
        How long one call may take.

    Returns
    -------
    Grade
        Prints every case that is wrong, with its numbers and a hint.

    Examples
    --------
    >>> from lucid.grade import check_conv3d
    >>> check_conv3d(lambda x, w: None, options=()).score
    0.0
    """
    return _check_conv(3, function, options, seconds)


def _draw(*shape):
    """Draw small whole numbers, so that every sum is exact and can be followed by hand."""
    return np.random.default_rng(sum(shape)).integers(-3, 4, shape).astype(np.float64)


def _conv(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
    sizes = [normalise_size(each, w.ndim - 2, "size", 0) for each in (stride, padding, dilation)]
    pairs = tuple((each, each) for each in sizes[1])
    geometry = conv_geometry(x.shape, w.shape, sizes[0], pairs, sizes[2], groups)
    return kernels.conv(x, np.ascontiguousarray(w), geometry, bias)


def _taps(w):
    return tuple(range(2, w.ndim))


def _conv_mistakes(x, w, options):
    """What the usual mistakes would give, in the order in which they are looked for."""
    mistakes = {FLIPPED: lambda: _conv(x, np.flip(w, _taps(w)), **options)}
    if w.ndim > 3:
        mistakes["the axes of the kernel are exchanged: w[f, c, i, j] is of row i, column j"] = (
            lambda: _conv(x, w.swapaxes(-1, -2), **options)
        )
    mistakes["output and input channels of the weight are exchanged: it is (F, C, ...)"] = (
        lambda: _conv(x, w.swapaxes(0, 1), **options)
    )
    mistakes |= _size_mistakes(x, w, options)
    if "bias" in options:
        bias = options["bias"]
        mistakes |= {
            "the bias is not used": lambda: _conv(x, w, **{**options, "bias": None}),
            "the bias is subtracted": lambda: _conv(x, w, **{**options, "bias": -bias}),
            "the bias is added once for each input channel":
                lambda: _conv(x, w, **{**options, "bias": bias * w.shape[1]}),
            f"the bias is not used, and {FLIPPED}":
                lambda: _conv(x, np.flip(w, _taps(w)), **{**options, "bias": None}),
        }
    if w.shape[1] > 1:
        mistakes |= _channel_mistakes(x, w, options)
    return mistakes


def _size_mistakes(x, w, options):
    def other(**changes):
        return lambda: _conv(x, w, **{**options, **changes})

    mistakes = {}
    for name, default in (("stride", 1), ("padding", 0), ("dilation", 1)):
        sizes = normalise_size(options.get(name, default), w.ndim - 2, name, 0)
        if sizes != sizes[::-1]:
            mistakes[f"the {name} of rows and columns is exchanged: the first is for rows"] = other(
                **{name: sizes[::-1]}
            )
        if len(set(sizes)) > 1:
            mistakes[f"only the first number of the {name} is used"] = other(**{name: sizes[0]})
        if name in options:
            mistakes[f"the {name} is not used"] = other(**{name: default})
    padding = normalise_size(options.get("padding", 0), w.ndim - 2, "padding", 0)
    for step, word in ((1, "more"), (-1, "less")):
        mistakes[f"off by one: the padding is one {word} than it should be"] = other(
            padding=tuple(p + step for p in padding)
        )
    if any(padding):
        mistakes["all the padding is on one side: it belongs on both"] = lambda: _shifted(
            x, w, options
        )
    return mistakes


def _channel_mistakes(x, w, options):
    def channel(c):
        chosen = np.zeros((1, w.shape[1], *(1,) * (w.ndim - 2)))
        chosen[:, c] = 1
        return lambda: _conv(x, chosen * w, **options)

    return {
        "the products are averaged over the channels; add them up":
            lambda: _conv(x, w / w.shape[1], **options),
        "only the last channel is there: = stands where += belongs": channel(-1),
        "only the first channel is there": channel(0),
    }


def _shifted(x, w, options):
    padding = normalise_size(options["padding"], w.ndim - 2, "padding", 0)
    x = np.pad(x, ((0, 0), (0, 0), *((2 * p, 0) for p in padding)))
    return _conv(x, w, **{**options, "padding": 0})


def _conv_case(name, x, w, **options):
    return Case(name, (x, w), options, _conv(x, w, **options), _conv_mistakes(x, w, options))


def _check_conv(ndim, function, options, seconds):
    size, ones = SIZES[ndim], (1,) * (ndim - 1)
    uneven = (2,) if ndim == 1 else (1, 2, 2)[:ndim]
    line = np.arange(5.0).reshape(1, 1, *ones, 5)
    x, w = _draw(2, 2, *size), _draw(3, 2, *(3, 2, 3)[-ndim:])
    cases = [
        _conv_case("one channel, one row", line, np.array([1.0, 10, 100]).reshape(1, 1, *ones, 3)),
        _conv_case("several items and channels", x, w),
        _conv_case("a kernel of one tap", x, _draw(3, 2, *(1,) * ndim)),
        _conv_case("a kernel as large as the input", x, _draw(2, 2, *size)),
    ]
    more = {
        "bias": [("bias", x, w, {"bias": np.array([1.0, 20, 300])})],
        "stride": [("stride 2", x, w, {"stride": 2}),
                   ("another stride for each axis", x, w, {"stride": uneven})],
        "padding": [("padding 1", x, w, {"padding": 1}),
                    ("another padding for each axis", x, w, {"padding": uneven})],
        "dilation": [("dilation 2", _draw(1, 2, *(n + 2 for n in size)), w, {"dilation": 2})],
        "groups": [("two groups", _draw(1, 4, *size), _draw(4, 2, *(2,) * ndim), {"groups": 2}),
                   ("depthwise", x, _draw(2, 1, *(2,) * ndim), {"groups": 2})],
    }
    for name in options:
        if name not in more:
            raise ValueError(f"options: {name!r} is unknown; choose among {', '.join(more)}")
        cases += [_conv_case(title, a, b, **chosen) for title, a, b, chosen in more[name]]
    if {"stride", "padding"} <= set(options):
        cases.append(_conv_case("stride 2 and padding 1", x, w, stride=2, padding=1))
    return grade(f"conv{ndim}d", function, cases, seconds=seconds)


def _transposed(x, w, bias=None, stride=1, padding=0, output_padding=0, dilation=1, groups=1):
    ndim = w.ndim - 2
    given = stride, padding, output_padding, dilation
    sizes = [normalise_size(each, ndim, "size", 0) for each in given]
    geometry = conv_transpose_geometry(x.shape, w.shape, *sizes, groups)
    return kernels.conv_input_grad(x, np.ascontiguousarray(w), geometry, bias)


def check_conv_transpose(function, ndim=2, options=OPTIONS, seconds=5.0):
    """Grade a transposed convolution.

    Parameters
    ----------
    function : callable
        ``function(x, w, bias=None, stride=1, padding=0, output_padding=0, dilation=1, groups=1)``,
        x of shape (N, C, \\*), w of shape (C, F // groups, \\*), as in `check_conv1d`.
    ndim : int, default 2
        Spatial axes, 1 to 3.
    options : sequence of str, default all
        Which of bias, stride, padding, dilation and groups are tried; output_padding comes with
        stride.
    seconds : float, default 5.0
        How long one call may take.

    Returns
    -------
    Grade
        Prints every case that is wrong, with its numbers and a hint.

    Raises
    ------
    ValueError
        If an option is unknown.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> from lucid.grade import check_conv_transpose
    >>> def own(x, w, **options):
    ...     w = lucid.tensor(w[:, :, ::-1].copy())
    ...     return F.conv_transpose1d(lucid.tensor(x), w, **options)
    >>> grade = check_conv_transpose(own, ndim=1, options=("stride",))
    >>> grade.outcomes[0].hint.partition(",")[0]
    'the kernel is flipped'
    """
    size, kernel, ones = (4, 3, 3)[-ndim:], (3, 2, 3)[-ndim:], (1,) * (ndim - 1)
    line = np.array([1.0, 2, 3]).reshape(1, 1, *ones, 3)
    x, w = _draw(2, 2, *size), _draw(2, 3, *kernel)
    tables = {
        "bias": [("bias", x, w, {"bias": np.array([1.0, 20, 300])})],
        "stride": [("stride 2", x, w, {"stride": 2}),
                   ("stride 2, output padding 1", x, w, {"stride": 2, "output_padding": 1})],
        "padding": [("padding 1", x, w, {"padding": 1})],
        "dilation": [("dilation 2", x, w, {"dilation": 2})],
        "groups": [("two groups", _draw(1, 4, *size), _draw(4, 2, *kernel), {"groups": 2})],
    }
    table = [
        ("one channel, one row", line, np.array([1.0, 10, 100]).reshape(1, 1, *ones, 3), {}),
        ("several items and channels", x, w, {}),
    ]
    for name in options:
        if name not in tables:
            raise ValueError(f"options: {name!r} is unknown; choose among {', '.join(tables)}")
        table += tables[name]
    if {"stride", "padding"} <= set(options):
        table.append(("stride 2 and padding 1", x, w, {"stride": 2, "padding": 1}))
    cases = [
        Case(title, (a, b), chosen, _transposed(a, b, **chosen), _transposed_mistakes(a, b, chosen))
        for title, a, b, chosen in table
    ]
    return grade(f"conv_transpose{ndim}d", function, cases, seconds=seconds)


def _transposed_mistakes(x, w, options):
    def other(**changes):
        return lambda: _transposed(x, w, **{**options, **changes})

    padding = options.get("padding", 0)
    mistakes = {
        FLIPPED: lambda: _transposed(x, np.flip(w, _taps(w)), **options),
        "the channels of the weight are exchanged: it is (C, F, ...), input channels first":
            lambda: _transposed(x, w.swapaxes(0, 1), **options),
        "off by one: the padding crops one more than it should": other(padding=padding + 1),
        "the result is a plain convolution: each input must spread over the output":
            lambda: _conv(x, w.swapaxes(0, 1)),
    }
    for name, default in (("stride", 1), ("padding", 0), ("dilation", 1), ("output_padding", 0),
                          ("bias", None)):
        if name in options:
            mistakes[f"the {name} is not used"] = other(**{name: default})
    mistakes["kernels that overlap replace each other: = stands where += belongs"] = (
        lambda: _overwritten(x, w, **options)
    )
    return mistakes


def _overwritten(x, w, stride=1, **others):
    """Put every kernel down in turn, each covering what was there; without other options."""
    if others or w.ndim != 3:
        raise NotImplementedError
    y = np.zeros((x.shape[0], w.shape[1], (x.shape[2] - 1) * stride + w.shape[2]))
    for i in range(x.shape[2]):
        y[:, :, i * stride : i * stride + w.shape[2]] = np.einsum("nc,cfk->nfk", x[:, :, i], w)
    return y


def _columns(x, kernel_size, stride=1, padding=0, dilation=1):
    """Write every window as a column: (N, C * K, L)."""
    ndim = x.ndim - 2
    kernel = normalise_size(kernel_size, ndim, "kernel_size")
    taps = int(np.prod(kernel))
    unit = np.eye(taps).reshape(taps, 1, *kernel)  # each filter reads one tap
    flat = x.reshape(-1, 1, *x.shape[2:])
    y = _conv(flat, unit, None, stride, padding, dilation)
    return y.reshape(x.shape[0], x.shape[1] * taps, -1)


def check_im2col(function, seconds=5.0):
    """Grade the copying of an image's windows into columns.

    Parameters
    ----------
    function : callable
        ``function(x, kernel_size, stride=1, padding=0, dilation=1)``, x of shape (N, C, H, W),
        result (N, C * K_H * K_W, L): the windows from left to right, then from top to bottom; in a
        column the channels come first, then the rows of the window. The order of PyTorch's
        `unfold`.
    seconds : float, default 5.0
        How long one call may take.

    Returns
    -------
    Grade
        Prints every case that is wrong, with its numbers and a hint.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid.grade import check_im2col
    >>> def im2col(x, kernel_size, stride=1, padding=0, dilation=1):
    ...     windows = np.lib.stride_tricks.sliding_window_view(x, kernel_size, (2, 3))
    ...     n, c, h, w, p, q = windows.shape
    ...     return windows.transpose(0, 1, 4, 5, 2, 3).reshape(n, c * p * q, h * w)
    >>> grade = check_im2col(im2col)
    >>> grade.passed, grade.outcomes[3].hint
    (3, 'the stride is not used')
    """
    x = _draw(2, 2, 4, 5)
    table = [
        ("windows of one row", np.arange(5.0).reshape(1, 1, 1, 5), {"kernel_size": (1, 3)}),
        ("one channel", _draw(1, 1, 3, 4), {"kernel_size": (2, 2)}),
        ("several items and channels", x, {"kernel_size": (2, 3)}),
        ("stride", x, {"kernel_size": (2, 2), "stride": 2}),
        ("padding", x, {"kernel_size": (3, 2), "padding": 1}),
        ("dilation", x, {"kernel_size": (2, 2), "dilation": 2}),
    ]
    cases = []
    for title, image, options in table:
        mistakes = {
            f"the {name} is not used": (
                lambda name=name, image=image, options=options: _columns(
                    image, **{k: v for k, v in options.items() if k != name})
            ) for name in options if name != "kernel_size"
        }
        mistakes["windows are the rows and their elements the columns: transpose the last two "
                 "axes"] = lambda x=image, o=options: _columns(x, **o).transpose(0, 2, 1)
        mistakes["in a column the taps come before the channels"] = lambda x=image, o=options: (
            _taps_first(x, o)
        )
        cases.append(Case(title, (image,), options, _columns(image, **options), mistakes))
    return grade("im2col", function, cases, seconds=seconds)


def _taps_first(x, options):
    columns = _columns(x, **options)
    n, _, length = columns.shape
    return columns.reshape(n, x.shape[1], -1, length).swapaxes(1, 2).reshape(columns.shape)
