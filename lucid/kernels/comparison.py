"""Every algorithm on one layer, side by side: products, memory, time and rounding."""

import time
import tracemalloc
from dataclasses import dataclass
from math import prod
from statistics import median

import numpy as np

from lucid._cython import workspace
from lucid.geometry import check_int
from lucid.kernels import fourier, registry
from lucid.kernels.choice import decide, offers
from lucid.kernels.convolution import conv, conv_input_grad, conv_weight_grad
from lucid.kernels.explanation import NAMES, lay_out
from lucid.kernels.registry import PRIMITIVES, use

__all__ = ["Comparison", "Measurement", "compare"]

SLOW = 1.0  # seconds; what takes longer is timed once
SMALL = 16_384  # bytes; less is Python's own


@dataclass(frozen=True)
class Measurement:
    """One algorithm on one layer; a row of a `Comparison`.

    Attributes
    ----------
    algorithm : str
        One of `lucid.kernels.list`.
    multiply_adds : int
        Products that are added up, for the whole batch: the definition's count, or what is left of
        it. Of a kernel of your own, the definition's.
    workspace : int
        Bytes it used at most beside inputs and result: scratch memory of compiled loops, and what
        a kernel in Python allocated.
    seconds : float
        The median of a call; runs of all algorithms took turns.
    error : float
        The largest of all results, in units of eps times the sum of the absolute products; eps is
        that of the dtype. In float64 it is the difference from the definition's own sum. A result
        that is no number makes it nan.
    chosen : bool
        Whether ``"auto"`` takes it.

    See Also
    --------
    compare : It makes a table of them.

    Examples
    --------
    >>> from lucid import kernels
    >>> row = kernels.compare((4, 2, 3, 3), (1, 2, 8, 8), algorithms=["naive"])[0]
    >>> row.algorithm, row.multiply_adds, row.workspace
    ('naive', 2592, 0)
    """

    algorithm: str
    multiply_adds: int
    workspace: int
    seconds: float
    error: float
    chosen: bool


class Comparison(list):
    """A list of `Measurement`, the fastest first, that prints as a table.

    Attributes
    ----------
    title : str
        What was measured.

    See Also
    --------
    compare : It makes one.

    Examples
    --------
    >>> from lucid import kernels
    >>> rows = kernels.compare((4, 2, 3, 3), (1, 2, 8, 8), algorithms=["naive", "direct"])
    >>> rows.title
    'forward, convolution of (1, 2, 8, 8) with (4, 2, 3, 3), float32'
    >>> sorted(row.algorithm for row in rows)
    ['direct', 'naive']
    """

    def __init__(self, title, rows):
        super().__init__(sorted(rows, key=lambda row: row.seconds))
        self.title = title

    def __repr__(self):
        names = [row.algorithm + (" *" if row.chosen else "") for row in self]
        width = max(map(len, names), default=0)
        columns = f"{'multiply-adds':>18}{'workspace':>14}{'ms':>12}{'error':>8}"
        lines = [self.title, " " * width + columns]
        for name, row in zip(names, self, strict=True):
            lines.append(
                f"{name:{width}}{row.multiply_adds:18,}{row.workspace / 1024:10,.0f} KiB"
                f"{1000 * row.seconds:12.3f}{row.error:8.2f}"
            )
        return "\n".join([*lines, "* what auto takes; the error is in eps sum |x| |w|"])


def _winograd_products(task):
    """Count one product for each point of a tile, and pair of channels."""
    return task.geometry.groups * task.arrangement.products


