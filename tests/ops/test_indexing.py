"""Reading and writing with brackets: NumPy's answers, and gradients go back where they belong."""

import numpy as np
import pytest

import lucid

ARRAY = np.arange(24.0).reshape(2, 3, 4)
MASK = ARRAY % 5 < 2
VIEWS = {
    "int": 1, "negative": -1, "numpy int": np.int64(1), "slice": slice(1, None),
    "step": np.s_[:, ::2], "backward": np.s_[:, ::-1, 3:0:-2], "None": None, "Ellipsis": ...,
    "empty tuple": (), "all ints": (1, 2, 3), "ints and None": np.s_[0, None, :, 1],
    "Ellipsis inside": np.s_[0, ..., 1], "nothing": np.s_[:, 2:2],
    "None at the end": np.s_[..., None],
}
COPIES = {
    "list": [1, 0, 1], "negative list": [-1], "empty list": [], "array": np.array([[0, 1], [1, 1]]),
    "array and slice": np.s_[:, np.array([2, 0, 2])], "two arrays": ([0, 1, 1], [2, 0, 0]),
    "arrays apart": ([0, 1], slice(None), [3, 3]), "mask": MASK, "mask of rows": MASK[:, 0, 0],
    "mask inside": np.s_[:, np.array([True, False, True])], "list of bools": [True, False],
    "list and None": (None, [1, 1]), "True": True, "False": False,
    "int and list": np.s_[1, [0, 0, 2]], "uint8": np.array([1, 0], np.uint8),
}
each_key = pytest.mark.parametrize("key", [*VIEWS.values(), *COPIES.values()],
                                   ids=[*VIEWS, *COPIES])


def as_tensors(key):
    if isinstance(key, tuple):
        return tuple(as_tensors(each) for each in key)
    return lucid.tensor(key) if isinstance(key, np.ndarray) else key


@each_key
def test_reading_is_numpys(key):
    x = lucid.tensor(ARRAY)
    for each in (key, as_tensors(key)):
        assert np.array_equal(x[each].array, ARRAY[key])
        assert x[each].shape == ARRAY[key].shape


@each_key
def test_reading_has_derivatives(key, check_derivatives):
    check_derivatives(lambda x: x[key] ** 2, ARRAY / 10)


@each_key
def test_writing_is_numpys(key):
    for value in (7, np.float32(8), ARRAY[key] * 2):
        expected, x = ARRAY.copy(), lucid.tensor(ARRAY)
        expected[key] = value
        x[as_tensors(key)] = lucid.tensor(value) if isinstance(value, np.ndarray) else value
        assert np.array_equal(x.array, expected)
        assert x.version == 1


@pytest.mark.parametrize("key", VIEWS.values(), ids=VIEWS)
def test_ints_slices_none_and_ellipsis_give_views(key):
    x = lucid.tensor(ARRAY)
    y = x[key]
    y.fill_(-1)
    assert (x.array == -1).sum() == y.numel()
    assert x.version == y.version == 1


@pytest.mark.parametrize("key", COPIES.values(), ids=COPIES)
def test_other_keys_give_copies(key):
    x = lucid.tensor(ARRAY)
    x[key].fill_(-1)
    assert np.array_equal(x.array, ARRAY)
    assert x.version == 0


def test_a_tensor_of_one_integer_is_a_position():
    x = lucid.tensor(ARRAY)
    assert np.array_equal(x[lucid.tensor(1), :, lucid.tensor(2)].array, ARRAY[1, :, 2])
    assert np.array_equal(x[[lucid.tensor(1), lucid.tensor(0)]].array, ARRAY[[1, 0]])


def test_a_gradient_adds_up_where_a_position_is_read_twice():
    x = lucid.zeros(3, requires_grad=True)
    x[[0, 2, 0, 0]].sum().backward()
    assert x.grad.tolist() == [3, 0, 1]


def test_a_key_that_changes_later_does_not_mislead_the_gradient():
    for key, other in ((lucid.tensor([0, 1]), 2), (np.array([0, 1]), 2),
                       (lucid.tensor([True, True, False]), True)):
        x = lucid.zeros(3, requires_grad=True)
        y = x[key].sum()
        key[:] = other
        y.backward()
        assert x.grad.tolist() == [1, 1, 0]


def test_an_element_can_be_changed_in_place():
    x = lucid.zeros(3)
    x[0] += 2
    x[1].fill_(5)
    x[2:].mul_(3).add_(1)
    assert x.tolist() == [2, 5, 1]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float32", "float64"])
