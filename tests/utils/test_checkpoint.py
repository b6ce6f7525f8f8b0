"""A checkpoint changes the memory and the time, and nothing else."""

import tracemalloc

import numpy as np
import pytest

import lucid
from lucid.autograd import grad
from lucid.geometry import conv_geometry
from lucid.ops.conv import Conv
from lucid.utils.checkpoint import checkpoint


def leaf(*shape):
    return lucid.rand(shape, dtype=lucid.float64, requires_grad=True)


def plain(function, *args, **kwargs):
    return function(*args, **kwargs)


def same(results, others):
    for result, other in zip(results, others, strict=True):
        assert np.array_equal(result.array, other.array)


def test_gradients_of_every_order_are_those_of_an_ordinary_call():
    x, w = leaf(4, 3), leaf(3, 3)

    def block(x):  # w is used without being given
        h = (x @ w).tanh()
        h = h[:, ::2].exp().sum(1, keepdim=True) * h
        return h, h.sigmoid() / (x * x + 1)

    def derivatives(call):
        a, b = call(block, x)
        first = grad((a * b).sum(), [x, w], create_graph=True)
        second = grad(sum([(g * g).sum() for g in first]), [x, w], create_graph=True)
        third = grad((second[0] * second[1].sum()).sum(), [x, w])
        return a, b, *first, *second, *third

    same(derivatives(checkpoint), derivatives(plain))


def test_backward_fills_the_same_grads_and_hooks_see_the_same():
    def run(call):
        x, w = lucid.ones(3, requires_grad=True), lucid.full((3,), 2.0, requires_grad=True)
        seen = []
        h = x * 2
        h.register_hook(lambda g: seen.append(g.tolist()))
        y = call(lambda h, scale: (h * w * scale).relu(), h, scale=lucid.tensor(3.0))
        y.retain_grad()
        (y * y).sum().backward()
        return x.grad.tolist(), w.grad.tolist(), y.grad.tolist(), seen

    assert run(checkpoint) == run(plain)


def test_the_function_runs_once_forward_and_once_backward():
    runs = []

    def block(x):
        runs.append(lucid.is_grad_enabled())
        return (x * x).exp()

    x = leaf(3)
    y = checkpoint(block, x)
    assert runs == [True]
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    assert runs == [True, True]
    with pytest.raises(lucid.GradError, match="walked backward already"):
        y.sum().backward()
    assert runs == [True, True]


def test_under_no_grad_it_is_an_ordinary_call():
    x = leaf(3)
    with lucid.no_grad():
        y = checkpoint(lambda x: x * x, x)
    assert y.is_leaf


def test_only_the_parameters_may_require_grad():
    w = leaf(3)
    x = lucid.ones(3, dtype=lucid.float64)
    y = checkpoint(lambda x: ((x * w).exp() * w).sum(), x)
    y.backward()
    expected = grad(((x * w).exp() * w).sum(), w)
    same([w.grad], expected)


def test_random_numbers_are_the_same_and_the_stream_goes_on():
    def block(x):
        return x * x * lucid.rand_like(x)

    x = lucid.ones(5, requires_grad=True)
    lucid.manual_seed(3)
    expected = (x.detach() * lucid.rand(5)).tolist()
    after = lucid.rand(2).tolist()
    lucid.manual_seed(3)
    y = checkpoint(block, x)
    state = lucid.get_rng_state()
    y.sum().backward()
    assert x.grad.tolist() == [2 * value for value in expected]
    assert lucid.get_rng_state() == state
    assert lucid.rand(2).tolist() == after


def test_without_the_state_the_random_numbers_are_new():
    drawn = []

    def block(x):
        drawn.append(lucid.rand(3).tolist())
        return x * x

    x = leaf(3)
    checkpoint(block, x, preserve_rng_state=False).sum().backward()
    assert drawn[0] != drawn[1]


