"""`axis` and `keepdims` mean `dim` and `keepdim`; a shape may be named."""

import inspect

import numpy as np
import pytest

import lucid

AXES = (
    "all any amax amin argmax argmin argsort count_nonzero cumprod cumsum log_softmax logsumexp "
    "max mean median min norm prod softmax sort squeeze std sum unique unsqueeze var"
).split()
KEPT = "all any amax amin argmax argmin logsumexp max mean median min norm prod std sum var".split()
X = lucid.tensor([[[3.0, 1.0], [2.0, 0.5]], [[0.0, 5.0], [4.0, 6.0]]])


def flat(y):
    return [each.tolist() for each in y] if isinstance(y, tuple) else y.tolist()


@pytest.mark.parametrize("name", AXES)
def test_axis_means_dim(name):
    function = getattr(lucid, name)
    assert getattr(lucid.Tensor, name) is function
    assert flat(function(X, axis=1)) == flat(function(X, dim=1))
    assert flat(getattr(X, name)(axis=-2)) == flat(getattr(X, name)(dim=-2))


@pytest.mark.parametrize("name", KEPT)
def test_keepdims_means_keepdim(name):
    function = getattr(lucid, name)
    assert flat(function(X, axis=1, keepdims=True)) == flat(function(X, dim=1, keepdim=True))


@pytest.mark.parametrize("name", ["cat", "stack"])
def test_tensors_are_joined_along_an_axis(name):
    function = getattr(lucid, name)
    assert flat(function([X, X], axis=1)) == flat(function([X, X], dim=1))


def test_both_names_at_once_are_refused():
    with pytest.raises(TypeError, match="axis"):
        lucid.sum(X, dim=0, axis=0)
    with pytest.raises(TypeError, match="multiple values for argument 'dim'"):
        lucid.sum(X, 0, axis=0)


def test_the_signature_stays():
    assert str(inspect.signature(lucid.mean)) == "(x, dim=None, keepdim=False, *, dtype=None)"


def test_all_agree_with_pytorch(torch):
    if torch is None:
        pytest.skip("torch is not installed")
    x = torch.tensor(X.tolist())
    for name in ("sum", "mean", "argmax", "std", "softmax", "cumsum", "amax"):
        own, wanted = (getattr(each, name)(axis=2).numpy() for each in (X, x))
        np.testing.assert_allclose(own, wanted, rtol=1e-6)
    assert x.sum(axis=(0, 2), keepdims=True).tolist() == X.sum(axis=(0, 2), keepdims=True).tolist()


@pytest.mark.parametrize("name", ["zeros", "ones", "empty", "rand", "randn"])
def test_a_shape_may_be_named(name):
    function = getattr(lucid, name)
    assert function(size=(2, 3)).shape == function(2, 3).shape == (2, 3)
    assert function(size=4, dtype=lucid.float64).shape == (4,)
    with pytest.raises(TypeError, match=f"{name}: the shape is given twice"):
        function(2, size=(2,))
