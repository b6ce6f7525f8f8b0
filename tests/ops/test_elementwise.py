"""Steps on every element: values against NumPy, derivatives against differences."""

import math

import numpy as np
import pytest
from comparison import check_differences, check_like

import lucid

ARRAY = np.array([[-1.7, -0.6, 0.3], [0.9, 1.4, 2.2]])
POSITIVE = np.abs(ARRAY) + 0.1
UNARY = {
    "neg": (np.negative, ARRAY), "abs": (np.abs, ARRAY), "exp": (np.exp, ARRAY),
    "log": (np.log, POSITIVE), "sqrt": (np.sqrt, POSITIVE), "square": (np.square, ARRAY),
    "sin": (np.sin, ARRAY), "cos": (np.cos, ARRAY), "tanh": (np.tanh, ARRAY),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), ARRAY), "relu": (lambda x: x * (x > 0), ARRAY),
}
BINARY = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power,
    "maximum": np.maximum, "minimum": np.minimum,
}
each_unary = pytest.mark.parametrize("name", UNARY)
each_binary = pytest.mark.parametrize("name", BINARY)


@each_unary
def test_values_are_numpys_in_each_type(name):
    numpy, array = UNARY[name]
    for dtype in (np.float32, np.float64):
        x = lucid.tensor(array.astype(dtype))
        y = getattr(lucid, name)(x)
        assert y.array.dtype == dtype
        assert np.allclose(y.array, numpy(array), rtol=1e-6)
        assert np.array_equal(getattr(x, name)().array, y.array)
        assert np.array_equal(getattr(lucid, name)(x.T).array, y.array.T)


@each_unary
@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (1, 1)], ids=str)
def test_any_shape_will_do(name, shape):
    assert getattr(lucid, name)(lucid.ones(shape)).shape == shape


@each_unary
def test_integers_become_floats_where_the_answer_is_one(name):
    y = getattr(lucid, name)(lucid.tensor([1, 4]))
    is_whole = name in ("neg", "abs", "square", "relu")
    assert y.dtype is (lucid.int64 if is_whole else lucid.float32)
    assert np.allclose(y.array, UNARY[name][0](np.array([1.0, 4.0])))


@each_unary
def test_what_is_no_tensor_is_refused(name):
    with pytest.raises(TypeError, match=f"{name}: needs a Tensor, not list; make one with"):
        getattr(lucid, name)([1.0])


@each_unary
def test_derivatives_of_one_operand(name, check_derivatives):
    check_derivatives(getattr(lucid, name), UNARY[name][1])


@each_binary
@pytest.mark.parametrize("shapes", [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (3,)), ((), (3,))])
def test_derivatives_of_two_operands(name, shapes, check_derivatives):
    random = np.random.default_rng(0)
    check_derivatives(
        getattr(lucid, name), random.uniform(0.5, 2, shapes[0]), random.uniform(0.5, 2, shapes[1])
    )


@each_binary
def test_values_of_two_operands_are_numpys(name):
    x, other = POSITIVE, POSITIVE[::-1] + 0.5
    step, numpy = getattr(lucid, name), BINARY[name]
    assert np.allclose(step(lucid.tensor(x), lucid.tensor(other)).array, numpy(x, other))
    assert np.allclose(step(lucid.tensor(x), 1.5).array, numpy(x, 1.5))
    assert np.allclose(step(1.5, lucid.tensor(x)).array, numpy(1.5, x))


def test_operators_are_the_functions():
    x, z = lucid.tensor([1.0, 2.0]), lucid.tensor([3.0, 5.0])
    pairs = [
        (x + z, [4, 7]), (x - z, [-2, -3]), (x * z, [3, 10]), (z / x, [3, 2.5]), (x**z, [1, 32]),
        (2 + x, [3, 4]), (2 - x, [1, 0]), (2 * x, [2, 4]), (2 / x, [2, 1]), (2**x, [2, 4]),
        (-x, [-1, -2]), (abs(-x), [1, 2]),
    ]
    for y, expected in pairs:
        assert y.tolist() == expected


