"""Sums of products, written with letters."""

from functools import lru_cache
from math import prod
from string import ascii_letters

import numpy as np

from lucid.autograd import Function
from lucid.dtypes import result_type
from lucid.errors import DtypeError, ShapeError
from lucid.geometry import check_int
from lucid.ops.diagonals import Diagonal
from lucid.ops.operands import check_dim, check_tensor
from lucid.ops.reduction import Sum
from lucid.ops.shaping import Permute, Reshape

__all__ = ["einsum", "tensordot"]


class Einsum(Function):
    r"""Multiply and add up by letters; one operand's gradient is the product of all others.

    For :math:`y_{ij} = \sum_k a_{ik} b_{kj}`, "ik,kj->ij", a gets "ij,kj->ik" of grad_y and b.
    No letter comes twice in an operand, and none stands in one operand only, but the result's.
    """

    def __init__(self, letters, result):
        self.letters, self.result = letters, result

    def forward(self, *arrays):
        return contract(self.letters, self.result, arrays)

    def backward(self, grad_y):
        gradients = []
        for position, needed in enumerate(self.needs):
            others = [*self.inputs[:position], *self.inputs[position + 1 :]]
            letters = [*self.letters[:position], *self.letters[position + 1 :]]
            gradients.append(
                Einsum([self.result, *letters], self.letters[position])(grad_y, *others)
                if needed else None
            )
        return tuple(gradients)


def contract(letters, result, arrays):
    """Multiply two arrays as stacks of matrices, more of them in the order NumPy finds best."""
    if len(arrays) != 2:
        formula = f"{','.join(letters)}->{result}"
        return np.einsum(formula, *arrays, optimize="greedy" if len(arrays) > 2 else False)
    (a, b), (x, y) = letters, arrays
    shared = [each for each in a if each in b]
    stack = [each for each in shared if each in result]
    inner = [each for each in shared if each not in result]
    rows = [each for each in a if each not in b]
    columns = [each for each in b if each not in a]
    sizes = dict(zip(a + b, x.shape + y.shape, strict=True))

    def arrange(array, own, *groups):
        order = [own.index(each) for group in groups for each in group]
        shape = [prod([sizes[each] for each in group]) for group in groups]
        return array.transpose(order).reshape(shape)

    product = np.matmul(arrange(x, a, stack, rows, inner), arrange(y, b, stack, inner, columns))
    found = [*stack, *rows, *columns]
    product = product.reshape([sizes[each] for each in found])
    return product.transpose([found.index(each) for each in result])


def einsum(equation, *operands):
    r"""Multiply tensors and add up, in Einstein's notation: "ik,kj->ij" is a matrix product.

    Parameters
    ----------
    equation : str
        A letter for each axis, operands apart by commas. Letters that do not stand after ``->`` are
        summed over; without an arrow the result has those that come once, in alphabetical order. A
        letter that comes twice in one operand takes its diagonal. ``...`` stands for axes that
        broadcast, in front of the result if there is no arrow.
    *operands : Tensor
        One for each part; axes of one letter are equally long, or 1. Different types are promoted.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If the equation is not well formed, or has another number of operands.
    ShapeError
        If an operand has not as many axes as letters, or a letter two lengths.

    References
    ----------
    .. [1] Einstein, "Die Grundlage der allgemeinen Relativitaetstheorie", 1916, section 5.

    Examples
    --------
    >>> import lucid
    >>> x = lucid.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> lucid.einsum("nc,mc->nm", x, x)
    tensor([[ 5., 11.],
            [11., 25.]])
    >>> lucid.einsum("ii", x)
    tensor(5.)
    """
    if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = operands[0]
    for x in operands:
        check_tensor(x, "einsum")
    letters, result = _parse(equation, tuple([x.array.shape for x in operands]))
    target = result_type([(x.dtype, x.array.ndim) for x in operands])
    operands = [x.to(target) for x in operands]
    operands, letters = zip(*map(_take_diagonals, operands, letters), strict=True)
    sizes = _sizes(equation, operands, letters)
    pairs = [_drop_ones(*each, sizes) for each in zip(operands, letters, strict=True)]
    for position, (x, own) in enumerate(pairs):
        others = {each for k, (_, part) in enumerate(pairs) if k != position for each in part}
        alone = tuple([k for k, each in enumerate(own) if each not in others.union(result)])
        if alone:
            kept = "".join([each for each in own if each in others.union(result)])
            pairs[position] = Sum(alone, False)(x), kept
    found = {each for _, own in pairs for each in own}
    wanted = "".join([each for each in result if each in found])
    y = _multiply(pairs, wanted)
    if wanted != result:  # an axis that is 1 everywhere
        y = Reshape(tuple([sizes[each] if each in found else 1 for each in result]))(y)
    return y


def _multiply(pairs, result):
    operands, letters = zip(*pairs, strict=True)
    if len(operands) == 1:
        return Permute(tuple([letters[0].index(each) for each in result]))(operands[0])
    return Einsum(list(letters), result)(*operands)


