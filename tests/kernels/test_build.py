"""Each instruction set that was built gives the same results."""

import os
import subprocess
import sys

import pytest

from lucid import kernels


def run_python(program, **environment):
    return subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **environment},
        capture_output=True, text=True, timeout=60,
    )


LEVEL_PROGRAM = """
import numpy as np
from lucid import kernels
from lucid.geometry import conv_geometry
rng = np.random.default_rng(0)
kernels.set_float32_precision("highest")
for dtype in (np.float32, np.float64):
    for shape, stride, groups in (((2, 6, 19, 23), 2, 2), ((1, 37, 40, 41), 1, 1)):
        x = rng.integers(-4, 5, shape).astype(dtype)
        w = rng.integers(-4, 5, (20, shape[1] // groups, 3, 3)).astype(dtype)
        geometry = conv_geometry(x.shape, w.shape, (stride,), ((1, 1),), (1,), groups)
        results = {}
        for name in kernels.list():
            with kernels.use(name):
                y = kernels.conv(x, w, geometry)
                results[name] = (y, kernels.conv_input_grad(y, w, geometry),
                                 kernels.conv_weight_grad(x, y, geometry))
        for name, found in results.items():
            assert all(map(np.array_equal, found, results["naive"])), name
print(kernels.build_info()["level"])
"""


@pytest.mark.parametrize("level", kernels.build_info()["levels"])
def test_every_instruction_set_gives_the_same(level):
    found = run_python(LEVEL_PROGRAM, LUCID_CPU=level)
    if "cannot run it" in found.stderr:
        pytest.skip(f"this processor cannot run {level}")
    assert found.stdout.strip() == level, found.stderr


def test_an_instruction_set_that_is_not_there_is_refused():
    found = run_python("import lucid", LUCID_CPU="v9")
    assert "LUCID_CPU=v9 is not possible: it was not built; choose among" in found.stderr
