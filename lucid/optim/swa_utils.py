"""Averages of the weights that training passes through."""

import copy

from lucid.autograd import no_grad
from lucid.creation import tensor
from lucid.dtypes import int64
from lucid.nn.functional.checks import check_number
from lucid.nn.module import Module
from lucid.nn.parameter import Buffer

__all__ = ["AveragedModel", "get_ema_avg_fn"]


def get_ema_avg_fn(decay=0.999):
    r"""Make the rule of an exponential moving average: :math:`a \leftarrow d a + (1 - d) x`.

    Parameters
    ----------
    decay : float, default 0.999
        The part d of the old average that is kept, 0 to 1.

    Returns
    -------
    callable
        For the argument `avg_fn` of `AveragedModel`.

    Raises
    ------
    ValueError, TypeError
        If `decay` is out of its range.

    Examples
    --------
    >>> from lucid.optim.swa_utils import get_ema_avg_fn
    >>> get_ema_avg_fn(0.75)(4.0, 8.0, 1)
    5.0
    """
    decay = check_number(decay, "decay", 0, 1)
    return lambda average, new, count: average * decay + new * (1 - decay)


def plain_average(average, new, count):
    """Take one more into the average of `count`."""
    return average + (new - average) / (count + 1)


class AveragedModel(Module):
    r"""Keep the average of the parameters of a model in training, as a model of its own.

    It often does better on new data than the last parameters.

    Parameters
    ----------
    model : Module
        The model; it is copied, and the copy holds the average.
    device : None
        Accepted so that programs written for PyTorch run.
    avg_fn : callable, optional
        ``avg_fn(average, new, count)`` gives the new average of tensors, after `count` of them.
        Default the plain average, :math:`a \leftarrow a + (x - a) / (n + 1)`.
    use_buffers : bool, default False
        Whether buffers of floating-point numbers, such as running means, are averaged too; if not,
        they are copied.

    Attributes
    ----------
    module : Module
        The copy.
    n_averaged : Tensor
        How many models it is the average of, an int64 without axes.

    Raises
    ------
    TypeError
        If `model` is no Module.

    References
    ----------
    .. [1] P. Izmailov, D. Podoprikhin, T. Garipov, D. Vetrov, A. G. Wilson, "Averaging Weights
       Leads to Wider Optima and Better Generalization", 2018, algorithm 1.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> from lucid.optim.swa_utils import AveragedModel
    >>> model = nn.Linear(1, 1, bias=False)
    >>> average = AveragedModel(model)
    >>> for value in (1.0, 2.0, 6.0):
    ...     _ = nn.init.constant_(model.weight, value)
    ...     average.update_parameters(model)
    >>> average(lucid.ones(1, 1)).item()
    3.0
    """

    def __init__(self, model, device=None, avg_fn=None, use_buffers=False):
        super().__init__()
        if not isinstance(model, Module):
            raise TypeError(f"AveragedModel needs a Module, not {type(model).__name__}")
        self.module = copy.deepcopy(model)
        self.n_averaged = Buffer(tensor(0, dtype=int64))
        self.avg_fn = avg_fn or plain_average
        self.use_buffers = bool(use_buffers)

    def forward(self, *args, **kwargs):
        """Call the average model."""
        return self.module(*args, **kwargs)

    @no_grad()
    def update_parameters(self, model):
        """Take the present parameters of a model into the average.

        Parameters
        ----------
        model : Module
            The model in training, built like the first one.

        Raises
        ------
        ValueError
            If it has other parameters.

        Examples
        --------
        >>> import lucid.nn as nn
        >>> from lucid.optim.swa_utils import AveragedModel
        >>> model = nn.Linear(2, 2)
        >>> average = AveragedModel(model)
        >>> average.update_parameters(model)
        >>> average.n_averaged.item()
        1
        """
        count = self.n_averaged.item()
        averages, news = list(self.module.parameters()), list(model.parameters())
        buffers, new_buffers = list(self.module.buffers()), list(model.buffers())
        shapes = [[x.shape for x in each] for each in (averages, news, buffers, new_buffers)]
        if shapes[0] != shapes[1] or shapes[2] != shapes[3]:
            raise ValueError("update_parameters: the model has other parameters than the average")
        for average, new in zip(averages + buffers, news + new_buffers, strict=True):
            is_averaged = average.is_floating_point() and count > 0
            if not self.use_buffers and any(average is buffer for buffer in buffers):
                is_averaged = False
            value = self.avg_fn(average, new, count) if is_averaged else new
            average.array[...] = value.array
            average.bump()
        self.n_averaged.add_(1)
