"""Schedules made of schedules: PyTorch's rates, state dicts, and refusals."""

import pytest
from stepping import follow, hold_rates, through_a_file, two_groups

import lucid
from lucid.optim import lr_scheduler

PARTS = {
    "warm-up and cosine": lambda m, o: [m.LinearLR(o, 0.1, total_iters=4),
                                        m.CosineAnnealingLR(o, 10)],
    "three": lambda m, o: [m.ConstantLR(o, 0.1, 3), m.ExponentialLR(o, 0.8), m.StepLR(o, 2)],
    "polynomial": lambda m, o: [m.PolynomialLR(o, 6, 2.0), m.MultiStepLR(o, [1, 3])],
    "restarts": lambda m, o: [m.ExponentialLR(o, 0.9), m.CosineAnnealingWarmRestarts(o, 3)],
    "one": lambda m, o: [m.ExponentialLR(o, 0.9)],
}
MILESTONES = {1: [], 2: [4], 3: [3, 9]}


def sequential(parts):
    def make(module, optimizer):
        made = parts(module, optimizer)
        return module.SequentialLR(optimizer, made, milestones=MILESTONES[len(made)])
    return make


def chained(parts):
    return lambda module, optimizer: module.ChainedScheduler(parts(module, optimizer))


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("joint", [sequential, chained])
@pytest.mark.filterwarnings("ignore:The epoch parameter")
def test_rates_equal_pytorchs(torch, name, joint):
    make = joint(PARTS[name])
    wanted = None if torch is None else follow(torch, make)
    hold_rates(f"{joint.__name__} {name}", follow(lucid, make), wanted)


@pytest.mark.parametrize("name", ["three", "polynomial"])
@pytest.mark.parametrize("joint", [sequential, chained])
def test_going_on_from_a_state_dict(joint, name):
    make, pairs = joint(PARTS[name]), []
    for _ in range(2):
        optimizer = two_groups(lucid)
        pairs.append((optimizer, make(lr_scheduler, optimizer)))
    (optimizer, scheduler), (other, resumed) = pairs
    for _ in range(7):
        scheduler.step()
    other.load_state_dict(through_a_file(lucid, optimizer.state_dict()))
    resumed.load_state_dict(through_a_file(lucid, scheduler.state_dict()))
    for _ in range(7):
        scheduler.step()
        resumed.step()
        assert resumed.get_last_lr() == scheduler.get_last_lr()


def test_a_chain_in_a_sequence():
    optimizer = two_groups(lucid)
    chain = lr_scheduler.ChainedScheduler(PARTS["three"](lr_scheduler, optimizer))
    scheduler = lr_scheduler.SequentialLR(
        optimizer, [lr_scheduler.ConstantLR(optimizer, 0.5, 9), chain], [2]
    )
    assert scheduler.get_last_lr() == [0.25, 0.1]
    scheduler.step()
    scheduler.step()
    assert scheduler.get_last_lr() == pytest.approx([0.05, 0.02])


def rates(scheduler, epochs):
    """List the rates of the first group, epoch by epoch."""
    found = []
    for _ in range(epochs):
        found.append(scheduler.get_last_lr()[0])
        scheduler.step()
    return found


@pytest.mark.parametrize("place", [0, 1])
def test_a_sequence_in_a_sequence(place):
    optimizer = two_groups(lucid)
    inner = lr_scheduler.SequentialLR(
        optimizer,
        [lr_scheduler.ConstantLR(optimizer, 0.5, 2), lr_scheduler.ExponentialLR(optimizer, 0.8)],
        [2],
    )
    parts = [lr_scheduler.ConstantLR(optimizer, 0.1, 9)]
    parts.insert(place, inner)
    wanted = [[0.25, 0.25, 0.5, 0.05, 0.05], [0.05, 0.05, 0.05, 0.25, 0.25, 0.5, 0.4]][place]
    scheduler = lr_scheduler.SequentialLR(optimizer, parts, [3])
    assert rates(scheduler, len(wanted)) == pytest.approx(wanted)


def test_a_chain_of_joint_schedules_starts_again():
    optimizer = two_groups(lucid)

    def chain():
        return lr_scheduler.ChainedScheduler([
            lr_scheduler.ConstantLR(optimizer, 0.5, 2), lr_scheduler.ExponentialLR(optimizer, 0.8)
        ])

    sequence = lr_scheduler.SequentialLR(optimizer, [chain(), chain()], [1])
    scheduler = lr_scheduler.ChainedScheduler([chain(), chain(), sequence])
    first = rates(scheduler, 4)
    scheduler.restart()
    assert rates(scheduler, 4) == pytest.approx(first)


def step_lr(optimizer):
    return lr_scheduler.StepLR(optimizer, 2)


@pytest.mark.parametrize(("make", "kind", "message"), [
    (lambda o: lr_scheduler.SequentialLR(o, [step_lr(o)], [2]), ValueError,
     "1 schedules need 0 milestones, not 1"),
    (lambda o: lr_scheduler.SequentialLR(o, [step_lr(o) for _ in "abc"], [3, 2]), ValueError,
     "must rise"),
    (lambda o: lr_scheduler.SequentialLR(o, [step_lr(two_groups(lucid))], []), ValueError,
     "schedule 0 belongs to another optimizer"),
    (lambda o: lr_scheduler.ChainedScheduler([]), ValueError, "give at least one schedule"),
    (lambda o: lr_scheduler.ChainedScheduler([lr_scheduler.ReduceLROnPlateau(o)]), TypeError,
     "schedule 0 is a ReduceLROnPlateau; it must be an LRScheduler that needs no figure"),
])
def test_refusals(make, kind, message):
    with pytest.raises(kind, match=message):
        make(two_groups(lucid))
