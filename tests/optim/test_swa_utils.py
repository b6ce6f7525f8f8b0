"""Averages of weights: the mean, the moving average, buffers, refusals."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
from lucid.optim.swa_utils import AveragedModel, get_ema_avg_fn


def model(library_nn=nn):
    return library_nn.Sequential(library_nn.Linear(2, 3), library_nn.BatchNorm1d(3))


def fill(module, seed):
    rng = np.random.default_rng(seed)
    state = {key: x for key, x in module.state_dict().items()}
    for key, x in state.items():
        array = np.asarray(x)
        state[key] = rng.random(array.shape).astype(array.dtype)
    return state


@pytest.mark.parametrize("use_buffers", [False, True])
@pytest.mark.parametrize("decay", [None, 0.8])
def test_it_is_the_average(use_buffers, decay):
    current = model()
    rule = None if decay is None else get_ema_avg_fn(decay)
    average = AveragedModel(current, avg_fn=rule, use_buffers=use_buffers)
    states = [fill(current, seed) for seed in range(4)]
    for state in states:
        current.load_state_dict({key: lucid.tensor(x) for key, x in state.items()})
        average.update_parameters(current)
    assert average.n_averaged.item() == 4
    for key, x in average.module.state_dict().items():
        values = [state[key] for state in states]
        if key.endswith("tracked") or ("running" in key and not use_buffers):
            expected = values[-1]
        elif decay is None:
            expected = np.mean(values, 0)
        else:
            expected = values[0]
            for value in values[1:]:
                expected = decay * expected + (1 - decay) * value
        np.testing.assert_allclose(x.numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize("decay", [None, 0.8])
def test_it_equals_pytorchs(torch, decay):
    if torch is None:
        pytest.skip("torch is not installed; the averages are tested above")
    theirs, ours = model(torch.nn), model()
    rule = torch.optim.swa_utils.get_ema_avg_fn(0.8) if decay else None
    other = torch.optim.swa_utils.AveragedModel(theirs, avg_fn=rule)
    average = AveragedModel(ours, avg_fn=get_ema_avg_fn(0.8) if decay else None)
    for seed in range(3):
        state = fill(ours, seed)
        ours.load_state_dict({key: lucid.tensor(x) for key, x in state.items()})
        theirs.load_state_dict({key: torch.tensor(x) for key, x in state.items()})
        average.update_parameters(ours)
        other.update_parameters(theirs)
    found, expected = average.state_dict(), other.state_dict()
    assert set(found) == set(expected)
    for key in found:
        if "module.0" in key or "weight" in key or "bias" in key:
            np.testing.assert_allclose(found[key].numpy(), expected[key].numpy(), rtol=1e-5)


def test_the_copy_is_its_own():
    current = model()
    average = AveragedModel(current)
    nn.init.zeros_(current[0].weight)
    assert (average.module[0].weight != 0).any()
    assert average.eval()(lucid.zeros(4, 2)).shape == (4, 3)


def test_refusals():
    with pytest.raises(TypeError, match="AveragedModel needs a Module, not Tensor"):
        AveragedModel(lucid.zeros(1))
    with pytest.raises(ValueError, match="has other parameters than the average"):
        AveragedModel(nn.Linear(2, 2)).update_parameters(nn.Linear(3, 2))
    with pytest.raises(ValueError, match="decay=2 is out of range"):
        get_ema_avg_fn(2)
