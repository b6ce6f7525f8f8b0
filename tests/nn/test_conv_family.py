"""What holds for all twelve convolution layers: signatures, pages, examples, and laws."""

import copy
import doctest
import inspect
import itertools
import pickle
import re
import typing
from math import prod
from pathlib import Path

import numpy as np
import pytest
from test_architecture import code_lines

import lucid
import lucid.nn as nn
from lucid.geometry import conv_output_size, conv_transpose_output_size

PLAIN = [f"{kind}{n}d" for kind in ("Conv", "ConvTranspose") for n in (1, 2, 3)]
ALL = PLAIN + [f"Lazy{name}" for name in PLAIN]
each_layer = pytest.mark.parametrize("name", ALL)


def make(name, in_channels, *args, **kwargs):
    """Make a layer, lazy or not."""
    channels = () if name.startswith("Lazy") else (in_channels,)
    return getattr(nn, name)(*channels, *args, **kwargs)


# --- signatures

CONV = """(in_channels: int, out_channels: int, kernel_size: SIZE, stride: SIZE = 1,
padding: SIZE | str = 0, dilation: SIZE = 1, groups: int = 1, bias: bool = True,
padding_mode: str = 'zeros', device: DeviceLike = None, dtype: DTypeLike = None) -> None"""
TRANSPOSED = """(in_channels: int, out_channels: int, kernel_size: SIZE, stride: SIZE = 1,
padding: SIZE = 0, output_padding: SIZE = 0, groups: int = 1, bias: bool = True,
dilation: SIZE = 1, device: DeviceLike = None, dtype: DTypeLike = None) -> None"""


def wanted_signature(name):
    text = (TRANSPOSED if "Transpose" in name else CONV).replace("\n", " ")
    if name.startswith("Lazy"):
        text = text.replace("in_channels: int, ", "")
    return text.replace("SIZE", {"1": "int", "2": "_Size2d", "3": "_Size3d"}[name[-2]])


def written(signature):
    """Write a signature as documentation does: the names of the annotations without quotes."""
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(signature))


@each_layer
def test_the_signature_is_the_one_of_the_table(name):
    layer = getattr(nn, name)
    assert written(inspect.signature(layer)) == wanted_signature(name)
    kinds = {p.kind for p in inspect.signature(layer).parameters.values()}
    assert kinds == {inspect.Parameter.POSITIONAL_OR_KEYWORD}
    of_init = written(inspect.signature(layer.__init__))
    assert of_init == wanted_signature(name).replace("(", "(self, ", 1)
    assert layer.__init__.__qualname__ == f"{name}.__init__"


@each_layer
def test_every_annotation_names_a_type(name):
    layer = getattr(nn, name)
    hints = typing.get_type_hints(layer.__init__)
    n = int(name[-2])
    assert hints["stride"] == (int if n == 1 else int | tuple[(int,) * n])
    assert typing.get_type_hints(layer.forward)["x"] is lucid.Tensor
    assert typing.get_type_hints(layer.extra_repr)["return"] is str


@each_layer
def test_forward_takes_x_and_transposed_layers_an_output_size(name):
    wanted = "(self, x: Tensor) -> Tensor"
    if "Transpose" in name:
        wanted = "(self, x: Tensor, *, output_size=None) -> Tensor"
    assert written(inspect.signature(getattr(nn, name).forward)) == wanted


def test_a_subclass_may_have_a_signature_of_its_own():
    class Block(nn.LazyConv2d):
        def __init__(self, width):
            super().__init__(width, kernel_size=3)

    assert str(inspect.signature(Block)) == "(width)"
    assert Block(4).out_channels == 4


@each_layer
def test_a_layer_extends_what_it_should(name):
    layer = getattr(nn, name)
    assert issubclass(layer, nn.Module)
    if name.startswith("Lazy"):
        assert issubclass(layer, getattr(nn, name.removeprefix("Lazy")))
    transposed = [each for each in PLAIN if "Transpose" in each]
    assert issubclass(layer, tuple(getattr(nn, each) for each in transposed)) == (
        "Transpose" in name
    )


# --- pages

SECTIONS = ["Parameters", "Attributes", "See Also", "Notes", "References", "Examples"]


