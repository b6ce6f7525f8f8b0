"""The terms that are listed add up to what the layer computes."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
from lucid.conv import show_padding, trace_output

LAYERS = [
    nn.Conv1d(2, 4, 3, stride=2, padding=1, dilation=2, groups=2),
    nn.Conv2d(2, 3, (3, 2), padding="same", padding_mode="zeros"),
    nn.Conv2d(2, 2, 3, padding=(1, 2), padding_mode="reflect", bias=False),
    nn.Conv1d(2, 2, 4, padding="same", padding_mode="circular"),
    nn.Conv2d(2, 2, 3, padding=2, padding_mode="replicate"),
    nn.Conv3d(2, 2, 2, stride=(1, 2, 1)),
    nn.ConvTranspose1d(2, 4, 3, stride=2, padding=1, output_padding=1, groups=2),
    nn.ConvTranspose2d(2, 3, (3, 2), stride=(2, 3), dilation=2),
    nn.ConvTranspose3d(2, 1, 2, stride=2, bias=False),
]


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_the_terms_add_up_to_the_output(layer):
    layer = layer.double()
    x = lucid.tensor(np.random.default_rng(0).standard_normal((2, 2, *(5, 4, 6)[: layer.ndim])))
    y = layer(x).detach().numpy()
    rng = np.random.default_rng(1)
    for flat in rng.choice(y.size, min(y.size, 40), replace=False):
        index = tuple(int(i) for i in np.unravel_index(flat, y.shape))
        trace = trace_output(layer, x, index)
        assert abs(trace.value - y[index]) < 1e-12
        for term in trace.terms:
            wanted = 0 if term.input is None else x.numpy()[term.input]
            assert term.x == wanted
            assert term.weight == layer.weight.detach().numpy()[term.tap]


def test_the_table_shows_padding_bias_and_sum():
    layer = nn.Conv1d(1, 1, 2, padding=1)
    text = str(trace_output(layer, lucid.ones(1, 1, 3), (0, 0, -1)))
    assert "x[0, 0, 2]" in text and "padding" in text and "bias" in text and "y[0, 0, 3]" in text


def test_what_is_not_there_is_named():
    layer, x = nn.Conv1d(1, 1, 2), lucid.ones(1, 1, 3)
    with pytest.raises(IndexError, match=r"2 is no place on axis 2 of the output \(1, 1, 2\)"):
        trace_output(layer, x, (0, 0, 2))
    with pytest.raises(IndexError, match=r"index \(0, 0\) has 2 numbers; needs 3"):
        trace_output(layer, x, (0, 0))
    with pytest.raises(TypeError, match="a Linear is no convolution layer"):
        trace_output(nn.Linear(1, 1), x, (0, 0, 0))
    with pytest.raises(lucid.ShapeError, match=r"x of shape \(1, 3\) needs 3 axes"):
        trace_output(layer, x[0], (0, 0, 0))
    with pytest.raises(lucid.ShapeError, match="channels"):
        trace_output(layer, lucid.ones(1, 2, 3), (0, 0, 0))


def test_padding_is_drawn_in_brackets():
    x = lucid.tensor([[1.5, 2.0], [3.0, 4.0]])
    assert show_padding(x, (1, 0), mode="replicate").splitlines() == [
        "(1.5) (  2)", " 1.5     2", "   3     4", "(  3) (  4)",
    ]
    assert show_padding(lucid.arange(3), 1, "circular") == "(2)  0   1   2  (0)"


def test_padding_that_cannot_be_is_refused():
    with pytest.raises(lucid.ShapeError, match="needs one or two axes"):
        show_padding(lucid.zeros(1, 1, 1), 1)
    with pytest.raises(ValueError, match="mode='mirror' is unknown"):
        show_padding(lucid.zeros(3), 1, "mirror")
    with pytest.raises(lucid.ShapeError, match="may be at most 2"):
        show_padding(lucid.zeros(3), 3, "reflect")
