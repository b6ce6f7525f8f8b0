"""Reading and writing with NumPy's square brackets."""

import numpy as np

from lucid.autograd import Function, is_grad_enabled
from lucid.errors import GradError, ShapeError
from lucid.ops.operands import cast, is_tensor

__all__ = []


class GetItem(Function):
    """Read elements; backward adds the gradient up where they were read."""

    keeps_inputs = False

    def __init__(self, key):
        self.key = key

    def forward(self, x):
        return x[self.key]

    def backward(self, grad_y):
        return PutItem(self.key, self.input_shapes[0])(grad_y)


class PutItem(Function):
    """Add elements into zeros: the adjoint of `GetItem`."""

    keeps_inputs = False

    def __init__(self, key, shape):
        self.key, self.shape = key, shape

    def forward(self, y):
        x = np.zeros(self.shape, y.dtype)
        if is_basic(self.key):
            x[self.key] = y
        else:
            np.add.at(x, self.key, y)  # an index may come twice
        return x

    def backward(self, grad_x):
        return GetItem(self.key)(grad_x)


def is_basic(key):
    """Tell whether a key reads a view: ints, slices, None and Ellipsis only."""
    key = key if isinstance(key, tuple) else (key,)
    return all(
        each is None or each is Ellipsis or isinstance(each, (slice, int, np.integer))
        and not isinstance(each, bool)
        for each in key
    )


def as_key(key):
    """Turn the tensors and lists inside a key into arrays."""
    if isinstance(key, tuple):
        return tuple([as_key(each) for each in key])
    if is_tensor(key):
        return key.array if key.array.ndim or key.array.dtype.kind == "b" else int(key.array)
    return np.asarray(key, dtype=None if key else np.int64) if isinstance(key, list) else key


def get_item(x, key):
    """Read ``x[key]`` with ints, slices, None, Ellipsis, int and bool tensors, as NumPy does."""
    key = as_key(key)
    try:
        return GetItem(key)(x)
    except IndexError as error:
        raise IndexError(f"shape {x.shape} cannot be indexed so: {error}") from None


def set_item(x, key, value):
    """Write ``x[key] = value`` in place, as NumPy does."""
    if x.requires_grad and is_grad_enabled():
        raise GradError(
            "x[key] = value would change a tensor that requires grad behind its graph's back; "
            "write inside no_grad, or build a new tensor with lucid.where or lucid.cat"
        )
    value = cast(value, x.dtype).array if is_tensor(value) else value
    try:
        x.array[as_key(key)] = value
    except ValueError as error:
        raise ShapeError(f"x[key] = value for x of shape {x.shape}: {error}") from None
    x.bump()
