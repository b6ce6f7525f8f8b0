"""Which algorithm computes a layer, by which rule, and which ones cannot."""

from dataclasses import dataclass
from inspect import getdoc

from lucid.geometry import Geometry, conv_geometry, conv_transpose_geometry
from lucid.kernels import registry
from lucid.kernels.choice import REFUSALS, Task, decide, refuses
from lucid.kernels.convolution import PARALLEL_FROM, effort_of
from lucid.kernels.registry import PRIMITIVES
from lucid.kernels.threads import threads_for

__all__ = ["Decision", "Explanation", "explain"]

NAMES = {"forward": "forward", "input_grad": "input gradient", "weight_grad": "weight gradient"}
TRANSPOSED = {"forward": "input_grad", "input_grad": "forward", "weight_grad": "weight_grad"}


@dataclass(frozen=True)
class Layer:
    """A convolution as the kernels see it: of a transposed layer, `x_shape` is its output."""

    x_shape: tuple
    w_shape: tuple
    y_shape: tuple
    geometry: Geometry
    dtype: str
    transposed: bool

    def task(self, primitive):
        """Give one primitive of the layer to the rules."""
        features = self.w_shape[0] // self.geometry.groups
        return Task(
            TRANSPOSED[primitive] if self.transposed else primitive, self.geometry,
            self.w_shape[1], features, self.x_shape[0], self.dtype,
            registry.get_float32_precision(),
        )

    @property
    def work(self):
        """Multiply-adds of the definition, for the whole batch."""
        return self.x_shape[0] * self.task("forward").work

    def __str__(self):
        kind, x = ("transposed convolution", self.y_shape) if self.transposed else (
            "convolution", self.x_shape
        )
        return f"{kind} of {x} with {self.w_shape}, {self.dtype}"


def lay_out(
    layer, x_shape, stride=1, padding=0, dilation=1, groups=1, *, transposed=False,
    output_padding=0, dtype=None,
):
    """Read the arguments of `explain`, which say there what they mean."""
    x_shape = tuple(getattr(x_shape, "shape", x_shape))
    if hasattr(layer, "layout"):  # a layer of lucid.nn, which stands on a higher floor
        given = (stride, padding, dilation, groups, transposed, output_padding, dtype)
        if given != (1, 0, 1, 1, False, 0, None):
            raise TypeError("a layer has its own options; give them with the shape of a weight")
        w_shape, dtype = tuple(layer.weight.shape), layer.weight.dtype
        transposed, geometry = hasattr(layer, "output_padding"), layer.layout(x_shape, w_shape)
    elif not isinstance(layer, (tuple, list)):
        raise TypeError(
            f"explain and compare take a convolution layer or the shape of a weight, such as "
            f"(64, 3, 7, 7), not {type(layer).__name__}"
        )
    else:
        w_shape = tuple(layer)
        if transposed:
            options = (stride, padding, output_padding, dilation, groups)
            geometry = conv_transpose_geometry(x_shape, w_shape, *options)
        else:
            geometry = conv_geometry(x_shape, w_shape, stride, padding, dilation, groups)
    dtype = "float32" if dtype is None else str(dtype).removeprefix("lucid.")
    if dtype not in ("float32", "float64"):
        raise TypeError(f"dtype={dtype} has no convolution; choose 'float32' or 'float64'")
    items = x_shape[: len(x_shape) - geometry.ndim - 1] or (1,)
    return Layer(
        (*items, w_shape[1] * geometry.groups, *geometry.input_size), w_shape,
        (*items, w_shape[0], *geometry.output_size), geometry, dtype, transposed,
    )


class _Watched:
    """A task that notes what a rule asks it."""

    def __init__(self, task):
        self._task, self.asked = task, {}

    def __getattr__(self, name):
        value = getattr(self._task, name)
        if isinstance(value, (int, str, dict)):
            self.asked[name] = value
        return value

    def on_three_axes(self, name):
        self.asked[name] = getattr(self._task.geometry, name)
        return self._task.on_three_axes(name)


def _tell(name, value):
    """Print one figure; of several the smallest first."""
    if isinstance(value, dict):
        pairs = sorted(value.items(), key=lambda pair: pair[1])
        return f"{name} " + ", ".join(f"{key} {each:,.0f}" for key, each in pairs)
    return f"{name} {value:,}" if type(value) is int else f"{name} {value}"


@dataclass(frozen=True)
class Decision:
    """Why one primitive of a layer runs as it does; a part of an `Explanation`.

    Attributes
    ----------
    primitive : str
        What the kernel computes: ``"forward"``, ``"input_grad"`` or ``"weight_grad"``. The forward
        of a transposed layer is the ``"input_grad"`` of a convolution, and the other way round.
    algorithm : str
        The name of the kernel, one of `lucid.kernels.list`.
    rule : callable
        The function of ``lucid/kernels/choice.py`` that decided.
    why : str
        What the rule says.
    figures : dict
        What the rule asked of this layer, by name: sizes of one item and group, or the estimated
        microseconds of every kernel that might be right.
    threads : int
        How many threads share the work.
    refused : dict
        By name, why other algorithms cannot compute this.

    See Also
    --------
    explain : It decides for the three primitives of a layer.

    Examples
    --------
    >>> from lucid import kernels
    >>> decision = kernels.explain((32, 16, 1, 1), (1, 16, 32, 32)).forward
    >>> decision.algorithm, decision.rule.__name__
    ('matmul', 'fills_the_lanes_of_a_product')
    >>> sorted(decision.figures["microseconds"])
    ['direct', 'features', 'matmul']
    """

    primitive: str
    algorithm: str
    rule: object
    why: str
    figures: dict
    threads: int
    refused: dict

    def __str__(self):
        figures = ", ".join(
            _tell(name, value) for name, value in self.figures.items() if name != "primitive"
        )
        lines = [
            f"{self.algorithm}, because the rule '{self.rule.__name__}' holds:",
            *(f"    {line}" for line in self.why.splitlines() if line),
        ]
        return "\n".join(lines + ([f"    Here: {figures}."] if figures else []))


