"""Every operation, function and layer gives what PyTorch gives, with two derivatives.

Where PyTorch is not installed, sums of what it gave stand in; tools/make_operations_reference.py
writes them.
"""

import json

import numpy as np
import pytest
from names import LEFT_OUT, NAMES
from operations import CASES, REFERENCE, compute, digest

import lucid

STORED = json.loads(REFERENCE.read_text(encoding="utf-8"))
TOLERANCE = {"float32": 2e-4, "float64": 1e-9}
ELSEWHERE = {  # names that draw at random, read what is there, or are not of PyTorch
    "F": "gumbel_softmax",
    "nn": "Module Parameter UninitializedParameter Buffer LazyModuleMixin Sequential ModuleList "
          "ModuleDict ParameterList ParameterDict",
    "nn.grad": " ".join(f"conv_transpose{n}d_input conv_transpose{n}d_weight" for n in (1, 2, 3)),
}


def test_every_name_has_a_case():
    held = set().union(*[names for names, *_ in CASES.values()])
    first = NAMES["lucid"].split()
    wanted = set(first[first.index("abs"):]) | {"clone"}
    for place in ("nn", "nn.grad", "linalg"):
        wanted |= {f"{place}.{name}" for name in NAMES[f"lucid.{place}"].split()}
    wanted |= {f"F.{name}" for name in NAMES["lucid.nn.functional"].split()}
    in_place = {name for name in NAMES["lucid.Tensor"].split() if name.endswith("_")}
    random = {"uniform_", "normal_", "requires_grad_"}
    wanted |= {f"Tensor.{name}" for name in in_place - random if not name.startswith("__")}
    wanted -= {f"{place}.{name}" for place, names in ELSEWHERE.items() for name in names.split()}
    assert not wanted - held
    assert not {f"lucid.{name}" for name in held} & set(LEFT_OUT)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("key", CASES)
def test_values_and_two_derivatives_equal_pytorch(key, dtype, torch):
    found = compute(lucid, key, dtype)
    tolerance = TOLERANCE[dtype]
    if "ardsigmoid" in key:
        tolerance = max(tolerance, 1e-6)  # its slope of 1/6 is a float32 in PyTorch
    for result, (shape, *numbers) in zip(digest(found), STORED[key], strict=True):
        assert result[0] == shape
    for result, (_, total, product) in zip(found, STORED[key], strict=True):
        flat = np.asarray(result, np.float64).ravel()
        bound = tolerance * max(1, np.abs(flat).sum())
        assert abs(flat.sum() - total) <= bound
        assert abs(flat @ np.cos(np.arange(flat.size)) - product) <= bound
    if torch is not None:
        for result, wanted in zip(found, compute(torch, key, dtype), strict=True):
            assert result.dtype == wanted.dtype and result.shape == wanted.shape
            atol = tolerance * max(1, np.abs(wanted).max(initial=0))
            np.testing.assert_allclose(result, wanted, rtol=0, atol=atol)
