"""Calling a student's function safely, comparing what it gives, and telling how it went."""

import ctypes
import inspect
import threading
import traceback
from dataclasses import dataclass, field
from itertools import permutations

import numpy as np

from lucid.testing.closeness import as_array

__all__ = ["Case", "Grade", "Outcome", "grade", "report"]

SHAPE_CREDIT = 0.25  # of a case, for the right shape with wrong numbers
MOST_TIMEOUTS = 2  # after these the other cases are not tried
SHOWN = 30  # elements of an array that are printed


@dataclass
class Case:
    """One call of the function that is graded.

    Attributes
    ----------
    name : str
        What it tries.
    arguments : tuple
        Given by position; arrays are copied for each call.
    options : dict
        Given by name.
    expected : numpy.ndarray
        What is right.
    mistakes : dict of str to callable
        What a common mistake is called, and a function that computes what it would give.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid.grade import Case
    >>> Case("two", (np.ones(2),), {}, np.full(2, 2.0)).name
    'two'
    """

    name: str
    arguments: tuple
    options: dict
    expected: np.ndarray
    mistakes: dict = field(default_factory=dict)


@dataclass
class Outcome:
    """How one case went.

    Attributes
    ----------
    case : Case
        What was tried.
    credit : float
        1 if right, 0.25 if only the shape is, else 0.
    message : str
        What is wrong, empty if nothing is.
    hint : str
        What the mistake may be, empty if nothing is known.

    Examples
    --------
    >>> from lucid.grade import check_pool
    >>> check_pool(lambda x, kernel_size, **options: x).outcomes[0].credit
    0
    """

    case: Case
    credit: float
    message: str = ""
    hint: str = ""


class Grade:
    """How a function did over a table of cases; true if all are right.

    Parameters
    ----------
    name : str
        Of the check.
    outcomes : list of Outcome
        One for each case.

    Attributes
    ----------
    name, outcomes
        As given.

    Examples
    --------
    >>> from lucid.grade import check_pool
    >>> grade = check_pool(lambda x, kernel_size, stride=None, padding=0: x * 0)
    >>> bool(grade), 0 <= grade.score < 1
    (False, True)
    """

    def __init__(self, name, outcomes):
        self.name, self.outcomes = name, outcomes

    @property
    def score(self):
        """Mean credit of the cases, 0 to 1."""
        return sum(outcome.credit for outcome in self.outcomes) / max(len(self.outcomes), 1)

    @property
    def passed(self):
        """How many cases are right."""
        return sum(outcome.credit == 1 for outcome in self.outcomes)

    def __bool__(self):
        return self.passed == len(self.outcomes)

    def __repr__(self):
        lines = [
            f"{self.name}: {self.passed} of {len(self.outcomes)} cases right, "
            f"score {self.score:.0%}"
        ]
        for outcome in self.outcomes:
            lines.append(f"  {'right' if outcome.credit == 1 else 'WRONG'}  {outcome.case.name}")
            if outcome.message:
                lines += ["         " + line for line in outcome.message.splitlines()]
            if outcome.hint:
                lines.append(f"         hint: {outcome.hint}")
        return "\n".join(lines)


def report(*grades, weights=None):
    """Print grades and their weighted mean.

    Parameters
    ----------
    *grades : Grade
        What the checks returned.
    weights : sequence of float, optional
        One for each; default all alike.

    Returns
    -------
    float
        The mean score, 0 to 1.

    Raises
    ------
    ValueError
        If there are no grades, another number of weights, or none above 0.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid.grade import check_im2col, report
    >>> def im2col(x, kernel_size, stride=1, padding=0, dilation=1):
    ...     raise NotImplementedError
    >>> score = report(check_im2col(im2col))  # doctest: +ELLIPSIS
    im2col: 0 of 6 cases right, score 0%
      WRONG  windows of one row
             x = [[[[0, 1, 2, 3, 4]]]], kernel_size=(1, 3)
             raised NotImplementedError, line 2 of im2col: ...
    >>> score
    0.0
    """
    weights = [1.0] * len(grades) if weights is None else list(weights)
    if not grades or len(weights) != len(grades):
        raise ValueError(f"report: {len(grades)} grades and {len(weights)} weights")
    if not sum(weights) > 0:
        raise ValueError(f"report: weights={weights} add up to {sum(weights)}; needs more than 0")
    for each in grades:
        print(each)
    total = sum(w * each.score for w, each in zip(weights, grades, strict=True)) / sum(weights)
    if len(grades) > 1:
        print(f"all together: score {total:.0%}")
    return total


