"""Activation layers: an activation has no parameters, its layer makes it a part of a network."""

from __future__ import annotations

from lucid.creation import full
from lucid.device import DeviceLike
from lucid.dtypes import DTypeLike
from lucid.errors import ShapeError
from lucid.geometry import check_int
from lucid.nn.functional.activation import (
    check_approximate, check_interval, elu, gelu, glu, hardsigmoid, hardswish, hardtanh,
    leaky_relu, log_softmax, mish, prelu, relu, relu6, selu, sigmoid, silu, softmax, softplus, tanh,
)
from lucid.nn.functional.checks import check_inplace, check_number
from lucid.nn.module import Module
from lucid.nn.parameter import Parameter
from lucid.ops.operands import check_tensor
from lucid.tensor import Tensor

__all__ = [
    "ELU", "GELU", "GLU", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "LogSoftmax", "Mish",
    "PReLU", "ReLU", "ReLU6", "SELU", "Sigmoid", "SiLU", "Softmax", "Softmax2d", "Softplus", "Tanh",
]


class ReLU(Module):
    r"""Cut every element off below zero: :math:`y = \max(x, 0)`.

    Parameters
    ----------
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Attributes
    ----------
    inplace : bool
        As given.

    See Also
    --------
    lucid.nn.functional.relu : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any. The gradient at 0 is 0.

    References
    ----------
    .. [1] Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ReLU()(lucid.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.inplace = check_inplace(inplace)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return relu(x)

    def extra_repr(self) -> str:
        """Say whether `inplace` was given."""
        return "inplace=True" if self.inplace else ""


class Sigmoid(Module):
    r"""Squash every element into (0, 1): :math:`y = 1 / (1 + e^{-x})`.

    See Also
    --------
    lucid.sigmoid : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Sigmoid()(lucid.tensor([0.0, 100.0]))
    tensor([0.5000, 1.0000])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return sigmoid(x)


class Tanh(Module):
    r"""Squash every element into (-1, 1): :math:`y = \tanh x`.

    See Also
    --------
    lucid.tanh : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Tanh()(lucid.tensor([0.0, 100.0]))
    tensor([0., 1.])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return tanh(x)


class Softmax(Module):
    r"""Turn scores into probabilities: :math:`y_j = e^{x_j} / \sum_k e^{x_k}`.

    Parameters
    ----------
    dim : int
        The axis of the classes.

    Attributes
    ----------
    dim : int
        As given.

    See Also
    --------
    CrossEntropyLoss : Takes the scores themselves, without this layer before it.
    lucid.softmax : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, and sums to 1 along `dim`.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Softmax(dim=1)(lucid.tensor([[0.0, 0.0]]))
    tensor([[0.5000, 0.5000]])
    """

    def __init__(self, dim: int) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function along the axis `dim` of x."""
        return softmax(x, self.dim)

    def extra_repr(self) -> str:
        """Say the axis."""
        return f"dim={self.dim}"


class LogSoftmax(Softmax):
    r"""Turn scores into log-probabilities: :math:`y_j = x_j - \ln \sum_k e^{x_k}`.

    Parameters
    ----------
    dim : int
        The axis of the classes.

    Attributes
    ----------
    dim : int
        As given.

    See Also
    --------
    NLLLoss : What is minimised behind it.
    lucid.log_softmax : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.LogSoftmax(dim=1)(lucid.tensor([[0.0, 0.0]]))
    tensor([[-0.6931, -0.6931]])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function along the axis `dim` of x."""
        return log_softmax(x, self.dim)


