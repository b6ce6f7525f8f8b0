"""Positions along an axis: PyTorch's answers, and gradients go back where they belong."""

import numpy as np
import pytest

import lucid

ARRAY = np.random.default_rng(5).standard_normal((3, 4, 2))
INDEX = {
    0: np.array([[[0, 2], [1, 1]], [[2, 2], [0, 0]]]),
    1: np.array([[[0, 2], [3, 3], [0, 1], [2, 2], [1, 0]]]),
    -1: np.array([[[0], [1], [1]], [[0], [0], [1]]]),
}
each_dim = pytest.mark.parametrize("dim", INDEX)


def unlike(dim):
    """An index that names no place twice, so that what is written is one answer."""
    index = np.argsort(np.random.default_rng(1).standard_normal(ARRAY.shape), axis=dim)
    return index[:2, :, :1] if dim == 1 else index[:, :2]


@each_dim
def test_gather(dim, check_step):
    index = INDEX[dim]
    check_step(lambda library, x: library.gather(x, dim, library.tensor(index)), ARRAY)
    y = lucid.tensor(ARRAY).gather(dim, lucid.tensor(index.astype(np.int32)))
    assert y.shape == index.shape


@each_dim
def test_scatter(dim, check_step):
    index = unlike(dim)
    source = np.random.default_rng(2).standard_normal(index.shape)

    def step(library, x, src):
        return library.scatter(x, dim, library.tensor(index), src) ** 2

    check_step(step, ARRAY, source)
    check_step(lambda library, x: x.scatter(dim, library.tensor(index), value=2.5) * x, ARRAY)
    y = lucid.scatter(lucid.tensor(ARRAY), dim, lucid.tensor(index), 2.5)
    assert np.array_equal(y.array, lucid.scatter(
        lucid.tensor(ARRAY), dim, lucid.tensor(index), lucid.tensor(np.full(ARRAY.shape, 2.5))
    ).array)


@each_dim
def test_scatter_add(dim, check_step):
    index = INDEX[dim] % 2
    source = np.random.default_rng(2).standard_normal(index.shape)
    check_step(
        lambda library, x, src: library.scatter_add(x, dim, library.tensor(index), src) ** 2,
        ARRAY, source,
    )
    x = lucid.tensor(ARRAY)
    x.scatter_add(dim, lucid.tensor(index), lucid.tensor(source))
    assert np.array_equal(x.array, ARRAY)


@pytest.mark.parametrize("name", ["scatter", "scatter_add"])
def test_a_larger_source_is_cut(name, torch):
    index, source = np.array([[0, 1]]), np.arange(12.0).reshape(3, 4)
    y = getattr(lucid, name)(lucid.zeros(3, 3).double(), 0, lucid.tensor(index),
                             lucid.tensor(source))
    assert y.tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    if torch is not None:
        t = getattr(torch.zeros(3, 3).double(), name)(0, torch.tensor(index), torch.tensor(source))
        assert y.tolist() == t.tolist()


@each_dim
@pytest.mark.parametrize("index", [[1, 0, 1, 1], [0], []], ids=str)
def test_index_select_and_index_add(dim, index, check_step):
    index = np.array(index, np.int64)
    shape = list(ARRAY.shape)
    shape[dim] = len(index)
    source = np.random.default_rng(2).standard_normal(shape)
    check_step(lambda library, x: library.index_select(x, dim, library.tensor(index)) ** 2, ARRAY)
    check_step(
        lambda library, x, s: library.index_add(x, dim, library.tensor(index), s, alpha=2) ** 2,
        ARRAY, source,
    )


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "float32"])
def test_counts_keep_their_type(dtype):
    x = lucid.zeros(3, dtype=dtype)
    ones, index = lucid.ones(4, dtype=dtype), lucid.tensor([0, 2, 2, 2])
    for y in (x.index_add(0, index, ones), x.scatter_add(0, index, ones)):
        assert y.dtype.name == dtype
        assert y.tolist() == [1, 0, 3]


def test_take_along_dim(check_step):
    index = np.array([[[0], [3], [1]]])
    check_step(lambda library, x: library.take_along_dim(x, library.tensor(index), 1), ARRAY)
    y = lucid.take_along_dim(lucid.tensor(ARRAY), lucid.tensor([5, 0, 5]))
    assert np.array_equal(y.array, ARRAY.reshape(-1)[[5, 0, 5]])
    x = lucid.tensor(ARRAY)
    assert np.array_equal(x.take_along_dim(x.argsort(1), 1).array, np.sort(ARRAY, axis=1))


