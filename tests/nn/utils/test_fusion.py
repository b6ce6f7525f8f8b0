"""One convolution for a convolution and its batch normalisation."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn

CASES = [(kind, ndim, groups, bias, affine)
         for kind in ("Conv", "ConvTranspose") for ndim in (1, 2, 3) for groups in (1, 2)
         for bias in (True, False) for affine in (True, False)]


@pytest.mark.parametrize(("kind", "ndim", "groups", "bias", "affine"), CASES)
def test_the_fused_layer_does_what_both_did(kind, ndim, groups, bias, affine):
    options = dict(stride=2, padding=1, groups=groups, bias=bias, dtype=lucid.float64)
    conv = getattr(nn, f"{kind}{ndim}d")(4, 6, 3, **options).eval()
    bn = getattr(nn, f"BatchNorm{ndim}d")(6, affine=affine, dtype=lucid.float64).eval()
    nn.init.normal_(bn.running_mean)
    nn.init.uniform_(bn.running_var, 0.5, 2.0)
    if affine:
        nn.init.normal_(bn.weight)
        nn.init.normal_(bn.bias)
    x = lucid.randn(2, 4, *(5,) * ndim, dtype=lucid.float64)
    before = conv.weight.tolist()
    fused = nn.utils.fuse_conv_bn_eval(conv, bn, transpose=kind != "Conv")
    expected = bn(conv(x)).detach().numpy()
    np.testing.assert_allclose(fused(x).detach().numpy(), expected, rtol=1e-10, atol=1e-12)
    assert conv.weight.tolist() == before and type(fused) is type(conv)


conv, bn = nn.Conv2d(3, 4, 3).eval(), nn.BatchNorm2d(4).eval()
ERRORS = [
    (lambda: nn.utils.fuse_conv_bn_eval(conv, nn.ReLU()), TypeError, "not Conv2d and ReLU"),
    (lambda: nn.utils.fuse_conv_bn_eval(conv, nn.BatchNorm2d(4)), ValueError, "call .eval"),
    (lambda: nn.utils.fuse_conv_bn_eval(conv, nn.BatchNorm2d(3).eval()), lucid.ShapeError,
     "gives 4 channels, the normalisation has 3"),
    (lambda: nn.utils.fuse_conv_bn_eval(conv, nn.BatchNorm2d(4, track_running_stats=False).eval()),
     ValueError, "has no running statistics"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:30] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
