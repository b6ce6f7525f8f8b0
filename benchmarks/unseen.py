"""Random layers, of the kinds that courses use but that no kernel was tuned for.

    python -m benchmarks unseen [--seed 0] [--count 100] [--threads 1] [--json FILE]

The suite is what the kernels were made for; these layers tell how far that carries. They are drawn
from a seed: ranks, channels, sizes, kernels, strides, groups and batches, dense, grouped,
depthwise and transposed. Each is timed as in `layers`, forward and forward with backward, beside
PyTorch.
"""

import json
import random
from statistics import geometric_mean

import torch

import lucid
from benchmarks.layers import Sides, time_in_turn
from benchmarks.suite import Layer

CHANNELS = (1, 3, 4, 6, 8, 8, 10, 12, 16, 16, 20, 24, 32, 32, 48, 64, 64, 96, 128, 256)
SIZES = {
    1: (16, 28, 32, 50, 64, 100, 128, 200, 256, 500, 512, 1000, 1024, 2000, 4000),
    2: (4, 7, 8, 10, 12, 13, 14, 14, 16, 16, 20, 24, 28, 28, 32, 32, 48, 56, 64, 96, 112, 128, 224),
    3: (4, 6, 8, 12, 14, 16, 20, 24, 28, 32),
}
KERNELS = {
    1: (1, 2, 3, 3, 3, 5, 5, 7, 9, 15), 2: (1, 2, 3, 3, 3, 3, 3, 3, 4, 5, 5, 7),
    3: (1, 2, 3, 3, 3, 3, 4, 5),
}
TRANSPOSED = (  # kernel, stride, padding
    (2, 2, 0), (2, 2, 0), (3, 2, 1), (3, 2, 0), (4, 2, 1), (4, 2, 1), (5, 2, 2), (3, 1, 1),
    (4, 1, 0), (3, 3, 0), (4, 4, 0),
)
WORK = range(20_000, 300_000_000)  # multiply-adds
BYTES = 40_000_000  # of input, weight and output, at most


def draw_layer(rng, number):
    """Draw one layer; None if its sizes do not fit or it is too small or too large."""
    ndim = rng.choices((1, 2, 3), (2, 8, 2))[0]
    channels, features = rng.choice(CHANNELS), rng.choice(CHANNELS)
    kind = rng.choices(("dense", "grouped", "depthwise"), (10, 1, 1))[0]
    groups = {"dense": 1, "grouped": rng.choice((2, 4, 8)), "depthwise": channels}[kind]
    if kind == "depthwise":
        features = channels * rng.choice((1, 1, 1, 2))
    x_shape = (rng.choice((1, 4, 8, 16, 32, 64)), channels, *(rng.choice(SIZES[ndim]),) * ndim)
    kernel, stride = rng.choice(KERNELS[ndim]), rng.choices((1, 2), (3, 1))[0]
    dilation = rng.choices((1, 2), (15, 1))[0]
    padding = rng.choice((0, 1, 1)) * (dilation * (kernel - 1) // 2)
    transposed = rng.random() < 0.25
    if transposed:
        kernel, stride, padding = rng.choice(TRANSPOSED)
        dilation = 1
    layer = Layer(
        "unseen", str(number), x_shape, features, kernel, stride, padding, dilation, groups,
        transposed,
    )
    fits = channels % groups == 0 and features % groups == 0 and min(layer.y_shape) > 0
    return layer if fits and layer.multiply_adds in WORK and layer.bytes <= BYTES else None


def draw_layers(seed, count):
    """Draw so many layers, always the same from one seed."""
    rng, layers = random.Random(seed), []
    while len(layers) < count:
        layer = draw_layer(rng, len(layers))
        layers += [] if layer is None else [layer]
    return layers


def describe(layer):
    """Tell a layer in one line."""
    options = {"stride": layer.stride, "padding": layer.padding, "dilation": layer.dilation,
               "groups": layer.groups}
    usual = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    told = [f"{name} {value}" for name, value in options.items() if value != usual[name]]
    kind = "transposed" if layer.transposed else "plain"
    return ", ".join([f"{layer.x_shape} {layer.w_shape} {kind}", *told])


def main(options):
    """Time all layers, print them and the geometric means."""
    torch.set_num_threads(options.threads)
    lucid.set_num_threads(options.threads)
    lucid.show_config()
    print(f"PyTorch {torch.__version__}, {options.threads} thread(s), seed {options.seed}")
    print(f"{'forward ms':>10}{'torch/':>8}{'f+b ms':>10}{'torch/':>8}  layer")
    rows = []
    for layer in draw_layers(options.seed, options.count):
        sides = Sides(layer)
        sides.check()
        forward, theirs = time_in_turn(
            [lambda: sides.forward("lucid"), lambda: sides.forward("torch")], 5
        )
        both, their_both = time_in_turn(
            [lambda: sides.both("lucid"), lambda: sides.both("torch")], 5
        )
        rows.append({"layer": describe(layer), "forward": forward, "torch_forward": theirs,
                     "both": both, "torch_both": their_both})
        print(f"{1e3 * forward:10.3f}{theirs / forward:8.2f}{1e3 * both:10.3f}"
              f"{their_both / both:8.2f}  {rows[-1]['layer']}", flush=True)
    for name in ("forward", "both"):
        ratios = [row[f"torch_{name}"] / row[name] for row in rows]
        print(f"{name}: geometric mean {geometric_mean(ratios):.2f}, "
              f"{sum(ratio < 1 for ratio in ratios)} of {len(ratios)} below 1")
    if options.json:
        with open(options.json, "w") as file:
            figures = {"seed": options.seed, "threads": options.threads, "rows": rows}
            json.dump(figures, file, indent=1)
