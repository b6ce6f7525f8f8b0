"""Layers that look up rows, and bilinear layers."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F


def test_embedding_is_the_function_with_its_table():
    layer = nn.Embedding(6, 4, padding_idx=-2, dtype=lucid.float64)
    assert layer.padding_idx == 4 and layer.weight[4].tolist() == [0.0] * 4
    x = lucid.tensor([[0, 4], [5, 4]])
    np.testing.assert_array_equal(
        layer(x).detach().numpy(), F.embedding(x, layer.weight).detach().numpy()
    )
    layer(x).sum().backward()
    assert layer.weight.grad.sum(1).tolist() == [4.0, 0.0, 0.0, 0.0, 0.0, 4.0]
    assert layer.weight.dtype is lucid.float64


def test_first_values_are_normal():
    weight = nn.Embedding(200, 50).weight.detach()
    assert abs(weight.mean().item()) < 0.05 and abs(weight.std().item() - 1) < 0.05
    weight = nn.Bilinear(25, 30, 20).weight.detach()
    assert weight.max().item() <= 0.2 and abs(weight.std().item() - 0.2 / 3**0.5) < 0.01


def test_a_given_table_is_shared_and_frozen():
    table = lucid.rand(3, 2)
    layer = nn.Embedding.from_pretrained(table)
    assert not layer.weight.requires_grad and layer.weight.array is table.array
    assert nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad


def test_bilinear_is_the_function_with_its_weights():
    layer = nn.Bilinear(2, 3, 4)
    a, b = lucid.randn(5, 2), lucid.randn(5, 3)
    expected = F.bilinear(a, b, layer.weight, layer.bias).detach().numpy()
    np.testing.assert_array_equal(layer(a, b).detach().numpy(), expected)
    assert nn.Bilinear(2, 3, 4, bias=False).bias is None


def test_representations_are_pytorchs(torch):
    rows = [("Embedding", (5, 3)), ("Embedding", (5, 3, 1)), ("Bilinear", (2, 3, 4))]
    for name, args in rows:
        if torch is not None:
            assert repr(getattr(nn, name)(*args)) == repr(getattr(torch.nn, name)(*args))


@pytest.mark.parametrize(("make", "kind", "message"), [
    (lambda: nn.Embedding(0, 3), ValueError, "num_embeddings=0 is too small"),
    (lambda: nn.Embedding(3, 3, 3), ValueError, "padding_idx=3 is no row"),
    (lambda: nn.Embedding.from_pretrained(lucid.zeros(3)), lucid.ShapeError, "needs 2 axes"),
    (lambda: nn.Bilinear(1, 0, 2), ValueError, "in2_features=0 is too small"),
])
def test_refusals(make, kind, message):
    with pytest.raises(kind, match=message):
        make()
