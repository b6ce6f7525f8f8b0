"""Pooling functions: PyTorch's values and derivatives, sizes, and every refusal."""

import itertools

import numpy as np
import pytest
from comparison import derivatives

import lucid
import lucid.nn.functional as F
from lucid.geometry import pool_output_size

SIZES = {1: (9,), 2: (7, 9), 3: (5, 6, 7)}
OPTIONS = [
    dict(kernel_size=1), dict(kernel_size=2), dict(kernel_size=3, stride=2, padding=1),
    dict(kernel_size=2, stride=1), dict(kernel_size=3, stride=3, padding=1, ceil_mode=True),
    dict(kernel_size=4, stride=3, padding=2, ceil_mode=True), dict(kernel_size=2, stride=5),
]
MAXIMUM = [*OPTIONS, dict(kernel_size=2, stride=1, dilation=3),
           dict(kernel_size=3, stride=2, padding=1, dilation=2, ceil_mode=True)]
AVERAGE = [{**each, "count_include_pad": count}
           for each, count in itertools.product(OPTIONS, [True, False])]
each_rank = pytest.mark.parametrize("ndim", [1, 2, 3])
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def draw(ndim, dtype, batch=(2,)):
    rng = np.random.default_rng(0)
    return rng.standard_normal((*batch, 3, *SIZES[ndim])).astype(dtype)


def torch_functional(torch):
    if torch is None:
        pytest.skip("torch is not installed; the kernels are tested against their definition")
    return torch.nn.functional


@each_rank
@each_dtype
@pytest.mark.parametrize("options", MAXIMUM, ids=str)
@pytest.mark.parametrize("batch", [(2,), ()], ids=str)
def test_max_pool_equals_pytorch_exactly(torch, ndim, dtype, options, batch):
    x, name = draw(ndim, dtype, batch), f"max_pool{ndim}d"
    theirs, ours = getattr(torch_functional(torch), name), getattr(F, name)
    expected = derivatives(torch, lambda a: theirs(a, **options), [x])
    for mine, other in zip(derivatives(lucid, lambda a: ours(a, **options), [x]), expected):
        np.testing.assert_allclose(mine, other, rtol=4 * np.finfo(dtype).eps, atol=0)
        assert mine.dtype == dtype
    y, indices = ours(lucid.tensor(x), return_indices=True, **options)
    their_y, their_indices = theirs(torch.tensor(x), return_indices=True, **options)
    np.testing.assert_array_equal(y.numpy(), their_y.numpy())
    np.testing.assert_array_equal(indices.numpy(), their_indices.numpy())
    assert indices.dtype is lucid.int64 and not indices.requires_grad


@each_rank
@each_dtype
@pytest.mark.parametrize("options", AVERAGE, ids=str)
@pytest.mark.parametrize("divisor", [None, 5])
def test_avg_pool_equals_pytorch(torch, ndim, dtype, options, divisor):
    x, name = draw(ndim, dtype), f"avg_pool{ndim}d"
    if divisor is not None:
        if ndim == 1:
            return  # 1-D has no divisor
        options = {**options, "divisor_override": divisor}
    theirs, ours = getattr(torch_functional(torch), name), getattr(F, name)
    found = derivatives(lucid, lambda a: ours(a, **options), [x])
    expected = derivatives(torch, lambda a: theirs(a, **options), [x])
    # any order of adding up stays within eps times the count and the sum of magnitudes
    bound = 2 * options["kernel_size"] ** ndim * np.finfo(dtype).eps
    sizes = derivatives(lucid, lambda a: ours(a, **options), [np.abs(x)])
    for mine, other, size in zip(found, expected, sizes, strict=True):
        assert np.all(np.abs(mine - other) <= bound * np.abs(size).max(initial=0) + 1e-30)
        assert mine.dtype == dtype


def test_avg_pool_without_torch_averages():
    x = lucid.arange(12.0).reshape(1, 1, 3, 4)
    assert F.avg_pool2d(x, (3, 2)).tolist() == [[[[4.5, 6.5]]]]
    assert F.avg_pool2d(x, 2, padding=1, stride=3).tolist() == [[[[0.0, 1.25], [2.0, 5.25]]]]
    y = F.avg_pool2d(x, 2, padding=1, stride=3, count_include_pad=False)
    assert y.tolist() == [[[[0.0, 2.5], [8.0, 10.5]]]]


def test_sizes_count_the_windows_that_begin_inside():
    ranges = range(1, 12), range(1, 5), range(1, 5), range(3), (1, 2)
    for n, k, s, p, d in itertools.product(*ranges):
        extent = d * (k - 1) + 1
        if p > k // 2 or n + 2 * p < extent:
            continue
        fitting = [o for o in range(40) if o * s + extent <= n + 2 * p]
        assert pool_output_size(n, k, s, p, d) == len(fitting)
        # one more, if anything is left over for it and it begins before the high padding
        last = len(fitting) * s
        left = last + extent < n + 2 * p + s
        expected = len(fitting) + (left and last < n + p)
        assert pool_output_size(n, k, s, p, d, ceil_mode=True) == expected