def grade(name, function, cases, *, seconds=5.0, rtol=1e-6, atol=1e-8):
    """Try a function over a table of cases; what every check does, for tables of your own.

    Parameters
    ----------
    name : str
        Of the check.
    function : callable
        The student's.
    cases : list of Case
        The table.
    seconds : float, default 5.0
        How long one call may take. Behind two calls that took longer the rest is not tried.
    rtol, atol : float, default 1e-6, 1e-8
        How far a number may be off, relative to the expected one and absolutely.

    Returns
    -------
    Grade

    Notes
    -----
    The function runs in a thread of its own, so an endless loop of Python ends at the limit. One
    inside compiled code cannot be ended; it is left behind. Whatever is raised is reported.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid.grade import Case, grade
    >>> cases = [Case("double", (np.arange(3.0),), {}, 2 * np.arange(3.0))]
    >>> grade("twice", lambda x: x + x, cases)
    twice: 1 of 1 cases right, score 100%
      right  double
    """
    outcomes, timeouts = [], 0
    for case in cases:
        if timeouts >= MOST_TIMEOUTS:
            outcomes.append(Outcome(case, 0, f"not tried, after {timeouts} calls without an end"))
            continue
        outcome = _try(function, case, seconds, rtol, atol)
        timeouts += "no answer" in outcome.message
        outcomes.append(outcome)
    return Grade(name, outcomes)


def _try(function, case, seconds, rtol, atol):
    missing = _missing(function, case.options)
    if missing:
        return Outcome(case, 0, f"the function has no argument {missing!r}")
    arguments = [np.array(x) if isinstance(x, np.ndarray) else x for x in case.arguments]
    kind, result = call(function, arguments, case.options, seconds)
    given = _describe(case)
    if kind == "raised":
        return Outcome(case, 0, f"{given}\nraised {result}")
    if kind == "late":
        return Outcome(case, 0, f"{given}\nno answer within {seconds:g} s", "is there a loop "
                       "without an end, or one over all pixels that NumPy could do?")
    for position, (before, after) in enumerate(zip(case.arguments, arguments, strict=True)):
        if isinstance(before, np.ndarray) and not np.array_equal(before, after):
            return Outcome(case, 0, f"{given}\nchanged its argument {position} in place",
                           "make a copy first: x = x.copy()")
    try:
        if result is None:
            raise TypeError("nothing")
        found = as_array(result).astype(np.float64)
    except Exception:  # whatever a student's object does when it is made an array
        return Outcome(case, 0, f"{given}\nreturned a {type(result).__name__}, not an array",
                       "is there a return?" if result is None else "")
    return _compare(case, found, given, rtol, atol)


def _compare(case, found, given, rtol, atol):
    wanted = case.expected
    close = {"rtol": rtol, "atol": atol}
    if found.shape == wanted.shape and np.allclose(found, wanted, **close):
        return Outcome(case, 1)
    hint = _hint(case, found, wanted, close)
    if found.shape != wanted.shape:
        return Outcome(case, 0, f"{given}\nshape {found.shape}, wanted {wanted.shape}", hint)
    with np.errstate(all="ignore"):
        off = np.nan_to_num(abs(found - wanted), nan=np.inf)
    worst = tuple(int(i) for i in np.unravel_index(np.argmax(off), off.shape))
    lines = [given]
    if wanted.size <= SHOWN:
        lines.append(f"yours = {_numbers(found)}\nwanted = {_numbers(wanted)}")
    else:
        lines.append(f"at {worst}: yours {found[worst]:.6g}, wanted {wanted[worst]:.6g}")
    return Outcome(case, SHAPE_CREDIT, "\n".join(lines), hint)


