"""Printing a graph: what was recorded, in the order in which it was computed."""

import re

import numpy as np

from lucid.autograd.engine import backward_order
from lucid.autograd.function import Function

__all__ = ["tape"]

WORDS = {
    r"\,": " ", r"\cdot": "*", r"\mathrm": "", r"\left": "", r"\right": "", r"\langle": "<",
    r"\rangle": ">",
}


def tape(tensor, names=()):
    """List every step that a tensor was computed by, each after those it needs.

    Parameters
    ----------
    tensor : Tensor
        The result, such as a loss.
    names : iterable of (str, Tensor), optional
        What to call leaves: ``model.named_parameters()``.

    Returns
    -------
    Tape
        Prints as a table; ``len`` is the number of steps, `steps` the rows, `nbytes` the memory
        that the graph keeps for backward, shared memory counted once.

    Notes
    -----
    The formula is the first line of the step's docstring. Saved bytes are those of the arrays that
    a step keeps for its backward; after a backward they are freed and shown as 0.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([1.0, 2.0], requires_grad=True)
    >>> print(lucid.autograd.tape((x * x).sum(), names=[("x", x)]))
        step      from  result  saved  formula
    %1  Multiply  x, x  (2,)      8 B  Multiply: y = ab, so y_a = b and y_b = a.
    %2  Sum       %1    ()        0 B  Add up: y = sum x, so y_x = 1.
    2 steps, 8 B saved in all
    """
    return Tape(tensor, dict((id(x), name) for name, x in names))


class Step:
    """One row of a tape.

    Attributes
    ----------
    node : Function
        The step itself.
    name, formula : str
        Its class, and the first line of its docstring in plain characters.
    sources : tuple of str
        For each input the step (``%3``), the leaf, or ``-`` where no gradient flows.
    input_shapes : tuple of tuple of int
        The shapes of the inputs.
    shape : tuple of int
        The shape of the result.
    nbytes : int
        Bytes that it keeps for backward.
    """

    def __init__(self, node, sources, shape):
        self.node, self.sources, self.shape = node, sources, shape
        self.name = type(node).__name__
        self.formula = _formula(type(node))
        self.input_shapes = node.input_shapes
        self.nbytes = saved_bytes([node])


class Tape:
    """The steps behind a tensor; made by `tape`."""

    def __init__(self, tensor, names):
        nodes = backward_order([tensor.node])[::-1] if tensor.node is not None else []
        numbers = {node: f"%{number}" for number, node in enumerate(nodes, start=1)}
        shapes = {tensor.node: tensor.shape}
        for node in nodes:  # what a step computed is what the next one was given
            shapes.update(zip(node.edges, node.input_shapes, strict=True))
        self.leaves = {}
        self.steps = []
        for node in nodes:
            sources = tuple([self._source(*each, numbers, names) for each in _inputs(node)])
            self.steps.append(Step(node, sources, shapes[node]))
        self.nbytes = saved_bytes(nodes)

    def _source(self, edge, shape, numbers, names):
        if edge is None:
            return "-"
        if isinstance(edge, Function):
            return numbers[edge]
        # two leaves without a name and of one shape are told apart by a number
        if id(edge) not in self.leaves:
            name = names.get(id(edge))
            if name is None:
                name = f"leaf{shape}"
                taken = list(self.leaves.values()).count(name)
                name = f"{name}'{taken}" if taken else name
            self.leaves[id(edge)] = name
        return self.leaves[id(edge)]

    def __len__(self):
        return len(self.steps)

    def __iter__(self):
        return iter(self.steps)

    def __repr__(self):
        rows = [("", "step", "from", "result", "saved", "formula")]
        for number, step in enumerate(self.steps, start=1):
            sources = ", ".join(step.sources)
            row = (f"%{number}", step.name, sources, str(step.shape), bytes_text(step.nbytes))
            rows.append((*row, step.formula))
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        lines = []
        for row in rows:
            cells = [f"{row[i]:{'>' if i == 4 else '<'}{widths[i]}}" for i in range(5)]
            lines.append("  ".join((*cells, row[5])).rstrip())
        total = f"{len(self.steps)} step{'' if len(self) == 1 else 's'}"
        return "\n".join((*lines, f"{total}, {bytes_text(self.nbytes)} saved in all"))


def _inputs(node):
    return zip(node.edges, node.input_shapes, strict=True)


def _formula(kind):
    """Take the first line of a docstring, its formulas in plain characters."""
    if not kind.__doc__ or kind.__doc__ is Function.__doc__:
        return ""
    text = kind.__doc__.strip().partition("\n")[0]
    return re.sub(r":math:`([^`]*)`", lambda match: _plain(match[1]), text)


def _plain(formula):
    formula = re.sub(r"\\frac\{([^{}]*)\}\s*\{([^{}]*)\}", r"(\1)/(\2)", formula)
    for word, plain in WORDS.items():
        formula = formula.replace(word, plain)
    formula = re.sub(r"_\{(\w)\}|\^\{(\w)\}", r"_\1\2", formula).replace("\\", "")
    return re.sub(r"  +", " ", formula)


def saved_bytes(nodes, but=()):
    """Count the bytes that nodes keep, each block of memory once, without those of some arrays."""
    blocks, others = {}, {id(_base(array)) for array in but}
    for node in nodes:
        arrays = [x.array for x in node.saved()]
        arrays += [value for value in vars(node).values() if isinstance(value, np.ndarray)]
        for array in arrays:
            key = id(_base(array))
            if key not in others:
                blocks[key] = max(array.nbytes, blocks.get(key, 0))
    return sum(blocks.values())


def _base(array):
    """Find the array that owns the memory of a view."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def bytes_text(count):
    """Write a number of bytes with three digits, or as whole megabytes from a thousand on."""
    for unit in ("B", "kB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} MB" if count < 1000 else f"{count:.0f} MB"
