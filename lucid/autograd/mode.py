"""Whether steps are recorded, for each thread on its own."""

import threading
from functools import wraps
from inspect import isgeneratorfunction

__all__ = ["enable_grad", "inference_mode", "is_grad_enabled", "no_grad", "set_grad_enabled"]


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


class _Switch:
    """What the three switches share: they decorate functions and generators."""

    def __call__(self, function):
        """Decorate a function: the mode holds whenever its body runs."""
        if isgeneratorfunction(function):
            return self._decorate_generator(function)

        @wraps(function)
        def decorated(*args, **kwargs):
            with self._again():  # a new one: threads may be in the function at the same time
                return function(*args, **kwargs)

        return decorated

    def _decorate_generator(self, function):
        @wraps(function)
        def decorated(*args, **kwargs):
            generator = function(*args, **kwargs)
            resume, value = generator.send, None
            while True:
                with self._again():  # left at every yield: the mode is not the caller's
                    try:
                        item = resume(value)
                    except StopIteration as end:
                        return end.value
                try:
                    resume, value = generator.send, (yield item)
                except BaseException as error:
                    resume, value = generator.throw, error

        return decorated


class set_grad_enabled(_Switch):
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
        """Decorate a function: the mode holds whenever its body runs."""
        state.enabled = self.previous  # a decorator acts when the function is called
        return super().__call__(function)

    def _again(self):
        return set_grad_enabled(self.mode)

    def __enter__(self):
        state.enabled = self.mode

    def __exit__(self, *error):
        state.enabled = self.previous


class _Mode(_Switch):
    def __new__(cls, function=None):
        self = super().__new__(cls)
        self.previous = []  # a stack: one object may be entered again inside itself
        return self if function is None else self(function)  # a decorator without parentheses

    def _again(self):
        return type(self)()

    def __enter__(self):
        self.previous.append(state.enabled)
        state.enabled = self.mode

    def __exit__(self, *error):
        state.enabled = self.previous.pop()


class no_grad(_Mode):
    """Stop recording inside a ``with`` block or a decorated function, in this thread.

    Parameters
    ----------
    function : callable, optional
        What to decorate, so that ``@no_grad`` does without parentheses.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.ones(2, requires_grad=True)
    >>> with lucid.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    >>> @lucid.no_grad
    ... def double(x):
    ...     return x * 2
    >>> double(x).requires_grad
    False
    """

    mode = False


class enable_grad(_Mode):
    """Record again inside a `no_grad` block, in this thread.

    Parameters
    ----------
    function : callable, optional
        What to decorate, so that ``@enable_grad`` does without parentheses.

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


class inference_mode(_Mode):
    """Stop recording inside a ``with`` block or a decorated function: `no_grad` by another name.

    In PyTorch it is faster than `no_grad`, and its tensors can never be used in a graph again; here
    it costs the same, and they can.

    Parameters
    ----------
    mode : bool or callable, default True
        Whether to stop recording, or to record again; or what to decorate.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.ones(2, requires_grad=True)
    >>> with lucid.inference_mode():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    def __new__(cls, mode=True):
        self = super().__new__(cls)
        self.mode = False if callable(mode) else not mode
        return self(mode) if callable(mode) else self

    def _again(self):
        return inference_mode(not self.mode)
