"""The layers of im2col and col2im."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F


def test_layers_call_the_functions():
    x = lucid.randn(2, 3, 5, 6)
    options = ((2, 3), (1, 2), (1, 0), (2, 1))
    y = nn.Unfold(*options)(x)
    np.testing.assert_array_equal(y.numpy(), F.unfold(x, *options).numpy())
    back = nn.Fold((5, 6), *options)(y)
    np.testing.assert_array_equal(back.numpy(), F.fold(y, (5, 6), *options).numpy())
    assert nn.Unfold((3,))(x[0]).shape == (3, 15, 4)


def test_representations_are_pytorchs(torch):
    if torch is not None:
        for name, args in [("Unfold", (2,)), ("Fold", ((4, 5), (2, 2), 1, 0, 2))]:
            assert repr(getattr(nn, name)(*args)) == repr(getattr(torch.nn, name)(*args))


@pytest.mark.parametrize(("make", "message"), [
    (lambda: nn.Unfold(0), "kernel_size=0 is too small"),
    (lambda: nn.Unfold((2, 2), stride=(1, 1, 1)), "has 3 numbers; give one int, or 2"),
    (lambda: nn.Fold(0, 2), "output_size=0 is too small"),
    (lambda: nn.Fold((4, 4), 2, padding=-1), "padding=-1 is too small"),
])
def test_a_bad_layer_is_refused_when_it_is_built(make, message):
    with pytest.raises(ValueError, match=message):
        make()
