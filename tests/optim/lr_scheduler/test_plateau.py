"""The schedule that waits for progress: PyTorch's rates over tables of figures."""

import itertools

import numpy as np
import pytest
from stepping import hold_rates, two_groups

import lucid
from lucid.optim import lr_scheduler

FIGURES = [3.0, 2.0, 2.0, 2.1, 1.9999, 1.99, 1.99, 1.98, 5.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.6,
           0.6, 0.6, 0.6, 0.6]
OPTIONS = [
    dict(mode=mode, patience=patience, threshold_mode=kind, threshold=threshold, cooldown=cooldown)
    for mode, patience, kind, threshold, cooldown in itertools.product(
        ("min", "max"), (0, 2), ("rel", "abs"), (1e-4, 0.01), (0, 2))
]


def rates(library, options):
    optimizer = two_groups(library)
    scheduler = library.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    found = []
    for figure in FIGURES:
        scheduler.step(figure)
        found.append([group["lr"] for group in optimizer.param_groups])
    return np.array(found), scheduler


@pytest.mark.parametrize("options", OPTIONS, ids=lambda each: "-".join(map(str, each.values())))
def test_rates_equal_pytorchs(torch, options):
    options = {**options, "factor": 0.5, "min_lr": [0.02, 0.01]}
    found, scheduler = rates(lucid, options)
    assert scheduler.get_last_lr() == found[-1].tolist()
    expected = None
    if torch is not None:
        expected, other = rates(torch, options)
    hold_rates(f"plateau {'-'.join(map(str, options.values()))}", found, expected)
    if torch is not None:
        assert (scheduler.best, scheduler.num_bad_epochs) == (other.best, other.num_bad_epochs)


def test_going_on_from_a_state_dict():
    _, scheduler = rates(lucid, dict(patience=3))
    _, other = rates(lucid, dict(patience=9))
    other.load_state_dict(scheduler.state_dict())
    assert other.patience == 3 and other.best == 0.5


def test_definition():
    optimizer = two_groups(lucid)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, min_lr=0.1)
    for figure in (1.0, 1.0, lucid.tensor(1.0)):
        scheduler.step(figure)
    assert scheduler.get_last_lr() == [0.1, 0.1]


@pytest.mark.parametrize(("options", "message"), [
    (dict(mode="low"), "mode='low' is not"), (dict(threshold_mode="x"), "threshold_mode='x'"),
    (dict(factor=1.0), "factor=1.0 must be below 1"), (dict(patience=-1), "patience=-1 is too"),
    (dict(min_lr=[0.1]), "min_lr has 1 numbers; give one, or 2"),
])
def test_refusals(options, message):
    with pytest.raises(ValueError, match=message):
        lr_scheduler.ReduceLROnPlateau(two_groups(lucid), **options)
