"""L-BFGS: steps that know the curvature, from the last gradients, with a line search."""

from typing import Any, NamedTuple

import numpy as np

from lucid.autograd import enable_grad
from lucid.geometry import check_int
from lucid.nn.parameter import is_lazy
from lucid.optim.optimizer import Optimizer, check_option, gradient_of
from lucid.tensor import Tensor

__all__ = ["LBFGS"]

DECREASE, CURVATURE = 1e-4, 0.9  # c1 and c2 of the strong Wolfe conditions
FLAT = 1e-10  # the least y·s that tells a curvature: the inverse must stay positive


class LBFGS(Optimizer):
    r"""Limited-memory BFGS: Newton's direction, from the last steps and what they changed.

    It asks for the loss several times in a step, so `step` needs a closure; and it compares
    gradients of one step with those of the next, so the loss must be the same function each time:
    all data, or one large batch, and no dropout.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor) pairs, or one dict
        What to optimize, in one group.
    lr : float, default 1
        Length of a step without line search, and the first one that a line search tries; at least
        0.
    max_iter : int, default 20
        Directions taken in one call of `step`; at least 1.
    max_eval : int, optional
        Evaluations of the closure in one call of `step`; default ``max_iter * 5 // 4``.
    tolerance_grad : float, default 1e-07
        `step` ends when no element of the gradient is larger.
    tolerance_change : float, default 1e-09
        `step` ends when neither the parameters nor the loss change by more.
    history_size : int, default 100
        Steps that are remembered; each costs two vectors as long as all parameters together.
    line_search_fn : {None, 'strong_wolfe'}, default None
        How far to go along a direction: `lr`, or as far as the strong Wolfe conditions say, which
        costs evaluations and hardly ever fails.

    Attributes
    ----------
    param_groups, state, defaults
        See `Optimizer`. All state is kept under the first parameter.

    Raises
    ------
    ValueError
        If an option is out of range, or there is more than one group.
    TypeError
        If an option is of the wrong type.

    See Also
    --------
    SGD, Adam : For losses that change from batch to batch.

    Notes
    -----
    With the gradients :math:`g`, the steps :math:`s_i` and the changes of gradient :math:`y_i`,
    :math:`\rho_i = 1 / y_i \cdot s_i`, the direction is :math:`d = -H g`, where :math:`H` is what
    the updates :math:`H \leftarrow (1 - \rho s y^T) H (1 - \rho y s^T) + \rho s s^T` make of
    :math:`(y \cdot s / y \cdot y)`, the oldest first. Two loops over the history compute it
    without a matrix [1]_. The strong Wolfe conditions ask of a step :math:`t`
    that :math:`f(x + td) \le f(x) + c_1 t \, g \cdot d` and :math:`|g(x + td) \cdot d| \le
    c_2 |g \cdot d|`, with :math:`c_1 = 10^{-4}` and :math:`c_2 = 0.9` [2]_.

    References
    ----------
    .. [1] Nocedal, "Updating quasi-Newton matrices with limited storage", Mathematics of
       Computation 35, 1980, page 779.
    .. [2] Nocedal and Wright, "Numerical optimization", 2006, algorithms 3.5, 3.6 and 7.4.

    Examples
    --------
    The narrow valley of Rosenbrock, whose floor plain descent needs thousands of steps for:

    >>> import lucid
    >>> x = lucid.tensor([-1.2, 1.0], dtype=lucid.float64, requires_grad=True)
    >>> optimizer = lucid.optim.LBFGS([x], max_iter=50, line_search_fn="strong_wolfe")
    >>> def loss():
    ...     optimizer.zero_grad()
    ...     y = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    ...     y.backward()
    ...     return y
    >>> optimizer.step(loss).item()
    24.199999999999996
    >>> x
    tensor([1.0000, 1.0000], dtype=lucid.float64, requires_grad=True)
    """

    def __init__(
        self, params, lr=1, max_iter=20, max_eval=None, tolerance_grad=1e-7, tolerance_change=1e-9,
        history_size=100, line_search_fn=None,
    ):
        max_iter = check_int(max_iter, "max_iter", 1)
        super().__init__(params, {
            "lr": lr, "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change,
            "history_size": history_size, "line_search_fn": line_search_fn,
        })

    def check_options(self, group):
        """Raise ValueError or TypeError if an option of `group` is out of range."""
        if self.param_groups and group["params"] is not self.param_groups[0]["params"]:
            raise ValueError(
                "LBFGS has one group of parameters, as all of them make one vector; give it a "
                "plain list, or another optimizer to the other group"
            )
        for name in ("lr", "tolerance_grad", "tolerance_change"):
            check_option(name, group[name])
        for name in ("max_iter", "max_eval", "history_size"):
            check_int(group[name], name, 1)
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(
                f"line_search_fn={group['line_search_fn']!r} is unknown; choose 'strong_wolfe', or "
                f"None for steps of length lr"
            )

    def step(self, closure=None):
        """Take up to `max_iter` steps downhill.

        Parameters
        ----------
        closure : callable
            Sets the gradients to zero, computes the loss and its gradients, and returns the loss;
            called up to `max_eval` times or a few more, with gradients on.

        Returns
        -------
        object
            What the first call of `closure` returned: the loss before the step.

        Raises
        ------
        TypeError
            If there is no closure.

        Examples
        --------
        See the class.
        """
        if closure is None:
            raise TypeError(
                "LBFGS computes the loss several times in a step, so step needs a function: one "
                "that calls zero_grad(), computes the loss, calls backward() and returns the loss"
            )
        group, loss_of = self.param_groups[0], enable_grad()(closure)
        state = self.state[group["params"][0]]
        first = loss_of()
        loss, g = float(first), self._gradient()
        state.setdefault("n_iter", 0)
        state["func_evals"] = state.get("func_evals", 0) + 1
        evaluations, taken = 1, 0
        done = np.abs(g).max() <= group["tolerance_grad"]
        while not done:
            taken += 1
            state["n_iter"] += 1
            d = _direction(state, g, group["history_size"])
            begin = group["lr"]
            if state["n_iter"] == 1:  # nothing tells how far yet: not farther than 1 in all
                begin = min(1.0, 1 / np.abs(g).sum()) * begin
            slope, before = g @ d, loss
            state.update(d=Tensor(d), t=float(begin), prev_flat_grad=Tensor(g), prev_loss=loss)
            if slope > -group["tolerance_change"]:
                break
            room = group["max_eval"] - evaluations
            last = taken == group["max_iter"]
            found, count = self._move(loss_of, Point(0, loss, g, slope), begin, d, room, last)
            loss, g = found.f, found.g
            evaluations += count
            state["func_evals"] += count
            state["t"] = float(found.t)
            done = (
                last or evaluations >= group["max_eval"]
                or np.abs(g).max() <= group["tolerance_grad"]
                or np.abs(d * found.t).max() <= group["tolerance_change"]
                or abs(loss - before) < group["tolerance_change"]
            )
        return first

    def _move(self, loss_of, start, t, d, room, last):
        """Go along d, by t or as a line search says; give the point, and count evaluations."""
        group = self.param_groups[0]
        origin = [x.array.copy() for x in group["params"]]

        def evaluate(t):
            self._place(origin, t, d)
            loss, g = float(loss_of()), self._gradient()
            return Point(t, loss, g, g @ d)

        if group["line_search_fn"] is None:
            if not last:  # nobody looks at the loss behind the last step
                return evaluate(t), 1
            found, count = start._replace(t=t), 0
        else:
            bracket, tried = _find_bracket(evaluate, start, t, room)
            found = bracket[0]
            if len(bracket) > 1:
                reach = group["tolerance_change"] / np.abs(d).max()
                found, tried = _zoom(evaluate, start, bracket, tried, room, reach)
            count = tried + 1
        self._place(origin, found.t, d)
        return found, count

    def _gradient(self):
        """Give all gradients as one vector; where there is none, zeros."""
        return np.concatenate([
            np.zeros(x.array.size, x.array.dtype) if x.grad is None else gradient_of(x).ravel()
            for x in self.param_groups[0]["params"]
        ])

    def _place(self, origin, t, d):
        """Set the parameters to origin + t d."""
        begin = 0
        for x, first in zip(self.param_groups[0]["params"], origin, strict=True):
            part = d[begin : begin + first.size].reshape(first.shape)
            x.array[...] = first + t * part
            x.bump()
            begin += first.size

    def adopt(self, name, value, x, number):
        """Copy one loaded value: a number, a vector as long as all parameters, or a list of them.

        Parameters
        ----------
        name : str
            Its name in the state.
        value : object
            What the state dict has.
        x : Tensor
            The first parameter, whose data type a vector gets.
        number : int
            The number of the parameter.

        Returns
        -------
        object
            The copy.

        Raises
        ------
        ValueError
            If a vector is of another length.
        """
        if isinstance(value, (list, tuple)):
            return [self.adopt(name, each, x, number) for each in value if each is not None]
        if not isinstance(value, Tensor | np.ndarray):
            return value
        array = value.array if isinstance(value, Tensor) else value
        if not array.ndim:  # PyTorch keeps these numbers in tensors
            return array.item()
        params = self.param_groups[0]["params"]
        length = None if any(map(is_lazy, params)) else sum(each.array.size for each in params)
        if length not in (None, array.size):
            raise ValueError(
                f"{name} has {array.size} elements, but the parameters have {length} together"
            )
        return Tensor(array.astype(x.dtype.numpy))


