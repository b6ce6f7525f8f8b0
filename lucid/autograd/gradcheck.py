"""Holding a written derivative against differences, element by element."""

import copy
import warnings

import numpy as np

from lucid.autograd.engine import as_tuple, backward_order, grad
from lucid.autograd.mode import set_grad_enabled
from lucid.errors import DtypeError, GradError

__all__ = ["gradcheck", "gradgradcheck"]


def gradcheck(
    func, inputs, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True, nondet_tol=0.0
):
    r"""Compare the gradients that backward computes with central differences.

    Every element of every input that requires a gradient is moved by `eps` up and down, which gives
    a column of the Jacobian: :math:`J_{oi} \approx (y_o(x + \epsilon e_i) - y_o(x - \epsilon e_i))
    / 2\epsilon`. Backward gives its rows. The two must agree.

    Parameters
    ----------
    func : callable
        Takes the inputs and returns a tensor or a tuple of tensors. Must do the same each time it
        is called: no dropout, no running statistics.
    inputs : Tensor or tuple
        What to call it with. The tensors that require a gradient are checked; give them as float64
        and away from kinks. They are moved in place and put back exactly.
    eps : float, default 1e-6
        How far an element is moved.
    atol, rtol : float, default 1e-5, 1e-3
        The difference allowed is `atol` + `rtol` times the absolute numeric value.
    raise_exception : bool, default True
        Whether to raise when something is wrong, or return False.
    nondet_tol : float, default 0.0
        How far two walks backward over the same graph may differ.

    Returns
    -------
    bool
        True if all agree.

    Raises
    ------
    GradError
        If a gradient is wrong: the message names the operation, the input, the index, the value
        that backward gives and the numeric one, where they differ most.
    ValueError
        If no input requires a gradient.

    See Also
    --------
    gradgradcheck : The same for second derivatives.

    Notes
    -----
    With n input and m output elements this costs 2n calls of `func` and 2m walks backward: use
    small tensors. If `func` is several steps, each one that keeps its inputs is checked alone to
    find the one at fault. PyTorch's options for sparse, batched and forward-mode derivatives do not
    exist here.

    References
    ----------
    .. [1] Nocedal and Wright, "Numerical Optimization", 2006, section 8.1: the central difference.

    Examples
    --------
    >>> import lucid
    >>> class Cube(lucid.autograd.Function):
    ...     def forward(self, x):
    ...         return x**3
    ...     def backward(self, grad_y):
    ...         (x,) = self.inputs
    ...         return grad_y * 2 * x * x  # should be 3
    >>> x = lucid.tensor([1.0, 2.0], dtype=lucid.float64, requires_grad=True)
    >>> lucid.autograd.gradcheck(lambda x: x.exp(), x)
    True
    >>> lucid.autograd.gradcheck(lambda x: Cube()(x), x)
    Traceback (most recent call last):
    ...
    lucid.errors.GradError: gradcheck: the backward of Cube does not fit its forward: output 0 at
    (1,), input 0 at (1,): backward gives 8, differences give 12 (off by 4, allowed 0.01201)
    """
    try:
        return _check(func, as_tuple(inputs), eps, atol, rtol, nondet_tol)
    except GradError:
        if raise_exception:
            raise
        return False


def gradgradcheck(
    func, inputs, grad_outputs=None, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True,
    nondet_tol=0.0,
):
    r"""Compare second derivatives with differences of first ones.

    The function checked is ``(x, g) -> grad(func(x), x, g)``, with respect to x and to g, so `func`
    should pass `gradcheck` first.

    Parameters
    ----------
    func : callable
        As in `gradcheck`.
    inputs : Tensor or tuple
        As in `gradcheck`.
    grad_outputs : Tensor or tuple, optional
        The gradients from above, one for each output; default fixed random numbers.
    eps, atol, rtol, raise_exception, nondet_tol
        As in `gradcheck`.

    Returns
    -------
    bool
        True if all agree.

    Raises
    ------
    GradError, ValueError
        As `gradcheck`. Inputs with a number beyond those of `func` are the gradients from above.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([1.0, 2.0], dtype=lucid.float64, requires_grad=True)
    >>> lucid.autograd.gradgradcheck(lambda x: x.exp() * x, x)
    True
    """
    inputs = as_tuple(inputs)
    count = len(inputs)
    outputs = [y for y in as_tuple(func(*inputs)) if y.requires_grad]
    if grad_outputs is None:
        rng = np.random.default_rng(0)
        # of standard_normal the scalar case gives a float, so the shape is made one of an array
        grad_outputs = [
            y.wrap(np.asarray(rng.standard_normal(y.shape), y.array.dtype)) for y in outputs
        ]
    above = [g.wrap(g.array).requires_grad_() for g in as_tuple(grad_outputs)]

    def first(*arguments):
        ys = [y for y in as_tuple(func(*arguments[:count])) if y.requires_grad]
        leaves = [x for x in arguments[:count] if getattr(x, "requires_grad", False)]
        found = grad(ys, leaves, arguments[count:], create_graph=True, allow_unused=True)
        return tuple([each for each in found if each is not None])

    first.__name__ = f"the gradient of {getattr(func, '__name__', func)}"
    options = dict(eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception)
    return gradcheck(first, (*inputs, *above), nondet_tol=nondet_tol, **options)


