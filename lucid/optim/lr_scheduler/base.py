"""What every schedule shares: counting epochs and writing learning rates."""

from lucid.optim.optimizer import Optimizer

__all__ = ["LRScheduler"]


def check_optimizer(optimizer):
    """Refuse what is no optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be an Optimizer, not {type(optimizer).__name__}")
    return optimizer


class LRScheduler:
    """Base class of the schedules: after each epoch, `step` sets the rate of every group.

    A schedule of your own is a subclass with a method `next_lr`; see the example.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are changed. Its present ones are kept as `initial_lr` of each group, unless an
        earlier schedule has done so.
    last_epoch : int, default -1
        The epochs done, if training goes on after a break; -1 starts anew.

    Attributes
    ----------
    optimizer : Optimizer
        As given.
    base_lrs : list of float
        The rate that each group started with.
    last_epoch : int
        The epochs done since.

    Raises
    ------
    TypeError
        If `optimizer` is none.
    ValueError
        If `last_epoch` is given, but the optimizer was never scheduled.

    Notes
    -----
    One epoch is: train, with ``optimizer.step()`` for every batch, then ``scheduler.step()``. The
    constructor sets the rates of the first epoch already.

    Examples
    --------
    >>> import lucid
    >>> class Harmonic(lucid.optim.lr_scheduler.LRScheduler):
    ...     def next_lr(self, lr, base):
    ...         return base / (self.last_epoch + 1)
    >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = Harmonic(optimizer)
    >>> for epoch in range(3):
    ...     print(scheduler.get_last_lr())
    ...     scheduler.step()
    [1.0]
    [0.5]
    [0.3333333333333333]
    """

    def __init__(self, optimizer, last_epoch=-1):
        self.optimizer = check_optimizer(optimizer)
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ValueError(
                    f"last_epoch={last_epoch}, but group {number} of the optimizer has no "
                    f"'initial_lr': load the optimizer's state first, or start at -1"
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._last_lr = [group["lr"] for group in optimizer.param_groups]
        self.step()

    def next_lr(self, lr, base):
        """Compute the rate of one group for epoch `last_epoch`.

        Parameters
        ----------
        lr : float
            Its rate in the epoch before.
        base : float
            The rate that it started with.

        Returns
        -------
        float
        """
        raise NotImplementedError(f"{type(self).__name__} has no rule: define next_lr")

    def get_lr(self):
        """Compute the rates of all groups for epoch `last_epoch`."""
        pairs = zip(self.optimizer.param_groups, self.base_lrs, strict=True)
        return [self.next_lr(group["lr"], base) for group, base in pairs]

    def get_last_lr(self):
        """Give the rates that the schedule set last.

        Returns
        -------
        list of float
            One for each group of the optimizer.

        Examples
        --------
        >>> import lucid
        >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=0.5)
        >>> lucid.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5).get_last_lr()
        [0.5]
        """
        return self._last_lr

    def step(self):
        """Go on to the next epoch, and set its rates.

        To be called after the last step of the optimizer in an epoch, or after each step for a
        schedule that counts steps.

        Examples
        --------
        >>> import lucid
        >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=0.5)
        >>> scheduler = lucid.optim.lr_scheduler.StepLR(optimizer, step_size=1)
        >>> optimizer.step()
        >>> scheduler.step()
        >>> optimizer.param_groups[0]["lr"]
        0.05
        """
        self.last_epoch += 1
        self._write(self.get_lr())

    def restart(self):
        """Go back to epoch 0 and the rates that the groups started with.

        Examples
        --------
        >>> import lucid
        >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=0.5)
        >>> scheduler = lucid.optim.lr_scheduler.StepLR(optimizer, step_size=1)
        >>> optimizer.step()
        >>> scheduler.step()
        >>> scheduler.restart()
        >>> scheduler.get_last_lr()
        [0.5]
        """
        self.last_epoch = 0
        self._write(self.base_lrs)
        self._write(self.get_lr())

    def _begin(self):
        """Start anew, from the rates that the groups have now."""
        self.last_epoch = -1
        self.step()

    def _write(self, rates):
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self):
        """Return what is needed to go on later; the optimizer has a state dict of its own.

        Returns
        -------
        dict
            All attributes but the optimizer; `LambdaLR` and `CyclicLR` leave out functions.

        Examples
        --------
        >>> import lucid
        >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=0.5)
        >>> lucid.optim.lr_scheduler.StepLR(optimizer, 3).state_dict()["last_epoch"]
        0
        """
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict):
        """Go on from where another schedule of the same class stood.

        Parameters
        ----------
        state_dict : dict
            From `state_dict`. The rates themselves come with that of the optimizer.

        Examples
        --------
        >>> import lucid
        >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=0.5)
        >>> old, new = (lucid.optim.lr_scheduler.StepLR(optimizer, 3) for _ in range(2))
        >>> old.step()
        >>> new.load_state_dict(old.state_dict())
        >>> new.last_epoch
        1
        """
        self.__dict__.update(state_dict)
