"""A right convolution gets every point; each usual mistake is named."""

import numpy as np
import pytest

import lucid
import lucid.nn.functional as F
from lucid.grade import (
    check_conv1d, check_conv2d, check_conv3d, check_conv_transpose, check_im2col,
)

CHECKS = {1: check_conv1d, 2: check_conv2d, 3: check_conv3d}


def right(ndim, change=None, name="conv"):
    """Make lucid's convolution a function of arrays; `change` spoils its arguments."""

    def function(x, w, bias=None, **options):
        if change is not None:
            x, w, bias, options = change(x, w, bias, options)
        bias = None if bias is None else lucid.tensor(bias)
        convolve = getattr(F, f"{name}{ndim}d")
        return convolve(lucid.tensor(x), lucid.tensor(np.array(w)), bias, **options)

    return function


def hints(grade):
    return " ".join(outcome.hint for outcome in grade.outcomes)


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_a_right_convolution_passes(ndim):
    grade = CHECKS[ndim](right(ndim))
    assert grade and grade.score == 1, str(grade)
    assert check_conv_transpose(right(ndim, name="conv_transpose"), ndim)


def taps(w):
    return tuple(range(2, w.ndim))


def halve(options):
    padding = options.get("padding", 0)
    return {**options, "padding": padding + 1 if isinstance(padding, int) else padding}


MISTAKES = {
    "the kernel is flipped": lambda x, w, b, o: (x, np.flip(w, taps(w)), b, o),
    "the stride is not used": lambda x, w, b, o: (x, w, b, {**o, "stride": 1}),
    "the padding is not used": lambda x, w, b, o: (x, w, b, {**o, "padding": 0}),
    "the dilation is not used": lambda x, w, b, o: (x, w, b, {**o, "dilation": 1}),
    "the bias is not used": lambda x, w, b, o: (x, w, None, o),
    "the bias is subtracted": lambda x, w, b, o: (x, w, None if b is None else -b, o),
    "the bias is added once for each input channel":
        lambda x, w, b, o: (x, w, None if b is None else b * w.shape[1], o),
    "off by one: the padding is one more": lambda x, w, b, o: (x, w, b, halve(o)),
    "averaged over the channels": lambda x, w, b, o: (x, w / w.shape[1], b, o),
    "only the first channel is there":
        lambda x, w, b, o: (x, w * (np.arange(w.shape[1]) == 0).reshape(-1, *(1,) * (w.ndim - 2)),
                            b, o),
    "= stands where \\+= belongs":
        lambda x, w, b, o: (x, w * (np.arange(w.shape[1]) == w.shape[1] - 1).reshape(
            -1, *(1,) * (w.ndim - 2)), b, o),
}


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_named_and_gets_part_of_the_points(ndim, mistake):
    grade = CHECKS[ndim](right(ndim, MISTAKES[mistake]))
    assert mistake.replace("\\", "") in hints(grade), str(grade)
    assert 0 <= grade.score < 1


def test_exchanged_axes_are_named():
    def exchange(x, w, b, options):
        turned = {k: v[::-1] if isinstance(v, tuple) else v for k, v in options.items()}
        return x, w, b, turned

    text = hints(check_conv2d(right(2, exchange)))
    assert "the stride of rows and columns is exchanged" in text
    assert "the padding of rows and columns is exchanged" in text

    def transpose(x, w, b, options):
        return x, w.swapaxes(-1, -2), b, options

    assert "the axes of the kernel are exchanged" in hints(check_conv2d(right(2, transpose)))


def test_one_number_for_all_axes_is_named():
    def first(x, w, b, options):
        return x, w, b, {k: v[0] if isinstance(v, tuple) else v for k, v in options.items()}

    text = hints(check_conv2d(right(2, first)))
    assert "only the first number of the stride is used" in text
    assert "only the first number of the padding is used" in text


def test_two_mistakes_at_once_are_named():
    def both(x, w, b, options):
        return x, np.flip(w, taps(w)), None, options

    assert "the bias is not used, and the kernel is flipped" in hints(check_conv2d(right(2, both)))


