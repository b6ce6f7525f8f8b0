"""The tensor: a NumPy array that remembers how it was computed."""

import weakref

import numpy as np

from lucid import autograd, formatting
from lucid.device import CPU, as_device
from lucid.device import device as device_class
from lucid.dtypes import NAMES, as_dtype, bool_, float32, float64, int32, int64, uint8
from lucid.errors import DtypeError, GradError, ShapeError
from lucid.ops import comparison, elementwise, indexing, linalg, reduction, shaping
from lucid.ops.operands import cast, is_tensor

__all__ = ["Tensor"]

_new = object.__new__
_ndarray = np.ndarray


class Tensor:
    """An array of numbers of one type, on the CPU, that can be differentiated.

    Made by `lucid.tensor`, `lucid.zeros` and the like, or by computing with other tensors.

    Parameters
    ----------
    array : numpy.ndarray
        The elements; the tensor shares their memory.
    requires_grad : bool, default False
        Whether gradients with respect to this tensor are wanted.

    Attributes
    ----------
    array : numpy.ndarray
        The elements. Whoever writes into it calls ``bump()`` afterwards.
    node : Function or None
        The step that computed the tensor, if a gradient may be wanted; None for a leaf.
    requires_grad : bool
        Whether gradients flow to or through this tensor.
    grad : Tensor or None
        What `backward` added up, for a leaf.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    tensor([[2., 4.],
            [6., 8.]])
    """

    hooks = None
    retained = None

    def __init__(self, array, requires_grad=False):
        self.array = np.asarray(array)
        self.node = None
        self.requires_grad = False
        self.grad = None
        self.counter = [0]
        as_dtype(self.array.dtype)  # refuses types that lucid does not have
        if requires_grad:
            self.requires_grad_()

    def wrap(self, array, node=None):
        """Make a tensor of a result: the end of every step."""
        y = _new(Tensor)
        if type(array) is not _ndarray:
            array = np.asarray(array)
        y.array = array
        y.node = node
        y.requires_grad = node is not None
        y.grad = None
        base = array.base
        # a view counts its changes together with what it views
        is_view = base is not None and (base is self.array or base is self.array.base)
        y.counter = self.counter if is_view else [0]
        return y

    # --- what it is

    @property
    def shape(self):
        """Sizes of the axes, a plain tuple."""
        return self.array.shape

    @property
    def ndim(self):
        """Number of axes."""
        return self.array.ndim

    @property
    def dtype(self):
        """Data type of the elements."""
        return as_dtype(self.array.dtype)

    @property
    def device(self):
        """Where the elements are: always the CPU."""
        return CPU

    @property
    def is_leaf(self):
        """Whether no recorded step computed it."""
        return self.node is None

    @property
    def grad_fn(self):
        """The recorded step that computed it; PyTorch's name of `node`."""
        return self.node

    @property
    def nbytes(self):
        """Bytes that the elements take."""
        return self.array.nbytes

    @property
    def T(self):
        """All axes in reverse order, as a view."""
        return shaping.permute(self, tuple(range(self.array.ndim))[::-1])

    @property
    def mT(self):
        """The last two axes swapped, as a view."""
        return shaping.transpose(self, -1, -2)

    def size(self, dim=None):
        """Give the shape, or the size of one axis."""
        return self.array.shape if dim is None else self.array.shape[dim]

    def dim(self):
        """Count the axes."""
        return self.array.ndim

    def numel(self):
        """Count the elements."""
        return self.array.size

    def element_size(self):
        """Count the bytes of one element."""
        return self.array.itemsize

    def is_contiguous(self):
        """Tell whether the elements lie in memory in the order of their indices."""
        return self.array.flags.c_contiguous

    def is_floating_point(self):
        """Tell whether the elements are floating-point numbers."""
        return self.array.dtype.kind == "f"

    # --- as other things

    def item(self):
        """Give the only element as a Python number."""
        if self.array.size != 1:
            raise ShapeError(f"item: shape {self.shape} has {self.array.size} elements, needs 1")
        return self.array.item()

    def tolist(self):
        """Give the elements as nested lists of Python numbers."""
        return self.array.tolist()

    def numpy(self):
        """Give the elements as a NumPy array that shares their memory."""
        if self.requires_grad:
            raise GradError("numpy: a change of the array would bypass the graph; use x.detach()")
        return self.array

    def __array__(self, dtype=None, copy=None):
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __dlpack__(self, **options):
        return self.numpy().__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()

    def __buffer__(self, flags):
        return memoryview(self.numpy())

    def to(self, *target, dtype=None, device=None, copy=False):
        """Convert to a data type, a device, or the type of another tensor."""
        for each in target:
            if is_tensor(each):
                dtype = each.dtype
            elif isinstance(each, device_class) or (isinstance(each, str) and each not in NAMES):
                device = each
            else:
                dtype = each
        as_device(device)
        x = self if dtype is None else cast(self, as_dtype(dtype))
        return x.clone() if copy and x is self else x

    def float(self):
        """Convert to float32."""
        return cast(self, float32)

    def double(self):
        """Convert to float64."""
        return cast(self, float64)

    def long(self):
        """Convert to int64."""
        return cast(self, int64)

    def int(self):
        """Convert to int32."""
        return cast(self, int32)

    def byte(self):
        """Convert to uint8."""
        return cast(self, uint8)

    def bool(self):
        """Convert to bool: whether an element is not 0."""
        return cast(self, bool_)

    def cpu(self):
        """Give the tensor itself: it is on the CPU."""
        return self

    # --- the graph

    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
        """Add the gradients of this tensor to the `grad` of its leaves: `lucid.autograd.backward`."""
        autograd.backward(self, gradient, retain_graph, create_graph, inputs)

    def requires_grad_(self, requires_grad=True):
        """Say whether gradients with respect to this leaf are wanted; returns the tensor."""
        if self.node is not None:
            if not requires_grad:
                raise GradError("requires_grad_(False) is for leaves; use x.detach() for a result")
        elif requires_grad and not self.is_floating_point():
            raise DtypeError(
                f"only floating-point tensors can require gradients, this one is "
                f"{self.dtype.name}; call .float() first"
            )
        self.requires_grad = requires_grad
        return self

    def detach(self):
        """Give a tensor that shares the memory but not the graph."""
        y = self.wrap(self.array)
        y.counter = self.counter
        return y

    @property
    def data(self):
        """The elements without the graph; assigning replaces them."""
        return self.detach()

    @data.setter
    def data(self, value):
        array = value.array if is_tensor(value) else np.asarray(value)
        self.array = array
        self.bump()

    def clone(self):
        """Copy the elements; the gradient flows through."""
        return shaping.clone(self)

    def contiguous(self):
        """Give the elements in the order of their indices: the tensor itself if they are."""
        return self if self.is_contiguous() else Clone()(self)

    def register_hook(self, hook):
        """Call ``hook(gradient)`` in every walk; it may return another gradient.

        Returns a handle with ``remove()``.
        """
        if not self.requires_grad:
            raise GradError("register_hook: this tensor does not require a gradient")
        return autograd.add_hook(self.node or self, hook)

    def retain_grad(self):
        """Keep the gradient of a tensor that is not a leaf in its `grad`."""
        if not self.requires_grad:
            raise GradError("retain_grad: this tensor does not require a gradient")
        if self.node is not None:
            self.node.retained = weakref.ref(self)

    @property
    def version(self):
        """How often the elements were changed in place."""
        return self.counter[0]

    def bump(self):
        """Count a change of the elements in place."""
        self.counter[0] += 1

    # --- in place

    def _writable(self, name):
        if self.requires_grad and autograd.is_grad_enabled():
            raise GradError(
                f"{name} would change a tensor that requires grad behind its graph's back; use it "
                f"inside no_grad, or the operation that makes a new tensor"
            )
        return self.array

    def _put(self, array, name):
        target = self._writable(name)
        if array.dtype.kind == "f" and target.dtype.kind != "f":
            raise DtypeError(f"{name}: a {array.dtype.name} result does not fit {self.dtype.name}")
        try:
            target[...] = array
        except ValueError:
            raise ShapeError(
                f"{name}: a result of shape {array.shape} does not fit {self.shape}"
            ) from None
        self.bump()
        return self

    def copy_(self, other):
        """Write the elements of another tensor, broadcast and converted, over this one's."""
        other = other.array if is_tensor(other) else other
        return self._put(np.asarray(other, dtype=self.array.dtype), "copy_")

    def fill_(self, value):
        """Write one number over all elements."""
        return self.copy_(value)

    def zero_(self):
        """Write 0 over all elements."""
        return self.copy_(0)

    def add_(self, other, *, alpha=1):
        """Add in place."""
        return self._put(elementwise.add(self.detach(), other, alpha=alpha).array, "add_")

    def sub_(self, other, *, alpha=1):
        """Subtract in place."""
        return self._put(elementwise.sub(self.detach(), other, alpha=alpha).array, "sub_")

    def mul_(self, other):
        """Multiply in place."""
        return self._put(elementwise.mul(self.detach(), other).array, "mul_")

    def div_(self, other):
        """Divide in place."""
        return self._put(elementwise.div(self.detach(), other).array, "div_")

    __iadd__ = add_
    __isub__ = sub_
    __imul__ = mul_
    __itruediv__ = div_

    # --- steps, documented where they are defined

    abs = elementwise.abs
    add = elementwise.add
    clamp = elementwise.clamp
    cos = elementwise.cos
    div = elementwise.div
    exp = elementwise.exp
    log = elementwise.log
    maximum = elementwise.maximum
    minimum = elementwise.minimum
    mul = elementwise.mul
    neg = elementwise.neg
    pow = elementwise.pow
    relu = elementwise.relu
    sigmoid = elementwise.sigmoid
    sin = elementwise.sin
    sqrt = elementwise.sqrt
    square = elementwise.square
    sub = elementwise.sub
    tanh = elementwise.tanh

    all = reduction.all
    amax = reduction.amax
    amin = reduction.amin
    any = reduction.any
    argmax = reduction.argmax
    argmin = reduction.argmin
    log_softmax = reduction.log_softmax
    logsumexp = reduction.logsumexp
    max = reduction.max
    mean = reduction.mean
    min = reduction.min
    softmax = reduction.softmax
    std = reduction.std
    sum = reduction.sum
    var = reduction.var

    broadcast_to = shaping.broadcast_to
    clone = shaping.clone
    contiguous = shaping.contiguous
    expand = shaping.broadcast_to
    flatten = shaping.flatten
    flip = shaping.flip
    movedim = shaping.movedim
    permute = shaping.permute
    reshape = shaping.reshape
    squeeze = shaping.squeeze
    t = shaping.t
    transpose = shaping.transpose
    unsqueeze = shaping.unsqueeze
    view = shaping.view

    matmul = linalg.matmul

    # --- operators

    __array_ufunc__ = None  # so that array + tensor comes to __radd__
    __hash__ = object.__hash__

    __add__ = __radd__ = elementwise.add
    __mul__ = __rmul__ = elementwise.mul
    __sub__ = elementwise.sub
    __truediv__ = elementwise.div
    __pow__ = elementwise.pow
    __neg__ = elementwise.neg
    __abs__ = elementwise.abs
    __matmul__ = linalg.matmul
    __lt__ = comparison.lt
    __le__ = comparison.le
    __gt__ = comparison.gt
    __ge__ = comparison.ge
    __and__ = __rand__ = comparison.bitwise_and
    __or__ = __ror__ = comparison.bitwise_or
    __xor__ = __rxor__ = comparison.bitwise_xor
    __invert__ = comparison.bitwise_not
    __getitem__ = indexing.get_item
    __setitem__ = indexing.set_item

    def __eq__(self, other):
        return NotImplemented if other is None else comparison.eq(self, other)

    def __ne__(self, other):
        return NotImplemented if other is None else comparison.ne(self, other)

    def __rsub__(self, other):
        return elementwise.sub(other, self)

    def __rtruediv__(self, other):
        return elementwise.div(other, self)

    def __rpow__(self, base):
        return elementwise.pow(base, self)

    def __len__(self):
        if not self.array.ndim:
            raise TypeError("len() of a tensor without axes")
        return self.array.shape[0]

    def __iter__(self):
        return iter([self[i] for i in range(len(self))])

    def __contains__(self, value):
        return bool((self == value).any())

    def __bool__(self):
        if self.array.size != 1:
            raise ShapeError(
                f"a tensor of shape {self.shape} is neither true nor false; use .any() or .all()"
            )
        return bool(self.item())

    def __int__(self):
        return int(self.item())

    def __index__(self):
        if self.array.dtype.kind not in "iu" or self.array.size != 1:
            raise TypeError(
                f"only one integer is an index, not a {self.dtype.name} tensor of shape "
                f"{self.shape}"
            )
        return self.array.item()

    def __float__(self):
        return float(self.item())

    def __repr__(self):
        return formatting.tensor_text(self)

    def __format__(self, spec):
        return format(self.item(), spec) if spec else repr(self)

    # --- copies

    def __getstate__(self):
        if self.node is not None:
            raise GradError(
                "only a leaf can be copied deeply or pickled, a result depends on its graph; "
                "use x.detach()"
            )
        return {**self.__dict__, "hooks": None, "retained": None, "counter": [0]}

    def __setstate__(self, state):
        self.__dict__.update(state)
