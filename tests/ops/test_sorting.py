"""Order: NumPy's and PyTorch's, with NaN as the largest."""

import math

import numpy as np
import pytest

import lucid

ARRAY = np.random.default_rng(5).permutation(24).reshape(2, 3, 4) / 10.0
NAN = np.array([[3.0, math.nan, 1.0, 2.0], [1.0, 5.0, math.nan, math.nan]])
each_dim = pytest.mark.parametrize("dim", [0, 1, -1])
each_way = pytest.mark.parametrize("descending", [False, True])


@each_dim
@each_way
def test_sort(dim, descending, check_step, torch):
    check_step(lambda library, x: library.sort(x, dim, descending)[0] ** 2, ARRAY)
    values, indices = result = lucid.tensor(ARRAY).sort(dim, descending)
    assert result.values is values
    assert indices.dtype is lucid.int64
    assert np.array_equal(values.array, np.take_along_axis(ARRAY, indices.array, dim))
    assert np.array_equal(lucid.argsort(lucid.tensor(ARRAY), dim, descending).array, indices.array)
    if torch is not None:
        assert torch.sort(torch.tensor(ARRAY), dim, descending)[1].tolist() == indices.tolist()


@each_way
def test_equal_ones_keep_their_order_and_nan_is_the_largest(descending, torch):
    array = np.array([[1.0, 0, 1, 0, math.nan, 1, math.nan]])
    got = lucid.argsort(lucid.tensor(array), 1, descending, stable=True).tolist()
    expected = [[4, 6, 0, 2, 5, 1, 3]] if descending else [[1, 3, 0, 2, 5, 4, 6]]
    assert got == expected
    assert lucid.sort(lucid.tensor(array), 1, descending, stable=True).indices.tolist() == expected


@each_dim
@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("k", [0, 1, 2])
def test_topk(dim, largest, k, check_step, torch):
    check_step(lambda library, x: library.topk(x, k, dim, largest)[0] ** 2, ARRAY)
    values, indices = lucid.tensor(ARRAY).topk(k, dim, largest)
    assert np.array_equal(values.array, np.take_along_axis(ARRAY, indices.array, dim))
    unsorted = lucid.topk(lucid.tensor(ARRAY), k, dim, largest, sorted=False).values
    assert np.array_equal(np.sort(unsorted.array, dim), np.sort(values.array, dim))
    if torch is not None:
        assert torch.topk(torch.tensor(ARRAY), k, dim, largest)[1].tolist() == indices.tolist()


def test_topk_of_everything_and_of_nan():
    x = lucid.tensor(NAN)
    assert x.topk(4).values[0].tolist()[1:] == [3, 2, 1]
    assert np.isnan(x.topk(1).values.array).all()
    assert x.topk(1, largest=False).values.tolist() == [[1], [1]]
    assert lucid.topk(lucid.tensor(3.0), 1, 0).values.tolist() == [3]
    assert lucid.topk(lucid.tensor([2, 7, 5]), 2).values.tolist() == [7, 5]


@each_dim
@pytest.mark.parametrize("keepdim", [False, True])
def test_median(dim, keepdim, check_step):
    check_step(lambda library, x: library.median(x, dim, keepdim)[0] ** 2, ARRAY)
    check_step(lambda library, x: library.median(x) ** 2, ARRAY)
    values, indices = lucid.tensor(ARRAY).median(dim, keepdim)
    kept = indices.array if keepdim else np.expand_dims(indices.array, dim)
    found = np.take_along_axis(ARRAY, kept, dim)
    assert np.array_equal(values.array, found if keepdim else found.squeeze(dim))


def test_medians_of_nan_of_equals_and_of_one(torch):
    x = lucid.tensor(NAN)
    values, indices = x.median(1)
    assert np.isnan(values.array).all()
    assert indices.tolist() == [1, 2]
    assert math.isnan(x.median().item())
    x = lucid.tensor([2.0, 1, 2, 2, 3], requires_grad=True)
    gradient = lucid.autograd.grad(x.median(), x)[0]
    assert np.allclose(gradient.array, [1 / 3, 0, 1 / 3, 1 / 3, 0])
    assert lucid.median(lucid.tensor([1, 4, 3, 2])).item() == 2
    assert lucid.tensor(3).median(0).values.item() == 3


@pytest.mark.parametrize("dim", [None, 0, 1])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float32"])
def test_unique(dim, dtype, torch):
    array = np.array([[1, 0, 1], [1, 0, 1], [0, 0, 0]]).astype(dtype)
    values, inverse, counts = lucid.unique(
        lucid.tensor(array), return_inverse=True, return_counts=True, dim=dim
    )
    assert values.array.dtype == dtype
    assert inverse.dtype is counts.dtype is lucid.int64
    assert np.array_equal(lucid.tensor(array).unique(dim=dim).array, values.array)
    if torch is not None:
        expected = torch.unique(
            torch.tensor(array), return_inverse=True, return_counts=True, dim=dim
        )
        for got, each in zip((values, inverse, counts), expected, strict=True):
            assert got.shape == tuple(each.shape)
            assert got.tolist() == each.tolist()


def test_unique_of_nan_and_of_one():
    assert len(lucid.unique(lucid.tensor([math.nan, math.nan, 1.0]))) == 3
    assert lucid.unique(lucid.tensor(3)).tolist() == [3]
    assert lucid.unique(lucid.tensor(3), return_inverse=True)[1].shape == ()


def test_odd_shapes():
    number, empty = lucid.tensor(3.0, requires_grad=True), lucid.zeros(2, 0, requires_grad=True)
    assert number.sort().values.item() == 3
    assert number.argsort().item() == 0
    for y in (empty.sort(1).values, empty.sort(0, True).values, empty.topk(0).values):
        assert y.shape == (2, 0)
    assert lucid.unique(lucid.zeros(0)).shape == (0,)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: x.topk(4), lucid.ShapeError, r"k=4, but axis 1 of shape \(2, 3\) has 3"),
        (lambda x: x.topk(-1), lucid.ShapeError, "k=-1, but axis 1"),
        (lambda x: x.topk(1.0), TypeError, "topk: k must be an int, not 1.0"),
        (lambda x: x.sort(2), lucid.ShapeError, "sort: dim=2 is not an axis"),
        (lambda x: x.unique(dim=2), lucid.ShapeError, "unique: dim=2 is not an axis"),
        (lambda x: x[:, :0].median(), lucid.ShapeError, "nothing to choose from"),
        (lambda x: x[:, :0].median(1), lucid.ShapeError, "nothing to choose from along dim=1"),
        (lambda x: lucid.argsort([1.0]), TypeError, "argsort: needs a Tensor, not list"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call(lucid.ones(2, 3))
