"""A convolution and the batch normalisation behind it as one convolution."""

import copy

import numpy as np

from lucid.errors import ShapeError
from lucid.nn.batchnorm import BatchNormNd
from lucid.nn.conv import ConvNd
from lucid.nn.conv_transpose import ConvTransposeNd
from lucid.nn.parameter import Parameter
from lucid.tensor import Tensor

__all__ = ["fuse_conv_bn_eval"]


def fuse_conv_bn_eval(conv, bn, transpose=False):
    r"""Make one convolution that does what a convolution and its batch normalisation do.

    Once trained, the normalisation only scales and shifts every channel, and so can the weights.

    Parameters
    ----------
    conv : ConvNd or ConvTransposeNd
        The convolution, in evaluation mode.
    bn : BatchNormNd
        The normalisation behind it, in evaluation mode, with running statistics.
    transpose : bool, default False
        Accepted so that programs written for PyTorch run; the layer itself says what it is.

    Returns
    -------
    Module
        A new layer like `conv`, always with a bias; neither of the two is changed.

    Raises
    ------
    TypeError
        If they are no convolution and no batch normalisation.
    ValueError
        If one is in training mode, or there are no running statistics.
    ShapeError
        If their channels differ.

    Notes
    -----
    With the statistics m and v and the scale :math:`s = \gamma / \sqrt{v + \epsilon}` the new
    weight is :math:`s w`, channel by channel of the output, and the new bias
    :math:`s (b - m) + \beta`.

    References
    ----------
    .. [1] Jacob et al., "Quantization and training of neural networks for efficient
       integer-arithmetic-only inference", 2018, section 3.2, equation 14.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> conv, bn = nn.Conv2d(3, 8, 3).eval(), nn.BatchNorm2d(8).eval()
    >>> fused = nn.utils.fuse_conv_bn_eval(conv, bn)
    >>> x = lucid.rand(1, 3, 8, 8)
    >>> abs(fused(x) - bn(conv(x))).max().item() < 1e-5
    True
    """
    if not isinstance(conv, ConvNd) or not isinstance(bn, BatchNormNd):
        raise TypeError(
            f"fuse_conv_bn_eval needs a convolution and a batch normalisation, not "
            f"{type(conv).__name__} and {type(bn).__name__}"
        )
    if conv.training or bn.training:
        raise ValueError("fuse_conv_bn_eval: both layers must be in evaluation mode; call .eval()")
    if bn.running_mean is None:
        raise ValueError("fuse_conv_bn_eval: the normalisation has no running statistics")
    if conv.out_channels != bn.num_features:
        raise ShapeError(
            f"fuse_conv_bn_eval: the convolution gives {conv.out_channels} channels, the "
            f"normalisation has {bn.num_features}"
        )
    mean, variance = bn.running_mean.array, bn.running_var.array
    scale = 1 / np.sqrt(variance + mean.dtype.type(bn.eps))
    scale = scale if bn.weight is None else scale * bn.weight.array
    bias = -mean if conv.bias is None else conv.bias.array - mean
    bias = bias * scale + (0 if bn.bias is None else bn.bias.array)
    fused = copy.deepcopy(conv)
    weight = conv.weight.array
    if isinstance(conv, ConvTransposeNd):
        # (C, F // groups, ...): the output channels lie group by group beside the input's
        parts = weight.reshape(conv.groups, -1, *weight.shape[1:])
        column = (conv.groups, 1, -1) + (1,) * (weight.ndim - 2)
        weight = (parts * scale.reshape(column)).reshape(weight.shape)
    else:
        weight = weight * scale.reshape((-1,) + (1,) * (weight.ndim - 1))
    fused.weight = _parameter(weight, conv.weight)
    fused.bias = _parameter(bias, conv.weight)
    return fused


def _parameter(array, like):
    return Parameter(Tensor(array.astype(like.array.dtype)), requires_grad=like.requires_grad)
