"""The one device there is, and the error for all others."""

from lucid.errors import DeviceError

__all__ = ["as_device", "device"]


class device:
    """Where a tensor's elements are: the memory of the CPU.

    Parameters
    ----------
    type : str
        ``"cpu"``, or ``"cpu:0"``, which is the same.

    Attributes
    ----------
    type : str
        ``"cpu"``.

    Raises
    ------
    DeviceError
        For any other name.

    Examples
    --------
    >>> import lucid
    >>> lucid.device("cpu")
    device(type='cpu')
    """

    __slots__ = ("type",)

    def __init__(self, type):
        if type not in ("cpu", "cpu:0"):
            raise DeviceError(f"device={type!r} is not available: lucid computes on 'cpu' only")
        self.type = "cpu"

    def __repr__(self):
        return f"device(type={self.type!r})"

    def __str__(self):
        return self.type

    def __eq__(self, other):
        return isinstance(other, device) or other == self.type

    def __hash__(self):
        return hash(self.type)


DeviceLike = device | str | None
CPU = device("cpu")


def as_device(value):
    """Find the device that `value` names.

    Parameters
    ----------
    value : device, str or None
        None stands for the CPU.

    Returns
    -------
    device

    Raises
    ------
    DeviceError
        If it is not the CPU.

    Examples
    --------
    >>> from lucid.device import as_device
    >>> as_device(None)
    device(type='cpu')
    """
    return CPU if value is None or value is CPU else device(getattr(value, "type", value))
