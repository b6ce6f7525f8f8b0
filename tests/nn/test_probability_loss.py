"""Losses of probabilities as modules: the functions with the options of the constructor."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F

x, t, w = lucid.rand(3, 4), lucid.rand(3, 4), lucid.rand(4)
ROWS = [
    (nn.BCELoss(w, "sum"), lambda: F.binary_cross_entropy(x, t, w, "sum"), (x, t)),
    (nn.BCEWithLogitsLoss(w, "sum", w * 2),
     lambda: F.binary_cross_entropy_with_logits(x, t, w, "sum", w * 2), (x, t)),
    (nn.KLDivLoss("batchmean", True), lambda: F.kl_div(x, t, "batchmean", True), (x, t)),
]


def test_weights_are_buffers():
    loss = nn.BCEWithLogitsLoss(pos_weight=w.clone())
    assert list(loss.state_dict()) == ["pos_weight"]
    assert loss.double().pos_weight.dtype is lucid.float64


@pytest.mark.parametrize(("loss", "function", "inputs"), ROWS, ids=lambda each: str(each)[:30])
def test_modules_call_the_functions(loss, function, inputs):
    np.testing.assert_array_equal(loss(*inputs).numpy(), function().numpy())


@pytest.mark.parametrize(("make", "message"), [
    (lambda: nn.BCELoss(reduction="max"), "reduction='max' is not"),
    (lambda: nn.KLDivLoss("batch"), "reduction='batch' is not"),
])
def test_a_bad_loss_is_refused_when_it_is_built(make, message):
    with pytest.raises(ValueError, match=message):
        make()
