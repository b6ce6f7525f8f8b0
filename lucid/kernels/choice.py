"""Which algorithm ``"auto"`` runs: the first of a few written rules that holds.

A rule looks at what one item asks for, never at the batch or the threads, so that an item's result
has the same bits in every batch. The bounds were found by timing both sides on about 60 layers of
real networks; near a bound the two differ by a few hundredths.

To add a rule: a function of a `Task` whose docstring says why, and its line in `RULES` above those
that would take the same layers. An algorithm that cannot compute everything has, in `REFUSALS`, a
function that tells where: no rule may give it such a task, and `use` leaves it to ``"auto"``.
"""

from dataclasses import dataclass
from math import prod

from lucid._cython import (
    conv_direct, conv_pointwise, conv_product, conv_winograd, conv_winograd_rows,
    conv_winograd_strided,
)
from lucid.kernels import fourier, registry


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
        Items of the batch: the terms that a weight gradient sums up. No other rule may ask.
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

    @property
    def strided(self):
        """Whether an axis has a stride."""
        return max(self.geometry.stride) > 1

    @property
    def written(self):
        """Channels of the result, of one group; features for a weight gradient."""
        return self.channels if self.primitive == "input_grad" else self.features

    @property
    def work(self):
        """Multiply-adds of one item."""
        return self.positions * self.taps * self.channels * self.features * self.geometry.groups

    @property
    def elements(self):
        """Elements of input and output, of all items."""
        sizes = prod(self.geometry.input_size) * self.channels + self.positions * self.features
        return self.items * self.geometry.groups * sizes

    def on_three_axes(self, name):
        """Tell the sizes of the geometry as a kernel gets them, with axes of length 1 in front."""
        sizes = getattr(self.geometry, name)
        return (0 if name == "low" else 1,) * (3 - len(sizes)) + sizes


def has_several_channels_a_group(task):
    """It computes each channel by itself; here a group has several."""
    return task.channels > 1


def is_not_for_winograd(task):
    """It needs 3x3, 1x3 or 1x2 taps, stride 1, float32 and its precision \"high\"."""
    return task.dtype != "float32" or task.precision != "high" or not conv_winograd.supports(
        4, *map(task.on_three_axes, ("kernel_size", "stride", "dilation"))
    )


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
    """With so few multiply-adds, setting anything up costs more than the definition."""
    return task.work <= 600


def saves_products(task):
    """Winograd's tiles need a fourth to two thirds of the products, and many channels share them.

    It is also exact enough: `conv_winograd.wins` compares errors and costs.
    """
    return not is_not_for_winograd(task) and conv_winograd.wins(
        task.primitive, task.channels, task.features,
        *map(task.on_three_axes, ("kernel_size", "input_size", "output_size")), task.items,
        task.on_three_axes("dilation"),
    )


def sums_up_groups(task):
    """A plain product copies its input anew for every group; tiles of 3x3 taps copy it once.

    So from 16 channels a group on they win, though their transforms cost more than they save.
    """
    taps = task.on_three_axes("kernel_size")[1:]
    return (
        task.primitive == "weight_grad" and task.geometry.groups > 1 and taps == (3, 3)
        and min(task.channels, task.features) >= 16 and not is_not_for_winograd(task)
        and conv_winograd.may_use(task.items * task.positions)
    )


def saves_products_of_two_taps(task):
    """Of 4x4 taps stride 2 leaves 2x2 for each residue: Winograd's tiles need 25 products for 64.

    Of 3x3 taps it leaves two and one along an axis, and the tiles need 81 products for 144.
    It is also exact enough: `conv_winograd_strided.wins` compares errors and costs.
    """
    sizes = "kernel_size", "stride", "input_size", "output_size"
    return not is_not_for_two_taps(task) and conv_winograd_strided.wins(
        task.primitive, task.channels, task.features, *map(task.on_three_axes, sizes), task.items
    )


