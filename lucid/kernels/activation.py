"""The door to the compiled loops of activations: NumPy arrays in, NumPy arrays out.

Arrays are float32 or float64, of any shape; the arrays of the caller are never written.
"""

from lucid._cython import activation, smooth
from lucid.kernels.arrays import empty, ready, threads_for, versions

__all__ = [
    "clamp", "clamp_grad", "hardtanh_grad", "leaky", "leaky_grad", "relu", "relu_grad", "slope",
    "value",
]

COST = 4  # of a smooth function, in passes over a number
_LOOPS = versions(
    activation, "clamp", "clamp_grad", "hardtanh_grad", "leaky", "leaky_grad", "relu", "relu_grad",
) | versions(smooth, "slope", "value")


def relu(x):
    """Cut off below zero.

    Parameters
    ----------
    x : numpy.ndarray
        Of any shape.

    Returns
    -------
    numpy.ndarray
        Of the shape of `x`; a NaN stays one.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.activation.relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    return _run("relu", (x,))


def relu_grad(y, grad):
    """Let a gradient pass where the result of `relu` is above 0.

    Parameters
    ----------
    y, grad : numpy.ndarray
        The result, and the gradient with respect to it, of one shape and type.

    Returns
    -------
    numpy.ndarray
        Of the shape of `y`; 0 elsewhere.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.activation.relu_grad(np.array([0.0, 2.0]), np.array([5.0, 6.0]))
    array([0., 6.])
    """
    return _run("relu_grad", (y, grad))


def clamp(x, low, high):
    """Cut off outside an interval.

    Parameters
    ----------
    x : numpy.ndarray
        Of any shape.
    low, high : float
        The ends; infinite where there is none.

    Returns
    -------
    numpy.ndarray
        Of the shape of `x`; a NaN stays one.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.activation.clamp(np.array([-1.0, 2.0, 9.0]), 0, 6)
    array([0., 2., 6.])
    """
    return _run("clamp", (x,), low, high)


def clamp_grad(x, grad, low, high):
    """Let a gradient pass where x is in an interval or on its ends.

    Parameters
    ----------
    x, grad : numpy.ndarray
        What `clamp` was given, and the gradient with respect to its result, of one shape and type.
    low, high : float
        The ends; infinite where there is none.

    Returns
    -------
    numpy.ndarray
        Of the shape of `x`; 0 elsewhere.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.activation.clamp_grad(np.array([-1.0, 2.0]), np.array([5.0, 7.0]), 0, 6)
    array([0., 7.])
    """
    return _run("clamp_grad", (x, grad), low, high)


def hardtanh_grad(x, grad, low, high):
    """Let a gradient pass where x is inside an interval, not on its ends, or a NaN.

    Parameters
    ----------
    x, grad : numpy.ndarray
        What `clamp` was given, and the gradient with respect to its result, of one shape and type.
    low, high : float
        The ends.

    Returns
    -------
    numpy.ndarray
        Of the shape of `x`; 0 elsewhere.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.activation.hardtanh_grad(np.array([0.0, 2.0]), np.array([5.0, 7.0]), 0, 6)
    array([0., 7.])
    """
    return _run("hardtanh_grad", (x, grad), low, high)


def leaky(x, slope):
    """Multiply by a number what is not above zero.

    Parameters
    ----------
    x : numpy.ndarray
        Of any shape.
    slope : float
        The number.

    Returns
    -------
    numpy.ndarray
        Of the shape of `x`.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.activation.leaky(np.array([-2.0, 3.0]), 0.5)
    array([-1.,  3.])
    """
    return _run("leaky", (x,), slope)


def leaky_grad(x, grad, slope):
    """Multiply by a number what of a gradient belongs to an x that is not above zero.

    Parameters
    ----------
    x, grad : numpy.ndarray
        What `leaky` was given, and the gradient with respect to its result, of one shape and type.
    slope : float
        The number.

    Returns
    -------
    numpy.ndarray
        Of the shape of `x`.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.activation.leaky_grad(np.array([-2.0, 3.0]), np.array([4.0, 4.0]), 0.5)
    array([2., 4.])
    """
    return _run("leaky_grad", (x, grad), slope)


def value(kind, x, a=0.0, b=0.0):
    """Compute one of the smooth functions, which are named in `lucid/_cython/smooth.pyx`.

    Parameters
    ----------
    kind : str
        ``"sigmoid"``, ``"silu"``, ``"elu"``, ``"gelu"``, ``"hardsigmoid"`` or ``"hardswish"``.
    x : numpy.ndarray
        Of any shape.
    a, b : float
        What ``"elu"`` tends to, and its scale.

    Returns
    -------
    numpy.ndarray
        Of the shape of `x`.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.activation.value("sigmoid", np.array([-1000.0, 0.0]))
    array([0. , 0.5])
    """
    return _run("value", (x,), smooth.KINDS[kind], a, b)


def slope(kind, x, grad, a=0.0, b=0.0):
    """Multiply a gradient by the slope of one of the smooth functions.

    Parameters
    ----------
    kind, a, b
        As for `value`.
    x, grad : numpy.ndarray
        What `value` was given, or its result for ``"sigmoid"``; and the gradient with respect to
        its result, of one shape and type.

    Returns
    -------
    numpy.ndarray
        Of the shape of `x`.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> kernels.activation.slope("silu", np.zeros(1), np.ones(1))
    array([0.5])
    """
    return _run("slope", (x, grad), smooth.KINDS[kind], a, b)


def _run(name, arrays, *options):
    x = arrays[0]
    result = empty(x.shape, x.dtype)
    rows = [ready(each).reshape(-1) for each in arrays]
    work = COST * x.size if name in ("value", "slope") else x.size
    _LOOPS[name, x.dtype](*rows, result.reshape(-1), *options, threads_for(work))
    return result
