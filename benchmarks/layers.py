"""Every layer of the suite in lucid and PyTorch (and ONNX Runtime), side by side.

    python -m benchmarks layers [--filter resnet] [--threads 1] [--quick] [--json FILE] [--picture FILE]

Both libraries run in one process on the same arrays with the same number of threads, in turn, round
after round; the results are compared before anything is timed. A row gives the medians. Ratios are
time of the peer / time of lucid: above 1, lucid is faster.
"""

import json
import time
from statistics import geometric_mean, median

import numpy as np
import torch

import lucid
import lucid.nn.functional as F
from benchmarks.machine import flops_limit, memory_limit
from benchmarks.peers import onnx_forward
from benchmarks.suite import LAYERS
from lucid.kernels.choice import choose
from lucid.kernels.comparison import PRODUCTS
from lucid.kernels.explanation import lay_out

ROUND_SECONDS = 0.02  # how long one library runs before it is the other's turn
SETTLE_SECONDS = 0.01  # how long it has run before it is timed: see `time_in_turn`


class Sides:
    """One layer, ready to run in both libraries: `forward` and `both` of each."""

    def __init__(self, layer):
        rng = np.random.default_rng(0)
        shapes = layer.x_shape, layer.w_shape, (layer.out_channels,), layer.y_shape
        self.layer = layer
        self.arrays = [rng.standard_normal(shape, dtype=np.float32) for shape in shapes]
        self.arrays[1] *= 0.1
        options = dict(stride=layer.stride, padding=layer.padding, dilation=layer.dilation,
                       groups=layer.groups)
        kind = "conv_transpose" if layer.transposed else "conv"
        name = f"{kind}{layer.ndim}d"
        self.functions = {
            "lucid": lambda *xwb: getattr(F, name)(*xwb, **options),
            "torch": lambda *xwb: getattr(torch.nn.functional, name)(*xwb, **options),
        }
        self.tensors = {
            "lucid": [lucid.from_numpy(array) for array in self.arrays],
            "torch": [torch.from_numpy(array) for array in self.arrays],
        }
        for tensors in self.tensors.values():
            for tensor in tensors[layer.first : 3]:
                tensor.requires_grad_()

    def forward(self, library):
        """Compute y alone."""
        x, w, b, _ = self.tensors[library]
        with (lucid if library == "lucid" else torch).no_grad():
            return self.functions[library](x, w, b)

    def both(self, library):
        """Compute y and the gradients of w, b and, unless it is a first layer, x."""
        x, w, b, grad_y = self.tensors[library]
        x.grad = w.grad = b.grad = None
        self.functions[library](x, w, b).backward(grad_y)
        return [tensor.grad for tensor in (w, b, x)[: 3 - self.layer.first]]

    def check(self):
        """Refuse to time results that differ by more than rounding and Winograd may."""
        pairs = [(self.forward("lucid"), self.forward("torch"))]
        pairs += zip(self.both("lucid"), self.both("torch"), strict=True)
        for ours, theirs in pairs:
            ours, theirs = ours.detach().numpy(), theirs.detach().numpy()
            worst = np.abs(ours - theirs).max() / np.abs(theirs).max()
            if not worst < 1e-4:
                raise SystemExit(f"{self.layer.label}: results differ by {worst:.1e} of the largest")


def time_in_turn(functions, rounds):
    """Time functions in turn; return the median seconds a call of each.

    A round begins with calls that do not count. PyTorch's second thread spins for 6 ms after its
    last call, and would take half of a core from the other library's second thread; and the caches
    hold the other's data.
    """
    repeats, times = [], [[] for _ in functions]
    for function in functions:
        function()
        start = time.perf_counter()
        function()
        repeats.append(max(1, int(ROUND_SECONDS / (time.perf_counter() - start + 1e-9))))
    for _ in range(rounds):
        for place, function in enumerate(functions):
            settled = time.perf_counter() + SETTLE_SECONDS
            while time.perf_counter() < settled:
                function()
            start = time.perf_counter()
            for _ in range(repeats[place]):
                function()
            times[place].append((time.perf_counter() - start) / repeats[place])
    return [median(each) for each in times]


def shortest_call():
    """Time the forward of one number: what a call costs in lucid before it computes anything."""
    x, w = lucid.ones(1, 1, 1), lucid.ones(1, 1, 1)
    with lucid.no_grad():
        return time_in_turn([lambda: F.conv1d(x, w)], 9)[0]


def least_seconds(layer, limit):
    """Give what a forward takes if the products of its algorithm are all there is to do.

    Of Winograd's tiles only the products count, not the transforms; and nothing else costs time,
    neither memory nor edges.
    """
    task = lay_out(
        layer.w_shape, layer.x_shape, layer.stride, layer.padding, layer.dilation, layer.groups,
        transposed=layer.transposed,
    ).task("forward")
    products = PRODUCTS.get(choose(task)[0], lambda task: task.work)(task)
    return 2 * layer.x_shape[0] * products / limit


