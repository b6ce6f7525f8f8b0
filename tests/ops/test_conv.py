"""The three steps of convolution: definition, adjointness, first and second derivatives."""

import itertools

import numpy as np
import pytest
from differences import numeric_grad

import lucid
import lucid.nn.functional as F
from lucid.errors import GradError
from lucid.geometry import conv_geometry, conv_transpose_geometry
from lucid.ops.conv import Conv, ConvInputGrad, ConvWeightGrad


def row(x_shape, w_shape, stride=1, padding=0, dilation=1, groups=1):
    return x_shape, w_shape, conv_geometry(x_shape, w_shape, stride, padding, dilation, groups)


TABLE = {
    "one": row((1, 1, 1), (1, 1, 1)),
    "1-D": row((2, 2, 6), (3, 2, 3)),
    "1-D stride": row((1, 2, 7), (2, 2, 2), stride=2),
    "1-D dilation": row((1, 2, 7), (2, 2, 3), dilation=2, padding=1),
    "1-D groups": row((2, 4, 4), (6, 2, 2), groups=2),
    "1-D same, even kernel": row((1, 1, 5), (1, 1, 4), padding="same"),
    "1-D cropped": row((1, 1, 8), (1, 1, 2), padding=((-2, -1),)),
    "1-D the kernel leaves a rest": row((1, 1, 8), (1, 1, 3), stride=3),
    "2-D": row((1, 2, 3, 4), (2, 2, 2, 3), stride=(2, 1), padding=(1, 0)),
    "2-D all at once": row((1, 4, 5, 4), (2, 2, 2, 2), (2, 3), ((1, 2), (0, 1)), (2, 1), 2),
    "2-D depthwise": row((1, 3, 3, 3), (3, 1, 2, 2), groups=3),
    "3-D": row((1, 1, 2, 3, 3), (2, 1, 2, 2, 1), padding=(1, 0, 0), stride=(1, 1, 2)),
    "3-D groups": row((1, 2, 3, 2, 2), (2, 1, 2, 2, 2), dilation=(2, 1, 1), groups=2),
}
each_geometry = pytest.mark.parametrize(
    ("x_shape", "w_shape", "geometry"), TABLE.values(), ids=TABLE
)
STEPS = {Conv: "xwy", ConvInputGrad: "ywx", ConvWeightGrad: "xyw"}


def draw(rng, x_shape, w_shape, geometry):
    """Draw x, w and y of the right shapes, as leaves in float64."""
    y_shape = (x_shape[0], w_shape[0], *geometry.output_size)
    shapes = {"x": x_shape, "w": w_shape, "y": y_shape}
    return {
        name: lucid.from_numpy(rng.standard_normal(shape)).requires_grad_()
        for name, shape in shapes.items()
    }


def inner(a, b):
    return (a * b).sum()


def by_definition(x, w, geometry):
    """The convolution as the sum that defines it."""
    g = geometry
    y = np.zeros((x.shape[0], w.shape[0], *g.output_size))
    size_of_part = w.shape[0] // g.groups
    for n, f, c in itertools.product(range(x.shape[0]), range(w.shape[0]), range(w.shape[1])):
        channel = f // size_of_part * w.shape[1] + c
        for o in np.ndindex(g.output_size):
            for k in np.ndindex(g.kernel_size):
                i = [a * s + b * d - low for a, b, s, d, low in zip(
                    o, k, g.stride, g.dilation, g.low, strict=True)]
                if all(0 <= a < size for a, size in zip(i, g.input_size, strict=True)):
                    y[n, f, *o] += x[n, channel, *i] * w[f, c, *k]
    return y


@each_geometry
def test_the_convolution_is_the_sum_that_defines_it(x_shape, w_shape, geometry):
    rng = np.random.default_rng(0)
    x, w = rng.integers(-9, 10, x_shape) * 1.0, rng.integers(-9, 10, w_shape) * 1.0
    y = Conv(geometry)(lucid.from_numpy(x), lucid.from_numpy(w))
    np.testing.assert_array_equal(y.numpy(), by_definition(x, w, geometry))


@each_geometry
def test_the_three_steps_are_derivatives_of_one_number(x_shape, w_shape, geometry):
    t = draw(np.random.default_rng(1), x_shape, w_shape, geometry)
    x, w, y = t["x"], t["w"], t["y"]
    number = inner(Conv(geometry)(x, w), y).item()
    assert inner(x, ConvInputGrad(geometry)(y, w)).item() == pytest.approx(number, rel=1e-12)
    assert inner(w, ConvWeightGrad(geometry)(x, y)).item() == pytest.approx(number, rel=1e-12)


