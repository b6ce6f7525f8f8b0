"""What a model takes: parameters, multiply-adds, memory and receptive fields, layer by layer."""

from collections import namedtuple
from dataclasses import dataclass
from math import floor, prod

from lucid.autograd.tape import bytes_text, saved_bytes
from lucid.conv.field import fields
from lucid.conv.walk import result_shapes, walk
from lucid.nn.parameter import is_lazy
from lucid.ops.conv import Conv, ConvInputGrad
from lucid.ops.linalg import MatMul
from lucid.ops.linear import Linear

__all__ = ["count_macs", "count_parameters", "memory_estimate", "output_shape", "summary"]

STATES = {None: 0, "sgd": 0, "momentum": 1, "rmsprop": 1, "adam": 2, "adamw": 2}

Memory = namedtuple("Memory", "parameters buffers gradients optimizer activations total")


@dataclass
class Row:
    """One call of a module in a summary.

    Attributes
    ----------
    path : str
        Dotted name, empty for the model itself.
    kind : str
        Name of the class.
    depth : int
        Modules around it.
    output_shape : tuple of int or None
        Shape of its output.
    parameters : int
        Numbers learnt by the module itself, without its children; 0 when it is called again.
    macs : int
        Multiply-adds of the steps that the module itself takes.
    activation_bytes : int
        Bytes of its output; 0 for a module that only calls others.
    receptive_field : tuple of int or None
        Input positions that one output position sees; None where that cannot be followed.
    """

    path: str
    kind: str
    depth: int
    output_shape: tuple
    parameters: int
    macs: int
    activation_bytes: int
    receptive_field: tuple


