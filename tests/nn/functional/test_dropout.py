"""Leaving out: how many, which, and what is left."""

import numpy as np
import pytest

import lucid
import lucid.nn.functional as F


@pytest.mark.parametrize("dtype", [lucid.float32, lucid.float64])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_what_is_left_is_scaled_up(dtype, p):
    y = F.dropout(lucid.ones(200, 200, dtype=dtype), p)
    left = y.numpy() != 0
    assert y.dtype is dtype
    assert abs(left.mean() - (1 - p)) < 5 * np.sqrt(p * (1 - p) / left.size)
    np.testing.assert_allclose(y.numpy()[left], 1 / (1 - p), rtol=1e-6)


def test_the_gradient_is_zero_where_the_element_was():
    x = lucid.randn(50, requires_grad=True)
    y = F.dropout(x, 0.5)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy() * x.detach().numpy(), y.detach().numpy())


def test_the_seed_and_not_the_dtype_decides():
    kept = []
    for dtype in (lucid.float32, lucid.float32, lucid.float64):
        lucid.manual_seed(3)
        kept.append(F.dropout(lucid.ones(99, dtype=dtype)).numpy() > 0)
    np.testing.assert_array_equal(kept[0], kept[1])
    np.testing.assert_array_equal(kept[0], kept[2])
    assert (F.dropout(lucid.ones(99)).numpy() > 0).tolist() != kept[0].tolist()


def test_nothing_and_all():
    x = lucid.randn(9)
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, 0.5, training=False) is x
    assert F.dropout(x, 1.0).tolist() == [0.0] * 9
    assert F.dropout(lucid.tensor(1.0), 0.5).shape == ()


@pytest.mark.parametrize(("p", "kind", "message"), [
    (1.5, ValueError, r"p=1.5 is out of range; it must be 0 to 1"),
    (-0.1, ValueError, r"p=-0.1 is out"), (float("nan"), ValueError, r"p=nan is out of"),
    ("half", TypeError, r"p must be a number, not 'half'"),
    (True, TypeError, r"p must be a number"),
])
def test_refusals(p, kind, message):
    with pytest.raises(kind, match=message):
        F.dropout(lucid.ones(3), p)


def test_integers_are_refused():
    with pytest.raises(lucid.DtypeError, match="dropout needs float32 or float64, not int64"):
        F.dropout(lucid.ones(3).long())


RANKS = {1: F.dropout1d, 2: F.dropout2d, 3: F.dropout3d}


@pytest.mark.parametrize("ndim", RANKS)
@pytest.mark.parametrize("batch", [(40,), ()], ids=str)
def test_channels_are_left_out_as_wholes(ndim, batch):
    x = lucid.ones(*batch, 50, *(3, 2, 4)[:ndim], requires_grad=True)
    y = RANKS[ndim](x, 0.25)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy())
    flat = y.detach().numpy().reshape(int(np.prod(batch)) * 50, -1)
    assert (flat == flat[:, :1]).all()
    left = flat[:, 0] != 0
    assert abs(left.mean() - 0.75) < 5 * np.sqrt(0.25 * 0.75 / left.size)
    np.testing.assert_allclose(flat[left], 4 / 3, rtol=1e-6)
    assert RANKS[ndim](x, training=False) is x


@pytest.mark.parametrize("ndim", RANKS)
def test_channel_dropout_refuses_other_axes(ndim):
    for axes in (ndim, ndim + 3):
        with pytest.raises(lucid.ShapeError, match=rf"dropout{ndim}d: input .* has {axes} axes"):
            RANKS[ndim](lucid.zeros((2,) * axes))
    with pytest.raises(lucid.DtypeError, match=rf"dropout{ndim}d needs float32 or float64"):
        RANKS[ndim](lucid.zeros((2,) * (ndim + 1)).long())


@pytest.mark.parametrize("dtype", [lucid.float32, lucid.float64])
@pytest.mark.parametrize("p", [0.1, 0.5])
def test_alpha_dropout_keeps_mean_and_variance(dtype, p):
    x = lucid.randn(400, 500, dtype=dtype, requires_grad=True)
    y = F.alpha_dropout(x, p, training=True)
    assert y.dtype is dtype
    assert abs(y.mean().item()) < 0.02 and abs(y.var().item() - 1) < 0.03
    y.sum().backward()
    kept = x.grad.numpy() != 0
    a = ((1 - p) * (1 + p * 1.7580993408473766**2)) ** -0.5
    np.testing.assert_allclose(x.grad.numpy()[kept], a, rtol=1e-6)
    expected = a * (x.detach().numpy() * kept - 1.7580993408473766 * (~kept - p))
    np.testing.assert_allclose(y.detach().numpy(), expected, rtol=1e-5, atol=1e-6)


def test_alpha_dropout_of_nothing_and_all():
    x = lucid.randn(9)
    assert F.alpha_dropout(x) is x
    assert F.alpha_dropout(x, 0.0, True) is x
    assert F.alpha_dropout(x, 1.0, True).tolist() == [0.0] * 9