def test_alpha_multiplies_the_other_operand():
    x = lucid.tensor([1, 2])
    assert lucid.add(x, 5, alpha=2).tolist() == [11, 12]
    assert lucid.sub(x, lucid.tensor([1, 1]), alpha=3).tolist() == [-2, -1]


@pytest.mark.parametrize("power", [-2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3])
@pytest.mark.parametrize("base", [0.0, 2.0])
def test_the_slope_of_a_power_at_zero_too(base, power):
    x = lucid.tensor(base, dtype=lucid.float64, requires_grad=True)
    (first,) = lucid.autograd.grad(x**power, x, create_graph=True)
    (second,) = lucid.autograd.grad(first, x)
    for got, factor, exponent in ((first, power, power - 1), (second, power * (power - 1),
                                                              power - 2)):
        with np.errstate(divide="ignore"):
            expected = 0.0 if factor == 0 else factor * np.power(np.float64(base), exponent)
        assert got.item() == pytest.approx(expected)


def test_the_slope_along_the_exponent_is_0_where_the_base_is_0():
    exponent = lucid.tensor([0.0, 1.0, 2.5], requires_grad=True)
    lucid.pow(0.0, exponent).sum().backward()
    assert exponent.grad.tolist() == [0, 0, 0]


def test_powers_like_pytorchs(torch):
    if torch is None:
        pytest.skip("needs torch")
    bases, powers = np.meshgrid([-2.0, -1, 0, 0.5, 3], [-1.5, -1, 0, 0.5, 1, 2, 3.0])
    ours = [lucid.tensor(a, requires_grad=True) for a in (bases, powers)]
    theirs = [torch.tensor(a, requires_grad=True) for a in (bases, powers)]
    y, t = ours[0] ** ours[1], theirs[0] ** theirs[1]
    y.sum().backward()
    t.sum().backward()
    assert np.allclose(y.array, t.detach().numpy(), equal_nan=True)
    for a, b in zip(ours, theirs, strict=True):
        assert np.allclose(a.grad.array, b.grad.numpy(), equal_nan=True)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: lucid.tensor([2]) ** -1, ValueError, "integer to a negative power is a fraction"),
        (lambda: lucid.tensor([True]) ** lucid.tensor([True]), lucid.DtypeError, "has no powers"),
        (lambda: lucid.tensor([True]) - lucid.tensor([True]), lucid.DtypeError, "bool minus bool"),
        (lambda: -lucid.tensor([True]), lucid.DtypeError, "a bool has no sign; use ~x"),
        (lambda: lucid.abs(lucid.tensor([True])), lucid.DtypeError, "a bool has no sign"),
        (lambda: lucid.relu(lucid.tensor([True])), lucid.DtypeError, "a bool has no sign"),
        (lambda: lucid.clamp(lucid.ones(2)), ValueError, "needs min, max or both"),
        (lambda: lucid.clamp(lucid.ones(2, dtype="uint8"), -1), lucid.DtypeError,
         "clamp: -1 does not fit in uint8"),
        (lambda: lucid.where(lucid.ones(2), 1, 2), lucid.DtypeError, "must be bool, not float32"),
        (lambda: lucid.where([True], 1, 2), TypeError, "where: needs a Tensor, not list"),
        (lambda: lucid.where(lucid.ones(2).bool(), lucid.ones(3), 2), lucid.ShapeError,
         r"where: shapes \(2,\) and \(3,\) do not broadcast"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_bools_and_numbers():
    x = lucid.tensor([True, False])
    assert (x + 1).tolist() == [2, 1]
    assert (x * 2.5).tolist() == [2.5, 0]
    assert (x + x).dtype is lucid.bool
    assert (x / x).dtype is lucid.float32


def test_infinities_and_nans_are_answers_and_no_warnings():
    x = lucid.tensor([-1.0, 0.0, 1.0])
    assert str(lucid.log(x).tolist()) == "[nan, -inf, 0.0]"
    assert str(lucid.sqrt(x).tolist()) == "[nan, 0.0, 1.0]"
    assert str((x / 0).tolist()) == "[-inf, nan, inf]"
    assert lucid.exp(x * 1000).tolist() == [0, 1, math.inf]
    assert lucid.sigmoid(x * 1000).tolist() == [0, 0.5, 1]
    assert str(lucid.relu(lucid.tensor([math.nan, -math.inf])).tolist()) == "[nan, 0.0]"
    assert str(lucid.maximum(lucid.tensor([math.nan, 1.0]), x[2]).tolist()) == "[nan, 1.0]"


def test_angles_without_end_have_no_sine():
    x = lucid.tensor([math.inf, -math.inf, math.nan], requires_grad=True)
    for step in (lucid.sin, lucid.cos, lucid.tan):
        y = step(x)
        y.sum().backward()
        assert y.isnan().all() and x.grad.isnan().all()


def test_the_sigmoid_keeps_its_digits_far_below_zero():
    x = np.array([-80.0, -30.0, -10.0, 0, 10], np.float32)
    exact = 1 / (1 + np.exp(-x.astype(np.float64)))
    assert np.allclose(lucid.sigmoid(lucid.tensor(x)).array, exact, rtol=1e-6, atol=0)


def test_a_tie_is_shared_and_a_kink_is_flat():
    x = lucid.zeros(1, requires_grad=True)
    z = lucid.zeros(1, requires_grad=True)
    (lucid.maximum(x, z) + lucid.minimum(x, z) * 10).backward()
    assert (x.grad.tolist(), z.grad.tolist()) == ([5.5], [5.5])
    for kink in (lucid.relu, lucid.abs):
        assert lucid.autograd.grad(kink(x), x)[0].tolist() == [0]
    assert lucid.autograd.grad(x.clamp(0, 1), x)[0].tolist() == [1]  # on its ends too


def test_where_chooses_and_so_does_its_gradient(check_derivatives):
    condition = lucid.tensor([[True], [False]])
    y = lucid.where(condition, lucid.tensor([1.0, 2.0]), -1.0)
    assert y.tolist() == [[1, 2], [-1, -1]]
    check_derivatives(
        lambda a, b: lucid.where(condition, a, b) ** 2, np.arange(3.0), np.arange(2.0)[:, None]
    )
    assert lucid.where(condition, 1, 2).dtype is lucid.int64
    assert lucid.where(condition, 1, 2.5).dtype is lucid.float32
    assert lucid.where(condition, True, False).dtype is lucid.bool


def test_where_is_not_fooled_by_a_later_change_of_its_condition():
    condition = lucid.tensor([True, False])
    x = lucid.ones(2, requires_grad=True)
    y = lucid.where(condition, x, 0.0).sum()
    condition.fill_(True)
    y.backward()
    assert x.grad.tolist() == [1, 0]


def test_a_nan_that_is_not_chosen_comes_through_unless_it_is_avoided_inside():
    x = lucid.tensor([0.0, 1.0], requires_grad=True)
    y = lucid.where(x > 0, lucid.log(x), 0.0)
    assert y.tolist() == [0, 0]
    (g,) = lucid.autograd.grad(y.sum(), x)
    assert str(g.tolist()) == "[nan, 1.0]"
    safe = lucid.where(x > 0, lucid.log(lucid.where(x > 0, x, 1.0)), 0.0)
    assert lucid.autograd.grad(safe.sum(), x)[0].tolist() == [0, 1]


@pytest.mark.parametrize("ends", [(-1, 1), (None, 0.5), (0.5, None), (2, 1)])
def test_clamp(ends, check_derivatives):
    y = lucid.clamp(lucid.tensor(ARRAY), *ends)
    assert np.array_equal(y.array, np.clip(ARRAY, *ends))
    check_derivatives(lambda x: x.clamp(*ends), ARRAY)


def test_clamp_of_integers():
    x = lucid.tensor([1, 5])
    assert lucid.clamp(x, 2, 3).tolist() == [2, 3]
    assert lucid.clamp(x, 2, 3).dtype is lucid.int64
    assert lucid.clamp(x, 2, 3.5).tolist() == [2, 3.5]
    assert lucid.clamp(x, 2, 3.5).dtype is lucid.float32


@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (2, 0), (2, 3, 2)], ids=str)
def test_where_alone_lists_positions(shape, torch):
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape) % 3 != 1
    found = lucid.where(lucid.tensor(array))
    wanted = lucid.nonzero(lucid.tensor(array), as_tuple=True)
    assert [each.tolist() for each in found] == [each.tolist() for each in wanted]
    assert all(each.dtype is lucid.int64 for each in found)
    if torch is not None:
        wanted = torch.where(torch.tensor(array))
        assert [each.tolist() for each in found] == [each.tolist() for each in wanted]
    with pytest.raises(TypeError, match="where: give both"):
        lucid.where(lucid.tensor(array), 1.0)


