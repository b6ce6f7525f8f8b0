"""Copies side by side, rolls and grids: NumPy's and PyTorch's."""

import numpy as np
import pytest

import lucid

ARRAY = np.random.default_rng(5).standard_normal((2, 3))
CALLS = {
    "repeat": lambda _, x: x.repeat(2, 3), "repeat front": lambda _, x: x.repeat((2, 1, 1, 2)),
    "repeat once": lambda _, x: x.repeat(1, 1), "repeat never": lambda _, x: x.repeat(2, 0),
    "tile": lambda library, x: library.tile(x, (2,)), "tile 2": lambda _, x: x.tile(3, 1),
    "tile 3": lambda _, x: x.tile((2, 1, 3)), "tile none": lambda library, x: library.tile(x, ()),
    "interleave": lambda library, x: library.repeat_interleave(x, 2),
    "interleave 0": lambda _, x: x.repeat_interleave(3, 0),
    "interleave -1": lambda _, x: x.repeat_interleave(2, dim=-1),
    "interleave counts": lambda library, x: x.repeat_interleave(library.tensor([2, 0, 1]), 1),
    "interleave one": lambda library, x: x.repeat_interleave(library.tensor([2]), 1),
    "roll": lambda library, x: library.roll(x, 2), "roll back": lambda _, x: x.roll(-4),
    "roll 0": lambda _, x: x.roll(1, 0), "roll far": lambda _, x: x.roll(7, -1),
    "roll both": lambda _, x: x.roll((1, -1), (0, 1)),
    "roll twice": lambda _, x: x.roll((1, 1), (1, 1)),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_values_and_derivatives(call, check_step):
    check_step(call, ARRAY)
    check_step(lambda library, x: call(library, x) ** 2, ARRAY)
    x = lucid.tensor(ARRAY)
    assert not np.shares_memory(call(lucid, x).array, x.array)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64"])
def test_every_type_repeats(dtype):
    x = lucid.tensor([1, 0]).to(dtype)
    for y in (x.repeat(2), x.tile(2), x.roll(2).repeat(2)):
        assert y.dtype.name == dtype
        assert y.tolist() == [1, 0, 1, 0]
    assert x.repeat_interleave(2).tolist() == [1, 1, 0, 0]
    assert lucid.tensor(3).repeat(2).tolist() == [3, 3]
    assert lucid.tensor(3).repeat_interleave(2).tolist() == [3, 3]


@pytest.mark.parametrize("indexing", ["ij", "xy"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_meshgrid(indexing, count, check_step):
    arrays = [np.arange(1.0, n + 2) for n in range(1, count + 1)]

    def step(library, *x):
        grids = library.meshgrid(*x, indexing=indexing)
        return sum(each**k for k, each in enumerate(grids, 1))

    check_step(step, *arrays)
    grids = lucid.meshgrid([lucid.tensor(each) for each in arrays], indexing=indexing)
    expected = np.meshgrid(*arrays, indexing=indexing)
    assert all(np.array_equal(g.array, e) for g, e in zip(grids, expected, strict=True))


X = lucid.ones(2, 3)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: X.repeat(2), lucid.ShapeError, r"repeat: 1 counts \(2,\) for shape \(2, 3\)"),
        (lambda: X.repeat(2, -1), ValueError, r"counts \(2, -1\) must be at least 0"),
        (lambda: X.tile(1.5), TypeError, "tile: a count must be an int, not 1.5"),
        (lambda: X.repeat_interleave(-1), ValueError, "repeats holds -1"),
        (lambda: X.repeat_interleave(lucid.tensor([1, 2]), 1), lucid.ShapeError,
         r"repeats of shape \(2,\), axis 1 of shape \(2, 3\) needs \(3,\)"),
        (lambda: X.repeat_interleave(lucid.ones(3), 1), TypeError, "must be integers, not float32"),
        (lambda: X.roll((1, 2)), lucid.ShapeError, "without dims; give one shift"),
        (lambda: X.roll((1, 2), 0), lucid.ShapeError, "2 shifts .* for 1 dims"),
        (lambda: X.roll(1, 2), lucid.ShapeError, "roll: dim=2 is not an axis"),
        (lambda: lucid.meshgrid(X), lucid.ShapeError, r"not of shape \(2, 3\)"),
        (lambda: lucid.meshgrid(), lucid.ShapeError, "needs at least one tensor"),
        (lambda: lucid.meshgrid(X[0], indexing="yx"), ValueError, "indexing='yx' must be 'ij' or"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
