"""The limits of types are NumPy's and PyTorch's."""

import numpy as np
import pytest

import lucid


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
def test_limits_of_floats(name, torch):
    ours, numpy = lucid.finfo(getattr(lucid, name)), np.finfo(name)
    for attribute in ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution"):
        assert np.float64(getattr(ours, attribute)).astype(name) == getattr(numpy, attribute)
        if torch is not None:
            theirs = torch.finfo(getattr(torch, name))
            assert getattr(ours, attribute) == getattr(theirs, attribute)
    assert ours.dtype == name
    assert f"dtype={name})" in repr(ours)


@pytest.mark.parametrize("name", ["uint8", "int8", "int32", "int64"])
def test_limits_of_integers(name):
    ours, numpy = lucid.iinfo(name), np.iinfo(name)
    assert (ours.bits, ours.min, ours.max) == (numpy.bits, numpy.min, numpy.max)
    assert repr(ours) == f"iinfo(min={ours.min}, max={ours.max}, dtype={name})"


def test_the_default_and_what_is_refused():
    assert lucid.finfo().dtype == "float32"
    with pytest.raises(lucid.DtypeError, match="int64 is not floating-point; use lucid.iinfo"):
        lucid.finfo(int)
    with pytest.raises(lucid.DtypeError, match="float32 holds no integers; use lucid.finfo"):
        lucid.iinfo(float)
    with pytest.raises(lucid.DtypeError, match="bool holds no integers"):
        lucid.iinfo(bool)
