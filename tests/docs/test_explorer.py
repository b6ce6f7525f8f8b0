"""The rule of the explorer, written in JavaScript, is that of lucid, on hundreds of cases.

Node, where it is installed, runs the script itself. Elsewhere a stored table stands in: the
script's answers, kept with a hash of the script they came from. ``python
tests/docs/test_explorer.py`` makes it anew.
"""

import hashlib
import itertools
import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

import lucid
import lucid.nn as nn

SCRIPT = Path(__file__).resolve().parents[2] / "docs/_static/arithmetic.js"
STORED = Path(__file__).with_name("explorer_cases.json")
KEYS = ("kind", "n", "k", "s", "p", "d", "op", "mode")
MODES = ("zeros", "reflect", "replicate", "circular")
PROGRAM = """
const rule = require(process.argv[1]);
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map((v) => {
  const refused = rule.refusal(v) !== "";
  if (refused) return { refused };
  const places = v.kind === "transposed" ? v.n : rule.size(v);
  const at = Array.from({ length: places }, (_, o) => rule.taps(v, o).map((tap) => tap.at));
  return { refused, size: rule.size(v), at, formula: rule.formula(v),
           code: rule.code({ ...v, axes: 1 }),
           overlaps: v.kind === "transposed" ? rule.overlaps(v) : null };
})));
"""


def cases(count=400):
    """Settings over the whole range of the sliders, and every combination of small ones."""
    rng = random.Random(0)
    for n, k, s, p, d in itertools.product((1, 2, 5), (1, 2, 3), (1, 2), (0, 1, "same"), (1, 2)):
        yield {"kind": "conv", "n": n, "k": k, "s": s, "p": p, "d": d, "op": 0, "mode": "zeros"}
    for _ in range(count):
        yield {
            "kind": rng.choice(("conv", "transposed")),
            "n": rng.randint(1, 12),
            "k": rng.randint(1, 6),
            "s": rng.randint(1, 4),
            "p": rng.choice((0, 0, 1, 2, 3, 5, "same")),
            "d": rng.randint(1, 3),
            "op": rng.choice((0, 0, 1, 2)),
            "mode": rng.choice(MODES),
        }


def by_node(settings, program=PROGRAM):
    """Ask the script."""
    run = subprocess.run(
        ["node", "-e", program, str(SCRIPT)],
        input=json.dumps(settings),
        text=True,
        capture_output=True,
        check=True,
    )
    return json.loads(run.stdout)


def by_lucid(v):
    """Ask the layers: which position does each tap read, or write, at each place?"""
    options = {"stride": v["s"], "padding": v["p"], "dilation": v["d"], "bias": False}
    one_tap = lucid.eye(v["k"])
    if v["kind"] == "transposed":
        layer = nn.ConvTranspose1d(1, v["k"], v["k"], output_padding=v["op"], **options)
        nn.init.zeros_(layer.weight)
        with lucid.no_grad():
            layer.weight.copy_(one_tap[None])
            y = layer(lucid.eye(v["n"])[:, None]).numpy()  # (place, tap, position)
        at = [[tap.argmax().item() if tap.any() else None for tap in place] for place in y]
        return y.shape[2], at
    layer = nn.Conv1d(1, v["k"], v["k"], padding_mode=v["mode"], **options)
    with lucid.no_grad():
        layer.weight.copy_(one_tap[:, None])
        numbers = lucid.arange(1, v["n"] + 1, dtype=lucid.float32)  # 0 is what padding holds
        y = layer(numbers[None, None]).numpy()[0]  # (tap, place)
    at = [[int(value) - 1 if value else None for value in place] for place in y.T.tolist()]
    return y.shape[1], at


def check(v, answer):
    """Compare one answer of the script with the layers."""
    try:
        size, at = by_lucid(v)
    except ValueError:  # of the constructor, or a ShapeError of the call
        assert answer["refused"], v
        return
    assert not answer["refused"], v
    assert (answer["size"], answer["at"]) == (size, at), v
    assert answer["formula"].endswith(f"= {size}"), v
    layer = eval(answer["code"], {"nn": nn})  # the line of code that is shown builds the layer
    assert layer(lucid.zeros(1, 1, v["n"])).shape[2] == size, v
    if v["kind"] == "transposed":
        landed = [i for place in at for i in place if i is not None]
        assert answer["overlaps"] == [landed.count(i) for i in range(size)], v


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
def test_rows_of_their_own_give_a_layer_of_pairs():
    both = [v for v in cases(400) if v["mode"] == "zeros" and v["p"] != "same"]
    pairs = [(a, b) for a, b in itertools.pairwise(both) if a["kind"] == b["kind"]]
    sides = by_node([each for pair in pairs for each in pair])
    program = PROGRAM.replace("axes: 1", "axes: 2")
    found = by_node([b | {"rows": a} for a, b in pairs], program)
    assert len(found) > 100
    for (a, b), first, last, whole in zip(pairs, sides[::2], sides[1::2], found, strict=True):
        if first["refused"] or last["refused"]:
            continue
        layer = eval(whole["code"], {"nn": nn})
        shape = layer(lucid.zeros(1, 1, a["n"], b["n"])).shape
        assert shape == (1, 1, first["size"], last["size"]), whole["code"]


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
def test_the_script_follows_the_layers():
    settings = list(cases())
    answers = by_node(settings)
    assert len(answers) >= 400
    for v, answer in zip(settings, answers, strict=True):
        check(v, answer)
    assert sum(answer["refused"] for answer in answers) > 50
    assert sum(not answer["refused"] for answer in answers) > 250


def test_the_stored_answers_are_those_of_this_script():
    stored = json.loads(STORED.read_text("utf-8"))
    assert stored["sha256"] == hashlib.sha256(SCRIPT.read_bytes()).hexdigest(), (
        "docs/_static/arithmetic.js has changed: run python tests/docs/test_explorer.py"
    )


def test_the_stored_answers_follow_the_layers():
    for row in json.loads(STORED.read_text("utf-8"))["cases"]:
        check(dict(zip(KEYS, row["settings"], strict=True)), row["answer"])


if __name__ == "__main__":
    settings = [v for v in cases(150) if v["n"] < 9 and v["k"] < 5]
    rows = [
        {"settings": [v[key] for key in KEYS], "answer": answer}
        for v, answer in zip(settings, by_node(settings), strict=True)
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    digest = hashlib.sha256(SCRIPT.read_bytes()).hexdigest()
    STORED.write_text(f'{{"sha256":"{digest}","cases":[\n{lines}\n]}}\n', "utf-8")
    print(len(rows), "cases stored")
