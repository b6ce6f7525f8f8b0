"""Layers that draw nothing."""

import pytest

import lucid
import lucid.nn as nn


def test_random_numbers_go_on_as_if_nothing_had_been_made():
    lucid.manual_seed(1)
    expected = lucid.rand(3).tolist()
    lucid.manual_seed(1)
    layer = nn.utils.skip_init(nn.Conv2d, 3, 8, kernel_size=3)
    assert lucid.rand(3).tolist() == expected
    assert layer.weight.shape == (8, 3, 3, 3)


def test_what_is_no_class_of_modules_is_refused():
    for wrong in (nn.ReLU(), int, "Linear"):
        with pytest.raises(TypeError, match="needs a class of modules"):
            nn.utils.skip_init(wrong)