def section(name, title):
    lines = inspect.getdoc(getattr(nn, name)).splitlines()
    start = lines.index(title) + 2
    ends = [i for i in range(start, len(lines) - 1) if set(lines[i + 1]) == {"-"} and lines[i]]
    return "\n".join(lines[start : ends[0] if ends else len(lines)]).strip()


def without_rank(text):
    """Replace the words that depend on the rank, and the places where lines break."""
    text = " ".join(text.split())
    text = re.sub(r"int(, or| or)? tuple\[[int, ]+\](, or str)?", "SIZE", text)
    text = re.sub(r"int, tuple\[[int, ]+\], or str|int or str", "SIZE or str", text)
    sizes = "kernel_size|stride|padding|output_padding|dilation"
    text = re.sub(rf"({sizes}) : (SIZE or str|SIZE|int)\b", r"\1 : SIZE", text)
    text = re.sub(r"K_D( \*)?(,)? K_H( \*)?(,)? K_W|K_H( \*)?(,)? K_W", "K", text)
    text = re.sub(r"\bD(_out)?, H(_out)?, W(_out)?|\bH(_out)?, W(_out)?", r"L\3\5", text)
    text = re.sub(r"onv(Transpose|_transpose)?[123]d", r"onv\1Nd", text)
    text = text.replace("along the axis", "along each axis")
    return re.sub(r"has [345] axes", "has N axes", text)


@each_layer
def test_a_page_is_complete_and_in_order(name):
    lines = inspect.getdoc(getattr(nn, name)).splitlines()
    titles = [line for line, below in itertools.pairwise(lines) if below and set(below) == {"-"}]
    assert titles == SECTIONS
    parameters = inspect.signature(getattr(nn, name)).parameters
    entries = re.findall(r"^(\w+) : (.*)$", section(name, "Parameters"), re.MULTILINE)
    assert [entry for entry, _ in entries] == list(parameters)
    for (entry, text), parameter in zip(entries, parameters.values(), strict=True):
        if parameter.default is inspect.Parameter.empty:
            assert "default" not in text
        else:
            assert text.endswith(f", default {parameter.default!r}"), entry
    for method in ("__init__", "forward", "extra_repr"):
        assert getattr(getattr(nn, name), method).__doc__


@pytest.mark.parametrize("kind", ["Conv", "ConvTranspose", "LazyConv", "LazyConvTranspose"])
@pytest.mark.parametrize("title", ["Parameters", "Attributes", "See Also", "Notes", "References"])
def test_sibling_pages_say_the_same(kind, title):
    one, two, three = (without_rank(section(f"{kind}{n}d", title)) for n in (1, 2, 3))
    three = three.split(" **Memory.**")[0]  # only volumes fill memory fast
    assert one == two == three


@each_layer
def test_a_page_links_to_its_relatives(name):
    n, related = name[-2], section(name, "See Also")
    lazy, kind = re.match(r"(Lazy)?(.*)\dd", name).groups()
    other = {"Conv": "ConvTranspose", "ConvTranspose": "Conv"}[kind]
    for relative in (f"{lazy or ''}{other}{n}d", f"{'' if lazy else 'Lazy'}{kind}{n}d"):
        assert re.search(rf"^{relative} : ", related, re.MULTILINE)