def saves_products_along_rows(task):
    """Winograd's tiles of one axis need 2 products for 3, and 144 terms make them exact enough.

    Features fill the lanes, if they come in sixteens, nearly. There are some positions, for the
    weights are transformed first; and 32 registers, for sums at four points.
    """
    terms = task.taps * (task.features if task.primitive == "input_grad" else task.channels)
    return (
        conv_winograd_rows.PAYS
        and task.primitive != "weight_grad" and terms >= conv_winograd_rows.TERMS
        and task.positions >= 144
        and task.written >= 0.8 * 16 * -(-task.written // 16)
        and not is_not_for_winograd_along_rows(task)
    )


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
    features, where they are added up in the one channel, at stride 1.
    """
    if task.channels > 1 or task.geometry.groups > 1:
        return task.channels == 1
    wide = task.taps > 1 and does_not_cover_the_input(task)
    return wide and (task.features == 1 or task.primitive == "input_grad" and not task.strided)


def covers_the_input(task):
    """With one position of output, all taps of all channels are one row of a plain product."""
    return not does_not_cover_the_input(task)


def has_few_weights_a_group(task):
    """Too few weights for the tiles of a product: dot products over whole images need no rows.

    All sums of a group, of one register each, stay in the second-level cache up to 2048 weights.
    """
    weights = task.channels * task.features * task.taps
    return task.primitive == "weight_grad" and task.taps > 1 and weights < 2048


def writes_few_channels(task):
    """One channel leaves the rows of a direct kernel empty; im2col's rows are taps there.

    With two or three it is so where a stride of 3 or more scatters what the direct kernel writes.
    """
    scattered = max(task.geometry.stride) > 2 and task.taps > 9
    return task.primitive == "input_grad" and (
        task.channels == 1 or task.channels < 4 and scattered
    )


def fills_the_lanes_with_features(task):
    """A stride, or short rows without padding, leave lanes of neighbouring positions empty.

    Features fill them, if they come in sixteens, nearly; and where 72 to 800 products are summed
    for each result, to have the input spread over lanes costs less than to gather it. So it is for
    the gradient of the weights, where taps take turns instead of positions, even with 3 channels.
    """
    features, width = task.features, task.geometry.output_size[-1]
    if task.primitive == "input_grad" or task.taps == 1 or features > 128:
        return False
    full = features >= 0.8 * 16 * -(-features // 16)
    short = width < 32 and width % 16 > 0 and task.geometry.input_size[-1] >= 1.1 * width
    return full and 72 <= task.channels * task.taps <= 800 and (
        (task.channels > 3 or task.primitive == "weight_grad") if task.strided else short
    )


def fills_the_lanes_of_a_product(task):
    """A product of matrices has no lanes that hang over, but copies an input once for each tap.

    So it wins where there is one tap, where many channels share the copy, where a stride as long
    as the kernel leaves each input to one tap, where a stride or a small image lets the direct
    kernel's lanes hang over (of up to 32 terms, only if that has 16 registers; but not at stride 2
    from 128 channels to 4x4 outputs, which fill 16 lanes); and for nearly every weight gradient,
    except that of up to 64 features with 4 to 7 channels at stride 1, or with many taps and few
    positions in all, where the direct kernel copies less.
    """
    if task.taps == 1:
        return True
    if task.primitive == "weight_grad":
        few_large = task.items * task.positions <= 192 and task.taps > 16
        direct = few_large or task.channels < 8 and not task.strided
        return not (direct and task.channels >= 4 and task.features <= 64)
    sizes = zip(task.geometry.kernel_size, task.geometry.stride, strict=True)
    apart = all(taps <= stride for taps, stride in sizes)
    if task.primitive == "forward" and apart:
        return task.features >= 16
    if task.primitive == "forward" and task.channels * task.taps <= 32:
        return task.strided and task.features >= 32 and not conv_direct.PAYS_FOR_FEW
    fills_16 = task.geometry.output_size == (4, 4) and task.geometry.stride == (2, 2)
    if task.primitive == "forward" and fills_16 and conv_direct.PAYS_FOR_16:
        if task.dtype == "float32" and task.channels >= 128:
            return False
    one_tap_a_phase = task.primitive == "input_grad" and (
        task.geometry.kernel_size == task.geometry.stride
    )
    wide = 32 if task.primitive == "forward" else 64
    if task.strided or task.positions <= 64:
        return task.written >= wide and not one_tap_a_phase and task.channels > 3
    return task.written >= 256


def always(task):
    """The direct kernel is right for all the rest."""
    return True


RULES = [
    ("naive", has_almost_nothing_to_do),
    ("winograd", saves_products),
    ("winograd", sums_up_groups),
    ("winograd_strided", saves_products_of_two_taps),
    ("winograd_rows", saves_products_along_rows),
    ("fft", has_a_long_kernel),
    ("pointwise", moves_more_than_it_computes),
    ("depthwise", has_one_channel_a_group),
    ("product", covers_the_input),
    ("unfolded", has_few_weights_a_group),
    ("im2col", writes_few_channels),
    ("features", fills_the_lanes_with_features),
    ("matmul", fills_the_lanes_of_a_product),
    ("direct", always),
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
