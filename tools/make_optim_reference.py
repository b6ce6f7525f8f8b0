"""Make tests/optim/reference.npz: what PyTorch's optimizers do with given gradients.

    python tools/make_optim_reference.py        # with torch 2.13.0

The gradient of step t is 0.3 x + gradients[t], so that a wrong step shows in all later ones. Each
case has its name and options as its key, in JSON, and what x is after steps 1, 2, 3 and 20.
"""

import itertools
import json
from pathlib import Path

import numpy as np
import torch

TARGET = Path(__file__).resolve().parents[1] / "tests" / "optim" / "reference.npz"
START = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -0.1]])
GRADIENTS = np.cos(np.arange(120.0)).reshape(20, 2, 3)
KEPT = (1, 2, 3, 20)


def cases():
    """Every combination of options that the classes accept."""
    switches = itertools.product((0, 0.9), (0, 0.25), (0, 0.05), (False, True), (False, True))
    for momentum, dampening, weight_decay, nesterov, maximize in switches:
        if not nesterov or (momentum and not dampening):
            yield "SGD", dict(lr=0.1, momentum=momentum, dampening=dampening,
                              weight_decay=weight_decay, nesterov=nesterov, maximize=maximize)
    switches = itertools.product(
        ("Adam", "AdamW"), ([0.9, 0.999], [0.5, 0.8]), (1e-8, 0.1), (0, 0.05), (False, True),
        (False, True))
    for name, betas, eps, weight_decay, amsgrad, maximize in switches:
        yield name, dict(lr=0.1, betas=betas, eps=eps, weight_decay=weight_decay,
                         amsgrad=amsgrad, maximize=maximize)


def run(name, options, dtype):
    """Return x after the steps in KEPT, (4, 2, 3)."""
    x = torch.tensor(START, dtype=dtype, requires_grad=True)
    optimizer = getattr(torch.optim, name)([x], **options)
    kept = []
    for step, gradient in enumerate(GRADIENTS, start=1):
        x.grad = 0.3 * x.detach() + torch.tensor(gradient, dtype=dtype)
        optimizer.step()
        if step in KEPT:
            kept.append(x.detach().numpy().copy())
    return np.stack(kept)


def main():
    """Run all cases in both data types."""
    arrays = {"start": START, "gradients": GRADIENTS, "kept": np.array(KEPT)}
    for name, options in cases():
        for dtype in (torch.float32, torch.float64):
            key = json.dumps([name, options, str(dtype).removeprefix("torch.")])
            arrays[key] = run(name, options, dtype)
    # JSON has no place in the file names of an archive
    values = {f"case{number}": arrays[key] for number, key in enumerate(arrays)}
    np.savez_compressed(TARGET, keys=np.array(list(arrays)), **values)
    print(f"{TARGET}: {len(arrays) - 3} cases, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
