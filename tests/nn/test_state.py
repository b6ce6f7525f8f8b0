"""State dicts: what is saved, what is read, and that nothing changes when something is wrong."""

from collections import OrderedDict

import numpy as np
import pytest

import lucid
import lucid.nn as nn


def make_net(library=lucid):
    class Part(library.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = library.nn.Parameter(library.zeros(2, 3))
            self.register_buffer("count", library.tensor(0))
            self.register_buffer("scratch", library.ones(1), persistent=False)

    return library.nn.Sequential(Part(), Part())


def filled(net, start=1):
    """A state dict with other values, in the shapes of the net."""
    return {
        key: lucid.tensor(np.full(x.shape, start + i, x.array.dtype))
        for i, (key, x) in enumerate(net.state_dict().items())
    }


def values(net):
    state = net.state_dict()
    return {key: x.tolist() if hasattr(x, "tolist") else dict(x) for key, x in state.items()}


def raised(net, state, **options):
    """The message of the error, after a look that nothing was changed."""
    before = values(net)
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state, **options)
    assert values(net) == before
    return str(caught.value)


def test_a_state_dict_shares_the_memory_but_not_the_graph():
    net = make_net()
    state = net.state_dict()
    assert isinstance(state, OrderedDict)
    assert list(state) == ["0.weight", "0.count", "1.weight", "1.count"]
    assert type(state["0.weight"]) is lucid.Tensor and not state["0.weight"].requires_grad
    net[0].weight.array[0, 0] = 5
    assert state["0.weight"].tolist()[0] == [5, 0, 0]
    assert net.state_dict(keep_vars=True)["0.weight"] is net[0].weight
    into = {"other": 1}
    assert net.state_dict(destination=into, prefix="net.") is into
    assert list(into)[:2] == ["other", "net.0.weight"]


def test_loading_copies_into_the_arrays_that_are_there():
    net = make_net()
    objects = list(net.parameters())
    arrays = [x.array for x in net.state_dict().values()]
    version = net[0].weight.version
    state = filled(net)
    result = net.load_state_dict(state)
    assert values(net) == {key: x.tolist() for key, x in state.items()}
    assert [id(x.array) for x in net.state_dict().values()] == [id(array) for array in arrays]
    assert [id(x) for x in net.parameters()] == [id(x) for x in objects]
    assert net[0].weight.version > version and net[0].weight.requires_grad
    assert result == ([], []) and repr(result) == "<All keys matched successfully>"
    state["0.weight"].array[...] = 77
    assert net[0].weight.array.max() == 1


def test_arrays_are_accepted_and_the_type_of_the_model_is_kept(torch):
    net = make_net().double()
    state = {key: np.asarray(x.array, dtype=np.float32) for key, x in filled(net).items()}
    net.load_state_dict(state)
    assert net[1].weight.dtype is lucid.float64 and net[1].count.dtype is lucid.int64
    assert net[1].weight.array.max() == 3 and net[1].count.item() == 4
    if torch:
        theirs = {key: torch.as_tensor(x) * 2 for key, x in state.items()}
        net.load_state_dict(theirs)
        assert net[1].weight.array.max() == 6 and net[1].count.item() == 8


