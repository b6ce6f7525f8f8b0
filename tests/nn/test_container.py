"""Containers. What has PyTorch's behaviour runs on both libraries."""

from collections import OrderedDict

import pytest

import lucid
import lucid.nn as nn


@pytest.fixture(params=["lucid", "torch"])
def library(request, torch):
    """lucid, then PyTorch where it is installed: the expected values of a test hold for both."""
    if request.param == "torch" and torch is None:
        pytest.skip("torch is not installed; the same expectations were tested on lucid")
    return torch if request.param == "torch" else lucid


def scales(library, *factors):
    """Modules that are told apart by what they multiply with."""

    class Scale(library.nn.Module):
        def __init__(self, factor):
            super().__init__()
            self.factor = factor

        def forward(self, x):
            return x * self.factor

        def extra_repr(self):
            return str(self.factor)

    return [Scale(factor) for factor in factors]


def factors(modules):
    return [module.factor for module in modules]


def keys(container):
    return [name for name, _ in container.named_children()]


@pytest.fixture(params=["Sequential", "ModuleList"])
def listing(request, library):
    """Make a container from modules, of either class."""
    if request.param == "Sequential":
        return lambda *modules: library.nn.Sequential(*modules)
    return lambda *modules: library.nn.ModuleList(modules)


def test_identity_ignores_what_it_is_made_with(library):
    layer = library.nn.Identity(3, 4, kernel_size=5)
    x = library.ones(2)
    assert layer(x) is x and repr(layer) == "Identity()" and list(layer.parameters()) == []


def test_sequential_calls_one_after_the_other(library):
    model = library.nn.Sequential(*scales(library, 2, 3, 4))
    assert model(library.ones(1)).tolist() == [24]
    x = library.ones(1)
    assert library.nn.Sequential()(x) is x


def test_a_dict_names_the_modules(library):
    two, three = scales(library, 2, 3)
    model = library.nn.Sequential(OrderedDict([("b", two), ("a", three)]))
    assert keys(model) == ["b", "a"] and model.b is two and model[1] is three
    assert keys(model[1:]) == ["a"] and keys(model[:-1]) == ["b"]
    model[0] = three
    assert model.b is three and keys(model) == ["b"]
    assert repr(model) == "Sequential(\n  (b): Scale(3)\n  (a): Scale(3)\n)"


def test_a_list_is_indexed_sliced_and_walked(library, listing):
    parts = scales(library, 2, 3, 5, 7)
    items = listing(*parts)
    assert len(items) == 4 and list(items) == parts and parts[1] in items
    assert items[0] is parts[0] and items[-1] is parts[3]
    assert type(items[1:3]) is type(items) and factors(items[1:3]) == [3, 5]
    assert factors(items[::2]) == [2, 5]
    assert items[1:3][0] is parts[1]
    for index in (4, -5):
        with pytest.raises(IndexError, match=f"index {index} is out of range"):
            items[index]


def test_a_list_grows_and_shrinks(library, listing):
    parts = scales(library, 2, 3, 5, 7, 11)
    items = listing(parts[0])
    assert items.append(parts[1]) is items
    assert items.extend([parts[3]]) is items
    items.insert(2, parts[2])
    items.insert(0, parts[4])
    assert factors(items) == [11, 2, 3, 5, 7] and keys(items) == ["0", "1", "2", "3", "4"]
    assert items.pop(0) is parts[4]
    del items[1]
    assert factors(items) == [2, 5, 7] and keys(items) == ["0", "1", "2"]
    del items[1:]
    assert factors(items) == [2]
    items[-1] = parts[3]
    assert factors(items) == [7]
    assert factors(items + listing(parts[0])) == [7, 2] and len(items) == 1
    items += listing(parts[1])
    assert factors(items) == [7, 3]


def test_what_is_appended_replaces_nothing():
    model = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid())[1:]
    model.append(nn.Flatten())
    assert [name for name, _ in model.named_children()] == ["1", "2", "3"]
    named = nn.Sequential({"1": nn.ReLU()}).extend([nn.Tanh(), nn.Sigmoid()])
    assert [str(each) for each in named] == ["ReLU()", "Tanh()", "Sigmoid()"]


def test_an_entry_that_was_read_by_name_is_up_to_date_after_a_move(listing):
    items = nn.ModuleList(scales(lucid, 2, 3))
    assert getattr(items, "0").factor == 2
    del items[0]
    assert getattr(items, "0").factor == 3 and not hasattr(items, "1")


def test_what_is_no_module_is_refused_and_nothing_is_moved():
    for items in (nn.ModuleList(scales(lucid, 2, 3)), nn.Sequential(*scales(lucid, 2, 3))):
        for change in (
            lambda items: items.append(3),
            lambda items: items.insert(0, lucid.ones(1)),
            lambda items: items.__setitem__(0, "a"),
        ):
            with pytest.raises(TypeError, match=r"to child module '.' \(Module or None required"):
                change(items)
            assert factors(items) == [2, 3]
        with pytest.raises(TypeError, match="extend should be called with an iterable, but got Sc"):
            items.extend(items[0])
        with pytest.raises(IndexError, match="index 3 is out of range: this .* has 2 entries"):
            items.insert(3, nn.Identity())
        with pytest.raises(IndexError, match="index 2 is out of range: this .* has 2 entries"):
            del items[2]


