"""Every size formula, by counting; every refusal, by the numbers in its message."""

import itertools

import numpy as np
import pytest

from lucid.errors import LucidError, ShapeError
from lucid.geometry import (
    Geometry, check_output_padding, check_split, conv_geometry, conv_output_size,
    conv_transpose_geometry, conv_transpose_output_size, normalise_padding, normalise_size,
    output_padding_for, output_paddings, padding_pairs, same_padding,
)

GRID = list(itertools.product(range(1, 8), range(1, 4), range(1, 4), range(3), range(1, 3)))


def test_a_convolution_has_one_output_for_every_place_where_the_kernel_fits():
    for size, kernel, stride, padding, dilation in GRID:
        last_start = size + 2 * padding - dilation * (kernel - 1) - 1
        places = len(range(0, last_start + 1, stride))
        assert max(0, conv_output_size(size, kernel, stride, padding, dilation)) == places
    assert conv_output_size(5, 4, padding=(1, 2)) == 5


def test_a_transposed_convolution_leads_to_the_sizes_that_lead_to_its_input():
    for size, kernel, stride, padding, dilation in GRID:
        for extra in range(max(stride, dilation)):
            long = conv_transpose_output_size(size, kernel, stride, padding, extra, dilation)
            if extra < stride and long >= 1:
                assert conv_output_size(long, kernel, stride, padding, dilation) == size
            least = conv_transpose_output_size(size, kernel, stride, padding, 0, dilation)
            assert long == least + extra


def test_a_size_comes_back_if_nothing_remains_or_output_padding_makes_it_up():
    for size, kernel, stride, padding, dilation in GRID:
        small = conv_output_size(size, kernel, stride, padding, dilation)
        if small < 1:
            continue
        rest = (size + 2 * padding - dilation * (kernel - 1) - 1) % stride
        sizes = (kernel, stride, padding, dilation)
        assert output_padding_for(small, size, *sizes) == rest
        back = conv_transpose_output_size(small, kernel, stride, padding, rest, dilation)
        assert back == size
    assert conv_output_size(8, 3, 2, 1) == 4
    assert conv_transpose_output_size(4, 3, 2, 1) == 7


def test_same_padding_keeps_the_size_and_puts_the_odd_position_high():
    for size, kernel, _, _, dilation in GRID:
        low, high = same_padding(kernel, dilation)
        assert high - low in (0, 1)
        assert conv_output_size(size, kernel, 1, (low, high), dilation) == size


@pytest.mark.parametrize(
    ("value", "ndim", "wanted"),
    [
        (3, 2, (3, 3)), ((3,), 1, (3,)), ([1, 2, 3], 3, (1, 2, 3)), (np.int64(3), 2, (3, 3)),
        ((np.int32(1), np.uint8(2)), 2, (1, 2)),
    ],
)
def test_a_size_is_spread_over_the_axes(value, ndim, wanted):
    found = normalise_size(value, ndim, "stride")
    assert found == wanted
    assert all(type(each) is int for each in found)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (0, ValueError, r"stride=0 is too small; it must be at least 1$"),
        ((1, -2), ValueError, r"stride\[1\]=-2 is too small; it must be at least 1$"),
        ((1, 2, 3), ValueError,
         r"stride=\(1, 2, 3\) has 3 numbers; give one int, or 2: height, width$"),
        ((1,), ValueError, r"stride=\(1,\) has 1 number; give one int, or 2: height, width$"),
        (1.0, TypeError, r"stride must be an int, not 1.0 \(float\)"),
        (True, TypeError, r"stride must be an int, not True \(bool\)"),
        ((1, 2.0), TypeError, r"stride\[1\] must be an int, not 2.0 \(float\)"),
        (np.float64(1), TypeError, r"stride must be an int, not .*1.0.* \(float64\)"),
        ("3", TypeError, r"stride must be an int, not '3' \(str\)"),
        (None, TypeError, r"stride must be an int, not None \(NoneType\)"),
        (2**63, ValueError, r"stride=9223372036854775808 is too large; it must be below 2\*\*63"),
    ],
)
def test_what_is_no_size_is_refused(value, error, message):
    with pytest.raises(error, match=message):
        normalise_size(value, 2, "stride")


