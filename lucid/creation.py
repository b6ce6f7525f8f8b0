"""Making tensors."""

import reprlib
from numbers import Integral

import numpy as np

from lucid.device import as_device
from lucid.dtypes import as_dtype, get_default_dtype
from lucid.errors import DtypeError
from lucid.ops.naming import named_size
from lucid.ops.operands import check_tensor, is_tensor
from lucid.ops.shaping import as_shape
from lucid.tensor import Tensor

__all__ = [
    "arange", "as_tensor", "empty", "empty_like", "eye", "from_dlpack", "from_numpy", "frombuffer",
    "full", "full_like", "linspace", "ones", "ones_like", "tensor", "zeros", "zeros_like",
]


def tensor(data, *, dtype=None, device=None, requires_grad=False):
    """Make a tensor of a copy of some data.

    Parameters
    ----------
    data : number, nested sequence, numpy.ndarray or Tensor
        The elements.
    dtype : dtype, optional
        Data type; default that of an array or tensor, the default type for Python floats, int64
        for ints, bool for bools.
    device : device, optional
        Only ``"cpu"``.
    requires_grad : bool, default False
        Whether gradients with respect to the tensor are wanted.

    Returns
    -------
    Tensor

    Raises
    ------
    DtypeError
        If the data are not numbers, of a type that lucid does not have, or do not fit in `dtype`.
    ValueError
        If nested sequences have different lengths.

    Notes
    -----
    The elements of a tensor are copied without its graph; ``x.clone()`` copies with it.

    Examples
    --------
    >>> import lucid
    >>> lucid.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    >>> lucid.tensor([1, 2], dtype=lucid.float64)
    tensor([1., 2.], dtype=lucid.float64)
    """
    as_device(device)
    return Tensor(np.array(_as_array(data, dtype), order="C"), requires_grad)


def _as_array(data, dtype):
    """Turn data into an array of one of lucid's types, copying only where it must."""
    if is_tensor(data):
        data = data.array
    typed = hasattr(data, "__array__") or hasattr(data, "__array_interface__")
    if isinstance(data, (list, tuple)) and data and any(map(is_tensor, data)):
        typed = all(map(is_tensor, data))
        data = [each.array if is_tensor(each) else each for each in data]
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise ValueError(f"tensor: nested sequences have different lengths: {error}") from None
    if array.dtype.kind not in "biuf":
        raise DtypeError(
            f"tensor: the elements are not numbers that lucid has but {array.dtype.name}: "
            f"{reprlib.repr(data)}"
        )
    if dtype is None and not typed and array.dtype.kind == "f":
        dtype = get_default_dtype()
    target = as_dtype(array.dtype if dtype is None else dtype).numpy
    if not typed and target.kind in "iu" and array.size:
        _check_range(array, target)
    return array.astype(target, copy=False)


def _check_range(array, target):
    """Refuse Python numbers that an integer type does not hold."""
    limits = np.iinfo(target)
    for number in (array.min(), array.max()):
        if not limits.min <= number <= limits.max:  # NaN is in no range
            raise DtypeError(
                f"tensor: {number} does not fit in {target.name}, which holds {limits.min} to "
                f"{limits.max}"
            )


def as_tensor(data, dtype=None, device=None):
    """Make a tensor of some data, sharing memory where it can.

    Parameters
    ----------
    data : number, nested sequence, numpy.ndarray or Tensor
        The elements; a tensor of the wanted type is returned itself.
    dtype : dtype, optional
        Data type; default as `tensor`.
    device : device, optional
        Only ``"cpu"``.

    Returns
    -------
    Tensor

    Raises
    ------
    DtypeError
        If the data are not numbers, or of a type that lucid does not have.

    Examples
    --------
    >>> import numpy as np
    >>> import lucid
    >>> array = np.zeros(2)
    >>> x = lucid.as_tensor(array)
    >>> array[0] = 7
    >>> x
    tensor([7., 0.], dtype=lucid.float64)
    """
    as_device(device)
    if is_tensor(data):
        return data if dtype is None else data.to(dtype=dtype)
    return Tensor(_as_array(data, dtype))


