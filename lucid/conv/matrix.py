"""Convolution as what it is, a linear map: its matrix, and its windows multiplied by its weight."""

from collections import namedtuple

import numpy as np

from lucid.errors import ShapeError
from lucid.geometry import (
    check_output_padding, check_weight, conv_geometry, conv_transpose_geometry, normalise_padding,
    normalise_size, padding_pairs,
)
from lucid.ops.operands import check_tensor

__all__ = ["conv_as_einsum", "conv_matrix", "conv_transpose_matrix"]

MOST = 2**31  # bytes of a dense matrix

ConvEinsum = namedtuple("ConvEinsum", "subscripts windows weight output")
SparseMatrix = namedtuple("SparseMatrix", "rows columns values shape")


def conv_matrix(weight, input_size, stride=1, padding=0, dilation=1, groups=1, sparse=False):
    r"""Write a convolution as a matrix: ``y.flatten() = M @ x.flatten()``, for one item.

    Parameters
    ----------
    weight : Tensor
        (F, C // groups, \*kernel_size), one to three spatial axes.
    input_size : int or tuple of int
        Spatial size of the input, in positions.
    stride, dilation : int or tuple of int, default 1
        Positions from one output, and from one tap, to the next; at least 1.
    padding : int, tuple of int or str, default 0
        Zeros on both sides of each axis, ``'same'`` or ``'valid'``.
    groups : int, default 1
        Parts that the channels are split into.
    sparse : bool, default False
        Whether only the entries are returned that come from a tap.

    Returns
    -------
    Tensor
        (F \* outputs, C \* inputs), of the type of `weight`; without the graph. If `sparse`, a
        named tuple of the arrays ``rows``, ``columns``, ``values``, and the ``shape``, as
        ``scipy.sparse.coo_array((values, (rows, columns)), shape)`` takes them.

    Raises
    ------
    ShapeError
        If sizes do not fit, or the dense matrix would have more than 2 GiB.

    See Also
    --------
    conv_transpose_matrix : That of a transposed convolution: a transpose, hence the name.

    Notes
    -----
    The row of output (f, o) holds ``weight[f, c, k]`` in the column of input (c, i) with
    :math:`i = o \cdot stride + k \cdot dilation - padding`. A tap that falls on padding has none.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       section 4.1.

    Examples
    --------
    >>> import lucid
    >>> lucid.conv.conv_matrix(lucid.tensor([[[1.0, 2.0, 3.0]]]), input_size=5, stride=2)
    tensor([[1., 2., 3., 0., 0.],
            [0., 0., 1., 2., 3.]])
    """
    check_tensor(weight, "conv_matrix")
    ndim = weight.ndim - 2
    check_weight(weight.shape, ndim)
    x_shape = (1, weight.shape[1] * groups, *normalise_size(input_size, ndim, "input_size"))
    geometry = conv_geometry(
        x_shape, weight.shape, normalise_size(stride, ndim, "stride"),
        normalise_padding(padding, ndim), normalise_size(dilation, ndim, "dilation"), groups,
    )
    entries = _entries(weight.array, geometry)
    return entries if sparse else weight.wrap(_dense(entries))


def conv_transpose_matrix(
    weight, input_size, stride=1, padding=0, output_padding=0, groups=1, dilation=1, sparse=False
):
    r"""Write a transposed convolution as a matrix: ``y.flatten() = M @ x.flatten()``, for one item.

    It is the transpose of the matrix of the convolution with the same weight that goes from the
    *output's* size to `input_size`.

    Parameters
    ----------
    weight : Tensor
        (C, F // groups, \*kernel_size), one to three spatial axes.
    input_size : int or tuple of int
        Spatial size of the input, in positions.
    stride, padding, output_padding, groups, dilation
        As in `lucid.nn.ConvTranspose2d`.
    sparse : bool, default False
        Whether only the entries are returned that come from a tap.

    Returns
    -------
    Tensor
        (F \* outputs, C \* inputs), without the graph; or as in `conv_matrix`.

    Raises
    ------
    ShapeError
        If sizes do not fit, or the dense matrix would have more than 2 GiB.

    Examples
    --------
    >>> import lucid
    >>> from lucid.conv import conv_matrix, conv_transpose_matrix
    >>> w = lucid.tensor([[[1.0, 2.0, 3.0]]])
    >>> M = conv_transpose_matrix(w, input_size=2, stride=2)
    >>> M
    tensor([[1., 0.],
            [2., 0.],
            [3., 1.],
            [0., 2.],
            [0., 3.]])
    >>> bool((M == conv_matrix(w, input_size=5, stride=2).T).all())
    True
    """
    check_tensor(weight, "conv_transpose_matrix")
    ndim = weight.ndim - 2
    check_weight(weight.shape, ndim)
    size = normalise_size(input_size, ndim, "input_size")
    stride, dilation = (
        normalise_size(value, ndim, name)
        for value, name in ((stride, "stride"), (dilation, "dilation"))
    )
    output_padding = normalise_size(output_padding, ndim, "output_padding", 0)
    check_output_padding(output_padding, stride, dilation)
    geometry = conv_transpose_geometry(
        (1, weight.shape[0], *size), weight.shape, stride,
        normalise_size(padding, ndim, "padding", 0), output_padding, dilation, groups,
    )
    rows, columns, values, shape = _entries(weight.array, geometry)
    entries = SparseMatrix(columns, rows, values, shape[::-1])
    return entries if sparse else weight.wrap(_dense(entries))


