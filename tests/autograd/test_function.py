"""One step: what it keeps, what it refuses, and what it frees."""

import gc
import weakref

import numpy as np
import pytest

import lucid
from lucid.autograd import Function


class Cube(Function):
    def forward(self, x):
        return x**3

    def backward(self, grad_y):
        (x,) = self.inputs
        return grad_y * 3 * x * x


class Exp(Function):
    keeps_inputs = False
    keeps_output = True

    def forward(self, x):
        return np.exp(x)

    def backward(self, grad_y):
        return grad_y * self.output


def returning(result, **attributes):
    """Make a step y = 2 x + 0 z whose backward returns what it is told."""

    class Wrong(Function):
        def forward(self, x, z):
            return 2 * x

        def backward(self, grad_y):
            return result(self, grad_y)

    for name, value in attributes.items():
        setattr(Wrong, name, value)
    return Wrong()


def leaf(*values):
    return lucid.tensor(list(values), dtype=lucid.float64, requires_grad=True)


def test_a_step_and_its_derivatives():
    x = leaf(1.0, 2.0)
    (first,) = lucid.autograd.grad(Cube()(x).sum(), x, create_graph=True)
    (second,) = lucid.autograd.grad(first.sum(), x)
    assert first.tolist() == [3, 12]
    assert second.tolist() == [6, 12]


def test_what_needs_no_gradient_is_not_recorded():
    x = leaf(1.0)
    assert Cube()(x.detach()).is_leaf
    with lucid.no_grad():
        assert Cube()(x).is_leaf
    y = Cube()(x)
    assert isinstance(y.node, Cube)
    assert y.grad_fn is y.node


def test_an_instance_is_used_once():
    x, step = leaf(1.0), Cube()
    step(x)
    message = r"this Cube was used already.*make a new one, Cube\(...\)\(x\)"
    for again in (x, x.detach()):  # what forward keeps on self would be overwritten
        with pytest.raises(lucid.GradError, match=message):
            step(again)


def test_what_is_no_tensor_is_refused_by_name():
    with pytest.raises(TypeError, match=r"Cube needs tensors, not \(Tensor, float\)"):
        Cube()(leaf(1.0), 2.0)
    with pytest.raises(TypeError, match="Cube needs at least one tensor"):
        Cube()()


def test_a_step_without_forward_or_backward_says_so():
    with pytest.raises(NotImplementedError, match="Function has no forward"):
        Function()(leaf(1.0))

    class Half(Function):
        def forward(self, x):
            return x / 2

    with pytest.raises(NotImplementedError, match="Half has no backward"):
        Half()(leaf(1.0)).backward()


def test_forward_gives_one_array():
    class Two(Function):
        def forward(self, x):
            return x, x

    with pytest.raises(TypeError, match="a step computes one array, not a tuple"):
        Two()(leaf(1.0))


def test_a_result_that_is_not_floating_point_has_no_gradient():
    class Sign(Function):
        def forward(self, x):
            return np.sign(x).astype(np.int64)

    y = Sign()(leaf(-2.0, 3.0))
    assert y.tolist() == [-1, 1]
    assert not y.requires_grad
    assert not leaf(1.5).long().requires_grad


@pytest.mark.parametrize(
    ("result", "kind", "message"),
    [
        (lambda step, g: g, lucid.GradError, "Wrong.backward returned 1 gradients for 2 inputs"),
        (lambda step, g: (g, g, g), lucid.GradError, "returned 3 gradients for 2 inputs"),
        (lambda step, g: (g.sum(), None), lucid.ShapeError,
         r"Wrong.backward: gradient 0 has shape \(\), but input 0 has \(2,\)"),
        (lambda step, g: (g, g[:1]), lucid.ShapeError,
         r"gradient 1 has shape \(1,\), but input 1 has \(2,\)"),
        (lambda step, g: (g.float(), None), lucid.DtypeError,
         r"gradient 0 is float32, but input 0 is float64; convert one with .to\(\)"),
        (lambda step, g: (g.numpy(), None), TypeError, "gradient 0 must be a Tensor, not ndarray"),
        (lambda step, g: (step.output, None), lucid.GradError,
         "Wrong.backward reads output: say keeps_output = True in the class"),
    ],
)
def test_a_wrong_backward_is_told_what_is_wrong(result, kind, message):
    x, z = leaf(1.0, 2.0), leaf(3.0, 4.0)
    with pytest.raises(kind, match=message):
        returning(result)(x, z).sum().backward()
    assert x.grad is None
    assert z.grad is None


def test_reading_inputs_that_were_not_kept_says_so():
    step = returning(lambda step, g: (step.inputs[0], None), keeps_inputs=False)
    with pytest.raises(lucid.GradError, match="reads inputs: say keeps_inputs = True"):
        step(leaf(1.0), leaf(2.0)).backward()


def test_backward_may_return_a_list_and_none():
    x, z = leaf(1.0, 2.0), leaf(3.0, 4.0)
    returning(lambda step, g: [g * 2, None])(x, z).sum().backward()
    assert x.grad.tolist() == [2, 2]
    assert z.grad is None


