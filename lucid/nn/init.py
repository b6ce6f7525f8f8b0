r"""First values of weights: every function fills its tensor in place and returns it.

In a deep network the variance of the signal is multiplied once in every layer; each scheme below
is one choice of the weights' variance that keeps the product near 1.
"""

import math
import warnings

import numpy as np

from lucid.errors import DtypeError, ShapeError
from lucid.generator import draw_from

__all__ = [
    "calculate_fan_in_and_fan_out", "calculate_gain", "constant_", "dirac_", "eye_",
    "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_", "orthogonal_", "sparse_",
    "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]

_LINEAR = (
    "linear", "conv1d", "conv2d", "conv3d",
    "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid",
)


def calculate_gain(nonlinearity, param=None):
    r"""Look up the factor that makes up for what an activation takes from the variance.

    ======================= =============================
    nonlinearity            gain
    ======================= =============================
    linear, convN, sigmoid  1
    tanh                    5/3
    relu                    :math:`\sqrt 2`
    leaky_relu              :math:`\sqrt{2 / (1 + a^2)}`
    selu                    3/4
    ======================= =============================

    Parameters
    ----------
    nonlinearity : str
        Name of the function in `lucid.nn.functional`.
    param : float, optional
        The slope `a` of leaky_relu below zero; default 0.01. Others ignore it.

    Returns
    -------
    float
        The gain, above 0.

    Raises
    ------
    ValueError
        If the name is not in the table.
    TypeError
        If the slope is not a number.

    References
    ----------
    .. [1] He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015, equations 10 and 15.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.init.calculate_gain("leaky_relu", 1)
    1.0
    """
    if nonlinearity in _LINEAR:
        return 1.0
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise TypeError(f"the slope of leaky_relu must be a number, not {slope!r}")
        return math.sqrt(2.0 / (1.0 + slope**2))
    gains = {"tanh": 5.0 / 3.0, "relu": math.sqrt(2.0), "selu": 0.75}
    if nonlinearity not in gains:
        known = ", ".join([*_LINEAR, *gains, "leaky_relu"])
        raise ValueError(f"nonlinearity={nonlinearity!r} has no known gain; choose one of {known}")
    return gains[nonlinearity]


def calculate_fan_in_and_fan_out(tensor):
    r"""Count the products that are added up in one output, and those that one input goes into.

    Parameters
    ----------
    tensor : Tensor
        A weight of at least 2 axes, `(F, C // groups, *kernel_size)` or `(F, C)`.

    Returns
    -------
    fan_in : int
        :math:`(C / \text{groups}) \prod K`, taken from axis 1 and the kernel.
    fan_out : int
        :math:`F \prod K`, taken from axis 0 and the kernel.

    Raises
    ------
    ShapeError
        If the tensor has fewer than 2 axes.

    Notes
    -----
    The weight of a transposed convolution is `(C, F // groups, *kernel_size)`: there `fan_in`
    counts ``F // groups`` channels, as in PyTorch. Stride is not taken into account.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.init.calculate_fan_in_and_fan_out(lucid.zeros(16, 8, 3, 3))
    (72, 144)
    """
    shape = tuple(tensor.shape)
    if len(shape) < 2:
        raise ShapeError(
            f"fan in and fan out need a weight of at least 2 axes (out, in, ...), this one has "
            f"shape {shape}; fill a bias with zeros_ or uniform_ instead"
        )
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def _fan(tensor, mode):
    fans = dict(zip(("fan_in", "fan_out"), calculate_fan_in_and_fan_out(tensor), strict=True))
    if mode not in fans:
        raise ValueError(f"mode={mode!r} is not known; choose 'fan_in' or 'fan_out'")
    return max(1, fans[mode])  # 0 only when there is no element to fill


def _xavier_std(tensor, gain):
    return gain * math.sqrt(2.0 / max(1, sum(calculate_fan_in_and_fan_out(tensor))))


def _kaiming_std(tensor, a, mode, nonlinearity):
    return calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode))


