"""Adam and AdamW: steps scaled by running moments of the gradient."""

import math

import numpy as np

from lucid import kernels
from lucid.optim.optimizer import Optimizer, check_option
from lucid.tensor import Tensor

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    r"""Adam: each element's step is its mean gradient over the root of its mean squared gradient.

    With the gradient :math:`g` of the loss at :math:`x`, learning rate :math:`\eta`, weight decay
    :math:`\lambda`, and both moments zero before step :math:`t = 1`, one step is

    .. math::

        g &\leftarrow g + \lambda x \\
        m &\leftarrow \beta_1 m + (1 - \beta_1) g \\
        v &\leftarrow \beta_2 v + (1 - \beta_2) g^2 \\
        x &\leftarrow x - \eta \, \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    With `amsgrad=True` the last line has the largest :math:`v` so far in the place of :math:`v`.
    With `maximize=True` the gradient is negated first.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor) pairs, or of dict
        The tensors to optimize, or groups of them with options of their own.
    lr : float, default 1e-3
        Learning rate :math:`\eta`: about the largest change of an element in one step; at least 0.
    betas : tuple of float, default (0.9, 0.999)
        :math:`\beta_1` and :math:`\beta_2`, the parts of the two moments that are kept; at least 0
        and below 1. A moment looks back over about :math:`1 / (1 - \beta)` steps.
    eps : float, default 1e-8
        :math:`\epsilon`, keeps the divisor from zero; at least 0.
    weight_decay : float, default 0
        Factor :math:`\lambda`: adds the gradient of :math:`\tfrac{\lambda}{2} \lVert x \rVert^2`;
        at least 0. It is scaled like any other gradient; see `AdamW` for the decay that is not.
    amsgrad : bool, default False
        Let the divisor never shrink [2]_.
    maximize : bool, default False
        Climb instead of descend.

    Raises
    ------
    TypeError
        If an option is not a number, or an item of `params` is no tensor.
    ValueError
        If an option is out of range, or `params` is empty.

    Notes
    -----
    The state has :math:`t` as `"step"`, :math:`m` as `"exp_avg"`, :math:`v` as `"exp_avg_sq"` and
    its largest as `"max_exp_avg_sq"`, PyTorch's names; `"step"` is an int. As in PyTorch, the
    largest :math:`v` is taken before its correction :math:`1 / (1 - \beta_2^t)`.

    References
    ----------
    .. [1] D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015,
       algorithm 1.
    .. [2] S. J. Reddi, S. Kale, S. Kumar, "On the Convergence of Adam and Beyond", ICLR 2018,
       algorithm 2.

    Examples
    --------
    The first step changes every element by the learning rate, whatever the size of the gradient:

    >>> import lucid
    >>> x = lucid.tensor([1.0, 100.0], requires_grad=True)
    >>> optimizer = lucid.optim.Adam([x], lr=0.5)
    >>> (x**2).sum().backward()
    >>> optimizer.step()
    >>> x.detach()
    tensor([ 0.5000, 99.5000])
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        amsgrad=False,
        *,
        maximize=False,
    ):
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def check_options(self, group):
        """Raise if an option of `group` is out of range."""
        for name in ("lr", "eps", "weight_decay"):
            check_option(name, group[name])
        if not isinstance(group["betas"], tuple | list) or len(group["betas"]) != 2:
            raise ValueError(f"betas={group['betas']!r} is no pair; give two numbers")
        for number, beta in enumerate(group["betas"], start=1):
            check_option(f"beta {number} of betas", beta, high=1)

    def decay(self, group):
        """Give what of `x` is kept, and what of it is added to the gradient."""
        return 1, group["weight_decay"]

    def update(self, x, grad, state, group):
        """Move `x` by the formula of the class."""
        beta1, beta2 = group["betas"]
        names = ["exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * bool(group["amsgrad"])
        for name in names:
            if name not in state:
                state[name] = Tensor(np.zeros_like(x))
        m, v, *largest = [state[name].array for name in names]
        state["step"] = t = state.get("step", 0) + 1
        kernels.optim.adam(
            x, grad, m, v, largest[0] if largest else None, *self.decay(group), group["betas"],
            group["eps"], group["lr"] / (1 - beta1**t), 1 / math.sqrt(1 - beta2**t),
        )


class AdamW(Adam):
    r"""Adam with decoupled weight decay: the decay is not divided by the root of the moment.

    One step is :math:`x \leftarrow (1 - \eta \lambda) x`, and then the step of `Adam` without
    weight decay.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor) pairs, or of dict
        The tensors to optimize, or groups of them with options of their own.
    lr : float, default 1e-3
        Learning rate :math:`\eta`; at least 0.
    betas : tuple of float, default (0.9, 0.999)
        The parts of the two moments that are kept; at least 0 and below 1.
    eps : float, default 1e-8
        Keeps the divisor from zero; at least 0.
    weight_decay : float, default 1e-2
        Factor :math:`\lambda`: an element without gradient shrinks to :math:`1 - \eta \lambda` of
        itself in one step; at least 0.
    amsgrad : bool, default False
        Let the divisor never shrink.
    maximize : bool, default False
        Climb instead of descend.

    Raises
    ------
    TypeError
        If an option is not a number, or an item of `params` is no tensor.
    ValueError
        If an option is out of range, or `params` is empty.

    References
    ----------
    .. [1] I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, algorithm
       2, line 12; the decay is multiplied by the learning rate, as in PyTorch.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([8.0], requires_grad=True)
    >>> optimizer = lucid.optim.AdamW([x], lr=0.5, weight_decay=1)
    >>> (0 * x).sum().backward()
    >>> optimizer.step()
    >>> x.item()
    4.0
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=1e-2,
        amsgrad=False,
        *,
        maximize=False,
    ):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)

    def decay(self, group):
        """Shrink `x` itself, and leave the gradient as it is."""
        return 1 - group["lr"] * group["weight_decay"], 0
