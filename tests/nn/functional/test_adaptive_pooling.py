"""Adaptive pooling, pooling by powers and unpooling: PyTorch's values, derivatives, refusals."""

import numpy as np
import pytest
from comparison import check_differences, check_torch

import lucid
import lucid.nn.functional as F

SIZES = {1: (9,), 2: (6, 7), 3: (4, 5, 6)}
each_rank = pytest.mark.parametrize("ndim", [1, 2, 3])
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
each_batch = pytest.mark.parametrize("batch", [(2,), ()], ids=str)


def draw(ndim, dtype, batch=(2,)):
    return np.random.default_rng(0).standard_normal((*batch, 2, *SIZES[ndim])).astype(dtype)


def theirs(torch, name):
    if torch is None:
        pytest.skip("torch is not installed; the steps are tested by their definition")
    return getattr(torch.nn.functional, name)


@each_rank
@each_dtype
@each_batch
@pytest.mark.parametrize("m", [1, 2, 3, 4, 10, "mixed"])
@pytest.mark.parametrize("kind", ["avg", "max"])
def test_adaptive_pooling_equals_pytorch(torch, ndim, dtype, batch, m, kind):
    if m == "mixed":
        m = (5, None, 2)[-ndim:]
    name, x = f"adaptive_{kind}_pool{ndim}d", draw(ndim, dtype, batch)
    ours, other = getattr(F, name), theirs(torch, name)
    if ndim == 1 and isinstance(m, tuple):
        m = m[0]
    check_torch(lucid, torch, lambda a: ours(a, m), lambda a: other(a, m), [x])
    if kind == "max":
        y, places = ours(lucid.tensor(x), m, return_indices=True)
        their_y, their_places = other(torch.tensor(x), m, return_indices=True)
        np.testing.assert_array_equal(y.numpy(), their_y.numpy())
        np.testing.assert_array_equal(places.numpy(), their_places.numpy())


@pytest.mark.parametrize("kind", ["avg", "max"])
def test_adaptive_pooling_has_two_derivatives(kind):
    x = draw(2, np.float64)[:1]
    check_differences(lucid, lambda a: getattr(F, f"adaptive_{kind}_pool2d")(a, (4, 3)), [x])


@each_rank
@each_dtype
@pytest.mark.parametrize("options", [(2,), (3, 2), (2, 3, True)], ids=str)
@pytest.mark.parametrize("p", [1, 2, 3.5])
def test_lp_pool(torch, ndim, dtype, options, p):
    name, x = f"lp_pool{ndim}d", np.abs(draw(ndim, dtype)) + dtype(0.1)
    ours = getattr(F, name)
    if torch is not None:
        other = theirs(torch, name)
        check_torch(
            lucid, torch, lambda a: ours(a, p, *options), lambda a: other(a, p, *options), [x], 500
        )
    check_differences(lucid, lambda a: ours(a, p, *options), [x[:1, :1]])


def test_lp_pool_of_zeros_has_no_slope():
    x = lucid.zeros(1, 1, 4, requires_grad=True)
    y = F.lp_pool1d(x, 2, 2)
    y.sum().backward()
    assert y.tolist() == [[[0.0, 0.0]]] and x.grad.tolist() == [[[0.0] * 4]]


