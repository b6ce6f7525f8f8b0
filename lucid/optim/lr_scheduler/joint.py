"""Schedules made of schedules: one after the other, or all at once."""

from bisect import bisect_right

from lucid.geometry import check_int
from lucid.optim.lr_scheduler.base import LRScheduler, check_optimizer
from lucid.optim.lr_scheduler.plateau import ReduceLROnPlateau

__all__ = ["ChainedScheduler", "SequentialLR"]


def check_schedulers(schedulers, optimizer):
    """Refuse what are no schedules, or schedules of different optimizers."""
    schedulers = list(schedulers)
    if not schedulers:
        raise ValueError("give at least one schedule")
    for number, each in enumerate(schedulers):
        if not isinstance(each, LRScheduler) or isinstance(each, ReduceLROnPlateau):
            raise TypeError(
                f"schedule {number} is a {type(each).__name__}; it must be an LRScheduler that "
                f"needs no figure"
            )
        if each.optimizer is not (optimizer or schedulers[0].optimizer):
            raise ValueError(f"schedule {number} belongs to another optimizer")
    return schedulers


class _Joint(LRScheduler):
    """A schedule of schedules, which keep their own state."""

    def state_dict(self):
        """Return what is needed to go on later, with the state dicts of the schedules."""
        state = super().state_dict()
        state["_schedulers"] = [each.state_dict() for each in self._schedulers]
        return state

    def load_state_dict(self, state_dict):
        """Go on from where another one with the same schedules stood."""
        state = dict(state_dict)
        for scheduler, each in zip(self._schedulers, state.pop("_schedulers"), strict=True):
            scheduler.load_state_dict(each)
        super().load_state_dict(state)


class SequentialLR(_Joint):
    """Use one schedule after the other.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are changed.
    schedulers : list of LRScheduler
        Schedules of this optimizer, at least one.
    milestones : list of int
        The epochs, in rising order, at which the next one takes over: one less than schedules.
    last_epoch : int, default -1
        The epochs done, if training goes on after a break.

    Raises
    ------
    TypeError, ValueError
        If the schedules are none, belong to another optimizer, or the epochs do not fit.

    Notes
    -----
    Every schedule starts from the rate that the optimizer had at first.

    Examples
    --------
    >>> import lucid
    >>> from lucid.optim.lr_scheduler import ExponentialLR, LinearLR, SequentialLR
    >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0)
    >>> warm_up = LinearLR(optimizer, 0.5, total_iters=2)
    >>> fall = ExponentialLR(optimizer, 0.5)
    >>> scheduler = SequentialLR(optimizer, [warm_up, fall], milestones=[2])
    >>> for epoch in range(5):
    ...     print(f"{scheduler.get_last_lr()[0]:.3g}", end=" ")
    ...     scheduler.step()
    0.5 0.75 1 0.5 0.25
    """

    def __init__(self, optimizer, schedulers, milestones, last_epoch=-1):
        self.optimizer = check_optimizer(optimizer)
        self._schedulers = check_schedulers(schedulers, optimizer)
        self._milestones = [check_int(each, "milestones", 0) for each in milestones]
        if len(self._milestones) != len(self._schedulers) - 1:
            raise ValueError(
                f"{len(self._schedulers)} schedules need {len(self._schedulers) - 1} milestones, "
                f"not {len(self._milestones)}"
            )
        if self._milestones != sorted(self._milestones):
            raise ValueError(f"milestones={self._milestones} must rise")
        self.last_epoch = last_epoch + 1
        if last_epoch == -1:
            self.restart()  # what the others did when they were made is undone
        self._last_lr = self._schedulers[0].get_last_lr()

    def step(self):
        """Go on to the next epoch, and set its rates by the schedule whose turn it is.

        Examples
        --------
        See the class.
        """
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if turn and self._milestones[turn - 1] == self.last_epoch:
            scheduler.restart()
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def restart(self):
        """Go back to epoch 0 of the first schedule, and the rates that the groups started with."""
        self.last_epoch = 0
        self._schedulers[0].restart()
        self._last_lr = self._schedulers[0].get_last_lr()

    def _begin(self):
        self.last_epoch = 0
        self._schedulers[0]._begin()
        self._last_lr = self._schedulers[0].get_last_lr()


class ChainedScheduler(_Joint):
    """Use several schedules at once: each changes the rate that the one before it has set.

    Parameters
    ----------
    schedulers : list of LRScheduler
        Schedules of one optimizer, at least one.
    optimizer : Optimizer, optional
        That optimizer; default the one of the first schedule.

    Raises
    ------
    TypeError, ValueError
        If the schedules are none, or belong to different optimizers.

    Notes
    -----
    Schedules that say the rate itself, such as `LambdaLR` and `OneCycleLR`, undo those before them.

    Examples
    --------
    >>> import lucid
    >>> from lucid.optim.lr_scheduler import ChainedScheduler, ConstantLR, ExponentialLR
    >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedules = [ConstantLR(optimizer, 0.1, total_iters=2), ExponentialLR(optimizer, 0.9)]
    >>> scheduler = ChainedScheduler(schedules)
    >>> for epoch in range(4):
    ...     print(f"{scheduler.get_last_lr()[0]:.3g}", end=" ")
    ...     scheduler.step()
    0.1 0.09 0.81 0.729
    """

    def __init__(self, schedulers, optimizer=None):
        self._schedulers = check_schedulers(schedulers, optimizer)
        self.optimizer = self._schedulers[0].optimizer
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def step(self):
        """Let all schedules go on to the next epoch.

        Examples
        --------
        See the class.
        """
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def restart(self):
        """Go back to epoch 0 and the rates that the groups started with."""
        self._schedulers[0].restart()
        for scheduler in self._schedulers[1:]:
            scheduler._begin()
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def _begin(self):
        for scheduler in self._schedulers:
            scheduler._begin()
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]
