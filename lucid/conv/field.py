"""How far an output sees, and how often an output is written."""

from collections import namedtuple
from fractions import Fraction
from math import floor

import numpy as np

from lucid import kernels
from lucid.autograd import Function
from lucid.conv.walk import result_shapes, walk
from lucid.errors import ShapeError
from lucid.geometry import (
    check_output_padding, conv_transpose_geometry, normalise_size, padding_pairs,
)
from lucid.nn.module import Module
from lucid.ops.conv import Conv, ConvInputGrad
from lucid.ops.einsum import Einsum
from lucid.ops.indexing import GetItem
from lucid.ops.linalg import MatMul
from lucid.ops.linear import Linear
from lucid.ops.padding import Extend, Pad
from lucid.ops.pooling import AveragePool, MaxPool
from lucid.ops.repeating import Roll
from lucid.ops.shaping import Flip, Permute
from lucid.tensor import Tensor

__all__ = ["overlap_map", "receptive_field"]

_WINDOWS = Conv, ConvInputGrad, MaxPool, AveragePool  # steps that see a window of a geometry

ReceptiveField = namedtuple("ReceptiveField", "size jump start")


class Axis(namedtuple("Axis", "low high jump")):
    """What output position 0 sees of one axis, from input position low to high; the next, jump on.

    Where the jump is None, all positions see the same.
    """

    def conv(self, kernel, stride, dilation, low):
        """Go through a convolution: taps at ``-low + k * dilation``."""
        jump = self.jump or 0
        last = (kernel - 1) * dilation - low
        return Axis(self.low - low * jump, self.high + last * jump, jump * stride)

    def conv_transpose(self, kernel, stride, dilation, low):
        """Go through a transposed one: input o reaches output ``o * stride + k * dilation - low``.

        The bounds are those of all output positions; which lie where depends on the remainder.
        """
        jump = Fraction(self.jump or 0) / stride
        first = low - (kernel - 1) * dilation
        return Axis(self.low + first * jump, self.high + low * jump, jump)

    def gather(self, count):
        """See everything that `count` positions see."""
        return Axis(self.low, self.high + (count - 1) * (self.jump or 0), None)

    def join(self, other):
        """See what two see."""
        low, high = min(self.low, other.low), max(self.high, other.high)
        jumps = [each for each in (self.jump, other.jump) if each is not None]
        return Axis(low, high, jumps[0] if jumps else None)


def receptive_field(model, input_shape=None):
    r"""Find how many input positions one output position sees, along each axis.

    Parameters
    ----------
    model : Module, or list
        A model, or a list of layers, each a module or a tuple ``(kernel_size, stride, dilation)``
        of which the last two may be left out. A tuple describes one axis.
    input_shape : tuple of int, optional
        The shape of the input with its batch axis; needed for a model, as a model may branch.

    Returns
    -------
    ReceptiveField
        A named tuple of three tuples, each with one number for each spatial axis: ``size``, the
        positions seen; ``jump``, the input positions from what one output sees to what the next
        sees; ``start``, the first position that output 0 sees, negative inside the padding. Where
        all outputs see the same, as behind a global average, the jump is 0.

    Raises
    ------
    ValueError
        If a model is given without `input_shape`, or the path from input to output is lost, as
        where positions are exchanged.

    Notes
    -----
    Through a layer with kernel k, stride s and dilation d the size grows by :math:`d (k - 1)`
    times the jump so far, and the jump becomes s times as large [1]_; where branches meet, the
    output sees the union. Of a model only the shapes are computed. A transposed convolution divides
    the jump; how much an output sees then depends on its position, and the size given is a bound
    that no position exceeds. What the weights are plays no part: a zero counts as a tap; nor do the
    mean and the variance that a normalisation takes of its input.

    References
    ----------
    .. [1] Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks",
       Distill, 2019. https://distill.pub/2019/computing-receptive-fields

    Examples
    --------
    >>> import lucid.nn as nn
    >>> from lucid.conv import receptive_field
    >>> receptive_field([(3,), (3, 2), (3,)])
    ReceptiveField(size=(9,), jump=(2,), start=(0,))
    >>> model = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3))
    >>> receptive_field(model, (1, 1, 28, 28)).size
    (8, 8)
    """
    if isinstance(model, (list, tuple)):
        return _of_list(model)
    if input_shape is None:
        raise ValueError(
            "receptive_field: a model needs its input_shape, such as (1, 3, 224, 224); a list of "
            "layers does not"
        )
    run = walk(model, input_shape)
    y = run.calls[0].outputs[0]
    field = fields(run).get(y.node)
    if field is None:
        raise ValueError(
            "receptive_field: the path from the input to the output cannot be followed; is there a "
            "step that moves positions, or no gradient through to the input?"
        )
    return _numbers(field)


