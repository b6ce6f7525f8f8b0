"""Small batches that the networks of the tests learn."""

import numpy as np
import pytest

from lucid.datasets import load_digits


@pytest.fixture(scope="session")
def digits():
    """Give n images of digits as (n, channels, size, size), and their labels."""
    images, labels = load_digits()[:]

    def take(count, size=32, channels=3, start=0):
        chosen = slice(start, start + count)
        x = images.numpy()[chosen].repeat(size // 8, 2).repeat(size // 8, 3)
        return x.repeat(channels, 1), labels.numpy()[chosen]

    return take


@pytest.fixture(scope="session")
def rng():
    return np.random.default_rng(0)

