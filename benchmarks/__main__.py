"""Run a benchmark: ``python -m benchmarks [layers] [options]``."""

import argparse
import importlib
import os
import sys

PROGRAMS = ("layers",)
# the allocator keeps freed memory: else a library pays for fresh pages by chance
KEEP = {"MALLOC_TRIM_THRESHOLD_": str(2**40), "MALLOC_MMAP_THRESHOLD_": str(2**40)}


def main():
    """Read the options, settle the allocator, run the program."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("program", nargs="?", default="layers", choices=PROGRAMS)
    parser.add_argument("--filter", default="", help="only layers with this in their name")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="3 rounds instead of 9")
    parser.add_argument("--json", help="write the figures to this file")
    parser.add_argument("--picture", help="draw the ratios into this file")
    parser.add_argument("--allocator", choices=("keep", "user"), default="keep",
                        help="keep freed memory [default], or as a user gets it")
    options = parser.parse_args()
    if options.allocator == "keep" and "MALLOC_TRIM_THRESHOLD_" not in os.environ:
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks", *sys.argv[1:]],
                  {**os.environ, **KEEP})
    importlib.import_module(f"benchmarks.{options.program}").main(options)


if __name__ == "__main__":
    main()
