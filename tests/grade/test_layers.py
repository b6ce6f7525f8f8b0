"""A right pooling and a right batch norm get every point; each usual mistake is named."""

import numpy as np
import pytest

import lucid
import lucid.nn.functional as F
from lucid.grade import check_batchnorm, check_pool


def hints(grade):
    return " ".join(outcome.hint for outcome in grade.outcomes)


def pool(x, kernel_size, stride=None, padding=0, kind="max", fill=-np.inf):
    stride = stride or kernel_size
    pads = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    x = np.pad(x, pads, constant_values=fill if kind == "max" else 0)
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel_size,) * 2, (2, 3))
    windows = windows[:, :, ::stride, ::stride]
    return windows.max((-1, -2)) if kind == "max" else windows.mean((-1, -2))


def test_right_poolings_pass():
    assert check_pool(pool)
    assert check_pool(lambda x, kernel_size, **o: pool(x, kernel_size, kind="average", **o),
                      kind="average")
    assert check_pool(lambda x, **o: F.max_pool2d(lucid.tensor(x), **o))


POOLS = {
    "the padding is 0": lambda x, **o: pool(x, fill=0.0, **o),
    "the stride is 1 where none is given": lambda x, **o: pool(x, **{"stride": 1, **o}),
    "the stride is not used": lambda x, **o: pool(x, **{**o, "stride": None}),
    "the padding is not used": lambda x, **o: pool(x, **{**o, "padding": 0}),
    "this is the average": lambda x, **o: pool(x, kind="average", **o),
    "this is the minimum": lambda x, **o: -pool(-x, **o),
    "the sign is lost": lambda x, **o: pool(abs(x), **o),
    "a last window reaches over": lambda x, **o: F.max_pool2d(lucid.tensor(x), ceil_mode=True, **o),
}


@pytest.mark.parametrize("mistake", POOLS)
def test_each_mistake_of_a_maximum_is_named(mistake):
    grade = check_pool(POOLS[mistake])
    assert mistake in hints(grade) and grade.score < 1, str(grade)


AVERAGES = {
    "this is the maximum": lambda x, **o: pool(x, **o),
    "this is the sum": lambda x, **o: pool(x, kind="average", **o) * o["kernel_size"] ** 2,
    "padding is left out of the count":
        lambda x, **o: F.avg_pool2d(lucid.tensor(x), count_include_pad=False, **o),
}


@pytest.mark.parametrize("mistake", AVERAGES)
def test_each_mistake_of_an_average_is_named(mistake):
    assert mistake in hints(check_pool(AVERAGES[mistake], kind="average"))


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="kind='median' is unknown; choose 'max' or 'average'"):
        check_pool(pool, kind="median")


def norm(x, gamma, beta, eps=1e-5, axes=None, ddof=0, outside=False):
    axes = (0, *range(2, x.ndim)) if axes is None else axes
    shape = (1, -1) + (1,) * (x.ndim - 2)
    deviation = np.sqrt(x.var(axes, keepdims=True, ddof=ddof) + (0 if outside else eps))
    y = (x - x.mean(axes, keepdims=True)) / (deviation + (eps if outside else 0))
    return gamma.reshape(shape) * y + beta.reshape(shape)


def test_a_right_batch_norm_passes():
    assert check_batchnorm(norm)


NORMS = {
    "over all axes": lambda x, *a, **o: norm(x, *a, axes=tuple(range(x.ndim)), **o),
    "layer norm": lambda x, *a, **o: norm(x, *a, axes=tuple(range(1, x.ndim)), **o),
    "over the batch only": lambda x, *a, **o: norm(x, *a, axes=(0,), **o),
    "instance norm": lambda x, *a, **o: norm(
        x, *a, axes=tuple(range(2, x.ndim)) or (0,), **o),
    "the count less one": lambda x, *a, **o: norm(x, *a, ddof=1, **o),
    "eps is added to the root": lambda x, *a, **o: norm(x, *a, outside=True, **o),
    "gamma and beta are not used": lambda x, g, b, **o: norm(x, g * 0 + 1, b * 0, **o),
    "gamma is not used": lambda x, g, b, **o: norm(x, g * 0 + 1, b, **o),
    "beta is not used": lambda x, g, b, **o: norm(x, g, b * 0, **o),
    "eps is not used": lambda x, g, b, eps=0: norm(x, g, b),
}


@pytest.mark.parametrize("mistake", NORMS)
def test_each_mistake_of_a_batch_norm_is_named(mistake):
    grade = check_batchnorm(NORMS[mistake])
    assert mistake in hints(grade) and grade.score < 1, str(grade)
