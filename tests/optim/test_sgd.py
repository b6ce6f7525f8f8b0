"""SGD takes the steps that PyTorch takes, with every combination of options."""

import json
from pathlib import Path

import numpy as np
import pytest

import lucid

REFERENCE = np.load(Path(__file__).with_name("reference.npz"))
CASES = {
    key: REFERENCE[f"case{number}"]
    for number, key in enumerate(REFERENCE["keys"].tolist())
    if key.startswith("[") and json.loads(key)[0] in ("SGD",)
}
START, GRADIENTS, KEPT = (REFERENCE[f"case{number}"] for number in range(3))
TOLERANCE = {"float32": 3e-6, "float64": 1e-14}
each_case = pytest.mark.parametrize("key", CASES)


def steps(key):
    """Run a case; x after every step, (20, 2, 3)."""
    name, options, dtype = json.loads(key)
    x = lucid.tensor(START, dtype=dtype, requires_grad=True)
    optimizer = getattr(lucid.optim, name)([x], **options)
    path = []
    for gradient in GRADIENTS:
        x.grad = 0.3 * x.detach() + lucid.tensor(gradient, dtype=dtype)
        optimizer.step()
        path.append(x.detach().numpy().copy())
    assert str(path[-1].dtype) == dtype
    return np.stack(path)


@each_case
def test_twenty_steps_equal_the_stored_ones_of_pytorch(key):
    tolerance = TOLERANCE[json.loads(key)[2]]
    np.testing.assert_allclose(steps(key)[KEPT - 1], CASES[key], rtol=tolerance, atol=tolerance)


@each_case
def test_twenty_steps_equal_those_of_the_live_pytorch(key, torch):
    if torch is None:
        pytest.skip("torch is not installed")
    name, options, dtype = json.loads(key)
    x = torch.tensor(START, dtype=getattr(torch, dtype), requires_grad=True)
    optimizer = getattr(torch.optim, name)([x], **options)
    path = []
    for gradient in GRADIENTS:
        x.grad = 0.3 * x.detach() + torch.tensor(gradient, dtype=x.dtype)
        optimizer.step()
        path.append(x.detach().numpy().copy())
    np.testing.assert_allclose(steps(key), path, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def test_the_first_direction_is_the_gradient_whatever_the_dampening():
    x = lucid.zeros(1, requires_grad=True)
    optimizer = lucid.optim.SGD([x], lr=1, momentum=0.5, dampening=0.5)
    x.grad = lucid.ones(1)
    optimizer.step()
    assert x.item() == -1
    optimizer.step()  # b = 0.5 * 1 + (1 - 0.5) * 1
    assert x.item() == -2


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"lr": -0.1}, ValueError, "lr=-0.1 is out of range; it must be at least 0"),
        ({"lr": float("nan")}, ValueError, "lr=nan is out of range"),
        ({"lr": float("inf")}, ValueError, "lr=inf is out of range"),
        ({"lr": "fast"}, TypeError, "lr='fast' is a str; it must be a number"),
        ({"lr": True}, TypeError, "lr=True is a bool; it must be a number"),
        ({"momentum": -1}, ValueError, "momentum=-1 is out of range"),
        ({"weight_decay": -1}, ValueError, "weight_decay=-1 is out of range"),
        ({"dampening": None}, TypeError, "dampening=None is a NoneType"),
        ({"nesterov": True}, ValueError, "nesterov=True with momentum=0, dampening=0; it needs"),
        (
            {"nesterov": True, "momentum": 0.9, "dampening": 0.1},
            ValueError,
            "nesterov=True with momentum=0.9, dampening=0.1",
        ),
    ],
)
def test_options_out_of_range_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        lucid.optim.SGD([lucid.zeros(1, requires_grad=True)], **options)


def test_a_group_is_checked_too():
    x = lucid.zeros(1, requires_grad=True)
    with pytest.raises(ValueError, match="lr=-2"):
        lucid.optim.SGD([{"params": [x], "lr": -2}])
