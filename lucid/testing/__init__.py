"""Checks for layers of your own: closeness, adjoints, gradients, and parity with PyTorch."""

from lucid.testing.closeness import assert_close
from lucid.testing.laws import check_adjoint, check_layer
from lucid.testing.reference import assert_matches_torch

__all__ = ["assert_close", "assert_matches_torch", "check_adjoint", "check_layer"]