def test_backward_is_told_what_is_needed():
    seen = []

    def look(step, g):
        seen.append((step.needs, step.input_shapes))
        return g * 2, None

    x = leaf(1.0, 2.0)
    returning(look)(x, leaf(1.0, 2.0).detach()).sum().backward()
    assert seen == [((True, False), ((2,), (2,)))]


@pytest.mark.parametrize("change", [
    lambda x: x.fill_(9), lambda x: x[:1].zero_(), lambda x: x.__setitem__(0, 5),
    lambda x: x.detach().mul_(2), lambda x: x.reshape(2, 1).T.add_(1),
], ids=["itself", "a view", "an element", "detached", "a view of a view"])
def test_a_change_in_place_of_a_saved_tensor_is_caught(change):
    x = leaf(1.0, 2.0)
    middle = x * 1
    for step, what in ((Cube, "its input 0"), (Exp, "its output")):
        y = step()(middle)
        with lucid.no_grad():
            change(middle if step is Cube else y)
        message = (
            rf"{step.__name__}.backward needs {what}, of shape \(2,\), as it was at version \d+, "
            rf"but it was changed in place and is at version \d+"
        )
        with pytest.raises(lucid.GradError, match=message):
            y.sum().backward(retain_graph=True)


def test_a_change_before_the_step_or_of_a_copy_does_no_harm():
    x = leaf(1.0, 2.0)
    with lucid.no_grad():
        x.fill_(2)
    y = Cube()(x)
    with lucid.no_grad():
        x.clone().fill_(9)
    y.sum().backward()
    assert x.grad.tolist() == [12, 12]


def test_saved_tensors_are_freed_by_backward():
    for step in (Cube, Exp):
        x = leaf(1.0, 2.0)
        y = step()(x * 1)
        saved = weakref.ref(y.node.inputs[0] if step is Cube else y.node._output)
        y.sum().backward()
        assert saved() is None
        with pytest.raises(lucid.GradError, match="walked backward already.*retain_graph=True"):
            y.sum().backward()


def test_a_step_that_keeps_only_its_output_lets_go_of_its_input():
    x = leaf(1.0, 2.0)
    middle = x * 1
    y = Exp()(middle)
    gone = weakref.ref(middle)
    del middle
    assert gone() is None
    y.sum().backward()
    assert x.grad.tolist() == np.exp([1.0, 2.0]).tolist()


def test_a_graph_is_freed_without_the_garbage_collector():
    gc.disable()
    try:
        x = leaf(1.0, 2.0)
        y = Exp()(Cube()(x))
        gone = [weakref.ref(y), weakref.ref(y.node)]
        del y
        assert [each() for each in gone] == [None, None]
    finally:
        gc.enable()


def test_a_returned_tensor_that_the_step_keeps_does_not_become_the_gradient_itself():
    x = leaf(1.0, 2.0)
    z = leaf(3.0, 4.0)
    constant = lucid.tensor([5.0, 6.0], dtype=lucid.float64)
    step = returning(lambda step, g: (step.inputs[0], step.constant))
    step.constant = constant
    step(x, z).sum().backward()
    x.grad.fill_(0)
    z.grad.fill_(0)
    assert x.tolist() == [1, 2]
    assert constant.tolist() == [5, 6]


def test_a_product_keeps_only_the_factor_that_is_read():
    x, c = lucid.ones(3, requires_grad=True), lucid.tensor([1.0, 2.0, 3.0])
    for y, kept in ((x * c, [c]), (c * x, [c]), (x * x, [x, x]), (x / c, [c]), (c / x, [c, x])):
        assert [id(each) for each in y.node.saved()] == [id(each) for each in kept]
    y = (x * 2.0).sum()
    with lucid.no_grad():
        x.fill_(7)  # nobody reads it
    y.backward()
    assert x.grad.tolist() == [2, 2, 2]
    a, b = lucid.ones(2, 3, requires_grad=True), lucid.ones(3, 4)
    assert [id(each) for each in (a @ b).node.saved()] == [id(b)]
    (g,) = lucid.autograd.grad((a @ b).sum(), a)
    assert g.tolist() == [[4] * 3] * 2


@pytest.mark.parametrize("name", ["forward", "backward"])
def test_static_methods_as_in_pytorch_are_refused_with_what_to_write(name):
    with pytest.raises(TypeError, match=rf"Cube.{name} is a static method.*call Cube\(\)\(x\)"):
        type("Cube", (lucid.autograd.Function,), {name: staticmethod(lambda ctx, x: x)})


def test_a_forward_without_a_return_is_told_so():
    step = type("Cube", (lucid.autograd.Function,), {"forward": lambda self, x: None})
    for x in (lucid.ones(2), lucid.ones(2, requires_grad=True)):
        with pytest.raises(TypeError, match="its forward returned None: return it"):
            step()(x)
