"""Losses with a margin: PyTorch's values and derivatives over all options, and refusals."""

import numpy as np
import pytest
from comparison import check_differences, check_torch

import lucid
import lucid.nn.functional as F

each_reduction = pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
WEIGHT = [0.5, 1.0, 2.5]


def draw(dtype, *shapes):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def compare(torch, make, arrays):
    if torch is not None:
        check_torch(lucid, torch, make(lucid, F), make(torch, torch.nn.functional), arrays)
    check_differences(lucid, make(lucid, F), arrays)


@each_reduction
@each_dtype
@pytest.mark.parametrize(("shape", "classes"), [((4, 3), [0, 2, 1, 1]), ((3,), 2)])
@pytest.mark.parametrize(("p", "margin", "weighted"), [(1, 1.0, False), (2, 0.4, True)])
def test_multi_margin_loss(torch, reduction, dtype, shape, classes, p, margin, weighted):
    def make(library, module):
        target = library.tensor(classes)
        w = library.tensor(np.array(WEIGHT, dtype)) if weighted else None
        return lambda x: module.multi_margin_loss(
            x, target, p=p, margin=margin, reduction=reduction,
            weight=w if w is None or "64" not in str(x.dtype) else w.double(),
        )

    (x,) = draw(dtype, shape)
    if torch is not None:  # which differentiates it only once
        ours, theirs = lucid.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
        y, other = make(lucid, F)(ours), make(torch, torch.nn.functional)(theirs)
        y.sum().backward()
        other.sum().backward()
        tolerance = 100 * np.finfo(dtype).eps
        np.testing.assert_allclose(y.detach().numpy(), other.detach().numpy(), rtol=tolerance)
        np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=tolerance)
    check_differences(lucid, make(lucid, F), [x])


@each_reduction
@each_dtype
@pytest.mark.parametrize("margin", [1.0, 0.3])
def test_hinge_embedding_loss(torch, reduction, dtype, margin):
    def make(library, module):
        target = library.tensor([[1, -1, -1], [1, -1, 1]])
        return lambda x: module.hinge_embedding_loss(x, target, margin=margin, reduction=reduction)

    compare(torch, make, draw(dtype, (2, 3)))


@each_reduction
@each_dtype
@pytest.mark.parametrize("margin", [0.0, -0.5])
@pytest.mark.parametrize(("shape", "signs"), [((4, 3), [1, -1, -1, 1]), ((3,), -1)])
def test_cosine_embedding_loss(torch, reduction, dtype, margin, shape, signs):
    def make(library, module):
        target = library.tensor(signs)
        options = dict(margin=margin, reduction=reduction)
        return lambda a, b: module.cosine_embedding_loss(a, b, target, **options)

    compare(torch, make, draw(dtype, shape, shape))


@each_reduction
@each_dtype
@pytest.mark.parametrize("options", [{}, dict(swap=True, margin=0.5), dict(p=3, eps=0.1)], ids=str)
@pytest.mark.parametrize("shape", [(4, 3), (3,)], ids=str)
def test_triplet_margin_loss(torch, reduction, dtype, options, shape):
    def make(library, module):
        return lambda *x: module.triplet_margin_loss(*x, reduction=reduction, **options)

    compare(torch, make, draw(dtype, shape, shape, shape))


x3, t = lucid.zeros(2, 3), lucid.tensor([0, 1])
ERRORS = [
    (lambda: F.multi_margin_loss(x3, t, p=3), ValueError, r"p=3 is not 1 or 2"),
    (lambda: F.multi_margin_loss(x3, t + 2), ValueError, r"target 3 is no class: there are 3"),
    (lambda: F.multi_margin_loss(x3, t[0]), lucid.ShapeError, r"target of shape \(\) needs \(2,\)"),
    (lambda: F.multi_margin_loss(x3, x3[:, 0]), lucid.DtypeError, r"must hold classes, not float"),
    (lambda: F.multi_margin_loss(x3[None], t), lucid.ShapeError, r"needs \(batch, classes\)"),
    (lambda: F.multi_margin_loss(x3, t, weight=lucid.ones(2)), lucid.ShapeError, r"needs \(3,\)"),
    (lambda: F.hinge_embedding_loss(x3, t), lucid.ShapeError, r"must be of one shape"),
    (lambda: F.hinge_embedding_loss(x3[0, :2], t), ValueError, r"target 0 is neither 1 nor -1"),
    (lambda: F.cosine_embedding_loss(x3, x3, t, margin=2), ValueError, r"margin=2 .* be -1 to 1"),
    (lambda: F.cosine_embedding_loss(x3, x3, x3), lucid.ShapeError, r"need \(batch, size\)"),
    (lambda: F.triplet_margin_loss(x3, x3, x3[0]), lucid.ShapeError, r"negative of shape \(3,\)"),
    (lambda: F.triplet_margin_loss(x3, x3, x3, margin=0), ValueError, r"margin=0 .* greater than"),
    (lambda: F.triplet_margin_loss(*[x3[None]] * 3), lucid.ShapeError, r"needs \(batch, size\)"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
