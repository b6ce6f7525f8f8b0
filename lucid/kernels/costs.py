"""How long a call takes by each kernel for layers of all kinds: the cost model of ``"auto"``.

A function counts a few things that a kernel does: products of whole vectors, rows copied, results
written. `NANOSECONDS` says how long each takes, fitted to what 700 layers of all kinds took with
one thread on a processor with vectors of 64 bytes. Half of the estimates are within a tenth of the
truth, nine of ten within a half; and the kernel that they choose takes 1.05 times as long as the
fastest one, on the average. With shorter vectors all products take longer, which changes the order
of few kernels.
"""

from math import prod

from lucid._cython import (
    conv_clipped, conv_matmul_weights, conv_unfolded, conv_winograd, conv_winograd_rows,
    conv_winograd_strided,
)
from lucid._cython.exactness import count_terms

LINE = 64  # bytes of a vector

NANOSECONDS = {
    "direct": {
        "forward": {
            "products": 0.303, "written": 1.15, "rows": 6.2, "read": 0.17, "tasks": 75,
            "weights": 0.03
        },
        "input_grad": {
            "products": 0.288, "written": 1.6, "rows": 7.2, "read": 2.5, "tasks": 54,
            "weights": 1.0
        },
        "weight_grad": {
            "products": 0.349, "turned": 0.359, "rows": 3.54, "read": 0.329, "sums": 3.59,
            "weights": 0.599
        },
    },
    "clipped": {
        "forward": {
            "products": 0.312, "moved": 1.9, "written": 0.28, "boxes": 43, "weights": 0.25
        },
        "input_grad": {
            "products": 0.294, "moved": 1.66, "written": 0.31, "boxes": 11, "weights": 0.22
        },
    },
    "features": {
        "forward": {"products": 0.294, "written": 0.32, "read": 2.03, "weights": 0.474},
        "weight_grad": {
            "products": 0.315, "turned": 0.244, "rows": 0.643, "read": 0.882, "sums": 4.37,
            "weights": 0.162
        },
    },
    "matmul": {
        "forward": {
            "products": 0.285, "columns": 1.53, "runs": 2.29, "short runs": 4.0, "read": 3.37,
            "written": 1.25
        },
        "input_grad": {
            "products": 0.29, "columns": 1.74, "runs": 2.18, "written": 1.21, "scattered": 0.331,
            "weights": 0.515
        },
        "weight_grad": {
            "products": 0.308, "columns": 1.5, "runs": 3.4, "sorted": 0.02, "patches": 0.05,
            "rows": 8.0, "read": 3.4, "sums": 5.1, "turned": 0.15, "weights": 0.02, "dots": 1.5
        },
    },
    "unfolded": {
        "weight_grad": {
            "products": 0.329, "sums": 2.92, "rows": 3.98, "read": 0.131, "weights": 5.13
        },
    },
    "winograd": {
        "forward": {
            "products": 0.322, "inputs": 0.224, "apart": 0.8, "outputs": 0.163, "weights": 2.66
        },
        "input_grad": {
            "products": 0.324, "inputs": 0.215, "apart": 0.8, "outputs": 0.213, "weights": 3.16
        },
        "weight_grad": {
            "products": 0.326, "inputs": 0.236, "apart": 0.8, "outputs": 0.34, "weights": 2.62
        },
    },
    "winograd_rows": {
        "forward": {"products": 0.362},
        "input_grad": {"products": 0.367},
    },
    "winograd_strided": {
        "forward": {"work": 0.0131},
        "input_grad": {"work": 0.0137},
        "weight_grad": {"work": 0.0129},
    },
}