def _decide(task, work):
    """Explain one primitive."""
    algorithm, rule = decide(task, registry.algorithm.get())
    watched, refused = _Watched(task), {}
    rule(watched)
    for name, kernel in registry.kernels.items():
        if name != "auto" and getattr(kernel, task.primitive) is None:
            refused[name] = f"It has no {task.primitive}."
        elif refuses(name, task):
            refused[name] = getdoc(REFUSALS[name])
    return Decision(
        task.primitive, algorithm, rule, getdoc(rule), watched.asked,
        threads_for(effort_of(task, work), PARALLEL_FROM), refused,
    )


@dataclass(frozen=True)
class Explanation:
    """Which algorithms compute a layer, and why; printed, it reads as text.

    Attributes
    ----------
    layer : str
        What was asked about.
    work : int
        Multiply-adds of the definition for the whole batch, the same for each primitive.
    forward, input_grad, weight_grad : Decision
        One for each primitive of the layer.

    See Also
    --------
    explain : It makes one.

    Examples
    --------
    >>> from lucid import kernels
    >>> found = kernels.explain((16, 1, 5, 5), (1, 16, 32, 32), padding=2, groups=16)
    >>> found.work, found.weight_grad.algorithm
    (409600, 'depthwise')
    """

    layer: str
    work: int
    forward: Decision
    input_grad: Decision
    weight_grad: Decision

    def __repr__(self):
        lines = [self.layer, f"{self.work:,} multiply-adds by the definition"]
        decided, refused = {}, {}
        for primitive in PRIMITIVES:
            decision = getattr(self, primitive)
            decided.setdefault(str(decision), []).append(NAMES[primitive])
            for name, why in decision.refused.items():
                refused.setdefault((name, " ".join(why.split())), []).append(NAMES[primitive])
        for text, places in decided.items():
            lines += ["", f"{', '.join(places)}: {text}"]
        lines += ["", "refused:"] if refused else []
        for (name, why), places in refused.items():
            where = "" if len(places) == len(PRIMITIVES) else f" for the {', '.join(places)}"
            lines.append(f"    {name}{where}: {why}")
        return "\n".join(lines)


def explain(
    layer, x_shape, stride=1, padding=0, dilation=1, groups=1, *, transposed=False,
    output_padding=0, dtype=None,
):
    """Say which algorithm computes a layer, forward and backward, and why.

    Nothing is computed. The rules are those of ``lucid/kernels/choice.py``; what `use` and
    `set_float32_precision` ask for in this thread is followed.

    Parameters
    ----------
    layer : Module or tuple of int
        A convolution layer of any rank, transposed or not; or the shape of a weight,
        (F, C // groups, \\*), to which the other options belong.
    x_shape : tuple of int or Tensor
        (N, C, \\*), or (C, \\*) for one item: the input of the layer, or its shape.
    stride, padding, dilation, groups : int, tuple or str, default 1, 0, 1 and 1
        As in `lucid.nn.functional.conv2d`; only beside the shape of a weight.
    transposed : bool, default False
        Whether the shapes are those of a transposed convolution; the weight is then
        (C, F // groups, \\*).
    output_padding : int or tuple of int, default 0
        Of a transposed convolution.
    dtype : dtype or str, optional
        float32 or float64; default float32, or that of the layer.

    Returns
    -------
    Explanation

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    TypeError
        If `layer` is neither, or has its own options beside those that are given.

    See Also
    --------
    compare : Measures every algorithm on the layer.

    Examples
    --------
    >>> import lucid.nn as nn
    >>> from lucid import kernels
    >>> found = kernels.explain(nn.Conv2d(8, 8, kernel_size=3, groups=8), (1, 8, 16, 16))
    >>> found.forward.algorithm
    'depthwise'
    >>> print(found.forward)
    depthwise, because the rule 'has_one_channel_a_group' holds:
        Each channel by itself: rows fill the lanes, and nothing is shared between channels.
        So it is too where a single channel is convolved with a single feature; and with more
        features, where they are added up in the one channel, at stride 1. Elsewhere some kernels
        share between features what is loaded of a channel, and are faster: with a stride, and in a
        forward of 4 features and 400 positions or more; but not with 3 or fewer features and less
        than 100 positions. Along one axis with stride 1 no rows share what is loaded: there
        several features, or more than 4 taps of a forward, go another way too.
        Here: kernel_size (3, 3), channels 1, features 1.

    A transposed layer, by its shapes; and a wish that not every algorithm can fulfil:

    >>> found = kernels.explain((64, 32, 4, 4), (1, 64, 8, 8), stride=2, padding=1, transposed=True)
    >>> found.forward.primitive, found.input_grad.primitive
    ('input_grad', 'forward')
    >>> with kernels.use("depthwise"):
    ...     found = kernels.explain((64, 32, 3, 3), (1, 32, 8, 8))
    >>> found.forward.algorithm, found.forward.refused["depthwise"]
    ('winograd', 'It computes each channel by itself; here a group has several.')
    """
    asked = lay_out(
        layer, x_shape, stride, padding, dilation, groups, transposed=transposed,
        output_padding=output_padding, dtype=dtype,
    )
    decisions = [_decide(asked.task(primitive), asked.work) for primitive in PRIMITIVES]
    return Explanation(str(asked), asked.work, *decisions)
