"""The door to the compiled updates of optimizers: they write into the arrays they are given.

Arrays are float32 or float64, all of the shape of the parameter. The formulas stand in
`lucid.optim`.
"""

import numpy as np

from lucid._cython import optimizer
from lucid.errors import ShapeError
from lucid.kernels.arrays import READY, in_parts, threads_for, versions

__all__ = ["adam", "sgd"]

_LOOPS = versions(optimizer, "sgd", "sgd_momentum", "adam")


def sgd(x, grad, rate, decay=0.0, mean=None, momentum=0.0, share=1.0, nesterov=False):
    """Move x along its gradient, or along the running mean of its gradients.

    Parameters
    ----------
    x : numpy.ndarray
        The parameter, written.
    grad : numpy.ndarray
        Its gradient.
    rate : float
        Learning rate.
    decay : float, default 0.0
        What of `x` is added to the gradient.
    mean : numpy.ndarray, optional
        The running mean, written: ``momentum * mean + share * grad``.
    momentum, share : float, default 0.0 and 1.0
        See `mean`.
    nesterov : bool, default False
        Look one step ahead along the mean.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> x = np.array([1.0, 2.0])
    >>> kernels.optim.sgd(x, np.array([1.0, 0.0]), rate=0.5)
    >>> x
    array([0.5, 2. ])
    """
    if mean is None:
        _run("sgd", [x], grad, rate, decay)
    else:
        _run("sgd_momentum", [x, mean], grad, rate, decay, momentum, share, nesterov)


def adam(x, grad, m, v, largest, keep, decay, betas, eps, rate, scale):
    """Move x by its mean gradient over the root of its mean squared gradient.

    Parameters
    ----------
    x, m, v : numpy.ndarray
        The parameter and the two moments, written.
    grad : numpy.ndarray
        Its gradient.
    largest : numpy.ndarray or None
        The largest v so far, written, and used instead of v.
    keep, decay : float
        What of `x` is kept; what of it is added to the gradient.
    betas : tuple of float
        The parts of the moments that are kept.
    eps, rate, scale : float
        ``x = keep * x - rate * m / (sqrt(v) * scale + eps)``.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import kernels
    >>> x, m, v = np.array([1.0]), np.zeros(1), np.zeros(1)
    >>> kernels.optim.adam(x, np.ones(1), m, v, None, 1, 0, (0.0, 0.0), 0.0, 0.5, 1)
    >>> x
    array([0.5])
    """
    written = [x, m, v] if largest is None else [x, m, v, largest]
    _run("adam", written, grad, keep, decay, *betas, eps, rate, scale)


def _run(name, written, grad, *options):
    """Call a loop on the arrays as rows; those that do not lie in C order are copied back."""
    x = written[0]
    for each in (grad, *written[1:]):  # the loops do not look where an array ends
        if each.shape != x.shape or each is not grad and each.dtype != x.dtype:
            raise ShapeError(
                f"{name.partition('_')[0]}: the parameter is {x.dtype.name} of shape {x.shape}, "
                f"but its gradient or what is remembered of it {each.dtype.name} of shape "
                f"{each.shape}; after changing a parameter build a new optimizer"
            )
    arrays = [each if each.flags.num & READY == READY else each.copy("C") for each in written]
    if grad.dtype is not x.dtype or grad.flags.num & READY != READY:
        grad = np.require(grad, x.dtype, ("C", "A"))
    rows = [each.reshape(-1) for each in (arrays[0], grad, *arrays[1:])]
    if name == "adam" and len(written) == 3:
        rows.append(None)
    in_parts(_LOOPS[name, x.dtype], rows, *options, threads_for(len(rows) * x.size))
    for array, each in zip(arrays, written, strict=True):
        if array is not each:
            each[...] = array
