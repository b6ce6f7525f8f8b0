"""What all optimizers share: groups, state, closures, refusals, and going on from a file."""

import copy
import pickle
import tracemalloc

import numpy as np
import pytest

import lucid
from lucid import optim
from lucid.nn.parameter import UninitializedParameter
from lucid.optim import SGD, Adam, AdamW, Optimizer

RULES = [
    lambda params: SGD(params, lr=0.1, momentum=0.9, weight_decay=0.01),
    lambda params: Adam(params, lr=0.1, amsgrad=True),
    lambda params: AdamW(params, lr=0.1),
]
each_rule = pytest.mark.parametrize("rule", RULES, ids=["SGD", "Adam", "AdamW"])


def leaf(*values, dtype=None):
    return lucid.tensor(values, dtype=dtype, requires_grad=True)


def descend(optimizer, params, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        sum((x**2 + x).sum() for x in params).backward()
        optimizer.step()


@each_rule
def test_the_loss_goes_down(rule):
    x = leaf(1.0, -2.0)
    before = ((x + 0.5) ** 2).sum().item()
    optimizer = rule([x])
    for _ in range(50):
        optimizer.zero_grad()
        ((x + 0.5) ** 2).sum().backward()
        optimizer.step()
    assert ((x + 0.5) ** 2).sum().item() < 0.2 * before


@each_rule
def test_a_parameter_without_gradient_is_left_alone(rule):
    x, y = leaf(1.0), leaf(1.0)
    optimizer = rule([x, y])
    x.sum().backward()
    optimizer.step()
    assert x.item() != 1 and y.item() == 1
    assert list(optimizer.state_dict()["state"]) == [0]


@each_rule
def test_a_step_counts_a_version_so_old_graphs_are_refused(rule):
    x = leaf(2.0)
    optimizer = rule([x])
    loss = (x * x).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    with pytest.raises(lucid.LucidError):
        loss.backward()


@each_rule
def test_a_step_leaves_the_gradient_alone(rule):
    x = leaf(1.0, 2.0)
    optimizer = rule([x])
    x.grad = lucid.tensor([3.0, 4.0])
    optimizer.step()
    optimizer.step()
    assert x.grad.tolist() == [3, 4]


@each_rule
def test_a_step_allocates_nothing_after_the_first(rule):
    x = lucid.zeros(100_000, requires_grad=True)
    optimizer = rule([x])
    x.grad = lucid.ones(100_000)
    optimizer.step()
    array = x.array
    tracemalloc.start()
    optimizer.step()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert x.array is array
    assert most < x.nbytes / 10


@each_rule
def test_numbers_without_axes_and_empty_tensors_are_parameters_too(rule):
    x, y = lucid.tensor(1.0, requires_grad=True), lucid.zeros(0, requires_grad=True)
    optimizer = rule([x, y])
    for _ in range(3):
        x.grad, y.grad = lucid.tensor(1.0), lucid.zeros(0)
        optimizer.step()
    assert x.item() < 1 and y.shape == (0,)


@each_rule
def test_a_parameter_without_a_shape_trains_once_it_has_one(rule):
    x = UninitializedParameter()
    optimizer = rule([x])
    optimizer.step()
    optimizer.zero_grad()
    x.materialize((2,))
    x.sum().backward()
    optimizer.step()
    assert (x.array < 0).all()


def test_an_optimizer_built_first_trains_a_lazy_layer():
    layer = lucid.nn.LazyConv1d(2, 3)
    optimizer = SGD(layer.parameters(), lr=0.1)
    y = layer(lucid.ones(1, 4, 5))
    before = layer.weight.array.copy()
    y.sum().backward()
    optimizer.step()
    np.testing.assert_allclose(layer.weight.array, before - 0.1 * 3, rtol=1e-6)


@each_rule
def test_going_on_from_a_state_dict_is_going_on(rule):
    def start():
        return [leaf(1.0, -2.0), leaf([0.5], dtype=lucid.float64)]

    whole = start()
    descend(rule(whole), whole, 9)
    first = start()
    optimizer = rule(first)
    descend(optimizer, first, 4)
    second = [x.detach().clone().requires_grad_() for x in first]
    state = copy.deepcopy(optimizer.state_dict())
    other = rule(second)
    other.load_state_dict(optimizer.state_dict())
    descend(other, second, 5)
    for x, y in zip(whole, second, strict=True):
        np.testing.assert_array_equal(x.array, y.array)
    # tensors were copied: the first optimizer stands where it stood
    for number, values in optimizer.state_dict()["state"].items():
        for name, value in values.items():
            np.testing.assert_array_equal(value, state["state"][number][name])


@each_rule
def test_going_on_from_a_file_is_going_on(rule, tmp_path):
    x = leaf(1.0, -2.0)
    optimizer = rule([x])
    descend(optimizer, [x], 3)
    lucid.save({"x": x, "optimizer": optimizer.state_dict()}, tmp_path / "run.npz")
    saved = lucid.load(tmp_path / "run.npz")
    y = saved["x"].requires_grad_()
    other = rule([y])
    other.load_state_dict(saved["optimizer"])
    assert other.state_dict()["param_groups"] == optimizer.state_dict()["param_groups"]
    descend(optimizer, [x], 3)
    descend(other, [y], 3)
    np.testing.assert_array_equal(x.array, y.array)


@each_rule
@pytest.mark.parametrize("twin", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_and_pickles_go_on(rule, twin):
    x = leaf(1.0, -2.0)
    optimizer = rule([x])
    descend(optimizer, [x], 3)
    other = twin(optimizer)
    y = other.param_groups[0]["params"][0]
    assert y is not x
    descend(optimizer, [x], 3)
    descend(other, [y], 3)
    np.testing.assert_array_equal(x.array, y.array)


def test_a_pytorch_state_dict_is_understood(torch):
    if torch is None:
        pytest.skip("torch is not installed")
    start = np.array([1.0, -2.0])
    theirs = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.Adam([theirs], lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (theirs**2 + theirs).sum().backward()
        optimizer.step()
    saved = optimizer.state_dict()
    state = {
        number: {name: value.numpy() for name, value in values.items()}
        for number, values in saved["state"].items()
    }
    ours = lucid.tensor(theirs.detach().numpy().copy(), requires_grad=True)
    other = Adam([ours], lr=0.5)
    other.load_state_dict({"state": state, "param_groups": saved["param_groups"]})
    assert other.param_groups[0]["lr"] == 0.1
    descend(other, [ours], 1)
    optimizer.zero_grad()
    (theirs**2 + theirs).sum().backward()
    optimizer.step()
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-12)
    layout = other.state_dict()
    assert set(layout) == set(saved)
    assert set(layout["state"][0]) == set(saved["state"][0])
    assert layout["param_groups"][0]["params"] == saved["param_groups"][0]["params"]


def test_groups_have_options_of_their_own():
    x, y = leaf(1.0), leaf(1.0)
    optimizer = SGD([{"params": [x]}, {"params": y, "lr": 0.5}], lr=0.25)
    (x + y).sum().backward()
    optimizer.step()
    assert (x.item(), y.item()) == (0.75, 0.5)
    optimizer.param_groups[0]["lr"] = 1
    optimizer.step()
    assert (x.item(), y.item()) == (-0.25, 0)
    assert [group["params"] for group in optimizer.state_dict()["param_groups"]] == [[0], [1]]


def test_named_parameters_keep_their_names():
    layer = lucid.nn.Conv1d(1, 1, 3)
    optimizer = SGD(layer.named_parameters())
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.param_groups[0]["params"][1] is layer.bias
    with pytest.raises(ValueError, match="name all parameters of a group, or none"):
        SGD([("x", leaf(1.0)), leaf(2.0)])


def test_a_closure_runs_with_gradients_on():
    x = leaf(4.0)
    optimizer = SGD([x], lr=0.25)

    def closure():
        optimizer.zero_grad()
        y = (x * x).sum()
        y.backward()
        return y

    with lucid.no_grad():
        assert optimizer.step(closure).item() == 16
    assert x.item() == 2
    assert optimizer.step() is None


def test_zero_grad_gives_none_or_zeros():
    x = leaf(1.0, 2.0)
    optimizer = SGD([x])
    x.sum().backward()
    grad = x.grad
    optimizer.zero_grad(set_to_none=False)
    assert x.grad is grad and grad.tolist() == [0, 0]
    optimizer.zero_grad()
    assert x.grad is None
    (x * x).sum().backward(create_graph=True)
    optimizer.zero_grad(set_to_none=False)
    assert x.grad.tolist() == [0, 0] and not x.grad.requires_grad


def test_repr_lists_the_options():
    assert repr(SGD([leaf(1.0)], lr=0.5)) == (
        "SGD (\nParameter Group 0\n    dampening: 0\n    lr: 0.5\n    maximize: False\n"
        "    momentum: 0\n    nesterov: False\n    weight_decay: 0\n)"
    )


def test_a_rule_must_be_defined():
    x = leaf(1.0)
    x.sum().backward()
    with pytest.raises(NotImplementedError, match="Optimizer has no rule"):
        Optimizer([x], {}).step()


def test_no_parameters_are_refused():
    x = leaf(1.0)
    params = iter([x])
    SGD(params)
    with pytest.raises(ValueError, match="params is empty.*a generator was read before"):
        SGD(params)
    with pytest.raises(ValueError, match="the parameter group is empty"):
        SGD([{"params": params}])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (lucid.zeros(2), "params is a Tensor; it must be an iterable in a fixed order"),
        ({lucid.zeros(2)}, "params is a set; it must be an iterable in a fixed order"),
        ([1.0], "parameter 0 is a float; it must be a Tensor"),
        ([lucid.zeros(2), "weight"], "parameter 1 is a str; it must be a Tensor"),
        ([{"params": lucid.zeros(2)}, 3], "a parameter group is a dict, not a int"),
    ],
)
def test_what_is_no_parameter_is_refused(params, message):
    with pytest.raises(TypeError, match=message):
        SGD(params)