def _of_list(layers):
    axes = None
    for layer in layers:
        if isinstance(layer, Module) and not hasattr(layer, "kernel_size"):
            continue  # an activation, say
        options = _options(layer)
        axes = axes or [Axis(0, 0, 1)] * len(options[0])
        if len(axes) != len(options[0]):
            raise ValueError(
                f"receptive_field: {layer!r} has {len(options[0])} axes, those before it have "
                f"{len(axes)}; a tuple describes one axis"
            )
        is_transposed = "Transpose" in type(layer).__name__
        through = Axis.conv_transpose if is_transposed else Axis.conv
        axes = [through(axis, *sizes) for axis, sizes in zip(axes, zip(*options), strict=True)]
    if axes is None:
        raise ValueError("receptive_field: the list has no layer with a kernel")
    return _numbers(axes)


def _options(layer):
    """Give kernel, stride, dilation and low padding of a layer, each a tuple over the axes."""
    if not isinstance(layer, Module):
        if not isinstance(layer, (tuple, list)) or len(layer) not in (1, 2, 3):
            raise ValueError(
                f"receptive_field: {layer!r} is no layer; give (kernel_size, stride, dilation) or "
                f"a module"
            )
        numbers = normalise_size(layer, len(layer), "layer")
        return [(number,) for number in (*numbers, 1, 1)[:3]] + [(0,)]
    kernel = layer.kernel_size
    ndim = len(kernel) if isinstance(kernel, tuple) else int(type(layer).__name__[-2])
    sizes = [
        each if isinstance(each, tuple) else (each,) * ndim
        for each in (kernel, layer.stride, getattr(layer, "dilation", 1))
    ]
    padding = getattr(layer, "padding", 0)
    if isinstance(padding, str):
        padding = tuple(low for low, _ in padding_pairs(padding, *sizes))
    return [*sizes, padding if isinstance(padding, tuple) else (padding,) * ndim]


def _numbers(axes):
    sizes = tuple(floor(axis.high - axis.low) + 1 for axis in axes)
    jumps = tuple(_whole(axis.jump or 0) for axis in axes)
    return ReceptiveField(sizes, jumps, tuple(_whole(axis.low) for axis in axes))


def _whole(number):
    return int(number) if number == int(number) else number


def fields(run):
    """Follow what every node sees of the input; nodes that do not depend on it, or lost it, miss.

    Returns a dict from each node of a walk to a tuple of `Axis`.
    """
    first = next((x for x in run.inputs if x.requires_grad), None)
    if first is None:
        return {}
    ndim = max(first.ndim - 2, 0)
    nodes = [node for call in (run.root, *run.calls) for node in call.nodes]
    nodes = list(dict.fromkeys(nodes))
    order = {node: place for place, node in enumerate(_forward_order(nodes))}
    outputs = [y for call in run.calls for y in call.outputs]
    shapes = result_shapes(nodes, outputs)
    found = {first: (Axis(0, 0, 1),) * ndim}
    for node in sorted(nodes, key=order.get):
        parts = []
        for edge, shape in zip(node.edges, node.input_shapes, strict=True):
            if edge is not None and (before := found.get(edge)) is not None:
                parts.append(_through(node, before, shape, shapes.get(node), ndim))
        if parts and None not in parts:
            found[node] = tuple(
                _clip(axis, size) for axis, size in zip(
                    [_join(axes) for axes in zip(*parts, strict=True)], first.shape[-ndim:]
                )
            )
    found.pop(first)
    return found


def _forward_order(nodes):
    """Order nodes so that each stands behind those it needs; they may come from several runs."""
    ready, order = set(), []
    stack = [(node, False) for node in reversed(nodes)]
    while stack:
        node, is_left = stack.pop()
        if is_left:
            order.append(node)
        elif node not in ready:
            ready.add(node)
            stack.append((node, True))
            stack += [(edge, False) for edge in node.edges if isinstance(edge, Function)]
    return order


def _join(axes):
    result = axes[0]
    for axis in axes[1:]:
        result = result.join(axis)
    return result


def _clip(axis, size):
    """Limit what sees everything to what there is."""
    if axis.jump is not None:
        return axis
    return Axis(max(axis.low, 0), min(axis.high, size - 1), None)


def _through(node, axes, x_shape, y_shape, ndim):
    """Follow one input of a node; None where positions move in a way that is not known."""
    geometry = getattr(node, "geometry", None) or next(
        (each for each in getattr(node, "options", ()) if hasattr(each, "kernel_size")), None
    )
    if geometry is not None and len(axes) == geometry.ndim and isinstance(node, _WINDOWS):
        through = Axis.conv_transpose if isinstance(node, ConvInputGrad) else Axis.conv
        sizes = zip(
            geometry.kernel_size, geometry.stride, geometry.dilation, geometry.low, strict=True
        )
        return [through(axis, *each) for axis, each in zip(axes, sizes, strict=True)]
    if y_shape is None:
        return None
    if len(x_shape) < ndim + 2:  # already flat
        return [axis.gather(1) for axis in axes]
    before, after = x_shape[-ndim:], y_shape[-ndim:]
    if isinstance(node, Pad | Extend | GetItem) and len(y_shape) == len(x_shape):
        return _shifted(node, axes, ndim)
    if len(y_shape) >= ndim + 1 and before == after:
        return _kept(node, axes, x_shape)
    pairs = list(zip(axes, before, after, strict=False))
    if len(y_shape) < ndim + 2:
        return [axis.gather(n) for axis, n, _ in pairs]
    if all(n == m or 1 in (n, m) for _, n, m in pairs):  # folded, or broadcast
        return [axis if n == m else axis.gather(n) for axis, n, m in pairs]
    return None


