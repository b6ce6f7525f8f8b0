"""The schedule that waits for progress."""

from math import inf

from lucid.geometry import check_int
from lucid.nn.functional.checks import check_number
from lucid.optim.lr_scheduler.base import LRScheduler, check_optimizer

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(LRScheduler):
    r"""Multiply the rate by a factor when a figure has not become better for some epochs.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are changed.
    mode : str, default 'min'
        Whether lower is better, ``'min'``, as for a loss, or higher, ``'max'``.
    factor : float, default 0.1
        The factor, at least 0 and below 1.
    patience : int, default 10
        Epochs without progress that are forgiven, at least 0.
    threshold : float, default 0.0001
        How much better counts as better.
    threshold_mode : str, default 'rel'
        ``'rel'``: by that part of the best; ``'abs'``: by that amount.
    cooldown : int, default 0
        Epochs after a change in which nothing is counted, at least 0.
    min_lr : float or list of float, default 0
        The lowest rate, or one for each group.
    eps : float, default 1e-08
        A smaller change is not made.

    Attributes
    ----------
    best : float
        The best figure so far.
    num_bad_epochs : int
        Epochs without progress.

    Raises
    ------
    TypeError, ValueError
        If an option is out of its range.

    Examples
    --------
    >>> import lucid
    >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = lucid.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)
    >>> for loss in [3.0, 2.0, 2.0, 2.0, 1.0]:
    ...     scheduler.step(loss)
    ...     print(f"{scheduler.get_last_lr()[0]:.3g}", end=" ")
    1 1 1 0.1 0.1
    """

    def __init__(
        self, optimizer, mode="min", factor=0.1, patience=10, threshold=1e-4,
        threshold_mode="rel", cooldown=0, min_lr=0, eps=1e-8,
    ):
        self.optimizer = check_optimizer(optimizer)
        if mode not in ("min", "max"):
            raise ValueError(f"mode={mode!r} is not 'min' or 'max'")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold_mode={threshold_mode!r} is not 'rel' or 'abs'")
        self.factor = check_number(factor, "factor", 0)
        if self.factor >= 1:
            raise ValueError(f"factor={factor} must be below 1, or the rate would not fall")
        count = len(optimizer.param_groups)
        lows = list(min_lr) if isinstance(min_lr, (list, tuple)) else [min_lr] * count
        if len(lows) != count:
            raise ValueError(f"min_lr has {len(lows)} numbers; give one, or {count}, one a group")
        self.min_lrs = [check_number(low, "min_lr") for low in lows]
        self.mode, self.threshold_mode = mode, threshold_mode
        self.threshold = check_number(threshold, "threshold")
        self.patience = check_int(patience, "patience", 0)
        self.cooldown, self.cooldown_counter = check_int(cooldown, "cooldown", 0), 0
        self.eps = check_number(eps, "eps")
        self.best = inf if mode == "min" else -inf
        self.num_bad_epochs = self.last_epoch = 0
        self._last_lr = [group["lr"] for group in optimizer.param_groups]

    def step(self, metrics):
        """Look at the figure of an epoch, and lower the rates if it is time.

        Parameters
        ----------
        metrics : float or Tensor
            The figure: a number, or a tensor with one element.

        Examples
        --------
        >>> import lucid
        >>> optimizer = lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = lucid.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
        >>> scheduler.step(lucid.tensor(0.5))
        >>> scheduler.best
        0.5
        """
        figure = float(metrics)
        self.last_epoch += 1
        if self._is_better(figure):
            self.best, self.num_bad_epochs = figure, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            pairs = zip(self.optimizer.param_groups, self.min_lrs, strict=True)
            for group, low in pairs:
                rate = max(group["lr"] * self.factor, low)
                if group["lr"] - rate > self.eps:
                    group["lr"] = rate
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def _is_better(self, figure):
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "abs":
            return sign * figure < sign * self.best - self.threshold
        return sign * figure < sign * self.best * (1 - sign * self.threshold)