def conv_as_einsum(x, weight, stride=1, padding=0, dilation=1, groups=1):
    r"""Write a convolution as one `einsum` of the input's windows with the weight.

    Parameters
    ----------
    x : Tensor
        (N, C, \*input_size), one to three spatial axes.
    weight : Tensor
        (F, C // groups, \*kernel_size).
    stride, padding, dilation, groups
        As in `conv_matrix`.

    Returns
    -------
    ConvEinsum
        A named tuple: ``subscripts``, such as ``'ngcOPkl,gfckl->ngfOP'``; ``windows``, an array
        (N, G, C // G, \*output_size, \*kernel_size) that shares its memory with the padded input,
        every element of which it shows once for each tap; ``weight``, (G, F // G, C // G,
        \*kernel_size); and ``output``, (N, F, \*output_size), a tensor without the graph. Capital
        letters are output positions, small ones taps.

    Raises
    ------
    ShapeError
        If axes, channels or sizes do not fit.

    Notes
    -----
    Reordering the windows into a matrix copies them: that is im2col, and the sum is then one matrix
    product. Here nothing is copied but the padding.

    Examples
    --------
    >>> import numpy as np
    >>> import lucid
    >>> x, w = lucid.arange(5.0).reshape(1, 1, 5), lucid.tensor([[[1.0, 10.0]]])
    >>> parts = lucid.conv.conv_as_einsum(x, w)
    >>> parts.subscripts, parts.windows.shape
    ('ngcOk,gfck->ngfO', (1, 1, 1, 4, 2))
    >>> parts.output
    tensor([[[10., 21., 32., 43.]]])
    >>> np.einsum(parts.subscripts, parts.windows, parts.weight).tolist()
    [[[[10.0, 21.0, 32.0, 43.0]]]]
    """
    check_tensor(x, "conv_as_einsum")
    check_tensor(weight, "conv_as_einsum")
    ndim = weight.ndim - 2
    check_weight(weight.shape, ndim)
    stride = normalise_size(stride, ndim, "stride")
    dilation = normalise_size(dilation, ndim, "dilation")
    padding = normalise_padding(padding, ndim)
    geometry = conv_geometry(x.shape, weight.shape, stride, padding, dilation, groups)
    if x.ndim != ndim + 2:
        raise ShapeError(f"conv_as_einsum: x of shape {x.shape} has no batch axis; use x[None]")
    pairs = padding_pairs(padding, geometry.kernel_size, stride, dilation)
    padded = np.pad(x.array, ((0, 0), (0, 0), *pairs))
    items, channels, *_ = padded.shape
    split = padded.reshape(items, groups, channels // groups, *padded.shape[2:])
    steps = split.strides[3:]
    windows = np.lib.stride_tricks.as_strided(
        split, (*split.shape[:3], *geometry.output_size, *geometry.kernel_size),
        (*split.strides[:3], *map(int.__mul__, steps, stride), *map(int.__mul__, steps, dilation)),
        writeable=False,
    )
    w = weight.array.reshape(groups, -1, *weight.shape[1:])
    outs, taps = "OPQ"[:ndim], "klm"[:ndim]
    subscripts = f"ngc{outs}{taps},gfc{taps}->ngf{outs}"
    y = np.einsum(subscripts, windows, w).reshape(items, -1, *geometry.output_size)
    return ConvEinsum(subscripts, windows, w, x.wrap(y))


def _entries(w, geometry):
    """List where each weight stands: rows are outputs (f, o), columns are inputs (c, i)."""
    features, channels = w.shape[:2]
    ndim, groups = geometry.ndim, geometry.groups
    # one array for every index, each along its own axis: f, c, o..., k...
    index = np.ogrid[tuple(map(slice, (features, channels, *geometry.output_size,
                                       *geometry.kernel_size)))]
    f, c, outs, taps = index[0], index[1], index[2 : 2 + ndim], index[2 + ndim :]
    row, column, inside = f, f // (features // groups) * channels + c, True
    for axis in range(ndim):
        i = (outs[axis] * geometry.stride[axis] + taps[axis] * geometry.dilation[axis]
             - geometry.low[axis])
        inside = inside & (i >= 0) & (i < geometry.input_size[axis])
        row = row * geometry.output_size[axis] + outs[axis]
        column = column * geometry.input_size[axis] + i
    value = w.reshape(features, channels, *(1,) * ndim, *geometry.kernel_size)
    parts = np.broadcast_arrays(row, column, value, inside)
    rows, columns, values = (part[parts[3]] for part in parts[:3])
    shape = (
        features * int(np.prod(geometry.output_size)),
        channels * groups * int(np.prod(geometry.input_size)),
    )
    return SparseMatrix(rows, columns, values, shape)


def _dense(entries):
    size = entries.shape[0] * entries.shape[1] * entries.values.itemsize
    if size > MOST:
        raise ShapeError(
            f"the matrix of shape {entries.shape} has {size} bytes, more than {MOST}; say "
            f"sparse=True for its {len(entries.values)} entries, or use a smaller input"
        )
    result = np.zeros(entries.shape, entries.values.dtype)
    result[entries.rows, entries.columns] = entries.values
    return result
