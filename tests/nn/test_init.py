"""First values: the moments and ranges that the papers ask for."""

import math

import numpy as np
import pytest

import lucid
import lucid.nn as nn
from lucid.nn import init

MANY = (64, 32, 5, 5)  # fan in 800, fan out 1600

RANDOM = {
    "uniform_": init.uniform_,
    "normal_": init.normal_,
    "trunc_normal_": init.trunc_normal_,
    "xavier_uniform_": init.xavier_uniform_,
    "xavier_normal_": init.xavier_normal_,
    "kaiming_uniform_": init.kaiming_uniform_,
    "kaiming_normal_": init.kaiming_normal_,
    "orthogonal_": init.orthogonal_,
    "sparse_": lambda w, generator=None: init.sparse_(w, 0.5, generator=generator),
}
each_random = pytest.mark.parametrize("fill", RANDOM.values(), ids=RANDOM)


@each_random
def test_the_tensor_itself_is_filled_past_the_graph(fill):
    w = nn.Parameter(lucid.zeros(8, 6))
    version = w.version
    assert fill(w) is w
    assert w.array.any() and w.is_leaf and w.version > version


@each_random
def test_a_generator_decides_and_the_default_one_is_seeded(fill):
    draws = [fill(lucid.zeros(8, 6), generator=lucid.Generator(3)).tolist() for _ in range(2)]
    assert draws[0] == draws[1]
    defaults = []
    for seed in (3, 3, 4):
        lucid.manual_seed(seed)
        defaults.append(fill(lucid.zeros(8, 6)).tolist())
    assert defaults[0] == defaults[1] != defaults[2]


@each_random
@pytest.mark.parametrize("dtype", [lucid.float32, lucid.float64])
def test_the_type_of_the_tensor_is_kept(fill, dtype):
    assert fill(lucid.zeros(8, 6, dtype=dtype)).dtype is dtype


@each_random
def test_random_values_need_a_floating_point_tensor(fill):
    with pytest.raises(lucid.DtypeError, match="need a floating-point tensor, this is int64"):
        fill(lucid.zeros(8, 6, dtype=lucid.int64))


@each_random
def test_a_placeholder_cannot_be_filled(fill):
    with pytest.raises(lucid.LazyError, match="run one forward"):
        fill(nn.UninitializedParameter())


def spread(fill, **options):
    return float(fill(lucid.zeros(*MANY, dtype=lucid.float64), **options).array.std())


def test_the_standard_deviations_are_those_of_the_papers():
    near = {"rel": 0.02}
    assert spread(init.xavier_uniform_) == pytest.approx(math.sqrt(2 / 2400), **near)
    assert spread(init.xavier_normal_, gain=3) == pytest.approx(3 * math.sqrt(2 / 2400), **near)
    for fill in (init.kaiming_uniform_, init.kaiming_normal_):
        assert spread(fill) == pytest.approx(math.sqrt(2 / 800), **near)
        assert spread(fill, mode="fan_out") == pytest.approx(math.sqrt(2 / 1600), **near)
        assert spread(fill, a=math.sqrt(5)) == pytest.approx(math.sqrt(1 / 2400), **near)
        tanh = spread(fill, nonlinearity="tanh")
        assert tanh == pytest.approx(5 / 3 / math.sqrt(800), **near)
    assert spread(init.uniform_, a=2, b=5) == pytest.approx(3 / math.sqrt(12), **near)
    assert spread(init.normal_, mean=9, std=0.5) == pytest.approx(0.5, **near)


def test_uniform_bounds_hold():
    bound = math.sqrt(3) * math.sqrt(2 / 800)
    w = init.kaiming_uniform_(lucid.zeros(*MANY, dtype=lucid.float64)).array
    assert 0.99 * bound < np.abs(w).max() <= bound


def test_signals_keep_their_variance_through_relu():
    x = np.random.default_rng(12).normal(size=(200, 500))  # 0 would repeat the weights' stream
    for _ in range(8):
        w = init.kaiming_normal_(lucid.zeros(500, 500, dtype=lucid.float64))
        x = np.maximum(x @ w.array.T, 0)
    assert 0.3 < (x**2).mean() < 3


