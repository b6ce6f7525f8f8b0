"""Wrong backwards are found and named; right ones pass."""

import numpy as np
import pytest

import lucid
import lucid.nn.functional as F
from lucid.autograd import Function, gradcheck, gradgradcheck


class Cube(Function):
    """A step whose derivative has a wrong factor."""

    factor = 3

    def forward(self, x):
        return x**3

    def backward(self, grad_y):
        (x,) = self.inputs
        return grad_y * self.factor * x * x


class Wrong(Cube):
    factor = 2


class Detached(Cube):
    """A right first derivative that cannot be differentiated."""

    def backward(self, grad_y):
        (x,) = self.inputs
        return grad_y * 3 * x.detach() * x.detach()


@pytest.fixture
def x():
    return lucid.tensor([1.0, 2.0, -3.0], dtype=lucid.float64, requires_grad=True)


def leaf(*shape):
    array = np.random.default_rng(sum(shape)).standard_normal(shape)
    return lucid.tensor(array, requires_grad=True)


def test_a_right_step_passes_both(x):
    assert gradcheck(lambda x: Cube()(x), x)
    assert gradgradcheck(lambda x: Cube()(x), x)


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_a_convolution_passes_both(ndim):
    inputs = leaf(2, 2, *[4] * ndim), leaf(2, 1, *[2] * ndim), leaf(2)
    conv = getattr(F, f"conv{ndim}d")
    assert gradcheck(lambda *a: conv(*a, stride=2, padding=1, groups=2), inputs)
    if ndim == 1:
        assert gradgradcheck(lambda *a: conv(*a, stride=2, padding=1, groups=2), inputs)


def test_the_message_names_operation_input_index_and_values(x):
    text = (
        r"gradcheck: the backward of Wrong does not fit its forward: output 0 at \(2,\), input 1 "
        r"at \(2,\): backward gives 18, differences give 28 \(off by 10, allowed 0.02801\)"
    )
    with pytest.raises(lucid.GradError, match=text):
        gradcheck(lambda a, x: Wrong()(x) + a, (x.detach(), x))


def test_of_several_steps_the_one_at_fault_is_named(x):
    def network(x):
        return (Cube()(x * 2) + Wrong()(x)).sum()

    with pytest.raises(lucid.GradError, match="the backward of Wrong in network does not fit"):
        gradcheck(network, x)


def test_a_wrong_second_derivative_is_found(x):
    assert gradcheck(lambda x: Detached()(x), x)
    with pytest.raises(lucid.GradError, match="in the gradient of <lambda>|which is cut off"):
        gradgradcheck(lambda x: Detached()(x), x)


def test_a_missing_gradient_counts_as_zero(x):
    with pytest.raises(lucid.GradError, match="which is cut off from its inputs.*backward gives 0"):
        gradcheck(lambda x: x.detach() * 2, x)


def test_false_instead_of_an_error(x):
    assert gradcheck(lambda x: Wrong()(x), x, raise_exception=False) is False


def test_a_backward_that_changes_what_it_saved_is_found(x):
    class Draws(Cube):
        def backward(self, grad_y):
            return grad_y * lucid.rand(3, dtype=lucid.float64)

    with pytest.raises(lucid.GradError, match="two walks backward .* nondet_tol=0"):
        gradcheck(lambda x: Draws()(x), x)


def test_the_inputs_are_put_back_exactly(x):
    before = x.array.copy()
    gradcheck(lambda x: x.exp(), x)
    assert (x.array == before).all() and x.version == 0


def test_parameters_that_are_no_arguments_are_moved_too():
    layer = lucid.nn.Conv1d(1, 2, 3, dtype=lucid.float64)
    x = leaf(1, 1, 5)
    assert gradcheck(lambda x, *_: layer(x), (x, layer.weight, layer.bias))


def test_several_outputs_and_integers_pass(x):
    index = lucid.tensor([0, 2])
    assert gradcheck(lambda x, i: (x.exp(), x[i], i), (x, index))


def test_an_empty_input_passes():
    assert gradcheck(lambda x: x * 2, lucid.zeros(0, dtype=lucid.float64, requires_grad=True))


def test_no_input_to_check_is_an_error(x):
    with pytest.raises(ValueError, match="no input requires a gradient; say requires_grad=True"):
        gradcheck(lambda x: x, x.detach())


def test_an_output_that_is_no_tensor_is_an_error(x):
    with pytest.raises(TypeError, match="output 0 is a int, not a Tensor"):
        gradcheck(lambda x: 3, x)


def test_float32_is_warned_of():
    with pytest.warns(UserWarning, match="input 0 is float32; differences of 1e-06 need float64"):
        gradcheck(lambda x: x * 2, lucid.ones(1, requires_grad=True), raise_exception=False)
