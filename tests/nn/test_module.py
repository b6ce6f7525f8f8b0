"""The tree of modules. What has PyTorch's behaviour runs on both libraries."""

import copy
import pickle

import pytest

import lucid
import lucid.nn as nn


@pytest.fixture(params=["lucid", "torch"])
def library(request, torch):
    """lucid, then PyTorch where it is installed: the expected values of a test hold for both."""
    if request.param == "torch" and torch is None:
        pytest.skip("torch is not installed; the same expectations were tested on lucid")
    return torch if request.param == "torch" else lucid


class Line(nn.Module):
    def __init__(self, slope=2.0):
        super().__init__()
        self.slope = nn.Parameter(lucid.tensor(slope))
        self.register_buffer("count", lucid.tensor(0))

    def forward(self, x):
        return self.slope * x


def make_net(library):
    """A net with a parameter, buffers, nested children, a shared child and absent parts."""
    nn = library.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.gain = nn.Parameter(library.ones(2))
            self.first = nn.Sequential(nn.Identity(), nn.Identity())
            self.register_buffer("mean", library.zeros(2))
            self.register_buffer("hidden", library.zeros(3), persistent=False)
            self.register_parameter("bias", None)
            self.register_buffer("nothing", None)
            self.empty = None
            self.first[1].weight = nn.Parameter(library.ones(1))
            self.second = self.first[1]
            self.register_module("none", None)
            self.tied = self.gain
            self.layers = nn.ModuleList([nn.Identity(), nn.Identity(), nn.ModuleList()])

        def forward(self, x):
            return self.second(self.first(x)) * self.gain

    return Net()


def names(pairs):
    return [name for name, _ in pairs]


def test_the_tree_is_walked_in_order_and_each_part_is_given_once(library):
    net = make_net(library)
    assert names(net.named_parameters()) == ["gain", "first.1.weight"]
    assert names(net.named_parameters(remove_duplicate=False)) == [
        "gain", "tied", "first.1.weight", "second.weight",
    ]  # fmt: skip
    assert names(net.named_parameters(prefix="net", recurse=False)) == ["net.gain"]
    assert names(net.named_buffers()) == ["mean", "hidden"]
    assert names(net.named_children()) == ["first", "second", "layers"]
    assert names(net.named_modules()) == [
        "", "first", "first.0", "first.1", "layers", "layers.0", "layers.1", "layers.2",
    ]  # fmt: skip
    assert names(net.named_modules(prefix="net", remove_duplicate=False))[:5] == [
        "net", "net.first", "net.first.0", "net.first.1", "net.second",
    ]  # fmt: skip
    assert len(list(net.parameters())) == 2 and len(list(net.buffers())) == 2
    assert [type(m).__name__ for m in net.children()] == ["Sequential", "Identity", "ModuleList"]
    assert len(list(net.modules())) == 8


def test_the_state_dict_has_these_keys_in_this_order(library):
    assert list(make_net(library).state_dict()) == [
        "gain", "tied", "mean", "first.1.weight", "second.weight",
    ]  # fmt: skip


def test_the_representation_has_this_layout(library):
    net = make_net(library)
    assert repr(net) == (
        "Net(\n"
        "  (first): Sequential(\n"
        "    (0): Identity()\n"
        "    (1): Identity()\n"
        "  )\n"
        "  (second): Identity()\n"
        "  (none): None\n"
        "  (layers): ModuleList(\n"
        "    (0-1): 2 x Identity()\n"
        "    (2): ModuleList()\n"
        "  )\n"
        ")"
    )
    assert repr(library.nn.Module()) == "Module()"


@pytest.mark.parametrize("extra", ["a=1", "a=1\nb=2"])
def test_extra_repr_stands_between_the_brackets(library, extra):
    class Layer(library.nn.Module):
        def extra_repr(self):
            return extra

    layer = Layer()
    assert repr(layer) == {"a=1": "Layer(a=1)", "a=1\nb=2": "Layer(\n  a=1\n  b=2\n)"}[extra]
    layer.child = library.nn.Identity()
    inside = "".join(f"\n  {line}" for line in extra.split("\n"))
    assert repr(layer) == f"Layer({inside}\n  (child): Identity()\n)"


