"""The door to the compiled loops of activations: NumPy arrays in, NumPy arrays out.

Arrays are float32 or float64, of any shape; the arrays of the caller are never written.
"""

import numpy as np

from lucid._cython import activation, smooth
from lucid.kernels.arrays import in_parts, like, ready, threads_for, versions

__all__ = [
    "clamp", "clamp_grad", "hardtanh_grad", "leaky", "leaky_grad", "relu", "relu_grad", "slope",
    "value",
]

FEW = 1024  # elements; up to here calling NumPy's loop is faster than calling ours
COST = 4  # of a smooth function, in passes over a number


def _table(name):
    """For each kind and dtype: the loop, the number of the kind, and its cost."""
    return {
        (kind, dtype): (loop, number, cost)
        for module, cost in ((activation, 1), (smooth, COST))
        for kind, number in module.KINDS.items()
        for (_, dtype), loop in versions(module, name).items()
    }


_ZEROS = {np.dtype(each): np.zeros((), each) for each in (np.float32, np.float64)}
_VALUES, _SLOPES = _table("value"), _table("slope")


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
    zero = _ZEROS.get(x.dtype)
    if zero is not None and 1 < x.size <= FEW:  # of no axes NumPy makes no array
        return np.maximum(zero, x, order="C")
    return _value("relu", x)


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
    return _slope("relu", y, grad)


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
    return _value("clamp", x, low, high)


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
    return _slope("clamp", x, grad, low, high)


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
    return _slope("hardtanh", x, grad, low, high)


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
    return _value("leaky", x, slope)


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
    return _slope("leaky", x, grad, slope)


def value(kind, x, a=0.0, b=0.0):
    """Compute one of the smooth functions, which are named in `lucid/_cython/smooth.pyx`.

    Parameters
    ----------
    kind : str
        ``"sigmoid"``, ``"tanh"``, ``"silu"``, ``"elu"``, ``"gelu"``, ``"gelu_tanh"``,
        ``"softplus"``, ``"mish"``, ``"hardsigmoid"`` or ``"hardswish"``.
    x : numpy.ndarray
        Of any shape.
    a, b : float, default 0.0
        What ``"elu"`` tends to, and its scale; beta of ``"softplus"``, and its threshold.

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
    return _value(kind, x, a, b)


def slope(kind, x, grad, a=0.0, b=0.0):
    """Multiply a gradient by the slope of one of the smooth functions.

    Parameters
    ----------
    kind, a, b
        As for `value`.
    x, grad : numpy.ndarray
        What `value` was given, or its result for ``"sigmoid"`` and ``"tanh"``; and the gradient
        with respect to its result, of one shape and type.

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
    return _slope(kind, x, grad, a, b)


def _value(kind, x, a=0.0, b=0.0):
    x = ready(x)
    y = like(x)
    _run(_VALUES[kind, x.dtype], (x.reshape(-1), y.reshape(-1)), a, b)
    return y


def _slope(kind, x, grad, a=0.0, b=0.0):
    x, grad = ready(x), ready(grad)
    z = like(x)
    _run(_SLOPES[kind, x.dtype], (x.reshape(-1), grad.reshape(-1), z.reshape(-1)), a, b)
    return z


def _run(loop, rows, a, b):
    """Call a loop of `_table` on one or two rows to read and one to write."""
    function, number, cost = loop
    in_parts(function, rows, number, a, b, threads_for(cost * (len(rows) - 1) * rows[0].size))
