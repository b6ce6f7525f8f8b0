"""A tensor prints as in PyTorch."""

import numpy as np
import pytest

import lucid
from lucid.formatting import tensor_text

INF, NAN = float("inf"), float("nan")
AS_PRINTED_BY_PYTORCH = [
    (0.0, "tensor(0.)"),
    (3.25, "tensor(3.2500)"),
    (-2.0, "tensor(-2.)"),
    (1e10, "tensor(1.0000e+10)"),
    (7, "tensor(7)"),
    (True, "tensor(True)"),
    ([], "tensor([])"),
    ([[]], "tensor([], size=(1, 0))"),
    ([1.0, 2.0], "tensor([1., 2.])"),
    ([1.0, 10000.0], "tensor([1.0000e+00, 1.0000e+04])"),
    ([0.5, 2e9], "tensor([5.0000e-01, 2.0000e+09])"),
    ([1e-5, 1.0], "tensor([1.0000e-05, 1.0000e+00])"),
    ([NAN, 0.5, -INF], "tensor([   nan, 0.5000,   -inf])"),
    ([NAN], "tensor([nan])"),
    ([[1.0, -2.0], [3.5, 4.0]], (
        "tensor([[ 1.0000, -2.0000],\n"
        "        [ 3.5000,  4.0000]])"
    )),
    ([[[1, 2]], [[3, -40]]], (
        "tensor([[[  1,   2]],\n"
        "\n"
        "        [[  3, -40]]])"
    )),
    ([True, False], "tensor([ True, False])"),
    ([[[[0.5]]]], "tensor([[[[0.5000]]]])"),
    ([0.1 * i for i in range(15)], (
        "tensor([0.0000, 0.1000, 0.2000, 0.3000, 0.4000, 0.5000, 0.6000, 0.7000, 0.8000,\n"
        "        0.9000, 1.0000, 1.1000, 1.2000, 1.3000, 1.4000])"
    )),
    (list(range(1001)), "tensor([   0,    1,    2,  ...,  998,  999, 1000])"),
]
KINDS = {
    "plain": lambda a: a.astype(np.float32),
    "whole": lambda a: np.round(a * 10).astype(np.float32),
    "big": lambda a: (a * 1e9).astype(np.float32),
    "wide": lambda a: np.exp(a * 6).astype(np.float32),
    "special": lambda a: np.where(a > 1, np.nan, np.where(a < -1, -np.inf, a)).astype(np.float32),
    "float64": lambda a: a,
    "int32": lambda a: (a * 1000).astype(np.int32),
    "int64": lambda a: (a * 1000).astype(np.int64),
    "uint8": lambda a: np.abs(a * 50).astype(np.uint8),
    "bool": lambda a: a > 0,
}
SHAPES = [
    (), (1,), (30,), (2, 3), (2, 3, 2), (2, 1, 2, 2), (0,), (0, 3), (3, 0), (2, 30), (1001,),
    (7, 200), (40, 30), (2000, 1), (3, 400, 2), (8, 8, 8, 8),
]


@pytest.mark.parametrize(("data", "text"), AS_PRINTED_BY_PYTORCH)
def test_a_tensor_prints_as_in_pytorch(data, text):
    assert repr(lucid.tensor(data)) == tensor_text(lucid.tensor(data)) == text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_tensor_prints_as_in_the_live_pytorch(torch, shape, kind):
    if torch is None:
        pytest.skip("needs torch")
    array = np.asarray(KINDS[kind](np.asarray(np.random.default_rng(0).standard_normal(shape))))
    expected = repr(torch.tensor(array)).replace("torch.", "lucid.")
    assert repr(lucid.tensor(array)) == expected


@pytest.mark.parametrize(
    ("dtype", "text"),
    [
        (lucid.float64, "tensor([1., 2.], dtype=lucid.float64)"),
        (lucid.int32, "tensor([1, 2], dtype=lucid.int32)"),
        (lucid.uint8, "tensor([1, 2], dtype=lucid.uint8)"),
        (lucid.int64, "tensor([1, 2])"),
    ],
)
def test_a_type_that_the_values_do_not_show_is_named(dtype, text):
    assert repr(lucid.tensor([1, 2], dtype=dtype)) == text


def test_elements_are_aligned_also_beside_infinities_where_pytorchs_are_not():
    x = lucid.tensor([[INF, 1.0], [1.0, -0.0]])
    assert repr(x) == "tensor([[inf,  1.],\n        [ 1., -0.]])"


def test_an_empty_tensor_names_its_type_and_its_shape():
    assert repr(lucid.zeros(0, dtype=lucid.int64)) == "tensor([], dtype=lucid.int64)"
    assert repr(lucid.zeros(2, 0)) == "tensor([], size=(2, 0))"


def test_the_default_type_is_not_named():
    lucid.set_default_dtype(lucid.float64)
    try:
        assert repr(lucid.zeros(1)) == "tensor([0.])"
        assert repr(lucid.zeros(1, dtype=lucid.float32)) == "tensor([0.], dtype=lucid.float32)"
    finally:
        lucid.set_default_dtype(lucid.float32)


def test_what_requires_grad_says_so_and_a_result_names_its_step():
    x = lucid.ones(1, requires_grad=True)
    assert repr(x) == "tensor([1.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2.], grad_fn=<Multiply>)"
    assert repr(x.detach()) == "tensor([1.])"


def test_a_view_prints_its_own_order():
    x = lucid.arange(4)
    assert repr(x[::-1]) == "tensor([3, 2, 1, 0])"
    assert repr(x[:1].expand(2, 2)) == "tensor([[0, 0],\n        [0, 0]])"


def test_printing_a_large_tensor_reads_only_what_it_shows():
    x = lucid.from_numpy(np.broadcast_to(np.float32(1), (10**6, 10**6)))  # 4 TB if it were copied
    assert repr(x).count("\n") == 6


@pytest.fixture
def _options():
    yield
    lucid.set_printoptions(profile="default")


@pytest.mark.usefixtures("_options")
def test_print_options(torch):
    x = lucid.tensor([1 / 3, 2.0])
    for given in ({"precision": 2}, {"sci_mode": True}, {"sci_mode": False, "precision": 0},
                  {"profile": "short"}, {"profile": "full"}, {"profile": "default"},
                  {"linewidth": 20}, {"threshold": 5, "edgeitems": 1}):
        lucid.set_printoptions(**given)
        texts = repr(x), repr(lucid.arange(10.0) / 3)
        if torch is not None:
            torch.set_printoptions(**given)
            assert texts == (repr(torch.tensor([1 / 3, 2.0])), repr(torch.arange(10.0) / 3)), given
    if torch is not None:
        torch.set_printoptions(profile="default")


@pytest.mark.usefixtures("_options")
def test_everything_prints_in_full():
    lucid.set_printoptions(profile="full")
    assert "..." not in repr(lucid.zeros(2000))
    with pytest.raises(ValueError, match="profile='long', needs one of"):
        lucid.set_printoptions(profile="long")
    with pytest.raises(ValueError, match="set_printoptions: precision=-1"):
        lucid.set_printoptions(precision=-1)
    with pytest.raises(TypeError, match="linewidth must be an int"):
        lucid.set_printoptions(linewidth=8.5)
