"""WaveNet: causal, with the receptive field of the paper; parity with PyTorch; learning."""

import numpy as np
import pytest
from twin import compare, cross_entropy, train

import lucid
from lucid.conv import receptive_field
from lucid.inspect import count_parameters
from lucid.models import WaveNet, wavenet


def waves(count, length, classes, rng):
    """Write waves of random phase as classes, one-hot, with the class that comes next."""
    phase = rng.uniform(0, 2 * np.pi, (count, 1))
    level = np.sin(2 * np.pi * np.arange(length + 1) / 12 + phase)
    tokens = np.clip(((level + 1) / 2 * classes).astype(int), 0, classes - 1)
    x = np.eye(classes, dtype=np.float32)[tokens[:, :-1]].transpose(0, 2, 1).copy()
    return x, tokens[:, 1:].astype(np.int64)


def test_no_output_sees_what_comes_after_it():
    model = WaveNet(3, 2, channels=4, skips=4, layers=4).double()
    x = lucid.rand(1, 3, 40, dtype=lucid.float64).requires_grad_()
    model(x)[0, :, 25].sum().backward()
    seen = np.flatnonzero(x.grad.numpy()[0].any(0))
    assert (seen.min(), seen.max()) == (25 - model.receptive_field + 1, 25)


@pytest.mark.parametrize(("layers", "stacks", "seen"), [(10, 1, 1024), (4, 1, 16), (4, 3, 46)])
def test_it_sees_as_far_as_the_paper_says(layers, stacks, seen):
    model = WaveNet(1, 2, channels=2, skips=2, layers=layers, stacks=stacks)
    field = receptive_field(model, (1, 1, 2000))
    assert model.receptive_field == seen == field.size[0]
    assert field.start == (1 - seen,)


def test_the_number_of_parameters_is_that_of_the_formula():
    c, s, layers = 32, 64, 10
    each = (2 * c * c * 2 + 2 * c) + (c * c + c) + (c * s + s)
    ends = (256 * c + c) + (s * s + s) + (s * 256 + 256)
    assert count_parameters(WaveNet()) == layers * each + ends


def test_twenty_steps_equal_torch_and_learn(torch):
    rng = np.random.default_rng(0)
    batches = [waves(8, 48, 8, rng) for _ in range(20)]
    losses, _ = compare(
        "wavenet", torch, wavenet,
        lambda names: names["WaveNet"](8, 8, channels=8, skips=8, layers=4), cross_entropy,
        batches, optimizer="Adam", lr=0.03,
    )
    assert losses[-1] < 1.2 < losses[0], losses


def test_it_learns_to_continue_a_wave():
    lucid.manual_seed(0)
    rng = np.random.default_rng(0)
    model = WaveNet(8, 8, channels=12, skips=12, layers=4)
    batches = [waves(8, 48, 8, rng) for _ in range(100)]
    train(lucid, model, cross_entropy(lucid), batches, optimizer="Adam", lr=0.02)
    x, wanted = waves(16, 60, 8, rng)
    with lucid.no_grad():
        found = model(lucid.tensor(x)).argmax(1).numpy()
    right = (found == wanted)[:, model.receptive_field :].mean()
    assert right > 0.9  # a class for an arc of the wave: at its edges two phases look alike
