"""Types: how they are named, and which one a pair gives."""

import copy
import itertools
import pickle
import re

import numpy as np
import pytest

import lucid
from lucid import dtypes

LETTERS = dict(zip(
    "builfd",
    (lucid.bool, lucid.uint8, lucid.int32, lucid.int64, lucid.float32, lucid.float64),
    strict=True,
))
NUMBERS = (True, 3, 2.5)

# what PyTorch 2 answers: a row for each type on the left, a column for each on the right
TENSORS = "builfd uuilfd iiilfd llllfd fffffd dddddd".split()
WITH_AXES_AND_WITHOUT = "builfd uuuufd iiiifd llllfd ffffff dddddd".split()
WITH_NUMBER = "blf uuf iif llf fff ddd".split()


@pytest.fixture
def default():
    yield
    lucid.set_default_dtype(lucid.float32)


def make(dtype, shape):
    return lucid.ones(shape, dtype=dtype)


def cells(table, columns):
    return [
        pytest.param(left, right, LETTERS[letter], id=f"{left}-{right}")
        for row, left in zip(table, LETTERS.values(), strict=True)
        for letter, right in zip(row, columns, strict=True)
    ]


@pytest.mark.parametrize(("left", "right", "result"), cells(TENSORS, LETTERS.values()))
def test_two_tensors_of_the_same_kind_give_the_larger_type(left, right, result):
    assert lucid.promote_types(left, right) is result
    for shape in ((2,), ()):
        assert (make(left, shape) * make(right, shape)).dtype is result
        assert (make(right, shape) + make(left, shape)).dtype is result


@pytest.mark.parametrize(
    ("left", "right", "result"), cells(WITH_AXES_AND_WITHOUT, LETTERS.values())
)
def test_a_tensor_without_axes_counts_only_by_its_category(left, right, result):
    assert (make(left, (2,)) * make(right, ())).dtype is result
    assert (make(right, ()) * make(left, (2,))).dtype is result


@pytest.mark.parametrize(("left", "number", "result"), cells(WITH_NUMBER, NUMBERS))
def test_a_python_number_counts_only_by_its_category(left, number, result):
    for shape in ((2,), ()):
        assert (make(left, shape) * number).dtype is result
        assert (number * make(left, shape)).dtype is result
    scalar = np.asarray(number)[()]
    assert (make(left, (2,)) * scalar).dtype is result
    assert (scalar * make(left, (2,))).dtype is result


def test_the_tables_are_those_of_pytorch(torch):
    if torch is None:
        pytest.skip("needs torch")
    kinds = [getattr(torch, each.name) for each in LETTERS.values()]
    letter = dict(zip(kinds, LETTERS, strict=True))

    def table(rights, shape, other_shape=None):
        ones = [torch.ones(shape, dtype=kind) for kind in kinds]
        if other_shape is not None:
            rights = [torch.ones(other_shape, dtype=kind) for kind in kinds]
        return ["".join(letter[(x * right).dtype] for right in rights) for x in ones]

    assert table(None, (2,), (2,)) == table(None, (), ()) == TENSORS
    assert table(None, (2,), ()) == WITH_AXES_AND_WITHOUT
    assert table(NUMBERS, (2,)) == table(NUMBERS, ()) == WITH_NUMBER


@pytest.mark.parametrize("scalar", [np.int8(3), np.uint16(3), np.float16(3)], ids=repr)
def test_a_numpy_number_of_a_foreign_type_is_a_number(scalar):
    assert (lucid.ones(2) * scalar).tolist() == [3.0, 3.0]


@pytest.mark.parametrize("default_type", [lucid.float32, lucid.float64])
def test_a_float_brings_integers_to_the_default_type(default_type, default):
    lucid.set_default_dtype(default_type)
    assert (lucid.arange(3) * 2.5).dtype is default_type
    assert (lucid.arange(3) / 2).dtype is default_type
    assert lucid.tensor([0.5]).dtype is default_type
    assert lucid.zeros(2).dtype is default_type
    assert dtypes.as_dtype(None) is dtypes.as_dtype(float) is default_type
    assert (lucid.ones(2, dtype=lucid.float32) * 2.5).dtype is lucid.float32