class ReLU6(Module):
    r"""Cut every element off below zero and above six: :math:`\min(\max(x, 0), 6)`.

    Parameters
    ----------
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Attributes
    ----------
    inplace : bool
        As given.

    See Also
    --------
    lucid.nn.functional.relu6 : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any.

    **Values.** The gradient is 1 between 0 and 6, and 0 on both and beyond.

    References
    ----------
    .. [1] Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision
       applications", 2017.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ReLU6()(lucid.tensor([-1.0, 2.0, 8.0]))
    tensor([0., 2., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.inplace = check_inplace(inplace)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return relu6(x)

    def extra_repr(self) -> str:
        """Say the options."""
        return "inplace=True" if self.inplace else ""


class LeakyReLU(Module):
    r"""Multiply what is below zero by a small number: :math:`\max(x, 0) + a \min(x, 0)`.

    Parameters
    ----------
    negative_slope : float, default 0.01
        The slope *a* below zero.
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Attributes
    ----------
    negative_slope : float
        As given.
    inplace : bool
        As given.

    See Also
    --------
    lucid.nn.functional.leaky_relu : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any.

    **Values.** The gradient at 0 is *a*.

    References
    ----------
    .. [1] Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models",
       2013.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.LeakyReLU()(lucid.tensor([-1.0, 2.0]))
    tensor([-0.0100,  2.0000])
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        check_number(negative_slope, "negative_slope")
        self.negative_slope = negative_slope
        self.inplace = check_inplace(inplace)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        """Say the options."""
        return f"negative_slope={self.negative_slope}" + (", inplace=True" if self.inplace else "")


