"""Holding what lucid computes against what PyTorch computes."""

import importlib.util
from importlib import import_module

import numpy as np

from lucid.nn.module import Module
from lucid.testing.closeness import as_array, assert_close

__all__ = ["assert_matches_torch"]


def assert_matches_torch(build, *arrays, rtol=1e-5, atol=1e-6, gradients=True, seed=0):
    r"""Raise unless lucid and PyTorch compute the same, values and gradients.

    Parameters
    ----------
    build : callable
        ``build(library)``, called with the modules ``lucid`` and ``torch``, uses the names that
        both have, and returns a module or a function of tensors. The weights of lucid's module are
        copied into PyTorch's.
    *arrays : numpy.ndarray
        What both are called with.
    rtol, atol : float, default 1e-5, 1e-6
        As in `assert_close`; the absolute one is in parts of the largest value.
    gradients : bool, default True
        Whether the gradients of all floating-point arrays and of the parameters are compared too.
    seed : int, default 0
        Of lucid's weights, and of the gradient from above.

    Raises
    ------
    ModuleNotFoundError
        If PyTorch is not installed; in a test, ``pytest.importorskip("torch")`` skips.
    AssertionError
        If anything differs; the message names the value, the index and the bound.

    Examples
    --------
    >>> import importlib.util
    >>> import numpy as np
    >>> from lucid.testing import assert_matches_torch
    >>> def build(library):
    ...     return library.nn.Sequential(library.nn.Conv1d(1, 2, 3), library.nn.ReLU())
    >>> if importlib.util.find_spec("torch"):
    ...     assert_matches_torch(build, np.ones((1, 1, 5), dtype=np.float32))
    """
    if importlib.util.find_spec("torch") is None:
        raise ModuleNotFoundError(
            "assert_matches_torch needs PyTorch, which is no part of lucid: install torch"
        )
    torch, lucid = import_module("torch"), import_module("lucid")
    lucid.manual_seed(seed)
    ours, theirs = build(lucid), build(torch)
    if isinstance(ours, Module):
        copy_state(torch, ours, theirs)
    first = _values(lucid, ours, arrays, gradients, seed)
    second = _values(torch, theirs, arrays, gradients, seed)
    if set(first) != set(second):
        raise AssertionError(f"lucid gives {sorted(first)}, PyTorch {sorted(second)}")
    for name, value in first.items():
        scale = max(1.0, float(np.nan_to_num(abs(second[name])).max(initial=0)))
        assert_close(
            value, second[name], rtol=rtol, atol=atol * scale, equal_nan=True, msg=name
        )


def copy_state(torch, ours, theirs):
    """Copy the weights of a module of lucid into the same module of PyTorch."""
    state = ours.state_dict()
    theirs.load_state_dict({name: torch.tensor(x.numpy()) for name, x in state.items()})


def _values(library, model, arrays, gradients, seed):
    """Compute outputs and gradients, by name, as arrays."""
    leaves = {}
    inputs = [library.tensor(array) for array in arrays]
    for position, (x, array) in enumerate(zip(inputs, arrays, strict=True)):
        if gradients and np.asarray(array).dtype.kind == "f":
            leaves[f"gradient of input {position}"] = x.requires_grad_()
    if gradients and hasattr(model, "named_parameters"):
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                leaves[f"gradient of {name}"] = parameter
    ys = model(*inputs)
    ys = ys if isinstance(ys, (tuple, list)) else [ys]
    values = {f"output {o}": as_array(y) for o, y in enumerate(ys)}
    roots = [y for y in ys if y.requires_grad]
    if not leaves or not roots:
        return values
    rng = np.random.default_rng(seed)
    above = [
        library.tensor(np.asarray(rng.standard_normal(tuple(y.shape)), as_array(y).dtype))
        for y in roots
    ]
    found = library.autograd.grad(roots, list(leaves.values()), above, allow_unused=True)
    for name, gradient in zip(leaves, found, strict=True):
        if gradient is not None:
            values[name] = as_array(gradient)
    return values