@pytest.mark.parametrize(
    ("mean", "std", "a", "b"), [(0, 1, -2, 2), (0, 0.02, -2, 2), (0, 5, -1, 1), (1, 1, 2, 4)]
)
def test_the_truncated_normal_has_its_moments(mean, std, a, b):
    w = init.trunc_normal_(lucid.zeros(200, 500, dtype=lucid.float64), mean, std, a, b).array
    x = np.linspace(max(a, mean - 9 * std), min(b, mean + 9 * std), 20001)
    density = np.exp(-(((x - mean) / std) ** 2) / 2)
    density /= density.sum()
    expected = (density * x).sum()
    assert a <= w.min() and w.max() <= b
    assert w.mean() == pytest.approx(expected, abs=0.01 * std + 0.01 * (b - a) / 4)
    assert w.std() == pytest.approx(math.sqrt((density * (x - expected) ** 2).sum()), rel=0.02)


def test_a_centre_far_outside_the_interval_warns():
    with pytest.warns(UserWarning, match=r"mean=9 is more than 2 std=1.0 outside \[-2.0, 2.0\]"):
        w = init.trunc_normal_(lucid.zeros(100), mean=9)
    assert 1 < w.array.min() <= w.array.max() <= 2


def test_orthogonal_rows_or_columns_have_the_length_of_the_gain():
    wide = init.orthogonal_(lucid.zeros(4, 3, 3, dtype=lucid.float64), gain=2).array.reshape(4, 9)
    np.testing.assert_allclose(wide @ wide.T, 4 * np.eye(4), atol=1e-12)
    tall = init.orthogonal_(lucid.zeros(9, 4, dtype=lucid.float64)).array
    np.testing.assert_allclose(tall.T @ tall, np.eye(4), atol=1e-12)


def test_orthogonal_matrices_have_no_preferred_direction():
    corners = [init.orthogonal_(lucid.zeros(2, 2)).array[0, 0] for _ in range(400)]
    assert abs(np.mean(corners)) < 0.2  # 4.5 standard errors of a cosine; always negative if not


def test_sparse_columns_have_the_rounded_up_count_of_zeros():
    w = init.sparse_(lucid.zeros(10, 4), sparsity=0.33, std=2.0).array
    assert ((w == 0).sum(axis=0) == 4).all()
    assert len({tuple(np.flatnonzero(column == 0)) for column in w.T}) > 1


