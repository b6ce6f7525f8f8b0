"""Windows and free strides: views of the memory, whose gradients add up."""

import numpy as np
import pytest

import lucid

ARRAY = np.random.default_rng(5).standard_normal((2, 7, 3))
WINDOWS = [(1, 3, 1), (1, 2, 3), (1, 7, 1), (1, 5, 2), (0, 2, 1), (-1, 1, 2), (1, 0, 2)]
STRIDES = {
    "overlapping": ((3, 4), (2, 1), None), "repeated": ((2, 3), (0, 1), None),
    "gaps": ((2, 2), (9, 2), 3), "one": ((), (), 5), "empty": ((0, 3), (1, 1), 2),
    "columns": ((3, 14), (1, 3), None), "convolution": ((2, 5, 3, 3), (21, 3, 3, 1), None),
}


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_unfold(window, check_step):
    check_step(lambda _, x: x.unfold(*window) ** 2, ARRAY)
    check_step(lambda _, x: x.transpose(0, 1).unfold(-window[0] % 3, 1, 1) ** 2, ARRAY)
    x = lucid.tensor(ARRAY)
    y = x.unfold(*window)
    assert not y.array.size or np.shares_memory(x.array, y.array)
    y.fill_(3)
    assert x.version == 1


def test_windows_of_views():
    for view in (lucid.arange(10)[::-1], lucid.arange(20)[3:17:2], lucid.arange(20)[::-3]):
        y = view.unfold(0, 3, 2)
        assert y.tolist() == [view.tolist()[i : i + 3] for i in range(0, len(view) - 2, 2)]
        assert np.shares_memory(y.array, view.array)
    x = lucid.ones(1).expand(4)
    with pytest.raises(ValueError, match="read-only"):
        x.unfold(0, 2, 1).fill_(1)


@pytest.mark.parametrize("place", STRIDES.values(), ids=STRIDES)
def test_as_strided(place, check_step):
    check_step(lambda library, x: library.as_strided(x, *place) ** 2, ARRAY)
    y = lucid.tensor(ARRAY).as_strided(*place)
    assert y.shape == place[0]


@pytest.mark.parametrize("view", [
    lambda x: x[1], lambda x: x[:, 2:5], lambda x: x.transpose(0, 2), lambda x: x[:, ::2, 1:],
], ids=["slice", "middle", "transposed", "steps"])
def test_as_strided_of_views_sees_the_whole_memory(view, check_step):
    for offset in (None, 1):  # what is beyond the view has no gradient, so no differences
        check_step(
            lambda _, x, offset=offset: view(x * 1).as_strided((2, 3), (4, 1), offset) ** 2, ARRAY,
            differences=False,
        )


def test_as_strided_is_a_view_and_a_convolution():
    x = lucid.arange(9.0)
    y = x.as_strided((3, 2), (3, 1), 1)
    assert y.tolist() == [[1, 2], [4, 5], [7, 8]]
    y[0, 0] = 100
    assert x[1].item() == 100
    assert x.version == 1
    kernel = lucid.tensor([1.0, -1.0])
    assert (lucid.arange(5.0).as_strided((4, 2), (1, 1)) @ kernel).tolist() == [-1] * 4


def test_storage_offset(torch):
    for key in (np.s_[1], np.s_[:, 2:], np.s_[1, 3, 2], np.s_[..., 1:], np.s_[:]):
        x = lucid.tensor(ARRAY)[key]
        assert x.storage_offset() == x.T.storage_offset()
        if torch is not None:
            assert x.storage_offset() == torch.tensor(ARRAY)[key].storage_offset()
    assert lucid.arange(5)[::-1].storage_offset() == 4


X = lucid.arange(6.0)
WITH_GAPS = lucid.from_numpy(np.asarray(memoryview(bytearray(12))[::2]))


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: X.unfold(0, 7, 1), lucid.ShapeError, "size=7 is longer than axis 0 of shape"),
        (lambda: X.unfold(0, 2, 0), ValueError, "unfold: step=0 is too small"),
        (lambda: X.unfold(1, 2, 1), lucid.ShapeError, "unfold: dim=1 is not an axis"),
        (lambda: X.sum().unfold(0, 1, 1), lucid.ShapeError, "unfold: x has no axes"),
        (lambda: X.as_strided((2, 3), (3,)), lucid.ShapeError, r"2 sizes \(2, 3\) but 1 strides"),
        (lambda: X.as_strided((2, 3), (4, 1)), lucid.ShapeError,
         "reach element 6 of the memory, which has 6"),
        (lambda: X.as_strided((2,), (-1,)), ValueError, "must not be negative"),
        (lambda: X.as_strided((1,), (1,), -1), ValueError, "storage_offset=-1"),
        (lambda: lucid.ones(1, requires_grad=True).expand(3).as_strided((1,), (1,)), ValueError,
         r"elements of x share memory; call x.contiguous\(\)"),
        (lambda: WITH_GAPS.as_strided((2,), (1,)), ValueError, r"has gaps; call x.clone\(\) first"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