def from_numpy(array):
    """Make a tensor that shares the memory of a NumPy array.

    Parameters
    ----------
    array : numpy.ndarray
        Of one of lucid's types; changes of one are seen in the other.

    Returns
    -------
    Tensor

    Raises
    ------
    TypeError
        If `array` is not a NumPy array.
    DtypeError
        If lucid does not have its type, or the byte order is not the machine's.

    Examples
    --------
    >>> import numpy as np
    >>> import lucid
    >>> array = np.zeros(2, dtype=np.float32)
    >>> lucid.from_numpy(array).fill_(1)
    tensor([1., 1.])
    >>> array.tolist()
    [1.0, 1.0]
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: needs a numpy.ndarray, not {type(array).__name__}")
    return Tensor(array)


def frombuffer(buffer, *, dtype, count=-1, offset=0):
    """Make a tensor that shares the memory of a buffer: bytes, memoryview, mmap and the like.

    Parameters
    ----------
    buffer : buffer
        Any object with Python's buffer protocol.
    dtype : dtype
        How to read the bytes.
    count : int, default -1
        Elements to read; -1 for all.
    offset : int, default 0
        Bytes to skip.

    Returns
    -------
    Tensor
        With one axis; read-only if the buffer is.

    Raises
    ------
    ValueError
        If the buffer is too short, or no multiple of the element size.

    Examples
    --------
    >>> import lucid
    >>> lucid.frombuffer(bytearray([1, 2, 3]), dtype=lucid.uint8)
    tensor([1, 2, 3], dtype=lucid.uint8)
    """
    return Tensor(np.frombuffer(buffer, as_dtype(dtype).numpy, count, offset))


def from_dlpack(x):
    """Make a tensor that shares the memory of another library's array, through DLPack.

    Parameters
    ----------
    x : object
        Anything with ``__dlpack__``, on the CPU: an array of NumPy, a tensor of PyTorch.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import numpy as np
    >>> import lucid
    >>> lucid.from_dlpack(np.ones(2, dtype=np.float32))
    tensor([1., 1.])
    """
    return Tensor(np.from_dlpack(x))


def make(function, shape, dtype, device, requires_grad):
    """Call ``function(shape, dtype=)`` on a checked shape and type, and wrap the result."""
    as_device(device)
    shape = as_shape(shape)
    for size in shape:
        if size < 0:
            raise ValueError(f"shape {shape} holds a negative size")
    try:
        array = function(shape, dtype=as_dtype(dtype).numpy)
    except ValueError as error:
        raise MemoryError(f"shape {shape}: {error}") from None
    return Tensor(array, requires_grad)


@named_size
def zeros(*size, dtype=None, device=None, requires_grad=False):
    """Make a tensor of zeros.

    Parameters
    ----------
    *size : int or tuple of int
        The shape, as separate arguments or as one tuple; or by its name, ``size=(2, 3)``.
    dtype : dtype, optional
        Data type; default the default type.
    device : device, optional
        Only ``"cpu"``.
    requires_grad : bool, default False
        Whether gradients with respect to the tensor are wanted.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If a size is negative.

    Examples
    --------
    >>> import lucid
    >>> lucid.zeros(2, 3).shape, lucid.zeros((2, 3)).shape
    ((2, 3), (2, 3))
    """
    return make(np.zeros, size, dtype, device, requires_grad)


@named_size
def ones(*size, dtype=None, device=None, requires_grad=False):
    """Make a tensor of ones.

    Parameters
    ----------
    *size : int or tuple of int
        The shape, as separate arguments or as one tuple; or by its name, ``size=(2, 3)``.
    dtype : dtype, optional
        Data type; default the default type.
    device : device, optional
        Only ``"cpu"``.
    requires_grad : bool, default False
        Whether gradients with respect to the tensor are wanted.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If a size is negative.

    Examples
    --------
    >>> import lucid
    >>> lucid.ones(3)
    tensor([1., 1., 1.])
    """
    return make(np.ones, size, dtype, device, requires_grad)


@named_size
def empty(*size, dtype=None, device=None, requires_grad=False):
    """Make a tensor whose elements are not set yet.

    Parameters
    ----------
    *size : int or tuple of int
        The shape, as separate arguments or as one tuple; or by its name, ``size=(2, 3)``.
    dtype : dtype, optional
        Data type; default the default type.
    device : device, optional
        Only ``"cpu"``.
    requires_grad : bool, default False
        Whether gradients with respect to the tensor are wanted.

    Returns
    -------
    Tensor
        Holds whatever was in the memory before.

    Raises
    ------
    ValueError
        If a size is negative.

    Examples
    --------
    >>> import lucid
    >>> lucid.empty(2, 3).shape
    (2, 3)
    """
    return make(np.empty, size, dtype, device, requires_grad)


def full(size, fill_value, *, dtype=None, device=None, requires_grad=False):
    """Make a tensor of one number.

    Parameters
    ----------
    size : int or tuple of int
        The shape.
    fill_value : number
        The number.
    dtype : dtype, optional
        Data type; default that of the number, as in `tensor`.
    device : device, optional
        Only ``"cpu"``.
    requires_grad : bool, default False
        Whether gradients with respect to the tensor are wanted.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If a size is negative.

    Examples
    --------
    >>> import lucid
    >>> lucid.full((2,), 7)
    tensor([7, 7])
    """
    dtype = as_dtype(_as_array(fill_value, dtype).dtype)
    return make(
        lambda shape, dtype: np.full(shape, fill_value, dtype), (size,), dtype, device,
        requires_grad,
    )


def eye(n, m=None, *, dtype=None, device=None, requires_grad=False):
    """Make a matrix with ones on the diagonal and zeros elsewhere.

    Parameters
    ----------
    n : int
        Number of rows.
    m : int, optional
        Number of columns; default `n`.
    dtype : dtype, optional
        Data type; default the default type.
    device : device, optional
        Only ``"cpu"``.
    requires_grad : bool, default False
        Whether gradients with respect to the tensor are wanted.

    Returns
    -------
    Tensor
        ``(n, m)``.

    Raises
    ------
    ValueError
        If a size is negative.

    Examples
    --------
    >>> import lucid
    >>> lucid.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    shape = (n, n if m is None else m)
    return make(lambda s, dtype: np.eye(*s, dtype=dtype), shape, dtype, device, requires_grad)


