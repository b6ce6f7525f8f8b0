"""Hooks around forward and backward. What has PyTorch's behaviour runs on both libraries."""

import copy

import pytest

import lucid
import lucid.nn as nn


@pytest.fixture(params=["lucid", "torch"])
def library(request, torch):
    """lucid, then PyTorch where it is installed: the expected values of a test hold for both."""
    if request.param == "torch" and torch is None:
        pytest.skip("torch is not installed; the same expectations were tested on lucid")
    return torch if request.param == "torch" else lucid


def make(library, forward):
    class Layer(library.nn.Module):
        pass

    Layer.forward = forward
    return Layer()


def test_a_pre_hook_sees_and_may_change_the_arguments(library):
    layer = make(library, lambda self, x, y=1: x * y)
    seen = []
    handles = [
        layer.register_forward_pre_hook(lambda module, args: seen.append((module, len(args)))),
        layer.register_forward_pre_hook(lambda module, args: args[0] + 1),
        layer.register_forward_pre_hook(
            lambda module, args, kwargs: ((args[0] * 2,), {"y": kwargs["y"] + 1}), with_kwargs=True
        ),
    ]
    assert layer(library.ones(1), y=2).tolist() == [12] and seen == [(layer, 1)]
    for handle in handles:
        handle.remove()
        handle.remove()
    assert layer(library.ones(1), y=2).tolist() == [2]
    layer.register_forward_pre_hook(lambda module, args, kwargs: args, with_kwargs=True)
    with pytest.raises(RuntimeError, match=r"must return None or a (pair|tuple)"):
        layer(library.ones(1))


def test_a_forward_hook_sees_and_may_change_the_output(library):
    layer = make(library, lambda self, x, y=1: x * y)
    seen = []
    layer.register_forward_hook(lambda module, args, out: seen.append((len(args), out.tolist())))
    layer.register_forward_hook(lambda module, args, out: out + 1)
    layer.register_forward_hook(
        lambda module, args, kwargs, out: out * kwargs["y"], with_kwargs=True
    )
    assert layer(library.ones(1), y=3).tolist() == [12] and seen == [(1, [3])]


def test_hooks_are_called_in_order_and_may_be_put_first(library):
    layer = make(library, lambda self, x: x)
    seen = []
    for name, prepend in [("a", False), ("b", True), ("c", False)]:
        layer.register_forward_hook(lambda *args, name=name: seen.append(name), prepend=prepend)
        layer.register_forward_pre_hook(
            lambda *args, name=name: seen.append(f"pre {name}"), prepend=prepend
        )
    layer(library.ones(1))
    assert seen == ["pre b", "pre a", "pre c", "b", "a", "c"]


def test_a_hook_may_remove_itself(library):
    layer = make(library, lambda self, x: x)
    seen = []

    def once(module, args, output):
        seen.append(1)
        handle.remove()

    handle = layer.register_forward_hook(once)
    layer(library.ones(1))
    layer(library.ones(1))
    assert seen == [1]


def test_a_handle_ends_with_its_block(library):
    layer = make(library, lambda self, x: x)
    with layer.register_forward_hook(lambda module, args, output: output * 5):
        assert layer(library.ones(1)).tolist() == [5]
    assert layer(library.ones(1)).tolist() == [1]


def test_some_hooks_are_called_even_after_a_failure(library):
    def forward(self, x):
        raise ZeroDivisionError

    layer = make(library, forward)
    seen = []
    layer.register_forward_hook(lambda *args: seen.append("usual"))
    layer.register_forward_hook(lambda module, args, out: seen.append(out), always_call=True)
    with pytest.raises(ZeroDivisionError):
        layer(library.ones(1))
    assert seen == [None]


def test_a_hook_that_fails_after_a_failure_warns():
    layer = make(lucid, lambda self, x: 1 / 0)
    layer.register_forward_hook(lambda *args: [].pop(), always_call=True)
    with (
        pytest.warns(UserWarning, match="failed after the forward did: pop from empty list"),
        pytest.raises(ZeroDivisionError),
    ):
        layer(lucid.ones(1))


def test_a_hook_must_be_a_function():
    with pytest.raises(TypeError, match="a forward hook must be a function, not a int"):
        nn.Identity().register_forward_hook(3)


