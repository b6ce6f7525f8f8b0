"""Layers, and the modules and parameters that networks are made of."""

from lucid.nn import functional, grad, init
from lucid.nn.container import (
    Identity, ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential,
)
from lucid.nn.conv import Conv1d, Conv2d, Conv3d
from lucid.nn.conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from lucid.nn.lazy import LazyModuleMixin
from lucid.nn.lazy_conv import (
    LazyConv1d, LazyConv2d, LazyConv3d, LazyConvTranspose1d, LazyConvTranspose2d,
    LazyConvTranspose3d,
)
from lucid.nn.module import Module
from lucid.nn.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter
from lucid.nn.pooling import AvgPool1d, AvgPool2d, AvgPool3d, MaxPool1d, MaxPool2d, MaxPool3d
