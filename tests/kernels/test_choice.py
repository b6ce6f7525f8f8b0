"""The rules of `auto`: each layer gets the kernel its rule promises, whatever the batch."""

import pytest

from lucid.geometry import conv_geometry
from lucid.kernels.choice import RULES, Task, choose


def task(primitive, x_shape, w_shape, stride=1, padding=0, groups=1):
    geometry = conv_geometry(x_shape, w_shape, (stride,), ((padding, padding),), (1,), groups)
    return Task(primitive, geometry, w_shape[1], w_shape[0] // groups)


@pytest.mark.parametrize(("wanted", "primitive", "x_shape", "w_shape", "options"), [
    ("naive", "forward", (1, 1, 5), (1, 1, 3), {}),
    ("depthwise", "forward", (1, 32, 56, 56), (32, 1, 3, 3), {"groups": 32}),
    ("im2col", "input_grad", (1, 3, 64, 64), (64, 3, 4, 4), {"stride": 2, "padding": 1}),
    ("matmul", "forward", (1, 64, 56, 56), (256, 64, 1, 1), {}),
    ("matmul", "forward", (1, 128, 56, 56), (128, 128, 3, 3), {"stride": 2, "padding": 1}),
    ("matmul", "forward", (1, 3, 64, 64), (64, 3, 3, 3), {"padding": 1}),
    ("matmul", "weight_grad", (1, 256, 14, 14), (256, 256, 3, 3), {"padding": 1}),
    ("direct", "weight_grad", (1, 64, 56, 56), (64, 64, 3, 3), {"padding": 1}),
    ("direct", "forward", (1, 16, 32, 32), (16, 16, 3, 3), {"padding": 1}),
    ("direct", "input_grad", (1, 64, 128, 128), (128, 64, 2, 2), {"stride": 2}),
])
def test_a_layer_gets_the_kernel_of_its_rule(wanted, primitive, x_shape, w_shape, options):
    assert choose(task(primitive, x_shape, w_shape, **options))[0] == wanted


def test_the_choice_does_not_depend_on_the_batch():
    for items in (1, 2, 64):
        found = choose(task("forward", (items, 64, 8, 8), (64, 64, 3, 3), padding=1))
        assert found == choose(task("forward", (3, 64, 8, 8), (64, 64, 3, 3), padding=1))


def test_every_rule_says_why():
    assert all(rule.__doc__ for _, rule in RULES)
