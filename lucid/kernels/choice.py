"""Which algorithm ``"auto"`` runs: the first of a few written rules that holds.

A rule looks at what one item asks for, never at the batch or the threads, so that an item's result
has the same bits in every batch. The bounds were found by timing both sides on about 60 layers of
real networks; near a bound the two differ by a few hundredths.
"""

from dataclasses import dataclass
from math import prod


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
    """

    primitive: str
    geometry: object
    channels: int
    features: int

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


def has_almost_nothing_to_do(task):
    """With so few multiply-adds, setting anything up costs more than the definition."""
    return task.work <= 600


def has_one_channel_a_group(task):
    """Each channel by itself: rows fill the lanes, and nothing is shared between channels."""
    return task.channels == 1 and task.geometry.groups > 1


def writes_few_channels(task):
    """Few channels leave the rows of a direct kernel empty; im2col's rows are taps there."""
    return task.primitive == "input_grad" and task.channels < 4 and task.taps > 9


def fills_the_lanes_of_a_product(task):
    """A product of matrices has no lanes that hang over, but copies an input once for each tap.

    So it wins where there is one tap, where many channels share the copy, where a stride or a
    small image lets the direct kernel's lanes hang over; and for nearly every weight gradient,
    except that of 17 to 64 features and stride 1, where the direct kernel copies less.
    """
    if task.taps == 1:
        return True
    if task.primitive == "weight_grad":
        direct = not task.strided and task.channels >= 4 and task.features <= 64
        return not (direct and (task.features > 16 or task.positions < 256))
    if task.primitive == "forward" and task.channels * task.taps <= 32:
        return task.features >= 32
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
    ("depthwise", has_one_channel_a_group),
    ("im2col", writes_few_channels),
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