def test_padding_is_numbers_or_one_of_two_words():
    assert normalise_padding("same", 2) == "same"
    assert normalise_padding(0, 2) == (0, 0)
    with pytest.raises(ValueError, match="padding='full' is not a number, 'same' or 'valid'"):
        normalise_padding("full", 2)
    with pytest.raises(ValueError, match="padding=-1 is too small; it must be at least 0"):
        normalise_padding(-1, 2)


def test_padding_becomes_pairs():
    assert padding_pairs("valid", (3, 3), (2, 2), (1, 1)) == ((0, 0), (0, 0))
    assert padding_pairs("same", (3, 4), (1, 1), (2, 1)) == ((2, 2), (1, 2))
    assert padding_pairs(((1, 2),), (3, 4), (1, 1), (1, 1)) == ((1, 2), (1, 2))
    assert padding_pairs((1, 2), (3, 4), (1, 1), (1, 1)) == ((1, 1), (2, 2))
    with pytest.raises(ValueError, match=r"'same' needs stride 1, not stride=\(1, 2\)"):
        padding_pairs("same", (3, 3), (1, 2), (1, 1))


def test_one_geometry_holds_all_sizes():
    geometry = conv_geometry((2, 6, 7, 9), (4, 3, 3, 2), (2, 1), ((1, 2), (0, 1)), (1, 3), 2)
    assert geometry == Geometry((7, 9), (3, 2), (4, 7), (2, 1), (1, 3), (1, 0), 2)
    assert geometry.ndim == 2
    assert conv_geometry((6, 7, 9), (4, 3, 3, 2), (2, 1), ((1, 2), (0, 1)), (1, 3), 2) == geometry
    short, long = (conv_geometry((1, 1, 5), (1, 1, 3), *each) for each in ((2, 1), ((2,), (1,))))
    assert short == long


@pytest.mark.parametrize(
    ("x_shape", "w_shape", "options", "message"),
    [
        ((1, 3, 3, 9), (8, 3, 5, 5), dict(stride=2),
         r"height 3 with kernel 5, dilation 1, padding 0 gives floor\(\(3 \+ 0 - 5\)/2\) \+ 1 = 0; "
         r"needs height >= 5 or padding >= 1$"),
        ((1, 3, 9, 3), (8, 3, 2, 3), dict(dilation=(1, 3), padding=1),
         r"width 3 with kernel 3, dilation 3, padding 1 gives floor\(\(3 \+ 2 - 7\)/1\) \+ 1 = -1; "
         r"needs width >= 5 or padding >= 2$"),
        ((1, 3, 2), (8, 3, 4), dict(padding=((0, 1),)),
         r"length 2 with kernel 4, dilation 1, padding \(0, 1\) gives"),
        ((1, 2, 2, 2, 2), (8, 2, 3, 1, 1), {}, r"depth 2 with kernel 3"),
        ((1, 4, 9), (8, 3, 3), {},
         r"input of shape \(1, 4, 9\) has 4 channels on axis 1; needs 3 \(weight of shape "
         r"\(8, 3, 3\), groups=1\)$"),
        ((1, 4, 9), (8, 3, 3), dict(groups=2),
         r"needs 6 \(weight of shape \(8, 3, 3\), groups=2\)"),
        ((2, 32, 32, 3), (8, 3, 5, 5), {},
         r"has 32 channels on axis 1; needs 3 .*; the last axis has 3: if those are the channels, "
         r"x.permute\(0, 3, 1, 2\)$"),
        ((32, 32, 3), (8, 3, 5, 5), {}, r"32 channels on axis 0; .* x.permute\(2, 0, 1\)$"),
        ((2, 9, 3), (8, 3, 5), {}, r"x.permute\(0, 2, 1\)$"),
        ((2, 4, 5, 6, 3), (8, 3, 1, 1, 1), {}, r"x.permute\(0, 4, 1, 2, 3\)$"),
        ((64, 28, 28), (8, 1, 5, 5), {},
         r"input of shape \(64, 28, 28\) has 64 channels on axis 0; needs 1 .*; if the first axis "
         r"is the batch, the channel axis is missing: x\[:, None\]$"),
        ((28, 28), (8, 1, 5, 5), {},
         r"input of shape \(28, 28\) has 2 axes; needs \(batch, channels, height, width\), or "
         r"\(channels, height, width\) for one item; to add the missing channel axis: x\[None\]$"),
        ((1, 1, 1, 1, 28), (8, 1, 5), {}, r"has 5 axes; needs \(batch, channels, length\), or"),
        ((5, 3, 0, 4), (8, 3, 1, 1), {},
         r"input of shape \(5, 3, 0, 4\) has height 0; every spatial axis needs at least 1"),
        ((3, 4, 0), (8, 3, 1, 1), dict(padding=4), r"has width 0"),
        ((1, 4, 9), (3, 2, 3), dict(groups=2),
         r"weight of shape \(3, 2, 3\) has out_channels=3, which cannot be split into groups=2"),
        ((1, 4, 9), (3, 0, 3), {}, r"weight of shape \(3, 0, 3\) needs 3 axes, none empty"),
        ((1, 4, 9), (3, 4), {}, r"weight of shape \(3, 4\) needs 3 to 5 axes: two of channels"),
        ((1, 4, 9), (3, 4, 1, 1, 1, 1), {}, "needs 3 to 5 axes"), ((1, 4), (), {}, "needs 3 to 5"),
    ],
)
def test_a_convolution_that_does_not_fit_says_why(x_shape, w_shape, options, message):
    with pytest.raises(ShapeError, match=message):
        conv_geometry(x_shape, w_shape, **options)