def test_a_number_has_one_place():
    x, zero = lucid.tensor(3.0, requires_grad=True), lucid.tensor(0)
    assert lucid.gather(x, 0, zero).item() == 3
    assert lucid.scatter_add(x, 0, zero, lucid.tensor(2.0)).item() == 5
    assert lucid.scatter(x, 0, zero, 2.0).item() == 2
    assert lucid.take_along_dim(x, zero, 0).shape == ()


def test_an_index_that_changes_later_does_not_mislead_the_gradient():
    for read in (lambda x, i: x.gather(0, i), lambda x, i: x.index_select(0, i),
                 lambda x, i: x.scatter(0, i, 0.0)[[0, 0]]):
        index = lucid.tensor([1, 1])
        x = lucid.zeros(3, requires_grad=True)
        y = read(x, index).sum()
        index.fill_(2)
        y.backward()
        assert x.grad.sum().item() == 2
        assert x.grad[2].item() == 0


X = lucid.ones(2, 3)
I = lucid.tensor([[0, 1, 0]])


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: lucid.gather(X, 0, lucid.tensor([0])), lucid.ShapeError,
         r"gather: index of shape \(1,\) must have as many axes as x of shape \(2, 3\)"),
        (lambda: lucid.gather(X, 0, lucid.zeros(1, 4).long()), lucid.ShapeError,
         r"larger than x of shape \(2, 3\) along axis 1; only along dim=0"),
        (lambda: lucid.gather(X, 0, I + 2), IndexError, "gather: index holds 3, needs 0 to 1"),
        (lambda: lucid.gather(X, 0, -I), IndexError, "gather: index holds -1, needs 0 to 1"),
        (lambda: lucid.gather(X, 0, I.float()), lucid.DtypeError, "must hold integers, not float"),
        (lambda: lucid.gather(X, 2, I), lucid.ShapeError, "gather: dim=2 is not an axis"),
        (lambda: lucid.scatter(X, 0, I), ValueError, "scatter: needs src or value"),
        (lambda: lucid.scatter(X, 0, I, X.double()), lucid.DtypeError,
         "x is float32 but what is written is float64"),
        (lambda: lucid.scatter(X.long(), 0, I, 1.5), lucid.DtypeError, "1.5 does not fit in int64"),
        (lambda: lucid.scatter_add(X, 0, I, X[:, :2]), lucid.ShapeError,
         r"src of shape \(2, 2\) must be as large as index of shape \(1, 3\)"),
        (lambda: lucid.scatter_add(X, 0, I, 1.0), TypeError, "scatter_add: needs a Tensor"),
        (lambda: lucid.index_select(X, 0, I), lucid.ShapeError, "index must have one axis"),
        (lambda: lucid.index_select(X, 1, lucid.tensor([3])), IndexError, "index holds 3"),
        (lambda: lucid.index_select(X.sum(), 0, lucid.tensor([0])), lucid.ShapeError,
         "index_select: x has no axes"),
        (lambda: lucid.index_add(X, 0, lucid.tensor([0]), X), lucid.ShapeError,
         r"index_add: source has shape \(2, 3\), needs \(1, 3\)"),
        (lambda: lucid.take_along_dim(X, lucid.tensor([0]), 0), lucid.ShapeError, "as many axes"),
        (lambda: lucid.take_along_dim(X, lucid.zeros(1, 2).long(), 0), lucid.ShapeError,
         "do not broadcast"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_slices_that_come_often_are_summed_as_well():
    index = np.random.default_rng(3).integers(0, 3, 200)
    source = np.random.default_rng(4).standard_normal((200, 5))
    y = lucid.zeros(4, 5).double().index_add(0, lucid.tensor(index), lucid.tensor(source))
    assert np.allclose(y.array, [source[index == k].sum(0) for k in range(4)])
    x = lucid.zeros(4, requires_grad=True)
    x[lucid.tensor(index)].sum().backward()
    assert x.grad.tolist() == np.bincount(index, minlength=4).tolist()
