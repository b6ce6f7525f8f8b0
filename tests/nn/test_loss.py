"""Losses as modules."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F

x = lucid.tensor([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]])
classes = lucid.tensor([2, 0])
weight = lucid.tensor([1.0, 2.0, 3.0])


def test_modules_call_the_functions_with_their_options():
    loss = nn.CrossEntropyLoss(weight, ignore_index=0, reduction="sum", label_smoothing=0.1)
    expected = F.cross_entropy(x, classes, weight, 0, "sum", 0.1)
    assert loss(x, classes).item() == expected.item()
    loss = nn.NLLLoss(weight, ignore_index=0, reduction="none")
    assert loss(x, classes).tolist() == F.nll_loss(x, classes, weight, 0, "none").tolist()
    assert nn.MSELoss("sum")(x, x + 1).item() == 6.0
    assert np.isclose(
        nn.CrossEntropyLoss()(x, classes).item(), nn.NLLLoss()(nn.LogSoftmax(1)(x), classes).item()
    )


def test_the_weight_is_a_buffer():
    loss = nn.CrossEntropyLoss(weight)
    assert list(loss.state_dict()) == ["weight"] and not list(loss.parameters())
    assert loss.double()(x.double(), classes).dtype is lucid.float64
    assert nn.CrossEntropyLoss().weight is None
    assert repr(nn.CrossEntropyLoss()) == "CrossEntropyLoss()"


@pytest.mark.parametrize(("make", "kind", "message"), [
    (lambda: nn.CrossEntropyLoss(reduction="avg"), ValueError, "reduction='avg' is not"),
    (lambda: nn.CrossEntropyLoss(label_smoothing=-0.1), ValueError, "label_smoothing=-0.1"),
    (lambda: nn.NLLLoss(ignore_index=1.0), TypeError, "ignore_index must be an int"),
    (lambda: nn.MSELoss("all"), ValueError, "reduction='all'"),
])
def test_a_bad_loss_is_refused_when_it_is_built(make, kind, message):
    with pytest.raises(kind, match=message):
        make()