def divide(a, b):
    """Divide and round up."""
    return -(-a // b)


def whole_panels(rows):
    """Count the rows that a tile of 8 computes: the last tile is lower, but one takes as two."""
    return rows + (rows % 8 == 1)


def turn_around(task):
    """Tell what is read and what is written: sizes of three axes, and channels of each."""
    sizes = [task.on_three_axes(name) for name in ("input_size", "output_size")]
    channels, order = [task.channels, task.features], -1 if task.primitive == "input_grad" else 1
    return *sizes[::order], *channels[::order]


def cover(size, gap, lanes):
    """Count the vectors on neighbouring positions, whose rows lie `gap` apart in their block.

    Rows go one by one; or, with what lies between them, all of a plane; or all of a volume.
    """
    n0, n1, n2 = size
    plane = (n1 - 1) * (n2 + gap[2]) + n2
    volume = (n0 - 1) * (n1 + gap[1]) * (n2 + gap[2]) + plane
    return min(n0 * n1 * divide(n2, lanes), n0 * divide(plane, lanes), divide(volume, lanes))


def direct(task, items, lanes):
    """Vectors are positions, 8 results side by side; inputs are copied by rows."""
    if task.primitive == "weight_grad":
        return sums_of_taps(task, items, lanes, rows=8)
    taps, stride, dilation = map(task.on_three_axes, ("kernel_size", "stride", "dilation"))
    source, size, read, written = turn_around(task)
    phases, terms = 1, read * task.taps
    if task.primitive == "input_grad":
        phases = prod(stride)
        size = [divide(n, s) for n, s in zip(size, stride, strict=True)]
    gap = [(k - 1) * d // s for k, d, s in zip(taps, dilation, stride, strict=True)]
    apart = task.primitive == "forward" and stride[2] > 1
    vectors, copies = cover(size, gap, lanes) * phases, 1
    row = 10 + (2 * source[2] if apart else 4 * divide(source[2], lanes))
    unrolled = cover(size, [*gap[:2], 0], lanes) * phases  # a copy for each tap leaves no gaps
    saved = (vectors - unrolled) * whole_panels(written) * terms / phases
    if size[1] > 1 and saved > (taps[2] - 1) * prod(source[:2]) * read * row:
        vectors, copies = unrolled, taps[2]
    each = items * task.geometry.groups
    copied = each * copies * prod(source[:2]) * read  # rows of x, or of y for its gradient
    return {
        "products": each * vectors * terms / phases * whole_panels(written),
        "written": each * vectors * written,
        "rows": copied * (min(taps[2], stride[2]) if apart else 1),
        "read": copied * source[2] / (1 if apart else lanes),
        "tasks": each * phases * divide(written, 8),
        "weights": task.geometry.groups * written * terms,
    }


def features(task, items, lanes):
    """Vectors are features, so neither a stride nor a short row leaves any empty.

    They are compiled for lines of 16 lanes: float64, which has 8, takes 4 to 17 times as long.
    """
    if task.dtype != "float32":
        return {}
    if task.primitive == "weight_grad":
        return sums_of_taps(task, items, lanes, rows=1)
    each, vectors = items * task.geometry.groups, divide(task.features, lanes)
    return {
        "products": each * task.positions * vectors * task.channels * task.taps,
        "written": each * task.positions * vectors * lanes,
        "read": each * prod(task.geometry.input_size) * task.channels / lanes,
        "weights": task.geometry.groups * vectors * lanes * task.channels * task.taps,
    }


def clipped(task, items, lanes):
    """Vectors are features; no product is with padding, but each tap moves its own sums.

    For float64 it is as `features` is; and a single tap needs no clipping.
    """
    if task.dtype != "float32" or task.primitive == "weight_grad" or task.taps == 1:
        return {}
    source, size, read, written = turn_around(task)
    vectors = divide(written, lanes) * task.geometry.groups
    moved = items * task.connected * vectors
    blocks = conv_clipped.count_blocks(items, read, source, size, LINE // lanes)
    boxes = max(1, task.taps * vectors * blocks)  # of positions that fill half tiles of 14
    return {
        "products": 14 * boxes * divide(moved, 14 * boxes) * read,
        "moved": moved,
        "written": items * prod(size) * vectors * lanes,
        "boxes": boxes,
        "weights": vectors * lanes * read * task.taps,
    }


def sums_of_taps(task, items, lanes, rows):
    """Vectors are features, which are turned for that; so many taps at least take turns."""
    each, vectors = items * task.geometry.groups, divide(task.features, lanes)
    taps, read = task.channels * task.taps, each * task.channels * prod(task.geometry.input_size)
    apart = rows > 1 and task.geometry.stride[-1] > 1
    return {
        "products": each * task.positions * divide(taps, rows) * rows * vectors,
        "turned": each * task.positions * vectors * lanes,
        "rows": read / task.geometry.input_size[-1],
        "read": read / (1 if apart else lanes),
        "sums": each * taps * vectors,
        "weights": task.geometry.groups * taps * vectors * lanes,
    }


def matmul(task, items, lanes):
    """Vectors are positions of all items; each tap has a copy of what it reads."""
    if task.primitive == "weight_grad":
        return long_dots(task, items, lanes)
    source, size, read, written = turn_around(task)
    stride, phases = task.on_three_axes("stride"), 1
    if task.primitive == "input_grad":
        phases = prod(stride)
        size = [divide(n, s) for n, s in zip(size, stride, strict=True)]
    columns, terms, groups = items * prod(size), read * task.taps, task.geometry.groups
    plain = task.taps == 1 and not task.strided
    results = groups * columns * phases * written
    run = prod(size) if plain else size[2]
    return {
        "products": groups * 2 * divide(columns, 2 * lanes) * terms * whole_panels(written),
        "columns": groups * columns * terms / lanes,
        "runs": groups * columns * terms / run,
        "short runs": groups * columns * terms / run * (run < 8 and task.strided),
        "read": groups * items * read * prod(source) / lanes * (phases == 1 and task.strided),
        "written": results / lanes,
        "scattered": results * (phases > 1),
        "weights": groups * written * terms,
    }


def long_dots(task, items, lanes):
    """Whichever of taps and features fills vectors best is turned for that, or else neither."""
    taps, features = task.channels * task.taps, task.features
    groups, columns = task.geometry.groups, items * task.positions
    lies, in_planes = conv_matmul_weights.lies_in_lanes(
        columns, task.channels, features, task.taps, LINE // lanes
    )
    if lies == "columns":
        products = 0.074 * columns * features * taps
    elif lies == "features":
        products = columns * divide(features, lanes) * taps  # half a vector takes as long
    else:
        products = columns * divide(taps, 8) * 8 * features / lanes
    plain = task.taps == 1 and not task.strided
    patches = 1 < task.taps <= prod(task.geometry.stride)  # neighbours are read together
    unfolded = 0 if in_planes or plain else columns * taps
    read = items * task.channels * prod(task.geometry.input_size)
    source, stride = map(task.on_three_axes, ("input_size", "stride"))
    apart = task.strided or any(task.geometry.low)  # else rows are read where they are
    planes = read if in_planes and apart else 0
    dots = lies == "columns"
    sums = groups * divide(features, lanes) * taps * (not dots)
    sums *= divide(items, max(1, 1024 // task.positions))
    return {
        "products": groups * products,
        "columns": groups * unfolded / lanes,
        "runs": groups * unfolded / task.geometry.output_size[-1],
        "sorted": groups * planes * (stride[2] > 1 and not patches),
        "patches": groups * planes * patches,
        "rows": groups * planes / source[2] * (1 if patches else stride[2]),
        "read": groups * read / lanes * (task.strided and not patches),
        "sums": sums,
        "turned": groups * columns * features,
        "weights": groups * features * taps * (not dots),
        "dots": groups * features * taps * dots,
    }


def unfolded(task, items, lanes):
    """Vectors are positions of blocks of 512 KiB, for sums of 4 features by 6 taps."""
    names = "kernel_size", "stride", "dilation", "low", "input_size", "output_size"
    sizes = list(map(task.on_three_axes, names))
    block, blocks, stored = conv_unfolded.cut(task.channels, *sizes, LINE // lanes)
    each = items * task.geometry.groups * blocks
    tiles = each * divide(task.features, 4) * divide(task.channels * task.taps, 6) * block[0]
    rows = each * task.channels * stored
    return {
        "products": 24 * tiles * divide(block[1] * block[2], lanes),
        "sums": 24 * tiles,
        "rows": rows,
        "read": rows * block[2] / (1 if task.geometry.stride[-1] > 1 else lanes),
        "weights": task.geometry.groups * task.channels * task.features * task.taps,
    }


def winograd(task, items, lanes):
    """Tiles are in the vectors; a tile has a few points, at each of which is a product."""
    found = task.arrangement
    if not found.exact:
        return {}
    backward = task.primitive == "input_grad"
    size = found.sizes.input_size if backward else found.sizes.output_size
    depth, features, apart = found.depth, found.features, min(found.sizes.dilation[2], size[2])
    vectors = divide(items * found.tiles, lanes) * task.geometry.groups
    planes = min(4, size[0])  # of outputs, whose taps of the first axis read the same inputs
    taps = found.sizes.kernel_size[0]
    inputs, outputs = depth * (planes + taps - 1) / (planes * taps), features
    if task.primitive == "weight_grad":  # works on 8 channels and 16 features, blocks of 128
        inputs, outputs = inputs * divide(features, 128), outputs * divide(depth, 128)
        depth, features = divide(depth, 8) * 8, divide(features, 16) * 16
    inputs *= vectors * found.tile.of_channel
    outputs *= vectors * found.tile.of_feature
    return {
        "products": vectors * found.points * depth * features,
        "inputs": inputs,
        "outputs": outputs,
        "apart": (inputs + outputs) / apart * (apart > 1),  # runs of so many lanes are copied
        "weights": task.geometry.groups * found.points * depth * features / lanes,
    }


def terms_that_count(task, terms):
    """Count those terms of a sum that are not padding, near the border."""
    names = "kernel_size", "stride", "dilation", "low", "input_size", "output_size"
    axes = list(zip(*map(task.on_three_axes, names), strict=True))
    return count_terms(task.primitive, terms, task.items, axes)


def winograd_strided(task, items, lanes):
    """Its own estimate, where it is exact enough."""
    _, _, read, _ = turn_around(task)
    phases = prod(task.geometry.stride) if task.primitive == "input_grad" else 1
    fewest = conv_winograd_strided.FEWEST_TERMS[task.primitive]
    if terms_that_count(task, read * task.taps / phases) < fewest:
        return {}
    sizes = map(task.on_three_axes, ("kernel_size", "stride", "input_size", "output_size"))
    work = conv_winograd_strided.estimate(
        task.primitive, task.channels, task.features, *sizes, items
    )
    return {} if work is None else {"work": task.geometry.groups * work}


def winograd_rows(task, items, lanes):
    """Two products for three; features are in the vectors, of two neighbours of a row each.

    A transform of weights for less than 144 positions takes longer than that saves; and where there
    are 16 registers, loads do.
    """
    _, size, read, written = turn_around(task)
    exact = terms_that_count(task, read * task.taps) >= conv_winograd_rows.TERMS
    if not exact or task.positions < 144 or not conv_winograd_rows.PAYS:
        return {}
    pairs = items * task.geometry.groups * size[0] * size[1] * divide(size[2], 2)
    return {"products": pairs * 4 * read * (task.taps // 3) * divide(written, lanes)}


COUNTS = {
    "direct": direct, "clipped": clipped, "features": features, "matmul": matmul,
    "unfolded": unfolded, "winograd": winograd, "winograd_rows": winograd_rows,
    "winograd_strided": winograd_strided,
}


def estimate(name, task, items):
    """Estimate the time of one kernel.

    Parameters
    ----------
    name : str
        One of `COUNTS`, which can compute the task.
    task : lucid.kernels.choice.Task
    items : int
        How many there are in the batch.

    Returns
    -------
    float or None
        Nanoseconds; None where the kernel is not exact enough, or never the fastest.
    """
    counts = COUNTS[name](task, items, LINE // (4 if task.dtype == "float32" else 8))
    times = NANOSECONDS[name][task.primitive]
    return sum(times.get(what, 0) * count for what, count in counts.items()) if counts else None
