"""The demo learns, says so, and draws."""

import numpy as np
import pytest

import lucid
from lucid import demo
from lucid.datasets import load_digits


def test_a_few_epochs_read_most_digits_and_draw_a_picture(tmp_path, capsys):
    picture = tmp_path / "demo.png"
    right = demo.main(["--epochs", "6", "--picture", str(picture)])
    printed = capsys.readouterr().out
    assert right >= 0.96
    assert f"test accuracy of the classifier: {100 * right:.1f} % of 360 images" in printed
    if demo.Figure is None:
        assert "no picture" in printed
    else:
        assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_same_seed_gives_the_same_network(capsys):
    rights = [demo.main(["--epochs", "1", "--picture", "", "--seed", "3"]) for _ in range(2)]
    assert rights[0] == rights[1]


def test_no_wobble_changes_nothing():
    images, _ = load_digits(train=False)[:5]
    still = demo.wobble(images, np.random.default_rng(0), strength=0)
    np.testing.assert_allclose(still.numpy(), images.numpy(), atol=1e-6)


def test_a_wobble_keeps_the_ink_about_where_it_was():
    images, _ = load_digits(train=False)[:100]
    moved = demo.wobble(images, np.random.default_rng(0))
    assert moved.shape == images.shape and moved.dtype is lucid.float32
    assert moved.numpy().min() >= 0 and moved.numpy().max() <= 1
    assert moved.numpy().sum() == pytest.approx(images.numpy().sum(), rel=0.1)
