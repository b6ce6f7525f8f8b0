"""Grading students' own convolutions: a table of cases, numbers where they fail, and a hint."""

from lucid.grade.convolution import (
    check_conv1d, check_conv2d, check_conv3d, check_conv_transpose, check_im2col,
)
from lucid.grade.layers import check_batchnorm, check_pool
from lucid.grade.runner import Case, Grade, Outcome, grade, report

__all__ = [
    "Case", "Grade", "Outcome", "check_batchnorm", "check_conv1d", "check_conv2d", "check_conv3d",
    "check_conv_transpose", "check_im2col", "check_pool", "grade", "report",
]