def uniform_(tensor, a=0.0, b=1.0, generator=None):
    r"""Draw every element from the uniform distribution :math:`U(a, b)`.

    Parameters
    ----------
    tensor : Tensor
        Filled in place; any shape, floating point.
    a, b : float, default 0 and 1
        The ends of the interval.
    generator : Generator, optional
        Source of the random numbers; default lucid's own, which `lucid.manual_seed` sets.

    Returns
    -------
    Tensor
        `tensor` itself.

    Raises
    ------
    ValueError
        If `a` is above `b`.
    DtypeError
        If the tensor does not hold floating-point numbers.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> w = nn.init.uniform_(lucid.empty(3, 5), -1, 1)
    >>> bool((w.abs() <= 1).all())
    True
    """
    if a > b:
        raise ValueError(f"uniform_ needs a <= b, got a={a}, b={b}")
    values = _random(tensor, generator).random(tensor.shape, tensor.array.dtype)
    values *= b - a
    values += a
    return _fill(tensor, values)


def normal_(tensor, mean=0.0, std=1.0, generator=None):
    r"""Draw every element from the normal distribution :math:`N(\text{mean}, \text{std}^2)`.

    Parameters
    ----------
    tensor : Tensor
        Filled in place; any shape, floating point.
    mean, std : float, default 0 and 1
        Centre and standard deviation.
    generator : Generator, optional
        Source of the random numbers; default lucid's own, which `lucid.manual_seed` sets.

    Returns
    -------
    Tensor
        `tensor` itself.

    Raises
    ------
    ValueError
        If `std` is negative.
    DtypeError
        If the tensor does not hold floating-point numbers.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.init.normal_(lucid.empty(2), mean=3.0, std=0.0)
    tensor([3., 3.])
    """
    if std < 0:
        raise ValueError(f"normal_ needs std >= 0, got std={std}")
    values = _random(tensor, generator).standard_normal(tensor.shape, tensor.array.dtype)
    values *= std
    values += mean
    return _fill(tensor, values)


def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    r"""Draw from the normal distribution, again and again until the value is inside [a, b].

    Parameters
    ----------
    tensor : Tensor
        Filled in place; any shape, floating point.
    mean, std : float, default 0 and 1
        Centre and standard deviation before the cut; `std` above 0.
    a, b : float, default -2 and 2
        The ends of the interval, in the units of the values (not of `std`); `a` below `b`.
    generator : Generator, optional
        Source of the random numbers; default lucid's own, which `lucid.manual_seed` sets.

    Returns
    -------
    Tensor
        `tensor` itself.

    Raises
    ------
    ValueError
        If `std` is not above 0 or `a` not below `b`.

    Warns
    -----
    UserWarning
        If the centre is more than 2 `std` outside the interval, as PyTorch warns.

    References
    ----------
    .. [1] Robert, "Simulation of truncated normal variables", 1995, sections 1 and 2: proposals
       from the normal distribution, or from the uniform one where few of those would be accepted.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> w = nn.init.trunc_normal_(lucid.empty(100), std=5.0, a=-1.0, b=1.0)
    >>> bool((w.abs() <= 1).all())
    True
    """
    if not std > 0 or not a < b:
        raise ValueError(f"trunc_normal_ needs std > 0 and a < b, got std={std}, a={a}, b={b}")
    if not a - 2 * std <= mean <= b + 2 * std:
        warnings.warn(f"mean={mean} is more than 2 std={std} outside [{a}, {b}]", stacklevel=3)
    random = _random(tensor, generator)
    below_a, below_b = [math.erf((end - mean) / std / math.sqrt(2)) / 2 for end in (a, b)]
    nearest = min(max(mean, a), b)  # where the density has its peak in [a, b]

    def propose(count):
        if below_b - below_a > 0.3:
            x = random.normal(mean, std, count)
            return x, (a <= x) & (x <= b)
        x = random.uniform(a, b, count)
        density = np.exp(((nearest - mean) ** 2 - (x - mean) ** 2) / (2 * std**2))
        return x, random.random(count) <= density

    values = np.empty(tensor.shape)
    pending = np.arange(values.size)
    while pending.size:
        x, accepted = propose(pending.size)
        values.reshape(-1)[pending[accepted]] = x[accepted]
        pending = pending[~accepted]
    return _fill(tensor, values)


