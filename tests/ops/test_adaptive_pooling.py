"""Windows that differ in length: how they lie, adjoints, derivatives."""

import numpy as np
import pytest
from comparison import check_differences

import lucid
from lucid.ops.adaptive_pooling import AdaptiveAverage, AdaptiveSpread, adaptive_maxima, windows

SIZES = [((7,), (3,)), ((4, 7), (3, 5)), ((5, 3, 4), (2, 3, 5)), ((2,), (5,)), ((6,), (1,))]


@pytest.mark.parametrize("n", range(1, 9))
@pytest.mark.parametrize("m", range(1, 9))
def test_windows_cover_the_axis(n, m):
    found = windows(n, m)
    assert found[0][0] == 0 and found[-1][1] == n and len(found) == m
    for (start, stop), (after, _) in zip(found, [*found[1:], (n, n)], strict=True):
        assert start < stop and after in (stop, stop - 1)


@pytest.mark.parametrize(("n", "m"), SIZES, ids=str)
def test_averages_and_maxima_are_those_of_the_windows(n, m):
    x = np.random.default_rng(0).integers(0, 9, (2, *n)).astype(float)
    y = AdaptiveAverage(m)(lucid.tensor(x)).numpy()
    most, places = adaptive_maxima(x, m)
    assert y.shape == most.shape == places.shape == (2, *m)
    spans = [windows(*each) for each in zip(n, m, strict=True)]
    for o in np.ndindex(m):
        key = tuple(slice(*spans[axis][each]) for axis, each in enumerate(o))
        for item in range(2):
            part = x[item][key]
            np.testing.assert_allclose(y[(item, *o)], part.mean(), rtol=1e-12)
            assert most[(item, *o)] == part.max()
            first = np.unravel_index(part.argmax(), part.shape)
            wanted = np.ravel_multi_index(
                tuple(f + k.start for f, k in zip(first, key, strict=True)), n
            )
            assert places[(item, *o)] == wanted


@pytest.mark.parametrize(("n", "m"), SIZES, ids=str)
def test_averaging_and_spreading_are_adjoint(n, m):
    x, y = lucid.randn(2, *n, dtype=lucid.float64), lucid.randn(2, *m, dtype=lucid.float64)
    left = (AdaptiveAverage(m)(x) * y).sum().item()
    assert left == pytest.approx((x * AdaptiveSpread(n)(y)).sum().item())


def test_derivatives():
    x = np.random.default_rng(0).standard_normal((1, 4, 5))
    check_differences(lucid, lambda a: AdaptiveAverage((3, 2))(a * a), [x])
