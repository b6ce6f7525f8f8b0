"""Losses of numbers: PyTorch's values and derivatives over all options, and refusals."""

import numpy as np
import pytest
from comparison import check_differences, check_torch

import lucid
import lucid.nn.functional as F

REDUCTIONS = ["mean", "sum", "none"]
CASES = [("l1_loss", {}), ("smooth_l1_loss", {}), ("smooth_l1_loss", {"beta": 0.3}),
         ("smooth_l1_loss", {"beta": 0}), ("huber_loss", {}), ("huber_loss", {"delta": 0.3})]


def draw(shape=(3, 4), dtype=np.float64):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape).astype(dtype) for _ in range(2)]


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_to_pytorch_and_to_differences(torch, name, options, reduction, dtype):
    def call(module):
        return lambda x, t: getattr(module, name)(x, t, reduction=reduction, **options)

    arrays = draw(dtype=dtype)
    if torch is not None:
        check_torch(lucid, torch, call(F), call(torch.nn.functional), arrays)
    check_differences(lucid, call(F), arrays)


@pytest.mark.parametrize("var_shape", [(3, 4), (3, 1), (3,)], ids=str)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gaussian_nll_loss(torch, var_shape, full, reduction, dtype):
    def call(module):
        return lambda x, t, v: module.gaussian_nll_loss(x, t, v, full=full, reduction=reduction)

    arrays = [*draw(dtype=dtype), np.random.default_rng(1).random(var_shape).astype(dtype) + 0.5]
    arrays[2] = arrays[2].astype(dtype)
    if torch is not None:
        check_torch(lucid, torch, call(F), call(torch.nn.functional), arrays)
    check_differences(lucid, call(F), arrays)


def test_the_gradient_of_a_small_variance_is_that_of_eps():
    x, t = lucid.zeros(1), lucid.ones(1)
    var = lucid.zeros(1, requires_grad=True)
    y = F.gaussian_nll_loss(x, t, var, eps=0.5)
    y.backward()
    assert y.item() == pytest.approx(0.5 * (np.log(0.5) + 2))
    assert var.grad.item() == pytest.approx(0.5 * (2 - 4))


def test_definitions():
    x, t = lucid.tensor([0.0, 0.0]), lucid.tensor([0.5, -3.0])
    assert F.smooth_l1_loss(x, t, "none").tolist() == [0.125, 2.5]
    assert F.smooth_l1_loss(x, t, "none", 2.0).tolist() == [0.0625, 2.0]
    assert F.huber_loss(x, t, "none", 2.0).tolist() == [0.125, 4.0]
    assert F.l1_loss(x, t, "sum").item() == 3.5


@pytest.mark.parametrize("name", ["huber_loss", "smooth_l1_loss"])
def test_an_infinite_difference_has_the_slope_of_the_line(name):
    x = lucid.tensor([np.inf, -np.inf, 3.0, 0.25, 0.0], requires_grad=True)
    getattr(F, name)(x, lucid.zeros(5), "sum").backward(create_graph=True)
    assert x.grad.tolist() == [1, -1, 1, 0.25, 0]
    second, = lucid.autograd.grad(x.grad.sum(), x)
    assert second.tolist()[2:] == [0, 1, 1]


@pytest.mark.parametrize(("loss", "bound", "wanted", "slopes"), [
    (F.huber_loss, np.inf, [0.125, 2, 0], [0.5, -2, 0]),
    (F.smooth_l1_loss, np.inf, [0, 0, 0], [0, 0, 0]),
    (F.smooth_l1_loss, 1e-30, [0.5, 2, 0], [1, -1, 0]),
    (F.smooth_l1_loss, 1e-42, [0.5, 2, 0], [1, -1, 0]),
    (F.smooth_l1_loss, 1e-50, [0.5, 2, 0], [1, -1, 0]),
])
def test_a_bound_may_be_tiny_or_infinite(loss, bound, wanted, slopes):
    x = lucid.tensor([0.5, -2.0, 0.0], requires_grad=True)
    y = loss(x, lucid.zeros(3), "none", bound)
    y.sum().backward()
    assert y.tolist() == wanted
    assert x.grad.tolist() == slopes


def test_a_tiny_bound_keeps_its_parabola():
    x = lucid.tensor([1e-30, -4e-31], requires_grad=True)
    y = F.smooth_l1_loss(x, lucid.zeros(2), "none", 2e-30)
    y.sum().backward()
    np.testing.assert_allclose(y.tolist(), [2.5e-31, 4e-32], rtol=1e-6)
    np.testing.assert_allclose(x.grad.tolist(), [0.5, -0.2], rtol=1e-6)


x = lucid.zeros(2, 3)
ERRORS = [
    (lambda: F.l1_loss(x, x[0]), lucid.ShapeError,
     r"l1_loss: input of shape \(2, 3\) and target of shape \(3,\) must be of one shape"),
    (lambda: F.l1_loss(x, x.double()), lucid.DtypeError, r"but target is float64"),
    (lambda: F.l1_loss(x, x, "max"), ValueError, r"reduction='max' is not"),
    (lambda: F.huber_loss(x, x, delta=0), ValueError, r"delta=0 .* greater than 0"),
    (lambda: F.smooth_l1_loss(x, x, beta=-1), ValueError, r"beta=-1 .* at least 0"),
    (lambda: F.gaussian_nll_loss(x, x, x[:, :2]), lucid.ShapeError, r"var of shape \(2, 2\) must"),
    (lambda: F.gaussian_nll_loss(x, x, x - 1), ValueError, r"var has -1; it must be at least 0"),
    (lambda: F.gaussian_nll_loss(x, x, x, eps=0), ValueError, r"eps=0 .* greater than 0"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
