"""Stochastic gradient descent, with momentum."""

import math

import numpy as np

from lucid import kernels
from lucid.optim.optimizer import Optimizer, check_option
from lucid.tensor import Tensor

__all__ = ["SGD"]


class SGD(Optimizer):
    r"""Stochastic gradient descent, plain or with momentum or Nesterov's momentum.

    With the gradient :math:`g` of the loss at :math:`x`, learning rate :math:`\eta`, weight decay
    :math:`\lambda`, momentum :math:`\mu` and dampening :math:`\tau`, one step is

    .. math::

        g &\leftarrow g + \lambda x \\
        b &\leftarrow \mu b + (1 - \tau) g \qquad (b = g \text{ at the first step}) \\
        x &\leftarrow x - \eta b \qquad \text{or} \qquad x \leftarrow x - \eta (g + \mu b)

    where the last form is that of `nesterov=True`. Without momentum, :math:`x \leftarrow x - \eta
    g`. With `maximize=True` the gradient is negated first.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor) pairs, or of dict
        The tensors to optimize, or groups of them with options of their own.
    lr : float, default 1e-3
        Learning rate :math:`\eta`; at least 0.
    momentum : float, default 0
        Part :math:`\mu` of the last direction that is kept; at least 0, and below 1 in practice.
    dampening : float, default 0
        Part :math:`\tau` of the new gradient that is left out of the direction.
    weight_decay : float, default 0
        Factor :math:`\lambda`: adds the gradient of :math:`\tfrac{\lambda}{2} \lVert x \rVert^2`;
        at least 0.
    nesterov : bool, default False
        Look ahead along the new direction; needs momentum and no dampening.
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
    The momentum buffer holds :math:`b` without the learning rate, as in PyTorch, so a change of
    the learning rate acts at once; in the papers the buffer is :math:`\eta b`. Per element and
    step: at most 5 multiplications, no memory allocated after the first step.

    References
    ----------
    .. [1] B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", USSR
       Computational Mathematics and Mathematical Physics 4(5), 1964: the two-term method.
    .. [2] I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On the importance of initialization and
       momentum in deep learning", ICML 2013: equations 1 and 2 (momentum), 3 and 4 (Nesterov).

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([1.0], requires_grad=True)
    >>> optimizer = lucid.optim.SGD([x], lr=0.25, momentum=0.5)
    >>> for _ in range(3):
    ...     optimizer.zero_grad()
    ...     (x**2).sum().backward()
    ...     optimizer.step()
    ...     print(x.item())
    0.5
    0.0
    -0.25
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        momentum=0,
        dampening=0,
        weight_decay=0,
        nesterov=False,
        *,
        maximize=False,
    ):
        options = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def check_options(self, group):
        """Raise if an option of `group` is out of range."""
        for name in ("lr", "momentum", "weight_decay"):
            check_option(name, group[name])
        check_option("dampening", group["dampening"], low=-math.inf)
        if group["nesterov"] and (group["momentum"] == 0 or group["dampening"] != 0):
            raise ValueError(
                f"nesterov=True with momentum={group['momentum']}, "
                f"dampening={group['dampening']}; it needs momentum > 0 and dampening = 0"
            )

    def update(self, x, grad, state, group):
        """Move `x` along its gradient, by the formula of the class."""
        momentum, decay = group["momentum"], group["weight_decay"]
        if not momentum:
            kernels.optim.sgd(x, grad, group["lr"], decay)
            return
        share = 1 - group["dampening"]
        if "momentum_buffer" not in state:  # the first gradient counts whole
            state["momentum_buffer"] = Tensor(np.zeros_like(x))
            share = 1
        kernels.optim.sgd(
            x, grad, group["lr"], decay, state["momentum_buffer"].array, momentum, share,
            group["nesterov"],
        )
