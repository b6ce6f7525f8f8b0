"""Schedules that rise and fall: PyTorch's rates, state dicts, and refusals."""

import pytest
from stepping import cases, check_resumed, check_schedule, follow, two_groups

import lucid
from lucid.optim import lr_scheduler

each_case = pytest.mark.parametrize("key", cases("OneCycleLR", "CyclicLR"))


@each_case
def test_rates_equal_pytorchs(key, torch):
    check_schedule(lucid, torch, key)


@each_case
def test_going_on_from_a_state_dict(key):
    check_resumed(lucid, key)


def test_betas_are_cycled_too(torch):
    def make(library):
        x = library.zeros(1, requires_grad=True)
        optimizer = library.optim.Adam([x], betas=(0.9, 0.99))
        return optimizer, library.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=9)

    optimizer, scheduler = make(lucid)
    pairs = [(optimizer, scheduler)] + ([] if torch is None else [make(torch)])
    for _ in range(8):
        found = []
        for each, schedule in pairs:
            each.step()
            schedule.step()
            found.append(each.param_groups[0]["betas"])
        assert all(betas == pytest.approx(found[0]) for betas in found)
    assert found[0] == (pytest.approx(0.95), 0.99)


def test_a_rule_of_your_own(torch):
    def make(module, optimizer):
        return module.CyclicLR(optimizer, 0.1, 0.5, 3, scale_fn=lambda t: 0.5**t,
                               scale_mode="iterations", cycle_momentum=False)

    found = follow(lucid, make)
    assert found[3, 0, 0] == pytest.approx(0.1 + 0.4 / 8) and (found[:, :, 1] == 0.9).all()
    if torch is not None:
        assert found == pytest.approx(follow(torch, make), rel=1e-12)


def test_more_steps_than_there_are():
    scheduler = lr_scheduler.OneCycleLR(two_groups(lucid), 0.5, total_steps=2)
    scheduler.step()
    scheduler.step()
    with pytest.raises(ValueError, match="step 3 is beyond total_steps=2"):
        scheduler.step()


def test_an_optimizer_without_momentum():
    optimizer = lucid.optim.Adagrad([lucid.zeros(1, requires_grad=True)])
    for call in (lambda: lr_scheduler.OneCycleLR(optimizer, 0.5, 5),
                 lambda: lr_scheduler.CyclicLR(optimizer, 0.1, 0.5)):
        with pytest.raises(ValueError, match="Adagrad has no momentum; say cycle_momentum=False"):
            call()


@pytest.mark.parametrize(("make", "kind", "message"), [
    (lambda o: lr_scheduler.OneCycleLR(o, 0.5), ValueError, "give total_steps, or epochs and"),
    (lambda o: lr_scheduler.OneCycleLR(o, [0.5], 5), ValueError, "max_lr has 1 numbers; give one"),
    (lambda o: lr_scheduler.OneCycleLR(o, 1, 5, pct_start=2), ValueError, "pct_start=2 is out"),
    (lambda o: lr_scheduler.OneCycleLR(o, 1, 5, anneal_strategy="x"), ValueError, "'x' is not"),
    (lambda o: lr_scheduler.CyclicLR(o, 0, 1, mode="x"), ValueError, "mode='x' is not"),
    (lambda o: lr_scheduler.CyclicLR(o, 0, 1, scale_mode="x"), ValueError, "scale_mode='x' is"),
    (lambda o: lr_scheduler.CyclicLR(o, 0, 1, 0), ValueError, "step_size_up=0 is too small"),
])
def test_refusals(make, kind, message):
    with pytest.raises(kind, match=message):
        make(two_groups(lucid))
