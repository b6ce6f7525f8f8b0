"""Layers that multiply the last axis by a learnt matrix."""

from __future__ import annotations

from lucid.device import DeviceLike
from lucid.dtypes import DTypeLike
from lucid.errors import LazyError, ShapeError
from lucid.geometry import check_int
from lucid.nn.functional.linear import linear
from lucid.nn.init import uniform_
from lucid.nn.lazy import LazyModuleMixin
from lucid.nn.module import Module
from lucid.nn.parameter import UninitializedParameter, is_lazy
from lucid.ops.operands import check_tensor
from lucid.tensor import Tensor

__all__ = ["LazyLinear", "Linear"]


class Linear(Module):
    r"""Multiply the last axis by a learnt matrix and add a bias: :math:`y = x W^T + b`.

    Every output feature is a weighted sum of all input features.

    Parameters
    ----------
    in_features : int
        Size of the last axis of the input, at least 1.
    out_features : int
        Size of the last axis of the output, at least 1.
    bias : bool, default True
        Whether a learnt number is added to every output feature.
    device : DeviceLike, default None
        Where the parameters are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the parameters, float32 or float64; None is the default type.

    Attributes
    ----------
    weight : Parameter
        (out_features, in_features). First drawn from :math:`U(-b, b)` with :math:`b = 1 /
        \sqrt{in\_features}`, the Kaiming uniform scheme for :math:`a = \sqrt 5` [1]_.
    bias : Parameter or None
        (out_features,), drawn from the same interval; None with ``bias=False``.
    in_features, out_features : int
        As given.

    See Also
    --------
    LazyLinear : The same layer, which learns `in_features` from its first input.
    lucid.nn.functional.linear : The same computation with weights of your own.

    Notes
    -----
    **Shape.** Input (\*, in_features), output (\*, out_features), with any axes in front.

    References
    ----------
    .. [1] He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015, section 2.2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.Linear(20, 30)
    >>> layer(lucid.zeros(128, 20)).shape
    (128, 30)
    """

    learns_features = False  # whether in_features may be None until an input tells

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: DeviceLike = None,
        dtype: DTypeLike = None,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.in_features = None
        self.out_features = check_int(out_features, "out_features", 1)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        bias = UninitializedParameter(device=device, dtype=dtype) if bias else None
        self.register_parameter("bias", bias)
        if in_features is not None or not self.learns_features:
            self.materialize(check_int(in_features, "in_features", 1))

    def materialize(self, in_features, given=()):
        """Make the parameters that wait for the features; draw those not in `given`."""
        self.in_features = in_features
        shapes = {"weight": (self.out_features, in_features), "bias": (self.out_features,)}
        waiting = [name for name in shapes if is_lazy(self._parameters[name])]
        for name in waiting:
            self._parameters[name].materialize(shapes[name])
        self.reset_parameters([name for name in waiting if name not in given])

    def reset_parameters(self, names=("weight", "bias")):
        r"""Draw weight and bias anew from :math:`U(-b, b)`, :math:`b = 1 / \sqrt{in\_features}`.

        Parameters
        ----------
        names : sequence of str, default ('weight', 'bias')
            Which of them.

        Examples
        --------
        >>> import lucid.nn as nn
        >>> layer = nn.Linear(4, 2)
        >>> before = layer.weight.tolist()
        >>> layer.reset_parameters()
        >>> layer.weight.tolist() == before, layer.weight.abs().max().item() <= 0.5
        (False, True)
        """
        bound = self.in_features**-0.5
        for name in names:
            if self._parameters[name] is not None:
                uniform_(self._parameters[name], -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        r"""Multiply the last axis of the input by the layer's weight.

        Parameters
        ----------
        x : Tensor
            (\*, in_features), of the type of `weight`.

        Returns
        -------
        Tensor
            (\*, out_features).

        Raises
        ------
        ShapeError
            If the last axis has another size.
        DtypeError
            If the input and the weight are not of the same type.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> nn.Linear(4, 2).forward(lucid.zeros(3, 4)).shape
        (3, 2)
        """
        return linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Say how the layer was made: what is between the brackets of its representation.

        Returns
        -------
        str
            The features, and whether there is a bias.

        Examples
        --------
        >>> import lucid.nn as nn
        >>> nn.Linear(4, 2).extra_repr()
        'in_features=4, out_features=2, bias=True'
        """
        bias = self._parameters["bias"] is not None
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={bias}"


class LazyLinear(LazyModuleMixin, Linear):
    r"""A `Linear` that learns `in_features` from its first input.

    So a network can be written without counting what its convolutions leave over.

    Parameters
    ----------
    out_features : int
        Size of the last axis of the output, at least 1.
    bias : bool, default True
        Whether a learnt number is added to every output feature, once there are weights.
    device : DeviceLike, default None
        Where the parameters are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the parameters, float32 or float64; None is the default type.

    Attributes
    ----------
    weight, bias : Parameter or None
        As in `Linear`; None until the first input, or until a state dict is loaded.
    in_features : int or None
        None until then.
    out_features : int
        As given.

    See Also
    --------
    Linear : The same layer with `in_features` given.
    LazyModuleMixin : The life of a lazy layer.

    Notes
    -----
    **Shape.** Input (\*, in_features), output (\*, out_features), with any axes in front.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.LazyLinear(30)
    >>> print(layer.in_features)
    None
    >>> layer(lucid.zeros(128, 20)).shape
    (128, 30)
    >>> layer.in_features
    20
    """

    learns_features = True

    def __init__(
        self, out_features: int, bias: bool = True, device: DeviceLike = None,
        dtype: DTypeLike = None,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__(None, out_features, bias, device, dtype)

    def initialize_parameters(self, x):
        """Take `in_features` from the first input."""
        check_tensor(x, type(self).__name__)
        shape = x.array.shape
        if not shape or not shape[-1]:
            raise ShapeError(
                f"input of shape {shape} has no features on its last axis; the layer has learnt "
                f"nothing from it"
            )
        self.materialize(shape[-1])

    def initialize_from_state(self, arrays):
        """Take `in_features` from the weight of a state dict."""
        if "weight" not in arrays:
            raise LazyError(
                "the state dict has a bias but no weight, and only a weight tells in_features"
            )
        shape = arrays["weight"].shape
        if len(shape) != 2 or shape[0] != self.out_features or not shape[1]:
            raise ShapeError(
                f"weight of shape {shape} in the state dict does not fit; this layer needs "
                f"({self.out_features}, in_features)"
            )
        self.materialize(shape[1], given=arrays)