def test_an_attribute_becomes_what_is_assigned_to_it(library):
    nn = library.nn
    net = nn.Module()
    net.part = nn.Parameter(library.ones(1))
    assert names(net.named_parameters()) == ["part"]
    del net.part
    net.part = nn.Identity()
    assert names(net.named_parameters()) == [] and names(net.named_children()) == ["part"]
    net.part = nn.Parameter(library.zeros(1))
    assert names(net.named_children()) == [] and net.part.tolist() == [0]
    net.part = None
    assert net.part is None and list(net.parameters()) == [] and net.state_dict() == {}
    net.part = nn.Parameter(library.ones(1))
    del net.part
    assert not hasattr(net, "part") and list(net.parameters()) == []
    net.part = 3
    net.part = nn.Parameter(library.ones(1))
    assert names(net.named_parameters()) == ["part"] and net.part.tolist() == [1]
    net.kept = nn.Buffer(library.ones(1), persistent=False)
    net.kept = library.zeros(2)
    assert net.kept.tolist() == [0, 0] and list(net.state_dict()) == ["part"]
    net.kept = nn.Parameter(library.ones(1))
    assert list(net.state_dict()) == ["part", "kept"]


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("gain", "tensor", "cannot assign '.*' as parameter 'gain' \\(.*Parameter or None"),
        ("gain", "module", "cannot assign '.*Identity' as parameter 'gain'"),
        ("first", "tensor", "cannot assign '.*' as child module 'first'"),
        ("gain", 3, "cannot assign 'int' as parameter 'gain' \\(.*Parameter or None expected\\)"),
        ("mean", 3, "cannot assign 'int' as buffer 'mean' \\(.*Tensor or None expected\\)"),
        ("first", 3, "cannot assign 'int' as child module 'first' \\(.*Module or None expected\\)"),
    ],
)
def test_nothing_else_is_assigned_over_a_part(library, attribute, value, message):
    net = make_net(library)
    before = getattr(net, attribute)
    with pytest.raises(TypeError, match=message):
        values = {"tensor": library.ones(1), "module": library.nn.Identity()}
        setattr(net, attribute, values.get(value, value))
    assert getattr(net, attribute) is before


REGISTERED = [
    (lambda nn, m, x: m.register_parameter("a.b", nn.Parameter(x)), KeyError, 't contain "[.]"'),
    (lambda nn, m, x: m.register_parameter("", nn.Parameter(x)), KeyError, "t be empty string"),
    (lambda nn, m, x: m.register_parameter(3, nn.Parameter(x)), TypeError, "str"),
    (
        lambda nn, m, x: m.register_parameter("forward", nn.Parameter(x)),
        KeyError,
        "attribute 'forward' already exists",
    ),
    (
        lambda nn, m, x: m.register_parameter("a", x),
        TypeError,
        "cannot assign '.*' object to parameter 'a' .*Parameter or None required",
    ),
    (
        lambda nn, m, x: m.register_buffer("a", 3),
        TypeError,
        "cannot assign 'int' object to buffer 'a' .*Tensor or None required",
    ),
    (lambda nn, m, x: m.register_buffer("a.b", x), KeyError, 't contain "[.]"'),
    (lambda nn, m, x: m.register_buffer("training", x), KeyError, "'training' already exists"),
    (lambda nn, m, x: m.add_module("a.b", nn.Identity()), KeyError, 't contain "[.]"'),
    (lambda nn, m, x: m.register_module("a", x), TypeError, "Module"),
    (lambda nn, m, x: m.register_module("train", nn.Identity()), KeyError, "'train' already exist"),
]


@pytest.mark.parametrize(("call", "error", "message"), REGISTERED)
def test_bad_names_and_values_are_not_registered(library, call, error, message):
    module = library.nn.Module()
    with pytest.raises(error, match=message):
        call(library.nn, module, library.ones(1))
    assert module.state_dict() == {} and list(module.children()) == []


