"""Convolution taken apart: sizes, matrices, receptive fields, and where every number comes from."""

from lucid.conv.field import overlap_map, receptive_field
from lucid.conv.matrix import conv_as_einsum, conv_matrix, conv_transpose_matrix
from lucid.conv.taps import show_padding, trace_output
from lucid.geometry import (
    conv_output_size, conv_transpose_output_size, output_padding_for, same_padding,
)

__all__ = [
    "conv_as_einsum", "conv_matrix", "conv_output_size", "conv_transpose_matrix",
    "conv_transpose_output_size", "output_padding_for", "overlap_map", "receptive_field",
    "same_padding", "show_padding", "trace_output",
]