def test_a_copied_module_has_hooks_of_its_own():
    layer = nn.Identity()
    handle = layer.register_forward_hook(lambda module, args, out: out * 2)
    twin = copy.deepcopy(layer)
    handle.remove()
    assert layer(lucid.ones(1)).tolist() == [1] and twin(lucid.ones(1)).tolist() == [2]


def lists(gradients):
    return [None if gradient is None else gradient.tolist() for gradient in gradients]


def test_a_backward_hook_gets_the_gradients_of_inputs_and_outputs(library):
    layer = make(library, lambda self, x: x * 3)
    seen = []
    layer.register_full_backward_pre_hook(lambda m, grads: seen.append(lists(grads)))
    layer.register_full_backward_hook(
        lambda m, grads_in, grads_out: seen.append((lists(grads_in), lists(grads_out)))
    )
    x = library.ones(2, requires_grad=True)
    (layer(x) * 5 + x).sum().backward()
    assert seen == [[[5, 5]], ([[15, 15]], [[5, 5]])]
    assert x.grad.tolist() == [16, 16]


def test_backward_hooks_may_change_the_gradients(library):
    layer = make(library, lambda self, x: x * 3)
    layer.register_full_backward_pre_hook(lambda m, grads: (grads[0] * 10,))
    layer.register_full_backward_hook(lambda m, grads_in, grads_out: (grads_in[0] + 1,))
    x = library.ones(2, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad.tolist() == [31, 31]


def test_several_inputs_and_outputs_are_watched_together(library):
    layer = make(library, lambda self, x, n, y: (x * y, (x + y).sum()))
    seen = []
    layer.register_full_backward_hook(
        lambda m, grads_in, grads_out: seen.append((lists(grads_in), lists(grads_out)))
    )
    x = library.ones(2, requires_grad=True)
    y = library.ones(2, requires_grad=True)
    product, total = layer(x, 7, y * 2)
    (product.sum() + total * 4).backward()
    assert seen == [([[6, 6], None, [5, 5]], [[1, 1], 4])]
    assert x.grad.tolist() == [6, 6] and y.grad.tolist() == [10, 10]


@pytest.mark.filterwarnings("ignore:Full backward hook is firing")  # PyTorch says so
def test_a_backward_hook_of_a_layer_whose_input_needs_no_gradient(library):
    layer = make(library, lambda self, x: x * self.weight)
    layer.weight = library.nn.Parameter(library.ones(2))
    seen = []
    layer.register_full_backward_hook(
        lambda m, grads_in, grads_out: seen.append((lists(grads_in), lists(grads_out)))
    )
    (layer(library.ones(2)) * 2).sum().backward()
    assert seen == [([None], [[2, 2]])] and layer.weight.grad.tolist() == [2, 2]


def test_without_recording_no_backward_hook_is_called(library):
    layer = make(library, lambda self, x: x * 2)
    layer.register_full_backward_hook(lambda *args: 1 / 0)
    with library.no_grad():
        assert not layer(library.ones(1, requires_grad=True)).requires_grad
    assert layer(library.ones(1)).tolist() == [2]


def test_second_derivatives_go_through_backward_hooks(library):
    layer = make(library, lambda self, x: x**3)
    seen = []
    layer.register_full_backward_hook(lambda m, grads_in, _: seen.append(lists(grads_in)))
    x = library.tensor([2.0], requires_grad=True)
    (first,) = library.autograd.grad(layer(x).sum(), x, create_graph=True)
    (second,) = library.autograd.grad(first.sum(), x)
    assert first.tolist() == [12] and second.tolist() == [12] and seen[0] == [[12]]


def test_types_are_kept_where_they_differ():
    layer = make(lucid, lambda self, x, y: (x * 2, y * 2))
    layer.register_full_backward_hook(lambda *args: None)
    x = lucid.ones(2, requires_grad=True)
    y = lucid.ones(2, dtype=lucid.float64, requires_grad=True)
    one, two = layer(x, y)
    assert one.dtype is lucid.float32 and two.dtype is lucid.float64
    (one.double() + two).sum().backward()
    assert x.grad.dtype is lucid.float32 and y.grad.dtype is lucid.float64


def test_a_backward_hook_gives_as_many_gradients_as_there_are():
    layer = nn.Identity()
    layer.register_full_backward_hook(lambda m, grads_in, grads_out: grads_in * 2)
    with pytest.raises(RuntimeError, match="a backward hook returned 2 gradients, expected 1"):
        layer(lucid.ones(1, requires_grad=True)).sum().backward()
