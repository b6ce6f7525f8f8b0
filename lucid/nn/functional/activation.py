"""Functions that bend a straight line, element by element, and those that make probabilities."""

import numpy as np

from lucid.errors import ShapeError
from lucid.nn.functional.checks import check_floating, check_number, check_same_type
from lucid.ops import elementwise
from lucid.ops.activation import (
    Elu, Gelu, GeluTanh, Hardsigmoid, Hardswish, Hardtanh, LeakyRelu, Mish, PRelu, Silu, Softplus,
)
from lucid.ops.elementwise import sigmoid, tanh
from lucid.ops.operands import check_dim, check_tensor
from lucid.ops.reduction import log_softmax, softmax
from lucid.ops.shaping import reshape
from lucid.random import default_generator

__all__ = [
    "elu", "gelu", "glu", "gumbel_softmax", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu",
    "log_softmax", "mish", "prelu", "relu", "relu6", "selu", "sigmoid", "silu", "softmax",
    "softplus", "tanh",
]

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def check_approximate(approximate):
    """Return the name of a way to compute the GELU, if it is one."""
    if approximate not in ("none", "tanh"):
        raise ValueError(f"approximate={approximate!r} is not 'none' or 'tanh'")
    return approximate


def check_interval(low, high):
    """Refuse an interval that is empty."""
    low, high = check_number(low, "min_val"), check_number(high, "max_val")
    if not low < high:
        raise ValueError(f"min_val={low:g} must be below max_val={high:g}")


def relu(x, inplace=False):
    r"""Cut every element off below zero: :math:`\max(x, 0)`.

    Parameters
    ----------
    x : Tensor
        Any numbers, of any shape.
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Returns
    -------
    Tensor
        Of the shape of `x`. Its gradient at 0 is 0.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.relu(lucid.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return elementwise.relu(x)


def relu6(x, inplace=False):
    r"""Cut every element off below zero and above six: :math:`\min(\max(x, 0), 6)`.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers, of any shape.
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    DtypeError
        If `x` is not floating-point.

    Notes
    -----
    The gradient is 1 between 0 and 6, and 0 on both and beyond.

    References
    ----------
    .. [1] Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision
       applications", 2017.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.relu6(lucid.tensor([-1.0, 2.0, 8.0]))
    tensor([0., 2., 6.])
    """
    check_floating(x, "relu6")
    return Hardtanh(0.0, 6.0)(x)


def leaky_relu(x, negative_slope=0.01, inplace=False):
    r"""Multiply what is below zero by a small number: :math:`\max(x, 0) + a \min(x, 0)`.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers, of any shape.
    negative_slope : float, default 0.01
        The slope *a* below zero.
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Returns
    -------
    Tensor
        Of the shape of `x`. The gradient at 0 is *a*.

    Raises
    ------
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If an option is no number of its range.

    References
    ----------
    .. [1] Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models",
       2013.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.leaky_relu(lucid.tensor([-1.0, 2.0]))
    tensor([-0.0100,  2.0000])
    """
    check_floating(x, "leaky_relu")
    check_number(negative_slope, "negative_slope")
    return LeakyRelu(negative_slope)(x)


def elu(x, alpha=1.0, inplace=False):
    r"""Bend what is below zero towards :math:`-a`: there :math:`a (e^x - 1)`, else :math:`x`.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers, of any shape.
    alpha : float, default 1.0
        The number *a*, at any sign.
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Returns
    -------
    Tensor
        Of the shape of `x`. The gradient is :math:`a e^x` up to 0, and 1 above.

    Raises
    ------
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If an option is no number of its range.

    References
    ----------
    .. [1] Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by
       exponential linear units", 2016.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.elu(lucid.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    check_floating(x, "elu")
    check_number(alpha, "alpha")
    return Elu(alpha)(x)


def selu(x, inplace=False):
    r"""Scale an ELU so that a network keeps mean 0 and variance 1: :math:`s \, \mathrm{elu}_a(x)`.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers, of any shape.
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    DtypeError
        If `x` is not floating-point.

    Notes
    -----
    a = 1.67326 and s = 1.05070, the fixed point of [1]_, for weights drawn with variance
    1 / fan_in.

    References
    ----------
    .. [1] Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", 2017,
       equation 2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.selu(lucid.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """
    check_floating(x, "selu")
    return Elu(SELU_ALPHA, SELU_SCALE)(x)


