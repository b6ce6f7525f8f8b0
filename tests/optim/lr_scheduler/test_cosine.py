"""Schedules along a cosine: PyTorch's rates, state dicts, and refusals."""

import pytest
from stepping import cases, check_resumed, check_schedule, two_groups

import lucid
from lucid.optim import lr_scheduler

NAMES = "CosineAnnealingLR", "CosineAnnealingWarmRestarts"
each_case = pytest.mark.parametrize("key", cases(*NAMES))


@each_case
def test_rates_equal_pytorchs(key, torch):
    check_schedule(lucid, torch, key)


@each_case
def test_going_on_from_a_state_dict(key):
    check_resumed(lucid, key)


def test_restarts_in_the_middle_of_an_epoch(torch):
    ours, options = two_groups(lucid), dict(T_0=3, T_mult=2)
    mine = lr_scheduler.CosineAnnealingWarmRestarts(ours, **options)
    if torch is not None:
        theirs = two_groups(torch)
        other = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(theirs, **options)
        for number in range(60):
            mine.step(number / 4)
            other.step(number / 4)
            assert mine.get_last_lr() == pytest.approx(other.get_last_lr(), rel=1e-12)
    mine.step(3.0)
    assert mine.get_last_lr() == [0.5, 0.2]


@pytest.mark.parametrize(("make", "kind", "message"), [
    (lambda o: lr_scheduler.CosineAnnealingLR(o, 0), ValueError, "T_max=0 is too small"),
    (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 0), ValueError, "T_0=0 is too small"),
    (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 1, 0), ValueError, "T_mult=0 is too"),
    (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 1).step(-1), ValueError, "epoch=-1 is"),
])
def test_refusals(make, kind, message):
    with pytest.raises(kind, match=message):
        make(two_groups(lucid))
