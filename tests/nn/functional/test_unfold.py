"""im2col and col2im: PyTorch's layout for images, convolution as a product in every rank."""

import numpy as np
import pytest
from comparison import check_torch

import lucid
import lucid.nn.functional as F

OPTIONS = [
    dict(kernel_size=2), dict(kernel_size=(2, 3), padding=(1, 0)),
    dict(kernel_size=3, dilation=2, padding=2, stride=2), dict(kernel_size=(1, 4), stride=(3, 1)),
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("batch", [(2,), ()], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_to_pytorch(torch, options, batch, dtype):
    if torch is None:
        pytest.skip("torch is not installed; the steps are tested by their definition")
    x = np.random.default_rng(0).standard_normal((*batch, 3, 5, 6)).astype(dtype)
    if not batch and isinstance(options["kernel_size"], int):
        options = {**options, "kernel_size": (options["kernel_size"],) * 2}
    theirs = torch.nn.functional
    check_torch(
        lucid, torch, lambda a: F.unfold(a, **options), lambda a: theirs.unfold(a, **options), [x]
    )
    y = F.unfold(lucid.tensor(x), **options).numpy()
    check_torch(
        lucid, torch, lambda a: F.fold(a, (5, 6), **options),
        lambda a: theirs.fold(a, (5, 6), **options), [y],
    )


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_a_convolution_is_a_product_with_columns(ndim):
    x = lucid.randn(2, 3, *(6, 5, 4)[:ndim], dtype=lucid.float64)
    w = lucid.randn(4, 3, *(3, 2, 2)[:ndim], dtype=lucid.float64)
    options = dict(stride=2, padding=1, dilation=(1, 2, 1)[:ndim])
    expected = getattr(F, f"conv{ndim}d")(x, w, **options)
    columns = F.unfold(x, w.shape[2:], **options)
    y = (w.reshape(4, -1) @ columns).reshape(expected.shape)
    np.testing.assert_allclose(y.numpy(), expected.numpy(), rtol=1e-12, atol=1e-12)


def test_folding_counts_the_windows():
    x = lucid.ones(1, 1, 3, 4)
    counts = F.fold(F.unfold(x, 2), (3, 4), 2)
    assert counts.tolist() == [[[[1, 2, 2, 1], [2, 4, 4, 2], [1, 2, 2, 1]]]]
    assert F.fold(lucid.zeros(1, 4, 9), 4, 2).shape == (1, 1, 4, 4)
    assert F.fold(lucid.zeros(4, 9), 4, 2).shape == (1, 4, 4)
    assert F.unfold(lucid.zeros(0, 1, 3, 4), 2).shape == (0, 4, 6)


x = lucid.zeros(2, 3, 5)
ERRORS = [
    (lambda: F.unfold(x, 2), ValueError,
     r"\(2, 3, 5\) may be \(batch, channels, length\) or .* kernel_size=\(2,\) or \(2, 2\)"),
    (lambda: F.unfold(x, (9,)), lucid.ShapeError, r"length 5 with kernel 9"),
    (lambda: F.unfold(x, (2, 2, 2, 2)), lucid.ShapeError, r"needs 1 to 3 spatial axes, not 4"),
    (lambda: F.unfold(x, (2, 2, 2)), lucid.ShapeError, r"has 3 axes"),
    (lambda: F.unfold(x, (0,)), ValueError, r"kernel_size\[0\]=0 is too small"),
    (lambda: F.unfold(x.long(), (2,)), lucid.DtypeError, r"unfold needs float32"),
    (lambda: F.fold(x, (4,), 2), lucid.ShapeError, r"3 rows are no multiple of the 2 positions"),
    (lambda: F.fold(x[:, :2], (4,), 2), lucid.ShapeError,
     r"has 5 columns, but a result of \(4,\) has 3 = 3 windows"),
    (lambda: F.fold(x[0, 0], (4,), 2), lucid.ShapeError, r"needs axes \(batch, rows, windows\)"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
