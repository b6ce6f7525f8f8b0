"""Schedules that make the rate smaller, or larger, by simple rules."""

from collections import Counter

from lucid.geometry import check_int
from lucid.nn.functional.checks import check_number
from lucid.optim.lr_scheduler.base import LRScheduler, check_optimizer

__all__ = [
    "ConstantLR", "ExponentialLR", "LambdaLR", "LinearLR", "MultiplicativeLR", "MultiStepLR",
    "PolynomialLR", "StepLR",
]


class LambdaLR(LRScheduler):
    r"""Multiply the first rate by a function of the epoch.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are changed.
    lr_lambda : callable, or list of callable
        The function, or one for each group: it takes the epoch, from 0, and returns a factor.
    last_epoch : int, default -1
        The epochs done, if training goes on after a break.

    Raises
    ------
    TypeError, ValueError
        If there are other functions than groups, or one cannot be called.

    Examples
    --------
    >>> import lucid
    >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = lucid.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5**epoch)
    >>> for epoch in range(4):
    ...     print(f"{scheduler.get_last_lr()[0]:.3g}", end=" ")
    ...     scheduler.step()
    1 0.5 0.25 0.125
    """

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        groups = len(check_optimizer(optimizer).param_groups)
        many = isinstance(lr_lambda, (list, tuple))
        self.lr_lambdas = list(lr_lambda) if many else [lr_lambda] * groups
        if len(self.lr_lambdas) != groups:
            raise ValueError(f"{len(self.lr_lambdas)} functions for {groups} groups; give as many")
        for each in self.lr_lambdas:
            if not callable(each):
                raise TypeError(f"lr_lambda must be a function of the epoch, not {each!r}")
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """Compute the rates of all groups for epoch `last_epoch`."""
        pairs = zip(self.base_lrs, self.lr_lambdas, strict=True)
        return [base * function(self.last_epoch) for base, function in pairs]

    def state_dict(self):
        """Return what is needed to go on later, without the functions, which cannot be stored."""
        state = super().state_dict()
        del state["lr_lambdas"]
        return state


class MultiplicativeLR(LambdaLR):
    r"""Multiply the rate, as it is, by a function of the epoch.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are changed.
    lr_lambda : callable, or list of callable
        The function, or one for each group: it takes the epoch, from 1, and returns a factor.
    last_epoch : int, default -1
        The epochs done, if training goes on after a break.

    Raises
    ------
    TypeError, ValueError
        If there are other functions than groups, or one cannot be called.

    Examples
    --------
    >>> import lucid
    >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = lucid.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 1 / epoch)
    >>> for epoch in range(4):
    ...     print(f"{scheduler.get_last_lr()[0]:.3g}", end=" ")
    ...     scheduler.step()
    1 1 0.5 0.167
    """

    def get_lr(self):
        """Compute the rates of all groups for epoch `last_epoch`."""
        rates = [group["lr"] for group in self.optimizer.param_groups]
        if self.last_epoch == 0:
            return rates
        pairs = zip(rates, self.lr_lambdas, strict=True)
        return [rate * function(self.last_epoch) for rate, function in pairs]


class StepLR(LRScheduler):
    r"""Multiply the rate by a factor once in so many epochs.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are changed.
    step_size : int
        Epochs from one time to the next, at least 1.
    gamma : float, default 0.1
        The factor.
    last_epoch : int, default -1
        The epochs done, if training goes on after a break.

    Raises
    ------
    TypeError, ValueError
        If a number is out of its range.

    Examples
    --------
    >>> import lucid
    >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = lucid.optim.lr_scheduler.StepLR(optimizer, 2)
    >>> for epoch in range(4):
    ...     print(f"{scheduler.get_last_lr()[0]:.3g}", end=" ")
    ...     scheduler.step()
    1 1 0.1 0.1
    """

    def __init__(self, optimizer, step_size, gamma=0.1, last_epoch=-1):
        self.step_size = check_int(step_size, "step_size", 1)
        self.gamma = check_number(gamma, "gamma")
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr, base):
        """Compute the rate of one group for epoch `last_epoch`."""
        is_due = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return lr * self.gamma if is_due else lr


class MultiStepLR(LRScheduler):
    r"""Multiply the rate by a factor at certain epochs.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are changed.
    milestones : list of int
        The epochs, in rising order.
    gamma : float, default 0.1
        The factor.
    last_epoch : int, default -1
        The epochs done, if training goes on after a break.

    Raises
    ------
    TypeError, ValueError
        If a number is out of its range, or the epochs do not rise.

    Examples
    --------
    >>> import lucid
    >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = lucid.optim.lr_scheduler.MultiStepLR(optimizer, [1, 3])
    >>> for epoch in range(4):
    ...     print(f"{scheduler.get_last_lr()[0]:.3g}", end=" ")
    ...     scheduler.step()
    1 0.1 0.1 0.01
    """

    def __init__(self, optimizer, milestones, gamma=0.1, last_epoch=-1):
        epochs = [check_int(each, "milestones", 0) for each in milestones]
        if epochs != sorted(epochs):
            raise ValueError(f"milestones={epochs} must rise")
        self.milestones, self.gamma = Counter(epochs), check_number(gamma, "gamma")
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr, base):
        """Compute the rate of one group for epoch `last_epoch`."""
        # get: a state dict that was saved brings a plain dict
        return lr * self.gamma ** self.milestones.get(self.last_epoch, 0)


