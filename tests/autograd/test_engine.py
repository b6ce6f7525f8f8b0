"""Walking the graph: what is added where, what is kept, what is freed, and how far it reaches."""

import gc
import itertools
import threading
import time

import numpy as np
import pytest

import lucid
from lucid.autograd import Function, backward, grad


def leaf(*values):
    return lucid.tensor(list(values), dtype=lucid.float64, requires_grad=True)


# --- the rules of one walk


def test_gradients_add_up_over_walks_and_paths():
    x = leaf(1.0, 2.0)
    (x * x + x).sum().backward()
    assert x.grad.tolist() == [3, 5]
    first = x.grad
    (x * 10).sum().backward()
    assert x.grad.tolist() == [13, 15]
    assert x.grad is first  # in place: whoever holds it sees the sum
    x.grad = None
    x.sum().backward()
    assert x.grad.tolist() == [1, 1]


def test_several_roots_are_walked_together():
    x = leaf(2.0)
    y, z = x * x, x * 3
    backward([y, z], [lucid.tensor([10.0], dtype=lucid.float64), None])
    assert x.grad.tolist() == [43]
    (both,) = grad([x * x, x * 3], x)
    assert both.tolist() == [7]


def test_a_leaf_and_a_result_are_roots_and_inputs_of_themselves():
    x = leaf(3.0)
    x.backward()
    assert x.grad.tolist() == [1]
    y = x * 2
    assert [g.tolist() for g in grad(y, [y, x])] == [[1], [2]]


def test_the_implicit_gradient_is_1_whatever_the_value():
    for value in (float("nan"), float("inf"), 0.0):
        x = leaf(value)
        (x + 1).backward()
        assert x.grad.tolist() == [1]


def test_grad_leaves_every_grad_alone_and_reaches_results():
    x = leaf(1.0, 2.0)
    y = x * x
    g_y, g_x, again = grad((y * 3).sum(), [y, x, x])
    assert (g_y.tolist(), g_x.tolist(), again.tolist()) == ([3, 3], [6, 12], [6, 12])
    assert x.grad is None
    assert not g_x.requires_grad


def test_an_unused_input_is_an_error_or_none():
    x, z = leaf(1.0), leaf(1.0)
    with pytest.raises(lucid.GradError, match=r"do not depend on inputs\[1\].*allow_unused=True"):
        grad(x * 2, [x, z])
    assert grad(x * 2, [x, z], allow_unused=True)[1] is None


def test_inputs_limit_what_backward_adds_to():
    x, z = leaf(2.0), leaf(5.0)
    (x * z).backward(inputs=[x])
    assert x.grad.tolist() == [5]
    assert z.grad is None


def test_branches_to_what_is_not_wanted_are_not_walked():
    class Costly(Function):
        def forward(self, x):
            return x + 0

        def backward(self, grad_y):
            raise AssertionError("not wanted")

    x, z = leaf(2.0), leaf(5.0)
    assert grad(x * 2 + Costly()(z), x)[0].tolist() == [2]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: lucid.zeros(2).sum().backward(), lucid.GradError,
         "does not depend on a tensor that requires grad"),
        (lambda x: x.backward(), lucid.GradError, r"shape \(2,\) has no single gradient"),
        (lambda x: x.backward(lucid.zeros(3)), lucid.ShapeError,
         r"the gradient has shape \(3,\), but the tensor has \(2,\)"),
        (lambda x: x.backward(lucid.zeros(2)), lucid.DtypeError,
         "the gradient is float32, but the tensor is float64"),
        (lambda x: x.backward(1.0), TypeError, "the gradient must be a Tensor, not float"),
        (lambda x: backward([x, x], [None]), lucid.GradError, "2 tensors but 1 gradients"),
        (lambda x: grad(x.sum(), lucid.zeros(3)), lucid.GradError,
         r"grad: inputs\[0\], of shape \(3,\), does not require a gradient"),
        (lambda x: x.sum().backward(inputs=[]), lucid.GradError, "inputs is empty"),
        (lambda x: x.sum().backward(inputs=[x * 2]), lucid.GradError,
         r"inputs\[0\], of shape \(2,\), is not a leaf"),
    ],
)
def test_a_walk_that_cannot_be_is_refused(call, kind, message):
    x = leaf(1.0, 2.0)
    with pytest.raises(kind, match=message):
        call(x)
    assert x.grad is None