def _strided_products(task):
    """Count 5 products for 4 positions of an axis where a phase has two taps, 4 for one tap."""
    backward, count = task.primitive == "input_grad", task.geometry.groups
    sizes = task.on_three_axes("input_size" if backward else "output_size")
    axes = zip(
        task.on_three_axes("kernel_size"), task.on_three_axes("stride"), sizes, strict=True
    )
    for axis, (taps, stride, size) in enumerate(axes):
        positions = -(-size // stride) if backward else size
        two, one = max(0, taps - stride), min(taps, 2 * stride - taps)
        whole = axis == 2 or two  # a tile of one tap is no longer than the first of two axes
        tiles, points = -(-positions // 4), 5 * two + (4 if whole else min(4, positions)) * one
        count *= tiles * points if axis else positions * taps
    return count * task.channels * task.features


def _products_along_rows(task):
    """Count 4 products of 3 taps for 2 neighbours of the last axis."""
    backward, geometry = task.primitive == "input_grad", task.geometry
    *outer, last = geometry.input_size if backward else geometry.output_size
    pairs = geometry.groups * task.channels * task.features
    return pairs * prod(outer) * (task.taps // 3) * 4 * -(-last // 2)


def _products_inside(task):
    """Count the products that are not with padding."""
    pairs = task.geometry.groups * task.channels * task.features
    return pairs * task.connected


PRODUCTS = {  # of one item, where it is not the definition's
    "winograd": _winograd_products, "winograd_strided": _strided_products,
    "winograd_rows": _products_along_rows, "fft": fourier.multiply_adds,
    "clipped": _products_inside,
}


def _draw(asked):
    """Draw x, w and y of a layer."""
    rng = np.random.default_rng(0)
    shapes = asked.x_shape, asked.w_shape, asked.y_shape
    return [rng.standard_normal(shape).astype(asked.dtype) for shape in shapes]


def _compute(name, task, x, w, y):
    """Run one algorithm."""
    with use(name):
        if task.primitive == "forward":
            return conv(x, w, task.geometry)
        if task.primitive == "input_grad":
            return conv_input_grad(y, w, task.geometry)
        return conv_weight_grad(x, y, task.geometry)


def _measure_memory(name, task, operands):
    """Run one algorithm; return its result, and the bytes used beside it."""
    tracing = tracemalloc.is_tracing()
    tracemalloc.start()  # it sees what NumPy allocates
    try:
        tracemalloc.reset_peak()
        workspace.forget_peak()
        before = tracemalloc.get_traced_memory()[0]
        result = _compute(name, task, *operands)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        if not tracing:
            tracemalloc.stop()
    extra = most - before - result.nbytes
    return result, workspace.peak() + (extra if extra > SMALL else 0)


def _largest_error(result, right, scale):
    """Compare with what is right, in units of eps times the sum of absolute products."""
    error = np.abs(result - right)
    unit = np.finfo(result.dtype).eps * scale
    with np.errstate(divide="ignore"):
        np.divide(error, unit, out=error, where=error != 0)  # infinite where all products are 0
    return float(np.max(error, initial=0))


def _take_turns(names, task, operands, first, runs):
    """Time every algorithm `runs` times, one after the other; `first` are the times of a try."""
    times = {name: [] for name in names}
    for turn in range(runs):
        for name in names:
            if turn == 0 or first[name] < SLOW:
                start = time.perf_counter()
                _compute(name, task, *operands)
                times[name].append(time.perf_counter() - start)
    return times


def compare(
    layer, x_shape, stride=1, padding=0, dilation=1, groups=1, *, transposed=False,
    output_padding=0, dtype=None, primitive="forward", algorithms=None, runs=5,
):
    """Measure every algorithm that can compute a layer, your own registered ones among them.

    The arrays hold normal random numbers. The number of threads is that of
    `lucid.kernels.get_num_threads`; runs take turns, so that what else the machine does strikes
    all alike. An algorithm that takes longer than a second runs once.

    Parameters
    ----------
    layer, x_shape, stride, padding, dilation, groups, transposed, output_padding, dtype
        As in `explain`: a layer and the shape of its input, or the shape of a weight and options.
    primitive : {"forward", "input_grad", "weight_grad"}, default "forward"
        What to compute, of the layer.
    algorithms : list of str, optional
        Some names of `lucid.kernels.list`; by default all. What cannot compute this is left out.
    runs : int, default 5
        Timed runs of each, at least 1.

    Returns
    -------
    Comparison
        A list of `Measurement`, the fastest first.

    Raises
    ------
    ShapeError, TypeError
        As in `explain`.
    ValueError
        If there is no such primitive or algorithm, or `runs` is below 1.

    See Also
    --------
    explain : Says why one of them is taken.

    Notes
    -----
    The bound that every algorithm keeps, (n + 16) eps sum abs(x) abs(w) for n terms, is that of a
    sum in any order: see :doc:`/explain/numerics`.

    Examples
    --------
    >>> import lucid.nn as nn
    >>> from lucid import kernels
    >>> layer = nn.Conv2d(32, 32, kernel_size=3, padding=1)
    >>> table = kernels.compare(layer, (1, 32, 16, 16), algorithms=["direct", "winograd"])
    >>> for row in sorted(table, key=lambda row: row.multiply_adds):
    ...     print(row.algorithm, row.multiply_adds, row.chosen, row.error < 9 * 32 + 16)
    winograd 786432 True True
    direct 2359296 False True
    """
    asked = lay_out(
        layer, x_shape, stride, padding, dilation, groups, transposed=transposed,
        output_padding=output_padding, dtype=dtype,
    )
    if primitive not in PRIMITIVES:
        raise ValueError(f"primitive={primitive!r}: choose among {', '.join(PRIMITIVES)}")
    runs = check_int(runs, "runs", 1)
    task, operands = asked.task(primitive), _draw(asked)
    names = [
        name for name in (registry.list() if algorithms is None else algorithms)
        if registry.get(name).name != "auto" and offers(name, task)
    ]
    exact = "naive" if asked.dtype == "float64" else "auto"
    double = [each.astype(np.float64) for each in operands]
    right, scale = _compute(exact, task, *double), _compute("auto", task, *map(np.abs, double))
    memory, errors, first = {}, {}, {}
    for name in names:
        start = time.perf_counter()
        result, memory[name] = _measure_memory(name, task, operands)
        first[name] = time.perf_counter() - start
        errors[name] = _largest_error(result, right, scale)
    times, auto = _take_turns(names, task, operands, first, runs), decide(task, "auto")[0]
    return Comparison(f"{NAMES[primitive]}, {asked}", [
        Measurement(
            name, PRODUCTS.get(name, lambda task: task.work)(task) * task.items, memory[name],
            median(times[name]), errors[name], name == auto,
        )
        for name in names
    ])
