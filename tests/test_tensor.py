"""A tensor as a Python object: what it is, what it turns into, and how it is copied."""

import copy
import io
import pickle
import re
import sys

import numpy as np
import pytest

import lucid

TYPES = ["bool", "uint8", "int8", "int32", "int64", "float32", "float64"]


def test_what_it_is():
    x = lucid.zeros(2, 3, 4, dtype=lucid.float64)
    assert (x.shape, x.ndim, x.dim(), x.numel()) == ((2, 3, 4), 3, 3, 24)
    assert type(x.shape) is tuple
    assert (x.size(), x.size(0), x.size(-1)) == ((2, 3, 4), 2, 4)
    assert (x.dtype, x.device.type) == (lucid.float64, "cpu")
    assert (x.element_size(), x.nbytes, x.stride()) == (8, 192, (12, 4, 1))
    assert x[::-1].stride() == (-12, 4, 1)
    assert x.is_contiguous()
    assert x.is_floating_point()
    assert (x.is_leaf, x.grad_fn, x.grad, x.requires_grad) == (True, None, None, False)
    with pytest.raises(lucid.ShapeError, match="size: dim=3 is not an axis of a tensor with 3"):
        x.size(3)


@pytest.mark.parametrize("array", [np.zeros(2, np.int16), np.zeros(2, "c8"), np.zeros(2, object),
                                   np.zeros(2, "U3"), np.zeros(2, "u2")], ids=lambda a: a.dtype)
def test_foreign_types_are_refused(array):
    for call in (lucid.Tensor, lucid.from_numpy):
        with pytest.raises(lucid.DtypeError, match="is not one of lucid's: bool, uint8"):
            call(array)


def test_a_foreign_byte_order_is_refused():
    with pytest.raises(lucid.DtypeError, match="byte order >f8 is not the machine's"):
        lucid.Tensor(np.zeros(2, ">f8"))


# --- as numbers and sequences


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(), (1,), (1, 1)], ids=str)
def test_one_element_is_a_number(dtype, shape):
    x = lucid.ones(shape, dtype=dtype)
    assert type(x.item()) is type(np.ones((), dtype).item())
    assert (x.item(), int(x), float(x), bool(x)) == (1, 1, 1.0, True)
    assert bool(x * 0) is False


@pytest.mark.parametrize("shape", [(2,), (0,), (1, 3)], ids=str)
def test_several_elements_are_no_number(shape):
    x = lucid.ones(shape)
    count = x.numel()
    for convert in (lambda x: x.item(), float, int):
        message = re.escape(f"item: shape {shape} has {count} elements, needs 1")
        with pytest.raises(lucid.ShapeError, match=message):
            convert(x)
    with pytest.raises(lucid.ShapeError, match="is neither true nor false; use .any.. or .all"):
        bool(x)


def test_an_integer_is_an_index_and_nothing_else_is():
    assert [10, 20, 30][lucid.tensor(1)] == 20
    assert list(range(lucid.tensor([3], dtype=lucid.uint8))) == [0, 1, 2]
    for x in (lucid.tensor(1.0), lucid.tensor(True), lucid.tensor([1, 2])):
        with pytest.raises(TypeError, match="only one integer is an index"):
            [10, 20, 30][x]


def test_a_tensor_is_a_sequence_of_its_rows():
    x = lucid.arange(6).reshape(3, 2)
    assert len(x) == 3
    assert [row.tolist() for row in x] == x.tolist() == [[0, 1], [2, 3], [4, 5]]
    a, b, c = x
    assert b.tolist() == [2, 3]
    assert 5 in x
    assert 6 not in x
    assert len(lucid.zeros(0, 3)) == 0
    assert list(lucid.zeros(0, 3)) == []
    row = next(iter(x))
    row.fill_(9)
    assert x[0].tolist() == [9, 9]
    for call in (len, iter, list):
        with pytest.raises(TypeError, match="a tensor without axes"):
            call(lucid.tensor(1.0))


def test_rows_carry_gradients():
    x = lucid.ones(2, 2, requires_grad=True)
    sum(row.sum() * (i + 1) for i, row in enumerate(x)).backward()
    assert x.grad.tolist() == [[1, 1], [2, 2]]


