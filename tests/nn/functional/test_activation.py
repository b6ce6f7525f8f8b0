"""Activation functions against PyTorch and differences."""

import numpy as np
import pytest
from comparison import check_differences, check_torch, derivatives

import lucid
import lucid.nn.functional as F

FUNCTIONS = ["relu", "sigmoid", "tanh", "softmax", "log_softmax"]


def call(module, name):
    function = getattr(module, name)
    return (lambda x: function(x, dim=1)) if "softmax" in name else function


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_and_derivatives(torch, name, dtype):
    x = (np.random.default_rng(0).standard_normal((3, 4, 2)) * 3).astype(dtype)
    found = derivatives(lucid, call(F, name), [x])
    if torch is not None:
        expected = derivatives(torch, call(torch.nn.functional, name), [x])
        for mine, other in zip(found, expected, strict=True):
            scale = max(1, np.abs(other).max())
            np.testing.assert_allclose(mine, other, atol=50 * scale * np.finfo(dtype).eps, rtol=0)
    check_differences(lucid, call(F, name), [x])


def test_relu_leaves_its_input_alone():
    x = lucid.tensor([-1.0, 0.0, np.nan], requires_grad=True)
    y = F.relu(x, inplace=True)
    assert y.tolist()[:2] == [0.0, 0.0] and np.isnan(y.tolist()[2])
    assert x.tolist()[0] == -1.0
    y.sum().backward()
    assert x.grad.tolist()[:2] == [0.0, 0.0]


OPTIONS = [
    ("relu6", {}), ("leaky_relu", {}), ("leaky_relu", {"negative_slope": -0.3}), ("elu", {}),
    ("elu", {"alpha": 0.7}), ("selu", {}), ("gelu", {}), ("gelu", {"approximate": "tanh"}),
    ("silu", {}), ("mish", {}), ("softplus", {}), ("softplus", {"beta": 3.0, "threshold": 4.0}),
    ("hardtanh", {}), ("hardtanh", {"min_val": -0.3, "max_val": 2.0}), ("hardswish", {}),
    ("hardsigmoid", {}), ("glu", {}), ("glu", {"dim": 1}),
]


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_to_pytorch_and_to_differences(torch, name, options, dtype):
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((3, 4, 6)) * 4).astype(dtype)
    ours = getattr(F, name)
    if torch is not None:
        theirs = getattr(torch.nn.functional, name)
        if name == "hardsigmoid":  # PyTorch cannot differentiate it twice
            theirs = lambda a: torch.nn.functional.relu6(a + 3) / 6  # noqa: E731
        # far from 0, 1 - tanh^2 is what is left of two numbers near 1, times x^5
        factor = 2000 if options.get("approximate") else 100
        check_torch(
            lucid, torch, lambda a: ours(a, **options), lambda a: theirs(a, **options), [x], factor
        )
    check_differences(lucid, lambda a: ours(a, **options), [x[:1]])


@pytest.mark.parametrize(("shape", "count"), [((4, 3, 5), 3), ((4, 3), 1), ((3,), 1), ((2, 3), 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_prelu(torch, shape, count, dtype):
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(each).astype(dtype) for each in (shape, (count,))]
    if torch is not None:
        check_torch(lucid, torch, F.prelu, torch.nn.functional.prelu, arrays)
    check_differences(lucid, F.prelu, arrays)


def test_gumbel_softmax_chooses_with_the_probabilities_of_softmax():
    logits = lucid.tensor([0.0, 1.0, 2.0])
    chosen = F.gumbel_softmax(logits.expand(20000, 3), hard=True).numpy()
    assert set(np.unique(chosen.round(6))) == {0.0, 1.0}
    np.testing.assert_allclose(chosen.mean(0), F.softmax(logits, 0).numpy(), atol=0.015)
    soft = F.gumbel_softmax(logits.expand(5, 3).T, tau=0.3, dim=0)
    np.testing.assert_allclose(soft.numpy().sum(0), 1, rtol=1e-5)


def test_a_hard_choice_has_the_gradient_of_the_soft_one():
    x = lucid.randn(4, 3, dtype=lucid.float64, requires_grad=True)
    gradients = []
    for hard in (False, True):
        lucid.manual_seed(7)
        y = F.gumbel_softmax(x, 0.7, hard)
        (gradient,) = lucid.autograd.grad((y * lucid.arange(3)).sum(), x)
        gradients.append(gradient.numpy())
    np.testing.assert_allclose(*gradients, rtol=1e-12)


x = lucid.zeros(2, 3)
ERRORS = [
    (lambda: F.gumbel_softmax(x, 0), ValueError, r"tau=0 is out of range"),
    (lambda: F.gumbel_softmax(x.long()), lucid.DtypeError, r"gumbel_softmax needs float32"),
    (lambda: F.relu6(x.long()), lucid.DtypeError, r"relu6 needs float32 or float64, not int64"),
    (lambda: F.gelu(x, "erf"), ValueError, r"approximate='erf' is not 'none' or 'tanh'"),
    (lambda: F.softplus(x, beta=0), ValueError, r"beta=0 is out of range; .* greater than 0"),
    (lambda: F.hardtanh(x, 2, 1), ValueError, r"min_val=2 must be below max_val=1"),
    (lambda: F.leaky_relu(x, "a"), TypeError, r"negative_slope must be a number, not 'a'"),
    (lambda: F.glu(x), lucid.ShapeError, r"axis -1 of shape \(2, 3\) has 3 positions; .* even"),
    (lambda: F.glu(x, 2), lucid.ShapeError, r"glu: dim=2 is not an axis"),
    (lambda: F.prelu(x, lucid.zeros(2)), lucid.ShapeError,
     r"weight of shape \(2,\) does not fit an input of shape \(2, 3\); needs \(1,\), or \(3,\)"),
    (lambda: F.prelu(x, lucid.zeros(3).double()), lucid.DtypeError, r"weight is float64"),
    (lambda: F.elu(3.0), TypeError, r"elu: needs a Tensor, not float"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
