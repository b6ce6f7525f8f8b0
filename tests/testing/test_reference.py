"""Parity with PyTorch is found, and so is what differs."""

import importlib.util

import numpy as np
import pytest

from lucid.testing import assert_matches_torch


def build(library):
    nn = library.nn
    return nn.Sequential(nn.Conv2d(2, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3), nn.ReLU())


def draw(*shape):
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is not installed"
)


@needs_torch
def test_the_same_module_matches():
    assert_matches_torch(build, draw(2, 2, 5, 4))


@needs_torch
def test_a_function_of_several_tensors_matches():
    assert_matches_torch(lambda library: lambda a, b: (a * b, a[b > 0]), draw(3, 4), draw(3, 4))
    assert_matches_torch(lambda library: lambda a: a * 2, np.arange(3))


@needs_torch
def test_a_different_value_is_told_by_name():
    def scaled(library):
        factor = 2 if library.__name__ == "lucid" else 3
        return lambda x: x * factor

    with pytest.raises(AssertionError, match=r"output 0: 4 of 4 .* off by"):
        assert_matches_torch(scaled, draw(4))


@needs_torch
def test_a_different_gradient_is_told_by_name():
    def cut(library):
        is_ours = library.__name__ == "lucid"
        return lambda x: x * 2 + (x * 0.0 if is_ours else (x * 5 - x.detach() * 5))

    with pytest.raises(AssertionError, match="gradient of input 0: 4 of 4"):
        assert_matches_torch(cut, np.ones(4, np.float32))
    assert_matches_torch(cut, np.ones(4, np.float32), gradients=False)


def test_without_torch_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="needs PyTorch.* install torch"):
        assert_matches_torch(build, draw(1, 2, 3, 3))
