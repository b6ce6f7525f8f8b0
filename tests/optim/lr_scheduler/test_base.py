"""What all schedules share."""

import pytest
from stepping import two_groups

import lucid
from lucid.optim import lr_scheduler


def test_first_rates_are_kept_in_the_groups():
    optimizer = two_groups(lucid)
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    scheduler.step()
    assert [group["initial_lr"] for group in optimizer.param_groups] == [0.5, 0.2]
    later = lr_scheduler.LambdaLR(optimizer, lambda epoch: 1.0, last_epoch=3)
    assert later.base_lrs == [0.5, 0.2] and later.last_epoch == 4


def test_restart_goes_back_to_the_first_rates():
    optimizer = two_groups(lucid)
    scheduler = lr_scheduler.LinearLR(optimizer, 0.5)
    first = scheduler.get_last_lr()
    for _ in range(4):
        scheduler.step()
    scheduler.restart()
    assert scheduler.get_last_lr() == first and scheduler.last_epoch == 0


def test_refusals():
    with pytest.raises(TypeError, match="optimizer must be an Optimizer, not Tensor"):
        lr_scheduler.StepLR(lucid.zeros(1), 2)
    with pytest.raises(ValueError, match="last_epoch=3, but group 0 .* no 'initial_lr'"):
        lr_scheduler.StepLR(two_groups(lucid), 2, last_epoch=3)
    with pytest.raises(NotImplementedError, match="LRScheduler has no rule: define next_lr"):
        lr_scheduler.LRScheduler(two_groups(lucid))
