"""Parameters, buffers and placeholders."""

import copy
import pickle

import numpy as np
import pytest

import lucid
import lucid.nn as nn


def test_a_parameter_requires_grad_and_shares_memory():
    data = lucid.zeros(2)
    parameter = nn.Parameter(data)
    assert parameter.requires_grad and parameter.is_leaf and isinstance(parameter, lucid.Tensor)
    parameter.array[0] = 5
    assert data.tolist() == [5, 0]
    assert not nn.Parameter(data, requires_grad=False).requires_grad


def test_computing_with_a_parameter_gives_a_plain_tensor():
    y = nn.Parameter(lucid.ones(2)) * 2
    assert type(y) is lucid.Tensor and y.requires_grad


def test_a_parameter_says_so_when_printed():
    assert repr(nn.Parameter(lucid.ones(1))) == (
        "Parameter containing:\ntensor([1.], requires_grad=True)"
    )


@pytest.mark.parametrize("make", [nn.Parameter, nn.Buffer])
def test_only_tensors_become_parameters_or_buffers(make):
    with pytest.raises(TypeError, match=f"{make.__name__} needs a Tensor, got a ndarray; wrap it"):
        make(np.zeros(2))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@pytest.mark.parametrize(
    "x",
    [
        nn.Parameter(lucid.ones(2), requires_grad=False),
        nn.Buffer(lucid.ones(2), persistent=False),
    ],
    ids=["parameter", "buffer"],
)
def test_a_copy_has_the_class_the_values_and_its_own_memory(x, duplicate):
    y = duplicate(x)
    assert type(y) is type(x) and y.tolist() == [1, 1] and y.requires_grad == x.requires_grad
    assert getattr(y, "persistent", None) == getattr(x, "persistent", None)
    y.array[0] = 7
    assert x.tolist() == [1, 1]


USES = {
    "numel": lambda x: x.numel(),
    "shape": lambda x: x.shape,
    "size": lambda x: x.size(),
    "array": lambda x: x.array,
    "sum": lambda x: x + 1,
    "product": lambda x: lucid.ones(2) * x,
    "clone": lambda x: x.clone(),
    "tolist": lambda x: x.tolist(),
    "fill": lambda x: nn.init.zeros_(x),
}


@pytest.mark.parametrize("make", [nn.UninitializedParameter, nn.UninitializedBuffer])
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_using_a_placeholder_says_what_to_do(use, make):
    message = f"this {make.__name__} has no shape.*run one forward or load a state dict"
    with pytest.raises(lucid.LazyError, match=message), lucid.no_grad():
        use(make())
    assert issubclass(lucid.LazyError, RuntimeError)


def test_a_placeholder_becomes_a_parameter_and_stays_the_same_object():
    placeholder = nn.UninitializedParameter()
    holder = [placeholder]
    placeholder.materialize((2, 3), np.arange(6).reshape(2, 3))
    assert type(holder[0]) is nn.Parameter and holder[0] is placeholder
    assert placeholder.dtype is lucid.float32 and placeholder.requires_grad
    assert placeholder.tolist() == [[0, 1, 2], [3, 4, 5]]
    (placeholder * placeholder).sum().backward()
    assert placeholder.grad.tolist() == [[0, 2, 4], [6, 8, 10]]


def test_a_placeholder_of_a_buffer_becomes_a_buffer():
    placeholder = nn.UninitializedBuffer(dtype=lucid.int64, persistent=False)
    placeholder.materialize((2,))
    assert type(placeholder) is nn.Buffer and placeholder.tolist() == [0, 0]
    assert placeholder.dtype is lucid.int64 and not placeholder.persistent


def test_materializing_with_an_array_of_another_shape_is_refused():
    placeholder = nn.UninitializedParameter()
    with pytest.raises(lucid.ShapeError, match=r"shape \(2, 3\), but array \(3, 2\)"):
        placeholder.materialize((2, 3), np.zeros((3, 2)))
    assert type(placeholder) is nn.UninitializedParameter


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_placeholder_can_be_copied_and_remembers(duplicate):
    original = nn.UninitializedParameter(requires_grad=False, dtype=lucid.float64)
    placeholder = duplicate(original)
    assert type(placeholder) is nn.UninitializedParameter
    placeholder.materialize((1,))
    assert placeholder.dtype is lucid.float64 and not placeholder.requires_grad
    assert type(original) is nn.UninitializedParameter


def test_a_placeholder_can_be_frozen_and_cannot_be_an_integer_that_requires_grad():
    assert not nn.UninitializedParameter().requires_grad_(False).requires_grad
    with pytest.raises(lucid.DtypeError, match="require gradients, this one is int64"):
        nn.UninitializedParameter(dtype=lucid.int64)
    with pytest.raises(lucid.DeviceError, match="'cuda' is not available"):
        nn.UninitializedParameter(device="cuda")
    assert repr(nn.UninitializedParameter()) == "<UninitializedParameter>"
