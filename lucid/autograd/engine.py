"""Walking the graph backward, without recursion: a graph may be 100,000 steps deep."""

from lucid.autograd.function import Function
from lucid.autograd.mode import set_grad_enabled
from lucid.errors import GradError, ShapeError

__all__ = ["backward", "grad"]


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False, inputs=None):
    r"""Add the gradients of `tensors` to the `grad` of the leaves they were computed from.

    Parameters
    ----------
    tensors : Tensor or sequence of Tensor
        Where to start.
    grad_tensors : Tensor or sequence of Tensor, optional
        The gradient with respect to each of `tensors`, in its shape; may be left out for a tensor
        of one element, where it is 1.
    retain_graph : bool, optional
        Keep what the steps saved, to walk them again; default as `create_graph`.
    create_graph : bool, default False
        Record the walk itself, so that the gradients can be differentiated.
    inputs : sequence of Tensor, optional
        The only leaves whose `grad` is wanted; default all.

    Raises
    ------
    GradError
        If a tensor does not depend on one that requires a gradient, or was walked already.

    References
    ----------
    .. [1] Griewank and Walther, "Evaluating Derivatives", 2008, section 3.2: the reverse mode.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([3.0], requires_grad=True)
    >>> lucid.autograd.backward(x * x)
    >>> x.grad
    tensor([6.])
    """
    tensors, gradients = _roots(tensors, grad_tensors)
    if retain_graph is None:
        retain_graph = create_graph
    only = None if inputs is None else [_edge(x, "backward") for x in _as_tuple(inputs)]
    walk = _Walk([x.node or x for x in tensors], only, retain_graph, create_graph)
    for leaf, gradient in walk.run(gradients):
        _store(leaf, gradient, create_graph, walk.taken)


def grad(
    outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, allow_unused=False
):
    r"""Compute the gradients of `outputs` with respect to `inputs`, leaving every `grad` alone.

    Parameters
    ----------
    outputs : Tensor or sequence of Tensor
        What to differentiate; several are added up.
    inputs : Tensor or sequence of Tensor
        What to differentiate with respect to: leaves or not.
    grad_outputs : Tensor or sequence of Tensor, optional
        As `grad_tensors` of `backward`.
    retain_graph : bool, optional
        Keep what the steps saved, to walk them again; default as `create_graph`.
    create_graph : bool, default False
        Record the walk itself, so that the gradients can be differentiated.
    allow_unused : bool, default False
        Give None for an input that the outputs do not depend on, instead of an error.

    Returns
    -------
    tuple of Tensor
        One for each of `inputs`, in its shape.

    Raises
    ------
    GradError
        If the outputs do not depend on an input, or the graph was walked already.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor(3.0, requires_grad=True)
    >>> (first,) = lucid.autograd.grad(x**3, x, create_graph=True)
    >>> (second,) = lucid.autograd.grad(first, x)
    >>> first.item(), second.item()
    (27.0, 18.0)
    """
    outputs, gradients = _roots(outputs, grad_outputs)
    if retain_graph is None:
        retain_graph = create_graph
    wanted = [_edge(x, "grad") for x in _as_tuple(inputs)]
    walk = _Walk([x.node or x for x in outputs], wanted, retain_graph, create_graph)
    found = {id(edge): gradient for edge, gradient in walk.run(gradients)}
    results = tuple(found.get(id(edge)) for edge in wanted)
    for position, result in enumerate(results):
        if result is None and not allow_unused:
            raise GradError(
                f"grad: the outputs do not depend on inputs[{position}]; if that is meant, say "
                f"allow_unused=True and get None"
            )
    return results


def _as_tuple(tensors):
    return tuple(tensors) if isinstance(tensors, (tuple, list)) else (tensors,)


def _edge(x, name):
    if not x.requires_grad:
        raise GradError(f"{name}: an input of shape {x.shape} does not require a gradient")
    return x.node or x


def _roots(tensors, gradients):
    """Pair every tensor to start from with its gradient."""
    tensors = _as_tuple(tensors)
    gradients = (None,) * len(tensors) if gradients is None else _as_tuple(gradients)
    if len(gradients) != len(tensors):
        raise GradError(f"backward: {len(tensors)} tensors but {len(gradients)} gradients")
    for x in tensors:
        if not x.requires_grad:
            raise GradError(
                "backward: this tensor does not depend on a tensor that requires grad; make one "
                "with requires_grad=True, and compute outside no_grad"
            )
    return tensors, [_start(x, given) for x, given in zip(tensors, gradients, strict=True)]


