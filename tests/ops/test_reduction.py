"""Folding axes: values against NumPy, derivatives against differences."""

import math

import numpy as np
import pytest

import lucid

ARRAY = np.random.default_rng(3).standard_normal((2, 3, 4))
DIMS = [None, 0, -1, (0, 2), (1,), (), (0, 1, 2)]
MANY = {
    "sum": np.sum, "mean": np.mean, "amax": np.max, "amin": np.min,
    "var": lambda a, **kw: np.var(a, ddof=1, **kw), "std": lambda a, **kw: np.std(a, ddof=1, **kw),
    "logsumexp": lambda a, **kw: np.log(np.exp(a).sum(**kw)), "any": np.any, "all": np.all,
}
SMOOTH = ["sum", "mean", "amax", "amin", "var", "std", "logsumexp"]


def all_of(dims):
    return None if dims == () else dims


@pytest.mark.parametrize("name", MANY)
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", DIMS, ids=str)
def test_values_are_numpys(name, dim, keepdim):
    y = getattr(lucid, name)(lucid.tensor(ARRAY), dim, keepdim=keepdim)
    expected = MANY[name](ARRAY, axis=all_of(dim), keepdims=keepdim)
    assert y.shape == expected.shape
    assert np.allclose(y.array, expected)
    method = getattr(lucid.tensor(ARRAY), name)(dim=dim, keepdim=keepdim)
    assert np.array_equal(method.array, y.array)


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", DIMS, ids=str)
def test_derivatives(name, dim, keepdim, check_derivatives):
    check_derivatives(lambda x: getattr(lucid, name)(x, dim, keepdim=keepdim), ARRAY[:, :, :2])


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_softmax_sums_to_one_and_has_derivatives(name, dim, check_derivatives):
    y = getattr(lucid, name)(lucid.tensor(ARRAY), dim)
    p = y.array if name == "softmax" else np.exp(y.array)
    assert np.allclose(p, np.exp(ARRAY) / np.exp(ARRAY).sum(axis=dim, keepdims=True))
    check_derivatives(lambda x: getattr(lucid, name)(x, dim), ARRAY[:, :, :2])


def test_softmax_does_not_overflow():
    x = lucid.tensor([1000.0, 1000.0, -math.inf])
    assert lucid.softmax(x, 0).tolist() == [0.5, 0.5, 0]
    assert lucid.logsumexp(x, 0).item() == pytest.approx(1000 + math.log(2))
    assert lucid.logsumexp(lucid.full((3,), -math.inf), 0).item() == -math.inf
    assert lucid.isnan(lucid.softmax(lucid.full((3,), -math.inf), 0)).all()


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("keepdim", [False, True])
def test_extremes_tell_where_they_stand(name, dim, keepdim, check_derivatives):
    x = lucid.tensor(ARRAY)
    values, indices = result = getattr(lucid, name)(x, dim, keepdim)
    assert np.array_equal(values.array, getattr(np, name)(ARRAY, axis=dim, keepdims=keepdim))
    arg = getattr(np, f"arg{name}")(ARRAY, axis=dim, keepdims=keepdim)
    assert np.array_equal(indices.array, arg)
    assert np.array_equal(getattr(lucid, f"arg{name}")(x, dim, keepdim).array, arg)
    assert indices.dtype is lucid.int64
    assert result.values is values
    assert result.indices is indices
    check_derivatives(lambda x: getattr(lucid, name)(x, dim, keepdim)[0] ** 2, ARRAY[:, :, :2])


def test_equal_extremes_share_the_gradient_unless_a_position_is_told():
    x = lucid.tensor([[1.0, 3.0, 3.0]], requires_grad=True)
    for fold in (lucid.amax, lucid.max):
        assert lucid.autograd.grad(fold(x), x)[0].tolist() == [[0, 0.5, 0.5]]
    assert lucid.autograd.grad(lucid.max(x, 1).values.sum(), x)[0].tolist() == [[0, 1, 0]]
    x = lucid.tensor([1.0, math.nan, 3.0], requires_grad=True)
    assert math.isnan(lucid.max(x).item())
    assert lucid.autograd.grad(lucid.max(x), x)[0].tolist() == [0, 1, 0]
    assert lucid.argmax(x).item() == 1


def test_an_extreme_of_one_number_is_a_copy():
    x = lucid.tensor(3.0)
    values, indices = x.max(0)
    assert (values.item(), indices.item()) == (3, 0)
    values.zero_()
    assert x.item() == 3


