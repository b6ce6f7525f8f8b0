"""One differentiable step, and the node that remembers it."""

from lucid.autograd.mode import state
from lucid.errors import GradError

__all__ = ["Function"]


class Handle:
    """What registering a hook returns."""

    def __init__(self, hooks, hook):
        self.hooks, self.key = hooks, object()
        hooks[self.key] = hook

    def remove(self):
        """Forget the hook; more than once does no harm."""
        self.hooks.pop(self.key, None)


def add_hook(edge, hook):
    """Call ``hook(gradient)`` when the walk has the whole gradient of a node or a leaf."""
    if edge.hooks is None:
        edge.hooks = {}
    return Handle(edge.hooks, hook)


class Function:
    """A differentiable step: subclass it, with forward and backward side by side.

    An instance is one step, used once: calling it with tensors computes the result, and if a
    gradient may be wanted the instance stays behind the result as the node of the graph.

    Attributes
    ----------
    keeps_inputs : bool
        Class attribute, default True: `backward` reads `inputs`. Say False where it does not, and
        their memory is free sooner.
    keeps_output : bool
        Class attribute, default False: `backward` reads `output`.
    needs : tuple of bool
        In `backward`: which inputs want a gradient. None may be returned for the others.
    input_shapes : tuple of tuple of int
        In `backward`: the shapes of the inputs.

    Notes
    -----
    `backward` gets a tensor and computes with tensors, so it is recorded like any other step when
    `create_graph` asks for it: that is all there is to second derivatives.

    Examples
    --------
    >>> import lucid
    >>> class Cube(lucid.autograd.Function):
    ...     def forward(self, x):
    ...         return x**3
    ...     def backward(self, grad_y):
    ...         (x,) = self.inputs
    ...         return grad_y * 3 * x * x
    >>> x = lucid.tensor([1.0, 2.0], requires_grad=True)
    >>> Cube()(x).sum().backward()
    >>> x.grad
    tensor([ 3., 12.])
    """

    keeps_inputs = True
    keeps_output = False

    edges = ()  # for each input the node behind it, the leaf itself, or None
    hooks = None
    retained = None  # weak reference to a tensor that keeps its gradient
    recompute = None  # set by a checkpoint: computes the dropped inputs again
    _inputs = None
    _output = None

    def forward(self, *arrays):
        """Compute the result: arrays in, one array out."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def backward(self, grad_y):
        """Compute the gradients of the inputs: a tensor in, one tensor or None for each input."""
        raise NotImplementedError(f"{type(self).__name__} has no backward")

    def __call__(self, *inputs):
        y = self.forward(*[x.array for x in inputs])
        if state.enabled:
            for x in inputs:
                if x.requires_grad:
                    self._record(inputs, y)
                    return inputs[0].wrap(y, self)
        return inputs[0].wrap(y)

    def _record(self, inputs, y):
        if self.edges:
            raise GradError(
                f"this {type(self).__name__} was used already: an instance is one step of one "
                f"graph; make a new one, {type(self).__name__}(...)(x)"
            )
        self.edges = tuple([(x.node or x) if x.requires_grad else None for x in inputs])
        self.input_shapes = tuple([x.array.shape for x in inputs])
        if self.keeps_inputs:
            self._inputs = inputs
            self._versions = [x.counter[0] for x in inputs]
        if self.keeps_output:
            self._output = y  # the array alone: the tensor would close a circle
            self._wrap = inputs[0].wrap
        if state.recorder is not None:
            state.recorder(self)

    @property
    def inputs(self):
        """The tensors that the step was called with."""
        if self._inputs is None:
            self._fetch()
        for x, version in zip(self._inputs, self._versions, strict=True):
            if x.counter[0] != version:
                raise GradError(
                    f"{type(self).__name__} needs an input of shape {x.array.shape} as it was at "
                    f"version {version}, but it was changed in place and is at version "
                    f"{x.counter[0]}; use the operation that makes a new tensor instead"
                )
        return self._inputs

    @property
    def output(self):
        """The tensor that the step computed, tied to this node."""
        if self._output is None:
            self._fetch()
        return self._wrap(self._output, self)

    def _fetch(self):
        if self.recompute is None:
            raise GradError(
                f"{type(self).__name__} was walked backward already and its saved tensors are "
                f"freed; say retain_graph=True the first time to walk it again"
            )
        self.recompute(self)

    def release(self):
        """Free what backward needed."""
        self._inputs = self._output = self._wrap = None
