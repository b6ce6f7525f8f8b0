"""Where one output comes from: its inputs, its taps, and the sum, with numbers."""

from collections import namedtuple

import numpy as np

from lucid.errors import ShapeError
from lucid.geometry import check_int, normalise_size
from lucid.nn.conv import ConvNd
from lucid.nn.conv_transpose import ConvTransposeNd
from lucid.ops.operands import check_tensor
from lucid.ops.padding import check_mode, pad_axes
from lucid.tensor import Tensor

__all__ = ["show_padding", "trace_output"]

Term = namedtuple("Term", "input tap weight x")


class OutputTrace:
    """One output of a layer, taken apart; made by `trace_output`.

    Attributes
    ----------
    index : tuple of int
        The output's place.
    terms : list of Term
        For each product: ``input``, the place in x, or None on zeros of the padding; ``tap``, the
        place in the weight; and the two numbers, ``weight`` and ``x``.
    bias : float
        What is added at the end, 0.0 without a bias.
    value : float
        The sum.
    """

    def __init__(self, index, terms, bias):
        self.index, self.terms, self.bias = index, terms, bias
        self.value = bias + sum(float(term.weight) * float(term.x) for term in terms)

    def __repr__(self):
        rows = [("input", "tap", "x", "weight", "x * weight")]
        for term in self.terms:
            place = "padding" if term.input is None else f"x{list(term.input)}"
            numbers = (term.x, term.weight, term.x * term.weight)
            rows.append((place, f"w{list(term.tap)}", *(f"{number:.6g}" for number in numbers)))
        rows.append(("bias", "", "", "", f"{self.bias:.6g}"))
        rows.append((f"y{list(self.index)}", "", "", "", f"{self.value:.6g}"))
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        return "\n".join(
            "  ".join(
                f"{cell:{'<' if column < 2 else '>'}{width}}"
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ) for row in rows
        )


def trace_output(layer, x, index):
    r"""List the inputs and taps whose products add up to one output of a convolution layer.

    Parameters
    ----------
    layer : Module
        A `Conv1d` to `Conv3d` or `ConvTranspose1d` to `ConvTranspose3d`, lazy ones after their
        first input.
    x : Tensor
        (N, C, \*), as the layer takes it.
    index : tuple of int
        Which output: (n, f, \*position). Negative numbers count from the end.

    Returns
    -------
    OutputTrace
        Prints as a table; its ``value`` is that of ``layer(x)[index]``, ``terms`` are the products.

    Raises
    ------
    TypeError
        If the layer is of another kind.
    ShapeError
        If `x` does not fit the layer.
    IndexError
        If there is no such output.

    Notes
    -----
    For a convolution the terms are all taps of all channels of the group, also those on padding; in
    the modes ``'reflect'``, ``'replicate'`` and ``'circular'`` the place is that of the element
    that is repeated. For a transposed convolution they are the inputs whose kernel reaches the
    output.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.Conv1d(1, 1, 3, padding=1, dtype=lucid.float64)
    >>> layer.load_state_dict({"weight": lucid.tensor([[[1.0, 10.0, 100.0]]]),
    ...                        "bias": lucid.tensor([0.5])})
    <All keys matched successfully>
    >>> x = lucid.tensor([[[1.0, 2.0, 3.0]]], dtype=lucid.float64)
    >>> lucid.conv.trace_output(layer, x, (0, 0, 0))
    input       tap         x  weight  x * weight
    padding     w[0, 0, 0]  0       1           0
    x[0, 0, 0]  w[0, 0, 1]  1      10          10
    x[0, 0, 1]  w[0, 0, 2]  2     100         200
    bias                                      0.5
    y[0, 0, 0]                              210.5
    """
    if not isinstance(layer, ConvNd):
        raise TypeError(f"trace_output: a {type(layer).__name__} is no convolution layer")
    check_tensor(x, "trace_output")
    if x.ndim != layer.ndim + 2:
        raise ShapeError(f"trace_output: x of shape {x.shape} needs {layer.ndim + 2} axes")
    geometry = layer.layout(x.shape, layer.weight.shape)
    is_transposed = isinstance(layer, ConvTransposeNd)
    size = geometry.input_size if is_transposed else geometry.output_size
    index = _place(index, (x.shape[0], layer.out_channels, *size))
    terms = (_transposed_terms if is_transposed else _terms)(layer, x, index, geometry)
    bias = 0.0 if layer.bias is None else layer.bias.array[index[1]].item()
    return OutputTrace(index, terms, bias)


