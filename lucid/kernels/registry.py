"""The algorithms by name, and which one is in use; how exact float32 is."""

from contextvars import ContextVar

PRIMITIVES = ("forward", "input_grad", "weight_grad")
on_change = []  # functions to call when a name gets another kernel, or the precision changes
kernels = {}
algorithm = ContextVar("algorithm", default="auto")


class Kernel:
    """One algorithm: up to three functions of one signature, those of `lucid.kernels.register`.

    Attributes
    ----------
    name : str
        What `use` calls it.
    forward, input_grad, weight_grad : callable or None
        ``function(x, w, y, stride, dilation, low, groups, threads)``; None where the algorithm
        leaves the work to ``"auto"``.
    """

    def __init__(self, name, forward=None, input_grad=None, weight_grad=None):
        self.name = name
        self.forward, self.input_grad, self.weight_grad = forward, input_grad, weight_grad

    def __repr__(self):
        offered = ", ".join(each for each in PRIMITIVES if getattr(self, each) is not None)
        return f"<kernel {self.name!r}: {offered}>"


def register(name, forward=None, input_grad=None, weight_grad=None):
    """Add an algorithm under a name of its own, or replace one.

    Each function is called as ``function(x, w, y, stride, dilation, low, groups, threads)`` with
    C-contiguous arrays x (N, C, D, H, W), w (F, C // groups, KD, KH, KW) and y (N, F, OD, OH, OW)
    of one dtype, float32 or float64, of which none is empty; `stride`, `dilation` and `low` are
    tuples of three ints. It *adds* its result into the one array it computes (y, x and w in turn),
    writes no other, returns None, and uses at most `threads` threads.

    Parameters
    ----------
    name : str
        What `use` will call it.
    forward, input_grad, weight_grad : callable, optional
        What is missing is computed by ``"auto"``.

    Returns
    -------
    Kernel

    Raises
    ------
    TypeError
        If one of them is no function, or the name no str.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> def forward(x, w, y, stride, dilation, low, groups, threads):
    ...     y += 7
    >>> _ = kernels.register("seven", forward)
    >>> with kernels.use("seven"):
    ...     kernels.get()
    <kernel 'seven': forward>
    """
    if not isinstance(name, str):
        raise TypeError(f"the name of a kernel must be a str, not {name!r}")
    for function in (forward, input_grad, weight_grad):
        if function is not None and not callable(function):
            raise TypeError(f"kernel {name!r}: {function!r} is not a function")
    kernels[name] = Kernel(name, forward, input_grad, weight_grad)
    for forget in on_change:
        forget()
    return kernels[name]


def get(name=None):
    """Return the kernel of a name; without a name, the one in use.

    Parameters
    ----------
    name : str, optional
        One of `list()`.

    Returns
    -------
    Kernel

    Raises
    ------
    ValueError
        If no kernel has this name.

    Examples
    --------
    >>> from lucid import kernels
    >>> kernels.get("naive")
    <kernel 'naive': forward, input_grad, weight_grad>
    """
    name = algorithm.get() if name is None else name
    if name not in kernels:
        raise ValueError(f"no kernel is called {name!r}; there are {', '.join(kernels)}")
    return kernels[name]


def list():
    """Return the names of all kernels.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> from lucid import kernels
    >>> "naive" in kernels.list()
    True
    """
    return tuple(kernels)


class use:
    """Choose the algorithm from now on, or for the length of a ``with`` block.

    The choice holds for the Python thread (more exactly the `contextvars` context) that makes it;
    a new thread starts with ``"auto"``.

    Parameters
    ----------
    name : str
        One of `list()`: ``"auto"`` picks the fastest, ``"naive"`` is the definition.

    Raises
    ------
    ValueError
        If no kernel has this name.

    Examples
    --------
    >>> from lucid import kernels
    >>> with kernels.use("naive"):
    ...     kernels.get().name
    'naive'
    >>> kernels.get().name
    'auto'
    """

    def __init__(self, name):
        self._token = algorithm.set(get(name).name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        algorithm.reset(self._token)


def set_float32_precision(precision):
    """Say how exact convolutions of float32 are, in the whole process.

    Parameters
    ----------
    precision : {"high", "highest"}
        ``"high"``, the start value, lets ``"auto"`` use Winograd's algorithm where its error stays
        below (n + 16) eps sum abs(x) abs(w), the bound of a sum of n terms in any order, and for
        long kernels Fourier's transform. Of data that spread over 16 powers of two, fewer than one
        result in a million is beyond that bound, and none by three times. An infinity or NaN may
        then spread over all results that are computed together: a tile of some positions, a block
        of a transform. ``"highest"`` sums up the definition's products, and float64 always does.

    Raises
    ------
    ValueError
        If there is no such precision.

    Examples
    --------
    >>> import lucid.kernels
    >>> lucid.kernels.set_float32_precision("highest")
    >>> lucid.kernels.get_float32_precision()
    'highest'
    >>> lucid.kernels.set_float32_precision("high")
    """
    global _float32_precision
    if precision not in ("high", "highest"):
        raise ValueError(f"the precision of float32 is 'high' or 'highest', not {precision!r}")
    _float32_precision = precision
    for forget in on_change:
        forget()


def get_float32_precision():
    """Return how exact convolutions of float32 are.

    Returns
    -------
    str
        ``"high"`` or ``"highest"``.

    Examples
    --------
    >>> import lucid.kernels
    >>> lucid.kernels.get_float32_precision()
    'high'
    """
    return _float32_precision


_float32_precision = "high"
register("auto")
