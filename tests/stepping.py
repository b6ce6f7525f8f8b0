"""Optimizers and schedules run beside PyTorch: cases from the file, and what both compute."""

import json
import tempfile
from pathlib import Path

import numpy as np

REFERENCE = np.load(Path(__file__).parent / "optim" / "reference.npz")
STORED = {key: REFERENCE[f"case{number}"] for number, key in enumerate(REFERENCE["keys"].tolist())}
START, GRADIENTS, KEPT = (STORED[name] for name in ("start", "gradients", "kept"))
RATES_FILE = Path(__file__).parent / "optim" / "lr_scheduler" / "rates.json"
RATES = json.loads(RATES_FILE.read_text(encoding="utf-8")) if RATES_FILE.exists() else {}
FOUND = {}  # the rates of PyTorch in this run, by case
TOLERANCE = {"float32": 1e-5, "float64": 1e-13}
SINGLE = ("NAdam",)  # PyTorch keeps a product of these in float32, whatever the parameters are


def cases(*names):
    """List the keys of the stored cases of some classes."""
    return [key for key in STORED if key.startswith("[") and json.loads(key)[0] in names]


def tolerance_of(key):
    """How far the steps of a case may be off."""
    name, _, dtype = json.loads(key)
    return 1e-6 if name in SINGLE and dtype == "float64" else TOLERANCE[dtype]


def steps(library, key):
    """Run a case in lucid or torch; x after every step, (20, 2, 3)."""
    name, options, dtype = json.loads(key)
    dtype = getattr(library, dtype)
    x = library.tensor(START, dtype=dtype, requires_grad=True)
    optimizer = getattr(library.optim, name)([x], **options)
    path = []
    for gradient in GRADIENTS:
        x.grad = 0.3 * x.detach() + library.tensor(gradient, dtype=dtype)
        optimizer.step()
        path.append(x.detach().numpy().copy())
    return np.stack(path)


def descend(library, key):
    """Let L-BFGS follow a curved valley in lucid or torch; both parameters behind each step."""
    _, options, dtype = json.loads(key)
    dtype = getattr(library, dtype)
    x = library.tensor(START, dtype=dtype, requires_grad=True)
    w = library.tensor([0.5, -0.5, 1.0], dtype=dtype, requires_grad=True)
    optimizer = library.optim.LBFGS([x, w], **options)

    def closure():
        optimizer.zero_grad()
        curved = (x[:, 1:] - x[:, :-1] ** 2) ** 2
        loss = curved.sum() + ((1 - x) ** 2).sum() / 10 + ((x @ w - 1) ** 2).sum()
        loss.backward()
        return loss

    path = []
    for _ in range(20):
        optimizer.step(closure)
        path.append(np.concatenate([each.detach().numpy().ravel() for each in (x, w)]))
    return np.stack(path)


def check_stored(library, key):
    """Hold the steps of a case against the stored ones."""
    tolerance = tolerance_of(key)
    np.testing.assert_allclose(
        steps(library, key)[KEPT - 1], STORED[key], rtol=tolerance, atol=tolerance
    )


def check_live(library, torch, key):
    """Hold the steps of a case against those of PyTorch, where it is installed."""
    if torch is not None:
        tolerance = tolerance_of(key)
        np.testing.assert_allclose(
            steps(library, key), steps(torch, key), rtol=tolerance, atol=tolerance
        )


def two_groups(library, momentum=0.9):
    """Make an optimizer with two rates."""
    groups = [{"params": library.zeros(1, requires_grad=True), "lr": lr} for lr in (0.5, 0.2)]
    return library.optim.SGD(groups, lr=1.0, momentum=momentum)


def follow(library, make, epochs=20):
    """Return the rates and the momenta of two groups, (epochs, 2, 2)."""
    optimizer = two_groups(library)
    scheduler = make(library.optim.lr_scheduler, optimizer)
    rates = []
    for epoch in range(epochs):
        rates.append([[group["lr"], group["momentum"]] for group in optimizer.param_groups])
        assert scheduler.get_last_lr() == [group["lr"] for group in optimizer.param_groups]
        optimizer.step()
        if epoch < epochs - 1:
            scheduler.step()
    return np.array(rates)


def check_schedule(library, torch, key):
    """Hold the rates of a stored case against the stored ones and the live PyTorch."""
    name, options, _ = json.loads(key)

    def make(module, optimizer):
        return getattr(module, name)(optimizer, **options)

    found = follow(library, make)
    np.testing.assert_allclose(found, STORED[key], rtol=1e-12, atol=1e-15)
    if torch is not None:
        np.testing.assert_allclose(found, follow(torch, make), rtol=1e-12, atol=1e-15)


def hold_rates(case, found, wanted):
    """Hold the rates of a schedule against PyTorch's of this run, if there are some, and stored."""
    if wanted is not None:
        FOUND[case] = np.ravel(wanted).tolist()
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert case in RATES, f"run tools/make_rates_reference.py: it knows no case {case!r}"
    np.testing.assert_allclose(np.ravel(found), RATES[case], rtol=1e-12)


def through_a_file(library, state):
    """Save a state dict and load it again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "state.npz")
        library.save(state, path)
        return library.load(path)


def check_resumed(library, key):
    """Break a schedule off in the middle, load its saved state into another one, and go on."""
    name, options, _ = json.loads(key)

    def start():
        optimizer = two_groups(library)
        return optimizer, getattr(library.optim.lr_scheduler, name)(optimizer, **options)

    optimizer, scheduler = start()
    for _ in range(7):
        scheduler.step()
    other, resumed = start()
    other.load_state_dict(through_a_file(library, optimizer.state_dict()))
    resumed.load_state_dict(through_a_file(library, scheduler.state_dict()))
    for _ in range(7):
        assert resumed.get_last_lr() == scheduler.get_last_lr()
        scheduler.step()
        resumed.step()
