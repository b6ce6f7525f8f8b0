"""The rules of `auto`: each layer gets the kernel its rule promises, whatever the batch."""

from dataclasses import replace

import pytest

from lucid._cython import conv_winograd_rows
from lucid.geometry import conv_geometry
from lucid.kernels.choice import REFUSALS, RULES, Task, choose, refuses

ALONG_ROWS = "winograd_rows" if conv_winograd_rows.PAYS else "direct"


def task(primitive, x_shape, w_shape, stride=1, padding=0, groups=1, dilation=1):
    padding = padding if isinstance(padding, tuple) else ((padding, padding),)
    geometry = conv_geometry(x_shape, w_shape, (stride,), padding, (dilation,), groups)
    return Task(primitive, geometry, w_shape[1], w_shape[0] // groups, x_shape[0])


@pytest.mark.parametrize(("wanted", "primitive", "x_shape", "w_shape", "options"), [
    ("naive", "forward", (1, 1, 5), (1, 1, 3), {}),
    ("product", "input_grad", (1, 512, 4, 4), (100, 512, 4, 4), {}),
    ("clipped", "input_grad", (1, 512, 4, 4), (100, 512, 4, 4), {"padding": 1}),
    ("depthwise", "forward", (1, 32, 56, 56), (32, 1, 3, 3), {"groups": 32}),
    ("depthwise", "forward", (1, 1, 56, 56), (1, 1, 11, 11), {}),
    ("depthwise", "input_grad", (1, 1, 56, 56), (8, 1, 5, 5), {}),
    ("depthwise", "forward", (1, 8, 500), (8, 1, 3), {"groups": 8}),
    ("direct", "forward", (1, 8, 500), (8, 1, 9), {"groups": 8}),
    ("depthwise", "weight_grad", (1, 8, 500), (8, 1, 9), {"groups": 8}),
    ("depthwise", "weight_grad", (8, 16, 56, 56), (64, 1, 3, 3), {"groups": 16}),
    ("depthwise", "forward", (8, 16, 56, 56), (32, 1, 3, 3), {"groups": 16}),
    ("direct", "forward", (8, 16, 56, 56), (64, 1, 3, 3), {"groups": 16}),
    ("direct", "input_grad", (8, 16, 56, 56), (64, 1, 3, 3), {"groups": 16, "stride": 2}),
    ("unfolded", "weight_grad", (8, 16, 56, 56), (64, 1, 3, 3), {"groups": 16, "stride": 2}),
    ("im2col", "input_grad", (1, 1, 56, 56), (32, 1, 3, 3), {"stride": 2}),
    ("direct", "input_grad", (1, 1, 56, 56), (16, 1, 3, 3), {"stride": 2}),
    ("im2col", "input_grad", (1, 3, 64, 64), (64, 3, 4, 4), {"stride": 4}),
    ("direct", "input_grad", (1, 3, 64, 64), (64, 3, 4, 4), {"stride": 2, "padding": 1}),
    ("features", "forward", (1, 16, 32, 32), (32, 16, 3, 3), {"stride": 2, "padding": 1}),
    ("features", "forward", (1, 6, 14, 14), (16, 6, 5, 5), {}),
    ("direct", "forward", (1, 6, 14, 14), (20, 6, 5, 5), {}),
    ("direct", "forward", (1, 3, 224, 224), (64, 3, 7, 7), {"stride": 2, "padding": 3}),
    ("features", "forward", (1, 3, 64, 64), (16, 3, 4, 4), {"stride": 4}),
    ("features", "weight_grad", (1, 6, 14, 14), (16, 6, 5, 5), {}),
    ("features", "weight_grad", (16, 6, 28, 28), (8, 6, 5, 5), {"stride": 2, "padding": 2}),
    ("matmul", "forward", (1, 64, 56, 56), (256, 64, 1, 1), {}),
    ("pointwise", "forward", (1, 64, 128, 128), (2, 64, 1, 1), {}),
    ("pointwise", "input_grad", (1, 64, 128, 128), (2, 64, 1, 1), {}),
    ("matmul", "weight_grad", (1, 64, 128, 128), (2, 64, 1, 1), {}),
    ("clipped", "forward", (1, 128, 8, 8), (64, 128, 4, 4), {"stride": 2, "padding": 1}),
    ("winograd_strided", "forward", (1, 96, 56, 56), (96, 96, 3, 3), {"stride": 2, "padding": 1}),
    ("winograd_strided", "forward", (1, 64, 32, 32), (128, 64, 4, 4), {"stride": 2, "padding": 1}),
    ("clipped", "forward", (1, 256, 8, 8), (512, 256, 4, 4), {"stride": 2, "padding": 1}),
    ("direct", "forward", (1, 3, 64, 64), (64, 3, 3, 3), {"padding": 1}),
    ("winograd", "forward", (1, 64, 56, 56), (64, 64, 3, 3), {"padding": 1}),
    ("winograd", "forward", (1, 48, 14, 14), (8, 48, 3, 3), {"padding": 1}),
    ("winograd", "weight_grad", (4, 64, 14, 14), (64, 16, 3, 3), {"padding": 1, "groups": 4}),
    ("winograd", "weight_grad", (4, 64, 16, 16), (4, 64, 3, 3), {"padding": 1}),
    ("unfolded", "weight_grad", (4, 1, 32, 32), (6, 1, 5, 5), {"padding": 2}),
    (ALONG_ROWS, "forward", (1, 72, 500), (32, 72, 3), {}),
    (ALONG_ROWS, "forward", (1, 16, 32, 32), (16, 16, 3, 3), {"padding": 1}),
    (
        "winograd_rows" if conv_winograd_rows.PAYS else "clipped", "input_grad",
        (1, 64, 14, 14), (64, 16, 3, 3), {"padding": 1, "groups": 4},
    ),
    ("features", "forward", (1, 16, 13, 13), (16, 16, 3, 3), {"padding": 2}),
    ("direct", "forward", (1, 15, 32, 32), (16, 15, 3, 3), {"padding": 1}),
    ("direct", "input_grad", (1, 64, 128, 128), (128, 64, 2, 2), {"stride": 2}),
    ("clipped", "input_grad", (1, 64, 7, 7), (32, 64, 5, 5), {}),
    ("clipped", "forward", (1, 64, 5, 5), (64, 64, 5, 5), {"padding": 2}),
    ("winograd", "forward", (1, 64, 14, 14), (64, 64, 5, 5), {"padding": 2}),
    ("features", "forward", (1, 20, 14, 14), (64, 20, 5, 5), {"padding": 2}),
    ("winograd", "forward", (1, 128, 28, 28), (128, 128, 7, 7), {"padding": 3}),
    ("winograd", "forward", (1, 128, 32, 32), (128, 128, 3, 1), {"padding": ((1, 1), (0, 0))}),
    ("winograd", "input_grad", (1, 256, 1000), (256, 256, 11), {"padding": 5}),
    (
        "winograd", "weight_grad", (4, 144, 8, 28, 28), (64, 144, 3, 1, 1),
        {"padding": ((1, 1), (0, 0), (0, 0))},
    ),
    ("winograd", "input_grad", (1, 64, 27, 27), (64, 64, 5, 5), {"padding": 2}),
    ("winograd", "weight_grad", (2, 64, 27, 27), (64, 64, 5, 5), {"padding": 2}),
    ("matmul", "weight_grad", (8, 64, 7, 7), (64, 64, 5, 5), {"padding": 2}),
    ("winograd", "forward", (1, 256, 300), (256, 256, 5), {"padding": 2}),
    ("clipped", "input_grad", (1, 192, 14, 14), (384, 192, 2, 2), {"stride": 2}),
    ("im2col", "input_grad", (1, 4, 3000), (5, 4, 2990), {}),
    ("clipped", "input_grad", (1, 4, 300), (5, 4, 290), {}),
])
def test_a_layer_gets_the_kernel_of_its_rule(wanted, primitive, x_shape, w_shape, options):
    assert choose(task(primitive, x_shape, w_shape, **options))[0] == wanted


def test_the_choice_does_not_depend_on_the_batch():
    for items in (1, 2, 64):
        found = choose(task("forward", (items, 64, 8, 8), (64, 64, 3, 3), padding=1))
        assert found == choose(task("forward", (3, 64, 8, 8), (64, 64, 3, 3), padding=1))


def test_features_fill_the_lanes_of_float32_only():
    layer = task("weight_grad", (16, 6, 28, 28), (8, 6, 5, 5), stride=2, padding=2)
    assert choose(layer)[0] == "features"
    assert choose(replace(layer, dtype="float64"))[0] != "features"
    border = task("input_grad", (16, 64, 7, 7), (32, 64, 5, 5))
    assert choose(border)[0] == "clipped"
    assert choose(replace(border, dtype="float64"))[0] != "clipped"


@pytest.mark.parametrize("changed", [{"dtype": "float64"}, {"precision": "highest"}])
@pytest.mark.parametrize("primitive", ["forward", "input_grad", "weight_grad"])
def test_winograd_is_for_float32_of_high_precision(primitive, changed):
    high = task(primitive, (4, 64, 28, 28), (64, 64, 3, 3), padding=1)
    assert choose(high)[0] == "winograd" and not refuses("winograd", high)
    other = replace(high, **changed)
    assert choose(other)[0] != "winograd" and refuses("winograd", other)


def test_winograd_along_rows_is_for_float32_of_high_precision():
    high = task("forward", (4, 16, 28, 28), (16, 16, 3, 3), padding=1)
    assert (choose(high)[0] == "winograd_rows") is bool(conv_winograd_rows.PAYS)
    assert not refuses("winograd_rows", high)
    for changed in ({"dtype": "float64"}, {"precision": "highest"}):
        other = replace(high, **changed)
        assert choose(other)[0] in ("direct", "features", "matmul")
        assert refuses("winograd_rows", other)


def test_each_channel_by_itself_refuses_groups_of_several():
    assert refuses("depthwise", task("forward", (1, 8, 9, 9), (8, 2, 3, 3), groups=4))
    assert not refuses("depthwise", task("forward", (1, 8, 9, 9), (8, 1, 3, 3), groups=8))


def test_every_rule_says_why():
    assert all(rule.__doc__ for _, rule in RULES)
    assert all(refusal.__doc__ for refusal in REFUSALS.values())
