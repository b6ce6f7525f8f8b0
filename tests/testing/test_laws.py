"""Good layers pass; each kind of bad layer is found and told apart."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F
from lucid.autograd import Function
from lucid.testing import check_adjoint, check_layer
from lucid.tensor import Tensor


def test_a_convolution_and_its_transposed_are_adjoint():
    w = lucid.randn(4, 2, 3, 2, dtype=lucid.float64)
    check_adjoint(
        lambda x: F.conv2d(x, w, stride=2, padding=1),
        lambda y: F.conv_transpose2d(y, w, stride=2, padding=1, output_padding=(0, 1)),
        (2, 2, 5, 5), (2, 4, 3, 3),
    )


def test_what_is_not_adjoint_is_told_with_both_numbers():
    with pytest.raises(AssertionError, match=r"<A x, y> = .*, but <x, A\^T y> = .* differ by"):
        check_adjoint(lambda x: 2 * x, lambda y: 3 * y, (4,), (4,))
    with pytest.raises(AssertionError, match=r"adjoint gives shape \(3,\), needs \(4,\)"):
        check_adjoint(lambda x: x, lambda y: y[:3], (4,), (4,))


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Conv2d(2, 2, 3, padding=1, groups=2), (2, 2, 4, 3)),
        (nn.ConvTranspose1d(2, 1, 3, stride=2), (1, 2, 3)),
        (nn.LazyConv1d(2, 3), (1, 2, 4)),
        (nn.BatchNorm1d(2), (4, 2)),
        (nn.BatchNorm1d(2).eval(), (4, 2)),
        (nn.Sequential(nn.Linear(3, 2), nn.Tanh()), (2, 3)),
        (nn.Dropout().eval(), (2, 3)),
    ],
    ids=repr,
)
def test_layers_of_lucid_pass(layer, shape):
    assert len(check_layer(layer, shape)) == 8
    assert all(parameter.grad is None for parameter in layer.parameters())


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(lucid.full((3,), 1.5))


class BadStep(Function):
    def forward(self, x):
        return x * x

    def backward(self, grad_y):
        return grad_y * self.inputs[0]


class Detached(BadStep):
    def backward(self, grad_y):
        return grad_y * self.inputs[0].detach() * 2


def bad(name):
    """Make a layer that breaks one law."""
    bare = np.full(3, 2.0)

    def writes(self, x):
        x.array[...] = 0
        return x * self.weight

    def outside(self, x):
        return x * Tensor(self.hidden.astype(x.dtype.numpy))

    forwards = {
        "shape": lambda self, x: x.numpy(),
        "repeat": lambda self, x: x * lucid.rand(3, dtype=x.dtype),
        "input": writes,
        "types": lambda self, x: (x * self.weight).double(),
        "state": outside,
        "gradients": lambda self, x: BadStep()(x) * self.weight,
        "second gradients": lambda self, x: Detached()(x) * self.weight,
    }
    layer = type("Bad", (Scale,), {"forward": forwards[name]})()
    layer.hidden = bare
    return layer


MESSAGES = {
    "shape": "forward returned a ndarray, not a Tensor",
    "repeat": "two calls, in eval.. mode.*needs the same bits",
    "input": "forward wrote into its input",
    "types": "a float32 layer with a float32 input gives float64",
    "gradients": "the backward of BadStep.*input 0 is x, input 1 is weight",
    "second gradients": "differences give",
}


@pytest.mark.parametrize("name", MESSAGES)
def test_each_bad_layer_is_found(name):
    with pytest.raises(AssertionError, match=rf"^Bad, {name}: .*{MESSAGES[name]}"):
        check_layer(bad(name), (2, 3))


def test_second_derivatives_may_be_left_out():
    assert "second gradients" not in check_layer(bad("second gradients"), (2, 3), second=False)


def test_the_output_shape_is_compared():
    with pytest.raises(AssertionError, match=r"output has shape \(2, 2\), needs \(2, 4\)"):
        check_layer(nn.Linear(3, 2), (2, 3), output_shape=(2, 4))


def test_a_state_that_is_not_in_the_dict_is_found():
    class Forgets(Scale):
        def forward(self, x):
            return x * (self.weight if self.weight.array.any() else self.weight * 0 + 9)

        def state_dict(self, *args, **kwargs):
            return {}

        def load_state_dict(self, state, *args, **kwargs):
            return None

    with pytest.raises(AssertionError, match="Forgets, state: a copy that loaded the state dict"):
        check_layer(Forgets(), (2, 3))