def test_tensors_that_cannot_be_optimized_are_refused():
    x = leaf(1.0)
    with pytest.raises(ValueError, match="parameter 1 comes twice"):
        SGD([x, x])
    with pytest.raises(ValueError, match="parameter 0 comes twice"):
        SGD([{"params": [x]}, {"params": [x]}])
    with pytest.raises(ValueError, match=r"parameter 1 was computed from .* x\.detach\(\)"):
        SGD([x, x * 2])
    with pytest.raises(ValueError, match=r"has a key 'params'; got \['lr'\]"):
        SGD([{"lr": 1}])


def test_a_state_of_another_model_is_refused_and_changes_nothing():
    x, y = leaf(1.0), leaf(1.0, 2.0)
    optimizer = SGD([x], momentum=0.9)
    with pytest.raises(ValueError, match=r"groups of \[2\] parameters, this optimizer has \[1\]"):
        optimizer.load_state_dict(SGD([x, y]).state_dict())
    other = SGD([y], momentum=0.5)
    y.sum().backward()
    other.step()
    with pytest.raises(ValueError, match=r"momentum_buffer of parameter 0 is \(2,\).*\(1,\)"):
        optimizer.load_state_dict(other.state_dict())
    bad = optimizer.state_dict()
    bad["param_groups"][0]["lr"] = -1
    with pytest.raises(ValueError, match="lr=-1"):
        optimizer.load_state_dict(bad)
    assert optimizer.param_groups[0]["momentum"] == 0.9 and not optimizer.state
    assert optimizer.param_groups[0]["lr"] == 1e-3


