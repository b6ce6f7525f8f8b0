"""Walking the graph backward, without recursion: a graph may be 100,000 steps deep."""

import numpy as np

from lucid.autograd.function import Function
from lucid.autograd.mode import set_grad_enabled
from lucid.errors import DtypeError, GradError, ShapeError
from lucid.kernels.arithmetic import add
from lucid.kernels.arrays import is_own

__all__ = ["backward", "grad"]


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False, inputs=None):
    r"""Add the gradients of `tensors` to the `grad` of the leaves they were computed from.

    Parameters
    ----------
    tensors : Tensor or sequence of Tensor
        Where to start.
    grad_tensors : Tensor or sequence of Tensor, optional
        The gradient with respect to each of `tensors`, in its shape and type; may be left out, or
        None, for a tensor of one element, where it is 1.
    retain_graph : bool, optional
        Keep what the steps saved, to walk them again; default as `create_graph`.
    create_graph : bool, default False
        Record the walk itself, so that the gradients can be differentiated.
    inputs : sequence of Tensor, optional
        The only leaves whose `grad` is wanted; default all.

    Raises
    ------
    GradError
        If a tensor does not depend on one that requires a gradient, or was walked already; if a
        tensor that a step needs was changed in place; if one of `inputs` is not a leaf.
    ShapeError, DtypeError
        If a given gradient has another shape or type than its tensor.

    Notes
    -----
    A `grad` that exists is added to, in place. The memory of a `grad` is its own: no other
    gradient, and no tensor that was given, shares it.

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
    tensors, gradients = _roots(tensors, grad_tensors, "backward")
    if retain_graph is None:
        retain_graph = create_graph
    only = None if inputs is None else _leaves(inputs)
    walk = _Walk([x.node or x for x in tensors], only, retain_graph, create_graph)
    with set_grad_enabled(create_graph):
        for leaf, gradient in walk.run(gradients):
            walk.store(leaf, gradient)


def grad(
    outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, allow_unused=False,
    *, only_inputs=True,
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
    only_inputs : bool, default True
        For code written for PyTorch, where it means nothing any more; True is all there is.

    Returns
    -------
    tuple of Tensor
        One for each of `inputs`, in its shape, with memory of its own.

    Raises
    ------
    GradError
        If the outputs do not depend on an input, or the graph was walked already; if a tensor that
        a step needs was changed in place.
    ShapeError, DtypeError
        If a given gradient has another shape or type than its output.
    ValueError
        If `only_inputs` is False.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor(3.0, requires_grad=True)
    >>> (first,) = lucid.autograd.grad(x**3, x, create_graph=True)
    >>> (second,) = lucid.autograd.grad(first, x)
    >>> first.item(), second.item()
    (27.0, 18.0)
    """
    if not only_inputs:
        raise ValueError("grad: only_inputs=False is not there; backward fills the grad of leaves")
    outputs, gradients = _roots(outputs, grad_outputs, "grad")
    if retain_graph is None:
        retain_graph = create_graph
    wanted = [_edge(x, position, "grad") for position, x in enumerate(as_tuple(inputs))]
    walk = _Walk([x.node or x for x in outputs], wanted, retain_graph, create_graph)
    with set_grad_enabled(create_graph):
        found = dict(walk.run(gradients))
        results = [walk.own(found[edge]) if edge in found else None for edge in wanted]
    for position, result in enumerate(results):
        if result is None and not allow_unused:
            raise GradError(
                f"grad: the outputs do not depend on inputs[{position}]; if that is meant, say "
                f"allow_unused=True and get None"
            )
    return tuple(results)


def as_tuple(tensors):
    """Take one for a tuple of one."""
    return tuple(tensors) if isinstance(tensors, (tuple, list)) else (tensors,)


def _edge(x, position, name):
    if not x.requires_grad:
        raise GradError(
            f"{name}: inputs[{position}], of shape {x.shape}, does not require a gradient; set "
            f"requires_grad=True before computing with it"
        )
    return x.node or x


def _leaves(inputs):
    inputs = as_tuple(inputs)
    if not inputs:
        raise GradError("backward: inputs is empty; name the leaves, or leave it out for all")
    for position, x in enumerate(inputs):
        if x.node is not None:
            raise GradError(
                f"backward: inputs[{position}], of shape {x.shape}, is not a leaf; use "
                f"lucid.autograd.grad for the gradient of a result"
            )
    return [_edge(x, position, "backward") for position, x in enumerate(inputs)]


def _roots(tensors, gradients, name):
    """Pair every tensor to start from with its gradient."""
    tensors = as_tuple(tensors)
    gradients = (None,) * len(tensors) if gradients is None else as_tuple(gradients)
    if len(gradients) != len(tensors):
        raise GradError(f"{name}: {len(tensors)} tensors but {len(gradients)} gradients")
    for x in tensors:
        if not x.requires_grad:
            raise GradError(
                f"{name}: this tensor does not depend on a tensor that requires grad; make one "
                f"with requires_grad=True, and compute outside no_grad"
            )
    return tensors, [_start(x, given, name) for x, given in zip(tensors, gradients, strict=True)]


def _start(x, given, name):
    if given is None:
        if x.array.size != 1:
            raise GradError(
                f"{name}: a tensor of shape {x.shape} has no single gradient; only one element "
                f"has the implicit gradient 1: call .sum() first, or pass the gradient"
            )
        return x.wrap(np.array(1, x.array.dtype).reshape(x.array.shape))
    _check_gradient(given, x.array.shape, x.array.dtype, f"{name}: the gradient", "the tensor")
    return given