class ELU(Module):
    r"""Bend what is below zero towards :math:`-a`: there :math:`a (e^x - 1)`, else :math:`x`.

    Parameters
    ----------
    alpha : float, default 1.0
        The number *a*, at any sign.
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Attributes
    ----------
    alpha : float
        As given.
    inplace : bool
        As given.

    See Also
    --------
    lucid.nn.functional.elu : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any.

    **Values.** The gradient is :math:`a e^x` up to 0, and 1 above.

    References
    ----------
    .. [1] Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by
       exponential linear units", 2016.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.ELU()(lucid.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        check_number(alpha, "alpha")
        self.alpha = alpha
        self.inplace = check_inplace(inplace)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return elu(x, self.alpha)

    def extra_repr(self) -> str:
        """Say the options."""
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class SELU(Module):
    r"""Scale an ELU so that a network keeps mean 0 and variance 1: :math:`s \, \mathrm{elu}_a(x)`.

    Parameters
    ----------
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Attributes
    ----------
    inplace : bool
        As given.

    See Also
    --------
    lucid.nn.functional.selu : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any.

    **Values.** a = 1.67326 and s = 1.05070, the fixed point of [1]_, for weights drawn with
    variance 1 / fan_in.

    References
    ----------
    .. [1] Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", 2017,
       equation 2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.SELU()(lucid.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """

    def __init__(self, inplace: bool = False) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.inplace = check_inplace(inplace)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return selu(x)

    def extra_repr(self) -> str:
        """Say the options."""
        return "inplace=True" if self.inplace else ""


class GELU(Module):
    r"""Multiply by the chance that a normal number is smaller: :math:`x \, \Phi(x)`.

    Parameters
    ----------
    approximate : str, default 'none'
        ``'none'``, or ``'tanh'`` for the formula :math:`\frac{x}{2} (1 + \tanh(\sqrt{2 / \pi}
        (x + 0.044715 x^3)))`, which differs by at most 0.0005.

    Attributes
    ----------
    approximate : str
        As given.

    See Also
    --------
    lucid.nn.functional.gelu : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any.

    References
    ----------
    .. [1] Hendrycks and Gimpel, "Gaussian error linear units (GELUs)", 2016.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.GELU()(lucid.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """

    def __init__(self, approximate: str = "none") -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        check_approximate(approximate)
        self.approximate = approximate

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return gelu(x, self.approximate)

    def extra_repr(self) -> str:
        """Say the options."""
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    r"""Multiply by the sigmoid, also known as swish: :math:`x \, \sigma(x)`.

    Parameters
    ----------
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Attributes
    ----------
    inplace : bool
        As given.

    See Also
    --------
    lucid.nn.functional.silu : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any.

    References
    ----------
    .. [1] Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function
       approximation in reinforcement learning", 2018.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.SiLU()(lucid.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """

    def __init__(self, inplace: bool = False) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.inplace = check_inplace(inplace)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return silu(x)

    def extra_repr(self) -> str:
        """Say the options."""
        return "inplace=True" if self.inplace else ""


class Mish(Module):
    r"""Multiply by a squashed softplus: :math:`x \tanh \ln(1 + e^x)`.

    Parameters
    ----------
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Attributes
    ----------
    inplace : bool
        As given.

    See Also
    --------
    lucid.nn.functional.mish : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any.

    References
    ----------
    .. [1] Misra, "Mish: a self regularized non-monotonic activation function", 2020.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Mish()(lucid.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """

    def __init__(self, inplace: bool = False) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.inplace = check_inplace(inplace)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return mish(x)

    def extra_repr(self) -> str:
        """Say the options."""
        return "inplace=True" if self.inplace else ""


class Softplus(Module):
    r"""Round the corner of the ReLU: :math:`\ln(1 + e^{bx}) / b`.

    Parameters
    ----------
    beta : float, default 1.0
        How sharp the corner is, *b*, greater than 0.
    threshold : float, default 20.0
        Where *bx* is above it, the result is *x* itself.

    Attributes
    ----------
    beta : float
        As given.
    threshold : float
        As given.

    See Also
    --------
    lucid.nn.functional.softplus : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any.

    **Values.** The gradient is :math:`\sigma(bx)`, and 1 above the threshold.

    References
    ----------
    .. [1] Dugas, Bengio, Belisle, Nadeau and Garcia, "Incorporating second-order functional
       knowledge for better option pricing", 2001.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Softplus()(lucid.tensor([-1.0, 2.0]))
    tensor([0.3133, 2.1269])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        check_number(beta, "beta", above=0)
        check_number(threshold, "threshold")
        self.beta = beta
        self.threshold = threshold

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return softplus(x, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """Say the options."""
        return f"beta={self.beta}, threshold={self.threshold}"


class Hardtanh(Module):
    r"""Cut every element off outside an interval.

    Parameters
    ----------
    min_val : float, default -1.0
        Its lower end.
    max_val : float, default 1.0
        Its upper end, greater than `min_val`.
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Attributes
    ----------
    min_val : float
        As given.
    max_val : float
        As given.
    inplace : bool
        As given.

    See Also
    --------
    lucid.nn.functional.hardtanh : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any.

    **Values.** The gradient is 1 inside, and 0 on the ends and beyond.

    References
    ----------
    .. [1] Collobert, "Large scale machine learning", 2004.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Hardtanh()(lucid.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        check_interval(min_val, max_val)
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = check_inplace(inplace)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return hardtanh(x, self.min_val, self.max_val)

    def extra_repr(self) -> str:
        """Say the options."""
        ends = f"min_val={self.min_val}, max_val={self.max_val}"
        return ends + (", inplace=True" if self.inplace else "")


class Hardswish(Module):
    r"""Multiply by the hard sigmoid: :math:`x \min(\max(x + 3, 0), 6) / 6`.

    Parameters
    ----------
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Attributes
    ----------
    inplace : bool
        As given.

    See Also
    --------
    lucid.nn.functional.hardswish : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any.

    **Values.** The gradient is 0 up to -3, :math:`x / 3 + 1 / 2` between, and 1 from 3 on.

    References
    ----------
    .. [1] Howard et al., "Searching for MobileNetV3", 2019, section 5.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Hardswish()(lucid.tensor([-1.0, 2.0]))
    tensor([-0.3333,  1.6667])
    """

    def __init__(self, inplace: bool = False) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.inplace = check_inplace(inplace)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return hardswish(x)

    def extra_repr(self) -> str:
        """Say the options."""
        return "inplace=True" if self.inplace else ""


class Hardsigmoid(Module):
    r"""Climb in a straight line from 0 at -3 to 1 at 3: :math:`\min(\max(x + 3, 0), 6) / 6`.

    Parameters
    ----------
    inplace : bool, default False
        Accepted so that models written for PyTorch run; the input is never changed.

    Attributes
    ----------
    inplace : bool
        As given.

    See Also
    --------
    lucid.nn.functional.hardsigmoid : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input, which may be any.

    **Values.** The gradient is 1/6 between -3 and 3, and 0 on both and beyond.

    References
    ----------
    .. [1] Howard et al., "Searching for MobileNetV3", 2019, section 5.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Hardsigmoid()(lucid.tensor([-1.0, 2.0]))
    tensor([0.3333, 0.8333])
    """

    def __init__(self, inplace: bool = False) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.inplace = check_inplace(inplace)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return hardsigmoid(x)

    def extra_repr(self) -> str:
        """Say the options."""
        return "inplace=True" if self.inplace else ""


class PReLU(Module):
    r"""Multiply what is below zero by a learnt number: :math:`\max(x, 0) + w \min(x, 0)`.

    Parameters
    ----------
    num_parameters : int, default 1
        1: one slope for all; or the channels of the input: one slope for each.
    init : float, default 0.25
        The first value of every slope.
    device : DeviceLike, default None
        Where the slopes are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Their type, float32 or float64; None is the default type.

    Attributes
    ----------
    weight : Parameter
        (num_parameters,), the slopes below zero.
    num_parameters : int
        As given.
    init : float
        As given.

    See Also
    --------
    lucid.nn.functional.prelu : The same with slopes of your own.

    Notes
    -----
    **Shape.** Input (N, C, \*), or any for one slope; the output has its shape. Weight decay pulls
    the slopes to 0, and the layer to a ReLU.

    References
    ----------
    .. [1] He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015, equation 1.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.PReLU()(lucid.tensor([-2.0, 2.0])).tolist()
    [-0.5, 2.0]
    """

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: DeviceLike = None,
        dtype: DTypeLike = None,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.num_parameters = check_int(num_parameters, "num_parameters", 1)
        self.init = check_number(init, "init")
        shape = (self.num_parameters,)
        self.weight = Parameter(full(shape, self.init, device=device, dtype=dtype))

    def reset_parameters(self) -> None:
        """Set every slope to `init` again."""
        self.weight.data = full((self.num_parameters,), self.init, dtype=self.weight.dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to every element of x."""
        return prelu(x, self.weight)

    def extra_repr(self) -> str:
        """Say how many slopes there are."""
        return f"num_parameters={self.num_parameters}"


class GLU(Module):
    r"""Let one half of an axis open and close the other: :math:`a \, \sigma(b)`.

    Parameters
    ----------
    dim : int, default -1
        The axis to halve, of an even size.

    Attributes
    ----------
    dim : int
        As given.

    See Also
    --------
    lucid.nn.functional.glu : The same as a function.

    Notes
    -----
    **Shape.** The output has the shape of the input with half the size along `dim`.

    References
    ----------
    .. [1] Dauphin, Fan, Auli and Grangier, "Language modeling with gated convolutional networks",
       2017, equation 1.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.GLU()(lucid.tensor([2.0, 4.0, 0.0, 100.0]))
    tensor([1., 4.])
    """

    def __init__(self, dim: int = -1) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.dim = check_int(dim, "dim")

    def forward(self, x: Tensor) -> Tensor:
        """Multiply the first half of x by the sigmoid of the second."""
        return glu(x, self.dim)

    def extra_repr(self) -> str:
        """Say the axis."""
        return f"dim={self.dim}"


class Softmax2d(Module):
    r"""Turn the channels of each pixel into probabilities: softmax along the axis of the channels.

    See Also
    --------
    Softmax : The same along any axis.

    Notes
    -----
    **Shape.** Input (N, C, H, W) or (C, H, W); the output has its shape, and sums to 1 over C.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Softmax2d()(lucid.zeros(1, 4, 8, 8))[0, :, 0, 0]
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply the softmax to the channels of x."""
        check_tensor(x, "Softmax2d")
        if x.array.ndim not in (3, 4):
            raise ShapeError(
                f"input of shape {x.array.shape} has {x.array.ndim} axes; needs (batch, channels, "
                f"height, width) or (channels, height, width)"
            )
        return softmax(x, -3)
