"""The life of a lazy layer, row by row of its table."""

import copy
import pickle

import numpy as np
import pytest

import lucid
import lucid.nn as nn
from lucid import optim

NAMES = [f"LazyConv{kind}{n}d" for kind in ("", "Transpose") for n in (1, 2, 3)]
each_layer = pytest.mark.parametrize("name", NAMES)


def make(name, out_channels=6, kernel_size=3, **options):
    return getattr(nn, name)(out_channels, kernel_size, **options)


def image(name, channels=4, size=5, batch=2):
    return lucid.randn(batch, channels, *(size,) * int(name[-2]))


def weight(name, channels=4, groups=1):
    """A weight that tells `channels` to a layer of 6 output channels."""
    lead = (channels, 6 // groups) if "Transpose" in name else (6, channels // groups)
    return lucid.randn(*lead, *(3,) * int(name[-2]))


def check_is_untouched(layer, placeholders):
    assert layer.weight is None and layer.bias is None and layer.in_channels is None
    found = list(layer.parameters())
    assert all(one is other for one, other in zip(found, placeholders, strict=True))
    assert all(type(each) is nn.UninitializedParameter for each in found)
    assert layer.has_uninitialized_params()
    assert list(layer.state_dict()) == []
    assert repr(layer).startswith(f"{type(layer).__name__}(None, 6, ")


@each_layer
def test_before_the_first_input_everything_reads_none(name):
    layer = make(name)
    check_is_untouched(layer, list(layer.parameters()))
    assert layer.out_channels == 6


@each_layer
def test_the_placeholder_is_filled_in_place_so_an_optimizer_built_first_trains(name):
    layer = make(name)
    placeholders = list(layer.parameters())
    optimizer = optim.SGD(layer.parameters(), lr=0.1)
    layer(image(name)).square().mean().backward()
    assert layer.weight is placeholders[0] and layer.bias is placeholders[1]
    before = layer.weight.detach().clone()
    optimizer.step()
    wanted = before - 0.1 * layer.weight.grad
    np.testing.assert_allclose(layer.weight.detach().numpy(), wanted.numpy(), rtol=1e-6)
    assert bool((layer.weight != before).any())


@each_layer
def test_a_placeholder_has_no_shape_and_says_what_to_do(name):
    for placeholder in make(name).parameters():
        for ask in (lambda x: x.numel(), lambda x: x.shape, lambda x: x + 1):
            with pytest.raises(RuntimeError, match="run one forward or load a state dict first"):
                ask(placeholder)


@each_layer
def test_the_state_dict_leaves_out_what_is_not_there_and_loads_into_a_lazy_layer(name):
    state = make(name).state_dict()
    assert list(state) == []
    layer = make(name)
    placeholders = list(layer.parameters())
    layer.load_state_dict(state)
    check_is_untouched(layer, placeholders)


@each_layer
@pytest.mark.parametrize("groups", [1, 2])
def test_a_weight_in_a_state_dict_defines_the_channels(name, groups):
    layer = make(name, groups=groups, dtype="float64")
    placeholders = list(layer.parameters())
    state = {"weight": weight(name, 10, groups), "bias": lucid.ones(6)}
    layer.load_state_dict(state)
    assert layer.in_channels == 10
    assert layer.weight is placeholders[0]
    assert layer.weight.dtype is lucid.float64  # its own
    np.testing.assert_array_equal(layer.weight.detach().numpy(), state["weight"].numpy())
    assert layer.bias.tolist() == [1.0] * 6
    assert layer(image(name, 10).double()).shape[1] == 6


@each_layer
@pytest.mark.parametrize("what", ["rank", "kernel", "out_channels", "bias", "bias alone", "groups"])
def test_a_state_dict_that_does_not_fit_leaves_the_layer_lazy(name, what):
    layer = make(name, groups=2)
    placeholders = list(layer.parameters())
    good = weight(name, 4, groups=2)
    n = int(name[-2])
    state = {"weight": good, "bias": lucid.ones(6)}
    message = r"weight of shape \(.*\) in the state dict does not fit; this layer needs one of"
    if what == "rank":
        state["weight"] = good[..., 0]
    elif what == "kernel":
        state["weight"] = lucid.cat([good, good], -1)
    elif what == "out_channels":
        axis = 1 if "Transpose" in name else 0
        state["weight"] = lucid.cat([good, good], axis)
    elif what == "bias":
        state["bias"] = lucid.ones(5)
        message = "size mismatch for bias: .* shape \\(5,\\) .* is \\(6,\\)"
    elif what == "bias alone":
        del state["weight"]
        message = '"bias" has no shape yet'
    elif what == "groups":
        if "Transpose" not in name:
            return  # its weight tells a multiple of groups, whatever its shape
        state["weight"] = lucid.randn(5, 3, *(3,) * n)
    for assign in (False, True):
        with pytest.raises(RuntimeError, match=message):
            layer.load_state_dict(state, assign=assign)
        check_is_untouched(layer, placeholders)
    layer(image(name))
    assert layer.in_channels == 4


@each_layer
def test_assigned_tensors_are_not_initialised_again(name):
    layer = make(name)
    state = {"weight": weight(name), "bias": lucid.zeros(6)}
    layer.load_state_dict(state, assign=True)
    assert layer.in_channels == 4
    layer(image(name))
    np.testing.assert_array_equal(layer.weight.detach().numpy(), state["weight"].numpy())
    assert layer.bias.tolist() == [0.0] * 6


@each_layer
def test_a_dict_without_the_bias_gives_it_its_usual_first_values(name):
    layer = make(name)
    layer.load_state_dict({"weight": weight(name)}, strict=False)
    bound = (layer.weight.shape[1] * 3 ** int(name[-2])) ** -0.5
    assert 0 < np.abs(layer.bias.detach().numpy()).max() <= bound


@each_layer
def test_loading_draws_no_random_numbers(name):
    state = {"weight": weight(name), "bias": lucid.zeros(6)}
    before = lucid.get_rng_state()
    make(name).load_state_dict(state)
    assert lucid.get_rng_state() == before


@each_layer
def test_a_first_forward_that_fails_leaves_the_layer_lazy(name):
    n = int(name[-2])
    layer = make(name, groups=2, padding=0 if "Transpose" not in name else 4)
    placeholders = list(layer.parameters())
    bad = {
        r"gives .* = -?\d+; needs": image(name, size=2),  # the kernel is too big
        "has 3 channels, which cannot be split into groups=2": image(name, channels=3, size=9),
        "has 0 channels, which cannot be split": image(name, channels=0, size=9),
        r"has \d axes; needs \(batch, channels": lucid.zeros((2,) * (n + 3)),
        "has (length|height|depth) 0": image(name, size=0),
    }
    before = lucid.get_rng_state()
    for message, x in bad.items():
        with pytest.raises(lucid.ShapeError, match=rf"^{name}: .*{message}"):
            layer(x)
        check_is_untouched(layer, placeholders)
        assert lucid.get_rng_state() == before
    with pytest.raises(TypeError, match="needs a Tensor"):
        layer(np.zeros((1, 4, *(9,) * n)))
    with pytest.raises(lucid.DtypeError, match="input is float64, but weight is float32"):
        layer(image(name, size=9).double())
    check_is_untouched(layer, placeholders)
    assert layer(image(name, size=9)).shape[1] == 6


@pytest.mark.parametrize("n", (1, 2, 3))
def test_padding_that_a_mode_cannot_reach_leaves_the_layer_lazy(n):
    layer = make(f"LazyConv{n}d", padding=3, padding_mode="reflect")
    placeholders = list(layer.parameters())
    with pytest.raises(lucid.ShapeError, match="in mode 'reflect' is too much"):
        layer(image(f"LazyConv{n}d", size=3))
    check_is_untouched(layer, placeholders)
    assert layer(image(f"LazyConv{n}d", size=4)).shape[2:] == (8,) * n


@pytest.mark.parametrize("n", (1, 2, 3))
def test_an_output_size_out_of_reach_leaves_the_layer_lazy(n):
    name = f"LazyConvTranspose{n}d"
    layer = make(name, stride=2)
    placeholders = list(layer.parameters())
    with pytest.raises(lucid.ShapeError, match="cannot become 13; output_size must be 11 to 12"):
        layer(image(name), output_size=13)
    check_is_untouched(layer, placeholders)
    assert layer(image(name), output_size=12).shape[2:] == (12,) * n


@each_layer
def test_an_empty_batch_materialises(name):
    layer = make(name)
    y = layer(image(name, batch=0))
    assert y.shape[:2] == (0, 6)
    assert layer.in_channels == 4
    assert layer.weight.shape == weight(name).shape


@each_layer
def test_one_item_without_a_batch_materialises(name):
    layer = make(name)
    assert layer(image(name)[0]).shape[0] == 6
    assert layer.in_channels == 4


@each_layer
def test_the_class_stays_what_it_is(name):
    class Own(getattr(nn, name)):
        """A user's subclass."""

    for cls in (getattr(nn, name), Own):
        layer = cls(6, 3)
        layer(image(name))
        assert type(layer) is cls
        assert repr(layer).startswith(f"{cls.__name__}(4, 6, ")
        assert all(type(each) is nn.Parameter for each in layer.parameters())


@each_layer
def test_other_channels_later_are_refused_with_the_count_learnt_first(name):
    layer = make(name)
    layer(image(name))
    with pytest.raises(lucid.ShapeError, match=rf"^{name}: .* has 7 channels on axis 1; needs 4 "):
        layer(image(name, channels=7))
    assert layer(image(name)).shape[1] == 6


@each_layer
def test_what_is_set_before_is_remembered(name):
    layer = make(name).requires_grad_(False).double()
    layer(image(name).double())
    assert layer.weight.dtype is layer.bias.dtype is lucid.float64
    assert not layer.weight.requires_grad and not layer.bias.requires_grad
    layer = make(name).to(lucid.float64)
    layer(image(name).double())
    assert layer.weight.dtype is lucid.float64


@each_layer
@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))],
    ids=["deepcopy", "pickle"],
)
def test_copies_made_before_learn_on_their_own(name, duplicate):
    layer = make(name).requires_grad_(False)
    twin = duplicate(layer)
    twin(image(name, channels=8))
    assert twin.in_channels == 8
    assert not twin.weight.requires_grad
    check_is_untouched(layer, list(layer.parameters()))
    layer(image(name))
    assert (layer.in_channels, twin.in_channels) == (4, 8)
    twin(image(name, channels=8))


