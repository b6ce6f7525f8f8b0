"""The variational autoencoder: its loss, parity with PyTorch, and that it learns to draw."""

import numpy as np
import pytest
from twin import compare, twin

import lucid
from lucid.models import VAE, vae, vae_loss


def loss_of(library):
    bound = vae_loss if library is lucid else twin(vae)["vae_loss"]
    return lambda model, x, noise: bound(*_arguments(model(x, noise), x))


def _arguments(output, x):
    y, mean, log_variance = output
    return y, x, mean, log_variance


def test_twenty_steps_equal_torch_and_learn(torch, digits):
    rng = np.random.default_rng(0)
    images = digits(16, size=8, channels=1)[0]
    batches = [(images, rng.standard_normal((16, 3)).astype(np.float32)) for _ in range(20)]
    losses, _ = compare(
        "vae", torch, vae, lambda names: names["VAE"](1, 8, 3, 8), loss_of, batches,
        optimizer="Adam", lr=1e-2,
    )
    assert losses[-1] < 0.75 * losses[0], losses


def test_the_divergence_is_zero_for_the_unit_normal_and_right_elsewhere():
    zero, y = lucid.zeros(1, 1), lucid.zeros(1, 0)
    assert vae_loss(y, y, zero, zero).item() == 0
    mean, log_variance = 0.7, -0.4
    z = np.linspace(-12, 12, 200_001)
    q = np.exp(-((z - mean) ** 2) / 2 / np.exp(log_variance)) / np.sqrt(
        2 * np.pi * np.exp(log_variance))
    p = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    inside = q > 1e-300
    wanted = np.trapezoid(np.where(inside, q * np.log(np.where(inside, q, 1) / p), 0), z)
    found = vae_loss(y, y, zero + mean, zero + log_variance).item()
    assert abs(found - wanted) < 1e-5


def test_in_evaluation_the_point_is_the_mean():
    model = VAE(size=8, latent=2, width=4).eval()
    x = lucid.rand(2, 1, 8, 8)
    assert lucid.equal(model(x)[0], model(x)[0])
    assert not lucid.equal(model.train()(x)[0], model(x)[0])


def test_it_learns_to_draw_digits(digits):
    lucid.manual_seed(0)
    model = VAE(size=8, latent=8, width=16)
    optimizer = lucid.optim.AdamW(model.parameters(), lr=5e-3)
    first = None
    for step in range(300):
        images = lucid.tensor(digits(32, size=8, channels=1, start=32 * (step % 40))[0])
        y, mean, log_variance = model(images)
        loss = vae_loss(y, images, mean, log_variance)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        first = loss.item() if first is None else first
    test = lucid.tensor(digits(200, size=8, channels=1, start=1500)[0])
    with lucid.no_grad():
        drawn = model.eval()(test)[0].sigmoid()
        error = ((drawn - test) ** 2).mean().item()
    spread = ((test - test.mean(0)) ** 2).mean().item()
    assert loss.item() < 0.7 * first and error < 0.75 * spread


def test_a_size_that_cannot_be_halved_twice_is_refused():
    with pytest.raises(ValueError, match="size=10 is no multiple of 4: it is halved twice"):
        VAE(size=10)
