"""What explain says is what runs, whatever way a layer is described."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
from lucid import kernels
from lucid.errors import ShapeError
from lucid.kernels import registry

PRIMITIVES = ("forward", "input_grad", "weight_grad")
ADJOINT = {"forward": "input_grad", "input_grad": "forward", "weight_grad": "weight_grad"}
LAYERS = [
    (nn.Conv1d(4, 6, 3, dilation=2), (3, 4, 40)),
    (nn.Conv2d(64, 64, 3, padding=1), (2, 64, 14, 14)),
    (nn.Conv2d(32, 32, 3, padding="same", groups=32), (2, 32, 14, 14)),
    (nn.Conv2d(32, 64, 1), (32, 14, 14)),
    (nn.Conv2d(4, 8, 3, padding=1, padding_mode="reflect"), (1, 4, 14, 14)),
    (nn.Conv3d(2, 3, 3, stride=2), (1, 2, 9, 9, 9)),
    (nn.ConvTranspose2d(64, 3, 4, stride=2, padding=1), (1, 64, 8, 8)),
]


@pytest.fixture
def ran(monkeypatch):
    """Replace every kernel by one that notes its name and primitive instead of computing."""
    ran = []
    noted = {
        name: registry.Kernel(name, *(
            getattr(kernel, each) and (lambda *_, call=(name, each): ran.append(call))
            for each in PRIMITIVES
        ))
        for name, kernel in registry.kernels.items()
    }
    monkeypatch.setattr(registry, "kernels", noted)
    for forget in registry.on_change:
        forget()
    yield ran
    for forget in registry.on_change:
        forget()


@pytest.mark.parametrize("used", ["auto", "im2col", "winograd", "depthwise"])
@pytest.mark.parametrize(("layer", "x_shape"), LAYERS, ids=lambda each: repr(each)[:40])
def test_what_it_says_is_what_runs(layer, x_shape, used, ran):
    x = lucid.zeros(*x_shape, requires_grad=True)
    with kernels.use(used):
        found = kernels.explain(layer, x_shape)
        layer(x).sum().backward()
    said = [
        (getattr(found, each).algorithm, getattr(found, each).primitive) for each in PRIMITIVES
    ]
    assert sorted(ran) == sorted(said)


@pytest.mark.parametrize(("layer", "x_shape"), [
    (nn.Conv2d(8, 6, 3, stride=2, padding=1, dilation=2, groups=2), (2, 8, 9, 9)),
    (nn.ConvTranspose1d(8, 6, 3, stride=2, padding=1, output_padding=1, groups=2), (2, 8, 9)),
    (nn.Conv3d(8, 6, 2).double(), (8, 4, 4, 4)),
])
def test_a_layer_and_its_shapes_say_the_same(layer, x_shape):
    options = {
        name: getattr(layer, name)
        for name in ("stride", "padding", "dilation", "groups", "output_padding")
        if hasattr(layer, name)
    }
    by_shapes = kernels.explain(
        tuple(layer.weight.shape), x_shape, transposed=hasattr(layer, "output_padding"),
        dtype=layer.weight.dtype, **options,
    )
    assert by_shapes == kernels.explain(layer, lucid.zeros(*x_shape, dtype=layer.weight.dtype))
    assert repr(by_shapes) == repr(kernels.explain(layer, x_shape))


def test_a_transposed_forward_is_an_input_gradient():
    found = kernels.explain((16, 8, 4, 4), (1, 16, 8, 8), stride=2, transposed=True)
    for each in PRIMITIVES:
        assert getattr(found, each).primitive == ADJOINT[each]
    assert found.layer == "transposed convolution of (1, 16, 8, 8) with (16, 8, 4, 4), float32"


def test_it_prints_the_rule_its_figures_and_what_is_refused():
    text = repr(kernels.explain(nn.Conv2d(64, 64, 3, padding=1), (8, 64, 56, 56)))
    assert text.startswith("convolution of (8, 64, 56, 56) with (64, 64, 3, 3), float32\n924,844,0")
    assert "forward: winograd, because" in text and "weight gradient: winograd" in text
    assert "Here: microseconds winograd" in text
    assert "refused:\n    depthwise: It computes each channel by itself" in text
    text = repr(kernels.explain(nn.Conv2d(8, 8, 3, groups=8), (8, 8, 56, 56)))
    assert "forward, input gradient, weight gradient: depthwise, because" in text
    assert "Here: kernel_size (3, 3), channels 1, features 1." in text


def test_precision_and_type_count():
    high = kernels.explain((64, 64, 3, 3), (1, 64, 56, 56)).forward
    assert high.algorithm == "winograd" and "winograd" not in high.refused
    double = kernels.explain((64, 64, 3, 3), (1, 64, 56, 56), dtype="float64").forward
    assert double.algorithm != "winograd" and "winograd" in double.refused
    kernels.set_float32_precision("highest")
    assert kernels.explain((64, 64, 3, 3), (1, 64, 56, 56)).forward.algorithm != "winograd"
    kernels.set_float32_precision("high")


def test_small_work_is_for_one_thread(monkeypatch):
    monkeypatch.setattr("lucid.kernels.threads._num_threads", 3)
    assert kernels.explain((4, 4, 3), (1, 4, 9)).forward.threads == 1
    assert kernels.explain((64, 64, 3, 3), (1, 64, 56, 56)).forward.threads == 3


def test_a_users_kernel_is_explained_too(monkeypatch):
    monkeypatch.setattr(registry, "kernels", dict(registry.kernels))
    kernels.register("mine", lambda *arguments: None)
    with kernels.use("mine"):
        found = kernels.explain((4, 4, 3), (1, 4, 9))
    assert found.forward.algorithm == "mine" and "use" in found.forward.why
    assert found.input_grad.algorithm != "mine"
    assert found.input_grad.refused["mine"] == "It has no input_grad."


def test_what_is_no_layer_is_refused():
    with pytest.raises(TypeError, match="a convolution layer or the shape of a weight.*Linear"):
        kernels.explain(nn.Linear(2, 3), (4, 2))
    with pytest.raises(TypeError, match="a layer has its own options"):
        kernels.explain(nn.Conv1d(2, 3, 3), (4, 2, 8), padding=1)
    with pytest.raises(TypeError, match="dtype=int64 has no convolution"):
        kernels.explain((2, 3, 3), (4, 3, 8), dtype=lucid.int64)
    with pytest.raises(ShapeError, match="has 2 channels on axis 1; needs 3"):
        kernels.explain((2, 3, 3), (4, 2, 8))
    with pytest.raises(ShapeError, match="needs 3 to 5 axes: two of channels"):
        kernels.explain((64, 3), (4, 3, 8))
    with pytest.raises(ShapeError, match="kernel 9"):
        kernels.explain((2, 2, 9), np.zeros((4, 2, 8)))
