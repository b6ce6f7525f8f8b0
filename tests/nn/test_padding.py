"""Padding layers: PyTorch's values and derivatives, in every mode and rank."""

import numpy as np
import pytest
from comparison import check_differences, check_torch

import lucid
import lucid.nn as nn
import lucid.nn.functional as F

NAMES = {"Zero": "constant", "Constant": "constant", "Reflection": "reflect",
         "Replication": "replicate", "Circular": "circular"}
SIZES = (4, 3, 5)
each_layer = pytest.mark.parametrize("name", NAMES)
each_rank = pytest.mark.parametrize("ndim", [1, 2, 3])


def make(library, name, ndim, padding):
    value = (0.5,) if name == "Constant" else ()
    return getattr(library.nn, f"{name}Pad{ndim}d")(padding, *value)


@each_layer
@each_rank
@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("batch", [(2,), ()], ids=str)
def test_equal_to_pytorch_and_to_differences(torch, name, ndim, uneven, batch):
    padding = (1, 2, 0, 1, 2, 0)[: 2 * ndim] if uneven else 2
    x = np.random.default_rng(0).standard_normal((*batch, 2, *SIZES[:ndim]))
    layer = make(lucid, name, ndim, padding)
    if torch is not None:
        for dtype in (np.float32, np.float64):
            theirs = make(torch, name, ndim, padding)
            check_torch(lucid, torch, layer, theirs, [x.astype(dtype)])
        assert repr(layer) == repr(theirs)
    numbers = (padding,) * 2 * ndim if isinstance(padding, int) else padding
    expected = F.pad(lucid.tensor(x), numbers, NAMES[name], 0.5 * (name == "Constant"))
    np.testing.assert_array_equal(layer(lucid.tensor(x)).numpy(), expected.numpy())
    check_differences(lucid, layer, [x.reshape(-1, *x.shape[-ndim:])[:1]])


@each_layer
def test_negative_numbers_crop(name):
    x = lucid.arange(5.0).reshape(1, 5)
    assert make(lucid, name, 1, (-1, -2))(x).tolist() == [[1.0, 2.0]]


def test_types_stay():
    assert nn.ZeroPad1d(1)(lucid.ones(1, 2).long()).tolist() == [[0, 1, 1, 0]]


ERRORS = [
    (lambda: nn.ZeroPad2d((1, 2)), ValueError,
     r"padding=\(1, 2\) has 2 numbers; give one int, or 4: before and after the width, the height"),
    (lambda: nn.ReflectionPad1d(1.5), TypeError, r"padding must be an int, not 1.5"),
    (lambda: nn.ConstantPad1d(1, "0"), TypeError, r"value must be a number, not '0'"),
    (lambda: nn.ReflectionPad1d(3)(lucid.zeros(1, 3)), lucid.ShapeError,
     r"^ReflectionPad1d: padding \(3, 3\) in mode 'reflect' is too much .* at most 2"),
    (lambda: nn.CircularPad2d(1)(lucid.zeros(3, 3)), lucid.ShapeError, r"has 2 axes; needs"),
    (lambda: nn.ZeroPad1d(1)([1.0]), TypeError, r"ZeroPad1d: needs a Tensor, not list"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
