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
         "rand: needs a floating-point dtype, .* not int64"),
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


def test_normal_takes_numbers_or_tensors():
    y = lucid.normal(5.0, 0.1, (1000,))
    assert y.dtype is lucid.float32
    assert abs(y.mean().item() - 5) < 0.02
    assert abs(y.std().item() - 0.1) < 0.02
    mean = lucid.tensor([[0.0], [100.0]], dtype=lucid.float64)
    y = lucid.normal(mean, lucid.ones(500))
    assert y.shape == (2, 500)
    assert y.dtype is lucid.float64
    assert np.allclose(y.mean(1).array, [0, 100], atol=0.3)
    assert lucid.normal(1.0, lucid.zeros(2)).tolist() == [1, 1]
    assert lucid.normal(lucid.zeros(2), 0).tolist() == [0, 0]
    g = lucid.Generator(1)
    same = lucid.normal(0.0, 1.0, 3, generator=g).tolist()
    assert lucid.normal(0.0, 1.0, (3,), generator=g.manual_seed(1)).tolist() == same
    assert not lucid.normal(lucid.zeros(2, requires_grad=True), 1).requires_grad


def test_bernoulli():
    p = lucid.full((4000,), 0.25)
    y = lucid.bernoulli(p)
    assert y.dtype is lucid.float32
    assert set(y.tolist()) == {0, 1}
    assert abs(y.mean().item() - 0.25) < 0.04
    assert lucid.bernoulli(lucid.tensor([0.0, 1.0])).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: lucid.normal(0.0, -1.0, 2), ValueError, "normal: std=-1.0 must be at least 0"),
        (lambda: lucid.normal(0.0, 1.0), lucid.ShapeError, "give size if mean and std are numbers"),
        (lambda: lucid.normal(lucid.zeros(2), 1.0, 2), lucid.ShapeError, "and only then"),
        (lambda: lucid.normal(lucid.zeros(2), lucid.ones(3)), lucid.ShapeError, "normal: shapes"),
        (lambda: lucid.normal(lucid.zeros(2).long(), 1.0), lucid.DtypeError, "floating-point"),
        (lambda: lucid.bernoulli(lucid.tensor([1.5])), ValueError, "not from 0 to 1"),
        (lambda: lucid.bernoulli(lucid.tensor([1])), lucid.DtypeError, "not int64"),
        (lambda: lucid.rand(2, dtype=lucid.float16), lucid.DtypeError, "float64, not float16"),
    ],
)
def test_what_is_drawn_must_make_sense(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize("replacement", [False, True])
@pytest.mark.parametrize("shape", [(4,), (3, 4), (0, 4)], ids=str)
def test_multinomial_draws_positions_with_a_weight(shape, replacement):
    w = lucid.rand(shape, dtype=lucid.float64) + 0.1
    w.array[..., [0, 2]] = 0
    y = lucid.multinomial(w, 2, replacement)
    assert y.shape == (*shape[:-1], 2) and y.dtype is lucid.int64
    assert set(y.flatten().tolist()) <= {1, 3}
    if not replacement:
        assert (y.array.sum(-1) == 4).all()


@pytest.mark.parametrize("replacement", [False, True])
def test_multinomial_keeps_to_the_weights(replacement):
    w = lucid.tensor([1.0, 0.0, 3.0, 6.0])
    first = lucid.multinomial(w.expand(20000, 4), 2, replacement)[:, 0]
    share = lucid.bincount(first, minlength=4).array / 20000
    assert np.allclose(share, [0.1, 0, 0.3, 0.6], atol=0.015)
    if replacement:
        many = lucid.multinomial(w, 20000, True)
        assert np.allclose(lucid.bincount(many, minlength=4).array / 20000, share, atol=0.02)


def test_multinomial_is_seeded_and_has_no_gradient():
    w = lucid.rand(5, requires_grad=True)
    for replacement in (False, True):
        lucid.manual_seed(3)
        y = lucid.multinomial(w, 4, replacement)
        same = lucid.multinomial(w, 4, replacement, generator=lucid.Generator(3))
        assert y.tolist() == same.tolist() and not y.requires_grad


@pytest.mark.parametrize(("weights", "count", "kind", "message"), [
    ([1.0, 0.0, 2.0], 3, ValueError, "num_samples=3, but a row has only 2 weights above 0"),
    ([0.0, 0.0], 1, ValueError, "not all 0 in any row"),
    ([1.0, -1.0], 1, ValueError, "at least 0"),
    ([1.0, float("nan")], 1, ValueError, "finite"),
    ([1, 2], 1, lucid.DtypeError, "floating-point"),
    (1.0, 1, lucid.ShapeError, r"shape \(\) must have one axis"),
    ([1.0], 0, ValueError, "num_samples=0 is too small"),
])
def test_multinomial_refuses(weights, count, kind, message):
    with pytest.raises(kind, match=message):
        lucid.multinomial(lucid.tensor(weights), count)