def constant_(tensor, val):
    r"""Set every element to `val`.

    Parameters
    ----------
    tensor : Tensor
        Filled in place; any shape.
    val : float
        The value.

    Returns
    -------
    Tensor
        `tensor` itself.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.init.constant_(lucid.empty(2), 0.5)
    tensor([0.5000, 0.5000])
    """
    return _fill(tensor, val)


def ones_(tensor):
    r"""Set every element to 1, as is usual for the scale of a normalisation.

    Parameters
    ----------
    tensor : Tensor
        Filled in place; any shape.

    Returns
    -------
    Tensor
        `tensor` itself.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.init.ones_(lucid.empty(2))
    tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


def zeros_(tensor):
    r"""Set every element to 0, as is usual for a bias.

    Parameters
    ----------
    tensor : Tensor
        Filled in place; any shape.

    Returns
    -------
    Tensor
        `tensor` itself.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.init.zeros_(lucid.empty(2))
    tensor([0., 0.])
    """
    return constant_(tensor, 0.0)


def eye_(tensor):
    r"""Make a weight of two axes the identity: 1 on the diagonal, 0 elsewhere.

    Parameters
    ----------
    tensor : Tensor
        Filled in place; `(F, C)`.

    Returns
    -------
    Tensor
        `tensor` itself.

    Raises
    ------
    ShapeError
        If the tensor does not have 2 axes.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.init.eye_(lucid.empty(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    return _fill(tensor, np.eye(*_matrix_shape(tensor, "eye_", "; use dirac_ for a convolution")))


def dirac_(tensor, groups=1):
    r"""Make a convolution hand its input on: 1 at the middle tap of matching channels, else 0.

    Parameters
    ----------
    tensor : Tensor
        Filled in place; `(F, C // groups, *kernel_size)` with 1 to 3 spatial axes.
    groups : int, default 1
        Groups of the convolution; each hands on its own channels. A divisor of `F`.

    Returns
    -------
    Tensor
        `tensor` itself.

    Raises
    ------
    ShapeError
        If the tensor does not have 3, 4 or 5 axes.
    ValueError
        If `F` cannot be split into `groups`.

    Notes
    -----
    The middle tap is ``K // 2``, so the layer is the identity with an odd kernel, stride 1 and
    padding ``K // 2``. Output channels beyond the input channels of their group give 0.

    References
    ----------
    .. [1] Zagoruyko and Komodakis, "DiracNets", 2017, equation 3.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.init.dirac_(lucid.empty(2, 1, 3), groups=2)
    tensor([[[0., 1., 0.]],
    <BLANKLINE>
            [[0., 1., 0.]]])
    """
    shape = tuple(tensor.shape)
    if not 3 <= len(shape) <= 5:
        raise ShapeError(f"dirac_ needs a convolution weight of 3, 4 or 5 axes, not shape {shape}")
    if groups < 1 or shape[0] % groups:
        raise ValueError(
            f"{shape[0]} output channels cannot be split into groups={groups} equal parts; choose "
            f"groups among the divisors of {shape[0]}"
        )
    values = np.zeros(shape)
    middle = tuple(size // 2 for size in shape[2:])
    channels = shape[0] // groups
    group, c = np.ogrid[:groups, : min(channels, shape[1])]
    values[(group * channels + c, c, *middle)] = 1
    return _fill(tensor, values)


def xavier_uniform_(tensor, gain=1.0, generator=None):
    r"""Draw from :math:`U(-b, b)` with :math:`b = g \sqrt{6 / (n_\text{in} + n_\text{out})}`.

    A compromise that keeps the variance near 1 on the way forward and backward, for activations
    that are close to the identity around zero, such as tanh.

    Parameters
    ----------
    tensor : Tensor
        Filled in place; at least 2 axes, floating point.
    gain : float, default 1
        The factor `g`; see `calculate_gain`.
    generator : Generator, optional
        Source of the random numbers; default lucid's own, which `lucid.manual_seed` sets.

    Returns
    -------
    Tensor
        `tensor` itself.

    Raises
    ------
    ShapeError
        If the tensor has fewer than 2 axes.

    References
    ----------
    .. [1] Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
       networks", 2010, equation 16.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> w = nn.init.xavier_uniform_(lucid.empty(2, 4))
    >>> bool((w.abs() <= 1).all())
    True
    """
    bound = math.sqrt(3.0) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor, gain=1.0, generator=None):
    r"""Draw from :math:`N(0, \sigma^2)`, :math:`\sigma = g \sqrt{2/(n_\text{in} + n_\text{out})}`.

    Parameters
    ----------
    tensor : Tensor
        Filled in place; at least 2 axes, floating point.
    gain : float, default 1
        The factor `g`; see `calculate_gain`.
    generator : Generator, optional
        Source of the random numbers; default lucid's own, which `lucid.manual_seed` sets.

    Returns
    -------
    Tensor
        `tensor` itself.

    Raises
    ------
    ShapeError
        If the tensor has fewer than 2 axes.

    References
    ----------
    .. [1] Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
       networks", 2010, equation 12.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.init.xavier_normal_(lucid.empty(2, 4)).shape
    (2, 4)
    """
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), generator)


