"""Limits on gradients, between backward and the step of an optimizer."""

from math import inf

import numpy as np

from lucid.errors import LucidError
from lucid.nn.functional.checks import check_number
from lucid.tensor import Tensor

__all__ = ["clip_grad_norm_", "clip_grad_value_"]


def _gradients(parameters):
    parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [x.grad for x in parameters if x.grad is not None]


def clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False):
    r"""Scale all gradients down together if their common length is above a limit.

    Their direction stays.

    Parameters
    ----------
    parameters : iterable of Tensor, or Tensor
        Those whose `grad` is looked at, and changed in place; those without are skipped.
    max_norm : float
        The limit, at least 0.
    norm_type : float, default 2.0
        The power of the length, greater than 0; infinity takes the largest element.
    error_if_nonfinite : bool, default False
        Whether to raise if the length is infinite or NaN; if not, the gradients become 0 or NaN.

    Returns
    -------
    Tensor
        The length before, of all gradients as one vector; no axes.

    Raises
    ------
    LucidError
        If the length is infinite or NaN and `error_if_nonfinite` is True; nothing has changed then.
    ValueError, TypeError
        If a number is out of its range.

    Notes
    -----
    Every gradient is multiplied by :math:`\min(1, m / (\|g\| + 10^{-6}))`.

    References
    ----------
    .. [1] Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks",
       2013, algorithm 1.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> x = lucid.tensor([3.0, 4.0], requires_grad=True)
    >>> (x * x / 2).sum().backward()
    >>> nn.utils.clip_grad_norm_([x], 1.0)
    tensor(5.)
    >>> x.grad
    tensor([0.6000, 0.8000])
    """
    max_norm = check_number(max_norm, "max_norm", 0)
    norm_type = check_number(norm_type, "norm_type", above=0)
    gradients = _gradients(parameters)
    if not gradients:
        return Tensor(np.zeros((), np.float32))
    if norm_type == inf:
        norms = [np.abs(grad.array).max(initial=0) for grad in gradients]
        total = np.max(norms)
    else:
        powers = [np.sum(np.abs(grad.array) ** norm_type, dtype=np.float64) for grad in gradients]
        total = np.sum(powers) ** (1 / norm_type)
    if error_if_nonfinite and not np.isfinite(total):
        raise LucidError(
            f"clip_grad_norm_: the gradients have the length {total}; look for a division by zero "
            f"or a loss that has grown out of all bounds"
        )
    factor = min(1.0, float(max_norm / (total + 1e-6))) if not np.isnan(total) else total
    for grad in gradients:
        grad.array *= grad.array.dtype.type(factor)
        grad.bump()
    return Tensor(np.asarray(total, gradients[0].array.dtype))


def clip_grad_value_(parameters, clip_value):
    """Cut every element of every gradient off beyond a limit on both sides.

    Parameters
    ----------
    parameters : iterable of Tensor, or Tensor
        Those whose `grad` is changed in place; those without are skipped.
    clip_value : float
        The limit, at least 0: elements end up between it and its negative.

    Raises
    ------
    ValueError, TypeError
        If the limit is out of its range.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> x = lucid.tensor([3.0, -0.5], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> nn.utils.clip_grad_value_([x], 2.0)
    >>> x.grad
    tensor([ 2., -1.])
    """
    limit = check_number(clip_value, "clip_value", 0)
    for grad in _gradients(parameters):
        np.clip(grad.array, -limit, limit, out=grad.array)
        grad.bump()
