"""DCGAN and WGAN-GP: published counts, parity with PyTorch through both games, learning."""

import numpy as np
import pytest
from twin import copy_weights, hold, twin

import lucid
from lucid.inspect import count_parameters
from lucid.models import Critic, Discriminator, Generator, gan, gradient_penalty


def test_the_published_numbers_of_parameters():
    assert count_parameters(Generator()) == 3_576_704  # PyTorch's DCGAN tutorial
    assert count_parameters(Discriminator()) == 2_765_568


def test_the_names_are_those_of_the_tutorial():
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    names = []
    for place in (0, 3, 6, 9):
        names += [f"main.{place}.weight", *(f"main.{place + 1}.{each}" for each in norm)]
    assert list(Generator().state_dict()) == [*names, "main.12.weight"]
    names = ["main.0.weight"]
    for place in (2, 5, 8):
        names += [f"main.{place}.weight", *(f"main.{place + 1}.{each}" for each in norm)]
    assert list(Discriminator().state_dict()) == [*names, "main.11.weight"]


def test_weights_are_drawn_as_the_paper_says():
    model = Generator(width=32)
    assert abs(model.main[0].weight.detach().numpy().std() - 0.02) < 1e-3
    assert abs(model.main[1].weight.detach().numpy().mean() - 1) < 0.02


def dcgan(library, models, batches, lr=0.2):
    """Play the game; return both losses of each step."""
    generator, discriminator = models
    softplus, losses = library.nn.functional.softplus, []
    teachers = [library.optim.SGD(m.parameters(), lr=lr, momentum=0.5) for m in models]
    for real, noise in batches:
        real, noise = library.tensor(real), library.tensor(noise)
        drawn = generator(noise)
        # binary cross entropy of scores: softplus(-s) for real, softplus(s) for drawn
        wrong = softplus(-discriminator(real)).mean()
        wrong = wrong + softplus(discriminator(drawn.detach())).mean()
        teachers[1].zero_grad()
        wrong.backward()
        teachers[1].step()
        seen = softplus(-discriminator(drawn)).mean()
        teachers[0].zero_grad()
        seen.backward()
        teachers[0].step()
        losses.append((wrong.item(), seen.item()))
    return np.array(losses)


def wgan(library, models, batches, penalty, lr=0.01):
    """Let the critic learn; return its losses."""
    generator, critic = models
    teacher = library.optim.SGD(critic.parameters(), lr=lr)
    losses = []
    for real, noise, mix in batches:
        real, noise, mix = library.tensor(real), library.tensor(noise), library.tensor(mix)
        drawn = generator(noise).detach()
        loss = critic(drawn).mean() - critic(real).mean() + 10 * penalty(critic, real, drawn, mix)
        teacher.zero_grad()
        loss.backward()
        teacher.step()
        losses.append(loss.item())
    return np.array(losses)


@pytest.fixture
def real(digits):
    return digits(8, size=8, channels=1)[0].astype(np.float64) * 2 - 1


def build(names, second):
    pair = names["Generator"](4, 4, 1, 8), names[second](4, 1, 8)
    return [model.double() for model in pair]


def both(torch, second):
    lucid.manual_seed(0)
    ours, others = build(vars(gan), second), None
    if torch is not None:
        others = twin(gan)
        theirs = build(others, second)
        for pair in zip(ours, theirs, strict=True):
            copy_weights(torch, *pair)
        others = theirs, others["gradient_penalty"]
    return ours, others


def test_twenty_steps_of_dcgan_equal_torch_and_learn(torch, real):
    rng = np.random.default_rng(0)
    batches = [(real, rng.standard_normal((8, 4, 1, 1))) for _ in range(20)]
    ours, others = both(torch, "Discriminator")
    losses = dcgan(lucid, ours, batches)
    assert losses[:, 0].min() < 0.75 * losses[0, 0], losses  # it tells drawn images from real ones
    hold("dcgan", losses, others and dcgan(torch, others[0], batches))


def test_twenty_steps_of_wgan_gp_equal_torch_and_learn(torch, real):
    rng = np.random.default_rng(0)
    batches = [
        (real, rng.standard_normal((8, 4, 1, 1)), rng.random((8, 1, 1, 1))) for _ in range(20)
    ]
    ours, others = both(torch, "Critic")
    losses = wgan(lucid, ours, batches, gradient_penalty)
    assert losses[-1] < losses[0] - 2, losses
    hold("wgan-gp", losses, others and wgan(torch, others[0], batches, others[1]))


def test_the_penalty_of_a_known_slope():
    x = lucid.rand(5, 1, 2, 2)
    mix = lucid.rand(5, 1, 1, 1)
    for slope in (0.0, 0.5, 2.0):  # of length slope * sqrt(4) for each item
        found = gradient_penalty(lambda x, s=slope: (x * s).flatten(1).sum(1), x, x, mix)
        assert abs(found.item() - (2 * slope - 1) ** 2) < 1e-4


def test_the_items_of_a_critic_do_not_depend_on_each_other():
    critic, x = Critic(width=2, channels=1, size=8), lucid.rand(3, 1, 8, 8)
    alone = lucid.cat([critic(x[n : n + 1]) for n in range(3)])
    assert lucid.allclose(critic(x), alone, atol=1e-6)


def test_sizes_that_cannot_be_halved_to_four_are_refused():
    with pytest.raises(ValueError, match="size=20 is not 8, 16, 32, 64 and so on"):
        Generator(size=20)
    with pytest.raises(ValueError, match="size=4 is not 8"):
        Critic(size=4)