@lru_cache(maxsize=256)
def _parse(equation, shapes):
    """Return the letters of each operand and of the result, with letters for every ellipsis."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    parts = left.split(",")
    if len(parts) != len(shapes):
        raise ValueError(
            f"einsum: {equation!r} names {len(parts)} operands, {len(shapes)} were given"
        )
    for text in [*parts, right]:
        rest = text.replace("...", "", 1)
        if rest and not (rest.isascii() and rest.isalpha()):
            raise ValueError(f"einsum: {equation!r}: {text!r} holds other things than letters")
    free = [each for each in ascii_letters if each not in equation]
    counts = [len(shape) - len(part.replace("...", ""))
              for part, shape in zip(parts, shapes, strict=True)]
    for part, shape, count in zip(parts, shapes, counts, strict=True):
        if count < 0 or count and "..." not in part:
            raise ShapeError(
                f"einsum: {part!r} in {equation!r} does not name the axes of shape {shape}"
            )
    most = max(counts)
    dots = "".join(free[:most])
    letters = tuple([
        part.replace("...", dots[most - count :])
        for part, count in zip(parts, counts, strict=True)
    ])
    if not arrow:
        named = left.replace(",", "").replace("...", "")
        right = "..." + "".join(sorted(each for each in set(named) if named.count(each) == 1))
    result = right.replace("...", dots)
    wrong = [each for each in result if result.count(each) > 1 or each not in "".join(letters)]
    if wrong:
        raise ValueError(
            f"einsum: {equation!r}: {wrong[0]!r} must come once in the result, and in an operand"
        )
    return letters, result


def _take_diagonals(x, own):
    """Leave of axes with one letter their diagonal."""
    while len(set(own)) < len(own):
        letter = next(each for each in own if own.count(each) > 1)
        first = own.index(letter)
        second = own.index(letter, first + 1)
        if x.shape[first] != x.shape[second]:
            raise ShapeError(
                f"einsum: axes {first} and {second} of shape {x.shape} have one letter, "
                f"{letter!r}, but two lengths"
            )
        x = Diagonal(0, first, second)(x)
        own = own[:first] + own[first + 1 : second] + own[second + 1 :] + letter
    return x, own


def _sizes(equation, operands, letters):
    sizes = {}
    for x, own in zip(operands, letters, strict=True):
        for letter, size in zip(own, x.shape, strict=True):
            before = sizes.setdefault(letter, size)
            if before == 1:
                sizes[letter] = size
            elif size not in (1, before):
                raise ShapeError(
                    f"einsum: {letter!r} in {equation!r} has the lengths {before} and {size}; "
                    f"axes of one letter must be equally long, or 1"
                )
    return sizes


def _drop_ones(x, own, sizes):
    """Drop axes of length 1 that broadcast: their letter has its length elsewhere."""
    kept = [k for k, each in enumerate(own) if x.shape[k] != 1 or sizes[each] == 1]
    if len(kept) == len(own):
        return x, own
    x = Reshape(tuple([x.shape[k] for k in kept]))(x)
    return x, "".join([own[k] for k in kept])


def tensordot(x, other, dims=2):
    r"""Multiply two tensors and add up over some axes of each.

    Parameters
    ----------
    x, other : Tensor
        Of one type.
    dims : int or pair of sequences of int, default 2
        How many axes: the last of `x` and the first of `other`; or which ones of each, in pairs.

    Returns
    -------
    Tensor
        The other axes of `x`, then those of `other`.

    Raises
    ------
    ShapeError
        If an axis does not exist, two in a pair differ in length, or one is named twice.
    DtypeError
        If the types differ.
    ValueError
        If `dims` is negative.

    Examples
    --------
    >>> import lucid
    >>> x, w = lucid.ones(2, 3, 4), lucid.ones(5, 3, 4)
    >>> lucid.tensordot(x, w, dims=([1, 2], [1, 2])).shape
    (2, 5)
    """
    check_tensor(x, "tensordot")
    check_tensor(other, "tensordot")
    if x.array.dtype != other.array.dtype:
        raise DtypeError(
            f"tensordot: dtypes differ: {x.dtype.name} and {other.dtype.name}; convert one"
        )
    m, n = x.array.ndim, other.array.ndim
    if isinstance(dims, (tuple, list)):
        first, second = [[each] if isinstance(each, int) else list(each) for each in dims]
    else:
        count = check_int(dims, "tensordot: dims", 0)
        first, second = list(range(m - count, m)), list(range(count))
    if len(first) != len(second) or max(len(first), len(second)) > min(m, n):
        raise ShapeError(
            f"tensordot: dims={dims} for shapes {x.shape} and {other.shape}: needs as many axes "
            f"of each"
        )
    first = [check_dim(each, m, "tensordot") for each in first]
    second = [check_dim(each, n, "tensordot") for each in second]
    a, b = list(ascii_letters[:m]), list(ascii_letters[m : m + n])
    for i, j in zip(first, second, strict=True):
        if x.shape[i] != other.shape[j]:
            raise ShapeError(
                f"tensordot: axis {i} of shape {x.shape} and axis {j} of shape {other.shape} "
                f"must be equally long"
            )
        b[j] = a[i]
    if len(set(first)) < len(first) or len(set(second)) < len(second):
        raise ShapeError(f"tensordot: dims={dims} names an axis twice")
    result = [each for each in a + b if (each in a) != (each in b)]
    return Einsum(["".join(a), "".join(b)], "".join(result))(x, other)