def test_forgetting_to_call_init_is_said(library):
    class Net(library.nn.Module):
        def __init__(self, part):
            self.size = 3
            self.part = part

    for part in (library.nn.Parameter(library.ones(1)), library.nn.Identity()):
        with pytest.raises(AttributeError, match=r"before Module.__init__\(\) call"):
            Net(part)


def test_forgetting_to_call_init_is_said_with_what_to_do():
    class Net(nn.Module):
        def __init__(self):
            pass

    for use in (lambda net: net(1), list, lambda net: net.state_dict()):
        with pytest.raises((AttributeError, TypeError), match=r"Net|iter"):
            use(Net())
    with pytest.raises(AttributeError, match=r"begin Net.__init__ with super\(\).__init__\(\)"):
        Net()(1)


def test_an_unknown_attribute_is_an_attribute_error(library):
    with pytest.raises(AttributeError, match="'Identity' object has no attribute 'weigth'"):
        library.nn.Identity().weigth  # noqa: B018
    assert "first" in dir(make_net(library))
    assert "0" not in dir(library.nn.Sequential(library.nn.Identity()))


def test_a_module_cannot_contain_itself():
    net = nn.Sequential(nn.Sequential(nn.Identity()))
    with pytest.raises(ValueError, match="'loop': a Sequential cannot contain itself; keep.*tuple"):
        net[0].loop = net
    with pytest.raises(ValueError, match="cannot contain itself"):
        net.append(net)
    net[0].parent = (net,)
    assert len(list(net.modules())) == 3


def test_reading_is_always_up_to_date():
    net = nn.Module()
    for value in (1.0, 2.0):
        net.register_parameter("weight", nn.Parameter(lucid.tensor(value)))
        assert net.weight.item() == net.weight.item() == value
    net.weight = None
    assert net.weight is None


def test_parts_are_found_by_dotted_name(library):
    net = make_net(library)
    assert net.get_submodule("") is net and net.get_submodule("first.1") is net.second
    assert net.get_parameter("first.1.weight") is net.second.weight
    assert net.get_buffer("mean") is net.mean
    for find, target, part in [
        (net.get_submodule, "first.7", "7"),
        (net.get_submodule, "gain", "gain"),
        (net.get_parameter, "first.weight", "weight"),
        (net.get_parameter, "third.weight", "third"),
        (net.get_buffer, "gain", "gain"),
    ]:
        with pytest.raises(AttributeError, match=part):
            find(target)


def test_what_is_not_found_is_said_with_what_is_there():
    net = make_net(lucid)
    with pytest.raises(
        AttributeError, match=r"Sequential has no child module '7' \(of 'first.7'\).*: 0, 1"
    ):
        net.get_submodule("first.7")
    with pytest.raises(
        AttributeError, match=r"Net has no parameter 'mean' \(of 'mean'\); it has: gain, bias, tied"
    ):
        net.get_parameter("mean")


def test_apply_goes_children_first(library):
    seen = []
    net = make_net(library)
    assert net.apply(lambda module: seen.append(type(module).__name__)) is net
    assert seen == [
        "Identity", "Identity", "Sequential", "Identity", "Identity", "Identity", "ModuleList",
        "ModuleList", "Net",
    ]  # fmt: skip


def test_training_mode_reaches_every_module(library):
    net = make_net(library)
    assert all(module.training for module in net.modules())
    assert net.eval() is net and not any(module.training for module in net.modules())
    net.first.train()
    assert net.first[1].training and not net.layers.training
    with pytest.raises(ValueError, match="training mode is expected to be boolean"):
        net.train(1)


def test_casting_keeps_the_objects_and_the_integers():
    net = make_net(lucid)
    net.register_buffer("count", lucid.tensor(3))
    net.gain.sum().backward()
    before = [*net.parameters()]
    for cast, dtype in [
        (net.double, lucid.float64),
        (net.float, lucid.float32),
        (lambda: net.to(lucid.float64), lucid.float64),
        (lambda: net.to("cpu", lucid.float32), lucid.float32),
        (lambda: net.to(dtype=lucid.float64, device="cpu"), lucid.float64),
        (lambda: net.to(lucid.zeros(1)), lucid.float32),
        (lambda: net.to("cpu"), lucid.float32),
    ]:
        assert cast() is net
        after = [*net.parameters()]
        assert all(one is two for one, two in zip(before, after, strict=True))
        floating = [*after, net.mean, net.hidden, net.gain.grad]
        assert {x.dtype for x in floating} == {dtype} and net.count.dtype is lucid.int64
    assert net.gain.tolist() == [1, 1]


