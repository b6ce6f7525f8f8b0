"""Make tests/optim/reference.npz: what PyTorch's optimizers do with given gradients.

    python tools/make_optim_reference.py        # with torch 2.13.0

The gradient of step t is 0.3 x + gradients[t], so that a wrong step shows in all later ones. Each
case has its name and options as its key, in JSON, and what x is after steps 1, 2, 3 and 20. For a
schedule it is the rates of two groups at 20 epochs, and for L-BFGS what `descend` of
tests/stepping.py gives of a loss.
"""

import itertools
import json
import runpy
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


    switches = itertools.product((0, 0.9), (False, True), (0, 0.05), (1e-8, 0.1), (False, True))
    for momentum, centered, weight_decay, eps, maximize in switches:
        yield "RMSprop", dict(lr=0.1, alpha=0.9, momentum=momentum, centered=centered,
                              weight_decay=weight_decay, eps=eps, maximize=maximize)
    for lr_decay, weight_decay, first, maximize in itertools.product(
            (0, 0.1), (0, 0.05), (0, 0.5), (False, True)):
        yield "Adagrad", dict(lr=0.1, lr_decay=lr_decay, weight_decay=weight_decay,
                              initial_accumulator_value=first, maximize=maximize)
    for rho, weight_decay, maximize in itertools.product((0.9, 0.5), (0, 0.05), (False, True)):
        yield "Adadelta", dict(lr=1.0, rho=rho, weight_decay=weight_decay, maximize=maximize)
    for betas, weight_decay, maximize in itertools.product(
            ([0.9, 0.999], [0.5, 0.8]), (0, 0.05), (False, True)):
        yield "Adamax", dict(lr=0.1, betas=betas, weight_decay=weight_decay, maximize=maximize)
        for decoupled in (False, True):
            yield "NAdam", dict(lr=0.1, betas=betas, weight_decay=weight_decay,
                                decoupled_weight_decay=decoupled, maximize=maximize)


def searches():
    """Options of L-BFGS; one direction a step shows every one of them."""
    for search, lr, max_iter in itertools.product((None, "strong_wolfe"), (1, 0.1), (1, 3)):
        yield dict(lr=lr, max_iter=max_iter, line_search_fn=search)
    for search in (None, "strong_wolfe"):
        yield dict(lr=0.3, max_iter=2, history_size=3, line_search_fn=search)
        yield dict(lr=0.3, max_iter=4, max_eval=3, line_search_fn=search)


SCHEDULES = [
    ("StepLR", dict(step_size=3)), ("StepLR", dict(step_size=1, gamma=0.7)),
    ("MultiStepLR", dict(milestones=[2, 5, 5, 12])), ("ExponentialLR", dict(gamma=0.8)),
    ("ConstantLR", {}), ("ConstantLR", dict(factor=0.2, total_iters=3)), ("LinearLR", {}),
    ("LinearLR", dict(start_factor=0.2, end_factor=0.7, total_iters=8)), ("PolynomialLR", {}),
    ("PolynomialLR", dict(total_iters=11, power=2.5)), ("CosineAnnealingLR", dict(T_max=6)),
    ("CosineAnnealingLR", dict(T_max=25, eta_min=0.01)), ("CosineAnnealingLR", dict(T_max=1)),
    ("CosineAnnealingWarmRestarts", dict(T_0=4)),
    ("CosineAnnealingWarmRestarts", dict(T_0=2, T_mult=2, eta_min=0.01)),
    ("OneCycleLR", dict(max_lr=0.7, total_steps=20)),
    ("OneCycleLR", dict(max_lr=[0.7, 0.3], epochs=5, steps_per_epoch=4, anneal_strategy="linear")),
    ("OneCycleLR", dict(max_lr=0.7, total_steps=25, three_phase=True, pct_start=0.4)),
    ("CyclicLR", dict(base_lr=0.1, max_lr=0.5, step_size_up=3)),
    ("CyclicLR", dict(base_lr=[0.1, 0.2], max_lr=0.5, step_size_up=2, step_size_down=5,
                      mode="triangular2")),
    ("CyclicLR", dict(base_lr=0.1, max_lr=0.5, step_size_up=4, mode="exp_range", gamma=0.9)),
]


def follow(name, options):
    """Return the rates and the momenta of two groups at 20 epochs, (20, 2, 2)."""
    groups = [{"params": torch.zeros(1, requires_grad=True), "lr": lr} for lr in (0.5, 0.2)]
    optimizer = torch.optim.SGD(groups, lr=1.0, momentum=0.9)
    scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **options)
    rates = []
    for _ in range(20):
        rates.append([[group["lr"], group["momentum"]] for group in optimizer.param_groups])
        optimizer.step()
        if len(rates) < 20:
            scheduler.step()
    return np.array(rates)


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
    descend = runpy.run_path(str(TARGET.parents[1] / "stepping.py"))["descend"]
    for options, dtype in itertools.product(searches(), ("float32", "float64")):
        key = json.dumps(["LBFGS", options, dtype])
        arrays[key] = descend(torch, key)[np.array(KEPT) - 1]
    for name, options in SCHEDULES:
        arrays[json.dumps([name, options, "schedule"])] = follow(name, options)
    # JSON has no place in the file names of an archive
    values = {f"case{number}": arrays[key] for number, key in enumerate(arrays)}
    np.savez_compressed(TARGET, keys=np.array(list(arrays)), **values)
    print(f"{TARGET}: {len(arrays) - 3} cases, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