def _start(x, given):
    if given is None:
        if x.array.size != 1:
            raise GradError(
                f"backward: a tensor of shape {x.shape} has no single gradient; only one element "
                f"has the implicit gradient 1: call .sum() first, or pass the gradient"
            )
        return x.wrap(x.array * 0 + 1)
    if given.shape != x.shape:
        raise ShapeError(f"backward: the gradient has shape {given.shape}, the tensor {x.shape}")
    return given


class _Walk:
    """One walk from `roots`; `wanted` are the edges to report, None for all leaves."""

    def __init__(self, roots, wanted, retain_graph, create_graph):
        self.roots = roots
        self.wanted = None if wanted is None else {id(edge) for edge in wanted}
        self.retain_graph = retain_graph
        self.create_graph = create_graph
        self.taken = set()  # arrays that somebody else holds: not to be handed to a leaf
        self.gradients = {}
        self.edges = {}

    def run(self, gradients):
        """Return (edge, gradient) for every wanted edge that the roots depend on."""
        self.taken.update(id(gradient.array) for gradient in gradients)
        with set_grad_enabled(self.create_graph):
            for edge, gradient in zip(self.roots, gradients, strict=True):
                self._add(edge, gradient)
            order = _order(self.roots)
            needs = self._needs(order)
            results = []
            for node in order:
                gradient = self._finish(node, results)
                if gradient is not None and any(needs[node]):
                    self._step(node, gradient, needs[node])
            for key in list(self.gradients):
                self._finish(self.edges[key], results)
        return results

    def _add(self, edge, gradient):
        key = id(edge)
        before = self.gradients.get(key)
        self.gradients[key] = gradient if before is None else before + gradient
        self.edges[key] = edge

    def _finish(self, edge, results):
        """Take the whole gradient of an edge, through its hooks, and note it if it is wanted."""
        gradient = self.gradients.pop(id(edge), None)
        if gradient is None:
            return None
        for hook in list((edge.hooks or {}).values()):
            changed = hook(gradient)
            gradient = gradient if changed is None else changed
        if edge.retained is not None and (tensor := edge.retained()) is not None:
            tensor.grad = gradient
            self.taken.add(id(gradient.array))
        is_leaf = not isinstance(edge, Function)
        if is_leaf if self.wanted is None else id(edge) in self.wanted:
            results.append((edge, gradient))
        return gradient

    def _needs(self, order):
        """Tell for every node which of its inputs lead to something wanted."""
        needs = {}
        for node in reversed(order):
            needs[node] = tuple([self._leads(edge, needs) for edge in node.edges])
        return needs

    def _leads(self, edge, needs):
        if edge is None:
            return False
        if self.wanted is None or id(edge) in self.wanted:
            return True
        return isinstance(edge, Function) and any(needs[edge])

    def _step(self, node, gradient, needs):
        node.needs = needs
        results = node.backward(gradient)
        if not isinstance(results, tuple):
            results = (results,)
        if len(results) != len(node.edges):
            raise GradError(
                f"{type(node).__name__}.backward returned {len(results)} gradients for "
                f"{len(node.edges)} inputs"
            )
        for position, (edge, result) in enumerate(zip(node.edges, results, strict=True)):
            if not needs[position] or result is None:
                continue
            if result.array.shape != node.input_shapes[position]:
                raise GradError(
                    f"{type(node).__name__}.backward returned shape {result.array.shape} for "
                    f"input {position} of shape {node.input_shapes[position]}"
                )
            self._add(edge, result)
        if not self.retain_graph:
            node.release()


def _order(roots):
    """List the nodes behind the roots, each before those it was computed from."""
    seen, order = set(), []
    stack = [(root, False) for root in roots if isinstance(root, Function)]
    while stack:
        node, is_left = stack.pop()
        if is_left:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            for edge in node.edges:
                if isinstance(edge, Function) and edge not in seen:
                    stack.append((edge, False))
    order.reverse()
    return order


def _store(leaf, gradient, create_graph, taken):
    """Add a gradient to the `grad` of a leaf, whose array then belongs to the leaf alone."""
    if create_graph:
        leaf.grad = gradient if leaf.grad is None else leaf.grad + gradient
    elif leaf.grad is not None:
        leaf.grad.array += gradient.array
        leaf.grad.bump()
    elif gradient.array.base is None and id(gradient.array) not in taken:
        taken.add(id(gradient.array))
        leaf.grad = gradient
    else:
        leaf.grad = gradient.wrap(gradient.array.copy())
