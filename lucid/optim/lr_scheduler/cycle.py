"""Schedules that rise and fall, with the momentum falling and rising."""

from math import cos, floor, pi

from lucid.geometry import check_int
from lucid.nn.functional.checks import check_number
from lucid.optim.lr_scheduler.base import LRScheduler, check_optimizer

__all__ = ["CyclicLR", "OneCycleLR"]


def each_group(value, optimizer, name):
    """Spread a number over the groups, or check one for each."""
    count = len(optimizer.param_groups)
    values = list(value) if isinstance(value, (list, tuple)) else [value] * count
    if len(values) != count:
        raise ValueError(f"{name} has {len(values)} numbers; give one, or {count}, one a group")
    return [check_number(each, name) for each in values]


def check_momentum(optimizer):
    """Refuse an optimizer that has no momentum to be changed."""
    for group in optimizer.param_groups:
        if "momentum" not in group and "betas" not in group:
            raise ValueError(
                f"{type(optimizer).__name__} has no momentum; say cycle_momentum=False"
            )


def set_momentum(group, value):
    """Set what a group has: a momentum, or the first of its betas."""
    if "betas" in group:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value


class OneCycleLR(LRScheduler):
    r"""Let the rate rise once and then fall far below its start, within a known number of steps.

    It is called after every batch, not after every epoch. The momentum does the opposite.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are changed.
    max_lr : float or list of float
        The highest rate, or one for each group.
    total_steps : int, optional
        All steps of training, at least 1; or instead `epochs` and `steps_per_epoch`.
    epochs : int, optional
        Epochs of training, at least 1.
    steps_per_epoch : int, optional
        Batches of an epoch, at least 1.
    pct_start : float, default 0.3
        The part of the steps, 0 to 1, in which the rate rises.
    anneal_strategy : str, default 'cos'
        ``'cos'`` or ``'linear'``: the curve on which it rises and falls.
    cycle_momentum : bool, default True
        Whether the momentum, or the first of `betas`, is changed as well.
    base_momentum, max_momentum : float or list of float, default 0.85 and 0.95
        The lowest momentum, where the rate is highest, and the highest.
    div_factor : float, default 25.0
        The first rate is ``max_lr / div_factor``.
    final_div_factor : float, default 10000.0
        The last rate is the first one divided by this.
    three_phase : bool, default False
        Whether it falls to the first rate in as many steps as it rose, and to the last one in those
        that are left.
    last_epoch : int, default -1
        The steps done, if training goes on after a break.

    Raises
    ------
    TypeError, ValueError
        If an option is out of its range, the steps are not known, or there is no momentum; from
        `step`, if it is called more than `total_steps` times.

    References
    ----------
    .. [1] L. N. Smith, N. Topin, "Super-Convergence: Very Fast Training of Neural Networks Using
       Large Learning Rates", 2018.

    Examples
    --------
    >>> import lucid
    >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
    >>> scheduler = lucid.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=5)
    >>> for batch in range(5):
    ...     print(f"{scheduler.get_last_lr()[0]:.3g}", end=" ")
    ...     if batch < 4:
    ...         scheduler.step()
    0.04 0.95 0.611 0.188 4e-06
    """

    def __init__(
        self, optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None,
        pct_start=0.3, anneal_strategy="cos", cycle_momentum=True, base_momentum=0.85,
        max_momentum=0.95, div_factor=25.0, final_div_factor=1e4, three_phase=False, last_epoch=-1,
    ):
        check_optimizer(optimizer)
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("give total_steps, or epochs and steps_per_epoch")
            total_steps = check_int(epochs, "epochs", 1) * check_int(
                steps_per_epoch, "steps_per_epoch", 1
            )
        self.total_steps = check_int(total_steps, "total_steps", 1)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy={anneal_strategy!r} is not 'cos' or 'linear'")
        self.anneal_strategy, self.cycle_momentum = anneal_strategy, bool(cycle_momentum)
        self._lay_out(check_number(pct_start, "pct_start", 0, 1), three_phase)
        if last_epoch == -1:
            first = check_number(div_factor, "div_factor", above=0)
            last = check_number(final_div_factor, "final_div_factor", above=0)
            rates = each_group(max_lr, optimizer, "max_lr")
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group.update(initial_lr=rate / first, max_lr=rate, min_lr=rate / first / last)
        if self.cycle_momentum:
            check_momentum(optimizer)
            ends = [each_group(base_momentum, optimizer, "base_momentum"),
                    each_group(max_momentum, optimizer, "max_momentum")]
            for group, low, high in zip(optimizer.param_groups, *ends, strict=True):
                group.update(base_momentum=low, max_momentum=high)
        super().__init__(optimizer, last_epoch)

    def _lay_out(self, part, three_phase):
        """List the phases: the step where each ends, and its ends of the rate and the momentum."""
        rise, total = part * self.total_steps, self.total_steps
        up, down = ("initial_lr", "max_lr"), ("max_momentum", "base_momentum")
        self.phases = [(rise - 1, *up, *down)]
        if three_phase:
            self.phases += [(2 * rise - 2, *up[::-1], *down[::-1]),
                            (total - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum")]
        else:
            self.phases += [(total - 1, "max_lr", "min_lr", *down[::-1])]

    def _between(self, start, end, part):
        if self.anneal_strategy == "linear":
            return (end - start) * part + start
        return end + (start - end) / 2 * (1 + cos(pi * part))

    def get_lr(self):
        """Compute the rates of all groups for step `last_epoch`, and set the momenta."""
        t = self.last_epoch
        if t > self.total_steps:
            raise ValueError(f"OneCycleLR: step {t} is beyond total_steps={self.total_steps}")
        begin = 0.0
        for end, *names in self.phases:
            if t <= end or end == self.phases[-1][0]:
                break
            begin = end
        part = (t - begin) / (end - begin) if end != begin else 1.0
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                set_momentum(group, self._between(group[names[2]], group[names[3]], part))
        return [self._between(group[names[0]], group[names[1]], part)
                for group in self.optimizer.param_groups]


class CyclicLR(LRScheduler):
    r"""Let the rate rise and fall again and again between two bounds.

    It is called after every batch, not after every epoch. The momentum does the opposite.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are changed.
    base_lr, max_lr : float or list of float
        The lowest and the highest rate, or one for each group.
    step_size_up : int, default 2000
        Steps of a rise, at least 1.
    step_size_down : int, optional
        Steps of a fall, at least 1; default as many.
    mode : str, default 'triangular'
        What happens to the height: ``'triangular'`` keeps it, ``'triangular2'`` halves it after
        each cycle, ``'exp_range'`` multiplies it by `gamma` after each step.
    gamma : float, default 1.0
        The factor of ``'exp_range'``.
    scale_fn : callable, optional
        A rule of your own for the factor of the height instead of `mode`.
    scale_mode : str, default 'cycle'
        What `scale_fn` takes: the number of the ``'cycle'``, from 1, or of the step,
        ``'iterations'``.
    cycle_momentum : bool, default True
        Whether the momentum, or the first of `betas`, is changed as well.
    base_momentum, max_momentum : float or list of float, default 0.8 and 0.9
        The lowest momentum, where the rate is highest, and the highest.
    last_epoch : int, default -1
        The steps done, if training goes on after a break.

    Raises
    ------
    TypeError, ValueError
        If an option is out of its range, or there is no momentum.

    References
    ----------
    .. [1] L. N. Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, section 3.

    Examples
    --------
    >>> import lucid
    >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
    >>> scheduler = lucid.optim.lr_scheduler.CyclicLR(optimizer, 0.1, 0.5, step_size_up=2)
    >>> for batch in range(5):
    ...     print(f"{scheduler.get_last_lr()[0]:.3g}", end=" ")
    ...     scheduler.step()
    0.1 0.3 0.5 0.3 0.1
    """

    def __init__(
        self, optimizer, base_lr, max_lr, step_size_up=2000, step_size_down=None,
        mode="triangular", gamma=1.0, scale_fn=None, scale_mode="cycle", cycle_momentum=True,
        base_momentum=0.8, max_momentum=0.9, last_epoch=-1,
    ):
        check_optimizer(optimizer)
        up = check_int(step_size_up, "step_size_up", 1)
        down = up if step_size_down is None else check_int(step_size_down, "step_size_down", 1)
        self.total_size, self.step_ratio = up + down, up / (up + down)
        if mode not in ("triangular", "triangular2", "exp_range"):
            raise ValueError(f"mode={mode!r} is not 'triangular', 'triangular2' or 'exp_range'")
        if scale_mode not in ("cycle", "iterations"):
            raise ValueError(f"scale_mode={scale_mode!r} is not 'cycle' or 'iterations'")
        self.mode, self.gamma = mode, check_number(gamma, "gamma")
        self.scale_fn, self.scale_mode = scale_fn, scale_mode
        lows = each_group(base_lr, optimizer, "base_lr")
        self.max_lrs = each_group(max_lr, optimizer, "max_lr")
        if last_epoch == -1:
            for group, low in zip(optimizer.param_groups, lows, strict=True):
                group["lr"] = group["initial_lr"] = low
        self.cycle_momentum = bool(cycle_momentum)
        if self.cycle_momentum:
            check_momentum(optimizer)
            self.base_momentums = each_group(base_momentum, optimizer, "base_momentum")
            self.max_momentums = each_group(max_momentum, optimizer, "max_momentum")
        super().__init__(optimizer, last_epoch)
        self.base_lrs = lows

    def _scale(self, cycle):
        if self.scale_fn is not None:
            return self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.mode == "triangular2":
            return 1 / 2.0 ** (cycle - 1)
        return self.gamma**self.last_epoch if self.mode == "exp_range" else 1.0

    def get_lr(self):
        """Compute the rates of all groups for step `last_epoch`, and set the momenta."""
        cycle = floor(1 + self.last_epoch / self.total_size)
        part = 1 + self.last_epoch / self.total_size - cycle
        ratio = self.step_ratio
        height = part / ratio if part <= ratio else (part - 1) / (ratio - 1)
        height *= self._scale(cycle)
        if self.cycle_momentum:
            ends = zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums)
            for group, low, high in ends:
                set_momentum(group, high - (high - low) * height)
        pairs = zip(self.base_lrs, self.max_lrs, strict=True)
        return [low + (high - low) * height for low, high in pairs]

    def state_dict(self):
        """Return what is needed to go on later, without a function of your own."""
        state = super().state_dict()
        del state["scale_fn"]
        return state