SEEDS = {
    "LazyConvTranspose3d": """
>>> import lucid
>>> import lucid.nn as nn
>>> up3d = nn.LazyConvTranspose3d(
...     out_channels=32, kernel_size=4, stride=2, padding=1
... )
>>> x = lucid.zeros(2, 64, 4, 8, 8)  # in_channels=64 inferred
>>> y = up3d(x)
>>> y.shape
(2, 32, 8, 16, 16)

>>> import lucid
>>> import lucid.nn as nn
>>> lazy = nn.LazyConvTranspose3d(out_channels=16, kernel_size=3, padding=1)
>>> print(lazy.in_channels)
None
>>> _ = lazy(lucid.zeros(1, 8, 4, 4, 4))
>>> print(lazy.in_channels)
8
""",
    "ConvTranspose3d": """
>>> import lucid
>>> import lucid.nn as nn
>>> up3d = nn.ConvTranspose3d(
...     in_channels=64, out_channels=32,
...     kernel_size=4, stride=2, padding=1
... )
>>> x = lucid.zeros(2, 64, 4, 8, 8)
>>> y = up3d(x)
>>> y.shape
(2, 32, 8, 16, 16)

>>> import lucid
>>> import lucid.nn as nn
>>> decoder3d = nn.ConvTranspose3d(128, 64, kernel_size=3, stride=1, padding=1)
>>> x = lucid.zeros(1, 128, 8, 8, 8)
>>> y = decoder3d(x)
>>> y.shape
(1, 64, 8, 8, 8)
""",
    "LazyConvTranspose2d": """
>>> import lucid
>>> import lucid.nn as nn
>>> decoder = nn.LazyConvTranspose2d(
...     out_channels=64, kernel_size=4, stride=2, padding=1
... )
>>> z = lucid.zeros(4, 128, 8, 8)  # in_channels=128 inferred
>>> y = decoder(z)
>>> y.shape
(4, 64, 16, 16)

>>> import lucid
>>> import lucid.nn as nn
>>> lazy = nn.LazyConvTranspose2d(out_channels=32, kernel_size=3)
>>> _ = lazy(lucid.zeros(1, 64, 4, 4))
>>> print(lazy.in_channels)
64
""",
    "LazyConv3d": """
>>> import lucid
>>> import lucid.nn as nn
>>> lazy3d = nn.LazyConv3d(out_channels=32, kernel_size=3, padding=1)
>>> x = lucid.zeros(2, 4, 16, 32, 32)  # in_channels=4 inferred
>>> y = lazy3d(x)
>>> y.shape
(2, 32, 16, 32, 32)

>>> import lucid
>>> import lucid.nn as nn
>>> lazy3d = nn.LazyConv3d(out_channels=16, kernel_size=3, padding=1)
>>> print(lazy3d.in_channels)
None
>>> _ = lazy3d(lucid.zeros(1, 8, 4, 4, 4))
>>> print(lazy3d.in_channels)
8
""",
    "LazyConvTranspose1d": """
>>> import lucid
>>> import lucid.nn as nn
>>> decoder = nn.LazyConvTranspose1d(
...     out_channels=16, kernel_size=4, stride=2, padding=1
... )
>>> x = lucid.zeros(2, 32, 10)   # in_channels=32 inferred
>>> y = decoder(x)
>>> y.shape
(2, 16, 20)

>>> import lucid
>>> import lucid.nn as nn
>>> lazy = nn.LazyConvTranspose1d(out_channels=8, kernel_size=3, padding=1)
>>> print(lazy.in_channels)
None
>>> _ = lazy(lucid.zeros(1, 4, 16))
>>> print(lazy.in_channels)
4
""",
}
EXAMPLES = [(name, text) for name, both in SEEDS.items() for text in both.strip().split("\n\n")]


@pytest.mark.parametrize(("name", "text"), EXAMPLES)
def test_the_examples_that_must_run_do_and_are_on_the_page(name, text):
    assert len(EXAMPLES) == 10
    example = doctest.DocTestParser().get_doctest(text + "\n", {}, name, None, 0)
    runner = doctest.DocTestRunner()
    assert runner.run(example, out=lambda _: None).failed == 0
    assert text in inspect.getdoc(getattr(nn, name))


# --- attributes, initialisation, text

@each_layer
def test_weight_and_bias_have_their_shapes(name):
    n = int(name[-2])
    kernel = (2, 3, 1)[:n]
    layer = make(name, 4, 6, kernel if n > 1 else 2, groups=2)
    layer(lucid.zeros(1, 4, *(5,) * n))
    lead = (4, 3) if "Transpose" in name else (6, 2)
    assert layer.weight.shape == (*lead, *kernel)
    assert layer.bias.shape == (6,)
    assert (layer.in_channels, layer.out_channels, layer.groups) == (4, 6, 2)
    assert layer.kernel_size == kernel
    assert layer.stride == layer.dilation == (1,) * n
    assert layer.padding == (0,) * n
    for parameter in layer.parameters():
        assert type(parameter) is nn.Parameter
        assert parameter.requires_grad
        assert parameter.dtype is lucid.float32
    assert dict(layer.named_parameters()).keys() == {"weight", "bias"}


