"""Limits on gradients: PyTorch's results, and refusals."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn

GRADIENTS = [np.array([3.0, -4.0]), np.array([[12.0, 0.5]])]


def parameters(library, dtype=None):
    made = [library.tensor(np.zeros_like(g), requires_grad=True) for g in GRADIENTS]
    for x, g in zip(made, GRADIENTS, strict=True):
        x.grad = library.tensor(g)
    return [*made, library.zeros(2, requires_grad=True)]


@pytest.mark.parametrize("limit", [0.0, 1.0, 100.0])
@pytest.mark.parametrize("norm", [1.0, 2.0, 3.5, float("inf")])
def test_clip_grad_norm(torch, limit, norm):
    ours = parameters(lucid)
    flat = np.concatenate([g.ravel() for g in GRADIENTS])
    total = nn.utils.clip_grad_norm_(ours, limit, norm)
    expected = np.linalg.norm(flat, norm)
    assert total.item() == pytest.approx(expected)
    factor = min(1, limit / (expected + 1e-6))
    for x, g in zip(ours, GRADIENTS, strict=False):
        np.testing.assert_allclose(x.grad.numpy(), g * factor, rtol=1e-12)
    if torch is not None:
        theirs = parameters(torch)
        torch.nn.utils.clip_grad_norm_(theirs, limit, norm)
        for mine, other in zip(ours[:2], theirs[:2], strict=True):
            np.testing.assert_allclose(mine.grad.numpy(), other.grad.numpy(), rtol=1e-12)


def test_clip_grad_value():
    ours = parameters(lucid)
    nn.utils.clip_grad_value_(ours, 3.5)
    assert ours[0].grad.tolist() == [3.0, -3.5] and ours[1].grad.tolist() == [[3.5, 0.5]]
    assert ours[2].grad is None
    nn.utils.clip_grad_value_(ours[0], 1)
    assert ours[0].grad.tolist() == [1.0, -1.0]


def test_an_infinite_length_is_reported():
    x = lucid.zeros(2, requires_grad=True)
    x.grad = lucid.tensor([np.inf, 1.0])
    with pytest.raises(lucid.LucidError, match="the gradients have the length inf"):
        nn.utils.clip_grad_norm_(x, 1.0, error_if_nonfinite=True)
    assert x.grad.tolist() == [np.inf, 1.0]
    assert nn.utils.clip_grad_norm_([], 1.0).item() == 0.0


@pytest.mark.parametrize(("call", "message"), [
    (lambda: nn.utils.clip_grad_norm_([], -1), "max_norm=-1 is out of range"),
    (lambda: nn.utils.clip_grad_norm_([], 1, 0), "norm_type=0 is out of range"),
    (lambda: nn.utils.clip_grad_value_([], -1), "clip_value=-1 is out of range"),
])
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
