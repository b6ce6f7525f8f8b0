"""Windows as columns: the definition, the adjoint, two derivatives."""

import numpy as np
import pytest
from comparison import check_differences

import lucid
from lucid.geometry import conv_geometry
from lucid.ops.unfold import Fold, Unfold

CASES = [
    ((2, 3, 7), (3,), (2,), (1,), (2,)), ((1, 2, 5, 6), (2, 3), (1, 2), (0, 1), (2, 1)),
    ((1, 2, 4, 3, 5), (2, 1, 3), (1, 1, 2), (1, 0, 2), (1, 2, 1)),
    ((1, 1, 3), (1,), (9,), (4,), (1,)),
]


def layout(x_shape, kernel, stride, padding, dilation):
    pads = tuple((p, p) for p in padding)
    return conv_geometry(x_shape, (1, x_shape[1], *kernel), stride, pads, dilation)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_columns_are_windows(case):
    x = np.random.default_rng(0).standard_normal(case[0])
    g = layout(*case)
    y = Unfold(g)(lucid.tensor(x)).numpy()
    y = y.reshape(*x.shape[:2], *g.kernel_size, *g.output_size)
    for k in np.ndindex(g.kernel_size):
        for o in np.ndindex(g.output_size):
            i = [a * s + b * d - p for a, b, s, d, p in zip(o, k, g.stride, g.dilation, g.low)]
            inside = all(0 <= each < n for each, n in zip(i, g.input_size))
            expected = x[(..., *i)] if inside else 0
            np.testing.assert_array_equal(y[(slice(None), slice(None), *k, *o)], expected)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_folding_is_the_adjoint(case):
    g = layout(*case)
    x = lucid.randn(case[0], dtype=lucid.float64)
    y = Unfold(g)(x)
    g_y = lucid.randn(y.shape, dtype=lucid.float64)
    assert (y * g_y).sum().item() == pytest.approx((x * Fold(g)(g_y)).sum().item())


def test_derivatives():
    g = layout(*CASES[1])
    x = np.random.default_rng(0).standard_normal(CASES[1][0])
    check_differences(lucid, lambda a: Unfold(g)(a * a), [x])
    y = Unfold(g)(lucid.tensor(x)).numpy()
    check_differences(lucid, lambda a: Fold(g)(a * a), [y])
