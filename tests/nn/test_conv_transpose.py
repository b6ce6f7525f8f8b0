"""What is particular to the transposed layers: the adjoint, the way back, output sizes."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
from lucid.geometry import conv_output_size

DOWN = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
UP = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
each_rank = pytest.mark.parametrize("n", (1, 2, 3))


@each_rank
@pytest.mark.parametrize("options", [
    dict(), dict(stride=2), dict(stride=3, padding=2), dict(dilation=2, padding=1),
    dict(stride=2, dilation=3, padding=1, groups=2),
])
def test_it_is_the_adjoint_of_the_convolution_with_its_weight(n, options):
    down = DOWN[n](4, 6, 3, bias=False, dtype="float64", **options)
    x = lucid.randn(2, 4, *(9, 8, 7)[:n], dtype=lucid.float64)
    y = down(x)
    up = UP[n](6, 4, 3, bias=False, dtype="float64", **options)
    up.load_state_dict(down.state_dict())
    g = lucid.randn(*y.shape, dtype=lucid.float64)
    back = up(g, output_size=x.shape)
    assert back.shape == x.shape
    assert (y * g).sum().item() == pytest.approx((x * back).sum().item())


def test_a_size_comes_back_only_if_nothing_remains():
    for size in range(3, 12):
        for kernel, stride, padding, dilation in ((3, 2, 1, 1), (3, 3, 0, 1), (2, 2, 0, 2)):
            options = dict(stride=stride, padding=padding, dilation=dilation)
            small = nn.Conv1d(1, 1, kernel, **options)(lucid.zeros(1, 1, size))
            back = nn.ConvTranspose1d(1, 1, kernel, **options)(small).shape[-1]
            rest = (size + 2 * padding - dilation * (kernel - 1) - 1) % stride
            assert back == size - rest
            made_up = nn.ConvTranspose1d(1, 1, kernel, output_padding=rest, **options)
            assert made_up(small).shape[-1] == size


def test_values_do_not_come_back():
    down, up = nn.Conv1d(1, 1, 2, bias=False), nn.ConvTranspose1d(1, 1, 2, bias=False)
    for layer in (down, up):
        layer.load_state_dict({"weight": np.array([[[1.0, 1.0]]])})
    assert up(down(lucid.tensor([[[1.0, 2.0, 3.0]]]))).tolist() == [[[3.0, 8.0, 5.0]]]


def test_the_extra_positions_of_output_padding_are_computed():
    up = nn.ConvTranspose1d(1, 1, 3, stride=2, padding=1, output_padding=1, bias=False)
    up.load_state_dict({"weight": np.array([[[1.0, 10.0, 100.0]]])})
    assert up(lucid.tensor([[[1.0, 2.0]]])).tolist() == [[[10.0, 102.0, 20.0, 200.0]]]


def test_padding_beyond_the_kernel_crops():
    x = lucid.randn(1, 1, 6, dtype=lucid.float64)
    whole = nn.ConvTranspose1d(1, 1, 3, dtype="float64")
    cropped = nn.ConvTranspose1d(1, 1, 3, padding=3, dtype="float64")  # 1 * (3 - 1) - 3 < 0
    cropped.load_state_dict(whole.state_dict())
    np.testing.assert_allclose(
        cropped(x).detach().numpy(), whole(x).detach().numpy()[..., 3:-3], rtol=1e-12
    )


@each_rank
def test_every_output_size_in_the_range_is_reached(n):
    up = UP[n](2, 3, 3, stride=3, padding=1, dilation=2, output_padding=1)
    x = lucid.zeros(2, 2, *(4,) * n)
    least = 3 * 3 - 2 + 2 * 2 + 1
    assert up(x).shape[2:] == (least + 1,) * n
    for size in range(least, least + 3):
        assert up(x, output_size=size).shape[2:] == (size,) * n
        assert up(x, output_size=(size,) * n).shape[2:] == (size,) * n
        assert up(x, output_size=[2, 3, *(size,) * n]).shape[2:] == (size,) * n
        assert up(x[0], output_size=(3, *(size,) * n)).shape == (3, *(size,) * n)
    for size in (least - 1, least + 3):
        message = (
            rf"^ConvTranspose{n}d: \w+ 4 with kernel 3, stride 3, dilation 2, padding 1 cannot "
            rf"become {size}; output_size must be {least} to {least + 2}, which is output_padding "
            r"0 to 2$"
        )
        with pytest.raises(lucid.ShapeError, match=message):
            up(x, output_size=size)
    with pytest.raises(TypeError, match=r"output_size must be an int, not 2.5 \(float\)"):
        up(x, output_size=2.5)
    assert up.output_padding == (1,) * n


def test_output_size_is_keyword_only():
    with pytest.raises(TypeError, match="positional argument"):
        nn.ConvTranspose1d(1, 1, 2)(lucid.zeros(1, 1, 4), 5)


def test_fan_in_counts_output_channels():
    up = nn.ConvTranspose2d(1, 400, 5, groups=1)
    assert np.abs(up.weight.detach().numpy()).max() <= (400 * 25) ** -0.5


def test_a_result_that_would_be_empty_is_refused_with_the_arithmetic():
    up = nn.ConvTranspose2d(1, 1, 2, padding=(0, 1))
    message = (
        r"^ConvTranspose2d: width 1 with kernel 2, stride 1, dilation 1, padding 1, output_padding "
        r"0 gives \(1 - 1\)\*1 - 2\*1 \+ 1\*\(2 - 1\) \+ 0 \+ 1 = 0; needs padding <= 0$"
    )
    with pytest.raises(lucid.ShapeError, match=message):
        up(lucid.zeros(1, 1, 3, 1))


def test_other_channels_are_refused_with_both_counts():
    with pytest.raises(lucid.ShapeError, match=r"has 5 channels on axis 1; needs 4 \(the first"):
        nn.ConvTranspose1d(4, 6, 3)(lucid.zeros(1, 5, 8))


def test_an_even_kernel_with_stride_2_doubles_a_size_and_halves_it_again():
    assert nn.ConvTranspose1d(1, 1, 4, 2, 1)(lucid.zeros(1, 1, 7)).shape == (1, 1, 14)
    assert conv_output_size(14, 4, 2, 1) == 7
