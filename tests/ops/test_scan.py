"""Running sums and products, where elements are 0 too."""

import numpy as np
import pytest

import lucid

ARRAY = np.random.default_rng(5).uniform(0.5, 1.5, (3, 4))
ZEROS = {
    "none": ARRAY, "one": ARRAY * (ARRAY != ARRAY[1, 2]), "many": ARRAY * (ARRAY < 1),
    "all": ARRAY * 0, "long": np.random.default_rng(1).integers(0, 4, (1, 13)) * 0.7,
}
each_array = pytest.mark.parametrize("array", ZEROS.values(), ids=ZEROS)


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
@pytest.mark.parametrize("dim", [0, 1, -1])
@each_array
def test_values_and_derivatives(name, dim, array, check_step):
    check_step(lambda library, x: getattr(library, name)(x, dim), array)
    check_step(lambda library, x: getattr(x, name)(dim) ** 2, array)


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
@pytest.mark.parametrize(("dtype", "result"), [
    ("bool", "int64"), ("uint8", "int64"), ("int32", "int64"), ("float32", "float32")])
def test_integers_count_in_int64(name, dtype, result):
    y = getattr(lucid, name)(lucid.ones(300, dtype=dtype), 0)
    assert y.dtype.name == result
    assert y[-1].item() == (300 if name == "cumsum" else 1)
    assert getattr(lucid, name)(lucid.ones(3, dtype=dtype), 0, dtype="float64").dtype.name == (
        "float64"
    )


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
def test_odd_shapes(name):
    step = getattr(lucid, name)
    assert step(lucid.tensor(3.0), 0).item() == 3
    assert step(lucid.tensor(3.0), 0).shape == ()
    x = lucid.zeros(2, 0, requires_grad=True)
    y = step(x, 1)
    assert y.shape == (2, 0)
    assert lucid.autograd.grad(y.sum(), x)[0].shape == (2, 0)
    with pytest.raises(lucid.ShapeError, match=f"{name}: dim=2 is not an axis"):
        step(x, 2)
    with pytest.raises(TypeError, match=f"{name}: needs a Tensor"):
        step([1.0], 0)
