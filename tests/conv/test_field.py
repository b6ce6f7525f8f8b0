"""The receptive field is where the gradient of one output is not zero."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F
from lucid.conv import overlap_map, receptive_field


def seen(model, x_shape):
    """Find the extent of the gradient of the middle output, with weights of one sign."""
    for parameter in model.parameters():
        parameter.data = np.ones(parameter.shape)
    x = lucid.tensor(np.random.default_rng(0).random(x_shape), requires_grad=True)
    y = model.double().eval()(x)
    middle = tuple(n // 2 for n in y.shape[2:])
    y[(0, 0, *middle)].sum().backward()
    places = np.argwhere(x.grad.numpy()[0].any(0))
    return tuple(map(int, places.max(0) - places.min(0) + 1))


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.wide, self.narrow = nn.Conv2d(1, 2, (5, 3), padding=(2, 1)), nn.Conv2d(1, 2, 1)
        self.last = nn.Conv2d(2, 1, 3, dilation=2)

    def forward(self, x):
        return self.last((self.wide(x) + self.narrow(x)).relu())


class Causal(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv1d(1, 1, 2, dilation=2**k) for k in range(4)])

    def forward(self, x):
        for conv in self.convs:
            x = conv(F.pad(x, (conv.dilation[0], 0)))
        return x


class Behind(nn.Module):
    """A function behind a layer."""

    def __init__(self, layer, function):
        super().__init__()
        self.layer, self.function = layer, function

    def forward(self, x):
        return self.function(self.layer(x))


MODELS = {
    "plain": (lambda: nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU(), nn.Conv2d(1, 1, 5, 2)), 2),
    "pools": (lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.AvgPool2d(2), nn.Conv2d(2, 1, 3)), 2),
    "volume": (lambda: nn.Sequential(nn.Conv3d(1, 1, 3, 2), nn.Conv3d(1, 1, (1, 2, 3))), 3),
    "branches": (Branches, 2),
    "causal": (Causal, 1),
    "norm": (lambda: nn.Sequential(nn.Conv1d(1, 2, 3), nn.BatchNorm1d(2), nn.Conv1d(2, 1, 4)), 1),
    "up": (lambda: nn.Sequential(nn.ConvTranspose1d(1, 1, 4, 2, 1), nn.Conv1d(1, 1, 1)), 1),
    "up and over": (lambda: nn.Sequential(nn.ConvTranspose1d(1, 1, 2, 2), nn.Conv1d(1, 1, 3)), 1),
    "mirror": (lambda: nn.Conv1d(1, 1, 3, padding=1, padding_mode="reflect"), 1),
    "one axis folded": (lambda: Behind(nn.Conv2d(1, 1, 3), lambda x: x.mean(2, keepdim=True)), 2),
    "weighed": (lambda: Behind(nn.Conv2d(1, 1, 3), lambda x: x * x.mean(3, True)), 2),
    "softmax": (lambda: Behind(nn.Conv2d(1, 1, 3), lambda x: x.softmax(3)), 2),
    "linear": (lambda: nn.Sequential(nn.Conv1d(1, 1, 3), nn.Linear(31, 31)), 1),
    "sliced": (lambda: Behind(nn.Conv2d(1, 1, 3), lambda x: x[:, :, 1:-1:2, 3:][:, ::-1]), 2),
    "channels": (lambda: Behind(nn.Conv1d(1, 2, 3), lambda x: x.flip(1)), 1),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_size_is_the_extent_of_the_gradient(name):
    build, ndim = MODELS[name]
    shape = (1, 1, *(33, 34, 35)[:ndim])
    model = build()
    assert receptive_field(model, shape).size == seen(model, shape)


def test_behind_transposed_layers_the_size_is_a_bound():
    model = nn.Sequential(nn.Conv1d(1, 1, 2, 2), nn.Conv1d(1, 1, 2, 2), nn.Conv1d(1, 1, 3),
                          nn.ConvTranspose1d(1, 1, 2, 2), nn.Conv1d(1, 1, 3),
                          nn.ConvTranspose1d(1, 1, 2, 2), nn.Conv1d(1, 1, 3))
    size = receptive_field(model, (1, 1, 64)).size[0]
    assert size - 8 <= seen(model, (1, 1, 64))[0] <= size


@pytest.mark.parametrize("name", ["plain", "pools", "volume", "norm", "up", "up and over"])
def test_a_list_of_layers_gives_the_same_as_the_model(name):
    build, ndim = MODELS[name]
    model = build()
    of_list = receptive_field(list(model))
    assert of_list == receptive_field(model, (1, 1, *(33, 34, 35)[:ndim]))


def test_the_published_figures_of_vgg16():
    # Araujo and others, table 1: VGG-16 up to its last pooling sees 212 positions
    layers = []
    for convs in (2, 2, 3, 3, 3):
        layers += [(3,)] * convs + [(2, 2)]
    field = receptive_field(layers)
    assert field.size == (212,) and field.jump == (32,)


def test_start_and_jump_say_where_the_windows_lie():
    field = receptive_field([nn.Conv1d(1, 1, 3, padding=1), nn.Conv1d(1, 1, 3, 2, padding=1)])
    assert field == ((5,), (2,), (-2,))
    same = receptive_field([nn.Conv1d(1, 1, 4, padding="same")])
    assert same.start == (-1,)


def test_behind_a_global_average_all_is_seen():
    class Mean(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.last = nn.Conv2d(1, 2, 3), nn.Linear(2, 3)

        def forward(self, x):
            return self.last(self.conv(x).mean((2, 3)))

    assert receptive_field(Mean(), (1, 1, 9, 8)) == ((9, 8), (0, 0), (0, 0))
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(2 * 7 * 6, 3))
    assert receptive_field(model, (1, 1, 9, 8)).size == (9, 8)


def test_a_model_needs_its_input_shape():
    with pytest.raises(ValueError, match=r"a model needs its input_shape, such as \(1, 3, 224"):
        receptive_field(nn.Conv2d(1, 1, 3))


def test_a_lost_path_is_an_error():
    for function in (lambda x: x.detach() * 2, lambda x: x.transpose(2, 3), lambda x: x.flip(3),
                     lambda x: x.roll(1, 2), lambda x: x @ x, lambda x: x[:, :, ::-1],
                     lambda x: x[:, :, [2, 1, 0, 3, 4, 5]]):
        with pytest.raises(ValueError, match="cannot be followed"):
            receptive_field(Behind(nn.Conv2d(1, 1, 3), function), (1, 1, 8, 8))


def test_what_is_no_layer_is_refused():
    with pytest.raises(ValueError, match=r"5 is no layer; give \(kernel_size, stride, dilation\)"):
        receptive_field([5])
    with pytest.raises(ValueError, match="no layer with a kernel"):
        receptive_field([nn.ReLU()])
    with pytest.raises(ValueError, match=r"\(3,\) has 1 axes, those before it have 2"):
        receptive_field([nn.Conv2d(1, 1, 3), (3,)])


def test_the_overlap_is_what_ones_make_of_ones():
    counts = overlap_map((3, 4), kernel_size=(3, 2), stride=2, padding=1)
    weight = lucid.ones(1, 1, 3, 2, dtype=lucid.float64)
    ones = lucid.ones(1, 1, 3, 4, dtype=lucid.float64)
    wanted = F.conv_transpose2d(ones, weight, stride=2, padding=1)
    assert counts.dtype is lucid.int64 and (counts == wanted[0, 0]).all()


def test_an_overlap_has_one_to_three_axes():
    for size in ((), (2, 2, 2, 2)):
        with pytest.raises(lucid.ShapeError, match="needs one to three axes"):
            overlap_map(size, 1)


def test_a_kernel_that_is_a_multiple_of_the_stride_overlaps_evenly():
    assert len(set(overlap_map(9, 4, stride=2).tolist()[2:-2])) == 1
    assert len(set(overlap_map(9, 3, stride=2).tolist()[2:-2])) == 2


def test_the_overlap_refuses_what_leaves_nothing():
    with pytest.raises(lucid.ShapeError, match="needs padding <= 0"):
        overlap_map(1, 1, padding=1)
