"""The cost model of `auto`: what it counts, and that every count has a time."""

from dataclasses import replace

import numpy as np
import pytest

from lucid._cython import conv_winograd_rows
from lucid.geometry import conv_geometry
from lucid.kernels import costs
from lucid.kernels.choice import Task, estimates, refuses

GEOMETRIES = {
    "one tap": ((4, 8, 16), (16, 8, 1), 1, 0, 1, 1),
    "two axes": ((4, 32, 12, 13), (20, 32, 3, 3), 1, 1, 1, 1),
    "dilated": ((4, 48, 12, 20), (48, 48, 3, 3), 1, 2, 2, 1),
    "stride": ((16, 64, 18, 16), (256, 64, 4, 4), 2, 1, 1, 1),
    "groups": ((4, 64, 9, 9), (64, 16, 3, 3), 1, 1, 1, 4),
    "three axes": ((4, 16, 5, 9, 8), (24, 16, 3, 3, 3), 1, 1, 1, 1),
    "large stride": ((4, 3, 20, 20), (7, 3, 2, 2), 3, 0, 1, 1),
}
CASES = [
    (name, primitive) for name, times in costs.NANOSECONDS.items() for primitive in times
    if name != "winograd_rows" or conv_winograd_rows.PAYS
]


def task(name, primitive, **options):
    x_shape, w_shape, stride, padding, dilation, groups = GEOMETRIES[name]
    geometry = conv_geometry(
        x_shape, w_shape, (stride,), ((padding, padding),), (dilation,), groups
    )
    return Task(primitive, geometry, w_shape[1], w_shape[0] // groups, x_shape[0], **options)


ABLE = [
    (kernel, primitive, name) for kernel, primitive in CASES for name in GEOMETRIES
    if not refuses(kernel, task(name, primitive))
]


def square(primitive, channels, features, size, items=4, taps=(3, 3), dilation=1):
    low = tuple(((k - 1) * dilation // 2,) * 2 for k in taps)
    geometry = conv_geometry(
        (items, channels, *[size] * len(taps)), (features, channels, *taps), (1,), low, (dilation,)
    )
    return Task(primitive, geometry, channels, features, items)


@pytest.mark.parametrize(("kernel", "primitive"), CASES)
def test_every_time_is_of_something_that_is_counted(kernel, primitive):
    counted = set()
    for *case, name in ABLE:
        if case == [kernel, primitive]:
            counted |= set(costs.COUNTS[kernel](task(name, primitive), 64, 16))
    assert counted >= set(costs.NANOSECONDS[kernel][primitive])


@pytest.mark.parametrize(("kernel", "primitive", "name"), ABLE)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_more_items_take_longer(kernel, primitive, name, dtype):
    few, many = (
        costs.estimate(kernel, task(name, primitive, dtype=dtype), items) for items in (64, 256)
    )
    if few is None:
        slow = kernel in ("features", "clipped") and dtype == "float64"
        whole = kernel == "clipped" and name == "one tap"
        assert slow or whole or kernel.startswith("winograd")  # which is not exact enough
    else:
        assert 0 < few < many <= 4.001 * few


@pytest.mark.parametrize("kernel", ["direct", "features", "matmul"])
def test_where_all_fits_the_products_are_those_of_the_definition(kernel):
    geometry = conv_geometry((2, 5, 64), (32, 5, 1))
    full = Task("forward", geometry, 5, 32, 2)
    assert 16 * costs.COUNTS[kernel](full, 2, 16)["products"] == 2 * full.work
    assert 8 * costs.COUNTS[kernel](full, 2, 8)["products"] == 2 * full.work


def test_lanes_that_hang_over_are_counted():
    rows = square("forward", 3, 8, 17)
    assert costs.direct(rows, 1, 16)["products"] > rows.work / 16
    assert costs.features(rows, 1, 16)["products"] == 2 * rows.work / 16  # 8 features of 16
    one = replace(rows, features=1)
    assert costs.direct(one, 1, 16)["products"] == 2 * costs.direct(rows, 1, 16)["products"] / 8


@pytest.mark.parametrize(("primitive", "channels", "features", "items", "exact"), [
    ("forward", 26, 64, 4, False), ("forward", 27, 64, 4, True), ("input_grad", 23, 64, 4, True),
    ("input_grad", 64, 23, 4, False), ("weight_grad", 8, 8, 4, False),
    ("weight_grad", 8, 8, 5, True),  # 7 x 7 x 5 positions for the taps at the corners
])
def test_winograd_has_no_estimate_where_it_is_not_exact_enough(
    primitive, channels, features, items, exact
):
    tiles = square(primitive, channels, features, 8, items)
    assert (costs.estimate("winograd", tiles, items) is not None) is exact
    assert ("winograd" in estimates(tiles, 4)) is exact


def test_winograd_counts_the_tiles_of_a_dilation_and_reads_a_plane_once():
    count = [
        costs.winograd(square("forward", 48, 48, 40, 4, dilation=d), 4, 16)["products"]
        for d in (1, 4, 19)
    ]
    assert count[0] <= count[1] < count[2]  # of residues of 19, each tile is half empty
    planes = square("forward", 16, 8, 32, 4, (3, 3, 3))
    single = square("forward", 48, 8, 32, 4)
    deep, flat = costs.winograd(planes, 4, 16), costs.winograd(single, 4, 16)
    assert deep["products"] == 32 * flat["products"]  # a tap of the first axis is like a channel
    assert deep["inputs"] == 32 * flat["inputs"] / 2  # but 4 planes of outputs read 6, not 12


@pytest.mark.parametrize(("size", "known"), [(14, True), (8, False)])
def test_winograd_for_strides_needs_some_tiles(size, known):
    geometry = conv_geometry((4, 256, size, size), (512, 256, 4, 4), (2,), ((1, 1),))
    strided = Task("forward", geometry, 256, 512, 4)
    assert ("winograd_strided" in estimates(strided, 16)) is known


def test_a_weight_gradient_counts_its_own_items():
    for primitive in ("forward", "input_grad", "weight_grad"):
        two, eight = (estimates(square(primitive, 8, 8, 16, items), 4) for items in (2, 8))
        assert (two == eight) is (primitive != "weight_grad")


@pytest.mark.parametrize("size, padding, channels, exact", [
    (5, 2, 23, False), (5, 2, 24, True), (2, 2, 53, False), (1, 2, 215, False), (6, 0, 9, True),
])
def test_terms_that_are_padding_do_not_count_for_winograd(size, padding, channels, exact):
    geometry = conv_geometry((1, channels, size, size), (64, channels, 5, 5), padding=padding)
    forward = Task("forward", geometry, channels, 64)
    assert (costs.estimate("winograd", forward, 8) is not None) is exact
