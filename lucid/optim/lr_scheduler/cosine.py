"""Schedules along a cosine: slow at the beginning and at the end."""

from math import cos, pi

from lucid.geometry import check_int
from lucid.nn.functional.checks import check_number
from lucid.optim.lr_scheduler.base import LRScheduler

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts"]


class CosineAnnealingLR(LRScheduler):
    r"""Let the rate fall along half a cosine, and rise again along the other half.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are changed.
    T_max : int
        Epochs of the fall, at least 1.
    eta_min : float, default 0.0
        The lowest rate.
    last_epoch : int, default -1
        The epochs done, if training goes on after a break.

    Raises
    ------
    TypeError, ValueError
        If a number is out of its range.

    Notes
    -----
    Epoch t has the rate :math:`m + \frac12 (base - m) (1 + \cos(\pi t / T_{max}))`.

    References
    ----------
    .. [1] I. Loshchilov, F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR
       2017, equation 5.

    Examples
    --------
    >>> import lucid
    >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = lucid.optim.lr_scheduler.CosineAnnealingLR(optimizer, 4)
    >>> for epoch in range(5):
    ...     print(f"{scheduler.get_last_lr()[0]:.3g}", end=" ")
    ...     scheduler.step()
    1 0.854 0.5 0.146 0
    """

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1):
        self.T_max, self.eta_min = check_int(T_max, "T_max", 1), check_number(eta_min, "eta_min")
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr, base):
        """Compute the rate of one group for epoch `last_epoch`."""
        if self.last_epoch == 0:
            return lr
        now, before = (1 + cos(pi * t / self.T_max) for t in (self.last_epoch, self.last_epoch - 1))
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:
            return lr + (base - self.eta_min) * (1 - cos(pi / self.T_max)) / 2
        # from the present rate, so that schedules can be chained
        return now / before * (lr - self.eta_min) + self.eta_min


class CosineAnnealingWarmRestarts(LRScheduler):
    r"""Let the rate fall along half a cosine, and start again at the top.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are changed.
    T_0 : int
        Epochs of the first fall, at least 1.
    T_mult : int, default 1
        How many times as long the next fall is, at least 1.
    eta_min : float, default 0.0
        The lowest rate.
    last_epoch : int, default -1
        The epochs done, if training goes on after a break.

    Raises
    ------
    TypeError, ValueError
        If a number is out of its range.

    Notes
    -----
    Epoch t of a fall of T epochs has the rate :math:`m + \frac12 (base - m) (1 + \cos(\pi t / T))`.

    References
    ----------
    .. [1] I. Loshchilov, F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR
       2017, equation 5.

    Examples
    --------
    >>> import lucid
    >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = lucid.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 2, 2)
    >>> for epoch in range(7):
    ...     print(f"{scheduler.get_last_lr()[0]:.3g}", end=" ")
    ...     scheduler.step()
    1 0.5 1 0.854 0.5 0.146 1
    """

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1):
        self.T_0, self.T_mult = check_int(T_0, "T_0", 1), check_int(T_mult, "T_mult", 1)
        self.eta_min = check_number(eta_min, "eta_min")
        super().__init__(optimizer, last_epoch)

    def step(self, epoch=None):
        """Go on to the next epoch, or to a given one, which may be a fraction.

        Parameters
        ----------
        epoch : float, optional
            Where to go, at least 0; in the middle of an epoch, ``epoch + batch / batches``.

        Examples
        --------
        >>> import lucid
        >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0)
        >>> schedule = lucid.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=10)
        >>> schedule.step(5)
        >>> round(optimizer.param_groups[0]["lr"], 3)
        0.5
        """
        self.last_epoch = self.last_epoch + 1 if epoch is None else check_number(epoch, "epoch", 0)
        self._write(self.get_lr())

    def next_lr(self, lr, base):
        """Compute the rate of one group for epoch `last_epoch`."""
        left, length = self.last_epoch, self.T_0
        while left >= length:
            left -= length
            length *= self.T_mult
            if self.T_mult == 1:
                left %= length
        return self.eta_min + (base - self.eta_min) * (1 + cos(pi * left / length)) / 2