@each_layer
def test_without_a_bias_there_is_none(name):
    layer = make(name, 4, 6, 3, bias=False, dtype="float64", device="cpu")
    layer(lucid.zeros(1, 4, *(5,) * int(name[-2]), dtype=lucid.float64))
    assert layer.bias is None
    assert list(layer.state_dict()) == ["weight"]
    assert layer.weight.dtype is lucid.float64


@each_layer
def test_weight_and_bias_are_drawn_from_the_same_interval(name):
    n = int(name[-2])
    layer = make(name, 32, 48, 3, groups=4)
    layer(lucid.zeros(0, 32, *(5,) * n))
    bound = (layer.weight.shape[1] * 3**n) ** -0.5
    for parameter in (layer.weight, layer.bias):
        values = np.abs(parameter.detach().numpy())
        assert 0.9 * bound < values.max() <= bound
    assert layer.weight.detach().numpy().std() == pytest.approx(bound / 3**0.5, rel=0.05)


@pytest.mark.parametrize("name", PLAIN)
def test_a_lazy_layer_starts_from_the_same_random_numbers(name):
    layers = []
    for each in (name, f"Lazy{name}"):
        lucid.manual_seed(7)
        layers.append(make(each, 4, 6, 3))
        layers[-1](lucid.zeros(1, 4, *(5,) * int(name[-2])))
    for one, other in zip(layers[0].parameters(), layers[1].parameters(), strict=True):
        np.testing.assert_array_equal(one.detach().numpy(), other.detach().numpy())


def test_reset_parameters_draws_anew():
    layer = nn.Conv2d(3, 4, 3)
    before = layer.weight.detach().clone(), layer.bias.detach().clone()
    layer.reset_parameters()
    assert bool((layer.weight != before[0]).all()) and bool((layer.bias != before[1]).all())


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Conv2d(4, 8, 3), "Conv2d(4, 8, kernel_size=(3, 3), stride=(1, 1))"),
        (nn.Conv1d(4, 8, 3, 2, 1),
         "Conv1d(4, 8, kernel_size=(3,), stride=(2,), padding=(1,))"),
        (nn.Conv3d(4, 8, 3, padding="same", dilation=(1, 2, 1), groups=2, bias=False,
                   padding_mode="circular"),
         "Conv3d(4, 8, kernel_size=(3, 3, 3), stride=(1, 1, 1), padding='same', "
         "dilation=(1, 2, 1), groups=2, bias=False, padding_mode='circular')"),
        (nn.ConvTranspose2d(4, 8, 3, 2, (1, 0), (0, 1)),
         "ConvTranspose2d(4, 8, kernel_size=(3, 3), stride=(2, 2), padding=(1, 0), "
         "output_padding=(0, 1))"),
        (nn.LazyConvTranspose1d(8, 3, stride=3, output_padding=2),
         "LazyConvTranspose1d(None, 8, kernel_size=(3,), stride=(3,), output_padding=(2,))"),
        (nn.LazyConv2d(8, 3, padding="valid"),
         "LazyConv2d(None, 8, kernel_size=(3, 3), stride=(1, 1), padding='valid')"),
    ],
)
def test_the_text_shows_what_is_not_the_default(layer, text):
    assert repr(layer) == text
    assert layer.extra_repr() == text.partition("(")[2][:-1]
    if "None" not in text:
        assert repr(eval(text, vars(nn))) == text  # it is what makes such a layer


# --- shapes

@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("kernel", [1, 2, 3])
def test_shapes_follow_the_formula(name, kernel):
    n, transposed = int(name[-2]), "Transpose" in name
    options = itertools.product((1, 2, 3), (0, 1), (1, 2), (0, 2), ((), (0,), (2,)))
    for stride, padding, dilation, extra, batch in options:
        sizes = (kernel, stride, padding, dilation)
        keywords = dict(stride=stride, padding=padding, dilation=dilation)
        if transposed:
            extra = min(extra, max(stride, dilation) - 1)
            keywords["output_padding"] = extra
            wanted = tuple(
                conv_transpose_output_size(size, kernel, stride, padding, extra, dilation)
                for size in (5, 6, 7)[:n]
            )
        else:
            wanted = tuple(conv_output_size(size, *sizes) for size in (5, 6, 7)[:n])
        layer = getattr(nn, name)(2, 3, kernel, **keywords)
        y = layer(lucid.zeros(*batch, 2, *(5, 6, 7)[:n]))
        assert y.shape == (*batch, 3, *wanted)
        assert type(y) is lucid.Tensor