def _place(index, shape):
    if len(index) != len(shape):
        raise IndexError(
            f"trace_output: index {index} has {len(index)} numbers; needs {len(shape)}"
        )
    place = []
    for axis, (i, n) in enumerate(zip(index, shape, strict=True)):
        i = check_int(i, f"index[{axis}]")
        if not -n <= i < n:
            raise IndexError(f"trace_output: {i} is no place on axis {axis} of the output {shape}")
        place.append(i % n)
    return tuple(place)


def _terms(layer, x, index, geometry):
    n, f, *o = index
    weight, size = layer.weight.array, x.shape[2:]
    # every position by its number, padded as the input is; -1 on the zeros of padding
    numbers = Tensor(np.arange(1.0, np.prod(size) + 1).reshape(size))
    if layer.padding_mode != "zeros":
        numbers = pad_axes(numbers, layer._pads(), layer.padding_mode)
    first = f // (layer.out_channels // layer.groups) * weight.shape[1]
    terms = []
    for c, *k in np.ndindex(weight.shape[1:]):
        axes = zip(o, k, geometry.stride, geometry.dilation, geometry.low, strict=True)
        i = [a * s + b * d - low for a, b, s, d, low in axes]
        inside = all(0 <= a < m for a, m in zip(i, numbers.shape, strict=True))
        place, value = None, 0.0
        if inside:
            at = np.unravel_index(int(numbers.array[tuple(i)]) - 1, size)
            place = (n, first + c, *map(int, at))
            value = x.array[place].item()
        terms.append(Term(place, (f, c, *k), weight[(f, c, *k)].item(), value))
    return terms


def _transposed_terms(layer, x, index, geometry):
    n, f, *i = index
    weight = layer.weight.array
    part = layer.out_channels // layer.groups
    group, f = divmod(f, part)
    channels = weight.shape[0] // layer.groups
    terms = []
    for c in range(group * channels, (group + 1) * channels):
        for k in np.ndindex(geometry.kernel_size):
            axes = zip(i, k, geometry.stride, geometry.dilation, geometry.low, strict=True)
            steps = [divmod(a + low - b * d, s) for a, b, s, d, low in axes]
            o = tuple(step for step, _ in steps)
            fits = not any(rest for _, rest in steps)
            if fits and all(0 <= a < m for a, m in zip(o, geometry.output_size, strict=True)):
                place = (n, c, *o)
                tap = (c, f, *k)
                terms.append(Term(place, tap, weight[tap].item(), x.array[place].item()))
    return terms


def show_padding(x, padding, mode="zeros"):
    r"""Draw an axis or an image with its padding, the padded elements in brackets.

    Parameters
    ----------
    x : Tensor
        (L,) or (H, W).
    padding : int or tuple of int
        Positions on both sides of each axis.
    mode : str, default "zeros"
        ``'zeros'``, ``'reflect'``, ``'replicate'`` or ``'circular'``.

    Returns
    -------
    str
        To be printed.

    Raises
    ------
    ShapeError
        If `x` has another number of axes, or the mode cannot pad so far.
    ValueError
        If the mode is unknown.

    Examples
    --------
    >>> import lucid
    >>> print(lucid.conv.show_padding(lucid.arange(1, 5), 2, mode="reflect"))
    (3) (2)  1   2   3   4  (3) (2)
    >>> print(lucid.conv.show_padding(lucid.tensor([[1, 2], [3, 4]]), (0, 1)))
    (0)  1   2  (0)
    (0)  3   4  (0)
    """
    check_tensor(x, "show_padding")
    if x.ndim not in (1, 2):
        raise ShapeError(f"show_padding: x of shape {x.shape} needs one or two axes")
    check_mode(mode, "mode", ("zeros", "reflect", "replicate", "circular"))
    pads = tuple((each, each) for each in normalise_size(padding, x.ndim, "padding", 0))
    padded = pad_axes(x.detach(), pads, "constant" if mode == "zeros" else mode).array
    inside = np.pad(np.ones(x.shape, bool), pads)
    texts = [f"{value:.4g}" if padded.dtype.kind == "f" else str(value) for value in padded.flat]
    width = max(map(len, texts), default=0)
    cells = [
        f" {text:>{width}} " if own else f"({text:>{width}})"
        for text, own in zip(texts, inside.flat, strict=True)
    ]
    columns = padded.shape[-1]
    lines = [" ".join(cells[i : i + columns]) for i in range(0, len(cells), columns)]
    return "\n".join(line.rstrip() for line in lines)