def test_type_casts_integers_too():
    net = Line()
    assert net.type(lucid.float64).count.dtype is lucid.float64
    net.requires_grad_(False).type(lucid.int64)
    assert net.slope.dtype is lucid.int64
    with pytest.raises(lucid.DtypeError, match="requires a gradient cannot become int64; call"):
        Line().type(lucid.int64)


def test_to_refuses_integers_and_other_devices():
    with pytest.raises(lucid.DtypeError, match="a floating-point type, got int64.*Module.type"):
        Line().to(lucid.int64)
    with pytest.raises(lucid.DeviceError, match="'cuda' is not available"):
        Line().to("cuda")


def test_gradients_are_forgotten(library):
    net = make_net(library)
    net(library.ones(2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert net.gain.grad.tolist() == [0, 0]
    net.zero_grad()
    assert net.gain.grad is None


def test_freezing_reaches_every_parameter(library):
    net = make_net(library)
    assert net.requires_grad_(False) is net
    assert not any(parameter.requires_grad for parameter in net.parameters())
    assert not net(library.ones(2)).requires_grad


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_is_alike_and_apart_and_keeps_what_is_shared(duplicate):
    net = nn.Sequential(Line(), Line())
    net[1].slope = net[0].slope
    net[0].register_forward_hook(print)
    net.eval()
    twin = duplicate(net)
    assert twin[0].slope is twin[1].slope is not net[0].slope
    assert len(list(twin.parameters())) == 1 and not twin[1].training
    twin[0].slope.array[...] = 9
    assert net[1].slope.item() == 2 and twin[1].slope.item() == 9


def test_an_error_says_the_dotted_name_of_the_innermost_layer():
    class Picky(nn.Module):
        def forward(self, x):
            raise lucid.ShapeError("height 3, needs 5")

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.features = nn.Sequential(nn.Identity(), nn.Sequential(Picky()))

        def forward(self, x):
            return self.features(x)

    net = Net()
    for model, text in [
        (net, "Picky 'features.1.0': height 3, needs 5"),
        (net.features, "Picky '1.0': height 3, needs 5"),
        (net.features[1][0], "Picky: height 3, needs 5"),
    ]:
        with pytest.raises(lucid.ShapeError) as caught:
            model(lucid.zeros(1))
        assert str(caught.value) == text


def test_an_error_from_a_layer_that_is_no_child_keeps_what_is_known():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [Line()]

        def forward(self, x):
            return self.layers[0](x)

    with pytest.raises(lucid.ShapeError, match=r"^Line: "):
        net = Net()
        net.layers[0].slope = nn.Parameter(lucid.zeros(3))
        net(lucid.zeros(2))


def test_other_errors_pass_unchanged():
    with pytest.raises(ZeroDivisionError) as caught:
        nn.Sequential(nn.Identity())[0].forward(1 / 0)
    assert not hasattr(caught.value, "path")


def test_a_module_without_forward_says_so(library):
    with pytest.raises(NotImplementedError, match="forward"):
        library.nn.Module()(1)


def test_keyword_arguments_reach_forward():
    class Net(nn.Module):
        def forward(self, x, *, scale=1):
            return x * scale

    assert Net()(lucid.ones(1), scale=3).tolist() == [3]


def test_placeholders_are_seen_only_in_the_module_that_has_them():
    net = nn.Sequential(nn.Module())
    net[0].mean = nn.UninitializedBuffer()
    assert net[0].has_uninitialized_params() and not net.has_uninitialized_params()
    assert net[0].mean is None
    net[0].get_buffer("mean").materialize((2,))
    assert net[0].mean.tolist() == [0, 0] and not net[0].has_uninitialized_params()