def gelu(x, approximate="none"):
    r"""Multiply by the chance that a normal number is smaller: :math:`x \, \Phi(x)`.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers, of any shape.
    approximate : str, default 'none'
        ``'none'``, or ``'tanh'`` for the formula :math:`\frac{x}{2} (1 + \tanh(\sqrt{2 / \pi}
        (x + 0.044715 x^3)))`, which differs by at most 0.0005.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    DtypeError
        If `x` is not floating-point.
    ValueError
        If `approximate` is neither.

    References
    ----------
    .. [1] Hendrycks and Gimpel, "Gaussian error linear units (GELUs)", 2016.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.gelu(lucid.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """
    check_floating(x, "gelu")
    check_approximate(approximate)
    return Gelu()(x) if approximate == "none" else GeluTanh()(x)


def silu(x, inplace=False):
    r"""Multiply by the sigmoid, also known as swish: :math:`x \, \sigma(x)`.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers, of any shape.
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    DtypeError
        If `x` is not floating-point.

    References
    ----------
    .. [1] Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function
       approximation in reinforcement learning", 2018.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.silu(lucid.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """
    check_floating(x, "silu")
    return Silu()(x)


def mish(x, inplace=False):
    r"""Multiply by a squashed softplus: :math:`x \tanh \ln(1 + e^x)`.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers, of any shape.
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    DtypeError
        If `x` is not floating-point.

    References
    ----------
    .. [1] Misra, "Mish: a self regularized non-monotonic activation function", 2020.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.mish(lucid.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """
    check_floating(x, "mish")
    return Mish()(x)


def softplus(x, beta=1.0, threshold=20.0):
    r"""Round the corner of the ReLU: :math:`\ln(1 + e^{bx}) / b`.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers, of any shape.
    beta : float, default 1.0
        How sharp the corner is, *b*, greater than 0.
    threshold : float, default 20.0
        Where *bx* is above it, the result is *x* itself.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If an option is no number of its range.

    Notes
    -----
    The gradient is :math:`\sigma(bx)`, and 1 above the threshold.

    References
    ----------
    .. [1] Dugas, Bengio, Belisle, Nadeau and Garcia, "Incorporating second-order functional
       knowledge for better option pricing", 2001.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.softplus(lucid.tensor([-1.0, 2.0]))
    tensor([0.3133, 2.1269])
    """
    check_floating(x, "softplus")
    check_number(beta, "beta", above=0)
    check_number(threshold, "threshold")
    return Softplus(beta, threshold)(x)


def hardtanh(x, min_val=-1.0, max_val=1.0, inplace=False):
    r"""Cut every element off outside an interval.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers, of any shape.
    min_val : float, default -1.0
        Its lower end.
    max_val : float, default 1.0
        Its upper end, greater than `min_val`.
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Returns
    -------
    Tensor
        Of the shape of `x`. The gradient is 1 inside, and 0 on the ends and beyond.

    Raises
    ------
    DtypeError
        If `x` is not floating-point.
    ValueError, TypeError
        If an option is no number of its range.

    References
    ----------
    .. [1] Collobert, "Large scale machine learning", 2004.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.hardtanh(lucid.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """
    check_floating(x, "hardtanh")
    check_interval(min_val, max_val)
    return Hardtanh(min_val, max_val)(x)


def hardswish(x, inplace=False):
    r"""Multiply by the hard sigmoid: :math:`x \min(\max(x + 3, 0), 6) / 6`.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers, of any shape.
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    DtypeError
        If `x` is not floating-point.

    Notes
    -----
    The gradient is 0 up to -3, :math:`x / 3 + 1 / 2` between, and 1 from 3 on.

    References
    ----------
    .. [1] Howard et al., "Searching for MobileNetV3", 2019, section 5.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.hardswish(lucid.tensor([-1.0, 2.0]))
    tensor([-0.3333,  1.6667])
    """
    check_floating(x, "hardswish")
    return Hardswish()(x)


def hardsigmoid(x, inplace=False):
    r"""Climb in a straight line from 0 at -3 to 1 at 3: :math:`\min(\max(x + 3, 0), 6) / 6`.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers, of any shape.
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    DtypeError
        If `x` is not floating-point.

    Notes
    -----
    The gradient is 1/6 between -3 and 3, and 0 on both and beyond.

    References
    ----------
    .. [1] Howard et al., "Searching for MobileNetV3", 2019, section 5.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.hardsigmoid(lucid.tensor([-1.0, 2.0]))
    tensor([0.3333, 0.8333])
    """
    check_floating(x, "hardsigmoid")
    return Hardsigmoid()(x)


