"""Rounding: NumPy's and PyTorch's numbers, and no slope."""

import math

import numpy as np
import pytest

import lucid

ARRAY = np.array([[-2.5, -1.2, -0.5, 0.0], [0.4, 0.5, 1.5, 2.7]])
NAMES = ["ceil", "floor", "round", "sign", "trunc"]
each_name = pytest.mark.parametrize("name", NAMES)


@each_name
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "uint8"])
def test_values_and_types_are_numpys(name, dtype):
    array = np.abs(ARRAY).astype(dtype) if dtype == "uint8" else ARRAY.astype(dtype)
    y = getattr(lucid, name)(lucid.tensor(array))
    assert y.array.dtype == dtype
    assert np.array_equal(y.array, getattr(np, name)(array))
    assert not np.shares_memory(y.array, array)
    assert np.array_equal(getattr(lucid.tensor(array), name)().array, y.array)


@each_name
def test_steps_are_flat(name, check_step):
    check_step(lambda library, x: getattr(library, name)(x), ARRAY + 0.07)
    x = lucid.tensor([math.inf, math.nan, 0.0], requires_grad=True)
    assert lucid.autograd.grad(getattr(lucid, name)(x).sum(), x)[0].tolist() == [0, 0, 0]


def test_rounding_to_decimals():
    x = lucid.tensor([1.2345, -15.0], dtype=lucid.float64)
    assert lucid.round(x, decimals=2).tolist() == [1.23, -15]
    assert x.round(decimals=-1).tolist() == [0, -20]


def test_the_sign_of_nan_is_0():
    assert lucid.sign(lucid.tensor([math.nan, -math.inf, -0.0])).tolist() == [0, -1, 0]
    assert lucid.sign(lucid.tensor([True, False])).tolist() == [True, False]


DIVIDENDS = np.array([[7.5, -7.5, 3.0], [0.5, -0.5, -6.0]])
DIVISORS = np.array([2.0, -2.25, 0.75])


@pytest.mark.parametrize("name", ["floor_divide", "remainder"])
@pytest.mark.parametrize("dtypes", [("float32", "float32"), ("float64", "float64"),
                                    ("int64", "int64"), ("int32", "int64"), ("uint8", "int32"),
                                    ("int64", "float32"), ("float32", "float64")], ids=str)
def test_division_is_numpys_and_pytorchs(name, dtypes, torch):
    a = np.abs(DIVIDENDS).astype(dtypes[0]) if dtypes[0] == "uint8" else DIVIDENDS.astype(dtypes[0])
    b = np.ceil(DIVISORS).astype(dtypes[1])
    y = getattr(lucid, name)(lucid.tensor(a), lucid.tensor(b))
    assert y.dtype is lucid.promote_types(*dtypes)
    assert np.array_equal(y.array, getattr(np, name)(a, b))
    if torch is not None:
        expected = getattr(torch, name)(torch.tensor(a), torch.tensor(b)).numpy()
        assert y.array.dtype == expected.dtype
        assert np.array_equal(y.array, expected)


def test_the_remainder_has_derivatives(check_step, check_derivatives):
    check_step(lambda library, a, b: library.remainder(a, b), DIVIDENDS + 0.1, DIVISORS)
    check_step(lambda library, a, b: a % b, DIVIDENDS[0] + 0.1, DIVIDENDS[:, :1] * 0 + 2)
    check_derivatives(lambda a: 7 % a, DIVISORS)
    x = lucid.tensor([7.5, -1.0], requires_grad=True)
    assert lucid.autograd.grad((x // 2).sum(), x)[0].tolist() == [0, 0]


def test_operators_of_division():
    x = lucid.tensor([7, -7])
    assert (x // 2).tolist() == [3, -4]
    assert (x % 4).tolist() == [3, 1]
    assert (15 // x).tolist() == [2, -3]
    assert (15 % x).tolist() == [1, -6]
    assert str((lucid.tensor([1.0, -1.0, 0.0]) // 0).tolist()) == "[inf, -inf, nan]"
    assert str((lucid.tensor([1.0]) % 0).tolist()) == "[nan]"


def test_nan_to_num(check_step):
    x = lucid.tensor([1.5, math.nan, math.inf, -math.inf], requires_grad=True)
    limits = np.finfo(np.float32)
    y = lucid.nan_to_num(x)
    assert y.tolist() == [1.5, 0, limits.max, limits.min]
    assert lucid.nan_to_num(x, 1, 2, 3).tolist() == [1.5, 1, 2, 3]
    assert lucid.autograd.grad(y.sum(), x)[0].tolist() == [1, 0, 0, 0]
    assert lucid.nan_to_num(lucid.tensor([1, 2]), 5).tolist() == [1, 2]
    check_step(lambda library, x: library.nan_to_num(x * x, 1.0), ARRAY)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: lucid.floor(lucid.tensor([True])), lucid.DtypeError, "a bool is no number"),
        (lambda: lucid.round(lucid.tensor([1]), decimals=1), lucid.DtypeError,
         "decimals=1 is for floating point, not int64"),
        (lambda: lucid.round(lucid.ones(1), decimals=1.5), TypeError, "must be an int, not 1.5"),
        (lambda: lucid.tensor([1]) // 0, ZeroDivisionError, "floor_divide: an integer is divided"),
        (lambda: lucid.tensor([1]) % 0, ZeroDivisionError, "remainder: an integer is divided"),
        (lambda: lucid.tensor([True]) % True, lucid.DtypeError, "a bool is not divided"),
        (lambda: lucid.ones(2) // lucid.ones(3), lucid.ShapeError, "do not broadcast"),
        (lambda: lucid.sign([1.0]), TypeError, "sign: needs a Tensor, not list"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
