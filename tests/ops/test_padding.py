"""Padding as differentiable steps: NumPy's values, adjointness, first and second derivatives."""

import numpy as np
import pytest
from differences import numeric_grad

import lucid
from lucid.errors import ShapeError
from lucid.ops.padding import MODES, Collect, Extend, Pad, pad_axes, padded_shape

NUMPY_MODES = dict(constant="constant", reflect="reflect", replicate="edge", circular="wrap")
TABLE = {
    "nothing": ((3,), ((0, 0),)),
    "one position": ((1, 2), ((0, 0), (1, 0))),
    "one axis": ((2, 4), ((2, 3),)),
    "all the way": ((1, 1, 4), ((3, 3),)),
    "two axes": ((2, 3, 4), ((1, 2), (3, 0))),
    "every axis": ((2, 3, 4), ((1, 0), (0, 2), (1, 1))),
    "no items": ((0, 3), ((1, 2),)),
}
each_case = pytest.mark.parametrize(("shape", "pairs"), TABLE.values(), ids=TABLE)
each_mode = pytest.mark.parametrize("mode", MODES)


@each_case
@each_mode
def test_values_are_those_of_numpy(mode, shape, pairs):
    x = np.random.default_rng(0).standard_normal(shape)
    wanted = np.pad(x, ((0, 0),) * (len(shape) - len(pairs)) + pairs, NUMPY_MODES[mode])
    y = pad_axes(lucid.from_numpy(x), pairs, mode)
    assert y.shape == wanted.shape == padded_shape(shape, pairs, mode)
    np.testing.assert_array_equal(y.numpy(), wanted)


@each_case
@each_mode
def test_first_and_second_derivatives_equal_differences(mode, shape, pairs):
    rng = np.random.default_rng(1)
    x = lucid.from_numpy(rng.standard_normal(shape)).requires_grad_()
    g = lucid.from_numpy(rng.standard_normal(padded_shape(shape, pairs, mode)))

    def first():
        y = pad_axes(x, pairs, mode)
        return (y * y * g).sum()  # of second degree, so that there is a second derivative

    def second():
        (grad_x,) = lucid.autograd.grad(first(), x, create_graph=True)
        return (grad_x * grad_x).sum()

    for number in (first, second):
        (found,) = lucid.autograd.grad(number(), x)
        wanted = numeric_grad(lambda number=number: number().item(), x.array)
        np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-9, atol=1e-9)


@each_mode
def test_what_is_cropped_is_cropped_first(mode):
    x = np.arange(20.0).reshape(4, 5)
    wanted = np.pad(x[1:, :-2], ((0, 2), (1, 0)), NUMPY_MODES[mode])
    y = pad_axes(lucid.from_numpy(x), ((-1, 2), (1, -2)), mode)
    np.testing.assert_array_equal(y.numpy(), wanted)


def test_padding_and_cropping_are_adjoint():
    pairs = ((-1, 2), (3, -2))
    x, y = lucid.randn(4, 5, dtype=lucid.float64), lucid.randn(5, 6, dtype=lucid.float64)
    padded = Pad(pairs)(x)
    cropped = Pad(tuple((-low, -high) for low, high in pairs))(y)
    assert (padded * y).sum().item() == pytest.approx((x * cropped).sum().item())


def test_extending_and_collecting_are_adjoint():
    sources = ((0, np.array([2, 0, 1, 2]), 1), (1, np.array([0, 1, 1, 1]), 0))
    x, y = lucid.randn(3, 2, dtype=lucid.float64), lucid.randn(4, 4, dtype=lucid.float64)
    collected = Collect(sources, (3, 2))(y)
    assert (Extend(sources)(x) * y).sum().item() == pytest.approx((x * collected).sum().item())


@each_mode
def test_types_stay(mode):
    for dtype in (lucid.float32, lucid.int64, lucid.uint8, lucid.bool):
        assert pad_axes(lucid.ones(2, 3, dtype=dtype), ((1, 1),), mode).dtype is dtype


@pytest.mark.parametrize(
    ("mode", "shape", "pairs", "message"),
    [
        ("reflect", (1, 3), ((2, 3),),
         r"padding \(2, 3\) in mode 'reflect' is too much for axis 1 of shape \(1, 3\), which "
         r"has 3 positions; it may be at most 2: a mirror does not repeat the edge$"),
        ("circular", (1, 3), ((4, 0),),
         r"padding \(4, 0\) in mode 'circular' is too much for axis 1 of shape \(1, 3\), which "
         r"has 3 positions; it may be at most 3: it goes round once$"),
        ("replicate", (2, 0), ((1, 0),),
         r"mode 'replicate' .* has 0 positions; it may be at most 0"),
        ("reflect", (1, 1), ((1, 0),), r"has 1 positions; it may be at most 0"),
        ("constant", (1, 3), ((-2, -2),),
         r"padding \(-2, -2\) crops 4 of the 3 positions of axis 1 of shape \(1, 3\); at most "
         r"3 can be cropped$"),
    ],
)
def test_a_mode_reaches_so_far_and_no_further(mode, shape, pairs, message):
    with pytest.raises(ShapeError, match=message):
        pad_axes(lucid.zeros(shape), pairs, mode)
