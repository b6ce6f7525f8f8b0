"""Two relatives of Adam: with the largest gradient, and with a look ahead."""

import numpy as np

from lucid.optim.adam import Adam
from lucid.optim.optimizer import Optimizer, check_option
from lucid.optim.rmsprop import decayed, mix, running

__all__ = ["Adamax", "NAdam"]


class Adamax(Optimizer):
    r"""Adamax: the mean gradient divided by its largest size, which fades.

    With the gradient :math:`g` of the loss at :math:`x`, learning rate :math:`\eta`, weight decay
    :math:`\lambda`, and :math:`m`, :math:`u` zero before step :math:`t = 1`, one step is

    .. math::

        g &\leftarrow g + \lambda x \\
        m &\leftarrow \beta_1 m + (1 - \beta_1) g \\
        u &\leftarrow \max(\beta_2 u, |g| + \epsilon) \\
        x &\leftarrow x - \frac{\eta}{1 - \beta_1^t} \, \frac m u

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor) pairs, or of dict
        The tensors to optimize, or groups of them with options of their own.
    lr : float, default 2e-3
        Learning rate :math:`\eta`; at least 0.
    betas : tuple of float, default (0.9, 0.999)
        :math:`\beta_1` and :math:`\beta_2`, the parts that are kept; at least 0 and below 1.
    eps : float, default 1e-8
        :math:`\epsilon`, keeps the divisor from zero; at least 0.
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
    The state has PyTorch's names: `"exp_avg"`, `"exp_inf"`, `"step"`.

    References
    ----------
    .. [1] D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015,
       algorithm 2.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([1.0, 100.0], requires_grad=True)
    >>> optimizer = lucid.optim.Adamax([x], lr=0.5)
    >>> (x**2).sum().backward()
    >>> optimizer.step()
    >>> x.detach()
    tensor([ 0.5000, 99.5000])
    """

    def __init__(
        self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, *, maximize=False
    ):
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "maximize": maximize,
        })

    check_options = Adam.check_options

    def update(self, x, grad, state, group):
        """Move `x` by the formula of the class."""
        grad = decayed(x, grad, group["weight_decay"])
        beta1, beta2 = group["betas"]
        state["step"] = t = state.get("step", 0) + 1
        mean, largest = running(state, "exp_avg", x), running(state, "exp_inf", x)
        mix(mean, grad, beta1)
        largest *= beta2
        np.maximum(largest, np.abs(grad) + group["eps"], out=largest)
        x -= mean / largest * (group["lr"] / (1 - beta1**t))


class NAdam(Optimizer):
    r"""NAdam: Adam that takes the next step of its momentum beforehand, as Nesterov does.

    With the gradient :math:`g` of the loss at :math:`x`, learning rate :math:`\eta`, weight decay
    :math:`\lambda`, and both moments zero before step :math:`t = 1`, one step is

    .. math::

        g &\leftarrow g + \lambda x \\
        m &\leftarrow \beta_1 m + (1 - \beta_1) g \\
        v &\leftarrow \beta_2 v + (1 - \beta_2) g^2 \\
        \mu_t &= \beta_1 \bigl(1 - \tfrac12 \, 0.96^{t \psi} \bigr) \\
        x &\leftarrow x - \eta \Bigl( \frac{1 - \mu_t}{1 - \prod_{s \le t} \mu_s} \, g
        + \frac{\mu_{t + 1}}{1 - \prod_{s \le t + 1} \mu_s} \, m \Bigr) \Big/
        \bigl( \sqrt{v / (1 - \beta_2^t)} + \epsilon \bigr)

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor) pairs, or of dict
        The tensors to optimize, or groups of them with options of their own.
    lr : float, default 2e-3
        Learning rate :math:`\eta`; at least 0.
    betas : tuple of float, default (0.9, 0.999)
        :math:`\beta_1` and :math:`\beta_2`, the parts that are kept; at least 0 and below 1.
    eps : float, default 1e-8
        :math:`\epsilon`, keeps the divisor from zero; at least 0.
    weight_decay : float, default 0
        Factor :math:`\lambda`: adds :math:`\lambda x` to the gradient first; at least 0.
    momentum_decay : float, default 4e-3
        How fast the momentum grows to :math:`\beta_1`, :math:`\psi`; at least 0.
    decoupled_weight_decay : bool, default False
        Multiply `x` by :math:`1 - \eta \lambda` instead, as `AdamW` does.
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
    The state has PyTorch's names: `"exp_avg"`, `"exp_avg_sq"`, `"mu_product"`, `"step"`.

    References
    ----------
    .. [1] T. Dozat, "Incorporating Nesterov Momentum into Adam", ICLR workshop 2016, algorithm 2.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([1.0, 100.0], requires_grad=True)
    >>> optimizer = lucid.optim.NAdam([x], lr=0.5)
    >>> (x**2).sum().backward()
    >>> optimizer.step()
    >>> x.detach()
    tensor([ 0.4718, 99.4718])
    """

    def __init__(
        self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, momentum_decay=4e-3,
        decoupled_weight_decay=False, *, maximize=False,
    ):
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
        })

    def check_options(self, group):
        """Raise if an option of `group` is out of range."""
        Adam.check_options(self, group)
        check_option("momentum_decay", group["momentum_decay"])

    def update(self, x, grad, state, group):
        """Move `x` by the formula of the class."""
        (beta1, beta2), lr, psi = group["betas"], group["lr"], group["momentum_decay"]
        if group["decoupled_weight_decay"]:
            x *= 1 - lr * group["weight_decay"]
        else:
            grad = decayed(x, grad, group["weight_decay"])
        state["step"] = t = state.get("step", 0) + 1
        mean, square = running(state, "exp_avg", x), running(state, "exp_avg_sq", x)
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (s * psi)) for s in (t, t + 1))
        state["mu_product"] = product = state.get("mu_product", 1.0) * mu
        mix(mean, grad, beta1)
        mix(square, grad * grad, beta2)
        divisor = np.sqrt(square / (1 - beta2**t)) + group["eps"]
        step = grad * (lr * (1 - mu) / (1 - product))
        step += mean * (lr * mu_next / (1 - product * mu_next))
        x -= step / divisor
