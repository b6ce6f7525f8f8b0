"""Whatever stands where a tensor belongs, the answer is a result or an error of lucid's own.

Every operation, function and layer of tests/operations.py gets sixteen kinds of odd arguments, at
each of its places. An AttributeError, an assertion, or an error from inside NumPy would mean that
nobody thought of it.
"""

import traceback

import numpy as np
import pytest
from operations import CASES, arrays_of

import lucid
from lucid.errors import LucidError

ODD = {
    "None": lambda x: None, "text": lambda x: "x", "a number": lambda x: 2.5,
    "an array": lambda x: x.astype(np.float32), "a list": lambda x: x.tolist(),
    "no axes": lambda x: lucid.tensor(1.0), "one axis": lambda x: lucid.ones(3),
    "seven axes": lambda x: lucid.ones(1, 1, 1, 1, 1, 1, 1),
    "one position more": lambda x: lucid.ones(*[n + 1 for n in x.shape]),
    "int64": lambda x: lucid.tensor(x).long(), "bool": lambda x: lucid.tensor(x) > 0,
    "float16": lambda x: lucid.tensor(x).half(), "float32": lambda x: lucid.tensor(x).float(),
    "nothing": lambda x: lucid.zeros((0,) * x.ndim),
    "an empty batch": lambda x: lucid.zeros((0, *x.shape[1:])),
    "NaN": lambda x: lucid.tensor(x * np.nan),
}


def call(layer, *inputs, **options):
    return layer(*inputs, **options)


def fault(function, arguments):
    """Call, and say what is wrong with the error, if there is one."""
    try:
        function(*arguments)
    except LucidError:
        return None
    except (TypeError, ValueError, IndexError) as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        own = "lucid" in last.filename and "raise" in (last.line or "raise")
        # in an expression of the table itself, such as x.abs() of None, nothing of lucid is asked
        return None if own or last.filename == "<string>" else error
    except AttributeError as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return None if last.filename == "<string>" else error
    return None


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NaN as an integer is any integer
@pytest.mark.parametrize("odd", ODD)
def test_no_odd_argument_gives_an_error_from_inside(odd):
    faults = []
    for key, (names, _, expression, _) in CASES.items():
        if any(name.startswith("Tensor.") for name in names):
            continue
        space = {"L": lucid, "F": lucid.nn.functional, "N": call}
        function = eval(f"lambda x, y=None, z=None: {expression}", space)
        arrays = arrays_of(key, "float64")
        for place, array in enumerate(arrays):
            arguments = list(map(lucid.tensor, arrays))
            arguments[place] = ODD[odd](array)
            if (error := fault(function, arguments)) is not None:
                faults.append(f"{key}, place {place}: {type(error).__name__}: {error}")
    assert not faults, "\n".join(faults)
