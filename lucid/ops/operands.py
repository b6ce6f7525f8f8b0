"""What the differentiable steps share: bringing operands together, and counting axes."""

import contextvars
import sys
import threading

import numpy as np

from lucid.autograd import Function, is_grad_enabled
from lucid.dtypes import as_dtype, category, get_default_dtype, result_type
from lucid.errors import DtypeError, GradError, ShapeError
from lucid.geometry import check_int
from lucid.kernels.arrays import broadcast
from lucid.ops.sums import add_up


class _Quiet(threading.local):
    """A context for each thread in which NumPy does not warn."""

    def __init__(self):
        self.context = contextvars.copy_context()
        self.context.run(np.seterr, all="ignore")


if np.lib.NumpyVersion(np.__version__) >= "2.0.0":  # whose error state is a context variable
    _quiet = _Quiet()

    def quiet(function, *arrays):
        """Call a function of NumPy to which infinity and NaN are answers, without warnings.

        A tenth of the time of ``np.errstate``; `function` must not call `quiet` itself.
        """
        return _quiet.context.run(function, *arrays)

else:

    def quiet(function, *arrays):
        """Call a function of NumPy to which infinity and NaN are answers, without warnings."""
        with np.errstate(all="ignore"):
            return function(*arrays)


def is_tensor(x):
    """Tell a tensor from everything else.

    Parameters
    ----------
    x : object
        Anything.

    Returns
    -------
    bool
        Parameters and buffers are tensors; arrays of NumPy are not.

    Examples
    --------
    >>> import lucid
    >>> lucid.is_tensor(lucid.zeros(2)), lucid.is_tensor([0.0, 0.0])
    (True, False)
    """
    return hasattr(x, "wrap")  # the class is not known here


def check_tensor(x, name):
    """Refuse what is not a tensor, with the name of the function that was called."""
    if not hasattr(x, "wrap"):
        raise TypeError(
            f"{name}: needs a Tensor, not {type(x).__name__}; make one with lucid.tensor(...)"
        )


class Cast(Function):
    """Change the data type; the gradient changes back."""

    keeps_inputs = False
    computes = False

    def __init__(self, source, target):
        self.source, self.target = source, target

    def forward(self, x):
        return x.astype(self.target.numpy)

    def backward(self, grad_y):
        return Cast(self.target, self.source)(grad_y)


def cast(x, target):
    """Give x in the data type `target`: x itself if it has it already."""
    source = as_dtype(x.array.dtype)
    return x if source is target else Cast(source, target)(x)


def as_floating(x):
    """Give x in a floating-point type: integers and bools become the default one."""
    return x if x.array.dtype.kind == "f" else cast(x, get_default_dtype())


def check_writable(x, value, name):
    """Refuse to write `value` into x if a gradient would get lost or the memory is read-only."""
    if is_grad_enabled():
        if x.requires_grad:
            raise GradError(
                f"{name} would change a tensor that requires grad behind its graph's back; use it "
                f"inside no_grad, or the operation that makes a new tensor"
            )
        if is_tensor(value) and value.requires_grad:
            raise GradError(
                f"{name}: the gradient of the value, which requires grad, would be lost; build a "
                f"new tensor with lucid.where, cat or stack, or write value.detach()"
            )
    check_memory(x, name)


def check_memory(x, name):
    """Refuse to write into read-only memory."""
    if not x.array.flags.writeable:
        raise ValueError(
            f"{name}: this memory is read-only, as of expand() or of bytes; change a clone()"
        )


def is_recorded(x, value):
    """Tell whether a gradient flows through what is written; a leaf that wants one is refused."""
    is_wanted = x.requires_grad or is_tensor(value) and value.requires_grad
    is_leaf = x.node is None and x.requires_grad
    return is_wanted and not is_leaf and x.array.dtype.kind == "f" and is_grad_enabled()


def _holders(x):
    return sys.getrefcount(x.counter)


class _Alone:
    def __init__(self):
        self.counter = [0]


_ONE_HOLDER = _holders(_Alone())  # what Python itself adds differs from version to version


def check_alone(x, value, name):
    """Refuse to write what a gradient flows through into memory that other tensors see."""
    holders = _holders(x) - _ONE_HOLDER  # who shares the memory, a view, shares the counter
    if value is not x and getattr(value, "counter", None) is x.counter:
        holders -= 1
    if holders > 0:
        raise GradError(
            f"{name}: the tensor of shape {x.shape} shares its memory with other tensors, views or "
            f"saved ones, whose graphs would not know of the change; write into a clone(), or use "
            f"the operation that makes a new tensor"
        )


def become(x, node):
    """Make a tensor whose memory was written the result of the step that wrote."""
    before, x.node = x.node, node
    x.requires_grad = True
    if before is not None and before.retained is not None and before.retained() is x:
        node.retained, before.retained = before.retained, None


