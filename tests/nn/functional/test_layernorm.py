"""Layer, group, instance and local response normalisation: PyTorch's values and derivatives."""

import numpy as np
import pytest
from comparison import check_differences, check_torch

import lucid
import lucid.nn.functional as F

each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
each_affine = pytest.mark.parametrize("affine", [0, 1, 2])
CHANNELS = [(3, 4), (2, 4, 5), (2, 4, 3, 2), (1, 4, 2, 3, 2)]


def draw(dtype, *shapes):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape).astype(dtype) + dtype(0.5) for shape in shapes]


def compare(torch, name, arrays, *options, **more):
    """Hold a function of x and perhaps weight and bias against PyTorch and differences."""
    def call(module):
        return lambda x, *affine: getattr(module, name)(x, *options, *affine, **more)

    if torch is not None:
        check_torch(lucid, torch, call(F), call(torch.nn.functional), arrays, factor=500)
    check_differences(lucid, call(F), [each[:1] if each.ndim > 2 else each for each in arrays])


@pytest.mark.parametrize(("shape", "normalized"), [
    ((3, 4), 4), ((3, 4), (4,)), ((2, 3, 4), (3, 4)), ((5,), 5), ((2, 2, 3, 2), [3, 2]),
])
@each_dtype
@each_affine
def test_layer_norm(torch, shape, normalized, dtype, affine):
    sizes = tuple(normalized) if isinstance(normalized, list | tuple) else (normalized,)
    x, w, b = draw(dtype, shape, sizes, sizes)
    theirs = None if torch is None else torch.nn.functional
    arrays = [x, w, b][: affine + 1]
    if torch is not None:
        check_torch(
            lucid, torch, lambda a, *more: F.layer_norm(a, normalized, *more, eps=1e-3),
            lambda a, *more: theirs.layer_norm(a, sizes, *more, eps=1e-3), arrays, factor=500,
        )
    check_differences(lucid, lambda a, *more: F.layer_norm(a, normalized, *more), arrays)


@pytest.mark.parametrize("shape", CHANNELS, ids=str)
@pytest.mark.parametrize("groups", [1, 2, 4])
@each_dtype
@each_affine
def test_group_norm(torch, shape, groups, dtype, affine):
    if len(shape) == 2 and groups == 4:
        return  # groups of one number
    compare(torch, "group_norm", draw(dtype, shape, 4, 4)[: affine + 1], groups, eps=1e-2)


@pytest.mark.parametrize("shape", CHANNELS[1:], ids=str)
@each_dtype
@each_affine
def test_instance_norm(torch, shape, dtype, affine):
    compare(torch, "instance_norm", draw(dtype, shape, 4, 4)[: affine + 1], None, None, eps=1e-2)


@each_dtype
def test_instance_norm_keeps_running_statistics(torch, dtype):
    x, w, b = draw(dtype, (3, 4, 5), 4, 4)
    running = lucid.zeros(4, dtype=dtype), lucid.ones(4, dtype=dtype)
    F.instance_norm(lucid.tensor(x), *running, momentum=0.3)
    np.testing.assert_allclose(running[0].numpy(), 0.3 * x.mean(2).mean(0), rtol=1e-5)
    variance = 0.7 + 0.3 * x.var(2, ddof=1).mean(0)
    np.testing.assert_allclose(running[1].numpy(), variance, rtol=1e-5)
    if torch is not None:
        theirs = torch.zeros(4, dtype=torch.tensor(x).dtype), torch.ones(4).to(torch.tensor(x))
        torch.nn.functional.instance_norm(torch.tensor(x), *theirs, momentum=0.3)
        for mine, other in zip(running, theirs, strict=True):
            np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-5)
    y = F.instance_norm(lucid.tensor(x), *running, use_input_stats=False)
    expected = F.batch_norm(lucid.tensor(x), *running)
    np.testing.assert_array_equal(y.numpy(), expected.numpy())


@pytest.mark.parametrize("shape", [(2, 5, 3), (1, 4, 2, 3), (2, 3, 2, 2, 2)], ids=str)
@pytest.mark.parametrize("size", [1, 2, 3, 7])
@each_dtype
def test_local_response_norm(torch, shape, size, dtype):
    compare(torch, "local_response_norm", draw(dtype, shape), size, 0.3, 0.6, 0.9)


def test_local_response_norm_is_its_definition():
    (x,) = draw(np.float64, (2, 6, 4))
    y = F.local_response_norm(lucid.tensor(x), 4, 0.2, 0.7, 2.0).numpy()
    for c in range(6):
        around = x[:, max(c - 2, 0) : c + 2]
        expected = x[:, c] / (2 + 0.05 * (around**2).sum(1)) ** 0.7
        np.testing.assert_allclose(y[:, c], expected, rtol=1e-12)


def test_an_empty_batch_gives_an_empty_result():
    x = lucid.zeros(0, 4, 5, requires_grad=True)
    for y in (F.layer_norm(x, 5), F.group_norm(x, 2), F.instance_norm(x),
              F.local_response_norm(x, 2)):
        assert y.shape == (0, 4, 5)
        y.sum().backward()


x = lucid.zeros(2, 4, 3)
ERRORS = [
    (lambda: F.layer_norm(x, 4), lucid.ShapeError,
     r"input of shape \(2, 4, 3\) does not end in normalized_shape=\(4,\)"),
    (lambda: F.layer_norm(x, ()), ValueError, r"names no axis"),
    (lambda: F.layer_norm(x, 3, lucid.ones(4)), lucid.ShapeError,
     r"weight of shape \(4,\) must have the shape \(3,\)"),
    (lambda: F.layer_norm(x, 3, lucid.ones(3).double()), lucid.DtypeError, r"weight is float64"),
    (lambda: F.layer_norm(x, 3, eps=-1), ValueError, r"eps=-1 is out of range"),
    (lambda: F.layer_norm(x, 3.0), TypeError, r"normalized_shape must be an int, not 3.0"),
    (lambda: F.group_norm(x, 3), ValueError, r"4 channels cannot be split into num_groups=3"),
    (lambda: F.group_norm(x, 2, lucid.ones(3)), lucid.ShapeError,
     r"has 4 channels on axis 1, but weight has shape \(3,\)"),
    (lambda: F.group_norm(x[0, 0], 1), lucid.ShapeError, r"\(3,\) needs axes \(batch, channels"),
    (lambda: F.group_norm(x[:, :, :0], 1), lucid.ShapeError, r"only the batch may be empty"),
    (lambda: F.instance_norm(x[:, :, :1]), lucid.ShapeError, r"has 1 number in each channel"),
    (lambda: F.instance_norm(x, lucid.zeros(4)), ValueError, r"or neither of them"),
    (lambda: F.instance_norm(x, lucid.zeros(3), lucid.ones(3)), lucid.ShapeError,
     r"but running_mean has shape \(3,\)"),
    (lambda: F.local_response_norm(x[0], 2), lucid.ShapeError, r"needs axes \(batch, channels"),
    (lambda: F.local_response_norm(x, 0), ValueError, r"size=0 is too small"),
    (lambda: F.local_response_norm(x.long(), 2), lucid.DtypeError, r"not int64"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