@each_layer
def test_a_later_forward_does_not_draw_again(name):
    layer = make(name)
    layer(image(name))
    before = layer.weight.detach().clone()
    layer(image(name))
    np.testing.assert_array_equal(layer.weight.detach().numpy(), before.numpy())


@each_layer
def test_out_channels_that_do_not_split_are_refused_at_once(name):
    with pytest.raises(ValueError, match="out_channels=6 cannot be split into groups=4"):
        make(name, groups=4)


def test_a_lazy_layer_in_a_model_is_named_when_it_fails():
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.Sequential(nn.LazyConv2d(8, 5)))
    with pytest.raises(lucid.ShapeError, match=r"^LazyConv2d '1.0': height 3 with kernel 5"):
        model(lucid.zeros(1, 3, 5, 9))
    assert model[0].in_channels == 3 and model[1][0].in_channels is None
    model(lucid.zeros(1, 3, 9, 9))
    assert model[1][0].in_channels == 4


def test_a_lazy_network_takes_the_state_of_a_plain_one():
    plain = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ConvTranspose2d(4, 2, 2))
    lazy = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyConvTranspose2d(2, 2))
    lazy.load_state_dict(plain.state_dict())
    x = lucid.randn(1, 3, 6, 6)
    np.testing.assert_array_equal(lazy(x).detach().numpy(), plain(x).detach().numpy())


def test_a_parameter_that_was_put_in_before_is_kept():
    layer = nn.LazyConv1d(6, 3)
    layer.weight = nn.Parameter(lucid.ones(6, 4, 3))
    layer(lucid.zeros(1, 4, 5))
    assert layer.weight.tolist() == lucid.ones(6, 4, 3).tolist()
    assert layer.bias.shape == (6,) and layer.in_channels == 4