def pair(x, other, name):
    """Bring two operands, at least one of them a tensor, to one type and check their shapes."""
    if not hasattr(other, "wrap"):
        other = _as_operand(other, x, name)
    elif not hasattr(x, "wrap"):
        x = _as_operand(x, other, name)
    a, b = x.array, other.array
    if a.dtype is not b.dtype and a.dtype != b.dtype:
        target = result_type(((x.dtype, a.ndim), (other.dtype, b.ndim)))
        x, other = cast(x, target), cast(other, target)
    if a.shape != b.shape and a.ndim and b.ndim:
        check_broadcast(a.shape, b.shape, name)
    return x, other


def _as_operand(number, x, name):
    """Make a tensor of the operand beside x that is none: a number takes the type of x."""
    check_tensor(x, name)
    if isinstance(number, np.ndarray):
        return x.wrap(number)
    return x.wrap(as_number(number, x.array.dtype, name))


def as_number(number, dtype, name):
    """Make an array of one number: of `dtype`, if that has the number's kind or a higher one."""
    kind = type(number)
    if kind in (float, int) and dtype.kind == "f" and -6e4 < number < 6e4:  # fits float16 too
        return np.array(number, dtype)
    if isinstance(number, (bool, np.bool_)):
        kind = bool
    elif isinstance(number, (int, np.integer)):
        kind = int
    elif isinstance(number, (float, np.floating)):
        kind = float
    else:
        raise TypeError(
            f"{name}: needs a Tensor or a number beside the Tensor, not {kind.__name__}"
        )
    if category(as_dtype(kind).numpy) > category(dtype):
        dtype = as_dtype(kind).numpy
    if kind is int and dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if not limits.min <= number <= limits.max:
            raise DtypeError(
                f"{name}: {number} does not fit in {dtype.name}, which holds {limits.min} to "
                f"{limits.max}; convert the tensor to a larger type first"
            )
    return quiet(np.array, number, dtype)


def check_broadcast(a_shape, b_shape, name):
    """Refuse two shapes that do not broadcast, naming the axis at fault."""
    for axis in range(1, min(len(a_shape), len(b_shape)) + 1):
        m, n = a_shape[-axis], b_shape[-axis]
        if m != n and m != 1 and n != 1:
            short, long = sorted((a_shape, b_shape), key=len)
            hint = ""
            if len(short) == 1 < len(long) and short[0] in long[:-1]:
                behind = ", None" * (len(long) - 1 - long.index(short[0]))
                hint = f"; for axis {long.index(short[0])} of {long}: x[:{behind}]"
            raise ShapeError(
                f"{name}: shapes {a_shape} and {b_shape} do not broadcast: axis -{axis} has {m} "
                f"and {n}; counted from the last, axes must be equal or one of them 1{hint}"
            )


def check_dim(dim, ndim, name):
    """Return an axis counted from the first; a tensor without axes lends one."""
    if type(dim) is not int:
        dim = check_int(dim, f"{name}: dim")
    bound = ndim or 1
    if not -bound <= dim < bound:
        raise ShapeError(
            f"{name}: dim={dim} is not an axis of a tensor with {ndim} axes; "
            f"needs {-bound} to {bound - 1}"
        )
    return dim % bound


_AXES = [tuple(range(ndim)) for ndim in range(65)]  # NumPy has at most 64 axes


def check_dims(dim, ndim, name):
    """Return a tuple of axes counted from the first; None stands for all of them."""
    if dim is None or dim == ():
        return _AXES[ndim]
    if not isinstance(dim, (tuple, list)):
        return (check_dim(dim, ndim, name),) if ndim else ()
    dims = tuple(check_dim(each, ndim, name) for each in dim)
    if len(set(dims)) != len(dims):
        raise ShapeError(f"{name}: dim={tuple(dim)} names an axis twice")
    return dims if ndim else ()


class SumTo(Function):
    """Add up the axes along which a shape was broadcast: the adjoint of `BroadcastTo`."""

    keeps_inputs = False

    def __init__(self, shape):
        self.shape = shape

    def forward(self, x):
        lead = x.ndim - len(self.shape)
        spread = [
            lead + axis
            for axis, size in enumerate(self.shape)
            if size == 1 and x.shape[lead + axis] != 1
        ]
        return add_up(x, (*range(lead), *spread)).reshape(self.shape)

    def backward(self, grad_y):
        return BroadcastTo(self.input_shapes[0])(grad_y)


class BroadcastTo(Function):
    """Repeat axes of length 1, and add new ones in front, without copying."""

    keeps_inputs = False
    computes = False

    def __init__(self, shape):
        self.shape = shape

    def forward(self, x):
        return broadcast(x, self.shape)

    def backward(self, grad_y):
        return sum_to(grad_y, self.input_shapes[0])


def sum_to(x, shape):
    """Add x up to `shape`, from which it was broadcast."""
    return x if x.array.shape == shape else SumTo(shape)(x)
