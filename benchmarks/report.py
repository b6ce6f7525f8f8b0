"""The tables of docs/explain/performance, from what `layers` and `steps` wrote with --json.

    python -m benchmarks report FILE...

Runs with the same number of threads are merged: each time is the median over them.
"""

import csv
import json
from pathlib import Path
from statistics import geometric_mean, median

from benchmarks.layers import summarise

FOLDER = Path(__file__).parent.parent / "docs" / "explain"


def merge(runs, key):
    """Map each row's name, its field `key`, to the medians of its other fields over the runs."""
    merged = {}
    for run in runs:
        for row in run["rows"]:
            merged.setdefault(row[key], []).append(row)
    return {
        name: {field: median(row[field] for row in rows) for field in rows[0] if field != key}
        for name, rows in merged.items()
    }


def layer_lines(tables):
    """Give the lines of the table of layers: `tables` has the rows of each number of threads."""
    for name, row in tables[1].items():
        line = [name, f"{1e3 * row['forward']:.3f}", f"{row['gflop'] / row['forward']:.0f}"]
        line.append(f"{100 * row['least'] / row['forward']:.0f}")
        line.append(f"{row['torch_forward'] / row['forward']:.2f}")
        line.append(f"{row['onnx_forward'] / row['forward']:.2f}" if "onnx_forward" in row else "")
        line.append(f"{row['torch_both'] / row['both']:.2f}")
        if 2 in tables:
            two = tables[2][name]
            line += [f"{two['torch_' + what] / two[what]:.2f}" for what in ("forward", "both")]
        yield line


def step_lines(tables):
    """Give the lines of the table of training steps."""
    for name in tables[1]:
        rows = [tables[threads][name] for threads in sorted(tables)]
        yield [name, *(f"{row['torch'] / row['lucid']:.2f}" for row in rows)]


def write(path, lines):
    """Write a table without its header, which the page has."""
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    print(f"wrote {path}")


def main(options):
    """Merge the runs, write the tables, print the means."""
    if not options.files:
        raise SystemExit("report needs the files that layers and steps wrote with --json")
    runs = [json.loads(Path(path).read_text()) for path in options.files]
    for key, lines in ("layer", layer_lines), ("network", step_lines):
        mine = [run for run in runs if key in run["rows"][0]]
        tables = {
            threads: merge([run for run in mine if run["threads"] == threads], key)
            for threads in sorted({run["threads"] for run in mine})
        }
        if 1 not in tables:
            continue
        write(FOLDER / f"performance_{key}s.csv", lines(tables))
        for threads, rows in tables.items():
            if key == "network":
                ratios = [row["torch"] / row["lucid"] for row in rows.values()]
                summary = {"training step": geometric_mean(ratios)}
            else:
                summary = summarise([{"layer": name, **row} for name, row in rows.items()])
            for what, value in summary.items():
                print(f"{threads} thread(s), {what}: {value}")