@pytest.mark.parametrize("name", PLAIN)
def test_one_item_is_computed_as_in_a_batch(name):
    n = int(name[-2])
    layer = getattr(nn, name)(2, 3, 3, padding=1, stride=2)
    x = lucid.randn(2, *(5,) * n, requires_grad=True)
    y = layer(x)
    wanted = layer(x[None])[0].detach().numpy()
    np.testing.assert_allclose(y.detach().numpy(), wanted, rtol=1e-4, atol=1e-5)
    y.sum().backward()
    assert x.grad.shape == x.shape


@pytest.mark.parametrize("name", PLAIN)
def test_an_empty_batch_has_empty_results_and_zero_gradients(name):
    n = int(name[-2])
    layer = getattr(nn, name)(2, 3, 3)
    x = lucid.zeros(0, 2, *(5,) * n, requires_grad=True)
    y = layer(x)
    assert y.shape[:2] == (0, 3)
    y.sum().backward()
    assert x.grad.shape == x.shape
    for parameter in layer.parameters():
        np.testing.assert_array_equal(parameter.grad.numpy(), np.zeros(parameter.shape))


@pytest.mark.parametrize("name", PLAIN)
def test_where_an_input_lies_in_memory_does_not_matter(name):
    n = int(name[-2])
    layer = getattr(nn, name)(2, 3, 2, stride=2)
    values = np.random.default_rng(0).standard_normal((3, 2, *(5,) * n)).astype(np.float32)
    wanted = layer(lucid.from_numpy(values)).detach().numpy()
    read_only = values.copy()
    read_only.flags.writeable = False
    layouts = {
        "turned": np.ascontiguousarray(values.T).T,
        "negative strides": np.ascontiguousarray(values[..., ::-1])[..., ::-1],
        "every second": np.repeat(values, 2, axis=0)[::2],
        "read-only": read_only,
    }
    for layout, array in layouts.items():
        x = lucid.Tensor(array)
        before = array.copy()
        np.testing.assert_array_equal(layer(x).detach().numpy(), wanted, err_msg=layout)
        np.testing.assert_array_equal(array, before, err_msg=layout)


def test_a_broadcast_input_is_read_like_a_full_one():
    layer = nn.Conv1d(2, 3, 2)
    x = lucid.tensor([[[1.0], [2.0]]])
    np.testing.assert_array_equal(
        layer(x.expand(4, 2, 5)).detach().numpy(),
        layer(lucid.from_numpy(np.ascontiguousarray(np.broadcast_to(x.numpy(), (4, 2, 5)))))
        .detach().numpy(),
    )


# --- a bad layer fails in its constructor, for all alike

