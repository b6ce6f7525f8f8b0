"""Terms that count are those of the definition that are not padding."""

import numpy as np
import pytest

from lucid._cython import exactness
from lucid.geometry import conv_geometry


@pytest.mark.parametrize(("size", "kernel", "low", "high", "dilation", "stride"), [
    (7, 5, 2, 2, 1, 1), (9, 4, 1, 2, 1, 1), (3, 5, 4, 1, 1, 1), (11, 3, -1, 4, 2, 1),
    (6, 3, 1, 2, 1, 1), (8, 4, 1, 1, 1, 2), (9, 3, 1, 1, 1, 2), (7, 3, 3, 0, 2, 3),
    (5, 2, 0, 3, 1, 4),
])
def test_shares_and_positions_are_those_of_the_definition(
    size, kernel, low, high, dilation, stride
):
    geometry = conv_geometry(
        (1, 1, size), (1, 1, kernel), (stride,), ((low, high),), (dilation,)
    )
    axis = kernel, stride, dilation, low, size, geometry.output_size[0]
    meets = np.zeros((axis[-1], kernel, size + 2 * abs(low) + kernel * dilation + stride), bool)
    for o, k in np.ndindex(axis[-1], kernel):
        place = o * stride + k * dilation - low
        meets[o, k, place if 0 <= place < size else -1] = True
    forward = meets[..., :size].any(2)
    share = forward.mean(1)
    assert_shares("forward", axis, share)
    everywhere = [  # taps that would meet a position of x if y had no end
        sum((i + low - k * dilation) % stride == 0 for k in range(kernel)) for i in range(size)
    ]
    reached = meets[..., :size].sum((0, 1))
    share = [a / b for a, b in zip(reached, everywhere, strict=True) if b]
    assert_shares("input_grad", axis, np.array(share))
    assert exactness.fewest_positions(*axis) == forward.sum(0).min()


def assert_shares(primitive, axis, share):
    least, average = exactness.shares(primitive, *axis)
    assert least == pytest.approx(share.min())
    with np.errstate(divide="ignore"):
        assert average == pytest.approx((share ** -2.0).mean() ** -0.5)


def test_a_weight_gradient_counts_the_positions_of_its_poorest_tap_in_all_items():
    axes = (1, 1, 1, 0, 1, 1), (3, 1, 1, 1, 8, 8), (5, 1, 1, 2, 9, 9)
    assert exactness.count_terms("weight_grad", 8 * 9 * 6, 6, axes) == 6 * 7 * 7


@pytest.mark.parametrize("primitive", ["forward", "input_grad"])
def test_fewer_terms_count_the_smaller_an_image_is_and_none_beyond_it(primitive):
    one = 1, 1, 1, 0, 1, 1
    counts = []
    for size in (1, 2, 4, 8, 16, 32, 64):
        axis = 3, 1, 1, 1, size, size
        counts.append(exactness.count_terms(primitive, 900, 1, (one, axis, axis)))
    assert counts == sorted(counts) and counts[0] == 100 and counts[-1] == 900
    far = 3, 1, 1, 3, 8, 12 if primitive == "forward" else 8
    assert exactness.count_terms("forward", 900, 1, (one, far, far)) == 0


def test_of_a_kernel_in_blocks_only_taps_count_that_never_are_padding():
    one, seven = (1, 1, 1, 0, 1, 1), (7, 1, 1, 3, 100, 100)
    assert exactness.count_terms("forward", 490, 1, (one, seven, seven)) == 490
    assert round(exactness.count_terms("forward", 490, 1, (one, seven, seven), False)) == 160
