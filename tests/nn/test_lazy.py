"""The life of a lazy layer, row by row."""

import copy
import pickle

import numpy as np
import pytest

import lucid
import lucid.nn as nn


class Scale(nn.Module):
    """y = gain * x + shift, with the mean of the first input kept."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return self.gain * x * self.factor + self.shift


class LazyScale(nn.LazyModuleMixin, Scale):
    def __init__(self, factor=1.0, dtype=None, frozen=False):
        super().__init__(factor)
        self.channels = None
        self.gain = nn.UninitializedParameter(not frozen, dtype=dtype)
        self.shift = nn.UninitializedParameter(dtype=dtype)
        self.mean = nn.UninitializedBuffer(dtype=dtype)

    def _set(self, channels):
        self.channels = channels
        shape = (channels,)
        self.materialize_parameters(gain=shape, shift=shape, mean=shape, unknown=(3,))
        nn.init.normal_(self.gain)

    def initialize_parameters(self, x):
        if x.shape[-1] > 9:
            raise lucid.ShapeError(f"at most 9 channels, got {x.shape[-1]}")
        self._set(x.shape[-1])

    def initialize_from_state(self, arrays):
        if "gain" not in arrays or arrays["gain"].ndim != 1:
            raise lucid.ShapeError("gain needs 1 axis")
        self._set(arrays["gain"].shape[0])


def is_untouched(layer):
    placeholders = [*layer.parameters(), *layer.buffers()]
    return (
        layer.channels is layer.gain is layer.shift is layer.mean is None
        and layer.has_uninitialized_params()
        and layer.state_dict() == {}
        and [type(x).__name__ for x in placeholders]
        == ["UninitializedParameter", "UninitializedParameter", "UninitializedBuffer"]
    )


def state_of(channels, **changes):
    state = {name: np.full(channels, 2.0) for name in ("gain", "shift", "mean")}
    return {name: x for name, x in {**state, **changes}.items() if x is not None}


@pytest.fixture
def layer():
    return LazyScale()


def test_before_the_first_input_there_is_nothing(layer):
    assert is_untouched(layer)
    assert list(layer.placeholders()) == ["gain", "shift", "mean"]
    assert repr(layer) == "LazyScale()"
    for placeholder in layer.parameters():
        with pytest.raises(lucid.LazyError, match="run one forward or load a state dict"):
            placeholder.numel()


def test_the_first_input_fills_the_same_objects(layer):
    before = [*layer.parameters(), *layer.buffers()]
    y = layer(lucid.ones(4, 3))
    assert y.shape == (4, 3) and layer.channels == 3
    after = [layer.gain, layer.shift, layer.mean]
    assert all(one is two for one, two in zip(before, after, strict=True))
    assert [type(x) for x in after] == [nn.Parameter, nn.Parameter, nn.Buffer]
    assert type(layer) is LazyScale and not layer.has_uninitialized_params()
    assert list(layer.state_dict()) == ["gain", "shift", "mean"]


def test_an_optimizer_that_was_made_before_trains(layer):
    parameters = list(layer.parameters())
    layer(lucid.ones(4, 3)).sum().backward()
    assert parameters[0].grad.tolist() == [4, 4, 4] and parameters[0] is layer.gain


def test_the_first_call_initializes_and_later_ones_do_not(layer):
    layer(lucid.ones(4, 3))
    gain = layer.gain.tolist()
    for _ in range(2):
        layer(lucid.ones(4, 3))
    assert layer.gain.tolist() == gain
    assert not layer._call_hooks, "later calls should go straight to forward"
    with pytest.raises(lucid.ShapeError, match="do not broadcast"):
        layer(lucid.ones(4, 2))
    assert layer.channels == 3


def test_an_empty_batch_initializes(layer):
    assert layer(lucid.zeros(0, 3)).shape == (0, 3) and layer.channels == 3


class FailsAfterwards(LazyScale):
    def forward(self, x):
        super().forward(x)
        raise KeyboardInterrupt


def test_a_first_call_that_fails_leaves_the_layer_as_it_was():
    model = nn.Sequential(LazyScale())
    with pytest.raises(lucid.ShapeError, match="^LazyScale '0': at most 9 channels, got 11$"):
        model(lucid.ones(4, 11))
    assert is_untouched(model[0])
    assert model(lucid.ones(4, 2)).shape == (4, 2)

    layer = FailsAfterwards()
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            layer(lucid.ones(4, 3))
        assert is_untouched(layer)
    layer.load_state_dict(state_of(5))
    assert layer.channels == 5


def test_pre_hooks_may_change_the_input_that_the_layer_learns_from(layer):
    handle = layer.register_forward_pre_hook(lambda module, args: (args[0].reshape(2, 6),))
    assert layer(lucid.ones(4, 3)).shape == (2, 6) and layer.channels == 6
    handle.remove()
    assert layer(lucid.ones(6)).shape == (6,)


def test_a_state_dict_initializes_and_the_layer_keeps_its_type():
    layer = LazyScale(dtype=lucid.float64)
    before = [*layer.parameters(), *layer.buffers()]
    state = {name: x.astype("float32") for name, x in state_of(3).items()}
    assert layer.load_state_dict(state) == ([], [])
    after = [layer.gain, layer.shift, layer.mean]
    assert all(one is two for one, two in zip(before, after, strict=True))
    assert all(x.dtype is lucid.float64 and x.tolist() == [2, 2, 2] for x in after)
    assert layer.channels == 3
    layer(lucid.ones(3, dtype=lucid.float64))
    assert layer.gain.tolist() == [2, 2, 2]


def test_assigned_tensors_are_not_initialized_again(layer):
    given = nn.Parameter(lucid.ones(3, dtype=lucid.float64))
    layer.load_state_dict(state_of(3, gain=given), assign=True)
    assert layer.gain is given and layer.shift.dtype is lucid.float64 and layer.channels == 3
    layer(lucid.ones(3, dtype=lucid.float64))
    assert layer.gain is given and given.tolist() == [1, 1, 1]


def test_the_state_of_a_lazy_layer_loads_into_a_lazy_layer(layer):
    assert layer.load_state_dict(LazyScale().state_dict()) == ([], [])
    assert is_untouched(layer)


MISFITS = {
    "rank": (state_of(3, gain=np.zeros((3, 1))), "LazyScale '0': gain needs 1 axis"),
    "alone": (state_of(3, gain=None), "LazyScale '0': gain needs 1 axis"),
    "size": (state_of(3, shift=np.zeros(4)), "size mismatch for 0.shift: .*(4,).* model is (3,)."),
    "missing": (state_of(3, mean=None), 'Missing key(s) in state_dict: "0.mean". '),
    "text": (state_of(3, shift="no"), 'while copying "0.shift": expected a tensor.*a str'),
    "other": ({**state_of(3), "oops": np.zeros(3)}, 'Unexpected key(s) in state_dict: "0.oops". '),
}


@pytest.mark.parametrize(("state", "message"), MISFITS.values(), ids=MISFITS)
@pytest.mark.parametrize("assign", [False, True])
def test_a_state_that_does_not_fit_changes_nothing_anywhere(state, message, assign):
    model = nn.Sequential(LazyScale(), LazyScale(), nn.ParameterList([lucid.zeros(2)]))
    state = {f"0.{name}": x for name, x in state.items()}
    state.update({f"1.{name}": x for name, x in state_of(2).items()})
    state["2.0"] = lucid.ones(2)
    message = message.replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(RuntimeError, match=message):
        model.load_state_dict(state, assign=assign)
    assert is_untouched(model[0]) and is_untouched(model[1]) and model[2][0].tolist() == [0, 0]
    model[0](lucid.ones(4, 3))
    assert model[0].channels == 3


def test_another_error_from_a_layer_also_undoes_all():
    class Broken(LazyScale):
        def initialize_from_state(self, arrays):
            super().initialize_from_state(arrays)
            raise ZeroDivisionError

    model = nn.Sequential(LazyScale(), Broken())
    state = {f"{i}.{name}": x for i in (0, 1) for name, x in state_of(2).items()}
    with pytest.raises(ZeroDivisionError):
        model.load_state_dict(state)
    assert is_untouched(model[0]) and is_untouched(model[1])


def test_without_a_rule_the_arrays_give_the_shapes():
    class Plain(nn.LazyModuleMixin, nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.UninitializedParameter()

    layer = Plain()
    with pytest.raises(NotImplementedError, match="Plain has no initialize_parameters.*weight"):
        layer(lucid.ones(1))
    layer.load_state_dict({"weight": np.ones((2, 3))})
    assert layer.weight.tolist() == [[1, 1, 1], [1, 1, 1]]


def test_a_placeholder_outside_a_lazy_module_cannot_be_loaded():
    module = nn.Module()
    module.weight = nn.UninitializedParameter()
    assert module.load_state_dict({}) == ([], [])
    with pytest.raises(lucid.LucidError, match='"weight" has no shape yet, and its module cannot'):
        module.load_state_dict({"weight": np.zeros(2)})


def test_what_is_set_before_is_remembered():
    for layer in (LazyScale().requires_grad_(False), LazyScale(frozen=True)):
        layer(lucid.ones(2))
        assert not layer.gain.requires_grad
    for cast in (
        lambda layer: layer.double(),
        lambda layer: layer.to(lucid.float64),
        lambda layer: nn.Sequential(layer).double()[0],
    ):
        layer = cast(LazyScale())
        layer(lucid.ones(2, dtype=lucid.float64))
        assert layer.gain.dtype is layer.mean.dtype is lucid.float64
    assert LazyScale(dtype=lucid.float64).float().placeholders()["gain"].dtype is lucid.float32


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@pytest.mark.parametrize("seen", [False, True])
def test_copies_live_their_own_life(duplicate, seen):
    model = nn.Sequential(LazyScale(factor=3.0)).double()
    if seen:
        model(lucid.ones(4, dtype=lucid.float64))
    twin = duplicate(model)
    assert twin[0].has_uninitialized_params() != seen
    channels = 4 if seen else 2
    twin(lucid.ones(channels, dtype=lucid.float64))
    assert twin[0].gain.shape == (channels,) and twin[0].factor == 3.0
    assert is_untouched(model[0]) != seen
    assert twin[0].gain is not model[0].gain


def test_a_shared_placeholder_is_read_by_both_layers():
    one, two = LazyScale(), LazyScale()
    two.gain = one.placeholders()["gain"]
    one(lucid.ones(3))
    assert two.gain is one.gain
    two(lucid.ones(3))
    assert two.gain is one.gain and two.shift.shape == (3,)


def test_materialize_parameters_needs_all_shapes(layer):
    with pytest.raises(TypeError, match="materialize_parameters: no shape for shift, mean"):
        layer.materialize_parameters(gain=(3,))
    assert is_untouched(layer)


LAZY = [name for name in dir(nn) if name.startswith("Lazy") and name != "LazyModuleMixin"]


@pytest.mark.parametrize("name", LAZY)
def test_forward_called_directly_says_to_call_the_layer(name):
    ndim = int(name[-2]) if name.endswith("d") else 0
    layer = getattr(nn, name)(*(() if "Norm" in name else (4, 3) if "Conv" in name else (4,)))
    x = lucid.zeros(2, 3, *(5,) * ndim)
    with pytest.raises(lucid.LazyError, match=r"layer\(x\) and not layer.forward\(x\), or load"):
        layer.forward(x)
    assert layer.has_uninitialized_params()
    layer(x)
    assert layer.forward(x).shape[:1] == (2,)
