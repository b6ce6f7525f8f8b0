"""L-BFGS takes the steps that PyTorch takes, comes to rest where it should, and goes on later."""

import json

import numpy as np
import pytest
from stepping import KEPT, STORED, cases, descend

import lucid

# rounding in one step turns all later ones, so float32 drifts apart while float64 does not
TOLERANCE = {"float32": 3e-2, "float64": 1e-7}
each_case = pytest.mark.parametrize("key", cases("LBFGS"))


def test_there_are_cases():
    assert len(cases("LBFGS")) == 24


@each_case
def test_twenty_steps_equal_the_stored_ones_of_pytorch(key):
    path = descend(lucid, key)
    tolerance = TOLERANCE[json.loads(key)[2]]
    found = path[np.array(KEPT) - 1]
    np.testing.assert_allclose(found, STORED[key], rtol=tolerance, atol=tolerance)


@each_case
def test_twenty_steps_equal_those_of_the_live_pytorch(key, torch):
    if torch is None:
        pytest.skip("torch is not installed")
    tolerance = TOLERANCE[json.loads(key)[2]]
    found, expected = descend(lucid, key), descend(torch, key)
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(found[:2], expected[:2], rtol=tolerance / 30, atol=tolerance / 30)


def valley(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def closure_of(optimizer, loss_of, calls=None):
    def closure():
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        if calls is not None:
            calls.append(loss.item())
        return loss

    return closure


def test_it_counts_its_evaluations_and_keeps_to_them():
    x = lucid.tensor([-1.2, 1.0], dtype=lucid.float64, requires_grad=True)
    optimizer = lucid.optim.LBFGS([x], max_iter=9, max_eval=12, line_search_fn="strong_wolfe")
    calls = []
    first = optimizer.step(closure_of(optimizer, lambda: valley(x), calls))
    state = optimizer.state[x]
    assert first.item() == calls[0]
    assert state["func_evals"] == len(calls) <= 13 and state["n_iter"] <= 9
    assert min(calls) < calls[0]


def test_every_step_of_a_line_search_goes_down():
    x = lucid.tensor([-1.2, 1.0], dtype=lucid.float64, requires_grad=True)
    optimizer = lucid.optim.LBFGS([x], max_iter=1, max_eval=25, line_search_fn="strong_wolfe")
    losses = [optimizer.step(closure_of(optimizer, lambda: valley(x))).item() for _ in range(40)]
    assert all(after <= before for before, after in zip(losses, losses[1:], strict=False))
    assert losses[-1] < 1e-8


def test_a_quadratic_of_n_axes_needs_about_n_directions():
    rng = np.random.default_rng(0)
    root = lucid.tensor(rng.standard_normal((6, 6)) + 3 * np.eye(6))
    x = lucid.zeros(6, dtype=lucid.float64).requires_grad_()
    optimizer = lucid.optim.LBFGS([x], max_iter=30, line_search_fn="strong_wolfe")
    optimizer.step(closure_of(optimizer, lambda: ((root @ x - 1) ** 2).sum()))
    assert optimizer.state[x]["n_iter"] <= 20
    expected = np.linalg.solve(root.numpy(), np.ones(6))
    np.testing.assert_allclose(x.detach().numpy(), expected, atol=1e-5)


def test_at_the_bottom_nothing_happens():
    x = lucid.ones(2, requires_grad=True)
    optimizer = lucid.optim.LBFGS([x])
    assert optimizer.step(closure_of(optimizer, lambda: valley(x))).item() == 0
    assert x.tolist() == [1.0, 1.0] and optimizer.state[x]["n_iter"] == 0


def test_a_parameter_without_gradient_stays_and_a_lazy_layer_is_trained():
    layer, idle = lucid.nn.LazyLinear(1), lucid.ones(2, requires_grad=True)
    optimizer = lucid.optim.LBFGS([idle, *layer.parameters()], line_search_fn="strong_wolfe")
    x = lucid.rand(8, 3)
    loss_of = closure_of(optimizer, lambda: ((layer(x) - x.sum(1, keepdim=True)) ** 2).mean())
    before = optimizer.step(loss_of).item()
    assert loss_of().item() < 1e-4 * before and idle.tolist() == [1.0, 1.0]
    np.testing.assert_allclose(layer.weight.detach().numpy(), np.ones((1, 3)), atol=0.02)


def test_a_state_loaded_from_a_file_goes_on_alike(tmp_path):
    def start():
        x = lucid.tensor([-1.2, 1.0], requires_grad=True)
        return x, lucid.optim.LBFGS([x], max_iter=3, line_search_fn="strong_wolfe")

    x, optimizer = start()
    for _ in range(3):
        optimizer.step(closure_of(optimizer, lambda: valley(x)))
    lucid.save(optimizer.state_dict(), tmp_path / "state.npz")
    other, resumed = start()
    other.data = x.detach().clone()
    resumed.load_state_dict(lucid.load(tmp_path / "state.npz"))
    for _ in range(3):
        optimizer.step(closure_of(optimizer, lambda: valley(x)))
        resumed.step(closure_of(resumed, lambda: valley(other)))
        assert x.tolist() == other.tolist()
    assert optimizer.state[x]["n_iter"] == resumed.state[other]["n_iter"]


def test_a_state_of_pytorch_is_taken(torch):
    if torch is None:
        pytest.skip("torch is not installed")
    optimizers, points = [], []
    for library in (lucid, torch):
        x = library.tensor([-1.2, 1.0], dtype=library.float64, requires_grad=True)
        optimizer = library.optim.LBFGS([x], max_iter=4, line_search_fn="strong_wolfe")
        optimizers.append(optimizer)
        points.append(x)
    optimizers[1].step(closure_of(optimizers[1], lambda: valley(points[1])))
    state = optimizers[1].state_dict()

    def as_arrays(value):
        if isinstance(value, list):
            return [as_arrays(each) for each in value]
        return value.numpy() if isinstance(value, torch.Tensor) else value

    values = {name: as_arrays(value) for name, value in state["state"][0].items()}
    optimizers[0].load_state_dict({**state, "state": {0: values}})
    points[0].data = lucid.tensor(points[1].detach().numpy())
    for optimizer, x in zip(optimizers, points, strict=True):
        optimizer.step(closure_of(optimizer, lambda x=x: valley(x)))
    np.testing.assert_allclose(*[x.detach().numpy() for x in points], rtol=1e-9)


@pytest.mark.parametrize(("options", "kind", "message"), [
    ({"lr": -1}, ValueError, "lr=-1 is out of range; it must be at least 0"),
    ({"max_iter": 0}, ValueError, "max_iter=0 is too small"),
    ({"max_iter": 2.0}, TypeError, "max_iter must be an int"),
    ({"max_eval": 0}, ValueError, "max_eval=0 is too small"),
    ({"history_size": 0}, ValueError, "history_size=0 is too small"),
    ({"tolerance_grad": -1}, ValueError, "tolerance_grad=-1 is out of range"),
    ({"tolerance_change": "no"}, TypeError, "tolerance_change='no' is a str"),
    ({"line_search_fn": "armijo"}, ValueError, "line_search_fn='armijo' is unknown; choose"),
])
def test_options_out_of_range_are_refused(options, kind, message):
    with pytest.raises(kind, match=message):
        lucid.optim.LBFGS([lucid.zeros(1, requires_grad=True)], **options)


def test_one_group_and_a_closure_are_needed():
    x, y = lucid.zeros(1, requires_grad=True), lucid.zeros(2, requires_grad=True)
    with pytest.raises(ValueError, match="LBFGS has one group of parameters"):
        lucid.optim.LBFGS([{"params": [x]}, {"params": [y]}])
    optimizer = lucid.optim.LBFGS([x])
    with pytest.raises(ValueError, match="LBFGS has one group of parameters"):
        optimizer.add_param_group({"params": [y]})
    with pytest.raises(TypeError, match=r"step needs a function: one that calls zero_grad\(\)"):
        optimizer.step()


def test_a_history_of_other_parameters_is_refused():
    x, y = lucid.zeros(3, requires_grad=True), lucid.zeros(2, requires_grad=True)
    optimizer = lucid.optim.LBFGS([x])
    optimizer.step(closure_of(optimizer, lambda: ((x - 1) ** 2).sum()))
    with pytest.raises(ValueError, match="has 3 elements, but the parameters have 2 together"):
        lucid.optim.LBFGS([y]).load_state_dict(optimizer.state_dict())
