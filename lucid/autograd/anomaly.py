"""Finding the step whose backward first gives NaN."""

import traceback
import weakref
from os.path import dirname, realpath

import numpy as np

from lucid.autograd.mode import state
from lucid.errors import GradError

__all__ = ["detect_anomaly", "set_detect_anomaly"]

PACKAGE = dirname(dirname(realpath(__file__)))
CALLS = 3  # how many lines of the user's code an error shows


class _Watch:
    """Called with every node: notes where its forward was called, and looks over its backward."""

    def __init__(self, inner, check_nan):
        self.inner, self.check_nan = inner, check_nan

    def __call__(self, node):
        stack = traceback.extract_stack(limit=40)
        users = [frame for frame in stack if not frame.filename.startswith(PACKAGE)]
        node.called_at = users[-CALLS:]
        if self.check_nan:
            node.backward = _Checked(node)
        if self.inner is not None:
            self.inner(node)


class _Checked:
    """The backward of one node, refusing NaN; it knows the node only weakly, as it is its part."""

    def __init__(self, node):
        self.node = weakref.ref(node)

    def __call__(self, grad_y):
        node = self.node()
        results = type(node).backward(node, grad_y)
        for position, result in enumerate(results if isinstance(results, tuple) else (results,)):
            array = getattr(result, "array", None)
            if array is not None and array.dtype.kind == "f" and np.isnan(array).any():
                raise GradError(_message(node, grad_y, position, array))
        return results


def _message(node, grad_y, position, array):
    name = type(node).__name__
    place = tuple(int(i) for i in np.argwhere(np.isnan(array))[0])
    above = "has NaN" if np.isnan(grad_y.array).any() else "has no NaN"
    given = ""
    if node.keeps_inputs and node.inputs[position] is not None:
        given = f", where its input is {node.inputs[position].array[place]:.6g}"
    lines = "".join(traceback.format_list(node.called_at)).rstrip()
    return (
        f"{name}.backward gave nan for input {position} of shape {array.shape}, at {place}{given}; "
        f"the gradient from above {above}. Its forward was called here:\n{lines}"
    )


class set_detect_anomaly:
    """Switch the search for NaN on or off, for good or for a ``with`` block, in this thread.

    Parameters
    ----------
    mode : bool
        Whether steps recorded from now on are watched.
    check_nan : bool, default True
        Whether a NaN in backward is an error. If False, steps only note where they were called.

    See Also
    --------
    detect_anomaly : What it does, with an example.

    Examples
    --------
    >>> import lucid
    >>> with lucid.autograd.set_detect_anomaly(True):
    ...     y = lucid.ones(2, requires_grad=True) * 2
    >>> y.node.called_at[-1].lineno
    2
    """

    def __init__(self, mode, check_nan=True):
        self.previous = state.recorder
        inner = state.recorder
        if isinstance(inner, _Watch):
            inner = inner.inner
        state.recorder = _Watch(inner, check_nan) if mode else inner

    def __enter__(self):
        return self

    def __exit__(self, *error):
        state.recorder = self.previous


class detect_anomaly(set_detect_anomaly):
    """Make a NaN in backward an error that names the step and where its forward was called.

    A loss that turns to NaN says nothing about its cause. In this block every recorded step notes
    the line of your code that made it, and its backward refuses to hand on a NaN.

    Parameters
    ----------
    check_nan : bool, default True
        Whether a NaN in backward is an error. If False, steps only note where they were called.

    Raises
    ------
    GradError
        From a backward over a step of the block, wherever that backward is called.

    Notes
    -----
    Slow, as every step walks the stack: for finding a fault, not for training. An infinite gradient
    is no error, as in PyTorch.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([4.0, 0.0], requires_grad=True)
    >>> with lucid.autograd.detect_anomaly():
    ...     y = x.sqrt() * x
    ...     try:
    ...         y.sum().backward()
    ...     except lucid.GradError as error:
    ...         print(str(error).partition(";")[0])
    SquareRoot.backward gave nan for input 0 of shape (2,), at (1,)
    """

    def __init__(self, check_nan=True):
        super().__init__(True, check_nan)
