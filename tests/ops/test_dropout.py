"""Multiplying by given numbers."""

import numpy as np
from comparison import check_differences

import lucid
from lucid.ops.dropout import Mask


def test_derivatives():
    rng = np.random.default_rng(0)
    mask = rng.standard_normal((2, 3))
    check_differences(lucid, lambda x: Mask(mask)(x), [rng.standard_normal((2, 3))])
    check_differences(lucid, lambda x: Mask(mask)(x * x), [rng.standard_normal((2, 3))])