def _direction(state, g, history_size):
    """Remember the last step, and give the direction -H g."""
    if state["n_iter"] == 1:
        state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
        return -g
    y, s = g - state["prev_flat_grad"].array, state["d"].array * state["t"]
    changes, steps, ro = (state[name] for name in ("old_dirs", "old_stps", "ro"))  # PyTorch's keys
    product = y @ s
    if product > FLAT:
        for history, new in ((changes, Tensor(y)), (steps, Tensor(s)), (ro, float(1 / product))):
            del history[: max(0, len(history) + 1 - history_size)]
            history.append(new)
        state["H_diag"] = float(product / (y @ y))
    d, shares = -g, []
    triples = [(y.array, s.array, each) for y, s, each in zip(changes, steps, ro, strict=True)]
    for y, s, each in reversed(triples):
        shares.append((s @ d) * each)
        d -= shares[-1] * y
    d *= state["H_diag"]
    for (y, s, each), share in zip(triples, reversed(shares), strict=True):
        d += (share - (y @ d) * each) * s
    return d


class Point(NamedTuple):
    """What is known at x + t d: the loss f, the gradient g and the slope g·d."""

    t: float
    f: float
    g: Any
    slope: float


def _too_high(point, start):
    """Tell whether the loss has not decreased enough: the first condition fails."""
    return point.f > start.f + DECREASE * point.t * start.slope