def test_nan_is_the_maximum():
    x = lucid.tensor([[[1.0, np.nan, 3.0, np.nan, 2.0, 5.0]]])
    y, indices = F.max_pool1d(x, 6, return_indices=True)
    assert np.isnan(y.item()) and indices.item() == 3


def test_an_empty_batch_gives_an_empty_result():
    for function in (F.max_pool2d, F.avg_pool2d):
        x = lucid.zeros(0, 3, 8, 8, requires_grad=True)
        y = function(x, 2)
        assert y.shape == (0, 3, 4, 4)
        y.sum().backward()
        assert x.grad.shape == x.shape


def test_indices_are_found_only_when_needed():
    x = lucid.rand(1, 1, 4, requires_grad=True)
    assert F.max_pool1d(x, 2).node.indices is not None
    with lucid.no_grad():
        assert F.max_pool1d(x, 2).node is None


ERRORS = [
    (lambda: F.max_pool2d(lucid.zeros(1, 1, 4, 4), 5), lucid.ShapeError,
     r"height 4 with window 5, dilation 1, padding 0 gives floor\(\(4 \+ 0 - 5\)/5\) \+ 1 = 0; "
     r"needs height >= 5"),
    (lambda: F.max_pool2d(lucid.zeros(1, 1, 9, 4), 3, 2, 1, 4), lucid.ShapeError,
     r"width 4 with window 3, dilation 4, padding 1 gives floor\(\(4 \+ 2 - 9\)/2\) \+ 1 = -1; "
     r"needs width >= 7"),
    (lambda: F.max_pool1d(lucid.zeros(1, 1, 2), 5, 2, ceil_mode=True), lucid.ShapeError,
     r"length 2 with window 5, .* gives ceil\(\(2 \+ 0 - 5\)/2\) \+ 1 = 0; needs length >= 4"),
    (lambda: F.max_pool2d(lucid.zeros(1, 1, 9, 9), 3, padding=2), ValueError,
     r"padding=2 is more than half of kernel_size=3 along the height; .* 3 // 2 = 1"),
    (lambda: F.avg_pool3d(lucid.zeros(1, 1, 9, 9, 9), 2, padding=(0, 1, 2)), ValueError,
     r"padding=2 is more than half of kernel_size=2 along the width"),
    (lambda: F.avg_pool2d(lucid.zeros(1, 1, 9, 9), 2, padding=-1), ValueError,
     r"padding=-1 is too small; it must be at least 0"),
    (lambda: F.max_pool1d(lucid.zeros(1, 1, 9), 0), ValueError, r"kernel_size=0 is too small"),
    (lambda: F.max_pool1d(lucid.zeros(1, 1, 9), 2, stride=0), ValueError, r"stride=0 is too small"),
    (lambda: F.max_pool1d(lucid.zeros(1, 1, 9), 2, dilation=0), ValueError, r"dilation=0"),
    (lambda: F.max_pool2d(lucid.zeros(1, 1, 9, 9), (2, 2, 2)), ValueError,
     r"kernel_size=\(2, 2, 2\) has 3 numbers; give one int, or 2: height, width"),
    (lambda: F.max_pool2d(lucid.zeros(1, 1, 9, 9), 2.0), TypeError, r"kernel_size must be an int"),
    (lambda: F.max_pool3d(lucid.zeros(1, 1, 9, 9, 9), 2**11), ValueError, r"2\*\*31 elements"),
    (lambda: F.max_pool2d(lucid.zeros(4, 4), 2), lucid.ShapeError, r"\(4, 4\) has 2 axes"),
    (lambda: F.max_pool1d(lucid.zeros(1, 1, 4, 4), 2), lucid.ShapeError, r"has 4 axes"),
    (lambda: F.avg_pool1d(lucid.zeros(1, 1, 0), 2), lucid.ShapeError, r"has length 0"),
    (lambda: F.max_pool1d(lucid.zeros(1, 1, 4).long(), 2), lucid.DtypeError,
     r"pooling needs float32 or float64, not int64; call x.float\(\)"),
    (lambda: F.max_pool1d(np.zeros((1, 1, 4)), 2), TypeError, r"needs a Tensor, not ndarray"),
    (lambda: F.avg_pool2d(lucid.zeros(1, 1, 4, 4), 2, divisor_override=0), ValueError,
     r"divisor_override=0 would divide by zero"),
    (lambda: F.avg_pool2d(lucid.zeros(1, 1, 4, 4), 2, divisor_override=1.5), TypeError,
     r"divisor_override must be an int"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
