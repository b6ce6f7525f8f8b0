"""More smooth functions: values against NumPy, derivatives against PyTorch and differences."""

import numpy as np
import pytest

import lucid

ARRAY = np.array([[0.3, 0.9, 1.7], [0.05, 0.5, 2.2]])
UNARY = {
    "expm1": np.expm1, "log1p": np.log1p, "log2": np.log2, "tan": np.tan,
    "reciprocal": np.reciprocal, "rsqrt": lambda x: 1 / np.sqrt(x),
}
each_name = pytest.mark.parametrize("name", UNARY)


@each_name
def test_values_are_numpys_in_each_type(name):
    for dtype in (np.float32, np.float64):
        x = lucid.tensor(ARRAY.astype(dtype))
        y = getattr(lucid, name)(x)
        assert y.array.dtype == dtype
        assert np.allclose(y.array, UNARY[name](ARRAY), rtol=1e-6)
        assert np.array_equal(getattr(x, name)().array, y.array)


@each_name
def test_derivatives(name, check_step):
    check_step(lambda library, x: getattr(library, name)(x), ARRAY)


@each_name
def test_integers_become_floats_and_lists_are_refused(name):
    y = getattr(lucid, name)(lucid.tensor([1, 4]))
    assert y.dtype is lucid.float32
    assert np.allclose(y.array, UNARY[name](np.array([1.0, 4.0])))
    with pytest.raises(TypeError, match=f"{name}: needs a Tensor, not list"):
        getattr(lucid, name)([1.0])


@each_name
@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3)], ids=str)
def test_any_shape_will_do(name, shape):
    assert getattr(lucid, name)(lucid.ones(shape)).shape == shape


def test_infinities_are_answers_and_no_warnings():
    x = lucid.tensor([-1.0, 0.0, 1.0])
    assert str(lucid.log1p(x - 1).tolist()) == "[nan, -inf, 0.0]"
    assert str(lucid.log2(x).tolist()) == "[nan, -inf, 0.0]"
    assert str(lucid.rsqrt(x).tolist()) == "[nan, inf, 1.0]"
    assert str(lucid.reciprocal(x).tolist()) == "[-1.0, inf, 1.0]"
    assert str(lucid.expm1(x * 1000).tolist()) == "[-1.0, 0.0, inf]"


def test_small_numbers_keep_their_digits():
    x = lucid.tensor([1e-12], dtype=lucid.float64)
    assert lucid.log1p(x).item() == pytest.approx(1e-12, rel=1e-11)
    assert lucid.expm1(x).item() == pytest.approx(1e-12, rel=1e-11)


@pytest.mark.parametrize("weight", [0.0, 0.25, 0.5, 0.75, 1.0, 1.5])
def test_lerp_with_a_number(weight, check_step):
    check_step(lambda library, a, b: library.lerp(a, b, weight), ARRAY, ARRAY[::-1] * 2)


def test_lerp_with_a_tensor(check_step):
    check_step(lambda library, a, b, w: library.lerp(a, b, w), ARRAY, ARRAY[0] * 2, ARRAY / 3)
    check_step(lambda library, a, b, w: a.lerp(b, w), ARRAY[0], ARRAY * 2, ARRAY[1])
    a, b = lucid.tensor([0.1, 1e8]), lucid.tensor([0.7, 1.0])
    assert lucid.lerp(a, b, 1.0).tolist() == b.tolist()  # met exactly
    assert lucid.lerp(a, b, lucid.zeros(2)).tolist() == a.tolist()


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: lucid.lerp(x.long(), 3, 2), lucid.DtypeError, "lerp: needs floating point"),
        (lambda x: lucid.lerp(x, x, lucid.ones(3)), lucid.ShapeError, "lerp: shapes"),
        (lambda x: lucid.lerp(1.0, 2.0, x), TypeError, "lerp: needs a Tensor, not float"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call(lucid.ones(2))