# --- memory


def test_the_graph_is_walked_twice_only_if_it_is_kept():
    x = leaf(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [8]
    with pytest.raises(lucid.GradError, match="Multiply was walked backward already"):
        y.backward()


def memory(x):
    return x.array if x.array.base is None else x.array.base


def test_no_two_gradients_and_no_given_one_share_memory():
    def shares(*tensors):
        return any(
            np.shares_memory(memory(a), memory(b)) for a, b in itertools.combinations(tensors, 2)
        )

    for create_graph in (False, True):
        x, z, given = leaf(1.0, 2.0), leaf(3.0, 4.0), lucid.ones(2, dtype=lucid.float64)
        y = x + z
        y.retain_grad()
        y.backward(given, create_graph=create_graph)
        assert not shares(x.grad, z.grad, y.grad, given)
        y = (x + z).reshape(2, 1)[:, 0]
        assert not shares(*grad(y, [x, z, x, y], given, create_graph=create_graph), given)
        w = leaf(1.0, 2.0)
        w.backward(given)
        assert not shares(w.grad, given)
        w.grad = None
        w.sum().backward()
        w.grad.add_(1)  # the gradient of a sum is one number, repeated
        assert w.grad.tolist() == [2, 2]


def test_a_hook_may_keep_what_it_sees_and_gives():
    x, kept = leaf(1.0, 2.0), []
    x.register_hook(kept.append)
    (x * 3).sum().backward()
    x.grad.zero_()
    assert kept[0].tolist() == [3, 3]
    z, constant = leaf(1.0), lucid.tensor([7.0], dtype=lucid.float64)
    z.register_hook(lambda g: constant)
    z.backward()
    z.grad.zero_()
    assert constant.tolist() == [7]


# --- hooks and retained gradients


def test_hooks_run_in_order_once_and_until_they_are_removed():
    x, log = leaf(1.0), []
    y = x * 2
    handles = [
        y.register_hook(lambda g: log.append(("first", g.item()))),
        y.register_hook(lambda g: g * 10),
        y.register_hook(lambda g: log.append(("third", g.item()))),
    ]
    y.retain_grad()
    (y * 3 + y).backward(retain_graph=True)
    assert log == [("first", 4.0), ("third", 40.0)]
    assert x.grad.tolist() == [80]
    assert y.grad.tolist() == [40]
    for handle in handles:
        handle.remove()
        handle.remove()
    y.backward()
    assert len(log) == 2
    assert x.grad.tolist() == [82]
    assert y.grad.tolist() == [41]  # a retained gradient adds up as that of a leaf


@pytest.mark.parametrize(
    ("result", "kind", "message"),
    [
        (lambda g: g.sum(), lucid.ShapeError, r"returned has shape \(\), but what it was given"),
        (lambda g: g.float(), lucid.DtypeError, "is float32, but what it was given is float64"),
        (lambda g: g.numpy(), TypeError, "must be a Tensor, not ndarray"),
    ],
)
def test_a_hook_gives_a_gradient_of_the_same_kind(result, kind, message):
    x = leaf(1.0, 2.0)
    x.register_hook(result)
    with pytest.raises(kind, match=message):
        x.sum().backward()


def test_hooks_and_retain_grad_need_a_gradient():
    with pytest.raises(lucid.GradError, match="register_hook: this tensor does not require"):
        lucid.zeros(2).register_hook(print)
    with pytest.raises(lucid.GradError, match="retain_grad: this tensor does not require"):
        lucid.zeros(2).retain_grad()
    x = leaf(1.0)
    x.retain_grad()  # a leaf has it anyway
    x.backward()
    assert x.grad.tolist() == [1]


def test_a_retained_gradient_does_not_keep_its_tensor():
    x = leaf(1.0)
    y = x * 2
    y.retain_grad()
    z = y * 3
    del y
    z.backward()
    assert x.grad.tolist() == [6]


# --- derivatives of derivatives


def test_derivatives_of_every_order():
    x = leaf(2.0)
    y, derivatives = x**5, []
    for _ in range(6):
        (y,) = grad(y, x, create_graph=True)
        derivatives.append(y.item())
    assert derivatives == [80, 160, 240, 240, 120, 0]


def test_create_graph_in_backward_keeps_the_gradient_in_the_graph():
    x = leaf(3.0)
    (x**3).backward(create_graph=True)
    assert x.grad.tolist() == [27]
    assert x.grad.requires_grad
    (second,) = grad(x.grad, x)
    assert second.tolist() == [18]


def test_backward_inside_no_grad_computes_the_same():
    x = leaf(3.0)
    y = x**3
    with lucid.no_grad():
        (g,) = grad(y, x, create_graph=True)
        assert not lucid.is_grad_enabled()
    assert g.requires_grad
    assert g.tolist() == [27]


def test_an_error_in_a_walk_leaves_the_mode():
    x = leaf(1.0, 2.0)
    y = x * x
    with lucid.no_grad():
        x.add_(1)
    with pytest.raises(lucid.GradError, match="Multiply.backward needs its input 0"):
        y.sum().backward()
    assert lucid.is_grad_enabled()


# --- large graphs


def test_a_graph_of_100000_steps_is_walked_and_freed_in_seconds():
    start = time.process_time()
    x = leaf(1.0)
    y = x
    for _ in range(50_000):
        y = y * 1.0 + 0.0
    y.backward(retain_graph=True)
    assert x.grad.tolist() == [1]
    y.backward()
    del y
    y = x
    for _ in range(100_000):
        y = y + 0.0
    del y  # never walked: freeing it must not recurse either
    gc.collect()
    assert time.process_time() - start < 20


def test_a_deep_graph_can_be_differentiated_twice():
    x = leaf(1.0)
    y = x
    for _ in range(3000):
        y = y * x
    (first,) = grad(y, x, create_graph=True)
    (second,) = grad(first, x)
    assert first.item() == 3001
    assert second.item() == 3001 * 3000


def test_a_step_that_is_reached_by_many_paths_is_walked_once():
    x = leaf(1.0)
    y = x
    for _ in range(60):
        y = y + y
    start = time.process_time()
    y.backward()
    assert x.grad.tolist() == [2.0**60]
    assert time.process_time() - start < 1


def test_threads_walk_graphs_over_the_same_leaves():
    x, results = leaf(1.0, 2.0), []

    def run():
        for _ in range(20):
            results.append(grad((x * x).sum(), x)[0].tolist())

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[2, 4]] * 80


def test_a_gradient_that_is_the_given_one_depends_on_it():
    x = lucid.ones(2, requires_grad=True)
    g = lucid.tensor([3.0, 4.0], requires_grad=True)
    (first,) = lucid.autograd.grad(x + 1, x, g, create_graph=True)
    assert not np.shares_memory(first.array, g.array)
    (second,) = lucid.autograd.grad((first * first).sum(), g)
    assert second.tolist() == [6, 8]
    assert g.tolist() == [3, 4]


def test_code_of_pytorch_may_say_only_inputs():
    x = lucid.tensor(3.0, requires_grad=True)
    (slope,) = lucid.autograd.grad(outputs=x * x, inputs=x, only_inputs=True)
    assert slope.item() == 6
    with pytest.raises(ValueError, match="only_inputs=False is not there; backward fills"):
        lucid.autograd.grad(x * x, x, only_inputs=False)