def test_a_written_value_takes_the_type_of_the_target(dtype):
    x = lucid.zeros(2, dtype=dtype)
    x[0] = lucid.tensor([1.0])
    x[1] = True
    assert x.dtype.name == dtype
    assert x.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (2, r"x\[key\] .*x of shape \(2, 3, 4\): index 2 is out of bounds for axis 0"),
        ((0, 0, 0, 0), "too many indices"), ([0, 5], "index 5 is out of bounds"),
        ((..., ...), "single ellipsis"), (1.0, "only integers, slices"), ("a", "only integers"),
        (lucid.ones(2), "arrays used as indices must be of integer"),
        (np.ones((3, 3), bool), "boolean index did not match"),
        (([0, 1], [0, 1, 2]), "shape mismatch"),
    ],
)
def test_a_wrong_key_is_refused_for_reading_and_writing(key, message):
    x = lucid.tensor(ARRAY)
    with pytest.raises(IndexError, match=message):
        x[key]
    with pytest.raises(IndexError, match=message):
        x[key] = 0
    assert x.version == 0
    assert np.array_equal(x.array, ARRAY)


def test_a_value_of_a_wrong_shape_is_refused():
    x = lucid.tensor(ARRAY)
    with pytest.raises(lucid.ShapeError, match=r"x of shape \(2, 3, 4\): could not broadcast"):
        x[0] = lucid.zeros(2)
    assert x.version == 0


def test_writing_into_a_leaf_that_requires_grad_needs_no_grad():
    x = lucid.zeros(2, requires_grad=True)
    with pytest.raises(lucid.GradError, match=r"x\[key\] = value would change a tensor"):
        x[0] = 1
    with lucid.no_grad():
        x[0] = 1
    assert x.tolist() == [1, 0]
    whole = lucid.zeros(2).long()
    with pytest.raises(lucid.GradError, match="the gradient of the value.*would be lost"):
        whole[0] = x[0]


WRITTEN = {
    "int": 1, "slice": np.s_[:, 1:], "step": np.s_[:, ::2], "None": None, "Ellipsis": np.s_[..., 1],
    "all ints": (1, 2, 3), "nothing": np.s_[:, 2:2], "array": np.array([1]), "mask": MASK,
    "two arrays": (np.array([0, 1]), np.array([2, 0])), "mask of rows": MASK[:, 0, 0],
}


@pytest.mark.parametrize("key", WRITTEN.values(), ids=WRITTEN)
def test_writing_has_derivatives(key, check_step):
    def into_a_result(library, x, value):
        y = x * 2
        y[_key(library, key)] = value**2
        return y * y

    def into_new_memory(library, x, value):
        y = library.zeros(ARRAY.shape, dtype=x.dtype)
        y[_key(library, key)] = value * 3
        return y * x

    part = np.random.default_rng(1).standard_normal(ARRAY[key].shape)
    for function in (into_a_result, into_new_memory):
        check_step(function, ARRAY / 10, part)
        check_step(function, ARRAY / 10, np.array(0.7))


def _key(library, key):
    if isinstance(key, tuple):
        return tuple([_key(library, each) for each in key])
    return library.tensor(key) if isinstance(key, np.ndarray) else key


def test_writing_part_by_part_and_over_what_was_written(check_derivatives):
    def shift(x):
        y = x * 1
        y[0] = y[1]
        y[1] += x[2]
        y[2:] = 5.0
        y[0] = y[0] + x[1]
        return y**2

    check_derivatives(shift, np.arange(1.0, 5))


def test_writing_keeps_the_promises_of_memory():
    x = lucid.ones(3, requires_grad=True)
    y = x * 2
    array, product = y.array, y * x
    y.retain_grad()
    y[0] = 7.0
    assert y.array is array
    assert (y.version, y.tolist()) == (1, [7, 2, 2])
    (y * y).sum().backward()
    assert x.grad.tolist() == [0, 8, 8]
    assert y.grad.tolist() == [14, 4, 4]
    with pytest.raises(lucid.GradError, match="as it was at version 0"):
        product.sum().backward()


def test_views_are_not_written_behind_their_graph():
    x = lucid.ones(2, 2, requires_grad=True)
    y = x * 2
    row = y[0]
    for target in (y, row, y.T, y.detach()):
        with pytest.raises(lucid.GradError, match="shares its memory with other tensors"):
            target[0] = x[0, 0]
    del row, target
    y[0] = x[0, 0]
    assert y.version == 1
    with pytest.raises(lucid.GradError, match="shares its memory"):
        y[:] = y[0]
    with pytest.raises(ValueError, match="read-only"):
        x.expand(3, 2, 2)[0] = 1.0
    with pytest.raises(lucid.ShapeError, match="could not broadcast"):
        y[0] = x.reshape(4)
    with pytest.raises(IndexError, match="out of bounds"):
        y[2] = x[0]
    assert y.version == 1
