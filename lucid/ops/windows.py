"""Views of memory through windows and at free strides."""

import numpy as np

from lucid.autograd import Function
from lucid.errors import ShapeError
from lucid.geometry import check_int
from lucid.ops.operands import check_dim, check_tensor
from lucid.ops.shaping import as_shape

__all__ = ["as_strided", "storage_offset", "unfold"]


def root_of(array):
    """Give the array whose memory another one views: itself, or the last one behind it."""
    while isinstance(array.base, np.ndarray) and array.base.dtype == array.dtype:
        array = array.base
    return array


def address(array):
    """Give the place of an array's first element in the computer's memory, in bytes."""
    return array.__array_interface__["data"][0]


def layout(array):
    """Give size, stride and offset of an array in the memory behind it, in elements."""
    stride = tuple([step // array.itemsize for step in array.strides])
    return array.shape, stride, (address(array) - address(root_of(array))) // array.itemsize


def look(array, place):
    """View the memory behind an array in another layout."""
    size, stride, offset = place
    root = root_of(array)
    strides = [each * array.itemsize for each in stride]
    y = np.ndarray(size, array.dtype, root, offset * array.itemsize, strides)
    if not array.flags.writeable:
        y.flags.writeable = False
    return y


def positions(place):
    """Give for each element of a layout its place in the memory."""
    size, stride, y = place
    for n, step in zip(size, stride, strict=True):
        y = np.add.outer(y, np.arange(n) * step)
    return np.asarray(y)


class AsStrided(Function):
    """Read memory at free strides, as a view; backward adds up where places are shared."""

    keeps_inputs = False
    computes = False

    def __init__(self, place):
        self.place = place

    def forward(self, x):
        self.own, self.length = layout(x), root_of(x).size
        return look(x, self.place)

    def backward(self, grad_y):
        return Restride(self.place, self.own, self.length)(grad_y)


class Restride(Function):
    """Add elements into empty memory in one layout and read it in another; the adjoint swaps them.
    """

    keeps_inputs = False

    def __init__(self, written, read, length):
        self.written, self.read, self.length = written, read, length

    def forward(self, x):
        memory = np.zeros(self.length, x.dtype)
        np.add.at(memory, positions(self.written).reshape(-1), x.reshape(-1))
        return memory[positions(self.read)]

    def backward(self, grad_y):
        return Restride(self.read, self.written, self.length)(grad_y)


class Windows(Function):
    """Look through windows along an axis, as a view; backward adds up where they overlap."""

    keeps_inputs = False
    computes = False

    def __init__(self, dim, size, step):
        self.dim, self.size, self.step = dim, size, step

    def forward(self, x):
        x = x if root_of(x).flags.forc else x.copy()
        shape, stride, offset = layout(x)
        count = (shape[self.dim] - self.size) // self.step + 1
        shape = (*shape[: self.dim], count, *shape[self.dim + 1 :], self.size)
        far = stride[self.dim] * self.step
        stride = (*stride[: self.dim], far, *stride[self.dim + 1 :], stride[self.dim])
        return look(x, (shape, stride, offset))

    def backward(self, grad_y):
        return AddWindows(self.dim, self.size, self.step, self.input_shapes[0])(grad_y)


class AddWindows(Function):
    """Add windows along an axis into zeros: the adjoint of `Windows`."""

    keeps_inputs = False

    def __init__(self, dim, size, step, shape):
        self.dim, self.size, self.step, self.shape = dim, size, step, shape

    def forward(self, y):
        x = np.zeros(self.shape, y.dtype)
        lead, count, step = (slice(None),) * self.dim, y.shape[self.dim], self.step
        if self.size <= count:  # the fewer and longer sums: one for each tap, or for each window
            for k in range(self.size):
                x[(*lead, slice(k, k + (count - 1) * step + 1, step))] += y[..., k]
        else:
            for o in range(count):
                window = np.moveaxis(y[(*lead, o)], -1, self.dim)
                x[(*lead, slice(o * step, o * step + self.size))] += window
        return x

    def backward(self, grad_x):
        return Windows(self.dim, self.size, self.step)(grad_x)


def unfold(x, dimension, size, step):
    """Look through windows along an axis.

    Not to be confused with the layer `lucid.nn.Unfold`, which copies the patches of pictures.

    Parameters
    ----------
    x : Tensor
        Any elements; at least one axis of length L.
    dimension : int
        The axis to slide along.
    size : int
        Length of a window, in positions, from 0 to L.
    step : int
        Positions from one window to the next; at least 1.

    Returns
    -------
    Tensor
        ``(..., floor((L - size) / step) + 1, ..., size)``: the axis counts the windows, and a new
        last axis the positions in each. A view, whose windows share memory where they overlap.

    Raises
    ------
    ShapeError
        If `dimension` is not an axis, or shorter than a window.
    ValueError
        If `size` is negative, or `step` not above 0.

    Examples
    --------
    >>> import lucid
    >>> lucid.arange(5).unfold(0, 3, 1)
    tensor([[0, 1, 2],
            [1, 2, 3],
            [2, 3, 4]])
    """
    check_tensor(x, "unfold")
    if not x.array.ndim:
        raise ShapeError("unfold: x has no axes; call x.reshape(1) first")
    dim = check_dim(dimension, x.array.ndim, "unfold")
    size, step = check_int(size, "unfold: size", 0), check_int(step, "unfold: step", 1)
    if size > x.array.shape[dim]:
        raise ShapeError(
            f"unfold: size={size} is longer than axis {dim} of shape {x.shape}, which has "
            f"{x.array.shape[dim]}"
        )
    return Windows(dim, size, step)(x)


def as_strided(x, size, stride, storage_offset=None):
    """View the memory of a tensor at free strides.

    Parameters
    ----------
    x : Tensor
        Any elements.
    size : tuple of int
        The shape of the result.
    stride : tuple of int
        For each axis the elements of memory from one position to the next, at least 0; 0 repeats.
    storage_offset : int, optional
        Where the first element stands in the memory, in elements; default where `x` begins.

    Returns
    -------
    Tensor
        A view. Its gradient adds up where elements share memory; what lies in the memory beyond
        `x` has none.

    Raises
    ------
    ShapeError
        If there are not as many strides as sizes, or a place is outside the memory.
    ValueError
        If a number is negative, the memory has gaps, or `x` needs a gradient and its own elements
        share memory, as after ``expand``.

    Notes
    -----
    A general convolution is a sum over such a view: ``x.as_strided((o, k), (s, d))`` holds
    :math:`x_{os + kd}`.

    Examples
    --------
    >>> import lucid
    >>> lucid.arange(6).as_strided((2, 3), (2, 1))
    tensor([[0, 1, 2],
            [2, 3, 4]])
    """
    check_tensor(x, "as_strided")
    size, stride = as_shape((size,), "as_strided: size"), as_shape((stride,), "as_strided: stride")
    own, root = layout(x.array), root_of(x.array)
    offset = own[2] if storage_offset is None else storage_offset
    offset = check_int(offset, "as_strided: storage_offset", 0)
    if len(size) != len(stride):
        raise ShapeError(f"as_strided: {len(size)} sizes {size} but {len(stride)} strides {stride}")
    if min((*size, *stride), default=0) < 0:
        raise ValueError(f"as_strided: size={size} and stride={stride} must not be negative")
    if not root.flags.forc:
        raise ValueError("as_strided: the memory behind x has gaps; call x.clone() first")
    last = offset + sum([(n - 1) * step for n, step in zip(size, stride, strict=True)])
    if 0 not in size and last >= root.size:
        raise ShapeError(
            f"as_strided: size={size}, stride={stride} and offset {offset} reach element {last} of "
            f"the memory, which has {root.size}"
        )
    if x.requires_grad and _overlaps(own):
        raise ValueError("as_strided: elements of x share memory; call x.contiguous() first")
    return AsStrided((size, stride, offset if 0 not in size else 0))(x)


def _overlaps(place):
    """Tell whether two elements of a layout may stand at one place."""
    reach = 0
    for step, n in sorted((abs(step), n) for n, step in zip(*place[:2], strict=True) if n > 1):
        if step <= reach:
            return True
        reach += (n - 1) * step
    return False


def storage_offset(x):
    """Count the elements of memory before the first one of a tensor.

    Parameters
    ----------
    x : Tensor
        Any elements.

    Returns
    -------
    int
        0 unless the tensor is a view that begins later.

    Examples
    --------
    >>> import lucid
    >>> lucid.zeros(4, 3)[2, 1:].storage_offset()
    7
    """
    check_tensor(x, "storage_offset")
    return layout(x.array)[2]
