"""Padding and cropping at the ends of axes."""

from lucid.errors import ShapeError
from lucid.geometry import check_int
from lucid.ops.operands import check_tensor
from lucid.ops.padding import MODES, check_mode, pad_axes

__all__ = ["pad"]


def pad(x, pad, mode="constant", value=0.0):
    r"""Make the last axes longer at their ends, or shorter where a number is negative.

    Parameters
    ----------
    x : Tensor
        Any shape and type.
    pad : tuple of int
        Positions before and after the *last* axis, then before and after the one before it, and so
        on: ``(left, right, top, bottom, front, back)``. A negative number crops.
    mode : str, default 'constant'
        What the new positions hold along an axis of `n` elements ``a b c d``:

        ============= =================== =========== ==========================
        mode          padded by 2         at most     is
        ============= =================== =========== ==========================
        `'constant'`  ``0 0 a b c d 0 0``             `value`
        `'reflect'`   ``c b a b c d c b`` `n - 1`     a mirror on the edge element
        `'replicate'` ``a a a b c d d d``             the edge element
        `'circular'`  ``c d a b c d a b`` `n`         the other end
        ============= =================== =========== ==========================
    value : float, default 0.0
        The constant of mode `'constant'`; the other modes take 0 only.

    Returns
    -------
    Tensor
        Of the type of `x`; each axis has `n + before + after` positions.

    Raises
    ------
    ValueError
        If `pad` has an odd count of numbers or more than two for each axis, or the mode is unknown.
    TypeError
        If a number of `pad` is not an int.
    ShapeError
        If a mode cannot reach so far, or more is cropped than there is.

    Notes
    -----
    Every mode is differentiable as often as wanted. Several axes are padded one after the other.
    PyTorch's modes other than `'constant'` leave the first axes alone; here any axis may be padded.
    Where an axis is both cropped and padded, it is cropped first.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> x = lucid.tensor([[1, 2, 3]])
    >>> F.pad(x, (1, 2))
    tensor([[0, 1, 2, 3, 0, 0]])
    >>> F.pad(x, (2, 2), mode="reflect")
    tensor([[3, 2, 1, 2, 3, 2, 1]])
    >>> F.pad(x, (-1, 0, 0, 1), value=9)
    tensor([[2, 3],
            [9, 9]])
    """
    check_tensor(x, "pad")
    if not isinstance(pad, (tuple, list)):
        raise TypeError(f"pad must be a tuple of ints, those of the last axis first, not {pad!r}")
    numbers = [check_int(each, f"pad[{place}]") for place, each in enumerate(pad)]
    if len(numbers) % 2:
        raise ValueError(f"pad={tuple(pad)} has {len(numbers)} numbers; it needs two for each axis")
    if len(numbers) > 2 * x.ndim:
        raise ShapeError(
            f"pad={tuple(pad)} has numbers for {len(numbers) // 2} axes, but shape {x.shape} has "
            f"{x.ndim}"
        )
    check_mode(mode, "mode", MODES)
    if mode != "constant" and value:
        raise ValueError(f"value={value} is for mode 'constant' only, not for {mode!r}")
    pairs = tuple(zip(numbers[-2::-2], numbers[::-2], strict=True))
    return pad_axes(x, pairs, mode, value)