@each_rank
@each_dtype
@each_batch
@pytest.mark.parametrize(("kernel", "stride", "padding"), [(2, None, 0), (2, 3, 1), (3, 3, 1)])
def test_max_unpool(torch, ndim, dtype, batch, kernel, stride, padding):
    x = np.random.default_rng(0).standard_normal((*batch, 2, *(6,) * ndim)).astype(dtype)
    name = f"max_unpool{ndim}d"
    y, places = getattr(F, f"max_pool{ndim}d")(
        lucid.tensor(x), kernel, stride, padding, return_indices=True
    )
    back = getattr(F, name)
    for size in (None, (6,) * ndim, x.shape):
        def ours(a, size=size):
            return back(a, places, kernel, stride, padding, size)

        if size is None and kernel == 3:
            continue  # the usual size is smaller than what was pooled
        if torch is not None and (size is None or batch or len(size) == ndim):
            their_places = torch.tensor(places.numpy())
            other = theirs(torch, name)
            check_torch(
                lucid, torch, ours,
                lambda a, size=size: other(a, their_places, kernel, stride, padding, size),
                [y.numpy()],
            )
        flat = ours(y).numpy().reshape(*places.shape[:-ndim], -1)
        found = np.take_along_axis(flat, places.numpy().reshape(*flat.shape[:-1], -1), -1)
        np.testing.assert_array_equal(found.reshape(y.shape), y.numpy())
        assert np.count_nonzero(flat) == y.numel()


def test_of_several_maxima_in_one_place_the_last_counts():
    y = lucid.tensor([[[1.0, 2.0, 3.0]]], dtype=lucid.float64, requires_grad=True)
    places = lucid.tensor([[[2, 2, 0]]])
    x = F.max_unpool1d(y, places, 2)
    assert x.tolist() == [[[3.0, 0.0, 2.0, 0.0, 0.0, 0.0]]]
    x.sum().backward()
    assert y.grad.tolist() == [[[0.0, 1.0, 1.0]]]
    check_differences(lucid, lambda a: F.max_unpool1d(a * a, places, 2), [y.detach().numpy()])


def test_an_empty_batch_gives_an_empty_result():
    x = lucid.zeros(0, 3, 5, 7, requires_grad=True)
    calls = [F.adaptive_avg_pool2d(x, 3), F.adaptive_max_pool2d(x, 3), F.lp_pool2d(x, 2, 2)]
    y, places = F.max_pool2d(x, 2, return_indices=True)
    calls.append(F.max_unpool2d(y, places, 2))
    for y in calls:
        assert y.shape[:2] == (0, 3)
        y.sum().backward()


x4, x9 = lucid.zeros(1, 1, 4), lucid.zeros(1, 1, 9, 9)
ERRORS = [
    (lambda: F.adaptive_avg_pool2d(x9, 0), ValueError, r"output_size=0 is too small"),
    (lambda: F.adaptive_avg_pool2d(x9, (1, 2, 3)), ValueError,
     r"output_size=\(1, 2, 3\) has 3 numbers; give one int, or 2: height, width"),
    (lambda: F.adaptive_avg_pool2d(x9, 2.0), TypeError, r"output_size must be an int, not 2.0"),
    (lambda: F.adaptive_max_pool2d(x4[0], 2), lucid.ShapeError, r"has 2 axes; needs"),
    (lambda: F.adaptive_max_pool1d(x4.long(), 2), lucid.DtypeError,
     r"adaptive_max_pool1d needs float32 or float64, not int64"),
    (lambda: F.lp_pool1d(x4, 0, 2), ValueError, r"norm_type=0 .* greater than 0"),
    (lambda: F.lp_pool1d(x4, float("inf"), 2), ValueError, r"takes the maximum; use max_pool"),
    (lambda: F.max_unpool1d(x4, lucid.zeros(1, 1, 3).long(), 2), lucid.ShapeError,
     r"indices of shape \(1, 1, 3\) must have the shape \(1, 1, 4\)"),
    (lambda: F.max_unpool1d(x4, x4, 2), lucid.DtypeError, r"indices must be int64, not float32"),
    (lambda: F.max_unpool1d(x4, x4.long() + 8, 2), ValueError,
     r"index 8 is no position of a result of \(8,\), which has 8"),
    (lambda: F.max_unpool1d(x4, x4.long(), 2, output_size=10), ValueError,
     r"output_size=10 is not within the stride 2 of 8; it must be 7 to 9"),
    (lambda: F.max_unpool1d(x4, [0], 2), TypeError, r"indices: needs a Tensor, not list"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