def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    r"""Draw from :math:`U(-b, b)` with :math:`b = g \sqrt{3 / n}`.

    Parameters
    ----------
    tensor : Tensor
        Filled in place; at least 2 axes, floating point.
    a : float, default 0
        Slope of leaky_relu below zero; 0 is relu. Other activations ignore it.
    mode : {'fan_in', 'fan_out'}, default 'fan_in'
        What `n` counts: 'fan_in' keeps the variance of the signal on the way forward, 'fan_out'
        that of the gradients on the way back.
    nonlinearity : str, default 'leaky_relu'
        The activation after the layer, which sets the gain `g`; see `calculate_gain`.
    generator : Generator, optional
        Source of the random numbers; default lucid's own, which `lucid.manual_seed` sets.

    Returns
    -------
    Tensor
        `tensor` itself.

    Raises
    ------
    ShapeError
        If the tensor has fewer than 2 axes.
    ValueError
        If `mode` or `nonlinearity` is unknown.

    References
    ----------
    .. [1] He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015, equations 10 (fan_in) and
       14 (fan_out), with the variance :math:`b^2 / 3` of the uniform distribution.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> w = nn.init.kaiming_uniform_(lucid.empty(8, 6, 1, 1))
    >>> bool((w.abs() <= 1).all())
    True
    """
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    r"""Draw from :math:`N(0, \sigma^2)` with :math:`\sigma = g / \sqrt n`.

    Parameters
    ----------
    tensor : Tensor
        Filled in place; at least 2 axes, floating point.
    a : float, default 0
        Slope of leaky_relu below zero; 0 is relu. Other activations ignore it.
    mode : {'fan_in', 'fan_out'}, default 'fan_in'
        What `n` counts: 'fan_in' keeps the variance of the signal on the way forward, 'fan_out'
        that of the gradients on the way back.
    nonlinearity : str, default 'leaky_relu'
        The activation after the layer, which sets the gain `g`; see `calculate_gain`.
    generator : Generator, optional
        Source of the random numbers; default lucid's own, which `lucid.manual_seed` sets.

    Returns
    -------
    Tensor
        `tensor` itself.

    Raises
    ------
    ShapeError
        If the tensor has fewer than 2 axes.
    ValueError
        If `mode` or `nonlinearity` is unknown.

    References
    ----------
    .. [1] He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015, equations 10 (fan_in) and
       14 (fan_out).

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.init.kaiming_normal_(lucid.empty(8, 3, 3, 3), mode="fan_out").shape
    (8, 3, 3, 3)
    """
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor, gain=1, generator=None):
    r"""Fill with a random matrix whose rows (or columns, if fewer) are orthonormal.

    Parameters
    ----------
    tensor : Tensor
        Filled in place; at least 2 axes, of which all after the first are taken as one.
    gain : float, default 1
        Length of the rows (or columns).
    generator : Generator, optional
        Source of the random numbers; default lucid's own, which `lucid.manual_seed` sets.

    Returns
    -------
    Tensor
        `tensor` itself.

    Raises
    ------
    ShapeError
        If the tensor has fewer than 2 axes.

    References
    ----------
    .. [1] Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in
       deep linear neural networks", 2013, section 4.
    .. [2] Mezzadri, "How to generate random matrices from the classical compact groups", 2007,
       section 5: the signs that make the result uniform.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> w = nn.init.orthogonal_(lucid.empty(2, 3, 3)).reshape(2, 9)
    >>> bool((w @ w.T - lucid.eye(2)).abs().max() < 1e-5)
    True
    """
    shape = tuple(tensor.shape)
    if len(shape) < 2:
        raise ShapeError(f"orthogonal_ needs at least 2 axes, this tensor has shape {shape}")
    matrix = (shape[0], math.prod(shape[1:]))
    random = _random(tensor, generator)
    q, r = np.linalg.qr(random.normal(size=(max(matrix), min(matrix))))
    q *= np.where(np.diag(r) < 0, -1.0, 1.0)
    return _fill(tensor, gain * (q if matrix == q.shape else q.T).reshape(shape))


