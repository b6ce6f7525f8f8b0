"""What is close passes; what is not is told with index, values and bound."""

import numpy as np
import pytest

import lucid
from lucid.testing import assert_close


def test_rounding_passes_and_more_does_not():
    x = lucid.tensor([1.0, 2.0])
    assert_close(x * (1 + 1e-6), x)
    with pytest.raises(AssertionError, match=r"1 of 2 .* \(1,\): actual 2.1, expected 2, off by"):
        assert_close(lucid.tensor([1.0, 2.1]), x)


def test_the_bound_is_worked_out():
    text = r"off by 1, allowed 0.25 \+ 0.125 \* 4 = 0.75"
    with pytest.raises(AssertionError, match=text):
        assert_close(np.array([5.0]), np.array([4.0]), rtol=0.125, atol=0.25)
    assert_close(np.array([4.75]), np.array([4.0]), rtol=0.125, atol=0.25)


def test_the_coarser_type_gives_the_tolerance():
    wide = np.array([1.0])
    assert_close((wide * (1 + 1e-6)).astype(np.float32), wide, check_dtype=False)
    with pytest.raises(AssertionError, match="not close"):
        assert_close(wide * (1 + 1e-6), wide)


def test_integers_and_bools_must_be_equal():
    assert_close(lucid.tensor([2**62 + 1]), lucid.tensor([2**62 + 1]))
    with pytest.raises(AssertionError, match="1 of 1"):
        assert_close(lucid.tensor([2**62 + 1]), lucid.tensor([2**62]))
    with pytest.raises(AssertionError, match="1 of 2"):
        assert_close(lucid.tensor([True, False]), lucid.tensor([True, True]))


def test_shapes_and_types_must_fit():
    with pytest.raises(AssertionError, match=r"shape \(2,\), expected \(1, 2\)"):
        assert_close(lucid.zeros(2), lucid.zeros(1, 2))
    with pytest.raises(AssertionError, match="type float32, expected float64"):
        assert_close(lucid.zeros(2), np.zeros(2))
    assert_close(lucid.zeros(2), np.zeros(2), check_dtype=False)
    assert_close(lucid.zeros(()), 0.0)


def test_nan_and_infinity():
    nan, inf = np.array([np.nan]), np.array([np.inf])
    assert_close(inf, inf)
    assert_close(nan, nan, equal_nan=True)
    for pair in ((nan, nan), (nan, inf), (inf, -inf), (inf, np.ones(1)), (np.ones(1), inf)):
        with pytest.raises(AssertionError, match="1 of 1"):
            assert_close(*pair)


def test_lists_and_dicts_are_walked():
    assert_close({"a": [lucid.ones(2), 1]}, {"a": [np.ones(2, np.float32), 1]})
    with pytest.raises(AssertionError, match=r"\['a'\]: \[1\]: 1 of 1 elements"):
        assert_close({"a": [lucid.ones(2), 1]}, {"a": [lucid.ones(2), 2]})
    with pytest.raises(AssertionError, match="keys"):
        assert_close({"a": 1}, {"b": 1})
    with pytest.raises(AssertionError, match="1 items, expected 2"):
        assert_close([1], [1, 2])


def test_a_message_is_put_before():
    with pytest.raises(AssertionError, match="^the bias: 1 of 1"):
        assert_close(1.0, 2.0, msg="the bias")


def test_one_tolerance_alone_is_refused():
    with pytest.raises(ValueError, match="give both rtol and atol"):
        assert_close(1.0, 1.0, rtol=0.1)


def test_a_tensor_that_requires_grad_is_compared():
    assert_close(lucid.ones(2, requires_grad=True), lucid.ones(2))
