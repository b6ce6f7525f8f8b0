"""The tables of cases for pooling and batch normalisation, with their usual mistakes."""

import numpy as np

from lucid import kernels
from lucid.geometry import pool_geometry, pool_options
from lucid.grade.runner import Case, grade

__all__ = ["check_batchnorm", "check_pool"]


def _draw(*shape):
    return np.random.default_rng(sum(shape)).integers(-9, 10, shape).astype(np.float64)


def _pool(x, kind, kernel_size, stride=None, padding=0, count_padding=True, ceil_mode=False):
    options = pool_options(x.ndim - 2, kernel_size, stride, padding)
    geometry = pool_geometry(x.shape, *options, ceil_mode)
    if kind == "max":
        return kernels.pooling.max_pool(x, geometry, False)[0]
    return kernels.pooling.average_pool(x, geometry, count_padding, None)


def check_pool(function, kind="max", seconds=5.0):
    """Grade a pooling of images.

    Parameters
    ----------
    function : callable
        ``function(x, kernel_size, stride=None, padding=0)``, x of shape (N, C, H, W), result
        (N, C, H_out, W_out), NumPy arrays; the stride is the kernel size if it is not given.
        Padding is minus infinity for a maximum, and counts as zeros in an average.
    kind : str, default "max"
        ``"max"`` or ``"average"``.
    seconds : float, default 5.0
        How long one call may take.

    Returns
    -------
    Grade
        Prints every case that is wrong, with its numbers and a hint.

    Raises
    ------
    ValueError
        If `kind` is neither.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid.grade import check_pool
    >>> def pool(x, kernel_size, stride=None, padding=0):
    ...     x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    ...     windows = np.lib.stride_tricks.sliding_window_view(x, (kernel_size,) * 2, (2, 3))
    ...     stride = stride or kernel_size
    ...     return windows[:, :, ::stride, ::stride].max((-1, -2))
    >>> grade = check_pool(pool)
    >>> print(grade.passed, grade.outcomes[-1].hint)
    4 the padding is 0: pad with minus infinity, so that it is never the maximum
    """
    if kind not in ("max", "average"):
        raise ValueError(f"kind={kind!r} is unknown; choose 'max' or 'average'")
    x = _draw(2, 2, 6, 5)
    negative = -abs(_draw(1, 1, 4, 4)) - 1
    table = [
        ("one channel", _draw(1, 1, 4, 4), {"kernel_size": 2}),
        ("several items and channels, a rest left over", x, {"kernel_size": 2}),
        ("windows that overlap", x, {"kernel_size": 3, "stride": 1}),
        ("stride 2", x, {"kernel_size": 3, "stride": 2}),
        ("padding, all numbers negative", negative, {"kernel_size": 2, "padding": 1}),
    ]
    cases = [
        Case(title, (x,), options, _pool(x, kind, **options), _pool_mistakes(x, kind, options))
        for title, x, options in table
    ]
    return grade(f"{kind} pool", function, cases, seconds=seconds)


def _pool_mistakes(x, kind, options):
    padding = options.get("padding", 0)
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    bare = {**options, "padding": 0}
    mistakes = {
        "the stride is 1 where none is given: it is the kernel size": lambda: _pool(
            x, kind, **{"stride": 1, **options}),
        "the stride is not used: it is the kernel size here": lambda: _pool(
            x, kind, **{**options, "stride": None}),
        "the padding is not used": lambda: _pool(x, kind, **bare),
        "a last window reaches over the end: round the size down": lambda: _pool(
            x, kind, ceil_mode=True, **options),
    }
    if kind == "max":
        mistakes |= {
            "the padding is 0: pad with minus infinity, so that it is never the maximum":
                lambda: _pool(padded, kind, **bare),
            "this is the average, not the maximum": lambda: _pool(x, "average", **options),
            "this is the minimum": lambda: -_pool(-x, kind, **options),
            "the sign is lost: do not take absolute values": lambda: _pool(abs(x), kind, **options),
        }
    else:
        kernel = options["kernel_size"]
        mistakes |= {
            "padding is left out of the count: it counts as zeros here": lambda: _pool(
                x, kind, count_padding=False, **options),
            "this is the sum, not the average": lambda: _pool(x, kind, **options) * kernel**2,
            "this is the maximum, not the average": lambda: _pool(x, "max", **options),
        }
    return mistakes