def test_lists_print_equal_neighbours_once(library):
    items = library.nn.ModuleList(scales(library, 2, 2, 3))
    items.append(library.nn.Sequential(*scales(library, 5)))
    assert repr(items) == (
        "ModuleList(\n"
        "  (0-1): 2 x Scale(2)\n"
        "  (2): Scale(3)\n"
        "  (3): Sequential(\n"
        "    (0): Scale(5)\n"
        "  )\n"
        ")"
    )
    assert repr(library.nn.ModuleList()) == "ModuleList()"


def test_a_dict_of_modules(library):
    two, three, five = scales(library, 2, 3, 5)
    items = library.nn.ModuleDict({"b": two, "a": three})
    assert list(items) == list(items.keys()) == ["b", "a"] and len(items) == 2
    assert items["a"] is items.a is three and "a" in items and "c" not in items
    assert list(items.values()) == [two, three] and list(items.items())[0] == ("b", two)
    items["c"] = five
    items.update({"b": five})
    assert factors(items.values()) == [5, 3, 5]
    assert items.pop("c") is five
    del items["b"]
    assert list(items) == ["a"] and repr(items) == "ModuleDict(\n  (a): Scale(3)\n)"
    items.clear()
    assert len(items) == 0
    with pytest.raises(KeyError, match="a"):
        items["a"]
    with pytest.raises(KeyError, match="already exists"):
        items["pop"] = two
    with pytest.raises(TypeError, match="Module"):
        items["a"] = 3
    assert items == items and items != library.nn.ModuleDict()
    assert len({items, library.nn.ModuleDict()}) == 2


def test_a_dict_of_modules_has_more_of_a_dict():
    two, three = scales(lucid, 2, 3)
    items = nn.ModuleDict([("b", two), ("a", three)])
    assert list(reversed(items)) == ["a", "b"] and items.get("c") is None
    assert items.copy()["a"] is three and (items | {"c": two})["c"] is two
    items |= {"c": two}
    assert items.popitem() == ("c", two) and items.setdefault("b", three) is two
    with pytest.raises(KeyError, match="zzz"):
        del items["zzz"]
    with pytest.raises(KeyError, match="popitem: this ModuleDict is empty"):
        nn.ModuleDict().popitem()


def test_a_list_of_parameters(library):
    parameter = library.nn.Parameter(library.ones(2))
    items = library.nn.ParameterList([parameter, library.zeros(2, 3)])
    assert len(items) == 2 and items[0] is parameter and items[-1].requires_grad
    assert isinstance(items[1], library.nn.Parameter)
    assert [name for name, _ in items.named_parameters()] == ["0", "1"]
    items.append(library.zeros(1)).extend([library.zeros(4)])
    items[1] = library.ones(5)
    items += [library.zeros(6)]
    assert [tuple(x.shape) for x in items] == [(2,), (5,), (1,), (4,), (6,)]
    assert [tuple(x.shape) for x in items[1:3]] == [(5,), (1,)]
    assert isinstance(items[1], library.nn.Parameter)
    with pytest.raises(TypeError, match="extend should be called with an iterable, but got "):
        items.extend(library.zeros(2))
    with pytest.raises(IndexError, match="index 5 is out of range"):
        items[5]
    with pytest.raises((RuntimeError, NotImplementedError), match="ParameterList"):
        items(1)


def test_a_dict_of_parameters(library):
    items = library.nn.ParameterDict({"a": library.ones(2), "b": library.zeros(3)})
    assert list(items) == ["a", "b"] and isinstance(items["a"], library.nn.Parameter)
    assert list(items.state_dict()) == ["a", "b"] and "a" in items
    items["c"] = library.nn.Parameter(library.zeros(1))
    assert items.pop("a").tolist() == [1, 1] and list(items.keys()) == ["b", "c"]
    assert (items | {"d": library.ones(1)})["d"].tolist() == [1]
    assert items.popitem()[0] == "c" and len(items) == 1
    assert items.get("c") is None and items.setdefault("c", library.ones(1)).tolist() == [1]


def test_only_tensors_are_parameters():
    with pytest.raises(TypeError, match="cannot assign 'int' object to parameter '0'"):
        nn.ParameterList([3])
    with pytest.raises(TypeError, match="cannot assign 'list' object to parameter 'a'"):
        nn.ParameterDict({"a": [1.0]})


def test_parameters_print_one_line_each(library):
    name = library.__name__
    items = library.nn.ParameterList([library.ones(2, 3)])
    assert repr(items) == (
        f"ParameterList(  (0): Parameter containing: [{name}.float32 of size 2x3])"
    )
    items.append(library.ones(4))
    assert repr(items) == (
        "ParameterList(\n"
        f"    (0): Parameter containing: [{name}.float32 of size 2x3]\n"
        f"    (1): Parameter containing: [{name}.float32 of size 4]\n"
        ")"
    )
    absent = repr(library.nn.ParameterDict({"a": None}))
    assert absent == "ParameterDict(  (a): Object of type: NoneType)"


def test_a_placeholder_in_a_list_prints_without_a_shape():
    items = nn.ParameterList([nn.UninitializedParameter()])
    assert repr(items) == "ParameterList(  (0): <UninitializedParameter>)"
