"""The layers as functions of tensors, to be called with weights of your own."""

from lucid.nn.functional.conv import (
    conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d,
)
from lucid.nn.functional.pad import pad