class ExponentialLR(LRScheduler):
    r"""Multiply the rate by a factor after every epoch.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are changed.
    gamma : float
        The factor.
    last_epoch : int, default -1
        The epochs done, if training goes on after a break.

    Raises
    ------
    TypeError, ValueError
        If it is no number.

    Examples
    --------
    >>> import lucid
    >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = lucid.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    >>> for epoch in range(4):
    ...     print(f"{scheduler.get_last_lr()[0]:.3g}", end=" ")
    ...     scheduler.step()
    1 0.5 0.25 0.125
    """

    def __init__(self, optimizer, gamma, last_epoch=-1):
        self.gamma = check_number(gamma, "gamma")
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr, base):
        """Compute the rate of one group for epoch `last_epoch`."""
        return lr * self.gamma if self.last_epoch > 0 else lr


class ConstantLR(LRScheduler):
    r"""Hold the rate down by a factor in the first epochs.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are changed.
    factor : float, default 1/3
        The factor, greater than 0 and at most 1.
    total_iters : int, default 5
        How many epochs; at least 0.
    last_epoch : int, default -1
        The epochs done, if training goes on after a break.

    Raises
    ------
    TypeError, ValueError
        If a number is out of its range.

    Examples
    --------
    >>> import lucid
    >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = lucid.optim.lr_scheduler.ConstantLR(optimizer, 0.5, total_iters=2)
    >>> for epoch in range(4):
    ...     print(f"{scheduler.get_last_lr()[0]:.3g}", end=" ")
    ...     scheduler.step()
    0.5 0.5 1 1
    """

    def __init__(self, optimizer, factor=1 / 3, total_iters=5, last_epoch=-1):
        self.factor = check_number(factor, "factor", above=0, high=1)
        self.total_iters = check_int(total_iters, "total_iters", 0)
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr, base):
        """Compute the rate of one group for epoch `last_epoch`."""
        if self.last_epoch == 0:
            return lr * self.factor
        return lr / self.factor if self.last_epoch == self.total_iters else lr


class LinearLR(LRScheduler):
    r"""Change the rate in a straight line from one factor to another: a warm-up.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are changed.
    start_factor : float, default 1/3
        The first factor, greater than 0 and at most 1.
    end_factor : float, default 1.0
        The last factor, 0 to 1.
    total_iters : int, default 5
        Epochs from the one to the other; at least 1.
    last_epoch : int, default -1
        The epochs done, if training goes on after a break.

    Raises
    ------
    TypeError, ValueError
        If a number is out of its range.

    References
    ----------
    .. [1] P. Goyal et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", 2017,
       section 2.2.

    Examples
    --------
    >>> import lucid
    >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = lucid.optim.lr_scheduler.LinearLR(optimizer, 0.25, total_iters=3)
    >>> for epoch in range(4):
    ...     print(f"{scheduler.get_last_lr()[0]:.3g}", end=" ")
    ...     scheduler.step()
    0.25 0.5 0.75 1
    """

    def __init__(
        self, optimizer, start_factor=1 / 3, end_factor=1.0, total_iters=5, last_epoch=-1
    ):
        self.start_factor = check_number(start_factor, "start_factor", above=0, high=1)
        self.end_factor = check_number(end_factor, "end_factor", 0, 1)
        self.total_iters = check_int(total_iters, "total_iters", 1)
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr, base):
        """Compute the rate of one group for epoch `last_epoch`."""
        if self.last_epoch == 0:
            return lr * self.start_factor
        if self.last_epoch > self.total_iters:
            return lr
        rise = self.end_factor - self.start_factor
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
        return max(0.0, lr * (1 + rise / before))  # by rounding it may fall below 0


class PolynomialLR(LRScheduler):
    r"""Let the rate fall to zero like a power of the time that is left.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are changed.
    total_iters : int, default 5
        Epochs until it is zero; at least 1.
    power : float, default 1.0
        The power; at least 0.
    last_epoch : int, default -1
        The epochs done, if training goes on after a break.

    Raises
    ------
    TypeError, ValueError
        If a number is out of its range.

    Examples
    --------
    >>> import lucid
    >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = lucid.optim.lr_scheduler.PolynomialLR(optimizer, 4, power=2.0)
    >>> for epoch in range(4):
    ...     print(f"{scheduler.get_last_lr()[0]:.3g}", end=" ")
    ...     scheduler.step()
    1 0.562 0.25 0.0625
    """

    def __init__(self, optimizer, total_iters=5, power=1.0, last_epoch=-1):
        self.total_iters = check_int(total_iters, "total_iters", 1)
        self.power = check_number(power, "power", 0)
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr, base):
        """Compute the rate of one group for epoch `last_epoch`."""
        if not 0 < self.last_epoch <= self.total_iters:
            return lr
        left = self.total_iters - self.last_epoch
        return lr * (left / (left + 1)) ** self.power