class Summary:
    """A model in numbers; made by `summary`, printed as a table.

    Attributes
    ----------
    rows : list of Row
        One for each call of a module, in order.
    parameters, macs, activation_bytes : int
        Of the whole model.
    """

    def __init__(self, rows, parameters):
        self.rows, self.parameters = rows, parameters
        self.macs = sum(row.macs for row in rows)
        self.activation_bytes = sum(row.activation_bytes for row in rows)

    def __repr__(self):
        head = ("layer", "output", "parameters", "multiply-adds", "activations", "sees")
        lines, around = [head], {-1: ""}
        for row in self.rows:
            around[row.depth] = row.path
            # below the module that called it: a list of modules is not called, but has a name
            name = row.path.removeprefix(around[row.depth - 1]).lstrip(".")
            label = "  " * row.depth + (f"{name}: {row.kind}" if name else row.kind)
            numbers = [f"{n:,}" if n else "" for n in (row.parameters, row.macs)]
            memory = bytes_text(row.activation_bytes) if row.activation_bytes else ""
            sees = "x".join(map(str, row.receptive_field)) if row.receptive_field else ""
            lines.append((label, str(row.output_shape or ""), *numbers, memory, sees))
        total = (f"{self.parameters:,}", f"{self.macs:,}", bytes_text(self.activation_bytes))
        lines.append(("in all", "", *total, ""))
        widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
        text = [
            "  ".join(
                f"{cell:{'<' if i < 2 else '>'}{width}}"
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip() for line in lines
        ]
        return "\n".join(text)


def summary(model, input_shape, dtype=None):
    r"""Tabulate a model: shapes, parameters, multiply-adds, memory and receptive fields.

    Parameters
    ----------
    model : Module
        Lazy layers learn their sizes by it; nothing else changes.
    input_shape : tuple of int, Tensor, or a list of these
        Shape of the input with its batch axis, or one for each argument. A tensor gives its shape
        and type.
    dtype : dtype, optional
        Type of the input; default that of the parameters.

    Returns
    -------
    Summary
        Prints as a table; has `rows` and the totals `parameters`, `macs`, `activation_bytes`.

    Notes
    -----
    Convolutions and linear layers, the costly steps, are not computed: the model is called with
    zeros, in evaluation mode, and they give zeros of the right shape. The rest runs on zeros.

    *Multiply-adds* are those of convolutions, transposed ones, linear layers and matrix products
    (half of what is called FLOPs); other steps count 0. *Activations* are the bytes of the outputs
    of all modules that compute something themselves. *Sees* is the receptive field of
    `lucid.conv.receptive_field`, before it is cut off at the border; it is empty where a step moves
    positions in a way that cannot be followed.

    Examples
    --------
    >>> import lucid.nn as nn
    >>> from lucid.inspect import summary
    >>> model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    ...                       nn.Linear(72, 10))
    >>> summary(model, (1, 1, 8, 8))
    layer           output        parameters  multiply-adds  activations  sees
    Sequential      (1, 10)                                                8x8
      0: Conv2d     (1, 8, 6, 6)          80          2,592      1.15 kB   3x3
      1: ReLU       (1, 8, 6, 6)                                 1.15 kB   3x3
      2: MaxPool2d  (1, 8, 3, 3)                                   288 B   4x4
      3: Flatten    (1, 72)                                        288 B   8x8
      4: Linear     (1, 10)              730            720         40 B   8x8
    in all                               810          3,312      2.92 kB
    """
    run = walk(model, input_shape, dtype)
    seen, met = fields(run), set()
    shapes = _shapes(run)
    rows = []
    for call in run.calls:
        own = [p for p in _parameters(call.module, recurse=False) if id(p) not in met]
        met.update(map(id, own))
        field = seen.get(call.outputs[0].node) if call.outputs else None
        rows.append(Row(
            call.path, type(call.module).__name__, call.depth, call.output_shape,
            sum(p.numel() for p in own), sum(macs_of(node, shapes[node]) for node in call.nodes),
            sum(y.nbytes for y in call.outputs) if call.nodes else 0,
            tuple(floor(axis.high - axis.low) + 1 for axis in field) if field else None,
        ))
    return Summary(rows, count_parameters(model))


def _parameters(module, recurse=True):
    """List the parameters that have a shape; a function has none."""
    found = module.parameters(recurse) if hasattr(module, "parameters") else ()
    return [p for p in found if not is_lazy(p)]


def _shapes(run):
    nodes = [node for call in (run.root, *run.calls) for node in call.nodes]
    shapes = result_shapes(nodes, [y for call in run.calls for y in call.outputs])
    return {node: shapes.get(node) for node in nodes}


def macs_of(node, shape):
    """Count the multiply-adds of one step; 0 for all but sums of products, and for lost results."""
    if shape is None:
        return 0
    if isinstance(node, Conv):
        return prod(shape) * prod(node.input_shapes[1][1:])
    if isinstance(node, ConvInputGrad):  # every input reaches all taps of its output channels
        return prod(node.input_shapes[0]) * prod(node.input_shapes[1][1:])
    if isinstance(node, Linear | MatMul):
        return prod(shape) * node.input_shapes[0][-1]
    return 0


def output_shape(model, input_shape, dtype=None):
    """Find the shape of a model's output without computing it.

    Parameters
    ----------
    model, input_shape, dtype
        As in `summary`.

    Returns
    -------
    tuple of int, or tuple of tuples if there are several outputs

    Examples
    --------
    >>> import lucid.nn as nn
    >>> from lucid.inspect import output_shape
    >>> output_shape(nn.ConvTranspose2d(8, 3, 4, stride=2, padding=1), (1, 8, 16, 16))
    (1, 3, 32, 32)
    """
    outputs = walk(model, input_shape, dtype).calls[0].outputs
    shapes = tuple(y.shape for y in outputs)
    return shapes[0] if len(shapes) == 1 else shapes


def count_parameters(model, trainable=False):
    """Count the numbers that a model learns, each once.

    Parameters
    ----------
    model : Module
        Placeholders of lazy layers count 0.
    trainable : bool, default False
        Whether only those that require a gradient count.

    Returns
    -------
    int

    Examples
    --------
    >>> import lucid.nn as nn
    >>> from lucid.inspect import count_parameters
    >>> count_parameters(nn.Conv2d(3, 8, kernel_size=3))
    224
    """
    chosen = [p for p in _parameters(model) if p.requires_grad or not trainable]
    return sum(p.numel() for p in chosen)


def count_macs(model, input_shape, dtype=None):
    """Count the multiply-adds of one forward, without computing it.

    Parameters
    ----------
    model, input_shape, dtype
        As in `summary`.

    Returns
    -------
    int
        Of convolutions, transposed ones, linear layers and matrix products. What is called FLOPs
        is twice as much.

    Examples
    --------
    >>> import lucid.nn as nn
    >>> from lucid.inspect import count_macs
    >>> count_macs(nn.Conv2d(3, 8, kernel_size=3, padding=1), (1, 3, 32, 32))
    221184
    """
    shapes = _shapes(walk(model, input_shape, dtype))
    return sum(macs_of(node, shape) for node, shape in shapes.items())


def memory_estimate(model, input_shape, optimizer=None, dtype=None):
    """Estimate the bytes that a training step takes.

    Parameters
    ----------
    model, input_shape, dtype
        As in `summary`.
    optimizer : str, optional
        ``'sgd'``, ``'momentum'``, ``'rmsprop'``, ``'adam'`` or ``'adamw'``: it keeps 0, 1, 1, 2 or
        2 numbers for each parameter.

    Returns
    -------
    Memory
        A named tuple of bytes: ``parameters``, ``buffers``, ``gradients``, ``optimizer``,
        ``activations`` (what the steps keep for backward, shared memory once) and ``total``.

    Raises
    ------
    ValueError
        If the optimizer is unknown.

    Notes
    -----
    The scratch memory of kernels and the gradients of activations, of which only a few live at a
    time, are not counted. What steps keep is counted in evaluation mode.

    Examples
    --------
    >>> import lucid.nn as nn
    >>> from lucid.inspect import memory_estimate
    >>> memory_estimate(nn.Linear(10, 10, bias=False), (5, 10), optimizer="adam")
    Memory(parameters=400, buffers=0, gradients=400, optimizer=800, activations=200, total=1800)
    """
    if optimizer not in STATES:
        names = ", ".join(repr(name) for name in STATES if name)
        raise ValueError(f"optimizer={optimizer!r} is unknown; choose one of {names}")
    run = walk(model, input_shape, dtype)
    parameters = _parameters(model)
    buffers = list(model.buffers()) if hasattr(model, "buffers") else []
    nodes = [node for call in (run.root, *run.calls) for node in call.nodes]
    kept = saved_bytes(nodes, but=[x.array for x in (*parameters, *buffers)])
    learnt = sum(p.nbytes for p in parameters if p.requires_grad)
    sizes = (
        sum(p.nbytes for p in parameters), sum(x.nbytes for x in buffers), learnt,
        STATES[optimizer] * learnt, kept,
    )
    return Memory(*sizes, sum(sizes))
