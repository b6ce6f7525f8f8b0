"""One family of errors, so that ``except lucid.LucidError`` catches all of them."""

__all__ = ["DeviceError", "DtypeError", "GradError", "LazyError", "LucidError", "ShapeError"]


class LucidError(RuntimeError):
    """The base of every error that lucid raises on purpose.

    An error that leaves a layer of a model carries where the layer stands.

    Parameters
    ----------
    message : str
        What came, what is needed, what to do.

    Attributes
    ----------
    layer : str or None
        Class name of the innermost module that the error left; None outside any module.
    path : str
        Dotted name of that module in the outermost one, as in ``"features.3"``; empty for the
        outermost itself.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> model = nn.Sequential(nn.ReLU(), nn.Conv2d(3, 8, kernel_size=5))
    >>> try:
    ...     model(lucid.zeros(1, 4, 9, 9))
    ... except lucid.LucidError as error:
    ...     print(error.layer, error.path)
    Conv2d 1
    """

    layer = None
    path = ""
    module = None

    def pass_through(self, module, name):
        """Note that the error leaves `module`, in which the one it left before is called `name`."""
        if self.layer is None:
            self.layer = type(module).__name__
        self.path = f"{name}.{self.path}".strip(".")
        self.module = module

    def __str__(self):
        message = super().__str__()
        if self.layer is None:
            return message
        place = f"{self.layer} '{self.path}'" if self.path else self.layer
        return f"{place}: {message}"


class ShapeError(LucidError, ValueError):
    """A tensor has a shape that the operation cannot take.

    Examples
    --------
    >>> import lucid
    >>> lucid.zeros(2, 3) + lucid.zeros(4)
    Traceback (most recent call last):
    ...
    lucid.errors.ShapeError: add: shapes (2, 3) and (4,) do not broadcast: axis -1 has 3 and 4;
    counted from the last, axes must be equal or one of them 1
    """


class DtypeError(LucidError, TypeError):
    """A tensor has a data type that the operation cannot take.

    Examples
    --------
    >>> import lucid
    >>> lucid.tensor([1, 2], requires_grad=True)
    Traceback (most recent call last):
    ...
    lucid.errors.DtypeError: only floating-point tensors can require gradients, this one is int64;
    call .float() first
    """


class DeviceError(LucidError, ValueError):
    """A device was asked for that lucid does not have.

    Examples
    --------
    >>> import lucid
    >>> lucid.zeros(2, device="cuda")
    Traceback (most recent call last):
    ...
    lucid.errors.DeviceError: device='cuda' is not available: lucid computes on 'cpu' only
    """


class LazyError(LucidError):
    """A parameter that has no shape yet was used.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> placeholder = next(nn.LazyConv1d(4, 3).parameters())
    >>> try:
    ...     placeholder.numel()
    ... except lucid.LazyError:
    ...     print("run one forward first")
    run one forward first
    """


class GradError(LucidError):
    """A gradient was asked for that cannot be computed.

    Examples
    --------
    >>> import lucid
    >>> lucid.zeros(2).sum().backward()
    Traceback (most recent call last):
    ...
    lucid.errors.GradError: backward: this tensor does not depend on a tensor that requires grad;
    make one with requires_grad=True, and compute outside no_grad
    """