def _hint(case, found, wanted, close):
    """Name the mistake that gives these very numbers, or say how they are wrong."""
    for name, compute in case.mistakes.items():
        try:
            wrong = np.asarray(compute())
        except Exception:  # a mistake that cannot be made with these sizes
            continue
        if wrong.shape == found.shape and np.allclose(wrong, found, **close):
            return name
    if found.shape != wanted.shape:
        if found.size == wanted.size and found.ndim == wanted.ndim:
            for order in permutations(range(wanted.ndim)):
                turned = wanted.transpose(order)
                if turned.shape == found.shape and np.allclose(turned, found, **close):
                    return f"right numbers, but the axes come in the order {order}"
        if found.size == wanted.size and np.allclose(found.ravel(), wanted.ravel(), **close):
            return "right numbers, but in another shape: a reshape is missing"
        return ""
    if not np.isfinite(found).all():
        return "there are infinite numbers or NaN"
    return _pattern(found, wanted, close)


def _pattern(found, wanted, close):
    for order in permutations(range(wanted.ndim)):
        turned = wanted.transpose(order)
        if turned.shape == found.shape and np.allclose(turned, found, **close):
            return f"right numbers, but the axes come in the order {order}"
    if not found.any():
        return "all zeros: is the result ever written?"
    where = wanted != 0
    if where.any():
        factors = found[where] / wanted[where]
        if np.allclose(factors, factors[0]) and np.allclose(found, factors[0] * wanted, **close):
            return f"every number is {factors[0]:.6g} times the right one"
    right = np.isclose(found, wanted, **close)
    inner = (..., *(slice(1, -1) for _ in range(wanted.ndim - 2)))
    if wanted.ndim > 2 and right[inner].size and right[inner].all():
        return "only the border is wrong: look at the padding"
    for axis, name in ((0, "item of the batch"), (1, "channel")):
        if wanted.ndim > axis and len(right) and right.take(0, axis).all():
            return f"the first {name} is right, the others are not"
    return ""


def _missing(function, options):
    """Name an option that the function does not take."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return None
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return None
    return next((name for name in options if name not in parameters), None)


def _describe(case):
    names = ("x", "w", "b", "c") if len(case.arguments) > 1 else ("x",)
    parts = [f"{name} = {_numbers(x)}" for name, x in zip(names, case.arguments, strict=False)
             if isinstance(x, np.ndarray)]
    for name, value in case.options.items():
        parts.append(f"{name}={_numbers(value) if isinstance(value, np.ndarray) else value}")
    return ", ".join(parts)


def _numbers(array):
    if array.size > SHOWN:
        return f"array of shape {array.shape}"
    whole = np.isfinite(array).all() and (array == array.round()).all()
    text = (array.astype(int) if whole else array.round(4)).tolist()
    return str(text)


class _TimeUp(BaseException):
    """Raised inside a call that takes too long."""


def call(function, arguments, options, seconds):
    """Run a function in a thread; return "gave" and the result, "raised" and a text, or "late"."""
    box = []

    def run():
        try:
            box.append(("gave", function(*arguments, **options)))
        except _TimeUp:
            pass
        except BaseException as error:  # also SystemExit: a grader goes on
            box.append(("raised", _error_text(error)))

    def guarded():
        try:
            run()
        except _TimeUp:  # it came while run was ending
            pass

    thread = threading.Thread(target=guarded, daemon=True)
    thread.start()
    thread.join(seconds)
    for _ in range(20):  # a bare except of the student may swallow a few
        if not thread.is_alive() or box:
            break
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(_TimeUp)
        )
        thread.join(0.05)
    return box[0] if box else ("late", None)


def _error_text(error):
    frames = traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in frames if frame.filename != __file__]
    place = f", line {frames[-1].lineno} of {frames[-1].name}" if frames else ""
    return f"{type(error).__name__}{place}: {error}"