@pytest.mark.parametrize("dtype", LETTERS.values(), ids=repr)
def test_a_type_goes_by_many_names_and_is_one_object(dtype):
    array_type = dtype.numpy
    names = [dtype, dtype.name, array_type, array_type.type, array_type.newbyteorder(">")]
    assert all(dtypes.as_dtype(name) is dtype for name in names)
    assert pickle.loads(pickle.dumps(dtype)) is dtype
    assert copy.deepcopy(dtype) is dtype
    assert repr(dtype) == f"lucid.{dtype.name}"
    assert dtype.itemsize == array_type.itemsize


def test_pythons_types_name_one_too():
    assert [dtypes.as_dtype(each) for each in (bool, int, float)] == [
        lucid.bool, lucid.int64, lucid.float32,
    ]


@pytest.mark.parametrize("value", ["bfloat16", "complex64", np.int16, object, "O", 3, [1], "no"])
def test_other_types_are_refused_with_the_list_of_lucids(value):
    message = re.escape(
        f"dtype {value!r} is not one of lucid's: bool, uint8, int8, int32, int64, float16, "
        f"float32, float64; convert to one of these"
    )
    with pytest.raises(lucid.DtypeError, match=message):
        dtypes.as_dtype(value)


def test_the_default_is_floating_point(default):
    with pytest.raises(lucid.DtypeError, match="must be float32 or float64, not int64"):
        lucid.set_default_dtype(lucid.int64)
    assert lucid.get_default_dtype() is lucid.float32


def test_promotion_is_symmetric_and_associative():
    for a, b, c in itertools.product(LETTERS.values(), repeat=3):
        assert lucid.promote_types(a, b) is lucid.promote_types(b, a)
        left = lucid.promote_types(lucid.promote_types(a, b), c)
        assert left is lucid.promote_types(a, lucid.promote_types(b, c))


@pytest.mark.parametrize("other", ["bool", "uint8", "int32", "int64", "float32", "float64"])
def test_small_integers_promote_as_in_pytorch(other, torch):
    result = lucid.promote_types("int8", other)
    assert lucid.promote_types(other, "int8") is result
    assert (lucid.ones(2, dtype="int8") * lucid.ones(2, dtype=other)).dtype is result
    if other == "uint8":
        assert result is lucid.int32  # PyTorch's int16, which lucid does not have
    elif torch is not None:
        expected = torch.promote_types(torch.int8, getattr(torch, other))
        assert str(expected) == f"torch.{result.name}"
    assert lucid.cat([lucid.ones(1, dtype="int8"), lucid.ones(1, dtype=other)]).dtype is result


def test_small_integers_count_and_compute():
    x = lucid.tensor([100, -100], dtype=lucid.int8)
    assert x.sum().dtype is lucid.int64
    assert (x + 1).tolist() == [101, -99]
    assert x.float().dtype is lucid.float32
    assert (x / 2).tolist() == [50, -50]
    assert x.element_size() == 1
    with pytest.raises(lucid.DtypeError, match="200 does not fit in int8"):
        x + 200


def test_half_is_for_storage():
    x = lucid.tensor([[0.1, 2.0]], dtype=lucid.float16)
    assert x.dtype is lucid.float16
    assert x.nbytes == 4
    assert x.float().dtype is lucid.float32
    for y in (x.T, x[0], x.reshape(2), x.clone(), lucid.cat([x, x]), x.expand(3, 2), x.flip(0),
              x[x > 1], x.gather(1, lucid.tensor([[0]])), x.roll(1), x.split(1, 1)[0]):
        assert y.dtype is lucid.float16
    assert (x > 1).tolist() == [[False, True]]
    assert lucid.zeros(2).half().fill_(3).tolist() == [3, 3]
    assert repr(lucid.ones(1).half()) == "tensor([1.], dtype=lucid.float16)"
    w = lucid.ones(2, requires_grad=True)
    (w.half().float() * 3).sum().backward()
    assert w.grad.tolist() == [3, 3]
    assert lucid.promote_types("float16", "int64") is lucid.float16
    assert lucid.promote_types("float16", "float32") is lucid.float32


@pytest.mark.parametrize("call", [
    lambda x: x + x, lambda x: x * 2, lambda x: x.sum(), lambda x: x.exp(), lambda x: x @ x,
    lambda x: x.add_(1), lambda x: x.cumsum(0), lambda x: x.relu(), lambda x: x.norm(),
])
def test_computing_with_half_is_refused(call):
    with pytest.raises(lucid.DtypeError, match=r"float16 is for storage, .* x.float\(\) first"):
        call(lucid.ones(2, dtype=lucid.float16))
    with pytest.raises(lucid.DtypeError, match="must be float32 or float64, not float16"):
        lucid.set_default_dtype(lucid.float16)
