"""Losses with a margin as modules: the functions with the options of the constructor."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F

x, y, z = lucid.randn(4, 3), lucid.randn(4, 3), lucid.randn(4, 3)
classes, signs, w = lucid.tensor([0, 2, 1, 1]), lucid.tensor([1, -1, -1, 1]), lucid.rand(3)
ROWS = [
    (nn.MultiMarginLoss(2, 0.5, w, "sum"),
     lambda: F.multi_margin_loss(x, classes, 2, 0.5, w, "sum"), (x, classes)),
    (nn.HingeEmbeddingLoss(0.5, "sum"),
     lambda: F.hinge_embedding_loss(x[:, 0], signs, 0.5, "sum"), (x[:, 0], signs)),
    (nn.CosineEmbeddingLoss(0.5, "sum"),
     lambda: F.cosine_embedding_loss(x, y, signs, 0.5, "sum"), (x, y, signs)),
    (nn.TripletMarginLoss(0.5, 3.0, 0.1, True, "sum"),
     lambda: F.triplet_margin_loss(x, y, z, 0.5, 3.0, 0.1, True, "sum"), (x, y, z)),
]


@pytest.mark.parametrize(("loss", "function", "inputs"), ROWS, ids=lambda each: str(each)[:30])
def test_modules_call_the_functions(loss, function, inputs):
    np.testing.assert_array_equal(loss(*inputs).numpy(), function().numpy())


@pytest.mark.parametrize(("make", "message"), [
    (lambda: nn.MultiMarginLoss(3), "p=3 is not 1 or 2"),
    (lambda: nn.CosineEmbeddingLoss(2), "margin=2 is out of range"),
    (lambda: nn.TripletMarginLoss(0), "margin=0 is out of range"),
    (lambda: nn.HingeEmbeddingLoss(reduction="max"), "reduction='max' is not"),
])
def test_a_bad_loss_is_refused_when_it_is_built(make, message):
    with pytest.raises(ValueError, match=message):
        make()