def measure(layer, rounds, limit, call):
    """Time one layer; return its row. It takes as long as a `call` at least."""
    sides = Sides(layer)
    sides.check()
    onnx = onnx_forward(layer, *sides.arrays[:3], lucid.get_num_threads())
    forwards = [lambda: sides.forward("lucid"), lambda: sides.forward("torch"), *filter(None, [onnx])]
    seconds = time_in_turn(forwards, rounds)
    both = time_in_turn([lambda: sides.both("lucid"), lambda: sides.both("torch")], rounds)
    row = {"layer": layer.label, "gflop": 2e-9 * layer.multiply_adds, "bytes": layer.bytes,
           "least": max(call, least_seconds(layer, limit)), "forward": seconds[0],
           "torch_forward": seconds[1], "both": both[0], "torch_both": both[1]}
    if onnx:
        row["onnx_forward"] = seconds[2]
    return row


def show(row, limit, bandwidth):
    """Print one row."""
    speed = row["gflop"] / row["forward"]
    moved = row["bytes"] / row["forward"]
    onnx = f"{row['onnx_forward'] / row['forward']:6.2f}" if "onnx_forward" in row else "     -"
    print(
        f"{row['layer']:26}{1e3 * row['forward']:9.3f}{speed:8.1f}{100e9 * speed / limit:6.0f} %"
        f"{100 * moved / bandwidth:6.0f} %{row['torch_forward'] / row['forward']:8.2f}{onnx}"
        f"{1e3 * row['both']:10.3f}{row['torch_both'] / row['both']:8.2f}", flush=True,
    )


def summarise(rows):
    """Give the geometric means and the worst cases."""
    forward = {row["layer"]: row["torch_forward"] / row["forward"] for row in rows}
    both = {row["layer"]: row["torch_both"] / row["both"] for row in rows}
    ideal = [row["torch_forward"] / row["least"] for row in rows]
    better = [min(row["torch_forward"], row.get("onnx_forward", np.inf)) / row["forward"]
              for row in rows]
    return {
        "forward": geometric_mean(forward.values()), "worst forward": min(forward.items(), key=lambda e: e[1]),
        "forward + backward": geometric_mean(both.values()),
        "worst forward + backward": min(both.items(), key=lambda e: e[1]),
        "forward, better of both peers": geometric_mean(better),
        "forward, if products at the limit were all": geometric_mean(ideal),
        "layers below 1": sum(ratio < 1 for ratio in [*forward.values(), *both.values()]),
    }


def draw(rows, path):
    """Save a bar for each layer and ratio."""
    from matplotlib.figure import Figure  # an extra, and only here

    figure = Figure(figsize=(9, 0.22 * len(rows) + 1), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(rows))
    for shift, ours, theirs, label in ((-0.2, "forward", "torch_forward", "forward"),
                                       (0.2, "both", "torch_both", "forward + backward")):
        ratios = [row[theirs] / row[ours] for row in rows]
        axes.barh(places + shift, ratios, height=0.4, label=label)
    axes.axvline(1, color="black", linewidth=1)
    axes.set(yticks=places, xlabel="time of PyTorch / time of lucid", xscale="log")
    axes.set_yticklabels([row["layer"] for row in rows], fontsize=7)
    axes.invert_yaxis()
    axes.legend()
    figure.savefig(path, dpi=120)


def main(options):
    """Time all chosen layers and print the table."""
    torch.set_num_threads(options.threads)
    lucid.set_num_threads(options.threads)
    limit, bandwidth = options.threads * flops_limit(), memory_limit()
    lucid.show_config()
    print(f"PyTorch {torch.__version__}, {options.threads} thread(s), "
          f"multiply-add limit {limit / 1e9:.0f} GFLOP/s, copy {bandwidth / 1e9:.0f} GB/s")
    print(f"{'layer':26}{'ms':>9}{'GFLOP/s':>8}{'limit':>8}{'memory':>8}{'torch/':>8}{'onnx/':>6}"
          f"{'f+b ms':>10}{'torch/':>8}")
    rows, call = [], shortest_call()
    for layer in LAYERS:
        if options.filter in layer.label:
            rows.append(measure(layer, 3 if options.quick else 9, limit, call))
            show(rows[-1], limit, bandwidth)
    summary = summarise(rows)
    for name, value in summary.items():
        print(f"{name}: {value if not isinstance(value, float) else round(value, 3)}")
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"limit": limit, "bandwidth": bandwidth, "threads": options.threads,
                       "summary": summary, "rows": rows}, file, indent=1)
    if options.picture:
        draw(rows, options.picture)
