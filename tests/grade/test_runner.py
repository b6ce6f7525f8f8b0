"""Whatever a student's code does, the grader goes on and says what happened."""

import threading
import time

import numpy as np
import pytest

from lucid.grade import Case, Grade, grade, report
from lucid.grade.runner import call

WANTED = np.arange(12.0).reshape(2, 2, 3)


def cases(count=1, **options):
    x = np.arange(12.0).reshape(2, 2, 3)
    return [Case(f"case {k}", (x,), options, WANTED) for k in range(count)]


def only(function, **options):
    (outcome,) = grade("it", function, cases(**options)).outcomes
    return outcome


def test_right_is_right():
    assert only(lambda x: x).credit == 1
    assert only(lambda x: x.tolist()).credit == 1
    assert bool(grade("it", lambda x: x, cases(3)))


def test_the_numbers_are_printed():
    outcome = only(lambda x: x + 1)
    assert "yours = [[[1, 2, 3]" in outcome.message and "wanted = [[[0, 1, 2]" in outcome.message
    assert outcome.credit == 0.25


def test_large_arrays_are_told_by_their_worst_element():
    x = np.zeros((10, 10))
    case = Case("large", (x,), {}, x)
    (outcome,) = grade("it", lambda x: x + np.eye(10) * 3, [case]).outcomes
    assert "at (0, 0): yours 3, wanted 0" in outcome.message
    assert "x = array of shape (10, 10)" in outcome.message


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (lambda x: x * 3, "every number is 3 times the right one"),
        (lambda x: x * 0, "all zeros: is the result ever written?"),
        (lambda x: x + np.nan, "there are infinite numbers or NaN"),
        (lambda x: x.swapaxes(0, 1), "right numbers, but the axes come in the order (1, 0, 2)"),
        (lambda x: x.transpose(2, 0, 1), "right numbers, but the axes come in the order (2, 0"),
        (lambda x: x.ravel(), "right numbers, but in another shape: a reshape is missing"),
        (lambda x: x + np.array([0, 1]).reshape(2, 1, 1), "the first item of the batch is right"),
        (lambda x: x + np.array([0, 1]).reshape(1, 2, 1), "the first channel is right"),
        (lambda x: x + np.array([1, 0, 1]), "only the border is wrong: look at the padding"),
        (lambda x: None, "is there a return?"),
    ],
)
def test_how_numbers_are_wrong_is_told(function, hint):
    outcome = only(function)
    assert outcome.hint.startswith(hint) and outcome.credit < 1


def test_an_error_is_reported_with_its_line():
    def broken(x):
        return x.no_such_thing

    outcome = only(broken)
    assert "raised AttributeError, line " in outcome.message and "of broken" in outcome.message


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, RecursionError, MemoryError])
def test_no_error_stops_the_grader(error):
    def function(x):
        raise error("no")

    assert f"raised {error.__name__}" in only(function).message


def test_recursion_without_end_is_reported():
    def function(x):
        return function(x)

    assert "raised RecursionError" in only(function).message


def test_a_loop_without_end_is_ended():
    running = []

    def function(x):
        running.append(threading.current_thread())
        while True:
            pass

    start = time.perf_counter()
    outcomes = grade("it", function, cases(5), seconds=0.1).outcomes
    assert time.perf_counter() - start < 5
    assert "no answer within 0.1 s" in outcomes[0].message
    assert outcomes[2].message == "not tried, after 2 calls without an end"
    assert not any(thread.is_alive() for thread in running)


def test_a_loop_that_swallows_errors_is_ended_too():
    def function(x):
        for _ in range(3):
            try:
                while True:
                    pass
            except BaseException:
                pass

    assert call(function, [1], {}, 0.05)[0] in ("late", "gave")


def test_a_change_in_place_is_reported_and_harms_no_other_case():
    def function(x):
        x += 1
        return x - 1

    outcomes = grade("it", function, cases(2)).outcomes
    assert "changed its argument 0 in place" in outcomes[1].message
    assert outcomes[0].hint == "make a copy first: x = x.copy()"


def test_a_missing_argument_is_named():
    assert only(lambda x: x, stride=2).message == "the function has no argument 'stride'"
    assert only(lambda x, **options: x, stride=2).credit == 1


def test_what_is_no_array_is_reported():
    class Strange:
        def __array__(self, dtype=None, copy=None):
            raise ValueError("no array")

    assert "returned a Strange, not an array" in only(lambda x: Strange()).message
    assert "returned a str, not an array" in only(lambda x: "text").message


def test_a_known_mistake_is_named():
    mistakes = {"impossible": lambda: 1 / 0, "one too many": lambda: WANTED + 1}
    case = Case("it", (WANTED,), {}, WANTED, mistakes)
    (outcome,) = grade("it", lambda x: x + 1, [case]).outcomes
    assert outcome.hint == "one too many"


def test_the_report_weighs(capsys):
    good, bad = grade("good", lambda x: x, cases(2)), grade("bad", lambda x: None, cases(2))
    assert report(good, bad) == 0.5
    assert report(good, bad, weights=[3, 1]) == 0.75
    text = capsys.readouterr().out
    assert "good: 2 of 2 cases right, score 100%" in text and "all together: score 75%" in text
    with pytest.raises(ValueError, match="0 grades and 0 weights"):
        report()
    with pytest.raises(ValueError, match="1 grades and 2 weights"):
        report(good, weights=[1, 2])
    with pytest.raises(ValueError, match=r"weights=\[0\] add up to 0; needs more than 0"):
        report(good, weights=[0])
    assert Grade("none", []).score == 0
