"""The door to the compiled loops of activations: NumPy arrays in, NumPy arrays out.

Arrays are float32 or float64, of any shape; the arrays of the caller are never written.
"""

from lucid._cython import activation
from lucid.kernels.arrays import empty, ready, threads_for, versions

__all__ = [
    "clamp", "clamp_grad", "hardtanh_grad", "leaky", "leaky_grad", "relu", "relu_grad",
]

_LOOPS = versions(activation, *__all__)


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


def _run(name, arrays, *options):
    result = empty(arrays[0].shape, arrays[0].dtype)
    rows = [ready(each).reshape(-1) for each in (*arrays, result)]
    _LOOPS[name, result.dtype](*rows, *options, threads_for(result.size))
    return result
