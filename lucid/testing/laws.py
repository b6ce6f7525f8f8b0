"""Laws that every linear map and every layer must keep, tried with random numbers."""

import copy

import numpy as np

from lucid import kernels
from lucid.autograd import gradcheck, gradgradcheck, no_grad
from lucid.dtypes import float32, float64
from lucid.errors import GradError, LucidError
from lucid.tensor import Tensor
from lucid.testing.closeness import assert_close

__all__ = ["check_adjoint", "check_layer"]


def check_adjoint(forward, adjoint, x_shape, y_shape, *, rtol=1e-10, seed=0):
    r"""Try that two linear maps are each other's transpose: :math:`\langle Ax, y \rangle = \langle
    x, A^T y \rangle`.

    Parameters
    ----------
    forward, adjoint : callable
        From tensors of `x_shape` to `y_shape`, and back. Both get float64.
    x_shape, y_shape : tuple of int
        The shapes.
    rtol : float, default 1e-10
        How far the two numbers may differ, in parts of the sum of absolute products.
    seed : int, default 0
        Of the random x and y.

    Raises
    ------
    AssertionError
        If a result has another shape, or the two numbers differ; the message gives both.

    Notes
    -----
    The gradient of a linear map is its transpose, so this is the shortest test of a backward: no
    differences, no step length.

    References
    ----------
    .. [1] Claerbout, "Earth soundings analysis: processing versus inversion", 1992, chapter 5: the
       dot-product test.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> from lucid.testing import check_adjoint
    >>> w = lucid.randn(8, 3, 5, dtype=lucid.float64)
    >>> check_adjoint(
    ...     lambda x: F.conv1d(x, w, stride=2), lambda y: F.conv_transpose1d(y, w, stride=2),
    ...     x_shape=(2, 3, 11), y_shape=(2, 8, 4),
    ... )
    """
    rng = np.random.default_rng(seed)
    x, y = (Tensor(rng.standard_normal(shape)) for shape in (x_shape, y_shape))
    with no_grad():
        ax, aty = forward(x), adjoint(y)
    for name, result, shape in (("forward", ax, y_shape), ("adjoint", aty, x_shape)):
        if tuple(result.shape) != tuple(shape):
            raise AssertionError(f"{name} gives shape {tuple(result.shape)}, needs {tuple(shape)}")
    left, right = (ax.array * y.array), (x.array * aty.array)
    scale = max(abs(left).sum(), abs(right).sum())
    if not abs(left.sum() - right.sum()) <= rtol * scale:
        raise AssertionError(
            f"not adjoint: <A x, y> = {left.sum():.10g}, but <x, A^T y> = {right.sum():.10g}; they "
            f"differ by {abs(left.sum() - right.sum()):.3g}, allowed {rtol * scale:.3g}"
        )


def check_layer(
    layer, input_shape, *, output_shape=None, second=True, atol=1e-5, rtol=1e-3, seed=0
):
    r"""Try a layer of your own: shapes, types, gradients, second gradients, state, threads.

    Parameters
    ----------
    layer : Module
        Tried as a copy, in the mode (training or evaluation) that it is in; in evaluation for a
        layer that draws random numbers.
    input_shape : tuple of int
        Of an input, with its batch axis; small, as every element is moved.
    output_shape : tuple of int, optional
        What the output must have.
    second : bool, default True
        Whether second derivatives are tried too.
    atol, rtol : float, default 1e-5, 1e-3
        As in `lucid.autograd.gradcheck`.
    seed : int, default 0
        Of the random input.

    Returns
    -------
    list of str
        What was tried.

    Raises
    ------
    AssertionError
        For the first law that does not hold: the message says which, with numbers.

    Notes
    -----
    In this order: the output is a tensor of `output_shape`; the same call gives the same bits; the
    input is not written; a float32 layer gives float32 and a float64 layer float64, close to each
    other; the number of threads changes no bit; a copy that loads the state dict gives the same;
    the gradients of the input and of every parameter agree with differences; so do the second ones.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> from lucid.testing import check_layer
    >>> check_layer(nn.Conv1d(2, 3, kernel_size=3), (2, 2, 5), output_shape=(2, 3, 3))
    ['shape', 'repeat', 'input', 'types', 'threads', 'state', 'gradients', 'second gradients']
    """
    array = np.random.default_rng(seed).standard_normal(input_shape)
    fresh = copy.deepcopy(layer)
    with no_grad():
        fresh(Tensor(array.astype(np.float32)))  # lazy layers learn their sizes
    wide = copy.deepcopy(fresh).double()
    done = []
    for name, law in _LAWS.items():
        if name == "second gradients" and not second:
            continue
        try:
            law(fresh, wide, array, output_shape, {"atol": atol, "rtol": rtol})
        except (AssertionError, LucidError) as error:
            kind = type(layer).__name__
            raise AssertionError(f"{kind}, {name}: {error}") from error
        done.append(name)
    return done


