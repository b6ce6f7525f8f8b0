"""Questions about elements: the answers are NumPy's, of type bool, without gradients."""

import math
import operator

import numpy as np
import pytest

import lucid

A = np.array([[1.0, np.nan, -2.0], [0.0, np.inf, 3.0]])
B = np.array([1.0, np.nan, 3.0])
TWO = {
    "eq": (np.equal, operator.eq), "ne": (np.not_equal, operator.ne), "lt": (np.less, operator.lt),
    "le": (np.less_equal, operator.le), "gt": (np.greater, operator.gt),
    "ge": (np.greater_equal, operator.ge), "logical_and": (np.logical_and, None),
    "logical_or": (np.logical_or, None), "logical_xor": (np.logical_xor, None),
}
ONE = {
    "isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite, "logical_not": np.logical_not,
}


@pytest.mark.parametrize("name", TWO)
def test_answers_about_two_operands_are_numpys(name):
    numpy, python = TWO[name]
    ask = getattr(lucid, name)
    x = lucid.tensor(A, requires_grad=True)
    for other, array in ((lucid.tensor(B), B), (3.0, 3.0), (True, True), (B, B)):
        answer = ask(x, other)
        assert answer.dtype is lucid.bool
        assert not answer.requires_grad
        assert np.array_equal(answer.array, numpy(A, array))
        if python is not None:
            assert np.array_equal(python(x, other).array, numpy(A, array))
            assert np.array_equal(python(other, x).array, numpy(array, A))
    assert ask(lucid.zeros(0, 3), lucid.zeros(1, 3)).shape == (0, 3)


@pytest.mark.parametrize("name", ONE)
def test_answers_about_one_operand_are_numpys(name):
    for array in (A, np.array([0, 3]), np.array([True, False]), np.zeros((0, 2)), np.float64(2)):
        answer = getattr(lucid, name)(lucid.tensor(array))
        assert answer.dtype is lucid.bool
        assert np.array_equal(answer.array, ONE[name](array))
    with pytest.raises(TypeError, match=f"{name}: needs a Tensor, not float"):
        getattr(lucid, name)(1.0)


def test_nothing_equals_none():
    x = lucid.zeros(2)
    assert (x == None) is False  # noqa: E711
    assert (x != None) is True  # noqa: E711
    assert x is not None


def test_tensors_are_keys_by_identity():
    x, z = lucid.zeros(2), lucid.zeros(2)
    assert len({x: 1, z: 2}) == 2
    assert {x: 1}[x] == 1


INTEGERS = [np.array([True, False, True]), np.array([5, 0, 255], np.uint8), np.array([-1, 6, 3])]


@pytest.mark.parametrize("array", INTEGERS, ids=lambda a: a.dtype.name)
def test_bits_are_combined_as_numpys(array):
    x, other = lucid.tensor(array), array[::-1].copy()
    for step in (operator.and_, operator.or_, operator.xor):
        assert np.array_equal(step(x, lucid.tensor(other)).array, step(array, other))
        assert np.array_equal(step(x, True).array, step(array, True))
        assert np.array_equal(step(True, x).array, step(True, array))
    assert np.array_equal((~x).array, ~array)


def test_bits_of_floats_are_refused():
    x = lucid.ones(2)
    for step, sign in ((operator.and_, "&"), (operator.or_, r"\|"), (operator.xor, r"\^")):
        with pytest.raises(lucid.DtypeError, match=f"{sign}: needs bool or integers, not float32"):
            step(x, x)
    with pytest.raises(lucid.DtypeError, match="~: needs bool or integers, not float32"):
        _ = ~x


def test_nearly_equal():
    x = lucid.tensor([1.0, 2.0, math.nan, math.inf])
    other = lucid.tensor([1.0 + 1e-6, 2.1, math.nan, math.inf])
    assert lucid.isclose(x, other).tolist() == [True, False, False, True]
    assert lucid.isclose(x, other, equal_nan=True).tolist() == [True, False, True, True]
    assert x.isclose(2.05, rtol=0, atol=0.1).tolist() == [False, True, False, False]
    assert lucid.isclose(lucid.tensor([250], dtype="uint8"), 4, atol=10).tolist() == [False]
    assert lucid.allclose(x[:1], other[:1]) is True
    assert x.allclose(other) is False
    assert lucid.allclose(lucid.zeros(0), lucid.zeros(0)) is True
    for name in ("allclose", "isclose"):
        with pytest.raises(ValueError, match=f"{name}: rtol=-1 must be at least 0"):
            getattr(lucid, name)(x, other, rtol=-1)
        with pytest.raises(lucid.ShapeError, match=f"{name}: shapes"):
            getattr(lucid, name)(x, lucid.ones(3))


def test_equal_asks_for_shape_and_elements():
    x = lucid.tensor([1.0, 2.0])
    assert lucid.equal(x, lucid.tensor([1, 2])) is True
    assert x.equal(x[None]) is False
    assert x.equal(x + 1) is False
    assert lucid.equal(lucid.tensor([math.nan]), lucid.tensor([math.nan])) is False
    with pytest.raises(TypeError, match="equal: needs a Tensor, not float"):
        lucid.equal(x, 1.0)