def test_padding_on_one_side_is_named():
    def one_side(x, w, b, options):
        p = options.pop("padding", 0) if (options := dict(options)) else 0
        p = p if isinstance(p, tuple) else (p,) * (x.ndim - 2)
        return np.pad(x, ((0, 0), (0, 0), *((2 * q, 0) for q in p))), w, b, options

    assert "all the padding is on one side" in hints(check_conv2d(right(2, one_side)))


def test_a_plain_loop_without_options_is_graded_for_what_it_can():
    def conv2d(x, w):
        n, _, height, width = x.shape
        f, _, rows, columns = w.shape
        y = np.zeros((n, f, height - rows + 1, width - columns + 1))
        for i in range(y.shape[2]):
            for j in range(y.shape[3]):
                window = x[:, :, i : i + rows, j : j + columns]
                y[:, :, i, j] = np.einsum("ncij,fcij->nf", window, w)
        return y

    assert check_conv2d(conv2d, options=()).score == 1
    grade = check_conv2d(conv2d)
    assert 0 < grade.score < 1
    assert "the function has no argument 'stride'" in str(grade)


TRANSPOSED = {
    "the kernel is flipped": lambda x, w, b, o: (x, np.flip(w, taps(w)), b, o),
    "off by one: the padding crops one more":
        lambda x, w, b, o: (x, w, b, {**o, "padding": o.get("padding", 0) + 1}),
    "the stride is not used": lambda x, w, b, o: (x, w, b, {**o, "stride": 1, "output_padding": 0}),
    "the output_padding is not used": lambda x, w, b, o: (x, w, b, {**o, "output_padding": 0}),
    "the padding is not used": lambda x, w, b, o: (x, w, b, {**o, "padding": 0}),
}


@pytest.mark.parametrize("mistake", TRANSPOSED)
def test_each_mistake_of_a_transposed_convolution_is_named(mistake):
    grade = check_conv_transpose(right(2, TRANSPOSED[mistake], "conv_transpose"))
    assert mistake in hints(grade), str(grade)


def test_other_mistakes_of_a_transposed_convolution_are_named():
    def overwrites(x, w, stride=1):
        y = np.zeros((x.shape[0], w.shape[1], (x.shape[2] - 1) * stride + w.shape[2]))
        for i in range(x.shape[2]):
            piece = np.einsum("nc,cfk->nfk", x[:, :, i], w)
            y[:, :, i * stride : i * stride + w.shape[2]] = piece
        return y

    text = hints(check_conv_transpose(overwrites, 1, options=("stride",)))
    assert "kernels that overlap replace each other" in text

    def plain(x, w):
        return F.conv1d(lucid.tensor(x), lucid.tensor(w.swapaxes(0, 1).copy()))

    text = hints(check_conv_transpose(plain, 1, options=()))
    assert "the result is a plain convolution" in text


def columns(x, kernel_size, stride=1, padding=0, dilation=1):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    reach = [dilation * (k - 1) + 1 for k in kernel_size]
    windows = np.lib.stride_tricks.sliding_window_view(x, reach, (2, 3))
    windows = windows[:, :, ::stride, ::stride, ::dilation, ::dilation]
    n, c, h, w, p, q = windows.shape
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(n, c * p * q, h * w)


def test_im2col_right_and_wrong():
    assert check_im2col(columns).score == 1
    turned = check_im2col(lambda x, **options: columns(x, **options).swapaxes(1, 2))
    assert "transpose the last two axes" in hints(turned)
    unpadded = check_im2col(lambda x, padding=0, **options: columns(x, **options))
    assert "the padding is not used" in hints(unpadded)

    def taps_first(x, **options):
        y = columns(x, **options)
        return y.reshape(len(y), x.shape[1], -1, y.shape[2]).swapaxes(1, 2).reshape(y.shape)

    assert "the taps come before the channels" in hints(check_im2col(taps_first))


def test_im2col_is_the_unfold_of_torch(torch):
    if torch is None:
        pytest.skip("torch is not installed")

    def unfold(x, **options):
        return torch.nn.functional.unfold(torch.tensor(x), **options)

    assert check_im2col(unfold).score == 1


def test_an_unknown_option_is_refused():
    with pytest.raises(ValueError, match="options: 'speed' is unknown; choose among bias, stride"):
        check_conv2d(right(2), options=("speed",))
    with pytest.raises(ValueError, match="'speed' is unknown"):
        check_conv_transpose(right(2), options=("speed",))
