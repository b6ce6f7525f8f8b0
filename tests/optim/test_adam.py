"""Adam and AdamW take the steps that PyTorch takes, with every combination of options."""

import json
from pathlib import Path

import numpy as np
import pytest

import lucid

REFERENCE = np.load(Path(__file__).with_name("reference.npz"))
CASES = {
    key: REFERENCE[f"case{number}"]
    for number, key in enumerate(REFERENCE["keys"].tolist())
    if key.startswith("[") and json.loads(key)[0] in ("Adam", "AdamW")
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


def test_the_first_step_is_the_learning_rate_in_every_element():
    x = lucid.zeros(3, dtype=lucid.float64, requires_grad=True)
    optimizer = lucid.optim.Adam([x], lr=0.5, eps=0)
    x.grad = lucid.tensor([1e-9, 3.0, -1e9], dtype=lucid.float64)
    optimizer.step()
    np.testing.assert_allclose(x.detach().numpy(), [-0.5, -0.5, 0.5], rtol=1e-12)


def test_amsgrad_may_be_switched_on_later():
    x = lucid.zeros(1, requires_grad=True)
    optimizer = lucid.optim.Adam([x])
    x.grad = lucid.ones(1)
    optimizer.step()
    optimizer.param_groups[0]["amsgrad"] = True
    optimizer.step()
    assert "max_exp_avg_sq" in optimizer.state[x]
    assert optimizer.state[x]["step"] == 2


@pytest.mark.parametrize("name", ["Adam", "AdamW"])
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"lr": -0.1}, ValueError, "lr=-0.1 is out of range"),
        ({"eps": -1}, ValueError, "eps=-1 is out of range"),
        ({"weight_decay": -1}, ValueError, "weight_decay=-1 is out of range"),
        ({"betas": (0.9, 1)}, ValueError, "beta 2 of betas=1 is out of range.*below 1"),
        ({"betas": (-0.1, 0.9)}, ValueError, "beta 1 of betas=-0.1 is out of range"),
        ({"betas": 0.9}, ValueError, "betas=0.9 is no pair; give two numbers"),
        ({"betas": (0.9,)}, ValueError, "is no pair"),
        ({"betas": ("a", 0.9)}, TypeError, "beta 1 of betas='a' is a str"),
    ],
)
def test_options_out_of_range_are_refused(name, options, error, message):
    with pytest.raises(error, match=message):
        getattr(lucid.optim, name)([lucid.zeros(1, requires_grad=True)], **options)
