"""One function computed by two libraries, or by differences: values and two derivatives."""

import numpy as np
from differences import numeric_grad


def derivatives(library, function, arrays, seed=0):
    """Compute y, its gradients, and the gradients of their product with fixed numbers.

    `library` is lucid or torch, whose names agree. Every array becomes a leaf. Returns NumPy
    arrays: y, a gradient for each array, then a second one for each array and for the gradient g
    that came from above; zeros where nothing depends on the leaf.
    """
    rng = np.random.default_rng(seed)
    leaves = [library.tensor(array, requires_grad=True) for array in arrays]
    y = function(*leaves)
    dtype = arrays[0].dtype
    g = library.tensor(rng.standard_normal(tuple(y.shape)).astype(dtype), requires_grad=True)
    factors = [library.tensor(rng.standard_normal(a.shape).astype(dtype)) for a in arrays]
    grad = library.autograd.grad
    first = grad(y, leaves, g, create_graph=True, allow_unused=True)
    pairs = zip(first, factors, strict=True)
    total = sum((each * v).sum() for each, v in pairs if each is not None)
    everything = [*leaves, g]
    is_flat = not getattr(total, "requires_grad", False)  # the slope is the same everywhere
    second = [None] * len(everything) if is_flat else grad(total, everything, allow_unused=True)
    zeros = [*map(np.zeros_like, arrays)] * 2 + [np.zeros(tuple(y.shape), dtype)]
    found = [
        zero if each is None else (each.detach() + 0).numpy()
        for each, zero in zip((*first, *second), zeros, strict=True)
    ]
    return [y.detach().numpy(), *found]


def check_differences(library, function, arrays, step=1e-5, tolerance=1e-6, seed=0):
    """Hold first and second derivatives against central differences, in float64."""
    rng = np.random.default_rng(seed)
    arrays = [array.astype(np.float64) for array in arrays]
    y, *found = derivatives(library, function, arrays, seed)
    g = rng.standard_normal(y.shape)
    factors = [rng.standard_normal(a.shape) for a in arrays]
    first, second = found[: len(arrays)], found[len(arrays) :]

    def value():
        return float((function(*map(library.tensor, arrays)).numpy() * g).sum())

    def slope():
        leaves = [library.tensor(array, requires_grad=True) for array in arrays]
        y = function(*leaves)
        gradients = library.autograd.grad(y, leaves, library.tensor(g), allow_unused=True)
        return float(sum(
            (each.numpy() * v).sum()
            for each, v in zip(gradients, factors, strict=True) if each is not None
        ))

    for array, gradient in zip(arrays, first, strict=True):
        _compare(value, array, gradient, step, tolerance)
    for array, gradient in zip([*arrays, g], second, strict=True):
        _compare(slope, array, gradient, step, tolerance)


def _compare(function, x, gradient, step, tolerance):
    expected = numeric_grad(function, x, step)
    scale = max(1.0, np.abs(expected).max(initial=0))
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=tolerance * scale)


def check_torch(library, torch, ours, theirs, arrays, factor=100):
    """Hold values and derivatives against PyTorch's, within `factor` units of the last place."""
    if torch is None:
        return
    expected = derivatives(torch, theirs, arrays)
    found = derivatives(library, ours, arrays)
    dtype = np.result_type(*arrays)
    for place, (mine, other) in enumerate(zip(found, expected, strict=True)):
        scale = max(1, np.abs(other).max(initial=0))
        atol = factor * scale * np.finfo(dtype).eps
        np.testing.assert_allclose(mine, other, rtol=0, atol=atol, err_msg=f"result {place}")
        assert mine.dtype == dtype and mine.shape == other.shape


def check_like(lucid, torch, function, arrays, tolerance=1e-5):
    """Hold ``function(library, *tensors)`` against PyTorch's, in float32 and float64."""
    for dtype in (np.float32, np.float64):
        leaves = [np.asarray(array, dtype) for array in arrays]
        ours, theirs = [
            derivatives(library, lambda *x, library=library: function(library, *x), leaves)
            for library in (lucid, torch)
        ]
        for got, expected in zip(ours, theirs, strict=True):
            assert got.dtype == expected.dtype
            assert got.shape == expected.shape
            close = tolerance if dtype is np.float32 else 1e-10
            np.testing.assert_allclose(got, expected, rtol=close, atol=close)