def test_format_writes_one_number_and_repr_the_rest():
    x = lucid.tensor(3.14159)
    assert f"{x:.2f} {x:8.1e}" == "3.14  3.1e+00"
    assert f"{x}" == str(x.item())
    assert f"{lucid.tensor([7]):03d}" == "007"
    assert f"{lucid.tensor([1, 2])}" == repr(lucid.tensor([1, 2])) == str(lucid.tensor([1, 2]))
    with pytest.raises(lucid.ShapeError, match=r"shape \(2,\) has 2 elements"):
        f"{lucid.tensor([1, 2]):.2f}"


# --- as arrays


def test_numpy_shares_in_both_directions():
    x = lucid.zeros(2)
    x.numpy()[0] = 1
    np.asarray(x)[1] = 2
    assert x.tolist() == [1, 2]
    assert np.shares_memory(np.asarray(x), x.array)
    assert np.array(x) is not x.array
    assert np.asarray(x, dtype=np.float64).dtype == np.float64
    assert np.concatenate([x, x]).tolist() == [1, 2, 1, 2]


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="new in NumPy 2")
def test_numpy_is_told_when_it_must_copy():
    x = lucid.zeros(2)
    assert np.shares_memory(np.asarray(x, copy=False), x.array)
    assert not np.shares_memory(np.array(x, copy=True), x.array)
    with pytest.raises(ValueError, match="copy"):
        np.asarray(x, dtype=np.float64, copy=False)


def test_numpys_functions_do_not_take_a_tensor_apart():
    with pytest.raises(TypeError, match="does not support ufuncs"):
        np.add(np.ones(2), lucid.ones(2))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="new in Python 3.12")
def test_a_tensor_is_a_buffer():
    assert memoryview(lucid.ones(2)).tolist() == [1, 1]


def test_what_requires_grad_goes_to_numpy_only_detached():
    x = lucid.ones(2, requires_grad=True)
    for convert in (lambda x: x.numpy(), np.asarray, np.from_dlpack):
        with pytest.raises(lucid.GradError, match=r"use x.detach\(\).numpy\(\)"):
            convert(x)
    assert np.shares_memory(np.asarray(x.detach()), x.array)
    assert x.tolist() == [1, 1]


# --- types and devices


@pytest.mark.parametrize(("method", "dtype"), [
    ("float", "float32"), ("double", "float64"), ("long", "int64"), ("int", "int32"),
    ("byte", "uint8"), ("bool", "bool"), ("half", "float16"),
])
def test_each_type_has_its_method(method, dtype):
    for source in TYPES:
        x = lucid.tensor([0, 1], dtype=source)
        y = getattr(x, method)()
        assert y.dtype.name == dtype
        assert y.tolist() == [0, 1]
        assert (y is x) == (source == dtype)


def test_to_takes_types_devices_and_tensors():
    x = lucid.ones(2)
    for target in (lucid.float32, "float32", np.float32, "cpu", lucid.device("cpu"), x, float):
        assert x.to(target) is x
    assert x.to("cpu", lucid.float64).dtype is x.to(dtype="float64", device="cpu").dtype
    assert x.to(lucid.ones(1, dtype="int64")).dtype is lucid.int64
    assert x.to(copy=True) is not x
    assert x.cpu() is x
    with pytest.raises(lucid.DeviceError, match="device='cuda:0' is not available"):
        x.to("cuda:0")
    with pytest.raises(lucid.DtypeError, match="dtype 'int16' is not one of lucid's"):
        x.to("int16")


# --- the graph


def test_requires_grad_is_for_floating_leaves():
    x = lucid.ones(2)
    assert x.requires_grad_() is x
    assert x.requires_grad
    assert not x.requires_grad_(False).requires_grad
    with pytest.raises(lucid.DtypeError, match="this one is int64; call .float.. first"):
        lucid.arange(2).requires_grad_()
    y = x.requires_grad_() * 2
    assert y.requires_grad_() is y
    with pytest.raises(lucid.GradError, match=r"is for leaves; use x.detach\(\)"):
        y.requires_grad_(False)


def test_detach_and_data_share_memory_but_not_the_graph():
    x = lucid.ones(2, requires_grad=True)
    for y in (x.detach(), x.data):
        assert y.array is x.array
        assert y.is_leaf
        assert not y.requires_grad
    y = (x * x).sum()
    x.detach().mul_(2)
    with pytest.raises(lucid.GradError, match="Multiply.backward needs its input 0"):
        y.backward()