def _run(layer, array, dtype):
    """Call a copy, so that what a call changes does not reach the next."""
    with no_grad():
        return copy.deepcopy(layer)(Tensor(array.astype(dtype.numpy)))


def _shape(layer, wide, array, output_shape, options):
    y = _run(wide, array, float64)
    if not isinstance(y, Tensor):
        raise AssertionError(f"forward returned a {type(y).__name__}, not a Tensor")
    if output_shape is not None and y.shape != tuple(output_shape):
        raise AssertionError(f"the output has shape {y.shape}, needs {tuple(output_shape)}")


def _same(first, second, why):
    if first.array.tobytes() != second.array.tobytes():
        off = abs(first.array - second.array).max()
        raise AssertionError(f"{why}: the results differ by up to {off:.3g}, needs the same bits")


def _repeat(layer, wide, array, output_shape, options):
    _same(_run(wide, array, float64), _run(wide, array, float64), "two calls, in eval() mode?")


def _input(layer, wide, array, output_shape, options):
    x = Tensor(array.copy())
    with no_grad():
        copy.deepcopy(wide)(x)
    if not (x.array == array).all():
        raise AssertionError("forward wrote into its input; compute with a clone() instead")


def _types(layer, wide, array, output_shape, options):
    narrow = copy.deepcopy(layer).float()
    results = []
    for each, dtype in ((narrow, float32), (wide, float64)):
        y = _run(each, array, dtype)
        if y.dtype is not dtype:
            raise AssertionError(
                f"a {dtype.name} layer with a {dtype.name} input gives {y.dtype.name}; make "
                f"constants in the type of x"
            )
        results.append(y.array)
    scale = max(1.0, abs(results[1]).max(initial=0))
    assert_close(results[0], results[1], rtol=1e-3, atol=1e-3 * scale, check_dtype=False)


def _threads(layer, wide, array, output_shape, options):
    before, results = kernels.get_num_threads(), []
    try:
        for count in (1, 2):
            kernels.set_num_threads(count)
            results.append(_run(layer, array, float32))
    finally:
        kernels.set_num_threads(before)
    _same(*results, "1 thread and 2 threads")


def _state(layer, wide, array, output_shape, options):
    other = copy.deepcopy(wide)
    with no_grad():
        for x in (*other.parameters(), *other.buffers()):
            x.array[...] = 0
            x.bump()
    other.load_state_dict(wide.state_dict())
    why = "a copy that loaded the state dict, is a tensor neither Parameter nor buffer?"
    _same(_run(wide, array, float64), _run(other, array, float64), why)


def _gradients(layer, wide, array, output_shape, options, check=gradcheck):
    model = copy.deepcopy(wide)
    x = Tensor(array.copy(), requires_grad=True)
    names, parameters = ["x"], [x]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            names.append(name)
            parameters.append(parameter)
    try:
        check(lambda x, *_: model(x), tuple(parameters), **options)
    except GradError as error:
        legend = ", ".join(f"input {place} is {name}" for place, name in enumerate(names))
        raise AssertionError(f"{error} ({legend})") from error


def _second_gradients(*arguments):
    _gradients(*arguments, check=gradgradcheck)


_LAWS = {
    "shape": _shape, "repeat": _repeat, "input": _input, "types": _types, "threads": _threads,
    "state": _state, "gradients": _gradients, "second gradients": _second_gradients,
}
