"""Tensors that belong to a module, and the placeholders of those that have no shape yet."""

import numpy as np

from lucid.autograd import no_grad
from lucid.device import as_device
from lucid.dtypes import as_dtype
from lucid.errors import DtypeError, LazyError, ShapeError
from lucid.tensor import Tensor

__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter"]


class Parameter(Tensor):
    """A tensor that a module learns: assigned to an attribute, it is one of `parameters()`.

    Parameters
    ----------
    data : Tensor
        The first values, of any shape; the parameter shares their memory.
    requires_grad : bool, default True
        Whether gradients with respect to it are wanted.

    Raises
    ------
    TypeError
        If `data` is not a tensor.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Parameter(lucid.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    def __init__(self, data, requires_grad=True):
        super().__init__(_elements(data, "Parameter"), requires_grad)
        self.counter = data.counter  # the memory is shared, so its changes are counted together

    def __repr__(self):
        return f"Parameter containing:\n{super().__repr__()}"


class Buffer(Tensor):
    """A tensor that a module keeps but does not learn, such as the mean of a batch norm.

    Assigned to an attribute, it is one of `buffers()`.

    Parameters
    ----------
    data : Tensor
        The values, of any shape; the buffer shares their memory.
    persistent : bool, default True
        Whether it is part of the state dict.

    Raises
    ------
    TypeError
        If `data` is not a tensor.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.Module()
    >>> layer.count = nn.Buffer(lucid.tensor(0))
    >>> dict(layer.state_dict())
    {'count': tensor(0)}
    """

    def __init__(self, data, persistent=True):
        super().__init__(_elements(data, "Buffer"))
        self.counter = data.counter
        self.persistent = persistent


class _Uninitialized:
    """What a placeholder can do: remember its type, and become a tensor while it stays itself."""

    def __init__(self, requires_grad=False, device=None, dtype=None):
        as_device(device)
        self._dtype = as_dtype(dtype)
        self.node = self.grad = None
        self.counter = [0]
        self.requires_grad_(requires_grad)

    @property
    def array(self):
        """The elements; there are none yet."""
        raise LazyError(
            f"this {type(self).__name__} has no shape and no elements before its layer has seen an "
            f"input; run one forward or load a state dict first"
        )

    @property
    def dtype(self):
        """Data type that the elements will have."""
        return self._dtype

    def is_floating_point(self):
        """Tell whether the elements will be floating-point numbers."""
        return self._dtype.is_floating_point

    def materialize(self, shape, array=None):
        """Become a tensor with elements, in place: whoever holds the placeholder has the tensor.

        Parameters
        ----------
        shape : tuple of int
            Its shape.
        array : array_like, optional
            Its first values, of that shape, converted to its type; default zeros.

        Raises
        ------
        ShapeError
            If `array` has another shape.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> weight = nn.UninitializedParameter()
        >>> weight.materialize((2,))
        >>> weight
        Parameter containing:
        tensor([0., 0.], requires_grad=True)
        """
        elements = np.zeros(shape, self._dtype.numpy)
        if array is not None:
            if np.shape(array) != elements.shape:
                raise ShapeError(f"materialize: shape {shape}, but array {np.shape(array)}")
            elements[...] = array
        del self.__dict__["_dtype"]
        self.__class__ = self._becomes
        self.array = elements

    def __repr__(self):
        return f"<{type(self).__name__}>"


class UninitializedParameter(_Uninitialized, Parameter):
    """A parameter that has no shape yet, as a lazy layer has it before its first input.

    It can be handed to an optimizer, cast, copied, pickled and frozen; anything that needs its
    shape or its elements is a LazyError. `materialize` turns this same object into a `Parameter`.

    Parameters
    ----------
    requires_grad : bool, default True
        Whether gradients with respect to it will be wanted.
    device : device, optional
        The CPU.
    dtype : dtype, optional
        Data type of the elements to come; default the default type.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> weight = nn.UninitializedParameter()
    >>> try:
    ...     weight.shape
    ... except lucid.LazyError:
    ...     print("run one forward or load a state dict first")
    run one forward or load a state dict first
    >>> weight.materialize((3, 2))
    >>> weight.shape
    (3, 2)
    """

    _becomes = Parameter

    def __init__(self, requires_grad=True, device=None, dtype=None):
        super().__init__(requires_grad, device, dtype)


class UninitializedBuffer(_Uninitialized, Buffer):
    """A buffer that has no shape yet; see `UninitializedParameter`.

    Parameters
    ----------
    device : device, optional
        The CPU.
    dtype : dtype, optional
        Data type of the elements to come; default the default type.
    persistent : bool, default True
        Whether it will be part of the state dict.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> mean = nn.UninitializedBuffer()
    >>> mean.materialize((2,))
    >>> mean
    tensor([0., 0.])
    """

    _becomes = Buffer

    def __init__(self, device=None, dtype=None, persistent=True):
        super().__init__(False, device, dtype)
        self.persistent = persistent


def is_lazy(x):
    """Tell whether `x` is a placeholder that has no shape yet."""
    return isinstance(x, _Uninitialized)


@no_grad()
def cast_(x, dtype):
    """Change the type of a parameter or buffer, and of its gradient, keeping the object."""
    if x.requires_grad and not dtype.is_floating_point:
        raise DtypeError(
            f"a parameter that requires a gradient cannot become {dtype.name}; call "
            f"requires_grad_(False) first"
        )
    if is_lazy(x):
        x._dtype = dtype
    elif x.dtype is not dtype:
        x.data = x.array.astype(dtype.numpy)
    if x.grad is not None:
        cast_(x.grad, dtype)


def _elements(data, name):
    if not isinstance(data, Tensor):
        raise TypeError(
            f"{name} needs a Tensor, got a {type(data).__name__}; wrap it: lucid.tensor(data)"
        )
    return data.array