@pytest.mark.parametrize("kernel", range(1, 6))
def test_what_the_message_asks_for_is_enough_and_no_more(kernel):
    for size, stride, padding, dilation in itertools.product(range(1, 5), (1, 2), (0, 1), (1, 2)):
        try:
            conv_geometry((1, 1, size), (1, 1, kernel), stride, padding, dilation)
        except ShapeError as error:
            words = str(error).split()
            length, more = int(words[-5]), int(words[-1])
            for fits, long, wide in ((1, length, padding), (0, length - 1, padding),
                                     (1, size, more), (0, size, more - 1)):
                assert (conv_output_size(long, kernel, stride, wide, dilation) >= 1) == fits


@pytest.mark.parametrize(
    ("x_shape", "w_shape", "options", "error", "message"),
    [
        ((1, 2, 1), (2, 2, 2), dict(padding=1), ShapeError,
         r"length 1 with kernel 2, stride 1, dilation 1, padding 1, output_padding 0 gives "
         r"\(1 - 1\)\*1 - 2\*1 \+ 1\*\(2 - 1\) \+ 0 \+ 1 = 0; needs padding <= 0$"),
        ((1, 3, 4), (2, 2, 2), {}, ShapeError,
         r"has 3 channels on axis 1; needs 2 \(the first axis of the weight of shape "
         r"\(2, 2, 2\)\)"),
        ((1, 3, 4), (3, 2, 2), dict(groups=2), ShapeError,
         r"weight of shape \(3, 2, 2\) has in_channels=3, which cannot be split into groups=2"),
        ((1, 2, 4), (2, 2, 2), dict(stride=2, output_padding=2), ValueError,
         r"output_padding=\(2,\) is too large on spatial axis 0; it must be below "
         r"max\(stride, dilation\) = max\(2, 1\) = 2$"),
    ],
)
def test_a_transposed_convolution_that_does_not_fit_says_why(
    x_shape, w_shape, options, error, message
):
    with pytest.raises(error, match=message):
        conv_transpose_geometry(x_shape, w_shape, **options)


