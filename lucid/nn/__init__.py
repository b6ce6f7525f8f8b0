"""Layers, and the modules and parameters that networks are made of."""

from lucid.nn import functional, grad, init, utils
from lucid.nn.activation import (
    ELU, GELU, GLU, Hardsigmoid, Hardswish, Hardtanh, LeakyReLU, LogSoftmax, Mish, PReLU, ReLU,
    ReLU6, SELU, SiLU, Sigmoid, Softmax, Softmax2d, Softplus, Tanh,
)
from lucid.nn.adaptive_pooling import (
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveMaxPool1d, AdaptiveMaxPool2d,
    AdaptiveMaxPool3d, LPPool1d, LPPool2d, LPPool3d, MaxUnpool1d, MaxUnpool2d, MaxUnpool3d,
)
from lucid.nn.batchnorm import (
    BatchNorm1d, BatchNorm2d, BatchNorm3d, LazyBatchNorm1d, LazyBatchNorm2d, LazyBatchNorm3d,
)
from lucid.nn.container import (
    Identity, ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential,
)
from lucid.nn.conv import Conv1d, Conv2d, Conv3d
from lucid.nn.conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from lucid.nn.dropout import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d
from lucid.nn.embedding import Bilinear, Embedding
from lucid.nn.flatten import Flatten, Unflatten
from lucid.nn.layernorm import (
    GroupNorm, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, LayerNorm, LazyInstanceNorm1d,
    LazyInstanceNorm2d, LazyInstanceNorm3d, LocalResponseNorm,
)
from lucid.nn.lazy import LazyModuleMixin
from lucid.nn.lazy_conv import (
    LazyConv1d, LazyConv2d, LazyConv3d, LazyConvTranspose1d, LazyConvTranspose2d,
    LazyConvTranspose3d,
)
from lucid.nn.linear import LazyLinear, Linear
from lucid.nn.loss import CrossEntropyLoss, MSELoss, NLLLoss
from lucid.nn.margin_loss import (
    CosineEmbeddingLoss, HingeEmbeddingLoss, MultiMarginLoss, TripletMarginLoss,
)
from lucid.nn.module import Module
from lucid.nn.padding import (
    CircularPad1d, CircularPad2d, CircularPad3d, ConstantPad1d, ConstantPad2d, ConstantPad3d,
    ReflectionPad1d, ReflectionPad2d, ReflectionPad3d, ReplicationPad1d, ReplicationPad2d,
    ReplicationPad3d, ZeroPad1d, ZeroPad2d, ZeroPad3d,
)
from lucid.nn.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter
from lucid.nn.pooling import AvgPool1d, AvgPool2d, AvgPool3d, MaxPool1d, MaxPool2d, MaxPool3d
from lucid.nn.probability_loss import BCELoss, BCEWithLogitsLoss, KLDivLoss
from lucid.nn.regression_loss import GaussianNLLLoss, HuberLoss, L1Loss, SmoothL1Loss
from lucid.nn.unfold import Fold, Unfold
from lucid.nn.upsampling import (
    ChannelShuffle, PixelShuffle, PixelUnshuffle, Upsample, UpsamplingBilinear2d,
    UpsamplingNearest2d,
)