def _is_level(point, start):
    """Tell whether the slope has become small enough: the second condition."""
    return abs(point.slope) <= -CURVATURE * start.slope


def _find_bracket(evaluate, start, t, most):
    """Step outwards: one point that will do, or two around such points; and the steps."""
    previous, new = start, evaluate(t)
    for count in range(most):
        if _too_high(new, start) or (count > 1 and new.f >= previous.f):
            return [previous, new], count
        if _is_level(new, start):
            return [new], count
        if new.slope >= 0:
            return [previous, new], count
        t = _lowest(previous, new, new.t + 0.01 * (new.t - previous.t), 10 * new.t)
        previous, new = new, evaluate(t)
    return [start, new], most


def _zoom(evaluate, start, bracket, count, most, reach):
    """Narrow the bracket until one point satisfies both conditions; and count the steps."""
    best, crowded = int(bracket[0].f > bracket[1].f), False
    while count < most:
        near, far = bracket[best], bracket[1 - best]
        if abs(far.t - near.t) < reach:
            break
        low, high = sorted((near.t, far.t))
        t, crowded = _inside(_lowest(*bracket, low, high), low, high, crowded)
        new = evaluate(t)
        count += 1
        if _too_high(new, start) or new.f >= near.f:
            bracket[1 - best] = new
            best = int(bracket[0].f > bracket[1].f)
            continue
        if _is_level(new, start):
            return new, count
        if new.slope * (far.t - near.t) >= 0:
            bracket[1 - best] = near
        bracket[best] = new
    return bracket[best], count


def _lowest(p, q, low, high):
    """Find where the cubic through two points with their slopes is lowest, between low and high."""
    if p.t > q.t:
        p, q = q, p
    a = p.slope + q.slope - 3 * (p.f - q.f) / (p.t - q.t)
    square = a * a - p.slope * q.slope
    if square < 0:  # it has no minimum
        return (low + high) / 2
    root = np.sqrt(square)
    t = q.t - (q.t - p.t) * ((q.slope + root - a) / (q.slope - p.slope + 2 * root))
    return min(max(t, low), high)


def _inside(t, low, high, crowded):
    """Keep away from the ends, a tenth of the bracket, where t lies close to one twice running."""
    margin = 0.1 * (high - low)
    if min(high - t, t - low) >= margin:
        return t, False
    if not crowded and low < t < high:
        return t, True
    return (high - margin if high - t < t - low else low + margin), False
