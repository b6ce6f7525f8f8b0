"""The affine map of the last axis."""

import numpy as np
import pytest
from comparison import check_differences

import lucid
from lucid.ops.linear import Linear


@pytest.mark.parametrize("lead", [(), (3,), (2, 3), (2, 0), (0,)], ids=str)
@pytest.mark.parametrize("has_bias", [True, False])
def test_derivatives(lead, has_bias):
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal((*lead, 4)), rng.standard_normal((2, 4)), rng.standard_normal(2)]
    check_differences(lucid, lambda *a: Linear()(*a), arrays if has_bias else arrays[:2])


def test_only_what_is_wanted_is_computed():
    x, w, b = lucid.ones(3, 4), lucid.ones(2, 4, requires_grad=True), lucid.ones(2)
    step = Linear()
    step(x, w, b)
    step.needs = (False, True, False)
    grads = step.backward(lucid.ones(3, 2))
    assert grads[0] is None and grads[2] is None
    assert grads[1].tolist() == [[3.0] * 4] * 2