def _kept(node, axes, x_shape):
    """Follow a step that changes no size: most look at each position by itself."""
    lead, rank = len(x_shape) - len(axes), len(x_shape)
    dims = getattr(node, "dims", getattr(node, "dim", ()))
    dims = dims if isinstance(dims, tuple) else (dims,)
    if isinstance(node, Permute):
        return axes if dims[lead:] == tuple(range(lead, rank)) else None
    if isinstance(node, MatMul | Einsum):
        return None
    if isinstance(node, Flip | Roll):
        return None if max(dims, default=0) >= lead else axes
    if isinstance(node, Linear):
        dims = (rank - 1,)
    # along these it looks at all positions, as a softmax does
    return [
        axis.gather(n) if place in dims and n > 1 else axis
        for place, (axis, n) in enumerate(zip(axes, x_shape[lead:], strict=True), start=lead)
    ]


def _shifted(node, axes, ndim):
    """Follow padding, cropping and slices with a positive step."""
    if isinstance(node, Pad):
        moves = [(-low, 1) for low, _ in node.pairs[-ndim:]]
    elif isinstance(node, Extend):
        lows = {axis - len(node.input_shapes[0]): low for axis, _, low in node.sources}
        moves = [(-lows.get(axis, 0), 1) for axis in range(-ndim, 0)]
    else:
        key = _slices(node.key, len(node.input_shapes[0]))
        if key is None:
            return None
        bounds = [each.indices(n) for each, n in zip(key, node.input_shapes[0], strict=True)]
        moves = [(start, step) for start, _, step in bounds[-ndim:]]
        if min(step for _, step in moves) < 0:
            return None
    return [
        Axis(axis.low + start * (axis.jump or 0), axis.high + start * (axis.jump or 0),
             axis.jump and axis.jump * step)
        for axis, (start, step) in zip(axes, moves, strict=True)
    ]


def _slices(key, ndim):
    """Spread a key of brackets over all axes; None if it is more than slices."""
    key = list(key) if isinstance(key, tuple) else [key]
    places = [place for place, each in enumerate(key) if each is Ellipsis]
    at = places[0] if places else len(key)
    key[at : at + 1] = [slice(None)] * (ndim - len(key) + len(places))
    return key if all(isinstance(each, slice) for each in key) else None


def overlap_map(input_size, kernel_size, stride=1, padding=0, output_padding=0, dilation=1):
    r"""Count how many kernels of a transposed convolution lie over each output position.

    Where the kernel is no multiple of the stride, the counts alternate, and so does what a network
    draws: the checkerboard of generated images [1]_.

    Parameters
    ----------
    input_size : int or tuple of int
        Spatial size of the input, in positions; an int is one axis.
    kernel_size : int or tuple of int
        As in `lucid.nn.ConvTranspose2d`, like all that follow.
    stride : int or tuple of int, default 1
        Positions of the output from one kernel to the next.
    padding : int or tuple of int, default 0
        Positions cropped from both sides of each axis.
    output_padding : int or tuple of int, default 0
        Positions added on the high side.
    dilation : int or tuple of int, default 1
        Positions from one tap of the kernel to the next.

    Returns
    -------
    Tensor
        Of the output's spatial size, int64.

    Raises
    ------
    ShapeError
        If the sizes leave no output, or there are not one to three axes.

    References
    ----------
    .. [1] Odena, Dumoulin and Olah, "Deconvolution and checkerboard artifacts", Distill, 2016.
       https://distill.pub/2016/deconv-checkerboard

    Examples
    --------
    >>> from lucid.conv import overlap_map
    >>> overlap_map(4, kernel_size=3, stride=2).tolist()
    [1, 1, 2, 1, 2, 1, 2, 1, 1]
    >>> overlap_map(4, kernel_size=4, stride=2, padding=1).tolist()
    [1, 2, 2, 2, 2, 2, 2, 1]
    """
    sizes = tuple(input_size) if isinstance(input_size, (tuple, list)) else (input_size,)
    ndim = len(sizes)
    if not 1 <= ndim <= 3:
        raise ShapeError(f"overlap_map: input_size={sizes} needs one to three axes")
    kernel, stride, dilation = (
        normalise_size(value, ndim, name) for value, name in (
            (kernel_size, "kernel_size"), (stride, "stride"), (dilation, "dilation"))
    )
    output_padding = normalise_size(output_padding, ndim, "output_padding", 0)
    check_output_padding(output_padding, stride, dilation)
    geometry = conv_transpose_geometry(
        (1, 1, *sizes), (1, 1, *kernel), stride, normalise_size(padding, ndim, "padding", 0),
        output_padding, dilation,
    )
    counts = kernels.conv_input_grad(
        np.ones((1, 1, *sizes)), np.ones((1, 1, *kernel)), geometry
    )
    return Tensor(counts[0, 0].round().astype(np.int64))