def test_a_transposed_geometry_is_that_of_its_convolution():
    lead = (2, 4)
    for size, kernel, stride, padding, dilation in GRID:
        if conv_transpose_output_size(size, kernel, stride, padding, 0, dilation) < 1:
            continue
        found = conv_transpose_geometry((*lead, size), (4, 3, kernel), stride, padding, 0, dilation)
        x_shape = (2, 3, *found.input_size)
        assert found == conv_geometry(x_shape, (4, 3, kernel), stride, padding, dilation)


def test_output_padding_is_below_stride_or_dilation():
    check_output_padding((1, 2), (2, 1), (1, 3))
    with pytest.raises(ValueError, match=r"output_padding=\(1, 3\) is too large on spatial axis 1; "
                       r"it must be below max\(stride, dilation\) = max\(1, 3\) = 3"):
        check_output_padding((1, 3), (2, 1), (1, 3))


def test_an_output_size_is_reached_or_refused_with_the_range():
    assert output_paddings((2, 8, 4, 4), (8, 7), (3, 3), (2, 2), (1, 1), (1, 1)) == (1, 0)
    assert output_paddings((2, 8, 4, 4), (2, 8, 8, 7), (3, 3), (2, 2), (1, 1), (1, 1)) == (1, 0)
    assert output_paddings((8, 4, 4), [3, 8, 7], (3, 3), (2, 2), (1, 1), (1, 1)) == (1, 0)
    assert output_paddings((8, 4, 4), 8, (3, 3), (2, 2), (1, 1), (1, 1)) == (1, 1)
    message = (
        r"width 4 with kernel 3, stride 2, dilation 1, padding 1 cannot become 9; output_size must "
        r"be 7 to 8, which is output_padding 0 to 1$"
    )
    with pytest.raises(ShapeError, match=message):
        output_paddings((2, 8, 4, 4), (8, 9), (3, 3), (2, 2), (1, 1), (1, 1))
    with pytest.raises(ShapeError, match="length 4 .* cannot become 6; output_size must be 7 to 8"):
        output_padding_for(4, 6, 3, stride=2, padding=1)
    with pytest.raises(ValueError, match=r"output_size=\(8,\) has 1 number; give one int, or 2"):
        output_paddings((2, 8, 4, 4), (8,), (3, 3), (2, 2), (1, 1), (1, 1))


def test_channels_split_into_equal_parts():
    check_split(6, 3, "in_channels")
    message = "in_channels=6 cannot be split into groups=4 equal parts; choose .* divisors of 6"
    with pytest.raises(ValueError, match=message) as caught:
        check_split(6, 4, "in_channels")
    assert not isinstance(caught.value, LucidError)  # a bad argument, not a bad tensor


def test_what_no_index_can_count_is_refused_before_anything_is_allocated():
    with pytest.raises(MemoryError, match="the output of shape .* elements: too many"):
        conv_geometry((2**30, 1, 4), (2**30, 1, 1), padding=2**20)
    with pytest.raises(MemoryError, match="the output of shape .* elements: too many"):
        conv_transpose_geometry((1, 1, 2**31), (1, 1, 2), stride=2**32)


def test_sizes_that_a_layer_changed_later_are_checked_too():
    with pytest.raises(ValueError, match="stride=0 is too small"):
        conv_geometry((1, 1, 5), (1, 1, 3), 0)
    with pytest.raises(ValueError, match=r"dilation=\(1, 1\) has 2 numbers; give one int, or 1"):
        conv_geometry((1, 1, 5), (1, 1, 3), 1, 0, (1, 1))


@pytest.mark.parametrize("count", [conv_output_size, conv_transpose_output_size])
def test_formulas_refuse_numbers_that_make_no_sense(count):
    with pytest.raises(ValueError, match="stride=0 is too small; it must be at least 1"):
        count(8, 3, stride=0)
    with pytest.raises(ValueError, match="kernel_size=0 is too small; it must be at least 1"):
        count(8, 0)
    with pytest.raises(TypeError, match=r"input_size must be an int, not 3.5 \(float\)"):
        count(7 / 2, 3)
    with pytest.raises(TypeError, match=r"padding must be an int, not 'same' \(str\)"):
        count(8, 3, padding="same")