def _check_gradient(gradient, shape, dtype, what, whose):
    """Refuse a gradient that is not a tensor of the shape and type of what it belongs to."""
    array = getattr(gradient, "array", None)
    if array is None:
        raise TypeError(f"{what} must be a Tensor, not {type(gradient).__name__}")
    if array.shape != shape:
        raise ShapeError(f"{what} has shape {array.shape}, but {whose} has {shape}")
    if array.dtype != dtype:
        raise DtypeError(
            f"{what} is {array.dtype.name}, but {whose} is {dtype.name}; convert one with .to()"
        )


class Copy(Function):
    """Give the elements memory of their own."""

    keeps_inputs = False

    def forward(self, x):
        return x.copy()

    def backward(self, grad_y):
        return grad_y


class _Walk:
    """One walk from `roots`; `wanted` are the edges to report, None for all leaves."""

    def __init__(self, roots, wanted, retain_graph, create_graph):
        self.roots = roots
        self.wanted = None if wanted is None else set(wanted)
        self.retain_graph = retain_graph
        self.create_graph = create_graph
        self.taken = set()  # arrays that somebody else holds: not to be handed to a leaf
        self.gradients = {}  # for each edge what was added up so far

    def run(self, gradients):
        """Return (edge, gradient) for every wanted edge that the roots depend on."""
        self.taken.update([id(gradient.array) for gradient in gradients])
        # an infinite or undefined gradient is an answer, as 1 / x at 0
        with np.errstate(all="ignore"):
            for edge, gradient in zip(self.roots, gradients, strict=True):
                self._add(edge, gradient)
            order = backward_order(self.roots)
            needs = None if self.wanted is None else self._needs(order)
            results = []
            for node in order:
                gradient = self._finish(node, results)
                if gradient is None:
                    continue
                node.needs = node.tracked if needs is None else needs[node]
                if True in node.needs:
                    self._step(node, gradient)
            for edge in list(self.gradients):
                self._finish(edge, results)
        return results

    def _add(self, edge, gradient):
        before = self.gradients.get(edge)
        if before is None:
            self.gradients[edge] = gradient
        elif self.create_graph:
            self.gradients[edge] = before + gradient
        else:  # as the operator does, without what it checks
            self.gradients[edge] = gradient.wrap(add(before.array, gradient.array))

    def _finish(self, edge, results):
        """Take the whole gradient of an edge, through its hooks, and note it if it is wanted."""
        gradient = self.gradients.pop(edge, None)
        if gradient is None:
            return None
        if edge.hooks:
            gradient = self._call_hooks(edge.hooks, gradient)
        if edge.retained is not None and (tensor := edge.retained()) is not None:
            self.store(tensor, gradient)
        if edge in self.wanted if self.wanted is not None else not isinstance(edge, Function):
            results.append((edge, gradient))
        return gradient

    def _call_hooks(self, hooks, gradient):
        array = gradient.array
        self.taken.add(id(array))  # the hook may keep what it is given, and what it returns
        for hook in list(hooks.values()):
            changed = hook(gradient)
            if changed is not None:
                name = f"the gradient that hook {getattr(hook, '__name__', hook)} returned"
                _check_gradient(changed, array.shape, array.dtype, name, "what it was given")
                gradient = changed
                self.taken.add(id(changed.array))
        return gradient

    def _needs(self, order):
        """Tell for every node which of its inputs lead to something wanted."""
        needs = {}
        for node in reversed(order):
            needs[node] = tuple([self._leads(edge, needs) for edge in node.edges])
        return needs

    def _leads(self, edge, needs):
        return edge in self.wanted or isinstance(edge, Function) and True in needs[edge]

    def _step(self, node, gradient):
        results = node.backward(gradient)
        if not isinstance(results, (tuple, list)):
            results = (results,)
        edges, needs = node.edges, node.needs
        if len(results) != len(edges):
            raise GradError(
                f"{type(node).__name__}.backward returned {len(results)} gradients for "
                f"{len(edges)} inputs"
            )
        for position, result in enumerate(results):
            if result is None or not needs[position]:
                continue
            edge, shape = edges[position], node.input_shapes[position]
            dtype = edge.result_dtype if isinstance(edge, Function) else edge.array.dtype
            array = getattr(result, "array", None)
            if array is None or array.shape != shape or array.dtype != dtype:
                name = f"{type(node).__name__}.backward: gradient {position}"
                _check_gradient(result, shape, dtype, name, f"input {position}")
            if result is not gradient and node.holds(result):
                self.taken.add(id(array))
            self._add(edge, result)
        if not self.retain_graph:
            node.release()

    def store(self, x, gradient):
        """Add a gradient to the `grad` of a tensor."""
        if x.grad is not None and not self.create_graph and x.grad.array.flags.writeable:
            x.grad.array += gradient.array
            x.grad.bump()
            return
        x.grad = self.own(gradient) if x.grad is None else x.grad + gradient

    def own(self, gradient):
        """Give the gradient with memory that nobody else holds."""
        array = gradient.array
        if is_own(array) and id(array) not in self.taken:
            self.taken.add(id(array))
            return gradient
        if self.create_graph and gradient.requires_grad and gradient.node is None:
            return Copy()(gradient)  # a leaf that was given: the copy depends on it
        return gradient.wrap(array.copy(), gradient.node)


def backward_order(roots):
    """List the nodes behind the roots, each before those it was computed from."""
    seen, order = set(), []
    stack = [root for root in roots if isinstance(root, Function)]
    while stack:
        node = stack.pop()
        if node is None:  # what lay above the next node is done
            order.append(stack.pop())
        elif node not in seen:
            seen.add(node)
            stack += node, None
            for edge in node.edges:
                if isinstance(edge, Function) and edge not in seen:
                    stack.append(edge)
    order.reverse()
    return order
