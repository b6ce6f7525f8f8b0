"""What functions refuse, in the same words everywhere."""

import pytest

import lucid
from lucid.nn.functional.checks import (
    check_floating, check_number, check_same_shape, check_same_type,
)

x = lucid.zeros(2)
ERRORS = [
    (lambda: check_floating([1.0], "f"), TypeError, r"f: needs a Tensor, not list"),
    (lambda: check_floating(x.long(), "f"), lucid.DtypeError, r"f needs float32 or float64, not i"),
    (lambda: check_same_type("f", x=x, w=x.double()), lucid.DtypeError,
     r"f: x is float32, but w is float64; convert one"),
    (lambda: check_same_type("f", x=x.long(), w=x.long()), lucid.DtypeError, r"f: x needs float32"),
    (lambda: check_same_type("f", x=x, w=2.0), TypeError, r"f: w: needs a Tensor, not float"),
    (lambda: check_same_shape("f", x=x, t=lucid.zeros(1)), lucid.ShapeError,
     r"f: x of shape \(2,\) and t of shape \(1,\) must be of one shape"),
    (lambda: check_number("1", "a"), TypeError, r"a must be a number, not '1' \(str\)"),
    (lambda: check_number(True, "a"), TypeError, r"a must be a number, not True"),
    (lambda: check_number(2, "a", 0, 1), ValueError, r"a=2 .* 0 to 1"),
    (lambda: check_number(0, "a", above=0), ValueError, r"a=0 .* greater than 0"),
    (lambda: check_number(float("nan"), "a", 0), ValueError, r"a=nan is out of range"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_what_fits_passes():
    check_same_type("f", x=x, weight=None, bias=x)
    assert check_number(1, "a", 0, 1) == 1.0
