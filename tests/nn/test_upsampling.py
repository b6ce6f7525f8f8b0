"""Layers that change the size of images: the functions with the options of the constructor."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F

x = np.random.default_rng(0).standard_normal((2, 4, 4, 6)).astype(np.float32)
ROWS = [
    (nn.Upsample(5), lambda x: F.interpolate(x, 5)),
    (nn.Upsample(None, 1.7, "bilinear", True),
     lambda x: F.interpolate(x, scale_factor=1.7, mode="bilinear", align_corners=True)),
    (nn.Upsample(None, 1.7, "bicubic", None, True),
     lambda x: F.interpolate(x, None, 1.7, "bicubic", None, True)),
    (nn.UpsamplingNearest2d(scale_factor=2), lambda x: F.interpolate(x, scale_factor=2)),
    (nn.UpsamplingBilinear2d((3, 7)),
     lambda x: F.interpolate(x, (3, 7), mode="bilinear", align_corners=True)),
    (nn.PixelShuffle(2), lambda x: F.pixel_shuffle(x, 2)),
    (nn.PixelUnshuffle(2), lambda x: F.pixel_unshuffle(x, 2)),
    (nn.ChannelShuffle(2), lambda x: F.channel_shuffle(x, 2)),
]


@pytest.mark.parametrize(("layer", "function"), ROWS, ids=lambda each: str(each)[:30])
def test_layers_call_the_functions(layer, function):
    np.testing.assert_array_equal(layer(lucid.tensor(x)).numpy(), function(lucid.tensor(x)).numpy())


def test_representations_are_pytorchs(torch):
    if torch is None:
        pytest.skip("torch is not installed")
    for name, args in [("Upsample", (5,)), ("Upsample", (None, 2.0, "bilinear")),
                       ("PixelShuffle", (2,)), ("PixelUnshuffle", (2,)), ("ChannelShuffle", (2,)),
                       ("UpsamplingNearest2d", (3,))]:
        assert repr(getattr(nn, name)(*args)) == repr(getattr(torch.nn, name)(*args))


@pytest.mark.parametrize(("make", "message"), [
    (lambda: nn.Upsample(), "give either size or scale_factor"),
    (lambda: nn.Upsample(2, mode="spline"), "mode='spline' is unknown"),
    (lambda: nn.PixelShuffle(0), "upscale_factor=0 is too small"),
    (lambda: nn.ChannelShuffle(0), "groups=0 is too small"),
])
def test_a_bad_layer_is_refused_when_it_is_built(make, message):
    with pytest.raises(ValueError, match=message):
        make()
