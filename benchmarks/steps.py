"""Whole training steps (forward, loss, backward, optimizer) in lucid and PyTorch, side by side.

    python -m benchmarks steps [--filter resnet] [--threads 1] [--quick] [--json FILE]

Both start from the same weights and see the same batch; the losses of the first steps are compared
before anything is timed. A ratio is time of PyTorch / time of lucid: above 1, lucid is faster.
"""

import json
from statistics import geometric_mean

import numpy as np
import torch

import lucid
from benchmarks.layers import time_in_turn
from benchmarks.networks import NETWORKS

FIRST_STEPS = 3


class Training:
    """A network in one library, with its optimizer and one batch."""

    def __init__(self, library, network, weights):
        rng = np.random.default_rng(0)
        self.library = library
        self.model = network.build(library)
        tensors = {name: library.from_numpy(array.copy()) for name, array in weights.items()}
        self.model.load_state_dict(tensors)
        optimizer = getattr(library.optim, network.optimizer)
        self.optimizer = optimizer(self.model.parameters(), **network.options)
        self.x = library.from_numpy(rng.standard_normal(network.x_shape, dtype=np.float32))
        if network.y_shape:
            target = rng.uniform(-1, 1, network.y_shape).astype(np.float32)
        else:
            target = rng.integers(0, 10, network.x_shape[0])
        self.target = library.from_numpy(target)
        functional = library.nn.functional
        self.loss = functional.mse_loss if network.y_shape else functional.cross_entropy

    def step(self):
        """Train once on the batch; return the loss."""
        self.optimizer.zero_grad()
        loss = self.loss(self.model(self.x), self.target)
        loss.backward()
        self.optimizer.step()
        return loss


def build(network):
    """Make the training of both libraries, with PyTorch's first weights, and compare losses."""
    torch.manual_seed(0)
    weights = {name: x.numpy() for name, x in network.build(torch).state_dict().items()}
    ours, theirs = (Training(library, network, weights) for library in (lucid, torch))
    for number in range(FIRST_STEPS):
        losses = ours.step().item(), theirs.step().item()
        if not np.isclose(*losses, rtol=1e-3):
            raise SystemExit(f"{network.name}: the losses of step {number} are {losses}")
    return ours, theirs


def main(options):
    """Time all chosen networks and print the table."""
    torch.set_num_threads(options.threads)
    lucid.set_num_threads(options.threads)
    print(f"PyTorch {torch.__version__}, {options.threads} thread(s)")
    print(f"{'training step':26}{'lucid ms':>10}{'torch ms':>10}{'torch/lucid':>13}")
    rows = []
    for network in NETWORKS:
        if options.filter not in network.name:
            continue
        pair = build(network)
        seconds = time_in_turn([each.step for each in pair], 5 if options.quick else 15)
        rows.append({"network": network.name, "lucid": seconds[0], "torch": seconds[1],
                     "ratio": seconds[1] / seconds[0]})
        print(f"{network.name:26}{1e3 * seconds[0]:10.2f}{1e3 * seconds[1]:10.2f}"
              f"{rows[-1]['ratio']:13.2f}", flush=True)
    mean = geometric_mean(row["ratio"] for row in rows)
    print(f"{'geometric mean':46}{mean:13.2f}")
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"threads": options.threads, "mean": mean, "rows": rows}, file, indent=1)
