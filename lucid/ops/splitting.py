"""Cutting along an axis: every piece is a view."""

from lucid.errors import ShapeError
from lucid.geometry import check_int
from lucid.ops.indexing import GetItem
from lucid.ops.operands import check_dim, check_tensor

__all__ = ["chunk", "narrow", "select", "split", "unbind"]


def _axis(x, dim, name):
    check_tensor(x, name)
    if not x.array.ndim:
        raise ShapeError(f"{name}: x has no axes to cut along; call x.reshape(1) first")
    return check_dim(dim, x.array.ndim, name)


def _piece(x, dim, key):
    return GetItem((*(slice(None),) * dim, key, Ellipsis))(x)


def split(x, split_size_or_sections, dim=0):
    """Cut into pieces of given lengths.

    Parameters
    ----------
    x : Tensor
        Any elements; at least one axis.
    split_size_or_sections : int or sequence of int
        The length of every piece, the last one perhaps shorter; or the length of each.
    dim : int, default 0
        The axis to cut along.

    Returns
    -------
    tuple of Tensor
        Views.

    Raises
    ------
    ShapeError
        If given lengths do not add up to that of the axis, or `dim` is not an axis.
    ValueError
        If a length is negative, or one length for all is 0.

    Examples
    --------
    >>> import lucid
    >>> lucid.split(lucid.arange(5), 2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    >>> lucid.split(lucid.arange(5), [1, 4])
    (tensor([0]), tensor([1, 2, 3, 4]))
    """
    dim = _axis(x, dim, "split")
    size = x.array.shape[dim]
    if isinstance(split_size_or_sections, (tuple, list)):
        sizes = [check_int(each, "split: a section", 0) for each in split_size_or_sections]
        if sum(sizes) != size:
            raise ShapeError(
                f"split: sections {sizes} add up to {sum(sizes)}, axis {dim} of shape {x.shape} "
                f"has {size}"
            )
    else:
        step = check_int(split_size_or_sections, "split: split_size", 1)
        sizes = [step] * (size // step) + ([size % step] if size % step or not size else [])
    pieces, start = [], 0
    for each in sizes:
        pieces.append(_piece(x, dim, slice(start, start + each)))
        start += each
    return tuple(pieces)


def chunk(x, chunks, dim=0):
    """Cut into a number of pieces of one length, the last one perhaps shorter.

    Parameters
    ----------
    x : Tensor
        Any elements; at least one axis.
    chunks : int
        How many pieces, at least 1; there are fewer where the length is used up before.
    dim : int, default 0
        The axis to cut along.

    Returns
    -------
    tuple of Tensor
        Views.

    Raises
    ------
    ShapeError
        If `dim` is not an axis.
    ValueError
        If `chunks` is below 1.

    Examples
    --------
    >>> import lucid
    >>> lucid.chunk(lucid.arange(5), 2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """
    dim = _axis(x, dim, "chunk")
    chunks = check_int(chunks, "chunk: chunks", 1)
    size = x.array.shape[dim]
    if not size:
        return split(x, [0] * chunks, dim)
    return split(x, -(-size // chunks), dim)


def unbind(x, dim=0):
    """Take an axis apart into its slices.

    Parameters
    ----------
    x : Tensor
        Any elements; at least one axis.
    dim : int, default 0
        The axis that is taken away.

    Returns
    -------
    tuple of Tensor
        Views, one for each position.

    Raises
    ------
    ShapeError
        If `dim` is not an axis.

    Examples
    --------
    >>> import lucid
    >>> lucid.unbind(lucid.tensor([[1, 2], [3, 4]]))
    (tensor([1, 2]), tensor([3, 4]))
    """
    dim = _axis(x, dim, "unbind")
    return tuple([_piece(x, dim, i) for i in range(x.array.shape[dim])])


def narrow(x, dim, start, length):
    """Cut one piece out.

    Parameters
    ----------
    x : Tensor
        Any elements; at least one axis.
    dim : int
        The axis to cut along.
    start : int
        Where the piece starts; negative counts from the end.
    length : int
        Its length.

    Returns
    -------
    Tensor
        A view.

    Raises
    ------
    ShapeError
        If `dim` is not an axis, or the piece does not lie in it.
    ValueError
        If `length` is negative.

    Examples
    --------
    >>> import lucid
    >>> lucid.narrow(lucid.arange(5), 0, 1, 3)
    tensor([1, 2, 3])
    """
    dim = _axis(x, dim, "narrow")
    size = x.array.shape[dim]
    first, length = check_int(start, "narrow: start"), check_int(length, "narrow: length", 0)
    first += size if first < 0 else 0
    if not 0 <= first <= size - length:
        raise ShapeError(
            f"narrow: start={start} and length={length} do not lie in axis {dim} of shape "
            f"{x.shape}, which has {size}"
        )
    return _piece(x, dim, slice(first, first + length))


def select(x, dim, index):
    """Take the slice at one position, without its axis.

    Parameters
    ----------
    x : Tensor
        Any elements; at least one axis.
    dim : int
        The axis that is taken away.
    index : int
        The position; negative counts from the end.

    Returns
    -------
    Tensor
        A view.

    Raises
    ------
    ShapeError
        If `dim` is not an axis.
    IndexError
        If `index` is outside.

    Examples
    --------
    >>> import lucid
    >>> lucid.select(lucid.tensor([[1, 2], [3, 4]]), 1, 0)
    tensor([1, 3])
    """
    dim = _axis(x, dim, "select")
    size, index = x.array.shape[dim], check_int(index, "select: index")
    if not -size <= index < size:
        raise IndexError(
            f"select: index={index} is outside axis {dim} of shape {x.shape}, which has {size}"
        )
    return _piece(x, dim, index)
