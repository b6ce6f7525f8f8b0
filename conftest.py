"""What every test and every example starts with. It stands here because examples are in lucid/."""

import importlib
import importlib.metadata
import importlib.util
import random

import hypothesis
import numpy as np
import pytest

import lucid

HAS_TORCH = importlib.util.find_spec("torch") is not None

# a busy machine is no failure
hypothesis.settings.register_profile("lucid", deadline=None)
hypothesis.settings.load_profile("lucid")


def pytest_report_header():
    """Say what the results are compared with."""
    if not HAS_TORCH:
        return "parity: with stored values only, torch is not installed"
    return f"parity: with stored values and the live PyTorch {importlib.metadata.version('torch')}"


@pytest.fixture(autouse=True)
def seeds():
    """Start every source of random numbers anew."""
    random.seed(0)
    np.random.seed(0)
    lucid.manual_seed(0)


@pytest.fixture(scope="session")
def torch():
    """PyTorch, or None where it is not installed."""
    if not HAS_TORCH:
        return None
    module = importlib.import_module("torch")
    module.set_num_threads(1)  # for small tensors, more threads only wait for each other
    return module
