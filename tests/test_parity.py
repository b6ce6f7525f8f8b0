"""The twelve layers and their functional forms equal PyTorch's, in values and two derivatives.

Where PyTorch is installed, thousands of random configurations are computed by both libraries. The
results stored in parity.npz, of whole numbers and so exact, are compared in any case.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import parity
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F

CASES_A_LAYER = 200
HERE = Path(__file__).parent
LAYOUTS = ("contiguous", "transposed", "reversed", "read-only")


def lay_out(array, layout):
    """Give the same values in other places of memory."""
    if layout == "transposed":
        return np.ascontiguousarray(array.T).T
    if layout == "reversed":
        return np.ascontiguousarray(array[..., ::-1])[..., ::-1]
    if layout == "read-only":
        array = array.copy()
        array.flags.writeable = False
    return array


def compute_lucid(case, arrays, dtype, layout="contiguous", functional=False):
    """Run a case in lucid, through the layer and its state dict or through the function."""
    cast = [lay_out(array.astype(dtype), layout) for array in arrays]
    x, w, b, g, *v = [lucid.from_numpy(array) for array in cast]
    if not case["options"]["bias"]:
        b = None
    if functional:
        options = parity.hashable(case["options"])
        del options["bias"], options["kernel_size"]
        options.pop("padding_mode", None)
        function = getattr(F, "conv_transpose" * ("Transpose" in case["name"]) + "conv"
                           * ("Transpose" not in case["name"]) + case["name"][-2:])
        w = w.requires_grad_()
        b = b if b is None else b.requires_grad_()

        def run(x, w, b):
            return function(x, w, b, **options)
    else:
        layer = parity.make_layer(nn, case, dtype)
        layer.load_state_dict({"weight": w} if b is None else {"weight": w, "bias": b})
        w, b = layer.weight, layer.bias

        def run(x, w, b):
            return layer(x)

    results = parity.derivatives(
        lucid.autograd.grad, run, x.requires_grad_(), w, b, g.requires_grad_(), *v
    )
    return [result.detach().numpy() for result in results]


def compute_torch(torch, case, arrays):
    """Run a case in PyTorch, in float64."""
    x, w, b, g, *v = [torch.tensor(array, requires_grad=i < 4) for i, array in enumerate(arrays)]
    layer = parity.make_layer(
        torch.nn, {**case, "name": case["name"].removeprefix("Lazy")}, torch.float64
    )
    layer.load_state_dict({"weight": w, "bias": b} if case["options"]["bias"] else {"weight": w})
    results = parity.derivatives(
        torch.autograd.grad, lambda x, w, b: layer(x), x, layer.weight, layer.bias, g, *v
    )
    return [result.detach().numpy() for result in results]


@pytest.mark.parametrize("name", parity.NAMES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_whole_numbers_give_exactly_what_pytorch_gave(name, dtype):
    with np.load(HERE / "parity.npz") as stored:
        cases = json.loads(str(stored["cases"]))
        chosen = [seed for seed, case in enumerate(cases) if case["name"] == name]
        assert len(chosen) >= 10
        for seed in chosen:
            case, rng = cases[seed], np.random.default_rng(seed)
            draw = parity.integers(rng)
            arrays = parity.draw_arrays(rng, case, parity.output_shape(case), draw)
            for position, result in enumerate(compute_lucid(case, arrays, dtype)):
                np.testing.assert_array_equal(
                    result, stored[f"{seed}_{position}"], err_msg=f"{case}, result {position}"
                )


def check_close(case, found, wanted, magnitude, terms, dtype):
    """Compare within the bound of summing `terms` products in any order, twice rounded."""
    parts = zip(found, wanted, magnitude, terms, strict=True)
    for position, (result, reference, total, count) in enumerate(parts):
        assert result.dtype == dtype and result.shape == reference.shape
        bound = (count + 16) * np.finfo(dtype).eps * total
        worst = np.max(np.abs(result - reference) - bound, initial=-1)
        assert worst <= 0, f"{case}: result {position} is {worst} beyond its bound"


@pytest.mark.parametrize("name", parity.NAMES)
def test_random_layers_equal_pytorch(name, torch):
    if torch is None:
        return  # the stored values above stand in
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # 'same' with an even kernel makes a copy there
    rng = np.random.default_rng(parity.NAMES.index(name))
    for number in range(CASES_A_LAYER):
        case = parity.draw_case(rng, name, large=number % 8 == 0)
        shape = parity.output_shape(case)
        # powers of ten apart, so that lost small parts would show
        arrays = parity.draw_arrays(
            rng, case, shape, lambda s: rng.standard_normal(s) * 10.0 ** rng.integers(-2, 3, s)
        )
        arrays = [array.astype(np.float32).astype(np.float64) for array in arrays]
        wanted = compute_torch(torch, case, arrays)
        magnitude = compute_torch(torch, case, [np.abs(array) for array in arrays])
        terms = compute_torch(torch, case, [np.ones_like(array) for array in arrays])
        layout = LAYOUTS[number % len(LAYOUTS)]
        for dtype in ("float32", "float64"):
            found = compute_lucid(case, arrays, dtype, layout)
            check_close(case, found, wanted, magnitude, terms, np.dtype(dtype))
        if case["options"].get("padding_mode", "zeros") == "zeros":
            found = compute_lucid(case, arrays, "float32", layout, functional=True)
            check_close(case, found, wanted, magnitude, terms, np.dtype("float32"))
