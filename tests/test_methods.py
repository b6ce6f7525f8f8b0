"""Every step that takes a tensor first is a method too, the same object."""

import inspect

import lucid
from lucid.methods import Methods

# what makes tensors, takes several of them, or asks for no tensor first
FUNCTIONS = {
    "where", "cat", "stack", "meshgrid", "einsum", "tensordot", "is_tensor",
}


def test_methods_are_the_functions():
    for name, method in vars(Methods).items():
        function = getattr(lucid, name, method)
        if inspect.isfunction(method) and inspect.isfunction(function):
            assert method is function or name == "where", name


def test_functions_of_ops_are_methods():
    for name in lucid.__all__:
        function = getattr(lucid, name)
        if inspect.isfunction(function) and function.__module__.startswith("lucid.ops."):
            assert name in FUNCTIONS or getattr(lucid.Tensor, name, None) is function, name


def test_where_takes_the_condition_second():
    x = lucid.tensor([-1.0, 2.0])
    assert x.where(x > 0, 7).tolist() == [7, 2]