def prelu(x, weight):
    r"""Multiply what is below zero by a learnt number: :math:`\max(x, 0) + w \min(x, 0)`.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers: (N, C, \*), or any shape for a single number `weight`.
    weight : Tensor
        (1,) or without axes: one slope for all; or (C,): one for each channel on axis 1.

    Returns
    -------
    Tensor
        Of the shape of `x`. The gradient at 0 is *w*.

    Raises
    ------
    ShapeError
        If `weight` has neither 1 number nor one for each channel.
    DtypeError
        If the tensors are not all float32, or all float64.

    References
    ----------
    .. [1] He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015, equation 1.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.prelu(lucid.tensor([-2.0, 2.0]), lucid.tensor(0.25))
    tensor([-0.5000,  2.0000])
    """
    check_tensor(weight, "prelu: weight")
    check_same_type("prelu", x=x, weight=weight)
    shape, count = x.array.shape, weight.array.size
    channels = shape[1] if len(shape) > 1 else 1
    if weight.array.ndim > 1 or count not in (1, channels):
        raise ShapeError(
            f"prelu: weight of shape {weight.array.shape} does not fit an input of shape {shape}; "
            f"needs (1,), or ({channels},), one slope for each channel on axis 1"
        )
    column = () if count == 1 else (-1,) + (1,) * (len(shape) - 2)
    return PRelu()(x, reshape(weight, column))


def glu(x, dim=-1):
    r"""Let one half of an axis open and close the other: :math:`a \, \sigma(b)`.

    Parameters
    ----------
    x : Tensor
        Floating-point numbers; *a* is the first half along `dim`, *b* the second.
    dim : int, default -1
        The axis to halve, of an even size.

    Returns
    -------
    Tensor
        Of the shape of `x` with half the size along `dim`.

    Raises
    ------
    ShapeError
        If there is no such axis, or its size is odd.
    DtypeError
        If `x` is not floating-point.

    References
    ----------
    .. [1] Dauphin, Fan, Auli and Grangier, "Language modeling with gated convolutional networks",
       2017, equation 1.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.glu(lucid.tensor([2.0, 4.0, 0.0, 100.0]))
    tensor([1., 4.])
    """
    check_floating(x, "glu")
    axis = check_dim(dim, x.array.ndim, "glu")
    size = x.array.shape[axis] if x.array.ndim else 0
    if size % 2 or not size:
        raise ShapeError(
            f"glu: axis {dim} of shape {x.array.shape} has {size} positions; it needs an even "
            f"number, two halves"
        )
    before = (slice(None),) * axis
    return x[(*before, slice(size // 2))] * sigmoid(x[(*before, slice(size // 2, None))])


def gumbel_softmax(logits, tau=1.0, hard=False, dim=-1):
    r"""Choose a class at random, softly, so that gradients flow through the choice.

    Parameters
    ----------
    logits : Tensor
        Scores, any numbers; float32 or float64. Class k is chosen with probability
        :math:`\mathrm{softmax}(x)_k`.
    tau : float, default 1.0
        The temperature, greater than 0: the lower, the nearer to a choice of one class.
    hard : bool, default False
        Whether the result is a choice, 1 for one class and else 0, with the gradient of the soft
        one.
    dim : int, default -1
        The axis of the classes.

    Returns
    -------
    Tensor
        Of the shape of `logits`, and sums to 1 along `dim`: :math:`\mathrm{softmax}((x + g) /
        \tau)`, where every g is minus the logarithm of an exponential random number.

    Raises
    ------
    ShapeError
        If there is no such axis.
    DtypeError
        If `logits` is not floating-point.
    ValueError, TypeError
        If `tau` is out of its range.

    References
    ----------
    .. [1] Jang, Gu and Poole, "Categorical reparameterization with Gumbel-softmax", 2017, equation
       2 and section 2.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> F.gumbel_softmax(lucid.tensor([0.0, 100.0]), hard=True)
    tensor([0., 1.])
    """
    check_floating(logits, "gumbel_softmax")
    tau = check_number(tau, "tau", above=0)
    dim = check_dim(dim, logits.array.ndim, "gumbel_softmax")
    array = logits.array
    noise = -np.log(default_generator().numpy.standard_exponential(array.shape))
    soft = softmax((logits + logits.wrap(noise.astype(array.dtype))) / tau, dim)
    if not hard:
        return soft
    best = soft.array.argmax(dim)
    chosen = np.zeros_like(soft.array)
    np.put_along_axis(chosen, np.expand_dims(best, dim), 1, dim)
    return logits.wrap(chosen - soft.array) + soft