@pytest.mark.parametrize(
    ("dtype", "summed"),
    [("bool", "int64"), ("uint8", "int64"), ("int32", "int64"), ("int64", "int64"),
     ("float32", "float32"), ("float64", "float64")],
)
def test_a_sum_keeps_floats_and_counts_in_int64(dtype, summed):
    x = lucid.ones(300, dtype=dtype)
    assert x.sum().dtype.name == summed
    assert x.sum().item() == 300
    assert x.sum(dtype="float64").dtype is lucid.float64
    assert x.amax().dtype.name == x.max().dtype.name == dtype
    assert x[:0].sum().dtype.name == summed


def test_empty_folds():
    x = lucid.zeros(2, 0, requires_grad=True)
    assert x.sum().item() == 0
    assert x.sum(1).tolist() == [0, 0]
    assert x.sum(0).shape == (0,)
    assert math.isnan(x.mean().item())
    assert np.isnan(x.var(1).array).all()
    assert np.isnan(lucid.ones(1).var().item())
    assert x.any().item() is False
    assert x.all().item() is True
    assert x.amax(0).shape == (0,)
    assert x.logsumexp(1).tolist() == [-math.inf] * 2
    assert x.log_softmax(1).shape == (2, 0)
    assert lucid.autograd.grad(x.sum() + x.mean(), x)[0].shape == (2, 0)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: x[:, :0].amax(1), lucid.ShapeError,
         r"amax: shape \(2, 0\) has nothing to choose from along dim=1"),
        (lambda x: x[:, :0].max(1), lucid.ShapeError, "argmax: shape .* nothing to choose from"),
        (lambda x: x[:, :0].argmin(), lucid.ShapeError, "argmin: shape .* along dim=None"),
        (lambda x: x.sum(2), lucid.ShapeError, "sum: dim=2 is not an axis of a tensor with 2 axes"),
        (lambda x: x.sum((0, 0)), lucid.ShapeError, r"sum: dim=\(0, 0\) names an axis twice"),
        (lambda x: x.min(5), lucid.ShapeError, "argmin: dim=5 is not an axis"),
        (lambda x: x.mean(1.0), TypeError, "mean: dim must be an int, not 1.0"),
        (lambda x: x.long().mean(), lucid.DtypeError, "mean: needs floating point, not int64"),
        (lambda x: x.bool().std(), lucid.DtypeError, r"not bool; call x.float\(\) first"),
        (lambda x: x.softmax(3), lucid.ShapeError, "^softmax: dim=3 is not an axis"),
        (lambda x: lucid.sum([1.0]), TypeError, "sum: needs a Tensor, not list"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call(lucid.ones(2, 3))


def test_correction_of_the_variance():
    x = lucid.tensor(ARRAY)
    for correction in (0, 1, 2):
        expected = ARRAY.var(axis=2, ddof=correction)
        assert np.allclose(lucid.var(x, 2, correction=correction).array, expected)
        assert np.allclose(lucid.std(x, 2, correction=correction).array, np.sqrt(expected))
    assert math.isnan(lucid.var(x[0, 0], correction=4).item())


def test_argmax_of_all_is_a_flat_position():
    x = lucid.tensor([[1, 5], [7, 7]])
    assert lucid.argmax(x).item() == 2
    assert lucid.argmax(x, keepdim=True).shape == (1, 1)
    assert lucid.argmin(lucid.tensor(3)).item() == 0


def test_max_and_min_of_two_tensors_are_element_by_element():
    x, y = lucid.tensor([[1, 5]]), lucid.tensor([[3], [4]])
    assert lucid.max(x, y).tolist() == lucid.maximum(x, y).tolist() == [[3, 5], [4, 5]]
    assert x.min(y).tolist() == [[1, 3], [1, 4]]


def test_unbiased_is_the_older_word_for_the_correction():
    x = lucid.tensor([[1.0, 2.0, 6.0]])
    assert x.var(1, unbiased=False).item() == x.var(1, correction=0).item() == pytest.approx(14 / 3)
    assert x.std(1, unbiased=True, keepdim=True).item() == x.std(1, keepdim=True).item()
    for function in (lucid.var, lucid.std, lucid.var_mean):
        with pytest.raises(TypeError):  # PyTorch would take it for `unbiased`, so it has to be said
            function(x, 1, True)


@pytest.mark.parametrize("name", ["mean", "softmax", "log_softmax"])
def test_a_type_to_compute_in(name, torch):
    x = lucid.tensor([[1, 2], [5, 3]], dtype=lucid.uint8)
    y = getattr(lucid, name)(x, 1, dtype=lucid.float64)
    assert y.dtype is lucid.float64
    assert y.tolist() == getattr(lucid, name)(x.double(), 1).tolist()
    if torch is not None:
        wanted = getattr(torch, name)(torch.tensor(x.tolist()), 1, dtype=torch.float64)
        assert np.allclose(y.array, wanted.numpy(), rtol=1e-12)