BAD = [
    (dict(out_channels=0), ValueError, "out_channels=0 is too small; it must be at least 1"),
    (dict(out_channels=2.0), TypeError, r"out_channels must be an int, not 2.0 \(float\)"),
    (dict(out_channels=True), TypeError, r"out_channels must be an int, not True \(bool\)"),
    (dict(kernel_size=0), ValueError, "kernel_size=0 is too small; it must be at least 1"),
    (dict(kernel_size=None), TypeError, "kernel_size must be an int, not None"),
    (dict(stride=0), ValueError, "stride=0 is too small; it must be at least 1"),
    (dict(stride=1.5), TypeError, r"stride must be an int, not 1.5 \(float\)"),
    (dict(stride=(1,) * 4), ValueError, r"stride=\(1, 1, 1, 1\) has 4 numbers; give one int, or"),
    (dict(dilation=0), ValueError, "dilation=0 is too small; it must be at least 1"),
    (dict(padding=-1), ValueError, "padding=-1 is too small; it must be at least 0"),
    (dict(padding=True), TypeError, r"padding must be an int, not True \(bool\)"),
    (dict(groups=0), ValueError, "groups=0 is too small; it must be at least 1"),
    (dict(groups=4), ValueError,
     "out_channels=6 cannot be split into groups=4 equal parts; choose groups among the divisors "
     "of 6"),
    (dict(dtype="int64"), lucid.DtypeError, "int64"),
    (dict(dtype="complex64"), lucid.DtypeError, "complex64"),
    (dict(device="cuda"), lucid.DeviceError, "device='cuda' is not available"),
]
BAD_CONV = [
    (dict(padding="full"), ValueError, "padding='full' is not a number, 'same' or 'valid'"),
    (dict(padding="same", stride=2), ValueError, r"padding='same' needs stride 1, not stride=\(2"),
    (dict(padding_mode="mirror"), ValueError,
     "padding_mode='mirror' is unknown; choose one of 'zeros', 'reflect', 'replicate', 'circular'"),
    (dict(padding_mode="constant"), ValueError, "padding_mode='constant' is unknown"),
]
BAD_TRANSPOSED = [
    (dict(padding="same"), ValueError, "padding='same' is for convolutions; a transposed one"),
    (dict(output_padding=1), ValueError,
     r"output_padding=\(1,.*\) is too large on spatial axis 0; it must be below "
     r"max\(stride, dilation\) = max\(1, 1\) = 1"),
    (dict(output_padding=-1), ValueError, "output_padding=-1 is too small; it must be at least 0"),
    (dict(output_padding=3, stride=3, dilation=2), ValueError, r"max\(3, 2\) = 3"),
]


@each_layer
def test_a_bad_layer_fails_when_it_is_made(name):
    more = BAD_TRANSPOSED if "Transpose" in name else BAD_CONV
    for options, error, message in BAD + more:
        with pytest.raises(error, match=message):
            make(name, 6, **{"out_channels": 6, "kernel_size": 3, **options})


@pytest.mark.parametrize("name", PLAIN)
def test_in_channels_are_checked_when_they_are_given(name):
    layer = getattr(nn, name)
    with pytest.raises(ValueError, match="in_channels=0 is too small; it must be at least 1"):
        layer(0, 6, 3)
    with pytest.raises(ValueError, match="in_channels=5 cannot be split into groups=2"):
        layer(5, 6, 3, groups=2)
    with pytest.raises(TypeError, match="in_channels must be an int, not None"):
        layer(None, 6, 3)


@each_layer
def test_whole_numbers_of_numpy_are_ints(name):
    n = int(name[-2])
    sizes = tuple(np.int32(2) for _ in range(n))
    layer = make(name, np.int64(4), np.uint8(6), sizes if n > 1 else np.int16(2),
                 stride=np.int64(1), padding=np.int8(1), dilation=np.uint16(1), groups=np.int64(2))
    assert all(type(each) is int for each in (*layer.kernel_size, *layer.padding, layer.groups))
    assert layer(lucid.zeros(1, 4, *(3,) * n)).shape[1] == 6
    assert type(layer.in_channels) is int


# --- errors of a call

@pytest.mark.parametrize("name", PLAIN)
def test_an_input_of_another_type_is_refused_with_the_cure(name):
    n = int(name[-2])
    layer = getattr(nn, name)(1, 1, 1)
    message = (
        rf"{name}: input is float64, but weight is float32; convert it with "
        r"x.to\(lucid.float32\)$"
    )
    with pytest.raises(lucid.DtypeError, match=message):
        layer(lucid.zeros(1, 1, *(2,) * n, dtype=lucid.float64))
    with pytest.raises(lucid.DtypeError, match="input is uint8, but weight is float32"):
        layer(lucid.zeros(1, 1, *(2,) * n, dtype=lucid.uint8))
    with pytest.raises(TypeError, match="input of a convolution: needs a Tensor, not ndarray"):
        layer(np.zeros((1, 1, *(2,) * n), np.float32))