def sparse_(tensor, sparsity, std=0.01, generator=None):
    r"""Draw from :math:`N(0, \text{std}^2)`, then set a part of every column to 0.

    Parameters
    ----------
    tensor : Tensor
        Filled in place; `(F, C)`, floating point.
    sparsity : float
        The part of each column that becomes 0, rounded up to whole elements; from 0 to 1.
    std : float, default 0.01
        Standard deviation of the others.
    generator : Generator, optional
        Source of the random numbers; default lucid's own, which `lucid.manual_seed` sets.

    Returns
    -------
    Tensor
        `tensor` itself.

    Raises
    ------
    ShapeError
        If the tensor does not have 2 axes.
    ValueError
        If `sparsity` is not from 0 to 1.

    References
    ----------
    .. [1] Martens, "Deep learning via Hessian-free optimization", 2010, section 5.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> w = nn.init.sparse_(lucid.empty(10, 3), sparsity=0.4)
    >>> (w == 0).sum(0).tolist()
    [4, 4, 4]
    """
    rows, columns = _matrix_shape(tensor, "sparse_")
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity={sparsity} must be from 0 to 1: it is a part of each column")
    random = _random(tensor, generator)
    values = random.normal(0.0, std, (rows, columns))
    order = random.random((rows, columns)).argsort(axis=0)  # of each column, another one
    np.put_along_axis(values, order[: math.ceil(sparsity * rows)], 0, axis=0)
    return _fill(tensor, values)


def _random(tensor, generator):
    """Choose the stream of random numbers to fill `tensor` from."""
    if not tensor.is_floating_point():
        raise DtypeError(f"random values need a floating-point tensor, this is {tensor.dtype.name}")
    return draw_from(generator)


def _matrix_shape(tensor, name, hint=""):
    shape = tuple(tensor.shape)
    if len(shape) != 2:
        raise ShapeError(f"{name} needs 2 axes (out, in), this tensor has shape {shape}{hint}")
    return shape


def _fill(tensor, values):
    """Write past the graph, as no_grad allows: first values have no history."""
    tensor.array[...] = values
    tensor.bump()
    return tensor
