"""Make tests/parity.npz: what PyTorch computes of random convolutions of whole numbers.

    python tools/make_parity_reference.py        # with torch 2.13.0

Every result is a whole number, so lucid has to give exactly the same. The arguments are drawn again
in the test, from the seed of the case; only the results are stored.
"""

import json
import runpy
import warnings
from pathlib import Path

import numpy as np
import torch

TESTS = Path(__file__).resolve().parents[1] / "tests"
parity = runpy.run_path(str(TESTS / "parity.py"))
CASES_A_LAYER = 12


def compute(case, seed):
    """Run one case in PyTorch, in float64."""
    rng = np.random.default_rng(seed)
    draw = parity["integers"](rng)
    arrays = parity["draw_arrays"](rng, case, parity["output_shape"](case), draw)
    x, w, b, g, *v = [torch.tensor(array, requires_grad=i < 4) for i, array in enumerate(arrays)]
    name = case["name"].removeprefix("Lazy")
    layer = parity["make_layer"](torch.nn, {**case, "name": name}, torch.float64)
    state = {"weight": w, "bias": b} if case["options"]["bias"] else {"weight": w}
    layer.load_state_dict(state)

    def run(x, w, b):
        return layer(x)

    return parity["derivatives"](torch.autograd.grad, run, x, layer.weight, layer.bias, g, *v)


def main():
    """Run all cases and store them."""
    warnings.simplefilter("ignore")  # 'same' with an even kernel makes a copy there
    arrays, cases = {}, []
    rng = np.random.default_rng(2026)
    for name in parity["NAMES"]:
        for _ in range(CASES_A_LAYER):
            case = parity["draw_case"](rng, name)
            for position, result in enumerate(compute(case, seed=len(cases))):
                values = result.detach().numpy()
                assert (values == np.round(values)).all()
                arrays[f"{len(cases)}_{position}"] = values.astype(np.int32)
            cases.append(case)
    np.savez_compressed(TESTS / "parity.npz", cases=json.dumps(cases), **arrays)
    print(f"{len(cases)} cases, {(TESTS / 'parity.npz').stat().st_size} bytes")


if __name__ == "__main__":
    main()
