"""How many terms of a sum count, where the error of Winograd's tiles is compared to the sum.

The error of a tile comes from all values that it reads, but a sum next to the border has few terms:
the others are padding. So the error stays below the bound of a sum in any order only if there are
enough terms where they are few. These counts were fitted to data over 16 powers of two, in layers
of random sizes and paddings with as few channels as are allowed, of 1 to 10 million results each.
Of 112 layers of `conv_winograd`, one had results beyond the bound, by 7 %; of 68 strided ones, 4 of
82 million results were, by up to 15 %; of 55 along rows, 102 of 139 million, by up to 2.9 times.
"""

from collections import Counter
from itertools import pairwise
from math import inf, prod, sqrt


def windows(primitive, taps, stride, dilation, low, input_size, output_size):
    """For each residue of the results along one axis, count them, and tell which ones a tap meets.

    A tap meets, and not only padding, the results from one number on and before another.
    """
    if primitive == "forward":
        shifts = [k * dilation - low for k in range(taps)]
        yield output_size, [
            (-(shift // stride), -((shift - input_size) // stride)) for shift in shifts
        ]
        return
    for residue in {(k * dilation - low) % stride for k in range(taps)}:
        shifts = [residue + low - k * dilation for k in range(taps)]
        meets = [shift // stride for shift in shifts if shift % stride == 0]
        if residue < input_size:
            yield -(-(input_size - residue) // stride), [(-m, output_size - m) for m in meets]


def shares(primitive, *axis):
    """Tell how large a share of its taps a result of one axis meets: at least, and on the average.

    The average is of inverse squares, for an error is beside a sum of so many terms, and so is its
    bound. Results that no tap is meant for do not count.
    """
    least, total, results = 1, 0, 0
    for size, taps in windows(primitive, *axis):
        changes = Counter({0: 0, size: 0})  # where taps begin and cease to meet results
        for start, end in taps:
            changes[min(max(start, 0), size)] += 1
            changes[min(max(start, end, 0), size)] -= 1
        inside = 0
        for first, last in pairwise(sorted(changes)):
            inside += changes[first]
            share = inside / len(taps)
            least = min(least, share)
            total += (last - first) / share ** 2 if share else inf
        results += size
    return least, sqrt(results / total) if results else 1


def fewest_positions(taps, stride, dilation, low, input_size, output_size):
    """Count the positions of y of the tap that meets most padding, along one axis."""
    (_, meets), = windows("forward", taps, stride, dilation, low, input_size, output_size)
    return min(max(0, min(end, output_size) - max(start, 0)) for start, end in meets)


def count_terms(primitive, terms, items, axes, whole=True):
    """Count those of the `terms` of a sum that are not padding.

    Parameters
    ----------
    primitive : str
        ``"forward"``, ``"input_grad"`` or ``"weight_grad"``.
    terms : int
        Of a sum far from the border: channels times taps. A weight gradient counts positions.
    items : int
        Of a weight gradient, which sums over them.
    axes : sequence of tuple
        Of three axes: taps, stride, dilation, low, input size and output size. In the first no tile
        has an extent, so that what is outside adds nothing to its error.
    whole : bool
        Whether tiles have all taps. Of a kernel that is cut into blocks, or along an axis where
        more than half of the taps may be padding, those count that never are.

    Examples
    --------
    >>> from lucid._cython.exactness import count_terms
    >>> one, large, small = (1, 1, 1, 0, 1, 1), (3, 1, 1, 1, 56, 56), (3, 1, 1, 1, 4, 4)
    >>> count_terms("forward", 9 * 64, 1, [one, large, large])
    576.0
    >>> round(count_terms("forward", 9 * 64, 1, [one, small, small]))
    425
    """
    if primitive == "weight_grad":
        return items * prod(fewest_positions(*axis) for axis in axes)
    (_, most), *others = [shares(primitive, *axis) for axis in axes]
    least = 1.0
    for (taps, *_), (share, average) in zip(axes[1:], others, strict=True):
        least *= 1 if whole and share >= 1 / 2 else share
        most *= average * (1.095 if taps > 1 else 1)
    return terms * min(least, most)