ALL_RULES = [
    *RULES, optim.RMSprop, optim.Adagrad, optim.Adadelta, optim.Adamax, optim.NAdam,
    lambda params: SGD(params),
]


@pytest.mark.parametrize("rule", [*ALL_RULES, optim.LBFGS])
@pytest.mark.parametrize("shape", [(1,), (3,), (2, 1), (2, 2), (9,), ()], ids=str)
def test_a_gradient_of_another_shape_is_refused(rule, shape):
    x = leaf(1.0, 2.0)
    optimizer = rule([x])
    x.grad = lucid.ones(*shape)
    with pytest.raises(lucid.ShapeError, match=r"shape \(2,\) has a grad of shape .*; they must"):
        optimizer.step(lambda: lucid.tensor(1.0))
    x.grad = 3.0
    with pytest.raises(TypeError, match="must be a Tensor, not float"):
        optimizer.step(lambda: lucid.tensor(1.0))
    assert x.tolist() == [1.0, 2.0]


@each_rule
@pytest.mark.parametrize("data", [
    lucid.ones(2), lucid.ones(9), lucid.ones(3, 1), lucid.ones(3, dtype=lucid.float64),
], ids=str)
def test_what_is_remembered_of_other_data_is_refused(rule, data):
    x = leaf(1.0, 2.0, 3.0)
    optimizer = rule([x])
    descend(optimizer, [x], 1)
    x.data = data.clone()
    with pytest.raises(lucid.ShapeError, match=r"float32 of shape \(3,\); .* a new optimizer"):
        descend(optimizer, [x], 1)
    assert (x == 1).all()
