"""Make tests/models/reference.json: the first losses of PyTorch's networks of the same weights.

    python tools/make_model_reference.py        # with torch 2.13.0

It runs the tests that train both libraries and writes down what PyTorch found.
"""

import importlib
import json
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS.parent)]
twin = importlib.import_module("twin")


class Anything(dict):
    """Stored losses that are always those that are compared, so that all tests go on."""

    def __contains__(self, case):
        return True

    def __getitem__(self, case):
        return twin.FOUND[case]


def main():
    """Train, and write."""
    twin.STORED = Anything()
    if status := pytest.main(["-q", str(TESTS / "models"), "-k", "equal_torch"]):
        sys.exit(status)
    lines = [f"  {json.dumps(case)}: {json.dumps(found)}" for case, found in twin.FOUND.items()]
    twin.REFERENCE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{twin.REFERENCE}: {len(lines)} cases, {twin.REFERENCE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
