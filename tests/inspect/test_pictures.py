"""What pictures show is computed right; drawing needs matplotlib and says so."""

import importlib.util

import numpy as np
import pytest

import lucid
import lucid.nn as nn
from lucid.inspect import Pictures, feature_maps, filter_grid, grad_cam, pictures, saliency

needs_matplotlib = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None, reason="matplotlib is not installed"
)


@pytest.fixture
def model():
    return nn.Sequential(
        nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(12, 4),
    )


@pytest.fixture
def x():
    return lucid.tensor(np.random.default_rng(0).standard_normal((2, 2, 6, 6)), dtype=lucid.float32)


def test_filters_are_scaled_to_their_range():
    images = filter_grid(nn.Conv2d(2, 3, (4, 5))).images
    assert list(images)[:3] == ["w[0, 0]", "w[0, 1]", "w[1, 0]"] and len(images) == 6
    assert all(each.shape == (4, 5) for each in images.values())
    assert all(each.min() == 0 and each.max() == 1 for each in images.values())
    assert len(filter_grid(nn.Conv2d(2, 3, 4), limit=4).images) == 4


def test_filters_of_three_channels_are_coloured_and_constants_black():
    assert filter_grid(lucid.ones(2, 3, 4, 4)).images["w[1]"].shape == (4, 4, 3)
    assert not filter_grid(lucid.ones(1, 1, 2, 2)).images["w[0, 0]"].any()


def test_filters_of_lines_and_volumes():
    assert filter_grid(nn.Conv1d(3, 1, 5)).images["w[0, 2]"].shape == (1, 5)
    weight = lucid.arange(27.0).reshape(1, 1, 3, 3, 3)
    image = filter_grid(weight).images["w[0, 0]"]
    np.testing.assert_allclose(image * 8 + 9, weight.numpy()[0, 0, 1])
    with pytest.raises(lucid.ShapeError, match=r"a weight of shape \(2, 2\) is none"):
        filter_grid(lucid.ones(2, 2))


def test_feature_maps_are_the_outputs_of_the_layers(model, x):
    images = feature_maps(model, x).images
    with lucid.no_grad():
        wanted = model.eval()[:3](x).numpy()[0]
    for c in range(3):
        np.testing.assert_array_equal(images[f"2[{c}]"], wanted[c])
    assert not any(name.startswith(("4", "5")) for name in images)  # no axes to show


def test_feature_maps_leave_the_model_as_it_was(model, x):
    before = model[1].running_mean.numpy().copy()
    feature_maps(model, x)
    assert model.training and (model[1].running_mean.numpy() == before).all()
    assert not model[0]._call_hooks
    with pytest.raises(ValueError, match="there is no layer '9' in the model; there are '0', '1'"):
        feature_maps(model, x, layers=["9"])


def test_saliency_is_the_largest_absolute_gradient(model, x):
    images = saliency(model, x, target=[1, 3]).images
    leaf = x.clone().requires_grad_()
    y = model.eval()(leaf)
    (y[0, 1] + y[1, 3]).backward()
    for n in range(2):
        np.testing.assert_allclose(images[f"item {n}"], abs(leaf.grad.numpy()[n]).max(0))
    assert x.grad is None


def test_the_default_class_is_that_of_the_highest_score(model, x):
    best = model.eval()(x).argmax(1).tolist()
    for given, default in zip(saliency(model, x, best).images.values(),
                              saliency(model, x).images.values(), strict=True):
        np.testing.assert_array_equal(given, default)


def test_grad_cam_is_the_sum_of_maps_by_their_mean_gradients():
    # a class score that is the mean of map 0 less the mean of map 1 has known weights
    model = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.AvgPool2d(4), nn.Flatten(),
                          nn.Linear(2, 2, bias=False))
    model.load_state_dict({"0.weight": lucid.tensor([[[[1.0]]], [[[2.0]]]]),
                           "3.weight": lucid.tensor([[1.0, -1.0], [-1.0, 1.0]])})
    x = lucid.tensor(np.random.default_rng(0).standard_normal((1, 1, 4, 4)), dtype=lucid.float32)
    # alpha = (-1, 1) / 16, so the sum is (2 x - x) / 16
    image = grad_cam(model, x, layer="0", target=1).images["item 0"]
    np.testing.assert_allclose(image, np.maximum(x.numpy()[0, 0] / 16, 0), atol=1e-7)


def test_grad_cam_has_the_size_of_the_input(model, x):
    result = grad_cam(model, x, layer="3")
    assert result.images["item 1"].shape == result.below["item 1"].shape == (6, 6)
    model.requires_grad_(False)
    assert grad_cam(model, x, layer="0").images["item 0"].shape == (6, 6)


def test_bad_arguments_are_named(model, x):
    with pytest.raises(ValueError, match="target=4 is no class of the 4"):
        saliency(model, x, target=4)
    with pytest.raises(lucid.ShapeError, match=r"needs \(N, C, H, W\)"):
        saliency(model, x[0])
    with pytest.raises(lucid.ShapeError, match=r"needs scores \(N, classes\)"):
        saliency(model[:2], x)
    with pytest.raises(lucid.ShapeError, match=r"layer '4' gives \(2, 12\); needs \(N, C, H, W\)"):
        grad_cam(model, x, layer="4")
    with pytest.raises(lucid.ShapeError, match=r"x of shape \(2, 6, 6\)"):
        grad_cam(model, x[0], layer="0")


@needs_matplotlib
def test_pictures_are_drawn(model, x, tmp_path):
    for each in (filter_grid(model[0]), feature_maps(model, x), grad_cam(model, x, "0"),
                 filter_grid(nn.Conv1d(1, 2, 5))):
        figure = each.draw(columns=3)
        figure.savefig(tmp_path / "picture.png")
        titles = [axis.get_title() for axis in figure.axes]
        assert list(each.images) == titles[: len(each.images)]
    assert (tmp_path / "picture.png").stat().st_size > 1000


@needs_matplotlib
def test_a_figure_of_ones_own_is_drawn_on():
    figure = pictures.Figure()
    assert Pictures({"a": np.eye(3)}).draw(figure) is figure and len(figure.axes) == 1


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(pictures, "Figure", None)
    with pytest.raises(ImportError, match=r"pip install lucid-conv\[plots\]"):
        Pictures({"a": np.eye(3)}).draw()
