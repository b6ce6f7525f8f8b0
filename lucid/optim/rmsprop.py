"""RMSprop and its kin: steps divided by a running size of the gradient."""

import numpy as np

from lucid.optim.optimizer import Optimizer, check_option
from lucid.tensor import Tensor

__all__ = ["Adadelta", "Adagrad", "RMSprop"]


def decayed(x, grad, weight_decay):
    """Return the gradient with the weight decay in it."""
    return grad + x * x.dtype.type(weight_decay) if weight_decay else grad


def running(state, name, x, value=0.0):
    """Return an array of the state, made like x when it is asked for first."""
    if name not in state:
        state[name] = Tensor(np.full_like(x, value))
    return state[name].array


def mix(average, new, kept, room=None):
    """Change a running average in place: `kept` of the old and the rest of the new.

    What lies between is written into `room`, or into fresh memory.
    """
    average *= kept
    average += np.multiply(new, 1 - kept, out=room)


class RMSprop(Optimizer):
    r"""RMSprop: the gradient divided by the root of its mean square.

    With the gradient :math:`g` of the loss at :math:`x`, learning rate :math:`\eta`, weight decay
    :math:`\lambda`, and :math:`v`, :math:`m`, :math:`b` zero before the first step, one step is

    .. math::

        g &\leftarrow g + \lambda x \\
        v &\leftarrow \alpha v + (1 - \alpha) g^2 \\
        m &\leftarrow \alpha m + (1 - \alpha) g \quad \text{(only if centered)} \\
        b &\leftarrow \mu b + \frac{g}{\sqrt{v - m^2} + \epsilon} \\
        x &\leftarrow x - \eta b

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor) pairs, or of dict
        The tensors to optimize, or groups of them with options of their own.
    lr : float, default 1e-2
        Learning rate :math:`\eta`; at least 0.
    alpha : float, default 0.99
        The part :math:`\alpha` of the mean square that is kept; at least 0 and below 1.
    eps : float, default 1e-8
        :math:`\epsilon`, keeps the divisor from zero; at least 0.
    weight_decay : float, default 0
        Factor :math:`\lambda`: adds :math:`\lambda x` to the gradient first; at least 0.
    momentum : float, default 0
        The part :math:`\mu` of the last step that is kept; at least 0.
    centered : bool, default False
        Divide by the deviation instead: the mean :math:`m` is subtracted.
    maximize : bool, default False
        Climb instead of descend: the gradient is negated first.

    Raises
    ------
    TypeError
        If an option is not a number, or an item of `params` is no tensor.
    ValueError
        If an option is out of range, or `params` is empty.

    Notes
    -----
    The state has PyTorch's names: `"square_avg"`, `"grad_avg"`, `"momentum_buffer"`, `"step"`.

    References
    ----------
    .. [1] T. Tieleman, G. Hinton, "Lecture 6.5 - rmsprop", Coursera: Neural Networks for Machine
       Learning, 2012.
    .. [2] A. Graves, "Generating Sequences With Recurrent Neural Networks", 2013, equation 38, for
       the centered one.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([1.0, 100.0], requires_grad=True)
    >>> optimizer = lucid.optim.RMSprop([x], lr=0.05)
    >>> (x**2).sum().backward()
    >>> optimizer.step()
    >>> x.detach()
    tensor([ 0.5000, 99.5000])
    """

    def __init__(
        self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False,
        *, maximize=False,
    ):
        super().__init__(params, {
            "lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay,
            "momentum": momentum, "centered": centered, "maximize": maximize,
        })

    def check_options(self, group):
        """Raise if an option of `group` is out of range."""
        for name in ("lr", "eps", "weight_decay", "momentum"):
            check_option(name, group[name])
        check_option("alpha", group["alpha"], high=1)

    def update(self, x, grad, state, group):
        """Move `x` by the formula of the class."""
        grad = decayed(x, grad, group["weight_decay"])
        state["step"] = state.get("step", 0) + 1
        square, kept = running(state, "square_avg", x), group["alpha"]
        # one array for all that lies between: fresh memory costs more than arithmetic
        step = np.multiply(grad, grad, out=np.empty_like(x))
        mix(square, step, kept, room=step)
        if group["centered"]:
            mean = running(state, "grad_avg", x)
            mix(mean, grad, kept, room=step)
            np.multiply(mean, mean, out=step)
            square = np.subtract(square, step, out=step)
        np.sqrt(square, out=step)
        step += group["eps"]
        np.divide(grad, step, out=step)
        if group["momentum"]:
            buffer = running(state, "momentum_buffer", x)
            buffer *= group["momentum"]
            buffer += step
            step[...] = buffer
        step *= group["lr"]
        x -= step