def test_checkpoints_in_checkpoints_and_in_a_row():
    x, w = leaf(3, 3), leaf(3, 3)

    def inner(h):
        return (h @ w).tanh() * h

    def network(call, x):
        def outer(h):
            h = call(inner, h) + h
            h = call(lambda h: call(inner, h.sigmoid()), h)
            return h * w

        for _ in range(3):
            x = call(outer, x)
        return x

    def derivatives(call):
        (first,) = grad(network(call, x).sum(), x, create_graph=True)
        return first, *grad((first * first).sum(), [x, w])

    same(derivatives(checkpoint), derivatives(plain))


def test_a_second_run_that_does_something_else_is_told_what():
    x = leaf(3)

    def message(first, second):
        functions = [first, second]
        y = checkpoint(lambda x: functions.pop(0)(x), x)
        with pytest.raises(lucid.GradError) as caught:
            y.sum().backward()
        assert "the function did something else the second time" in str(caught.value)
        return str(caught.value)

    def short(x):
        return (x * x).exp()

    assert "step 1 was Exponential of (3,), now it is Tanh of (3,)" in message(
        short, lambda x: (x * x).tanh()
    )
    assert "step 1 was Exponential of (3,), now it is the end" in message(short, lambda x: x * x)
    assert "step 2 was the end, now it is Exponential of (3,)" in message(
        short, lambda x: (x * x).exp().exp()
    )
    assert "step 0 was Multiply of (3,), (3,), now it is Multiply of (3,), ()" in message(
        short, lambda x: (x * 2).exp()
    )


def test_an_argument_or_a_parameter_that_changed_is_noticed():
    x, w = leaf(3), leaf(3)
    for changed, message in ((x, r"checkpoint: an argument of shape \(3,\) was changed in place"),
                             (w, "Multiply.backward needs its input 1")):
        y = checkpoint(lambda x: (x * w).exp() * w, x)
        with lucid.no_grad():
            changed.add_(1)
        with pytest.raises(lucid.GradError, match=message):
            y.sum().backward()


def test_use_reentrant_is_refused_and_backward_inside_too():
    x = leaf(3)
    with pytest.raises(ValueError, match="use_reentrant=True is not supported"):
        checkpoint(lambda x: x, x, use_reentrant=True)
    same([checkpoint(lambda x: x * 2, x, use_reentrant=False)], [x * 2])

    def greedy(x):
        y = (x * x).sum()
        return grad(y, x, create_graph=True)[0]

    with pytest.raises(lucid.GradError, match="calls backward on its own steps before it is done"):
        checkpoint(greedy, x)
    assert lucid.autograd.mode.state.recorder is None


def test_an_error_in_the_function_ends_the_region():
    with pytest.raises(ZeroDivisionError):
        checkpoint(lambda x: x / (1 // 0), leaf(3))
    assert lucid.autograd.mode.state.recorder is None


def peak(call, blocks, steps):
    """Train once through blocks of steps; give the peak of the memory, in arrays as large as x."""
    x = lucid.rand(1, 4, 2000, requires_grad=True)
    w = lucid.rand(4, 4, 3, requires_grad=True)
    geometry = conv_geometry(x.shape, w.shape, padding=(1,))

    def block(x):
        for _ in range(steps):
            x = (Conv(geometry)(x, w) * 0.1).relu()
        return x

    tracemalloc.start()
    y = x
    for _ in range(blocks):
        y = call(block, y)
    y.sum().backward()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / x.nbytes, x.grad, w.grad


def test_the_memory_falls_to_the_root_of_the_depth():
    lucid.manual_seed(0)
    ordinary, *expected = peak(plain, 8, 8)
    lucid.manual_seed(0)
    little, *got = peak(checkpoint, 8, 8)
    same(got, expected)
    assert ordinary > 64
    assert little < ordinary / 2.5


def test_nested_checkpoints_hold_less_still():
    def halves(call, depth):
        if depth == 0:
            return lambda x: (x * 1.01).relu()
        half = halves(call, depth - 1)
        return lambda x: call(half, call(half, x))

    def peak_of(call):
        x = lucid.rand(20000, requires_grad=True)
        tracemalloc.start()
        halves(call, 6)(x).sum().backward()
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most / x.nbytes

    assert peak_of(plain) > 64
    assert peak_of(checkpoint) < 32
