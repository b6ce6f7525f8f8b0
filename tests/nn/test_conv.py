"""What is particular to the convolution layers: padding by words and modes, changed attributes."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F

NUMPY_MODES = dict(zeros="constant", reflect="reflect", replicate="edge", circular="wrap")
LAYERS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
each_rank = pytest.mark.parametrize("n", (1, 2, 3))


@pytest.mark.parametrize("kernel", [3, 4])
@each_rank
def test_same_keeps_the_size(n, kernel):
    for dilation in (1, 2, 3):
        layer = LAYERS[n](2, 3, kernel, padding="same", dilation=dilation)
        assert layer.padding == "same"
        assert layer(lucid.zeros(1, 2, *(5, 4, 3)[:n])).shape == (1, 3, *(5, 4, 3)[:n])


def test_same_puts_the_odd_position_on_the_high_side():
    layer = nn.Conv1d(1, 1, 4, padding="same", bias=False)
    layer.load_state_dict({"weight": np.array([[[1.0, 10.0, 100.0, 1000.0]]])})
    y = layer(lucid.tensor([[[1.0, 2.0, 3.0, 4.0, 5.0]]]))
    assert y.tolist() == [[[3210.0, 4321.0, 5432.0, 543.0, 54.0]]]


def test_valid_is_zero():
    lucid.manual_seed(0)
    one = nn.Conv2d(2, 3, 3, padding="valid")
    other = nn.Conv2d(2, 3, 3)
    other.load_state_dict(one.state_dict())
    x = lucid.randn(1, 2, 5, 5)
    assert one.padding == "valid"
    np.testing.assert_array_equal(one(x).detach().numpy(), other(x).detach().numpy())


@pytest.mark.parametrize("mode", NUMPY_MODES)
@pytest.mark.parametrize("padding", [0, 1, 2, "same"])
@each_rank
def test_a_padding_mode_is_padding_first(n, padding, mode):
    layer = LAYERS[n](2, 3, 4, padding=padding, padding_mode=mode)
    values = np.random.default_rng(0).standard_normal((2, 2, *(4, 5, 6)[:n])).astype(np.float32)
    low, high = (1, 2) if padding == "same" else (padding, padding)
    padded = np.pad(values, ((0, 0), (0, 0), *((low, high),) * n), NUMPY_MODES[mode])
    wanted = getattr(F, f"conv{n}d")(lucid.from_numpy(padded), layer.weight, layer.bias)
    found = layer(lucid.from_numpy(values))
    np.testing.assert_allclose(found.detach().numpy(), wanted.detach().numpy(), atol=1e-5)
    one = layer(lucid.from_numpy(values[0]))
    np.testing.assert_allclose(one.detach().numpy(), wanted[0].detach().numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("mode", "size", "message"),
    [
        ("reflect", 2, r"Conv1d: padding \(2, 2\) in mode 'reflect' is too much for axis 2 of "
                       r"shape \(1, 1, 2\), which has 2 positions; it may be at most 1"),
        ("circular", 1, r"Conv1d: padding \(2, 2\) in mode 'circular' .* it may be at most 1"),
    ],
)
def test_a_mode_does_not_reach_beyond_the_axis(mode, size, message):
    layer = nn.Conv1d(1, 1, 2, padding=2, padding_mode=mode)
    with pytest.raises(lucid.ShapeError, match=message):
        layer(lucid.zeros(1, 1, size))
    assert layer(lucid.zeros(1, 1, size + 1)).shape == (1, 1, size + 4)


def test_channels_are_named_by_the_shape_that_came_not_by_the_padded_one():
    layer = nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect")
    with pytest.raises(lucid.ShapeError, match=r"input of shape \(1, 2, 5, 5\) has 2 channels"):
        layer(lucid.zeros(1, 2, 5, 5))


def test_what_is_changed_after_construction_counts():
    layer = nn.Conv2d(2, 3, 3, stride=2, padding=1)
    x = lucid.zeros(1, 2, 9, 9)
    assert layer(x).shape == (1, 3, 5, 5)
    layer.stride, layer.dilation, layer.padding = (1, 1), (2, 2), (2, 2)  # as for segmentation
    assert layer(x).shape == (1, 3, 9, 9)
    layer.stride, layer.padding = 3, 0
    assert layer(x).shape == (1, 3, 2, 2)
    layer.stride = (1, 2, 3)
    with pytest.raises(ValueError, match=r"stride=\(1, 2, 3\) has 3 numbers; give one int, or 2"):
        layer(x)


def test_forward_is_what_the_call_runs():
    layer = nn.Conv1d(2, 3, 2)
    x = lucid.randn(1, 2, 4)
    np.testing.assert_array_equal(layer.forward(x).detach().numpy(), layer(x).detach().numpy())


def test_frozen_layers_pass_gradients_through_and_get_none():
    layer = nn.Conv1d(2, 3, 2).requires_grad_(False)
    x = lucid.randn(1, 2, 4, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad is not None
    assert layer.weight.grad is None and layer.bias.grad is None


def test_steps_down_the_gradient_find_the_kernel_of_a_moving_average():
    layer = nn.Conv1d(1, 1, 3, dtype="float64")
    x = lucid.randn(8, 1, 32, dtype=lucid.float64)
    target = F.conv1d(x, lucid.full((1, 1, 3), 1 / 3, dtype=lucid.float64))
    for _ in range(60):
        layer.zero_grad()
        ((layer(x) - target) ** 2).mean().backward()
        with lucid.no_grad():
            for parameter in layer.parameters():
                parameter -= 0.2 * parameter.grad
    np.testing.assert_allclose(layer.weight.detach().numpy(), 1 / 3, atol=1e-3)
    np.testing.assert_allclose(layer.bias.detach().numpy(), 0, atol=1e-3)