class Adagrad(Optimizer):
    r"""Adagrad: the gradient divided by the root of the sum of all its squares so far.

    With the gradient :math:`g` of the loss at :math:`x`, learning rate :math:`\eta`, weight decay
    :math:`\lambda`, and :math:`t = 0, 1, \dots`, one step is

    .. math::

        g &\leftarrow g + \lambda x \\
        v &\leftarrow v + g^2 \\
        x &\leftarrow x - \frac{\eta}{1 + \gamma t} \, \frac{g}{\sqrt v + \epsilon}

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor) pairs, or of dict
        The tensors to optimize, or groups of them with options of their own.
    lr : float, default 1e-2
        Learning rate :math:`\eta`; at least 0.
    lr_decay : float, default 0
        How fast it becomes smaller, :math:`\gamma`; at least 0.
    weight_decay : float, default 0
        Factor :math:`\lambda`: adds :math:`\lambda x` to the gradient first; at least 0.
    initial_accumulator_value : float, default 0
        The first :math:`v`; at least 0.
    eps : float, default 1e-10
        :math:`\epsilon`, keeps the divisor from zero; at least 0.
    maximize : bool, default False
        Climb instead of descend: the gradient is negated first.

    Raises
    ------
    TypeError
        If an option is not a number, or an item of `params` is no tensor.
    ValueError
        If an option is out of range, or `params` is empty.

    Notes
    -----
    The state has PyTorch's names: `"sum"` and `"step"`.

    References
    ----------
    .. [1] J. Duchi, E. Hazan, Y. Singer, "Adaptive Subgradient Methods for Online Learning and
       Stochastic Optimization", 2011, the diagonal case of figure 1.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([1.0, 100.0], requires_grad=True)
    >>> optimizer = lucid.optim.Adagrad([x], lr=0.5)
    >>> (x**2).sum().backward()
    >>> optimizer.step()
    >>> x.detach()
    tensor([ 0.5000, 99.5000])
    """

    def __init__(
        self, params, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10,
        *, maximize=False,
    ):
        super().__init__(params, {
            "lr": lr, "lr_decay": lr_decay, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "eps": eps,
            "maximize": maximize,
        })

    def check_options(self, group):
        """Raise if an option of `group` is out of range."""
        for name in ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"):
            check_option(name, group[name])

    def update(self, x, grad, state, group):
        """Move `x` by the formula of the class."""
        grad = decayed(x, grad, group["weight_decay"])
        state["step"] = t = state.get("step", 0) + 1
        total = running(state, "sum", x, group["initial_accumulator_value"])
        total += grad * grad
        rate = group["lr"] / (1 + (t - 1) * group["lr_decay"])
        x -= grad / (np.sqrt(total) + group["eps"]) * rate


class Adadelta(Optimizer):
    r"""Adadelta: the gradient scaled by the sizes of former steps and of former gradients.

    With the gradient :math:`g` of the loss at :math:`x`, learning rate :math:`\eta`, weight decay
    :math:`\lambda`, and :math:`v`, :math:`u` zero before the first step, one step is

    .. math::

        g &\leftarrow g + \lambda x \\
        v &\leftarrow \rho v + (1 - \rho) g^2 \\
        d &\leftarrow \frac{\sqrt{u + \epsilon}}{\sqrt{v + \epsilon}} \, g \\
        u &\leftarrow \rho u + (1 - \rho) d^2 \\
        x &\leftarrow x - \eta d

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor) pairs, or of dict
        The tensors to optimize, or groups of them with options of their own.
    lr : float, default 1.0
        Factor :math:`\eta` of every step; at least 0.
    rho : float, default 0.9
        The part :math:`\rho` of the mean squares that is kept; at least 0 and at most 1.
    eps : float, default 1e-6
        :math:`\epsilon`, also the size of the first steps; at least 0.
    weight_decay : float, default 0
        Factor :math:`\lambda`: adds :math:`\lambda x` to the gradient first; at least 0.
    maximize : bool, default False
        Climb instead of descend: the gradient is negated first.

    Raises
    ------
    TypeError
        If an option is not a number, or an item of `params` is no tensor.
    ValueError
        If an option is out of range, or `params` is empty.

    Notes
    -----
    The state has PyTorch's names: `"square_avg"`, `"acc_delta"`, `"step"`.

    References
    ----------
    .. [1] M. D. Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, algorithm 1.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([1.0], requires_grad=True)
    >>> optimizer = lucid.optim.Adadelta([x])
    >>> (x**2).sum().backward()
    >>> optimizer.step()
    >>> x.detach()
    tensor([0.9968])
    """

    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, *, maximize=False):
        super().__init__(params, {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
        })

    def check_options(self, group):
        """Raise if an option of `group` is out of range."""
        for name in ("lr", "eps", "weight_decay", "rho"):
            check_option(name, group[name])
        if group["rho"] > 1:
            raise ValueError(f"rho={group['rho']!r} is out of range; it must be 0 to 1")

    def update(self, x, grad, state, group):
        """Move `x` by the formula of the class."""
        grad = decayed(x, grad, group["weight_decay"])
        rho, eps = group["rho"], group["eps"]
        state["step"] = state.get("step", 0) + 1
        square, steps = running(state, "square_avg", x), running(state, "acc_delta", x)
        mix(square, grad * grad, rho)
        delta = np.sqrt(steps + eps) / np.sqrt(square + eps) * grad
        mix(steps, delta * delta, rho)
        x -= delta * group["lr"]