def test_an_error_in_a_model_names_the_layer_and_does_the_arithmetic():
    model = nn.Sequential()
    model.add_module("features", nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.Identity(), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 5, stride=2),
    ))
    message = (
        r"^Conv2d 'features.3': height 3 with kernel 5, dilation 1, padding 0 gives "
        r"floor\(\(3 \+ 0 - 5\)/2\) \+ 1 = 0; needs height >= 5 or padding >= 1$"
    )
    with pytest.raises(lucid.ShapeError, match=message) as caught:
        model(lucid.zeros(1, 3, 7, 9))
    assert (caught.value.layer, caught.value.path) == ("Conv2d", "features.3")
    assert isinstance(caught.value, (RuntimeError, ValueError))


@each_layer
def test_a_call_that_fails_changes_nothing(name):
    n = int(name[-2])
    layer = make(name, 4, 6, 3, groups=2)
    layer(lucid.zeros(1, 4, *(5,) * n))
    before = {key: value.numpy().copy() for key, value in layer.state_dict().items()}
    text, generator = repr(layer), lucid.get_rng_state()
    bad = [lucid.zeros(1, 3, *(5,) * n), lucid.zeros(1, 4, *(0,) * n), lucid.zeros(4),
           lucid.zeros(1, 4, *(5,) * n, dtype=lucid.int64)]
    for x in bad:
        with pytest.raises(lucid.LucidError):
            layer(x)
    assert repr(layer) == text
    assert lucid.get_rng_state() == generator
    for key, value in layer.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[key])
    assert layer(lucid.zeros(1, 4, *(5,) * n)).shape[1] == 6


@pytest.mark.parametrize("name", PLAIN)
def test_layers_can_be_copied_and_pickled(name):
    n = int(name[-2])
    layer = getattr(nn, name)(2, 3, 3, padding=1)
    x = lucid.randn(1, 2, *(4,) * n)
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert twin.weight is not layer.weight
        np.testing.assert_array_equal(twin(x).detach().numpy(), layer(x).detach().numpy())


# --- networks of PyTorch

def network(module):
    return module.Sequential(
        module.Conv2d(3, 8, 3, padding=1), module.Conv2d(8, 8, 3, groups=8, padding="same"),
        module.ConvTranspose2d(8, 4, 4, stride=2, padding=1, groups=2),
    )


def test_a_state_dict_of_pytorch_gives_the_same_network_and_goes_back(torch):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3, 6, 6)).astype(np.float32)
    shapes = {"0.weight": (8, 3, 3, 3), "0.bias": (8,), "1.weight": (8, 1, 3, 3), "1.bias": (8,),
              "2.weight": (8, 2, 4, 4), "2.bias": (4,)}
    arrays = {
        name: rng.standard_normal(shape).astype(np.float32) / prod(shape[1:]) ** 0.5
        for name, shape in shapes.items()
    }
    model = network(nn)
    assert {name: value.shape for name, value in model.state_dict().items()} == shapes
    model.load_state_dict(arrays)
    y = model(lucid.from_numpy(x)).detach().numpy()
    assert y.shape == (2, 4, 12, 12)
    # computed by PyTorch 2.13 in float64
    assert y.sum() == pytest.approx(902.2819531316868, rel=1e-4)
    assert (y**2).sum() == pytest.approx(4214.200420195209, rel=1e-4)
    assert y[1, 2, 3, 4] == pytest.approx(-0.45243753215841576, rel=1e-4)
    if torch is not None:
        theirs = network(torch.nn)
        theirs.load_state_dict({
            name: torch.tensor(value.numpy()) for name, value in model.state_dict().items()
        })
        wanted = theirs(torch.tensor(x)).detach().numpy()
        np.testing.assert_allclose(y, wanted, rtol=1e-4, atol=1e-5)
        again = network(nn)
        again.load_state_dict(theirs.state_dict())  # tensors of PyTorch can be read as arrays
        np.testing.assert_array_equal(again(lucid.from_numpy(x)).detach().numpy(), y)


def test_the_twelve_layers_are_at_most_220_lines_of_code():
    folder = Path(inspect.getsourcefile(nn.Conv1d)).parent
    files = ("conv.py", "conv_transpose.py", "lazy_conv.py")
    assert sum(len(code_lines(folder / file)) for file in files) <= 220