def _normalise(x, gamma, beta, eps, axes=None, ddof=0, outside=False):
    axes = (0, *range(2, x.ndim)) if axes is None else axes
    shape = (1, -1) + (1,) * (x.ndim - 2)
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True, ddof=ddof)
    scale = np.sqrt(variance) + eps if outside else np.sqrt(variance + eps)
    return gamma.reshape(shape) * (x - mean) / scale + beta.reshape(shape)


def check_batchnorm(function, seconds=5.0):
    """Grade the forward of batch normalisation, in training.

    Parameters
    ----------
    function : callable
        ``function(x, gamma, beta, eps=1e-5)``, x of shape (N, C) or (N, C, H, W), gamma and beta
        of shape (C,), result in the shape of x, NumPy arrays. Mean and variance are those of the
        batch, for each channel; the variance divides by the count.
    seconds : float, default 5.0
        How long one call may take.

    Returns
    -------
    Grade
        Prints every case that is wrong, with its numbers and a hint.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid.grade import check_batchnorm
    >>> def batchnorm(x, gamma, beta, eps=1e-5):
    ...     y = (x - x.mean(0)) / np.sqrt(x.var(0) + eps)
    ...     return gamma * y + beta
    >>> grade = check_batchnorm(batchnorm)
    >>> [outcome.credit == 1 for outcome in grade.outcomes]
    [True, True, True, False, False]
    """
    gamma, beta = np.array([2.0, -3, 5]), np.array([1.0, 10, 100])
    ones, zeros = np.ones(3), np.zeros(3)
    table = [
        ("features (N, C)", _draw(4, 3), ones, zeros, {}),
        ("with gamma and beta", _draw(4, 3), gamma, beta, {}),
        ("a large eps", _draw(4, 3), gamma, beta, {"eps": 2.0}),
        ("images (N, C, H, W)", _draw(4, 3, 2, 3), gamma, beta, {}),
        ("images, a large eps", _draw(2, 3, 3, 3), gamma, beta, {"eps": 2.0}),
    ]
    cases = []
    for title, x, g, b, options in table:
        eps = options.get("eps", 1e-5)
        expected = _normalise(x, g, b, eps)
        mistakes = _norm_mistakes(x, g, b, eps)
        cases.append(Case(title, (x, g, b), options, expected, mistakes))
    return grade("batch norm", function, cases, seconds=seconds)


def _norm_mistakes(x, gamma, beta, eps):
    def other(**options):
        return lambda: _normalise(x, gamma, beta, eps, **options)

    ones, zeros = np.ones_like(gamma), np.zeros_like(beta)
    every = tuple(range(x.ndim))
    mistakes = {
        "mean and variance are taken over all axes: keep one for each channel (axis 1)":
            other(axes=every),
        "mean and variance are those of each item: take them over the batch too (layer norm)":
            other(axes=every[1:]),
        "mean and variance are taken over the batch only: take them over the pixels too":
            other(axes=(0,)),
        "mean and variance are those of each image: take them over the batch too (instance norm)":
            other(axes=every[2:]),
        "the variance divides by the count less one: here it divides by the count": other(ddof=1),
        "eps is added to the root: add it to the variance, sqrt(variance + eps)":
            other(outside=True),
        "gamma and beta are not used": lambda: _normalise(x, ones, zeros, eps),
        "gamma is not used": lambda: _normalise(x, ones, beta, eps),
        "beta is not used": lambda: _normalise(x, gamma, zeros, eps),
        "eps is not used: its default stands fixed": lambda: _normalise(x, gamma, beta, 1e-5),
        "the mean is not subtracted": lambda: _normalise(x, gamma, beta, eps) + (
            gamma * (x.mean((0, *every[2:])) / np.sqrt(x.var((0, *every[2:])) + eps))
        ).reshape((1, -1) + (1,) * (x.ndim - 2)),
    }
    if x.ndim == 2:
        del mistakes["mean and variance are taken over the batch only: take them over the pixels "
                     "too"]
    return mistakes
