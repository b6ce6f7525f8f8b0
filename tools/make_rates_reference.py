"""Make tests/optim/lr_scheduler/rates.json: the rates of PyTorch's joint and waiting schedules.

    python tools/make_rates_reference.py        # with torch 2.13.0

It runs the tests that compare both libraries and writes down what PyTorch found.
"""

import importlib
import json
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS.parent)]
stepping = importlib.import_module("stepping")


class Anything(dict):
    """Stored rates that are always those that are compared, so that all tests go on."""

    def __contains__(self, case):
        return True

    def __getitem__(self, case):
        return stepping.FOUND[case]


def main():
    """Follow the schedules, and write."""
    stepping.RATES = Anything()
    if status := pytest.main(["-q", str(TESTS / "optim" / "lr_scheduler"), "-k", "pytorchs"]):
        sys.exit(status)
    lines = [f"  {json.dumps(case)}: {json.dumps(rates)}"
             for case, rates in stepping.FOUND.items()]
    stepping.RATES_FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{stepping.RATES_FILE}: {len(lines)} cases, {stepping.RATES_FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
