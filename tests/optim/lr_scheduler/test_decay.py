"""Schedules by simple rules: PyTorch's rates, state dicts, and refusals."""

import pytest
from stepping import cases, check_resumed, check_schedule, follow, two_groups

import lucid
from lucid.optim import lr_scheduler

NAMES = "StepLR", "MultiStepLR", "ExponentialLR", "ConstantLR", "LinearLR", "PolynomialLR"
each_case = pytest.mark.parametrize("key", cases(*NAMES))


@each_case
def test_rates_equal_pytorchs(key, torch):
    check_schedule(lucid, torch, key)


@each_case
def test_going_on_from_a_state_dict(key):
    check_resumed(lucid, key)


def test_lambdas(torch):
    def make(module, optimizer):
        return module.LambdaLR(optimizer, [lambda epoch: 0.9**epoch, lambda epoch: 1 / (epoch + 1)])

    found = follow(lucid, make)[:, :, 0]
    assert found[:, 0].tolist() == pytest.approx([0.5 * 0.9**t for t in range(20)])
    assert found[:, 1].tolist() == pytest.approx([0.2 / (t + 1) for t in range(20)])
    if torch is not None:
        assert (found == follow(torch, make)[:, :, 0]).all()


def test_products_of_lambdas(torch):
    def make(module, optimizer):
        functions = [lambda epoch: 0.9, lambda epoch: epoch / (epoch + 1)]
        return module.MultiplicativeLR(optimizer, functions)

    found = follow(lucid, make)[:, :, 0]
    assert found[:, 0].tolist() == pytest.approx([0.5 * 0.9**t for t in range(20)])
    assert found[:, 1].tolist() == pytest.approx([0.2 / (t + 1) for t in range(20)])
    if torch is not None:
        assert (found == follow(torch, make)[:, :, 0]).all()


def test_schedules_written_for_older_pytorch_have_their_base():
    class Warm(lr_scheduler._LRScheduler):
        def get_lr(self):
            return [base * (self.last_epoch + 1) / 4 for base in self.base_lrs]

    scheduler = Warm(two_groups(lucid))
    scheduler.step()
    assert scheduler.get_last_lr() == [0.25, 0.1]


def test_functions_are_no_part_of_the_state():
    scheduler = lr_scheduler.LambdaLR(two_groups(lucid), lambda epoch: epoch + 1.0)
    scheduler.step()
    state = scheduler.state_dict()
    assert "lr_lambdas" not in state
    other = lr_scheduler.LambdaLR(two_groups(lucid), lambda epoch: epoch + 1.0)
    other.load_state_dict(state)
    other.step()
    assert other.get_last_lr() == [1.5, pytest.approx(0.6)]


@pytest.mark.parametrize(("make", "kind", "message"), [
    (lambda o: lr_scheduler.StepLR(o, 0), ValueError, "step_size=0 is too small"),
    (lambda o: lr_scheduler.StepLR(o, 2, "x"), TypeError, "gamma must be a number"),
    (lambda o: lr_scheduler.MultiStepLR(o, [3, 2]), ValueError, r"milestones=\[3, 2\] must rise"),
    (lambda o: lr_scheduler.ConstantLR(o, 0), ValueError, "factor=0 is out of range"),
    (lambda o: lr_scheduler.LinearLR(o, 2), ValueError, "start_factor=2 is out of range"),
    (lambda o: lr_scheduler.LinearLR(o, end_factor=2), ValueError, "end_factor=2 is out of range"),
    (lambda o: lr_scheduler.PolynomialLR(o, 0), ValueError, "total_iters=0 is too small"),
    (lambda o: lr_scheduler.LambdaLR(o, [abs]), ValueError, "1 functions for 2 groups"),
    (lambda o: lr_scheduler.LambdaLR(o, 3), TypeError, "must be a function of the epoch, not 3"),
])
def test_refusals(make, kind, message):
    with pytest.raises(kind, match=message):
        make(two_groups(lucid))


@pytest.mark.parametrize("start", [0.1, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("epochs", [1, 3, 7])
def test_a_rate_that_falls_to_zero_can_be_saved_and_loaded(start, epochs):
    optimizer = two_groups(lucid)
    scheduler = lr_scheduler.LinearLR(optimizer, start, 0.0, total_iters=epochs)
    for _ in range(epochs + 1):
        optimizer.step()
        scheduler.step()
    assert all(0 <= rate < 1e-15 for rate in scheduler.get_last_lr())
    two_groups(lucid).load_state_dict(optimizer.state_dict())
