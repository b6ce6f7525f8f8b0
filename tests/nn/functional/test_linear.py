"""The affine function: PyTorch's values and derivatives, and every refusal."""

import numpy as np
import pytest
from comparison import derivatives

import lucid
import lucid.nn.functional as F


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("lead", [(), (7,), (2, 3), (2, 1, 3), (0,), (2, 0)], ids=str)
@pytest.mark.parametrize("has_bias", [True, False])
def test_linear_equals_pytorch_and_the_sum(torch, dtype, lead, has_bias):
    rng = np.random.default_rng(0)
    shapes = [(*lead, 33), (17, 33), (17,)][: 3 if has_bias else 2]
    arrays = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    found = derivatives(lucid, F.linear, arrays)
    y = np.einsum("...i,oi->...o", arrays[0], arrays[1]) + (arrays[2] if has_bias else 0)
    # all are sums of products: the same with magnitudes bounds the error of any order
    sizes = derivatives(lucid, F.linear, [np.abs(array) for array in arrays])
    bound = 200 * np.finfo(dtype).eps
    np.testing.assert_allclose(found[0], y, rtol=0, atol=bound * np.abs(sizes[0]).max(initial=0))
    if torch is not None:
        expected = derivatives(torch, torch.nn.functional.linear, arrays)
        for mine, other, size in zip(found, expected, sizes, strict=True):
            atol = bound * max(np.abs(size).max(initial=0), 1)
            np.testing.assert_allclose(mine, other, rtol=0, atol=atol)
            assert mine.dtype == dtype


ERRORS = [
    (lambda: F.linear(lucid.zeros(2, 3), lucid.zeros(5, 4)), lucid.ShapeError,
     r"input of shape \(2, 3\) has 3 features on its last axis; needs 4, the second size of the "
     r"weight of shape \(5, 4\); nn.Linear\(3, 5\) takes this input, and nn.LazyLinear\(5\)"),
    (lambda: F.linear(lucid.zeros(8), lucid.zeros(5, 4)), lucid.ShapeError,
     r"if a batch was flattened whole, keep its axis: x.flatten\(1\)"),
    (lambda: F.linear(lucid.zeros(2, 2, 2), lucid.zeros(5, 4)), lucid.ShapeError,
     r"to join the axes behind the batch: x.flatten\(1\)"),
    (lambda: F.linear(lucid.tensor(1.0), lucid.zeros(5, 4)), lucid.ShapeError, r"has no axes"),
    (lambda: F.linear(lucid.zeros(2, 4), lucid.zeros(4)), lucid.ShapeError,
     r"weight of shape \(4,\) needs 2 axes"),
    (lambda: F.linear(lucid.zeros(2, 4), lucid.zeros(5, 4), lucid.zeros(4)), lucid.ShapeError,
     r"bias of shape \(4,\) does not fit a weight of shape \(5, 4\); needs \(5,\)"),
    (lambda: F.linear(lucid.zeros(2, 4), lucid.zeros(5, 4).double()), lucid.DtypeError,
     r"not float32, float64"),
    (lambda: F.linear(lucid.zeros(2, 4).long(), lucid.zeros(5, 4).long()), lucid.DtypeError,
     r"not int64, int64"),
    (lambda: F.linear(np.zeros((2, 4)), lucid.zeros(5, 4)), TypeError, r"needs a Tensor"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
