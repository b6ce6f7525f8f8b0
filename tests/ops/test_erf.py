"""The error function against the C library's, and its derivatives."""

import math

import numpy as np
import pytest
from comparison import check_differences

import lucid
from lucid.ops.erf import erf


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_are_within_a_few_units_of_the_last_place(dtype):
    x = np.concatenate([np.linspace(-7, 7, 20001), [1e-300, 0.0, np.inf, -np.inf]]).astype(dtype)
    expected = np.array([math.erf(each) for each in x.astype(np.float64)])
    found = erf(lucid.tensor(x)).numpy()
    assert found.dtype == dtype
    # relative for small results too; float32 squares its argument, which costs a bit at 4
    np.testing.assert_allclose(found, expected, rtol=5 * np.finfo(dtype).eps)


def test_odd_and_nan():
    x = lucid.tensor([0.3, 2.0, np.nan])
    assert (erf(-x)[:2] == -erf(x)[:2]).all()
    assert np.isnan(erf(x)[2].item())


def test_derivatives_equal_differences():
    check_differences(lucid, erf, [np.linspace(-3, 3, 13)])


def test_what_is_no_tensor_is_refused():
    with pytest.raises(TypeError, match=r"erf: needs a Tensor, not float"):
        erf(1.0)