def test_clamp_between_tensors(torch):
    rng = np.random.default_rng(0)
    x, low = rng.standard_normal((2, 3, 4)), rng.standard_normal((3, 1)) - 0.5
    high = low + rng.uniform(0.1, 1, (3, 4))

    def both(x, low, high):
        return x.clamp(low, high) * x

    for function, arrays in (
        (both, [x, low, high]),
        (lambda x, low: x.clamp(min=low), [x, low]), (lambda x, high: x.clamp(max=high), [x, high]),
    ):
        check_differences(lucid, function, arrays)
        if torch is not None:
            check_like(lucid, torch, lambda library, *ends, f=function: f(*ends), arrays)
    a, b, c = map(lucid.tensor, (x, low, high))
    assert (a.clamp(b, c).array == np.clip(x, low, high)).all()
    assert (a.clamp(b, 0.0).array == np.clip(x, low, 0)).all()
    assert (a.clone().clamp_(b, c) == a.clamp(b, c)).all()
    assert (a.clamp(c + 1, b) == b).all()  # where they cross, the upper end
    assert lucid.arange(4).clamp(lucid.tensor(1), lucid.tensor(2)).tolist() == [1, 1, 2, 2]
    assert lucid.arange(3).clamp(max=lucid.tensor([0.5, 0.5, 3.0])).tolist() == [0.0, 0.5, 2.0]
    nan = lucid.tensor([float("nan"), 1.0])
    assert nan.clamp(lucid.zeros(2), lucid.ones(2)).isnan().tolist() == [True, False]
    assert lucid.zeros(2).clamp(nan).isnan().tolist() == [True, False]
    with pytest.raises(lucid.ShapeError, match="clamp: shapes"):
        a.clamp(lucid.zeros(5))


