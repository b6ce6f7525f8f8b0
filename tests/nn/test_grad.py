"""The gradients as functions equal those that autograd computes, and can be differentiated."""

import numpy as np
import pytest

import lucid
import lucid.nn.functional as F
from lucid.nn import grad

OPTIONS = [
    dict(), dict(stride=2), dict(stride=3, padding=1), dict(dilation=2, padding=2),
    dict(stride=2, padding=1, dilation=2, groups=2),
]
NAMES = [f"{kind}{n}d" for kind in ("conv", "conv_transpose") for n in (1, 2, 3)]
each_function = pytest.mark.parametrize("name", NAMES)


def case(name, groups=1, batch=(2,)):
    n = int(name[-2])
    lead = (4, 6 // groups) if "transpose" in name else (6, 4 // groups)
    x = lucid.randn(*batch, 4, *(8, 6, 5)[:n], dtype=lucid.float64)
    return x, lucid.randn(*lead, *(3, 2, 1)[:n], dtype=lucid.float64)


def close(a, b):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-10, atol=1e-10)


def extended(name, options):
    """The options, for transposed convolutions with an output padding where there can be one."""
    more = "transpose" in name and options.get("stride", 1) > 1
    return {**options, **({"output_padding": 1} if more else {})}


@each_function
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("batch", [(2,), (0,), ()])
def test_they_are_the_gradients_of_autograd(name, options, batch):
    options = extended(name, options)
    x, w = case(name, options.get("groups", 1), batch)
    x.requires_grad_()
    w.requires_grad_()
    y = getattr(F, name)(x, w, **options)
    g = lucid.randn(*y.shape, dtype=lucid.float64)
    grad_x, grad_w = lucid.autograd.grad(y, (x, w), g)
    close(getattr(grad, f"{name}_input")(x.shape, w, g, **options), grad_x)
    close(getattr(grad, f"{name}_weight")(x, w.shape, g, **options), grad_w)


@each_function
@pytest.mark.parametrize("options", OPTIONS)
def test_they_are_adjoint_to_the_function(name, options):
    options = extended(name, options)
    x, w = case(name, options.get("groups", 1))
    y = getattr(F, name)(x, w, **options)
    g = lucid.randn(*y.shape, dtype=lucid.float64)
    number = (y * g).sum().item()
    grad_x = getattr(grad, f"{name}_input")(x.shape, w, g, **options)
    grad_w = getattr(grad, f"{name}_weight")(x, w.shape, g, **options)
    assert (x * grad_x).sum().item() == pytest.approx(number)
    assert (w * grad_w).sum().item() == pytest.approx(number)


@each_function
def test_they_can_be_differentiated(name):
    x, w = case(name)
    y = getattr(F, name)(x, w)
    g = lucid.randn(*y.shape, dtype=lucid.float64, requires_grad=True)
    v = lucid.randn(*w.shape, dtype=lucid.float64)
    grad_w = getattr(grad, f"{name}_weight")(x, w.shape, g)
    (found,) = lucid.autograd.grad((grad_w * v).sum(), g)
    close(found, getattr(F, name)(x, v))  # <grad_w(x, g), v> = <conv(x, v), g>
    u = lucid.randn(*x.shape, dtype=lucid.float64)
    grad_x = getattr(grad, f"{name}_input")(x.shape, w, g)
    (found,) = lucid.autograd.grad((grad_x * u).sum(), g)
    close(found, getattr(F, name)(u, w))


def test_string_padding_is_taken_as_in_the_convolution():
    x, w = case("conv1d")
    y = F.conv1d(x, w, padding="same")
    close(grad.conv1d_input(x.shape, w, y, padding="same"),
          grad.conv1d_input(x.shape, w, y, padding=1))


@pytest.mark.parametrize("name", ["conv2d", "conv_transpose2d"])
def test_shapes_that_do_not_fit_are_refused(name):
    x, w = case(name)
    y = getattr(F, name)(x, w)
    of_input, of_weight = getattr(grad, f"{name}_input"), getattr(grad, f"{name}_weight")
    message = r"grad_output of shape .* is not of the output's shape; needs \(2, 6, "
    with pytest.raises(lucid.ShapeError, match=message):
        of_input(x.shape, w, y[:, :, 1:])
    with pytest.raises(lucid.ShapeError, match=message):
        of_weight(x, w.shape, y[:1])
    with pytest.raises(lucid.ShapeError, match=r"weight of shape \(4, 6, 3\) needs 4 axes"):
        of_weight(x, (4, 6, 3), y)
    with pytest.raises(lucid.ShapeError, match="has 5 channels on axis 1; needs 4"):
        of_input((2, 5, 8, 6), w, y)
    with pytest.raises(TypeError, match=r"input_size\[1\] must be an int, not 4.0 \(float\)"):
        of_input((2, 4.0, 8, 6), w, y)
    with pytest.raises(lucid.DtypeError, match="input is float32, but weight is float64"):
        of_input(x.shape, w, y.float())
    with pytest.raises(ValueError, match="groups=0 is too small"):
        of_input(x.shape, w, y, groups=0)
