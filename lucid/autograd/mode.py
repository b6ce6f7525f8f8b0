"""Whether steps are recorded, for each thread on its own."""

import threading
from contextlib import ContextDecorator

__all__ = ["enable_grad", "is_grad_enabled", "no_grad", "set_grad_enabled"]


class _State(threading.local):
    enabled = True
    recorder = None  # what `lucid.utils.checkpoint` hands the nodes of its region to


state = _State()


def is_grad_enabled():
    """Tell whether steps of this thread are recorded for backward.

    Returns
    -------
    bool
        True unless `no_grad` or `set_grad_enabled` says otherwise.

    Examples
    --------
    >>> import lucid
    >>> with lucid.no_grad():
    ...     lucid.is_grad_enabled()
    False
    """
    return state.enabled


class set_grad_enabled(ContextDecorator):
    """Switch recording on or off, for good or for a ``with`` block.

    Parameters
    ----------
    mode : bool
        Whether steps are recorded from now on, in this thread.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.ones(2, requires_grad=True)
    >>> with lucid.set_grad_enabled(False):
    ...     (x * 2).requires_grad
    False
    """

    def __init__(self, mode):
        self.mode = bool(mode)
        self.previous = state.enabled
        state.enabled = self.mode

    def __call__(self, function):
        state.enabled = self.previous  # a decorator acts when the function is called
        return super().__call__(function)

    def _recreate_cm(self):
        return set_grad_enabled(self.mode)

    def __enter__(self):
        state.enabled = self.mode

    def __exit__(self, *error):
        state.enabled = self.previous


class _Mode(ContextDecorator):
    def __init__(self):
        self.previous = []  # a stack: one object may be entered again inside itself

    def __enter__(self):
        self.previous.append(state.enabled)
        state.enabled = self.mode

    def __exit__(self, *error):
        state.enabled = self.previous.pop()


class no_grad(_Mode):
    """Stop recording inside a ``with`` block or a decorated function.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.ones(2, requires_grad=True)
    >>> with lucid.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    mode = False


class enable_grad(_Mode):
    """Record again inside a `no_grad` block.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.ones(2, requires_grad=True)
    >>> with lucid.no_grad(), lucid.enable_grad():
    ...     y = x * 2
    >>> y.requires_grad
    True
    """

    mode = True
