"""Run a benchmark: ``python -m benchmarks [PROGRAM] [options]``; ``--help`` names the programs."""

import argparse
import importlib
import os
import sys

PROGRAMS = ("layers", "unseen", "steps", "profile", "memory", "overhead")
# the allocator keeps freed memory: else a library pays for fresh pages by chance
KEEP = {"MALLOC_TRIM_THRESHOLD_": str(2**40), "MALLOC_MMAP_THRESHOLD_": str(2**40)}


def main():
    """Read the options, settle the environment, run the program."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    programs = *PROGRAMS, "all", "report"
    parser.add_argument("program", nargs="?", default="layers", choices=programs)
    parser.add_argument("files", nargs="*", help="of report: what --json wrote")
    parser.add_argument("--filter", default="", help="only rows with this in their name")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--seed", type=int, default=0, help="of unseen")
    parser.add_argument("--count", type=int, default=100, help="of unseen: how many layers")
    parser.add_argument("--json", help="write the figures to this file")
    parser.add_argument("--picture", help="draw the ratios of the layers into this file")
    parser.add_argument("--allocator", choices=("keep", "user"), default="keep",
                        help="keep freed memory [default], or as a user gets it")
    options = parser.parse_args()
    wanted = {"OPENBLAS_NUM_THREADS": str(options.threads)}  # that of NumPy, read at its import
    wanted |= KEEP if options.allocator == "keep" else {}
    if any(name not in os.environ for name in wanted):
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks", *sys.argv[1:]],
                  {**wanted, **os.environ})
    json_path = options.json
    for program in PROGRAMS if options.program == "all" else [options.program]:
        if options.program == "all":
            print(f"\n{program}", flush=True)
            options.json = json_path and f"{json_path.removesuffix('.json')}-{program}.json"
        importlib.import_module(f"benchmarks.{program}").main(options)


if __name__ == "__main__":
    main()