def _check(func, inputs, eps, atol, rtol, nondet_tol):
    places = [i for i, x in enumerate(inputs) if getattr(x, "requires_grad", False)]
    if not places:
        raise ValueError("gradcheck: no input requires a gradient; say requires_grad=True")
    for i in places:
        if inputs[i].array.dtype != np.float64:
            warnings.warn(
                f"gradcheck: input {i} is {inputs[i].array.dtype.name}; differences of {eps:g} "
                f"need float64", stacklevel=3,
            )
    leaves = [inputs[i] for i in places]
    outputs = as_tuple(func(*inputs))
    for o, y in enumerate(outputs):
        if not hasattr(y, "requires_grad"):
            raise TypeError(f"gradcheck: output {o} is a {type(y).__name__}, not a Tensor")
    analytic = [_analytic(y, leaves, nondet_tol) for y in outputs]
    for position, x in enumerate(leaves):
        numeric = _numeric(lambda: as_tuple(func(*inputs)), x, eps)
        for o, y in enumerate(outputs):
            found, wanted = analytic[o][position], numeric[o]
            excess = abs(found - wanted) - (atol + rtol * abs(wanted))
            if wanted.size and not excess.max() <= 0:  # NaN is wrong too
                worst = np.unravel_index(np.argmax(np.nan_to_num(excess, nan=np.inf)), found.shape)
                place = [np.unravel_index(k, z.shape) for k, z in zip(worst, (y, x), strict=True)]
                text = _values(found[worst], wanted[worst], atol, rtol)
                raise GradError(
                    f"gradcheck: {_blame(func, y, eps, atol, rtol)} does not fit its forward: "
                    f"output {o} at {_index(place[0])}, input {places[position]} at "
                    f"{_index(place[1])}: {text}"
                )
    return True


def _index(place):
    return tuple(int(i) for i in place)


def _values(found, wanted, atol, rtol):
    return (
        f"backward gives {found:.6g}, differences give {wanted:.6g} (off by "
        f"{abs(found - wanted):.4g}, allowed {atol + rtol * abs(wanted):.4g})"
    )


def _analytic(y, leaves, nondet_tol):
    """Compute the Jacobian of y by each leaf, (elements of y, elements of the leaf), row by row."""
    results = [np.zeros((y.array.size, x.array.size)) for x in leaves]
    if not y.requires_grad:
        return results
    for o in range(y.array.size):
        unit = np.zeros(y.array.size, y.array.dtype)
        unit[o] = 1
        unit = y.wrap(unit.reshape(y.shape))
        runs = [grad(y, leaves, unit, retain_graph=True, allow_unused=True) for _ in range(2)]
        for result, first, second in zip(results, *runs, strict=True):
            if first is not None:
                result[o] = first.array.reshape(-1)
                off = abs(first.array - second.array).max(initial=0)
                if off > nondet_tol:
                    raise GradError(
                        f"gradcheck: two walks backward over the same graph differ by {off:.4g}, "
                        f"more than nondet_tol={nondet_tol:g}; a backward must not change what it "
                        f"saved, nor draw random numbers"
                    )
    return results


def _numeric(call, x, eps):
    """Compute the Jacobian of every output by x, column by column, moving x in place."""
    columns = []
    for place in np.ndindex(x.shape):
        middle = x.array[place]
        sides = []
        for moved in (middle + eps, middle - eps):
            x.array[place] = moved
            try:
                sides.append([np.array(y.array, np.float64).reshape(-1) for y in call()])
            finally:
                x.array[place] = middle
        columns.append([(a - b) / (2 * eps) for a, b in zip(*sides, strict=True)])
    if not columns:
        return [np.zeros((y.array.size, 0)) for y in call()]
    return [np.stack(column, axis=1) for column in zip(*columns, strict=True)]


def _blame(func, y, eps, atol, rtol):
    """Name the step at fault: the only one, or the first that fails alone, or all there are."""
    nodes = backward_order([y.node])[::-1] if y.node is not None else []
    if len(nodes) > 1:
        wrong = [node for node in nodes if not _is_right_alone(node, eps, atol, rtol)]
        nodes = wrong[:1] or nodes
    name = getattr(func, "__name__", type(func).__name__)
    inside = "" if name == "<lambda>" else f" in {name}"
    if not nodes:
        return f"the gradient of {name}, which is cut off from its inputs,"
    kinds = list(dict.fromkeys(type(node).__name__ for node in nodes))
    return f"the backward of {', '.join(kinds)}{inside}"


def _is_right_alone(node, eps, atol, rtol):
    """Check one step on the inputs it saved; what cannot be checked counts as right."""
    if not (node.keeps_inputs and node.saved()) or any(x is None for x in node.inputs):
        return True
    leaves = [
        x.wrap(x.array.copy()).requires_grad_(x.array.dtype.kind == "f") for x in node.inputs
    ]

    def step(*inputs):
        again = copy.copy(node)
        for name in ("edges", "_inputs", "_output", "hooks", "backward"):
            vars(again).pop(name, None)
        return again(*inputs)

    try:
        with set_grad_enabled(True):
            y = step(*leaves)
            found = _analytic(y, leaves, np.inf)
            wanted = [_numeric(lambda: (step(*leaves),), x, eps)[0] for x in leaves]
    except (GradError, DtypeError, ValueError, TypeError):
        return True
    return all(
        np.all(abs(a - b) <= atol + rtol * abs(b)) for a, b in zip(found, wanted, strict=True)
    )
