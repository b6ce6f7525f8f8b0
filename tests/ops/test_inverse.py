"""The inverse of a matrix and its derivatives."""

import numpy as np
import pytest
from comparison import check_differences

import lucid
from lucid.ops.inverse import Inverse


@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 2)], ids=str)
def test_inverse(shape):
    x = np.random.default_rng(0).standard_normal(shape) + 2 * np.eye(shape[-1])
    np.testing.assert_allclose(Inverse()(lucid.tensor(x)).numpy() @ x,
                               np.broadcast_to(np.eye(shape[-1]), shape), atol=1e-12)
    check_differences(lucid, lambda a: Inverse()(a), [x])
