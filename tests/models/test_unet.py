"""U-Nets: the shapes of the figures, parity with PyTorch, and that they learn to segment."""

import numpy as np
import pytest
from twin import compare, cross_entropy

import lucid
from lucid.conv import receptive_field
from lucid.inspect import count_parameters, output_shape
from lucid.models import UNet, UNet3d, unet


def rings(count, size, rng):
    """Draw rings and discs with noise; the mask is the rings."""
    row, column = np.mgrid[:size, :size]
    images, masks = [], []
    for _ in range(count):
        away = [np.hypot(row - a, column - b) for a, b in rng.uniform(4, size - 4, (2, 2))]
        ring, disc = abs(away[0] - 3) < 1, away[1] < 3
        images.append((ring | disc) + 0.1 * rng.standard_normal((size, size)))
        masks.append(ring)
    return np.stack(images)[:, None].astype(np.float32), np.stack(masks).astype(np.int64)


def balls(count, size, rng):
    """Draw balls and rods in volumes; the mask says 1 for balls and 2 for rods."""
    grid = np.stack(np.mgrid[:size, :size, :size])
    volumes, masks = [], []
    for _ in range(count):
        a, b = rng.uniform(2, size - 2, (2, 3))
        mask = (np.hypot(*(grid[1:] - b[1:, None, None, None])) < 1.2) * 2
        mask[((grid - a[:, None, None, None]) ** 2).sum(0) < 6] = 1
        volumes.append((mask > 0) + 0.1 * rng.standard_normal(mask.shape))
        masks.append(mask)
    return np.stack(volumes)[:, None].astype(np.float32), np.stack(masks).astype(np.int64)


def test_the_figure_of_the_paper():
    model = UNet(padding=0, batch_norm=False)
    assert output_shape(model, (1, 1, 572, 572)) == (1, 2, 388, 388)
    convs = sum(9 * a * b + b for a, b in [
        (1, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 512), (512, 512),
        (512, 1024), (1024, 1024), (1024, 512), (512, 512), (512, 256), (256, 256), (256, 128),
        (128, 128), (128, 64), (64, 64)])
    ups = sum(4 * a * a // 2 + a // 2 for a in (1024, 512, 256, 128))
    assert count_parameters(model) == convs + ups + 64 * 2 + 2 == 31_030_658


def test_the_published_number_of_parameters_in_three_axes():
    model = UNet3d()
    norms = sum(p.numel() for name, p in model.named_parameters()
                if p.ndim == 1 and not any(name.startswith(f"{part}.{k}.{n}.")
                                           for part in ("downs", "joins") for k in range(4)
                                           for n in (0, 3)) and not name.startswith("last"))
    assert count_parameters(model) - norms == 19_069_955


@pytest.mark.parametrize("size", [(16, 16), (21, 18), (19, 31)])
def test_any_size_comes_back(size):
    model = UNet(in_channels=2, num_classes=3, width=2, levels=3)
    assert model(lucid.zeros(1, 2, *size)).shape == (1, 3, *size)


def test_what_it_sees_is_the_way_down_and_up():
    # two convolutions at each of the jumps 1, 2, 4, 2, 1; the poolings and what brings them back
    size = 1 + 2 * 2 * (1 + 2 + 4 + 2 + 1) + (1 + 2) + (2 + 1)
    assert receptive_field(UNet(width=2, levels=2), (1, 1, 128, 128)).size == (size, size)


def test_twenty_steps_equal_torch_and_learn(torch):
    rng = np.random.default_rng(0)
    batches = [rings(4, 20, rng) for _ in range(20)]
    losses, _ = compare(
        "unet", torch, unet, lambda names: names["UNet"](width=4, levels=2), cross_entropy,
        batches, lr=0.2,
    )
    assert losses[-3:].mean() < 0.3 < losses[0], losses


def test_twenty_steps_of_the_paper_equal_torch(torch):
    rng = np.random.default_rng(0)
    batches = [(rings(2, 44, rng)[0], rng.integers(0, 2, (2, 4, 4))) for _ in range(20)]

    def build(names):
        return names["UNet"](width=2, levels=2, padding=0, batch_norm=False)

    compare("unet of the paper", torch, unet, build, cross_entropy, batches, double=False)


def test_twenty_steps_in_three_axes_equal_torch_and_learn(torch):
    rng = np.random.default_rng(0)
    batches = [balls(2, 8, rng) for _ in range(20)]
    losses, _ = compare(
        "unet3d", torch, unet, lambda names: names["UNet3d"](1, 3, width=4, levels=2),
        cross_entropy, batches, lr=0.1,
    )
    assert losses[-3:].mean() < 0.5 < losses[0], losses


def test_it_learns_to_tell_rings_from_discs():
    lucid.manual_seed(0)
    rng = np.random.default_rng(1)
    model = UNet(width=6, levels=2)
    optimizer = lucid.optim.AdamW(model.parameters(), lr=1e-2)
    loss_of = cross_entropy(lucid)
    for _ in range(60):
        images, masks = map(lucid.tensor, rings(8, 24, rng))
        optimizer.zero_grad()
        loss_of(model, images, masks).backward()
        optimizer.step()
    images, masks = rings(32, 24, rng)
    with lucid.no_grad():
        found = model.eval()(lucid.tensor(images)).argmax(1).numpy()
    assert (found & masks).sum() / (found | masks).sum() > 0.6