@pytest.mark.parametrize("mode", ["floor", "trunc"])
@pytest.mark.parametrize("name", ["int32", "int64", "float32", "float64"])
def test_a_quotient_is_rounded(mode, name, torch):
    a, b = np.arange(-7, 8)[:, None], np.array([-3, -2, 1, 2, 4])
    x, y = (lucid.tensor(each, dtype=getattr(lucid, name)) for each in (a, b))
    z = lucid.div(x, y, rounding_mode=mode)
    assert z.dtype is x.dtype and (z.array == getattr(np, mode)(a / b)).all()
    assert (x.div(-2, rounding_mode=mode).array == getattr(np, mode)(a / -2)).all()
    if torch is not None:
        wanted = torch.div(torch.tensor(x.numpy()), torch.tensor(y.numpy()), rounding_mode=mode)
        assert z.tolist() == wanted.tolist()


def test_a_rounding_that_is_unknown_is_refused():
    with pytest.raises(ValueError, match="rounding_mode='ceil' is not None, 'floor' or 'trunc'"):
        lucid.div(lucid.ones(2), 2, rounding_mode="ceil")
    x = lucid.tensor([7.0], requires_grad=True)
    assert lucid.autograd.grad(x.div(2, rounding_mode="trunc").sum(), x)[0].tolist() == [0.0]
