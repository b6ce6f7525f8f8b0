"""Random numbers: repeatable, of the shape and type asked for, and distributed as they say."""

import copy
import pickle

import numpy as np
import pytest

import lucid

DRAWS = {
    "rand": lambda g: lucid.rand(5, generator=g),
    "randn": lambda g: lucid.randn(5, generator=g),
    "randint": lambda g: lucid.randint(0, 1000, (5,), generator=g),
    "randperm": lambda g: lucid.randperm(20, generator=g),
    "rand_like": lambda g: lucid.rand_like(lucid.zeros(5), generator=g),
    "randn_like": lambda g: lucid.randn_like(lucid.zeros(5), generator=g),
}
each_draw = pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)


@each_draw
def test_a_seed_repeats_the_stream_and_another_one_does_not(draw):
    first = [draw(lucid.Generator(seed)).tolist() for seed in (1, 1, 2)]
    assert first[0] == first[1] != first[2]
    lucid.manual_seed(1)
    assert draw(None).tolist() == first[0]
    assert draw(None).tolist() != first[0]


@each_draw
def test_a_state_brings_the_stream_back(draw):
    draw(None)
    state = lucid.get_rng_state()
    before = draw(None).tolist()
    lucid.set_rng_state(state)
    assert draw(None).tolist() == before
    other = lucid.Generator(99)
    other.set_state(state)
    assert draw(other).tolist() == before
    assert other.initial_seed() == lucid.initial_seed()


def test_generators_copy_and_pickle_with_their_place():
    one = lucid.Generator(3)
    lucid.rand(4, generator=one)
    others = [copy.deepcopy(one), pickle.loads(pickle.dumps(one))]
    expected = lucid.rand(4, generator=one).tolist()
    assert [lucid.rand(4, generator=other).tolist() for other in others] == [expected] * 2


def test_a_generator_leaves_the_default_one_alone():
    state = lucid.get_rng_state()
    lucid.rand(3, generator=lucid.Generator(0))
    assert lucid.get_rng_state() == state


def test_seed_starts_anew():
    assert lucid.seed() == lucid.initial_seed()
    assert lucid.Generator().initial_seed() != lucid.Generator().initial_seed()


@pytest.mark.parametrize("dtype", [lucid.float32, lucid.float64], ids=repr)
def test_moments_and_ranges(dtype):
    u, z = lucid.rand(20000, dtype=dtype), lucid.randn(20000, dtype=dtype)
    assert u.dtype is z.dtype is dtype
    assert 0 <= u.array.min() <= u.array.max() < 1
    assert abs(u.mean().item() - 0.5) < 0.02
    assert abs(u.var().item() - 1 / 12) < 0.01
    assert abs(z.mean().item()) < 0.03
    assert abs(z.var().item() - 1) < 0.05


def test_whole_numbers_cover_their_range():
    assert set(lucid.randint(3, 6, (200,)).tolist()) == {3, 4, 5}
    assert set(lucid.randint(2, (50,)).tolist()) == {0, 1}
    assert set(lucid.randint(0, 256, (9000,), dtype=lucid.uint8).tolist()) == set(range(256))
    assert sorted(lucid.randperm(50).tolist()) == list(range(50))
    assert lucid.randperm(0).tolist() == []
    assert lucid.rand(0, 3).shape == (0, 3)
    assert lucid.randint(5, (2,), dtype=lucid.float32).dtype is lucid.float32
    assert lucid.rand_like(lucid.zeros(2, 3, dtype=lucid.float64)).dtype is lucid.float64


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: lucid.manual_seed(-1), ValueError, "seed=-1 is too small"),
        (lambda: lucid.manual_seed(1.5), TypeError, "seed must be an int, not 1.5"),
        (lambda: lucid.rand(2, dtype=lucid.int64), lucid.DtypeError,
         "rand: needs a floating-point dtype, not int64"),
        (lambda: lucid.randn_like(lucid.arange(2)), lucid.DtypeError, "not int64"),
        (lambda: lucid.rand_like(np.zeros(2)), TypeError, "needs a Tensor, not ndarray"),
        (lambda: lucid.randint(5, 5, (2,)), ValueError, "needs low < high, not low=5 and high=5"),
        (lambda: lucid.randint(0, 300, (2,), dtype=lucid.uint8), lucid.DtypeError,
         "0 to 299 does not fit in uint8"),
        (lambda: lucid.randint(0.5, 3, (2,)), TypeError, "randint: low must be an int, not 0.5"),
        (lambda: lucid.randperm(-1), ValueError, "negative size"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
