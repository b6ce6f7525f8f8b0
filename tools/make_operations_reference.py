"""Make tests/operations.json: what PyTorch computes of the cases in tests/operations.py.

    python tools/make_operations_reference.py        # with torch 2.13.0

Of each result, in float64, its shape, its sum and its product with cos(0), cos(1), ... are kept.
"""

import importlib
import json
import sys
from pathlib import Path

import torch

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS.parent)]
operations = importlib.import_module("operations")


def main():
    """Compute all cases, and write."""
    lines = []
    for key in operations.CASES:
        found = operations.digest(operations.compute(torch, key, "float64"))
        lines.append(f"  {json.dumps(key)}: {json.dumps(found)}")
    operations.REFERENCE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{operations.REFERENCE}: {len(lines)} cases, "
          f"{operations.REFERENCE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