def test_data_can_be_replaced_and_that_is_noticed():
    x = lucid.ones(2, requires_grad=True)
    y = (x * x).sum()
    x.data = lucid.zeros(3)
    assert x.shape == (3,)
    with pytest.raises(lucid.GradError, match="changed in place"):
        y.backward()
    with pytest.raises(lucid.DtypeError, match="int16"):
        x.data = np.zeros(2, np.int16)


def test_a_subclass_gives_plain_tensors():
    class Special(lucid.Tensor):
        pass

    assert type(Special(np.ones(2)) * 2) is lucid.Tensor
    assert type(2 - Special(np.ones(2))[0]) is lucid.Tensor


# --- copies


def leaf():
    x = lucid.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    (x * x).sum().backward()
    x.register_hook(print)
    return x


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_leaf_is_pickled_with_its_gradient(protocol):
    x = leaf()
    y = pickle.loads(pickle.dumps(x, protocol))
    assert y.tolist() == x.tolist()
    assert y.grad.tolist() == x.grad.tolist()
    assert y.requires_grad
    (y * 2).sum().backward()  # and its hooks stay behind
    assert y.grad.tolist() == [[4, 6], [8, 10]]


@pytest.mark.parametrize("dtype", TYPES)
def test_every_type_and_layout_survives_a_copy(dtype):
    x = lucid.ones(2, 3, dtype=dtype)
    for source in (x, x.T, x[::-1, ::2], x[0, 0], x[:0], x[:1].expand(4, 3)):
        for y in (copy.deepcopy(source), pickle.loads(pickle.dumps(source))):
            assert y.dtype is source.dtype
            assert np.array_equal(y.array, source.array)
            assert not np.shares_memory(y.array, source.array)


def test_a_deep_copy_shares_nothing_and_keeps_what_is_shared_inside():
    x = leaf()
    y, view = copy.deepcopy([x, x.detach()])
    assert y.array is view.array
    view.fill_(0)
    assert y.version == view.version
    assert x.tolist() == [[1, 2], [3, 4]]
    x.grad.zero_()
    assert y.grad.tolist() == [[2, 4], [6, 8]]


def test_a_shallow_copy_shares_memory_and_version():
    x = leaf()
    y = copy.copy(x)
    assert y.array is x.array
    y.detach().zero_()
    assert x.version == 1


def test_a_result_cannot_be_copied_deeply():
    y = lucid.ones(2, requires_grad=True) * 2
    for call in (copy.deepcopy, lambda y: pickle.dump(y, io.BytesIO())):
        with pytest.raises(lucid.GradError, match=r"only a leaf can be copied.*use x.detach\(\)"):
            call(y)


# --- documentation


PUBLIC = [
    name for name in dir(lucid.Tensor)
    if not name.startswith("_") and callable(getattr(lucid.Tensor, name))
]
OF_ONE_LINE = {
    "bool", "bump", "byte", "cpu", "dim", "double", "element_size", "float", "half", "int",
    "is_contiguous", "is_floating_point", "long", "numel", "wrap",
}


@pytest.mark.parametrize("name", sorted(set(PUBLIC) - OF_ONE_LINE))
def test_every_method_has_a_page_with_an_example(name):
    text = getattr(lucid.Tensor, name).__doc__
    assert text, name
    assert "Examples\n" in text, name


def test_requires_grad_can_be_set_with_the_same_checks():
    x = lucid.zeros(2)
    x.requires_grad = True
    assert (x * 2).requires_grad
    x.requires_grad = False
    assert not (x * 2).requires_grad
    with pytest.raises(lucid.DtypeError, match="only floating-point tensors can require gradients"):
        lucid.tensor([1, 2]).requires_grad = True
    y = x.requires_grad_() * 2
    with pytest.raises(lucid.GradError, match="is for leaves; use x.detach"):
        y.requires_grad = False


def test_type_tells_or_converts():
    x = lucid.ones(2)
    assert x.type() == "lucid.float32"
    assert x.type("float32") is x
    assert x.type(lucid.int8).tolist() == [1, 1]
    assert x.half().type() == "lucid.float16"
    assert lucid.is_tensor(x)
    assert not lucid.is_tensor(x.array)


def test_plus_x_is_x():
    x = lucid.ones(2, requires_grad=True)
    assert +x is x


def test_sizes_instead_of_an_array_are_refused():
    with pytest.raises(TypeError, match="requires_grad=3 is neither .* call lucid.empty"):
        lucid.Tensor(2, 3)
