"""Whole derivatives of functions: Jacobians, Hessians, and their products with vectors."""

import numpy as np

from lucid.autograd.engine import grad
from lucid.autograd.function import Function
from lucid.autograd.mode import enable_grad
from lucid.errors import GradError, ShapeError

__all__ = ["hessian", "jacobian", "jvp", "vjp"]


class Stack(Function):
    r"""Put tensors of one shape one after another on a new first axis: :math:`y_k = x_k`."""

    keeps_inputs = False

    def forward(self, *arrays):
        return np.stack(arrays)

    def backward(self, grad_y):
        return tuple([grad_y[k] for k in range(len(self.input_shapes))])


def jacobian(func, inputs, create_graph=False):
    r"""Compute every derivative of every output by every input.

    Parameters
    ----------
    func : callable
        Takes the inputs and returns a tensor or a tuple of tensors.
    inputs : Tensor or tuple of Tensor
        Where to differentiate.
    create_graph : bool, default False
        Record the computation, so that the Jacobian can be differentiated.

    Returns
    -------
    Tensor, tuple, or tuple of tuples
        :math:`J_{oi} = \partial y_o / \partial x_i`, of shape ``y.shape + x.shape``. A tuple over
        the outputs if there are several, of tuples over the inputs if those were given as a tuple.

    Raises
    ------
    TypeError
        If an input or an output is not a tensor.

    Notes
    -----
    One walk backward for each element of the outputs.

    Examples
    --------
    >>> import lucid
    >>> from lucid.autograd.functional import jacobian
    >>> jacobian(lambda x: x * x, lucid.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    leaves, outputs = _run(func, inputs, create_graph, "jacobian")
    rows = [_rows(y, leaves, create_graph) for y in outputs[0]]
    rows = [row if leaves[1] else row[0] for row in rows]
    return tuple(rows) if outputs[1] else rows[0]


def hessian(func, inputs, create_graph=False):
    r"""Compute every second derivative of a function with one number as its result.

    Parameters
    ----------
    func : callable
        Takes the inputs and returns a tensor of one element.
    inputs : Tensor or tuple of Tensor
        Where to differentiate.
    create_graph : bool, default False
        Record the computation, so that the Hessian can be differentiated.

    Returns
    -------
    Tensor or tuple of tuples of Tensor
        :math:`H_{ij} = \partial^2 y / \partial x_i \partial x_j`, of shape ``x.shape + x.shape``;
        ``result[a][b]`` for inputs a and b if they were given as a tuple.

    Raises
    ------
    ShapeError
        If the result has not exactly one element.
    TypeError
        If an input or the result is not a tensor.

    Examples
    --------
    >>> import lucid
    >>> from lucid.autograd.functional import hessian
    >>> hessian(lambda x: (x**3).sum(), lucid.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    several = isinstance(inputs, (tuple, list))

    def gradient(*xs):
        y = func(*xs)
        if not hasattr(y, "requires_grad"):
            raise TypeError(f"hessian: the result is a {type(y).__name__}, not a Tensor")
        if y.array.size != 1:
            raise ShapeError(f"hessian: the result has shape {y.shape}; needs one element")
        found = grad(y.sum(), xs, create_graph=True, allow_unused=True)
        found = [x * 0 if g is None else g for x, g in zip(xs, found, strict=True)]
        return tuple(found) if several else found[0]

    return jacobian(gradient, inputs, create_graph)


def vjp(func, inputs, v=None, create_graph=False):
    r"""Multiply a row vector with the Jacobian, as backward does: :math:`v^T J`.

    Parameters
    ----------
    func : callable
        Takes the inputs and returns a tensor or a tuple of tensors.
    inputs : Tensor or tuple of Tensor
        Where to differentiate.
    v : Tensor or tuple of Tensor, optional
        In the shapes of the outputs; may be left out for one element, where it is 1.
    create_graph : bool, default False
        Record the computation.

    Returns
    -------
    outputs : Tensor or tuple of Tensor
        ``func(*inputs)``.
    product : Tensor or tuple of Tensor
        In the shapes of the inputs.

    Examples
    --------
    >>> import lucid
    >>> from lucid.autograd.functional import vjp
    >>> y, product = vjp(lambda x: x * x, lucid.tensor([1.0, 2.0]), lucid.tensor([1.0, 10.0]))
    >>> product
    tensor([ 2., 40.])
    """
    leaves, outputs = _run(func, inputs, create_graph, "vjp")
    product = _product(outputs[0], leaves[0], v, create_graph)
    return _as_given(outputs, create_graph), _as_given((product, leaves[1]), create_graph)


def jvp(func, inputs, v=None, create_graph=False):
    r"""Multiply the Jacobian with a column vector: :math:`Jv`, the change of y along v.

    Parameters
    ----------
    func : callable
        Takes the inputs and returns a tensor or a tuple of tensors.
    inputs : Tensor or tuple of Tensor
        Where to differentiate.
    v : Tensor or tuple of Tensor, optional
        In the shapes of the inputs; may be left out for one element, where it is 1.
    create_graph : bool, default False
        Record the computation.

    Returns
    -------
    outputs : Tensor or tuple of Tensor
        ``func(*inputs)``.
    product : Tensor or tuple of Tensor
        In the shapes of the outputs.

    Notes
    -----
    Backward is linear in the gradient u it starts from, :math:`u \mapsto J^T u`; differentiating
    *that* by u gives the transposed map, :math:`v \mapsto Jv` [1]_.

    References
    ----------
    .. [1] Townsend, "A new trick for calculating Jacobian vector products", 2017.

    Examples
    --------
    >>> import lucid
    >>> from lucid.autograd.functional import jvp
    >>> y, product = jvp(lambda x: x.sum() * x, lucid.tensor([1.0, 2.0]), lucid.tensor([1.0, 0.0]))
    >>> product
    tensor([4., 2.])
    """
    leaves, outputs = _run(func, inputs, create_graph, "jvp")
    with enable_grad():
        u = [y.wrap(np.zeros_like(y.array)).requires_grad_() for y in outputs[0]]
        turned = _product(outputs[0], leaves[0], u, True)
    product = _product(turned, u, v, create_graph)
    return _as_given(outputs, create_graph), _as_given((product, outputs[1]), create_graph)


def _run(func, inputs, create_graph, name):
    """Call the function on leaves; return inputs and outputs, each with whether it is a tuple."""
    several = isinstance(inputs, (tuple, list))
    xs = tuple(inputs) if several else (inputs,)
    for position, x in enumerate(xs):
        if not hasattr(x, "requires_grad"):
            raise TypeError(f"{name}: input {position} is a {type(x).__name__}, not a Tensor")
    with enable_grad():
        if create_graph:
            xs = tuple([x.clone() if x.requires_grad else x.detach().requires_grad_() for x in xs])
        else:
            xs = tuple([x.detach().requires_grad_() for x in xs])
        ys = func(*xs)
    is_tuple = isinstance(ys, (tuple, list))
    ys = tuple(ys) if is_tuple else (ys,)
    for position, y in enumerate(ys):
        if not hasattr(y, "requires_grad"):
            raise TypeError(f"{name}: output {position} is a {type(y).__name__}, not a Tensor")
    return (xs, several), (ys, is_tuple)


def _rows(y, leaves, create_graph):
    """Compute the Jacobian of one output by each input."""
    xs, count = leaves[0], y.array.size
    rows = []
    for o in range(count):
        unit = np.zeros(count, y.array.dtype)
        unit[o] = 1
        unit = y.wrap(unit.reshape(y.shape))
        rows.append(_product([y], xs, [unit], create_graph, retain=True))
    results = []
    for position, x in enumerate(xs):
        shape = (*y.shape, *x.shape)
        if not rows:
            results.append(x.wrap(np.zeros(shape, x.array.dtype)))
        else:
            results.append(Stack()(*[row[position] for row in rows]).reshape(shape))
    return tuple(results)


def _product(ys, xs, v, create_graph, retain=None):
    """Compute the gradients of <ys, v> by xs; zeros where nothing depends on one."""
    vs = (None,) * len(ys) if v is None else tuple(v) if isinstance(v, (tuple, list)) else (v,)
    if len(vs) != len(ys):
        raise GradError(f"{len(vs)} vectors for {len(ys)} tensors; give one for each")
    pairs = [pair for pair in zip(ys, vs, strict=True) if pair[0].requires_grad]
    found = [None] * len(xs)
    if pairs:
        roots, starts = zip(*pairs, strict=True)
        found = grad(roots, xs, starts, retain, create_graph, allow_unused=True)
    return tuple([
        x.wrap(np.zeros_like(x.array)) if g is None else g for x, g in zip(xs, found, strict=True)
    ])


def _as_given(results, create_graph):
    tensors, several = results
    if not create_graph:
        tensors = tuple([x.detach() for x in tensors])
    return tensors if several else tensors[0]
