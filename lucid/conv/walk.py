"""Running a model for its shapes: every step is recorded, convolutions are not computed."""

import threading
from contextlib import contextmanager

import numpy as np

from lucid.autograd import Function, enable_grad
from lucid.autograd.mode import state
from lucid.dtypes import as_dtype, get_default_dtype
from lucid.nn.module import Module
from lucid.nn.parameter import is_lazy
from lucid.ops.conv import Conv, ConvInputGrad
from lucid.ops.linear import Linear
from lucid.ops.operands import is_tensor
from lucid.tensor import Tensor

__all__ = []

_lock = threading.Lock()


class Call:
    """One call of a module: what went in and out, and the steps that it took itself."""

    def __init__(self, path, module, depth, args):
        self.path, self.module, self.depth = path, module, depth
        self.input_shapes = [x.shape for x in args if is_tensor(x)]
        self.outputs = ()
        self.nodes = []

    @property
    def output_shape(self):
        """Shape of the output, the first if there are several."""
        return self.outputs[0].shape if self.outputs else None


class Walk:
    """One run of a model.

    Attributes
    ----------
    calls : list of Call
        In the order in which they began; the first is the model itself.
    inputs : list of Tensor
        The zeros it was called with.
    """

    def __init__(self, model, inputs):
        self.calls, self._open = [], []
        self.inputs = inputs
        self.root = Call("", model, 0, inputs)
        self._names = {}
        if isinstance(model, Module):
            self._names = {module: name for name, module in model.named_modules()}

    def __enter__(self):
        self._handles = []
        for module in self._names:
            enter = module.register_forward_pre_hook(self._enter, prepend=True)
            leave = module.register_forward_hook(self._leave)
            self._handles += [enter, leave]
        self._before, state.recorder = state.recorder, self._record
        return self

    def __exit__(self, *error):
        state.recorder = self._before
        for handle in self._handles:
            handle.remove()

    def _enter(self, module, args):
        self._open.append(Call(self._names[module], module, len(self._open), args))
        self.calls.append(self._open[-1])

    def _leave(self, module, args, output):
        outputs = output if isinstance(output, (tuple, list)) else (output,)
        self._open.pop().outputs = tuple(y for y in outputs if is_tensor(y))

    def _record(self, node):
        (self._open[-1] if self._open else self.root).nodes.append(node)


def walk(model, input_shape, dtype=None):
    """Call a model with zeros of a shape, in evaluation mode, and note every call and step.

    `input_shape` is a shape with its batch axis, a tensor, or a list of these, one for each
    argument. Convolutions, transposed ones and linear steps give zeros without computing; the rest
    runs, on zeros. The model is left as it was, but lazy layers have learnt their sizes.
    """
    is_model = isinstance(model, Module)
    if dtype is None:
        sources = model.parameters() if is_model else ()
        floats = [p.dtype for p in sources if not is_lazy(p) and p.is_floating_point()]
        dtype = floats[0] if floats else get_default_dtype()
    inputs = [_zeros(each, as_dtype(dtype)) for each in _shapes(input_shape)]
    modes = [(module, module.training) for module in model.modules()] if is_model else []
    for module, _ in modes:
        module.training = False
    try:
        with enable_grad(), _only_shapes(), Walk(model, inputs) as result:
            y = model(*inputs)
    finally:
        for module, mode in modes:
            module.training = mode
    if not is_model:
        result.root.outputs = tuple(y) if isinstance(y, (tuple, list)) else (y,)
        result.calls.insert(0, result.root)
    return result


def _shapes(input_shape):
    """Split several inputs: a list, or a tuple whose elements are no numbers."""
    if is_tensor(input_shape):
        return [input_shape]
    if isinstance(input_shape, (tuple, list)):
        if all(hasattr(each, "__index__") for each in input_shape):
            return [tuple(input_shape)]
        return list(input_shape)
    raise TypeError(f"input_shape={input_shape!r} is no shape; give one such as (1, 3, 32, 32)")


def _zeros(shape, dtype):
    if is_tensor(shape):
        array = np.zeros(shape.shape, shape.array.dtype)
    else:
        array = np.zeros(shape, dtype.numpy)
    return Tensor(array, requires_grad=array.dtype.kind == "f")


def _conv(step, x, w, bias=None):
    return x.shape[0], w.shape[0], *step.geometry.output_size


def _conv_input_grad(step, y, w, bias=None):
    return y.shape[0], w.shape[1] * step.geometry.groups, *step.geometry.input_size


def _linear(step, x, w, bias=None):
    return *x.shape[:-1], w.shape[0]


_RULES = {Conv: _conv, ConvInputGrad: _conv_input_grad, Linear: _linear}


@contextmanager
def _only_shapes():
    """Let the expensive steps of this thread give zeros, which cost nothing until they are read."""
    mine = threading.get_ident()

    def replace(kind, rule):
        compute = kind.forward

        def forward(self, x, *others):
            if threading.get_ident() != mine:
                return compute(self, x, *others)
            return np.zeros(rule(self, x, *others), x.dtype)

        kind.forward = forward
        return compute

    with _lock:
        computes = {kind: replace(kind, rule) for kind, rule in _RULES.items()}
        try:
            yield
        finally:
            for kind, compute in computes.items():
                kind.forward = compute


def result_shapes(nodes, outputs):
    """Map every node to the shape of its result: what the next step was given."""
    shapes = {y.node: y.shape for y in outputs if y.node is not None}
    for node in nodes:
        for edge, shape in zip(node.edges, node.input_shapes, strict=True):
            if isinstance(edge, Function):
                shapes[edge] = shape
    return shapes
