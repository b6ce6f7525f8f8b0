"""Which algorithm ``"auto"`` runs: the first of a few written rules that holds.

Some kinds of layers have a kernel of their own, and a rule says which. For all others several
kernels may be right, and `costs` estimates which one takes the least time. A rule looks at what one
item asks for, never at the batch or the threads, so that an item's result has the same bits in
every batch; but a weight gradient is a sum over the items, so their number may count there.

To add a rule: a function of a `Task` whose docstring says why, and its line in `RULES` above those
that would take the same layers. An algorithm that cannot compute everything has, in `REFUSALS`, a
function that tells where: no rule may give it such a task, and `use` leaves it to ``"auto"``.
"""

from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from lucid._cython import (
    conv_pointwise, conv_product, conv_winograd, conv_winograd_rows, conv_winograd_strided,
)
from lucid.kernels import fourier, registry
from lucid.kernels.costs import NANOSECONDS, estimate


@dataclass(frozen=True)
class Task:
    """One primitive on one geometry.

    Attributes
    ----------
    primitive : str
        ``"forward"``, ``"input_grad"`` or ``"weight_grad"``.
    geometry : lucid.geometry.Geometry
        Sizes of one item.
    channels, features : int
        Input and output channels of one group.
    items : int
        Items of the batch: the terms that a weight gradient sums up. Nothing else may ask.
    dtype : str
        ``"float32"`` or ``"float64"``.
    precision : str
        Of float32, ``"high"`` or ``"highest"``: see `lucid.kernels.set_float32_precision`.
    """

    primitive: str
    geometry: object
    channels: int
    features: int
    items: int = 1
    dtype: str = "float32"
    precision: str = "high"

    @property
    def taps(self):
        """Positions of the kernel."""
        return prod(self.geometry.kernel_size)

    @property
    def positions(self):
        """Positions of the output."""
        return prod(self.geometry.output_size)

    @cached_property
    def meetings(self):
        """For each axis, positions of the output at which each tap meets the input, not padding."""
        names = "kernel_size", "stride", "dilation", "low", "input_size", "output_size"
        counts = []
        for taps, stride, dilation, low, size, positions in zip(
            *(getattr(self.geometry, name) for name in names), strict=True
        ):
            shift = np.arange(taps) * dilation - low  # of x against y
            first, last = np.maximum(0, -(shift // stride)), -((shift - size) // stride)
            counts.append(np.maximum(0, np.minimum(positions, last) - first))
        return counts

    @property
    def connected(self):
        """Positions of the output at which a tap meets the input, and not padding; of all taps."""
        return prod(int(count.sum()) for count in self.meetings)

    @property
    def arrangement(self):
        """How `conv_winograd` cuts it into tiles; None where it cannot compute this."""
        names = "stride", *conv_winograd.Sizes._fields
        return conv_winograd.arrange(
            self.primitive, self.channels, self.features, self.items,
            *map(self.on_three_axes, names),
        )

    @property
    def strided(self):
        """Whether an axis has a stride."""
        return max(self.geometry.stride) > 1

    @property
    def work(self):
        """Multiply-adds of one item."""
        return self.positions * self.taps * self.channels * self.features * self.geometry.groups

    @property
    def elements(self):
        """Elements of input and output, of all items."""
        sizes = prod(self.geometry.input_size) * self.channels + self.positions * self.features
        return self.items * self.geometry.groups * sizes

    @cached_property
    def microseconds(self):
        """Estimated times by kernel, of 8 items; of a weight gradient, of all items.

        `saves_products_of_two_taps` decides before, with more items.
        """
        times = estimates(self, 8)
        times.pop("winograd_strided", None)
        return times

    @cached_property
    def microseconds_of_32(self):
        """The same of 32 items, with `conv_winograd_strided`, which transforms weights first."""
        return estimates(self, 32)

    def on_three_axes(self, name):
        """Tell the sizes of the geometry as a kernel gets them, with axes of length 1 in front."""
        sizes = getattr(self.geometry, name)
        return (0 if name == "low" else 1,) * (3 - len(sizes)) + sizes


def has_several_channels_a_group(task):
    """It computes each channel by itself; here a group has several."""
    return task.channels > 1


def is_not_for_winograd(task):
    """It needs stride 1, several taps along one axis or two, float32, its precision \"high\"."""
    return task.dtype != "float32" or task.precision != "high" or task.arrangement is None


def is_not_for_two_taps(task):
    """It needs 2 taps for a residue of a stride of 1 or 2, dilation 1, float32, \"high\"."""
    return task.dtype != "float32" or task.precision != "high" or not (
        conv_winograd_strided.supports(
            4, *map(task.on_three_axes, ("kernel_size", "stride", "dilation"))
        )
    )


def is_not_for_winograd_along_rows(task):
    """It needs 3 taps with dilation 1 in the last axis, stride 1, float32, precision \"high\"."""
    return task.dtype != "float32" or task.precision != "high" or not conv_winograd_rows.supports(
        4, *map(task.on_three_axes, ("kernel_size", "stride", "dilation"))
    )


def does_not_cover_the_input(task):
    """It needs a kernel as large as the input, without padding and dilation."""
    return not conv_product.supports(*map(
        task.on_three_axes, ("kernel_size", "input_size", "output_size", "dilation", "low")
    ))


def has_neighbours(task):
    """It needs one tap, stride 1 and no padding: a result of each position by itself."""
    return not conv_pointwise.supports(*map(
        task.on_three_axes, ("kernel_size", "stride", "low", "input_size", "output_size")
    ))


def is_not_for_spectra(task):
    """It needs float32, for it computes in float64, and its precision \"high\"."""
    return task.dtype != "float32" or task.precision != "high"


REFUSALS = {
    "depthwise": has_several_channels_a_group,
    "pointwise": has_neighbours,
    "product": does_not_cover_the_input,
    "winograd": is_not_for_winograd,
    "winograd_strided": is_not_for_two_taps,
    "winograd_rows": is_not_for_winograd_along_rows,
    "fft": is_not_for_spectra,
}


def refuses(name, task):
    """Tell whether an algorithm cannot compute a task."""
    return name in REFUSALS and REFUSALS[name](task)


def has_almost_nothing_to_do(task):
    """With so few multiply-adds, setting anything up costs more than the definition.

    It is a microsecond at most, and a large batch of such items would lose more.
    """
    return task.work <= 100


def estimates(task, items):
    """Estimate the microseconds of each kernel that the cost model knows and that may compute this.

    A weight gradient is estimated for the items that it has.
    """
    items = task.items if task.primitive == "weight_grad" else items
    times = {
        name: estimate(name, task, items)
        for name in NANOSECONDS if task.primitive in NANOSECONDS[name] and not refuses(name, task)
    }
    return {name: time / 1000 for name, time in times.items() if time is not None}


def is_fastest(name, microseconds):
    """Tell whether its estimate is the least."""
    return min(microseconds, key=microseconds.get) == name


def saves_products_of_two_taps(task):
    """Of 4x4 taps stride 2 leaves 2x2 for each residue: Winograd's tiles need 25 products for 64.

    Of 3x3 taps it leaves two and one along an axis, and the tiles need 81 products for 144. It is
    also exact enough, and estimated to be the fastest for 32 items, as it transforms the weights.
    """
    return not is_not_for_two_taps(task) and is_fastest("winograd_strided", task.microseconds_of_32)


def saves_products(task):
    """Winograd's tiles need a fourth to two thirds of the products, and many channels share them.

    It is also exact enough, and estimated to be the fastest, transforms included.
    """
    return is_fastest("winograd", task.microseconds)


def saves_products_along_rows(task):
    """Winograd's tiles of one axis need 2 products for 3, and 144 terms make them exact enough.

    It is estimated to be the fastest.
    """
    return is_fastest("winograd_rows", task.microseconds)


def has_a_long_kernel(task):
    """A transform takes no longer for a longer kernel, and products of spectra are few.

    Its estimated time for two items must be below that of the definition's multiply-adds, with 65
    of them in a nanosecond, 35 for a weight gradient: that is so from about 300 taps and 16
    channels on, and from 4000 taps on for a single one.
    """
    speed = 35 if task.primitive == "weight_grad" else 65
    return task.taps >= 64 and not is_not_for_spectra(task) and (
        fourier.cost(task) < 2 * task.work / speed
    )


def moves_more_than_it_computes(task):
    """One tap and few channels on one side: the time is that of reading or writing images once."""
    return (
        task.primitive != "weight_grad" and min(task.channels, task.features) <= 4
        and task.positions >= 64 and not has_neighbours(task)
    )


def has_one_channel_a_group(task):
    """Each channel by itself: rows fill the lanes, and nothing is shared between channels.

    So it is too where a single channel is convolved with a single feature; and with more
    features, where they are added up in the one channel, at stride 1. Elsewhere some kernels
    share between features what is loaded of a channel, and are faster: with a stride, and in a
    forward of 4 features and 400 positions or more; but not with 3 or fewer features and less
    than 100 positions. Along one axis with stride 1 no rows share what is loaded: there
    several features, or more than 4 taps of a forward, go another way too.
    """
    along_one_axis = task.on_three_axes("kernel_size")[:2] == (1, 1) == (
        task.on_three_axes("output_size")[:2]
    )
    if along_one_axis and task.taps > 1 and not task.strided and (
        task.features > 1 or task.taps > 4 and task.primitive != "weight_grad"
    ):
        return False
    if task.channels > 1:
        return False
    if task.geometry.groups > 1:
        if task.features == 1 or task.features < 4 and task.positions < 100:
            return True
        small = task.features < 4 or task.positions < 400
        return not task.strided and (small or task.primitive != "forward")
    wide = task.taps > 1 and does_not_cover_the_input(task)
    return wide and (task.features == 1 or task.primitive == "input_grad" and not task.strided)


def covers_the_input(task):
    """With one position of output, all taps of all channels are one row of a plain product."""
    return not does_not_cover_the_input(task)


def writes_few_channels(task):
    """One channel leaves the rows of a direct kernel empty; im2col's rows are taps there.

    It pays from 32 features on. With two or three channels it is so where a stride of 3 or more
    scatters what the direct kernel writes.
    """
    scattered = max(task.geometry.stride) > 2 and task.taps > 9
    return task.primitive == "input_grad" and (
        task.channels == 1 and task.features >= 32 or 1 < task.channels < 4 and scattered
    )


def scatters_few_positions(task):
    """A kernel far longer than what it meets: a sum for each result is of zeros, mostly.

    So such sums take the square of the taps; im2col adds up only the products that are there.
    """
    reached = task.positions * prod(task.geometry.stride)
    return task.primitive == "input_grad" and prod(task.geometry.input_size) >= 64 * reached


def fills_the_lanes_with_features(task):
    """A stride, or short rows, leave lanes of neighbouring positions empty; features fill them.

    To have the input spread over lanes costs less than to gather it, where many products are
    summed for each result. It is estimated to be the fastest.
    """
    return is_fastest("features", task.microseconds)


def connects_few_positions(task):
    """On an image hardly larger than the kernel, most products of other kernels are with zeros.

    And where a stride leaves few positions, or a short row of them, they do not fill the lanes.
    Each tap by itself has no such products, and features in the lanes. It is estimated to be the
    fastest.
    """
    return is_fastest("clipped", task.microseconds)


def has_few_weights_a_group(task):
    """Too few weights for the tiles of a product: dot products over whole images need no rows.

    It is estimated to be the fastest.
    """
    return is_fastest("unfolded", task.microseconds)


def fills_the_lanes_of_a_product(task):
    """A product of matrices has no lanes that hang over, but copies an input once for each tap.

    So it wins where there is one tap, where many channels share the copy, where a stride or a small
    image lets the direct kernel's lanes hang over. It is estimated to be the fastest.
    """
    return is_fastest("matmul", task.microseconds)


def shifts_one_copy(task):
    """Each tap of the kernel is a shifted run of one copy of the input, in the direct kernel.

    It is estimated to be the fastest.
    """
    return is_fastest("direct", task.microseconds)


RULES = [
    ("naive", has_almost_nothing_to_do),
    ("fft", has_a_long_kernel),
    ("pointwise", moves_more_than_it_computes),
    ("depthwise", has_one_channel_a_group),
    ("product", covers_the_input),
    ("im2col", writes_few_channels),
    ("im2col", scatters_few_positions),
    ("winograd_strided", saves_products_of_two_taps),
    ("winograd", saves_products),
    ("winograd_rows", saves_products_along_rows),
    ("unfolded", has_few_weights_a_group),
    ("clipped", connects_few_positions),
    ("features", fills_the_lanes_with_features),
    ("matmul", fills_the_lanes_of_a_product),
    ("direct", shifts_one_copy),
]


def choose(task):
    """Find the rule that decides.

    Parameters
    ----------
    task : Task

    Returns
    -------
    name : str
        The algorithm.
    rule : callable
        The function whose docstring says why.

    Examples
    --------
    >>> from lucid.geometry import conv_geometry
    >>> from lucid.kernels.choice import Task, choose
    >>> pointwise = conv_geometry((1, 64, 56, 56), (256, 64, 1, 1))
    >>> choose(Task("forward", pointwise, 64, 256))[0]
    'matmul'
    """
    return next((name, rule) for name, rule in RULES if rule(task))


def always(task):
    """It computes everything."""
    return True


def is_in_use(task):
    """`lucid.kernels.use` asks for it."""
    return True


def offers(name, task):
    """Tell whether an algorithm has the primitive of a task and can compute it."""
    return getattr(registry.kernels[name], task.primitive) is not None and not refuses(name, task)


def decide(task, wanted):
    """Find the algorithm and the rule by which it runs while `wanted` is in use."""
    if offers(wanted, task):
        return wanted, is_in_use
    name, rule = choose(task)
    return (name, rule) if offers(name, task) else ("direct", always)