MISTAKES = {
    "missing": lambda state: state.pop("0.weight"),
    "unexpected": lambda state: state.update({"2.weight": state["0.weight"], "bias": 1}),
    "transient": lambda state: state.update({"1.scratch": state["0.count"]}),
    "shape": lambda state: state.update({"1.weight": np.zeros((3, 2))}),
    "all": lambda state: (
        state.pop("0.count"), state.update({"1.weight": np.zeros(4), "1.w": np.zeros(1)})
    ),
}
MESSAGES = {
    "missing": 'Missing key(s) in state_dict: "0.weight". ',
    "unexpected": 'Unexpected key(s) in state_dict: "2.weight", "bias". ',
    "transient": 'Unexpected key(s) in state_dict: "1.scratch". ',
    "shape": "size mismatch for 1.weight: copying a param with shape (3, 2) from checkpoint, "
    "the shape in current model is (2, 3).",
    "all": 'Missing key(s) in state_dict: "0.count". \n\t'
    'Unexpected key(s) in state_dict: "1.w". \n\t'
    "size mismatch for 1.weight: copying a param with shape (4,) from checkpoint, "
    "the shape in current model is (2, 3).",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_all_mistakes_are_listed_and_nothing_is_changed(mistake, torch):
    net = make_net()
    state = filled(net)
    MISTAKES[mistake](state)
    expected = f"Error(s) in loading state_dict for Sequential:\n\t{MESSAGES[mistake]}"
    assert raised(net, state) == expected
    assert raised(net, state, assign=True) == expected
    if torch:
        theirs = {
            key: torch.as_tensor(x.array if isinstance(x, lucid.Tensor) else x)
            for key, x in state.items()
        }
        with pytest.raises(RuntimeError) as caught:
            make_net(torch).load_state_dict(theirs)
        text = str(caught.value).replace("torch.Size([", "(").replace("])", ")")
        assert text == expected.replace("(4,)", "(4)")


def test_only_keys_may_differ_when_it_is_not_strict():
    net = make_net()
    state = filled(net)
    del state["0.weight"]
    state["extra"] = lucid.zeros(1)
    result = net.load_state_dict(state, strict=False)
    assert result.missing_keys == ["0.weight"] and result.unexpected_keys == ["extra"]
    assert repr(result) == "IncompatibleKeys(missing_keys=['0.weight'], unexpected_keys=['extra'])"
    assert net[0].weight.array.max() == 0 and net[1].weight.array.max() == 3
    state["1.weight"] = lucid.zeros(7)
    assert "size mismatch for 1.weight" in raised(net, state, strict=False)


@pytest.mark.parametrize("value", ["text", 3, [1, 2], np.array(["a"]), np.array(1j)])
def test_only_arrays_of_numbers_are_read(value):
    net = make_net()
    message = raised(net, {**filled(net), "1.weight": value})
    assert 'while copying "1.weight": expected a tensor or an array of numbers' in message
    assert f"got a {type(value).__name__}" in message


def test_a_state_dict_is_a_dict():
    with pytest.raises(TypeError, match="expected state_dict to be dict-like, got a list"):
        make_net().load_state_dict([])


def test_assigning_puts_the_given_tensors_in():
    net = make_net()
    net[0].weight.requires_grad_(False)
    state = {key: x.double() if x.dtype is lucid.float32 else x for key, x in filled(net).items()}
    given = nn.Parameter(lucid.ones(2, 3))
    state["1.weight"] = given
    state["1.count"] = np.array(6)
    net.load_state_dict(state, assign=True)
    assert net[1].weight is given and net[1].count.item() == 6
    assert type(net[0].weight) is nn.Parameter and not net[0].weight.requires_grad
    assert net[0].weight.dtype is lucid.float64
    assert net[0].weight.array is state["0.weight"].array
    assert list(net.state_dict()) == list(state)


def test_assigning_a_parameter_to_a_buffer_leaves_it_a_buffer():
    net = nn.Module()
    net.register_buffer("mean", lucid.zeros(1))
    net.load_state_dict({"mean": nn.Parameter(lucid.ones(1))}, assign=True)
    assert list(net.parameters()) == [] and net.mean.tolist() == [1]


def test_integers_cannot_be_assigned_to_what_requires_a_gradient():
    net = make_net()
    state = {**filled(net), "1.weight": np.zeros((2, 3), int)}
    assert '"1.weight" requires a gradient: int64 numbers' in raised(net, state, assign=True)
    net.load_state_dict(state)


def test_a_shared_parameter_has_two_keys():
    net = make_net()
    net[1].weight = net[0].weight
    state = net.state_dict()
    assert list(state) == ["0.weight", "0.count", "1.weight", "1.count"]
    assert "Missing key" in raised(net, {key: state[key] for key in list(state)[:2]})


class Counter(nn.Module):
    def __init__(self, count=0):
        super().__init__()
        self.count = count

    def get_extra_state(self):
        return {"count": self.count}

    def set_extra_state(self, state):
        self.count = state["count"]


def test_extra_state_travels_with_the_rest():
    net = nn.Sequential(Counter(3), nn.Identity())
    assert net.state_dict() == {"0._extra_state": {"count": 3}}
    other = nn.Sequential(Counter(), nn.Identity())
    other.load_state_dict(net.state_dict())
    assert other[0].count == 3
    assert 'Missing key(s) in state_dict: "0._extra_state". ' in raised(other, {})
    mistaken = {"0._extra_state": {"count": 5}, "1._extra_state": 1}
    assert 'Unexpected key(s) in state_dict: "1._extra_state". ' in raised(other, mistaken)
    assert other[0].count == 3


def test_extra_state_needs_both_methods():
    with pytest.raises(NotImplementedError, match="Module has no get_extra_state"):
        nn.Module().get_extra_state()
    with pytest.raises(NotImplementedError, match="Module has no set_extra_state"):
        nn.Module().set_extra_state(1)


def test_an_override_may_rename_and_still_nothing_is_written_before_all_is_checked():
    class Renamed(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(lucid.zeros(2))

        def _load_from_state_dict(self, state_dict, prefix, *others):
            state_dict[prefix + "weight"] = state_dict.pop(prefix + "old")
            super()._load_from_state_dict(state_dict, prefix, *others)

    net = nn.Sequential(Renamed(), Renamed())
    state = {"0.old": lucid.ones(2), "1.old": lucid.ones(3)}
    assert "size mismatch for 1.weight" in raised(net, state)
    state["1.old"] = lucid.ones(2)
    net.load_state_dict(state)
    assert values(net) == {"0.weight": [1, 1], "1.weight": [1, 1]}
    assert list(state) == ["0.old", "1.old"]


def test_hooks_see_saving_and_loading():
    net = make_net()
    seen = []
    handles = [
        net[0].register_state_dict_pre_hook(lambda m, prefix, keep: seen.append((prefix, keep))),
        net[0].register_state_dict_post_hook(lambda m, state, prefix, _: state.pop("0.count")),
    ]
    state = net.state_dict()
    assert seen == [("0.", False)] and list(state) == ["0.weight", "1.weight", "1.count"]
    for handle in handles:
        handle.remove()
    assert len(net.state_dict()) == 4

    def count_from_weight(module, state_dict, prefix, *others):
        state_dict[prefix + "count"] = state_dict[prefix + "weight"].sum()

    handle = net[0].register_load_state_dict_pre_hook(count_from_weight)
    net.load_state_dict({**state, "0.weight": lucid.ones(2, 3)})
    assert net[0].count.item() == 6
    handle.remove()
    assert '"0.count"' in raised(net, state)


def test_a_post_hook_may_forgive_keys_or_ask_for_more():
    net = make_net()
    state = filled(net)
    del state["0.count"]
    forgive = net[0].register_load_state_dict_post_hook(
        lambda module, keys: keys.missing_keys.remove("0.count")
    )
    assert net.load_state_dict(state) == ([], [])
    assert net[0].weight.array.max() == 1
    forgive.remove()
    net.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.append("more"))
    with pytest.raises(lucid.LucidError, match='Missing key.*"0.count", "more"'):
        net.load_state_dict(state)
    state["1.weight"] = lucid.zeros(1)
    assert "size mismatch" in raised(net, state)