def test_constants():
    assert init.constant_(lucid.zeros(2), 3).tolist() == [3, 3]
    assert init.ones_(lucid.zeros(2)).tolist() == [1, 1]
    assert init.zeros_(lucid.ones(2)).tolist() == [0, 0]
    assert init.eye_(lucid.zeros(2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize("kernel", [(3,), (4, 5), (3, 3, 2)])
@pytest.mark.parametrize(("f", "c", "groups"), [(3, 3, 1), (4, 6, 1), (6, 3, 2), (6, 1, 2)])
def test_dirac_has_one_tap_for_each_matching_channel(f, c, groups, kernel):
    w = init.dirac_(lucid.ones(f, c, *kernel), groups).array
    expected = np.zeros_like(w)
    for channel in range(f):
        if channel % (f // groups) < c:
            expected[(channel, channel % (f // groups), *[k // 2 for k in kernel])] = 1
    assert (w == expected).all()


def test_fans_count_products():
    assert init.calculate_fan_in_and_fan_out(lucid.zeros(5, 7)) == (7, 5)
    assert init.calculate_fan_in_and_fan_out(lucid.zeros(16, 8, 3, 4, 5)) == (480, 960)


def test_gains(torch):
    stored = {
        ("linear", None): 1.0, ("conv2d", None): 1.0, ("conv_transpose3d", None): 1.0,
        ("sigmoid", None): 1.0, ("tanh", None): 5 / 3, ("relu", None): math.sqrt(2),
        ("leaky_relu", None): math.sqrt(2 / 1.0001), ("leaky_relu", 1): 1.0, ("selu", None): 0.75,
    }  # fmt: skip
    for arguments, gain in stored.items():
        assert init.calculate_gain(*arguments) == pytest.approx(gain)
        if torch:
            assert torch.nn.init.calculate_gain(*arguments) == pytest.approx(gain)


REFUSED = [
    (lambda: init.calculate_gain("swish"), ValueError, "'swish' has no known gain; choose one of"),
    (lambda: init.calculate_gain("leaky_relu", True), TypeError, "must be a number, not True"),
    (
        lambda: init.kaiming_normal_(lucid.zeros(3)),
        lucid.ShapeError,
        r"at least 2 axes \(out, in, ...\), this one has shape \(3,\)",
    ),
    (
        lambda: init.kaiming_uniform_(lucid.zeros(3, 3), mode="fan"),
        ValueError,
        "mode='fan' is not known; choose 'fan_in' or 'fan_out'",
    ),
    (lambda: init.uniform_(lucid.zeros(2), 2, 1), ValueError, "needs a <= b, got a=2, b=1"),
    (lambda: init.normal_(lucid.zeros(2), 0, -1), ValueError, "needs std >= 0, got std=-1"),
    (
        lambda: init.trunc_normal_(lucid.zeros(2), a=3, b=1),
        ValueError,
        "needs std > 0 and a < b, got std=1.0, a=3, b=1",
    ),
    (lambda: init.eye_(lucid.zeros(2, 3, 4)), lucid.ShapeError, r"shape \(2, 3, 4\); use dirac_"),
    (lambda: init.sparse_(lucid.zeros(2), 0.5), lucid.ShapeError, r"needs 2 axes.*shape \(2,\)"),
    (lambda: init.sparse_(lucid.zeros(2, 2), 1.5), ValueError, "sparsity=1.5 must be from 0 to 1"),
    (lambda: init.orthogonal_(lucid.zeros(4)), lucid.ShapeError, r"at least 2 axes.*shape \(4,\)"),
    (lambda: init.dirac_(lucid.zeros(4, 4)), lucid.ShapeError, r"3, 4 or 5 axes, not shape \(4, 4"),
    (
        lambda: init.dirac_(lucid.zeros(4, 4, 3), groups=3),
        ValueError,
        "4 output channels cannot be split into groups=3 equal parts; choose.*divisors of 4",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_bad_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


DRAWN = {
    "uniform_": (-1.0, 3.0), "normal_": (1.0, 2.0), "xavier_uniform_": (2.0,),
    "xavier_normal_": (2.0,), "kaiming_uniform_": (0.3,), "kaiming_normal_": (0.3, "fan_out"),
    "trunc_normal_": (0.5, 1.0, -1.0, 1.0), "orthogonal_": (2.0,),
}
SHARES = np.linspace(0.01, 0.99, 25)


@pytest.mark.parametrize("name", DRAWN)
def test_the_distributions_are_pytorchs(torch, name):
    if torch is None:
        pytest.skip("torch is not installed; the formulas are tested above")
    torch.manual_seed(0)
    quantiles = []
    for library in (lucid, torch):
        w = library.zeros(96, 24, 5, 5)
        getattr(library.nn.init, name)(w, *DRAWN[name])
        quantiles.append(np.quantile(w.numpy(), SHARES))
    spread = np.ptp(quantiles[1])
    np.testing.assert_allclose(*quantiles, rtol=0, atol=0.02 * spread)


LAYERS = {
    "Linear": (40, 1500), "Bilinear": (20, 20, 150), "Embedding": (300, 200),
    "Conv1d": (80, 200, 3), "Conv2d": (40, 200, 3), "Conv3d": (12, 200, 3),
    "ConvTranspose1d": (80, 200, 3), "ConvTranspose2d": (200, 40, 3),
    "ConvTranspose3d": (12, 200, 3),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_start_like_pytorchs(torch, name):
    if torch is None:
        pytest.skip("torch is not installed; the bounds are tested above")
    torch.manual_seed(0)
    ours, theirs = [getattr(library.nn, name)(*LAYERS[name]) for library in (lucid, torch)]
    for key, w in ours.named_parameters():
        other = theirs.get_parameter(key).detach().numpy()
        found, wanted = [np.quantile(each, SHARES) for each in (w.detach().numpy(), other)]
        allowed = (0.02 if other.size > 10_000 else 0.25) * np.ptp(wanted)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=allowed)
