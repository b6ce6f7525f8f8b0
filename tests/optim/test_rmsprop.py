"""RMSprop, Adagrad, Adadelta: PyTorch's steps, with every combination of options."""

import pytest
from stepping import cases, check_live, check_stored

import lucid

NAMES = ["RMSprop", "Adagrad", "Adadelta"]
each_case = pytest.mark.parametrize("key", cases(*NAMES))


@each_case
def test_twenty_steps_equal_the_stored_ones_of_pytorch(key):
    check_stored(lucid, key)


@each_case
def test_twenty_steps_equal_those_of_the_live_pytorch(key, torch):
    check_live(lucid, torch, key)


@pytest.mark.parametrize("name", NAMES)
def test_going_on_from_a_state_dict(name):
    def start():
        x = lucid.tensor([1.0, -2.0], requires_grad=True)
        return x, getattr(lucid.optim, name)([x])

    def walk(x, optimizer, count):
        for number in range(count):
            x.grad = x.detach() * (number + 1)
            optimizer.step()

    (x, first), (other, second) = start(), start()
    walk(x, first, 3)
    other.data = x.detach().clone()
    second.load_state_dict(first.state_dict())
    walk(x, first, 3)
    walk(other, second, 3)
    assert x.tolist() == other.tolist()


@pytest.mark.parametrize("name", NAMES)
def test_pytorchs_state_can_be_loaded(torch, name):
    if torch is None:
        pytest.skip("torch is not installed")
    theirs = torch.tensor([1.0, -2.0], requires_grad=True)
    optimizer = getattr(torch.optim, name)([theirs])
    theirs.grad = torch.tensor([0.5, 0.25])
    optimizer.step()
    state = optimizer.state_dict()
    state["state"] = {
        number: {key: x.numpy().copy() if hasattr(x, "numpy") else x for key, x in values.items()}
        for number, values in state["state"].items()
    }
    x = lucid.tensor(theirs.detach().numpy().copy(), requires_grad=True)
    ours = getattr(lucid.optim, name)([x])
    ours.load_state_dict(state)
    theirs.grad, x.grad = torch.tensor([0.1, -0.25]), lucid.tensor([0.1, -0.25])
    optimizer.step()
    ours.step()
    assert x.tolist() == pytest.approx(theirs.tolist(), rel=1e-6)


@pytest.mark.parametrize(("name", "options", "message"), [
    ("RMSprop", {"alpha": 1}, "alpha=1 is out of range.*below 1"),
    ("RMSprop", {"momentum": -1}, "momentum=-1 is out of range"),
    ("RMSprop", {"lr": -1}, "lr=-1 is out of range"),
    ("Adagrad", {"lr_decay": -1}, "lr_decay=-1 is out of range"),
    ("Adagrad", {"initial_accumulator_value": -1}, "initial_accumulator_value=-1 is out"),
    ("Adadelta", {"rho": 1.5}, "rho=1.5 is out of range; it must be 0 to 1"),
    ("Adadelta", {"eps": -1}, "eps=-1 is out of range"),
])
def test_options_out_of_range_are_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(lucid.optim, name)([lucid.zeros(1, requires_grad=True)], **options)
