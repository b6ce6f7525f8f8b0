"""The tensor: a NumPy array that remembers how it was computed."""

import weakref
from operator import attrgetter

import numpy as np

from lucid import autograd, formatting
from lucid.device import CPU, as_device
from lucid.device import device as device_class
from lucid.dtypes import as_dtype, bool_, float16, float32, float64, int32, int64, uint8
from lucid.errors import DtypeError, GradError, ShapeError
from lucid.inplace import InPlace
from lucid.methods import Methods
from lucid.ops import comparison, elementwise, indexing, linalg, rounding, shaping
from lucid.ops.operands import cast, check_dim, is_tensor

__all__ = ["Tensor"]

DEVICES = ("cpu", "cuda", "mps", "meta", "xpu")  # how a text that names a device begins
_new = object.__new__
_ndarray = np.ndarray


def _as_array(result):
    """Make an array of what a step computed, where NumPy gave a scalar."""
    if result is None:
        raise TypeError("a step computes one array, but its forward returned None: return it")
    if isinstance(result, (tuple, list)):
        raise TypeError(f"a step computes one array, not a {type(result).__name__}")
    return np.asarray(result)


class Tensor(InPlace, Methods):
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

    Raises
    ------
    DtypeError
        If lucid does not have the type of the elements, their byte order is not the machine's, or
        a gradient is wanted of other than floating-point numbers.

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
        self._requires_grad = False
        self.grad = None
        self.counter = [0]
        as_dtype(self.array.dtype)  # refuses types that lucid does not have
        if not self.array.dtype.isnative:
            raise DtypeError(
                f"byte order {self.array.dtype.str} is not the machine's; convert the array first: "
                f"array.astype({self.array.dtype.name!r})"
            )
        if requires_grad:
            if not isinstance(requires_grad, (bool, np.bool_)):  # PyTorch's Tensor(2, 3)
                raise TypeError(
                    f"Tensor wraps one array; requires_grad={requires_grad!r} is neither True nor "
                    f"False; for a tensor of a shape call lucid.empty or lucid.zeros"
                )
            self.requires_grad_()

    def wrap(self, array, node=None):
        """Make a tensor of a result: the end of every step.

        Parameters
        ----------
        array : numpy.ndarray
            The elements.
        node : Function, optional
            The step that computed them, if it is recorded.

        Returns
        -------
        Tensor
            It shares the memory of `array`.

        Examples
        --------
        >>> import lucid
        >>> import numpy as np
        >>> lucid.zeros(2).wrap(np.arange(3))
        tensor([0, 1, 2])
        """
        y = _new(Tensor)
        if type(array) is not _ndarray:
            array = _as_array(array)
        y.array = array
        y.node = node
        y._requires_grad = node is not None
        y.grad = None
        # a view counts its changes together with what it views
        own, base = self.array, array.base
        is_view = array is own or base is not None and (base is own or base is own.base)
        y.counter = self.counter if is_view else [0]
        return y

    # --- what it is

    @property
    def shape(self):
        """Sizes of the axes, a plain tuple.

        Returns
        -------
        tuple of int

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(2, 3).shape
        (2, 3)
        """
        return self.array.shape

    @property
    def ndim(self):
        """Number of axes.

        Returns
        -------
        int

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(2, 3).ndim
        2
        """
        return self.array.ndim

    @property
    def dtype(self):
        """Data type of the elements.

        Returns
        -------
        dtype

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([1, 2]).dtype, lucid.tensor([1.0]).dtype
        (lucid.int64, lucid.float32)
        """
        return as_dtype(self.array.dtype)

    @property
    def device(self):
        """Where the elements are: always the CPU.

        Returns
        -------
        device

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(2).device
        device(type='cpu')
        """
        return CPU

    @property
    def is_leaf(self):
        """Whether no recorded step computed it.

        Returns
        -------
        bool

        Examples
        --------
        >>> import lucid
        >>> x = lucid.ones(2, requires_grad=True)
        >>> x.is_leaf, (x * 2).is_leaf
        (True, False)
        """
        return self.node is None

    @property
    def grad_fn(self):
        """The recorded step that computed it; PyTorch's name of `node`.

        Returns
        -------
        Function or None
            None for a leaf.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.ones(2, requires_grad=True)
        >>> print(x.grad_fn, type((x * 2).grad_fn).__name__)
        None Multiply
        """
        return self.node

    @property
    def nbytes(self):
        """Bytes that the elements take.

        Returns
        -------
        int
            ``numel() * element_size()``.

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(2, 3).nbytes
        24
        """
        return self.array.nbytes

    @property
    def T(self):
        """All axes in reverse order, as a view.

        Returns
        -------
        Tensor
            It shares the memory of this one.

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(2, 3, 4).T.shape
        (4, 3, 2)
        """
        return shaping.permute(self, tuple(range(self.array.ndim))[::-1])

    @property
    def mT(self):
        """The last two axes swapped, as a view.

        Returns
        -------
        Tensor
            It shares the memory of this one.

        Raises
        ------
        ShapeError
            If there are fewer than two axes.

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(2, 3, 4).mT.shape
        (2, 4, 3)
        """
        return shaping.transpose(self, -1, -2)

    def size(self, dim=None):
        """Give the shape, or the size of one axis.

        Parameters
        ----------
        dim : int, optional
            The axis; negative counts from the last.

        Returns
        -------
        tuple of int, or int

        Raises
        ------
        ShapeError
            If `dim` is not an axis.

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(2, 3).size(), lucid.zeros(2, 3).size(-1)
        ((2, 3), 3)
        """
        shape = self.array.shape
        return shape if dim is None else shape[check_dim(dim, len(shape), "size")]

    def dim(self):
        """Count the axes.

        Returns
        -------
        int

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(2, 3).dim()
        2
        """
        return self.array.ndim

    def numel(self):
        """Count the elements.

        Returns
        -------
        int
            The product of the sizes; 1 for a tensor without axes.

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(2, 3).numel(), lucid.tensor(5.0).numel()
        (6, 1)
        """
        return self.array.size

    def element_size(self):
        """Count the bytes of one element.

        Returns
        -------
        int

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(2).element_size(), lucid.zeros(2, dtype=lucid.float64).element_size()
        (4, 8)
        """
        return self.array.itemsize

    def stride(self):
        """Give for each axis the elements of memory from one position to the next.

        Returns
        -------
        tuple of int
            Negative along an axis that is read backward, 0 along one that is repeated.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.zeros(2, 3)
        >>> x.stride(), x.T.stride()
        ((3, 1), (1, 3))
        """
        return tuple([step // self.array.itemsize for step in self.array.strides])

    def is_contiguous(self):
        """Tell whether the elements lie in memory in the order of their indices.

        Returns
        -------
        bool

        Examples
        --------
        >>> import lucid
        >>> x = lucid.zeros(2, 3)
        >>> x.is_contiguous(), x.T.is_contiguous(), x.T.contiguous().is_contiguous()
        (True, False, True)
        """
        return self.array.flags.c_contiguous

    def is_floating_point(self):
        """Tell whether the elements are floating-point numbers.

        Returns
        -------
        bool

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(2).is_floating_point(), lucid.arange(2).is_floating_point()
        (True, False)
        """
        return self.array.dtype.kind == "f"

    # --- as other things

    def item(self):
        """Give the only element as a Python number.

        Returns
        -------
        float, int or bool

        Raises
        ------
        ShapeError
            If there is not exactly one element.

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([[2.5]]).item()
        2.5
        """
        if self.array.size != 1:
            raise ShapeError(
                f"item: shape {self.shape} has {self.array.size} elements, needs 1; tolist() gives "
                f"all, x[0] takes one"
            )
        return self.array.item()

    def tolist(self):
        """Give the elements as nested lists of Python numbers.

        Returns
        -------
        list, or a number if there are no axes

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([[1, 2], [3, 4]]).tolist()
        [[1, 2], [3, 4]]
        """
        return self.array.tolist()

    def numpy(self):
        """Give the elements as a NumPy array that shares their memory.

        Whoever writes into the array calls ``bump()`` of the tensor afterwards, if a step may have
        saved it.

        Returns
        -------
        numpy.ndarray

        Raises
        ------
        GradError
            If the tensor requires grad.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.zeros(2)
        >>> x.numpy()[0] = 7
        >>> x
        tensor([7., 0.])
        """
        if self.requires_grad:
            raise GradError(
                "numpy: NumPy would compute with this tensor, which requires grad, behind its "
                "graph's back; use x.detach().numpy()"
            )
        return self.array

    def __array__(self, dtype=None, copy=None):
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __dlpack__(self, **options):
        return self.numpy().__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()

    def __buffer__(self, flags):
        return memoryview(self.numpy())

    def to(self, *target, dtype=None, device=None, non_blocking=False, copy=False):
        """Convert to a data type, a device, or the type of another tensor.

        Parameters
        ----------
        *target : dtype, device or Tensor
            What to convert to: ``x.to(lucid.float64)``, ``x.to("cpu")``, ``x.to(other)``.
        dtype : dtype, optional
            Data type.
        device : device, optional
            Only ``"cpu"``.
        non_blocking : bool, default False
            Without effect; PyTorch has it.
        copy : bool, default False
            Copy even if nothing changes.

        Returns
        -------
        Tensor
            The tensor itself if it is so already; the gradient flows through.

        Raises
        ------
        DtypeError, DeviceError
            If lucid does not have the type or the device.

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([1, 2]).to(lucid.float64)
        tensor([1., 2.], dtype=lucid.float64)
        """
        for each in target:
            if is_tensor(each):
                dtype = each.dtype
            elif isinstance(each, device_class) or str(each).split(":")[0] in DEVICES:
                device = each
            else:
                dtype = each
        as_device(device)
        x = self if dtype is None else cast(self, as_dtype(dtype))
        return x.clone() if copy and x is self else x

    def float(self):
        """Convert to float32.

        Returns
        -------
        Tensor
            The tensor itself if it is float32 already; else a copy, through which gradients flow.

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([1, 2]).float()
        tensor([1., 2.])
        """
        return cast(self, float32)

    def double(self):
        """Convert to float64.

        Returns
        -------
        Tensor
            The tensor itself if it is float64 already; else a copy, through which gradients flow.

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([1.0, 2.0]).double()
        tensor([1., 2.], dtype=lucid.float64)
        """
        return cast(self, float64)

    def half(self):
        """Convert to float16, which is for storage.

        Returns
        -------
        Tensor
            The tensor itself if it is float16 already; else a copy, rounded to 11 binary digits.

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([0.1]).half().float().item()
        0.0999755859375
        """
        return cast(self, float16)

    def type(self, dtype=None):
        """Give the name of the data type, or convert to another.

        Parameters
        ----------
        dtype : dtype, optional
            What to convert to.

        Returns
        -------
        str or Tensor
            The name, as in ``"lucid.float32"``; or the converted tensor, itself if it is so
            already.

        Raises
        ------
        DtypeError
            If lucid does not have the type.

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(2).type(), lucid.zeros(2).type(lucid.int8)
        ('lucid.float32', tensor([0, 0], dtype=lucid.int8))
        """
        return repr(self.dtype) if dtype is None else cast(self, as_dtype(dtype))

    def long(self):
        """Convert to int64.

        Returns
        -------
        Tensor
            The tensor itself if it is int64 already; else a copy, rounded towards zero.

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([-1.5, 2.9]).long()
        tensor([-1,  2])
        """
        return cast(self, int64)

    def int(self):
        """Convert to int32.

        Returns
        -------
        Tensor
            The tensor itself if it is int32 already; else a copy, rounded towards zero.

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([-1.5, 2.9]).int()
        tensor([-1,  2], dtype=lucid.int32)
        """
        return cast(self, int32)

    def byte(self):
        """Convert to uint8.

        Returns
        -------
        Tensor
            The tensor itself if it is uint8 already; else a copy, for numbers from 0 to 255.

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([0, 255]).byte()
        tensor([  0, 255], dtype=lucid.uint8)
        """
        return cast(self, uint8)

    def bool(self):
        """Convert to bool: whether an element is not 0.

        Returns
        -------
        Tensor
            The tensor itself if it is bool already; else a copy.

        Examples
        --------
        >>> import lucid
        >>> lucid.tensor([0.0, -2.0]).bool()
        tensor([False,  True])
        """
        return cast(self, bool_)

    def cpu(self):
        """Give the tensor itself: it is on the CPU.

        Returns
        -------
        Tensor

        Examples
        --------
        >>> import lucid
        >>> x = lucid.zeros(2)
        >>> x.cpu() is x
        True
        """
        return self

    # --- the graph

    # read at every step, so by C; set with the checks of requires_grad_
    requires_grad = property(
        attrgetter("_requires_grad"), lambda self, value: self.requires_grad_(value),
        doc="Whether gradients flow to or through this tensor; can be set.",
    )

    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
        """Add the gradients of this tensor to the `grad` of the leaves it was computed from.

        Parameters
        ----------
        gradient : Tensor, optional
            The gradient with respect to this tensor, in its shape and type; may be left out if it
            has one element, where it is 1.
        retain_graph : bool, optional
            Keep what the steps saved, to walk them again; default as `create_graph`.
        create_graph : bool, default False
            Record the walk itself, so that the gradients can be differentiated.
        inputs : sequence of Tensor, optional
            The only leaves whose `grad` is wanted; default all.

        Raises
        ------
        GradError
            As `lucid.autograd.backward`.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4.])
        """
        autograd.backward(self, gradient, retain_graph, create_graph, inputs)

    def requires_grad_(self, requires_grad=True):
        """Say whether gradients with respect to this leaf are wanted.

        Parameters
        ----------
        requires_grad : bool, default True
            Whether they are.

        Returns
        -------
        Tensor
            The tensor itself.

        Raises
        ------
        DtypeError
            If the elements are not floating-point numbers.
        GradError
            If the tensor is the result of a recorded step, and `requires_grad` is False.

        Examples
        --------
        >>> import lucid
        >>> lucid.zeros(2).requires_grad_()
        tensor([0., 0.], requires_grad=True)
        """
        if self.node is not None:
            if not requires_grad:
                raise GradError("requires_grad_(False) is for leaves; use x.detach() for a result")
        elif requires_grad and not self.is_floating_point():
            raise DtypeError(
                f"only floating-point tensors can require gradients, this one is "
                f"{self.dtype.name}; call .float() first"
            )
        self._requires_grad = bool(requires_grad)
        return self

    def detach(self):
        """Give a tensor that shares the memory but not the graph.

        Returns
        -------
        Tensor
            A leaf that does not require grad. A change in place of one is seen in the other, and
            noticed by the steps that saved it.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.ones(2, requires_grad=True)
        >>> (x * 2).detach()
        tensor([2., 2.])
        """
        return self.wrap(self.array)

    @property
    def data(self):
        """The elements without the graph; assigning replaces them.

        What is assigned may have another shape and type; its elements are taken without a copy.

        Returns
        -------
        Tensor
            It shares the memory of this one.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.ones(2, requires_grad=True)
        >>> x.data
        tensor([1., 1.])
        >>> x.data = lucid.zeros(3)
        >>> x
        tensor([0., 0., 0.], requires_grad=True)
        """
        return self.detach()

    @data.setter
    def data(self, value):
        array = value.array if is_tensor(value) else np.asarray(value)
        as_dtype(array.dtype)
        self.array = array
        self.bump()

    def register_hook(self, hook):
        """Call a function with the gradient of this tensor in every walk backward.

        Parameters
        ----------
        hook : callable
            ``hook(gradient)`` gets the whole gradient, and returns None or another one of the same
            shape and type, which flows on instead. It must not change the gradient in place.

        Returns
        -------
        Handle
            Its ``remove()`` forgets the hook.

        Raises
        ------
        GradError
            If the tensor does not require grad.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.ones(2, requires_grad=True)
        >>> handle = x.register_hook(lambda gradient: gradient * 10)
        >>> x.sum().backward()
        >>> x.grad
        tensor([10., 10.])
        >>> handle.remove()
        """
        if not self.requires_grad:
            raise GradError("register_hook: this tensor does not require a gradient")
        return autograd.add_hook(self.node or self, hook)

    def retain_grad(self):
        """Keep the gradient of a tensor that is not a leaf in its `grad`, as a leaf does.

        Raises
        ------
        GradError
            If the tensor does not require grad.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.ones(2, requires_grad=True)
        >>> y = x * 2
        >>> y.retain_grad()
        >>> y.sum().backward()
        >>> y.grad
        tensor([1., 1.])
        """
        if not self.requires_grad:
            raise GradError("retain_grad: this tensor does not require a gradient")
        if self.node is not None:
            self.node.retained = weakref.ref(self)

    @property
    def version(self):
        """How often the elements were changed in place, through this tensor or its views.

        `backward` compares it with what it was when a step kept the tensor, so that it computes no
        gradient from elements that have changed since.

        Returns
        -------
        int

        Examples
        --------
        >>> import lucid
        >>> x = lucid.zeros(2)
        >>> _ = x[0].fill_(1)
        >>> x.version
        1
        """
        return self.counter[0]

    def bump(self):
        """Count a change of the elements in place: to be called after writing into `array`.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.zeros(2)
        >>> x.array[0] = 1
        >>> x.bump()
        >>> x.version
        1
        """
        self.counter[0] += 1

    # --- operators

    __array_ufunc__ = None  # so that array + tensor comes to __radd__
    __hash__ = object.__hash__

    __add__ = __radd__ = elementwise.add
    __mul__ = __rmul__ = elementwise.mul
    __sub__ = elementwise.sub
    __truediv__ = elementwise.div
    __pow__ = elementwise.pow
    __floordiv__ = rounding.floor_divide
    __mod__ = rounding.remainder
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

    def __pos__(self):
        return self

    def __rsub__(self, other):
        return elementwise.sub(other, self)

    def __rtruediv__(self, other):
        return elementwise.div(other, self)

    def __rfloordiv__(self, other):
        return rounding.floor_divide(other, self)

    def __rmod__(self, other):
        return rounding.remainder(other, self)

    def __rpow__(self, base):
        return elementwise.pow(base, self)

    def __rmatmul__(self, other):
        return linalg.matmul(other, self)

    def __len__(self):
        if not self.array.ndim:
            raise TypeError("len() of a tensor without axes; it is one number: x.item()")
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
        is_number = spec or not self.array.ndim
        return format(self.item(), spec) if is_number else repr(self)

    # --- copies

    def __getstate__(self):
        if self.node is not None:
            raise GradError(
                "only a leaf can be copied deeply or pickled, a result depends on its graph; "
                "use x.detach()"
            )
        return {**self.__dict__, "hooks": None, "retained": None}

    def __setstate__(self, state):
        self.__dict__.update(state)