@each_geometry
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_first_and_second_derivatives_equal_differences(step, x_shape, w_shape, geometry):
    rng = np.random.default_rng(2)
    t = draw(rng, x_shape, w_shape, geometry)
    a, b, g = (t[name] for name in STEPS[step])
    u, v = (lucid.from_numpy(rng.standard_normal(each.shape)) for each in (a, b))

    def first():
        return inner(step(geometry)(a, b), g)

    def second():
        grad_a, grad_b = lucid.autograd.grad(first(), (a, b), create_graph=True)
        return inner(grad_a, u) + inner(grad_b, v)

    for number in (first, second):
        found = lucid.autograd.grad(number(), (a, b, g))
        for leaf, gradient in zip((a, b, g), found, strict=True):
            wanted = numeric_grad(lambda number=number: number().item(), leaf.array)
            np.testing.assert_allclose(gradient.numpy(), wanted, rtol=1e-9, atol=1e-9)


@each_geometry
@pytest.mark.parametrize("step", [Conv, ConvInputGrad], ids=lambda step: step.__name__)
def test_a_bias_is_added_to_its_channel_and_gets_a_gradient(step, x_shape, w_shape, geometry):
    rng = np.random.default_rng(3)
    t = draw(rng, x_shape, w_shape, geometry)
    a, w, g = (t[name] for name in STEPS[step])
    bias = lucid.from_numpy(rng.standard_normal(g.shape[1])).requires_grad_()
    y = step(geometry)(a, w, bias)
    column = bias.detach().numpy().reshape(-1, *(1,) * (g.ndim - 2))
    np.testing.assert_allclose(
        y.detach().numpy(), step(geometry)(a, w).detach().numpy() + column, rtol=1e-12, atol=1e-12
    )
    (found,) = lucid.autograd.grad(inner(y, g), bias, create_graph=True)
    axes = (0, *range(2, g.ndim))
    np.testing.assert_allclose(found.detach().numpy(), g.detach().numpy().sum(axes), rtol=1e-12)
    (again,) = lucid.autograd.grad(found.sum(), g)  # linear in g
    np.testing.assert_array_equal(again.numpy(), np.ones(g.shape))


def test_the_transposed_step_is_the_matrix_transposed():
    geometry = conv_geometry((1, 1, 6), (1, 1, 3), stride=2, padding=1)
    w = lucid.from_numpy(np.array([[[1.0, 2.0, 3.0]]]))
    columns = [
        Conv(geometry)(lucid.from_numpy(each.reshape(1, 1, 6)), w).numpy().ravel()
        for each in np.eye(6)
    ]
    rows = [
        ConvInputGrad(geometry)(lucid.from_numpy(each.reshape(1, 1, 3)), w).numpy().ravel()
        for each in np.eye(3)
    ]
    np.testing.assert_array_equal(np.array(columns).T, np.array(rows))


def test_output_padding_holds_computed_values():
    geometry = conv_transpose_geometry((1, 1, 2), (1, 1, 3), stride=2, padding=1, output_padding=1)
    y = ConvInputGrad(geometry)(
        lucid.tensor([[[1.0, 2.0]]]), lucid.tensor([[[1.0, 10.0, 100.0]]])
    )
    assert y.tolist() == [[[10.0, 102.0, 20.0, 200.0]]]


@pytest.mark.parametrize("frozen", "xw")
def test_what_is_frozen_is_not_computed(frozen, monkeypatch):
    t = draw(np.random.default_rng(4), *TABLE["2-D"])
    t[frozen].requires_grad_(False)
    calls = []
    for name in ("conv_input_grad", "conv_weight_grad"):
        original = getattr(lucid.kernels, name)
        monkeypatch.setattr(
            lucid.kernels, name,
            lambda *given, name=name, original=original: calls.append(name) or original(*given),
        )
    inner(Conv(TABLE["2-D"][2])(t["x"], t["w"]), t["y"].detach()).backward()
    assert calls == ["conv_weight_grad" if frozen == "x" else "conv_input_grad"]
    assert t[frozen].grad is None


def test_a_changed_weight_is_noticed_in_backward():
    t = draw(np.random.default_rng(5), *TABLE["1-D"])
    y = Conv(TABLE["1-D"][2])(t["x"], t["w"])
    with lucid.no_grad():
        t["w"].mul_(2)
    with pytest.raises(GradError, match=r"input 1, of shape \(3, 2, 3\), as it was"):
        y.sum().backward()


@pytest.mark.parametrize("wanted", [0, 1], ids=["input", "weight"])
@pytest.mark.parametrize("function", [F.conv1d, F.conv_transpose1d])
def test_only_the_other_factor_is_kept(function, wanted):
    factors = [lucid.ones(1, 2, 5), lucid.ones(2, 2, 3)]
    factors[wanted].requires_grad_(True)
    y = function(*factors)
    factors[wanted].data.fill_(7.0)  # the gradient does not read it
    y.sum().backward()
    assert factors[wanted].grad is not None
    y = function(*factors)
    with lucid.no_grad():
        factors[1 - wanted].fill_(7.0)
    with pytest.raises(GradError, match=f"needs its input {1 - wanted}"):
        y.sum().backward()
