"""Reading and writing with NumPy's square brackets."""

import numpy as np

from lucid.autograd import Function
from lucid.errors import ShapeError
from lucid.ops.gathering import add_slices
from lucid.ops.operands import (
    become, cast, check_alone, check_memory, check_writable, is_recorded, is_tensor, sum_to,
)
from lucid.ops.shaping import reshape

__all__ = []


class GetItem(Function):
    """Read elements; backward adds the gradient up where they were read."""

    keeps_inputs = False
    computes = False

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
        is_position = [isinstance(k, np.ndarray) and k.dtype.kind != "b" for k in self.key]
        if not any(is_position):
            x[self.key] = y
        elif is_position == [True]:  # a position may be read twice
            index = self.key[0].reshape(-1) % max(len(x), 1)
            add_slices(x, 0, index, y.reshape(index.size, *self.shape[1:]))
        elif all(is_position) and len(self.key) == x.ndim:
            places = np.ravel_multi_index(np.broadcast_arrays(*self.key), self.shape, mode="wrap")
            np.add.at(x.reshape(-1), places.reshape(-1), y.reshape(-1))  # fast on one axis only
        else:
            np.add.at(x, self.key, y)
        return x

    def backward(self, grad_x):
        return GetItem(self.key)(grad_x)


class SetItem(Function):
    """Write elements in place: they lose their gradient to what is written."""

    keeps_inputs = False
    computes = False

    def __init__(self, key):
        self.key = key

    def forward(self, x, value):
        x[self.key] = value
        return x

    def backward(self, grad_y):
        grad_x = Erase(self.key)(grad_y) if self.needs[0] else None
        if not self.needs[1]:
            return grad_x, None
        return grad_x, sum_to(GetItem(self.key)(grad_y), self.input_shapes[1])


class Erase(Function):
    """Write zeros over elements of a copy; its own adjoint."""

    keeps_inputs = False

    def __init__(self, key):
        self.key = key

    def forward(self, x):
        y = x.copy()
        y[self.key] = 0
        return y

    def backward(self, grad_y):
        return Erase(self.key)(grad_y)


def as_key(key):
    """Give a key as a tuple, with arrays of its own for the tensors and lists inside."""
    parts = [_as_part(each) for each in key] if isinstance(key, tuple) else [_as_part(key)]
    is_basic = not any(isinstance(each, (bool, np.bool_, np.ndarray)) for each in parts)
    if is_basic and not any(each is Ellipsis for each in parts):
        parts.append(Ellipsis)  # NumPy then gives a view of one element too, not its value
    return tuple(parts)


def _as_part(part):
    if is_tensor(part):
        part = part.array
    elif isinstance(part, list):
        part = np.asarray(part, dtype=None if part else np.int64)
    if isinstance(part, np.ndarray):
        is_position = part.ndim == 0 and part.dtype.kind in "iu"
        return int(part) if is_position else part.copy()  # a step keeps it: no change comes through
    return part


def get_item(x, key):
    """Read elements: ``x[key]``, with every key that NumPy knows.

    Parameters
    ----------
    x : Tensor
        Any elements.
    key : int, slice, None, Ellipsis, Tensor, numpy.ndarray, list, or a tuple of these
        Slices may step backward. A tensor, array or list holds positions, or a bool for each
        position. None adds an axis of length 1.

    Returns
    -------
    Tensor
        A view if only ints, slices, None and Ellipsis are used, else a copy.

    Raises
    ------
    IndexError
        If a position is outside, or there are more keys than axes.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([[1, 2, 3], [4, 5, 6]])
    >>> x[1, ::-1]
    tensor([6, 5, 4])
    >>> x[x > 2]
    tensor([3, 4, 5, 6])
    """
    try:
        kind = type(key)
        return GetItem((key, Ellipsis) if kind is int or kind is slice else as_key(key))(x)
    except IndexError as error:
        raise IndexError(f"x[key] for x of shape {x.shape}: {error}") from None


def set_item(x, key, value):
    """Write elements in place: ``x[key] = value``.

    Parameters
    ----------
    x : Tensor
        What to write into.
    key : int, slice, None, Ellipsis, Tensor, numpy.ndarray, list, or a tuple of these
        As in `get_item`.
    value : Tensor, numpy.ndarray or number
        What to write: its shape broadcasts to that of ``x[key]``; converted to the type of `x`.

    Raises
    ------
    GradError
        If a gradient is recorded and `x` is a leaf that requires grad, holds no floating-point
        numbers, or shares its memory with another tensor.
    IndexError
        If a position is outside, or there are more keys than axes.
    ShapeError
        If the shape of `value` does not fit.
    ValueError
        If the memory of `x` is read-only.

    Notes
    -----
    The gradient flows to `value`, and to what is not written over. Unlike PyTorch's, a view cannot
    be written into while a gradient is recorded, nor what it views: ``x[0, 1] = value`` instead of
    ``x[0][1] = value``.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.zeros(2, 2)
    >>> x[:, 0] = 7
    >>> x
    tensor([[7., 0.],
            [7., 0.]])
    """
    key = as_key(key)
    try:
        if is_recorded(x, value):
            write_recorded(x, key, value, "x[key] = value")
        else:
            check_writable(x, value, "x[key] = value")
            x.array[key] = cast(value, x.dtype).array if is_tensor(value) else value
    except IndexError as error:
        raise IndexError(f"x[key] = value for x of shape {x.shape}: {error}") from None
    except ShapeError:
        raise
    except ValueError as error:
        if not x.array.flags.writeable:
            raise
        raise ShapeError(f"x[key] = value for x of shape {x.shape}: {error}") from None
    x.bump()


def write_recorded(x, key, value, name):
    """Write in place, and make the tensor the result of the step that wrote."""
    check_memory(x, name)
    value = cast(value, x.dtype) if is_tensor(value) else x.wrap(np.array(value, x.array.dtype))
    is_apart = not np.may_share_memory(x.array[key], value.array)
    check_alone(x, value if is_apart else None, name)
    extra = value.array.ndim - np.ndim(x.array[key])
    if extra > 0 and value.array.shape[:extra] == (1,) * extra:  # axes that NumPy drops
        value = reshape(value, value.array.shape[extra:])
    step = SetItem(key)
    step(x.wrap(x.array, x.node), value)
    become(x, step)
