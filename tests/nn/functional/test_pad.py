"""pad: PyTorch's order of arguments, four modes, and what it refuses."""

import numpy as np
import pytest

import lucid
import lucid.nn.functional as F

MODES = dict(constant="constant", reflect="reflect", replicate="edge", circular="wrap")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_numbers_come_last_axis_first(mode, axes):
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5, 6)).astype(np.float32)
    pairs = [(1, 2), (3, 0), (2, 1)][:axes]  # of the last axis, the one before, ...
    wanted = np.pad(x, [(0, 0)] * (5 - axes) + pairs[::-1], MODES[mode])
    numbers = tuple(number for pair in pairs for number in pair)
    found = F.pad(lucid.from_numpy(x), numbers, mode)
    np.testing.assert_array_equal(found.numpy(), wanted)
    np.testing.assert_array_equal(F.pad(lucid.from_numpy(x), list(numbers), mode).numpy(), wanted)


@pytest.mark.parametrize("mode", MODES)
def test_values_and_gradients_are_those_of_pytorch(mode, torch):
    if torch is None:
        return  # NumPy's values above stand in
    rng = np.random.default_rng(1)
    for axes in (1, 2, 3):
        values = rng.standard_normal((2, 3, 4, 5, 6)[: axes + 2])
        numbers = tuple(int(each) for each in rng.integers(0, 3, 2 * axes))
        ours = lucid.from_numpy(values).requires_grad_()
        theirs = torch.tensor(values, requires_grad=True)
        y, their_y = F.pad(ours, numbers, mode), torch.nn.functional.pad(theirs, numbers, mode)
        np.testing.assert_array_equal(y.detach().numpy(), their_y.detach().numpy())
        g = rng.standard_normal(y.shape)
        y.backward(lucid.from_numpy(g))
        their_y.backward(torch.tensor(g))
        np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-12)


def test_a_constant_may_be_chosen_and_gets_no_gradient():
    x = lucid.ones(2, requires_grad=True)
    y = F.pad(x, (1, 1), value=-1.5)
    assert y.tolist() == [-1.5, 1.0, 1.0, -1.5]
    (y * y).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_negative_numbers_crop():
    x = lucid.arange(12).reshape(3, 4)
    assert F.pad(x, (-1, -1, 0, -2)).tolist() == [[1, 2]]
    assert F.pad(x[0], (-1, 2), "circular").tolist() == [1, 2, 3, 1, 2]


def test_a_causal_convolution_is_padding_on_the_left():
    x, w = lucid.tensor([[[1.0, 2.0, 3.0]]]), lucid.tensor([[[1.0, 1.0]]])
    assert F.conv1d(F.pad(x, (1, 0)), w).tolist() == [[[1.0, 3.0, 5.0]]]


@pytest.mark.parametrize(
    ("pad", "options", "error", "message"),
    [
        ((1, 2, 3), {}, ValueError, r"pad=\(1, 2, 3\) has 3 numbers; it needs two for each axis"),
        ((1,) * 6, {}, lucid.ShapeError,
         r"pad=\(1, 1, 1, 1, 1, 1\) has numbers for 3 axes, but shape \(2, 3\) has 2"),
        ((1, 1.0), {}, TypeError, r"pad\[1\] must be an int, not 1.0 \(float\)"),
        ((True, 1), {}, TypeError, r"pad\[0\] must be an int, not True \(bool\)"),
        (1, {}, TypeError, "pad must be a tuple of ints, those of the last axis first, not 1"),
        ((1, 1), dict(mode="mirror"), ValueError,
         "mode='mirror' is unknown; choose one of 'constant', 'reflect', 'replicate', 'circular'"),
        ((1, 1), dict(mode="reflect", value=1), ValueError, "value=1 is for mode 'constant' only"),
        ((3, 0), dict(mode="reflect"), lucid.ShapeError, "has 3 positions; it may be at most 2"),
        ((0, -4), {}, lucid.ShapeError, "crops 4 of the 3 positions of axis 1"),
    ],
)
def test_what_cannot_be_padded_is_refused(pad, options, error, message):
    with pytest.raises(error, match=message):
        F.pad(lucid.zeros(2, 3), pad, **options)
    with pytest.raises(TypeError, match="pad: needs a Tensor, not ndarray"):
        F.pad(np.zeros(3), (1, 1))