def arange(start, end=None, step=1, *, dtype=None, device=None, requires_grad=False):
    """Count from a start to before an end.

    Parameters
    ----------
    start : number
        Where to start; with no `end`, the end, and the start is 0.
    end : number, optional
        Where to stop: itself left out.
    step : number, default 1
        From one element to the next; not 0, negative to count down.
    dtype : dtype, optional
        Data type; default int64 if all are ints, else the default type.
    device : device, optional
        Only ``"cpu"``.
    requires_grad : bool, default False
        Whether gradients with respect to the tensor are wanted.

    Returns
    -------
    Tensor
        With one axis.

    Raises
    ------
    ValueError
        If `step` is 0, or leads away from the end.

    Examples
    --------
    >>> import lucid
    >>> lucid.arange(4)
    tensor([0, 1, 2, 3])
    >>> lucid.arange(1, 2, 0.5)
    tensor([1.0000, 1.5000])
    """
    as_device(device)
    if end is None:
        start, end = 0, start
    if step == 0 or (end - start) * step < 0:
        raise ValueError(f"arange: step={step} does not lead from {start} to {end}")
    if dtype is None:
        is_int = all(isinstance(each, Integral) for each in (start, end, step))
        dtype = int if is_int else None
    array = np.arange(start, end, step).astype(as_dtype(dtype).numpy, copy=False)
    return Tensor(array, requires_grad)


def linspace(start, end, steps, *, dtype=None, device=None, requires_grad=False):
    """Divide an interval evenly.

    Parameters
    ----------
    start, end : number
        The first and the last element.
    steps : int
        Number of elements, at least 0.
    dtype : dtype, optional
        Data type; default the default type.
    device : device, optional
        Only ``"cpu"``.
    requires_grad : bool, default False
        Whether gradients with respect to the tensor are wanted.

    Returns
    -------
    Tensor
        ``(steps,)``.

    Raises
    ------
    ValueError
        If `steps` is negative.

    Examples
    --------
    >>> import lucid
    >>> lucid.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    return make(
        lambda shape, dtype: np.linspace(start, end, *shape).astype(dtype), (steps,), dtype,
        device, requires_grad,
    )


def _like(function, x, dtype, device, requires_grad, name):
    check_tensor(x, name)
    return function(
        *x.shape, dtype=dtype or x.dtype, device=device or x.device, requires_grad=requires_grad
    )


def zeros_like(x, *, dtype=None, device=None, requires_grad=False):
    """Make a tensor of zeros in the shape and type of another.

    Parameters
    ----------
    x : Tensor
        The model.
    dtype : dtype, optional
        Data type; default that of `x`.
    device : device, optional
        Only ``"cpu"``.
    requires_grad : bool, default False
        Whether gradients with respect to the tensor are wanted.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import lucid
    >>> lucid.zeros_like(lucid.tensor([1, 2]))
    tensor([0, 0])
    """
    return _like(zeros, x, dtype, device, requires_grad, "zeros_like")


def ones_like(x, *, dtype=None, device=None, requires_grad=False):
    """Make a tensor of ones in the shape and type of another.

    Parameters
    ----------
    x : Tensor
        The model.
    dtype : dtype, optional
        Data type; default that of `x`.
    device : device, optional
        Only ``"cpu"``.
    requires_grad : bool, default False
        Whether gradients with respect to the tensor are wanted.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import lucid
    >>> lucid.ones_like(lucid.tensor([1, 2]))
    tensor([1, 1])
    """
    return _like(ones, x, dtype, device, requires_grad, "ones_like")


def empty_like(x, *, dtype=None, device=None, requires_grad=False):
    """Make a tensor with elements not set yet, in the shape and type of another.

    Parameters
    ----------
    x : Tensor
        The model.
    dtype : dtype, optional
        Data type; default that of `x`.
    device : device, optional
        Only ``"cpu"``.
    requires_grad : bool, default False
        Whether gradients with respect to the tensor are wanted.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import lucid
    >>> lucid.empty_like(lucid.tensor([1, 2])).shape
    (2,)
    """
    return _like(empty, x, dtype, device, requires_grad, "empty_like")


def full_like(x, fill_value, *, dtype=None, device=None, requires_grad=False):
    """Make a tensor of one number in the shape and type of another.

    Parameters
    ----------
    x : Tensor
        The model.
    fill_value : number
        The number.
    dtype : dtype, optional
        Data type; default that of `x`.
    device : device, optional
        Only ``"cpu"``.
    requires_grad : bool, default False
        Whether gradients with respect to the tensor are wanted.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import lucid
    >>> lucid.full_like(lucid.tensor([1, 2]), 7)
    tensor([7, 7])
    """
    check_tensor(x, "full_like")
    return full(
        x.shape, fill_value, dtype=dtype or x.dtype, device=device, requires_grad=requires_grad
    )
