"""Losses of numbers as modules: the functions with the options of the constructor."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F

x, t, v = lucid.randn(3, 4), lucid.randn(3, 4), lucid.rand(3, 4)
ROWS = [
    (nn.L1Loss("sum"), lambda: F.l1_loss(x, t, "sum"), (x, t)),
    (nn.SmoothL1Loss("sum", 0.5), lambda: F.smooth_l1_loss(x, t, "sum", 0.5), (x, t)),
    (nn.HuberLoss("none", 0.5), lambda: F.huber_loss(x, t, "none", 0.5), (x, t)),
    (nn.GaussianNLLLoss(full=True, eps=0.1, reduction="sum"),
     lambda: F.gaussian_nll_loss(x, t, v, True, 0.1, "sum"), (x, t, v)),
]


@pytest.mark.parametrize(("loss", "function", "inputs"), ROWS, ids=lambda each: str(each)[:30])
def test_modules_call_the_functions(loss, function, inputs):
    np.testing.assert_array_equal(loss(*inputs).numpy(), function().numpy())


@pytest.mark.parametrize(("make", "message"), [
    (lambda: nn.L1Loss("max"), "reduction='max' is not"),
    (lambda: nn.SmoothL1Loss(beta=-1), "beta=-1 is out of range"),
    (lambda: nn.HuberLoss(delta=0), "delta=0 is out of range"),
    (lambda: nn.GaussianNLLLoss(eps=0), "eps=0 is out of range"),
])
def test_a_bad_loss_is_refused_when_it_is_built(make, message):
    with pytest.raises(ValueError, match=message):
        make()
