"""The functions conv1d ... conv_transpose3d: arguments, refusals, and the layers they belong to."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F

NAMES = [f"{kind}{n}d" for kind in ("conv", "conv_transpose") for n in (1, 2, 3)]
each_function = pytest.mark.parametrize("name", NAMES)


def tensors(name, groups=1, dtype=lucid.float32):
    """An input of 4 channels, a weight for 6 and a bias."""
    n = int(name[-2])
    lead = (4, 6 // groups) if "transpose" in name else (6, 4 // groups)
    x = lucid.randn(2, 4, *(5, 6, 7)[:n], dtype=dtype)
    return x, lucid.randn(*lead, *(3, 2, 3)[:n], dtype=dtype), lucid.randn(6, dtype=dtype)


@each_function
def test_the_layer_computes_what_its_function_does(name):
    n = int(name[-2])
    layer_class = getattr(nn, ("ConvTranspose" if "transpose" in name else "Conv") + name[-2:])
    options = dict(stride=2, padding=1, dilation=1, groups=2)
    x, w, b = tensors(name, groups=2)
    layer = layer_class(4, 6, w.shape[2:] if n > 1 else 3, **options)
    layer.load_state_dict({"weight": w, "bias": b})
    found = getattr(F, name)(x, w, b, **options)
    np.testing.assert_array_equal(found.numpy(), layer(x).detach().numpy())


@each_function
def test_without_a_bias_nothing_is_added(name):
    x, w, b = tensors(name, dtype=lucid.float64)
    function = getattr(F, name)
    column = b.numpy().reshape(-1, *(1,) * int(name[-2]))
    np.testing.assert_allclose(
        function(x, w, b).numpy(), function(x, w).numpy() + column, rtol=1e-12, atol=1e-12
    )


@each_function
def test_one_item_gives_one_item(name):
    x, w, b = tensors(name)
    function = getattr(F, name)
    wanted = function(x, w, b)[0].numpy()  # another batch may take another algorithm
    np.testing.assert_allclose(function(x[0], w, b).numpy(), wanted, rtol=1e-4, atol=1e-5)


@each_function
def test_positional_arguments_come_in_the_order_of_pytorch(name):
    x, w, b = tensors(name, groups=2)
    if "transpose" in name:
        found = getattr(F, name)(x, w, b, 2, 1, 1, 2, 1)
        wanted = getattr(F, name)(x, w, b, stride=2, padding=1, output_padding=1, groups=2)
    else:
        found = getattr(F, name)(x, w, b, 2, 1, 1, 2)
        wanted = getattr(F, name)(x, w, b, stride=2, padding=1, dilation=1, groups=2)
    np.testing.assert_array_equal(found.numpy(), wanted.numpy())


def test_the_odd_position_of_same_is_on_the_high_side():
    x, w = lucid.tensor([[[1.0, 2.0, 3.0, 4.0, 5.0]]]), lucid.tensor([[[1.0, 10.0, 100.0, 1000.0]]])
    assert F.conv1d(x, w, padding="same").tolist() == [[[3210.0, 4321.0, 5432.0, 543.0, 54.0]]]
    assert F.conv1d(x, w, padding="valid").tolist() == [[[4321.0, 5432.0]]]


def test_an_output_size_replaces_the_output_padding():
    x, w, _ = tensors("conv_transpose2d")
    y = F.conv_transpose2d(x, w, stride=2, output_size=(12, 12))
    wanted = F.conv_transpose2d(x, w, stride=2, output_padding=(1, 0))
    np.testing.assert_array_equal(y.numpy(), wanted.numpy())
    message = r"give output_padding=\(1, 0\) or output_size=\(12, 12\), not both"
    with pytest.raises(ValueError, match=message):
        F.conv_transpose2d(x, w, stride=2, output_padding=(1, 0), output_size=(12, 12))


@each_function
def test_types_must_agree_and_the_message_says_how(name):
    x, w, b = tensors(name)
    function = getattr(F, name)
    cases = [
        ((x.double(), w, b), r"^input is float64, but weight is float32; convert it with "
                             r"x.to\(lucid.float32\)$"),
        ((x, w.double(), b), r"^input is float32, but weight is float64; .* x.to\(lucid.float64"),
        ((x, w, b.double()), r"^bias is float64, but .* bias.to\(lucid.float32\)$"),
        ((x.long(), w), r"^input is int64, but weight is float32"),
        ((x.long(), w.long()), r"^weight is int64; a convolution computes in float32 or float64"),
    ]
    for given, message in cases:
        with pytest.raises(lucid.DtypeError, match=message):
            function(*given)


@each_function
def test_what_is_no_tensor_is_refused_by_name(name):
    x, w, b = tensors(name)
    function = getattr(F, name)
    for given, which in (((x.numpy(), w), "input"), ((x, w.numpy()), "weight"),
                         ((x, w, [1.0] * 6), "bias"), ((None, w), "input")):
        with pytest.raises(TypeError, match=f"the {which} of a convolution: needs a Tensor, not"):
            function(*given)


@each_function
def test_numbers_are_checked(name):
    x, w, b = tensors(name)
    function = getattr(F, name)
    cases = [
        (dict(stride=0), ValueError, "stride=0 is too small"),
        (dict(stride=(1,) * 4), ValueError, "has 4 numbers; give one int, or"),
        (dict(stride=True), TypeError, r"stride must be an int, not True \(bool\)"),
        (dict(dilation=1.0), TypeError, r"dilation must be an int, not 1.0 \(float\)"),
        (dict(padding=-1), ValueError, "padding=-1 is too small"),
        (dict(groups=0), ValueError, "groups=0 is too small"),
        (dict(groups=5), lucid.ShapeError, r"cannot be split into groups=5 equal parts"),
    ]
    function(x, w)  # so that a wrong argument cannot be taken for one that was checked before
    function(x, w, stride=(1,) * int(name[-2]))
    for options, error, message in cases:
        with pytest.raises(error, match=message):
            function(x, w, b, **options)
    assert function(x, w, b, stride=np.int64(1), groups=np.int32(1)).shape[1] == 6


@each_function
def test_ranks_must_agree(name):
    x, w, _ = tensors(name)
    function = getattr(F, name)
    n = int(name[-2])
    with pytest.raises(lucid.ShapeError, match=rf"weight of shape .* needs {n + 2} axes"):
        function(x, w[..., None])
    with pytest.raises(lucid.ShapeError, match=r"has \d axes; needs \(batch, channels, "):
        function(x[None], w)


@each_function
def test_a_bias_of_another_length_is_refused(name):
    x, w, b = tensors(name)
    with pytest.raises(lucid.ShapeError, match=r"bias of shape \(5,\) does not fit .* \(6,\)"):
        getattr(F, name)(x, w, b[:5])


@each_function
def test_inputs_are_never_written(name):
    x, w, b = tensors(name)
    before = [each.numpy().copy() for each in (x, w, b)]
    for each in (x, w, b):
        each.array.flags.writeable = False
    getattr(F, name)(x, w, b, padding=1)
    for each, copied in zip((x, w, b), before, strict=True):
        np.testing.assert_array_equal(each.numpy(), copied)
