"""The table of compare: who is in it, and that its columns are what they say."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
from lucid import kernels
from lucid._cython import workspace
from lucid.errors import ShapeError
from lucid.kernels import comparison, registry
from lucid.kernels.explanation import lay_out

LAYER, X_SHAPE = nn.Conv2d(32, 40, 3, padding=1), (2, 32, 13, 13)


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    """Keep what a test registers to itself, and what examples of docstrings registered away."""
    built_in = {n: kernel for n, kernel in registry.kernels.items() if n != "seven"}
    monkeypatch.setattr(registry, "kernels", built_in)
    yield
    for forget in registry.on_change:
        forget()


def by_name(*arguments, **options):
    return {row.algorithm: row for row in kernels.compare(*arguments, runs=1, **options)}


@pytest.mark.parametrize("primitive", ["forward", "input_grad", "weight_grad"])
def test_every_algorithm_that_can_is_measured(primitive):
    rows = kernels.compare(LAYER, X_SHAPE, primitive=primitive, runs=2)
    names = {row.algorithm for row in rows}
    assert {"naive", "im2col", "direct", "matmul", "winograd"} <= names
    assert "depthwise" not in names and "auto" not in names
    chosen = getattr(kernels.explain(LAYER, X_SHAPE), primitive).algorithm
    assert [row.algorithm for row in rows if row.chosen] == [chosen]
    assert [row.seconds for row in rows] == sorted(row.seconds for row in rows)
    work = 2 * 13 * 13 * 9 * 32 * 40
    for row in rows:
        assert row.seconds > 0 and 0 <= row.error < 9 * 40 * 2 * 169 + 16
        assert row.multiply_adds == work or row.algorithm in comparison.PRODUCTS


def test_winograd_counts_one_product_for_each_point_of_a_tile():
    # 288 terms: tiles of 2x4 outputs, from 4x6 points; 7 x 4 tiles cover 13 x 13 positions
    for primitive in ("forward", "input_grad", "weight_grad"):
        high, wide = 2, 4
        tiles = -(-13 // high) * -(-13 // wide)
        row = by_name(LAYER, X_SHAPE, primitive=primitive, algorithms=["winograd"])["winograd"]
        assert row.multiply_adds == 2 * tiles * (high + 2) * (wide + 2) * 32 * 40


@pytest.mark.parametrize(("kernel", "products"), [(4, 100), (3, 81), (2, 64)])
def test_two_taps_a_phase_take_five_products_for_eight(kernel, products):
    task = lay_out(
        (5, 3, kernel, kernel), (1, 3, 32, 32), stride=2, padding=(kernel - 1) // 2
    ).task("forward")
    tiles = 4 * 4  # of 4 x 4 outputs
    count = comparison.PRODUCTS["winograd_strided"](task)
    assert count == tiles * products * 3 * 5
    assert count < task.work or kernel == 2


@pytest.mark.parametrize("primitive", ["forward", "input_grad"])
def test_pairs_of_outputs_take_two_products_for_three(primitive):
    even, odd = (
        lay_out((16, 16, 3, 3), (1, 16, 8, width), padding=1).task(primitive) for width in (10, 11)
    )
    count = comparison.PRODUCTS["winograd_rows"]
    assert 3 * count(even) == 2 * even.work
    assert count(odd) == count(even) // 5 * 6


def test_products_with_padding_are_not_counted_where_there_are_none():
    for options, positions in (({}, 6 * 6 * 9), ({"padding": 1}, (3 * 8 - 2) ** 2)):
        for primitive in ("forward", "input_grad"):
            task = lay_out((5, 3, 3, 3), (1, 3, 8, 8), **options).task(primitive)
            assert comparison.PRODUCTS["clipped"](task) == positions * 3 * 5


def test_workspace_is_what_a_kernel_borrows():
    rows = by_name(LAYER, X_SHAPE, algorithms=["naive", "direct"])
    assert rows["naive"].workspace == 0
    assert 10_000 < rows["direct"].workspace < 10_000_000
    workspace.forget_peak()
    assert workspace.peak() == 0  # all was given back


def test_errors_are_in_units_of_the_dtype():
    single = by_name(LAYER, X_SHAPE, algorithms=["im2col"])["im2col"]
    double = by_name(LAYER.to(lucid.float64), X_SHAPE, algorithms=["im2col", "naive"])
    LAYER.to(lucid.float32)
    assert 0 < single.error < 9 * 32 + 16 and 0 < double["im2col"].error < 9 * 32 + 16
    assert double["naive"].error == 0


def test_a_users_kernel_is_measured(monkeypatch):
    def forward(x, w, y, stride, dilation, low, groups, threads):
        waste = np.ones(100_000)
        y[...] = waste[0]

    kernels.register("ones", forward)
    kernels.register("nothing", lambda x, w, y, *options: y.fill(np.nan))
    rows = by_name((4, 2, 3), (3, 2, 9))
    assert rows["ones"].error > 1000 and not rows["ones"].chosen
    assert 800_000 <= rows["ones"].workspace < 810_000
    assert rows["ones"].multiply_adds == 3 * 7 * 3 * 2 * 4
    assert np.isnan(rows["nothing"].error)
    assert "ones" not in by_name((4, 2, 3), (3, 2, 9), primitive="weight_grad")


def test_what_is_slow_runs_once(monkeypatch):
    monkeypatch.setattr(comparison, "SLOW", 0.0)
    calls = []
    kernels.register("noted", lambda *arguments: calls.append(1))
    kernels.compare((4, 2, 3), (3, 2, 9), algorithms=["noted"], runs=5)
    assert len(calls) == 2  # one to warm up
    monkeypatch.setattr(comparison, "SLOW", 1.0)
    kernels.compare((4, 2, 3), (3, 2, 9), algorithms=["noted"], runs=5)
    assert len(calls) == 8


def test_a_transposed_layer_computes_the_other_primitive():
    layer = nn.ConvTranspose2d(16, 3, 4, stride=2, padding=1)
    rows = kernels.compare(layer, (16, 8, 8), runs=1)
    assert rows.title.startswith("forward, transposed convolution of (1, 16, 8, 8) with (16, 3,")
    assert {row.multiply_adds for row in rows if row.algorithm not in comparison.PRODUCTS} == {
        8 * 8 * 16 * 16 * 3
    }
    chosen = kernels.explain(layer, (16, 8, 8)).forward.algorithm
    assert [row.algorithm for row in rows if row.chosen] == [chosen]


def test_it_prints_as_a_table():
    text = repr(kernels.compare(LAYER, X_SHAPE, runs=1, algorithms=["direct", "winograd"]))
    lines = text.splitlines()
    assert lines[0] == "forward, convolution of (2, 32, 13, 13) with (40, 32, 3, 3), float32"
    assert lines[1].split() == ["multiply-adds", "workspace", "ms", "error"]
    assert len(lines) == 5 and len({len(line) for line in lines[1:4]}) == 1
    assert "direct             3,893,760  " in text


def test_what_is_asked_wrongly_is_refused():
    with pytest.raises(ValueError, match="primitive='backward': choose among forward, input_grad"):
        kernels.compare(LAYER, X_SHAPE, primitive="backward")
    with pytest.raises(ValueError, match="runs=0 is too small; it must be at least 1"):
        kernels.compare(LAYER, X_SHAPE, runs=0)
    with pytest.raises(TypeError, match="runs must be an int, not 1.5"):
        kernels.compare(LAYER, X_SHAPE, runs=1.5)
    with pytest.raises(ValueError, match="no kernel is called 'fastest'"):
        kernels.compare(LAYER, X_SHAPE, algorithms=["fastest"])
    with pytest.raises(ShapeError, match="has 3 channels on axis 1; needs 32"):
        kernels.compare(LAYER, (1, 3, 9, 9))
    assert not kernels.compare(LAYER, X_SHAPE, algorithms=["depthwise"])
